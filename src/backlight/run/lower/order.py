"""What the rows become that put numbers in order, or join them one after the other along an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backlight.core.types import Type
from backlight.run.lower.arrays import FLOATS, axes_of, entry
from backlight.run.lower.items import Item
from backlight.run.lower.statistics import Writing
from backlight.run.lower.translate import Translation, UnableError
from backlight.run.lower.views import View


def lined(t: Translation, number: int, axis: int) -> tuple[int, View]:
    """Return an operand that lies in memory, shown as (before, axis, behind); it is copied if it cannot be shown so."""
    items = t.items
    root = items.all[items.views[number].root]
    number = t.plain(number) if root.form in {"uniform", "position"} else number
    shape = items.all[number].shape
    sizes = [1, shape[axis], 1]
    for a, n in enumerate(shape):
        sizes[0 if a < axis else 2] *= n if a != axis else 1
    number = items.reshape(number, tuple(sizes), t.origin)
    return number, items.views[number]


def scanned(t: Translation, how: str, inputs: list[int], kind: str, out: Type, attrs: dict[str, Any]) -> int:
    """Return a scan; reversed, it walks the axis from its end."""
    if kind == "i1" or out.size == 0:
        raise UnableError
    axis = attrs["axis"] % out.rank
    backwards = bool(attrs.get("reverse"))
    shown = []
    for number in inputs:
        operand, view = lined(t, t.convert(number, kind), axis)
        if backwards:
            view = view.sliced((0, view.shape[1] - 1, 0), view.shape, (1, -1, 1))
        shown.append(t.items.view(operand, view, t.origin))
    detail = (backwards, bool(attrs.get("exclusive")))
    found = t.items.add(Item("scan", how, tuple(shown), kind, t.items.all[shown[0]].shape, t.origin, detail))
    return t.items.reshape(found, out.shape, t.origin)


def scan_entry(how: str) -> Callable[..., int]:
    """Return the entry of a scan; of a recurrence the factors come first."""

    def enter(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        kind = t.kind(out)
        if how == "logaddexp" and kind not in FLOATS:
            raise UnableError
        return scanned(t, how, inputs[::-1], kind, out, attrs)

    return enter


for name, way in (("cumsum", "sum"), ("cumprod", "product"), ("recurrence", "recurrence"), ("logcumsumexp", "logaddexp")):
    entry(name)(scan_entry(way))


def ordered(t: Translation, number: int, axis: int, descending: bool) -> int:
    """Return the item of the indices that sort along an axis, that axis last."""
    items = t.items
    shape = items.all[number].shape
    behind = [a for a in range(len(shape)) if a != axis] + [axis]
    turned = items.view(number, items.views[number].transposed(behind), t.origin)
    found, _ = lined(t, turned, len(shape) - 1)
    before, n, _ = items.all[found].shape
    rows = items.reshape(found, (before, n), t.origin)
    made = items.add(Item("sort", "order", (rows,), "i64", (before, n), t.origin, descending))
    return items.reshape(made, tuple(shape[a] for a in behind), t.origin)


@entry("argsort")
def argsort(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Sort the indices of each row."""
    if out.size == 0:
        raise UnableError
    axis, rank = attrs["axis"] % out.rank, out.rank
    found = ordered(t, inputs[0], axis, bool(attrs["descending"]))
    back = [*range(axis), rank - 1, *range(axis, rank - 1)]
    return t.items.view(found, t.items.views[found].transposed(back), t.origin)


@entry("median")
def median(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """The mean of the one or two in the middle; NaN if any is."""
    kind, items = t.kind(out), t.items
    if kind not in FLOATS or types[0].size == 0:
        raise UnableError
    x, shape = t.convert(inputs[0], kind), types[0].shape
    axes = axes_of(len(shape), attrs.get("axis"))
    if not axes:
        return items.point("copy", [x], kind, out.shape, t.origin)
    kept = [a for a in range(len(shape)) if a not in axes]
    turned = items.view(x, items.views[x].transposed([*kept, *axes]), t.origin)
    n, count = 1, 1
    for a, size in enumerate(shape):
        n, count = (n * size, count) if a in axes else (n, count * size)
    rows = t.plain(items.reshape(turned, (count, n), t.origin))
    order = items.add(Item("sort", "order", (rows,), "i64", (count, n), t.origin, False))
    w = Writing(t, kind)

    def taken(place: int) -> int:
        index = items.view(order, items.views[order].sliced((0, place), (count, 1), (1, 1)), t.origin)
        return items.add(Item("take", "take", (rows, index), kind, (count, 1), t.origin, ((1,), ((0, 0),))))

    low, high = taken((n - 1) // 2), taken(n // 2)
    middle = w.point("multiply", w.point("add", low, high), w.number(0.5)) if n % 2 == 0 else low
    largest = w.fold("largest", rows, (1,))
    found = w.point("where", w.point("isnan", largest, kind="i1"), largest, middle)
    return items.reshape(found, out.shape, t.origin)


def extreme_place(how: str) -> Callable[..., int]:
    """Return the entry of the first place of the largest or smallest; of the first NaN, if there is one."""

    def enter(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        items, kind = t.items, t.kind(types[0])
        if types[0].size == 0 or kind == "i1":
            raise UnableError
        x = inputs[0]
        if attrs.get("axis") is None:
            x = items.reshape(x, (types[0].size,), t.origin)
            axis = 0
        else:
            axis = attrs["axis"] % types[0].rank
        shape = items.all[x].shape
        w = Writing(t, "i64")
        best = items.fold(how, x, (axis,), True, t.origin)
        here = items.point("equal", [x, best], "i1", shape, t.origin)
        if kind in FLOATS:
            here = items.point("logical_or", [here, items.point("isnan", [x], "i1", shape, t.origin)], "i1", shape, t.origin)
        root = items.add(Item("position", "position", (), "i64", shape, t.origin, (0, 1)))
        along = items.view(root, View(root, shape, 0, tuple(int(a == axis) for a in range(len(shape)))), t.origin)
        place = items.point("where", [here, along, w.number(shape[axis])], "i64", shape, t.origin)
        return w.shaped(w.fold("smallest", place, (axis,)), out)

    return enter


entry("argmax")(extreme_place("largest"))
entry("argmin")(extreme_place("smallest"))
