"""Which singular values of a pseudo-inverse count as zero: NumPy's limit, and the standard's where it is asked for."""

import numpy as np
import pytest

import backlight as bl

A = np.diag([1.0, 1.05e-15, 0.0, 0.0, 0.0, 0.0])  # between NumPy's limit, 1e-15, and the standard's, 6·2.2e-16


@pytest.mark.parametrize("named", [{}, {"rcond": 1e-8}, {"rtol": 1e-3}, {"rtol": None}, {"rcond": None}, {"hermitian": True}])
def test_inside_a_trace_the_same_sizes_are_zero_as_outside(named):
    for a in (A, A[:4] + 0.0, np.random.default_rng(1).standard_normal((4, 6))):
        if "hermitian" not in named or a.shape[0] == a.shape[1]:
            inside = bl.vjp(lambda a: np.linalg.pinv(a, **named), a)[0]
            assert inside == pytest.approx(np.linalg.pinv(a, **named), rel=1e-12, abs=1e-12)


def test_second_derivatives_where_the_rank_is_held():
    r = np.random.default_rng(2)
    x, seed, move = r.standard_normal((3, 5)), r.standard_normal((5, 5)), r.standard_normal((3, 5))

    def slope(x):
        return np.sum(move * bl.grad(lambda x: np.sum(seed * np.linalg.pinv(x.T @ x)))(x))

    near = [slope(x + t * 1e-4 * move) for t in (2, 1, -1, -2)]
    steps = (8 * (near[1] - near[2]) - (near[0] - near[3])) / 12e-4
    assert np.sum(move * bl.grad(slope)(x)) == pytest.approx(steps, rel=1e-7)
