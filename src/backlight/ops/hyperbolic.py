"""Hyperbolic functions and their inverses."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise
from . import samples as s
from .elementary import exp, log, sqrt
from .trigonometric import hypot

__all__ = ["acosh", "asinh", "atanh", "cosh", "sinh", "tanh"]

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


def tanh_slope(z: Any, x: Any) -> Any:
    """1/cosh² x = 4·σ(2x)·σ(−2x): 1 − tanh² x is the same and loses every digit far out."""
    from .activation import sigmoid

    if x.dtype.kind == "c":
        return 1.0 / (cosh(x) * cosh(x))
    return 4.0 * (sigmoid(2.0 * x) * sigmoid(-2.0 * x))


tanh: Op = elementwise(
    "tanh", "x",
    doc="Hyperbolic tangent: squeezes any number into (−1, 1).",
    words="tanh rule: 1 − tanh² x, written 4·σ(2x)·σ(−2x) so that its digits last far out",
    paper=lambda x: m.call("tanh", x),
    value=np.tanh,
    local=tanh_slope,
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
