"""The running logsumexp: how large the sum of the exponentials is so far, without overflow."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, operation, written
from ..core.types import Type
from . import batched
from . import samples as s
from .axes import axis_of
from .elementary import exp
from .order import ordered
from .reduce import float_type
from .running import cumsum, recurrence, running

__all__ = ["logcumsumexp"]


def running_type(x: Type, axis: int = -1) -> Type:
    ordered("logcumsumexp", x)
    axis_of("logcumsumexp", x, axis)
    return float_type(x)


def running_value(x: Any, axis: int = -1) -> Any:
    def scan(y: Any) -> Any:
        y = y.astype(float_type(Type(x.dtype, x.shape)).dtype)
        return np.logaddexp.accumulate(y, 0) if y.size else y

    return running(x, axis, False, False, 0, scan)


def running_vjp(g: Any, z: Any, x: Any, axis: int = -1) -> Any:
    """Σ over k ≥ j of g[k]·e^(x[j] − z[k]), from the end: every exponent is at most 0, because z only grows."""
    a = axis % x.ndim
    if x.shape[a] == 0:
        return g
    steps = z - shifted(z, a)
    return exp(x - z) * recurrence(exp(steps), g, axis=axis, reverse=True)


def shifted(z: Any, axis: int) -> Any:
    """The next one along the axis, and at the end the last itself."""
    from .arrange import concat
    from .index import index

    rest = (":",) * axis
    return concat(index(z, key=(*rest, "1:")), index(z, key=(*rest, "-1:")), axis=axis)


logcumsumexp: Op = operation(
    "logcumsumexp", "x",
    doc="log of the running sum of e^x along the last axis or another, without overflow.",
    words="each number gets the gradients of all sums it went into, times its share of them",
    paper=lambda x, axis=-1: m.call("logcumsumexp", x, *([m.keyword("axis", written(axis))] if axis != -1 else [])),
    kind="linear",
    attrs={"axis": -1},
    type=running_type,
    value=running_value,
    vjp=running_vjp,
    climb=lambda ts, x, axis=-1: cumsum(ts[0], axis=axis),
    batch=batched.along_axes("logcumsumexp"),
    mask=lambda k, mask, z, x, axis=-1: None if mask is None else cumsum(mask, axis=axis, reverse=True) > 0,
    cases=[
        Case([0.0, 0.0], gives=[0.0, 0.6931471805599453], grads=[[1.5, 0.5]]),
        Case([1000.0, 1000.0], gives=[1000.0, 1000.6931471805599], smooth=False),
        Case(s.MATRIX),
        Case(s.TENSOR, axis=1),
        Case(np.zeros((2, 0))),
        Case(s.ROW, axis=1, raises="logcumsumexp: there is no axis 1: Vector Float64 (3,) has 1 axes"),
        Case([1j], raises="logcumsumexp: complex numbers have no order: take abs, real or imag of them first"),
    ],
)  # fmt: skip
