"""The text as formulas: one for every name that was given a value, one for every result, and a short one for every card."""

from __future__ import annotations

from ..core.graph import Graph
from ..core.math import Math, infix, name
from ..explain.mathml import mathml
from ..explain.page import figure

__all__ = ["definitions", "formulas"]

LONG = 200               # operations in one formula; what is longer refers to a part by its number
SHORT = 5                # on a card
FIRST, LAST = 60, 20     # formulas, where there are more; a browser takes a second to set thousands that nobody reads


def definitions(graph: Graph, longest: int = SHORT) -> list[Math]:
    """What each forward node is: a leaf itself, or its operation on its operands, those of more than `longest` pieces by number."""
    spoken: list[tuple[Math, int]] = []
    found: list[Math] = []
    for i, node in enumerate(graph.nodes[: graph.forward_count]):
        if not node.inputs:
            math = figure(node.attr("value")) if node.op.name == "const" else name(node.name or f"#{i}")
            size = 1
        else:
            pieces = [spoken[j] if spoken[j][1] <= longest else (name(f"#{j}"), 1) for j in node.inputs]
            math = node.op.math([piece for piece, _ in pieces], node.attrs)
            size = 1 + sum(size for _, size in pieces)
        found.append(math)
        spoken.append((name(node.name), 1) if node.name else (math, size))
    return found


def formulas(graph: Graph) -> tuple[str, ...]:
    """Every named operation and every output in MathML, in order, written out down to the names in it.

    Of very many the first and the last, and between them how many are left out.
    """
    outputs = set(graph.outputs)
    found = [
        infix("=", name(node.name), math, 5) if node.name else math
        for i, (node, math) in enumerate(zip(graph.nodes, definitions(graph, LONG), strict=False))
        if (node.inputs and node.name) or i in outputs
    ]
    left_out = len(found) - FIRST - LAST
    if left_out > 1:
        found[FIRST:-LAST] = [name(f"… {left_out} more …")]
    return tuple(mathml(math, display=True) for math in found)
