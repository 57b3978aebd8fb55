"""The likelihood of a Gaussian process, written for NumPy, climbed by its own gradient."""

import numpy as np

import backlight as bl

t = np.linspace(0.0, 3.0, 12)
y = np.sin(2.0 * t) + 0.1 * np.cos(9.0 * t)


def negative_log_likelihood(theta):
    """θ: logarithms of height, length and noise of a squared-exponential kernel."""
    height, length, noise = np.exp(theta)
    K = height**2 * np.exp(-0.5 * ((t[:, None] - t[None, :]) / length) ** 2) + noise**2 * np.eye(t.size)
    L = np.linalg.cholesky(K)
    z = np.linalg.solve(L, y)
    return 0.5 * z @ z + np.sum(np.log(np.diag(L)))


step = bl.value_and_grad(negative_log_likelihood)
theta = np.array([0.0, -1.0, -1.0])
for i in range(60):
    value, slope = step(theta)
    if i % 20 == 0:
        print(f"{i:3d}  {value:8.3f}  slope {np.linalg.norm(slope):.3f}")
    theta = theta - 0.02 * slope

print("height, length, noise:", np.exp(theta).round(3))
assert value < -10
