"""A typed graph lowered: items, fused, with a plan of memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backlight.core.graph import Graph, live_nodes
from backlight.core.types import Type
from backlight.run.lower import arrange, arrays, copies, draws, inner, order, pools, statistics, sums, windows
from backlight.run.lower.fuse import fuse
from backlight.run.lower.marks import compare_again
from backlight.run.lower.memory import plan
from backlight.run.lower.program import Program
from backlight.run.lower.translate import Translation, translate

TABLES = (arrays, arrange, copies, draws, inner, order, pools, statistics, sums, windows)  # imported: the table is full


@dataclass(frozen=True, slots=True)
class Lowered:
    """A program, and the values of its constants, by buffer."""

    program: Program
    constants: dict[int, np.ndarray[Any, Any]]
    inputs: tuple[int, ...]  # the nodes of the inputs
    outputs: tuple[int, ...]  # the nodes of the outputs
    input_types: tuple[Type, ...]
    output_types: tuple[Type, ...]
    checks: int = 0  # further outputs, single truth values, that must come out true
    origin: dict[int, int] = field(default_factory=dict)  # for each node, the one whose instructions compute it

    def where(self) -> dict[int, tuple[int, ...]]:
        """Return for each node the numbers of the instructions that compute it; none for inputs, constants and single numbers."""
        found: dict[int, list[int]] = {}
        for number, instruction in enumerate(self.program.instructions):
            for node in instruction.nodes:
                found.setdefault(node, []).append(number)
        return {node: tuple(found.get(of, ())) for node, of in self.origin.items()}


def lower(graph: Graph, outputs: Sequence[int], watch: bool = False) -> Lowered:
    """Return the program of a typed graph for some of its nodes; with `watch` every number computed must be finite."""
    live = live_nodes(graph, outputs)
    t, found = translate(graph, outputs, live)
    if watch:
        watched(t)
    results = [*(found[i] for i in outputs), *dict.fromkeys(t.checks)]
    inputs = [found[i] for i in graph.inputs]
    program, buffers = fuse(t.items, inputs, results, list(t.arrays))
    program = plan(compare_again(program))
    constants = {buffers[item]: array for item, array in t.arrays.items()}
    types = tuple(graph.type(i) for i in graph.inputs), tuple(graph.type(i) for i in outputs)
    shown = {node: item if isinstance(item, int) else next(i for i in item if i is not None) for node, item in found.items()}
    origin = {node: t.items.all[t.items.views[item].root].node for node, item in shown.items()}
    return Lowered(program, constants, tuple(graph.inputs), tuple(outputs), *types, len(results) - len(outputs), origin)


# What can swallow a number that is not finite; everything else passes it on to what is made from it.
SWALLOWING = {
    "where", "maximum", "minimum", "relu", "divide", "reciprocal", "tanh", "tanh_slope", "sigmoid", "erf", "erfc", "atan", "atan2",
    "exp", "exp2", "sign", "power", "hypot",
}


def watched(t: Translation) -> None:
    """Add checks that no number is infinite or NaN: of results, and of what goes into something that would hide it.

    A sum of x - x is 0 as long as every x is finite, and costs one subtraction a number in the loop that has x anyway. The
    sums of all of them are added up, and looked at once.
    """
    items = t.items
    used: set[int] = set()
    hidden: set[int] = set()
    totals: dict[tuple[str, tuple[int, ...]], int] = {}  # by kind and shape: rows of few numbers are summed column by column
    for item in items.all:
        if item.form == "view":  # shows what is there: who uses it uses what it shows
            continue
        roots = [items.views[i].root for i in item.inputs]
        used.update(roots)
        if item.op in SWALLOWING or item.kind not in {"float", "double"}:
            hidden.update(roots)
    for number in range(len(items.all)):
        item = items.all[number]
        computed = item.kind in {"float", "double"} and item.form not in {"source", "uniform", "view", "piece"}
        if computed and (number in hidden or number not in used):
            gone = items.point("subtract", [number, number], item.kind, item.shape, item.node)
            narrow = len(item.shape) > 1 and 0 < item.shape[-1] <= NARROW
            axes = tuple(range(len(item.shape) - narrow))
            put_together(t, totals, items.fold("sum", gone, axes, False, item.node))
    for total in [total for (_, shape), total in totals.items() if shape]:
        put_together(t, totals, items.fold("sum", total, (0,), False, items.all[total].node))
    for (_, shape), total in totals.items():
        if not shape:
            t.checks.append(items.point("isfinite", [total], "i1", (), items.all[total].node))


NARROW = 16  # numbers in a row whose columns all stay in registers


def put_together(t: Translation, totals: dict[tuple[str, tuple[int, ...]], int], number: int) -> None:
    """Add a sum to those of its kind and shape."""
    item = t.items.all[number]
    key = item.kind, item.shape
    before = totals.get(key)
    totals[key] = number if before is None else t.items.point("add", [before, number], item.kind, item.shape, item.node)
