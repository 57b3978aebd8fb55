"""Values that a compiled call keeps: none between inputs and outputs, those of some nodes, or a whole run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from ..core.graph import Graph, live_nodes
from ..core.types import Type
from ..errors import InputError
from ..run.record import Run, place
from ..run.reference import bind
from .guarded import compile_checked

__all__ = ["Keep", "Kept", "as_run", "check", "dropped", "numbers_of"]

Keep = Literal["all"] | Sequence[int | str] | None


def check(keep: Any) -> None:
    """Raise InputError for what says nothing about nodes."""
    if not (keep is None or keep == "all") and (isinstance(keep, str) or not isinstance(keep, Iterable)):
        example = keep if isinstance(keep, str) else "h1"
        raise InputError(f'compile: keep is "all" or a list of nodes, as in keep=[{example!r}], and it is {keep!r:.40}')


def numbers_of(graph: Graph, keep: Keep) -> tuple[int, ...]:
    """The nodes to keep. Raises NameError for one that is not there."""
    if keep is None:
        return ()
    if keep == "all":
        return tuple(i for i, node in enumerate(graph.nodes) if isinstance(node.type, Type) or node.type is None)
    return tuple(graph.number(k) for k in keep)


def as_run(graph: Graph, values: Mapping[int, Any]) -> Run:
    """A run of a typed graph, from the values of its nodes."""
    starts, total = place(graph)
    run = Run(graph, np.zeros(total, np.uint8), starts)
    run.fill([values.get(i) for i in range(len(graph.nodes))])
    return run


def dropped(graph: Graph, kept: Sequence[int]) -> str:
    """A line that says whose values a call leaves behind."""
    live = live_nodes(graph, graph.outputs)
    stays = {*graph.inputs, *kept}
    gone = [i for i, node in enumerate(graph.nodes) if live[i] and i not in stays and node.op.name != "const"]
    if not gone:
        return ""
    named = ", ".join(f"%{i} {graph.nodes[i].name or graph.nodes[i].op.name}" for i in gone[:8])
    more = f" and {len(gone) - 8} more" if len(gone) > 8 else ""
    one = "the value of one node" if len(gone) == 1 else f"the values of {len(gone)} nodes"
    return f"\ndropped: {one} ({named}{more}); keep=[…] or keep=\"all\" returns them"


class Kept:
    """A compiled graph that keeps the values of some nodes."""

    def __init__(self, graph: Graph, keep: Keep, watch: bool = False) -> None:
        self.graph, self.all = graph, keep == "all"
        self.numbers = numbers_of(graph, keep)
        self.names = [graph.nodes[i].name or i for i in self.numbers]
        self.compiled = compile_checked(graph, self.numbers if self.all else [*graph.outputs, *self.numbers], watch)

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Return a Run with every value; or the output, and a dict of what was kept."""
        found = self.compiled(*values, **named)
        found = found if isinstance(found, tuple) else (found,)
        if not self.all:
            count = len(self.graph.outputs)
            outputs = found[:count]
            return outputs[0] if count == 1 else outputs, dict(zip(self.names, found[count:], strict=True))
        bound = bind(self.graph, self.compiled.named(values, named))[0]
        return as_run(bound, dict(zip(self.numbers, found, strict=True)))

    def listing(self) -> str:
        """Return what is done, instruction by instruction, and what is left behind."""
        return self.compiled.listing() + dropped(self.graph, [*self.graph.outputs, *self.numbers])

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node the numbers of the instructions in the listing that compute it."""
        return self.compiled.where()
