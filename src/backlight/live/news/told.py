"""What a session explains: what is wrong and where, stories, marks and hints, what was found, a file to keep."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["Verdict", "Note", "Verdicts", "Piece", "Step", "Told", "Marked", "Hint", "Found", "File"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something wrong at a node, and in which pass it happened; `helps` says what may mend it."""

    node: int
    kind: str
    backward: bool
    sentence: str
    helps: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What is special about a node at these values, a corner, a tie, a jump or a pole, and what Python asked of it."""

    node: int
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All that is wrong with the run; nothing, where the list is empty. `notes` are no faults, but true for these values only."""

    revision: int
    found: tuple[Verdict, ...]
    notes: tuple[Note, ...] = ()
    to: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line: words, a formula in MathML, the number of a node as it now is, or one that holds for this moment.

    `node` (-1: none) is where the number lies, for "value", in the block, and `at` the place of one number of an array (-1: all
    of it); for all kinds, `to` is the node it leads to, and `element` the number there, or empty.
    """

    kind: Literal["words", "math", "value", "moment"]
    text: str = ""
    node: int = -1
    to: int = -1
    at: int = -1
    element: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an explanation: a title, lines of pieces, and the node it is about (-1: none)."""

    title: str
    lines: tuple[tuple[Piece, ...], ...]
    node: int = -1


@dataclass(frozen=True, slots=True)
class Told:
    """An explanation. `way` are the nodes from the output to the input in question; `latex`, `mathml` and `text` are to copy.

    `moment` says that it may be another one at other values.
    """

    revision: int
    title: str
    steps: tuple[Step, ...]
    way: tuple[int, ...] = ()
    latex: str = ""
    mathml: str = ""
    text: str = ""
    moment: bool = False
    to: int = 0


@dataclass(frozen=True, slots=True)
class Marked:
    """Whether a prediction is right, in words, and what the engine has."""

    right: bool
    said: str
    truth: str
    to: int = 0


@dataclass(frozen=True, slots=True)
class Hint:
    """One more hint, and how many are left."""

    step: Step
    left: int
    to: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The nodes that a search found, best first, with a word on each."""

    nodes: tuple[int, ...]
    words: tuple[str, ...]
    note: str = ""
    to: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """A file to keep. The bytes follow the header."""

    name: str
    media: str
    to: int = 0
