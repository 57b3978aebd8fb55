"""Compiled code: what a call costs beyond its work, what watching costs, how long compiling takes, and long graphs.

The aims stand beside each. `test_first_call` measures a whole first call (trace, derivative, lowering, machine code, one run)
with an empty cache on disk and with a full one, in this process, where the compiler is loaded already.
"""

import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import backlight as bl
from backlight import ops
from backlight.bench import data, ours
from backlight.core.graph import Graph
from backlight.core.tape import Tape
from backlight.core.types import Type
from backlight.diff.reverse import reverse
from backlight.run.native.looped import compile_steps
from backlight.run.native.machine import compile_graph

X = np.ones(8)


@pytest.mark.benchmark(group="a call from Python")
@pytest.mark.parametrize(("function", "args"), [
    (bl.value_and_grad(lambda x: (4.0 * x + 1.0) ** 2), (2.0,)),  # at most 0.2 µs
    (lambda x, y: x * y + 1.0, (X, X)),  # at most 2 µs
    (lambda p: {"z": p["x"] * p["y"] + 1.0}, ({"x": X, "y": X},)),
], ids=["one number", "two arrays", "arrays in a dict"])  # fmt: skip
def test_call(benchmark, function: Callable[..., Any], args: tuple[Any, ...]):
    f = bl.compile(function)
    f(*args)
    benchmark(f, *args)


def training(key: str, watch: bool) -> Callable[[], Any]:
    """Twenty or two thousand steps of W2 or W5."""
    if key == "W2":
        x, y, p = data.w2()
        graph, becomes, loss = ours.training(ours.small_loss, ours.types_of(x=x, y=y, **p), list(p), ours.descent(0.001))
        f, count, values = compile_steps(graph, becomes, results=[loss], watch=watch), 2000, {"x": x, "y": y, **p}
    else:
        x, y, p = data.w5()
        state = {**{f"{k}_{name}": np.zeros_like(v) for name, v in p.items() for k in "mv"},
                 "c1": np.ones((), np.float32), "c2": np.ones((), np.float32)}

        def loss_of(x, y, **p):
            h = ops.relu(ops.relu(x @ p["w1"] + p["b1"]) @ p["w2"] + p["b2"])
            z = h @ p["w3"] + p["b3"]
            return ops.sum(y * (ops.log(ops.sum(ops.exp(z), axis=1, keepdims=True)) - z)) * (1 / 128)

        graph, becomes, loss = ours.training(loss_of, ours.types_of(x=x, y=y, **p, **state), list(p), ours.adam)
        f, count, values = compile_steps(graph, becomes, results=[loss], watch=watch), 20, {"x": x, "y": y, **p, **state}
    return lambda: f(count, **values)


@pytest.mark.parametrize("watch", [False, True], ids=["plain", "watching"])
@pytest.mark.parametrize("key", ["W2", "W5"])
def test_watching_costs_at_most_a_tenth(benchmark, key: str, watch: bool):
    benchmark.group = f"{key}, watching for numbers that are not finite"
    steps = training(key, watch)
    steps()
    benchmark(steps)


# at most 0.15 s anew for W2, W3 and W4, 0.3 s for W5; 20 ms from the cache on disk
@pytest.mark.parametrize("cache", ["anew", "kept"])
@pytest.mark.parametrize("key", ["W2", "W3", "W4", "W5"])
def test_first_call(benchmark, key: str, cache: str, tmp_path, monkeypatch):
    benchmark.group = f"{key}, first call"
    monkeypatch.setenv("BACKLIGHT_CACHE", str(tmp_path))
    one_step = np.ones((50, 784), np.float32), np.ones((50, 10), np.float32), data.w4()[2], np.zeros((1, 10), int)
    monkeypatch.setattr(data, "w4", lambda: one_step)  # so that compiling is what is measured
    make = {"W2": ours.small, "W3": ours.perceptron, "W4": ours.digits, "W5": ours.wide}[key]

    def forget() -> None:
        if cache == "anew":
            shutil.rmtree(tmp_path)

    bl.compile(lambda x: x * 2.0)(1.0)
    make()
    benchmark.pedantic(make, setup=forget, rounds=3)


def tree() -> Graph:
    tape = Tape()
    leaves = [tape.input(f"x{k}", type=Type("float64", ())) for k in range(data.NODES // 2)]
    return built(tape, data.tree(leaves))


def chain() -> Graph:
    tape = Tape()
    x, y = (tape.input(name, type=Type("float64", ())) for name in "xy")
    z = x
    for _ in range(data.NODES // 4):
        z = ops.sin(z * y) + 0.5 - x
    return built(tape, z)


def built(tape: Tape, out: Any) -> Graph:
    return reverse(Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,)), None, None, None)


@pytest.mark.benchmark(group="100,000 single numbers, forward and backward")  # at most 2 s, then 2 ms
@pytest.mark.parametrize("make", [tree, chain], ids=lambda make: make.__name__)
@pytest.mark.parametrize("what", ["compile", "run"])
def test_long(benchmark, make: Callable[[], Graph], what: str):
    graph = make()
    outputs = [graph.outputs[0], *(graph.grads[i] for i in graph.inputs)]
    values = [0.3] * len(graph.inputs)
    if what == "compile":
        benchmark.pedantic(lambda: compile_graph(graph, outputs)(*values), rounds=3)
        return
    f = compile_graph(graph, outputs)
    f(*values)
    walked, cells = f.latest, np.full(len(graph.inputs), 0.3)
    benchmark(walked.run, cells)
