"""Matrices that no matrix undoes, and matrices of complex numbers."""

import numpy as np

from backlight import ops
from backlight.core.table import TABLE

assert ops.__all__


def test_cofactors_of_singular_matrices_are_minors():
    assert np.allclose(TABLE["cofactors"]([[1.0, 2.0], [2.0, 4.0]]).value, [[4.0, -2.0], [-2.0, 1.0]], atol=1e-14)
    x = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.5, -1.0, 2.0]])
    minors = [[(-1.0) ** (i + j) * np.linalg.det(np.delete(np.delete(x, i, 0), j, 1)) for j in range(3)] for i in range(3)]
    np.testing.assert_allclose(TABLE["cofactors"](x).value, minors, atol=1e-13)
    np.testing.assert_array_equal(TABLE["cofactors"](np.zeros((3, 3))).value, np.zeros((3, 3)))


def test_complex_equations_are_solved():
    a = np.array([[2.0 + 1j, 0.5], [-1j, 1.5]])
    z = TABLE["solve"](a, [1.0, 2j]).value
    np.testing.assert_allclose(a @ z, [1.0, 2j], atol=1e-14)
    np.testing.assert_allclose(TABLE["inv"](a).value @ a, np.eye(2), atol=1e-14)
