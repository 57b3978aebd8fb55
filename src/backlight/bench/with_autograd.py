"""The workloads in autograd: NumPy's functions wrapped, a graph of objects for each call.

It has no part in W9: the gradient by one number of a list is a list of as many zeros there, 50,000 times over.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import data
from .contest import Entry, process


def library() -> Any:
    """Return autograd, and its NumPy."""
    import autograd
    import autograd.numpy as numbers

    return autograd, numbers


def polynomial() -> Entry:
    """W1."""
    autograd, _ = library()
    f = autograd.value_and_grad(lambda x: (4.0 * x + 1.0) ** 2)

    def call() -> float:
        for _ in range(100):
            found = f(2.0)
        return float(found[0] + found[1])

    return Entry(call, 100)


def logistic() -> Entry:
    """W1 with a sigmoid."""
    autograd, numbers = library()
    f = autograd.value_and_grad(lambda p: 1.0 / (1.0 + numbers.exp(-(p[0] * p[1] + p[2]))))

    def call() -> float:
        for _ in range(100):
            found = f((0.5, 2.0, 0.1))
        return float(found[0] + sum(found[1]))

    return Entry(call, 100)


def descended(loss: Callable[..., Any], start: dict[str, Any], rate: float, batches: Callable[[], Any], units: int,
              last: int = 1) -> Entry:
    """Return an entry of gradient descent, the parameters a dict."""
    autograd, _ = library()
    slope = autograd.value_and_grad(loss)

    def call() -> float:
        p, losses = dict(start), []
        for batch in batches():
            value, g = slope(p, *batch)
            losses.append(float(value))
            p = {k: v - np.float32(rate) * g[k] for k, v in p.items()}
        return float(np.mean(losses[-last:]))

    return Entry(call, units)


def small() -> Entry:
    """W2."""
    _, numbers = library()
    x, y, p = data.w2()

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = x
        for k in (1, 2, 3):
            h = numbers.maximum(numbers.dot(h, p[f"w{k}"]) + p[f"b{k}"], 0)
        return numbers.sum((numbers.dot(h, p["w4"]) + p["b4"] - y) ** 2) / 50

    return descended(loss, p, 0.001, lambda: [(x, y)] * 100, 100)


def perceptron() -> Entry:
    """W3."""
    _, numbers = library()
    x, y, p = data.w3()

    def loss(p: Any, x: Any, y: Any) -> Any:
        return numbers.sum((y - 1 / (1 + numbers.exp(-(numbers.dot(x, p["w"]) + p["b"])))) ** 2)

    return descended(loss, p, 0.1, lambda: [(x, y)] * 200, 200)


def digits() -> Entry:
    """W4."""
    _, numbers = library()
    x, y, p, order = data.w4()

    def sigmoid(z: Any) -> Any:
        return 1 / (1 + numbers.exp(-z))

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = sigmoid(numbers.dot(x, p["w1"]) + p["b1"])
        return numbers.sum((sigmoid(numbers.dot(h, p["w2"]) + p["b2"]) - y) ** 2) * np.float32(0.05)

    return descended(loss, p, 3.0, lambda: ((x[rows], y[rows]) for rows in order), 1, 500)


def wide() -> Entry:
    """W5."""
    autograd, numbers = library()
    x, y, start = data.w5()

    def loss(p: Any) -> Any:
        h = numbers.maximum(numbers.dot(x, p["w1"]) + p["b1"], 0)
        h = numbers.maximum(numbers.dot(h, p["w2"]) + p["b2"], 0)
        z = numbers.dot(h, p["w3"]) + p["b3"]
        return numbers.sum(y * (numbers.log(numbers.sum(numbers.exp(z), axis=1, keepdims=True)) - z)) * np.float32(1 / 128)

    slope, f = autograd.value_and_grad(loss), np.float32

    def call() -> float:
        p = dict(start)
        m, v = ({k: np.zeros_like(a) for k, a in p.items()} for _ in range(2))
        c1 = c2 = f(1)
        for _ in range(20):
            value, g = slope(p)
            c1, c2 = c1 * f(0.9), c2 * f(0.999)
            for k in p:
                m[k] = f(0.9) * m[k] + f(0.1) * g[k]
                v[k] = f(0.999) * v[k] + f(0.001) * g[k] * g[k]
                p[k] = p[k] - m[k] * (f(1e-3) / (1 - c1)) / (np.sqrt(v[k]) * (1 / np.sqrt(1 - c2)) + f(1e-8))
        return float(value)

    return Entry(call, 20)


def long() -> Entry:
    """W6."""
    autograd, numbers = library()
    x = data.w6()
    f = autograd.value_and_grad(lambda x: numbers.sum(numbers.tanh(x) * numbers.exp(-x * x) + numbers.sin(x)))

    def call() -> float:
        value, slope = f(x)
        return float(value) + float(slope[12345])

    return Entry(call, 1)


def start() -> Entry:
    """W10."""
    library()
    return process("from autograd import grad\nprint(grad(lambda x: (4.0 * x + 1.0) ** 2)(2.0))")


ENTRIES = {
    "W1": polynomial, "W1s": logistic, "W2": small, "W2c": small, "W3": perceptron, "W4": digits, "W5": wide, "W6": long,
    "W10": start,
}
