"""Likelihoods and models of statistics."""

import numpy as np

R = np.random.default_rng(3)
X = R.normal(size=(12, 3))
Y = (X @ np.array([1.0, -2.0, 0.5]) + 0.3 * R.normal(size=12) > 0) * 1.0
T = np.linspace(0.0, 3.0, 9)
OBSERVED = np.sin(T) + 0.1 * R.normal(size=9)


def logistic_regression(w):
    logits = X @ w[:3] + w[3]
    return np.mean(np.logaddexp(0.0, logits) - Y * logits) + 0.01 * np.sum(w**2)


def gaussian_process(theta):
    """Negative log marginal likelihood of a squared-exponential kernel."""
    scale, length, noise = np.exp(theta)
    K = scale**2 * np.exp(-0.5 * ((T[:, None] - T[None, :]) / length) ** 2) + noise**2 * np.eye(len(T))
    L = np.linalg.cholesky(K)
    alpha = np.linalg.solve(L.T, np.linalg.solve(L, OBSERVED))
    return 0.5 * OBSERVED @ alpha + np.sum(np.log(np.diag(L))) + 0.5 * len(T) * np.log(2 * np.pi)


def gaussian_mixture(p):
    """Log likelihood of a mixture of three Gaussians on a line."""
    means, logs, weights = p[:3], p[3:6], p[6:]
    weights = np.exp(weights - np.max(weights))
    weights = weights / weights.sum()
    z = (OBSERVED[:, np.newaxis] - means) / np.exp(logs)
    density = weights * np.exp(-0.5 * z**2 - logs) / np.sqrt(2 * np.pi)
    return -np.log(density.sum(axis=1)).sum()


def kmeans_energy(c):
    centres = np.reshape(c, (4, 3))
    distance = ((X[:, None, :] - centres[None, :, :]) ** 2).sum(axis=-1)
    return np.min(distance, axis=1).sum()


def poisson_regression(w):
    rate = np.exp(np.clip(X @ w, -5, 5))
    return np.sum(rate - np.round(3 * np.abs(X[:, 0])) * np.log(rate))


def multivariate_normal(p):
    mean, A = p[:3], p[3:].reshape(3, 3)
    S = A @ A.T + 0.5 * np.eye(3)
    _, logdet = np.linalg.slogdet(S)
    d = X - mean
    return 0.5 * np.einsum("ni,ij,nj->", d, np.linalg.inv(S), d) + 0.5 * len(X) * logdet


def kalman_filter(q):
    """Negative log likelihood of a walk with drift, seen through noise."""
    F = np.array([[1.0, 0.3], [0.0, 1.0]])
    Q = np.diag(np.exp(q[:2]))
    H = np.array([[1.0, 0.0]])
    x, P, total = np.zeros(2), np.eye(2), 0.0
    for z in OBSERVED:
        x = F @ x
        P = F @ P @ F.T + Q
        S = H @ P @ H.T + np.exp(q[2])
        gain = P @ H.T / S
        r = z - (H @ x)[0]
        x = x + gain[:, 0] * r
        P = (np.eye(2) - gain @ H) @ P
        total += 0.5 * (np.log(S[0, 0]) + r**2 / S[0, 0])
    return total


def robust_fit(p):
    """Huber's loss, with the branch written by hand."""
    loss = 0.0
    for t, y in zip(T, OBSERVED, strict=True):
        r = p[0] + p[1] * t + p[2] * t**2 - y
        if abs(r) < 0.2:
            loss += 0.5 * r**2
        else:
            loss += 0.2 * (abs(r) - 0.1)
    return loss
