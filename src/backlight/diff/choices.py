"""Derivatives of blocks and choices: again a block or a choice, around the derivative of the graph inside.

A block is computed again from its operands when its gradient is wanted, so nothing inside is kept. A choice has one derivative
for each branch, and is a selection: what only one of the branches uses is live where that branch was taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core.array import Array
from ..core.graph import Graph
from ..core.play import replayed
from ..core.table import TABLE
from .inside import (
    DEAD,
    NOTHING,
    Flow,
    Inside,
    Kind,
    floats,
    flowing,
    kind_of,
    kinds_of,
    lazy,
    operands,
    out_types,
    several,
    spread,
    through,
    widest,
)  # fmt: skip

__all__ = ["block_inside", "block_move", "block_pull", "cond_inside", "cond_move", "cond_pull"]


# -- blocks -----------------------------------------------------------------------------------------------------------
def block_pull(wanted: Any, gs: Any, masks: Any, z: Any, *xs: Array, body: Graph, label: str = "") -> list[Flow]:
    wrt = [k for k, w in enumerate(wanted) if w]
    found = through_block(xs, flowing(gs, masks), wrt, True, body, label and f"gradient of {label}")
    return spread(found, wrt, len(xs))


def block_move(ts: Any, masks: Any, z: Any, *xs: Array, body: Graph, label: str = "") -> list[Flow]:
    real = floats(out_types(body))
    found = through_block(xs, flowing(ts, masks), real, False, body, label and f"tangent of {label}")
    return spread(found, real, len(body.outputs))


def through_block(
    xs: Sequence[Array], given: Sequence[Flow], places: Sequence[int], back: bool, body: Graph, label: str
) -> list[Flow]:
    """What flows out of a block at these places."""
    inside = Inside(body, kinds_of(given), places, back)

    def write(picks: Sequence[tuple[int, Kind | None]]) -> list[Array]:
        outs = [inside.pick(n, kind) for n, kind in picks]
        flowing, masks = inside.needs(outs), list(inside.sheet.masks)
        graph = inside.graph(outs, masks, flowing)
        return several(TABLE["block"](*xs, *operands(given, masks, flowing), body=graph, label=label))

    return through([inside], write)


def block_inside(*xs: Array, body: Graph, label: str = "") -> Any:
    assert xs[0].tape is not None
    outs = replayed(xs[0].tape, body, xs)
    return outs[0] if len(outs) == 1 else tuple(outs)


# -- choices ----------------------------------------------------------------------------------------------------------
def cond_pull(wanted: Any, gs: Any, masks: Any, z: Any, p: Array, *xs: Array, yes: Graph, no: Graph) -> list[Flow]:
    wrt = [k for k, w in enumerate(wanted[1:]) if w]
    found = through_cond(p, xs, flowing(gs, masks), wrt, True, yes, no)
    return [NOTHING, *spread(found, wrt, len(xs))]


def cond_move(ts: Any, masks: Any, z: Any, p: Array, *xs: Array, yes: Graph, no: Graph) -> list[Flow]:
    real = floats(out_types(yes))
    found = through_cond(p, xs, flowing(ts[1:], masks[1:]), real, False, yes, no)
    return spread(found, real, len(yes.outputs))


def through_cond(
    p: Array, xs: Sequence[Array], given: Sequence[Flow], places: Sequence[int], back: bool, yes: Graph, no: Graph
) -> list[Flow]:
    """What flows out of a choice at these places."""
    branches = [Inside(graph, kinds_of(given), places, back) for graph in (yes, no)]

    def node(outs: Sequence[Sequence[Array]]) -> list[Array]:
        flowing = any(inside.needs(zs) for inside, zs in zip(branches, outs, strict=True))
        masks = list({k: None for inside in branches for k in inside.sheet.masks})
        graphs = [inside.graph(zs, masks, flowing) for inside, zs in zip(branches, outs, strict=True)]
        return several(TABLE["cond"](p, *xs, *operands(given, masks, flowing), yes=graphs[0], no=graphs[1]))

    def taken(n: int, kind: Kind) -> Array:
        """Where what comes out at place n is live."""
        a, b = (inside.flows[n] for inside in branches)
        if a[1] is None and b[1] is None:
            return p if a[0] is not None else TABLE["logical_not"](p)
        return node([[inside.live(n, kind)] for inside in branches])[0]

    reached = [n for n in range(len(places)) if any(inside.flows[n][0] is not None for inside in branches)]
    if not reached:
        return [NOTHING] * len(places)
    found = node([[inside.flow(n) for n in reached] for inside in branches])
    flows: list[Flow] = []
    for n, d in zip(reached, found, strict=True):
        kind = widest([DEAD if inside.flows[n][0] is None else kind_of(inside.flows[n][1]) for inside in branches])
        flows.append((d, None if kind is None else lazy(lambda n=n, kind=kind: taken(n, kind), kind)))  # type: ignore[misc]
    return spread(flows, reached, len(places))


def cond_inside(p: Array, *xs: Array, yes: Graph, no: Graph) -> Any:
    assert p.tape is not None
    both = zip(replayed(p.tape, yes, xs), replayed(p.tape, no, xs), strict=True)
    outs = [TABLE["where"](p, a, b) for a, b in both]
    return outs[0] if len(outs) == 1 else tuple(outs)
