"""Which columns of a matrix may be moved together, and read apart again: a colour for each.

Columns of one colour share no row, so an entry is where its row and the colour of its column meet. Of a symmetric matrix each
entry stands twice, and it is enough that one of the two can be read: neighbours differ, and no path of four goes to and fro
between two colours (a star colouring). A hub with a thousand spokes, whose row meets every column, then takes two.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

__all__ = ["colours", "star_colours", "star_places"]


def colours(rows: Any, cols: Any, count: int) -> Any:
    """A colour for each column, such that no row has two columns of one colour: the first that is free, column by column."""
    taken: dict[int, int] = {}  # by row, a bit for each colour
    order = np.argsort(cols, kind="stable")
    rows, cols = rows[order].tolist(), cols[order]
    bounds = np.searchsorted(cols, np.arange(count + 1)).tolist()
    found = [0] * count
    for column in range(count):
        mine = rows[bounds[column] : bounds[column + 1]]
        used = 0
        for row in mine:
            used |= taken.get(row, 0)
        colour = (~used & (used + 1)).bit_length() - 1
        found[column] = colour
        bit = 1 << colour
        for row in mine:
            taken[row] = taken.get(row, 0) | bit
    return np.array(found, np.int64)


def star_colours(rows: Any, cols: Any, count: int) -> Any:
    """A colour for each row and column of a symmetric matrix, such that every entry can be read: as it stands, or mirrored.

    Source: Gebremedhin, Manne, Pothen 2005, What color is your Jacobian? The largest rows come first.
    """
    neighbours = both_ways(rows, cols, count)
    found = [-1] * count
    seen: list[dict[int, int]] = [{} for _ in range(count)]  # how many neighbours have which colour
    around = [0] * count  # the colours of the neighbours, a bit for each
    leaf = [0] * count  # the colours of centres of stars that this one is a spoke of
    for v in sorted(range(count), key=lambda v: -len(neighbours[v])):
        used = around[v]
        for w in neighbours[v]:
            if found[w] >= 0:
                used |= leaf[w]  # v, w, the centre, another spoke
                if seen[v][found[w]] > 1:
                    used |= around[w]  # a neighbour of w, w, v, another neighbour of v
        c = found[v] = (~used & (used + 1)).bit_length() - 1
        bit = 1 << c
        for x in neighbours[v]:
            around[x] |= bit
            seen[x][c] = seen[x].get(c, 0) + 1
            if found[x] >= 0 and seen[x][c] > 1:  # x is a centre, with v among its spokes
                for w in neighbours[x] if seen[x][c] == 2 else (v,):
                    if found[w] == c:
                        leaf[w] |= 1 << found[x]
        for a, n in seen[v].items():
            if n > 1:  # v is a centre
                for w in neighbours[v]:
                    if found[w] == a:
                        leaf[w] |= bit
    return np.array(found, np.int64)


def both_ways(rows: Any, cols: Any, count: int) -> list[Sequence[int]]:
    """The neighbours of each number: what stands in its row or its column, itself aside."""
    apart = rows != cols
    keys = np.unique(np.concatenate([rows[apart] * count + cols[apart], cols[apart] * count + rows[apart]]))
    bounds = np.searchsorted(keys // count, np.arange(count + 1)).tolist()
    others = (keys % count).tolist()
    return [others[a:b] for a, b in pairwise(bounds)]


def star_places(rows: Any, cols: Any, colour: Any) -> tuple[Any, Any]:
    """Where each entry is read: the colour that is swept, and the row of it."""
    count = int(colour.max(initial=0)) + 1
    pairs = np.unique(np.concatenate([rows * colour.size + cols, cols * colour.size + rows]))
    meet = pairs // colour.size * count + colour[pairs % colour.size]
    several, times = np.unique(meet, return_counts=True)
    alone = times[np.searchsorted(several, rows * count + colour[cols])] == 1
    return np.where(alone, colour[cols], colour[rows]), np.where(alone, rows, cols)
