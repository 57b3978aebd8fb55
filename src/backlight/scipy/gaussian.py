"""The normal distribution of several numbers, from the Cholesky factor of its covariance."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ops
from ..errors import ShapeError
from .original import floats, of_plain, original

__all__ = ["multivariate_normal"]

LOG_TWO_PI = math.log(2.0 * math.pi)


def sized(mean: Any, cov: Any) -> tuple[Any, Any, int]:
    """Mean and covariance as a vector and a matrix, and how many numbers there are; a covariance may be a number or a diagonal."""
    mean, cov = floats(0.0 if mean is None else mean, 1.0 if cov is None else cov)
    size = max((1, *mean.shape, *cov.shape[-1:]))
    if len(cov.shape) < 2:
        cov = ops.mul(ops.broadcast_to(cov, shape=(size,)), np.eye(size, dtype=cov.dtype))
    mean = ops.broadcast_to(mean, shape=(size,)) if mean.shape in ((), (1,)) else mean
    if mean.shape != (size,) or cov.shape != (size, size):
        raise ShapeError(f"multivariate_normal: a mean of shape {mean.shape} and a covariance of shape {cov.shape} do not fit")
    return mean, cov, size


def spread(cov: Any, size: int, allow_singular: bool) -> tuple[Any, Any, int, Any, float]:
    """A matrix that turns deviations into independent ones of variance 1, the logarithm of the determinant, and the rank; the
    directions without any variance, and how far along them is next to nothing."""
    if allow_singular:
        variances, axes = ops.eigh(cov)
        least = 1e6 * float(np.finfo(np.float64).eps) * float(np.max(np.abs(np.asarray(variances.value))))
        kept = np.asarray(variances.value) > least
        safe = ops.where(kept, variances, 1.0)
        turn = ops.mul(axes, ops.where(kept, ops.rsqrt(safe), 0.0))
        return turn, ops.sum(ops.log(safe)), int(np.sum(kept)), np.asarray(axes.value)[:, ~kept], least
    factor = ops.cholesky(cov)
    return ops.transpose(ops.inv(factor)), 2.0 * ops.sum(ops.log(ops.diag(factor))), size, np.zeros((size, 0)), 0.0


class Gaussian:
    """SciPy's multivariate_normal: `logpdf(x, mean, cov)`, `pdf` and `entropy`; a call freezes mean and covariance."""

    def __call__(self, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> FrozenGaussian:
        return FrozenGaussian(mean, cov, allow_singular)

    def logpdf(self, x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
        """The logarithm of the density at points whose numbers lie along the last axis of x."""
        mean, cov, size = sized(mean, cov)
        x, mean, cov = floats(x, mean, cov)
        x = x if len(x.shape) else ops.reshape(x, shape=(1,))
        if x.shape[-1] != size:
            if size != 1 or len(x.shape) != 1:
                raise ShapeError(f"multivariate_normal: points of {x.shape[-1]} numbers and a mean of {size} do not fit")
            x = ops.reshape(x, shape=(*x.shape, 1))
        turn, log_det, rank, flat, least = spread(cov, size, allow_singular)
        off = ops.matmul(x - mean, turn)
        z = -0.5 * (rank * LOG_TWO_PI + log_det + ops.sum(ops.square(off), axis=-1))
        if not flat.size:
            return z
        left = np.linalg.norm(np.asarray((x - mean).value) @ flat, axis=-1)
        return ops.where(left < least, z, -np.inf)

    def pdf(self, x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
        """The density."""
        return ops.exp(self.logpdf(x, mean, cov, allow_singular))

    def entropy(self, mean: Any = None, cov: Any = 1) -> Any:
        """The mean of −log of the density."""
        mean, cov, size = sized(mean, cov)
        _, log_det, rank, _, _ = spread(cov, size, True)
        return 0.5 * (rank * (LOG_TWO_PI + 1.0) + log_det)

    def __getattr__(self, said: str) -> Any:
        """What SciPy has besides, for plain numbers."""
        if said.startswith("__"):
            raise AttributeError(said)
        return of_plain(original("stats.multivariate_normal"), said, f"stats.multivariate_normal.{said}")


class FrozenGaussian:
    """The distribution with mean and covariance given."""

    def __init__(self, mean: Any, cov: Any, allow_singular: bool) -> None:
        self.mean, self.cov, self.allow_singular = mean, cov, allow_singular

    def logpdf(self, x: Any) -> Any:
        return multivariate_normal.logpdf(x, self.mean, self.cov, self.allow_singular)

    def pdf(self, x: Any) -> Any:
        return multivariate_normal.pdf(x, self.mean, self.cov, self.allow_singular)

    def entropy(self) -> Any:
        return multivariate_normal.entropy(self.mean, self.cov)


multivariate_normal = Gaussian()
