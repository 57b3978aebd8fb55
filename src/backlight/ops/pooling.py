"""The largest number, or the mean, of each window: over one, two and three axes.

`max_pool` takes the first of several equally large numbers of a window, so that a picture of zeros sends its gradient to
one place and not to all; which place that is, `max_pool_places` says, as a number of the run.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.table import TABLE
from ..core.types import Type
from ..errors import DTypeError, ShapeError, ValueError
from . import batched
from .elements import add_along_axis, take_along_axis
from .index import live
from .reduce import float_type
from .shape import reshape
from .window import Windows, each, image, layout, missing, padded, pads_of, seen

__all__ = [
    "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d", "max_pool2d", "max_pool3d", "max_pool_places",
]  # fmt: skip

SETTINGS: dict[str, Any] = {"size": 2, "stride": None, "padding": 0, "ceil": False}


def pooled(op: str, x: Any, size: Any = 2, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil: bool = False) -> Windows:
    """The windows over x; with `ceil` a last one that hangs over the end counts too."""
    rank = len(x.shape) - 2
    kernel = each(op, "size", size, rank)
    strides = kernel if stride is None else each(op, "stride", stride, rank)
    dilations = each(op, "dilation", dilation, rank)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True))
    pads = pads_of(op, padding, x.shape[2:], reach, strides)
    for pair, k in zip(pads, kernel, strict=True):
        if max(pair) > k // 2 and padding != "same":
            raise ValueError(f"{op}: padding can be at most half the size {k} of the window, and it is {max(pair)}")
    if ceil:
        more = []
        for n, (a, b), r, t in zip(x.shape[2:], pads, reach, strides, strict=True):
            last = -(-(n + a + b - r) // t)
            last -= last * t >= n + a  # a window must begin before the end
            more.append((a, b + max(0, last * t + r - n - a - b)))
        pads = tuple(more)
    return layout(op, x.shape[2:], kernel, strides, pads, dilations)


def apart(*shape: int) -> Any:
    """Numbers in no order, in a shape, no two of them near each other: what is largest stays so over a small step."""
    n = int(np.prod(shape))
    return ((np.arange(n) * 71 + 13) % n * 0.1 - 0.05 * n + 0.03).reshape(shape)


def lowest(dtype: np.dtype[Any]) -> Any:
    return -np.inf if dtype.kind == "f" else False if dtype.kind == "b" else np.iinfo(dtype).min


def flat_windows(x: Any, at: Windows, fill: Any) -> Any:
    """(batch, channels, windows…, numbers of a window)."""
    view = seen(padded(x, at, fill), at)
    return view.reshape(*view.shape[: 2 + len(at.size)], int(np.prod(at.kernel)))


def places_type(x: Type, **settings: Any) -> Type:
    if x.rank < 3:
        raise ShapeError(f"max_pool_places: x must be (batch, channels, …) with up to three more axes, and it is {x} {x.shape}")
    if x.dtype.kind == "c":
        raise DTypeError("max_pool_places: complex numbers have no order: take abs, real or imag of them first")
    return Type("int64", (*x.shape[:2], *pooled("max_pool_places", x, **settings).number))


def places_value(x: Any, **settings: Any) -> Any:
    at = pooled("max_pool_places", x, **settings)
    rank = len(at.size)
    best = np.argmax(flat_windows(x, at, lowest(x.dtype)), -1)
    if any(map(any, at.pads)):  # where all numbers are as low as what surrounds them, the first of them is chosen
        there = flat_windows(np.ones((1, 1, *at.size), bool), at, False)
        chosen = np.take_along_axis(np.broadcast_to(there, (*best.shape, there.shape[-1])), best[..., None], -1)[..., 0]
        best = np.where(chosen, best, np.argmax(there, -1))
    inside = np.unravel_index(best, at.kernel)
    corners = np.indices(at.number, sparse=True)
    found = np.zeros(best.shape, np.int64)
    for a in range(rank):
        found = found * at.size[a] + corners[a] * at.stride[a] + inside[a] * at.dilation[a] - at.pads[a][0]
    return found


max_pool_places: Op = operation(
    "max_pool_places", "x",
    doc="Where the largest number of each window is, counted in reading order over the axes behind (batch, channels); the "
        "first of several. No derivative.",
    kind="index",
    attrs={**SETTINGS, "dilation": 1},
    type=places_type,
    value=places_value,
    batch=batched.over_first("max_pool_places"),
    cases=[
        Case([[[1.0, 3.0, 3.0, 0.0]]], gives=[[[1, 2]]]),
        Case([[[-np.inf, -np.inf, 1.0, -np.inf]]], padding=1, gives=[[[0, 2, 3]]], note="never a place in the padding"),
        Case(apart(2, 1, 4, 5), size=(3, 2), stride=1, padding=1),
        Case([1.0, 2.0], raises="max_pool_places: x must be (batch, channels, …) with up to three more axes, and it is "
             "Vector Float64 (2,)"),
        Case([[[1j, 2.0]]], raises="max_pool_places: complex numbers have no order: take abs, real or imag of them first"),
    ],
)  # fmt: skip


def line(x: Any) -> Any:
    """The axes behind (batch, channels) laid out as one."""
    return reshape(x, shape=(*x.shape[:2], int(np.prod(x.shape[2:]))))


def max_pool(rank: int) -> Op:
    name = f"max_pool{rank}d"

    def rule(x: Type, **settings: Any) -> Type:
        image(name, "x", x, rank)
        if x.dtype.kind == "c":
            raise DTypeError(f"{name}: complex numbers have no order: take abs, real or imag of them first")
        return x.with_shape((*x.shape[:2], *pooled(name, x, **settings).number))

    def back(g: Any, x: Any, settings: Any) -> Any:
        found = add_along_axis(line(g), line(max_pool_places(x, **settings)), size=int(np.prod(x.shape[2:])))
        return reshape(found, shape=x.shape)

    def inside(x: Any, **settings: Any) -> Any:
        places = max_pool_places(x, **settings)
        return reshape(take_along_axis(line(x), line(places)), shape=places.shape)

    spatial = (4, 5, 3)[:rank]
    return operation(
        name, "x",
        doc=f"The largest number of each window over {rank} {'axis' if rank == 1 else 'axes'} of x (batch, channels, …); the first of several gets the gradient.",
        words="choice rule: the gradient goes to the largest number of each window, the first of several",
        kind="network",
        attrs={**SETTINGS, "dilation": 1},
        type=rule,
        value=lambda x, **settings: np.max(flat_windows(x, pooled(name, x, **settings), lowest(x.dtype)), -1),
        vjp=lambda g, z, x, **settings: back(g, x, settings),
        mask=lambda k, mask, z, x, **settings: back(live(mask, z), x, settings),
        chooses=True,
        inside=inside,
        batch=batched.over_first(name),
        cases=[
            Case(apart(1, 2, *spatial)),
            Case(apart(2, 1, *spatial), size=3, stride=(2, 1, 1)[:rank], padding=1),
            Case(apart(1, 1, *spatial), size=2, dilation=2, stride=1),
            Case(apart(1, 1, *spatial), size=2, stride=(3, 2, 2)[:rank], ceil=True),
            Case(np.zeros((1, 1, *(2,) * rank)), gives=np.zeros((1, 1, *(1,) * rank)),
                 grads=[np.eye(1, 2**rank).reshape((1, 1, *(2,) * rank))], smooth=False, note="all equal: the first"),
            Case(np.zeros((0, 1, *spatial)), size=2),
            Case(apart(4, 4), raises=f"{name}: x must be (batch, channels, {', '.join(('depth', 'height', 'width')[3 - rank:])}), "
                 "and it is Matrix Float64 (4, 4)"),
            Case(apart(1, 1, *spatial), size=6, raises=f"{name}: a window of 6 does not fit into an axis of 4 with 0 of padding"),
            Case(apart(1, 1, *spatial), size=2, padding=2,
                 raises=f"{name}: padding can be at most half the size 2 of the window, and it is 2"),
            Case(np.ones((1, 1, *spatial)) * 1j, raises=f"{name}: complex numbers have no order: take abs, real or imag of them first"),
        ],
    )  # fmt: skip


def counts(at: Windows, count_padding: bool) -> Any:
    """By how many numbers the sum of each window is divided."""
    found = np.ones(())
    for n, (a, b), m, t, k in zip(at.size, at.pads, at.number, at.stride, at.kernel, strict=True):
        # What hangs over the end, beyond the padding that was asked for, is never counted: see `pooled`.
        first = np.arange(m) * t - a
        low, high = (-a, n + b) if count_padding else (0, n)
        found = np.multiply.outer(found, np.minimum(first + k, high) - np.maximum(first, low))
    return found


def avg_pool(rank: int) -> Op:
    name = f"avg_pool{rank}d"
    conv_transpose = f"conv_transpose{rank}d"

    def windows_and_counts(x: Any, count_padding: bool = True, **settings: Any) -> tuple[Windows, Any]:
        at = pooled(name, x, **settings)
        asked = at._replace(pads=pooled(name, x, **{**settings, "ceil": False}).pads)
        return at, counts(asked, count_padding)

    def rule(x: Type, **settings: Any) -> Type:
        image(name, "x", x, rank)
        return float_type(x.with_shape((*x.shape[:2], *windows_and_counts(x, **settings)[0].number)))

    def value(x: Any, **settings: Any) -> Any:
        at, divide = windows_and_counts(x, **settings)
        x = x.astype(float_type(Type(x.dtype, x.shape)).dtype)
        return np.sum(flat_windows(x, at, 0), -1) / divide.astype(x.dtype)

    def back(g: Any, z: Any, x: Any, **settings: Any) -> Any:
        at, divide = windows_and_counts(x, **settings)
        share = g / float(divide.flat[0]) if np.all(divide == divide.flat[0]) else g / divide.astype(g.dtype)
        one_channel = reshape(share, shape=(g.shape[0] * g.shape[1], 1, *g.shape[2:]))
        ones = np.ones((1, 1, *at.kernel), g.dtype)
        found = TABLE[conv_transpose](one_channel, ones, stride=at.stride, padding=at.pads, output_padding=missing(at))
        return reshape(found, shape=x.shape)

    spatial = (4, 5, 3)[:rank]
    return operation(
        name, "x",
        doc=f"The mean of each window over {rank} {'axis' if rank == 1 else 'axes'} of x (batch, channels, …); padding counts as zeros, or (count_padding=False) not at all.",
        words="sum rule: each number gets its share of the gradient of every window it is in",
        kind="network",
        attrs={**SETTINGS, "count_padding": True},
        type=rule,
        value=value,
        vjp=back,
        linear=(0,),
        climb=lambda ts, x, **settings: TABLE[name](ts[0], **settings),
        batch=batched.over_first(name),
        analytic=True,
        cases=[
            Case(apart(1, 2, *spatial)),
            Case(apart(2, 1, *spatial), size=3, stride=(2, 1, 1)[:rank], padding=1),
            Case(apart(1, 1, *spatial), size=3, stride=2, padding=1, count_padding=False),
            Case(apart(1, 1, *spatial), size=2, stride=(3, 2, 2)[:rank], ceil=True),
            Case(np.zeros((0, 1, *spatial)), size=2),
            Case(np.ones((1, 1, *(4,) * rank)), size=2, gives=np.ones((1, 1, *(2,) * rank)),
                 grads=[np.full((1, 1, *(4,) * rank), 0.5**rank)]),
            Case(apart(4, 4), raises=f"{name}: x must be (batch, channels, {', '.join(('depth', 'height', 'width')[3 - rank:])}), "
                 "and it is Matrix Float64 (4, 4)"),
            Case(apart(1, 1, *spatial), size=0,
                 raises=f"{name}: size is a whole number from 1 on, or one for each of the {rank} axes, and it is 0"),
        ],
    )  # fmt: skip


max_pool1d, max_pool2d, max_pool3d = max_pool(1), max_pool(2), max_pool(3)
avg_pool1d, avg_pool2d, avg_pool3d = avg_pool(1), avg_pool(2), avg_pool(3)
