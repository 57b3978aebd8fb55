"""Derivatives and batches of the rows that hold a graph: blocks, choices and loops.

Each is again a row of the same kind, around the derivative of the graph inside. A block is computed again from its operands
when its gradient is wanted, so nothing inside is kept. A choice has one derivative for each branch. A loop goes back from its
end: it carries the gradient of what was carried, and at each step computes the body again from what the step began with. What
the steps began with is one of its results (`scan` keeps it where a trace may ask for a derivative; else the loop is run once
more), so memory grows with the number of steps and not with what happens inside them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from ..core.array import Array
from ..core.graph import Above, Graph
from ..core.play import replayed
from ..core.table import TABLE
from ..core.tape import Tape
from ..core.types import TupleType, Type
from ..errors import DifferentiationError, GraphError
from ..ops import batched
from .batch import Many, batch, guarded
from .forward import push
from .reverse import pull

__all__ = ["built", "keeping", "outputs_of"]

UNROLLED = 64  # steps of a loop that are written out where somebody opens it


# -- graphs from graphs -----------------------------------------------------------------------------------------------
def built(types: Sequence[Type], write: Callable[[Tape, list[Array]], Sequence[Array]]) -> Graph:
    """The graph that a function writes on inputs of these types."""
    tape = Tape()
    xs = [tape.input(f"x{k}", type=t) for k, t in enumerate(types)]
    outs = write(tape, xs)
    return Graph(tuple(tape.nodes), tuple(x.number for x in xs), tuple(z.number for z in outs), guards=tuple(tape.guards))


def outputs_of(z: Array) -> list[Array]:
    """The results of a node, one array each."""
    kind: Any = z.type
    return [TABLE["item"](z, k=k) for k in range(len(kind.types))] if isinstance(kind, TupleType) else [z]


def several(found: Any) -> list[Array]:
    return list(found) if isinstance(found, tuple) else [found]


def zeros(tape: Tape | None, type: Type) -> Array:
    value = np.zeros(type.shape, type.dtype)[()]
    return Array(None, -1, value) if tape is None else tape.constant(value)


def gradients(tape: Tape, graph: Graph, xs: Sequence[Array], gs: Mapping[int, Array], wrt: Sequence[int]) -> list[Array]:
    """The gradients of a graph by some of its operands (by position), for upstream gradients of some of its outputs."""
    outs = replayed(tape, graph, xs)
    seeds: dict[int, int] = {}
    for k, g in gs.items():
        j = outs[k].number
        seeds[j] = TABLE["add"](tape.handle(seeds[j]), g).number if j in seeds else g.number
    walk = pull(tape, seeds, [xs[k].number for k in wrt])
    return [tape.handle(walk.grads[xs[k].number]) if xs[k].number in walk.grads else zeros(tape, xs[k].type) for k in wrt]


def moves(tape: Tape, graph: Graph, xs: Sequence[Array], ts: Mapping[int, Array]) -> tuple[list[Array], list[Array | None]]:
    """The outputs of a graph and their tangents, for tangents of some of its operands."""
    outs = replayed(tape, graph, xs)
    found = push(tape, {xs[k].number: t.number for k, t in ts.items()})
    return outs, [tape.handle(found[z.number]) if z.number in found else None for z in outs]


def floats(types: Sequence[Type]) -> list[int]:
    return [k for k, t in enumerate(types) if t.is_float]


def out_types(graph: Graph) -> list[Type]:
    return [graph.type(i) for i in graph.outputs]


# -- blocks -----------------------------------------------------------------------------------------------------------
def pulled(body: Graph, wrt: Sequence[int]) -> Graph:
    """The graph from operands and upstream gradients (of the outputs that are floats) to the gradients of operands."""
    ins, outs = [body.type(i) for i in body.inputs], out_types(body)
    real = floats(outs)

    def write(tape: Tape, xs: list[Array]) -> Sequence[Array]:
        return gradients(tape, body, xs[: len(ins)], dict(zip(real, xs[len(ins) :], strict=True)), wrt)

    return built([*ins, *[outs[k] for k in real]], write)


def moved(body: Graph, moving: Sequence[int]) -> Graph:
    """The graph from operands and tangents of those that move to the tangents of the outputs that are floats."""
    ins = [body.type(i) for i in body.inputs]

    def write(tape: Tape, xs: list[Array]) -> Sequence[Array]:
        outs, ts = moves(tape, body, xs[: len(ins)], dict(zip(moving, xs[len(ins) :], strict=True)))
        return [zeros(tape, z.type) if t is None else t for z, t in zip(outs, ts, strict=True) if z.type.is_float]

    return built([*ins, *[ins[k] for k in moving]], write)


def spread(found: Any, places: Sequence[int], count: int) -> list[Array | None]:
    """Results at their places, None elsewhere."""
    at = dict(zip(places, several(found), strict=True))
    return [at.get(k) for k in range(count)]


def block_pull(wanted: Any, gs: Any, z: Any, *xs: Array, body: Graph, label: str = "") -> list[Array | None]:
    wrt, real = [k for k, w in enumerate(wanted) if w], floats(out_types(body))
    if not wrt or not real:
        return [None] * len(xs)
    found = TABLE["block"](*xs, *[gs[k] for k in real], body=pulled(body, wrt), label=label and f"gradient of {label}")
    return spread(found, wrt, len(xs))


def block_move(ts: Any, z: Any, *xs: Array, body: Graph, label: str = "") -> list[Array | None]:
    moving, real = [k for k, t in enumerate(ts) if t is not None], floats(out_types(body))
    if not real:
        return [None] * len(body.outputs)
    found = TABLE["block"](*xs, *[ts[k] for k in moving], body=moved(body, moving), label=label and f"tangent of {label}")
    return spread(found, real, len(body.outputs))


def block_inside(*xs: Array, body: Graph, label: str = "") -> Any:
    assert xs[0].tape is not None
    outs = replayed(xs[0].tape, body, xs)
    return outs[0] if len(outs) == 1 else tuple(outs)


# -- choices ----------------------------------------------------------------------------------------------------------
def cond_pull(wanted: Any, gs: Any, z: Any, p: Array, *xs: Array, yes: Graph, no: Graph) -> list[Array | None]:
    wrt, real = [k for k, w in enumerate(wanted[1:]) if w], floats(out_types(yes))
    if not wrt or not real:
        return [None] * (1 + len(xs))
    found = TABLE["cond"](p, *xs, *[gs[k] for k in real], yes=pulled(yes, wrt), no=pulled(no, wrt))
    return [None, *spread(found, wrt, len(xs))]


def cond_move(ts: Any, z: Any, p: Array, *xs: Array, yes: Graph, no: Graph) -> list[Array | None]:
    moving, real = [k for k, t in enumerate(ts[1:]) if t is not None], floats(out_types(yes))
    if not real or not moving:
        return [None] * len(yes.outputs)
    found = TABLE["cond"](p, *xs, *[ts[k + 1] for k in moving], yes=moved(yes, moving), no=moved(no, moving))
    return spread(found, real, len(yes.outputs))


def cond_inside(p: Array, *xs: Array, yes: Graph, no: Graph) -> Any:
    assert p.tape is not None
    both = zip(replayed(p.tape, yes, xs), replayed(p.tape, no, xs), strict=True)
    outs = [TABLE["where"](p, a, b) for a, b in both]
    return outs[0] if len(outs) == 1 else tuple(outs)


# -- loops of a known length ------------------------------------------------------------------------------------------
def keeping(body: Graph, carries: int) -> Graph:
    """The body of a loop that also keeps what each step begins with."""
    return body.with_(outputs=(*body.outputs, *body.inputs[:carries]))


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


def scan_pull(
    wanted: Any, gs: Any, z: Any, *xs: Array, body: Graph, carries: int = 0, fixed: int = 0, length: int = 0, reverse: bool = False,
) -> list[Array | None]:  # fmt: skip
    settings = {"body": body, "carries": carries, "fixed": fixed, "length": length, "reverse": reverse}
    outs, ins = out_types(body), [body.type(i) for i in body.inputs]
    real = floats(outs)
    carried, kept = [k for k in real if k < carries], [k for k in real if k >= carries]
    still = [k for k in range(carries, carries + fixed) if wanted[k]]
    slices = [k for k in range(carries + fixed, len(xs)) if wanted[k]]
    if not real or not (carried or still or slices):
        return [None] * len(xs)
    added = len(carried) + len(still)

    def write(tape: Tape, given: list[Array]) -> Sequence[Array]:
        back, sums = given[: len(carried)], given[len(carried) : added]
        same, rest = given[added : added + fixed], given[added + fixed :]
        before, at, above = rest[:carries], rest[carries : carries + len(xs) - carries - fixed], rest[len(xs) - fixed :]
        g = dict(zip([*carried, *kept], [*back, *above], strict=True))
        ds = gradients(tape, body, [*before, *same, *at], g, [*carried, *still, *slices])
        first, middle, last = ds[: len(carried)], ds[len(carried) : added], ds[added:]
        return [*first, *[TABLE["add"](s, d) for s, d in zip(sums, middle, strict=True)], *last]

    kinds = [*[outs[k] for k in carried], *[ins[k] for k in still], *ins[carries : carries + fixed], *ins[:carries]]
    step = built([*kinds, *ins[carries + fixed :], *[outs[k] for k in kept]], write)
    tape = xs[0].tape if xs else z.tape
    start = [gs[k] for k in carried] + [zeros(tape, ins[k]) for k in still]
    sequences = [*began(z, xs, settings), *xs[carries + fixed :], *[gs[k] for k in kept]]
    settings = {"body": step, "carries": added, "fixed": fixed, "length": length, "reverse": not reverse}
    found = TABLE["scan"](*start, *xs[carries : carries + fixed], *sequences, **settings)
    return spread(found, [*carried, *still, *slices], len(xs))


def scan_move(
    ts: Any, z: Any, *xs: Array, body: Graph, carries: int = 0, fixed: int = 0, length: int = 0, reverse: bool = False
) -> list[Array | None]:
    outs, ins = out_types(body), [body.type(i) for i in body.inputs]
    carried, kept = [k for k in floats(outs) if k < carries], [k for k in floats(outs) if k >= carries]
    still = [k for k in range(carries, carries + fixed) if ts[k] is not None]
    slices = [k for k in range(carries + fixed, len(xs)) if ts[k] is not None]
    if not carried and not kept:
        return [None] * len(outs)
    ahead = carries + len(carried)
    tape = z.tape

    def write(sheet: Tape, given: list[Array]) -> Sequence[Array]:
        state, along = given[:carries], given[carries:ahead]
        same, same_moves = given[ahead : ahead + fixed], given[ahead + fixed : ahead + fixed + len(still)]
        rest = given[ahead + fixed + len(still) :]
        at, at_moves = rest[: len(xs) - carries - fixed], rest[len(xs) - carries - fixed :]
        t = dict(zip([*carried, *still, *slices], [*along, *same_moves, *at_moves], strict=True))
        results, found = moves(sheet, body, [*state, *same, *at], t)
        full = [zeros(sheet, r.type) if m is None else m for r, m in zip(results, found, strict=True)]
        return [*results[:carries], *[full[k] for k in carried], *[full[k] for k in kept]]

    kinds = [*ins[:carries], *[ins[k] for k in carried], *ins[carries : carries + fixed], *[ins[k] for k in still]]
    step = built([*kinds, *ins[carries + fixed :], *[ins[k] for k in slices]], write)
    start = [zeros(tape, ins[k]) if ts[k] is None else ts[k] for k in carried]
    operands = [
        *xs[:carries], *start, *xs[carries : carries + fixed], *[ts[k] for k in still],
        *xs[carries + fixed :], *[ts[k] for k in slices],
    ]  # fmt: skip
    settings = {"body": step, "carries": ahead, "fixed": fixed + len(still), "length": length, "reverse": reverse}
    found = several(TABLE["scan"](*operands, **settings))
    at = dict(zip([*carried, *kept], found[carries:], strict=True))
    return [at.get(k) for k in range(len(outs))]


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
    wanted: Any, gs: Any, z: Array, *xs: Array, test: Graph, body: Graph, carries: int = 0, steps: int = -1
) -> list[Array | None]:
    count = outputs_of(z)[-1]
    start: Sequence[Array] = xs[:carries]
    if count.tape is not None and count.tape.values is not None:
        steps = int(count)  # a question like any other: who keeps the trace asks it again
    elif steps < 0:
        raise DifferentiationError(
            "while_loop: going back needs the number of steps, which only a run knows: take the gradient of the function "
            "(bl.grad, bl.backprop), or use scan, whose length is known"
        )
    else:
        start = [TABLE["agree"](x, count, wanted=steps) for x in start]
    settings: dict[str, Any] = {"carries": carries, "fixed": len(xs) - carries, "length": steps}
    again = TABLE["scan"](*start, *xs[carries:], body=keeping(body, carries), **settings)
    results = several(again)
    tape = results[0].tape
    assert tape is not None
    whole = tape.handle(tape.nodes[results[0].number].inputs[0])
    nothing = [zeros(tape, r.type) for r in results[carries:]]
    return scan_pull(wanted, [*gs[:carries], *nothing], whole, *start, *xs[carries:], body=keeping(body, carries), **settings)


def while_move(
    ts: Any, z: Any, *xs: Array, test: Graph, body: Graph, carries: int = 0, steps: int = -1
) -> list[Array | None]:
    ins = [body.type(i) for i in body.inputs]
    carried = [k for k in range(carries) if ins[k].is_float]
    still = [k for k in range(carries, len(xs)) if ts[k] is not None]
    if not carried:
        return [None] * (carries + 1)
    ahead, fixed = carries + len(carried), len(xs) - carries
    kinds = [*ins[:carries], *[ins[k] for k in carried], *ins[carries:], *[ins[k] for k in still]]

    def operands(given: list[Array]) -> list[Array]:
        return [*given[:carries], *given[ahead : ahead + fixed]]

    def write(sheet: Tape, given: list[Array]) -> Sequence[Array]:
        t = dict(zip([*carried, *still], [*given[carries:ahead], *given[ahead + fixed :]], strict=True))
        results, found = moves(sheet, body, operands(given), t)
        full = [zeros(sheet, r.type) if m is None else m for r, m in zip(results, found, strict=True)]
        return [*results, *[full[k] for k in carried]]

    start = [zeros(z.tape, ins[k]) if ts[k] is None else ts[k] for k in carried]
    asked = built(kinds, lambda sheet, given: replayed(sheet, test, operands(given)))
    settings = {"test": asked, "body": built(kinds, write), "carries": ahead, "steps": steps}
    found = TABLE["while_loop"](*xs[:carries], *start, *xs[carries:], *[ts[k] for k in still], **settings)
    return spread(tuple(found[carries:ahead]), carried, carries + 1)


# -- batches ----------------------------------------------------------------------------------------------------------
def for_many(graph: Graph, n: int, flags: Sequence[bool], cover: Sequence[bool] = ()) -> tuple[Graph, list[bool]]:
    """The graph for a batch of n, of which some inputs are mapped, and which outputs are; those of `cover` are made so."""
    tape = Tape()
    kinds = [graph.type(i) for i in graph.inputs]
    whole = [t.with_shape((n, *t.shape)) if f else t for t, f in zip(kinds, flags, strict=True)]
    ins = [tape.input(f"x{k}", type=t) for k, t in enumerate(whole)]
    given = {i: Many(x, f) for i, x, f in zip(graph.inputs, ins, flags, strict=True)}
    found = batch(graph, n, given, [*graph.outputs, *[guard.node for guard in graph.guards]], tape)
    guarded(tape, graph.guards, found)
    outs, mapped = [], []
    for k, i in enumerate(graph.outputs):
        stacked = found[i].mapped or bool(cover and k < len(cover) and cover[k])
        outs.append(batched.covered(n, found[i].array, found[i].mapped) if stacked else found[i].array)
        mapped.append(stacked)
    made = Graph(tuple(tape.nodes), tuple(x.number for x in ins), tuple(z.number for z in outs), guards=tuple(tape.guards))
    return made, mapped


def block_batch(n: int, xs: Any, mapped: Any, /, *, body: Graph, label: str = "") -> tuple[Any, Any]:
    graph, flags = for_many(body, n, mapped)
    return TABLE["block"](*xs, body=graph, label=label), flags[0] if len(flags) == 1 else tuple(flags)


def cond_batch(n: int, xs: Any, mapped: Any, /, *, yes: Graph, no: Graph) -> tuple[Any, Any]:
    p, *operands = xs
    if not mapped[0]:
        flags = [a or b for a, b in zip(for_many(yes, n, mapped[1:])[1], for_many(no, n, mapped[1:])[1], strict=True)]
        first, second = (for_many(graph, n, mapped[1:], flags)[0] for graph in (yes, no))
        return TABLE["cond"](p, *operands, yes=first, no=second), flags[0] if len(flags) == 1 else tuple(flags)
    branches = []
    tape = next((x.tape for x in xs if x.tape is not None), None)
    for graph, among in ((yes, p), (no, TABLE["logical_not"](p))):
        given = {i: Many(x, f) for i, x, f in zip(graph.inputs, operands, mapped[1:], strict=True)}
        found = batch(graph, n, given, [*graph.outputs, *[guard.node for guard in graph.guards]], tape)
        guarded(tape, graph.guards, found, among)
        branches.append([batched.covered(n, found[i].array, found[i].mapped) for i in graph.outputs])
    outs = [TABLE["where"](TABLE["reshape"](p, shape=(n, *(1,) * (a.ndim - 1))), a, b) for a, b in zip(*branches, strict=True)]
    return (outs[0], True) if len(outs) == 1 else (tuple(outs), True)


def scan_batch(
    n: int, xs: Any, mapped: Any, /, *, body: Graph, carries: int = 0, fixed: int = 0, length: int = 0, reverse: bool = False,
) -> tuple[Any, Any]:
    flags = list(mapped)
    while True:
        graph, out = for_many(body, n, flags, flags[:carries])
        if out[:carries] == flags[:carries]:
            break
        flags[:carries] = [a or b for a, b in zip(out[:carries], flags[:carries], strict=True)]
    given = [batched.covered(n, x, m) if f else x for x, m, f in zip(xs[:carries], mapped, flags, strict=False)]
    front = [TABLE["moveaxis"](x, source=0, destination=1) if m else x
             for x, m in zip(xs[carries + fixed :], mapped[carries + fixed :], strict=True)]  # fmt: skip
    found = several(TABLE["scan"](*given, *xs[carries : carries + fixed], *front, body=graph, carries=carries, fixed=fixed,
                                  length=length, reverse=reverse))  # fmt: skip
    kept = [TABLE["moveaxis"](y, source=1, destination=0) if f else y for y, f in zip(found[carries:], out[carries:], strict=True)]
    results = [*found[:carries], *kept]
    return (results[0], out[0]) if len(results) == 1 else (tuple(results), tuple(out))


def while_batch(
    n: int, xs: Any, mapped: Any, /, *, test: Graph, body: Graph, carries: int = 0, steps: int = -1
) -> tuple[Any, Any]:
    flags = list(mapped)
    while True:
        asked, (each,) = for_many(test, n, flags)
        graph, out = for_many(body, n, flags, [each or f for f in flags[:carries]])
        if out == flags[:carries]:
            break
        flags[:carries] = [a or b for a, b in zip(out, flags[:carries], strict=True)]
    given = [batched.covered(n, x, m) if f else x for x, m, f in zip(xs[:carries], mapped, flags, strict=False)]
    if not each:
        found = TABLE["while_loop"](*given, *xs[carries:], test=asked, body=graph, carries=carries)
        return found, (*out, False)
    kinds = [graph.type(i) for i in graph.inputs]
    counted = [*kinds[:carries], Type("int64", (n,)), *kinds[carries:]]

    def operands(ins: list[Array]) -> list[Array]:
        return [*ins[:carries], *ins[carries + 1 :]]

    def write(sheet: Tape, ins: list[Array]) -> Sequence[Array]:
        (on,) = replayed(sheet, asked, operands(ins))
        new = replayed(sheet, graph, operands(ins))
        chosen = [TABLE["where"](TABLE["reshape"](on, shape=(n, *(1,) * (x.ndim - 1))), a, x)
                  for x, a in zip(ins[:carries], new, strict=True)]  # fmt: skip
        return [*chosen, TABLE["add"](ins[carries], TABLE["cast"](on, dtype="int64"))]

    any_left = built(counted, lambda sheet, ins: [TABLE["any"](replayed(sheet, asked, operands(ins))[0])])
    count = np.zeros(n, np.int64)
    tape = next((x.tape for x in xs if x.tape is not None), None)
    counter = Array(None, -1, count) if tape is None else tape.constant(count)
    found = TABLE["while_loop"](*given, counter, *xs[carries:], test=any_left, body=built(counted, write), carries=carries + 1)
    return tuple(found[: carries + 1]), True


Above.control = {
    "block_pull": block_pull, "block_move": block_move, "block_batch": block_batch, "block_inside": block_inside,
    "cond_pull": cond_pull, "cond_move": cond_move, "cond_batch": cond_batch, "cond_inside": cond_inside,
    "scan_pull": scan_pull, "scan_move": scan_move, "scan_batch": scan_batch, "scan_inside": scan_inside,
    "while_pull": while_pull, "while_move": while_move, "while_batch": while_batch,
}  # fmt: skip
