"""The arrays that the cases of the rows are tried on: no zeros, no ties, no symmetry, values of both signs.

Rows want at least one case without special structure, because a wrong derivative can be right at 0.
"""

import numpy as np

__all__ = ["BAD", "MATRIX", "OTHER", "POSITIVE", "POSITIVE_ROW", "ROW", "TENSOR", "UNIT", "VECTOR"]

VECTOR = np.array([0.3, -1.7, 2.9, -0.6])
MATRIX = np.array([[0.7, -1.3, 2.1], [-0.4, 1.9, -2.6]])
OTHER = np.array([[1.1, 0.6, -0.8], [2.3, -1.4, 0.2]])
ROW = np.array([1.6, -0.9, 0.35])
POSITIVE = np.array([[0.7, 1.3, 2.1], [0.4, 1.9, 2.6]])
POSITIVE_ROW = np.array([1.6, 0.9, 0.35])
UNIT = np.array([[0.31, -0.72, 0.05], [-0.44, 0.83, -0.96]])  # inside (−1, 1)
TENSOR = np.round(np.sin(np.arange(1, 25) * 1.7) * 2.5, 3).reshape(2, 3, 4)
BAD = np.ones((4, 3))  # fits none of the others
