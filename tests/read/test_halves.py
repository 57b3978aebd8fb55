"""Which half of a symmetric matrix is read: values, and the signs of the vectors, are NumPy's, and gradients stay in that half."""

import numpy as np
import pytest

import backlight as bl

X = np.random.default_rng(7).standard_normal((2, 5, 5))


@pytest.mark.parametrize("half", ["L", "U", "l", "u"])
@pytest.mark.parametrize("x", [X, X + 1j * X[::-1]], ids=["real", "complex"])
def test_eigenvectors_inside_a_trace_are_those_of_numpy(half, x):
    (w, v), back = bl.vjp(lambda x: tuple(np.linalg.eigh(x, half)), x)
    want = np.linalg.eigh(x, half)
    assert w == pytest.approx(want.eigenvalues, rel=1e-12)
    assert v == pytest.approx(want.eigenvectors, rel=1e-9, abs=1e-12)
    (g,) = back((np.ones_like(w), np.zeros_like(v)))
    unread = np.triu(g, 1) if half in "Ll" else np.tril(g, -1)
    assert np.all(unread == 0)
    assert bl.vjp(lambda x: np.linalg.eigvalsh(x, half), x)[0] == pytest.approx(want.eigenvalues, rel=1e-12)


@pytest.mark.parametrize("half", ["L", "U"])
def test_derivatives_of_eigenvectors_agree_with_steps_of_numpy(half):
    seed = np.random.default_rng(8).standard_normal((5, 5))
    bl.check_grads(lambda x: np.sum(seed * np.linalg.eigh(x, half)[1] ** 3), (X[0],))
    g = bl.grad(lambda x: np.sum(seed * np.linalg.eigh(x, half).eigenvectors))(X[0])
    move = np.random.default_rng(9).standard_normal((5, 5))
    up, down = (np.sum(seed * np.linalg.eigh(X[0] + h * move, half).eigenvectors) for h in (1e-5, -1e-5))
    assert np.sum(g * move) == pytest.approx((up - down) / 2e-5, rel=1e-6)
