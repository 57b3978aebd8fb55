"""Folds of short rows, as many rows at a time as a vector has lanes.

The lanes of one row are folded by halves, which leaves most of each vector idle, and one number at the end. A square of as
many rows as a row has numbers is folded by halves all at once, two rows to a vector, then four, until each lane holds the
fold of a row: the same sums in the same order, a third of the instructions, and one store.
"""

from __future__ import annotations

from backlight.run.emit.access import Writer, combine, identity, write_steps
from backlight.run.emit.code import Code
from backlight.run.emit.value import FLOATS, Value


def squares(w: Writer, depth: int, lanes: int) -> bool:
    """Return whether all that the rows in this loop do is to be folded, each into its own number beside the last one's."""
    nest = w.nest
    if depth != len(nest.sizes) - 2 or nest.chunk or nest.writes or not nest.folds:
        return False
    if not 4 <= nest.sizes[-1] == lanes or nest.sizes[depth] < lanes:
        return False
    return all(fold.place.strides[-1] == 0 and fold.place.strides[depth] == 1 and not fold.index
               and nest.steps[fold.value].kind in FLOATS for fold in nest.folds) and complete_rows(w, depth)


def complete_rows(w: Writer, depth: int) -> bool:
    """Return whether no two rows are folded into one number."""
    sizes = w.nest.sizes[: depth + 1]
    return all(stride or size == 1 for fold in w.nest.folds for stride, size in zip(fold.place.strides, sizes, strict=False))


def write_squares(w: Writer, depth: int, lanes: int, start: Value | int, stop: Value | int) -> Value | int:
    """Write the loop over squares of rows; return the first row that is left."""
    c = w.c
    if isinstance(start, int) and isinstance(stop, int):
        end: Value | int = start + (stop - start) // lanes * lanes
    else:
        last = stop if isinstance(stop, Value) else c.constant(stop, "i64")
        end = last - ((last - start) & (lanes - 1))
    c.loop(end, lambda i: square(w, depth, lanes, i), start=start, step=lanes)
    return end


def square(w: Writer, depth: int, lanes: int, i: Value) -> None:
    """Write the folds of as many rows as there are lanes."""
    c, nest = w.c, w.nest
    rows: list[list[Value]] = [[] for _ in nest.folds]
    for r in range(lanes):
        kept = dict(w.values)
        w.index.append(i + r)
        write_steps(w, depth, 1, None, None, w.values.__getitem__, w.values)
        outer, here = w.values, dict[int, Value]()

        def get(number: int, outer: dict[int, Value] = outer, here: dict[int, Value] = here) -> Value:
            return here[number] if number in here else c.splat(outer[number], lanes)

        write_steps(w, depth + 1, lanes, c.constant(0, "i64"), None, get, here)
        for fold, found in zip(nest.folds, rows, strict=True):
            x = get(fold.value)
            found.append(combine(c, fold.how, c.constant(identity(fold.how, x.kind), x.kind, lanes), x))
        w.index.pop()
        w.values = kept
    for fold, found in zip(nest.folds, rows, strict=True):
        w.index.append(i)
        c.store(together(c, fold.how, found), w.base(fold.place.buffer), w.at(fold.place))
        w.index.pop()


def together(c: Code, how: str, rows: list[Value]) -> Value:
    """Return the folds of the rows of a square, one a lane: by halves, in the order in which one row is folded."""
    width = rows[0].lanes
    part = width  # lanes that one row still has
    while part > 1:
        half = part // 2
        low = [at + k for at in range(0, width, part) for k in range(half)]
        lows = [*low, *(width + k for k in low)]
        highs = [k + half for k in lows]
        pairs = zip(rows[::2], rows[1::2], strict=True)
        rows = [combine(c, how, c.shuffle(a, b, lows), c.shuffle(a, b, highs)) for a, b in pairs]
        part = half
    return rows[0]
