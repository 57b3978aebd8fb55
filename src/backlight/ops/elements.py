"""Single elements along an axis, taken from places that are numbers of the run, and added up there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import Type
from ..errors import ShapeError
from . import batched
from . import samples as s
from .axes import axis_of
from .index import live
from .slices import within

__all__ = ["add_along_axis", "take_along_axis"]


def beside(op: str, x: Type, i: Type, axis: int) -> int:
    """The axis that x and i may differ in; everything else must be the same."""
    a = axis_of(op, x, axis)
    if x.shape[:a] + x.shape[a + 1 :] != i.shape[:a] + i.shape[a + 1 :] or x.rank != i.rank:
        raise ShapeError(f"{op}: {x} {x.shape} and {i} {i.shape} may differ in size along axis {axis} only")
    return a


def take_type(x: Type, i: Type, axis: int = -1) -> Type:
    beside("take_along_axis", x, i, axis)
    return x.with_shape(i.shape)


take_along_axis: Op = operation(
    "take_along_axis", "x i",
    doc="For each index the element of x that stands there along one axis; i has the shape of x but for that axis.",
    words="choice rule: each gradient is added where its element was taken from",
    kind="index",
    integers=(1,),
    attrs={"axis": -1},
    type=take_type,
    value=lambda x, i, axis=-1: np.take_along_axis(x, within("take_along_axis", i, x.shape[axis]), axis),
    vjp=(lambda g, z, x, i, axis=-1: add_along_axis(g, i, size=x.shape[axis], axis=axis), None),
    linear=(0,),
    mask=lambda k, mask, z, x, i, axis=-1: add_along_axis(live(mask, z), i, size=x.shape[axis], axis=axis),
    chooses=True,
    analytic=True,
    batch=batched.along_axes("take_along_axis"),
    cases=[
        Case([1.5, 2.5, 3.5], [1, 1], gives=[2.5, 2.5], grads=[[0.0, 2.0, 0.0], None]),
        Case(s.MATRIX, [[2, -3], [1, 1]]),
        Case(s.MATRIX, [[1, 0, 1]], axis=0),
        Case(s.MATRIX, [0, 1], raises="take_along_axis: Matrix Float64 (2, 3) and Vector Int64 (2,) may differ in size along axis -1 only"),
        Case(s.ROW, [3], raises="take_along_axis: there is no index 3 along an axis of size 3: use -3 to 2"),
    ],
)  # fmt: skip


def add_along_type(y: Type, i: Type, size: int = 0, axis: int = -1) -> Type:
    a = beside("add_along_axis", y, i, axis)
    if y.shape != i.shape:
        raise ShapeError(f"add_along_axis: {y} {y.shape} and its indices {i} {i.shape} must have one shape")
    return y.with_shape((*y.shape[:a], size, *y.shape[a + 1 :]))


def add_along_value(y: Any, i: Any, size: int = 0, axis: int = -1) -> Any:
    a = axis % y.ndim
    z = np.zeros((*y.shape[:a], size, *y.shape[a + 1 :]), y.dtype)
    grid: list[Any] = list(np.indices(y.shape, sparse=True))
    grid[a] = within("add_along_axis", i, size)
    np.add.at(z, tuple(grid), y)
    return z


add_along_axis: Op = operation(
    "add_along_axis", "y i",
    doc="Zeros of a size along one axis, with each element of y added at its index; truth values are joined by or.",
    words="choice rule: each element gets the gradient that stands at its index",
    kind="index",
    integers=(1,),
    attrs={"size": 0, "axis": -1},
    type=add_along_type,
    value=add_along_value,
    vjp=(lambda g, z, y, i, size=0, axis=-1: take_along_axis(g, i, axis=axis), None),
    linear=(0,),
    mask=lambda k, mask, z, y, i, size=0, axis=-1: None if mask is None else take_along_axis(mask, i, axis=axis),
    fills=True,
    analytic=True,
    batch=batched.along_axes("add_along_axis"),
    cases=[
        Case([1.0, 2.0, 4.0], [0, 2, 0], size=4, gives=[5.0, 0.0, 2.0, 0.0], grads=[[1.0, 1.0, 1.0], None]),
        Case(s.MATRIX, [[1, 0, 1], [0, 0, -1]], size=3, axis=0),
        Case(s.ROW, [0, 1], size=2, raises="add_along_axis: Vector Float64 (3,) and its indices Vector Int64 (2,) must have one shape"),
        Case(s.ROW, [0, 1, 2], size=2, raises="add_along_axis: there is no index 2 along an axis of size 2: use -2 to 1"),
    ],
)  # fmt: skip
