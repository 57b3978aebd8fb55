"""Curves in one frame: each told from the others by its ink, its dashes, the shape of its points and its name at its end.

A side is linear or logarithmic. Names at the right ends are pushed apart where they would cover each other, and each is
tied to its curve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, log10

from .axes import Axes, round_steps
from .drawing import Dot, Line, Mark, Shape, Text, Tone
from .figures import number

__all__ = ["LOOKS", "Curve", "plotted"]

Look = tuple[Tone, bool, Shape]
LOOKS: tuple[Look, ...] = (
    ("strong", False, "disc"), ("backward", True, "square"), ("forward", False, "triangle"), ("backward", False, "diamond"),
    ("quiet", True, "cross"), ("forward", True, "disc"),
)  # fmt: skip
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
LINE = 14.0              # px between two names
LARGEST = 40             # points that are marked one by one


@dataclass(frozen=True, slots=True)
class Curve:
    """A name and pairs of numbers; a y of None is left out. Looks are given in turn, unless it has its own."""

    name: str
    pairs: tuple[tuple[float, float | None], ...]
    look: Look | None = None


def plotted(
    curves: Sequence[Curve],
    across: str,
    upwards: str,
    *,
    left: float = 60.0,
    top: float = 40.0,
    width: float = 330.0,
    height: float = 240.0,
    log_x: bool = False,
    log_y: bool = False,
) -> list[Mark]:
    """Curves in a frame of this size; names need about 150 px more at the right.

    What a logarithm has no value for, and what is no number, is left out.
    """
    to_x, to_y = scale(log_x), scale(log_y)
    drawn = [
        [(to_x(x), to_y(y)) for x, y in curve.pairs if y is not None and shows(x, log_x) and shows(y, log_y)] for curve in curves
    ]
    looks = [curve.look or LOOKS[k % len(LOOKS)] for k, curve in enumerate(curves)]
    xs, ys = [x for line in drawn for x, _ in line], [y for line in drawn for _, y in line]
    if not xs:
        return [Text(left, top, f"{upwards}: nothing to plot", "quiet")]
    low, high = spread(xs, log_x, 0.0)
    bottom, ceiling = spread(ys, log_y, 0.06)
    axes = Axes(left, top, width, height, low, high, bottom, ceiling)
    marks = frame(axes, across, upwards, log_x, log_y)
    ends: list[tuple[float, int]] = []
    for k, line in enumerate(drawn):
        if not line:
            continue
        tone, dashed, shape = looks[k]
        marks += axes.curve(line, tone, 2.0, dashed)
        if len(line) <= LARGEST:
            marks += [Dot(*axes.point(*pair), tone, False, -1, shape) for pair in line]
        ends.append((axes.y(line[-1][1]), k))
    return marks + names(axes, ends, [(curve.name, look[0]) for curve, look in zip(curves, looks, strict=True)], drawn)


def names(
    axes: Axes, ends: Iterable[tuple[float, int]], named: Sequence[tuple[str, Tone]], drawn: Sequence[Sequence[tuple[float, float]]]
) -> list[Mark]:
    """The name of each curve beside its last point, one above the other where several end together."""
    marks: list[Mark] = []
    order = sorted(ends)
    places = [y for y, _ in order]
    for k in range(1, len(places)):
        places[k] = max(places[k], places[k - 1] + LINE)
    over = places[-1] - (axes.top + axes.height) if places else 0.0
    if over > 0:                                           # the lowest ones would leave the frame: push all of them up
        limit = axes.top + axes.height
        for k in range(len(places) - 1, -1, -1):
            places[k] = min(places[k], limit)
            limit = places[k] - LINE
    right = axes.left + axes.width
    for (y, k), place in zip(order, places, strict=True):
        name, tone = named[k]
        marks.append(Line(((axes.x(drawn[k][-1][0]) + 5.0, y), (right + 18.0, place)), "quiet", curved=False))
        marks.append(Text(right + 22.0, place + 4.0, name, tone if tone in ("forward", "backward") else "plain", size=0.92))
    return marks


def scale(log: bool) -> Callable[[float], float]:
    return log10 if log else float


def shows(x: float, log: bool) -> bool:
    """Whether there is a place for a number."""
    return isfinite(x) and (x > 0 or not log)


def spread(values: Sequence[float], log: bool, room: float) -> tuple[float, float]:
    """The ends of a side, with some room; never one and the same."""
    low, high = min(values), max(values)
    margin = (high - low) * room or (0.0 if high > low else 0.5 if log else max(abs(high), 1.0) * 0.5)
    return low - margin, high + margin


def frame(axes: Axes, across: str, upwards: str, log_x: bool, log_y: bool) -> list[Mark]:
    """Grid, numbers and names, with round numbers of its own along a logarithmic side."""
    if not log_x and not log_y:
        return axes.frame(across, upwards)
    marks: list[Mark] = []
    bottom, right = axes.top + axes.height, axes.left + axes.width
    for at, words in ticks(axes.low, axes.high, log_x, 7):
        x = axes.x(at)
        marks += [Line(((x, axes.top), (x, bottom)), "quiet"), Text(x, bottom + 15, words, "quiet", "middle", 0.9)]
    for at, words in ticks(axes.bottom_value, axes.top_value, log_y, 6):
        y = axes.y(at)
        marks += [Line(((axes.left, y), (right, y)), "quiet", curved=False), Text(axes.left - 6, y + 4, words, "quiet", "end", 0.9)]
    return [*marks, Text(right, bottom + 31, across, "strong", "end"), Text(axes.left, axes.top - 9, upwards, "strong")]


def ticks(low: float, high: float, log: bool, most: int) -> list[tuple[float, str]]:
    """Where round numbers stand on a side, and how they are written."""
    if not log:
        return [(value, number(value)) for value in round_steps(low, high, most)]
    first, last = ceil(low - 1e-9), floor(high + 1e-9)
    if last - first >= 2:
        step = -(-(last - first + 1) // most)
        return [(float(k), power(k)) for k in range(first, last + 1, step)]
    fine = [k + log10(m) for k in range(floor(low), ceil(high) + 1) for m in (1, 2, 5)]
    found = [(at, number(float(f"{10**at:.0e}"))) for at in fine if low - 1e-9 <= at <= high + 1e-9]
    return found if len(found) > 1 else [(log10(value), number(value)) for value in round_steps(10**low, 10**high, most)]


def power(k: int) -> str:
    """10 to a whole number, as people write it."""
    return number(10.0**k) if -2 <= k <= 3 else "10" + str(k).translate(RAISED)
