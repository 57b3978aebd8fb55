"""What kind of numbers a node holds, and in which shape.

A `Type` is interned: there is one object for every (dtype, shape), so comparing and hashing types costs what comparing
two addresses costs. That matters because every operation that is recorded looks its result type up in a table.
The printed form is the one of the pictures: `Float64`, `Vector Float64`, `Matrix Bool`, `Tensor-3 Float32`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Final, final

import numpy as np

__all__ = ["TupleType", "Type", "broadcast_shapes", "dtype_name", "type_of"]

KINDS: Final = {"f": "Float", "i": "Int", "u": "UInt", "c": "Complex"}


def dtype_name(dtype: np.dtype[Any]) -> str:
    """The printed name of a dtype: `Float64`, `Int32`, `Bool`, `Complex128`."""
    if dtype.kind == "b":
        return "Bool"
    return f"{KINDS.get(dtype.kind, dtype.kind)}{dtype.itemsize * 8}"


@final
class Type:
    """The dtype and the shape of one value.

    >>> print(Type("float64", (3, 4)), Type("bool", ()))
    Matrix Float64 Bool
    >>> Type("float32", (5,)) is Type("float32", [5])
    True
    """

    __slots__ = ("dtype", "is_float", "nbytes", "rank", "shape", "size")
    known: ClassVar[dict[tuple[Any, tuple[int, ...]], Type]] = {}

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    rank: int
    size: int
    nbytes: int
    is_float: bool

    def __new__(cls, dtype: Any, shape: Sequence[int] = ()) -> Type:
        key = (dtype, shape) if type(shape) is tuple else (dtype, tuple(shape))
        try:
            found = cls.known.get(key)
        except TypeError:
            found, key = None, (np.dtype(dtype), key[1])
        if found is not None:
            return found
        true = np.dtype(dtype)
        dims = tuple(int(n) for n in key[1])
        found = cls.known.get((true, dims))
        if found is None:
            found = object.__new__(cls)
            size = 1
            for n in dims:
                size *= n
            for name, value in (
                ("dtype", true),
                ("shape", dims),
                ("rank", len(dims)),
                ("size", size),
                ("nbytes", size * true.itemsize),
                ("is_float", true.kind in "fc"),
            ):
                object.__setattr__(found, name, value)
            cls.known[(true, dims)] = found
        cls.known[key] = found
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a Type does not change: make another one, Type(dtype, shape), instead of setting {name!r}")

    def __str__(self) -> str:
        name = dtype_name(self.dtype)
        if self.rank == 0:
            return name
        if self.rank == 1:
            return f"Vector {name}"
        if self.rank == 2:
            return f"Matrix {name}"
        return f"Tensor-{self.rank} {name}"

    def __repr__(self) -> str:
        return f"Type({self.dtype.name!r}, {self.shape})"

    def __copy__(self) -> Type:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Type:
        return self

    def with_shape(self, shape: Sequence[int]) -> Type:
        """The same dtype in another shape."""
        return Type(self.dtype, tuple(shape))

    def with_dtype(self, dtype: Any) -> Type:
        """The same shape with another dtype."""
        return Type(dtype, self.shape)


@final
class TupleType:
    """The type of a node with several outputs; an `item` node picks one of them.

    >>> print(TupleType((Type("float64", (3,)), Type("int64", (3,)))))
    (Vector Float64, Vector Int64)
    """

    __slots__ = ("types",)

    def __init__(self, types: Sequence[Type]) -> None:
        self.types = tuple(types)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TupleType) and self.types == other.types

    def __hash__(self) -> int:
        return hash(self.types)

    def __str__(self) -> str:
        return "(" + ", ".join(str(t) for t in self.types) + ")"

    def __repr__(self) -> str:
        return f"TupleType({self.types!r})"


def type_of(value: Any) -> Type:
    """The type of a NumPy value, a Python number or nested lists.

    >>> type_of([[1.0, 2.0]])
    Type('float64', (1, 2))
    """
    kind = type(value)
    if kind is float:
        return Type("float64", ())
    if isinstance(value, (np.ndarray, np.generic)):
        return Type(value.dtype, value.shape)
    array = np.asarray(value)
    return Type(array.dtype, array.shape)


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The shape that all the shapes stretch to, or None where two of them disagree."""
    first = shapes[0]
    if all(shape == first for shape in shapes):
        return first
    rank = max(len(shape) for shape in shapes)
    out = []
    for axis in range(-rank, 0):
        sizes = {shape[axis] for shape in shapes if len(shape) >= -axis}
        sizes.discard(1)
        if len(sizes) > 1:
            return None
        out.append(sizes.pop() if sizes else 1)
    return tuple(out)
