"""Writing drawings to a terminal: boxes and lines of box-drawing characters, with colour where it is wanted.

What colour says is said by shape too: the output has a double frame, a parameter a heavy one, a constant a dashed one.
Lines never join, so a `┼` is always a crossing; the digit beside the start of a line is the number of the operand.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple, TextIO

from ..core.graph import Graph
from ..run.record import Run
from .card import Card, Joint, cards, joints, parted
from .cells import celled
from .drawing import Drawing, Frame, Line, Text, Tone
from .figures import marked
from .view import View, view

__all__ = ["fitting", "long_table", "picture", "table", "terminal", "text"]

TALLEST = 120            # rows of a picture that anybody scrolls through; a table says more in less
LONG = 2000              # nodes that are too many to make a card for each
MOST = 60                # boxes at first sight

PENS: dict[Tone, str] = {                                  # ANSI; blue and vermillion are told apart by the colour-blind
    "strong": "1",
    "quiet": "2",
    "forward": "38;5;32",
    "backward": "38;5;166",
    "parameter": "33",
    "output": "31",
    "wrong": "1;31",
}
LINES = {0b0101: "│", 0b1010: "─", 0b0110: "┌", 0b1100: "┐", 0b0011: "└", 0b1001: "┘", 0b1111: "┼"}
LINES |= {0b0111: "├", 0b1101: "┤", 0b1110: "┬", 0b1011: "┴", 0b0001: "│", 0b0100: "│", 0b0010: "─", 0b1000: "─"}
UP, RIGHT, DOWN, LEFT = 0b0001, 0b0010, 0b0100, 0b1000
FRAMES = {
    "plain": "┌─┐││└─┘┬┴",
    "parameter": "┏━┓┃┃┗━┛┯┷",
    "constant": "┌╌┐╎╎└╌┘┬┴",
    "output": "╔═╗║║╚═╝╤╧",
}


def text(
    subject: Graph | Run | View,
    *,
    width: int | None = None,
    colour: bool | None = None,
    parameters: Collection[str | int] = (),
) -> str:
    """A graph, a run or a view of one for the terminal: a picture of boxes and edges where it fits into `width`, else a table.

    `width` is that of the terminal unless given; `colour` is on for a terminal that shows colours. `parameters` names
    the inputs to be marked as learnable, besides those that say so themselves.

    >>> from backlight.core.tape import Tape
    >>> tape = Tape()
    >>> x = tape.input("x")
    >>> print(text(Graph(tuple(tape.nodes), (0,), (0,)), width=40))
    ╔══════════════╗
    ║ 0  x         ║
    ║ input        ║
    ║ no value yet ║
    ╚══════════════╝
    ╔═╗ output
    """
    if width is None:
        width = shutil.get_terminal_size((100, 40)).columns
    if colour is None:
        colour = shows_colour(sys.stdout)
    if not isinstance(subject, View) and parted(subject)[0].forward_count > LONG:
        return long_table(subject, width, colour)
    seen = subject if isinstance(subject, View) else view(subject, parameters)
    return fitting(seen, width, colour) or table(seen, width, colour)


def fitting(seen: View, width: int, colour: bool = False) -> str:
    """The picture of boxes and edges if it fits into so many columns and is not too tall to be read, else nothing."""
    if len(seen.cards) > MOST:
        return ""
    drawing = celled(seen)
    if drawing.width > width or drawing.height > TALLEST:
        return ""
    return terminal(drawing, colour) + legend(seen.cards, colour)


def picture(seen: View, *, colour: bool = False) -> str:
    """The boxes and edges of a view, as wide as they are."""
    return terminal(celled(seen), colour) + legend(seen.cards, colour)


def shows_colour(stream: TextIO) -> bool:
    """Whether a stream is a terminal that shows colours; NO_COLOR and FORCE_COLOR have the last word."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def legend(boxes: Sequence[Card], colour: bool) -> str:
    """One line that explains the frames and colours that occur, if there is something to explain."""
    words = []
    if any(card.kind == "parameter" for card in boxes):
        words.append(_inked("┏━┓ parameter", "parameter", colour))
    if any(card.kind == "constant" for card in boxes):
        words.append("┌╌┐ constant")
    if any(card.output for card in boxes):
        words.append(_inked("╔═╗ output", "output", colour))
    if any(card.value is not None for card in boxes):
        words.append(_inked("↑ value", "forward", colour))
    if any(card.gradient is not None for card in boxes):
        words.append(_inked("↓ upstream × local = downstream", "backward", colour))
    return "\n" + "   ".join(words) if words else ""


def terminal(drawing: Drawing, colour: bool = False) -> str:
    """A drawing in cells as lines of text."""
    columns, rows = round(drawing.width), round(drawing.height)
    grid = [[" "] * columns for _ in range(rows)]
    pens: list[list[Tone]] = [["plain"] * columns for _ in range(rows)]
    masks: dict[tuple[int, int], int] = {}
    ports: list[tuple[int, int, bool, int]] = []
    for mark in drawing.marks:
        if isinstance(mark, Line):
            _trace(mark, masks, ports)
    for (x, y), mask in masks.items():
        grid[y][x] = LINES[mask]
        pens[y][x] = "quiet"
    frames: dict[tuple[int, int], str] = {}
    for mark in drawing.marks:
        if isinstance(mark, Frame):
            _frame(mark, grid, pens, frames)
        elif isinstance(mark, Text):
            for offset, letter in enumerate(mark.text):
                grid[round(mark.y)][round(mark.x) + offset] = letter
                pens[round(mark.y)][round(mark.x) + offset] = mark.tone
    for x, y, below, operand in ports:
        style = frames.get((x, y))
        if style is not None:
            grid[y][x] = style[8] if below else style[9]
            if below and operand:
                for offset, digit in enumerate(reversed(str(operand)), 1):
                    if frames.get((x - offset, y)) is style and grid[y][x - offset] == style[1]:
                        grid[y][x - offset] = digit
    return "\n".join(_row(letters, tones, colour) for letters, tones in zip(grid, pens, strict=True))


def _trace(line: Line, masks: dict[tuple[int, int], int], ports: list[tuple[int, int, bool, int]]) -> None:
    """Mark the cells that a line passes with the ways it leaves them."""
    points = [(round(x), round(y)) for x, y in line.points]
    for (ax, ay), (bx, by) in pairwise(points):
        dx, dy = (bx > ax) - (bx < ax), (by > ay) - (by < ay)
        there = RIGHT if dx > 0 else LEFT if dx < 0 else DOWN
        back = LEFT if dx > 0 else RIGHT if dx < 0 else UP
        x, y = ax, ay
        while (x, y) != (bx, by):
            masks[x, y] = masks.get((x, y), 0) | there
            x, y = x + dx, y + dy
            masks[x, y] = masks.get((x, y), 0) | back
    ports.append((*points[0], True, line.operand))
    ports.append((*points[-1], False, 0))


def _frame(mark: Frame, grid: list[list[str]], pens: list[list[Tone]], frames: dict[tuple[int, int], str]) -> None:
    style = FRAMES["output" if mark.output else mark.tone if mark.tone in FRAMES else "plain"]
    pen: Tone = "output" if mark.output else mark.tone if mark.tone == "parameter" else "plain"
    x, y, width, height = round(mark.x), round(mark.y), round(mark.width), round(mark.height)
    for row in range(y, y + height):
        edge = style[0:3] if row == y else style[5:8] if row == y + height - 1 else style[3] + " " + style[4]
        for column, letter in enumerate(edge[0] + edge[1] * (width - 2) + edge[2], x):
            grid[row][column] = letter
            pens[row][column] = pen
            if row in (y, y + height - 1):
                frames[column, row] = style


def _row(letters: Sequence[str], tones: Sequence[Tone], colour: bool) -> str:
    line = "".join(letters).rstrip()
    if not colour:
        return line
    found, start = [], 0
    for end in range(1, len(line) + 1):
        if end == len(line) or tones[end] != tones[start]:
            found.append(_inked(line[start:end], tones[start], True))
            start = end
    return "".join(found)


def _inked(words: str, tone: Tone, colour: bool) -> str:
    return f"\x1b[{PENS[tone]}m{words}\x1b[0m" if colour and tone in PENS and words.strip() else words


def table(seen: View, width: int = 100, colour: bool = False) -> str:
    """Every node on a line, with its operands; arrays on one line; long tables elided in the middle."""
    numbers = [card.number for card in seen.cards]
    edges = [Row(numbers[edge.consumer], numbers[edge.operand], edge) for edge in seen.joints]
    shown = seen.cards if len(numbers) <= 2 * MOST else (*seen.cards[:MOST], *seen.cards[-MOST:])
    return _table(shown, edges, len(numbers), width, colour)


def long_table(subject: Graph | Run, width: int = 100, colour: bool = False) -> str:
    """The table of a long graph, made from the nodes at its two ends alone."""
    total = parted(subject)[0].forward_count
    ends = [*range(MOST), *range(total - MOST, total)]
    edges = [Row(edge.consumer, edge.operand, edge) for edge in joints(subject, ends)]
    return _table(cards(subject, only=ends), edges, total, width, colour)


class Row(NamedTuple):
    """An edge of a table: the numbers of its nodes, and what it carries."""

    consumer: int
    operand: int
    joint: Joint


def _table(shown: Sequence[Card], edges: Sequence[Row], total: int, width: int, colour: bool) -> str:
    """The lines of some cards out of so many, and of some edges."""
    head = ["", "name :: type", "op :: signature", "shape", "operands", "value", "gradient"]
    tones: list[Tone] = ["quiet", "strong", "quiet", "quiet", "plain", "forward", "backward"]
    operands: dict[int, list[str]] = {}
    for edge in edges:
        operands.setdefault(edge.consumer, []).append(str(edge.operand))
    rows = [
        [
            str(card.number) + ("*" if card.output else ""),
            card.title,
            card.signature,
            card.shape,
            " ".join(operands.get(card.number, [])),
            marked(card.value),
            marked(card.gradient),
        ]
        for card in shown
    ]
    used = [k for k in range(len(head)) if any(row[k] for row in rows)]
    widths = {k: max(len(row[k]) for row in [head, *rows]) for k in used}
    for k in (2, 1, 6, 5):                                 # too wide: signatures give way first, then names, then numbers
        excess = sum(widths.values()) + 2 * (len(used) - 1) - width
        if excess > 0 and k in widths:
            widths[k] = max(min(widths[k], 14), widths[k] - excess)
    lines = [[_cut(row[k], widths[k]) for k in used] for row in [head, *rows]]
    inked = [
        "  ".join(_inked(cell, tones[k] if at else "quiet", colour) for k, cell in zip(used, line, strict=True)).rstrip()
        for at, line in enumerate(lines)
    ]
    if len(shown) < total:
        inked.insert(1 + MOST, f"⋮  {total - len(shown)} more")
    for card in shown:
        inked += [_inked(_cut(f"{card.number}: {note}", width).rstrip(), "quiet", colour) for note in card.notes]
    carrying = [edge for edge in edges if edge.joint.carries]
    if carrying:
        inked += ["", _inked("edge (operand)  upstream × local = downstream", "quiet", colour)]
        for edge in carrying[: 2 * MOST]:
            way = f"{edge.consumer} → {edge.operand} ({edge.joint.number})"
            words = " ".join([*edge.joint.product, *(["", edge.joint.verdict] if edge.joint.verdict else [])])
            words = words if edge.joint.wrong else _cut(words, width - 16).rstrip()
            inked.append(way.ljust(16) + _inked(words, "backward", colour))
        if len(carrying) > 2 * MOST:
            inked.append(f"⋮  {len(carrying) - 2 * MOST} more")
        elif len(shown) < total:
            inked.append("⋮  the edges of the nodes that are left out")
    return "\n".join(inked)


def _cut(words: str, width: int) -> str:
    return words.ljust(width) if len(words) <= width else words[: width - 1] + "…"
