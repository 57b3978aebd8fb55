"""Signals, splines, systems of equations and geometry."""

import numpy as np

R = np.random.default_rng(9)
SIGNAL = R.normal(size=20)
MATRIX = R.normal(size=(5, 5)) + 4 * np.eye(5)
POINTS = R.normal(size=(6, 2))


def filtered(p):
    """An infinite impulse response filter, sample by sample."""
    y = [0.0, 0.0]
    for n in range(2, len(SIGNAL)):
        y.append(p[0] * SIGNAL[n] + p[1] * SIGNAL[n - 1] + p[2] * y[-1] + p[3] * y[-2])
    return np.mean(np.square(np.stack(y)))


def deconvolution(h):
    """How far a short filter is from turning one signal into another, and how rough it is."""
    return np.sum((np.convolve(SIGNAL, h, mode="same") - np.roll(SIGNAL, 2)) ** 2) + np.sum(np.diff(h, n=2) ** 2)


def cubic_spline(y):
    """Bending energy of the natural spline through the points, by its tridiagonal system."""
    n = y.shape[0]
    A = np.diag(np.full(n - 2, 4.0)) + np.diag(np.ones(n - 3), 1) + np.diag(np.ones(n - 3), -1)
    m = np.linalg.solve(A, 6 * (y[2:] - 2 * y[1:-1] + y[:-2]))
    return np.sum(m**2) + m[0] * m[-1]


def lu_solve(b):
    """Gaussian elimination by hand, in place, with a right side and a diagonal that vary."""
    n = 5
    A = np.diag(b) + MATRIX
    x = b * 1.0
    for k in range(n):
        for i in range(k + 1, n):
            factor = A[i, k] / A[k, k]
            A[i, k:] -= factor * A[k, k:]
            x[i] -= factor * x[k]
    for k in range(n - 1, -1, -1):
        for j in range(k + 1, n):
            x[k] -= A[k, j] * x[j]
        x[k] /= A[k, k]
    return np.sum(x**2)


def power_iteration(d):
    """Rayleigh's quotient after some steps."""
    A = MATRIX + MATRIX.T + np.diag(d)
    v = np.ones(5)
    for _ in range(25):
        v = A @ v
        v = v / np.linalg.norm(v)
    return v @ A @ v


def bezier_length(p):
    """Length of a curve by de Casteljau's scheme, as a sum of chords."""
    control = p.reshape(4, 2)
    t = np.linspace(0, 1, 15)[:, None, None]
    points = control[None]
    while points.shape[1] > 1:
        points = (1 - t) * points[:, :-1] + t * points[:, 1:]
    return np.sum(np.sqrt(np.sum(np.diff(points[:, 0], axis=0) ** 2, axis=1)))


def polygon_area(p):
    x, y = p.reshape(-1, 2).T
    return 0.5 * np.abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))


def interpolated(y):
    return np.trapezoid(np.interp(np.linspace(0.1, 4.9, 31), np.arange(6.0), y) ** 2, dx=0.16)


def rotation(q):
    """Points turned by a quaternion and laid onto a plane."""
    w, x, y, z = q / np.sqrt(q @ q)
    M = np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
    ])  # fmt: skip
    space = np.column_stack([POINTS, np.ones(6)])
    return np.sum((space @ M.T - POINTS) ** 2)


def quadrature(p):
    """An integral by Gauss's points, its limits among the parameters."""
    x, w = np.polynomial.legendre.leggauss(12)
    t = 0.5 * (p[1] - p[0]) * x + 0.5 * (p[0] + p[1])
    return 0.5 * (p[1] - p[0]) * np.sum(w * np.exp(-p[2] * t**2) * np.cos(t))
