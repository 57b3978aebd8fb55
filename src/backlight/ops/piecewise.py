"""Functions with corners. At a corner the derivative is the slope of smallest size among those that fit there."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise
from . import samples as s
from .compare import equal, greater, less, less_equal, logical_and, logical_not, logical_or, where
from .elementary import exp, expm1

__all__ = [
    "celu", "clip", "elu", "hard_sigmoid", "hard_swish", "hardtanh", "leaky_relu", "maximum", "minimum", "relu", "selu",
]  # fmt: skip


def corner(left: float, right: float) -> float:
    """The smallest slope, by size, of the lines that fit a corner between these two."""
    return 0.0 if left * right <= 0 else min(left, right, key=abs)


def bent(x: Any, left: Any, right: float, left_at_0: float) -> Any:
    """The slope left and right of 0, and at 0 the one of the corner."""
    at_0 = corner(left_at_0, right)
    if at_0 == left_at_0:
        return where(x > 0.0, right, left)
    if at_0 == right:
        return where(x >= 0.0, right, left)
    return where(x > 0.0, right, where(x < 0.0, left, at_0))


relu: Op = elementwise(
    "relu", "x",
    doc="x where it is positive, else 0; the derivative at 0 is 0.",
    words="gate: the gradient passes where x > 0",
    paper=lambda x: m.call("relu", x),
    result="same",
    complexes=False,
    value=lambda x: np.maximum(x, x.dtype.type(0)),
    local=lambda z, x: 1.0,
    select=lambda z, x: x > 0.0,
    inside=lambda x: where(x > 0.0, x, 0.0),
    cases=[Case(2.0, gives=2.0, grads=[1.0]), Case(s.MATRIX), Case(0.0, gives=0.0, grads=[0.0], smooth=False)],
)  # fmt: skip

leaky_relu: Op = elementwise(
    "leaky_relu", "x",
    doc="x where it is positive, else slope·x; the derivative at 0 is the slope, or 1 if that is smaller.",
    words="times 1 where x > 0, times the slope elsewhere",
    attrs={"slope": 0.01},
    value=lambda x, slope=0.01: np.where(x > 0, x, x.dtype.type(slope) * x)[()],
    local=lambda z, x, slope=0.01: bent(x, float(slope), 1.0, float(slope)),
    inside=lambda x, slope=0.01: where(x > 0.0, x, slope * x),
    cases=[
        Case(-2.0, gives=-0.02, grads=[0.01]), Case(s.MATRIX), Case(s.MATRIX, slope=0.3),
        Case(0.0, gives=0.0, grads=[0.01], smooth=False), Case(0.0, slope=2.0, gives=0.0, grads=[1.0], smooth=False),
        Case(0.0, slope=-1.0, gives=0.0, grads=[0.0], smooth=False),
    ],
)  # fmt: skip

elu: Op = elementwise(
    "elu", "x",
    doc="x where it is positive, else α(e^x − 1).",
    words="times 1 where x > 0, times α·e^x elsewhere",
    source="Clevert, Unterthiner and Hochreiter 2015, Exponential Linear Units",
    attrs={"alpha": 1.0},
    value=lambda x, alpha=1.0: np.where(x > 0, x, x.dtype.type(alpha) * np.expm1(np.minimum(x, x.dtype.type(0))))[()],
    local=lambda z, x, alpha=1.0: bent(x, alpha * exp(x), 1.0, float(alpha)),  # z + alpha loses every digit far out
    inside=lambda x, alpha=1.0: where(x > 0.0, x, alpha * expm1(x)),
    cases=[
        Case(0.0, gives=0.0, grads=[1.0], smooth=False), Case(s.MATRIX), Case(s.MATRIX, alpha=0.7),
        Case(-40.0, gives=-1.0, grads=[4.248354255291589e-18], smooth=False), Case(1000.0, gives=1000.0, grads=[1.0]),
        Case(0.0, alpha=3.0, gives=0.0, grads=[1.0], smooth=False),
    ],
)  # fmt: skip

SCALE = 1.0507009873554805  # with ALPHA, the pair that keeps mean 0 and variance 1 from layer to layer
STEEP = 1.7580993408473768  # SCALE times ALPHA, 1.6732632423543772


selu: Op = elementwise(
    "selu", "x",
    doc="λx where x is positive, else λα(e^x − 1), with λ = 1.0507 and α = 1.6733; the derivative at 0 is λ.",
    words="times λ where x ≥ 0, times λα·e^x elsewhere",
    source="Klambauer and others 2017, Self-Normalizing Neural Networks",
    value=lambda x: np.where(
        x > 0, x.dtype.type(SCALE) * x, x.dtype.type(STEEP) * np.expm1(np.minimum(x, x.dtype.type(0)))
    )[()],
    local=lambda z, x: bent(x, STEEP * exp(x), SCALE, STEEP),
    inside=lambda x: where(x > 0.0, SCALE * x, STEEP * expm1(x)),
    cases=[
        Case(1.0, gives=SCALE, grads=[SCALE]), Case(s.MATRIX), Case(0.0, gives=0.0, grads=[SCALE], smooth=False),
        Case(-40.0, gives=-STEEP, grads=[7.46902881591429e-18], smooth=False),
    ],
)  # fmt: skip

celu: Op = elementwise(
    "celu", "x",
    doc="x where it is positive, else α(e^(x/α) − 1): smooth at 0 for every α > 0.",
    words="times 1 where x > 0, times e^(x/α) elsewhere",
    source="Barron 2017, Continuously Differentiable Exponential Linear Units",
    attrs={"alpha": 1.0},
    value=lambda x, alpha=1.0: np.where(
        x > 0, x, x.dtype.type(alpha) * np.expm1(np.minimum(x, x.dtype.type(0)) / x.dtype.type(alpha))
    )[()],
    local=lambda z, x, alpha=1.0: where(x > 0.0, 1.0, exp(x if alpha == 1 else x / alpha)),
    inside=lambda x, alpha=1.0: where(x > 0.0, x, alpha * expm1(x / alpha)),
    cases=[
        Case(0.0, gives=0.0, grads=[1.0], smooth=False), Case(s.MATRIX), Case(s.MATRIX, alpha=0.7),
        Case(-40.0, gives=-1.0, grads=[4.248354255291589e-18], smooth=False), Case(1000.0, gives=1000.0, grads=[1.0]),
    ],
)  # fmt: skip

hardtanh: Op = elementwise(
    "hardtanh", "x",
    doc="x, held between lo and hi; the derivative is 0 at both.",
    words="gate: the gradient passes where lo < x < hi",
    attrs={"lo": -1.0, "hi": 1.0},
    value=lambda x, lo=-1.0, hi=1.0: np.clip(x, x.dtype.type(lo), x.dtype.type(hi)),
    local=lambda z, x, lo=-1.0, hi=1.0: 1.0,
    select=lambda z, x, lo=-1.0, hi=1.0: logical_and(x > lo, x < hi),
    inside=lambda x, lo=-1.0, hi=1.0: clip(x, lo, hi),
    cases=[
        Case(0.5, gives=0.5, grads=[1.0]), Case(s.MATRIX), Case(s.MATRIX, lo=-2.0, hi=1.5),
        Case([-1.0, 1.0], gives=[-1.0, 1.0], grads=[[0.0, 0.0]], smooth=False),
    ],
)  # fmt: skip

hard_sigmoid: Op = elementwise(
    "hard_sigmoid", "x",
    doc="x/6 + 1/2, held between 0 and 1; the derivative is 0 at both ends.",
    words="gate: a sixth of the gradient passes where −3 < x < 3",
    value=lambda x: np.clip(x + x.dtype.type(3), x.dtype.type(0), x.dtype.type(6)) / x.dtype.type(6),
    local=lambda z, x: 1.0 / 6.0,
    select=lambda z, x: logical_and(x > -3.0, x < 3.0),
    inside=lambda x: clip(x + 3.0, 0.0, 6.0) / 6.0,
    cases=[
        Case(0.0, gives=0.5, grads=[1 / 6]), Case(s.MATRIX), Case(2.0 * s.MATRIX),
        Case([-3.0, 3.0], gives=[0.0, 1.0], grads=[[0.0, 0.0]], smooth=False),
    ],
)  # fmt: skip


def hard_swish_value(x: Any) -> Any:
    one = x.dtype.type
    return np.where(x <= -3, one(0), np.where(x >= 3, x, x * ((x + one(3)) / one(6))))[()]


hard_swish: Op = elementwise(
    "hard_swish", "x",
    doc="x times hard_sigmoid(x); the derivative is 0 at −3 and 1 at 3.",
    words="gate: nothing below −3, times (2x + 3)/6 up to 3, all of it from there on",
    source="Howard and others 2019, Searching for MobileNetV3",
    value=hard_swish_value,
    local=lambda z, x: where(x >= 3.0, 1.0, (2.0 * x + 3.0) / 6.0),
    select=lambda z, x: x > -3.0,
    inside=lambda x: where(x > -3.0, where(x >= 3.0, x, x * ((x + 3.0) / 6.0)), 0.0),
    cases=[
        Case(1.0, gives=2 / 3, grads=[5 / 6]), Case(s.MATRIX), Case(2.0 * s.MATRIX),
        Case([-3.0, 3.0], gives=[0.0, 3.0], grads=[[0.0, 1.0]], smooth=False),
    ],
)  # fmt: skip


def chosen(name: str, doc: str, value: np.ufunc, other: Any, inside: Any, larger: float) -> Op:
    """maximum or minimum; `other(x, y)` says that y alone is chosen."""
    return elementwise(
        name, "x y",
        doc=f"{doc} A tie is split evenly between both; NaN if either is.",
        words="choice rule: the gradient goes to the one that was chosen, half to each in a tie",
        result="same",
        value=value,
        local=(lambda z, x, y: where(equal(x, y), 0.5, 1.0), lambda z, x, y: where(equal(x, y), 0.5, 1.0)),
        select=(lambda z, x, y: logical_not(other(x, y)), lambda z, x, y: logical_not(other(y, x))),
        inside=inside,
        cases=[
            Case(1.0, 2.0, gives=larger, grads=[0.0, 1.0] if larger == 2.0 else [1.0, 0.0]), Case(s.MATRIX, s.OTHER),
            Case(s.MATRIX, s.ROW), Case(1.5, 1.5, gives=1.5, grads=[0.5, 0.5], smooth=False),
            Case([np.nan, 1.0], [1.0, np.nan], gives=[np.nan, np.nan], smooth=False),
        ],
    )  # fmt: skip


maximum: Op = chosen("maximum", "The larger of two.", np.maximum, less, lambda x, y: where(x > y, x, y), 2.0)
minimum: Op = chosen("minimum", "The smaller of two.", np.minimum, greater, lambda x, y: where(x < y, x, y), 1.0)

clip: Op = elementwise(
    "clip", "x lo hi",
    doc="x, held between lo and hi; at the bounds the derivative by x and by the bound is 0. If lo is above hi, hi is the answer.",
    words="gate: the gradient goes to x between the bounds, else to the bound that was met",
    result="same",
    value=lambda x, lo, hi: np.minimum(np.maximum(x, lo), hi),
    local=(lambda z, x, lo, hi: 1.0, lambda z, x, lo, hi: 1.0, lambda z, x, lo, hi: 1.0),
    select=(
        lambda z, x, lo, hi: logical_and(x > lo, x < hi),
        lambda z, x, lo, hi: logical_and(x < lo, less_equal(lo, hi)),
        lambda z, x, lo, hi: logical_or(x > hi, greater(lo, hi)),
    ),
    inside=lambda x, lo, hi: minimum(maximum(x, lo), hi),
    cases=[
        Case(0.4, 0.0, 1.0, gives=0.4, grads=[1.0, 0.0, 0.0]), Case(3.0, 0.0, 1.0, gives=1.0, grads=[0.0, 0.0, 1.0]),
        Case(s.MATRIX, s.ROW - 1.0, s.ROW + 1.0), Case(s.MATRIX, -1.0, 1.5),
        Case([0.0, 1.0], 0.0, 1.0, gives=[0.0, 1.0], grads=[[0.0, 0.0], 0.0, 0.0], smooth=False),
        Case(0.5, 2.0, 1.0, gives=1.0, grads=[0.0, 0.0, 1.0], smooth=False),
    ],
)  # fmt: skip
