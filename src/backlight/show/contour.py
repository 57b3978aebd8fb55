"""Lines of equal height through numbers on a grid: marching squares, the pieces joined to lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["level_lines"]

Pair = tuple[float, float]
Edge = tuple[int, int, int]      # row and column of a grid point, and 0 for the edge to its right, 1 for the one upwards


def level_lines(xs: Sequence[float] | Any, ys: Sequence[float] | Any, heights: Any, level: float) -> list[list[Pair]]:
    """The lines on which the height is `level`; `heights[row][column]` stands at (xs[column], ys[row]).

    >>> level_lines([0, 1], [0, 1], [[0, 0], [1, 1]], 0.5)
    [[(0.0, 0.5), (1.0, 0.5)]]
    """
    grid = np.asarray(heights, dtype=float)
    joined: dict[Edge, list[Edge]] = {}
    with np.errstate(invalid="ignore"):
        above = grid >= level
    for row in range(len(ys) - 1):
        for column in range(len(xs) - 1):
            corners = grid[row : row + 2, column : column + 2]
            if not np.isfinite(corners).all():
                continue
            a, b = bool(above[row, column]), bool(above[row, column + 1])
            c, d = bool(above[row + 1, column]), bool(above[row + 1, column + 1])
            if a == b == c == d:
                continue
            lower, upper, left, right = (row, column, 0), (row + 1, column, 0), (row, column, 1), (row, column + 1, 1)
            crossed = [edge for edge, one, other in ((lower, a, b), (right, b, d), (upper, c, d), (left, a, c)) if one != other]
            if len(crossed) == 4 and (float(corners.mean()) >= level) == a:
                crossed = [lower, right, upper, left]      # a saddle: the corners that agree with its middle are joined
            elif len(crossed) == 4:
                crossed = [lower, left, upper, right]
            for one, other in zip(crossed[::2], crossed[1::2], strict=True):
                joined.setdefault(one, []).append(other)
                joined.setdefault(other, []).append(one)
    return [[_crossing(xs, ys, grid, level, edge) for edge in line] for line in _lines(joined)]


def _crossing(xs: Any, ys: Any, grid: Any, level: float, edge: Edge) -> Pair:
    row, column, upwards = edge
    r, c = row + upwards, column + 1 - upwards
    start, end = float(grid[row, column]), float(grid[r, c])
    share = (level - start) / (end - start)
    return (
        float(xs[column]) + share * (float(xs[c]) - float(xs[column])),
        float(ys[row]) + share * (float(ys[r]) - float(ys[row])),
    )


def _lines(joined: dict[Edge, list[Edge]]) -> list[list[Edge]]:
    """Chains of edges: open ones from end to end, closed ones with their first edge again at the end."""
    found = []
    left = dict.fromkeys(sorted(joined))
    starts = [edge for edge in left if len(joined[edge]) == 1] + list(left)
    for start in starts:
        if start not in left:
            continue
        line = [start]
        del left[start]
        going = True
        while going:
            following = next((edge for edge in joined[line[-1]] if edge in left), None)
            going = following is not None
            if following is not None:
                line.append(following)
                del left[following]
        if len(line) > 2 and start in joined[line[-1]]:
            line.append(start)
        found.append(line)
    return found
