"""The same numbers in another arrangement, or of another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, operation
from ..core.table import TABLE
from ..core.types import Type, broadcast_shapes
from ..errors import DTypeError, ShapeError
from . import batched
from . import samples as s
from .axes import Axis, axes_of, axis_of

__all__ = [
    "broadcast_to", "cast", "expand_dims", "flatten", "moveaxis", "permute", "reshape", "squeeze", "sum_to", "swapaxes", "transpose",
]  # fmt: skip


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
    climb=lambda ts, x, shape=(): broadcast_to(ts[0], shape=shape),
    analytic=True,
    batch=batched.stretched,
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
    climb=lambda ts, x, shape=(): sum_to(ts[0], shape=shape),
    analytic=True,
    batch=batched.summed,
    cases=[Case(s.MATRIX, shape=(3,)), Case(s.MATRIX, shape=(2, 1)), Case(s.MATRIX, shape=()), Case(s.MATRIX, shape=(5,), raises="sum_to: cannot sum Matrix Float64 (2, 3) to (5,), which does not stretch to it")],
)  # fmt: skip


def reshape_type(x: Type, shape: int | tuple[int, ...] = ()) -> Type:
    dims = shape if isinstance(shape, tuple) else (shape,)
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
    analytic=True,
    batch=batched.flattened(reshape_type),
    cases=[Case(s.MATRIX, shape=(3, 2)), Case(s.MATRIX, shape=-1), Case(np.zeros((0, 2)), shape=(3, 0)), Case(s.MATRIX, shape=(4, 2), raises="reshape: Matrix Float64 (2, 3) has 6 numbers, which do not fill (4, 2)")],
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
    analytic=True,
    batch=batched.transposed,
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
    analytic=True,
    batch=batched.permuted,
    cases=[
        Case(s.TENSOR, axes=(2, 0, 1)),
        Case(s.MATRIX, axes=(-1, 0)),
        Case(s.MATRIX, axes=(0, 0), raises="permute: (0, 0) does not name each of the 2 axes of Matrix Float64 (2, 3) once"),
    ],
)  # fmt: skip


def back(k: int, mask: Any, z: Any, x: Any, **attrs: Any) -> Any:
    """The live mask in the shape of the operand."""
    return None if mask is None else reshape(mask, shape=x.shape)


def squeeze_type(x: Type, axis: Axis = None) -> Type:
    axes = axes_of("squeeze", x, axis) if axis is not None else tuple(k for k, n in enumerate(x.shape) if n == 1)
    for k in axes:
        if x.shape[k] != 1:
            raise ShapeError(f"squeeze: axis {k} of {x} {x.shape} has size {x.shape[k]}, and only size 1 can be left out")
    return x.with_shape(tuple(n for k, n in enumerate(x.shape) if k not in axes))


squeeze: Op = operation(
    "squeeze", "x",
    doc="Without the axes of size 1, all of them or those named.",
    words="the gradient takes the old shape back",
    kind="shape",
    attrs={"axis": None},
    type=squeeze_type,
    value=lambda x, axis=None: np.squeeze(x, axis),
    vjp=lambda g, z, x, axis=None: reshape(g, shape=x.shape),
    linear=(0,),
    mask=back,
    inside=lambda x, axis=None: reshape(x, shape=squeeze_type(x.type, axis).shape),
    analytic=True,
    batch=batched.flattened(squeeze_type),
    cases=[
        Case(s.ROW[None, :, None], gives=s.ROW),
        Case(s.ROW[None, :, None], axis=-1),
        Case(s.ROW[None, :, None], axis=(0, 2)),
        Case(s.MATRIX, axis=0, raises="squeeze: axis 0 of Matrix Float64 (2, 3) has size 2, and only size 1 can be left out"),
        Case(s.MATRIX, axis=2, raises="squeeze: there is no axis 2: Matrix Float64 (2, 3) has 2 axes"),
    ],
)  # fmt: skip


def expand_type(x: Type, axis: int | tuple[int, ...] = 0) -> Type:
    count = 1 if isinstance(axis, int) else len(axis)
    new = axes_of("expand_dims", x.with_shape((1,) * (x.rank + count)), axis)
    old = iter(x.shape)
    return x.with_shape(tuple(1 if k in new else next(old) for k in range(x.rank + count)))


expand_dims: Op = operation(
    "expand_dims", "x",
    doc="With a new axis of size 1 at each of the places named, as they are counted in the result.",
    words="the gradient takes the old shape back",
    kind="shape",
    attrs={"axis": 0},
    type=expand_type,
    value=lambda x, axis=0: np.expand_dims(x, axis),
    vjp=lambda g, z, x, axis=0: reshape(g, shape=x.shape),
    linear=(0,),
    mask=back,
    inside=lambda x, axis=0: reshape(x, shape=expand_type(x.type, axis).shape),
    analytic=True,
    batch=batched.flattened(expand_type),
    cases=[
        Case(s.ROW, axis=-1, gives=s.ROW[:, None]),
        Case(s.MATRIX, axis=(0, 2)),
        Case(1.5, gives=[1.5]),
        Case(s.ROW, axis=3, raises="expand_dims: there is no axis 3: Matrix Float64 (1, 1) has 2 axes"),
    ],
)  # fmt: skip


def flatten_type(x: Type, start: int = 0) -> Type:
    first = axis_of("flatten", x, start) if x.rank else 0
    last = 1
    for n in x.shape[first:]:
        last *= n
    return x.with_shape((*x.shape[:first], last))


flatten: Op = operation(
    "flatten", "x",
    doc="All axes, or those from one on, laid out as a single one.",
    words="the gradient takes the old shape back",
    kind="shape",
    attrs={"start": 0},
    type=flatten_type,
    value=lambda x, start=0: np.reshape(x, flatten_type(Type(x.dtype, x.shape), start).shape),
    vjp=lambda g, z, x, start=0: reshape(g, shape=x.shape),
    linear=(0,),
    mask=back,
    inside=lambda x, start=0: reshape(x, shape=flatten_type(x.type, start).shape),
    analytic=True,
    batch=batched.flattened(flatten_type),
    cases=[
        Case(s.MATRIX),
        Case(s.TENSOR, start=1),
        Case(2.0, gives=[2.0]),
        Case(s.ROW, start=1, raises="flatten: there is no axis 1: Vector Float64 (3,) has 1 axes"),
    ],
)  # fmt: skip


def exchanged(x: Type, first: int, second: int) -> tuple[int, ...]:
    """The order of axes with two of them exchanged."""
    order = list(range(x.rank))
    a, b = axis_of("swapaxes", x, first), axis_of("swapaxes", x, second)
    order[a], order[b] = b, a
    return tuple(order)


swapaxes: Op = operation(
    "swapaxes", "x",
    doc="Two axes exchanged; the last two unless others are named.",
    words="the gradient's axes are exchanged back",
    kind="shape",
    attrs={"first": -2, "second": -1},
    type=lambda x, first=-2, second=-1: x.with_shape(tuple(x.shape[k] for k in exchanged(x, first, second))),
    value=lambda x, first=-2, second=-1: np.swapaxes(x, first, second),
    vjp=lambda g, z, x, first=-2, second=-1: swapaxes(g, first=first, second=second),
    linear=(0,),
    mask=lambda k, mask, z, x, first=-2, second=-1: None if mask is None else swapaxes(mask, first=first, second=second),
    inside=lambda x, first=-2, second=-1: permute(x, axes=exchanged(x.type, first, second)),
    analytic=True,
    batch=batched.swapped,
    cases=[
        Case(s.MATRIX, gives=s.MATRIX.T),
        Case(s.TENSOR, first=0, second=2),
        Case(s.ROW, raises="swapaxes: there is no axis -2: Vector Float64 (3,) has 1 axes"),
    ],
)  # fmt: skip


def moved_order(x: Type, source: int | tuple[int, ...], destination: int | tuple[int, ...]) -> tuple[int, ...]:
    """The order of axes with some of them moved elsewhere."""
    given = [(a,) if isinstance(a, int) else a for a in (source, destination)]
    if len(given[0]) != len(given[1]):
        raise ShapeError(f"moveaxis: source {source} and destination {destination} must name equally many axes")
    for axes in given:
        axes_of("moveaxis", x, axes)
    old, new = ([axis_of("moveaxis", x, a) for a in axes] for axes in given)
    order = [a for a in range(x.rank) if a not in old]
    for place, a in sorted(zip(new, old, strict=True)):
        order.insert(place, a)
    return tuple(order)


moveaxis: Op = operation(
    "moveaxis", "x",
    doc="One or more axes moved to other places; the others keep their order.",
    words="the gradient's axes are moved back",
    kind="shape",
    attrs={"source": 0, "destination": -1},
    type=lambda x, source=0, destination=-1: x.with_shape(tuple(x.shape[k] for k in moved_order(x, source, destination))),
    value=lambda x, source=0, destination=-1: np.moveaxis(x, source, destination),
    vjp=lambda g, z, x, source=0, destination=-1: moveaxis(g, source=destination, destination=source),
    linear=(0,),
    mask=lambda k, mask, z, x, source=0, destination=-1: None if mask is None else moveaxis(mask, source=destination, destination=source),
    inside=lambda x, source=0, destination=-1: permute(x, axes=moved_order(x.type, source, destination)),
    analytic=True,
    batch=batched.moved,
    cases=[
        Case(s.TENSOR),
        Case(s.TENSOR, source=(0, 1), destination=(-1, 0)),
        Case(s.TENSOR, source=(0, 1), destination=0, raises="moveaxis: source (0, 1) and destination 0 must name equally many axes"),
        Case(s.ROW, source=1, raises="moveaxis: there is no axis 1: Vector Float64 (3,) has 1 axes"),
        Case(s.TENSOR, source=(0, -3), destination=(0, 1), raises="moveaxis: an axis is named twice in (0, -3)"),
    ],
)  # fmt: skip


def cast_type(x: Type, dtype: str = "float64") -> Type:
    found = x.with_dtype(dtype)
    if x.dtype.kind == "c" and found.dtype.kind not in "cb":
        raise DTypeError(f"cast: {found} cannot hold {x} {x.shape}: take its real part, its imag part or its abs first")
    return found


def cast_vjp(g: Any, z: Any, x: Any, dtype: str = "float64") -> Any:
    """Back in the old dtype; only the real part moves a real number."""
    return cast(TABLE["real"](g) if g.dtype.kind == "c" and x.dtype.kind != "c" else g, dtype=x.dtype.name)


cast: Op = operation(
    "cast", "x",
    doc="The same numbers in another dtype, rounded to what it can hold.",
    words="the gradient takes the old dtype back",
    kind="shape",
    attrs={"dtype": "float64"},
    type=cast_type,
    value=lambda x, dtype="float64": np.asarray(x).astype(dtype)[()],
    vjp=cast_vjp,
    linear=(0,),
    mask=lambda k, m, z, x, dtype="float64": m,
    batch=batched.stacked_matrices("cast"),
    cases=[Case(s.MATRIX, dtype="float32", gives=s.MATRIX.astype("float32"), smooth=False), Case([1, 2], dtype="float64"), Case(s.MATRIX, dtype="float64", gives=s.MATRIX),
        Case([1j], dtype="float64", raises="cast: Vector Float64 cannot hold Vector Complex128 (1,): take its real part, its imag part or its abs first"),
    ],
)  # fmt: skip
