"""Pooling: the numbers of a window, one view of the picture for each place in it, joined one after the other.

The largest number's place within the window is kept as a small number, so that the gradient asks each place of the
picture whether it was the one, instead of adding at computed places; as long as windows do not overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np

from backlight.core.types import Type
from backlight.run.lower.arrange import assemble, room
from backlight.run.lower.arrays import FLOATS, entry
from backlight.run.lower.items import Item
from backlight.run.lower.translate import Translation, UnableError
from backlight.run.lower.views import Shape, View, row_major

MOST = 64  # numbers of a window up to which they are written one after the other


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is known of the places of the largest numbers: which of its window's, and how the windows lie."""

    which: int
    at: Any


def seen(t: Translation, x: int, at: Any, fill: float) -> list[int]:
    """Return the numbers at each place of a window, as views of the padded picture, in reading order."""
    items, shape = t.items, t.items.all[x].shape
    if prod(at.kernel) > MOST:
        raise UnableError
    if any(map(any, at.pads)):
        full = (*shape[:2], *(n + a + b for n, (a, b) in zip(at.size, at.pads, strict=True)))
        key = (..., *(slice(a, a + n) for n, (a, _) in zip(at.size, at.pads, strict=True)))
        x = assemble(t, items.all[x].kind, full, [(x, room(full, lambda z: z[key]))], fill)
    view, found = items.views[x], []
    for place in product(*map(range, at.kernel)):
        starts = (0, 0, *(k * d for k, d in zip(place, at.dilation, strict=True)))
        sizes, steps = (*shape[:2], *at.number), (1, 1, *at.stride)
        found.append(items.view(x, view.sliced(starts, sizes, steps), t.origin))
    return found


def prepared(t: Translation, out: Type, inputs: list[int], types: list[Type], floats: bool) -> tuple[str, int]:
    """Return the kind of number of the picture, and the picture; of nothing there is no largest."""
    kind = t.kind(types[0])
    if out.size == 0 or types[0].size == 0 or kind == "i1" or (floats and kind not in FLOATS):
        raise UnableError
    return kind, inputs[0]


def lowest(kind: str) -> float | int:
    """Return what is never the largest."""
    return -float("inf") if kind in FLOATS else int(np.iinfo(np.int64 if kind == "i64" else np.int32).min)


def max_pool(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Return the largest number of each window."""
    from backlight.ops.pooling import pooled

    kind, x = prepared(t, out, inputs, types, False)
    first, *others = seen(t, x, pooled("max_pool", types[0], **attrs), lowest(kind))
    if not others:
        return t.items.point("copy", [first], kind, out.shape, t.origin)
    for other in others:
        first = t.items.point("maximum", [first, other], kind, out.shape, t.origin)
    return first


@entry("max_pool_places")
def max_pool_places(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Return where the largest number of each window is: the first, where several are, and where one is NaN."""
    from backlight.ops.pooling import pooled

    kind, x = prepared(t, out, inputs, types, False)
    items, at = t.items, pooled("max_pool_places", types[0], **attrs)
    shape, parts = out.shape, seen(t, x, at, lowest(kind))
    steps = row_major(at.size)

    def point(op: str, *operands: int, kind: str = "i1") -> int:
        return items.point(op, operands, kind, shape, t.origin)

    def number(value: int, kind: str) -> int:
        return items.uniform(value, kind, (), t.origin)

    places = product(*map(range, at.kernel))
    inside = [sum(k * d * s for k, d, s in zip(place, at.dilation, steps, strict=True)) for place in places]
    there = np.pad(np.ones(at.size, bool), at.pads)  # where all are as low as what surrounds them, the first is chosen
    shown = [there[tuple(slice(k * d, k * d + (m - 1) * s + 1, s) for k, d, m, s in
                         zip(place, at.dilation, at.number, at.stride, strict=True))] for place in product(*map(range, at.kernel))]
    before = shown[0]
    best, which, moved = parts[0], items.uniform(0, "i32", shape, t.origin), items.uniform(0, "i64", shape, t.origin)
    for k, part in enumerate(parts[1:], 1):
        better = point("greater", part, best)
        if kind in FLOATS:
            nan = point("logical_and", point("isnan", part), point("logical_not", point("isnan", best)))
            better = point("logical_or", better, nan)
        if (first := shown[k] & ~before).any():
            better = point("logical_or", better, t.constant(first, Type("bool", first.shape)))
        before = before | shown[k]
        which = point("where", better, number(k, "i32"), which, kind="i32")
        moved = point("where", better, number(inside[k], "i64"), moved, kind="i64")
        best = point("maximum", best, part, kind=kind)
    start = -sum(a * s for (a, _), s in zip(at.pads, steps, strict=True))
    root = items.add(Item("position", "position", (), "i64", shape, t.origin, (start, 1)))
    corner = View(root, shape, 0, (0, 0, *(n * s for n, s in zip(at.stride, steps, strict=True))))
    found = point("add", moved, items.view(root, corner, t.origin), kind="i64")
    t.chosen[found] = Chosen(which, at)
    return found


def added_back(t: Translation, g: int, index: int, kind: str, shape: Shape) -> int | None:
    """Return the numbers of g added at the places of the largest, in an array of this shape whose last axis is the
    picture's numbers in reading order; None if that is not what the index is, or windows overlap."""
    items = t.items
    view = items.views[index]
    known = t.chosen.get(view.root)
    if known is None or not isinstance(known, Chosen):
        return None
    at = known.at
    reach = (d * (k - 1) + 1 for k, d in zip(at.kernel, at.dilation, strict=True))
    root = items.all[view.root].shape
    apart = all(s >= r for s, r in zip(at.stride, reach, strict=True))
    if not (apart and view.is_contiguous() and view.offset == 0 and shape == (*root[:2], prod(at.size))):
        return None
    g = items.reshape(g, root, t.origin)
    picture = (*root[:2], *at.size)
    pieces = []
    for k, place in enumerate(product(*map(range, at.kernel))):
        starts, sizes, spots = [0, 0], [*root[:2]], []
        for a, d, s, n, m, (before, _) in zip(place, at.dilation, at.stride, at.size, at.number, at.pads, strict=True):
            first = -(-max(0, before - a * d) // s)  # the first window whose place lies in the picture, not in its padding
            last = min(m - 1, (n - 1 + before - a * d) // s)
            starts.append(first)
            sizes.append(max(0, last - first + 1))
            spots.append(slice(first * s + a * d - before, None, s))
        if 0 in sizes:
            continue
        ones = [1] * len(starts)
        shown = [items.view(i, items.views[i].sliced(starts, sizes, ones), t.origin) for i in (g, known.which)]
        here = items.point("equal", [shown[1], items.uniform(k, "i32", (), t.origin)], "i1", tuple(sizes), t.origin)
        value = items.point("where", [here, shown[0], items.uniform(0, kind, (), t.origin)], kind, tuple(sizes), t.origin)
        taken = tuple(slice(s.start, s.start + (c - 1) * s.step + 1, s.step) for s, c in zip(spots, sizes[2:], strict=True))
        pieces.append((value, room(picture, lambda z, taken=taken: z[(..., *taken)])))  # type: ignore[misc]
    covered = sum(prod(view.shape) for _, view in pieces) == prod(picture)
    found = assemble(t, kind, picture, pieces, None if covered else 0)
    return items.reshape(found, shape, t.origin)


def avg_pool(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Return the sum of each window, divided by how many numbers count."""
    from backlight.ops.pooling import counts, pooled

    asked = {k: v for k, v in attrs.items() if k != "count_padding"}
    kind = t.kind(out)
    prepared(t, out, inputs, types, False)
    x = t.convert(inputs[0], kind)
    at = pooled("avg_pool", types[0], **asked)
    plain = at._replace(pads=pooled("avg_pool", types[0], **{**asked, "ceil": False}).pads)
    divide = np.broadcast_to(counts(plain, attrs["count_padding"]), at.number)
    total, *others = seen(t, x, at, 0.0)
    for other in others:
        total = t.items.point("add", [total, other], kind, out.shape, t.origin)
    by = t.constant(divide, Type(out.dtype, divide.shape))
    return t.items.point("divide", [total, by], kind, out.shape, t.origin)


def enter(rows: Sequence[str]) -> None:
    """Enter the pools over one, two and three axes."""
    for name in rows:
        entry(name)(max_pool if name.startswith("max") else avg_pool)


enter([f"{how}_pool{rank}d" for how in ("max", "avg") for rank in (1, 2, 3)])
