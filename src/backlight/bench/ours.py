"""The workloads on our own native machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..core.array import Array
from ..core.graph import Graph
from ..core.tape import Tape
from ..core.types import Type, type_of
from ..diff.reverse import reverse
from ..run.native.looped import compile_steps
from ..run.native.machine import Compiled, compile_graph
from ..run.native.stepped import ManySteps
from . import data
from .contest import Entry, process


def gradient(function: Callable[..., Array], *types: Type) -> Compiled:
    """Return a function of arrays compiled: its value, then its gradients by all inputs."""
    tape = Tape()
    out = function(*(tape.input(f"x{k}", type=t) for k, t in enumerate(types)))
    graph = reverse(Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,)), None, None, None)
    return compile_graph(graph, [out.number, *(graph.grads[i] for i in graph.inputs)])


def training(
    loss: Callable[..., Array], inputs: Mapping[str, Type], parameters: Sequence[str],
    update: Callable[[dict[str, Array], dict[str, Array]], dict[str, Array]],
) -> tuple[Graph, dict[str, int], int]:
    """Return the graph of one step, what becomes what, and the node of the loss."""
    tape = Tape()
    out = loss(**{name: tape.input(name, type=t) for name, t in inputs.items()})
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,))
    graph = reverse(graph, None, [graph.number(p) for p in parameters], None)
    tape = Tape()
    tape.nodes.extend(graph.nodes)
    values = {name: tape.handle(graph.number(name)) for name in inputs}
    made = update(values, {p: tape.handle(graph.grads[graph.number(p)]) for p in parameters})
    step = Graph(tuple(tape.nodes), graph.inputs, (out.number,), grads=graph.grads)
    return step, {name: x.number for name, x in made.items()}, out.number


def descent(rate: float) -> Callable[[dict[str, Array], dict[str, Array]], dict[str, Array]]:
    """Return plain gradient descent."""
    return lambda x, g: {p: x[p] - rate * g[p] for p in g}


def adam(x: dict[str, Array], g: dict[str, Array]) -> dict[str, Array]:
    """Return one step of Adam; the powers of its two rates are part of the state."""
    made = {"c1": x["c1"] * 0.9, "c2": x["c2"] * 0.999}
    rate, scale = 1e-3 / (1.0 - made["c1"]), 1.0 / ops.sqrt(1.0 - made["c2"])
    for p in g:
        m = made["m_" + p] = x["m_" + p] * 0.9 + g[p] * 0.1
        v = made["v_" + p] = x["v_" + p] * 0.999 + ops.square(g[p]) * 0.001
        made[p] = x[p] - m * rate / (ops.sqrt(v) * scale + 1e-8)
    return made


def types_of(**arrays: Any) -> dict[str, Type]:
    """Return the types of arrays."""
    return {name: type_of(value) for name, value in arrays.items()}


def polynomial() -> Entry:
    """W1: a thousand calls from Python."""
    f = gradient(lambda x: (4.0 * x + 1.0) ** 2.0, Type("float64", ()))

    def call() -> float:
        for _ in range(1000):
            found = f(2.0)
        return float(found[0] + found[1])

    return Entry(call, 1000)


def logistic() -> Entry:
    """W1 with a sigmoid."""
    f = gradient(lambda w, x, b: ops.sigmoid(w * x + b), *[Type("float64", ())] * 3)

    def call() -> float:
        for _ in range(1000):
            found = f(0.5, 2.0, 0.1)
        return float(sum(found))

    return Entry(call, 1000)


def small_loss(x: Array, y: Array, **p: Array) -> Array:
    """The mean squared error of the network 1-8-8-8-1."""
    h = ops.relu(x @ p["w1"] + p["b1"])
    h = ops.relu(h @ p["w2"] + p["b2"])
    h = ops.relu(h @ p["w3"] + p["b3"])
    return ops.sum(ops.square(h @ p["w4"] + p["b4"] - y)) * (1 / 50)


def small() -> Entry:
    """W2: two thousand steps inside."""
    x, y, p = data.w2()
    graph, becomes, loss = training(small_loss, types_of(x=x, y=y, **p), list(p), descent(0.001))
    return looped(compile_steps(graph, becomes, results=[loss]), 2000, {"x": x, "y": y, **p}, 100)


def looped(f: ManySteps, count: int, values: dict[str, Any], at: int) -> Entry:
    """Return an entry of many steps; the number to compare is the loss of step `at`, counted from 1."""
    return Entry(lambda: float(f(count, **values)[1][0][at - 1]), count)


def small_called() -> Entry:
    """W2, each step a call."""
    x, y, p = data.w2()
    graph, becomes, loss = training(small_loss, types_of(x=x, y=y, **p), list(p), descent(0.001))
    f = compile_graph(graph, [*becomes.values(), loss])

    def call() -> float:
        state = tuple(p[name] for name in becomes)
        for _ in range(100):
            *state, found = f(x, y, *state)
        return float(found)

    return Entry(call, 100)


def perceptron() -> Entry:
    """W3: ten thousand steps inside."""
    x, y, p = data.w3()

    def loss(x: Array, y: Array, w: Array, b: Array) -> Array:
        return ops.sum(ops.square(y - ops.sigmoid(x @ w + b)))

    graph, becomes, out = training(loss, types_of(x=x, y=y, **p), ["w", "b"], descent(0.1))
    return looped(compile_steps(graph, becomes, results=[out]), 10_000, {"x": x, "y": y, **p}, 200)


def digits() -> Entry:
    """W4: an epoch inside, minibatches gathered there."""
    x, y, p, order = data.w4()

    def loss(x: Array, y: Array, w1: Array, b1: Array, w2: Array, b2: Array) -> Array:
        out = ops.sigmoid(ops.sigmoid(x @ w1 + b1) @ w2 + b2)
        return ops.sum(ops.square(out - y)) * 0.05

    graph, becomes, out = training(loss, types_of(x=x[:10], y=y[:10], **p), list(p), descent(3.0))
    f = compile_steps(graph, becomes, ["x", "y"], [out])
    return Entry(lambda: float(np.mean(f(order, x=x, y=y, **p)[1][0][-500:])), 1)


def wide() -> Entry:
    """W5: twenty steps inside."""
    x, y, p = data.w5()
    state = {**{f"{k}_{name}": np.zeros(v.shape, v.dtype) for name, v in p.items() for k in "mv"},
             "c1": np.ones((), np.float32), "c2": np.ones((), np.float32)}

    def loss(x: Array, y: Array, **p: Array) -> Array:
        h = ops.relu(x @ p["w1"] + p["b1"])
        h = ops.relu(h @ p["w2"] + p["b2"])
        z = h @ p["w3"] + p["b3"]
        return ops.sum(y * (ops.log(ops.sum(ops.exp(z), axis=1, keepdims=True)) - z)) * (1 / 128)

    graph, becomes, out = training(loss, types_of(x=x, y=y, **p, **state), list(p), adam)
    return looped(compile_steps(graph, becomes, results=[out]), 20, {"x": x, "y": y, **p, **state}, 20)


def long() -> Entry:
    """W6."""
    x = data.w6()
    f = gradient(lambda x: ops.sum(ops.tanh(x) * ops.exp(-ops.square(x)) + ops.sin(x)), type_of(x))

    def call() -> float:
        value, slope = f(x)
        return float(value) + float(slope[12345])

    return Entry(call, 1)


def nodes() -> Entry:
    """W9."""
    from ..read.python import record  # with what it brings along a megabyte or two, for this one alone
    from ..session import array, gradients

    values = data.w9()

    def call() -> float:
        with record(positions=False):
            leaves = [array(x) for x in values]
            z = data.tree(leaves)
            return float(z) + float(gradients(z)[leaves[0]])

    return Entry(call, data.NODES)


START = """
import backlight as bl
print(float({0}bl.grad(lambda x: (4.0 * x + 1.0) ** 2){1}(2.0)))
"""


def start() -> Entry:
    """W10: on the reference machine."""
    return process(START.format("", ""))


def start_compiled() -> Entry:
    """W10, compiled, from the cache on disk."""
    return process(START.format("bl.compile(", ")"))


def start_anew() -> Entry:
    """W10, compiled anew."""
    return process(START.format("bl.compile(", ")"), {"BACKLIGHT_CACHE": "off"})


ENTRIES = {
    "W1": polynomial, "W1s": logistic, "W2": small, "W2c": small_called, "W3": perceptron, "W4": digits, "W5": wide, "W6": long,
    "W9": nodes, "W10": start, "W10c": start_compiled, "W10n": start_anew,
}
