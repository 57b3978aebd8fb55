"""Nests that go on where the threads left off that shared out a product.

Threads share a product out by its columns, and each finds its part of the results in its own cache. A nest over the same rows
and columns is shared out by rows: half of what a thread reads would come from another one's cache, which takes longer than to
compute anything with it. So such a nest is cut by columns too: one axis becomes two, and the blocks are the outermost loop.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod

from backlight.run.emit.room import PORTIONS
from backlight.run.emit.shared import work
from backlight.run.emit.split import LEAST
from backlight.run.emit.value import Target
from backlight.run.lower.program import Instruction, Multiply, Nest, Place, Program, Read

VECTORS = 4  # of a row of a block at least: shorter rows are not worth a loop


def aligned(target: Target, program: Program) -> Program:
    """Return the program with nests cut by columns that work on what a product left that was shared out by columns."""
    found: list[Instruction] = []
    by_columns: dict[int, tuple[int, int]] = {}  # the rows and columns of what was made so
    for i in program.instructions:
        if isinstance(i, Multiply) and prod(i.batch) == 1 and i.n > 2 * target.lanes(i.kind) and work(i) > LEAST:
            written = [w.place for w in i.after.writes] if i.after is not None else []
            by_columns |= {place.buffer: (i.m, i.n) for place in (i.c, *written)}
        elif isinstance(i, Nest) and i.sizes in {by_columns.get(s.place.buffer) for s in i.steps if isinstance(s, Read)}:
            i = cut(target, i)
        found.append(i)
    return replace(program, instructions=tuple(found))


def cut(target: Target, nest: Nest) -> Nest:
    """Return a nest over rows and columns cut by columns, if they are so many that each block has whole vectors."""
    rows, columns = nest.sizes
    width = columns // PORTIONS
    moved = any(step.index for step in nest.steps if isinstance(step, Read)) or any(x.index for x in nest.targets())
    across = any(fold.place.strides[1] == 0 for fold in nest.folds)
    if columns % (PORTIONS * VECTORS * target.lanes("float")) or nest.chunk or moved or across or work(nest) < LEAST:
        return nest

    def place(p: Place) -> Place:
        row, column = p.strides if p.strides else (0, 0)
        return replace(p, strides=(column * width, row, column))

    steps = tuple(replace(s, place=place(s.place)) if isinstance(s, Read) else s for s in nest.steps)
    writes = tuple(replace(w, place=place(w.place)) for w in nest.writes)
    folds = tuple(replace(f, place=place(f.place)) for f in nest.folds)
    return replace(nest, sizes=(PORTIONS, rows, width), steps=steps, writes=writes, folds=folds)
