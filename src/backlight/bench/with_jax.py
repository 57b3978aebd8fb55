"""The workloads in JAX: compiled, and where steps are counted inside, a scan over them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import data
from .contest import Entry, process


def library() -> Any:
    """Return jax with float64 allowed."""
    import jax

    return jax


def polynomial() -> Entry:
    """W1."""
    jax = library()
    jax.config.update("jax_enable_x64", True)
    f = jax.jit(jax.value_and_grad(lambda x: (4.0 * x + 1.0) ** 2))

    def call() -> float:
        for _ in range(1000):
            found = f(2.0)
        return float(found[0] + found[1])

    return Entry(call, 1000)


def logistic() -> Entry:
    """W1 with a sigmoid."""
    jax = library()
    jax.config.update("jax_enable_x64", True)
    f = jax.jit(jax.value_and_grad(lambda w, x, b: jax.nn.sigmoid(w * x + b), (0, 1, 2)))

    def call() -> float:
        for _ in range(1000):
            found = f(0.5, 2.0, 0.1)
        return float(found[0] + sum(found[1]))

    return Entry(call, 1000)


def small_loss(p: Any, x: Any, y: Any) -> Any:
    """The mean squared error of the network 1-8-8-8-1."""
    jax = library()
    h = x
    for k in (1, 2, 3):
        h = jax.nn.relu(h @ p[f"w{k}"] + p[f"b{k}"])
    return ((h @ p["w4"] + p["b4"] - y) ** 2).sum() / 50


def stepper(loss: Callable[..., Any], rate: float) -> Callable[..., Any]:
    """Return one step of gradient descent."""
    jax = library()

    def step(p: Any, *batch: Any) -> tuple[Any, Any]:
        value, g = jax.value_and_grad(loss)(p, *batch)
        return jax.tree.map(lambda a, d: a - rate * d, p, g), value

    return step


def scanned(step: Callable[..., Any], count: int, at: int, state: Any, *batch: Any) -> Entry:
    """Return an entry of many steps in one scan; the number to compare is the loss of step `at`, counted from 1."""
    jax = library()
    run = jax.jit(lambda s, *b: jax.lax.scan(lambda c, _: step(c, *b), s, None, length=count))
    state, batch = jax.tree.map(jax.numpy.asarray, (state, batch))
    return Entry(lambda: float(run(state, *batch)[1][at - 1]), count)


def stepped(step: Callable[..., Any], count: int, state: Any, *batch: Any) -> Entry:
    """Return an entry of steps called from Python one by one; the number to compare is the loss of the last."""
    jax = library()
    made = jax.jit(step)
    start, batch = jax.tree.map(jax.numpy.asarray, (state, batch))

    def call() -> float:
        p = start
        for _ in range(count):
            p, loss = made(p, *batch)
        return float(loss)

    return Entry(call, count)


def small() -> Entry:
    """W2."""
    x, y, p = data.w2()
    return scanned(stepper(small_loss, 0.001), 2000, 100, p, x, y)


def small_called() -> Entry:
    """W2, each step a call."""
    x, y, p = data.w2()
    return stepped(stepper(small_loss, 0.001), 100, p, x, y)


def perceptron_loss(p: Any, x: Any, y: Any) -> Any:
    """The sum of squared errors of the perceptron."""
    return ((y - library().nn.sigmoid(x @ p["w"] + p["b"])) ** 2).sum()


def perceptron() -> Entry:
    """W3."""
    x, y, p = data.w3()
    return scanned(stepper(perceptron_loss, 0.1), 10_000, 200, p, x, y)


def perceptron_called() -> Entry:
    """W3, each step a call."""
    x, y, p = data.w3()
    return stepped(stepper(perceptron_loss, 0.1), 200, p, x, y)


def digits_loss(p: Any, x: Any, y: Any) -> Any:
    """The quadratic cost of the network 784-30-10."""
    jax = library()
    h = jax.nn.sigmoid(x @ p["w1"] + p["b1"])
    return ((jax.nn.sigmoid(h @ p["w2"] + p["b2"]) - y) ** 2).sum() * 0.05


def digits_called() -> Entry:
    """W4, each step a call."""
    jax = library()
    x, y, start, order = data.w4()
    step = jax.jit(stepper(digits_loss, 3.0))
    first = jax.tree.map(jax.numpy.asarray, start)
    batches = [(x[rows], y[rows]) for rows in order]

    def call() -> float:
        p, losses = first, []
        for batch in batches:
            p, loss = step(p, *batch)
            losses.append(loss)
        return float(np.mean([float(v) for v in losses[-500:]]))

    return Entry(call, 1)


def digits() -> Entry:
    """W4."""
    jax = library()
    x, y, start, order = data.w4()
    step = stepper(digits_loss, 3.0)
    run = jax.jit(lambda p, x, y, order: jax.lax.scan(lambda c, rows: step(c, x[rows], y[rows]), p, order))
    values = jax.tree.map(jax.numpy.asarray, (start, x, y, order))
    return Entry(lambda: float(np.mean(run(*values)[1][-500:])), 1)


def wide(way: Callable[..., Entry] | None = None) -> Entry:
    """W5; its steps in a scan, or called."""
    jax = library()
    x, y, p = data.w5()
    numbers = jax.numpy

    def loss(p: Any, x: Any, y: Any) -> Any:
        h = jax.nn.relu(x @ p["w1"] + p["b1"])
        h = jax.nn.relu(h @ p["w2"] + p["b2"])
        z = h @ p["w3"] + p["b3"]
        return (y * (numbers.log(numbers.exp(z).sum(1, keepdims=True)) - z)).sum() / 128

    def step(state: Any, x: Any, y: Any) -> tuple[Any, Any]:
        p, m, v, c1, c2 = state
        value, g = jax.value_and_grad(loss)(p, x, y)
        c1, c2 = c1 * 0.9, c2 * 0.999
        m = jax.tree.map(lambda a, d: 0.9 * a + 0.1 * d, m, g)
        v = jax.tree.map(lambda a, d: 0.999 * a + 0.001 * d * d, v, g)
        rate, scale = 1e-3 / (1 - c1), 1 / numbers.sqrt(1 - c2)
        p = jax.tree.map(lambda w, a, b: w - a * rate / (numbers.sqrt(b) * scale + 1e-8), p, m, v)
        return (p, m, v, c1, c2), value

    zeros = {k: np.zeros_like(a) for k, a in p.items()}
    state = (p, zeros, zeros, np.float32(1), np.float32(1))
    return scanned(step, 20, 20, state, x, y) if way is None else way(step, 20, state, x, y)


def long() -> Entry:
    """W6."""
    jax = library()
    numbers = jax.numpy
    x = numbers.asarray(data.w6())
    f = jax.jit(jax.value_and_grad(lambda x: (numbers.tanh(x) * numbers.exp(-x * x) + numbers.sin(x)).sum()))

    def call() -> float:
        value, slope = f(x)
        slope.block_until_ready()
        return float(value) + float(slope[12345])

    return Entry(call, 1)


START = """
import jax
print(float({0}jax.grad(lambda x: (4.0 * x + 1.0) ** 2){1}(2.0)))
"""


def start() -> Entry:
    """W10."""
    library()
    return process(START.format("", ""))


def start_compiled() -> Entry:
    """W10, compiled: jax keeps what takes less than a second to compile only if it is told to."""
    import tempfile

    library()
    cache = {"JAX_COMPILATION_CACHE_DIR": tempfile.mkdtemp(), "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
    return process(START.format("jax.jit(", ")"), cache)


def start_anew() -> Entry:
    """W10, compiled anew."""
    library()
    return process(START.format("jax.jit(", ")"))


ENTRIES = {
    "W1": polynomial, "W1s": logistic, "W2": small, "W2c": small_called, "W3": perceptron, "W4": digits, "W5": wide, "W6": long,
    "W10": start, "W10c": start_compiled, "W10n": start_anew,
}
STEPS = {"W2": small_called, "W3": perceptron_called, "W4": digits_called, "W5": lambda: wide(stepped)}
