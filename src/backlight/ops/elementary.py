"""Exponentials, logarithms, trigonometric and hyperbolic functions and their inverses, roots."""

from __future__ import annotations

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise
from . import samples as s

__all__ = ["cos", "exp", "log", "sin", "sqrt", "tanh"]

exp: Op = elementwise(
    "exp", "x",
    doc="e to the power x.",
    words="exponential rule: the derivative is the value itself",
    paper=lambda x: m.power("e", x),
    value=np.exp,
    local=lambda z, x: z,
    analytic=True,
    cases=[Case(0.0, gives=1.0, grads=[1.0]), Case(s.MATRIX), Case(710.0, gives=np.inf, smooth=False)],
)  # fmt: skip

log: Op = elementwise(
    "log", "x",
    doc="Natural logarithm.",
    words="logarithm rule: 1/x",
    paper=lambda x: m.call("log", x),
    value=np.log,
    local=lambda z, x: 1.0 / x,
    analytic=True,
    cases=[Case(1.0, gives=0.0, grads=[1.0]), Case(s.POSITIVE), Case(0.0, gives=-np.inf, grads=[np.inf], smooth=False)],
)  # fmt: skip

sqrt: Op = elementwise(
    "sqrt", "x",
    doc="Square root; its derivative at 0 is the limit, infinity.",
    words="root rule: 1/(2√x)",
    glyph="√",
    paper=lambda x: m.root(x),
    value=np.sqrt,
    local=lambda z, x: 0.5 / z,
    analytic=True,
    cases=[Case(4.0, gives=2.0, grads=[0.25]), Case(s.POSITIVE), Case(0.0, gives=0.0, grads=[np.inf], smooth=False)],
)  # fmt: skip

sin: Op = elementwise(
    "sin", "x",
    doc="Sine of an angle in radians.",
    words="sine rule: cos x",
    paper=lambda x: m.call("sin", x),
    value=np.sin,
    local=lambda z, x: cos(x),
    analytic=True,
    cases=[Case(0.0, gives=0.0, grads=[1.0]), Case(s.MATRIX)],
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

tanh: Op = elementwise(
    "tanh", "x",
    doc="Hyperbolic tangent: squeezes any number into (−1, 1).",
    words="tanh rule: 1 − tanh² x",
    paper=lambda x: m.call("tanh", x),
    value=np.tanh,
    local=lambda z, x: 1.0 - z * z,
    analytic=True,
    cases=[Case(0.0, gives=0.0, grads=[1.0]), Case(s.MATRIX)],
)  # fmt: skip
