"""Sums of products over windows that walk over a padded array: with the weights, and by them.

Each is one product over axes of two views: nothing is copied together but what the tiles ask for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from backlight.core.types import Type
from backlight.run.lower.sums import Letters, contracted
from backlight.run.lower.tiles import Axis, Vectors, choose, merged
from backlight.run.lower.translate import Translation
from backlight.run.lower.views import Shape, View, row_major

FEW = 64  # windows of a picture up to which several pictures share a tile
PARTS = 4  # into which the sum over pictures is cut for threads; the parts are added up in order
WIDEST = 64  # bytes of a vector for which it is decided which operand of a weight's gradient gives the columns


@dataclass(frozen=True, slots=True)
class Steps:
    """Windows over axes: how many there are, how large, how far apart windows and their numbers are, and the first."""

    number: Shape
    kernel: Shape
    stride: Shape
    dilation: Shape
    first: Shape

    def view(self, steps: Sequence[int], offset: int) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
        """Return for an array with these strides the first number's place, and the strides of windows and in windows."""
        start = offset + sum(f * s for f, s in zip(self.first, steps, strict=True))
        return (start, tuple(t * s for t, s in zip(self.stride, steps, strict=True)),
                tuple(d * s for d, s in zip(self.dilation, steps, strict=True)))


def extended(view: View, groups: int) -> tuple[int, ...]:
    """Return the strides of an array's batch, group and channel within it."""
    n, channel = view.strides[0], view.strides[1]
    return n, channel * (view.shape[1] // groups), channel


def convolved(t: Translation, kind: str, x: int, w: int, shape: Shape, at: Steps, groups: int, shown: View, group: int) -> int:
    """Return the convolution of x, padded as is needed, in a shape.

    The weights of the first group are shown as (channels out, channels in, kernel), those of the next are `group` further.
    """
    xv = t.items.views[x]
    n, o = shape[0], shape[1] // groups
    picture, group_x, channel = extended(xv, groups)
    start, along, inside = at.view(xv.strides[2:], xv.offset)
    steps = row_major(shape)
    if prod(at.number) < FEW and n > 1:  # several pictures in a tile
        batch, columns, along, spots = (groups,), (n, *at.number), (picture, *along), (steps[0], *steps[2:])
        leads: list[tuple[int, ...]] = [(group,), (group_x,), (steps[1] * o,)]
    else:
        batch, columns, spots = (n, groups), at.number, steps[2:]  # type: ignore[assignment]
        leads = [(0, group), (picture, group_x), (steps[0], steps[1] * o)]
    lead_w, lead_x, lead_z = leads
    depth = shown.shape[1:]
    letters = Letters(batch, (o,), columns, depth, (*lead_z, steps[1], *spots))
    a = View(shown.root, (*batch, o, *depth), shown.offset, (*lead_w, *shown.strides))
    b = View(xv.root, (*batch, *depth, *columns), start, (*lead_x, channel, *inside, *along))
    return contracted(t, kind, (w, a), (x, b), letters, shape)


def weighed(t: Translation, kind: str, x: int, y: int, out: Type, at: Steps, groups: int) -> int:
    """Return the gradient of the weights: a sum over all pictures and windows, in parts that are added up in order.

    Which operand gives the columns of the tiles, which must lie side by side, is a question of sizes: with few channels
    out the windows give them, else y does, and the result is turned.
    """
    items = t.items
    xv, yv = items.views[x], items.views[y]
    o, c = out.shape[0] // groups, out.shape[1]
    n = xv.shape[0]
    parts = next(p for p in range(min(PARTS, n), 0, -1) if n % p == 0)
    start, along, inside = at.view(xv.strides[2:], xv.offset)
    picture_x, group_x, channel_x = extended(xv, groups)
    picture_y, group_y, channel_y = extended(yv, groups)
    each = n // parts
    batch, depth = (parts, groups), (each, *at.number)
    lead_x, lead_y = (picture_x * each, group_x), (picture_y * each, group_y)
    depth_x, depth_y = (picture_x, *along), (picture_y, *yv.strides[2:])
    taps, taps_x = (c, *at.kernel), (channel_x, *inside)
    size = prod(taps)
    straight = (*row_major((parts, groups, o * size)), 1)[:2]
    by_y = (tuple(Axis(k, s, 1) for k, s in zip(taps, taps_x, strict=True)), (Axis(o, channel_y, 1),), depth_x, depth_y)
    by_x = (by_y[1], by_y[0], depth_y, depth_x)
    cost_y, cost_x = (
        choose(merged(m), merged(k), merged([Axis(*z) for z in zip(depth, p, q, strict=True)]), 8 if kind == "double" else 4,
               Vectors(WIDEST // (8 if kind == "double" else 4), 32, True)).cost
        for m, k, p, q in (by_y, by_x)
    )
    if cost_x <= cost_y:
        letters = Letters(batch, (o,), taps, depth, (*straight, size, *row_major(taps)))
        a = View(yv.root, (*batch, o, *depth), yv.offset, (*lead_y, channel_y, *depth_y))
        b = View(xv.root, (*batch, *depth, *taps), start, (*lead_x, *depth_x, *taps_x))
        found = contracted(t, kind, (y, a), (x, b), letters, (parts, groups, o, *taps))
        order = (0, 1, *range(2, 2 + len(taps)))
    else:
        letters = Letters(batch, taps, (o,), depth, (*straight, *(s * o for s in row_major(taps)), 1))
        a = View(xv.root, (*batch, *taps, *depth), start, (*lead_x, *taps_x, *depth_x))
        b = View(yv.root, (*batch, *depth, o), yv.offset, (*lead_y, *depth_y, channel_y))
        found = contracted(t, kind, (x, a), (y, b), letters, (parts, groups, *taps, o))
        order = (0, 1 + len(taps), *range(1, 1 + len(taps)))
    summed = items.fold("sum", found, (0,), False, t.origin) if parts > 1 else items.reshape(
        found, items.all[found].shape[1:], t.origin)
    turned = items.view(summed, items.views[summed].transposed(order), t.origin)
    return items.reshape(turned, out.shape, t.origin)
