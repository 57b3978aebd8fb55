"""SciPy's distributions of arrays that remember: densities, chances and quantiles, right in their tails.

Each distribution is a few formulas for its standard form, written in operations; place and scale, the edges of its support and
what lies beyond are told once, in `distribution.py`. What is not here (`rvs`, `fit`, …) is SciPy's own, for plain numbers.
"""

from __future__ import annotations

import math
from typing import Any

from .. import ops
from . import special as sp
from .dirichlet import dirichlet
from .distribution import Distribution
from .gaussian import multivariate_normal
from .original import lent

__all__ = [
    "bernoulli", "beta", "binom", "cauchy", "chi2", "dirichlet", "expon", "gamma", "geom", "gumbel_r", "halfcauchy", "halfnorm",
    "invgamma", "laplace", "logistic", "lognorm", "multivariate_normal", "nbinom", "norm", "pareto", "poisson", "t", "uniform",
    "weibull_min",
]  # fmt: skip

ROOT_TWO_PI = math.sqrt(2.0 * math.pi)
LOG_ROOT_TWO_PI = 0.5 * math.log(2.0 * math.pi)
LOG_2 = math.log(2.0)
of = sp.of


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return lent(f"stats.{name}")


def log_of_rest(x: Any) -> Any:
    """log(1 − e^−x) for x ≥ 0."""
    near = ops.less(x, LOG_2)
    return ops.where(near, ops.log(-ops.expm1(-ops.where(near, x, 1.0))), ops.log1p(-ops.exp(-ops.where(near, 1.0, x))))


def tangent_of(q: Any) -> Any:
    """tan(π(q − 1/2)); near 0 and 1 by the tangent of what is missing."""
    near = ops.less(ops.abs(q - 0.5), 0.25)
    low = ops.less(q, 0.5)
    far = ops.where(low, -1.0, 1.0) / ops.tan(math.pi * ops.where(near, 0.25, ops.where(low, q, 1.0 - q)))
    return ops.where(near, ops.tan(math.pi * (q - 0.5)), far)


norm = Distribution(
    "norm",
    logpdf=lambda x: -0.5 * ops.square(x) - LOG_ROOT_TWO_PI, pdf=lambda x: ops.gauss(x, rate=0.5) / ROOT_TWO_PI,
    cdf=ops.ndtr, sf=lambda x: ops.ndtr(-x), logcdf=ops.log_ndtr, logsf=lambda x: ops.log_ndtr(-x),
    ppf=ops.ndtri, isf=lambda q: -ops.ndtri(q),
)  # fmt: skip

t = Distribution(
    "t", ("df",), valid=lambda df: ops.greater(df, 0.0),
    logpdf=lambda x, df: -of("betaln", 0.5 * df, 0.5) - 0.5 * ops.log(df) - 0.5 * (df + 1.0) * ops.log1p(ops.square(x) / df),
    cdf=lambda x, df: of("stdtr", df, x), sf=lambda x, df: of("stdtr", df, -x),
    ppf=lambda q, df: of("stdtrit", df, q), isf=lambda q, df: -of("stdtrit", df, q),
)  # fmt: skip

cauchy = Distribution(
    "cauchy",
    logpdf=lambda x: -math.log(math.pi) - ops.log1p(ops.square(x)), pdf=lambda x: 1.0 / (math.pi * (1.0 + ops.square(x))),
    cdf=lambda x: ops.atan2(1.0, -x) / math.pi, sf=lambda x: ops.atan2(1.0, x) / math.pi,
    ppf=lambda q: tangent_of(q), isf=lambda q: -tangent_of(q),
)  # fmt: skip

halfcauchy = Distribution(
    "halfcauchy", low=0.0,
    logpdf=lambda x: math.log(2.0 / math.pi) - ops.log1p(ops.square(x)),
    cdf=lambda x: (2.0 / math.pi) * ops.atan(x), sf=lambda x: (2.0 / math.pi) * ops.atan2(1.0, x),
    ppf=lambda q: ops.tan(0.5 * math.pi * q), isf=lambda q: 1.0 / ops.tan(0.5 * math.pi * q),
)  # fmt: skip

halfnorm = Distribution(
    "halfnorm", low=0.0,
    logpdf=lambda x: -0.5 * ops.square(x) + 0.5 * math.log(2.0 / math.pi),
    cdf=lambda x: ops.erf(x * math.sqrt(0.5)), sf=lambda x: 2.0 * ops.ndtr(-x),
    logsf=lambda x: ops.where(ops.less(x, 1.0), ops.log1p(-ops.erf(math.sqrt(0.5) * x)), LOG_2 + ops.log_ndtr(-x)),
    ppf=lambda q: ops.ndtri(0.5 * (1.0 + q)), isf=lambda q: -ops.ndtri(0.5 * q),
)  # fmt: skip

laplace = Distribution(
    "laplace",
    logpdf=lambda x: -ops.abs(x) - LOG_2,
    cdf=lambda x: ops.where(ops.greater(x, 0.0), 1.0 - 0.5 * ops.exp(-ops.abs(x)), 0.5 * ops.exp(-ops.abs(x))),
    logcdf=lambda x: ops.where(ops.greater(x, 0.0), ops.log1p(-0.5 * ops.exp(-ops.abs(x))), x - LOG_2),
    ppf=lambda q: ops.sign(q - 0.5) * -ops.log(2.0 * ops.where(ops.greater(q, 0.5), 1.0 - q, q)),
    even=True,
)  # fmt: skip

logistic = Distribution(
    "logistic",
    logpdf=lambda x: ops.log_sigmoid(x) + ops.log_sigmoid(-x), pdf=lambda x: ops.sigmoid(x) * ops.sigmoid(-x),
    cdf=ops.sigmoid, logcdf=ops.log_sigmoid, ppf=lambda q: ops.log(q) - ops.log1p(-q), even=True,
)  # fmt: skip

gumbel_r = Distribution(
    "gumbel_r",
    logpdf=lambda x: -x - ops.exp(-x), cdf=lambda x: ops.exp(-ops.exp(-x)), logcdf=lambda x: -ops.exp(-x),
    sf=lambda x: -ops.expm1(-ops.exp(-x)), ppf=lambda q: -ops.log(-ops.log(q)), isf=lambda q: -ops.log(-ops.log1p(-q)),
)  # fmt: skip

expon = Distribution(
    "expon", low=0.0,
    logpdf=lambda x: -x, cdf=lambda x: -ops.expm1(-x), sf=lambda x: ops.exp(-x), logsf=lambda x: -x, logcdf=log_of_rest,
    ppf=lambda q: -ops.log1p(-q), isf=lambda q: -ops.log(q),
)  # fmt: skip

uniform = Distribution(
    "uniform", low=0.0, high=1.0,
    logpdf=lambda x: 0.0 * x, cdf=lambda x: x, sf=lambda x: 1.0 - x, ppf=lambda q: q, isf=lambda q: 1.0 - q,
)  # fmt: skip

gamma = Distribution(
    "gamma", ("a",), low=0.0, valid=lambda a: ops.greater(a, 0.0),
    logpdf=lambda x, a: ops.xlogy(a - 1.0, x) - x - ops.lgamma(a),
    cdf=lambda x, a: of("gammainc", a, x), sf=lambda x, a: of("gammaincc", a, x),
    ppf=lambda q, a: of("gammaincinv", a, q), isf=lambda q, a: of("gammainccinv", a, q),
)  # fmt: skip

chi2 = Distribution(
    "chi2", ("df",), low=0.0, valid=lambda df: ops.greater(df, 0.0),
    logpdf=lambda x, df: ops.xlogy(0.5 * df - 1.0, x) - 0.5 * x - ops.lgamma(0.5 * df) - 0.5 * LOG_2 * df,
    cdf=lambda x, df: of("chdtr", df, x), sf=lambda x, df: of("chdtrc", df, x),
    ppf=lambda q, df: 2.0 * of("gammaincinv", 0.5 * df, q), isf=lambda q, df: 2.0 * of("gammainccinv", 0.5 * df, q),
)  # fmt: skip

invgamma = Distribution(
    "invgamma", ("a",), low=0.0, open=True, valid=lambda a: ops.greater(a, 0.0),
    logpdf=lambda x, a: -(a + 1.0) * ops.log(x) - ops.lgamma(a) - 1.0 / x,
    cdf=lambda x, a: of("gammaincc", a, 1.0 / x), sf=lambda x, a: of("gammainc", a, 1.0 / x),
    ppf=lambda q, a: 1.0 / of("gammainccinv", a, q), isf=lambda q, a: 1.0 / of("gammaincinv", a, q),
)  # fmt: skip

beta = Distribution(
    "beta", ("a", "b"), low=0.0, high=1.0, valid=lambda a, b: ops.logical_and(ops.greater(a, 0.0), ops.greater(b, 0.0)),
    logpdf=lambda x, a, b: ops.xlog1py(b - 1.0, -x) + ops.xlogy(a - 1.0, x) - of("betaln", a, b),
    cdf=lambda x, a, b: of("betainc", a, b, x), sf=lambda x, a, b: of("betaincc", a, b, x),
    ppf=lambda q, a, b: of("betaincinv", a, b, q), isf=lambda q, a, b: of("betainccinv", a, b, q),
)  # fmt: skip

lognorm = Distribution(
    "lognorm", ("s",), low=0.0, open=True, valid=lambda s: ops.greater(s, 0.0),
    logpdf=lambda x, s: -0.5 * ops.square(ops.log(x) / s) - ops.log(s * x) - LOG_ROOT_TWO_PI,
    cdf=lambda x, s: ops.ndtr(ops.log(x) / s), sf=lambda x, s: ops.ndtr(-ops.log(x) / s),
    logcdf=lambda x, s: ops.log_ndtr(ops.log(x) / s), logsf=lambda x, s: ops.log_ndtr(-ops.log(x) / s),
    ppf=lambda q, s: ops.exp(s * ops.ndtri(q)), isf=lambda q, s: ops.exp(-s * ops.ndtri(q)),
)  # fmt: skip

pareto = Distribution(
    "pareto", ("b",), low=1.0, valid=lambda b: ops.greater(b, 0.0),
    logpdf=lambda x, b: ops.log(b) - (b + 1.0) * ops.log(x), cdf=lambda x, b: -ops.expm1(-b * ops.log(x)),
    sf=lambda x, b: ops.pow(x, -b), logsf=lambda x, b: -b * ops.log(x),
    ppf=lambda q, b: ops.exp(-ops.log1p(-q) / b), isf=lambda q, b: ops.pow(q, -1.0 / b),
)  # fmt: skip

weibull_min = Distribution(
    "weibull_min", ("c",), low=0.0, valid=lambda c: ops.greater(c, 0.0),
    logpdf=lambda x, c: ops.log(c) + ops.xlogy(c - 1.0, x) - ops.pow(x, c),
    cdf=lambda x, c: -ops.expm1(-ops.pow(x, c)), sf=lambda x, c: ops.exp(-ops.pow(x, c)), logsf=lambda x, c: -ops.pow(x, c),
    logcdf=lambda x, c: log_of_rest(ops.pow(x, c)),
    ppf=lambda q, c: ops.pow(-ops.log1p(-q), 1.0 / c), isf=lambda q, c: ops.pow(-ops.log(q), 1.0 / c),
)  # fmt: skip


def a_chance(p: Any) -> Any:
    return ops.logical_and(ops.greater_equal(p, 0.0), ops.less_equal(p, 1.0))


def log_choose(n: Any, k: Any) -> Any:
    """The logarithm of how many ways there are to choose k of n things."""
    return -ops.log1p(n) - of("betaln", n - k + 1.0, k + 1.0)


poisson = Distribution(
    "poisson", ("mu",), low=0.0, whole=True, valid=lambda mu: ops.greater_equal(mu, 0.0),
    logpdf=lambda k, mu: ops.xlogy(k, mu) - ops.lgamma(k + 1.0) - mu,
    cdf=lambda k, mu: of("gammaincc", k + 1.0, mu), sf=lambda k, mu: of("gammainc", k + 1.0, mu),
)  # fmt: skip

bernoulli = Distribution(
    "bernoulli", ("p",), low=0.0, high=1.0, whole=True, valid=a_chance,
    logpdf=lambda k, p: ops.xlogy(k, p) + ops.xlog1py(1.0 - k, -p),
    cdf=lambda k, p: ops.where(ops.less(k, 1.0), 1.0 - p, 1.0), sf=lambda k, p: ops.where(ops.less(k, 1.0), p, 0.0),
)  # fmt: skip

binom = Distribution(
    "binom", ("n", "p"), low=0.0, high=lambda n, p: n, whole=True,
    valid=lambda n, p: ops.logical_and(ops.greater_equal(n, 0.0), a_chance(p)),
    logpdf=lambda k, n, p: log_choose(n, k) + ops.xlogy(k, p) + ops.xlog1py(n - k, -p),
    cdf=lambda k, n, p: of("betaincc", k + 1.0, n - k, p), sf=lambda k, n, p: of("betainc", k + 1.0, n - k, p),
)  # fmt: skip

nbinom = Distribution(
    "nbinom", ("n", "p"), low=0.0, whole=True, valid=lambda n, p: ops.logical_and(ops.greater(n, 0.0), a_chance(p)),
    logpdf=lambda k, n, p: -of("betaln", n, k + 1.0) - ops.log(n + k) + n * ops.log(p) + ops.xlog1py(k, -p),
    cdf=lambda k, n, p: of("betainc", n, k + 1.0, p), sf=lambda k, n, p: of("betaincc", n, k + 1.0, p),
)  # fmt: skip

geom = Distribution(
    "geom", ("p",), low=1.0, whole=True, valid=a_chance,
    logpdf=lambda k, p: ops.xlog1py(k - 1.0, -p) + ops.log(p),
    cdf=lambda k, p: -ops.expm1(k * ops.log1p(-p)), sf=lambda k, p: ops.exp(k * ops.log1p(-p)),
    logsf=lambda k, p: k * ops.log1p(-p),
)  # fmt: skip

