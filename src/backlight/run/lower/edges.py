"""Sums over windows without what lies in the padding: the second way, where zeros would not be nothing.

0 times an infinite weight is NaN, and NaN is what a gradient would carry on. So a program looks at the weights, which are few
(or, where they are the result, at the result), and makes the sums in a loop of its own if it must.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from backlight.core.types import Type
from backlight.run.lower.items import Item
from backlight.run.lower.translate import Translation
from backlight.run.lower.views import Shape, View
from backlight.run.lower.walks import Steps, convolved, extended, weighed
from backlight.run.lower.within import either


@dataclass(frozen=True, slots=True)
class Inside:
    """Where an array lies in its padding: the first number along each of its last axes, and how many there are."""

    low: Shape
    size: Shape

    def only(self, t: Translation, kind: str, product: int, at: Steps, windows: int, kernel: int) -> int:
        """Return products with 0 for those of the padding; axes begin at `windows` and at `kernel`."""
        items, space = t.items, t.items.all[product].shape
        kept: int | None = None

        def point(op: str, *operands: int) -> int:
            return items.point(op, operands, "i1", space, t.origin)

        for axis, (low, size) in enumerate(zip(self.low, self.size, strict=True)):
            strides = [0] * len(space)
            strides[windows + axis], strides[kernel + axis] = at.stride[axis], at.dilation[axis]
            number = len(items.all)
            item = Item("position", "position", (), "i64", space, t.origin, (at.first[axis], 1))
            place = items.add(item, View(number, space, 0, tuple(strides)))
            for op, bound in (("greater_equal", low), ("less", low + size)):
                found = point(op, place, items.uniform(bound, "i64", (), t.origin))
                kept = found if kept is None else point("logical_and", kept, found)
        assert kept is not None
        return items.point("where", [kept, product, items.uniform(0.0, kind, (), t.origin)], kind, space, t.origin)


Sums = Callable[..., int]  # of products over windows: `convolved`, or a way that leaves out the padding


def beside(t: Translation, kind: str, x: int, w: int, shape: Shape, inside: Inside, pads: bool, by: Callable[..., int]) -> int:
    """Return the sums `by(sums, translation, x, w)` for padded x; where a weight is not finite, without what is in the padding."""
    known = t.arrays.get(t.items.views[w].root)
    if not pads or (known is not None and np.all(np.isfinite(known))):
        return by(convolved, t, x, w)
    finite = t.items.point("isfinite", [w], "i1", t.items.all[w].shape, t.origin)
    asked = t.items.fold("smallest", finite, tuple(range(len(t.items.all[w].shape))), False, t.origin)
    ways = [partial(by, sums) for sums in (convolved, partial(convolved_inside, inside))]
    return either(t, "convolution", asked, [x, w], kind, shape, ways)


def weighed_beside(t: Translation, kind: str, x: int, y: int, out: Type, at: Steps, groups: int, inside: Inside, pads: bool) -> int:
    """Return the gradient of the weights for padded x; where one of them is NaN, without what is in the padding."""
    found = weighed(t, kind, x, y, out, at, groups)
    if not pads:
        return found
    wrong = t.items.point("isnan", [found], "i1", out.shape, t.origin)
    asked = t.items.fold("largest", wrong, tuple(range(out.rank)), False, t.origin)
    return either(t, "convolution", asked, [x, y, found], kind, out.shape, [
        lambda b, x, y, _: weighed_inside(b, kind, x, y, out, at, groups, inside),
        lambda b, x, y, found: b.items.point("copy", [found], kind, out.shape, b.origin)])


def convolved_inside(inside: Inside, t: Translation, kind: str, x: int, w: int, shape: Shape, at: Steps, groups: int, shown: View,
                     group: int) -> int:
    """Return what `convolved` does, number by number, without the products of the padding."""
    items, xv, rank = t.items, t.items.views[x], len(at.number)
    o, c = shape[1] // groups, shown.shape[1]
    picture, group_x, channel = extended(xv, groups)
    start, along, within = at.view(xv.strides[2:], xv.offset)
    space = (shape[0], groups, o, *at.number, c, *at.kernel)
    x = items.view(x, View(xv.root, space, start, (picture, group_x, 0, *along, channel, *within)), t.origin)
    strides = (0, group, shown.strides[0], *(0,) * rank, *shown.strides[1:])
    w = items.view(w, View(shown.root, space, shown.offset, strides), t.origin)
    kept = inside.only(t, kind, items.point("multiply", [x, w], kind, space, t.origin), at, 3, 4 + rank)
    found = items.fold("sum", kept, tuple(range(3 + rank, len(space))), False, t.origin)
    return items.reshape(found, shape, t.origin)


def weighed_inside(t: Translation, kind: str, x: int, y: int, out: Type, at: Steps, groups: int, inside: Inside) -> int:
    """Return what `weighed` does, number by number, without the products of the padding."""
    items, xv, yv, rank = t.items, t.items.views[x], t.items.views[y], len(at.number)
    o, c = out.shape[0] // groups, out.shape[1]
    picture_x, group_x, channel_x = extended(xv, groups)
    picture_y, group_y, channel_y = extended(yv, groups)
    start, along, within = at.view(xv.strides[2:], xv.offset)
    space = (groups, o, c, *at.kernel, xv.shape[0], *at.number)
    x = items.view(x, View(xv.root, space, start, (group_x, 0, channel_x, *within, picture_x, *along)), t.origin)
    strides = (group_y, channel_y, *(0,) * (1 + rank), picture_y, *yv.strides[2:])
    y = items.view(y, View(yv.root, space, yv.offset, strides), t.origin)
    kept = inside.only(t, kind, items.point("multiply", [x, y], kind, space, t.origin), at, 4 + rank, 3)
    found = items.fold("sum", kept, tuple(range(3 + rank, len(space))), False, t.origin)
    return items.reshape(found, out.shape, t.origin)
