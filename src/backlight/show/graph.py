"""A graph or a run as a drawing in pixels: cards, edges with what they carry, and a legend.

Outputs stand at the top. Values go up the edges, blue; gradients come down them, vermillion, as upstream × local =
downstream, and the line is as thick as the gradient is large. An array is drawn as numbers in brackets and as a map.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .card import Card, Joint
from .drawing import Drawing, Frame, Heat, Line, Mark, Text, Tone
from .figures import bracketed, number
from .layout import Edge, Layout, Size, layout
from .layout.routes import Direction
from .terminal import table
from .view import View

__all__ = ["LETTER", "ROW", "drawn"]

LETTER = 7.3             # px: a letter of a 12 px typewriter face, the widest of the usual ones
ROW = 17.0               # px from line to line
PAD = 10.0               # px between the frame of a card and its text
EDGE = 16.0              # px of white around the whole
CROWD = 120              # cards; with more, edges carry no words
MAP = 52.0               # px: the longer side of a map of colours


def drawn(seen: View, *, direction: Direction = "up", title: str = "") -> Drawing:
    """The drawing of a view: of a graph before a run, or of a run after its forward or backward pass.

    `direction` is where values flow; "up" puts outputs at the top.
    """
    boxes, edges = seen.cards, seen.joints
    bodies = [_Body(card) for card in boxes]
    sizes: list[Size] = [body.size for body in bodies]
    links: list[Edge] = []
    owners: list[tuple[int, bool]] = []                    # the joint of each link, and whether it starts at a card
    labels: list[list[tuple[str, Tone]]] = []
    spoken = len(boxes) <= CROWD and any(edge.rising for edge in edges)
    for at, edge in enumerate(edges):
        if spoken:
            label = len(sizes)
            labels.append(_label(edge))
            sizes.append((max([len(line) for line, _ in labels[-1]] or [1]) * LETTER * 0.92, max(len(labels[-1]), 0.5) * 14.0))
            links += [(edge.consumer, label, edge.number), (label, edge.operand, edge.number)]
            owners += [(at, True), (at, False)]
        else:
            links.append((edge.consumer, edge.operand, edge.number))
            owners.append((at, True))
    chip = (max([len(card.name) for card in boxes if card.kind != "operation"] or [1]) * LETTER + 14.0, 22.0)
    sheet = layout(sizes, links, direction=direction, gap=26.0, between=22.0 if spoken else 40.0, chip=chip)
    marks = [*_edges(sheet, boxes, edges, owners), *_cards(sheet, boxes, edges, bodies, labels)]
    key, tall, wide = _legend(boxes, sheet.height + 2 * EDGE + 8.0)
    width, height = max(sheet.width + 2 * EDGE, wide), sheet.height + 2 * EDGE + tall
    return Drawing(width, height, (*marks, *key), title or _title(boxes), table(seen, 10_000))


class _Body:
    """The lines of one card and how much room they take."""

    def __init__(self, card: Card) -> None:
        self.card = card
        self.lines: list[tuple[str, Tone, float]] = []     # words, tone, the row that they stand in
        self.maps: list[tuple[object, float, Tone]] = []
        self.row = 0.0
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
        text = max(len(words) for words, _, _ in self.lines) * LETTER
        self.text_width = text
        self.size = (text + 2 * PAD + (MAP + PAD if self.maps else 0.0), self.row * ROW + 2 * PAD - 4.0)

    def say(self, words: str, tone: Tone) -> None:
        self.lines.append((words, tone, self.row))
        self.row += 1

    def show(self, word: str, value: object, tone: Tone) -> None:
        if getattr(value, "ndim", 0) == 0:
            self.say(f"{word:9}{number(value)}", tone)
            return
        first = self.row
        for offset, line in enumerate(bracketed(value)):
            self.say(f"{word if not offset else '':9}{line}", tone)
        if np.asarray(value).size > 1 and np.asarray(value).dtype.kind in "biuf":
            self.maps.append((value, first, tone))
            self.row = max(self.row, first + 1)


def _label(edge: Joint) -> list[tuple[str, Tone]]:
    lines: list[tuple[str, Tone]] = []
    if edge.rising:
        lines.append((f"↑ {edge.rising}", "forward"))
    for offset, line in enumerate(edge.product):
        lines.append((("  " if offset else "↓ ") + line, "backward"))
    return lines


def _edges(
    sheet: Layout, boxes: Sequence[Card], edges: Sequence[Joint], owners: Sequence[tuple[int, bool]]
) -> list[Mark]:
    strength = [_strength(edge.downstream) if edge.carries else 0.0 for edge in edges]
    most = max(strength, default=0.0)
    marks: list[Mark] = []
    for way in sheet.routes:
        at, starts = owners[way.edge]
        edge = edges[at]
        owner = boxes[edge.consumer].number
        points = tuple((x + EDGE, y + EDGE) for x, y in way.points)
        beside = tuple((x + 3.5, y) for x, y in points) if edge.carries else ()
        marks.append(
            Line(points, "forward" if edge.value is not None else "plain", owner, edge.number if starts else 0, arrow=starts)
        )
        if edge.carries:
            share = strength[at] / most if most > 0 and np.isfinite(most) else 0.0
            tone: Tone = "backward" if np.isfinite(strength[at]) else "wrong"
            marks.append(Line(beside, tone, owner, 0, 1.0 + 3.0 * share, strength[at] == 0, arrow=not starts))
        if starts:
            x, y = points[0]
            marks.append(Text(x - 4.0, y + 11.0, str(edge.number), "quiet", "end", 0.8, owner))
    return marks


def _strength(value: object) -> float:
    array = np.asarray(value)
    return float(np.abs(array).max()) if array.size else 0.0


def _cards(
    sheet: Layout,
    boxes: Sequence[Card],
    edges: Sequence[Joint],
    bodies: Sequence[_Body],
    labels: Sequence[Sequence[tuple[str, Tone]]],
) -> list[Mark]:
    marks: list[Mark] = []
    for box in reversed(sheet.boxes):                      # outputs first: the order in which a keyboard goes
        left, top = box.x - box.width / 2 + EDGE, box.y - box.height / 2 + EDGE
        if box.shows >= len(boxes):
            edge = edges[box.shows - len(boxes)]           # what rises is its operand's, what falls its consumer's
            high_node, low_node = boxes[edge.consumer].number, boxes[edge.operand].number
            for offset, (line, tone) in enumerate(labels[box.shows - len(boxes)]):
                node = low_node if tone == "forward" else high_node
                marks.append(Text(left, top + 11.0 + 14.0 * offset, line, tone, size=0.92, node=node))
            continue
        card, body = boxes[box.shows], bodies[box.shows]
        paint: Tone = "parameter" if card.kind == "parameter" else "constant" if card.kind == "constant" else "plain"
        marks.append(Frame(left, top, box.width, box.height, paint, card.output, box.chip, card.number))
        if box.chip:
            marks.append(Text(box.x + EDGE, top + 15.0, card.name, "strong", "middle", node=card.number))
            continue
        for words, meaning, row in body.lines:
            marks.append(Text(left + PAD, top + PAD + 10.0 + row * ROW, words, meaning, node=card.number))
        for value, row, tone in body.maps:
            high, wide = _map_size(value)
            x, y = left + PAD * 2 + body.text_width, top + PAD + row * ROW
            marks.append(Heat(x, y, wide, high, np.asarray(value), tone, card.number))
    return marks


def _map_size(value: object) -> tuple[float, float]:
    """Height and width of a map: square cells as far as there is room, a vector as a strip."""
    shape = np.asarray(value).shape
    rows, columns = (1, shape[0]) if len(shape) == 1 else (int(np.prod(shape[:-1])), shape[-1])
    cell = min(MAP / max(columns, 1), MAP / max(rows, 1), 12.0)
    return max(cell * rows, 6.0 if rows == 1 else 4.0), max(cell * columns, 4.0)


def _legend(boxes: Sequence[Card], y: float) -> tuple[list[Mark], float, float]:
    """Marks that explain those that occur, the height that they add, and how wide they are."""
    marks: list[Mark] = []
    x = EDGE
    frames: list[tuple[str, Tone, bool]] = []
    if any(card.kind == "parameter" for card in boxes):
        frames.append(("learnable parameter", "parameter", False))
    if any(card.kind == "constant" for card in boxes):
        frames.append(("constant", "constant", False))
    if any(card.output for card in boxes):
        frames.append(("output", "plain", True))
    for words, tone, output in frames:
        marks += [Frame(x, y, 20.0, 13.0, tone, output), Text(x + 26.0, y + 10.0, words, "quiet", size=0.92)]
        x += 44.0 + len(words) * LETTER * 0.92
    for words, tone, there in (
        ("↑ value", "forward", any(card.value is not None for card in boxes)),
        ("↓ gradient: upstream × local = downstream", "backward", any(card.gradient is not None for card in boxes)),
    ):
        if there:
            marks.append(Text(x, y + 10.0, words, tone, size=0.92))
            x += 20.0 + len(words) * LETTER * 0.92
    return (marks, 24.0, x) if marks else ([], 0.0, 0.0)


def _title(boxes: Sequence[Card]) -> str:
    outputs = [card.name for card in boxes if card.output]
    return "Graph of " + ", ".join(outputs) if outputs else "Graph"
