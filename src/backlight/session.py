"""Arrays by hand: a session at the prompt in which every intermediate can be asked for its gradient.

    with bl.record():
        x = bl.array(2.0, "x")
        y = x * x + 3.0 * x
        bl.gradients(y)[x]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, final

import numpy as np

from .core.array import Array, as_value
from .core.graph import Graph, Why
from .diff.reverse import pull
from .errors import DifferentiationError, GraphError
from .read.python import open_tape
from .run.record import Run
from .run.reference import run as run_typed

__all__ = ["Gradients", "array", "gradients"]


def array(value: Any, name: str = "") -> Array:
    """A number or an array that remembers what is done with it, inside `bl.record()`; outside, one that only computes.

    Python numbers and lists become NumPy values; `name` is what the node is called. Raises: InputError for what is no number.

    >>> array([1.0, 2.0]) * 10.0
    array([10., 20.])
    """
    tape = open_tape()
    if tape is not None and value.__class__ is float:  # the short way, for a session of many numbers
        return tape.input(name, value)
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    return Array(None, -1, as_value(value)) if tape is None else tape.input(name, as_value(value))


@final
class Gradients(Mapping[Array, Any]):
    """The gradient of one node by every node it depends on: `g[x]`, for inputs and intermediates alike."""

    def __init__(self, of: Array, found: Mapping[int, int], graph: Graph) -> None:
        self.of = of
        self.found = found
        self.graph = graph

    def __getitem__(self, x: Array) -> Any:
        assert self.of.tape is not None
        assert self.of.tape.values is not None
        if x.tape is not self.of.tape:
            raise GraphError("this array was not recorded together with the one that was differentiated")
        number = self.found.get(x.number)
        if number is None:
            return np.zeros(x.shape, x.dtype if x.dtype.kind in "fc" else np.float64)[()]
        return self.of.tape.values[number]

    def __iter__(self) -> Iterator[Array]:
        assert self.of.tape is not None
        return (self.of.tape.handle(i) for i in self.found)

    def __len__(self) -> int:
        return len(self.found)

    @property
    def run(self) -> Run:
        """The whole session as a run: pictures and explanations of it work as for any other."""
        tape = self.of.tape
        assert tape is not None
        assert tape.values is not None
        return run_typed(self.graph, {i: tape.values[i] for i in self.graph.inputs})


def gradients(y: Array) -> Gradients:
    """The gradient of `y` by everything it was computed from, for a seed of ones; what `y.backward()` is elsewhere.

    Raises: GraphError for an array that was not recorded; DifferentiationError for one that is no float.

    >>> from backlight.read.python import record
    >>> with record():
    ...     x = array(2.0, "x")
    ...     h = x * x
    ...     g = gradients(h * 3.0)
    >>> g[x], g[h]
    (np.float64(12.0), np.float64(3.0))
    """
    tape = y.tape
    if tape is None or tape.values is None:
        raise GraphError("gradients: this array was not recorded: compute it inside `with bl.record():`")
    if y.dtype.kind not in "fc":
        raise DifferentiationError(f"gradients: node {y.number} is {y.type}, and only floats have a derivative")
    inputs = [i for i in tape.inputs if tape.nodes[i].type.is_float]  # type: ignore[union-attr]
    forward = len(tape.nodes)
    before, tape.why = tape.why, Why("seed", "seed", y.number)
    seed = tape.constant(np.ones(y.shape, y.dtype)[()])
    tape.why = before
    with np.errstate(all="ignore"):
        walk = pull(tape, {y.number: seed.number}, inputs)
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), (y.number,), walk.grads, walk.parts, forward=forward)
    return Gradients(y, walk.grads, graph)


