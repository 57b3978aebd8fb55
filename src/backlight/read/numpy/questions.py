"""NumPy's functions that answer with positions, counts and truth values: nothing of theirs can be differentiated.

They are computed on the values. Asked of a traced value, the answer holds for these numbers only, so the numbers become a
guard of the trace, as they do when Python asks `if x > 0`. What only looks at shapes and dtypes leaves no guard.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from .held import answers, bare, whole, wrapped

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


def histogram(a: Any, bins: Any = 10, range: Any = None, weights: Any = None, density: Any = None) -> Any:
    return answers(np.histogram)(a, bins, range, weights=weights, density=density)


NAMES = """nonzero flatnonzero argwhere searchsorted digitize isclose allclose array_equal array_equiv isin argpartition lexsort
    nanargmax nanargmin iscomplex isreal isneginf isposinf histogram_bin_edges histogram2d histogramdd intersect1d union1d setdiff1d
    setxor1d packbits unpackbits ravel_multi_index unravel_index tril_indices_from triu_indices_from diag_indices_from count_nonzero""".split()

QUESTIONS: dict[str, Callable[..., Any]] = {
    **{name: answers(getattr(np, name)) for name in NAMES if name != "count_nonzero"},
    "linalg.matrix_rank": answers(np.linalg.matrix_rank), "histogram": histogram, "unique": unique,
    "unique_values": unique_part(np.unique_values), "unique_counts": unique_part(np.unique_counts), "unique_inverse": unique_part(np.unique_inverse),
    "unique_all": unique_part(np.unique_all),
    **{name: answers(getattr(np, name)) for name in ("zeros", "ones", "empty", "eye", "identity", "tri", "indices", "diag_indices",
                                                     "tril_indices", "triu_indices", "hamming", "hanning", "blackman", "bartlett")},
    **{name: looks(getattr(np, name)) for name in ("iscomplexobj", "isrealobj", "result_type", "can_cast", "common_type", "min_scalar_type",
                                                   "array_repr", "array_str", "array2string", "shares_memory", "may_share_memory")},
}  # fmt: skip
