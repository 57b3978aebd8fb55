"""Slices along an axis, taken from places that are numbers of the run, and put there: set, or added to what is there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, operation
from ..core.types import Type
from ..errors import ShapeError, ValueError
from . import batched
from . import samples as s
from .axes import axis_of
from .compare import equal, logical_and, logical_not, where
from .index import live
from .shape import reshape

__all__ = ["gather", "scatter", "scatter_add"]


def within(op: str, i: Any, n: int) -> Any:
    """Indices as numbers from 0; ValueError for one that is outside."""
    if np.size(i) and (np.min(i) < -n or np.max(i) >= n):
        wrong = np.ravel(i)[np.argmax(np.ravel((np.asarray(i) < -n) | (np.asarray(i) >= n)))]
        raise ValueError(f"{op}: there is no index {wrong} along an axis of size {n}: use -{n} to {n - 1}" if n else
                         f"{op}: there is no index {wrong} along an axis of size 0")  # fmt: skip
    return np.where(i < 0, np.asarray(i, np.int64) + n, i).astype(np.int64)


def gather_type(x: Type, i: Type, axis: int = 0) -> Type:
    a = axis_of("gather", x, axis)
    return x.with_shape(x.shape[:a] + i.shape + x.shape[a + 1 :])


gather: Op = operation(
    "gather", "x i",
    doc="The slices of x at the indices i along one axis; negative indices count from the end.",
    words="choice rule: each slice of the gradient is added where it was taken from",
    paper=lambda x, i, axis=0: m.index(x, *[":"] * axis, i) if axis >= 0 else m.index(x, "…", i, *[":"] * (-1 - axis)),
    kind="index",
    integers=(1,),
    attrs={"axis": 0},
    type=gather_type,
    value=lambda x, i, axis=0: np.take(x, within("gather", i, x.shape[axis]), axis=axis),
    vjp=(lambda g, z, x, i, axis=0: scatter_add(g, i, size=x.shape[axis], axis=axis % x.ndim), None),
    linear=(0,),
    mask=lambda k, mask, z, x, i, axis=0: scatter_add(live(mask, z), i, size=x.shape[axis], axis=axis % x.ndim),
    chooses=True,
    analytic=True,
    batch=batched.gathered,
    cases=[
        Case([1.5, 2.5, 3.5], [2, 0, 2], gives=[3.5, 1.5, 3.5], grads=[[1.0, 0.0, 2.0], None]),
        Case(s.MATRIX, [[0, -1], [1, 1]], axis=-1),
        Case(s.TENSOR, 2, axis=1),
        Case(s.MATRIX, np.zeros(0, int), axis=1, gives=np.zeros((2, 0))),
        Case(s.MATRIX, [0], axis=2, raises="gather: there is no axis 2: Matrix Float64 (2, 3) has 2 axes"),
        Case(s.MATRIX, [0, 2], raises="gather: there is no index 2 along an axis of size 2: use -2 to 1"),
        Case(s.MATRIX, [0.5], raises="gather: i must be whole numbers, and it is Vector Float64 (1,)"),
    ],
)  # fmt: skip


def fits_indices(op: str, y: Type, i: Type, axis: int) -> None:
    if y.shape[axis : axis + i.rank] != i.shape:
        raise ShapeError(
            f"{op}: {y} {y.shape} has no slice for each index of {i} {i.shape}: from axis {axis} on its sizes must be {i.shape}"
        )


def scatter_add_type(y: Type, i: Type, size: int = 0, axis: int = 0) -> Type:
    if not 0 <= axis <= y.rank - i.rank:
        raise ShapeError(f"scatter_add: there is no axis {axis} for {i} {i.shape}: {y} {y.shape} has {y.rank} axes")
    fits_indices("scatter_add", y, i, axis)
    return y.with_shape((*y.shape[:axis], size, *y.shape[axis + i.rank :]))


def scatter_add_value(y: Any, i: Any, size: int = 0, axis: int = 0) -> Any:
    rank = np.ndim(i)
    before, after = y.shape[:axis], y.shape[axis + rank :]
    z = np.zeros((size, *before, *after), y.dtype)
    slices = np.moveaxis(y.reshape((*before, -1, *after)) if y.size else np.zeros((*before, np.size(i), *after), y.dtype), axis, 0)
    np.add.at(z, within("scatter_add", i, size).reshape(-1), slices)
    return np.moveaxis(z, 0, axis)


scatter_add: Op = operation(
    "scatter_add", "y i",
    doc="Zeros of a size along one axis, with each slice of y added at its index; truth values are joined by or.",
    words="choice rule: each slice gets the gradient that stands at its index",
    kind="index",
    integers=(1,),
    attrs={"size": 0, "axis": 0},
    type=scatter_add_type,
    value=scatter_add_value,
    vjp=(lambda g, z, y, i, size=0, axis=0: gather(g, i, axis=axis), None),
    linear=(0,),
    mask=lambda k, mask, z, y, i, size=0, axis=0: None if mask is None else gather(mask, i, axis=axis),
    fills=True,
    analytic=True,
    batch=batched.scattered,
    cases=[
        Case([1.0, 2.0, 4.0], [0, 2, 0], size=4, gives=[5.0, 0.0, 2.0, 0.0], grads=[[1.0, 1.0, 1.0], None]),
        Case(s.MATRIX, [1, 1, -1], size=3, axis=1),
        Case(s.TENSOR, [[0, 1, 0], [1, 1, 3]], size=4),
        Case(s.ROW, 1, size=2, gives=[[0.0, 0.0, 0.0], [1.6, -0.9, 0.35]]),
        Case(s.ROW, [0, 1], size=2, raises="scatter_add: Vector Float64 (3,) has no slice for each index of Vector Int64 (2,): "
             "from axis 0 on its sizes must be (2,)"),
        Case(s.ROW, [0, 1, 2], size=2, axis=1, raises="scatter_add: there is no axis 1 for Vector Int64 (3,): "
             "Vector Float64 (3,) has 1 axes"),
        Case(s.ROW, [0, 1, 2], size=2, raises="scatter_add: there is no index 2 along an axis of size 2: use -2 to 1"),
    ],
)  # fmt: skip


def scatter_type(x: Type, i: Type, y: Type, axis: int = 0, mode: str = "set") -> Type:
    a = axis_of("scatter", x, axis)
    if mode not in ("set", "add"):
        raise ValueError(f"scatter: mode is 'set' or 'add', and not {mode!r}")
    wanted = x.shape[:a] + i.shape + x.shape[a + 1 :]
    if y.shape != wanted:
        raise ShapeError(f"scatter: y must have shape {wanted}, a slice of x for each index, and it is {y} {y.shape}")
    return Type(np.result_type(x.dtype, y.dtype), x.shape)


def scatter_value(x: Any, i: Any, y: Any, axis: int = 0, mode: str = "set") -> Any:
    z = x.astype(np.result_type(x, y))
    a = axis % x.ndim
    places = within("scatter", i, x.shape[a]).reshape(-1)
    slices = np.moveaxis(np.reshape(y, (*x.shape[:a], places.size, *x.shape[a + 1 :])), a, 0)
    front = np.moveaxis(z, a, 0)
    if mode == "add":
        np.add.at(front, places, slices)
    else:
        front[places] = slices
    return z


def moved(t: Any, x: Any) -> Any:
    """The tangent of an operand, zero where it does not move."""
    return np.zeros(x.shape, x.dtype) if t is None else t


def kept(z: Any, i: Any, axis: int) -> Any:
    """Where x shows through: at the places that no index names."""
    ones = np.ones((*z.shape[:axis], *i.shape, *z.shape[axis + 1 :]), bool)
    return logical_not(scatter_add(ones, i, size=z.shape[axis], axis=axis))


def last(z: Any, i: Any, y: Any, axis: int) -> Any:
    """Which slices of y were not overwritten by a later one with the same index."""
    order = np.arange(i.size).reshape(i.shape)
    final = scatter(np.full(z.shape[axis], -1), i, order)
    return reshape(equal(gather(final, i), order), shape=i.shape + (1,) * (y.ndim - axis - i.ndim))


def scatter_vjp_x(g: Any, z: Any, x: Any, i: Any, y: Any, axis: int = 0, mode: str = "set") -> Any:
    return g if mode == "add" else where(kept(z, i, axis % x.ndim), g, 0.0)


def scatter_vjp_y(g: Any, z: Any, x: Any, i: Any, y: Any, axis: int = 0, mode: str = "set") -> Any:
    slices = gather(g, i, axis=axis)
    return slices if mode == "add" or i.size < 2 else where(last(z, i, y, axis % x.ndim), slices, 0.0)


def scatter_mask(k: int, mask: Any, z: Any, x: Any, i: Any, y: Any, axis: int = 0, mode: str = "set") -> Any:
    if k == 0:
        own = live(None, z) if mode == "add" else kept(z, i, axis % x.ndim)
        return own if mask is None else logical_and(mask, own)
    above = gather(live(mask, z), i, axis=axis)
    return above if mode == "add" or i.size < 2 else logical_and(above, last(z, i, y, axis % x.ndim))


scatter: Op = operation(
    "scatter", "x i y",
    doc="x with slices of y set, or added, at the indices i along one axis; where an index comes twice, the last one is set.",
    words="choice rule: to y where its slices stand, to x where nothing was set over it",
    kind="index",
    integers=(1,),
    attrs={"axis": 0, "mode": "set"},
    type=scatter_type,
    value=scatter_value,
    vjp=(scatter_vjp_x, None, scatter_vjp_y),
    jvp=lambda ts, z, x, i, y, **attrs: scatter(moved(ts[0], x), i, moved(ts[2], y), **attrs),
    mask=scatter_mask,
    chooses=True,
    analytic=True,
    batch=batched.put,
    cases=[
        Case([1.0, 2.0, 3.0], [2, 0], [7.0, 8.0], gives=[8.0, 2.0, 7.0], grads=[[0.0, 1.0, 0.0], None, [1.0, 1.0]]),
        Case([1.0, 2.0, 3.0], [1, 1], [7.0, 8.0], gives=[1.0, 8.0, 3.0], grads=[[1.0, 0.0, 1.0], None, [0.0, 1.0]],
             note="the last one is set"),
        Case([1.0, 2.0, 3.0], [1, 1], [7.0, 8.0], mode="add", gives=[1.0, 17.0, 3.0], grads=[[1.0, 1.0, 1.0], None, [1.0, 1.0]]),
        Case(s.TENSOR, [[1, 0]], s.TENSOR[:, :2, None, ::-1].transpose(0, 2, 1, 3), axis=1),
        Case(s.MATRIX, -1, s.VECTOR[:2], axis=-1),
        Case(s.MATRIX, [0], s.ROW, raises="scatter: y must have shape (1, 3), a slice of x for each index, and it is Vector Float64 (3,)"),
        Case(s.ROW, [3], [1.0], raises="scatter: there is no index 3 along an axis of size 3: use -3 to 2"),
        Case(s.ROW, [0], [1.0], mode="max", raises="scatter: mode is 'set' or 'add', and not 'max'"),
    ],
)  # fmt: skip
