"""What is done with a tile of a product as soon as it is there: scalar operations on its numbers.

It is a nest over the rows and columns of the product, written for one tile at a time, so that what the product left is
still in the nearest cache. A product that nothing else reads has no memory but the tile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from backlight.run.emit.access import Base, Writer, write_steps
from backlight.run.emit.code import Code
from backlight.run.emit.fetch import fetch
from backlight.run.emit.nest import inside, used_inside
from backlight.run.emit.parts import parts_of
from backlight.run.emit.value import SIZES, Value
from backlight.run.lower.program import Nest, Place, Read

UNROLLED = 4  # vectors of a row up to which they are written one after the other


@dataclass(frozen=True, slots=True)
class After:
    """The nest, the number of the product's own buffer, and whether that is the tile alone."""

    nest: Nest
    made: int
    local: bool

    @property
    def key(self) -> str:
        """A name for what is done."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


def write_after(c: Code, after: After, base: Base, rows: tuple[Value, Value | int], columns: tuple[Value | int, int], lanes: int,
                tile: Value | None) -> None:
    """Write what is done to a tile: rows from the first up to the last, columns from the first on, so many.

    `tile` is where the tile lies, row after row, if it is all there is.
    """
    row = rows_after(c, after, base, (rows[0], columns[0]), columns[1], columns[1], lanes, tile)
    c.loop(rows[1], row, start=rows[0])


def rows_after(c: Code, after: After, base: Base, start: tuple[Value, Value | int], width: int, apart: int, lanes: int,
               tile: Value | None, ahead: int = 0, below: int = 0, unrolled: int = UNROLLED) -> Callable[[Value], None]:
    """Write what is the same for a whole tile that starts at a row and a column; return what writes one row of it.

    The rows of a `tile` that is all there is lie so many numbers apart. What will be read so many columns further `ahead`, or
    so many rows further `below`, is asked for.
    """
    first = start[1]
    nest, made = after.nest, after.made

    def place(p: Place) -> Place:
        return replace(p, strides=(apart, 1)) if after.local and p.buffer == made else p

    steps = tuple(replace(s, place=place(s.place)) if isinstance(s, Read) else s for s in nest.steps)
    nest = replace(nest, steps=steps)

    def find(number: int) -> Value:
        if number != made or not after.local:
            return base(number)
        assert tile is not None
        before = start[0] * apart + (first if isinstance(first, Value) else c.constant(first, "i64"))
        return c.address(tile, 0 - before, nest.steps[0].kind)

    bases: dict[int, Value] = {}

    def found(number: int) -> Value:
        if number not in bases:
            bases[number] = find(number)
        return bases[number]

    w = Writer(c, nest, found, nest.levels())
    for target in (*(s for s in nest.steps if isinstance(s, Read)), *nest.targets()):
        found(target.place.buffer)
    get: Callable[[int], Value] = w.values.__getitem__
    write_steps(w, -1, 1, None, None, get, w.values)

    parts = parts_of(c.target, width, lanes)

    def row(i: Value) -> None:
        w.index.append(i)
        kept = dict(w.values)
        write_steps(w, 0, 1, None, None, get, w.values)

        def vector(at: Value, lanes: int, mask: int | None) -> None:
            splats = {number: c.splat(x, lanes) for number, x in w.values.items() if used_inside(w, number, 1)}
            inside(w, at, lanes, mask, splats, [], [])

        def column(at: Value | int) -> Value:
            return first + at if isinstance(first, Value) else c.constant(first, "i64") + at

        whole = [part for part in parts if part.used == part.lanes == lanes]
        for step in nest.steps if ahead or below else ():
            if isinstance(step, Read) and step.place.strides[-1:] == (1,) and not (after.local and step.place.buffer == made):
                w.index[-1] = i + below if below else i
                fetch(c, c.address(found(step.place.buffer), w.at(step.place, column(ahead)), step.kind), width * SIZES[step.kind])
        w.index[-1] = i
        rest = parts
        if len(whole) > unrolled:
            c.loop(len(whole) * lanes, lambda j: vector(column(j), lanes, None), step=lanes)
            rest = parts[len(whole) :]
        for part in rest:
            vector(column(part.at), part.lanes, (1 << part.used) - 1 if part.used < part.lanes else None)
        w.values = kept
        w.index.pop()

    return row
