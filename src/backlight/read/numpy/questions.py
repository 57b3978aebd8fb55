"""NumPy's functions that answer with positions, counts and truth values: nothing of theirs can be differentiated.

They are computed on the values. Asked of a traced value, the answer holds for these numbers only, so the numbers become a
guard of the trace, as they do when Python asks `if x > 0`. What only looks at shapes and dtypes leaves no guard.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...errors import InputError, ValueError
from .held import answers, any_float, bare, whole, wrapped

__all__ = ["QUESTIONS"]


def looks(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of shapes and dtypes alone, or one that prints."""
    return lambda *args, **named: wrapped(function(*bare(args), **bare(named)))


def unique(ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False, axis: Any = None, **more: Any) -> Any:
    """The numbers themselves carry their gradients: each is the first of its equals."""
    x = whole(ar)
    found = answers(np.unique)(x, return_index=True, return_inverse=True, return_counts=True, axis=axis, **more)
    places = np.asarray(found[1].value)
    values = ops.gather(ops.reshape(x, shape=(-1,)) if axis is None else x, places, axis=axis or 0)
    rest = [part for part, wanted in zip(found[1:], (return_index, return_inverse, return_counts), strict=True) if wanted]
    return (values, *rest) if rest else values


def unique_part(function: Any) -> Callable[..., Any]:
    """The four functions of the standard, with the values taken from the graph."""

    def call(x: Any) -> Any:
        found: Any = answers(function)(x)
        numbers = found.values if hasattr(found, "_replace") else found
        line, first = np.unique(np.asarray(answers(np.asarray)(x).value), return_index=True, equal_nan=False)
        places = first[np.searchsorted(line, numbers.value)] if not np.isnan(line).any() else first
        values = ops.gather(ops.reshape(whole(x), shape=(-1,)), places, axis=0)
        return found._replace(values=values) if hasattr(found, "_replace") else values

    return call


def picked(function: Any) -> Callable[..., Any]:
    """A function that returns some of the numbers it was given: each carries the gradient of the first of its equals."""

    def call(*args: Any, **named: Any) -> Any:
        flat = [ops.reshape(whole(x), shape=(-1,)) for x in args]
        pool = ops.concat(*flat, axis=0) if len(flat) > 1 else flat[0]
        numbers = np.asarray(answers(function)(*args, **named).value)
        line, first = np.unique(np.asarray(answers(np.asarray)(pool).value), return_index=True)
        return ops.gather(pool, first[np.searchsorted(line, numbers)], axis=0)

    return call


def edges_of(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """The edges of a histogram, which hang on the least and the largest number."""
    if isinstance(bins, str):
        raise InputError(f"numpy.histogram: bins={bins!r} cannot be traced: give a number, or the edges")
    if np.ndim(whole(bins)) == 1:
        return whole(bins)
    low, high = (ops.min(whole(a)), ops.max(whole(a))) if range is None else range
    if answers(np.equal)(low, high).value:  # NumPy makes room around a single number
        low, high = ops.sub(low, 0.5), ops.add(high, 0.5)
    kind = np.result_type(whole(low).dtype, whole(high).dtype, 1.0)
    t = np.linspace(0.0, 1.0, int(bins) + 1).astype(kind)
    return ops.add(ops.mul(low, 1.0 - t), ops.mul(high, t))


def histogram(a: Any, bins: Any = 10, range: Any = None, weights: Any = None, density: Any = None) -> Any:
    """The edges with their gradients; the counts have none, unless they are sums of weights, or densities."""
    if not any_float((a, bins, range, weights)):
        return answers(np.histogram)(a, bins, range, weights=weights, density=density)
    edges = edges_of(a, bins, range)
    if weights is None:
        counts: Any = answers(np.histogram)(a, bins, range)[0]
    else:
        counts = weighed([a], [edges], weights)
    if density:
        counts = ops.div(counts, edges[1:] - edges[:-1]) / ops.cast(ops.sum(counts), dtype="float64")
    return counts, edges


def weighed(points: Any, edges: Any, weights: Any) -> Any:
    """The sums of the weights in each box: which points lie in it is asked for, and carries no gradient."""
    sizes = tuple([e.shape[0] - 1 for e in edges])
    inside, place = np.True_, np.intp(0)
    for x, e, n in zip(points, edges, sizes, strict=True):
        box = answers(np.searchsorted)(e, x, side="right").value - 1
        box = np.where(np.asarray(answers(np.equal)(x, e[-1]).value), n - 1, box)  # the last edge belongs to the last box
        inside = inside & (box >= 0) & (box < n)
        place = place * n + np.clip(box, 0, n - 1)
    kept = ops.where(inside, whole(weights), 0.0)
    counts = ops.scatter_add(ops.reshape(kept, shape=(-1,)), np.where(inside, place, 0).reshape(-1), size=math.prod(sizes))
    return ops.reshape(counts, shape=sizes)


def histogram2d(x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """Of points in the plane."""
    one = np.ndim(whole(bins)) == 1 and len(bins) != 2 if not isinstance(bins, int) else False
    counts, (ex, ey) = histogramdd((x, y), [bins, bins] if one else bins, range, density, weights)
    return counts, ex, ey


def histogramdd(sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None) -> Any:
    """Of points, one a line, or of one array for each axis."""
    if not any_float((sample, bins, range, weights)):
        return answers(np.histogramdd)(sample, bins, range, density=density, weights=weights)
    several = isinstance(sample, (list, tuple))
    points = [whole(line) for line in sample] if several else [whole(sample)[:, k] for k in np.arange(whole(sample).shape[1])]
    each = list(bins) if isinstance(bins, (list, tuple)) else [bins] * len(points)
    limits = [None] * len(points) if range is None else range
    edges = tuple([edges_of(x, n, limit) for x, n, limit in zip(points, each, limits, strict=True)])
    counts: Any = answers(np.histogramdd)(tuple(points), bins, range)[0]
    if weights is not None:
        counts = ops.cast(weighed(points, edges, weights), dtype="float64")
    if density:
        counts = ops.div(counts, ops.sum(counts))
        for k, e in enumerate(edges):
            counts = ops.div(counts, ops.reshape(e[1:] - e[:-1], shape=(-1, *(1,) * (len(edges) - k - 1))))
    return counts, edges


NAMES = """nonzero flatnonzero argwhere searchsorted digitize isclose allclose array_equal array_equiv isin argpartition lexsort
    nanargmax nanargmin iscomplex isreal isneginf isposinf packbits unpackbits ravel_multi_index unravel_index tril_indices_from triu_indices_from diag_indices_from count_nonzero""".split()

def ix_(*args: Any) -> tuple[Any, ...]:
    """Lines of places, each along an axis of its own; a mask stands for the places where it holds."""
    lines = [answers(np.flatnonzero)(x) if whole(x).dtype.kind == "b" else whole(x) for x in args]
    if any(len(line.shape) != 1 for line in lines):
        raise ValueError("numpy.ix_: every argument is one line of places, with one axis")
    return tuple(ops.reshape(line, shape=tuple(-1 if j == k else 1 for j in range(len(lines)))) for k, line in enumerate(lines))


QUESTIONS: dict[str, Callable[..., Any]] = {
    **{name: answers(getattr(np, name)) for name in NAMES if name != "count_nonzero"},
    "linalg.matrix_rank": answers(np.linalg.matrix_rank), "histogram": histogram, "histogram2d": histogram2d, "histogramdd": histogramdd,
    "histogram_bin_edges": edges_of, "ix_": ix_, "unique": unique, **{name: picked(getattr(np, name)) for name in ("union1d", "setdiff1d", "setxor1d")},
    "intersect1d": picked(np.intersect1d),
    "unique_values": unique_part(np.unique_values), "unique_counts": unique_part(np.unique_counts), "unique_inverse": unique_part(np.unique_inverse),
    "unique_all": unique_part(np.unique_all),
    **{name: answers(getattr(np, name)) for name in ("zeros", "ones", "empty", "eye", "identity", "tri", "indices", "diag_indices",
                                                     "tril_indices", "triu_indices", "hamming", "hanning", "blackman", "bartlett")},
    **{name: looks(getattr(np, name)) for name in ("iscomplexobj", "isrealobj", "result_type", "can_cast", "common_type", "min_scalar_type",
                                                   "array_repr", "array_str", "array2string", "shares_memory", "may_share_memory", "einsum_path", "isfortran", "iterable")},
}  # fmt: skip
