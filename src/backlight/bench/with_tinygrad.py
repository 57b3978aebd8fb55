"""The workloads in tinygrad: whole steps in its TinyJit, each called from Python."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np

from . import data
from .contest import Entry, process


def library() -> Any:
    """Return tinygrad, on the processor."""
    os.environ["DEV"] = "CPU"  # it looks for its device when it is imported
    import tinygrad

    return tinygrad


def polynomial() -> Entry:
    """W1."""
    tiny = library()

    def f(x: Any) -> Any:
        value = (4 * x + 1) ** 2
        (slope,) = value.gradient(x)
        return value.realize(), slope.realize()

    f_compiled = tiny.TinyJit(f)
    x = tiny.Tensor(2.0, dtype=tiny.dtypes.float64).clone().realize()  # by a bare number it does not differentiate

    def call() -> float:
        for _ in range(10):
            value, slope = f_compiled(x)
        return float(value.item() + slope.item())

    return Entry(call, 10)


def descended(loss: Callable[..., Any], start: dict[str, Any], rate: float, batch: tuple[Any, ...], units: int) -> Entry:
    """Return an entry of gradient descent, the parameters written over."""
    tiny = library()
    held = {k: tiny.Tensor(v).clone().realize() for k, v in start.items()}
    given = [tiny.Tensor(a).realize() for a in batch]

    def step() -> Any:
        value = loss(held, *given)
        slopes = value.gradient(*held.values())
        made = [a - rate * g for a, g in zip(held.values(), slopes, strict=True)]
        tiny.Tensor.realize(value, *made)
        for kept, new in zip(held.values(), made, strict=True):
            kept.assign(new).realize()
        return value

    step_compiled = tiny.TinyJit(step)

    def call() -> float:
        for name, kept in held.items():
            kept.assign(tiny.Tensor(start[name])).realize()
        for _ in range(units):
            value = step_compiled()
        return float(value.item())

    return Entry(call, units)


def small() -> Entry:
    """W2."""
    x, y, p = data.w2()

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = x
        for k in (1, 2, 3):
            h = (h @ p[f"w{k}"] + p[f"b{k}"]).relu()
        return ((h @ p["w4"] + p["b4"] - y) ** 2).sum() / 50

    return descended(loss, p, 0.001, (x, y), 100)


def perceptron() -> Entry:
    """W3."""
    x, y, p = data.w3()
    return descended(lambda p, x, y: ((y - (x @ p["w"] + p["b"]).sigmoid()) ** 2).sum(), p, 0.1, (x, y), 200)


def wide() -> Entry:
    """W5."""
    tiny = library()
    x, y, start = data.w5()
    p = {k: tiny.Tensor(v).realize() for k, v in start.items()}
    m, v = ({k: tiny.Tensor(np.zeros_like(a)).realize() for k, a in start.items()} for _ in range(2))
    c1, c2 = (tiny.Tensor(np.ones(1, np.float32)).realize() for _ in range(2))
    pictures, answers = tiny.Tensor(x).realize(), tiny.Tensor(y).realize()

    def step() -> Any:
        h = (pictures @ p["w1"] + p["b1"]).relu()
        h = (h @ p["w2"] + p["b2"]).relu()
        z = h @ p["w3"] + p["b3"]
        value = (answers * (z.exp().sum(axis=1, keepdim=True).log() - z)).sum() / 128
        slopes = value.gradient(*p.values())
        d1, d2 = c1 * 0.9, c2 * 0.999
        made: list[tuple[Any, Any]] = [(c1, d1), (c2, d2)]
        for k, g in zip(p, slopes, strict=True):
            a, b = m[k] * 0.9 + g * 0.1, v[k] * 0.999 + g * g * 0.001
            made += [(m[k], a), (v[k], b), (p[k], p[k] - 1e-3 * (a / (1 - d1)) / ((b / (1 - d2)).sqrt() + 1e-8))]
        tiny.Tensor.realize(value, *(new for _, new in made))
        for kept, new in made:
            kept.assign(new).realize()
        return value

    step_compiled = tiny.TinyJit(step)

    def call() -> float:
        for k, a in start.items():
            p[k].assign(tiny.Tensor(a)).realize()
            m[k].assign(tiny.Tensor(np.zeros_like(a))).realize()
            v[k].assign(tiny.Tensor(np.zeros_like(a))).realize()
        for kept in (c1, c2):
            kept.assign(tiny.Tensor(np.ones(1, np.float32))).realize()
        for _ in range(20):
            value = step_compiled()
        return float(value.item())

    return Entry(call, 20)


def long() -> Entry:
    """W6."""
    tiny = library()
    x = tiny.Tensor(data.w6()).realize()

    def f(x: Any) -> Any:
        value = (x.tanh() * (-x * x).exp() + x.sin()).sum()
        (slope,) = value.gradient(x)
        return value.realize(), slope.realize()

    f_compiled = tiny.TinyJit(f)

    def call() -> float:
        value, slope = f_compiled(x)
        return float(value.item()) + float(slope.numpy()[12345])

    return Entry(call, 1)


START = """
from tinygrad import Tensor
x = Tensor(2.0).clone()
print(((4 * x + 1) ** 2).gradient(x)[0].item())
"""


def start() -> Entry:
    """W10: tinygrad compiles whatever it computes."""
    library()
    return process(START, {"DEV": "CPU"})


ENTRIES = {"W1": polynomial, "W2": small, "W2c": small, "W3": perceptron, "W5": wide, "W6": long, "W10c": start}
