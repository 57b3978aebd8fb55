"""Names in one line of text, for titles: short ones for what nobody has named.

An unnamed node is called by its operation and its operands, as in `4·x + 1`. Where that would grow long an operand is
called by its number, `#5`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count

from ..core.graph import Graph
from ..core.math import Math, name
from .plain import text as spelled

__all__ = ["Names", "names", "names_of", "spelled"]

LONG = 5                 # operands and operations in one name; longer ones refer to nodes by number
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def names(graph: Graph, lettered: bool = False, longest: int = LONG) -> list[str]:
    """A name for every node: its own, or its operation on its operands, those of more than `longest` pieces by number.

    With `lettered` every unnamed operation gets a letter, and its name says what that stands for, as in `b = exp(a)`.
    """
    spoken: list[tuple[Math, int]] = []
    taken = {node.name for node in graph.nodes}
    letters = (letter for letter in _letters() if letter not in taken)
    found = []
    for i, node in enumerate(graph.nodes):
        if node.name:
            math, size = name(node.name), 1
        elif node.op.name == "input":
            math, size = name(f"#{i}"), 1
        elif node.op.name == "const":
            scalar = getattr(node.attr("value"), "shape", ()) == ()
            math, size = (node.op.math([], node.attrs) if scalar else name("constant")), 1
        else:
            pieces = [spoken[j] if spoken[j][1] <= longest else (name(f"#{j}"), 1) for j in node.inputs]
            math = node.op.math([piece for piece, _ in pieces], node.attrs)
            size = 1 + sum(size for _, size in pieces)
            if lettered:
                letter = next(letters)
                found.append(f"{letter} = {spelled(math)}")
                spoken.append((name(letter), 1))
                continue
        spoken.append((math, size))
        found.append(spelled(math))
    return found


class Names:
    """The names of the forward nodes, written out only when one of them is asked for."""

    __slots__ = ("found", "graph")

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.found: list[str] | None = None

    def __getitem__(self, number: int) -> str:
        if self.found is None:
            self.found = names(self.graph.with_(nodes=self.graph.nodes[: self.graph.forward_count]))
        return self.found[number]


def names_of(graph: Graph, numbers: Collection[int]) -> dict[int, str]:
    """The names of some nodes of a graph that is too long to name all of them."""
    sizes: list[int] = []
    for node in graph.nodes:
        pieces = () if node.name else node.inputs
        sizes.append(1 + sum([sizes[j] if sizes[j] <= LONG else 1 for j in pieces]))
    wanted, todo = set(numbers), list(numbers)
    while todo:
        node = graph.nodes[todo.pop()]
        below = [j for j in node.inputs if sizes[j] <= LONG and j not in wanted] if not node.name else []
        wanted.update(below)
        todo += below
    spoken: dict[int, Math] = {}
    for i in sorted(wanted):
        node = graph.nodes[i]
        scalar = node.op.name != "const" or getattr(node.attr("value"), "shape", ()) == ()
        if node.name or node.op.name == "input" or not scalar:
            spoken[i] = name(node.name or (f"#{i}" if scalar else "constant"))
        else:
            spoken[i] = node.op.math([spoken[j] if sizes[j] <= LONG else name(f"#{j}") for j in node.inputs], node.attrs)
    return {i: spelled(spoken[i]) for i in numbers}


def _letters() -> Iterator[str]:
    """a to z without e, which is a number, then a₁, b₁, …"""
    for round_ in count():
        for letter in "abcdfghijklmnopqrstuvwxyz":
            yield letter + (str(round_).translate(LOWERED) if round_ else "")
