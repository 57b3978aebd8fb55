"""Arrays by hand: a session at the prompt in which every intermediate can be asked for its gradient.

    with bl.record():
        x = bl.array(2.0, "x")
        y = x * x + 3.0 * x
        bl.gradients(y)[x]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, final

import numpy as np

from .core.array import Array, as_value
from .core.graph import Graph
from .diff.reverse import is_float, pull, reverse
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

    def __init__(self, of: Array, found: Sequence[Any]) -> None:
        self.of = of
        self.found = found

    def __getitem__(self, x: Array) -> Any:
        if x.tape is not self.of.tape:
            raise GraphError("this array was not recorded together with the one that was differentiated")
        value = self.found[x.number] if x.number < len(self.found) else None
        return np.zeros(x.shape, x.dtype if x.dtype.kind in "fc" else np.float64)[()] if value is None else value

    def __iter__(self) -> Iterator[Array]:
        assert self.of.tape is not None
        return (self.of.tape.handle(i) for i, value in enumerate(self.found) if value is not None)

    def __len__(self) -> int:
        return sum(value is not None for value in self.found)

    @property
    def run(self) -> Run:
        """The whole session as a run, its gradients written as graph: pictures and explanations of it work as for any other."""
        tape = self.of.tape
        assert tape is not None
        assert tape.values is not None
        count = len(self.found)
        guards = tuple(guard for guard in tape.guards if guard.node < count)  # the session may have gone on and asked more
        graph = Graph(tuple(tape.nodes[:count]), tuple(i for i in tape.inputs if i < count), (self.of.number,), guards=guards)
        written = reverse(graph, self.of.number, [i for i in graph.inputs if is_float(graph.nodes[i])])
        return run_typed(written, {i: tape.values[i] for i in graph.inputs})


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
    forward = len(tape.nodes)
    values: Any = tape.values
    seed = tape.constant(np.ones(y.shape, y.dtype)[()])
    inputs = [i for i in tape.inputs if is_float(tape.nodes[i])]
    with np.errstate(all="ignore"):
        arrived = pull(tape, {y.number: seed.number}, inputs, bare=True).arrived
    nodes = tape.nodes
    found = [None if n is None or not is_float(nodes[i]) else values[n] for i, n in enumerate(arrived[:forward])]
    del nodes[forward:], values[forward:]
    return Gradients(y, found)
