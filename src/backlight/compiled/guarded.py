"""A compiled graph that was traced for one set of answers: every call computes the answers too.

A function that is compiled is traced again where an answer is another one. A graph has no function behind it any more, so there
the call ends with the error that the reference machine gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

from ..core.array import Array
from ..core.graph import Graph
from ..core.guard import hold
from ..run.native.machine import Compiled, Uncopied, compile_graph

__all__ = ["Guarded", "compile_checked"]

ULPS = 64  # how far a number that was asked for may be off: compiled code keeps 4 an operation, and a question stands on several


@final
class Guarded(Uncopied):
    """A compiled graph with its questions: call it with its inputs, by position or by name."""

    def __init__(self, graph: Graph, outputs: Sequence[int], watch: bool) -> None:
        self.graph, self.outputs = graph, tuple(outputs)
        self.compiled = compile_graph(graph, [*outputs, *[guard.node for guard in graph.guards]], watch)
        self.named, self.prepare = self.compiled.named, self.compiled.prepare

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Return the outputs: one as itself, several as a tuple. Raises: GraphError where an answer is another one."""
        found = self.compiled(*values, **named)
        count = len(self.outputs)
        asked = found[count:]
        if not any(isinstance(x, Array) for x in asked):  # inside a trace the graph was written there, and asked
            hold(self.graph, asked, "compile", ULPS)
        return found[0] if count == 1 else found[:count]

    def listing(self) -> str:
        """Return what the latest plan does, instruction by instruction."""
        return self.compiled.listing()

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node the numbers of the instructions in the listing that compute it."""
        return self.compiled.where()


def compile_checked(graph: Graph, outputs: Sequence[int | str] | None = None, watch: bool = False) -> Compiled | Guarded:
    """A graph as a compiled function of its inputs; `outputs` chooses other nodes than its outputs."""
    if not graph.guards:
        return compile_graph(graph, outputs, watch)
    return Guarded(graph, graph.outputs if outputs is None else [graph.number(k) for k in outputs], watch)
