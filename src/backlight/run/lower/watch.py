"""Checks that every number which is computed is finite, written into the loops that have the numbers anyway.

What passes a number on that is not finite needs no check of its own: the trace is seen in what becomes of it. So looked at are
the results, and what goes into operations that can hide it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod, sqrt

import numpy as np

from backlight.run.lower.items import Item, Items
from backlight.run.lower.translate import Translation
from backlight.run.lower.views import whole

# What is not finite wherever an operand is not; everything else can swallow such a number: 1 / ∞ is 0, e^x − 1 at −∞ is −1.
PASSING = {
    "add", "subtract", "multiply", "negate", "abs", "square", "sqrt", "cbrt", "log", "log2", "log10", "log1p", "sin", "cos", "tan",
    "asin", "acos", "sinh", "cosh", "asinh", "acosh", "atanh", "floor", "ceil", "round", "trunc", "copy", "convert", "lgamma",
    "digamma", "i0", "i1",
    "sum", "product",  # folds, and running ones
    "matmul", "contract",
}
LARGEST = {"float": float(np.finfo(np.float32).max), "double": float(np.finfo(np.float64).max)}
SCALING = {"multiply", "divide"}  # by one number
NARROW = 16  # numbers in a row whose columns all stay in registers
FEW_ROWS = 8  # below which columns are not worth sums of their own


def watched(t: Translation, results: Sequence[int]) -> None:
    """Add checks that no number is infinite or NaN: of results, and of what goes into something that would hide it.

    A sum of x - x is 0 as long as every x is finite, and costs one subtraction a number in the loop that has x anyway. The
    sums of all of them are added up, and looked at once. Of an input only what is read counts: a table may be large.
    """
    items = t.items
    used: set[int] = set()
    hidden: set[int] = {asked(items, i) for i in results if items.all[items.views[i].root].form == "source"}
    totals: dict[tuple[str, tuple[int, ...]], int] = {}  # by kind and shape: see `summed_along`
    needed = live_items(items, [*results, *t.checks])
    stored = {items.views[i].root for i in results}
    bounds: dict[int, None] = {}  # single numbers that stand for many
    for number in needed:
        item = items.all[number]
        if item.form == "view":  # shows what is there: who uses it uses what it shows
            continue
        used.update(items.views[i].root for i in item.inputs)
        for i in swallowed(items, item):
            looked = hidden_below(items, item, i, stored)
            hidden.add(asked(items, looked[0]))
            bounds |= dict.fromkeys(looked[1:])
    hidden.update(items.views[i].root for i in results if not is_shown_whole(items, i))
    by_columns = {items.all[i.inputs[0]].shape for i in map(items.all.__getitem__, needed) if is_sum_by_columns(items, i)}
    for number in [*needed, *bounds]:
        item = items.all[number]
        there = item.form not in {"source", "uniform", "view", "piece"} or (item.op in {"input", "view"} and number in hidden)
        if there and item.kind in {"float", "double"} and (number in hidden or number in bounds or number not in used):
            gone = items.point("subtract", [number, number], item.kind, item.shape, item.node)
            axes = summed_along(items, number, by_columns)
            put_together(t, totals, items.fold("sum", gone, axes, False, item.node) if axes else gone)
    for total in [total for (_, shape), total in totals.items() if shape]:
        put_together(t, totals, items.fold("sum", total, (0,), False, items.all[total].node))
    for (_, shape), total in totals.items():
        if not shape:
            t.checks.append(items.point("isfinite", [total], "i1", (), items.all[total].node))


def hidden_below(items: Items, item: Item, number: int, stored: set[int]) -> tuple[int, ...]:
    """Return what to look at for what an item hides: the operand itself, or what leaves it finite and lies in memory anyway.

    A division hides an infinity below, and no NaN. Where that is √v times or over single numbers, plus another, as Adam and
    RMSprop divide by, it grows or falls with v all along, and √v is at most the root of the largest number: so it is finite where v
    is, and where the same is done to that root. A bound that is infinite although no number is only costs a second look.
    """
    if item.op != "divide" or items.views[number].root != number:
        return (number,)
    steps: list[Item] = []
    at = items.all[number]
    while at.form == "point" and at.kind == item.kind and at.op in (SCALING if steps else {*SCALING, "add", "subtract"}):
        many = [i for i in at.inputs if not is_single(items, i)]
        if len(many) != 1 or items.all[many[0]].shape != at.shape or (at.op == "divide" and at.inputs[0] != many[0]):
            return (number,)
        steps.append(at)
        at = items.all[many[0]]
    if at.form != "point" or at.op != "sqrt" or at.kind != item.kind or at.inputs[0] not in stored:
        return (number,)
    if items.all[at.inputs[0]].form == "source" and items.all[at.inputs[0]].op != "input":
        return (number,)
    largest = sqrt(LARGEST[at.kind])
    bound = items.uniform(largest, at.kind, (), at.node)
    for step in reversed(steps):
        operands = [single(items, i) if is_single(items, i) else bound for i in step.inputs]
        bound = items.point(step.op, operands, step.kind, (), step.node)
    return at.inputs[0], bound


def is_single(items: Items, number: int) -> bool:
    """Return whether an item is one number, everywhere or alone."""
    return items.all[number].form == "uniform" or items.all[items.views[number].root].shape == ()


def single(items: Items, number: int) -> int:
    """Return the one number of such an item as one of no axes."""
    item = items.all[number]
    return items.uniform(item.detail, item.kind, (), item.node) if item.form == "uniform" else items.views[number].root


def is_sum_by_columns(items: Items, item: Item) -> bool:
    """Return whether an item adds the rows of an array up, as the gradient of a bias does."""
    if item.form != "fold" or item.op != "sum":
        return False
    shape = items.all[item.inputs[0]].shape
    return len(shape) > 1 and item.detail == tuple(range(len(shape) - 1)) and prod(shape[:-1]) >= FEW_ROWS


def summed_along(items: Items, number: int, by_columns: set[tuple[int, ...]]) -> tuple[int, ...]:
    """Return the axes along which the differences of an item are summed: all, or all but the last.

    Column by column where the loop has such sums anyway, and where rows of few numbers keep their columns in registers; but
    where everything runs through memory side by side, one long loop is better than one over rows.
    """
    shape = items.all[number].shape
    narrow = shape != () and 0 < shape[-1] <= NARROW and (len(shape) == 1 or not is_flat(items, number))
    return tuple(range(len(shape) - (narrow or shape in by_columns)))


def is_flat(items: Items, number: int) -> bool:
    """Return whether an item is made of whole arrays of its shape and single numbers alone, as far as its loop goes back."""
    shape, waiting, seen = items.all[number].shape, [number], set()
    while waiting:
        item = items.all[waiting.pop()]
        if item.form == "point":
            for i in item.inputs:
                if not is_single(items, i) and i not in seen:
                    if items.all[i].shape != shape or items.views[i].strides != whole(i, shape).strides:
                        return False
                    seen.add(i)
                    waiting.append(i)
    return True


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


def put_together(t: Translation, totals: dict[tuple[str, tuple[int, ...]], int], number: int) -> None:
    """Add a sum to those of its kind and shape."""
    item = t.items.all[number]
    key = item.kind, item.shape
    before = totals.get(key)
    totals[key] = number if before is None else t.items.point("add", [before, number], item.kind, item.shape, item.node)
