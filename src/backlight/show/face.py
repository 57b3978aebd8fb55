"""What stands on a card, a chip or a dot, line by line, and how much room that takes.

A value or a gradient that is no number, or is infinite, says so in words behind an exclamation mark, and the card bears a
flag: nobody is to take NaN for a number that they have not met yet.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .card import Card, Joint, update_lines
from .drawing import Tone
from .figures import bracketed, inline, number, trouble
from .layout import Size

__all__ = ["DOT", "LETTER", "MAP", "PAD", "ROW", "Face", "Words", "label", "label_size", "map_size", "short"]

LETTER = 7.3             # px: a letter of a 12 px typewriter face, the widest of the usual ones
ROW = 17.0               # px from line to line
PAD = 10.0               # px between the frame of a card and its text
MAP = 52.0               # px: the longer side of a map of colours
DOT = (14.0, 14.0)       # px
NAME = 28                # letters of a name on a chip


class Words(NamedTuple):
    """One line: what it says, what it means, the row that it stands in, and whether it tells of something wrong."""

    text: str
    tone: Tone
    row: float = 0.0
    bad: bool = False


class Face:
    """The lines and maps of one card."""

    def __init__(self, card: Card) -> None:
        self.lines: list[Words] = []
        self.maps: list[tuple[object, float, Tone]] = []
        self.row = 0.0
        if card.detail == "chip":
            for line in short(card):
                self.say(*line)
        elif card.detail == "card":
            self.write(card)
        self.text_width = max([len(line.text) for line in self.lines], default=0) * LETTER

    @property
    def size(self) -> Size:
        """Width and height, frame included."""
        if not self.lines:
            return DOT
        return self.text_width + 2 * PAD + (MAP + PAD if self.maps else 0.0), self.row * ROW + 2 * PAD - 4.0

    def write(self, card: Card) -> None:
        """Everything that is known."""
        self.say(f"{card.number}  {card.title}", "strong")
        self.say(card.signature + (f"   {card.shape}" if card.shape else ""), "quiet")
        if not card.ran and card.kind != "constant":
            self.say("no value yet", "quiet")
        if card.value is not None:
            self.show("value", card.value, "forward")
        if card.gradient is not None:
            self.show("gradient", card.gradient, "backward")
            if card.total:
                self.say(f"{'':9}{card.total}", "backward")
        for note in card.notes:
            self.say(note, "quiet")
        for line in update_lines(card):
            self.say(line, "parameter")

    def say(self, words: str, tone: Tone, bad: bool = False) -> None:
        self.lines.append(Words(words, tone, self.row, bad))
        self.row += 1

    def show(self, word: str, value: object, tone: Tone) -> None:
        wrong = trouble(value)
        if getattr(value, "ndim", 0) == 0:
            self.say(f"{word:9}{number(value)}" + (f"  ! {wrong}" if wrong else ""), tone, bool(wrong))
            return
        first = self.row
        for offset, line in enumerate(bracketed(value)):
            self.say(f"{word if not offset else '':9}{line}", tone)
        if np.asarray(value).size > 1 and np.asarray(value).dtype.kind in "biuf":
            self.maps.append((value, first, tone))
            self.row = max(self.row, first + 1)
        if wrong:
            self.say(f"{'':9}! {wrong}", tone, True)


def short(card: Card) -> list[tuple[str, Tone, bool]]:
    """Name, value and gradient of a card, each on a short line."""
    name = card.name if len(card.name) <= NAME else card.name[: NAME - 1] + "…"
    lines: list[tuple[str, Tone, bool]] = [(name, "strong", False)]
    for arrow, value, tone in (("↑", card.value, "forward"), ("↓", card.gradient, "backward")):
        if value is not None:
            wrong = trouble(value)
            lines.append((f"{arrow} {inline(value, 4, 3)}" + (" !" if wrong else ""), tone, bool(wrong)))  # type: ignore[arg-type]
    return lines


def label(edge: Joint) -> list[Words]:
    """What stands on an edge: the value going up, the gradient coming down."""
    lines: list[Words] = []
    if edge.rising:
        wrong = bool(trouble(edge.value))
        lines.append(Words(f"↑ {edge.rising}" + (" !" if wrong else ""), "forward", 0.0, wrong))
    wrong = edge.carries and bool(trouble(edge.downstream))
    product = edge.product
    for offset, line in enumerate(product):
        last = wrong and offset == len(product) - 1
        lines.append(Words(("  " if offset else "↓ ") + line + (" !" if last else ""), "backward", float(len(lines)), last))
    if edge.verdict:
        lines.append(Words(edge.verdict, "backward" if edge.wrong else "quiet", float(len(lines)), edge.wrong))
    return lines


def label_size(lines: list[Words]) -> Size:
    """How much room that takes."""
    return max([len(line.text) for line in lines] or [1]) * LETTER * 0.92, max(len(lines), 0.5) * 14.0


def map_size(value: object) -> tuple[float, float]:
    """Height and width of a map: square cells as far as there is room, a vector as a strip."""
    shape = np.asarray(value).shape
    rows, columns = (1, shape[0]) if len(shape) == 1 else (int(np.prod(shape[:-1])), shape[-1])
    cell = min(MAP / max(columns, 1), MAP / max(rows, 1), 12.0)
    return max(cell * rows, 6.0 if rows == 1 else 4.0), max(cell * columns, 4.0)
