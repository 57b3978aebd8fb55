"""Convolutions as products over axes: the windows of a picture are a view of it, whose axes walk over the same numbers
again and again; what is padded is copied into zeros first.

    forward            z[n, o, p]  = Σ over c, k of   w[o, c, k] · x[n, c, p·stride + k·dilation]
    by the weights     w'[o, c, k] = Σ over n, p of   g[n, o, p] · x[n, c, p·stride + k·dilation]
    by the picture     x'[n, c, y] = Σ over o, k of   w[o, c, k] · g[n, o, (y − k·dilation) / stride]

The last one has a place for each number only where the division leaves no rest. So with a stride of s it is s
convolutions along each axis, one for each rest, over the few weights that meet it; nothing is multiplied by zero.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd, prod
from typing import Any

from backlight.core.types import Type
from backlight.run.lower.arrange import assemble, room
from backlight.run.lower.arrays import FLOATS, entry
from backlight.run.lower.sums import Letters, contracted, in_memory
from backlight.run.lower.tiles import Axis, Vectors, choose, merged
from backlight.run.lower.translate import Translation, UnableError
from backlight.run.lower.views import Shape, View, row_major

FEW = 64  # windows of a picture up to which several pictures share a tile
PARTS = 4  # into which the sum over pictures is cut for threads; the parts are added up in order
WIDEST = 64  # bytes of a vector for which it is decided which operand of a weight's gradient gives the columns


def prepared(t: Translation, out: Type, inputs: list[int], types: list[Type]) -> tuple[str, list[int]]:
    """Return the kind of number and the operands; only floats."""
    kind = t.kind(out)
    if kind not in FLOATS:
        raise UnableError
    return kind, [in_memory(t, t.convert(i, kind)) for i in inputs]


def windows_row(name: str) -> Callable[[Callable[..., int]], None]:
    """Enter a function into the table of rows; of an operand without numbers every sum is 0."""

    def enter(function: Callable[..., int]) -> None:
        def row(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
            if any(x.size == 0 for x in types):
                return t.items.uniform(0.0, t.kind(out), out.shape, t.origin)
            return function(t, out, inputs, types, attrs)

        entry(name)(row)

    return enter


def padded(t: Translation, number: int, before: Sequence[int], after: Sequence[int]) -> int:
    """Return an array with zeros before and after its last axes; where nothing is wanted, itself."""
    shape, rank = t.items.all[number].shape, len(before)
    if not any(before) and not any(after):
        return number
    lead, size = shape[: len(shape) - rank], shape[len(shape) - rank :]
    full = (*lead, *(n + a + b for n, a, b in zip(size, before, after, strict=True)))
    key = (..., *(slice(a, a + n) for a, n in zip(before, size, strict=True)))
    return assemble(t, t.items.all[number].kind, full, [(number, room(full, lambda z: z[key]))], 0)


def extended(view: View, groups: int) -> tuple[int, ...]:
    """Return the strides of an array's batch, group and channel within it."""
    n, channel = view.strides[0], view.strides[1]
    return n, channel * (view.shape[1] // groups), channel


def windows_entry(rank: int) -> None:
    """Enter the three rows of convolutions over so many axes."""

    @windows_row(f"conv{rank}d")
    def conv(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        """Multiply the weights by the windows."""
        from backlight.ops.convolution import layout

        kind, (x, w) = prepared(t, out, inputs, types)
        at = layout("conv", types[0].shape[2:], types[1].shape[2:], attrs["stride"], attrs["padding"], attrs["dilation"])
        x = padded(t, x, [a for a, _ in at.pads], [b for _, b in at.pads])
        steps, groups, wv = Steps(at.number, at.kernel, at.stride, at.dilation, (0,) * rank), attrs["groups"], t.items.views[w]
        o = out.shape[1] // groups
        shown = View(wv.root, (o, *wv.shape[1:]), wv.offset, wv.strides)
        return convolved(t, kind, x, w, out.shape, steps, groups, shown, wv.strides[0] * o)

    @windows_row(f"conv_weight{rank}d")
    def conv_weight(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        """Multiply the windows by their numbers of y, and sum over all pictures and windows."""
        from backlight.ops.convolution import each, layout

        kind, (x, y) = prepared(t, out, inputs, types)
        size = each("conv_weight", "size", attrs["size"], rank)
        at = layout("conv", types[0].shape[2:], size, attrs["stride"], attrs["padding"], attrs["dilation"])
        x = padded(t, x, [a for a, _ in at.pads], [b for _, b in at.pads])
        return weighed(t, kind, x, y, out, Steps(at.number, at.kernel, at.stride, at.dilation, (0,) * rank), attrs["groups"])

    @windows_row(f"conv_transpose{rank}d")
    def conv_transpose(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        """Sum what the windows spread over each place: one convolution for each rest of a division by the stride."""
        from backlight.ops.convolution import transposed_size

        kind, (x, w) = prepared(t, out, inputs, types)
        settings = (attrs["stride"], attrs["padding"], attrs["dilation"], attrs["output_padding"])
        at = transposed_size("conv", types[0], types[1], *settings)
        return spread_out(t, kind, x, w, out, at, attrs["groups"])


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


@dataclass(frozen=True, slots=True)
class Rest:
    """One axis of a transposed convolution, for one rest: which places of the result, which weights, which windows.

    Places begin at `start`, `count` of them; weights begin at `tap`, `taps` of them, `apart` from one another; the place
    number 0 meets in the first of these weights the window `window`, in the next one `back` windows before it.
    """

    start: int
    count: int
    tap: int
    taps: int
    apart: int
    window: int
    back: int


def rests(size: int, before: int, kernel: int, stride: int, dilation: int) -> list[Rest]:
    """Return the rests along one axis of the result; `before` is the padding that was cut off at its beginning."""
    found = []
    common = gcd(dilation, stride)
    for rest in range(min(stride, size)):
        place = rest + before  # counted with what was cut off
        taps = [k for k in range(kernel) if (place - k * dilation) % stride == 0]
        first = taps[0] if taps else 0
        found.append(Rest(rest, -(-(size - rest) // stride), first, len(taps), stride // common,
                          (place - first * dilation) // stride, dilation // common))
    return found


def spread_out(t: Translation, kind: str, x: int, w: int, out: Type, at: Any, groups: int) -> int:
    """Return the transposed convolution."""
    items, rank = t.items, len(at.size)
    axes = [rests(*z) for z in zip(at.size, (a for a, _ in at.pads), at.kernel, at.stride, at.dilation, strict=True)]
    low, high = [], []
    for along, count in zip(axes, at.number, strict=True):
        met = [r for r in along if r.taps]
        low.append(max([0, *((r.taps - 1) * r.back - r.window for r in met)]))
        high.append(max([0, *(r.window + r.count - count for r in met)]))
    x = padded(t, x, low, high)
    wv = items.views[w]
    c = wv.shape[1]
    pieces: list[tuple[int, View]] = []
    for chosen in product(*axes):
        shape = (out.shape[0], out.shape[1], *(r.count for r in chosen))
        if all(r.taps for r in chosen):
            first = tuple(r.window + a for r, a in zip(chosen, low, strict=True))
            kernel = tuple(r.taps for r in chosen)
            steps = Steps(shape[2:], kernel, (1,) * rank, tuple(-r.back for r in chosen), first)
            # (channels in, channels out, kernel) as (channels out, channels in of the group, kernel)
            start = wv.offset + sum(r.tap * s for r, s in zip(chosen, wv.strides[2:], strict=True))
            inside = tuple(r.apart * s for r, s in zip(chosen, wv.strides[2:], strict=True))
            inner = wv.shape[0] // groups
            shown = View(wv.root, (c, inner, *kernel), start, (wv.strides[1], wv.strides[0], *inside))
            made = convolved(t, kind, x, w, shape, steps, groups, shown, wv.strides[0] * inner)
        else:
            made = items.uniform(0.0, kind, shape, t.origin)
        if len(axes) == sum(len(along) for along in axes):
            return made
        key = (..., *(slice(r.start, None, s) for r, s in zip(chosen, at.stride, strict=True)))
        pieces.append((made, room(out.shape, lambda z, key=key: z[key])))  # type: ignore[misc]
    return assemble(t, kind, out.shape, pieces, None)


for axes_count in (1, 2, 3):
    windows_entry(axes_count)
