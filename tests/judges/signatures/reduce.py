"""Many numbers to few, running sums, order statistics."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlight import ops as o

__all__ = ["ENTRIES", "axes"]


def axes(dim: Any) -> Any:
    """torch's dim as our axis: none of them means all."""
    if isinstance(dim, (tuple, list)):
        return tuple(dim) or None
    return dim


def over(how: Any) -> Any:
    """A reduction whose axes come as `dim`, beside `keepdim` and `dtype`."""

    def call(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, axis: Any = None) -> Any:
        x = x if dtype is None else o.cast(x, dtype=dtype)
        d = axes(dim if axis is None else axis)
        return how(x, axis=d, keepdims=keepdim) if np.ndim(x) else o.identity(x)

    return call


def summed(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    x = x if dtype is None else o.cast(x, dtype=dtype)
    return np.sum(x, axis=axes(dim) if np.ndim(x) else None, keepdims=keepdim)


def nansum(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return summed(np.where(np.isnan(x), 0.0, x), dim, keepdim, dtype=dtype)


def nanmean(x: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    count = summed(np.where(np.isnan(x), 0.0, 1.0), dim, keepdim)
    return nansum(x, dim, keepdim, dtype=dtype) / count


def spread(row: Any, default: float = 1) -> Any:
    """var and std: the correction is 1, unless something else is said."""

    def call(x: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None) -> Any:
        if isinstance(dim, bool):
            dim, unbiased = None, dim
        if correction is None:
            correction = 1 if unbiased is None or unbiased else 0
        d = axes(dim) if np.ndim(x) else None
        return row(x, axis=d, correction=correction, keepdims=keepdim)

    return call


def with_mean(row: Any) -> Any:
    def call(x: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None) -> Any:
        mean_dim = None if isinstance(dim, bool) else dim
        d = axes(mean_dim) if np.ndim(x) else None
        return [spread(row)(x, dim, unbiased, keepdim, correction=correction), o.mean(x, axis=d, keepdims=keepdim)]

    return call


def chosen(x: Any, places: Any, dim: int, keepdim: bool) -> Any:
    """The numbers at one place along an axis, and the places."""
    found = o.take_along_axis(x, np.expand_dims(places, dim), axis=dim)
    return [found if keepdim else np.squeeze(found, dim), np.expand_dims(places, dim) if keepdim else places]


def value_of(x: Any) -> Any:
    return getattr(x, "value", x)


def extreme(name: str) -> Any:
    """max and min: over all, evenly; along one axis, the first with its place."""

    def call(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
        if dim is None:
            return getattr(np, name)(x)
        if np.ndim(x) == 0:
            return [o.identity(x), np.int64(0)]
        return chosen(x, getattr(np, f"arg{name}")(value_of(x), axis=dim), dim, keepdim)

    return call


def ranked(x: Any, k: int, dim: int, keepdim: bool) -> Any:
    """The k-th smallest number along an axis, and its place."""
    return chosen(x, np.take(np.argsort(value_of(x), axis=dim, kind="stable"), k, axis=dim), dim, keepdim)


def kthvalue(x: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    return [o.identity(x), np.int64(0)] if np.ndim(x) == 0 else ranked(x, k - 1, dim, keepdim)


def median(x: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The lower of two in the middle; that is PyTorch's median and not ours, so it is put together from a sort."""
    if np.ndim(x) == 0:
        return o.identity(x) if dim is None else [o.identity(x), np.int64(0)]
    if dim is None:
        flat = np.ravel(x)
        return np.sort(flat)[(np.shape(flat)[0] - 1) // 2]
    return ranked(x, (np.shape(x)[dim] - 1) // 2, dim, keepdim)


def mode(x: Any, dim: int = -1, keepdim: bool = False) -> Any:
    if np.ndim(x) == 0:
        return [o.identity(x), np.int64(0)]

    def place(row: Any) -> int:
        found, counts = np.unique(row, return_counts=True)
        return int(np.flatnonzero(row == found[np.argmax(counts)])[-1])

    return chosen(x, np.apply_along_axis(place, dim, value_of(x)), dim, keepdim)


def running(name: str) -> Any:
    """cummax and cummin: the last of the largest so far, with its place."""

    def call(x: Any, dim: int) -> Any:
        if np.ndim(x) == 0:
            return [o.identity(x), np.int64(0)]
        v = np.moveaxis(value_of(x), dim, 0)
        places = np.zeros(v.shape, int)
        for k in range(1, v.shape[0]):
            best = np.take_along_axis(v, places[k - 1][None], 0)[0]
            better = v[k] >= best if name == "max" else v[k] <= best
            places[k] = np.where(better, k, places[k - 1])
        places = np.moveaxis(places, 0, dim)
        return [o.take_along_axis(x, places, axis=dim), places]

    return call


def sort(x: Any, dim: int = -1, descending: bool = False, *, stable: bool = True) -> Any:
    if np.ndim(x) == 0:
        return [o.identity(x), np.int64(0)]
    return [o.sort(x, axis=dim, descending=descending), o.argsort(x, axis=dim, descending=descending)]


def topk(x: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    if np.ndim(x) == 0:
        return [np.reshape(x, ()), np.int64(0)]
    places = np.take(np.argsort(-value_of(x) if largest else value_of(x), axis=dim, kind="stable"), np.arange(k), axis=dim)
    return [o.take_along_axis(x, places, axis=dim), places]


def aminmax(x: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    if np.ndim(x) == 0:
        return [o.identity(x), o.identity(x)]
    return [np.min(x, axis=dim, keepdims=keepdim), np.max(x, axis=dim, keepdims=keepdim)]


def along(row: Any) -> Any:
    def call(x: Any, dim: int, *, dtype: Any = None) -> Any:
        x = x if dtype is None else o.cast(x, dtype=dtype)
        return row(x, axis=dim) if np.ndim(x) else o.identity(x)

    return call


def product(x: Any, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    x = x if dtype is None else o.cast(x, dtype=dtype)
    return np.prod(x, axis=dim, keepdims=keepdim) if np.ndim(x) else o.identity(x)


def softened(row: Any, sign: float = 1.0) -> Any:
    def call(x: Any, dim: int, dtype: Any = None, **_: Any) -> Any:
        x = x if dtype is None else o.cast(x, dtype=dtype)
        return row(sign * x if sign != 1 else x, axis=dim) if np.ndim(x) else row(np.reshape(x, (1,)), axis=0)[0]

    return call


def logsumexp(x: Any, dim: Any, keepdim: bool = False) -> Any:
    return o.logsumexp(x, axis=axes(dim) if np.ndim(x) else None, keepdims=keepdim)


def differences(x: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    if n == 0:
        return o.identity(x)
    parts = [p for p in (prepend, x, append) if p is not None]
    y = np.concatenate(parts, dim) if len(parts) > 1 else x
    for _ in range(n):
        y = np.moveaxis(y, dim, -1)
        y = np.moveaxis(y[..., 1:] - y[..., :-1], -1, dim)
    return y


def gradient(x: Any, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> Any:
    which = list(range(np.ndim(x))) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    spaces = list(spacing) if isinstance(spacing, (list, tuple)) else [spacing] * len(which)
    found = []
    for d, h in zip(which, [1.0 if h is None else h for h in spaces], strict=True):
        y = np.moveaxis(x, d, -1)
        n = np.shape(y)[-1]
        at = np.arange(n) * float(h) if np.ndim(h) == 0 else value_of(h)
        matrix = np.gradient(np.eye(n), at, axis=0, edge_order=edge_order)
        found.append(np.moveaxis(y @ matrix.T, -1, d))
    return found


def trapezoid(y: Any, x: Any = None, *, dx: Any = 1.0, dim: int = -1) -> Any:
    return np.sum(slabs(y, x, dx, dim), axis=dim)


def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = 1.0, dim: int = -1) -> Any:
    return o.cumsum(slabs(y, x, dx, dim), axis=dim)


def slabs(y: Any, x: Any, dx: Any, dim: int) -> Any:
    y = np.moveaxis(y, dim, -1)
    if x is None:
        width = dx
    else:
        x = x if np.ndim(x) == 1 else np.moveaxis(x, dim, -1)
        width = x[..., 1:] - x[..., :-1]
    return np.moveaxis((y[..., 1:] + y[..., :-1]) * 0.5 * width, -1, dim)


def quantile(x: Any, q: Any, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear") -> Any:
    rank = np.ndim(x)
    y = np.ravel(x) if dim is None else np.moveaxis(x, dim, -1) if rank else np.reshape(x, (1,))
    y = np.sort(y)
    n = np.shape(y)[-1]
    places = np.asarray(value_of(q)).reshape(-1) * (n - 1)
    low, high = np.floor(places).astype(int), np.ceil(places).astype(int)
    if interpolation == "linear":
        part = np.reshape(q, (-1,)) * float(n - 1) - low
        found = y[..., low] + part * (y[..., high] - y[..., low])
    elif interpolation == "midpoint":
        found = (y[..., low] + y[..., high]) * 0.5
    else:
        found = y[..., {"lower": low, "higher": high, "nearest": np.rint(places).astype(int)}[interpolation]]
    found = np.moveaxis(found, -1, 0)
    if keepdim and rank:
        shape = [1] * rank if dim is None else [1 if k == dim % rank else m for k, m in enumerate(np.shape(x))]
        found = np.reshape(found, (np.shape(found)[0], *shape))
    return found if np.ndim(q) else found[0]


def trace(x: Any) -> Any:
    return np.trace(x)


def std_of(x: Any, *args: Any, **named: Any) -> Any:
    return spread(o.std)(x, *args, **named)


def renorm(x: Any, p: float, dim: int, maxnorm: float) -> Any:
    others = tuple(k for k in range(np.ndim(x)) if k != dim % np.ndim(x))
    size = o.norm(x, ord=p, axis=others, keepdims=True)
    return x * np.where(size > maxnorm, maxnorm / (size + 1e-7), 1.0)


def dist(x: Any, y: Any, p: float = 2) -> Any:
    d = np.ravel(x - y)
    return np.sum(np.where(np.equal(d, 0.0), 0.0, 1.0)) if p == 0 else o.norm(d, ord=p)


ENTRIES: dict[str, Any] = {
    "sum": summed, "nansum": nansum, "mean": over(np.mean), "nanmean": nanmean, "prod": product,
    "amax": over(np.max), "amin": over(np.min), "aminmax": aminmax, "max.reduction_with_dim": extreme("max"),
    "max.reduction_no_dim": extreme("max"), "min.reduction_with_dim": extreme("min"), "min.reduction_no_dim": extreme("min"),
    "median": median, "nanmedian": median, "mode": mode, "kthvalue": kthvalue, "sort": sort, "msort": lambda x: np.sort(x, axis=0),
    "topk": topk, "cummax": running("max"), "cummin": running("min"), "cumsum": along(np.cumsum), "cumprod": along(np.cumprod),
    "var": spread(o.var), "var.unbiased": spread(o.var), "std": spread(o.std), "std.unbiased": spread(o.std),
    "var_mean": with_mean(o.var), "var_mean.unbiased": with_mean(o.var), "std_mean": with_mean(o.std), "std_mean.unbiased": with_mean(o.std),
    "softmax": softened(o.softmax), "softmax.with_dtype": softened(o.softmax), "log_softmax": softened(o.log_softmax),
    "log_softmax.with_dtype": softened(o.log_softmax), "nn.functional.softmin": softened(o.softmax, -1.0),
    "nn.functional.softmin.with_dtype": softened(o.softmax, -1.0),
    "logsumexp": logsumexp, "logcumsumexp": along(o.logcumsumexp), "diff": differences, "gradient": gradient,
    "trapz": trapezoid, "trapezoid": trapezoid, "cumulative_trapezoid": cumulative_trapezoid, "quantile": quantile, "nanquantile": quantile,
    "trace": trace, "renorm": renorm, "dist": dist,
}  # fmt: skip
