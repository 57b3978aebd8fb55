"""The Dirichlet distribution: of positive numbers that add up to 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import ops
from ..errors import ShapeError, ValueError
from .original import floats, of_plain, original

__all__ = ["dirichlet"]


class Dirichlet:
    """SciPy's dirichlet: `logpdf(x, alpha)` and `pdf`, with the numbers along the first axis of x; the last one may be left out."""

    def logpdf(self, x: Any, alpha: Any) -> Any:
        """The logarithm of the density."""
        x, alpha = floats(x, alpha)
        if len(alpha.shape) != 1 or not len(x.shape) or x.shape[0] not in (alpha.shape[0], alpha.shape[0] - 1):
            raise ShapeError(
                f"dirichlet: x of shape {x.shape} and alpha of shape {alpha.shape} do not fit: the numbers lie along the "
                "first axis of x"
            )
        if np.any(np.asarray(alpha.value) <= 0):
            raise ValueError(f"dirichlet: every number of alpha must be above 0, and the smallest is {np.min(alpha.value):g}")
        if x.shape[0] < alpha.shape[0]:
            x = ops.concat(x, 1.0 - ops.sum(x, axis=0, keepdims=True), axis=0)
        total = np.sum(np.asarray(x.value), 0)
        if np.any(np.abs(total - 1.0) > 1e-9) or np.any(np.asarray(x.value) < 0):
            raise ValueError(f"dirichlet: x must be numbers from 0 on that add up to 1: they add up to {np.ravel(total)[0]:.12g}")
        powers = ops.reshape(alpha - 1.0, shape=(alpha.shape[0], *(1,) * (len(x.shape) - 1)))
        return ops.sum(ops.xlogy(powers, x), axis=0) + ops.lgamma(ops.sum(alpha)) - ops.sum(ops.lgamma(alpha))

    def pdf(self, x: Any, alpha: Any) -> Any:
        """The density."""
        return ops.exp(self.logpdf(x, alpha))

    def __getattr__(self, said: str) -> Any:
        """What SciPy has besides, for plain numbers."""
        if said.startswith("__"):
            raise AttributeError(said)
        return of_plain(original("stats.dirichlet"), said, f"stats.dirichlet.{said}")


dirichlet = Dirichlet()
