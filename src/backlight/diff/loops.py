"""Derivatives of loops: again loops, around the derivative of a step.

A loop goes back from its end: it carries the gradient of what was carried, and at each step computes the body again from what
the step began with. What the steps began with is one of its results (`scan` keeps it where a trace may ask for a derivative;
else the loop is run once more), so memory grows with the number of steps and not with what happens inside them.

Where a step selects, the live mask is carried beside the gradient, if a product inside asks for it. What nothing has flowed into
yet (the end of a carry that nobody uses, the start of one that does not move) is carried as zeros, under a mask that says so. So
a loop gives what the same steps give when they are written out, NaN for NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..core.array import Array
from ..core.graph import Graph
from ..core.play import replayed
from ..core.table import TABLE
from ..errors import GraphError
from .counted import counted_pull
from .inside import NOTHING, Flow, Kind, built, floats, flowing, gradients, keeping, moves, out_types, outputs_of, several, zeros
from .steps import Loop, Steps, known, same_mask, sequence_mask, settled

__all__ = ["scan_inside", "scan_move", "scan_pull", "while_move", "while_pull"]

UNROLLED = 64  # steps of a loop that are written out where somebody opens it


# -- loops of a known length ------------------------------------------------------------------------------------------
def began(z: Array | None, xs: Sequence[Array], settings: dict[str, Any]) -> list[Array]:
    """What each step of a loop began with: one of its results, or those of the loop run once more."""
    body, carries = settings["body"], settings["carries"]
    kept = {number: carries + k for k, number in enumerate(body.outputs[carries:])}
    if z is not None and all(number in kept for number in body.inputs[:carries]):
        found = outputs_of(z)
        return [found[kept[number]] for number in body.inputs[:carries]]
    if not carries:
        return []
    alone = keeping(body.with_(outputs=body.outputs[:carries]), carries)
    return several(TABLE["scan"](*xs, **{**settings, "body": alone}))[carries:]


def a_scan(length: int, reverse: bool) -> Callable[..., list[Array]]:
    """How a `scan` of this length is written."""

    def node(step: Graph, start: Sequence[Array], fixed: Sequence[Array], slices: Sequence[Array]) -> list[Array]:
        settings: dict[str, Any] = {"carries": len(start), "fixed": len(fixed), "length": length, "reverse": reverse}
        return several(TABLE["scan"](*start, *fixed, *slices, body=step, **settings))

    return node


def scan_pull(
    wanted: Any, gs: Any, masks: Any, z: Any, *xs: Array,
    body: Graph, carries: int = 0, fixed: int = 0, length: int = 0, reverse: bool = False,
) -> list[Flow]:  # fmt: skip
    settings = {"body": body, "carries": carries, "fixed": fixed, "length": length, "reverse": reverse}
    given, outs, ins = flowing(gs, masks), out_types(body), [body.type(i) for i in body.inputs]
    if not length:
        return [given[k] if k < carries and wanted[k] else NOTHING for k in range(len(xs))]
    ahead = carries + fixed
    carried, others = floats(outs[:carries]), [k for k in range(carries, len(xs)) if wanted[k]]
    start = {k: given[k] for k in carried}
    states: list[Array] = []

    def state_before(k: int) -> Array:
        if not states:
            states.extend(began(z, xs, settings))
        return states[k]

    def write(kinds: Mapping[int, Kind | None]) -> Steps:
        loop = Loop(a_scan(length, not reverse))
        steps = Steps(loop, xs[0].tape, start, ins, kinds)
        flows = {k: steps.flow(k) for k in kinds}
        at = [loop.slice(ins[k], lambda k=k: state_before(k)) for k in range(carries)]  # type: ignore[misc]
        at += [loop.stay(ins[k], known(xs[k])) for k in range(carries, ahead)]
        at += [loop.slice(ins[k], known(xs[k])) for k in range(ahead, len(xs))]
        for k, (g, mask) in enumerate(given[carries:], carries):
            if g is not None:
                flows[k] = loop.slice(outs[k], known(g)), sequence_mask(loop, mask, outs[k])
        found = gradients(loop.sheet.tape, body, at, flows, [*carried, *others])
        steps.on.update(zip(carried, found, strict=False))
        steps.off.update(zip(others, found[len(carried) :], strict=True))
        return steps

    steps = settled(write, start)
    ends = [k for k in carried if wanted[k] and steps.on[k][0] is not None]
    reached = [k for k in others if steps.off[k][0] is not None]
    sums, slices = [k for k in reached if k < ahead], [k for k in reached if k >= ahead]
    masks_of = {**{k: steps.mask(k) for k in ends}, **{k: steps.sum(k) for k in sums}, **{k: steps.stack(k) for k in slices}}
    if not masks_of:
        return [NOTHING] * len(xs)
    kept = [d for k in slices if (d := steps.off[k][0]) is not None]
    found = steps.loop.run([*[("flow", k) for k in ends], *[("sum", k) for k in sums]], kept)
    arrived = dict(zip([*ends, *sums, *slices], found, strict=True))
    return [(arrived[k], masks_of[k]) if k in arrived else NOTHING for k in range(len(xs))]


def climbing(
    loop: Loop, kinds: Mapping[int, Kind | None], start: Mapping[int, Flow], xs: Sequence[Array], given: Sequence[Flow],
    body: Graph, carries: int, ahead: int,
) -> Steps:  # fmt: skip
    """The steps of a loop with their tangents; operands from `ahead` on are sequences."""
    ins, outs = [body.type(i) for i in body.inputs], out_types(body)
    steps = Steps(loop, xs[0].tape, start, outs, kinds)
    results: list[Array] = []
    at = [loop.carry(("state", k), ins[k], known(xs[k]), lambda k=k: results[k]) for k in range(carries)]  # type: ignore[misc]
    at += [loop.stay(ins[k], known(xs[k])) for k in range(carries, ahead)]
    at += [loop.slice(ins[k], known(xs[k])) for k in range(ahead, len(xs))]
    flows = {k: steps.flow(k) for k in kinds}
    for k, (t, mask) in enumerate(given[carries:], carries):
        if t is not None:
            inside = loop.stay(ins[k], known(t)) if k < ahead else loop.slice(ins[k], known(t))
            flows[k] = inside, (same_mask if k < ahead else sequence_mask)(loop, mask, ins[k])
    found, moved = moves(loop.sheet.tape, body, at, flows)
    results.extend(found)
    steps.on.update((k, moved[k]) for k in start)
    steps.off.update(enumerate(moved[carries:], carries))
    return steps


def scan_move(
    ts: Any, masks: Any, z: Any, *xs: Array,
    body: Graph, carries: int = 0, fixed: int = 0, length: int = 0, reverse: bool = False,
) -> list[Flow]:  # fmt: skip
    given, outs = flowing(ts, masks), out_types(body)
    if not length:
        return [given[k] if k < carries else NOTHING for k in range(len(outs))]
    start = {k: given[k] for k in floats(outs[:carries])}

    def write(kinds: Mapping[int, Kind | None]) -> Steps:
        return climbing(Loop(a_scan(length, reverse)), kinds, start, xs, given, body, carries, carries + fixed)

    steps = settled(write, start)
    ends, kept = ([k for k, (t, _) in flows.items() if t is not None] for flows in (steps.on, steps.off))
    masks_of = {**{k: steps.mask(k) for k in ends}, **{k: steps.stack(k) for k in kept}}
    if not masks_of:
        return [NOTHING] * len(outs)
    found = steps.loop.run([("flow", k) for k in ends], [t for k in kept if (t := steps.off[k][0]) is not None])
    arrived = dict(zip([*ends, *kept], found, strict=True))
    return [(arrived[k], masks_of[k]) if k in arrived else NOTHING for k in range(len(outs))]


def scan_inside(
    *xs: Array, body: Graph, carries: int = 0, fixed: int = 0, length: int = 0, reverse: bool = False
) -> Any:
    if length > UNROLLED:
        raise GraphError(f"scan: a loop of {length} steps is not written out: {UNROLLED} are the most")
    assert xs[0].tape is not None
    state, kept = list(xs[:carries]), []
    for k in range(length - 1, -1, -1) if reverse else range(length):
        slices = [TABLE["index"](x, key=k) for x in xs[carries + fixed :]]
        outs = replayed(xs[0].tape, body, [*state, *xs[carries : carries + fixed], *slices])
        state = outs[:carries]
        kept.append(outs[carries:])
    stacks = [TABLE["stack"](*steps) for steps in zip(*(reversed(kept) if reverse else kept), strict=True)]
    if not length:
        stacks = [zeros(xs[0].tape, t.with_shape((0, *t.shape))) for t in out_types(body)[carries:]]
    results = [*state, *stacks]
    return results[0] if len(results) == 1 else tuple(results)


# -- loops of a length that the values decide -------------------------------------------------------------------------
def while_pull(
    wanted: Any, gs: Any, masks: Any, z: Array, *xs: Array, test: Graph, body: Graph, carries: int = 0, steps: int = -1
) -> list[Flow]:
    given = [*wanted, False], gs[:carries], masks[:carries], None, *xs, outputs_of(z)[-1]
    return counted_pull(*given, body=body, carries=carries, seen=steps)[:-1]


def a_while(test: Graph, carries: int, steps: int) -> Callable[..., list[Array]]:
    """How a `while_loop` is written whose first carries are those that the test asks."""

    def node(step: Graph, start: Sequence[Array], fixed: Sequence[Array], _: Sequence[Array]) -> list[Array]:
        ahead = len(start)
        taken = [*range(carries), *range(ahead, ahead + len(test.inputs) - carries)]
        asked = built([step.type(i) for i in step.inputs], lambda tape, given: replayed(tape, test, [given[k] for k in taken]))
        return several(TABLE["while_loop"](*start, *fixed, test=asked, body=step, carries=ahead, steps=steps))

    return node


def while_move(
    ts: Any, masks: Any, z: Any, *xs: Array, test: Graph, body: Graph, carries: int = 0, steps: int = -1
) -> list[Flow]:
    given = flowing(ts, masks)
    start = {k: given[k] for k in floats(out_types(body))}
    states = [("state", k) for k in range(carries)]

    def write(kinds: Mapping[int, Kind | None]) -> Steps:
        loop = Loop(a_while(test, carries, steps), states, prune=False)
        return climbing(loop, kinds, start, xs, given, body, carries, len(xs))

    moved = settled(write, start)
    ends = list(moved.state)
    if not ends:
        return [NOTHING] * (carries + 1)
    found = dict(zip(ends, moved.loop.run([("flow", k) for k in ends], []), strict=True))
    return [(found[k], moved.mask(k)) if k in found else NOTHING for k in range(carries + 1)]
