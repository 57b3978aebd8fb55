"""Fourier transforms over one axis, two or many: cut or filled up to a size first."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.judges.signatures.arrange import constant_pad

from backlight import ops as o

__all__ = ["ENTRIES"]


def fitted(x: Any, sizes: Any, axes: Any) -> Any:
    """Cut off, or filled up with zeros, to these sizes along these axes."""
    for n, axis in zip(sizes, axes, strict=True):
        more = n - np.shape(x)[axis]
        if more:
            ends = [0] * (2 * np.ndim(x))
            ends[2 * (np.ndim(x) - 1 - axis) + 1] = more
            x = constant_pad(x, ends)
    return x


def settled(x: Any, s: Any, dim: Any, default: Any) -> tuple[Any, list[int]]:
    """Sizes (None: as they are) and axes."""
    rank = np.ndim(x)
    s = (s,) if isinstance(s, int) else s
    if dim is None:
        dim = default if s is None and default is not None else range(-len(s), 0) if s is not None else range(rank)
    axes = [d % rank for d in ([dim] if isinstance(dim, int) else dim)]
    sizes = [None] * len(axes) if s is None else list(s)
    return [None if n == -1 else n for n in sizes], axes


def whole(row: Any, default: Any) -> Any:
    def call(x: Any, s: Any = None, dim: Any = None, norm: str | None = None, n: Any = None) -> Any:
        sizes, axes = settled(x, n if s is None else s, dim, default)
        x = fitted(x, [np.shape(x)[a] if m is None else m for m, a in zip(sizes, axes, strict=True)], axes)
        return row(x, axes=tuple(axes), norm=norm or "backward")

    return call


def to_half(conjugate: bool, default: Any) -> Any:
    def call(x: Any, s: Any = None, dim: Any = None, norm: str | None = None, n: Any = None) -> Any:
        sizes, axes = settled(x, n if s is None else s, dim, default)
        x = fitted(x, [np.shape(x)[a] if m is None else m for m, a in zip(sizes, axes, strict=True)], axes)
        norm = norm or "backward"
        way = norm if not conjugate else {"backward": "forward", "forward": "backward", "ortho": "ortho"}[norm]
        z = o.rfft(x, axis=axes[-1], norm=way)
        if len(axes) > 1:
            z = o.fft(z, axes=tuple(axes[:-1]), norm=way)
        return np.conj(z) if conjugate else z

    return call


def from_half(conjugate: bool, default: Any) -> Any:
    def call(x: Any, s: Any = None, dim: Any = None, norm: str | None = None, n: Any = None) -> Any:
        sizes, axes = settled(x, n if s is None else s, dim, default)
        shape = np.shape(x)
        last = 2 * (shape[axes[-1]] - 1) if sizes[-1] is None else sizes[-1]
        room = [shape[a] if m is None else m for m, a in zip(sizes[:-1], axes[:-1], strict=True)] + [last // 2 + 1]
        x = fitted(x, room, axes)
        norm = norm or "backward"
        way = norm if not conjugate else {"backward": "forward", "forward": "backward", "ortho": "ortho"}[norm]
        x = np.conj(x) if conjugate else x
        if len(axes) > 1:
            x = o.ifft(x, axes=tuple(axes[:-1]), norm=way)
        return o.irfft(x, axis=axes[-1], n=last, norm=way)

    return call


def shifted(sign: int) -> Any:
    def call(x: Any, dim: Any = None) -> Any:
        axes = tuple(range(np.ndim(x))) if dim is None else (dim,) if isinstance(dim, int) else tuple(dim)
        return np.roll(x, tuple(np.shape(x)[a] // 2 if sign > 0 else -(np.shape(x)[a] // 2) for a in axes), axes)

    return call


ENDS = {"": (-1,), "2": (-2, -1), "n": None}
ENTRIES: dict[str, Any] = {
    **{f"fft.fft{end}": whole(o.fft, axes) for end, axes in ENDS.items()},
    **{f"fft.ifft{end}": whole(o.ifft, axes) for end, axes in ENDS.items()},
    **{f"fft.rfft{end}": to_half(False, axes) for end, axes in ENDS.items()},
    **{f"fft.ihfft{end}": to_half(True, axes) for end, axes in ENDS.items()},
    **{f"fft.irfft{end}": from_half(False, axes) for end, axes in ENDS.items()},
    **{f"fft.hfft{end}": from_half(True, axes) for end, axes in ENDS.items()},
    "fft.fftshift": shifted(1), "fft.ifftshift": shifted(-1),
}  # fmt: skip
