"""The text form of a graph: text that the door reads back to the same graph, node by node.

A node is written inside its consumer where that is the only one, where it has no name, and where reading would meet it
at the same point of the list; every other node gets a line. A name that begins with `_` is for the text only. Notation is
used for an operation where it reads back to that operation, which is found out by reading it; otherwise the operation is
called by its name.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from ..core.graph import Graph, Node
from ..core.math import Math, call, keyword, name
from ..core.op import Op
from ..core.op import written as setting_math
from ..errors import BacklightError, GraphError
from ..read.text import parse
from ..read.text.names import functions
from ..read.text.spelling import CONSTANTS, LITERALS
from ..read.text.words import LOGIC, NAME_LENGTH, name_end, plain_name
from .plain import constant_math, quoted, text

__all__ = ["text_form"]

LONG: Final = 24  # operations and operands in one line
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"


class Piece(NamedTuple):
    """A node that is not written yet: its number, its notation, and how much that holds."""

    number: int
    math: Math
    size: int


def text_form(graph: Graph) -> str:
    """The text of a graph. Reading it back (with a `limit` if it is long) gives the same nodes, inputs and outputs.

    Types, positions and scopes are not part of the text; they come from the values, the text and its definitions.
    Raises: GraphError for a constant that is no plain number or array of them, or where two nodes have one name.

    >>> print(text_form(bl.parse("y = (4x + 1)²; y*y")))
    y = (4*x + 1)^2
    y*y
    """
    writer = Writer(graph)
    for i, node in enumerate(graph.nodes):
        writer.node(i, node)
    writer.outputs()
    return "\n".join(writer.lines)


class Writer:
    """The lines so far, the labels of nodes that have one, and the nodes that wait to be written inside another."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.lines: list[str] = []
        self.labels: dict[int, Math] = {}
        self.waiting: list[Piece] = []
        self.taken: set[str] = set()
        self.uses = [0] * len(graph.nodes)
        for node in graph.nodes:
            for j in node.inputs:
                self.uses[j] += 1
        for i in graph.outputs:
            self.uses[i] += 1
        for node in graph.nodes:
            if node.name in self.taken:
                raise GraphError(f"two nodes are called {node.name!r}: a text gives a name to one node only")
            if node.name:
                self.taken.add(node.name)

    def node(self, i: int, node: Node) -> None:
        """Write one node, or let it wait."""
        constant = self.named_constant(node)
        if node.op.name == "input":
            if node.name and not node.attrs and self.uses[i] and i in self.graph.inputs:
                self.waiting.append(Piece(i, name(spelled(node.name)), 1))
            else:
                self.line(i, f"input({settings(node)})")
            return
        if constant:
            self.waiting.append(Piece(i, name(constant), 1))
            return
        if node.op.name == "const":
            math, size = checked_constant(i, node.attr("value")), 1
        else:
            parts = self.operands(node.inputs)
            math = operation(node.op, [p.math for p in parts], node.attrs)
            size = 1 + sum(p.size for p in parts)
        if node.name or self.uses[i] != 1 or size > LONG:
            self.line(i, text(math, "door"))
        else:
            self.waiting.append(Piece(i, math, size))

    def named_constant(self, node: Node) -> str:
        """`e` or `pi`, where a node is that."""
        value = node.attr("value")
        for spelling, (real, number) in CONSTANTS.items():
            if node.op.name == "const" and node.name == real and np.shape(value) == () and value == number:
                return spelling
        return ""

    def operands(self, numbers: tuple[int, ...]) -> list[Piece]:
        """The operands as notation. Those that wait must be the last ones, in order, or all that wait are written now."""
        wanted = [j for j in dict.fromkeys(numbers) if j not in self.labels]
        count = len(wanted)
        if [p.number for p in self.waiting[len(self.waiting) - count :]] != wanted:
            self.flush()
            wanted, count = [], 0
        inside = {p.number: p for p in self.waiting[len(self.waiting) - count :]}
        del self.waiting[len(self.waiting) - count :]
        for j in inside:
            if self.graph.nodes[j].name:  # an input or a constant, which the first use brings into being
                self.labels[j] = inside[j].math
        return [inside[j] if j in inside else Piece(j, self.labels[j], 1) for j in numbers]

    def flush(self) -> None:
        """Give a line to everything that waits."""
        waiting, self.waiting = self.waiting, []
        for piece in waiting:
            node = self.graph.nodes[piece.number]
            if node.op.name == "input":
                self.line(piece.number, f"input({settings(node)})")
            else:
                self.line(piece.number, text(piece.math, "door"))

    def line(self, i: int, value: str) -> None:
        """`name = value`, after everything that waits."""
        if self.waiting:
            self.flush()
        node = self.graph.nodes[i]
        label = spelled(node.name) if node.name else self.free(i)
        if node.op.name == "const" and self.named_constant(node):
            self.labels[i] = name(value)
            self.lines.append(f"_{i} = {value}")
            return
        self.labels[i] = name(label)
        self.lines.append(f"{label} = {value}")

    def free(self, i: int) -> str:
        """A label for a node without a name."""
        label = f"_{i}"
        while label in self.taken:
            label = "_" + label
        return label

    def outputs(self) -> None:
        """The last line, unless the last one already gives the only output."""
        outputs = self.graph.outputs
        last = len(self.graph.nodes) - 1
        if not self.waiting and outputs == (last,) and last in self.labels and self.lines:
            return
        said = [p.math for p in self.operands(outputs)]
        self.flush()
        self.lines.append(", ".join(text(m, "door") for m in said))


def spelled(word: str) -> str:
    """A name as the door takes it, between backquotes where it would mean something else."""
    if len(word) > NAME_LENGTH:
        raise GraphError(f"the name {word[:40]!r}… has {len(word)} characters, and a text allows {NAME_LENGTH}")
    plain = name_end(word) == len(word) and word[0] not in "_'′″‴’" and not word[0].isdigit() and plain_name(word) == word
    special = word in LITERALS or word in CONSTANTS or word in LOGIC or word in functions()
    return word if plain and not special else quoted(word, "`")


def settings(node: Node) -> str:
    """The settings of a node between its brackets."""
    return ", ".join(text(keyword(k, setting_math(v)), "door") for k, v in node.attrs)


def checked_constant(i: int, value: Any) -> Math:
    """A constant as notation; a GraphError where the door has no way to say it."""
    kind = np.asarray(value).dtype.kind
    if kind not in "biuf" or 0 in np.shape(value):
        raise GraphError(f"node {i} is a constant without a text form: {type(value).__name__} {value!r:.60}")
    return constant_math(value)


def operation(op: Op, operands: list[Math], attrs: tuple[tuple[str, Any], ...]) -> Math:
    """An operation in its notation where that reads back, else called by its name."""
    if op.paper is not None and len(operands) <= len(LETTERS):
        shown = [x.parts[0][0] if x.form == "number" else "[" if x.form == "list" else "x" for x in operands]
        kinds = "".join(c if c in "-[x" else "7" for c in shown)
        if reads_back(op, kinds, attrs):
            return op.math(operands, attrs)
    if op.variadic and len(operands) == 1:  # one list would be taken for the operands
        operands = [Math("list", tuple(operands))]
    return call(op.name, *operands, *(keyword(k, setting_math(v)) for k, v in attrs))


@lru_cache(maxsize=4096)
def reads_back(op: Op, kinds: str, attrs: tuple[tuple[str, Any], ...]) -> bool:
    """Whether the notation of an operation, on operands of some kinds, is read as that operation.

    The kinds are `x` for what has a name or is an operation, `7` and `-` for numbers by their sign, `[` for an array.
    """
    stand_ins = {"7": constant_math(7), "-": constant_math(-7), "[": constant_math([7, 7])}
    operands = [stand_ins.get(kind) or name(f"{letter}_") for kind, letter in zip(kinds, LETTERS, strict=False)]
    try:
        shown = text(op.math(operands, attrs), "door")
        nodes = parse(shown).nodes
    except (BacklightError, TypeError):
        return False
    leaves = [name(n.name) if n.op.name == "input" else constant_math(n.attr("value")) for n in nodes[:-1]]
    last = nodes[-1]
    return shown.isascii() and leaves == operands and (last.op, last.inputs, last.attrs) == (op, tuple(range(len(kinds))), attrs)
