"""The derivative as an expression, the way it is done on paper: rule by rule, from the inputs up.

On paper an expression is a tree: what is used twice is written twice, and each use is differentiated again, so the
expression can grow exponentially where the graph grows by a node. Nothing exponential is ever built here to say so: the
size of the tree is counted exactly on the graph, in whole numbers without limit, and only a tree below a stated limit is
written out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ..core.graph import Graph, Node, Why, live_nodes
from ..core.types import Type
from ..errors import LimitError
from .forward import forward

__all__ = ["counted", "derivative", "needed", "tree", "tree_sizes"]

TREE_LIMIT = 100_000  # nodes; a tree of that size is written out in under a second, and nobody reads a larger one


def derivative(graph: Graph, wrt: int, element: int = 0, of: int | None = None) -> Graph:
    """The graph of ∂of/∂(one number of an input), its only output; what is used twice is one node.

    `element` is the place in the flattened input. An array output has a derivative of its own shape.

    >>> from backlight.run.reference import bind
    >>> made = derivative(bind(bl.parse("x * y + x"), {"x": 3.0, "y": 5.0})[0], 0)
    >>> float(made(3.0, 5.0)), len(made)
    (6.0, 5)
    """
    out = graph.outputs[0] if of is None else of
    kind = graph.nodes[wrt].type
    assert isinstance(kind, Type)
    direction = np.zeros(kind.size, kind.dtype)
    direction[element] = 1.0
    pushed = forward(graph.with_(outputs=(out,)), [wrt], {wrt: direction.reshape(kind.shape)})
    return needed(pushed.with_(outputs=(pushed.tangents[out],), tangents={}, forward=-1))


def needed(graph: Graph) -> Graph:
    """The graph without what its outputs do not need; inputs stay."""
    live = live_nodes(graph, [*graph.outputs, *graph.inputs])
    numbers: dict[int, int] = {}
    nodes: list[Node] = []
    for i, node in enumerate(graph.nodes):
        if live[i]:
            numbers[i] = len(nodes)
            nodes.append(node._replace(inputs=tuple([numbers[j] for j in node.inputs]), why=renumbered(node.why, numbers)))
    inputs, outputs = ([numbers[i] for i in some] for some in (graph.inputs, graph.outputs))
    return graph.with_(nodes=tuple(nodes), inputs=tuple(inputs), outputs=tuple(outputs), grads={}, parts={})


def renumbered(why: Why, numbers: dict[int, int]) -> Why:
    return why._replace(of=numbers.get(why.of, -1))


def tree_sizes(graph: Graph, weights: Sequence[int] | None = None) -> list[int]:
    """For every node the size of the expression that ends in it, written without sharing: its nodes, leaves included.

    With `weights`, one for each node, their sum instead. Exact, however large.

    >>> from backlight.core.tape import Tape
    >>> tape = Tape()
    >>> x = tape.input("x", 1.0)
    >>> for _ in range(100): x = x * x
    >>> tree_sizes(Graph(tuple(tape.nodes), (0,), (100,)))[-1] == 2**101 - 1
    True
    """
    sizes: list[int] = []
    for i, node in enumerate(graph.nodes):
        sizes.append((1 if weights is None else weights[i]) + sum([sizes[j] for j in node.inputs]))
    return sizes


def counted(n: int) -> str:
    """A whole number in words that stay short, however large it is.

    >>> counted(12345), counted(2**1_000_000)
    ('12,345', 'about 10^301029')
    """
    return f"{n:,}" if n < 10**15 else f"about 10^{int((n.bit_length() - 1) * math.log10(2))}"


def tree(graph: Graph, limit: int = TREE_LIMIT) -> Graph:
    """The graph of one output written without sharing: each use of a node is a copy of its own; only inputs stay one.

    Raises: LimitError where that takes more than `limit` nodes.
    """
    (out,) = graph.outputs
    size = tree_sizes(graph)[out]
    if size > limit:
        raise LimitError(f"written without sharing this expression has {counted(size)} nodes, and the limit is {limit:,}")
    nodes = [graph.nodes[i] for i in graph.inputs]
    inputs = {i: k for k, i in enumerate(graph.inputs)}
    # A node is written when all its operands are; `done` holds the numbers of what is finished, outermost last.
    todo: list[tuple[int, bool]] = [(out, False)]
    done: list[int] = []
    while todo:
        i, ready = todo.pop()
        node = graph.nodes[i]
        if i in inputs:
            done.append(inputs[i])
        elif ready or not node.inputs:
            count = len(node.inputs)
            operands = tuple(done[len(done) - count :])
            del done[len(done) - count :]
            nodes.append(node._replace(inputs=operands))
            done.append(len(nodes) - 1)
        else:
            todo.append((i, True))
            todo += [(j, False) for j in reversed(node.inputs)]
    (top,) = done
    return Graph(tuple(nodes), tuple(inputs[i] for i in graph.inputs), (top,), source=graph.source)
