"""Real functions, written for plain NumPy and differentiated without a change.

None of the modules in `functions` knows Backlight. The judge is a complex step where the function is analytic, and Richardson's
extrapolation of central differences, with its own estimate of its error, where it is not.
"""

import numpy as np
import pytest
from tests.features.functions import dynamics, learning, optimisation, signals, statistics

import backlight as bl

R = np.random.default_rng(11)


def at(n, low=-1.0, high=1.0):
    return R.uniform(low, high, n)


ANALYTIC = [
    (optimisation.rosenbrock, at(6)), (optimisation.rastrigin, at(4)), (optimisation.ackley, at(5)), (optimisation.himmelblau, at(2)),
    (optimisation.griewank, at(5, -3, 3)), (optimisation.levy, at(5)), (optimisation.chained_wood, at(8)),
    (statistics.gaussian_mixture, np.concatenate([at(6), [0.1, 0.2, 0.9]])),
    (dynamics.runge_kutta, np.array([0.9, 0.4, 0.5, 0.3, 1.2, 0.7])), (dynamics.heat_equation, at(8)),
    (dynamics.implicit_euler, np.array([0.4, 1.3, 2.0])), (learning.recurrent, at(21)), (learning.gated, at(36)),
    (signals.deconvolution, at(5)), (signals.cubic_spline, at(7)), (signals.lu_solve, at(5)), (signals.bezier_length, at(8)),
    (signals.rotation, at(4)), (signals.quadrature, np.array([-0.3, 1.7, 0.8])), (signals.interpolated, at(6)),
]  # fmt: skip
PIECEWISE = [
    (dynamics.three_bodies, at(12)), (learning.batch_normalised, at(16)),
    (statistics.logistic_regression, at(4)), (statistics.gaussian_process, np.array([0.1, -0.2, -1.5])), (statistics.kmeans_energy, at(12)),
    (statistics.poisson_regression, at(3)), (statistics.multivariate_normal, at(12)), (statistics.kalman_filter, np.array([-1.0, -2.0, -0.5])),
    (statistics.robust_fit, np.array([0.2, 0.9, -0.3])), (dynamics.bouncing_ball, np.array([1.0, 0.3, 0.8])),
    (dynamics.pendulum_control, at(25, -1.5, 1.5)), (dynamics.logistic_map, np.array([0.3, 3.6])), (learning.perceptron, at(31)),
    (learning.attention, at(27)), (learning.softmax_cross_entropy, at(12)), (learning.convolution, at(9)),
    (learning.pca_reconstruction, np.array([1.0, 1.3, 0.6, 0.8])), (signals.filtered, at(4, -0.5, 0.5)), (signals.power_iteration, at(5)),
    (signals.polygon_area, at(10)),
]  # fmt: skip


def complex_step(f, x):
    h = 1e-200
    return np.array([np.imag(f(x + 1j * h * e)) / h for e in np.eye(x.size)])


def richardson(f, x):
    """Central differences for steps that halve, extrapolated; the estimate that moved least, and how much it moved."""
    best, moved = np.zeros(x.size), np.zeros(x.size)
    for k, e in enumerate(np.eye(x.size)):
        rows: list[list[float]] = []
        found, least = 0.0, np.inf
        for i in range(9):
            h = 0.02 / 2**i
            row = [(f(x + h * e) - f(x - h * e)) / (2 * h)]
            for j in range(i):
                row.append(row[j] + (row[j] - rows[-1][j]) / (4 ** (j + 1) - 1))
                if abs(row[-1] - rows[-1][j]) < least:
                    found, least = row[-1], abs(row[-1] - rows[-1][j])
            rows.append(row)
        best[k], moved[k] = found, least
    return best, moved


NAMES = [f"{f.__module__.rsplit('.')[-1]}.{f.__name__}" for f, _ in ANALYTIC + PIECEWISE]


def test_there_are_thirty_of_them_and_more():
    assert len(set(NAMES)) == len(NAMES) >= 30


@pytest.mark.parametrize(("f", "x"), ANALYTIC, ids=NAMES[: len(ANALYTIC)])
def test_the_gradient_is_that_of_a_complex_step(f, x):
    value, gradient = bl.value_and_grad(f)(x)
    assert value == pytest.approx(f(x), rel=1e-13)
    assert gradient == pytest.approx(complex_step(f, x), rel=1e-11, abs=1e-12)


@pytest.mark.parametrize(("f", "x"), PIECEWISE, ids=NAMES[len(ANALYTIC) :])
def test_the_gradient_is_that_of_extrapolated_differences(f, x):
    value, gradient = bl.value_and_grad(f)(x)
    assert value == pytest.approx(f(x), rel=1e-13)
    expected, error = richardson(f, x)
    assert np.all(np.abs(gradient - expected) <= 1e-9 * np.maximum(1.0, np.abs(expected)) + 100 * error)
    assert np.all(error <= 1e-7 * np.maximum(1.0, np.abs(expected)))


@pytest.mark.parametrize(("f", "x"), [(optimisation.rosenbrock, at(4)), (optimisation.levy, at(3)), (signals.cubic_spline, at(6))],
                         ids=lambda v: getattr(v, "__name__", ""))  # fmt: skip
def test_the_hessian_is_what_small_steps_of_the_gradient_measure(f, x):
    h = 1e-6
    expected = np.array([(bl.grad(f)(x + h * e) - bl.grad(f)(x - h * e)) / (2 * h) for e in np.eye(x.size)])
    assert bl.hessian(f)(x) == pytest.approx(expected, rel=1e-6, abs=1e-5)
