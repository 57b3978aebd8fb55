"""The tails of the normal distribution: erfcx, the logarithm of the distribution function, and its inverse.

Each slope is a row of its own, because what a rule would write from other rows cancels in a tail.
"""

from __future__ import annotations

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise
from . import normal_values as values
from . import samples as s
from .compare import less, where
from .kernel import precise
from .special import gauss

__all__ = ["erfcx", "erfcx_slope", "log_ndtr", "log_ndtr_slope", "ndtri", "ndtri_slope"]

SOURCE = "as erf"
SQRT_HALF = 0.7071067811865476

erfcx: Op = elementwise(
    "erfcx", "x",
    doc="e^(x²)·erfc x: the tail of the error function without its exponential, which falls off like 1/(√π·x).",
    words="product rule: 2·x·erfcx x − 2/√π",
    source=SOURCE,
    paper=lambda x: m.call("erfcx", x),
    value=precise(values.erfcx),
    local=lambda z, x: erfcx_slope(x),
    cases=[
        Case(0.0, gives=1.0, grads=[-1.1283791670955126]), Case(s.MATRIX), Case(100.0, gives=0.005641613782989433, smooth=False),
        Case([np.inf, -np.inf], gives=[0.0, np.inf], grads=[[-0.0, -np.inf]], smooth=False),
    ],
)  # fmt: skip

erfcx_slope: Op = elementwise(
    "erfcx_slope", "x",
    doc="2·x·erfcx x − 2/√π, the derivative of erfcx, with the digits that the difference would lose.",
    words="product rule: 2·erfcx x + 2·x·z",
    source=SOURCE,
    paper=lambda x: m.call("erfcx_slope", x),
    value=precise(values.erfcx_slope),
    local=lambda z, x: 2.0 * (erfcx(x) + x * z),
    cases=[Case(0.0, gives=-1.1283791670955126, grads=[2.0]), Case(s.MATRIX), Case(100.0, gives=-5.6410497625993184e-05, smooth=False)],
)  # fmt: skip

log_ndtr: Op = elementwise(
    "log_ndtr", "x",
    doc="log Φ(x), the logarithm of the normal distribution function, with all its digits in both tails.",
    words="the density over the chance, e^(−x²/2)/√(2π)/Φ(x)",
    source=SOURCE,
    paper=lambda x: m.call("log_ndtr", x),
    value=precise(values.log_ndtr),
    local=lambda z, x: log_ndtr_slope(x),
    cases=[
        Case(0.0, gives=-0.6931471805599453, grads=[0.7978845608028654]), Case(s.MATRIX),
        Case(-50.0, gives=-1254.8313611394199, grads=[50.019984031905636], smooth=False),
        Case([np.inf, -np.inf], gives=[0.0, -np.inf], grads=[[0.0, np.inf]], smooth=False),
    ],
)  # fmt: skip

log_ndtr_slope: Op = elementwise(
    "log_ndtr_slope", "x",
    doc="The density of the normal distribution over Φ(x): how fast log Φ grows.",
    words="quotient rule: −z·(x + z), which on the left is √½·z·erfcx′(u)/erfcx u with u = −x/√2",
    source=SOURCE,
    paper=lambda x: m.call("log_ndtr_slope", x),
    value=precise(values.log_ndtr_slope),
    local=lambda z, x: where(
        less(x, 0.0), SQRT_HALF * (z * (erfcx_slope(-SQRT_HALF * x) / erfcx(-SQRT_HALF * x))), -(z * (x + z))
    ),
    cases=[Case(0.0, gives=0.7978845608028654, grads=[-0.6366197723675814]), Case(s.MATRIX), Case(-50.0, gives=50.019984031905636, smooth=False)],
)  # fmt: skip

ndtri: Op = elementwise(
    "ndtri", "x",
    doc="Quantile of the normal distribution: the number that a standard normal one is below with the chance x, from 0 to 1.",
    words="inverse rule: one over the density there, √(2π)·e^(z²/2)",
    source="first guess of Abramowitz and Stegun 26.2.23; then Halley's steps",
    paper=lambda x: m.call("ndtri", x),
    value=precise(values.ndtri),
    local=lambda z, x: ndtri_slope(x),
    cases=[
        Case(0.5, gives=0.0, grads=[2.5066282746310002]), Case([0.05, 0.31, 0.62, 0.975]), Case(1e-300, gives=-37.0470962993612, smooth=False),
        Case([0.0, 1.0], gives=[-np.inf, np.inf], grads=[[np.inf, np.inf]], smooth=False),
        Case(1.5, gives=np.nan, grads=[np.nan], smooth=False),
    ],
)  # fmt: skip

ndtri_slope: Op = elementwise(
    "ndtri_slope", "x",
    doc="√(2π)·e^(ndtri² x/2), the derivative of ndtri.",
    words="chain rule: ndtri x·ndtri′(x)²",
    source="as ndtri",
    paper=lambda x: m.call("ndtri_slope", x),
    value=precise(values.ndtri_slope),
    local=lambda z, x: ndtri(x) * (z * z),
    inside=lambda x: 2.5066282746310002 / gauss(ndtri(x), rate=0.5),
    cases=[Case(0.5, gives=2.5066282746310002, grads=[0.0]), Case([0.05, 0.31, 0.62, 0.975]), Case(1.0, gives=np.inf, smooth=False)],
)  # fmt: skip
