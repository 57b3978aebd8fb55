"""How far numbers lie from their mean, and from zero."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, operation, written
from ..core.types import Type
from ..errors import DTypeError, ShapeError, ValueError
from . import samples as s
from .arithmetic import abs, pow, sign
from .axes import Axis, axes_of
from .compare import equal, logical_or, where
from .elementary import sqrt
from .reduce import count_of, float_type, mean, reduced, spread
from .reduce import sum as sum_along
from .shape import cast

__all__ = ["norm", "std", "var"]

SETTINGS: dict[str, Any] = {"axis": None, "correction": 0, "keepdims": False}


def real_type(x: Type) -> Type:
    return x.with_dtype(f"f{x.dtype.itemsize // 2}") if x.dtype.kind == "c" else float_type(x)


def var_value(x: Any, axis: Axis = None, correction: float = 0, keepdims: bool = False) -> Any:
    x = x.astype(float_type(Type(x.dtype, x.shape)).dtype)
    n = count_of("var", Type(x.dtype, x.shape), axis)
    off = x - np.sum(x, axis=axis, keepdims=True) / x.dtype.type(n)
    squares = np.sum(np.real(off * np.conj(off)), axis=axis, keepdims=keepdims)
    return (squares / squares.dtype.type(max(n - correction, 0)))[()]


def off_mean(x: Any, axis: Axis) -> Any:
    return x - mean(x, axis=axis, keepdims=True)


def degrees(op: str, x: Any, axis: Axis, correction: float) -> float:
    return float(max(count_of(op, x.type, axis) - correction, 0))  # NumPy's: 0 where more is taken away than there is


def var_vjp(g: Any, z: Any, x: Any, axis: Axis = None, correction: float = 0, keepdims: bool = False) -> Any:
    return spread("var", g * (2.0 / (degrees("var", x, axis, correction) or np.nan)), x, axis) * off_mean(x, axis)


var: Op = operation(
    "var", "x",
    doc="Variance along one axis, several, or all: squared distances from the mean, over their count less the correction.",
    words="power rule: 2·(x − mean)/(n − correction)",
    kind="reduce",
    attrs=SETTINGS,
    type=lambda x, axis=None, correction=0, keepdims=False: real_type(reduced("var", x, axis, keepdims)),
    value=var_value,
    vjp=var_vjp,
    mask=lambda k, mask, z, x, axis=None, correction=0, keepdims=False: None if mask is None else spread("var", mask, x, axis),
    cases=[
        Case([1.0, 3.0], gives=1.0, grads=[[-1.0, 1.0]]),
        Case([1.0, 3.0], correction=1, gives=2.0, grads=[[-2.0, 2.0]]),
        Case([2.5, 2.5, 2.5], gives=0.0, grads=[[0.0, 0.0, 0.0]]),
        Case([2.5], gives=0.0, grads=[[0.0]]),
        Case([2.5], correction=1, gives=np.nan, smooth=False),
        Case([2.5], correction=1.5, gives=np.nan, smooth=False),
        Case([1.0, 3.0], correction=3, gives=np.inf, smooth=False),
        Case(s.MATRIX),
        Case(s.MATRIX, axis=0, keepdims=True),
        Case(s.TENSOR, axis=(0, -1), correction=1),
        Case(np.zeros((2, 0)), axis=1, gives=[np.nan, np.nan], smooth=False),
        Case(s.MATRIX, axis=2, raises="var: there is no axis 2: Matrix Float64 (2, 3) has 2 axes"),
    ],
)  # fmt: skip


def nonzero(z: Any) -> Any:
    """z, and 1 where it is 0: something to divide by where what is above is 0 too."""
    return where(equal(z, 0.0), 1.0, z)


def std_vjp(g: Any, z: Any, x: Any, axis: Axis = None, correction: float = 0, keepdims: bool = False) -> Any:
    share = g / (nonzero(z) * degrees("std", x, axis, correction))
    return spread("std", share, x, axis) * off_mean(x, axis)


std: Op = operation(
    "std", "x",
    doc="Standard deviation along one axis, several, or all; the derivative is 0 where all numbers are equal.",
    words="root rule: (x − mean)/((n − correction)·z)",
    kind="reduce",
    glyph="σ",
    attrs=SETTINGS,
    type=lambda x, axis=None, correction=0, keepdims=False: real_type(reduced("std", x, axis, keepdims)),
    value=lambda x, axis=None, correction=0, keepdims=False: np.sqrt(var_value(x, axis, correction, keepdims)),
    vjp=std_vjp,
    mask=lambda k, mask, z, x, axis=None, correction=0, keepdims=False: None if mask is None else spread("std", mask, x, axis),
    inside=lambda x, axis=None, correction=0, keepdims=False: sqrt(var(x, axis=axis, correction=correction, keepdims=keepdims)),
    cases=[
        Case([1.0, 3.0], gives=1.0, grads=[[-0.5, 0.5]]),
        Case([2.5, 2.5, 2.5], gives=0.0, grads=[[0.0, 0.0, 0.0]], smooth=False, note="all equal"),
        Case([2.5], gives=0.0, grads=[[0.0]], smooth=False),
        Case(s.MATRIX),
        Case(s.MATRIX, axis=0, keepdims=True),
        Case(s.TENSOR, axis=(0, -1), correction=1),
        Case(np.zeros((2, 0)), axis=1, gives=[np.nan, np.nan], smooth=False),
        Case(s.MATRIX, axis=2, raises="std: there is no axis 2: Matrix Float64 (2, 3) has 2 axes"),
    ],
)  # fmt: skip


def norm_type(x: Type, ord: float | str = 2, axis: Axis = None, keepdims: bool = False) -> Type:
    if isinstance(ord, str) or ord != ord:
        raise ValueError(f"norm: ord is a number, or infinity with either sign, and not {ord!r}")
    if ord == -np.inf and (empty := [a for a in axes_of("norm", x, axis) if x.shape[a] == 0]):
        raise ShapeError(f"norm: axis {empty[0]} of {x} {x.shape} has size 0: there is no smallest among no numbers")
    if x.dtype.kind == "c" and ord != 2:
        raise DTypeError(f"norm: of complex numbers there is ord=2 only, and not {ord}: take abs of them first")
    return real_type(reduced("norm", x, axis, keepdims))


def norm_value(x: Any, ord: float = 2, axis: Axis = None, keepdims: bool = False) -> Any:
    size = np.abs(x if x.dtype.kind in "fc" else x.astype(np.float64))
    axes = axes_of("norm", Type(x.dtype, x.shape), axis)
    largest = np.max(size, axis=axes, keepdims=True, initial=0)
    if ord == np.inf:
        z = largest
    elif ord == -np.inf:
        z = np.min(size, axis=axes, keepdims=True)
    elif ord == 0:
        z = np.sum(size != 0, axis=axes, keepdims=True)
    elif ord < 0:  # of the smallest, which weighs most; one zero makes it zero
        least = np.min(size, axis=axes, keepdims=True, initial=np.inf)
        scale = np.where((least > 0) & np.isfinite(least), least, size.dtype.type(1))
        z = np.where(least == 0, size.dtype.type(0), scale * np.sum((size / scale) ** ord, axis=axes, keepdims=True) ** (1 / ord))
    elif ord == 1:
        z = np.sum(size, axis=axes, keepdims=True)
    else:
        # A power of two near the largest number is taken out: exact, and squares can neither overflow nor vanish.
        scale = np.ldexp(size.dtype.type(1), np.where(np.isfinite(largest), np.frexp(largest)[1], 0) - 1)
        scaled = size / scale
        if ord == 2:
            z = scale * np.sqrt(np.sum(scaled * scaled, axis=axes, keepdims=True))
        else:
            z = scale * np.sum(scaled**ord, axis=axes, keepdims=True) ** (1 / ord)
    return (z if keepdims else np.squeeze(z, axes)).astype(size.dtype)[()]


def norm_vjp(g: Any, z: Any, x: Any, ord: float = 2, axis: Axis = None, keepdims: bool = False) -> Any:
    if ord == 2:
        return spread("norm", g / nonzero(z), x, axis) * x
    signs = sign(x)
    if ord == 1:
        return spread("norm", g, x, axis) * signs
    if ord == 0:
        return spread("norm", g, x, axis) * 0.0
    full = spread("norm", z, x, axis)
    if abs_of(ord) == np.inf:
        largest = cast(equal(abs(x), full), dtype=g.dtype.name)
        return spread("norm", g / sum_along(largest, axis=axis, keepdims=keepdims), x, axis) * largest * signs
    weight = pow(abs(x) / nonzero(full), ord - 1.0)
    if ord < 1:  # a zero is a corner, or a pole where no other number holds the length up: 0 is taken at both
        flat = logical_or(equal(x, 0.0), equal(full, 0.0))
        weight = where(flat, 0.0, pow(where(flat, 1.0, abs(x)) / nonzero(full), ord - 1.0))
    return spread("norm", g, x, axis) * signs * weight


def abs_of(ord: float) -> float:
    """The size of the order, whatever its sign."""
    return ord if ord > 0 else -ord


def norm_paper(x: m.Math, ord: float = 2, axis: Axis = None, keepdims: bool = False) -> m.Math:
    if ord == 2 and axis is None and not keepdims:
        return m.bars("‖", x, "‖", "norm")
    given = {"ord": (ord, 2), "axis": (axis, None), "keepdims": (keepdims, False)}
    return m.call("norm", x, *(m.keyword(k, written(v)) for k, (v, usual) in given.items() if v != usual))


norm: Op = operation(
    "norm", "x",
    doc="Length along one axis, several, or all: (Σ |x|^ord)^(1/ord); the count of what is not zero for ord = 0. The derivative "
        "is 0 where the length is, and the largest (smallest) ones share it evenly where ord is infinite (−∞).",
    words="norm rule: x/‖x‖, the direction of x",
    kind="reduce",
    glyph="‖·‖",
    paper=norm_paper,
    attrs={"ord": 2, "axis": None, "keepdims": False},
    type=norm_type,
    value=norm_value,
    vjp=norm_vjp,
    mask=lambda k, mask, z, x, ord=2, axis=None, keepdims=False: None if mask is None else spread("norm", mask, x, axis),
    cases=[
        Case([3.0, -4.0], gives=5.0, grads=[[0.6, -0.8]]),
        Case([0.0, 0.0], gives=0.0, grads=[[0.0, 0.0]], smooth=False),
        Case([3.0, -4.0], ord=1, gives=7.0, grads=[[1.0, -1.0]]),
        Case([3.0, -4.0], ord=np.inf, gives=4.0, grads=[[0.0, -1.0]]),
        Case([4.0, -4.0], ord=np.inf, gives=4.0, grads=[[0.5, -0.5]], smooth=False),
        Case([0.0, 0.0], ord=3, gives=0.0, grads=[[0.0, 0.0]], smooth=False),
        Case([0.0, 2.0], ord=1, gives=2.0, grads=[[0.0, 1.0]], smooth=False),
        Case([np.inf, 1.0], gives=np.inf, smooth=False),
        Case(s.MATRIX),
        Case(s.MATRIX, axis=0, keepdims=True),
        Case(s.TENSOR, axis=(0, -1), ord=3),
        Case(s.TENSOR, axis=1, ord=1),
        Case(s.TENSOR, axis=1, ord=np.inf),
        Case(np.zeros((2, 0)), axis=1, gives=[0.0, 0.0]),
        Case([3j, 4.0], gives=5.0, grads=[[0.6j, 0.8]]),
        Case([3j, 4.0], ord=1, raises="norm: of complex numbers there is ord=2 only, and not 1: take abs of them first"),
        Case([3.0, 0.0, -4.0], ord=0, gives=2.0, grads=[[0.0, 0.0, 0.0]], smooth=False),
        Case([3.0, -4.0], ord=-np.inf, gives=3.0, grads=[[1.0, 0.0]]),
        Case([0.0, 2.0], ord=-2, gives=0.0, grads=[[0.0, 0.0]], smooth=False),
        Case(s.TENSOR, axis=(0, -1), ord=-1.5),
        Case(s.MATRIX, ord=0.5),
        Case(np.zeros((2, 0)), axis=1, ord=-np.inf,
             raises="norm: axis 1 of Matrix Float64 (2, 0) has size 0: there is no smallest among no numbers"),
        Case(s.ROW, ord="fro", raises="norm: ord is a number, or infinity with either sign, and not 'fro'"),
    ],
)  # fmt: skip
