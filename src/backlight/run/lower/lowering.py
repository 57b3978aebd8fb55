"""A typed graph lowered: items, fused, with a plan of memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from backlight.core.graph import Graph, live_nodes
from backlight.core.types import Type
from backlight.run.lower import arrange, arrays, copies, inner, order, statistics, sums
from backlight.run.lower.fuse import fuse
from backlight.run.lower.items import Item, Items
from backlight.run.lower.marks import compare_again
from backlight.run.lower.memory import plan
from backlight.run.lower.program import Program
from backlight.run.lower.translate import Translation, translate

TABLES = (arrays, arrange, copies, inner, order, statistics, sums)  # imported: what is in the table from the beginning


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
        watched(t, [found[i] for i in outputs])
    results = [*(found[i] for i in outputs), *dict.fromkeys(t.checks)]
    inputs = [found[i] for i in graph.inputs]
    program, buffers = fuse(t.items, inputs, results, list(t.arrays))
    program = plan(compare_again(program))
    constants = {buffers[item]: array for item, array in t.arrays.items()}
    types = tuple(graph.type(i) for i in graph.inputs), tuple(graph.type(i) for i in outputs)
    shown = {node: item if isinstance(item, int) else next(i for i in item if i is not None) for node, item in found.items()}
    origin = {node: t.items.all[t.items.views[item].root].node for node, item in shown.items()}
    return Lowered(program, constants, tuple(graph.inputs), tuple(outputs), *types, len(results) - len(outputs), origin)


# What is not finite wherever an operand is not; everything else can swallow such a number: 1 / ∞ is 0, e^x − 1 at −∞ is −1.
PASSING = {
    "add", "subtract", "multiply", "negate", "abs", "square", "sqrt", "cbrt", "log", "log2", "log10", "log1p", "sin", "cos", "tan",
    "asin", "acos", "sinh", "cosh", "asinh", "acosh", "atanh", "floor", "ceil", "round", "trunc", "copy", "convert", "lgamma",
    "digamma", "i0", "i1",
    "sum", "product",  # folds, and running ones
    "matmul", "contract",
}


def watched(t: Translation, results: Sequence[int]) -> None:
    """Add checks that no number is infinite or NaN: of results, and of what goes into something that would hide it.

    A sum of x - x is 0 as long as every x is finite, and costs one subtraction a number in the loop that has x anyway. The
    sums of all of them are added up, and looked at once. Of an input only what is read counts: a table may be large.
    """
    items = t.items
    used: set[int] = set()
    hidden: set[int] = {asked(items, i) for i in results if items.all[items.views[i].root].form == "source"}
    totals: dict[tuple[str, tuple[int, ...]], int] = {}  # by kind and shape: rows of few numbers are summed column by column
    needed = live_items(items, [*results, *t.checks])
    for number in needed:
        item = items.all[number]
        if item.form == "view":  # shows what is there: who uses it uses what it shows
            continue
        used.update(items.views[i].root for i in item.inputs)
        hidden.update(asked(items, i) for i in swallowed(items, item))
    hidden.update(items.views[i].root for i in results if not is_shown_whole(items, i))
    for number in needed:
        item = items.all[number]
        there = item.form not in {"source", "uniform", "view", "piece"} or (item.op in {"input", "view"} and number in hidden)
        if there and item.kind in {"float", "double"} and (number in hidden or number not in used):
            gone = items.point("subtract", [number, number], item.kind, item.shape, item.node)
            narrow = len(item.shape) > 1 and 0 < item.shape[-1] <= NARROW
            axes = tuple(range(len(item.shape) - narrow))
            put_together(t, totals, items.fold("sum", gone, axes, False, item.node))
    for total in [total for (_, shape), total in totals.items() if shape]:
        put_together(t, totals, items.fold("sum", total, (0,), False, items.all[total].node))
    for (_, shape), total in totals.items():
        if not shape:
            t.checks.append(items.point("isfinite", [total], "i1", (), items.all[total].node))


def live_items(items: Items, results: Iterable[int]) -> list[int]:
    """Return the items that results are made from: what a product was before it was joined with a sum is there, and nobody's."""
    live, waiting = set(), [*results]
    while waiting:
        number = waiting.pop()
        if number not in live:
            live.add(number)
            waiting += items.all[number].inputs
    return sorted(live)


def swallowed(items: Items, item: Item) -> list[int]:
    """Return the operands of an item of which a number that is not finite may leave no trace in it."""
    if item.form in {"piece", "assembled"}:  # all of it is laid down, but for what lies under places that are set
        under = [items.all[i].inputs[0] for i in item.inputs[1:2] if items.all[i].form == "piece"]
        return [*under, *[i for i in item.inputs if not is_shown_whole(items, i)]]
    if item.op == "divide" and item.kind in {"float", "double"}:  # x / ∞ is 0; ∞ and NaN above leave one or the other
        return [item.inputs[1], *[i for i in item.inputs[:1] if not is_shown_whole(items, i)]]
    if item.op in PASSING and item.kind in {"float", "double"}:
        return [i for i in item.inputs if not is_shown_whole(items, i)]
    return [i for i in item.inputs if item.form != "take" or items.all[items.views[i].root].form != "source"]


def is_shown_whole(items: Items, number: int) -> bool:
    """Return whether an item shows every number of what it is a view of, or of an input what is read."""
    view = items.views[number]
    root = items.all[view.root]
    return root.form == "source" or prod(n for n, s in zip(view.shape, view.strides, strict=True) if s) >= root.size


def asked(items: Items, number: int) -> int:
    """Return the item to be looked at for what an item shows: all that was computed, but of an input what is read."""
    root = items.views[number].root
    shown = prod(n for n, s in zip(items.views[number].shape, items.views[number].strides, strict=True) if s)
    return number if items.all[root].op == "input" and shown < items.all[root].size else root


NARROW = 16  # numbers in a row whose columns all stay in registers


def put_together(t: Translation, totals: dict[tuple[str, tuple[int, ...]], int], number: int) -> None:
    """Add a sum to those of its kind and shape."""
    item = t.items.all[number]
    key = item.kind, item.shape
    before = totals.get(key)
    totals[key] = number if before is None else t.items.point("add", [before, number], item.kind, item.shape, item.node)
