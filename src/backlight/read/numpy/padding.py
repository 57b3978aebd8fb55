"""numpy.pad: what stands beyond the ends of each axis.

Every mode but the plain one goes axis by axis, and sees on each axis what was put beyond the axes before it, as NumPy does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...errors import InputError, ValueError
from .arrange import moved
from .held import any_traced, asked, kind_of, whole

__all__ = ["pad"]

MODES = "constant edge reflect symmetric wrap linear_ramp maximum mean median minimum empty".split()
STATISTICS: dict[str, Callable[..., Any]] = {"maximum": ops.max, "mean": ops.mean, "median": ops.median, "minimum": ops.min}
SETTINGS = {"constant": "constant_values", "linear_ramp": "end_values", "reflect": "reflect_type", "symmetric": "reflect_type"}


def pad(array: Any, pad_width: Any, mode: Any = "constant", **more: Any) -> Any:
    x = whole(array)
    widths = np.broadcast_to(np.asarray(pairs(pad_width, x.ndim)), (x.ndim, 2)).tolist()
    if callable(mode):
        raise InputError("numpy.pad: a function as mode would write into a NumPy array, and cannot be traced: name a mode, or use concatenate")
    if mode not in MODES:
        raise ValueError(f"numpy.pad: there is no mode {mode!r}: there is {', '.join(MODES)}")
    allowed = SETTINGS.get(mode, "stat_length" if mode in STATISTICS else "")
    for name in more:
        if name != allowed:
            raise ValueError(f"numpy.pad: mode={mode!r} has no setting {name!r}")
    if x.dtype.kind not in "fc" and mode in ("linear_ramp", "mean", "median"):
        return np.pad(asked(x), widths, mode, **asked(more))
    if mode in ("constant", "empty"):
        values = more.get("constant_values", 0)
        if not any_traced(values) and np.ndim(values) == 0 and x.dtype.kind != "c":
            return ops.pad(x, width=tuple(map(tuple, widths)), value=float(values))
        return line_by_line(x, widths, sides(values, x.ndim), constant)
    if mode == "linear_ramp":
        return line_by_line(x, widths, sides(more.get("end_values", 0), x.ndim), ramp)
    if mode in STATISTICS:
        return line_by_line(x, widths, sides(more.get("stat_length"), x.ndim), statistic(STATISTICS[mode]))
    if more.get("reflect_type", "even") == "odd":
        return line_by_line(x, widths, [(mode, mode)] * x.ndim, mirrored)
    return moved(np.pad)(x, widths, mode)


def pairs(width: Any, rank: int) -> Any:
    if isinstance(width, dict):
        found = [[0, 0] for _ in range(rank)]
        for axis, pair in width.items():
            found[axis] = [pair, pair] if isinstance(pair, int) else list(pair)
        return found
    return asked(width)


def sides(value: Any, rank: int) -> list[tuple[Any, Any]]:
    """A setting before and after each axis: one for all, a pair for all, or a pair an axis."""
    found: Any = value if value is None or type(value) in (int, float, complex) else whole(value)
    shape = np.shape(found) if not hasattr(found, "shape") else found.shape
    if shape == ():
        return [(found, found)] * rank
    shape = (1,) * (2 - len(shape)) + shape
    try:
        places = np.broadcast_to(np.arange(int(np.prod(shape))).reshape(shape), (rank, 2))
    except Exception:
        raise ValueError(f"numpy.pad: a setting of shape {found.shape} does not fit {rank} axes: give one number, a pair, or a pair an axis") from None
    flat = ops.reshape(found, shape=(-1,)) if hasattr(found, "tape") else np.ravel(found)
    return [(flat[int(a)], flat[int(b)]) for a, b in places]


def line_by_line(x: Any, widths: Any, given: Any, put: Callable[..., Any]) -> Any:
    for axis, ((left, right), (a, b)) in enumerate(zip(widths, given, strict=True)):
        if left or right:
            x = put(x, axis, (left, right), (a, b))
    return x


def part(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    return x[(*(slice(None),) * axis, slice(start, stop))]


def joined(before: Any, x: Any, after: Any, axis: int) -> Any:
    parts = [p for p in (before, x, after) if p is not None]
    return ops.concat(*[p if p.dtype == x.dtype else ops.cast(p, dtype=x.dtype.name) for p in parts], axis=axis)


def constant(x: Any, axis: int, width: tuple[int, int], ends: tuple[Any, Any]) -> Any:
    found = []
    for n, value in zip(width, ends, strict=True):
        shape = (*x.shape[:axis], n, *x.shape[axis + 1 :])
        found.append(ops.broadcast_to(ops.cast(whole(value), dtype=x.dtype.name), shape=shape) if n else None)
    return joined(found[0], x, found[1], axis)


def ramp(x: Any, axis: int, width: tuple[int, int], ends: tuple[Any, Any]) -> Any:
    """Straight from the number at the edge to the one at the end."""
    found = []
    for k, (n, end) in enumerate(zip(width, ends, strict=True)):
        edge = part(x, axis, 0, 1) if k == 0 else part(x, axis, x.shape[axis] - 1, None)
        t = (np.arange(n) / max(n, 1)).astype(kind_of(x, np.float32(0)).type(0).real.dtype)
        t = (t if k == 0 else t[::-1]).reshape([-1 if j == axis else 1 for j in range(x.ndim)])
        found.append(ops.add(ops.mul(edge, t), ops.mul(1.0 - t, end)) if n else None)
    return joined(found[0], x, found[1], axis)


def statistic(row: Callable[..., Any]) -> Callable[..., Any]:
    """The largest, the mean, … of so many numbers from either end."""

    def put(x: Any, axis: int, width: tuple[int, int], lengths: tuple[Any, Any]) -> Any:
        found = []
        for k, (n, length) in enumerate(zip(width, lengths, strict=True)):
            size = x.shape[axis] if length is None else min(int(length), x.shape[axis])
            if size < 1:
                raise ValueError(f"numpy.pad: stat_length must be at least 1, and it is {length}")
            near = part(x, axis, 0, size) if k == 0 else part(x, axis, x.shape[axis] - size, None)
            shape = (*x.shape[:axis], n, *x.shape[axis + 1 :])
            found.append(ops.broadcast_to(row(near, axis=axis, keepdims=True), shape=shape) if n else None)
        return joined(found[0], x, found[1], axis)

    return put


def mirrored(x: Any, axis: int, width: tuple[int, int], modes: tuple[str, str]) -> Any:
    """Turned around the point at each edge, 2·edge − number, as often as it takes: place i is a sum of three numbers of x."""
    n = x.shape[axis]
    i = np.arange(-width[0], n + width[1])
    if n == 1:
        return ops.gather(x, np.zeros_like(i), axis=axis)
    period = n - 1 if modes[0] == "reflect" else n
    turns, rest = np.divmod(i, 2 * period)
    back = rest >= n
    place = np.where(back, 2 * period - rest - (modes[0] == "symmetric"), rest)
    shape = [-1 if k == axis else 1 for k in range(x.ndim)]
    sign, first, last = (v.reshape(shape).astype(x.dtype) for v in (np.where(back, -1, 1), -2 * turns, 2 * turns + 2 * back))
    ends = [part(x, axis, 0, 1), part(x, axis, n - 1, None)]
    return ops.mul(ops.gather(x, place, axis=axis), sign) + ops.mul(ends[0], first) + ops.mul(ends[1], last)
