"""Numbers chosen by where they stand, put in their place, or left out by a mask."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.judges.signatures.arrange import numbered, put_over
from tests.judges.signatures.reduce import axes, softened, spread

from backlight import ops as o

__all__ = ["ENTRIES"]


def places(x: Any, dim: int, index: Any) -> Any:
    """The place in reading order of x[…, index, …] for an index of the rank of x, as gather and scatter count."""
    index = np.asarray(index)
    where = list(np.indices(index.shape))
    where[dim] = index
    return np.ravel_multi_index([np.asarray(w) for w in where], np.shape(x)) if index.size else index


def gather(x: Any, dim: int, index: Any, *, sparse_grad: bool = False) -> Any:
    if np.ndim(x) == 0:
        return np.broadcast_to(x, np.shape(index))
    return np.reshape(np.take(np.ravel(x), np.reshape(places(x, dim, index), -1), axis=0), np.shape(index))


def wide(x: Any) -> Any:
    """A single number as an array of one."""
    return np.reshape(x, (1,)) if np.ndim(x) == 0 else x


def scatter(x: Any, dim: int, index: Any, src: Any, *, reduce: str | None = None) -> Any:
    x1, i = wide(x), wide(np.asarray(index))
    where = places(x1, dim, i)
    part = wide(src)[tuple(slice(n) for n in i.shape)] if np.ndim(src) else np.full(i.shape, float(src)) if not hasattr(src, "value") else np.broadcast_to(src, i.shape)
    if reduce == "add":
        return np.reshape(scattered_sum(x1, where, part), np.shape(x))
    if reduce == "multiply":
        return np.reshape(x1 * reduced(np.ones(np.shape(x1)), where, part, "prod"), np.shape(x))
    return np.reshape(put_over(x1, part, where), np.shape(x))


def scattered_sum(x: Any, where: Any, part: Any) -> Any:
    return x + np.reshape(o.scatter_add(np.ravel(part), np.reshape(where, -1), size=np.size(numbered(x)), axis=0), np.shape(x))


def scatter_add(x: Any, dim: int, index: Any, src: Any) -> Any:
    return scatter(x, dim, index, src, reduce="add")


def reduced(x: Any, where: Any, part: Any, how: str, include_self: bool = True) -> Any:
    """Each number joined with all that is sent to its place: the parts are laid beside it in a row and reduced there."""
    size = int(np.prod(np.shape(x)))
    flat, where = np.ravel(where), np.reshape(where, -1)
    order = np.argsort(flat, kind="stable")
    counts = np.bincount(flat, minlength=size)
    width = int(counts.max(initial=0))
    nothing = {"sum": 0.0, "mean": 0.0, "prod": 1.0, "amin": np.inf, "amax": -np.inf}[how]
    slot = np.zeros(flat.size, int)
    first = np.concatenate([[0], np.cumsum(counts)[:-1]])
    slot[order] = np.arange(flat.size) - first[flat[order]]
    table = o.scatter(np.full(size * max(width, 1), nothing), flat * max(width, 1) + slot, np.ravel(part))
    table = np.reshape(table, (size, max(width, 1)))
    own = np.reshape(x, (size, 1))
    takes = include_self | (counts == 0)
    table = np.concatenate([np.where(takes[:, None], own, nothing), table], 1)
    count = counts + takes
    found = {
        "sum": lambda: np.sum(table, axis=1), "mean": lambda: np.sum(table, axis=1) / count, "prod": lambda: np.prod(table, axis=1),
        "amin": lambda: np.min(table, axis=1), "amax": lambda: np.max(table, axis=1),
    }[how]()  # fmt: skip
    return np.reshape(found, np.shape(x))


def scatter_reduce(x: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True) -> Any:
    x1, i = wide(x), wide(np.asarray(index))
    part = wide(src)[tuple(slice(n) for n in i.shape)]
    return np.reshape(reduced(x1, places(x1, dim, i), part, reduce, include_self), np.shape(x))


def slices(x: Any, dim: int, index: Any) -> Any:
    """The places of whole slices."""
    return np.take(numbered(x), np.atleast_1d(index), axis=dim)


def index_select(x: Any, dim: int, index: Any) -> Any:
    return np.reshape(np.take(wide(x), np.atleast_1d(index), axis=dim), (np.shape(x) if np.ndim(x) == 0 else np.shape(slices(x, dim, index))))


def index_copy(x: Any, dim: int, index: Any, src: Any) -> Any:
    x1 = wide(x)
    where = slices(x1, dim, index)
    return np.reshape(put_over(x1, np.reshape(src, where.shape), where), np.shape(x))


def index_fill(x: Any, dim: int, index: Any, value: Any) -> Any:
    x1 = wide(x)
    where = slices(x1, dim, index)
    return np.reshape(put_over(x1, np.broadcast_to(value, where.shape), where), np.shape(x))


def index_add(x: Any, dim: int, index: Any, src: Any, *, alpha: Any = 1) -> Any:
    x1 = wide(x)
    where = slices(x1, dim, index)
    return np.reshape(scattered_sum(x1, where, np.reshape(src, where.shape) * float(alpha)), np.shape(x))


def index_reduce(x: Any, dim: int, index: Any, src: Any, how: str, *, include_self: bool = True) -> Any:
    x1 = wide(x)
    where = slices(x1, dim, index)
    return np.reshape(reduced(x1, where, np.reshape(src, where.shape), how, include_self), np.shape(x))


def index_put(x: Any, index: Any, values: Any, accumulate: bool = False) -> Any:
    where = numbered(x)[tuple(index)]
    part = np.broadcast_to(values, where.shape)
    return scattered_sum(x, where, part) if accumulate else put_over(x, part, where)


def put(x: Any, index: Any, src: Any, accumulate: bool = False) -> Any:
    where = np.where(index < 0, index + np.size(numbered(x)), index).reshape(-1)
    return scattered_sum(x, where, np.ravel(src)) if accumulate else put_over(x, np.ravel(src), where)


def take(x: Any, index: Any) -> Any:
    return np.take(np.ravel(x), index, axis=0)


def take_along_dim(x: Any, index: Any, dim: int | None = None) -> Any:
    if dim is None:
        return np.take(np.ravel(x), np.reshape(index, -1), axis=0)
    shape = list(np.broadcast_shapes(*[tuple(1 if k == dim % np.ndim(x) else n for k, n in enumerate(np.shape(y))) for y in (x, index)]))
    to = lambda y: tuple(np.shape(y)[dim] if k == dim % len(shape) else n for k, n in enumerate(shape))
    return o.take_along_axis(np.broadcast_to(x, to(x)), np.broadcast_to(index, to(index)), axis=dim)


def getitem(x: Any, key: Any) -> Any:
    return x[key]


def masked_fill(x: Any, mask: Any, value: Any) -> Any:
    return np.where(mask, value, x)


def masked_scatter(x: Any, mask: Any, src: Any) -> Any:
    mask = np.broadcast_to(mask, np.broadcast_shapes(np.shape(mask), np.shape(x)))
    where = numbered(mask)[mask]
    return put_over(np.broadcast_to(x, mask.shape), np.ravel(src)[: where.size], where)


def masked_select(x: Any, mask: Any) -> Any:
    shape = np.broadcast_shapes(np.shape(mask), np.shape(x))
    where = np.flatnonzero(np.broadcast_to(mask, shape))
    return np.take(np.ravel(np.broadcast_to(x, shape)), where, axis=0)


def unsafe_masked_index(x: Any, mask: Any, index: Any, fill: Any) -> Any:
    inside = tuple(np.clip(i, 0, n - 1) for i, n in zip(index, np.shape(x), strict=False))
    return np.where(mask, np.reshape(np.take(np.ravel(x), numbered(x)[inside].reshape(-1), axis=0), numbered(x)[inside].shape), fill)


def unsafe_masked_index_put(x: Any, mask: Any, index: Any, values: Any) -> Any:
    inside = tuple(np.clip(i, 0, n - 1) for i, n in zip(index, np.shape(x), strict=False))
    return index_put(x, inside, np.where(mask, values, 0.0), accumulate=True)


def embedding(weight: Any, index: Any, padding_idx: int | None = None, max_norm: float | None = None, norm_type: float = 2.0,
              scale_grad_by_freq: bool = False, sparse: bool = False) -> Any:  # fmt: skip
    found = np.take(weight, index, axis=0)
    if padding_idx is None:
        return found
    fixed = np.expand_dims(np.asarray(index) == padding_idx % np.shape(weight)[0], -1)
    return np.where(fixed, o.stop_gradient(found), found)


# Masked arrays: what the mask leaves out counts as the number that changes nothing.
def masked(row: Any, nothing: float | None) -> Any:
    def call(x: Any, dim: Any = None, *, mask: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
        x = x if mask is None else np.where(mask, x, nothing)
        d = axes(dim) if np.ndim(x) else None
        return row(x, axis=d, keepdims=keepdim)

    return call


def all_axes(x: Any, dim: Any) -> Any:
    return axes(dim) if np.ndim(x) else None


def counted(x: Any, dim: Any, mask: Any, keepdim: bool = True) -> Any:
    ones = np.ones(np.shape(x)) if mask is None else np.broadcast_to(mask, np.shape(x)) * 1.0
    return np.sum(ones, axis=all_axes(x, dim), keepdims=keepdim)


def masked_mean(x: Any, dim: Any = None, *, mask: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    kept = x if mask is None else np.where(mask, x, 0.0)
    return np.sum(kept, axis=all_axes(x, dim), keepdims=keepdim) / counted(x, dim, mask, keepdim)


def masked_var(x: Any, dim: Any = None, unbiased: bool | None = None, *, correction: Any = None, mask: Any = None,
               keepdim: bool = False, dtype: Any = None) -> Any:  # fmt: skip
    if mask is None:
        return spread(o.var)(x, dim, unbiased, keepdim, correction=correction)
    less = correction if correction is not None else 1 if unbiased is None or unbiased else 0
    count = counted(x, dim, mask)
    mean = np.sum(np.where(mask, x, 0.0), axis=all_axes(x, dim), keepdims=True) / count
    squares = np.sum(np.where(mask, np.square(x - mean), 0.0), axis=all_axes(x, dim), keepdims=keepdim)
    count = counted(x, dim, mask, keepdim)
    return squares / np.maximum(count - float(less), 0.0)


def masked_norm(x: Any, ord: float, dim: Any = None, *, mask: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    x = x if mask is None else np.where(mask, x, np.inf if ord < 0 else 0.0)
    return vector_norm(x, ord, all_axes(x, dim), keepdim)


def vector_norm(x: Any, ord: float, axis: Any, keepdims: bool) -> Any:
    return o.norm(x, ord=ord, axis=axis, keepdims=keepdims)


def masked_along(row: Any, nothing: float) -> Any:
    def call(x: Any, dim: int, *, mask: Any = None, dtype: Any = None) -> Any:
        x = x if mask is None else np.where(mask, x, nothing)
        return row(x, axis=dim) if np.ndim(x) else x

    return call


def masked_soft(row: Any, sign: float = 1.0) -> Any:
    def call(x: Any, dim: int, *, mask: Any = None, dtype: Any = None) -> Any:
        return softened(row, sign)(x if mask is None else np.where(mask, x, -np.inf * sign), dim)

    return call


def masked_normalize(x: Any, ord: float, dim: int, *, eps: float = 1e-12, mask: Any = None, dtype: Any = None) -> Any:
    x = x if mask is None else np.where(mask, x, 0.0)
    return x / np.maximum(vector_norm(x, ord, all_axes(x, dim), True), eps)


def masked_logaddexp(x: Any, y: Any, *, input_mask: Any = None, other_mask: Any = None, dtype: Any = None) -> Any:
    x = x if input_mask is None else np.where(input_mask, x, -np.inf)
    y = y if other_mask is None else np.where(other_mask, y, -np.inf)
    return np.logaddexp(x, y)


def masked_median(x: Any, dim: int, *, mask: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    x = x if mask is None else np.where(mask, x, np.inf)
    order = np.sort(np.moveaxis(wide(x), dim, -1))
    count = np.asarray(counted(x, dim, mask, False)).astype(int)
    found = o.take_along_axis(order, np.expand_dims(np.maximum((count - 1) // 2, 0), -1), axis=-1)[..., 0]
    found = np.where(count == 0, np.nan, found)
    return np.expand_dims(found, dim) if keepdim else found


ENTRIES: dict[str, Any] = {
    "gather": gather, "scatter": scatter, "scatter_add": scatter_add, "scatter_reduce.sum": scatter_reduce,
    "scatter_reduce.prod": scatter_reduce, "scatter_reduce.mean": scatter_reduce, "scatter_reduce.amin": scatter_reduce,
    "scatter_reduce.amax": scatter_reduce, "index_select": index_select, "index_copy": index_copy, "index_fill": index_fill,
    "index_add": index_add, "index_reduce.mean": index_reduce, "index_reduce.prod": index_reduce, "index_reduce.amin": index_reduce,
    "index_reduce.amax": index_reduce, "index_put": index_put, "put": put, "take": take, "take_along_dim": take_along_dim,
    "__getitem__": getitem, "masked_fill": masked_fill, "masked_scatter": masked_scatter, "masked_select": masked_select,
    "_unsafe_masked_index": unsafe_masked_index, "_unsafe_masked_index_put_accumulate": unsafe_masked_index_put,
    "nn.functional.embedding": embedding,
    "masked.sum": masked(np.sum, 0.0), "masked.prod": masked(np.prod, 1.0), "masked.amax": masked(np.max, -np.inf),
    "masked.amin": masked(np.min, np.inf), "masked.logsumexp": masked(o.logsumexp, -np.inf), "masked.mean": masked_mean,
    "masked.var": masked_var, "masked.std": lambda *args, **named: np.sqrt(masked_var(*args, **named)),
    "masked.norm": masked_norm, "masked.cumsum": masked_along(np.cumsum, 0.0), "masked.cumprod": masked_along(np.cumprod, 1.0),
    "masked.softmax": masked_soft(o.softmax), "masked.log_softmax": masked_soft(o.log_softmax), "masked.softmin": masked_soft(o.softmax, -1.0),
    "masked.normalize": masked_normalize, "masked.logaddexp": masked_logaddexp, "masked.median": masked_median,
}  # fmt: skip
