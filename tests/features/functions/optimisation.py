"""Test functions of optimisation, as one writes them with NumPy."""

import numpy as np


def rosenbrock(x):
    x = np.asarray(x)
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def rastrigin(x):
    return 10 * len(x) + sum(xi**2 - 10 * np.cos(2 * np.pi * xi) for xi in x)


def ackley(x):
    n = x.size
    a = -20 * np.exp(-0.2 * np.sqrt(np.sum(x**2) / n))
    b = -np.exp(np.mean(np.cos(2 * np.pi * x)))
    return a + b + 20 + np.e


def himmelblau(p):
    x, y = p
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def griewank(x):
    i = np.arange(1, x.shape[0] + 1)
    return 1 + np.dot(x, x) / 4000 - np.prod(np.cos(x / np.sqrt(i)))


def levy(x):
    w = 1 + (x - 1) / 4
    middle = np.sum((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * w[:-1] + 1) ** 2))
    return np.sin(np.pi * w[0]) ** 2 + middle + (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)


def chained_wood(x):
    f = 0.0
    for i in range(0, x.size - 3, 2):
        f += 100 * (x[i] ** 2 - x[i + 1]) ** 2 + (x[i] - 1) ** 2 + 90 * (x[i + 2] ** 2 - x[i + 3]) ** 2
        f += (1 - x[i + 2]) ** 2 + 10 * (x[i + 1] + x[i + 3] - 2) ** 2 + (x[i + 1] - x[i + 3]) ** 2 / 10
    return f
