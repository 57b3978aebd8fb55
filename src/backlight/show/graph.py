"""A graph or a run as a drawing in pixels: cards, edges with what they carry, and a legend.

Outputs stand at the top. Values go up the edges, blue; gradients come down them, vermillion, as upstream × local =
downstream, and the line is as thick as the gradient is large. An array is drawn as numbers in brackets and as a map.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .card import Card, Joint
from .drawing import Drawing, Flag, Frame, Heat, Line, Mark, Text, Tone
from .face import DOT, LETTER, PAD, ROW, Face, Words, label, label_size, map_size, short
from .figures import trouble
from .layout import Edge, Layout, Size, layout
from .layout.routes import Direction
from .terminal import table
from .view import View

__all__ = ["LETTER", "ROW", "drawn"]

EDGE = 16.0              # px of white around the whole
CROWD = 120              # cards; with more, edges carry no words


def drawn(seen: View, *, direction: Direction = "up", title: str = "", afar: bool = False) -> Drawing:
    """The drawing of a view: of a graph before a run, or of a run after its forward or backward pass.

    `direction` is where values flow; "up" puts outputs at the top. With `afar` edges are drawn through behind their words
    as well, for a writer that can leave the words out.
    """
    boxes, edges = seen.cards, seen.joints
    faces = [Face(card) for card in boxes]
    sizes: list[Size] = [face.size for face in faces]
    links: list[Edge] = []
    owners: list[tuple[int, bool, bool]] = []              # the joint of each link, and whether it starts, and ends, at a card
    labels: list[tuple[Joint, list[Words]]] = []
    spoken = len(boxes) <= CROWD and any(edge.rising for edge in edges)
    for at, edge in enumerate(edges):
        if spoken and boxes[edge.consumer].detail == boxes[edge.operand].detail == "card":
            here = len(sizes)
            labels.append((edge, label(edge)))
            sizes.append(label_size(labels[-1][1]))
            links += [(edge.consumer, here, edge.number), (here, edge.operand, edge.number)]
            owners += [(at, True, False), (at, False, True)]
        else:
            links.append((edge.consumer, edge.operand, edge.number))
            owners.append((at, True, True))
    chip = (max([len(card.name) for card in boxes if card.kind != "operation"] or [1]) * LETTER + 14.0, 22.0)
    if boxes and all(card.detail == "dot" for card in boxes):
        sheet = layout(sizes, links, direction=direction, gap=10.0, between=26.0, chip=DOT)
    else:
        sheet = layout(sizes, links, direction=direction, gap=26.0, between=22.0 if labels else 40.0, chip=chip)
    lines = [*_edges(sheet, boxes, edges, owners), *(_bridges(sheet, owners) if afar else ())]
    marks = [*lines, *_cards(sheet, boxes, edges, faces, labels)]
    key, tall, wide = _legend(boxes, any(face.maps for face in faces), sheet.height + 2 * EDGE + 8.0)
    width, height = max(sheet.width + 2 * EDGE, wide), sheet.height + 2 * EDGE + tall
    return Drawing(width, height, (*marks, *key), title or _title(boxes), table(seen, 10_000))


def _edges(
    sheet: Layout, boxes: Sequence[Card], edges: Sequence[Joint], owners: Sequence[tuple[int, bool, bool]]
) -> list[Mark]:
    strength = [_strength(edge.downstream) if edge.carries else 0.0 for edge in edges]
    most = max((one for one in strength if np.isfinite(one)), default=0.0)
    marks: list[Mark] = []
    for way in sheet.routes:
        at, starts, ends = owners[way.edge]
        edge = edges[at]
        owner = boxes[edge.consumer].number
        points = tuple((x + EDGE, y + EDGE) for x, y in way.points)
        beside = tuple((x + 3.5, y) for x, y in points) if edge.carries else ()
        marks.append(
            Line(points, "forward" if edge.value is not None else "plain", owner, edge.number if starts else 0, arrow=starts)
        )
        if edge.carries:
            share = strength[at] / most if most > 0 and np.isfinite(strength[at]) else 0.0
            tone: Tone = "backward" if np.isfinite(strength[at]) else "wrong"
            marks.append(Line(beside, tone, owner, 0, 1.0 + 3.0 * share, strength[at] == 0, arrow=ends))
        if edge.carries and starts and ends and boxes[edge.operand].detail != "dot":
            x, y = points[-1]                              # no words on this edge: the sign of what comes down, where it arrives
            marks.append(Text(x + 9.0, y - 2.0, _sign(edge.downstream), "backward", "start", 0.9, owner))
        if starts and boxes[edge.consumer].detail != "dot":
            x, y = points[0]
            marks.append(Text(x - 4.0, y + 11.0, str(edge.number), "quiet", "end", 0.8, owner))
    return marks


def _bridges(sheet: Layout, owners: Sequence[tuple[int, bool, bool]]) -> list[Mark]:
    """The missing piece of every edge that has words on it."""
    ends = {way.edge: way.points for way in sheet.routes}
    marks: list[Mark] = []
    for edge, (_, starts, whole) in enumerate(owners):
        if starts and not whole:
            (ax, ay), (bx, by) = ends[edge][-1], ends[edge + 1][0]
            marks.append(Line(((ax + EDGE, ay + EDGE), (bx + EDGE, by + EDGE)), afar=True))
    return marks


def _sign(value: object) -> str:
    """+ or −, ± where an array has both, nothing for zero and for what is no number."""
    array = np.asarray(value)
    return {(True, True): "±", (True, False): "+", (False, True): "−"}.get((bool((array > 0).any()), bool((array < 0).any())), "")


def _strength(value: object) -> float:
    array = np.asarray(value)
    return float(np.abs(array).max()) if array.size else 0.0


def _cards(
    sheet: Layout,
    boxes: Sequence[Card],
    edges: Sequence[Joint],
    faces: Sequence[Face],
    labels: Sequence[tuple[Joint, Sequence[Words]]],
) -> list[Mark]:
    marks: list[Mark] = []
    crooked = {edge.consumer for edge in edges if edge.wrong}
    for box in reversed(sheet.boxes):                      # outputs first: the order in which a keyboard goes
        left, top = box.x - box.width / 2 + EDGE, box.y - box.height / 2 + EDGE
        if box.shows >= len(boxes):
            edge, lines = labels[box.shows - len(boxes)]   # what rises is its operand's, what falls its consumer's
            high_node, low_node = boxes[edge.consumer].number, boxes[edge.operand].number
            for line in lines:
                node = low_node if line.tone == "forward" else high_node
                marks.append(Text(left, top + 11.0 + 14.0 * line.row, line.text, line.tone, "start", 0.92, node, line.bad))
            continue
        card, face = boxes[box.shows], faces[box.shows]
        paint: Tone = "parameter" if card.kind == "parameter" else "constant" if card.kind == "constant" else "plain"
        dot = card.detail == "dot"
        words = "" if card.detail == "card" else "\n".join([f"{card.number}  {card.title}", *(x for x, _, _ in short(card)[1:])])
        marks.append(Frame(left, top, box.width, box.height, paint, card.output, box.chip or dot, card.number, words))
        if box.chip and box.height > DOT[1]:
            marks.append(Text(box.x + EDGE, top + 15.0, card.name, "strong", "middle", node=card.number))
            continue
        for line in face.lines:
            marks.append(Text(left + PAD, top + PAD + 10.0 + line.row * ROW, line.text, line.tone, node=card.number, bad=line.bad))
        for value, row, tone in face.maps:
            high, wide = map_size(value)
            x, y = left + PAD * 2 + face.text_width, top + PAD + row * ROW
            marks.append(Heat(x, y, wide, high, np.asarray(value), tone, card.number))
        if trouble(card.value) or trouble(card.gradient) or box.shows in crooked:
            marks.append(Flag(left + box.width, top, "forward" if trouble(card.value) else "backward", card.number))
    return marks


def _legend(boxes: Sequence[Card], maps: bool, y: float) -> tuple[list[Mark], float, float]:
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
    if any(trouble(card.value) or trouble(card.gradient) for card in boxes):
        marks += [Flag(x + 18.0, y + 5.0), Text(x + 26.0, y + 10.0, "no finite number", "quiet", size=0.92)]
        x += 44.0 + 16 * LETTER * 0.92
    for words, tone, there in (
        ("↑ value", "forward", any(card.value is not None for card in boxes)),
        ("↓ gradient: upstream × local = downstream", "backward", any(card.gradient is not None for card in boxes)),
    ):
        if there:
            marks.append(Text(x, y + 10.0, words, tone, size=0.92))
            x += 20.0 + len(words) * LETTER * 0.92
    if maps:
        marks += [Text(x, y + 10.0, "−", "quiet"), Heat(x + 12.0, y + 1.0, 55.0, 11.0, np.linspace(-1.0, 1.0, 5))]
        marks.append(Text(x + 72.0, y + 10.0, "+", "quiet"))
        x += 100.0
    return (marks, 24.0, x) if marks else ([], 0.0, 0.0)


def _title(boxes: Sequence[Card]) -> str:
    outputs = [card.name for card in boxes if card.output]
    return "Graph of " + ", ".join(outputs) if outputs else "Graph"
