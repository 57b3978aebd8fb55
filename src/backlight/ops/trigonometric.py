"""Trigonometric functions and their inverses; angles are in radians."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise
from . import curves
from . import samples as s
from .arithmetic import sign
from .compare import equal, isinf, logical_or, where
from .elementary import sqrt
from .kernel import precise

__all__ = ["acos", "asin", "atan", "atan2", "cos", "direction", "hypot", "sin", "sinc", "sinc_slope", "tan"]

sin: Op = elementwise(
    "sin", "x",
    doc="Sine of an angle in radians.",
    words="sine rule: cos x",
    paper=lambda x: m.call("sin", x),
    value=np.sin,
    local=lambda z, x: cos(x),
    analytic=True,
    cases=[Case(0.0, gives=0.0, grads=[1.0]), Case(s.MATRIX), Case(np.inf, gives=np.nan, smooth=False)],
)  # fmt: skip

cos: Op = elementwise(
    "cos", "x",
    doc="Cosine of an angle in radians.",
    words="cosine rule: −sin x",
    paper=lambda x: m.call("cos", x),
    value=np.cos,
    local=lambda z, x: -sin(x),
    analytic=True,
    cases=[Case(0.0, gives=1.0, grads=[0.0]), Case(s.MATRIX)],
)  # fmt: skip

tan: Op = elementwise(
    "tan", "x",
    doc="Tangent of an angle in radians.",
    words="tangent rule: 1 + tan² x",
    paper=lambda x: m.call("tan", x),
    value=np.tan,
    local=lambda z, x: 1.0 + z * z,
    inside=lambda x: sin(x) / cos(x),
    analytic=True,
    cases=[Case(0.0, gives=0.0, grads=[1.0]), Case(s.UNIT), Case(s.POSITIVE)],
)  # fmt: skip

asin: Op = elementwise(
    "asin", "x",
    doc="Angle whose sine is x, from −π/2 to π/2; at ±1 its derivative is the limit, infinity.",
    words="inverse sine rule: 1/√(1 − x²)",
    paper=lambda x: m.call("asin", x),
    value=np.arcsin,
    local=lambda z, x: 1.0 / sqrt((1.0 - x) * (1.0 + x)),  # 1 - x * x loses half the digits near 1
    analytic=True,
    cases=[
        Case(0.0, gives=0.0, grads=[1.0]), Case(s.UNIT), Case(1.0, gives=1.5707963267948966, grads=[np.inf], smooth=False),
        Case(1.5, gives=np.nan, grads=[np.nan], smooth=False),
    ],
)  # fmt: skip

acos: Op = elementwise(
    "acos", "x",
    doc="Angle whose cosine is x, from 0 to π; at ±1 its derivative is the limit, −∞.",
    words="inverse cosine rule: −1/√(1 − x²)",
    paper=lambda x: m.call("acos", x),
    value=np.arccos,
    local=lambda z, x: -1.0 / sqrt((1.0 - x) * (1.0 + x)),
    analytic=True,
    cases=[
        Case(0.0, gives=1.5707963267948966, grads=[-1.0]), Case(s.UNIT), Case(1.0, gives=0.0, grads=[-np.inf], smooth=False),
    ],
)  # fmt: skip

atan: Op = elementwise(
    "atan", "x",
    doc="Angle whose tangent is x, from −π/2 to π/2.",
    words="inverse tangent rule: 1/(1 + x²)",
    paper=lambda x: m.call("atan", x),
    value=np.arctan,
    local=lambda z, x: 1.0 / (1.0 + x * x),
    analytic=True,
    cases=[
        Case(1.0, gives=0.7853981633974483, grads=[0.5]), Case(s.MATRIX),
        Case(np.inf, gives=1.5707963267948966, grads=[0.0], smooth=False),
    ],
)  # fmt: skip


def over(x: Any, h: Any) -> Any:
    """x / h, and 0 where h is 0."""
    nothing = equal(h, 0.0)
    return where(nothing, 0.0, x / where(nothing, 1.0, h))


atan2: Op = elementwise(
    "atan2", "y x",
    doc="Angle of the point (x, y), from −π to π; at the origin, where there is none, it is 0 and so are its derivatives.",
    words="angle rule: x/(x² + y²) to the first, −y/(x² + y²) to the second",
    paper=lambda y, x: m.call("atan2", y, x),
    value=np.arctan2,
    local=(lambda z, y, x: over(direction(x, y), hypot(x, y)), lambda z, y, x: -over(direction(y, x), hypot(x, y))),
    cases=[
        Case(1.0, 1.0, gives=0.7853981633974483, grads=[0.5, -0.5]), Case(s.MATRIX, s.OTHER), Case(s.MATRIX, s.ROW),
        Case(0.0, 0.0, gives=0.0, grads=[0.0, 0.0], smooth=False), Case(1.0, -1.0, gives=2.356194490192345),
    ],
)  # fmt: skip

hypot: Op = elementwise(
    "hypot", "x y",
    doc="√(x² + y²), without overflow; at the origin both derivatives are 0, the smallest of its slopes there.",
    words="length rule: each operand divided by the length",
    paper=lambda x, y: m.call("hypot", x, y),
    value=np.hypot,
    local=(lambda z, x, y: direction(x, y), lambda z, x, y: direction(y, x)),
    inside=lambda x, y: sqrt(x * x + y * y),
    cases=[
        Case(3.0, 4.0, gives=5.0, grads=[0.6, 0.8]), Case(s.MATRIX, s.OTHER), Case(s.MATRIX, s.ROW),
        Case(0.0, 0.0, gives=0.0, grads=[0.0, 0.0], smooth=False), Case(3e37, 4e37, gives=5e37, grads=[0.6, 0.8], smooth=False),
    ],
)  # fmt: skip

def direction_inside(x: Any, y: Any) -> Any:
    """x over the length; where one of the two is infinite, the finite one counts as nothing beside it."""
    far = logical_or(isinf(x), isinf(y))

    def near(z: Any) -> Any:
        return where(far, where(isinf(z), sign(z), z * 0.0), z)

    return over(near(x), hypot(near(x), near(y)))


direction: Op = elementwise(
    "direction", "x y",
    doc="x/√(x² + y²), the cosine of the angle of (x, y); 0 at the origin.",
    words="direction rule: y²/(x² + y²)^(3/2) to the first, −xy/(x² + y²)^(3/2) to the second",
    paper=lambda x, y: m.call("direction", x, y),
    value=precise(curves.direction),
    local=(
        lambda z, x, y: over(direction(y, x) * direction(y, x), hypot(x, y)),
        lambda z, x, y: -over(z * direction(y, x), hypot(x, y)),
    ),
    inside=direction_inside,
    cases=[
        Case(3.0, 4.0, gives=0.6, grads=[0.128, -0.096]), Case(s.MATRIX, s.OTHER), Case(s.MATRIX, s.ROW),
        Case(0.0, 0.0, gives=0.0, grads=[0.0, 0.0], smooth=False),
        Case([np.inf, 1.0, -np.inf, np.nan, np.inf], [1.0, np.inf, np.inf, np.inf, np.nan],
             gives=[1.0, 0.0, -0.7071067811865475, np.nan, np.nan], smooth=False),
    ],
)  # fmt: skip


def sinc_inside(x: Any) -> Any:
    """The sine of what x is beyond the nearest whole number n, times (−1)^n, so that its zeros are zeros."""
    from .rounding import floor, round

    special = logical_or(equal(x, 0.0), isinf(x))
    y = where(special, 1.0, x)
    n = round(y)
    odd = n - 2.0 * floor(n / 2.0)
    sine = (1.0 - 2.0 * odd) * sin(3.141592653589793 * (y - n))
    return where(special, where(isinf(x), 0.0, 1.0), sine / (3.141592653589793 * y))


sinc: Op = elementwise(
    "sinc", "x",
    doc="sin(πx)/(πx), which is 1 at 0 and 0 at every other whole number.",
    words="quotient rule: (cos πx − sinc x)/x, which is 0 at 0",
    paper=lambda x: m.call("sinc", x),
    value=precise(curves.sinc),
    local=lambda z, x: sinc_slope(x),
    inside=sinc_inside,
    cases=[
        Case(0.0, gives=1.0, grads=[0.0]), Case(s.MATRIX), Case([1.0, -2.0], gives=[0.0, 0.0], grads=[[-1.0, -0.5]]),
        Case(1e-9, grads=[-3.289868133696453e-09], smooth=False),
    ],
)  # fmt: skip


def sinc_bend(x: Any) -> Any:
    """−π² sinc x − 2 sinc′(x)/x, which is −π²/3 at 0."""
    nothing = equal(x, 0.0)
    rest = where(nothing, -6.579736267392906, 2.0 * sinc_slope(x) / where(nothing, 1.0, x))
    return -9.869604401089358 * sinc(x) - rest


def sinc_slope_inside(x: Any) -> Any:
    """The quotient, and two terms of its series near 0."""
    near = abs(x) < 1e-3
    y = where(near, 1.0, x)
    series = x * (-3.289868133696453 + 3.246969701133415 * (x * x))
    return where(near, series, (cos(3.141592653589793 * y) - sinc(y)) / y)


sinc_slope: Op = elementwise(
    "sinc_slope", "x",
    doc="(cos πx − sinc x)/x, the derivative of sinc, which is 0 at 0.",
    words="quotient rule: −π²·sinc x − 2·sinc′(x)/x, which is −π²/3 at 0",
    paper=lambda x: m.call("sinc_slope", x),
    value=precise(curves.sinc_slope),
    local=lambda z, x: sinc_bend(x),
    inside=sinc_slope_inside,
    cases=[
        Case(0.0, gives=0.0, grads=[-3.289868133696453]), Case(s.MATRIX), Case([1.0, -2.0], gives=[-1.0, -0.5]),
    ],
)  # fmt: skip
