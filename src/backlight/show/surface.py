"""What a classifier says everywhere: a map over two inputs, the line on which it cannot decide, and the points it was given.

The map is white on that line, vermillion where the answer is yes and blue where it is no; points that are yes are discs,
those that are no are hollow squares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .axes import Axes
from .contour import level_lines
from .drawing import Dot, Drawing, Heat, Line, Mark, Text
from .figures import number

__all__ = ["surface"]

GRID = 61                # places along each side
SIDE = 360.0             # px


def surface(
    answer: Callable[[np.ndarray[Any, Any]], Any],
    points: Any,
    labels: Sequence[Any] | np.ndarray[Any, Any],
    *,
    names: tuple[str, str] = ("x₁", "x₂"),
    title: str = "What the network answers",
) -> Drawing:
    """The answers, between 0 and 1, to a grid of points with the given ones on it.

    Shapes: `answer` takes (n, 2) and gives n numbers; `points` (n, 2); `labels` n, yes where above 1/2.
    """
    given, yes = np.asarray(points, float), np.asarray(labels).reshape(-1) > 0.5
    (left, bottom), (right, top) = given.min(axis=0), given.max(axis=0)
    room = 0.08 * max(right - left, top - bottom)
    xs, ys = np.linspace(left - room, right + room, GRID), np.linspace(bottom - room, top + room, GRID)
    grid = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
    found = np.asarray(answer(grid), float).reshape(GRID, GRID)
    axes = Axes(60.0, 40.0, SIDE, SIDE, xs[0], xs[-1], ys[0], ys[-1])
    # The rows of a map go down, and its strongest colours stand for 0 and 1, whatever was answered.
    scaled = np.clip(found[::-1] - 0.5, -0.5, 0.5)
    marks: list[Mark] = [Heat(axes.left, axes.top, SIDE, SIDE, scaled, "quiet"), *axes.frame(*names)]
    for line in level_lines(xs, ys, found, 0.5):
        marks.append(Line(tuple(axes.point(*pair) for pair in line), "strong", weight=2.5, curved=False))
    for (x, y), sure in zip(given, yes, strict=True):
        marks.append(Dot(*axes.point(x, y), "backward" if sure else "forward", not sure, -1, "disc" if sure else "square"))
    right_ones = int(np.sum((np.asarray(answer(given), float).reshape(-1) > 0.5) == yes))
    said = [
        f"{right_ones} of {len(yes)} points are answered rightly, {number(100 * right_ones / len(yes), 4)} %",
        "● yes   □ no   the line: as likely as not",
    ]
    marks += [Text(60.0, 40.0 + SIDE + 52.0 + 17.0 * row, line) for row, line in enumerate(said)]
    return Drawing(60.0 + SIDE + 24.0, 40.0 + SIDE + 82.0, tuple(marks), title, said[0])
