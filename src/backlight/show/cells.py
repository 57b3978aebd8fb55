"""A graph laid out in cells, for writers that count in characters.

Layers, order and x come from the layout that all pictures share. Rows are its own affair: each edge carries its product
as a box of its own between the two cards, so that no text is ever crossed, and where edges have to change columns, a
channel as high as it needs to be lies between the layers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import Literal

from .card import Card, Joint, update_lines
from .drawing import Drawing, Frame, Line, Mark, Text, Tone
from .face import short
from .figures import bracketed, number, trouble
from .layout import Edge, Placement, Size, placed
from .view import View

__all__ = ["celled"]

GAP = 2                  # cells between boxes of a layer
RISING, FALLING = "↑ ", "↓ "
PASSING = "│"           # where an edge carries nothing down


@dataclass(frozen=True, slots=True)
class Step:
    """One edge between neighbouring layers: the columns where it starts above and ends below."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One sideways run: its row of the channel, and the column that it leads to."""

    row: int
    column: int


def celled(seen: View, title: str = "") -> Drawing:
    """A view as a drawing in cells, consumers above their operands."""
    cards, joints = seen.cards, seen.joints
    bodies = [body(card) for card in cards]
    busy = [max(n, m) for n, m in zip(*(_tally(joints, len(cards), end) for end in ("consumer", "operand")), strict=True)]
    sizes: list[Size] = [
        (max(*(len(text) + 4 for text, _ in lines), 3 * edges + 4), len(lines) + 2)
        for lines, edges in zip(bodies, busy, strict=True)
    ]
    edges: list[Edge] = []
    labels: list[list[str]] = []
    owners: list[int] = []
    carried = any(joint.rising for joint in joints)
    for at, joint in enumerate(joints):
        high, low = joint.consumer, joint.operand
        lines = label_of(joint)
        if carried and cards[high].detail == cards[low].detail == "card":
            label = len(sizes)
            wide = max(map(len, lines))
            labels.append([line.ljust(wide) for line in lines])         # the edge behind it is not to shine through
            sizes.append((wide, len(lines)))
            edges += [(high, label, joint.number), (label, low, joint.number)]
            owners += [at, at]
        else:
            edges.append((high, low, joint.number))
            owners.append(at)
    plan = placed(sizes, edges, gap=GAP, bend=1, whole=True)
    return _Sheet(cards, bodies, joints, labels, plan, owners).drawing(title)


def _tally(joints: Sequence[Joint], size: int, end: Literal["consumer", "operand"]) -> list[int]:
    """How many edges meet each card at one of its sides."""
    counts = [0] * size
    for joint in joints:
        counts[joint.consumer if end == "consumer" else joint.operand] += 1
    return counts


def label_of(joint: Joint) -> list[str]:
    """What stands on an edge: the value going up, the gradient coming down."""
    if not joint.rising:
        return [PASSING]
    first, *rest = joint.product or ("",)
    rising = RISING + joint.rising + (" !" if trouble(joint.value) else "")
    falling = [*([FALLING + first] if first else []), *("  " + line for line in rest)]
    if joint.carries and trouble(joint.downstream):
        falling[-1] += " !"
    return [rising, *falling, *([joint.verdict] if joint.verdict else [])]


def body(card: Card) -> list[tuple[str, Tone]]:
    """The lines of a card, a chip or a dot, each with what it means."""
    if card.detail == "dot":
        return [(str(card.number), "strong")]
    if card.detail == "chip":
        return [(words, "wrong" if bad else tone) for words, tone, bad in short(card)]
    head = f"{card.number}  {card.title}"
    signed = card.signature + (f"   {card.shape}" if card.shape else "")
    lines: list[tuple[str, Tone]] = [(head, "strong"), (signed, "quiet")]
    if not card.ran:
        return [*lines, ("no value yet", "quiet")] if card.kind != "constant" else lines
    if card.value is not None:
        lines += _named("value    ", card.value, "forward")
    if card.gradient is not None:
        lines += _named("gradient ", card.gradient, "backward")
        if card.total:
            lines.append((" " * 9 + card.total, "backward"))
    lines += [(note, "quiet") for note in card.notes]
    return [*lines, *((line, "parameter") for line in update_lines(card))]


def _named(word: str, value: object, tone: Tone) -> list[tuple[str, Tone]]:
    wrong = trouble(value)
    if getattr(value, "ndim", 0) == 0:
        return [(f"{word}{number(value)}  ! {wrong}", "wrong") if wrong else (word + number(value), tone)]
    first, *rest = bracketed(value)
    left = " " * len(word)
    lines: list[tuple[str, Tone]] = [(word + first, tone), *((left + line, tone) for line in rest)]
    return [*lines, (f"{left}! {wrong}", "wrong")] if wrong else lines


class _Sheet:
    """One picture being put together: columns and rows of everything, then the marks."""

    def __init__(
        self,
        cards: Sequence[Card],
        bodies: Sequence[Sequence[tuple[str, Tone]]],
        joints: Sequence[Joint],
        labels: Sequence[Sequence[str]],
        plan: Placement,
        owners: Sequence[int],
    ) -> None:
        self.cards, self.bodies, self.joints, self.labels, self.plan, self.owners = cards, bodies, joints, labels, plan, owners
        lefts = [round(x - size[0] / 2) for x, size in zip(plan.x, plan.sizes, strict=True)]
        bends = [[round(x - 0.5) for x in bend] for bend in plan.bends]
        shift = min([*lefts, *(x for bend in bends for x in bend), 0] if lefts else [0])
        self.left = [x - shift for x in lefts]
        self.right = [x + int(size[0]) - 1 for x, size in zip(self.left, plan.sizes, strict=True)]
        self.bends = [[x - shift for x in bend] for bend in bends]
        self.middle = [(a + b) // 2 for a, b in zip(self.left, self.right, strict=True)]
        depth = max(plan.layer, default=-1) + 1
        self.tall = [0] * depth
        for layer, (_, height) in zip(plan.layer, plan.sizes, strict=True):
            self.tall[layer] = max(self.tall[layer], int(height))
        self.starts = self._ports(0)
        self.ends = self._ports(1)

    def _ports(self, end: int) -> list[int]:
        """The column at which each edge meets its consumer (end 0) or its operand (end 1)."""
        plan = self.plan
        sides: list[list[int]] = [[] for _ in plan.sizes]
        for e, edge in enumerate(plan.edges):
            sides[edge[end]].append(e)
        ports = [0] * len(plan.edges)
        for box, side in enumerate(sides):
            if box >= len(self.cards):                     # a label: its edges run through its middle
                for e in side:
                    ports[e] = self.middle[box]
                continue
            wish = {}
            for e in side:
                other = self.middle[plan.edges[e][1 - end]]
                wish[e] = self.bends[e][-end] if self.bends[e] else other
            side.sort(key=lambda e: (wish[e], plan.edges[e][2]))
            low, high = self.left[box] + 2, self.right[box] - 2
            pitch = max(1, min(4, (high - low) // max(1, len(side) - 1)))
            at = low - pitch
            for e in side:
                at = max(at + pitch, min(wish[e], high))
                ports[e] = at
            limit = high
            for e in reversed(side):
                ports[e] = min(ports[e], limit)
                limit = ports[e] - pitch
            if pitch > 1:
                # Bent edges start in even columns and end in odd ones, so that two that swap columns do not fall together.
                taken = {ports[e] for e in side}
                for e in side:
                    port = ports[e] + (1 if ports[e] < high else -1)
                    if ports[e] != wish[e] and ports[e] % 2 != end and port not in taken:
                        taken.add(port)
                        ports[e] = port
        return ports

    def drawing(self, title: str) -> Drawing:
        plan = self.plan
        steps: list[list[tuple[int, Step]]] = [[] for _ in self.tall]   # by the layer above
        for e, (high, _, _) in enumerate(plan.edges):
            columns = [self.starts[e], *self.bends[e], self.ends[e]]
            for offset in range(len(columns) - 1):
                steps[plan.layer[high] + offset].append((e, Step(columns[offset], columns[offset + 1])))
        top, channels = [0], []
        for layer, height in enumerate(self.tall):
            tracks, count = _tracks([step for _, step in steps[layer]])
            channels.append({e: track for (e, _), track in zip(steps[layer], tracks, strict=True)})
            top.append(top[-1] + height + (max(count, 1) if layer + 1 < len(self.tall) else 0))
        marks: list[Mark] = [*self._lines(top, channels), *self._boxes(top)]
        width = max([right + 1 for right in self.right] + [x + 1 for bend in self.bends for x in bend], default=0)
        return Drawing(width, top[-1], tuple(marks), title)

    def _lines(self, top: Sequence[int], channels: Sequence[dict[int, list[Turn]]]) -> list[Mark]:
        marks: list[Mark] = []
        plan = self.plan
        for e, (high, low, operand_number) in enumerate(plan.edges):
            layer = plan.layer[high]
            columns = [self.starts[e], *self.bends[e], self.ends[e]]
            row = top[layer] + int(plan.sizes[high][1]) - 1
            points = [(columns[0], row)]
            for offset, (a, b) in enumerate(pairwise(columns)):
                at = a
                for turn in channels[layer + offset][e] if a != b else ():
                    row = top[layer + offset] + self.tall[layer + offset] + turn.row
                    points += [(at, row), (turn.column, row)]
                    at = turn.column
            points.append((columns[-1], top[plan.layer[low]]))
            joint = self.joints[self.owners[e]]
            operand = operand_number if high < len(self.cards) else 0
            way = tuple((float(x), float(y)) for x, y in points)
            marks.append(Line(way, node=self.cards[joint.consumer].number, operand=operand))
        return marks

    def _boxes(self, top: Sequence[int]) -> list[Mark]:
        marks: list[Mark] = []
        plan = self.plan
        for box, (left, layer, (width, height)) in enumerate(zip(self.left, plan.layer, plan.sizes, strict=True)):
            row = top[layer]
            if box >= len(self.cards):
                lines = self.labels[box - len(self.cards)]
                for offset, line in enumerate(lines):
                    rising: Tone = "quiet" if line == PASSING else "forward"
                    marks.append(Text(left, row + offset, line, "backward" if offset else rising))
                continue
            card = self.cards[box]
            tone: Tone = "parameter" if card.kind == "parameter" else "constant" if card.kind == "constant" else "plain"
            marks.append(Frame(left, row, width, height, tone, card.output, node=card.number))
            for offset, (text, meaning) in enumerate(self.bodies[box], 1):
                marks.append(Text(left + 2, row + offset, text, meaning, node=card.number))
        return marks


def _tracks(steps: Sequence[Step]) -> tuple[list[list[Turn]], int]:
    """The turns of each step, as rows of the channel and columns that they lead to, and how many rows there are.

    Steps that overlap get rows of their own. Where one starts in the column in which another ends, it runs above it, so
    that their upright parts do not fall together. Where that leads round in a ring (two that swap their columns), one of
    them turns twice, by way of a column of its own.
    """
    bent = sorted((i for i, step in enumerate(steps) if step.start != step.end), key=lambda i: _span(steps[i].start, steps[i].end))
    columns = {column for step in steps for column in (step.start, step.end)}
    ends = {steps[i].end: i for i in bent}
    below = {i: ends[steps[i].start] for i in bent if ends.get(steps[i].start, i) != i}
    waiting = Counter(below.values())
    turns: list[list[Turn]] = [[] for _ in steps]
    taken: list[list[tuple[int, int]]] = []
    floor: dict[int, int] = {}
    left = dict.fromkeys(bent)
    while left:
        i = next((i for i in left if not waiting[i]), -1)
        if i < 0:
            i = _on_a_ring(next(iter(left)), below)
            if i not in below:                             # so many edges at one side that two start in one column
                waiting[i] = 0
                continue
            aside = next(c for c in _outwards(steps[i].start, steps[i].end) if c not in columns)
            columns.add(aside)
            turns[i].append(Turn(_row(taken, 0, steps[i].start, aside), aside))
            floor[i] = turns[i][0].row + 1
        else:
            del left[i]
            start = turns[i][-1].column if turns[i] else steps[i].start
            turns[i].append(Turn(_row(taken, floor.get(i, 0), start, steps[i].end), steps[i].end))
            if i not in below:
                continue
        other = below.pop(i, None)                         # what waited for the upper end of this one
        if other is not None:
            floor[other] = max(floor.get(other, 0), turns[i][0].row + 1)
            waiting[other] -= 1
    return turns, len(taken)


def _on_a_ring(i: int, below: Mapping[int, int]) -> int:
    """A step on the ring that a step leads into."""
    seen: set[int] = set()
    while i not in seen and i in below:
        seen.add(i)
        i = below[i]
    return i


def _outwards(start: int, end: int) -> Iterator[int]:
    """Columns beside a start, those towards the end first."""
    way = 1 if end > start else -1
    for distance in count(1):
        yield start + way * distance
        if start - way * distance >= 0:
            yield start - way * distance


def _row(taken: list[list[tuple[int, int]]], first: int, start: int, end: int) -> int:
    """The first row from `first` on that is free between two columns; it is taken."""
    low, high = _span(start, end)
    row = first
    while row < len(taken) and any(a <= high and low <= b for a, b in taken[row]):
        row += 1
    while row >= len(taken):
        taken.append([])
    taken[row].append((low, high))
    return row


def _span(start: int, end: int) -> tuple[int, int]:
    return min(start, end), max(start, end)
