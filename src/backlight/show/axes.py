"""A plot's frame: the room that it has on the sheet, round numbers along its sides, and marks placed by value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from .drawing import Line, Mark, Text, Tone
from .figures import number

__all__ = ["Axes", "round_steps"]


def round_steps(low: float, high: float, most: int = 7) -> list[float]:
    """Round numbers between two others, 1, 2 or 5 times a power of ten apart.

    >>> round_steps(-0.3, 1.1)
    [-0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    raw = (high - low) / most
    power = 10.0 ** floor(log10(raw))
    step = next(power * k for k in (1, 2, 5, 10) if power * k >= raw * 0.999)
    digits = max(0, -floor(log10(step)))
    return [round(k * step, digits) + 0.0 for k in range(ceil(low / step), floor(high / step) + 1)]


@dataclass(frozen=True, slots=True)
class Axes:
    """Left, top, width and height in pixels, and the values at the sides: x from `low` to `high`, y likewise."""

    left: float
    top: float
    width: float
    height: float
    low: float
    high: float
    bottom_value: float
    top_value: float

    def x(self, value: float) -> float:
        """Where a value stands across."""
        return self.left + (value - self.low) / (self.high - self.low) * self.width

    def y(self, value: float) -> float:
        """Where a value stands upwards."""
        return self.top + (self.top_value - value) / (self.top_value - self.bottom_value) * self.height

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a pair stands."""
        return self.x(x), self.y(y)

    def frame(self, across: str, upwards: str) -> list[Mark]:
        """Grid, numbers and names."""
        marks: list[Mark] = []
        bottom, right = self.top + self.height, self.left + self.width
        for value in round_steps(self.low, self.high):
            x = self.x(value)
            marks += [Line(((x, self.top), (x, bottom)), "quiet"), Text(x, bottom + 15, number(value), "quiet", "middle", 0.9)]
        for value in round_steps(self.bottom_value, self.top_value, 5):
            y = self.y(value)
            marks += [Line(((self.left, y), (right, y)), "quiet", curved=False)]
            marks += [Text(self.left - 6, y + 4, number(value), "quiet", "end", 0.9)]
        marks.append(Text(right, bottom + 31, across, "strong", "end"))
        marks.append(Text(self.left, self.top - 9, upwards, "strong"))
        return marks

    def curve(self, pairs: Iterable[tuple[float, float]], tone: Tone, weight: float = 1.0, dashed: bool = False) -> list[Mark]:
        """A line through pairs, cut where it leaves the frame or is no number."""
        pieces: list[list[tuple[float, float]]] = [[]]
        before: tuple[float, float] | None = None
        for pair in pairs:
            if not isfinite(pair[1]):
                pieces.append([])
                before = None
                continue
            if before is not None:
                ends = self._clipped(before, pair)
                if ends is None:
                    pieces.append([])
                else:
                    if not pieces[-1] or pieces[-1][-1] != ends[0]:
                        pieces.append([ends[0]])
                    pieces[-1].append(ends[1])
            before = pair
        return [
            Line(tuple(self.point(*pair) for pair in piece), tone, weight=weight, dashed=dashed, curved=False)
            for piece in pieces
            if len(piece) > 1
        ]

    def _clipped(self, a: tuple[float, float], b: tuple[float, float]) -> Sequence[tuple[float, float]] | None:
        """The part of a piece that lies between the lower and the upper side."""
        if max(a[1], b[1]) < self.bottom_value or min(a[1], b[1]) > self.top_value:
            return None
        ends = []
        for one, other in ((a, b), (b, a)):
            y = min(max(one[1], self.bottom_value), self.top_value)
            share = 0.0 if y == one[1] else (y - one[1]) / (other[1] - one[1])
            ends.append((one[0] + share * (other[0] - one[0]), y))
        return ends
