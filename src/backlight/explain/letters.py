"""Short names for every node, so that a derivation reads like one on paper.

Inputs and named nodes keep their names, constants are their numbers, and what nobody has named gets a letter in order:
`a = 4·x`, `b = a + 1`, `c = b²`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import count

from ..core.graph import Graph
from ..core.math import CALL, Math, fraction, infix, name
from .page import Line, figure

__all__ = ["definitions", "lettered", "partial", "with_operands"]

ALPHABET = "abcdfghjkmnpqrstuvw"  # without e, i, l, o, which mean or look like something else, and x, y, z, which people use
MOST = 60  # nodes beside the way that are explained
DIGITS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def alphabet(taken: set[str]) -> Iterator[str]:
    """a, b, …, a₁, b₁, … without those that are taken."""
    for n in count():
        for c in ALPHABET:
            letter = c + (str(n).translate(DIGITS) if n else "")
            if letter not in taken:
                yield letter


def lettered(graph: Graph) -> list[Math]:
    """A short name in notation for every forward node."""
    first = graph.forward_count
    letters = alphabet({node.name for node in graph.nodes})
    found = []
    for i, node in enumerate(graph.nodes[:first]):
        if node.name:
            found.append(name(node.name))
        elif node.op.name == "const":
            found.append(figure(node.attr("value")))
        elif node.op.name == "input":
            found.append(name(f"#{i}"))
        else:
            found.append(name(next(letters)))
    return found


def definitions(graph: Graph, called: list[Math], nodes: Iterable[int]) -> tuple[Line, ...]:
    """`letter = operation on letters` for each of the nodes that has operands."""
    lines: list[Line] = []
    for i in sorted(nodes):
        node = graph.nodes[i]
        if node.inputs:
            lines.append((infix("=", called[i], node.op.math([called[j] for j in node.inputs], node.attrs), 5),))
    return tuple(lines)


def with_operands(graph: Graph, nodes: Iterable[int]) -> set[int]:
    """Nodes and all that they are made of, so that no letter stays unexplained; of very many, with their own operands only."""
    found = set(nodes)
    beside = {j for i in found for j in graph.nodes[i].inputs} - found
    todo = list(beside)
    while todo and len(beside) <= MOST:
        below = [j for j in graph.nodes[todo.pop()].inputs if j not in found and j not in beside]
        beside.update(below)
        todo += below
    return found | beside


def partial(above: Math, below: Math) -> Math:
    """∂above/∂below."""
    ratio = fraction(Math("prefix", ("∂", above), CALL), Math("prefix", ("∂", below), CALL))
    return ratio._replace(binds=CALL)  # one symbol: no brackets around it in a product
