"""Hyperbolic functions and their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise
from . import samples as s
from .elementary import exp, log, sqrt
from .trigonometric import hypot

__all__ = ["acosh", "asinh", "atanh", "cosh", "sinh", "tanh", "tanh_slope"]

sinh: Op = elementwise(
    "sinh", "x",
    doc="Hyperbolic sine, (e^x − e^−x)/2.",
    words="hyperbolic sine rule: cosh x",
    paper=lambda x: m.call("sinh", x),
    value=np.sinh,
    local=lambda z, x: cosh(x),
    inside=lambda x: (exp(x) - exp(-x)) / 2.0,
    analytic=True,
    cases=[Case(0.0, gives=0.0, grads=[1.0]), Case(s.MATRIX), Case(1000.0, gives=np.inf, smooth=False)],
)  # fmt: skip

cosh: Op = elementwise(
    "cosh", "x",
    doc="Hyperbolic cosine, (e^x + e^−x)/2.",
    words="hyperbolic cosine rule: sinh x",
    paper=lambda x: m.call("cosh", x),
    value=np.cosh,
    local=lambda z, x: sinh(x),
    inside=lambda x: (exp(x) + exp(-x)) / 2.0,
    analytic=True,
    cases=[Case(0.0, gives=1.0, grads=[0.0]), Case(s.MATRIX), Case(1000.0, gives=np.inf, smooth=False)],
)  # fmt: skip


# Numbers as arrays of rank 0, which NumPy takes in less time than Python's: of a small array that is a fifth of the whole.
LONG = (-2.0, 1.0, 4.0)
NUMBERS = {np.dtype(kind): tuple(np.array(number, kind) for number in LONG) for kind in ("f2", "f4", "f8")}


def tanh_slope_value(x: Any) -> Any:
    """4t/(1 + t)² with t = e^(−2|x|), which lies between 0 and 1: every digit, far out too."""
    if x.dtype.kind == "c":
        return 1.0 / (np.cosh(x) * np.cosh(x))
    minus_two, one, four = NUMBERS.get(x.dtype, LONG)
    t = np.exp(minus_two * np.abs(x))
    below = one + t
    return four * t / (below * below)


def tanh_slope_inside(x: Any) -> Any:
    from .activation import sigmoid

    if x.dtype.kind == "c":
        return 1.0 / (cosh(x) * cosh(x))
    return 4.0 * (sigmoid(2.0 * x) * sigmoid(-2.0 * x))


tanh_slope: Op = elementwise(
    "tanh_slope", "x",
    doc="The derivative of tanh, 1/cosh² x: 1 − tanh² x is the same and loses every digit far out.",
    words="product rule twice: −2·tanh x times itself",
    value=tanh_slope_value,
    local=lambda z, x: -2.0 * (tanh(x) * z),
    inside=tanh_slope_inside,
    analytic=True,
    cases=[
        Case(0.0, gives=1.0, grads=[0.0]), Case(s.MATRIX), Case([0.3 - 0.5j]),
        Case([100.0, -400.0], gives=[5.53558610694695e-87, 0.0], smooth=False),
    ],
)  # fmt: skip


tanh: Op = elementwise(
    "tanh", "x",
    doc="Hyperbolic tangent: squeezes any number into (−1, 1).",
    words="tanh rule: 1 − tanh² x, written 1/cosh² x so that its digits last far out",
    paper=lambda x: m.call("tanh", x),
    value=np.tanh,
    local=lambda z, x: tanh_slope(x),
    inside=lambda x: sinh(x) / cosh(x),
    analytic=True,
    cases=[
        Case(0.0, gives=0.0, grads=[1.0]), Case(s.MATRIX),
        Case([100.0, -100.0], gives=[1.0, -1.0], grads=[[5.53558610694695e-87, 5.53558610694695e-87]], smooth=False),
    ],
)  # fmt: skip


def asinh_slope(z: Any, x: Any) -> Any:
    """1/√(1 + x²); among real numbers the square cannot overflow."""
    return 1.0 / (sqrt(1.0 + x * x) if x.dtype.kind == "c" else hypot(1.0, x))


asinh: Op = elementwise(
    "asinh", "x",
    doc="Inverse hyperbolic sine.",
    words="inverse hyperbolic sine rule: 1/√(1 + x²)",
    paper=lambda x: m.call("asinh", x),
    value=np.arcsinh,
    local=asinh_slope,
    analytic=True,
    cases=[Case(0.0, gives=0.0, grads=[1.0]), Case(s.MATRIX), Case(1e200, gives=461.2101657793691, grads=[1e-200], smooth=False)],
)  # fmt: skip

acosh: Op = elementwise(
    "acosh", "x",
    doc="Inverse hyperbolic cosine, for x from 1 on; at 1 its derivative is the limit, infinity.",
    words="inverse hyperbolic cosine rule: 1/√(x² − 1)",
    paper=lambda x: m.call("acosh", x),
    value=np.arccosh,
    local=lambda z, x: 1.0 / (sqrt(x - 1.0) * sqrt(x + 1.0)),
    inside=lambda x: log(x + sqrt(x - 1.0) * sqrt(x + 1.0)),
    analytic=True,
    cases=[
        Case(1.0, gives=0.0, grads=[np.inf], smooth=False), Case(1.0 + s.POSITIVE),
        Case(0.5, gives=np.nan, grads=[np.nan], smooth=False),
        Case(1e200, gives=461.2101657793691, grads=[1e-200], smooth=False),
    ],
)  # fmt: skip

atanh: Op = elementwise(
    "atanh", "x",
    doc="Inverse hyperbolic tangent, for x from −1 to 1, where it is infinite.",
    words="inverse hyperbolic tangent rule: 1/(1 − x²)",
    paper=lambda x: m.call("atanh", x),
    value=np.arctanh,
    local=lambda z, x: 1.0 / ((1.0 - x) * (1.0 + x)),
    inside=lambda x: log((1.0 + x) / (1.0 - x)) / 2.0,
    analytic=True,
    cases=[Case(0.0, gives=0.0, grads=[1.0]), Case(s.UNIT), Case(1.0, gives=np.inf, grads=[np.inf], smooth=False)],
)  # fmt: skip
