"""Many steps, one call of compiled code for each: where a step has operations that only the reference machine knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from backlight.core.graph import Graph
from backlight.run.native.machine import compile_graph


class ManySteps(Protocol):
    """Steps in a loop, wherever it is: `f(order, **inputs)`, where an order without minibatches is a number."""

    def __call__(self, order: Any, **inputs: Any) -> tuple[dict[str, Any], tuple[Any, ...]]:
        """Return the state after the steps, by name, and the results of all steps, stacked."""

    def listing(self) -> str:
        """Return what one step does, instruction by instruction."""

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node the instructions that compute it."""


class Stepped:
    """What `Looped` is, with the loop in Python."""

    def __init__(self, graph: Graph, carry: Mapping[str, int], batch: Sequence[str], results: Sequence[int], watch: bool) -> None:
        self.graph, self.batch, self.carry, self.results = graph, tuple(batch), dict(carry), tuple(results)
        self.step = compile_graph(graph, [*self.carry.values(), *self.results], watch)

    def __call__(self, order: Any, **inputs: Any) -> tuple[dict[str, Any], tuple[Any, ...]]:
        """Make the steps; return the state and the results."""
        values = {i: np.asarray(inputs[self.graph.nodes[i].name]) for i in self.graph.inputs}
        given = {self.graph.nodes[i].name: v.astype(self.graph.type(i).dtype, copy=False) for i, v in values.items()}
        rows = order if self.batch else [None] * int(order)
        state = {name: given[name] for name in self.carry}
        kept: list[list[Any]] = [[] for _ in self.results]
        for chosen in rows:
            batch = {name: given[name][chosen] for name in self.batch}
            found = self.step(**{**given, **state, **batch})
            found = found if isinstance(found, tuple) else (found,)
            state = dict(zip(self.carry, map(np.asarray, found), strict=False))
            for values_of, value in zip(kept, found[len(self.carry) :], strict=True):
                values_of.append(value)
        stacked = []
        for number, values_of in zip(self.results, kept, strict=True):
            type_ = self.graph.type(number)
            stacked.append(np.array(values_of, type_.dtype).reshape(len(values_of), *type_.shape))
        return state, tuple(stacked)

    def listing(self) -> str:
        """Return what one step does."""
        return self.step.listing()

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node the instructions that compute it."""
        return self.step.where()
