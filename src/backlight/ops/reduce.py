"""Many numbers to few: sums and their kin along axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import Type
from . import samples as s
from .axes import Axis, axes_of
from .linear import conjugate
from .running import cumprod
from .shape import broadcast_to, permute, reshape, unpermuted

__all__ = ["all", "any", "count_nonzero", "mean", "prod", "sum"]

def kept_shape(x: Type, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with the reduced axes kept as size 1."""
    return tuple(1 if i in axes else n for i, n in enumerate(x.shape))


def reduced(op: str, x: Type, axis: Axis, keepdims: bool) -> Type:
    """The type after a reduction."""
    axes = axes_of(op, x, axis)
    return x.with_shape(kept_shape(x, axes) if keepdims else tuple(n for i, n in enumerate(x.shape) if i not in axes))


def spread(op: str, g: Any, x: Any, axis: Axis) -> Any:
    """A reduced array stretched back over the axes that were reduced."""
    kept = kept_shape(x.type, axes_of(op, x.type, axis))
    return broadcast_to(g if g.shape == kept else reshape(g, shape=kept), shape=x.shape)


def merged(op: str, x: Any, axis: Axis) -> Any:
    """The reduced axes laid out as one, the last."""
    axes = axes_of(op, x.type, axis)
    rest = tuple(k for k in range(x.ndim) if k not in axes)
    order = (*rest, *axes)
    size = math.prod(x.shape[k] for k in axes)
    y = x if order == tuple(range(x.ndim)) else permute(x, axes=order)
    return y if len(axes) == 1 else reshape(y, shape=(*(x.shape[k] for k in rest), size))


def unmerged(op: str, y: Any, x: Any, axis: Axis) -> Any:
    """What `merged` did, undone."""
    axes = axes_of(op, x.type, axis)
    order = (*(k for k in range(x.ndim) if k not in axes), *axes)
    apart = y if len(axes) == 1 else reshape(y, shape=tuple(x.shape[k] for k in order))
    return apart if order == tuple(range(x.ndim)) else permute(apart, axes=unpermuted(order))


def float_type(x: Type) -> Type:
    """Whole numbers and truth values become float64."""
    return x if x.is_float else x.with_dtype("float64")


def sum_value(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    return np.sum(x, axis=axis, keepdims=keepdims, dtype=None if x.dtype.kind in "b" else x.dtype)


def sum_type(x: Type, axis: Axis = None, keepdims: bool = False) -> Type:
    found = reduced("sum", x, axis, keepdims)
    return found.with_dtype("int64") if x.dtype.kind == "b" else found


sum: Op = operation(
    "sum", "x",
    doc="Sum along one axis, several, or all.",
    words="sum rule: every summand gets the gradient",
    kind="reduce",
    glyph="Σ",
    attrs={"axis": None, "keepdims": False},
    type=sum_type,
    value=sum_value,
    vjp=lambda g, z, x, axis=None, keepdims=False: spread("sum", g, x, axis),
    linear=(0,),
    mask=lambda k, m, z, x, axis=None, keepdims=False: None if m is None else spread("sum", m, x, axis),
    analytic=True,
    cases=[
        Case(s.MATRIX, gives=0.4),
        Case(s.MATRIX, axis=0),
        Case(s.MATRIX, axis=-1, keepdims=True),
        Case(s.TENSOR, axis=(0, 2)),
        Case(s.MATRIX, axis=2, raises="sum: there is no axis 2: Matrix Float64 (2, 3) has 2 axes"),
    ],
)  # fmt: skip


def count_of(op: str, x: Type, axis: Axis) -> int:
    """How many numbers go into each result."""
    return math.prod(x.shape[k] for k in axes_of(op, x, axis))


def mean_value(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    kind = Type(x.dtype, x.shape)
    dtype = float_type(kind).dtype
    total = np.sum(x, axis=axis, keepdims=keepdims, dtype=np.float32 if dtype == np.float16 else dtype)  # where halves overflow
    found: Any = total / total.dtype.type(count_of("mean", kind, axis))
    return found[()].astype(dtype, copy=False)


mean: Op = operation(
    "mean", "x",
    doc="Arithmetic mean along one axis, several, or all; NaN of no numbers.",
    words="sum rule: each of the n numbers gets 1/n of the gradient",
    kind="reduce",
    attrs={"axis": None, "keepdims": False},
    type=lambda x, axis=None, keepdims=False: float_type(reduced("mean", x, axis, keepdims)),
    value=mean_value,
    vjp=lambda g, z, x, axis=None, keepdims=False: spread("mean", g / float(max(1, count_of("mean", x.type, axis))), x, axis),
    linear=(0,),
    mask=lambda k, mask, z, x, axis=None, keepdims=False: None if mask is None else spread("mean", mask, x, axis),
    inside=lambda x, axis=None, keepdims=False: sum(x, axis=axis, keepdims=keepdims) / float(count_of("mean", x.type, axis)),
    analytic=True,
    cases=[
        Case([1.0, 2.0, 6.0, 7.0], gives=4.0, grads=[[0.25, 0.25, 0.25, 0.25]]),
        Case(s.MATRIX, axis=0),
        Case(s.TENSOR, axis=(0, -1), keepdims=True),
        Case([1, 2], gives=1.5),
        Case(3.0, gives=3.0),
        Case(np.zeros((0, 2)), axis=0, gives=[np.nan, np.nan], smooth=False),
        Case(s.MATRIX, axis=2, raises="mean: there is no axis 2: Matrix Float64 (2, 3) has 2 axes"),
    ],
)  # fmt: skip


def prod_type(x: Type, axis: Axis = None, keepdims: bool = False) -> Type:
    found = reduced("prod", x, axis, keepdims)
    return found.with_dtype("int64") if x.dtype.kind == "b" else found


def prod_vjp(g: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Each number gets the product of the others: of those before it times those behind it, so no zero is divided by."""
    y = merged("prod", x, axis)
    others = cumprod(y, exclusive=True) * cumprod(y, exclusive=True, reverse=True)
    return spread("prod", g, x, axis) * conjugate(unmerged("prod", others, x, axis))


prod: Op = operation(
    "prod", "x",
    doc="Product along one axis, several, or all; its derivatives are exact with any number of zeros.",
    words="product rule: each factor gets the gradient times the product of the others",
    kind="reduce",
    glyph="Π",
    attrs={"axis": None, "keepdims": False},
    type=prod_type,
    value=lambda x, axis=None, keepdims=False: np.prod(x, axis=axis, keepdims=keepdims, dtype="int64" if x.dtype.kind == "b" else x.dtype),
    vjp=prod_vjp,
    mask=lambda k, mask, z, x, axis=None, keepdims=False: None if mask is None else spread("prod", mask, x, axis),
    analytic=True,
    cases=[
        Case([2.0, 3.0, 4.0], gives=24.0, grads=[[12.0, 8.0, 6.0]]),
        Case([0.0, 2.0, 3.0], gives=0.0, grads=[[6.0, 0.0, 0.0]], note="one zero"),
        Case([0.0, 2.0, 0.0], gives=0.0, grads=[[0.0, 0.0, 0.0]], note="two zeros"),
        Case([0.0, 0.0, 0.0], gives=0.0, grads=[[0.0, 0.0, 0.0]]),
        Case(s.MATRIX),
        Case(s.MATRIX, axis=0),
        Case(s.TENSOR, axis=(0, 2), keepdims=True),
        Case(s.TENSOR, axis=1),
        Case(np.zeros((2, 0)), axis=1, gives=[1.0, 1.0]),
        Case(s.MATRIX, axis=(1, -1), raises="prod: an axis is named twice in (1, -1)"),
    ],
)  # fmt: skip


def question(name: str, doc: str, value: Any, dtype: str, cases: list[Case]) -> Op:
    """A row that asks something of the numbers: it has no derivative."""
    return operation(
        name, "x",
        doc=f"{doc} The answer has no derivative.",
        kind="reduce",
        attrs={"axis": None, "keepdims": False},
        type=lambda x, axis=None, keepdims=False: reduced(name, x, axis, keepdims).with_dtype(dtype),
        value=value,
        cases=[
            *cases,
            Case(s.TENSOR > 2.0, axis=(0, -1), keepdims=True),
            Case(s.MATRIX, axis=2, raises=f"{name}: there is no axis 2: Matrix Float64 (2, 3) has 2 axes"),
        ],
    )  # fmt: skip


any: Op = question(
    "any", "Whether any of them holds, or is not zero; false of none.",
    lambda x, axis=None, keepdims=False: np.any(x, axis=axis, keepdims=keepdims), "bool",
    [Case([True, False], gives=True), Case(np.zeros((2, 0)), axis=1, gives=[False, False]), Case(s.MATRIX > 2.0, axis=0)],
)  # fmt: skip
all: Op = question(
    "all", "Whether all of them hold, or are not zero; true of none.",
    lambda x, axis=None, keepdims=False: np.all(x, axis=axis, keepdims=keepdims), "bool",
    [Case([True, False], gives=False), Case(np.zeros((2, 0)), axis=1, gives=[True, True]), Case(s.MATRIX > -2.0, axis=0)],
)  # fmt: skip
count_nonzero: Op = question(
    "count_nonzero", "How many are not zero, or hold.",
    lambda x, axis=None, keepdims=False: np.count_nonzero(x, axis=axis if axis is not None else tuple(range(x.ndim)), keepdims=keepdims) + np.int64(0),
    "int64",
    [Case([1.5, 0.0, -2.0], gives=np.int64(2)), Case(s.MATRIX > 0.0, axis=-1)],
)  # fmt: skip
