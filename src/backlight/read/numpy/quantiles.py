"""NumPy's quantiles in rows: between two of the sorted numbers, at a place that NumPy tells.

Of 0, 1, 2, … the quantile is the place itself, so that NumPy's thirteen ways to choose it need not be written again. It moves with q in
all ways but those that choose one of the numbers. With weights one number is chosen, and everything moves with that number alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from ... import ops
from .held import any_traced, asked, bare, held, kind_of, whole

__all__ = ["QUANTILES"]

# How far apart n numbers stand in place for q from 0 to 1: n and something. Of every other method the place is a step.
MOVES: Final = {
    "linear": -1.0, "interpolated_inverted_cdf": 0.0, "hazen": 0.0, "weibull": 1.0, "median_unbiased": 1.0 / 3.0,
    "normal_unbiased": 0.25,
}  # fmt: skip


def in_line(x: Any, axis: Any) -> tuple[Any, int, tuple[int, ...]]:
    """The array with the numbers of each quantile along one axis, that axis, and the shape that stays with keepdims."""
    if axis is None or isinstance(axis, (tuple, list)):
        gone = range(x.ndim) if axis is None else [int(k) % x.ndim for k in axis]
        rest = [k for k in range(x.ndim) if k not in gone]
        kept = tuple(1 if k in gone else n for k, n in enumerate(x.shape))
        moved = (*rest, *gone)
        x = ops.permute(x, axes=moved) if moved else x
        return ops.reshape(x, shape=(*(x.shape[k] for k in range(len(rest))), -1)), len(rest), kept
    line = int(axis) % x.ndim
    return x, line, tuple(1 if k == line else n for k, n in enumerate(x.shape))


def quantile(a: Any, q: Any, axis: Any = None, method: Any = "linear", keepdims: bool = False, weights: Any = None) -> Any:
    """The numbers that a share q of the others lies below."""
    x = whole(a)
    share = q if type(q) in (int, float) else np.zeros((), getattr(q, "dtype", np.float64))[()]
    kind = kind_of(x, 1.0) if weights is not None else kind_of(x, share, 1.0)
    x = x if x.dtype == kind else ops.cast(x, dtype=kind.name)
    shape = x.shape
    x, line, kept = in_line(x, axis)
    if weights is None:
        z = between(x, q, line, method)
    else:
        heavy = np.asarray(asked(weights))
        if heavy.shape != shape:
            heavy = np.broadcast_to(heavy.reshape([n if k == line else 1 for k, n in enumerate(shape)]), shape)
        z = chosen(x, np.asarray(asked(q)), line, method, np.asarray(bare(in_line(heavy, axis)[0])))
    z = ops.where(ops.any(ops.isnan(x), axis=line), np.nan, z)
    return ops.reshape(z, shape=(*np.shape(bare(q)), *(kept if keepdims else z.shape[1:])))


def between(x: Any, q: Any, line: int, method: Any) -> Any:
    """Between the two sorted numbers beside a place; quantiles along the first axis."""
    n = x.shape[line]
    share = whole(q)
    place = np.asarray(np.quantile(np.arange(float(n)), asked(q), method=method))
    low = np.floor(place).astype(int)
    step: Any = np.asarray(place - low, x.dtype)
    if any_traced(share) and method in MOVES:
        inner = (place > 0) & (place < n - 1)
        gone = ops.sub(share, ops.stop_gradient(share))
        step = ops.add(step, ops.mul(np.where(inner, n + MOVES[method], 0.0).astype(x.dtype), gone))
    spread = ops.sort(x, axis=line)
    below = ops.moveaxis(ops.gather(spread, low.reshape(-1), axis=line), source=line, destination=0)
    above = ops.moveaxis(ops.gather(spread, np.minimum(low + 1, n - 1).reshape(-1), axis=line), source=line, destination=0)
    return below + (above - below) * ops.reshape(step, shape=(low.size, *(1,) * (x.ndim - 1)))


def chosen(x: Any, q: Any, line: int, method: Any, weights: Any) -> Any:
    """The one number up to which the weights add up to a share of them all."""
    order = np.argsort(np.asarray(asked(x)), axis=line, kind="stable")
    ranks = np.argsort(order, axis=line).astype(float)
    place = np.asarray(np.quantile(ranks, q, axis=line, method=method, weights=weights)).astype(int)
    place = place.reshape(q.size, *place.shape[q.ndim :])
    where = np.take_along_axis(order, np.moveaxis(place, 0, line) if place.ndim else place, axis=line)
    return ops.moveaxis(ops.take_along_axis(x, where, axis=line), source=line, destination=0)


def filtered(function: Callable[..., Any]) -> Callable[..., Any]:
    """A quantile of the numbers that are not NaN, line by line, each number with its weight."""

    def call(a: Any, q: Any, axis: Any = None, method: Any = "linear", keepdims: bool = False, weights: Any = None) -> Any:
        x = whole(a)
        heavy = None if weights is None else np.asarray(asked(weights))
        if heavy is not None and heavy.shape != x.shape:
            heavy = np.broadcast_to(heavy.reshape([n if k == axis % x.ndim else 1 for k, n in enumerate(x.shape)]), x.shape)
        rows, line, kept = in_line(x, axis)
        rows = ops.moveaxis(rows, source=line, destination=-1)
        loads = None if heavy is None else np.moveaxis(np.asarray(bare(in_line(heavy, axis)[0])), line, -1)
        found = []
        for i in np.ndindex(rows.shape[:-1]):
            there = ~np.isnan(np.asarray(asked(rows[i])))
            found.append(function(rows[i][there], q, method=method, weights=None if loads is None else loads[i][there]))
        z = ops.reshape(ops.stack(*found, axis=-1), shape=(*np.shape(bare(q)), *rows.shape[:-1]))
        return ops.reshape(z, shape=(*np.shape(bare(q)), *kept)) if keepdims else z

    return call


def hundredth(q: Any) -> Any:
    return ops.div(held(q), 100.0) if not isinstance(q, (int, float)) else q / 100.0


QUANTILES: dict[str, Callable[..., Any]] = {
    "quantile": quantile, "percentile": lambda a, q, *args, **named: quantile(a, hundredth(q), *args, **named),
    "nanquantile": filtered(quantile), "nanpercentile": lambda a, q, *args, **named: filtered(quantile)(a, hundredth(q), *args, **named),
}  # fmt: skip
