"""The workloads in PyTorch, eager: autograd where a person would use it, and its fused optimiser where there is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import data
from .contest import Entry, process


def library() -> Any:
    """Return torch."""
    import torch

    return torch


def polynomial() -> Entry:
    """W1."""
    torch = library()

    def call() -> float:
        for _ in range(200):
            x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
            value = (4 * x + 1) ** 2
            value.backward()
        return float(value.item() + x.grad.item())

    return Entry(call, 200)


def logistic() -> Entry:
    """W1 with a sigmoid."""
    torch = library()

    def call() -> float:
        for _ in range(200):
            w, x, b = (torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (0.5, 2.0, 0.1))
            value = torch.sigmoid(w * x + b)
            value.backward()
        return float(value.item() + w.grad.item() + x.grad.item() + b.grad.item())

    return Entry(call, 200)


def trained(loss: Callable[..., Any], start: dict[str, Any], batches: Callable[[], Any], optimiser: Callable[[Any], Any],
            units: int, last: int = 1) -> Entry:
    """Return an entry of eager training steps."""
    torch = library()

    def call() -> float:
        p = {k: torch.tensor(v, requires_grad=True) for k, v in start.items()}
        descend = optimiser(list(p.values()))
        losses = []
        for batch in batches():
            descend.zero_grad()
            value = loss(p, *batch)
            value.backward()
            descend.step()
            losses.append(value.detach())
        return float(np.mean([v.item() for v in losses[-last:]]))

    return Entry(call, units)


def small() -> Entry:
    """W2."""
    torch = library()
    x, y, p = data.w2()
    batch = torch.tensor(x), torch.tensor(y)

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = x
        for k in (1, 2, 3):
            h = torch.relu(h @ p[f"w{k}"] + p[f"b{k}"])
        return ((h @ p["w4"] + p["b4"] - y) ** 2).sum() / 50

    return trained(loss, p, lambda: [batch] * 100, lambda q: torch.optim.SGD(q, 0.001), 100)


def perceptron() -> Entry:
    """W3."""
    torch = library()
    x, y, p = data.w3()
    batch = torch.tensor(x), torch.tensor(y)
    return trained(lambda p, x, y: ((y - torch.sigmoid(x @ p["w"] + p["b"])) ** 2).sum(), p, lambda: [batch] * 200,
                   lambda q: torch.optim.SGD(q, 0.1), 200)


def digits() -> Entry:
    """W4."""
    torch = library()
    x, y, p, order = data.w4()
    pictures, answers = torch.tensor(x), torch.tensor(y)

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = torch.sigmoid(x @ p["w1"] + p["b1"])
        return ((torch.sigmoid(h @ p["w2"] + p["b2"]) - y) ** 2).sum() * 0.05

    rows = [torch.tensor(r) for r in order]
    return trained(loss, p, lambda: ((pictures[r], answers[r]) for r in rows), lambda q: torch.optim.SGD(q, 3.0), 1, 500)


def wide() -> Entry:
    """W5."""
    torch = library()
    x, y, p = data.w5()
    batch = torch.tensor(x), torch.tensor(y.argmax(1))

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = torch.relu(x @ p["w1"] + p["b1"])
        h = torch.relu(h @ p["w2"] + p["b2"])
        return torch.nn.functional.cross_entropy(h @ p["w3"] + p["b3"], y)

    return trained(loss, p, lambda: [batch] * 20, lambda q: torch.optim.Adam(q, 1e-3, fused=True), 20)


def long() -> Entry:
    """W6."""
    torch = library()
    values = torch.tensor(data.w6())

    def call() -> float:
        x = values.detach().requires_grad_(True)
        value = (torch.tanh(x) * torch.exp(-x * x) + torch.sin(x)).sum()
        value.backward()
        return float(value.item()) + float(x.grad[12345].item())

    return Entry(call, 1)


def nodes() -> Entry:
    """W9."""
    torch = library()
    values = data.w9()

    def call() -> float:
        leaves = [torch.tensor(x, dtype=torch.float64, requires_grad=True) for x in values]
        z = data.tree(leaves)
        z.backward()
        return float(z.item() + leaves[0].grad.item())

    return Entry(call, data.NODES)


START = """
import torch
x = torch.tensor(2.0, requires_grad=True)
((4 * x + 1) ** 2).backward()
print(x.grad.item())
"""


def start() -> Entry:
    """W10."""
    library()
    return process(START)


ENTRIES = {
    "W1": polynomial, "W1s": logistic, "W2": small, "W2c": small, "W3": perceptron, "W4": digits, "W5": wide, "W6": long,
    "W9": nodes, "W10": start,
}
