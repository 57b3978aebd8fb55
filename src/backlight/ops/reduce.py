"""Many numbers to few: sums and their kin along axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import Type
from . import samples as s
from .axes import Axis, axes_of
from .shape import broadcast_to, reshape

__all__ = ["kept_shape", "reduced", "spread", "sum"]

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
    cases=[
        Case(s.MATRIX, gives=0.4),
        Case(s.MATRIX, axis=0),
        Case(s.MATRIX, axis=-1, keepdims=True),
        Case(s.TENSOR, axis=(0, 2)),
        Case(s.MATRIX, axis=2, raises="sum: there is no axis 2: Matrix Float64 (2, 3) has 2 axes"),
    ],
)  # fmt: skip
