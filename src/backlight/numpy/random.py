"""NumPy's random numbers as arrays that can be filled inside a trace.

What is drawn is a constant of the trace: NumPy's generator draws once, when the function is traced. A compiled function that
is called again therefore has the same numbers again; draws that are to be new every time are given to it as arguments. A
parameter of the distribution is no variable either: `normal(x, 1.0)` with a traced x is refused, and `x + normal(0.0, 1.0)`
is how it is written.
"""

from __future__ import annotations

import numpy as _numpy

from .lifted import lifted

__all__ = """beta binomial chisquare choice dirichlet exponential f gamma geometric gumbel hypergeometric laplace logistic
    lognormal logseries multinomial multivariate_normal negative_binomial normal pareto permutation poisson power
    rand randint randn random random_sample ranf rayleigh sample standard_cauchy standard_exponential
    standard_gamma standard_normal standard_t triangular uniform vonmises wald weibull zipf""".split()

for _name in __all__:
    globals()[_name] = lifted(getattr(_numpy.random, _name), _name)

default_rng, seed, shuffle, Generator, RandomState = (
    _numpy.random.default_rng, _numpy.random.seed, _numpy.random.shuffle, _numpy.random.Generator, _numpy.random.RandomState,
)  # fmt: skip
