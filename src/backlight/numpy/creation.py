"""Arrays from what a person has: numbers, nested lists, NumPy arrays, arrays of other libraries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import numpy as np

from ..core.array import Array
from ..errors import InputError, ValueError
from ..read.numpy.held import any_traced, bare, held, wrapped
from ..read.numpy.life import Life

__all__ = """arange array asanyarray ascontiguousarray asarray asfortranarray copy from_dlpack frombuffer fromfunction
    fromiter""".split()


def on_cpu(device: Any) -> None:
    if device not in (None, "cpu"):
        raise ValueError(f"there is no device {device!r}: arrays are on 'cpu'")


def array(object: Any, dtype: Any = None, *, copy: bool | None = True, order: str = "K", ndmin: int = 0, device: Any = None) -> Any:
    """An array with the numbers of `object`: a number, nested lists, an array; a copy unless `copy` is false.

    Lists may hold traced arrays, which plain NumPy cannot take. Raises: InputError for what is no number.

    >>> array([1, 2.5])
    array([1. , 2.5])
    """
    on_cpu(device)
    if any_traced(object):
        x = held(object)
        if dtype is not None and x.dtype != np.dtype(dtype):
            x = x.astype(dtype)
        elif x is object and copy:
            x = Array(x.tape, x.number, x._value)
        return x.reshape((1,) * (ndmin - x.ndim) + x.shape) if x.ndim < ndmin else x
    given = bare(object)
    found = np.array(given, dtype, copy=copy, order=order, ndmin=ndmin)  # type: ignore[call-overload]
    if found.dtype.kind not in "biufc":
        raise InputError(f"cannot make an array of {type(object).__name__} {object!r:.60}: its items are not numbers")
    made = wrapped(found)
    if not copy and found is given:
        if type(object) is Array:
            return object
        made.life = Life()
        made.life.foreign = True  # the caller has this memory too
    return made


def asarray(obj: Any, /, dtype: Any = None, order: str = "K", *, device: Any = None, copy: bool | None = None) -> Any:
    """The same, without a copy where none is needed: an array comes back as it is.

    >>> x = asarray([1.0, 2.0])
    >>> asarray(x) is x
    True
    """
    return array(obj, dtype, copy=copy, order=order or "K", device=device)


def asanyarray(a: Any, dtype: Any = None) -> Any:
    """As `asarray`."""
    return asarray(a, dtype)


def ascontiguousarray(a: Any, dtype: Any = None) -> Any:
    """As `asarray`, in C order and of at least one axis."""
    return array(a, dtype, copy=None, order="C", ndmin=1)


def asfortranarray(a: Any, dtype: Any = None) -> Any:
    """As `asarray`, in Fortran's order."""
    return array(a, dtype, copy=None, order="F", ndmin=1)


def copy(a: Any, order: str = "K") -> Any:
    """A copy: assigning into it changes nothing else."""
    return array(a, order=order)


def arange(start: Any, /, stop: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None) -> Any:
    """Numbers from `start` on in steps, up to and without `stop`; `arange(n)` counts from 0.

    >>> arange(3)
    array([0, 1, 2])
    """
    on_cpu(device)
    start, stop, step = bare(start), bare(stop), bare(step)
    if stop is None:
        start, stop = 0, start
    return wrapped(np.arange(start, stop, step, dtype=dtype))


def from_dlpack(x: Any, /, *, device: Any = None, copy: bool | None = None) -> Any:
    """An array of another library, in the same memory where it can be.

    >>> import numpy
    >>> from_dlpack(numpy.ones(2))
    array([1., 1.])
    """
    on_cpu(device)
    if type(x) is Array:
        return asarray(x, copy=copy)
    made = wrapped(np.from_dlpack(x, copy=copy))
    made.life = Life()
    made.life.foreign = copy is not True
    return made


def frombuffer(buffer: Any, dtype: Any = float, count: int = -1, offset: int = 0) -> Any:
    """A buffer's bytes as numbers."""
    return wrapped(np.frombuffer(buffer, dtype, count, offset))


def fromfunction(function: Callable[..., Any], shape: tuple[int, ...], *, dtype: Any = float, **named: Any) -> Any:
    """The values of `function` at every index, which it gets as one array an axis."""
    return function(*[wrapped(i) for i in np.indices(shape, dtype=dtype)], **named)


def fromiter(iter: Iterable[Any], dtype: Any, count: int = -1) -> Any:
    """A vector of what an iterator yields."""
    items = list(islice(iter, None if count < 0 else count))
    if len(items) < count:
        raise ValueError(f"fromiter: count={count} numbers are asked for, and the iterator yields {len(items)}")
    return array(items, dtype)


