"""The tree that a formula is: the same graph with every operation used once only.

What was used twice is there twice, each copy with the gradient that comes down its own path; inputs stay one each, so
their gradients are the sums over all paths. A tree may be exponentially larger than its graph, hence a limit.
"""

from __future__ import annotations

from typing import Final

from ..core.graph import Graph, Node
from ..errors import LimitError

__all__ = ["unshared"]

LARGEST: Final = 2000  # nodes; about ten screens of a tree written in lines


def unshared(graph: Graph, largest: int = LARGEST) -> Graph:
    """The graph as a tree over its inputs.

    Raises: LimitError where the tree has more than `largest` nodes.
    """
    sizes: list[int] = []
    for node in graph.nodes:
        sizes.append(1 + sum(sizes[j] for j in node.inputs))
    total = sum(sizes[i] for i in graph.outputs)
    if total > largest:
        count = str(total) if total < 10**9 else f"{total:.3g}" if total < 10**300 else "more than 1e300"
        raise LimitError(f"as a tree this graph has {count} nodes, and the limit is {largest}: look at the graph itself")
    nodes: list[Node] = [graph.nodes[i] for i in graph.inputs]
    made = [graph.inputs.index(i) if i in graph.inputs else walk(graph, i, nodes) for i in graph.outputs]
    return Graph(tuple(nodes), tuple(range(len(graph.inputs))), tuple(made), source=graph.source)


def walk(graph: Graph, root: int, nodes: list[Node]) -> int:
    """Write the tree below a node, operands first, and return its number."""
    place = {i: number for number, i in enumerate(graph.inputs)}
    todo: list[tuple[int, bool]] = [(root, False)]
    ready: list[int] = []
    while todo:
        i, operands_done = todo.pop()
        node = graph.nodes[i]
        if i in place:
            ready.append(place[i])
        elif operands_done or not node.inputs:
            first = len(ready) - len(node.inputs)
            operands = tuple(ready[first:])
            del ready[first:]
            ready.append(len(nodes))
            nodes.append(node._replace(inputs=operands))
        else:
            todo.append((i, True))
            todo += [(j, False) for j in reversed(node.inputs)]
    return ready[0]
