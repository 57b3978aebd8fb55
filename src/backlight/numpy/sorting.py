"""Where the standard says more than NumPy: a descending order, limits that keep the dtype, repeats and ends that are none."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..read.numpy.door import FUNCTIONS, answer
from ..read.numpy.held import any_traced, bare, wrapped

__all__ = ["argsort", "clip", "diff", "repeat", "sort", "unique_values"]


def sort(
    x: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, descending: bool = False, stable: bool | None = None
) -> Any:
    """The numbers along an axis in order, from the smallest unless `descending`.

    >>> sort(np.asarray([2, 3, 1]), descending=True)
    array([3, 2, 1])
    """
    if any_traced(x):
        return FUNCTIONS["sort"](x, axis, descending=descending)
    value = np.asarray(bare(x))
    found = np.sort(value, axis, kind=kind, stable=True if stable is None and kind is None else stable)
    return wrapped(np.flip(found, -1 if axis is None else axis) if descending else found)


def argsort(
    x: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, descending: bool = False, stable: bool | None = None
) -> Any:
    """Where the numbers of `sort` stand; equal ones keep their order.

    >>> argsort(np.asarray([2, 3, 2]), descending=True)
    array([1, 0, 2])
    """
    if any_traced(x):
        return FUNCTIONS["argsort"](x, axis, descending=descending)
    value = np.asarray(bare(x))
    if axis is None:
        value, axis = value.reshape(-1), -1
    stable = True if stable is None and kind is None else stable
    if not descending:
        return wrapped(np.argsort(value, axis, kind=kind, stable=stable))
    found = np.flip(np.argsort(np.flip(value, axis), axis, kind=kind, stable=stable), axis)
    return wrapped(np.asarray(value.shape[axis] - 1 - found) if value.ndim else found)


def clip(x: Any, /, min: Any = None, max: Any = None, *, a_min: Any = None, a_max: Any = None, out: Any = None) -> Any:
    """The numbers held between two limits, in the dtype of x.

    >>> clip(np.asarray([-1.0, 0.5, 3.0]), 0, 1)
    array([0. , 0.5, 1. ])
    """
    low, high = (a_min if min is None else min), (a_max if max is None else max)
    if any_traced((x, low, high)):
        return FUNCTIONS["clip"](x, low, high)
    value = np.asarray(bare(x))
    low, high = bare(low), bare(high)
    if low is None and high is None:
        return wrapped(value.copy()[()])
    with np.errstate(all="ignore"):
        found = np.clip(value, low, high)
    keeps = all(isinstance(v, (np.ndarray, np.generic)) and v.dtype.kind == value.dtype.kind for v in (low, high) if v is not None)
    found = found.astype(value.dtype) if keeps and found.dtype != value.dtype else found
    if out is not None:
        out[...] = found
        return out
    return wrapped(found)


def repeat(x: Any, /, repeats: Any, axis: int | None = None) -> Any:
    """Every number as often as `repeats` says.

    >>> repeat(np.asarray([1, 2]), 2)
    array([1, 1, 2, 2])
    """
    if any_traced(x):
        return FUNCTIONS["repeat"](x, repeats, axis)
    times = np.asarray(bare(repeats))
    if times.dtype.kind in "iu" or times.size == 0:  # NumPy refuses uint64, and an empty list, which is of floats
        times = times.astype(np.intp)
    return wrapped(np.repeat(np.asarray(bare(x)), times, axis))


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Each number less the one before it, `n` times; `prepend` and `append` are put before and after them first.

    >>> diff(np.asarray([1, 4, 9]), append=np.asarray([9]))
    array([3, 5, 0])
    """
    ends = {name: end for name, end in (("prepend", prepend), ("append", append)) if end is not None}
    return answer(np.diff, (a,), {"n": n, "axis": axis, **ends})


def unique_values(x: Any, /) -> Any:
    """The different numbers, in order; each NaN is one of its own.

    >>> unique_values(np.asarray([3, 1, 3]))
    array([1, 3])
    """
    return answer(np.unique, (x,), {"equal_nan": False})
