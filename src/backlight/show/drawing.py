"""What is drawn: a sheet with marks on it, each of which knows what it shows.

A drawing has no idea of paper. It is laid out once, in pixels for pages or in cells for a terminal, and every writer
writes every mark. A mark says what it *means* (a `Tone`: forward, backward, parameter, …), never a colour; writers turn
that into ink, and always into something besides colour too. `node` is the number of the node that a mark belongs to, -1
for none, so that a page can be clicked and a reader can ask where a number comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Align", "Dot", "Drawing", "Flag", "Frame", "Heat", "Line", "Mark", "Shape", "Text", "Tone"]

Tone = Literal["plain", "quiet", "strong", "forward", "backward", "parameter", "output", "constant", "wrong"]
Align = Literal["start", "middle", "end"]
Shape = Literal["disc", "square", "triangle", "diamond", "cross"]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """A box by its upper left corner. A chip is rounder: it stands in for a box that is drawn in full elsewhere, or, as high
    as it is wide, is a dot. `words` are said by a writer that can say more when somebody points there.
    """

    x: float
    y: float
    width: float
    height: float
    tone: Tone = "plain"
    output: bool = False
    chip: bool = False
    node: int = -1
    words: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text; `x` is its start, middle or end, `y` its baseline (in cells: its row). A `bad` one tells of a number
    that is none; one with a `halo` stands on lines.
    """

    x: float
    y: float
    text: str
    tone: Tone = "plain"
    align: Align = "start"
    size: float = 1.0
    node: int = -1
    bad: bool = False
    halo: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A way from point to point. `operand` is the number of the operand that an edge leads to, 0 for other lines.

    `weight` says how thick, beside 1 for an ordinary line; `dashed` marks what is not there yet or does not count. Edges
    are drawn as curves that leave and arrive upright; what is measured is not `curved`. One that is `afar` shows only while
    the words on the edges do not.
    """

    points: tuple[Point, ...]
    tone: Tone = "plain"
    node: int = -1
    operand: int = 0
    weight: float = 1.0
    dashed: bool = False
    arrow: bool = False
    curved: bool = True
    afar: bool = False


@dataclass(frozen=True, slots=True)
class Heat:
    """A matrix as a map of colours: rows of numbers, blue for negative, vermillion for positive, white for zero.

    A quiet one is faint, for other marks to stand on it.
    """

    x: float
    y: float
    width: float
    height: float
    values: Any
    tone: Tone = "forward"
    node: int = -1


@dataclass(frozen=True, slots=True)
class Dot:
    """A point that is shown as a disc or in another shape, hollow where it is only foretold."""

    x: float
    y: float
    tone: Tone = "plain"
    hollow: bool = False
    node: int = -1
    shape: Shape = "disc"


@dataclass(frozen=True, slots=True)
class Flag:
    """A sign at the upper right corner of a box, given by that corner: here is a value, or a gradient, that is no number."""

    x: float
    y: float
    tone: Tone = "forward"
    node: int = -1


Mark = Frame | Text | Line | Heat | Dot | Flag


@dataclass(frozen=True, slots=True)
class Drawing:
    """Marks on a sheet, drawn in this order; `title` and `twin` say the same in words."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    title: str = ""
    twin: str = ""
