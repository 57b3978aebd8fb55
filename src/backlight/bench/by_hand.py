"""The workloads in NumPy, the derivatives written by hand: always among the contestants."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import data
from .contest import Entry, process

Array = np.ndarray[Any, Any]
F = np.float32


def polynomial() -> Entry:
    """W1."""

    def value_and_slope(x: float) -> tuple[float, float]:
        u = 4.0 * x + 1.0
        return u * u, 8.0 * u

    def call() -> float:
        for _ in range(1000):
            found = value_and_slope(2.0)
        return found[0] + found[1]

    return Entry(call, 1000)


def logistic() -> Entry:
    """W1 with a sigmoid."""

    def value_and_slopes(w: float, x: float, b: float) -> tuple[float, float, float, float]:
        z = 1.0 / (1.0 + np.exp(-(w * x + b)))
        d = z * (1.0 - z)
        return z, d * x, d * w, d

    def call() -> float:
        for _ in range(1000):
            found = value_and_slopes(0.5, 2.0, 0.1)
        return float(sum(found))

    return Entry(call, 1000)


def small() -> Entry:
    """W2."""
    x, y, start = data.w2()

    def call() -> float:
        p = {k: v.copy() for k, v in start.items()}
        for _ in range(100):
            h1 = np.maximum(x @ p["w1"] + p["b1"], 0)
            h2 = np.maximum(h1 @ p["w2"] + p["b2"], 0)
            h3 = np.maximum(h2 @ p["w3"] + p["b3"], 0)
            d = h3 @ p["w4"] + p["b4"] - y
            loss = (d * d).sum() / 50
            d = d * F(2 / 50)
            for k, h, below in ((4, h3, h3), (3, h2, h2), (2, h1, h1), (1, x, None)):
                gw, gb = h.T @ d, d.sum(0)
                if below is not None:
                    d = (d @ p[f"w{k}"].T) * (below > 0)
                p[f"w{k}"] -= F(0.001) * gw
                p[f"b{k}"] -= F(0.001) * gb
        return float(loss)

    return Entry(call, 100)


def perceptron() -> Entry:
    """W3."""
    x, y, start = data.w3()

    def call() -> float:
        w, b = start["w"].copy(), start["b"].copy()
        for _ in range(200):
            z = 1 / (1 + np.exp(-(x @ w + b)))
            d = z - y
            loss = (d * d).sum()
            d = 2 * d * z * (1 - z)
            w -= F(0.1) * np.outer(x, d)
            b = b - F(0.1) * d.sum()
        return float(loss)

    return Entry(call, 200)


def digits() -> Entry:
    """W4."""
    x, y, start, order = data.w4()

    def call() -> float:
        w1, b1, w2, b2 = (start[k].copy() for k in ("w1", "b1", "w2", "b2"))
        losses = []
        for rows in order:
            a, t = x[rows], y[rows]
            h = 1 / (1 + np.exp(-(a @ w1 + b1)))
            z = 1 / (1 + np.exp(-(h @ w2 + b2)))
            d = z - t
            losses.append((d * d).sum() * F(0.05))
            d = d * z * (1 - z) * F(0.1)
            e = (d @ w2.T) * h * (1 - h)
            w2 -= F(3) * (h.T @ d)
            b2 -= F(3) * d.sum(0)
            w1 -= F(3) * (a.T @ e)
            b1 -= F(3) * e.sum(0)
        return float(np.mean(losses[-500:]))

    return Entry(call, 1)


def wide() -> Entry:
    """W5."""
    x, y, start = data.w5()

    def call() -> float:
        p = {k: v.copy() for k, v in start.items()}
        m, v = ({k: np.zeros_like(a) for k, a in p.items()} for _ in range(2))
        c1 = c2 = F(1)
        for _ in range(20):
            h1 = np.maximum(x @ p["w1"] + p["b1"], 0)
            h2 = np.maximum(h1 @ p["w2"] + p["b2"], 0)
            z = h2 @ p["w3"] + p["b3"]
            e = np.exp(z)
            s = e.sum(1, keepdims=True)
            loss = (y * (np.log(s) - z)).sum() / 128
            d = (e / s - y) * F(1 / 128)
            c1, c2 = c1 * F(0.9), c2 * F(0.999)
            for k, h in ((3, h2), (2, h1), (1, x)):
                slopes = {f"w{k}": h.T @ d, f"b{k}": d.sum(0)}
                if k > 1:
                    d = (d @ p[f"w{k}"].T) * (h > 0)
                for name, g in slopes.items():
                    m[name] = F(0.9) * m[name] + F(0.1) * g
                    v[name] = F(0.999) * v[name] + F(0.001) * g * g
                    p[name] -= m[name] * (F(1e-3) / (1 - c1)) / (np.sqrt(v[name]) * (1 / np.sqrt(1 - c2)) + F(1e-8))
        return float(loss)

    return Entry(call, 20)


def long() -> Entry:
    """W6."""
    x = data.w6()

    def call() -> float:
        t, e = np.tanh(x), np.exp(-x * x)
        value = (t * e + np.sin(x)).sum()
        slope = (1 - t * t) * e - 2 * x * t * e + np.cos(x)
        return float(value) + float(slope[12345])

    return Entry(call, 1)


class Leaf:
    """W9 by hand: one number of a flat tape, which knows products and sums and nothing else."""

    __slots__ = ("number", "value")
    steps: list[tuple[int, float, int, float]]  # operands and local derivatives, for each number

    def __init__(self, value: float, step: tuple[int, float, int, float] = (0, 0.0, 0, 0.0)) -> None:
        self.number, self.value = len(Leaf.steps), value
        Leaf.steps.append(step)

    def __mul__(self, other: Leaf) -> Leaf:
        return Leaf(self.value * other.value, (self.number, other.value, other.number, self.value))

    def __add__(self, other: Leaf) -> Leaf:
        return Leaf(self.value + other.value, (self.number, 1.0, other.number, 1.0))


def nodes() -> Entry:
    """W9."""
    values = data.w9()

    def call() -> float:
        Leaf.steps = []
        z = data.tree([Leaf(x) for x in values])
        slopes = [0.0] * len(Leaf.steps)
        slopes[z.number] = 1.0
        for number in range(z.number, len(values) - 1, -1):
            a, da, b, db = Leaf.steps[number]
            g = slopes[number]
            slopes[a] += g * da
            slopes[b] += g * db
        return float(z.value + slopes[0])

    return Entry(call, data.NODES)


def start() -> Entry:
    """W10: NumPy alone."""
    return process("import numpy as np\nx = np.float64(2.0)\nprint(float(8.0 * (4.0 * x + 1.0)))")


ENTRIES = {
    "W1": polynomial, "W1s": logistic, "W2": small, "W2c": small, "W3": perceptron, "W4": digits, "W5": wide, "W6": long,
    "W9": nodes, "W10": start, "W10c": start, "W10n": start,
}
