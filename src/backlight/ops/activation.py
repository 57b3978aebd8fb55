"""The smooth functions between the layers of a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise, floating
from ..core.types import Type
from ..errors import DTypeError, ValueError
from . import curves
from . import samples as s
from .elementary import exp, log1p
from .hyperbolic import cosh, tanh
from .kernel import precise
from .piecewise import maximum, minimum
from .special import gauss, ndtr

__all__ = [
    "gelu", "gelu_slope", "log_sigmoid", "mish", "mish_slope", "sigmoid", "silu", "silu_slope", "softplus", "softsign",
]  # fmt: skip

sigmoid: Op = elementwise(
    "sigmoid", "x",
    doc="Logistic curve, 1 / (1 + e^-x): squeezes any number into (0, 1).",
    words="sigmoid rule: σ(x)·σ(−x)",
    paper=lambda x: m.call("σ", x),
    value=precise(curves.sigmoid),
    local=lambda z, x: z * sigmoid(-x),  # z * (1 - z) loses every digit from x = 37 on
    inside=lambda x: 1.0 / (1.0 + exp(-1.0 * x)),
    cases=[
        Case(0.0, gives=0.5, grads=[0.25]), Case(s.MATRIX), Case([800.0, -800.0], gives=[1.0, 0.0]),
        Case(40.0, gives=1.0, grads=[4.248354255291589e-18], smooth=False),
    ],
)  # fmt: skip

log_sigmoid: Op = elementwise(
    "log_sigmoid", "x",
    doc="log σ(x) = −log(1 + e^−x), without overflow.",
    words="log-sigmoid rule: σ(−x)",
    paper=lambda x: m.call("log_sigmoid", x),
    value=precise(lambda x: -curves.softplus(-x)),
    local=lambda z, x: sigmoid(-x),
    inside=lambda x: minimum(x, 0.0) - log1p(exp(-abs(x))),
    cases=[
        Case(0.0, gives=-0.6931471805599453, grads=[0.5]), Case(s.MATRIX),
        Case([800.0, -800.0], gives=[0.0, -800.0], grads=[[0.0, 1.0]], smooth=False),
    ],
)  # fmt: skip

softplus: Op = elementwise(
    "softplus", "x",
    doc="log(1 + e^x), a relu with a round corner; without overflow.",
    words="softplus rule: σ(x)",
    paper=lambda x: m.call("softplus", x),
    value=precise(curves.softplus),
    local=lambda z, x: sigmoid(x),
    inside=lambda x: maximum(x, 0.0) + log1p(exp(-abs(x))),
    cases=[
        Case(0.0, gives=0.6931471805599453, grads=[0.5]), Case(s.MATRIX),
        Case([800.0, -800.0], gives=[800.0, 0.0], grads=[[1.0, 0.0]], smooth=False),
    ],
)  # fmt: skip


def gelu_type(x: Type, approximate: str = "none") -> Type:
    if approximate not in ("none", "tanh"):
        raise ValueError(f"gelu: approximate must be 'none' or 'tanh', and it is {approximate!r}")
    if x.dtype.kind == "c":
        raise DTypeError(f"gelu: takes real numbers, and x is {x} {x.shape}: take its real part, its imag part or its abs first")
    return sigmoid.type(x)  # type: ignore[no-any-return]


STEEP, CUBIC = 1.5957691216057308, 0.044715  # 2 √(2/π), and a number that makes the curves meet


def gelu_inside(x: Any, approximate: str = "none") -> Any:
    if approximate == "none":
        return x * ndtr(x)
    return x * sigmoid(STEEP * (x + CUBIC * (x * x * x)))


def gelu_bend(z: Any, x: Any, approximate: str = "none") -> Any:
    """The second derivative: φ(x)·(2 − x²), or 2σ′v′ + x·(σ″v′² + σ′v″) for the approximation σ(v)."""
    if approximate == "none":
        return 0.3989422804014327 * gauss(x, rate=0.5) * (2.0 - x * x)
    v = STEEP * (x + CUBIC * (x * x * x))
    rise = STEEP * (1.0 + (3.0 * CUBIC) * (x * x))
    slope = sigmoid(v) * sigmoid(-v)
    return slope * (2.0 * rise + x * ((6.0 * STEEP * CUBIC) * x - tanh(0.5 * v) * (rise * rise)))


def gelu_slope_inside(x: Any, approximate: str = "none") -> Any:
    if approximate == "none":
        return ndtr(x) + x * (0.3989422804014327 * gauss(x, rate=0.5))
    x = minimum(maximum(x, -100.0), 100.0)  # beyond, 0·∞ of what is 0 or 1
    v = STEEP * (x + CUBIC * (x * x * x))
    return sigmoid(v) * (1.0 + x * (STEEP * (1.0 + (3.0 * CUBIC) * (x * x))) * sigmoid(-v))


gelu: Op = elementwise(
    "gelu", "x",
    doc="x times the normal distribution function, or with approximate='tanh' its approximation by a tanh.",
    words="product rule: Φ(x) + x·φ(x), where φ is the density of the normal distribution",
    source="Hendrycks and Gimpel 2016, Gaussian Error Linear Units",
    type=gelu_type,
    attrs={"approximate": "none"},
    value=floating(precise(curves.gelu)),
    local=lambda z, x, approximate="none": gelu_slope(x, approximate=approximate),
    inside=gelu_inside,
    cases=[
        Case(0.0, gives=0.0, grads=[0.5]), Case(s.MATRIX), Case(s.MATRIX, approximate="tanh"),
        Case(1.0, gives=0.8413447460685429, grads=[1.0833154705876864]),
        Case(1.0, approximate="tanh", gives=0.8411919906082768),
        Case(-10.0, gives=-7.619853024160526e-23, grads=[-7.618400096464814e-22], smooth=False),
        Case(1.0, approximate="erf", raises="gelu: approximate must be 'none' or 'tanh', and it is 'erf'"),
    ],
)  # fmt: skip

gelu_slope: Op = elementwise(
    "gelu_slope", "x",
    doc="Φ(x) + x·φ(x), the derivative of gelu, with all its digits where it crosses zero and in the tail.",
    words="product rule: φ(x)·(2 − x²)",
    type=gelu_type,
    attrs={"approximate": "none"},
    value=floating(precise(curves.gelu_slope)),
    local=gelu_bend,
    inside=gelu_slope_inside,
    cases=[
        Case(0.0, gives=0.5, grads=[0.7978845608028654]), Case(s.MATRIX), Case(s.MATRIX, approximate="tanh"),
        Case([1e38, -1e38, np.inf], approximate="tanh", gives=[1.0, 0.0, 1.0], smooth=False),
    ],
)  # fmt: skip

silu: Op = elementwise(
    "silu", "x",
    doc="x·σ(x), also called swish.",
    words="product rule: σ(x)·(1 + x·σ(−x))",
    source="Elfwing, Uchibe and Doya 2017, Sigmoid-weighted linear units",
    value=precise(curves.silu),
    local=lambda z, x: silu_slope(x),
    inside=lambda x: x * sigmoid(x),
    cases=[
        Case(0.0, gives=0.0, grads=[0.5]), Case(s.MATRIX),
        Case([800.0, -800.0], gives=[800.0, 0.0], grads=[[1.0, 0.0]], smooth=False),
    ],
)  # fmt: skip

silu_slope: Op = elementwise(
    "silu_slope", "x",
    doc="σ(x)·(1 + x·σ(−x)), the derivative of silu, with all its digits where it crosses zero.",
    words="product rule: σ(x)·σ(−x)·(2 − x·tanh(x/2))",
    value=precise(curves.silu_slope),
    local=lambda z, x: sigmoid(x) * sigmoid(-x) * (2.0 - x * tanh(0.5 * x)),
    inside=lambda x: sigmoid(x) * (1.0 + x * sigmoid(-x)),
    cases=[Case(0.0, gives=0.5, grads=[0.5]), Case(s.MATRIX)],
)  # fmt: skip

mish: Op = elementwise(
    "mish", "x",
    doc="x·tanh(softplus(x)).",
    words="product rule: t + x·(1 − t²)·σ(x) with t = tanh(softplus(x))",
    source="Misra 2019, Mish: a self regularized non-monotonic activation function",
    value=precise(curves.mish),
    local=lambda z, x: mish_slope(x),
    inside=lambda x: x * tanh(softplus(x)),
    cases=[
        Case(0.0, gives=0.0, grads=[0.6]), Case(s.MATRIX),
        Case([800.0, -800.0], gives=[800.0, 0.0], grads=[[1.0, 0.0]], smooth=False),
    ],
)  # fmt: skip


def mish_bend(z: Any, x: Any) -> Any:
    """(1 − t²)·σ(x)·(2 + x·(σ(−x) − 2tσ(x))) with t = tanh(softplus(x))."""
    total = softplus(x)
    rise = sigmoid(x) / (cosh(total) * cosh(total))
    return rise * (2.0 + x * (sigmoid(-x) - 2.0 * tanh(total) * sigmoid(x)))


mish_slope: Op = elementwise(
    "mish_slope", "x",
    doc="The derivative of mish, with all its digits where it crosses zero.",
    words="product rule: (1 − t²)·σ(x)·(2 + x·(σ(−x) − 2t·σ(x))) with t = tanh(softplus(x))",
    value=precise(curves.mish_slope),
    local=mish_bend,
    cases=[Case(0.0, gives=0.6, grads=[0.64]), Case(s.MATRIX)],
)  # fmt: skip


def softsign_value(x: Any) -> Any:
    return np.where(np.isinf(x), np.sign(x), x / (x.dtype.type(1) + np.abs(x)))[()].astype(x.dtype)


softsign: Op = elementwise(
    "softsign", "x",
    doc="x / (1 + |x|): squeezes any number into (−1, 1).",
    words="quotient rule: 1/(1 + |x|)²",
    value=softsign_value,
    local=lambda z, x: 1.0 / ((1.0 + abs(x)) * (1.0 + abs(x))),
    inside=lambda x: x / (1.0 + abs(x)),
    cases=[Case(1.0, gives=0.5, grads=[0.25]), Case(s.MATRIX), Case(0.0, gives=0.0, grads=[1.0], smooth=False)],
)  # fmt: skip
