"""What the names of a text mean, and the nodes that are written so far.

A name is one node however often it is used; one that nothing gave a meaning becomes an input where it stands first. A name has
one meaning in all of a text: giving it a second one is a mistake that says where the first one is.
"""

from __future__ import annotations

from typing import Any, final

from ...core.graph import SOURCE, At, Node
from ...core.op import Op
from ...core.table import TABLE
from .spelling import ALIASES, CONSTANTS, LITERALS, NOT_CALLED
from .tree import Tree
from .words import Place, Word, plain_name, unquoted

__all__ = ["Definition", "Names", "functions", "variable"]


def functions() -> set[str]:
    """Every name that may be called."""
    return (set(TABLE) - NOT_CALLED) | set(ALIASES)


def variable(word: Word) -> tuple[str, bool]:
    """The name that a word gives, and whether it was written between backquotes and so is a variable in any case."""
    if word[3][0] == "`":
        return unquoted(word[3]), True
    return plain_name(word[3]), False


class Definition:
    """`f(x, y) = …`: the names, the tree, and where it stands."""

    __slots__ = ("body", "header", "names", "number")

    def __init__(self, header: Word, names: list[str], body: Tree, number: int) -> None:
        self.header, self.names, self.body, self.number = header, names, body, number


@final
class Names:
    """The names of one text, and its nodes."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.nodes: list[Node] = []
        self.inputs: list[tuple[int, int]] = []  # place in the text, number
        self.values: dict[str, int] = {}  # names of inputs and of what was assigned
        self.first: dict[str, tuple[str, int, int]] = {}  # how and where a name got its meaning
        self.constants: dict[str, int] = {}
        self.definitions: dict[str, Definition] = {}
        self.callable = functions()

    def define(self, header: Word, parameters: list[Word], body: Tree) -> None:
        """`f(x, y) = body`, to be called further down."""
        name = plain_name(header[3])
        if name in self.callable:
            raise self.place.mistake(f"{name!r} is an operation already: choose another name", header[1], header[2])
        if name in self.definitions:
            line = self.place.at(*self.definitions[name].header[1:3]).line
            raise self.place.mistake(f"{name!r} is defined twice, first in line {line}", header[1], header[2])
        self.definitions[name] = Definition(header, self.parameters(parameters), body, len(self.definitions))

    def parameters(self, words: list[Word]) -> list[str]:
        """The names between the brackets of a header, each once."""
        names: list[str] = []
        for word in words:
            name, quoted = variable(word)
            if name in LITERALS and not quoted:
                raise self.place.mistake(f"{name!r} is a number, not a name", word[1], word[2])
            key = f"`{name}" if quoted and self.special(name) else name
            if key in names:
                raise self.place.mistake(f"{name!r} stands twice in this header", word[1], word[2])
            names.append(key)
        return names

    def new_name(self, target: Word) -> tuple[str, str]:
        """The key and the name for something new; a name that begins with `_` is for the text only."""
        name, quoted = variable(target)
        if not quoted and name in LITERALS:
            raise self.place.mistake(f"{name!r} is a number, not a name", target[1], target[2])
        if not quoted and name in self.definitions:
            line = self.place.at(*self.definitions[name].header[1:3]).line
            raise self.place.mistake(f"{name!r} is a function since line {line}", target[1], target[2])
        key = f"`{name}" if quoted and self.special(name) else name
        if key in self.values:
            self.taken(key, target)
        return key, "" if name[0] == "_" and not quoted else name

    def taken(self, key: str, target: Word) -> None:
        """A name that has a meaning already keeps it."""
        how, start, end = self.first[key]
        line = self.place.at(start, end).line
        raise self.place.mistake(
            f"{target[3]!r} is {how} in line {line} already: give the new value another name", target[1], target[2]
        )

    def special(self, name: str) -> bool:
        """Whether a bare name means something else than a variable."""
        return name in LITERALS or name in CONSTANTS or name in TABLE

    def add(self, op: Op, inputs: tuple[int, ...], attrs: Any, start: int, end: int, scope: str) -> int:
        """Write one node."""
        self.nodes.append(Node(op, inputs, None, attrs, "", scope, self.place.at(start, end), SOURCE))
        return len(self.nodes) - 1

    def new_input(self, name: str, start: int, at: At, attrs: Any = ()) -> int:
        """Write a new input."""
        self.nodes.append(Node(TABLE["input"], (), None, attrs, name, "", at, SOURCE))
        self.inputs.append((start, len(self.nodes) - 1))
        return len(self.nodes) - 1

    def constant(self, value: Any, start: int, end: int, scope: str) -> int:
        """Write a number or an array of numbers."""
        return self.add(TABLE["const"], (), (("value", value),), start, end, scope)

    def node_of(self, word: Word, local: dict[str, int], scope: str) -> int:
        """The node that a name stands for; an unknown name is a new input."""
        name, quoted = variable(word)
        key = f"`{name}" if quoted and self.special(name) else name
        number = local.get(key)
        if number is None:
            number = self.values.get(key)
        if number is not None:
            return number
        if not quoted:
            if name in LITERALS:
                return self.constant(LITERALS[name], word[1], word[2], scope)
            if name in CONSTANTS:
                name, value = CONSTANTS[name]
                if name not in self.constants:
                    number = self.constant(value, word[1], word[2], "")
                    self.nodes[number] = self.nodes[number]._replace(name=name)
                    self.constants[name] = number
                return self.constants[name]
            if name in TABLE or name in self.definitions:
                what = "an operation" if name in TABLE else "a function"
                example = f"write {name}(…)" + (f", or `{name}` for a variable of that name" if name in TABLE else "")
                raise self.place.mistake(f"{name!r} is {what}: {example}", word[1], word[2])
        number = self.values[key] = self.new_input(name, word[1], self.place.at(word[1], word[2]))
        self.first[key] = ("an input", word[1], word[2])
        return number
