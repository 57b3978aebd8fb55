"""Small graphs that several tests draw."""

from collections.abc import Callable
from typing import Any

import numpy as np

from backlight import api, ops
from backlight.core.array import Array
from backlight.core.graph import Graph
from backlight.core.tape import Tape
from backlight.core.types import Type, type_of
from backlight.run.record import Run


def graph_of(write: Callable[..., Array], parameters: tuple[str, ...] = (), **values: Any) -> Graph:
    """The graph that a function writes on inputs of these names and of the types of these values."""
    tape = Tape()
    inputs = []
    for name, value in values.items():
        found = type_of(np.asarray(value))
        role = (("role", "parameter"),) if name in parameters else ()
        inputs.append(tape.input(name, type=Type("float64", found.shape), attrs=role))
    output = write(*inputs)
    return Graph(tuple(tape.nodes), tuple(tape.inputs), (output.number,))


def square() -> Graph:
    """(4·x + 1)²."""
    return graph_of(lambda x: (4 * x + 1) ** 2, x=2.0)


def self_product() -> Graph:
    """x·x."""
    return graph_of(lambda x: x * x, x=3.0)


def shared() -> Graph:
    """(x + y)·z − y·x: two inputs are used twice."""
    return graph_of(lambda x, y, z: (x + y) * z - y * x, x=3.0, y=-4.0, z=5.0)


PERCEPTRON = {
    "x": [0.1, 0.2, 0.3, 0.4, 0.5],
    "W": (np.arange(50.0).reshape(5, 10) - 20) / 10,
    "b": 0.0,
    "y": [0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.1],
}


def perceptron() -> Graph:
    """Sum of squared errors of σ(Wᵀx + b)."""
    return graph_of(
        lambda x, W, b, y: ops.sum(ops.square(ops.sigmoid(W.T @ x + b) - y)), parameters=("W", "b"), **PERCEPTRON
    )


def chain(length: int) -> Run:
    """x + 1 + 1 + …"""

    def write(x: Array) -> Array:
        for _ in range(length):
            x = x + 1.0
        return x

    return api.backprop(graph_of(write, x=0.0), x=0.0)
