"""The same numbers in another arrangement, or of another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, operation
from ..core.types import Type, broadcast_shapes
from ..errors import ShapeError
from . import samples as s

__all__ = ["broadcast_to", "cast", "permute", "reshape", "sum_to", "transpose"]


def broadcast_type(x: Type, shape: tuple[int, ...] = ()) -> Type:
    if broadcast_shapes(x.shape, shape) != shape:
        raise ShapeError(f"broadcast_to: cannot stretch {x} {x.shape} to {shape}")
    return x.with_shape(shape)


broadcast_to: Op = operation(
    "broadcast_to", "x",
    doc="The same numbers repeated along new axes and axes of size 1.",
    words="copies: the gradients of all copies are summed",
    kind="linear",
    attrs={"shape": ()},
    type=broadcast_type,
    value=lambda x, shape=(): np.broadcast_to(x, shape),
    vjp=lambda g, z, x, shape=(): sum_to(g, shape=x.shape),
    linear=(0,),
    mask=lambda k, m, z, x, shape=(): None if m is None else sum_to(cast(m, dtype="float64"), shape=x.shape) > 0.0,
    cases=[Case(1.5, shape=(2, 3)), Case(s.ROW, shape=(2, 3)), Case(s.ROW, shape=(2, 4), raises="broadcast_to: cannot stretch Vector Float64 (3,) to (2, 4)")],
)  # fmt: skip


def sum_to_type(x: Type, shape: tuple[int, ...] = ()) -> Type:
    if broadcast_shapes(x.shape, shape) != x.shape:
        raise ShapeError(f"sum_to: cannot sum {x} {x.shape} to {shape}, which does not stretch to it")
    return x.with_shape(shape)


def sum_to_value(x: Any, shape: tuple[int, ...] = ()) -> Any:
    lead = x.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1 and x.shape[i + lead] != 1)
    return np.reshape(np.sum(x, axis=axes, dtype=x.dtype), shape)[()]


sum_to: Op = operation(
    "sum_to", "x",
    doc="Sum over the axes that stretching to this shape would have repeated: undoes a broadcast.",
    words="sum rule: every summand gets the gradient",
    kind="linear",
    glyph="Σ",
    attrs={"shape": ()},
    type=sum_to_type,
    value=sum_to_value,
    vjp=lambda g, z, x, shape=(): broadcast_to(g, shape=x.shape),
    linear=(0,),
    mask=lambda k, m, z, x, shape=(): None if m is None else broadcast_to(m, shape=x.shape),
    cases=[Case(s.MATRIX, shape=(3,)), Case(s.MATRIX, shape=(2, 1)), Case(s.MATRIX, shape=()), Case(s.MATRIX, shape=(5,), raises="sum_to: cannot sum Matrix Float64 (2, 3) to (5,), which does not stretch to it")],
)  # fmt: skip


def reshape_type(x: Type, shape: tuple[int, ...] = ()) -> Type:
    dims = shape
    known = 1
    for n in dims:
        known *= n if n != -1 else 1
    if -1 in dims and known and x.size % known == 0 and dims.count(-1) == 1:
        dims = tuple(x.size // known if n == -1 else n for n in dims)
        known = x.size
    if known != x.size or -1 in dims:
        raise ShapeError(f"reshape: {x} {x.shape} has {x.size} numbers, which do not fill {shape}")
    return x.with_shape(dims)


reshape: Op = operation(
    "reshape", "x",
    doc="The same numbers, in the same order, in another shape; one size may be -1 and is worked out.",
    words="the gradient takes the old shape back",
    kind="shape",
    attrs={"shape": ()},
    type=reshape_type,
    value=lambda x, shape=(): np.reshape(x, shape),
    vjp=lambda g, z, x, shape=(): reshape(g, shape=x.shape),
    linear=(0,),
    mask=lambda k, m, z, x, shape=(): None if m is None else reshape(m, shape=x.shape),
    cases=[Case(s.MATRIX, shape=(3, 2)), Case(s.MATRIX, shape=(-1,)), Case(s.MATRIX, shape=(4, 2), raises="reshape: Matrix Float64 (2, 3) has 6 numbers, which do not fill (4, 2)")],
)  # fmt: skip

transpose: Op = operation(
    "transpose", "x",
    doc="The axes in reverse order.",
    words="the gradient is transposed back",
    kind="shape",
    glyph="ᵀ",
    paper=lambda x: m.postfix("ᵀ", x),
    type=lambda x: x.with_shape(x.shape[::-1]),
    value=np.transpose,
    vjp=lambda g, z, x: transpose(g),
    linear=(0,),
    mask=lambda k, m, z, x: None if m is None else transpose(m),
    cases=[Case(s.MATRIX), Case(s.ROW), Case(s.TENSOR)],
)  # fmt: skip


def permute_type(x: Type, axes: tuple[int, ...] = ()) -> Type:
    if sorted(a % x.rank if x.rank else a for a in axes) != list(range(x.rank)):
        raise ShapeError(f"permute: {axes} does not name each of the {x.rank} axes of {x} {x.shape} once")
    return x.with_shape(tuple(x.shape[a] for a in axes))


def unpermuted(axes: tuple[int, ...]) -> tuple[int, ...]:
    n = len(axes)
    back = [0] * n
    for i, a in enumerate(axes):
        back[a % n] = i
    return tuple(back)


permute: Op = operation(
    "permute", "x",
    doc="The axes in another order.",
    words="the gradient's axes are put back",
    kind="shape",
    attrs={"axes": ()},
    type=permute_type,
    value=lambda x, axes=(): np.transpose(x, axes),
    vjp=lambda g, z, x, axes=(): permute(g, axes=unpermuted(axes)),
    linear=(0,),
    mask=lambda k, m, z, x, axes=(): None if m is None else permute(m, axes=unpermuted(axes)),
    cases=[
        Case(s.TENSOR, axes=(2, 0, 1)),
        Case(s.MATRIX, axes=(-1, 0)),
        Case(s.MATRIX, axes=(0, 0), raises="permute: (0, 0) does not name each of the 2 axes of Matrix Float64 (2, 3) once"),
    ],
)  # fmt: skip


def cast_vjp(g: Any, z: Any, x: Any, dtype: str = "float64") -> Any:
    return cast(g, dtype=x.dtype.name)


cast: Op = operation(
    "cast", "x",
    doc="The same numbers in another dtype, rounded to what it can hold.",
    words="the gradient takes the old dtype back",
    kind="shape",
    attrs={"dtype": "float64"},
    type=lambda x, dtype="float64": x.with_dtype(dtype),
    value=lambda x, dtype="float64": np.asarray(x).astype(dtype)[()],
    vjp=cast_vjp,
    linear=(0,),
    mask=lambda k, m, z, x, dtype="float64": m,
    cases=[Case(s.MATRIX, dtype="float32", gives=s.MATRIX.astype("float32"), smooth=False), Case([1, 2], dtype="float64"), Case(s.MATRIX, dtype="float64", gives=s.MATRIX)],
)  # fmt: skip
