"""NumPy's linear algebra, for arrays that remember."""

from __future__ import annotations

import numpy as _numpy

from .lifted import lifted

__all__ = """cholesky cond cross det diagonal eig eigh eigvals eigvalsh inv lstsq matmul matrix_norm matrix_power
    matrix_rank matrix_transpose multi_dot norm outer pinv qr slogdet solve svd svdvals tensordot tensorinv tensorsolve
    trace vecdot vector_norm""".split()

LinAlgError = _numpy.linalg.LinAlgError

for _name in __all__:
    globals()[_name] = lifted(getattr(_numpy.linalg, _name), _name)
