"""The one error that is NumPy's as well."""

from numpy.linalg import LinAlgError

from . import ValueError

__all__ = ["MatrixError"]


class MatrixError(ValueError, LinAlgError):
    """A matrix that has no inverse, no root, no decomposition; NumPy's LinAlgError too, so that code that expects it goes on.

    `np.linalg.cholesky(A)` of a traced `A` that is not positive definite fails; add a positive number to its diagonal.
    """


MatrixError.__module__ = "backlight.errors"  # where people find it
