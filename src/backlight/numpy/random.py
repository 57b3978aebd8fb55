"""NumPy's random numbers as arrays that can be filled inside a trace; they are constants there."""

from __future__ import annotations

import numpy as _numpy

from .lifted import lifted

__all__ = """beta binomial choice exponential gamma laplace logistic lognormal multivariate_normal normal permutation
    poisson rand randint randn random random_sample standard_normal uniform""".split()

for _name in __all__:
    globals()[_name] = lifted(getattr(_numpy.random, _name), _name)

default_rng, seed, shuffle, Generator, RandomState = (
    _numpy.random.default_rng, _numpy.random.seed, _numpy.random.shuffle, _numpy.random.Generator, _numpy.random.RandomState,
)  # fmt: skip
