"""Convolutions as products over axes: the windows of a picture are a view of it, whose axes walk over the same numbers
again and again; what is padded is copied into zeros first.

    forward            z[n, o, p]  = Σ over c, k of   w[o, c, k] · x[n, c, p·stride + k·dilation]
    by the weights     w'[o, c, k] = Σ over n, p of   g[n, o, p] · x[n, c, p·stride + k·dilation]
    by the picture     x'[n, c, y] = Σ over o, k of   w[o, c, k] · g[n, o, (y − k·dilation) / stride]

The last one has a place for each number only where the division leaves no rest. So with a stride of s it is s
convolutions along each axis, one for each rest, over the few weights that meet it.

The zeros of the padding are multiplied along: to leave them out would take as many products as there are ways for a window to lie
across an edge, each with tiles of its own. Where that tells, beside a number that is not finite, the sums are made a second way,
slow and one by one, which leaves out what is not there; the program asks which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from math import gcd
from typing import Any

from backlight.core.types import Type
from backlight.run.lower.arrange import assemble, room
from backlight.run.lower.arrays import FLOATS, entry
from backlight.run.lower.edges import Inside, Sums, beside, weighed_beside
from backlight.run.lower.sums import in_memory
from backlight.run.lower.translate import Translation, UnableError
from backlight.run.lower.views import Shape, View
from backlight.run.lower.walks import Steps


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


def windows_entry(rank: int) -> None:
    """Enter the three rows of convolutions over so many axes."""

    @windows_row(f"conv{rank}d")
    def conv(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        """Multiply the weights by the windows."""
        from backlight.ops.window import layout

        kind, (x, w) = prepared(t, out, inputs, types)
        at = layout("conv", types[0].shape[2:], types[1].shape[2:], attrs["stride"], attrs["padding"], attrs["dilation"])
        low, groups = [a for a, _ in at.pads], attrs["groups"]
        steps = Steps(at.number, at.kernel, at.stride, at.dilation, (0,) * rank)
        o = out.shape[1] // groups

        def by(sums: Sums, t: Translation, x: int, w: int) -> int:
            wv = t.items.views[w]
            shown = View(wv.root, (o, *wv.shape[1:]), wv.offset, wv.strides)
            return sums(t, kind, x, w, out.shape, steps, groups, shown, wv.strides[0] * o)

        x = padded(t, x, low, [b for _, b in at.pads])
        return beside(t, kind, x, w, out.shape, Inside(tuple(low), at.size), any(map(any, at.pads)), by)

    @windows_row(f"conv_weight{rank}d")
    def conv_weight(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        """Multiply the windows by their numbers of y, and sum over all pictures and windows."""
        from backlight.ops.window import each, layout

        kind, (x, y) = prepared(t, out, inputs, types)
        size = each("conv_weight", "size", attrs["size"], rank)
        at = layout("conv", types[0].shape[2:], size, attrs["stride"], attrs["padding"], attrs["dilation"])
        low, groups = [a for a, _ in at.pads], attrs["groups"]
        x, steps = padded(t, x, low, [b for _, b in at.pads]), Steps(at.number, at.kernel, at.stride, at.dilation, (0,) * rank)
        return weighed_beside(t, kind, x, y, out, steps, groups, Inside(tuple(low), at.size), any(map(any, at.pads)))

    @windows_row(f"conv_transpose{rank}d")
    def conv_transpose(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        """Sum what the windows spread over each place: one convolution for each rest of a division by the stride."""
        from backlight.ops.window import transposed_size

        kind, (x, w) = prepared(t, out, inputs, types)
        settings = (attrs["stride"], attrs["padding"], attrs["dilation"], attrs["output_padding"])
        at = transposed_size("conv", types[0], types[1], *settings)
        return spread_out(t, kind, x, w, out, at, attrs["groups"])


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
    axes = [rests(*z) for z in zip(at.size, (a for a, _ in at.pads), at.kernel, at.stride, at.dilation, strict=True)]
    low, high = [], []
    for along, count in zip(axes, at.number, strict=True):
        met = [r for r in along if r.taps]
        low.append(max([0, *((r.taps - 1) * r.back - r.window for r in met)]))
        high.append(max([0, *(r.window + r.count - count for r in met)]))
    size = at.number
    pads = any(low) or any(high)

    def by(sums: Sums, t: Translation, x: int, w: int) -> int:
        return laid_out(t, kind, x, w, out, axes, low, at.stride, groups, sums)

    x = padded(t, x, low, high)
    return beside(t, kind, x, w, out.shape, Inside(tuple(low), size), pads, by)


def laid_out(t: Translation, kind: str, x: int, w: int, out: Type, axes: Sequence[Sequence[Rest]], low: Sequence[int],
             stride: Shape, groups: int, sums: Sums) -> int:
    """Return the convolutions for all rests along all axes, laid into one another."""
    items, rank = t.items, len(axes)
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
            made = sums(t, kind, x, w, shape, steps, groups, shown, wv.strides[0] * inner)
        else:
            made = items.uniform(0.0, kind, shape, t.origin)
        if len(axes) == sum(len(along) for along in axes):
            return made
        key = (..., *(slice(r.start, None, s) for r, s in zip(chosen, stride, strict=True)))
        pieces.append((made, room(out.shape, lambda z, key=key: z[key])))  # type: ignore[misc]
    return assemble(t, kind, out.shape, pieces, None)


for axes_count in (1, 2, 3):
    windows_entry(axes_count)
