"""Convolutions over one, two and three axes, as networks mean them: windows of x, multiplied by weights and summed.

    z[n, o, p] = Σ over c and k of x[n, c, p·stride + k·dilation − padding] · w[o, c, k]

This is one form that is linear in x, in w and, as a gradient comes in, in the upstream gradient; so there are three
operations for each number of axes, and each is the derivative's rule of the other two: the convolution itself, the
transposed convolution (which spreads numbers over windows) and the sum over windows that gives the weights' gradient.

What lies in the padding is not there: its products are left out of the sums, rather than 0 times what they meet, which would be
NaN beside an infinite weight. So the three agree with one another on every number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import Type
from ..errors import ShapeError, ValueError
from . import batched
from . import samples as s
from .linear import conjugate
from .window import Windows, each, image, layout, missing, padded, seen, transposed_size

__all__ = [
    "conv1d", "conv2d", "conv3d",
    "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "conv_weight1d", "conv_weight2d", "conv_weight3d",
]  # fmt: skip

SETTINGS: dict[str, Any] = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1}


def columns(x: Any, at: Windows, groups: int) -> Any:
    """The windows of x as rows of one matrix for each group: (groups, batch · windows, channels · kernel)."""
    rank = len(at.size)
    n, c = x.shape[:2]
    view = seen(padded(x, at).reshape(n, groups, c // groups, *(m + a + b for m, (a, b) in zip(at.size, at.pads, strict=True))), at)
    order = (1, 0, *range(3, 3 + rank), 2, *range(3 + rank, 3 + 2 * rank))
    return view.transpose(order).reshape(groups, n * int(np.prod(at.number)), c // groups * int(np.prod(at.kernel)))


def rows_of(g: Any, groups: int) -> Any:
    """(batch, channels, windows…) as (groups, batch · windows, channels of the group)."""
    n, o = g.shape[:2]
    count = int(np.prod(g.shape[2:]))
    return g.reshape(n, groups, o // groups, count).transpose(1, 0, 3, 2).reshape(groups, n * count, o // groups)


def zeros_matter(x: Any, at: Windows) -> bool:
    """Whether the padding's zeros, multiplied by these numbers, would change a sum."""
    return any(map(any, at.pads)) and not np.all(np.isfinite(x))


def meeting(at: Windows) -> Iterator[tuple[Any, Any, Any]]:
    """For each place in a window: its index, the windows that have a number of x there, and these numbers."""
    for place in np.ndindex(*at.kernel):
        windows, found = [], []
        for k, d, n, t, (a, _), m in zip(place, at.dilation, at.size, at.stride, at.pads, at.number, strict=True):
            first = max(0, -((k * d - a) // t))
            last = max(first, min(m, -((k * d - a - n) // t)))
            start = first * t + k * d - a
            windows.append(slice(first, last))
            found.append(slice(start, start + (last - first) * t, t))
        yield (..., *place), (..., *windows), (..., *found)


def apart(x: Any, groups: int) -> Any:
    """The groups of channels as an axis of their own."""
    return x.reshape(x.shape[0], groups, x.shape[1] // groups, *x.shape[2:])


def convolved(x: Any, w: Any, at: Windows, groups: int) -> Any:
    n, o = x.shape[0], w.shape[0]
    if zeros_matter(w, at):
        z = np.zeros((n, groups, o // groups, *at.number), np.result_type(x, w))
        for place, windows, found in meeting(at):
            w_here = w[place].reshape(groups, o // groups, w.shape[1])
            z[windows] += np.einsum("ngc...,goc->ngo...", apart(x, groups)[found], w_here)
        return z.reshape(n, o, *at.number)
    found = columns(x, at, groups) @ w.reshape(groups, o // groups, int(np.prod(w.shape[1:]))).swapaxes(1, 2)
    return found.reshape(groups, n, -1 if n else 0, o // groups).transpose(1, 0, 3, 2).reshape(n, o, *at.number)


def spread_out(g: Any, w: Any, at: Windows, groups: int) -> Any:
    """Each number of g times the weights, added up over the windows."""
    rank = len(at.size)
    n, o, c = g.shape[0], w.shape[0], w.shape[1]
    found = rows_of(g, groups) @ w.reshape(groups, o // groups, int(np.prod(w.shape[1:])))
    found = found.reshape(groups, n, *at.number, c, *at.kernel)
    z = np.zeros((n, groups, c, *(m + a + b for m, (a, b) in zip(at.size, at.pads, strict=True))), found.dtype)
    order = (1, 0, 2 + rank, *range(2, 2 + rank))
    for place in np.ndindex(*at.kernel):
        spots: Any = tuple(
            slice(k * d, k * d + (m - 1) * t + 1, t) for k, d, m, t in zip(place, at.dilation, at.number, at.stride, strict=True)
        )
        z[(..., *spots)] += found[(Ellipsis, *place)].transpose(order)
    inner: Any = tuple(slice(a, a + m) for m, (a, _) in zip(at.size, at.pads, strict=True))
    return z[(..., *inner)].reshape(n, groups * c, *at.size)


def weighed(x: Any, g: Any, at: Windows, groups: int) -> Any:
    """For each weight the sum of what it was multiplied by, times the gradient there."""
    o, c = g.shape[1], x.shape[1] // groups
    if zeros_matter(g, at):
        z = np.zeros((groups, o // groups, c, *at.kernel), np.result_type(x, g))
        for place, windows, found in meeting(at):
            z[place] = np.einsum("ngop,ngcp->goc", *[
                v.reshape(*v.shape[:3], -1 if v.size else 0) for v in (apart(g, groups)[windows], apart(x, groups)[found])])
        return z.reshape(o, c, *at.kernel)
    return (rows_of(g, groups).swapaxes(1, 2) @ columns(x, at, groups)).reshape(o, c, *at.kernel)


def channels(op: str, x: Type, w: Type, groups: int, rank: int, transposed: bool) -> None:
    """Whether the channels of the operands fit the groups."""
    if w.rank != rank + 2:
        raise ShapeError(f"{op}: w must have {rank + 2} axes, two for channels and {rank} for the window, and it is {w} {w.shape}")
    if type(groups) is not int or groups < 1 or w.shape[0] % groups:
        raise ValueError(f"{op}: groups must divide the {w.shape[0]} channels on the first axis of w, and it is {groups}")
    found, wanted = x.shape[1], w.shape[0] if transposed else w.shape[1] * groups
    if found != wanted:
        raise ShapeError(f"{op}: x has {found} channels, and w {w.shape} with groups={groups} takes {wanted}")


def family(rank: int) -> tuple[Op, Op, Op]:
    """The convolution over so many axes, its transpose, and the gradient of its weights."""
    name, turned, weights = f"conv{rank}d", f"conv_transpose{rank}d", f"conv_weight{rank}d"

    def at_of(x: Any, w: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Windows:
        return layout(name, x.shape[2:], w.shape[2:], stride, padding, dilation)

    def settled(at: Windows, groups: int) -> dict[str, Any]:
        """The settings once they are worked out: no words, a number for each axis."""
        return {"stride": at.stride, "padding": at.pads, "dilation": at.dilation, "groups": groups}

    def conv_type(x: Type, w: Type, **settings: Any) -> Type:
        image(name, "x", x, rank)
        channels(name, x, w, settings.get("groups", 1), rank, False)
        return Type(np.result_type(x.dtype, w.dtype), (x.shape[0], w.shape[0], *at_of(x, w, **settings).number))

    def conv_by_x(g: Any, z: Any, x: Any, w: Any, groups: int = 1, **settings: Any) -> Any:
        at = at_of(x, w, **settings)
        return transpose(g, conjugate(w), output_padding=missing(at), **settled(at, groups))

    def conv_by_w(g: Any, z: Any, x: Any, w: Any, groups: int = 1, **settings: Any) -> Any:
        at = at_of(x, w, **settings)
        return weight(conjugate(x), g, size=at.kernel, **settled(at, groups))

    conv: Op = operation(
        name, "x w",
        doc=f"Convolution over {rank} {'axis' if rank == 1 else 'axes'}: x (batch, channels, …) seen through windows, times w (channels out, channels in / groups, "
            "window…), summed. The window is not turned round.",
        words="product rule: the gradient spread over the windows to x, the windows weighed by the gradient to w",
        kind="network",
        attrs=SETTINGS,
        type=conv_type,
        value=lambda x, w, groups=1, **settings: convolved(x, w, at_of(x, w, **settings), groups),
        vjp=(conv_by_x, conv_by_w),
        linear=(0, 1),
        cost=lambda x, w, **settings: 2 * conv_type(x, w, **settings).size * int(np.prod(w.shape[1:])),
        batch=batched.convolution(name),
        analytic=True,
        cases=conv_cases(name, rank),
    )  # fmt: skip

    def turned_at(x: Any, w: Any, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1, output_padding: Any = 0) -> Windows:
        return transposed_size(turned, Type(x.dtype, x.shape), Type(w.dtype, w.shape), stride, padding, dilation, output_padding)

    def turned_type(x: Type, w: Type, groups: int = 1, **settings: Any) -> Type:
        image(turned, "x", x, rank)
        channels(turned, x, w, groups, rank, True)
        return Type(np.result_type(x.dtype, w.dtype), (x.shape[0], w.shape[1] * groups, *turned_at(x, w, **settings).size))

    def turned_by_w(g: Any, z: Any, x: Any, w: Any, groups: int = 1, **settings: Any) -> Any:
        at = turned_at(x, w, **settings)
        return weight(g, conjugate(x), size=at.kernel, **settled(at, groups))

    def turned_by_x(g: Any, z: Any, x: Any, w: Any, groups: int = 1, **settings: Any) -> Any:
        return conv(g, conjugate(w), **settled(turned_at(x, w, **settings), groups))

    transpose: Op = operation(
        turned, "x w",
        doc=f"Transpose of the convolution over {rank} {'axis' if rank == 1 else 'axes'}: each number of x (batch, channels, …) times w (channels in, "
            "channels out / groups, window…), added up over the windows; output_padding is added at the end of each axis.",
        words="product rule: the convolution of the gradient to x, its windows weighed by x to w",
        kind="network",
        attrs={**SETTINGS, "output_padding": 0},
        type=turned_type,
        value=lambda x, w, groups=1, **settings: spread_out(x, w, turned_at(x, w, **settings), groups),
        vjp=(turned_by_x, turned_by_w),
        linear=(0, 1),
        fills=True,
        cost=lambda x, w, **settings: 2 * x.size * int(np.prod(w.shape[1:])),
        batch=batched.convolution(turned),
        analytic=True,
        cases=transpose_cases(turned, rank),
    )  # fmt: skip

    def weight_at(x: Any, y: Any, size: Any = (), stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Windows:
        return layout(weights, x.shape[2:], each(weights, "size", size, rank), stride, padding, dilation)

    def weight_type(x: Type, y: Type, groups: int = 1, **settings: Any) -> Type:
        image(weights, "x", x, rank)
        image(weights, "y", y, rank)
        at = weight_at(x, y, **settings)
        if y.shape[2:] != at.number or y.shape[0] != x.shape[0]:
            raise ShapeError(f"{weights}: y must have a number for each of the windows {at.number} of x {x.shape}, and it is {y} {y.shape}")
        if groups < 1 or x.shape[1] % groups or y.shape[1] % groups:
            raise ValueError(f"{weights}: groups must divide the channels {x.shape[1]} of x and {y.shape[1]} of y, and it is {groups}")
        return Type(np.result_type(x.dtype, y.dtype), (y.shape[1], x.shape[1] // groups, *at.kernel))

    def weight_by_x(g: Any, z: Any, x: Any, y: Any, groups: int = 1, **settings: Any) -> Any:
        at = weight_at(x, y, **settings)
        return transpose(conjugate(y), g, output_padding=missing(at), **settled(at, groups))

    def weight_by_y(g: Any, z: Any, x: Any, y: Any, groups: int = 1, **settings: Any) -> Any:
        return conv(conjugate(x), g, **settled(weight_at(x, y, **settings), groups))

    weight: Op = operation(
        weights, "x y",
        doc=f"The windows of x, each times its number of y, summed: how {name} depends on its weights. `size` is that of the window.",
        words="product rule: y spread over the windows with the gradient as weights to x, the convolution of x with it to y",
        kind="network",
        attrs={"size": (), **SETTINGS},
        type=weight_type,
        value=lambda x, y, groups=1, **settings: weighed(x, y, weight_at(x, y, **settings), groups),
        vjp=(weight_by_x, weight_by_y),
        linear=(0, 1),
        cost=lambda x, y, **settings: 2 * y.size * x.shape[1] * int(np.prod(settings["size"])),
        batch=batched.convolution_weights(weights),
        analytic=True,
        cases=weight_cases(weights, rank),
    )  # fmt: skip
    return conv, transpose, weight


def numbers(*shape: int) -> Any:
    """Numbers without structure, in a shape."""
    return np.round(np.cos(np.arange(1, int(np.prod(shape)) + 1) * 2.3) * 2.0, 3).reshape(shape)


def conv_cases(name: str, rank: int) -> list[Case]:
    many, sizes = (1, 2, 4), ", ".join(("depth", "height", "width")[3 - rank :])
    spatial, window = (5, 4, 4)[:rank], (3, 2, 2)[:rank]
    plain = [
        Case(numbers(1, 2, *spatial), numbers(2, 2, *window)),
        Case(numbers(2, 2, *spatial), numbers(2, 1, *window), stride=2, padding=1, dilation=(2, 1, 1)[:rank], groups=2),
        Case(numbers(1, 1, *spatial), numbers(2, 1, *window), padding="same", stride=(2, 1, 3)[:rank]),
        Case(numbers(1, 1, *spatial), numbers(1, 1, *window), padding=((2, 0), (0, 1), (1, 1))[:rank]),
        Case(np.zeros((0, 1, *spatial)), numbers(1, 1, *window)),
    ]
    if rank == 1:
        plain.append(Case([[[1.0, 2.0, 4.0]]], [[[1.0, -1.0]]], gives=[[[-1.0, -2.0]]], grads=[[[[1.0, 0.0, -1.0]]], [[[3.0, 6.0]]]]))
    return [
        *plain,
        Case(s.ROW, numbers(1, 1, *window), raises=f"{name}: x must be (batch, channels, {sizes}), and it is Vector Float64 (3,)"),
        Case(numbers(1, 2, *spatial), s.ROW, raises=f"{name}: w must have {rank + 2} axes, two for channels and {rank} for the window, "
             "and it is Vector Float64 (3,)"),
        Case(numbers(1, 3, *spatial), numbers(2, 2, *window),
             raises=f"{name}: x has 3 channels, and w {(2, 2, *window)} with groups=1 takes 2"),
        Case(numbers(1, 2, *spatial), numbers(3, 1, *window), groups=2,
             raises=f"{name}: groups must divide the 3 channels on the first axis of w, and it is 2"),
        Case(numbers(1, 1, *many[:rank]), numbers(1, 1, *window),
             raises=f"{name}: a window of 3 does not fit into an axis of 1 with 0 of padding"),
        Case(numbers(1, 1, *spatial), numbers(1, 1, *window), stride=0,
             raises=f"{name}: stride is a whole number from 1 on, or one for each of the {rank} axes, and it is 0"),
        Case(numbers(1, 1, *spatial), numbers(1, 1, *window), padding="full",
             raises=f"{name}: padding is a whole number from 0 on, one for each of the {rank} axes, a pair for each, 'same' or 'valid', "
             "and it is 'full'"),
    ]  # fmt: skip


def transpose_cases(name: str, rank: int) -> list[Case]:
    spatial, window = (3, 2, 2)[:rank], (2, 2, 3)[:rank]
    plain = [
        Case(numbers(1, 2, *spatial), numbers(2, 2, *window)),
        Case(numbers(2, 2, *spatial), numbers(2, 1, *window), stride=2, padding=1, output_padding=1, groups=2, dilation=2),
    ]
    if rank == 1:
        plain.append(Case([[[1.0, 2.0]]], [[[1.0, 3.0]]], gives=[[[1.0, 5.0, 6.0]]], grads=[[[[4.0, 4.0]]], [[[3.0, 3.0]]]]))
    return [
        *plain,
        Case(numbers(1, 3, *spatial), numbers(2, 1, *window), raises=f"{name}: x has 3 channels, and w {(2, 1, *window)} with groups=1 takes 2"),
        Case(numbers(1, 1, *spatial), numbers(1, 1, *window), output_padding=1,
             raises=f"{name}: output_padding must be less than stride, and it is 1 of 1"),
        Case(numbers(1, 1, *(1,) * rank), numbers(1, 1, *(1,) * rank), padding=1,
             raises=f"{name}: {Type('float64', (1,) * (rank + 2))} {(1,) * (rank + 2)} with this padding would have the sizes {(-1,) * rank}"),
    ]  # fmt: skip


def weight_cases(name: str, rank: int) -> list[Case]:
    spatial, window, count = (4, 3, 3)[:rank], (2, 2, 1)[:rank], (3, 2, 3)[:rank]
    return [
        Case(numbers(1, 2, *spatial), numbers(1, 2, *count), size=window),
        Case(numbers(2, 2, *spatial), numbers(2, 2, *(2,) * rank) * 0.7, size=2, stride=2, padding=((0, 1),) * rank, groups=2)
        if rank < 3 else Case(numbers(2, 2, *spatial), numbers(2, 2, 2, 2, 2), size=2, stride=2, padding=((0, 1),) * 3, groups=2),
        Case(numbers(1, 1, *spatial), numbers(1, 1, *spatial), size=2,
             raises=f"{name}: y must have a number for each of the windows {tuple(n - 1 for n in spatial)} of x {(1, 1, *spatial)}, "
             f"and it is {Type('float64', (1, 1, *spatial))} {(1, 1, *spatial)}"),
        Case(numbers(1, 1, *spatial), numbers(1, 2, *count), size=window, groups=2,
             raises=f"{name}: groups must divide the channels 1 of x and 2 of y, and it is 2"),
    ]  # fmt: skip


conv1d, conv_transpose1d, conv_weight1d = family(1)
conv2d, conv_transpose2d, conv_weight2d = family(2)
conv3d, conv_transpose3d, conv_weight3d = family(3)
