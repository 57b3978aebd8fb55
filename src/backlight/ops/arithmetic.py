"""Sums, products, quotients, remainders and powers, element by element."""

from __future__ import annotations

import operator  # for scalars ten times quicker than the ufunc, for arrays the same
from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise, known_number
from . import curves
from . import samples as s
from .kernel import precise

__all__ = [
    "abs", "add", "copysign", "div", "floor_div", "mod", "mul", "neg", "pow", "power_log", "power_slope", "reciprocal", "sign", "square",
    "sub", "total",
]  # fmt: skip

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



def abs_slope(z: Any, x: Any) -> Any:
    """The sign; of a complex number its direction, conjugated, because gradients take the conjugate of this."""
    from .compare import equal, where
    from .complex import conj

    if x.dtype.kind != "c":
        return sign(x)
    nothing = equal(z, 0.0)
    return where(nothing, 0.0, conj(x) / where(nothing, 1.0, z))


abs: Op = elementwise(
    "abs", "x",
    doc="Size of a number, |x|; the derivative at 0 is 0.",
    words="sign rule: the gradient changes its sign where x is negative",
    glyph="|·|",
    paper=lambda x: m.bars("|", x, "|", "abs"),
    result="real",
    value=np.abs,
    complexes=True,
    local=abs_slope,
    cases=[
        Case(-2.5, gives=2.5, grads=[-1.0]), Case(s.MATRIX), Case(0.0, gives=0.0, grads=[0.0], smooth=False),
        Case(3.0 - 4.0j, gives=5.0, grads=[0.6 - 0.8j]), Case(s.MATRIX + 1j * s.OTHER),
    ],
)  # fmt: skip

sign: Op = elementwise(
    "sign", "x",
    doc="−1, 0 or 1 by the sign of x; the derivative is 0, at the jump too.",
    words="a constant rule: no gradient passes",
    paper=lambda x: m.call("sign", x),
    result="number",
    value=np.sign,
    local=lambda z, x: 0.0,
    cases=[
        Case(-2.5, gives=-1.0, grads=[0.0]), Case(s.MATRIX), Case(0.0, gives=0.0, grads=[0.0], smooth=False),
        Case(1j, raises="sign: takes real numbers, and x is Complex128 (): take its real part, its imag part or its abs first"),
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

reciprocal: Op = elementwise(
    "reciprocal", "x",
    doc="1/x; infinite at 0.",
    words="quotient rule: −1/x²",
    paper=lambda x: m.call("reciprocal", x),
    value=lambda x: 1.0 / x,
    local=lambda z, x: -(z * z),
    inside=lambda x: 1.0 / x,
    analytic=True,
    cases=[
        Case(-2.0, gives=-0.5, grads=[-0.25]), Case(s.MATRIX), Case(0.0, gives=np.inf, grads=[-np.inf], smooth=False),
    ],
)  # fmt: skip


def quotients(z: Any, x: Any, y: Any) -> Any:
    """−⌊x/y⌋, from the exact remainder: the quotient alone rounds to the wrong whole number now and then."""
    from .rounding import round

    return -round((x - z) / y)


mod: Op = elementwise(
    "mod", "x y",
    doc="Remainder x − y·⌊x/y⌋, with the sign of y. Where it jumps, the derivatives are those from above.",
    words="remainder rule: passed on to x, times −⌊x/y⌋ to y",
    glyph="mod",
    paper=lambda x, y: m.call("mod", x, y),
    result="number",
    value=np.mod,
    complexes=False,
    local=(lambda z, x, y: 1.0, quotients),
    cases=[
        Case(7.5, 2.0, gives=1.5, grads=[1.0, -3.0]), Case(-7.5, 2.0, gives=0.5, grads=[1.0, 4.0]),
        Case(s.MATRIX, np.array([1.7, -0.9, 0.8])), Case(s.MATRIX, 1.07 * s.OTHER), Case(6.0, 2.0, gives=0.0, grads=[1.0, -3.0], smooth=False),
        Case(1.0, 0.0, gives=np.nan, smooth=False),
    ],
)  # fmt: skip

floor_div: Op = elementwise(
    "floor_div", "x y",
    doc="Whole quotient ⌊x/y⌋. It is flat between its jumps: the derivative is 0, at the jumps too.",
    words="a constant rule: no gradient passes",
    paper=lambda x, y: m.call("floor_div", x, y),
    result="number",
    value=np.floor_divide,
    local=(lambda z, x, y: 0.0, lambda z, x, y: 0.0),
    cases=[
        Case(7.5, 2.0, gives=3.0, grads=[0.0, 0.0]), Case(-7.5, 2.0, gives=-4.0), Case(s.MATRIX, np.array([1.7, -0.9, 0.8])),
        Case([7, -7], [2, 2], gives=[3, -4]), Case(6.0, 2.0, gives=3.0, grads=[0.0, 0.0], smooth=False),
    ],
)  # fmt: skip

copysign: Op = elementwise(
    "copysign", "x y",
    doc="The size of x with the sign of y; at x = 0 the derivative is 0.",
    words="sign rule: times 1 where the signs of x and y agree, else −1; nothing to y",
    paper=lambda x, y: m.call("copysign", x, y),
    value=np.copysign,
    local=(lambda z, x, y: sign(x) * copysign(1.0, y), lambda z, x, y: 0.0),
    cases=[
        Case(3.0, -2.0, gives=-3.0, grads=[-1.0, 0.0]), Case(s.MATRIX, s.OTHER), Case(s.MATRIX, s.ROW),
        Case(0.0, -1.0, gives=-0.0, grads=[0.0, 0.0], smooth=False),
    ],
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
    n = known_number(y)
    if n is not None and x.dtype.kind != "c" and n == np.floor(n) and -16 <= n <= 16:  # n − 1 is exact
        return 0.0 if n == 0 else 1.0 if n == 1 else y * x if n == 2 else y * pow(x, n - 1.0)
    if z.dtype.kind == "c":
        return y * pow(x, y - 1.0)
    return power_slope(x, y)


def pow_by_exponent(z: Any, x: Any, y: Any) -> Any:
    """x^y·log x, whose limit at x = 0 is 0, or −∞ below y = 0."""
    from .elementary import log

    return z * log(x) if z.dtype.kind == "c" else power_log(x, y)


pow: Op = elementwise(
    "pow", "x y",
    peeks=True,
    doc="x to the power y. At x = 0 both derivatives are their limits: 0^0 counts as constant. Where x is negative, x^y has no "
    "derivative by y: NaN.",
    words="power rule: y·x^(y−1) to the base, x^y·log x to the exponent",
    glyph="^",
    paper=m.power,
    value=np.power,
    complexes=True,
    local=(pow_by_base, pow_by_exponent),
    cases=[
        Case(9.0, 2.0, gives=81.0, grads=[18.0, 177.97519076423376]),
        Case(-1.5, 3.0, gives=-3.375, grads=[6.75, np.nan], smooth=False),
        Case(0.0, 2.0, gives=0.0, grads=[0.0, 0.0], smooth=False),
        Case(s.POSITIVE, s.ROW), Case(s.POSITIVE, s.OTHER),
        Case(0.0, 0.0, gives=1.0, grads=[0.0, 0.0], smooth=False),
        Case(0.0, 1.0, gives=0.0, grads=[1.0, 0.0], smooth=False),
        Case(0.0, 0.5, gives=0.0, grads=[np.inf, 0.0], smooth=False),
        Case(0.0, -1.0, gives=np.inf, grads=[-np.inf, -np.inf], smooth=False),
        Case(s.POSITIVE + 1j * s.OTHER, s.OTHER + 0j),
    ],
)  # fmt: skip


def power_slope_inside(x: Any, y: Any) -> Any:
    from .compare import equal, where

    return where(equal(y, 0.0), 0.0, y * pow(x, y - 1.0))


def power_log_inside(x: Any, y: Any) -> Any:
    from .compare import equal, where

    nothing = equal(x, 0.0)
    return where(nothing, where(y < 0.0, -np.inf, 0.0), pow(x, y) * log_of(where(nothing, 1.0, x)))


power_slope: Op = elementwise(
    "power_slope", "x y",
    doc="y·x^(y−1), the derivative of a power by its base, with all its digits where y − 1 has to be rounded; 0 where y is 0.",
    words="power rule: y·(y−1)·x^(y−2) to the base, x^(y−1)·(1 + y·log x) to the exponent",
    paper=lambda x, y: m.call("power_slope", x, y),
    value=precise(curves.power_slope),
    local=(lambda z, x, y: y * power_slope(x, y - 1.0), lambda z, x, y: pow(x, y - 1.0) + y * power_log(x, y - 1.0)),
    inside=power_slope_inside,
    cases=[
        Case(3.0, 2.0, gives=6.0, grads=[2.0, 9.591673732008658]), Case(s.POSITIVE, s.OTHER),
        Case([0.0, 0.0, 0.0], [0.0, 1.0, 0.5], gives=[0.0, 1.0, np.inf], smooth=False),
    ],
)  # fmt: skip


def log_of(x: Any) -> Any:
    from .elementary import log

    return log(x)


def pow_log_by_exponent(z: Any, x: Any, y: Any) -> Any:
    """x^y·log² x, 0 wherever x^y·log x is."""
    from .compare import equal, where

    nothing = equal(z, 0.0)
    return where(nothing, 0.0, z * log_of(where(nothing, 1.0, x)))


power_log: Op = elementwise(
    "power_log", "x y",
    doc="x^y·log x, the derivative of a power by its exponent; at x = 0 its limit, 0, or −∞ below y = 0.",
    words="product rule: x^(y−1) + y·x^(y−1)·log x to the base, x^y·log² x to the exponent",
    paper=lambda x, y: m.call("power_log", x, y),
    value=precise(curves.power_log),
    local=(lambda z, x, y: pow(x, y - 1.0) + y * power_log(x, y - 1.0), pow_log_by_exponent),
    inside=power_log_inside,
    cases=[
        Case(1.0, 2.0, gives=0.0, grads=[1.0, 0.0]), Case(s.POSITIVE, s.OTHER),
        Case([0.0, 0.0, -1.0], [2.0, -1.0, 2.0], gives=[0.0, -np.inf, np.nan], smooth=False),
    ],
)  # fmt: skip
