"""The chain rule, path by path.

The gradient of an input is a sum over the paths that lead from the output down to it, and each path's share is the
product of the local derivatives on its edges. There may be more paths than atoms; their number and their shares' sum are
found by going once through the nodes, and only a few are ever written out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..core.types import Type
from ..diff.walk import LIMIT
from ..errors import InputError
from ..run.record import Edge, Run
from .local import local_array

__all__ = ["Path", "count_paths", "limit", "paths", "scalar_only"]


@dataclass(frozen=True, slots=True)
class Path:
    """One way from the output down to a node: its edges from the top, and its share of the gradient."""

    edges: tuple[Edge, ...]
    seed: Any

    @property
    def share(self) -> Any:
        """Upstream seed times every local derivative on the way; x·(1/x) under x·log x is its limit."""
        before = product = self.seed
        for edge in self.edges:
            if limit(edge):
                product = before * edge.run.graph.nodes[edge.consumer].op.over
            else:
                before, product = product, product * local_array(edge)
        return product


def limit(edge: Edge) -> bool:
    """Whether what goes down is the limit of upstream × local, and not their product."""
    return edge.run.graph.nodes[edge.part.downstream].why.rule == LIMIT


def scalar_only(run: Run, of: int, wrt: int) -> bool:
    """Whether everything between the two nodes is one real number, so that the chain rule is a product of numbers."""
    types = [run.graph.nodes[i].type for i in nodes_between(run, of, wrt)]
    return all(isinstance(t, Type) and t.rank == 0 and t.dtype.kind != "c" for t in types)


def nodes_between(run: Run, of: int, wrt: int) -> set[int]:
    """The nodes on some path along which a gradient flowed."""
    graph = run.graph
    down = {wrt}
    for i in range(wrt + 1, of + 1):
        if any((i, k) in graph.parts and j in down for k, j in enumerate(graph.nodes[i].inputs, 1)):
            down.add(i)
    if of not in down:
        return set()
    up = {of}
    for i in range(of, wrt - 1, -1):
        if i in up:
            up.update(j for k, j in enumerate(graph.nodes[i].inputs, 1) if (i, k) in graph.parts and j in down)
    return up & down


def count_paths(run: Run, of: int, wrt: int) -> int:
    """How many paths there are; exact, however many."""
    graph, between = run.graph, nodes_between(run, of, wrt)
    ways = {of: 1} if of in between else {}
    for i in range(of, wrt, -1):
        if i in ways and i in between:
            for k, j in enumerate(graph.nodes[i].inputs, 1):
                if (i, k) in graph.parts and j in between:
                    ways[j] = ways.get(j, 0) + ways[i]
    return ways.get(wrt, 0)


def paths(run: Run, of: int, wrt: int, most: int = 20) -> Iterator[Path]:
    """The first `most` paths, operands from the left.

    Raises: InputError where the run has no gradients, or where something on the way is no single number.
    """
    graph = run.graph
    if of not in graph.grads:
        raise InputError(f"node {of} has no gradient in this run: run it backward first, as in bl.backprop")
    if not scalar_only(run, of, wrt):
        raise InputError(f"between node {of} and node {wrt} there are arrays: paths are written out for single numbers only")
    between = nodes_between(run, of, wrt)
    seed = run.value(graph.grads[of])
    stack: list[tuple[int, tuple[Edge, ...]]] = [(of, ())] if of in between else []
    found = 0
    while stack and found < most:
        i, edges = stack.pop()
        if i == wrt:
            found += 1
            yield Path(edges, seed)
            continue
        below = [
            (j, (*edges, Edge(run, i, k, graph.parts[(i, k)])))
            for k, j in enumerate(graph.nodes[i].inputs, 1)
            if (i, k) in graph.parts and j in between
        ]
        stack += reversed(below)
