"""Networks and decompositions by hand."""

import numpy as np

R = np.random.default_rng(5)
DATA = R.normal(size=(10, 4))
TARGET = np.sin(DATA.sum(axis=1))
WORDS = R.normal(size=(7, 3))
IMAGE = R.normal(size=(8, 8))


def perceptron(p):
    W1, b1, w2, b2 = p[:20].reshape(4, 5), p[20:25], p[25:30], p[30]
    hidden = np.maximum(DATA @ W1 + b1, 0)
    return np.mean((hidden @ w2 + b2 - TARGET) ** 2)


def recurrent(p):
    """A recurrent network over a sequence of words."""
    W, U, b = p[:9].reshape(3, 3), p[9:18].reshape(3, 3), p[18:21]
    h = np.zeros(3)
    states = []
    for x in WORDS:
        h = np.tanh(W @ x + U @ h + b)
        states.append(h)
    return np.sum(np.stack(states)[-3:] ** 2) - states[0].mean()


def gated(p):
    """One cell of a gated recurrent unit, several times."""
    W = p.reshape(3, 3, 4)
    h = np.full(3, 0.1)
    for x in WORDS[:, 0]:
        s = np.concatenate([h, [x]])
        r, z = (1 / (1 + np.exp(-(W[k] @ s))) for k in (0, 1))
        h = (1 - z) * h + z * np.tanh(W[2] @ np.hstack((r * h, x)))
    return h @ h


def attention(p):
    Q, K, V = (WORDS @ w for w in np.split(p.reshape(9, 3), 3))
    scores = Q @ K.T / np.sqrt(3)
    scores = np.where(np.tril(np.ones((7, 7))) > 0, scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.sum((weights @ V) ** 2)


def softmax_cross_entropy(p):
    logits = DATA @ p.reshape(4, 3)
    logits = logits - logits.max(axis=1, keepdims=True)
    log_p = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -log_p[np.arange(10), np.arange(10) % 3].mean()


def convolution(p):
    """A small filter over an image, by slices, then the largest of each 2 by 2."""
    k = p.reshape(3, 3)
    out = np.zeros_like(p, shape=(6, 6))
    for i in range(3):
        for j in range(3):
            out += k[i, j] * IMAGE[i : i + 6, j : j + 6]
    pooled = out.reshape(3, 2, 3, 2).max(axis=(1, 3))
    return np.log1p(np.exp(pooled)).sum()


def pca_reconstruction(p):
    """What is left of the data when it is laid onto two directions."""
    A = DATA * p
    A = A - A.mean(axis=0)
    w, v = np.linalg.eigh(A.T @ A)
    top = v[:, -2:]
    return np.sum((A - A @ top @ top.T) ** 2) + w[0]


def batch_normalised(p):
    h = DATA @ p.reshape(4, 4)
    h = (h - h.mean(axis=0)) / np.sqrt(h.var(axis=0) + 1e-5)
    return np.sum(np.abs(h) ** 3)
