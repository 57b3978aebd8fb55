"""Batches of the rows that hold a graph: each is a row of the same kind, around the graph for the whole batch.

A choice whose question differs from slice to slice becomes both branches and `where`. A loop goes on as long as any slice does,
and holds the others still.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.array import Array
from ..core.graph import Graph
from ..core.play import replayed
from ..core.table import TABLE
from ..core.tape import Tape
from ..core.types import Type
from ..ops import batched
from .batch import Many, batch, guarded
from .inside import built, several

__all__ = ["block_batch", "cond_batch", "scan_batch", "while_batch"]


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
