"""NumPy's functions that make few numbers of many, in rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...core.table import TABLE
from ...errors import InputError
from .held import answers, held, whole

__all__ = ["REDUCTIONS", "reduced"]

IDENTITY = {"sum": 0.0, "prod": 1.0, "max": -np.inf, "min": np.inf, "mean": 0.0, "any": False, "all": True}


def axes(axis: Any) -> Any:
    return tuple(int(k) for k in axis) if isinstance(axis, (list, tuple)) else None if axis is None else int(axis)


def widened(name: str, x: Any) -> Any:
    """Small whole numbers and truth values as NumPy sums them: in the machine's word."""
    if name in ("sum", "prod", "cumsum", "cumprod") and x.dtype.kind in "biu" and x.dtype.itemsize < 8:
        return ops.cast(x, dtype="uint64" if x.dtype.kind == "u" else "int64")
    return x


def reduced(name: str) -> Callable[..., Any]:
    """A reduction with NumPy's settings: a dtype to sum in, a first number, and which elements count."""

    def call(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = None, where: Any = True) -> Any:
        x = whole(a)
        x = widened(name, x) if dtype is None else ops.cast(x, dtype=dtype)
        if x.dtype.kind == "c" and name in ("max", "min") and where is True and initial is None:
            return largest(x, name, axes(axis), bool(keepdims))
        if where is not True:
            if name == "mean":
                kind = "float64" if x.dtype.kind not in "fc" else np.zeros(0, x.dtype).real.dtype.name
                n = ops.sum(ops.cast(ops.broadcast_to(whole(where), shape=x.shape), dtype=kind), axis=axes(axis), keepdims=keepdims)
                return ops.sum(ops.where(where, x, 0.0), axis=axes(axis), keepdims=bool(keepdims)) / n
            if name in ("max", "min") and initial is None:
                raise InputError(f"numpy.{name}: with where, an initial number is needed, as in initial=0.0")
            empty = IDENTITY[name] if name not in ("max", "min") else initial
            x = ops.where(where, x, empty if x.dtype.kind in "fcb" else int(empty))
        if initial is not None and name in ("max", "min") and x.size == 0:  # of no numbers it is the first one alone
            z = ops.sum(x, axis=axes(axis), keepdims=bool(keepdims))
            return ops.add(z, initial) if z.dtype.kind in "fc" else answers(getattr(np, name))(x, axis, keepdims=keepdims, initial=initial)
        z = TABLE[name](x, axis=axes(axis), keepdims=bool(keepdims))
        if initial is None or (name in ("sum", "prod") and initial == IDENTITY[name]):
            return z
        return {"sum": ops.add, "prod": ops.mul, "max": ops.maximum, "min": ops.minimum}[name](z, initial)

    return call


def largest(x: Any, name: str, axis: Any, keepdims: bool) -> Any:
    """The largest of complex numbers, in NumPy's order: by the real part, then by the imaginary one."""
    gone = range(x.ndim) if axis is None else sorted(k % x.ndim for k in (axis if isinstance(axis, tuple) else (axis,)))
    kept = [k for k in range(x.ndim) if k not in gone]
    lines = ops.reshape(ops.permute(x, axes=(*kept, *gone)), shape=(*(x.shape[k] for k in kept), -1))
    places = answers(np.argmax if name == "max" else np.argmin)(lines, -1, keepdims=True)
    shape = tuple(1 if k in gone else n for k, n in enumerate(x.shape)) if keepdims else tuple(x.shape[k] for k in kept)
    return ops.reshape(ops.take_along_axis(lines, places.value, axis=len(kept)), shape=shape)


def asking(name: str) -> Callable[..., Any]:
    """A reduction to truth values or whole numbers, which is a row."""
    return lambda a, axis=None, keepdims=False: TABLE[name](whole(a), axis=axes(axis), keepdims=bool(keepdims))


def moments(name: str) -> Callable[..., Any]:
    def call(
        a: Any, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False, where: Any = True, mean: Any = None,
        correction: float | None = None,
    ) -> Any:
        x = whole(a) if dtype is None else ops.cast(whole(a), dtype=dtype)
        if where is not True or mean is not None:
            d = x - (reduced("mean")(x, axis, keepdims=True, where=where) if mean is None else held(mean))
            d = ops.square(ops.abs(d) if d.dtype.kind == "c" else d)
            n: Any = x.size / max(reduced("sum")(np.zeros(x.shape), axis).size, 1) if where is True else None
            if n is None:
                n = reduced("sum")(ops.cast(ops.broadcast_to(whole(where), shape=x.shape), dtype=d.dtype.name), axis, keepdims=keepdims)
            z = reduced("sum")(d, axis, keepdims=keepdims, where=where) / (n - float(ddof if correction is None else correction))
            return z if name == "var" else ops.sqrt(z)
        return TABLE[name](x, axis=axes(axis), correction=ddof if correction is None else correction, keepdims=bool(keepdims))

    return call


def running(name: str) -> Callable[..., Any]:
    """cumsum and cumprod: NumPy flattens without an axis."""

    def call(a: Any, axis: int | None = None, dtype: Any = None) -> Any:
        x = whole(a)
        x = widened(name, x) if dtype is None else ops.cast(x, dtype=dtype)
        return TABLE[name](ops.reshape(x, shape=(-1,)), axis=0) if axis is None or x.ndim == 0 else TABLE[name](x, axis=int(axis))

    return call


def cumulative(name: str) -> Callable[..., Any]:
    def call(x: Any, axis: int | None = None, dtype: Any = None, include_initial: bool = False) -> Any:
        x = whole(x)
        x = ops.reshape(x, shape=(1,)) if x.ndim == 0 else x
        if axis is None and x.ndim != 1:
            raise InputError(f"numpy.cumulative_{'sum' if name == 'cumsum' else 'prod'}: an array of {x.ndim} axes needs an axis")
        axis = (axis or 0) % max(x.ndim, 1)
        z = running(name)(x, axis, dtype)
        if not include_initial:
            return z
        first = np.full((*x.shape[:axis], 1, *x.shape[axis + 1 :]), IDENTITY[name[3:]], z.dtype)
        return ops.concat(first, z, axis=axis)

    return call


def without_nan(name: str) -> Callable[..., Any]:
    """The reduction that leaves NaN out."""
    plain = name.removeprefix("nan")
    fill = {"sum": 0.0, "prod": 1.0, "cumsum": 0.0, "cumprod": 1.0, "max": -np.inf, "min": np.inf}

    def call(a: Any, axis: Any = None, keepdims: bool = False, dtype: Any = None) -> Any:
        x = whole(a)
        if x.dtype.kind not in "fc":
            return REDUCTIONS[plain](x, axis=axis, dtype=dtype, **({} if plain.startswith("cum") else {"keepdims": keepdims}))
        nan = ops.isnan(x)
        if plain in ("cumsum", "cumprod"):
            return running(plain)(ops.where(nan, fill[plain], x), axis, dtype)
        z = reduced(plain)(ops.where(nan, fill[plain], x), axis=axis, dtype=dtype, keepdims=keepdims)
        if plain in ("max", "min"):
            return ops.where(ops.all(nan, axis=axes(axis), keepdims=bool(keepdims)), np.nan, z)
        return z

    return call


def count_numbers(x: Any, axis: Any, keepdims: bool) -> Any:
    kind = x.dtype.name.replace("complex128", "float64").replace("complex64", "float32")
    ones = ops.cast(ops.logical_not(ops.isnan(x)), dtype=kind if x.dtype.kind in "fc" else "float64")
    return ops.sum(ones, axis=axes(axis), keepdims=keepdims)


def nanmean(a: Any, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> Any:
    x = whole(a)
    return without_nan("nansum")(x, axis, keepdims, dtype) / count_numbers(x, axis, bool(keepdims))


def nanvar(a: Any, axis: Any = None, dtype: Any = None, ddof: float = 0, keepdims: bool = False) -> Any:
    x = whole(a)
    d = ops.where(ops.isnan(x), 0.0, x - nanmean(x, axis, None, True))
    d = ops.abs(d) if d.dtype.kind == "c" else d
    return ops.sum(d * d, axis=axes(axis), keepdims=bool(keepdims)) / (count_numbers(x, axis, bool(keepdims)) - float(ddof))


def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, keepdims: bool = False) -> Any:
    x = whole(a)
    if weights is None:
        z = ops.mean(x, axis=axes(axis), keepdims=bool(keepdims))
        n = np.full(z.shape, x.size / max(z.size, 1))
        return (z, n) if returned else z
    w = whole(weights)
    if w.shape != x.shape:
        if not isinstance(axis, int) or w.ndim != 1:
            raise InputError(f"numpy.average: weights {w.shape} for an array {x.shape} need one axis, as in axis=0")
        shape = [1] * x.ndim
        shape[axis] = -1
        w = ops.broadcast_to(ops.reshape(w, shape=tuple(shape)), shape=x.shape)
    total = ops.sum(w, axis=axes(axis), keepdims=bool(keepdims))
    z = ops.sum(ops.mul(x, w), axis=axes(axis), keepdims=bool(keepdims)) / total
    return (z, ops.broadcast_to(total, shape=z.shape)) if returned else z


def ptp(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    x = whole(a)
    kept = bool(keepdims)
    return ops.max(x, axis=axes(axis), keepdims=kept) - ops.min(x, axis=axes(axis), keepdims=kept)


def median(a: Any, axis: Any = None, keepdims: bool = False, overwrite_input: bool = False) -> Any:
    return ops.median(whole(a), axis=axes(axis), keepdims=bool(keepdims))


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    x = whole(a)
    if n == 0:  # then nothing is put before or after it
        return held(a)
    axis %= x.ndim
    ends = []
    for end in (prepend, append):
        if end is not None:
            e = whole(end)
            ends.append(ops.broadcast_to(e, shape=(*x.shape[:axis], 1, *x.shape[axis + 1 :])) if len(e.shape) == 0 else e)
        else:
            ends.append(None)
    parts = [p for p in (ends[0], x, ends[1]) if p is not None]
    x = ops.concat(*parts, axis=axis) if len(parts) > 1 else x
    for _ in range(n):
        lead = (slice(None),) * axis
        x = x[(*lead, slice(1, None))] - x[(*lead, slice(None, -1))] if x.dtype.kind != "b" else x[(*lead, slice(1, None))] != x[(*lead, slice(None, -1))]
    return x


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    d = diff(ops.reshape(whole(ary), shape=(-1,)))
    first, last = ([] if e is None else [ops.cast(ops.reshape(whole(e), shape=(-1,)), dtype=d.dtype.name)] for e in (to_begin, to_end))
    return ops.concat(*first, d, *last, axis=0) if first or last else d


def filtered(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the numbers that are not NaN; along an axis line by line."""

    def call(a: Any, *args: Any, axis: Any = None, keepdims: bool = False, **named: Any) -> Any:
        x = whole(a)
        rows = ops.reshape(x, shape=(1, -1)) if axis is None else ops.moveaxis(x, source=int(axis), destination=-1)
        found = [function(line[~ops.isnan(line)], *args, **named) for line in (rows[i] for i in np.ndindex(rows.shape[:-1]))]
        z = ops.stack(*found, axis=-1)
        z = ops.reshape(z, shape=(*z.shape[:-1], *(() if axis is None else rows.shape[:-1])))
        if not keepdims:
            return z
        kept = tuple(1 if axis is None or k == axis % x.ndim else n for k, n in enumerate(x.shape))
        return ops.reshape(z, shape=(*z.shape[: z.ndim - (0 if axis is None else x.ndim - 1)], *kept))

    return call


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = whole(y)
    axis %= y.ndim
    lead = (slice(None),) * axis
    middle = (y[(*lead, slice(1, None))] + y[(*lead, slice(None, -1))]) / 2.0
    if x is not None:
        x = whole(x)
        dx = diff(x, axis=0 if x.ndim == 1 else axis)
        if x.ndim == 1:
            dx = ops.reshape(dx, shape=(-1, *(1,) * (y.ndim - 1 - axis)))
    return ops.sum(ops.mul(middle, dx), axis=axis)


def cov(
    m: Any, y: Any = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None, fweights: Any = None, aweights: Any = None, dtype: Any = None
) -> Any:
    """Of lines of numbers; `fweights` say how often each column was seen, `aweights` how much it counts."""
    x = whole(m)
    kind = np.result_type(x.dtype, np.float64) if dtype is None else np.dtype(dtype)
    x = ops.cast(x, dtype=kind.name)
    x = ops.reshape(x, shape=(1, -1)) if x.ndim < 2 else x if rowvar else ops.transpose(x)
    if y is not None:
        other = whole(y)
        other = ops.reshape(other, shape=(1, -1)) if len(other.shape) < 2 else other if rowvar else ops.transpose(other)
        x = ops.concat(x, other, axis=0)
    less = float(ddof if ddof is not None else 0 if bias else 1)
    if fweights is None and aweights is None:
        d = x - ops.mean(x, axis=1, keepdims=True)
        n: Any = x.shape[1] - less
        right = ops.transpose(d)
    else:
        w: Any = 1.0
        for weights in (fweights, aweights):
            w = w if weights is None else ops.mul(ops.cast(whole(weights), dtype=kind.type(0).real.dtype.name), w)
        total = ops.sum(w)
        d = x - ops.sum(ops.mul(x, w), axis=1, keepdims=True) / total
        n = total - less if aweights is None else total - (less * ops.sum(ops.mul(w, whole(aweights))) / total if less else 0.0)
        right = ops.transpose(ops.mul(d, w))
    return ops.squeeze(ops.matmul(d, ops.conj(right) if right.dtype.kind == "c" else right) / n)


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, dtype: Any = None) -> Any:
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    s = ops.sqrt(ops.real(ops.diag(c)) if c.dtype.kind == "c" else ops.diag(c))
    return c / ops.outer(s, s)


def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    places = np.asarray(answers(np.asarray)(x).value)
    if weights is None:
        return np.bincount(places, minlength=minlength)
    return ops.scatter_add(ops.cast(whole(weights), dtype="float64"), places, size=max(int(places.max(initial=-1)) + 1, minlength))


REDUCTIONS: dict[str, Callable[..., Any]] = {
    **{name: reduced(name) for name in ("sum", "prod", "mean", "max", "min")},
    "amax": reduced("max"), "amin": reduced("min"),
    **{name: asking(name) for name in ("any", "all", "count_nonzero", "argmax", "argmin")},
    "std": moments("std"), "var": moments("var"), "cumsum": running("cumsum"), "cumprod": running("cumprod"),
    "cumulative_sum": cumulative("cumsum"), "cumulative_prod": cumulative("cumprod"),
    **{name: without_nan(name) for name in ("nansum", "nanprod", "nanmax", "nanmin", "nancumsum", "nancumprod")},
    "nanmean": nanmean, "nanvar": nanvar,
    "nanstd": lambda a, axis=None, dtype=None, ddof=0, keepdims=False: ops.sqrt(nanvar(a, axis, dtype, ddof, keepdims)),
    "average": average, "ptp": ptp, "median": median,
    "nanmedian": filtered(median),
    "diff": diff, "ediff1d": ediff1d, "trapezoid": trapezoid, "cov": cov,
    "corrcoef": corrcoef, "bincount": bincount,
}  # fmt: skip

