"""Steps of training, compiled together with the loop around them.

A step is a function of a state and data; it returns the next state, or that and a result. It is traced once, with the
first minibatch; what it returned is compared with the state it was given, leaf by leaf, and the loop hands one over to the
other. A step must take one way: Python that asks for a value inside it would have to be asked again at each step.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.array import as_value
from ..core.graph import Graph
from ..core.tree import Nest, flatten
from ..errors import GraphError, InputError, ShapeError
from ..read.python import Traced, names_of, traced
from ..run.native.looped import compile_steps
from ..run.native.machine import Uncopied
from ..run.native.stepped import ManySteps
from .arguments import leaves, taken

__all__ = ["Training"]


@dataclass(frozen=True, slots=True)
class Loop:
    """The loop of one combination of types: what to call, and how the state and the results are nested."""

    graph: Graph
    run: ManySteps
    state: Nest
    state_names: tuple[str, ...]
    results: Nest | None


class Training(Uncopied):
    """A step, called for many at once."""

    def __init__(self, function: Callable[..., Any], steps: int | None, batch: tuple[str, ...], watch: bool) -> None:
        self.function, self.steps, self.batch, self.watch = function, steps, batch, watch
        self.loops: dict[Hashable, Loop] = {}
        self.latest: Loop | None = None

    def __call__(self, *args: Any, order: Any = None) -> Any:
        """Make the steps; return the state at the end, and the results of all steps, stacked, where a step has any."""
        if not args:
            raise InputError("steps: a step needs a state, its first argument")
        args = tuple(map(taken, args))
        names = names_of(self.function, args)
        unknown = [name for name in self.batch if name not in names[1:]]
        if unknown:
            raise InputError(f"steps: batch names {unknown[0]!r}, and the step has {', '.join(names[1:]) or 'no data'}")
        rows = self.rows(order)
        count = self.steps if rows is None else len(rows) if self.steps is None else min(self.steps, len(rows))
        if count is None:
            raise InputError("steps: give steps=… to compile, or order=… to the call")
        first = args if rows is None else self.first_batch(names, args, rows)
        key = (leaves(self.function, first, {})[1], None if rows is None else rows.shape[1])
        if key not in self.loops:
            self.loops[key] = self.looped(names, first)
        loop = self.latest = self.loops[key]
        values = {n: leaf for name, arg in zip(names, args, strict=True) for n, leaf in flatten(arg, name)[0]}
        given = {name: values[name] for name in loop.graph.input_names}
        state, stacked = loop.run(count if rows is None else rows[:count], **given)
        after = loop.state.around([plain(state.get(name, given[name])) for name in loop.state_names])
        return after if loop.results is None else (after, loop.results.around(stacked))

    def rows(self, order: Any) -> np.ndarray[Any, Any] | None:
        """Return the order as whole numbers, (steps, size of a minibatch)."""
        if not self.batch:
            if order is not None:
                raise InputError("steps: order is for minibatches: name their parameters, as in compile(step, batch=['x'])")
            return None
        if order is None:
            raise InputError("steps: give order=…, the row numbers of each minibatch: an array of (steps, size)")
        found = np.asarray(order)
        if found.ndim != 2 or found.dtype.kind not in "iu" or not found.shape[1]:
            raise ShapeError(f"steps: the order must be whole numbers, (steps, size), and it is {found.dtype} {found.shape}")
        return np.ascontiguousarray(found, np.int64)

    def first_batch(self, names: Sequence[str], args: Sequence[Any], rows: np.ndarray[Any, Any]) -> tuple[Any, ...]:
        """Return the arguments of the first step."""
        found = list(args)
        for k, name in enumerate(names):
            if name not in self.batch:
                continue
            data = np.asarray(as_value(args[k]))
            if data.ndim == 0:
                raise ShapeError(f"steps: {name!r} must have rows to choose from, and it is {data.dtype} ()")
            if not len(rows):  # no step: only the type of a minibatch is asked for
                found[k] = np.zeros((rows.shape[1], *data.shape[1:]), data.dtype)
                continue
            if rows.min() < 0 or rows.max() >= len(data):
                wrong = rows.min() if rows.min() < 0 else rows.max()
                raise ShapeError(f"steps: the order names row {wrong}, and {name!r} has {len(data)} rows")
            found[k] = data[rows[0]]
        return tuple(found)

    def looped(self, names: Sequence[str], args: Sequence[Any]) -> Loop:
        """Trace one step, and compile the loop around it."""
        made = traced(self.function, args, {})
        graph = made.graph
        if graph.guards:
            at = graph.guards[0].at
            place = f" ({at.file}, line {at.line})" if at is not None else ""
            raise GraphError(
                f"steps: the step asks for a value{place}, and the answer may be another one in the next step: "
                "use where, cond or while_loop"
            )
        found, nest = flatten(args[0], names[0])
        count = len(found)
        state, results, outputs = self.parted(made, args[0], count)
        inputs = graph.inputs[:count]
        # an entry that stays what it was needs no hand-over
        carry = {graph.nodes[i].name: out for i, out in zip(inputs, state, strict=True) if i != out}
        run = compile_steps(graph, carry, self.batch, outputs, self.watch)
        return Loop(graph, run, nest, tuple(name for name, _ in found), results)

    def parted(self, made: Traced, state: Any, count: int) -> tuple[Sequence[int], Nest | None, Sequence[int]]:
        """Return the nodes of the next state, how the results are nested, and their nodes."""
        outputs = made.graph.outputs
        shape = [name for name, _ in flatten(state)[0]]
        whole = made.result.around(list(range(len(outputs))))
        if [name for name, _ in flatten(whole)[0]] == shape and type(whole) is type_of_nest(state):
            return outputs, None, ()
        if isinstance(whole, tuple) and len(whole) == 2:
            first, (found, results) = flatten(whole[0])[0], flatten(whole[1])
            if [name for name, _ in first] == shape:
                return outputs[:count], results, outputs[count:]
            assert len(found) + len(first) == len(outputs)
        raise InputError(
            f"steps: the state is {', '.join(name or 'one number' for name in shape)}; the step must return the same again, "
            "or that and a result"
        )

    def listing(self) -> str:
        """Return what one step does, instruction by instruction."""
        return self.ready("listing").run.listing()

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node of a step the numbers of the instructions in the listing that compute it."""
        return self.ready("where").run.where()

    @property
    def graph(self) -> Graph:
        """The graph of one step."""
        return self.ready("graph").graph

    def ready(self, asked: str) -> Loop:
        """Return the loop of the latest call."""
        if self.latest is None:
            raise GraphError(f"{asked}: nothing is compiled yet: call the function once")
        return self.latest


def type_of_nest(state: Any) -> type:
    """Return what a nest of whole numbers in the place of this one would be: a single leaf is a number."""
    return type(state) if isinstance(state, (dict, list, tuple)) or hasattr(state, "__dataclass_fields__") else int


def plain(value: Any) -> Any:
    """Return a single float64 as a Python float, as compiled calls do."""
    array = np.asarray(value)
    return float(array) if array.ndim == 0 and array.dtype == np.float64 else value
