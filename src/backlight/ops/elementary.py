"""Exponentials, logarithms and roots."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise
from . import curves
from . import samples as s
from .compare import equal, logical_and, where
from .kernel import precise

__all__ = [
    "cbrt", "exp", "exp2", "expm1", "log", "log10", "log1p", "log2", "logaddexp", "rsqrt", "share", "sqrt", "xlog1py", "xlogy",
]  # fmt: skip

exp: Op = elementwise(
    "exp", "x",
    doc="e to the power x.",
    words="exponential rule: the derivative is the value itself",
    paper=lambda x: m.power("e", x),
    value=np.exp,
    local=lambda z, x: z,
    analytic=True,
    cases=[
        Case(0.0, gives=1.0, grads=[1.0]), Case(s.MATRIX), Case(710.0, gives=np.inf, smooth=False),
        Case(-np.inf, gives=0.0, grads=[0.0], smooth=False),
    ],
)  # fmt: skip

exp2: Op = elementwise(
    "exp2", "x",
    doc="2 to the power x.",
    words="exponential rule: 2^x·ln 2",
    paper=lambda x: m.call("exp2", x),
    value=np.exp2,
    local=lambda z, x: z * 0.6931471805599453,
    inside=lambda x: exp(x * 0.6931471805599453),
    analytic=True,
    cases=[Case(3.0, gives=8.0, grads=[5.545177444479562]), Case(s.MATRIX), Case(1024.0, gives=np.inf, smooth=False)],
)  # fmt: skip

expm1: Op = elementwise(
    "expm1", "x",
    doc="e^x − 1, with all its digits where x is small.",
    words="exponential rule: e^x",
    paper=lambda x: m.call("expm1", x),
    value=np.expm1,
    local=lambda z, x: exp(x),  # z + 1 loses every digit far to the left
    inside=lambda x: exp(x) - 1.0,
    analytic=True,
    cases=[
        Case(0.0, gives=0.0, grads=[1.0]), Case(s.MATRIX), Case(1e-20, gives=1e-20),
        Case(-40.0, gives=-1.0, grads=[4.248354255291589e-18], smooth=False),
    ],
)  # fmt: skip

log: Op = elementwise(
    "log", "x",
    doc="Natural logarithm; −∞ at 0, where its derivative is the limit, infinity.",
    words="logarithm rule: 1/x",
    paper=lambda x: m.call("log", x),
    value=np.log,
    local=lambda z, x: 1.0 / x,
    over=1.0,
    analytic=True,
    cases=[
        Case(1.0, gives=0.0, grads=[1.0]), Case(s.POSITIVE), Case(0.0, gives=-np.inf, grads=[np.inf], smooth=False),
        Case(-1.0, gives=np.nan, smooth=False),
    ],
)  # fmt: skip

log2: Op = elementwise(
    "log2", "x",
    doc="Logarithm to base 2.",
    words="logarithm rule: 1/(x·ln 2)",
    paper=lambda x: m.call("log2", x),
    value=np.log2,
    local=lambda z, x: 1.4426950408889634 / x,
    over=1.4426950408889634,
    inside=lambda x: log(x) / 0.6931471805599453,
    analytic=True,
    cases=[
        Case(8.0, gives=3.0, grads=[0.18033688011112042]), Case(s.POSITIVE),
        Case(0.0, gives=-np.inf, grads=[np.inf], smooth=False),
    ],
)  # fmt: skip

log10: Op = elementwise(
    "log10", "x",
    doc="Logarithm to base 10.",
    words="logarithm rule: 1/(x·ln 10)",
    paper=lambda x: m.call("log10", x),
    value=np.log10,
    local=lambda z, x: 0.4342944819032518 / x,
    over=0.4342944819032518,
    inside=lambda x: log(x) / 2.302585092994046,
    analytic=True,
    cases=[
        Case(1000.0, gives=3.0, grads=[0.0004342944819032518]), Case(s.POSITIVE),
        Case(0.0, gives=-np.inf, grads=[np.inf], smooth=False),
    ],
)  # fmt: skip

log1p: Op = elementwise(
    "log1p", "x",
    doc="log(1 + x), with all its digits where x is small; −∞ at −1.",
    words="logarithm rule: 1/(1 + x)",
    paper=lambda x: m.call("log1p", x),
    value=np.log1p,
    local=lambda z, x: 1.0 / (1.0 + x),
    inside=lambda x: log(1.0 + x),
    analytic=True,
    cases=[
        Case(0.0, gives=0.0, grads=[1.0]), Case(s.UNIT), Case(1e-20, gives=1e-20),
        Case(-1.0, gives=-np.inf, grads=[np.inf], smooth=False),
    ],
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
    cases=[
        Case(4.0, gives=2.0, grads=[0.25]), Case(s.POSITIVE), Case(0.0, gives=0.0, grads=[np.inf], smooth=False),
        Case(5e-324, grads=[2.2494568972715982e161], smooth=False),
    ],
)  # fmt: skip

cbrt: Op = elementwise(
    "cbrt", "x",
    doc="Cube root, negative for negative numbers; its derivative at 0 is the limit, infinity.",
    words="root rule: 1/(3·∛x²)",
    glyph="∛",
    paper=lambda x: m.root(x, 3),
    value=precise(np.cbrt),
    local=lambda z, x: 1.0 / (3.0 * (z * z)),
    cases=[
        Case(-8.0, gives=-2.0, grads=[1 / 12]), Case(s.MATRIX), Case(0.0, gives=0.0, grads=[np.inf], smooth=False),
    ],
)  # fmt: skip

rsqrt: Op = elementwise(
    "rsqrt", "x",
    doc="1/√x; infinite at 0.",
    words="power rule: −1/(2x√x)",
    paper=lambda x: m.call("rsqrt", x),
    value=lambda x: 1.0 / np.sqrt(x),
    local=lambda z, x: -0.5 * (z / x),
    inside=lambda x: 1.0 / sqrt(x),
    analytic=True,
    cases=[
        Case(4.0, gives=0.5, grads=[-0.0625]), Case(s.POSITIVE), Case(0.0, gives=np.inf, grads=[-np.inf], smooth=False),
    ],
)  # fmt: skip


def logaddexp_inside(x: Any, y: Any) -> Any:
    """The larger, plus what the other adds to it."""
    from .piecewise import maximum

    return where(equal(x, y), x + 0.6931471805599453, maximum(x, y) + log1p(exp(-abs(x - y))))


def sigmoid_of(x: Any) -> Any:
    from .activation import sigmoid

    return sigmoid(x)


logaddexp: Op = elementwise(
    "logaddexp", "x y",
    doc="log(e^x + e^y), without overflow. Of −∞ and −∞ it is −∞, and the derivative is NaN.",
    words="each operand gets its share of the sum: e^x/(e^x + e^y) to the first, e^y/(e^x + e^y) to the second",
    paper=lambda x, y: m.call("logaddexp", x, y),
    value=precise(curves.logaddexp),
    local=(lambda z, x, y: share(x, y), lambda z, x, y: share(y, x)),
    inside=lambda x, y: logaddexp_inside(x, y),
    cases=[
        Case(0.0, 0.0, gives=0.6931471805599453, grads=[0.5, 0.5]), Case(s.MATRIX, s.OTHER), Case(s.MATRIX, s.ROW),
        Case([800.0, -800.0], [800.0, -801.0], gives=[800.6931471805599, -799.6867383124818], smooth=False),
        Case(-np.inf, 0.0, gives=0.0, grads=[0.0, 1.0], smooth=False),
        Case(-np.inf, -np.inf, gives=-np.inf, grads=[np.nan, np.nan], smooth=False),
    ],
)  # fmt: skip

share: Op = elementwise(
    "share", "x y",
    doc="e^x / (e^x + e^y): the share of the first of two, also σ(x − y).",
    words="share rule: the product of both shares, to the first; its opposite to the second",
    paper=lambda x, y: m.call("share", x, y),
    value=precise(curves.share),
    local=(lambda z, x, y: z * share(y, x), lambda z, x, y: -(z * share(y, x))),
    inside=lambda x, y: sigmoid_of(x - y),
    cases=[
        Case(0.0, 0.0, gives=0.5, grads=[0.25, -0.25]), Case(s.MATRIX, s.OTHER), Case(s.MATRIX, s.ROW),
        Case(800.0, -800.0, gives=1.0, grads=[0.0, 0.0], smooth=False),
    ],
)  # fmt: skip


def nothing(x: Any, y: Any) -> Any:
    """Where 0 is multiplied by the logarithm of any number at all: by that of NaN it is NaN."""
    return logical_and(equal(x, 0.0), equal(y, y))


def xlogy_value(x: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.where((x == 0) & ~np.isnan(y), x.dtype.type(0), x * np.log(y))[()]


xlogy: Op = elementwise(
    "xlogy", "x y",
    doc="x·log y, and 0 wherever x is 0. At x = y = 0 the derivatives are −∞ and 0.",
    words="product rule: log y to the first, x/y to the second",
    paper=lambda x, y: m.call("xlogy", x, y),
    value=xlogy_value,
    local=(
        lambda z, x, y: log(y),
        lambda z, x, y: where(equal(x, 0.0), 0.0, x / where(equal(x, 0.0), 1.0, y)),
    ),
    inside=lambda x, y: where(nothing(x, y), 0.0, x * log(where(nothing(x, y), 1.0, y))),
    cases=[
        Case(2.0, 1.0, gives=0.0, grads=[0.0, 2.0]), Case(s.MATRIX, s.POSITIVE), Case(s.MATRIX, s.POSITIVE_ROW),
        Case(0.0, 0.0, gives=0.0, grads=[-np.inf, 0.0], smooth=False), Case(0.0, np.inf, gives=0.0, smooth=False),
        Case(0.0, np.nan, gives=np.nan, smooth=False),
    ],
)  # fmt: skip


def xlog1py_value(x: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        return np.where((x == 0) & ~np.isnan(y), x.dtype.type(0), x * np.log1p(y))[()]


xlog1py: Op = elementwise(
    "xlog1py", "x y",
    doc="x·log(1 + y), with all its digits where y is small, and 0 wherever x is 0.",
    words="product rule: log(1 + y) to the first, x/(1 + y) to the second",
    paper=lambda x, y: m.call("xlog1py", x, y),
    value=xlog1py_value,
    local=(
        lambda z, x, y: log1p(y),
        lambda z, x, y: where(equal(x, 0.0), 0.0, x / (1.0 + where(equal(x, 0.0), 0.0, y))),
    ),
    inside=lambda x, y: where(nothing(x, y), 0.0, x * log1p(where(nothing(x, y), 0.0, y))),
    cases=[
        Case(2.0, 0.0, gives=0.0, grads=[0.0, 2.0]), Case(s.MATRIX, s.UNIT), Case(s.MATRIX, s.POSITIVE_ROW),
        Case(0.0, -1.0, gives=0.0, grads=[-np.inf, 0.0], smooth=False), Case(3.0, 1e-20, gives=3e-20, smooth=False),
        Case(0.0, np.nan, gives=np.nan, smooth=False),
    ],
)  # fmt: skip
