"""The workloads in PyTensor: single numbers through its C compiler, arrays through numba, steps counted inside as a scan."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import data
from .contest import Entry, process


def library() -> tuple[Any, Any]:
    """Return pytensor, and its tensors."""
    import pytensor.tensor as tensors
    from pytensor.configdefaults import config

    config.floatX = "float32"
    return importlib.import_module("pytensor"), tensors


def polynomial() -> Entry:
    """W1."""
    pytensor, tensors = library()
    x = tensors.dscalar("x")
    value = (4.0 * x + 1.0) ** 2
    f = pytensor.function([x], [value, tensors.grad(value, x)], trust_input=True)
    given = np.array(2.0)

    def call() -> float:
        for _ in range(1000):
            found = f(given)
        return float(found[0] + found[1])

    return Entry(call, 1000)


def logistic() -> Entry:
    """W1 with a sigmoid."""
    pytensor, tensors = library()
    w, x, b = (tensors.dscalar(name) for name in "wxb")
    value = tensors.sigmoid(w * x + b)
    f = pytensor.function([w, x, b], [value, *tensors.grad(value, [w, x, b])], trust_input=True)
    given = [np.array(v) for v in (0.5, 2.0, 0.1)]

    def call() -> float:
        for _ in range(1000):
            found = f(*given)
        return float(sum(found))

    return Entry(call, 1000)


def small_loss(p: dict[str, Any], x: Any, y: Any) -> Any:
    """The mean squared error of the network 1-8-8-8-1."""
    _, tensors = library()
    h = x
    for k in (1, 2, 3):
        h = tensors.maximum(h @ p[f"w{k}"] + p[f"b{k}"], 0)
    return ((h @ p["w4"] + p["b4"] - y) ** 2).sum() / np.float32(50)


def descended(loss: Callable[..., Any], rate: float, names: Sequence[str], state: Sequence[Any], batch: Sequence[Any]) -> Any:
    """Return what a step of gradient descent makes of the state, and its loss."""
    _, tensors = library()
    value = loss(dict(zip(names, state, strict=True)), *batch)
    slopes = tensors.grad(value, list(state))
    return [*(a - np.float32(rate) * g for a, g in zip(state, slopes, strict=True)), value]


def called(loss: Callable[..., Any], rate: float, start: dict[str, Any], batches: Callable[[], Any], units: int,
           last: int = 1) -> Entry:
    """Return an entry of steps called from Python, the parameters shared variables that are updated where they lie."""
    pytensor, tensors = library()
    held = {k: pytensor.shared(v.copy(), name=k) for k, v in start.items()}
    kinds = [tensors.TensorType("float32", (None,) * np.ndim(a))(f"d{k}") for k, a in enumerate(next(iter(batches())))]
    *made, value = descended(loss, rate, list(held), list(held.values()), kinds)
    f = pytensor.function(kinds, value, updates=list(zip(held.values(), made, strict=True)), trust_input=True,
                          mode="NUMBA")

    def call() -> float:
        for name, kept in held.items():
            kept.set_value(start[name])
        losses = [f(*batch) for batch in batches()]
        return float(np.mean([float(v) for v in losses[-last:]]))

    return Entry(call, units)


def scanned(loss: Callable[..., Any], rate: float, start: dict[str, Any], batch: Sequence[Any], count: int, at: int) -> Entry:
    """Return an entry of many steps in a scan; the number to compare is the loss of step `at`, counted from 1."""
    pytensor, tensors = library()
    kinds = [tensors.TensorType("float32", np.shape(a))(f"d{k}") for k, a in enumerate(batch)]
    first = [tensors.TensorType("float32", np.shape(a))(k) for k, a in start.items()]

    def step(*all_: Any) -> Any:
        return descended(loss, rate, list(start), all_[: len(start)], all_[len(start) :])

    found, _ = pytensor.scan(step, outputs_info=[*first, None], non_sequences=kinds, n_steps=count, return_updates=True)
    f = pytensor.function([*first, *kinds], [*(x[-1] for x in found[:-1]), found[-1]], trust_input=True, mode="NUMBA")
    values = [np.asarray(v, np.float32) for v in (*start.values(), *batch)]
    return Entry(lambda: float(f(*values)[-1][at - 1]), count)


def small() -> Entry:
    """W2."""
    x, y, p = data.w2()
    return scanned(small_loss, 0.001, p, [x, y], 2000, 100)


def small_called() -> Entry:
    """W2, each step a call."""
    x, y, p = data.w2()
    return called(small_loss, 0.001, p, lambda: [(x, y)] * 100, 100)


def perceptron() -> Entry:
    """W3."""
    _, tensors = library()
    x, y, p = data.w3()

    def loss(p: Any, x: Any, y: Any) -> Any:
        return ((y - tensors.sigmoid(x @ p["w"] + p["b"])) ** 2).sum()

    return scanned(loss, 0.1, p, [x, y], 2000, 200)


def digits() -> Entry:
    """W4."""
    _, tensors = library()
    x, y, p, order = data.w4()

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = tensors.sigmoid(x @ p["w1"] + p["b1"])
        return ((tensors.sigmoid(h @ p["w2"] + p["b2"]) - y) ** 2).sum() * np.float32(0.05)

    return called(loss, 3.0, p, lambda: ((x[rows], y[rows]) for rows in order), 1, 500)


def wide() -> Entry:
    """W5."""
    pytensor, tensors = library()
    x, y, start = data.w5()
    p = {k: pytensor.shared(v.copy(), name=k) for k, v in start.items()}
    state = {f"{s}_{k}": pytensor.shared(np.zeros_like(v)) for k, v in start.items() for s in "mv"}
    c1, c2 = (pytensor.shared(np.float32(1)) for _ in range(2))
    pictures, answers = pytensor.shared(x), pytensor.shared(y)
    f = np.float32
    h = tensors.maximum(pictures @ p["w1"] + p["b1"], 0)
    h = tensors.maximum(h @ p["w2"] + p["b2"], 0)
    z = h @ p["w3"] + p["b3"]
    value = (answers * (tensors.log(tensors.exp(z).sum(axis=1, keepdims=True)) - z)).sum() * f(1 / 128)
    d1, d2 = c1 * f(0.9), c2 * f(0.999)
    updates = [(c1, d1), (c2, d2)]
    for k, g in zip(p, tensors.grad(value, list(p.values())), strict=True):
        m, v = state[f"m_{k}"] * f(0.9) + g * f(0.1), state[f"v_{k}"] * f(0.999) + g * g * f(0.001)
        step = f(1e-3) * (m / (f(1) - d1)) / (tensors.sqrt(v / (f(1) - d2)) + f(1e-8))
        updates += [(state[f"m_{k}"], m), (state[f"v_{k}"], v), (p[k], p[k] - step)]
    made = pytensor.function([], value, updates=updates, mode="NUMBA")

    def call() -> float:
        for k, kept in p.items():
            kept.set_value(start[k])
        for k, kept in state.items():
            kept.set_value(np.zeros_like(start[k[2:]]))
        c1.set_value(f(1))
        c2.set_value(f(1))
        for _ in range(20):
            found = made()
        return float(found)

    return Entry(call, 20)


def long() -> Entry:
    """W6."""
    pytensor, tensors = library()
    x = tensors.fvector("x")
    value = (tensors.tanh(x) * tensors.exp(-x * x) + tensors.sin(x)).sum()
    f = pytensor.function([x], [value, tensors.grad(value, x)], trust_input=True, mode="NUMBA")
    given = data.w6()

    def call() -> float:
        found = f(given)
        return float(found[0]) + float(found[1][12345])

    return Entry(call, 1)


START = """
import pytensor
import pytensor.tensor as tensors
x = tensors.dscalar("x")
print(float(pytensor.function([x], tensors.grad((4.0 * x + 1.0) ** 2, x))(2.0)))
"""


def start() -> Entry:
    """W10: the first compiled gradient; what is kept on disk is there from the call before."""
    library()
    return process(START)


ENTRIES = {
    "W1": polynomial, "W1s": logistic, "W2": small, "W2c": small_called, "W3": perceptron, "W4": digits, "W5": wide, "W6": long,
    "W10c": start,
}
