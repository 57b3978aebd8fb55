"""Special functions: of the normal distribution and of the factorial."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise, floating
from ..core.types import Type
from ..errors import DTypeError, ValueError
from . import gamma, kernel
from . import samples as s
from .elementary import exp

__all__ = ["digamma", "erf", "erfc", "erfinv", "erfinv_slope", "gauss", "lgamma", "ndtr", "polygamma"]

TWO_OVER_SQRT_PI = 1.1283791670955126

gauss: Op = elementwise(
    "gauss", "x",
    doc="Bell curve, e^(−rate·x²), with all its digits in the tails.",
    words="chain rule: −2·rate·x·e^(−rate·x²)",
    attrs={"rate": 1.0},
    value=kernel.precise(kernel.gauss),
    local=lambda z, x, rate=1.0: (-2.0 * rate) * (x * z),
    inside=lambda x, rate=1.0: exp(-rate * (x * x)),
    cases=[
        Case(0.0, gives=1.0, grads=[0.0]), Case(s.MATRIX), Case(s.MATRIX, rate=0.5),
        Case(26.0, gives=2.6117417612840555e-294, grads=[-1.3581057158677088e-292], smooth=False),
        Case(-np.inf, gives=0.0, smooth=False),
    ],
)  # fmt: skip

erf: Op = elementwise(
    "erf", "x",
    doc="Error function, from −1 to 1.",
    words="error function rule: 2/√π·e^(−x²)",
    source="Shepherd and Laframboise 1981, Chebyshev approximation of (1 + 2x) exp(x²) erfc x",
    paper=lambda x: m.call("erf", x),
    value=kernel.precise(kernel.erf),
    local=lambda z, x: TWO_OVER_SQRT_PI * gauss(x),
    cases=[
        Case(0.0, gives=0.0, grads=[1.1283791670955126]), Case(s.MATRIX), Case(0.5, gives=0.5204998778130465),
        Case([np.inf, -np.inf], gives=[1.0, -1.0], grads=[[0.0, 0.0]], smooth=False),
    ],
)  # fmt: skip

erfc: Op = elementwise(
    "erfc", "x",
    doc="1 − erf x, with all its digits where it is small.",
    words="error function rule: −2/√π·e^(−x²)",
    source="as erf",
    paper=lambda x: m.call("erfc", x),
    value=kernel.precise(kernel.erfc),
    local=lambda z, x: -TWO_OVER_SQRT_PI * gauss(x),
    inside=lambda x: 1.0 - erf(x),
    cases=[
        Case(0.0, gives=1.0, grads=[-1.1283791670955126]), Case(s.MATRIX),
        Case(5.0, gives=1.5374597944280349e-12, grads=[-1.5670866531017336e-11], smooth=False),
    ],
)  # fmt: skip

ndtr: Op = elementwise(
    "ndtr", "x",
    doc="Normal distribution function Φ(x): the chance that a standard normal number is below x.",
    words="the density of the normal distribution, e^(−x²/2)/√(2π)",
    paper=lambda x: m.call("ndtr", x),
    value=kernel.precise(kernel.ndtr),
    local=lambda z, x: 0.3989422804014327 * gauss(x, rate=0.5),
    inside=lambda x: 0.5 * erfc(-0.7071067811865476 * x),
    cases=[
        Case(0.0, gives=0.5, grads=[0.3989422804014327]), Case(s.MATRIX), Case(-10.0, gives=7.61985302416053e-24, smooth=False),
    ],
)  # fmt: skip

erfinv: Op = elementwise(
    "erfinv", "x",
    doc="The number whose erf is x, for x from −1 to 1, where it is infinite.",
    words="inverse rule: √π/2·e^(erfinv² x)",
    source="first guess of Giles 2010, Approximating the erfinv function; then Halley's steps",
    paper=lambda x: m.call("erfinv", x),
    value=kernel.precise(kernel.erfinv),
    local=lambda z, x: erfinv_slope(x),
    cases=[
        Case(0.0, gives=0.0, grads=[0.886226925452758]), Case(s.UNIT), Case(0.5, gives=0.4769362762044699),
        Case([1.0, -1.0], gives=[np.inf, -np.inf], grads=[[np.inf, np.inf]], smooth=False),
        Case(1.5, gives=np.nan, grads=[np.nan], smooth=False),
    ],
)  # fmt: skip

erfinv_slope: Op = elementwise(
    "erfinv_slope", "x",
    doc="√π/2·e^(erfinv² x), the derivative of erfinv.",
    words="chain rule: 2·erfinv x·erfinv′(x)²",
    paper=lambda x: m.call("erfinv_slope", x),
    value=kernel.precise(kernel.erfinv_slope),
    local=lambda z, x: 2.0 * erfinv(x) * (z * z),
    inside=lambda x: 0.886226925452758 / gauss(erfinv(x)),
    cases=[Case(0.0, gives=0.886226925452758, grads=[0.0]), Case(s.UNIT), Case(1.0, gives=np.inf, smooth=False)],
)  # fmt: skip

lgamma: Op = elementwise(
    "lgamma", "x",
    doc="log |Γ(x)|; infinite at 0 and at the negative whole numbers.",
    words="the slope of log Γ is the digamma function ψ(x)",
    source="Stirling's series, on pairs of numbers",
    paper=lambda x: m.call("lgamma", x),
    value=kernel.precise(gamma.lgamma),
    local=lambda z, x: digamma(x),
    cases=[
        Case([1.0, 2.0], gives=[0.0, 0.0], grads=[[-0.5772156649015329, 0.42278433509846713]]), Case(s.POSITIVE), Case(s.MATRIX),
        Case(11.0, gives=15.104412573075516), Case([0.0, -3.0], gives=[np.inf, np.inf], smooth=False),
    ],
)  # fmt: skip

digamma: Op = elementwise(
    "digamma", "x",
    doc="ψ(x), the derivative of log Γ; NaN at the negative whole numbers, where its two sides disagree.",
    words="the slope of ψ is the trigamma function, polygamma of order 1",
    source="Stirling's series, on pairs of numbers",
    paper=lambda x: m.call("digamma", x),
    value=kernel.precise(gamma.digamma),
    local=lambda z, x: polygamma(x, order=1),
    cases=[
        Case(1.0, gives=-0.5772156649015329, grads=[1.6449340668482264]), Case(s.POSITIVE), Case(s.MATRIX),
        Case([0.0, -0.0, -2.0], gives=[-np.inf, np.inf, np.nan], smooth=False),
    ],
)  # fmt: skip


HIGHEST = 20  # order: the recurrence of the cotangent's derivatives is exact so far


def polygamma_type(x: Type, order: Any = 1) -> Type:
    if not isinstance(order, int) or isinstance(order, bool) or not 0 <= order <= HIGHEST:
        raise ValueError(f"polygamma: order must be a whole number from 0 to {HIGHEST}, and it is {order!r}")
    if x.dtype.kind == "c":
        raise DTypeError(f"polygamma: takes real numbers, and x is {x} {x.shape}: take its real part, its imag part or its abs first")
    return digamma.type(x)  # type: ignore[no-any-return]


polygamma: Op = elementwise(
    "polygamma", "x",
    doc="The derivative of this order of digamma: 1 is the trigamma function.",
    words="the derivative of the next order",
    source="the series of Hurwitz's zeta function",
    attrs={"order": 1},
    type=polygamma_type,
    value=floating(kernel.precise(gamma.polygamma)),
    local=lambda z, x, order=1: polygamma(x, order=order + 1),
    cases=[
        Case(1.0, gives=1.6449340668482264, grads=[-2.4041138063191885]), Case(s.POSITIVE), Case(s.MATRIX),
        Case(s.POSITIVE, order=2), Case(1.0, order=3, gives=6.493939402266829),
        Case([0.0, -2.0], gives=[np.inf, np.inf], smooth=False),
        Case(1.0, order=21, raises="polygamma: order must be a whole number from 0 to 20, and it is 21"),
        Case(1.0, order=0.5, raises="polygamma: order must be a whole number from 0 to 20, and it is 0.5"),
    ],
)  # fmt: skip
