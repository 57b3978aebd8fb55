"""Sums, products, quotients and powers, element by element."""

from __future__ import annotations

import operator  # for scalars ten times quicker than the ufunc, for arrays the same
from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise, known_number
from . import samples as s

__all__ = ["add", "div", "mul", "neg", "pow", "square", "sub", "total"]

neg: Op = elementwise(
    "neg", "x",
    doc="The opposite number, −x.",
    words="sign rule: the gradient changes its sign",
    glyph="−",
    paper=lambda x: m.prefix("−", x),
    result="number",
    value=operator.neg,
    local=lambda z, x: -1.0,
    analytic=True,
    cases=[
        Case(1.5, gives=-1.5, grads=[-1.0]), Case(s.MATRIX), Case(0.0, gives=-0.0),
        Case(True, raises='neg: truth values are not numbers here: cast it first, as in cast(x, dtype="int64")'),
    ],
)  # fmt: skip

add: Op = elementwise(
    "add", "x y",
    doc="Sum of two, stretched to one shape.",
    words="sum rule: the gradient is passed on to both",
    glyph="+",
    paper=lambda x, y: m.infix("+", x, y, m.ADD),
    result="number",
    value=operator.add,
    local=(lambda z, x, y: 1.0, lambda z, x, y: 1.0),
    analytic=True,
    cases=[
        Case(1.0, 2.0, gives=3.0, grads=[1.0, 1.0]),
        Case(s.MATRIX, s.ROW),
        Case(s.VECTOR, 0.5),
        Case(s.MATRIX, s.BAD, raises="add: cannot stretch Float64 (2, 3) and Float64 (4, 3) to one shape: "
             "axis -2 has sizes 2 and 4"),
        Case(True, False, raises='add: truth values are not numbers here: cast one of them first, as in cast(x, dtype="int64")'),
    ],
)  # fmt: skip

sub: Op = elementwise(
    "sub", "x y",
    doc="Difference, x − y.",
    words="difference rule: passed on to the first, with the opposite sign to the second",
    glyph="−",
    paper=lambda x, y: m.infix("−", x, y, m.ADD),
    result="number",
    value=operator.sub,
    local=(lambda z, x, y: 1.0, lambda z, x, y: -1.0),
    analytic=True,
    cases=[Case(1.0, 2.0, gives=-1.0, grads=[1.0, -1.0]), Case(s.ROW, s.MATRIX), Case(s.MATRIX, s.OTHER)],
)  # fmt: skip

mul: Op = elementwise(
    "mul", "x y",
    doc="Product, element by element.",
    words="product rule: each operand gets the gradient times the other operand",
    glyph="×",
    paper=lambda x, y: m.infix("·", x, y, m.MULTIPLY),
    result="same",
    value=operator.mul,
    local=(lambda z, x, y: y, lambda z, x, y: x),
    analytic=True,
    cases=[Case(3.0, -2.0, gives=-6.0, grads=[-2.0, 3.0]), Case(s.MATRIX, s.ROW), Case(s.MATRIX, s.OTHER), Case(0.0, 5.0)],
)  # fmt: skip

div: Op = elementwise(
    "div", "x y",
    doc="Quotient, x / y.",
    words="quotient rule: 1/y to the numerator, −x/y² to the denominator",
    glyph="÷",
    paper=m.fraction,
    value=operator.truediv,
    local=(lambda z, x, y: 1.0 / y, lambda z, x, y: -(z / y)),
    analytic=True,
    cases=[Case(3.0, -2.0, gives=-1.5, grads=[-0.5, -0.75]), Case(s.MATRIX, s.POSITIVE_ROW), Case(s.MATRIX, s.POSITIVE)],
)  # fmt: skip

square: Op = elementwise(
    "square", "x",
    doc="x times itself.",
    words="power rule: 2x",
    glyph="sq",
    paper=lambda x: m.power(x, 2),
    result="number",
    value=np.square,
    local=lambda z, x: 2.0 * x,
    inside=lambda x: x * x,
    analytic=True,
    cases=[Case(-3.0, gives=9.0, grads=[-6.0]), Case(s.MATRIX), Case(0.0, gives=0.0, grads=[0.0])],
)  # fmt: skip


def total_value(*xs: Any) -> Any:
    z = xs[0]
    for x in xs[1:]:
        z = z + x
    return z


def total_paper(*xs: m.Math) -> m.Math:
    z = xs[0]
    for x in xs[1:]:
        z = m.infix("+", z, x, m.ADD)
    return z


total: Op = elementwise(
    "total", "*xs",
    doc="Sum of any number of operands, from the first to the last: where several gradients meet.",
    words="sum rule: the gradient is passed on to every one",
    glyph="+",
    paper=total_paper,
    result="number",
    value=total_value,
    local=lambda k, z, *xs: 1.0,
    analytic=True,
    cases=[Case(1.0, 2.0, 4.0, gives=7.0, grads=[1.0, 1.0, 1.0]), Case(s.MATRIX, s.OTHER, s.ROW)],
)  # fmt: skip


def pow_by_base(z: Any, x: Any, y: Any) -> Any:
    """y·x^(y−1). Where y is 0 the value is 1 whatever x is, so the derivative is 0, at x = 0 too."""
    from .compare import equal, where

    n = known_number(y)
    if n is not None:
        return 0.0 if n == 0 else y if n == 1 else y * x if n == 2 else y * pow(x, n - 1.0)
    constant = equal(y, 0.0)
    return where(constant, 0.0, y * pow(x, where(constant, 1.0, y - 1.0)))


def pow_by_exponent(z: Any, x: Any, y: Any) -> Any:
    """x^y·log x, whose limit at x = 0 is 0, or −∞ below y = 0."""
    from .compare import equal, where
    from .elementary import log

    nothing = equal(x, 0.0)
    return where(nothing, where(y < 0.0, -np.inf, 0.0), z * log(where(nothing, 1.0, x)))


def pow_value(x: Any, y: Any) -> Any:
    dtype = np.result_type(x, y)
    return np.power(x.astype(dtype if dtype.kind in "fc" else np.float64), y)


pow: Op = elementwise(
    "pow", "x y",
    doc="x to the power y. At x = 0 both derivatives are their limits: 0^0 counts as constant.",
    words="power rule: y·x^(y−1) to the base, x^y·log x to the exponent",
    glyph="^",
    paper=m.power,
    value=pow_value,
    local=(pow_by_base, pow_by_exponent),
    analytic=False,
    cases=[
        Case(9.0, 2.0, gives=81.0),
        Case(-1.5, 3.0, gives=-3.375, smooth=False, note="a negative base has no derivative by its exponent"),
        Case(0.0, 2.0, gives=0.0, grads=[0.0, 0.0], smooth=False),
        Case(s.POSITIVE, s.ROW),
        Case(0.0, 0.0, gives=1.0, grads=[0.0, 0.0], smooth=False),
    ],
)  # fmt: skip
