"""Functions of a program, line by line: what is used once goes into the line that uses it, the rest gets a name.

A graph that a node holds becomes a function of its own, and the node the call of it: a choice, a loop or a block (`inside`).
Lines are put together with brackets around everything and then written by Python itself, which leaves out those that do nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Sequence
from textwrap import indent
from typing import Final, final

import numpy as np

from ...core.graph import Graph, Node
from ...core.types import TupleType, Type
from .expand import expanded, spelled
from .literal import TAKEN, literal, number, safe_name
from .spelling import Dialect

__all__ = ["Program", "Writing", "indented"]

HELPER: Final = re.compile(r"@(\w+)")
LONG: Final = 56  # characters of what still goes into another line
NAME: Final = re.compile(r"[^\W\d]\w*")


def plainly(line: str) -> str:
    """A line of code without the brackets that do nothing."""
    return ast.unparse(ast.parse(line))


def indented(lines: Sequence[str]) -> str:
    """The lines of a function."""
    return indent("\n".join(lines), "    ")


@final
class Program:
    """What all functions of one program share: the helpers that they call, and the functions of graphs inside nodes."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.used: set[str] = set()
        self.inner: dict[str, str] = {}  # functions by their text without the name
        self.names = {*TAKEN, *dialect.helpers}

    def helpers(self) -> list[str]:
        """The helpers that are called, and those that they call, in the order of the dialect."""
        found, new = set(self.used), set(self.used)
        while new:
            new = {name for one in new for name in HELPER.findall(self.dialect.helpers[one])} - found
            found |= new
        return [HELPER.sub(r"\1", text).rstrip("\n") for name, text in self.dialect.helpers.items() if name in found]

    def said(self, text: str) -> str:
        """A spelling without the marks of its helpers, which are noted."""
        self.used.update(HELPER.findall(text))
        return HELPER.sub(r"\1", text)

    def function(
        self, word: str, graph: Graph, answer: Callable[[list[str]], str], change: Callable[[str], str] = lambda t: t
    ) -> str:
        """The name of a function for a graph inside a node; two graphs that read alike are one."""
        writing = Writing(self, graph, graph.outputs)
        lines = writing.lines(answer)  # its numbers differ from step to step: there are no notes on them
        text = change(f"({', '.join(writing.given)}):\n" + indented(lines))
        if text not in self.inner:
            self.inner[text] = safe_name(word, {*self.names, *self.inner.values()})
        return self.inner[text]

    def functions(self) -> list[str]:
        return [f"def {name}{text}" for text, name in self.inner.items()]


@final
class Writing:
    """One function: its graph in words of the library, names for what is used more than once, and the lines so far."""

    def __init__(
        self, program: Program, graph: Graph, outputs: Sequence[int], notes: Callable[[int], Sequence[str]] = lambda i: ()
    ) -> None:
        self.notes = notes
        self.program, self.dialect = program, program.dialect
        self.graph, self.places = expanded(graph, outputs, program.dialect)
        self.outs = [self.places[i] for i in outputs]
        self.uses = [0] * len(self.graph.nodes)
        for node in self.graph.nodes:
            for j in node.inputs:
                self.uses[j] += 1
        self.taken = set(program.names)
        self.text: dict[int, str] = {}
        self.items: dict[int, dict[int, int]] = {}
        self.count = 0
        self.found: list[str] = []
        for i, node in enumerate(self.graph.nodes):
            if node.op.name == "item":
                self.items.setdefault(node.inputs[0], {}).setdefault(node.attr("k", 0), i)
        self.names: dict[int, str] = {}
        for i, node in enumerate(self.graph.nodes):  # those that a person gave come first
            if node.name and (node.op.name != "const" or self.uses[i]) and (name := safe_name(node.name, self.taken)):
                self.names[i] = name
                self.taken.add(name)
        self.given = [self.name(self.places[i]) for i in graph.inputs]
        self.number_of = {k: i for i, k in self.places.items()}

    def fresh(self, word: str = "") -> str:
        """A name that nothing has."""
        if word:
            name = safe_name(word, self.taken)
            self.taken.add(name)
            return name
        self.count += 1
        while f"v{self.count}" in self.taken:
            self.count += 1
        self.taken.add(f"v{self.count}")
        return f"v{self.count}"

    def name(self, i: int) -> str:
        if i not in self.names:
            self.names[i] = self.fresh()
        return self.names[i]

    def lines(self, end: Callable[[list[str]], str]) -> list[str]:
        """All lines, the last one from what the results are called."""
        from .inside import HOLDS

        for i, node in enumerate(self.graph.nodes):
            if node.op.name == "input":
                self.text[i] = self.name(i)
            elif node.op.name in HOLDS:
                self.found += HOLDS[node.op.name](self, i, node)
            elif isinstance(node.type, TupleType):
                self.assign(self.targets(i), self.right(i, node))
            elif node.op.name not in ("const", "item"):
                self.write(i, node)
        results = [plainly(self.operand(i)) for i in self.outs]
        return [*self.found, f"return {end(results)}"]

    def write(self, i: int, node: Node) -> None:
        """One node: as part of the line that uses it, or in a line of its own."""
        right = self.right(i, node)
        self.found += [f"# {note}" for note in self.notes(self.number_of.get(i, -1))]
        if i not in self.names and self.uses[i] + self.outs.count(i) == 1 and len(right) <= LONG:
            self.text[i] = f"({right})"
            return
        self.text[i] = self.name(i)
        self.assign([self.text[i]], right)

    def assign(self, targets: Sequence[str], right: str) -> None:
        self.found.append(plainly(f"{', '.join(targets)} = {right}"))

    def right(self, i: int, node: Node) -> str:
        """The right side of the line of a node."""
        texts = [self.beside(node, k) for k in range(len(node.inputs))]
        operands = [self.graph.nodes[j] for j in node.inputs]
        # What a spelling says twice must be a name.
        probe = spelled(node, operands, self.dialect, [f"operand_{k}_" for k in range(len(texts))])
        for k, text in enumerate(texts):
            if (
                probe.count(f"operand_{k}_") > 1
                and not NAME.fullmatch(text)
                and self.graph.nodes[node.inputs[k]].op.name != "const"
            ):
                name = self.fresh()
                self.assign([name], text)
                texts[k] = self.text[node.inputs[k]] = name
        return self.program.said(spelled(node, operands, self.dialect, texts))

    def beside(self, node: Node, k: int) -> str:
        """Operand k of a node; a number as Python's own where the library takes it beside arrays and keeps their dtype."""
        x = self.graph.nodes[node.inputs[k]]
        if x.op.name == "const" and node.op.name in self.dialect.plain and not (node.op.name == "where" and k == 0):
            value = np.asarray(x.attr("value"))
            others = [self.graph.nodes[j] for n, j in enumerate(node.inputs) if n != k and not (node.op.name == "where" and n == 0)]
            both = node.op.name == "where" and self.dialect.name == "numpy" and value.dtype == "float64"
            fits = both or any(y.op.name != "const" and y.type.dtype == value.dtype for y in others if isinstance(y.type, Type))
            shaped = isinstance(node.type, Type) and any(
                isinstance(y.type, Type) and y.type.shape == node.type.shape for y in others
            )
            alike = bool(value.size) and (value.ndim == 0 or (shaped and bool(np.all(value == value.reshape(-1)[0]))))
            value = value.reshape(-1)[0] if alike else value
            if alike and fits and value.dtype.kind in "fi" and np.isfinite(value):
                whole = (
                    node.op.name == "pow" and k == 1 and value == np.rint(value) and abs(value) < 100 and value.dtype.kind == "f"
                )
                return str(int(value)) if whole else number(value) if value >= 0 else f"({number(value)})"
        return self.operand(node.inputs[k])

    def operand(self, i: int) -> str:
        """What a node is called, or what it is where it is nowhere else."""
        if i not in self.text:
            node = self.graph.nodes[i]
            if node.op.name == "item":
                return self.name(self.items[node.inputs[0]][node.attr("k", 0)])
            right = literal(node.attr("value"), self.dialect)
            if self.uses[i] + self.outs.count(i) == 1 and len(right) <= LONG and i not in self.names:
                self.text[i] = right
            else:
                self.text[i] = self.name(i)
                self.found.append(f"{self.text[i]} = {right}")
        return self.text[i]

    def called(self, i: int) -> str:
        """The name of a node, which gets one where it has none."""
        text = self.operand(i)
        if not NAME.fullmatch(text):
            name = self.fresh()
            self.assign([name], text)
            self.text[i] = text = name
        return text

    def targets(self, i: int) -> list[str]:
        """Names for all results of a node; one that nobody uses is `_`."""
        node = self.graph.nodes[i]
        if not isinstance(node.type, TupleType):
            self.text[i] = self.name(i)
            return [self.text[i]]
        items, spare = self.items.get(i, {}), "" if i in self.outs else "_"
        names = [self.name(items[k]) if k in items else spare or self.fresh() for k in range(len(node.type.types))]
        self.text[i] = f"({', '.join(names)})"
        return names
