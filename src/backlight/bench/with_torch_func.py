"""The workloads in PyTorch without its tape of objects: torch.func, and the same compiled by torch.compile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import data
from .contest import Entry, process


def library() -> Any:
    """Return torch."""
    import torch
    import torch.func

    return torch


def as_written(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return the step as it is."""
    return step


def compiled(step: Callable[..., Any]) -> Callable[..., Any]:
    """Return the step compiled."""
    made: Callable[..., Any] = library().compile(step)
    return made


Way = Callable[[Callable[..., Any]], Callable[..., Any]]


def polynomial(way: Way) -> Entry:
    """W1."""
    torch = library()
    f = way(torch.func.grad_and_value(lambda x: (4 * x + 1) ** 2))
    x = torch.tensor(2.0, dtype=torch.float64)

    def call() -> float:
        for _ in range(100):
            slope, value = f(x)
        return float(value + slope)

    return Entry(call, 100)


def logistic(way: Way) -> Entry:
    """W1 with a sigmoid."""
    torch = library()
    f = way(torch.func.grad_and_value(lambda w, x, b: torch.sigmoid(w * x + b), (0, 1, 2)))
    values = [torch.tensor(v, dtype=torch.float64) for v in (0.5, 2.0, 0.1)]

    def call() -> float:
        for _ in range(100):
            slopes, value = f(*values)
        return float(value + sum(slopes))

    return Entry(call, 100)


def descended(way: Way, loss: Callable[..., Any], start: dict[str, Any], rate: float, batches: Callable[[], Any], units: int,
              last: int = 1) -> Entry:
    """Return an entry of gradient descent: a step from parameters to parameters."""
    torch = library()
    slope = torch.func.grad_and_value(loss)

    def step(p: Any, *batch: Any) -> tuple[Any, Any]:
        g, value = slope(p, *batch)
        return {k: v - rate * g[k] for k, v in p.items()}, value

    made = way(step)

    def call() -> float:
        p, losses = {k: torch.tensor(v) for k, v in start.items()}, []
        for batch in batches():
            p, value = made(p, *batch)
            losses.append(value)
        return float(np.mean([float(v) for v in losses[-last:]]))

    return Entry(call, units)


def small(way: Way) -> Entry:
    """W2."""
    torch = library()
    x, y, p = data.w2()
    batch = torch.tensor(x), torch.tensor(y)

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = x
        for k in (1, 2, 3):
            h = torch.relu(h @ p[f"w{k}"] + p[f"b{k}"])
        return ((h @ p["w4"] + p["b4"] - y) ** 2).sum() / 50

    return descended(way, loss, p, 0.001, lambda: [batch] * 100, 100)


def perceptron(way: Way) -> Entry:
    """W3."""
    torch = library()
    x, y, p = data.w3()
    batch = torch.tensor(x), torch.tensor(y)
    return descended(way, lambda p, x, y: ((y - torch.sigmoid(x @ p["w"] + p["b"])) ** 2).sum(), p, 0.1,
                     lambda: [batch] * 200, 200)


def digits(way: Way) -> Entry:
    """W4."""
    torch = library()
    x, y, p, order = data.w4()
    pictures, answers = torch.tensor(x), torch.tensor(y)

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = torch.sigmoid(x @ p["w1"] + p["b1"])
        return ((torch.sigmoid(h @ p["w2"] + p["b2"]) - y) ** 2).sum() * 0.05

    rows = [torch.tensor(r) for r in order]
    return descended(way, loss, p, 3.0, lambda: ((pictures[r], answers[r]) for r in rows), 1, 500)


def wide(way: Way) -> Entry:
    """W5."""
    torch = library()
    x, y, start = data.w5()
    pictures, answers = torch.tensor(x), torch.tensor(y.argmax(1))

    def loss(p: Any) -> Any:
        h = torch.relu(pictures @ p["w1"] + p["b1"])
        h = torch.relu(h @ p["w2"] + p["b2"])
        return torch.nn.functional.cross_entropy(h @ p["w3"] + p["b3"], answers)

    slope = torch.func.grad_and_value(loss)

    def step(p: Any, m: Any, v: Any, c1: Any, c2: Any) -> Any:
        g, value = slope(p)
        c1, c2 = c1 * 0.9, c2 * 0.999
        m = {k: 0.9 * m[k] + 0.1 * g[k] for k in p}
        v = {k: 0.999 * v[k] + 0.001 * g[k] * g[k] for k in p}
        p = {k: p[k] - 1e-3 * (m[k] / (1 - c1)) / (torch.sqrt(v[k] / (1 - c2)) + 1e-8) for k in p}
        return p, m, v, c1, c2, value

    made = way(step)

    def call() -> float:
        p = {k: torch.tensor(a) for k, a in start.items()}
        state = (p, {k: torch.zeros_like(a) for k, a in p.items()}, {k: torch.zeros_like(a) for k, a in p.items()},
                 torch.tensor(1.0), torch.tensor(1.0))
        for _ in range(20):
            *state, value = made(*state)
        return float(value)

    return Entry(call, 20)


def long(way: Way) -> Entry:
    """W6."""
    torch = library()
    x = torch.tensor(data.w6())
    f = way(torch.func.grad_and_value(lambda x: (torch.tanh(x) * torch.exp(-x * x) + torch.sin(x)).sum()))

    def call() -> float:
        slope, value = f(x)
        return float(value) + float(slope[12345])

    return Entry(call, 1)


START = """
import torch
f = torch.compile(torch.func.grad(lambda x: (4 * x + 1) ** 2))
print(float(f(torch.tensor(2.0))))
"""


def start(way: Way) -> Entry:
    """W10: the first compiled gradient; what torch.compile keeps on disk is there from the call before."""
    library()
    return process(START)


def table(way: Way, *others: str) -> dict[str, Callable[[], Entry]]:
    """Return the table of one way."""
    rows = {"W1": polynomial, "W1s": logistic, "W2": small, "W2c": small, "W3": perceptron, "W4": digits, "W5": wide,
            "W6": long, **dict.fromkeys(others, start)}
    return {key: lambda make=make: make(way) for key, make in rows.items()}  # type: ignore[misc]


ENTRIES = table(as_written)
COMPILED = table(compiled, "W10c")
