"""Derivatives by measuring: move an input a little and see what the output does.

Two ways, each saying how far off it may be. The complex step moves by i·1e-200: nothing is subtracted, so nothing cancels,
and the result is as good as the function itself; it needs every operation on the way to be analytic. Central differences
with Richardson extrapolation work wherever there is a slope: steps are halved again and again, the errors that fall with
h², h⁴, … cancelled in turn (Ridders' table), and the entry with the least estimated error wins. A lone difference quotient
is never trusted: its best step depends on the function, and it does not know its own error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..core.graph import Graph, Node, live_nodes
from ..core.table import TABLE
from ..core.types import Type
from ..errors import DifferentiationError

__all__ = ["Measured", "analytic", "measure", "ridders", "slope"]

STEP: Final = 1e-200   # far below anything it is added to, far above where numbers end (1e-308)
LEVELS: Final = 8      # halvings of the step: a table of 8 rows reaches the rounding of the function
FIRST: Final = 0.1     # the largest step, as a share of the input or of one
ROUNDS: Final = 3      # tables, each of steps 256 times smaller, where the first is not good enough
ENOUGH: Final = 1e-8   # relative error that is good enough
ROUNDING: Final = 2.0**-52

Machine = Callable[[Graph, Mapping[int, Any]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Measured:
    """Gradients by input, how far off each number may be, how often the graph was run for it, and the way taken."""

    gradients: dict[int, Any]
    errors: dict[int, Any]
    evaluations: int
    method: str


def analytic(graph: Graph, of: int, wrt: Sequence[int]) -> bool:
    """Whether a complex step from these inputs to this node gives the derivative."""
    live = live_nodes(graph, (of,))
    moves = bytearray(len(graph.nodes))
    for i in wrt:
        moves[i] = 1
    for i, node in enumerate(graph.nodes[: of + 1]):
        if live[i] and any(moves[j] for j in node.inputs):
            if not node.op.analytic:
                return False
            moves[i] = 1
    return True


def unused(node: Node) -> Node:
    """A node that the result does not need, as a constant: nothing is computed there, which might not take a complex step."""
    return node._replace(op=TABLE["const"], inputs=(), attrs=(("value", 0.0),))


def slope(f: Callable[[float], float], at: float) -> tuple[float, float, int]:
    """The derivative of a function of one number, the error it may have, and how often the function was called.

    >>> import math
    >>> value, error, calls = slope(math.exp, 1.0)
    >>> abs(value - math.e) < 10 * error < 1e-9
    True
    """
    best, error, calls = float("nan"), float("inf"), 0
    size = abs(at)
    starts = [FIRST] if size == 0.0 or 0.25 < size < 4.0 else [FIRST, FIRST * size]  # a share of one, and of the input
    for _ in range(ROUNDS):
        for first in starts:
            found, off = ridders(f, at, first)
            calls += 2 * LEVELS
            if off < error:  # false for NaN: outside its domain the function has no say
                best, error = found, off
        if error <= ENOUGH * abs(best):
            break
        starts = [first / 2**LEVELS for first in starts]  # it bends, or ends, within the steps so far
    return best, error, calls


def ridders(f: Callable[[float], float], at: float, first: float) -> tuple[float, float]:
    """The best entry of one table of central differences, steps halved from the first one on, and its estimated error."""
    best, error = float("nan"), float("inf")
    above: list[float] = []
    for level in range(LEVELS):
        h = first / 2**level
        high, low = f(at + h), f(at - h)
        step = (at + h) - (at - h)
        if step == 0.0:
            break  # beside an input of that size such a step is nothing
        row = [(high - low) / step]
        # What the difference may have lost by cancelling, and what extrapolation makes of it.
        noise = 2.0 * ROUNDING * max(abs(high), abs(low)) / h
        for k, coarse in enumerate(above):
            row.append(row[-1] + (row[-1] - coarse) / (4.0 ** (k + 1) - 1.0))
            off = max(abs(row[-1] - row[-2]), abs(row[-1] - coarse)) + noise
            if off < error:
                best, error = row[-1], off
        above = row
    return best, error


def measure(
    graph: Graph,
    values: Mapping[int, Any],
    machine: Machine,
    of: int | None = None,
    wrt: Sequence[int] | None = None,
    seed: Any = None,
    elements: Mapping[int, Sequence[int]] | None = None,
) -> Measured:
    """The gradient of one output by inputs, measured on a machine that runs a graph: (graph, values) -> value of every node.

    `of` is the node to differentiate (default: the first output), `wrt` the inputs (default: all real floats), `seed` what
    its elements are weighted by (default: ones). Inputs of fewer bits are measured as float64. `elements` picks, for an
    input, the places to measure in its flattened value; elsewhere the gradient is NaN.
    Raises: DifferentiationError for an output that is no real float.

    >>> from backlight.run.reference import bind, evaluate
    >>> found = measure(*bind(bl.parse("x^3 * y"), {"x": 2.0, "y": 5.0}), evaluate)
    >>> float(round(found.gradients[0], 9)), bool(found.errors[0] < 1e-9)
    (60.0, True)
    """
    out = graph.outputs[0] if of is None else of
    kind = graph.nodes[out].type
    if not isinstance(kind, Type) or kind.dtype.kind != "f":
        raise DifferentiationError(f"node {out} is {kind}, and only real floats can be measured: take its real part, or its size")
    reach = [i for i in graph.inputs if is_real(graph, i)] if wrt is None else list(wrt)
    weights = np.ones(kind.shape) if seed is None else np.asarray(seed, np.float64)
    live = live_nodes(graph, (out,))
    wide = {i: np.asarray(x, np.float64)[()] if np.asarray(x).dtype.kind == "f" else x for i, x in values.items()}
    graph = graph.with_(nodes=tuple(n if live[i] or not n.inputs else unused(n) for i, n in enumerate(graph.nodes)))
    gradients: dict[int, Any] = {}
    errors: dict[int, Any] = {}
    exact = analytic(graph, out, reach)
    calls = 0

    def moved(i: int, k: int, x: Any) -> Any:
        """The weighted output with element k of input i at x."""
        value = np.array(wide[i], dtype=type(x))
        value.reshape(-1)[k] = x
        result = machine(graph, {**wide, i: value[()]})[out]
        return np.sum(weights * result)

    for i in reach:
        value = np.asarray(wide[i])
        found, off = np.zeros(value.shape), np.zeros(value.shape)
        if live[i]:
            places = range(value.size) if elements is None or i not in elements else elements[i]
            if elements is not None and i in elements:
                found.reshape(-1)[:] = off.reshape(-1)[:] = np.nan
            for k in places:
                x = float(value.reshape(-1)[k])
                g = e = float("nan")
                if exact:
                    g = float(np.imag(moved(i, k, complex(x, STEP)))) / STEP
                    e = abs(g) * ROUNDING * 4
                    calls += 1
                if not np.isfinite(g):

                    def f(t: float, i: int = i, k: int = k) -> float:
                        return float(moved(i, k, t))

                    g, e, used = slope(f, x)
                    calls += used
                found.reshape(-1)[k], off.reshape(-1)[k] = g, e
        gradients[i], errors[i] = found[()], off[()]
    return Measured(gradients, errors, calls, "complex step" if exact else "Richardson")


def is_real(graph: Graph, i: int) -> bool:
    kind = graph.nodes[i].type
    return isinstance(kind, Type) and kind.dtype.kind == "f"
