"""Windows over the axes of pictures: how they lie, what is added around, and what none of them reaches.

Convolutions and pools of any number of axes ask here; so does what is written of them in other languages.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..core.types import Type
from ..errors import ShapeError, ValueError

Pairs = tuple[tuple[int, int], ...]


class Windows(NamedTuple):
    """How windows lie: sizes of x and of the kernel, and how many windows there are along each axis."""

    size: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    pads: Pairs
    dilation: tuple[int, ...]
    number: tuple[int, ...]


def each(op: str, name: str, value: Any, rank: int, least: int = 1) -> tuple[int, ...]:
    """A setting for each axis, from one number or several."""
    found = value if isinstance(value, tuple) else (value,) * rank
    if len(found) != rank or any(type(n) is not int or n < least for n in found):
        raise ValueError(f"{op}: {name} is a whole number from {least} on, or one for each of the {rank} axes, and it is {value!r}")
    return found


def pads_of(op: str, padding: Any, size: tuple[int, ...], reach: tuple[int, ...], stride: tuple[int, ...]) -> Pairs:
    """What is added before and after each axis; `reach` is how far a window reaches along it."""
    rank = len(size)
    if padding == "valid":
        padding = 0
    if padding == "same":
        total = [max(0, (-(-n // t) - 1) * t + r - n) for n, r, t in zip(size, reach, stride, strict=True)]
        return tuple((n // 2, n - n // 2) for n in total)
    found = padding if isinstance(padding, tuple) else (padding,) * rank
    pairs = tuple((p, p) if type(p) is int else p for p in found)
    if len(pairs) != rank or any(
        not isinstance(p, tuple) or len(p) != 2 or any(type(n) is not int or n < 0 for n in p) for p in pairs
    ):
        raise ValueError(
            f"{op}: padding is a whole number from 0 on, one for each of the {rank} axes, a pair for each, 'same' or 'valid', "
            f"and it is {padding!r}"
        )
    return pairs


def layout(op: str, size: tuple[int, ...], kernel: tuple[int, ...], stride: Any, padding: Any, dilation: Any) -> Windows:
    """The windows over axes of these sizes."""
    rank = len(size)
    strides, dilations = each(op, "stride", stride, rank), each(op, "dilation", dilation, rank)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilations, strict=True))
    pads = pads_of(op, padding, size, reach, strides)
    count = []
    for n, (a, b), r, t in zip(size, pads, reach, strides, strict=True):
        if r > n + a + b or r < 1:
            raise ShapeError(f"{op}: a window of {r} does not fit into an axis of {n} with {a + b} of padding")
        count.append((n + a + b - r) // t + 1)
    return Windows(size, kernel, strides, pads, dilations, tuple(count))


def seen(x: Any, at: Windows) -> Any:
    """The windows of padded x, as a view: (…, windows, kernel)."""
    rank = len(at.size)
    lead, steps = x.shape[:-rank], x.strides[-rank:]
    strides = (
        *x.strides[:-rank],
        *(n * t for n, t in zip(steps, at.stride, strict=True)),
        *(n * d for n, d in zip(steps, at.dilation, strict=True)),
    )
    return np.lib.stride_tricks.as_strided(x, (*lead, *at.number, *at.kernel), strides, writeable=False)


def padded(x: Any, at: Windows, fill: Any = 0) -> Any:
    """x with its padding."""
    pads = ((0, 0),) * (x.ndim - len(at.size)) + at.pads
    return np.pad(x, pads, constant_values=fill) if any(map(any, at.pads)) else np.ascontiguousarray(x)


def image(op: str, name: str, x: Type, rank: int) -> None:
    if x.rank != rank + 2:
        sizes = ", ".join(("depth", "height", "width")[3 - rank :])
        raise ShapeError(f"{op}: {name} must be (batch, channels, {sizes}), and it is {x} {x.shape}")


def transposed_size(op: str, g: Type, w: Type, stride: Any, padding: Any, dilation: Any, more: Any) -> Windows:
    """The windows whose numbers are spread: how large a result they make, with what is added at its end."""
    rank = g.rank - 2
    strides, dilations = each(op, "stride", stride, rank), each(op, "dilation", dilation, rank)
    added = each(op, "output_padding", more, rank, 0)
    reach = tuple(d * (k - 1) + 1 for k, d in zip(w.shape[2:], dilations, strict=True))
    full = tuple((m - 1) * t + r + a for m, t, r, a in zip(g.shape[2:], strides, reach, added, strict=True))
    pads = pads_of(op, padding, full, (1,) * rank, (1,) * rank)
    for a, t in zip(added, strides, strict=True):
        if a >= t:
            raise ValueError(f"{op}: output_padding must be less than stride, and it is {a} of {t}")
    size = tuple(n - a - b for n, (a, b) in zip(full, pads, strict=True))
    if any(n < 0 for n in size) or 0 in g.shape[2:]:
        raise ShapeError(f"{op}: {g} {g.shape} with this padding would have the sizes {size}")
    return Windows(size, w.shape[2:], strides, pads, dilations, g.shape[2:])


def missing(at: Windows) -> tuple[int, ...]:
    """What no window reaches at the end of each axis."""
    return tuple(
        n + a + b - ((m - 1) * t + d * (k - 1) + 1)
        for n, (a, b), m, t, d, k in zip(at.size, at.pads, at.number, at.stride, at.dilation, at.kernel, strict=True)
    )
