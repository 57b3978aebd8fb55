"""W7 and W8 in PyTorch as functions of their parameters: torch.func, and the same compiled by torch.compile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from .. import data
from ..contest import Entry
from ..with_torch_func import Way, as_written, compiled, library
from .with_torch import convnet_loss, layout, transformer_loss


def descended(way: Way, loss: Callable[..., Any], start: dict[str, Any], batch: Sequence[Any], optimiser: Callable[[Any], Any],
              count: int) -> Entry:
    """Return an entry of steps whose gradient is a function of the parameters."""
    torch = library()
    slope = way(torch.func.grad_and_value(loss))

    def call() -> float:
        p = {k: layout(torch, torch.tensor(v)) for k, v in start.items()}
        descend = optimiser(list(p.values()))
        for _ in range(count):
            g, value = slope(p, *batch)
            for k, parameter in p.items():
                parameter.grad = g[k]
            descend.step()
        return float(value)

    return Entry(call, count)


def convnet(way: Way) -> Entry:
    """W7."""
    torch = library()
    x, y, p = data.w7()
    batch = layout(torch, torch.tensor(x)), torch.tensor(y)
    return descended(way, convnet_loss, p, batch, lambda q: torch.optim.SGD(q, 0.05, foreach=True), 10)


def transformer(way: Way) -> Entry:
    """W8."""
    torch = library()
    x, y, p = data.w8()
    batch = torch.tensor(x), torch.tensor(y)
    return descended(way, transformer_loss, p, batch, lambda q: torch.optim.Adam(q, 1e-3, fused=True), 5)


BOTH = {"W7": convnet, "W8": transformer}
ENTRIES = {key: partial(entry, as_written) for key, entry in BOTH.items()}
COMPILED = {key: partial(entry, compiled) for key, entry in BOTH.items()}
