"""Derivatives of derivatives: reverse mode on a graph whose output is itself a gradient, as often as one likes."""

from __future__ import annotations

from typing import NamedTuple

from ..core.graph import Graph
from ..errors import ValueError
from .reverse import reverse

__all__ = ["Orders", "higher"]


class Orders(NamedTuple):
    """A graph with all derivatives up to some order in it: `nodes[n]` is the n-th, `nodes[0]` what was differentiated."""

    graph: Graph
    nodes: tuple[int, ...]


def higher(graph: Graph, of: int | None = None, wrt: int | None = None, order: int = 2) -> Orders:
    """The derivatives of a node by an input, from the first to the given order, as nodes of one graph.

    For an input of several numbers each further order is the gradient of the sum of the one before: element by element
    where the function is, and else the Hessian summed over its rows. The graph's `grads` and `parts` are those of the last
    order. Raises: ValueError for an order below 1; as `reverse`.

    >>> from backlight.run.reference import bind, run
    >>> graph, values = bind(bl.parse("x^4"), {"x": 2.0})
    >>> made = higher(graph, order=4)
    >>> [float(run(made.graph, values).value(n)) for n in made.nodes]
    [16.0, 32.0, 48.0, 48.0, 24.0]
    """
    if order < 1:
        raise ValueError(f"the order of a derivative is 1, 2, 3, …, and {order} was asked for")
    out = graph.outputs[0] if of is None else of
    x = graph.inputs[0] if wrt is None else wrt
    nodes = [out]
    for _ in range(order):
        graph = reverse(graph, nodes[-1], [x])
        nodes.append(graph.grads[x])
    return Orders(graph, tuple(nodes))
