"""Dtypes: what they can hold, what becomes of two of them, and changing one into another."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from ..core.array import Array
from ..read.numpy.held import bare, is_traced, wrapped

__all__ = ["FloatInfo", "astype", "can_cast", "finfo", "iinfo", "isdtype", "result_type"]


def dtype_of(type: Any) -> Any:
    return type.dtype if isinstance(type, (Array, np.ndarray, np.generic)) else type


@final
class FloatInfo:
    """The limits of a float dtype as Python numbers, which take on the dtype of whatever they meet."""

    __slots__ = ("bits", "dtype", "eps", "max", "min", "numpy", "smallest_normal")

    def __init__(self, dtype: Any) -> None:
        found = np.finfo(dtype)
        self.numpy = found
        self.dtype = found.dtype
        self.bits = int(found.bits)
        self.eps, self.smallest_normal = float(found.eps), float(found.smallest_normal)
        self.min, self.max = float(found.min), float(found.max)

    def __getattr__(self, name: str) -> Any:
        """What NumPy tells besides: `tiny`, `resolution`, `nmant`, …"""
        return getattr(self.numpy, name)

    def __repr__(self) -> str:
        return f"finfo(resolution={self.numpy.resolution}, min={self.min}, max={self.max}, dtype={self.dtype})"


def finfo(type: Any, /) -> FloatInfo:
    """The limits of a float or complex dtype, given by itself or by an array that has it.

    >>> finfo(np.float32).eps
    1.1920928955078125e-07
    """
    return FloatInfo(dtype_of(type))


def iinfo(type: Any, /) -> Any:
    """The limits of a dtype of whole numbers.

    >>> iinfo(np.int8).max
    127
    """
    return np.iinfo(dtype_of(type))


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a dtype is of a kind: "bool", "integral", "real floating", …, another dtype, or one of several.

    >>> isdtype(np.dtype("float32"), "real floating")
    True
    """
    return bool(np.isdtype(np.dtype(dtype) if not isinstance(dtype, np.dtype) else dtype, kind))


def result_type(*arrays_and_dtypes: Any) -> Any:
    """The dtype that an operation on all of these gives; Python numbers follow the others.

    >>> result_type(np.int8, np.float32)
    dtype('float32')
    """
    return np.result_type(*[x.dtype if isinstance(x, Array) else x for x in arrays_and_dtypes])


def can_cast(from_: Any, to: Any, casting: str = "safe") -> bool:
    """Whether nothing is lost from one dtype to the other.

    >>> can_cast(np.float64, np.float32)
    False
    """
    return bool(np.can_cast(dtype_of(from_), dtype_of(to), casting))  # type: ignore[arg-type]


def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    """The array in another dtype.

    >>> astype(np.asarray([1.7]), np.int64)
    array([1])
    """
    if is_traced(x):
        return x.astype(dtype)
    value = np.asarray(bare(x))
    made = value.astype(dtype, copy=copy)
    return x if made is value and type(x) is Array else wrapped(made)
