"""Loops of a nest, as vectors along the innermost axis.

A value is computed in the outermost loop that it allows: what depends on rows only is computed once a row, as a single
number. The rest of a row that does not fill a vector is one masked step where the processor has masks, else a loop over
single numbers. Folds along the innermost axis stay in registers; folds along others add into memory. A fold of
everything goes by chunks of fixed size whose results are folded at the end: the same bits on any number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence

from backlight.run.emit import pipelined, rows, scalar
from backlight.run.emit.access import (
    Base,
    Writer,
    as_stored,
    combine,
    fold_into_memory,
    identity,
    put,
    put_all,
    stored,
    write_steps,
)
from backlight.run.emit.code import Code, Module
from backlight.run.emit.masks import mask_value, masked_store
from backlight.run.emit.value import FLOATS, SIZES, Target, Value
from backlight.run.lower.program import Apply, Fold, Nest, Read, Write

HEAVY = {*scalar.UNARY, *scalar.BINARY, "power", "remainder"}
NARROW = 2  # vectors in a row, up to which the folds of all columns stay in registers
SUMS = 2  # of each column, of every other row: one alone waits for each addition before the next
HELD = 12  # vectors of sums at most


def collapse_lanes(c: Code, how: str, x: Value) -> Value:
    """Return the fold of the lanes of one vector: by halves, always in the same order."""
    while x.lanes > 1:
        x = combine(c, how, *c.halves(x))
    return x


def lanes_of(nest: Nest, c: Code) -> int:
    """Return how many numbers a vector takes: as the widest floats of the nest allow, and not beyond the row."""
    kinds = {step.kind for step in nest.steps} or {"double"}
    floats = kinds & set(FLOATS)
    widest = max(SIZES[k] for k in floats) if floats else max(max(SIZES[k] for k in kinds), 4)
    lanes = max(1, c.target.width // widest)
    n = nest.sizes[-1] if nest.sizes else 1
    while lanes > 1 and lanes // 2 >= n:
        lanes //= 2
    if lanes > n and in_two(n) and light(nest):
        lanes //= 2
    return lanes


def in_two(n: int) -> bool:
    """Return whether two vectors without masks cover a row: 10 as 8 and 2."""
    return n.bit_count() == 2


def light(nest: Nest) -> bool:
    """Return whether the nest is so short that writing it twice is cheap.

    Two narrow vectors read what two narrow vectors wrote without waiting; what a masked store wrote must first reach
    the cache, which costs a small training step half its time.
    """
    return len(nest.steps) <= 16 and sum(isinstance(s, Apply) and s.op in HEAVY for s in nest.steps) <= 1


def heavy(nest: Nest) -> bool:
    """Return whether a nest computes functions, each of which is many instructions."""
    return any(isinstance(step, Apply) and step.op in HEAVY for step in nest.steps)


def units(nest: Nest) -> int:
    """Return into how many units threads may share out the nest; 1 if they may not."""
    if nest.chunk:
        return -(-nest.sizes[0] // nest.chunk)
    return nest.sizes[0] if shareable(nest) else 1


def shareable(nest: Nest) -> bool:
    """Return whether the steps of the outermost loop are independent of one another."""
    if len(nest.sizes) < 2 or 0 in nest.sizes:
        return False
    return not any(fold.place.strides[0] == 0 for fold in nest.folds) and not any(
        target.index for target in nest.targets())


def write_fills(c: Code, nest: Nest, base: Base, sizes: dict[int, int]) -> None:
    """Write what folds into memory start from; `sizes` gives how many numbers each buffer has."""
    for fold in nest.folds:
        if (in_registers(nest, fold) and complete(nest, fold)) or down_columns(nest, fold, c):
            continue
        kind = nest.steps[fold.value].kind
        start = c.constant(identity(fold.how, kind), stored(kind))
        to = c.address(base(fold.place.buffer), fold.place.offset, stored(kind))
        c.loop(sizes[fold.place.buffer], lambda i, s=start, t=to: c.store(s, t, i))


def in_registers(nest: Nest, fold: Fold) -> bool:
    """Return whether a fold runs along the innermost axis, so that a row of it stays in registers."""
    if 0 in nest.sizes or fold.index:
        return False
    return not fold.place.strides or fold.place.strides[-1] == 0


def complete(nest: Nest, fold: Fold) -> bool:
    """Return whether a row is all there is to a fold; else the rows are folded together in memory."""
    outer = zip(fold.place.strides[:-1], nest.sizes[:-1], strict=True)
    return bool(nest.chunk) or all(stride != 0 for stride, size in outer if size > 1)


def down_columns(nest: Nest, fold: Fold, c: Code) -> bool:
    """Return whether a fold runs down the columns of so narrow a box that they all stay in registers."""
    if len(nest.sizes) != 2 or nest.chunk or fold.index or fold.place.strides != (0, 1) or nest.sizes[0] < 2:
        return False
    n, lanes = nest.sizes[1], lanes_of(nest, c)
    if lanes < n < 2 * lanes and (n % lanes).bit_count() == 1:
        return False  # two vectors of different widths
    return n <= NARROW * lanes and (c.target.scalef or n % lanes == 0) and nest.steps[fold.value].kind in FLOATS


def down(w: Writer, folds: Sequence[tuple[int, Fold]]) -> None:
    """Write the loop over the rows of a narrow box, with the folds of its columns carried along."""
    nest, c = w.nest, w.c
    lanes, n = lanes_of(nest, c), nest.sizes[1]
    keys = [(number, at) for number, _ in folds for at in range(0, n, lanes)]
    starts = []
    for number, _ in keys:
        fold = nest.folds[number]
        kind = nest.steps[fold.value].kind
        starts.append(c.constant(identity(fold.how, kind), kind, lanes))

    def row(i: Value, sums: Sequence[Value]) -> list[Value]:
        w.columns = dict(zip(keys, sums, strict=True))
        w.index.append(i)
        open_loops(w, 1, 0, 0)
        w.index.pop()
        return [w.columns[key] for key in keys]

    at_once = SUMS if len(keys) * SUMS <= HELD and nest.sizes[0] >= 2 * SUMS else 1
    whole = nest.sizes[0] // at_once * at_once

    def rows_from(i: Value, *sums: Value) -> list[Value]:
        return [x for k in range(at_once) for x in row(i + k if k else i, sums[k * len(keys) : (k + 1) * len(keys)])]

    sums = c.loop(whole, rows_from, starts * at_once, step=at_once)
    for k in range(nest.sizes[0] - whole):
        sums[k * len(keys) : (k + 1) * len(keys)] = row(c.constant(whole + k, "i64"), sums[k * len(keys) : (k + 1) * len(keys)])
    totals = sums[: len(keys)]
    for k in range(1, at_once):
        more = sums[k * len(keys) : (k + 1) * len(keys)]
        totals = [combine(c, nest.folds[number].how, x, y) for (number, _), x, y in zip(keys, totals, more, strict=True)]
    for (number, at), total in zip(keys, totals, strict=True):
        place = nest.folds[number].place
        to = c.address(w.base(place.buffer), place.offset + at, total.kind)
        if at + lanes <= n:
            c.store(total, to, 0)
        else:
            masked_store(c, total, to, (1 << (n - at)) - 1)
    w.columns = {}


def write_nest(c: Code, nest: Nest, base: Base, first: Value | int, last: Value | int) -> None:
    """Write the loops, the outermost one from unit `first` up to `last`."""
    if 0 in nest.sizes:
        return
    w = Writer(c, nest, base, nest.levels())
    open_loops(w, 0, first, last)


def under_way(target: Target, nest: Nest) -> int:
    """Return of how many vectors at once the innermost loop computes something."""
    c = Code(Module(target))
    write_nest(c, nest, lambda number: Value(c, f"%b{number}", "ptr", 1), Value(c, "%first", "i64", 1), Value(c, "%last", "i64", 1))
    return c.under_way


def open_loops(w: Writer, depth: int, first: Value | int, last: Value | int) -> None:
    """Write what is constant in the loops open so far, then the next loop."""
    nest, c = w.nest, w.c
    kept = dict(w.values)
    if depth < len(nest.sizes) or not nest.sizes:
        write_steps(w, depth - 1, 1, None, None, w.values.__getitem__, w.values)
    if not nest.sizes:
        finish_point(w)
    elif depth == len(nest.sizes) - 1:
        if nest.chunk:
            Row(w).chunks(first, last)
        else:
            Row(w).whole_row()
    elif depth == 0 and (narrow := [(k, f) for k, f in enumerate(nest.folds) if down_columns(nest, f, c)]):
        down(w, narrow)
    else:
        def body(i: Value) -> None:
            w.index.append(i)
            open_loops(w, depth + 1, 0, 0)
            w.index.pop()

        whole = depth == 0 and shareable(nest)
        start, stop = (first, last) if whole else (0, nest.sizes[depth])
        lanes = lanes_of(nest, c)
        if rows.squares(w, depth, lanes):
            start = rows.write_squares(w, depth, lanes, start, stop)
        if not isinstance(start, int) or not isinstance(stop, int) or start < stop:
            c.loop(stop, body, start=start)
    w.values = kept


def finish_point(w: Writer) -> None:
    """Write the results of a nest without loops."""
    for write in w.nest.writes:
        put(w, write, w.values[write.value], None, None, w.values.__getitem__)
    for fold in w.nest.folds:
        if fold.index:  # one number, added at a computed place
            fold_into_memory(w, fold, w.values[fold.value], None, None, w.values.__getitem__)
        else:
            put(w, Write(fold.value, fold.place), w.values[fold.value], None, None, w.values.__getitem__)


class Row:
    """The innermost loop: whole vectors, then the rest."""

    def __init__(self, w: Writer) -> None:
        self.w, self.c, self.nest = w, w.c, w.nest
        self.n, self.lanes = w.nest.sizes[-1], lanes_of(w.nest, w.c)
        self.whole = self.n - self.n % self.lanes
        self.registers = [fold for fold in self.nest.folds if in_registers(self.nest, fold)]
        depth = len(self.nest.sizes) - 1
        used = {number: value for number, value in w.values.items() if used_inside(w, number, depth)}
        self.splats = {number: self.c.splat(value, self.lanes) for number, value in used.items()}
        kinds = [(f.how, self.nest.steps[f.value].kind) for f in self.registers]
        self.starts = [self.c.constant(identity(how, kind), kind, self.lanes) for how, kind in kinds]
        read = {step.place.buffer for step in self.nest.steps if isinstance(step, Read)}
        self.alone = len(self.registers) == len(self.nest.folds) and read.isdisjoint(x.place.buffer for x in self.nest.writes)

    def body(self, i: Value, *sums: Value, size: int | None = None, mask: int | None = None) -> list[Value]:
        """Write what is done for some numbers side by side."""
        size = size or self.lanes
        return inside(self.w, i, size, mask, self.splats if size == self.lanes else self.w.values, self.registers, sums)

    def rest(self, i: Value | int, sums: Sequence[Value]) -> list[Value]:
        """Write what is done for the numbers that fill no vector, with a mask."""
        at = i if isinstance(i, Value) else self.c.constant(i, "i64")
        return self.body(at, *sums, mask=(1 << (self.n % self.lanes)) - 1)

    def vectors(self, start: Value | int, stop: Value | int, sums: Sequence[Value]) -> list[Value]:
        """Write the loop over whole vectors: a pipeline where much is computed of each."""
        if not heavy(self.nest):
            return self.c.loop(stop, self.body, sums, step=self.lanes, start=start)
        return pipelined.loop(self.c, start, stop, self.lanes, sums, self.alone, self.body)

    def whole_row(self) -> None:
        """Write the loop over all numbers."""
        c, n, lanes, whole = self.c, self.n, self.lanes, self.whole
        narrow = n % lanes if n < 2 * lanes and (n % lanes).bit_count() == 1 else 0
        masks = c.target.scalef and not narrow
        sums = list(self.starts)
        if whole == lanes or self.w.columns:
            for at in range(0, whole, lanes):
                sums = self.body(c.constant(at, "i64"), *sums)
        elif whole:
            sums = self.vectors(0, whole, sums)
        if n % lanes and masks:
            sums = self.rest(whole, sums)
        results = self.collapsed(sums)
        if narrow:
            singles = [c.constant(identity(f.how, s.kind), s.kind, narrow) for f, s in zip(self.registers, results, strict=True)]
            splats = {number: c.splat(value, narrow) for number, value in self.w.values.items()}
            singles = inside(self.w, c.constant(whole, "i64"), narrow, None, splats, self.registers, singles)
            others = [collapse_lanes(c, f.how, s) for f, s in zip(self.registers, singles, strict=True)]
            results = [combine(c, f.how, a, b) for f, a, b in zip(self.registers, results, others, strict=True)]
        elif n % lanes and not masks:
            results = self.one_by_one(c.constant(n, "i64"), results)
        self.finish(results, None)

    def chunks(self, first: Value | int, last: Value | int) -> None:
        """Write the loop over chunks, each with its own sums, from chunk `first` up to `last`."""
        c, size = self.c, self.nest.chunk
        p = pipelined.possible(c, self.starts, self.alone, self.body) if heavy(self.nest) and self.whole else None
        if p is not None and size >= p.stages * self.lanes:
            pipelined.parts(c, p, first, last, size, self.whole, self.lanes, self.starts, self.body, self.chunk_ends)
            return

        def chunk(unit: Value) -> None:
            start = unit * size
            stop = c.select((start + size).gt(self.whole), c.constant(self.whole, "i64"), start + size)
            self.chunk_ends(unit, c.loop(stop, self.body, self.starts, step=self.lanes, start=start))

        c.loop(last, chunk, start=first)

    def chunk_ends(self, unit: Value, sums: Sequence[Value]) -> None:
        """Write what follows the whole vectors of a chunk: behind the last one the rest of all numbers; and where the sums go."""
        c, end, masks = self.c, unit * self.nest.chunk + self.nest.chunk, self.c.target.scalef
        more = self.n % self.lanes
        if more and masks:
            sums = c.when(end.gt(self.whole), lambda: self.rest(self.whole, sums), sums)
        results = self.collapsed(sums)
        if more and not masks:
            results = self.one_by_one(c.select(end.gt(self.whole), c.constant(self.n, "i64"), c.constant(0, "i64")), results)
        self.finish(results, unit)

    def collapsed(self, sums: Sequence[Value]) -> list[Value]:
        """Write what is left of each sum's lanes."""
        return [collapse_lanes(self.c, f.how, s) for f, s in zip(self.registers, sums, strict=True)]

    def one_by_one(self, stop: Value, results: Sequence[Value]) -> list[Value]:
        """Write the loop over the numbers that fill no vector, without a mask."""
        c = self.c
        singles = [c.constant(identity(f.how, s.kind), s.kind) for f, s in zip(self.registers, results, strict=True)]
        singles = c.loop(stop, lambda i, *s: self.body(i, *s, size=1), singles, start=self.whole)
        return [combine(c, f.how, a, b) for f, a, b in zip(self.registers, results, singles, strict=True)]

    def finish(self, results: Sequence[Value], unit: Value | None) -> None:
        """Write where the sums go."""
        c, w = self.c, self.w
        for fold, result in zip(self.registers, results, strict=True):
            if fold.partials is not None and unit is not None:
                c.store(as_stored(c, result), w.base(fold.partials), unit)
                continue
            if not complete(self.nest, fold):
                old = c.load(w.base(fold.place.buffer), w.at(fold.place), stored(result.kind))
                result = combine(c, fold.how, old.ne(0) if result.kind == "i1" else old, result)
            put(w, Write(fold.value, fold.place), result, None, None, w.values.__getitem__)


def used_inside(w: Writer, number: int, depth: int) -> bool:
    """Return whether a value of an outer loop is used in the innermost one."""
    for other, step in enumerate(w.nest.steps):
        if w.levels[other] == depth and isinstance(step, Apply) and number in step.operands:
            return True
        if w.levels[other] == depth and isinstance(step, Read) and any(number == v for v, _ in step.index):
            return True
    return any(number == target.value or any(number == v for v, _ in target.index)
               for target in w.nest.targets())


def inside(w: Writer, i: Value, lanes: int, mask: int | None, outer: dict[int, Value], registers: Sequence[Fold],
           sums: Sequence[Value]) -> list[Value]:
    """Write one step of the innermost loop; return the next sums."""
    nest, c = w.nest, w.c
    depth = len(nest.sizes) - 1
    here: dict[int, Value] = {}

    def get(number: int) -> Value:
        found = here.get(number)
        return found if found is not None else outer[number]

    write_steps(w, depth, lanes, i, mask, get, here)
    put_all(w, nest.writes, i, mask, get)
    for number, fold in enumerate(nest.folds):
        if fold in registers:
            continue
        if w.columns and down_columns(nest, fold, c):
            key = (number, int(i.text))
            x = get(fold.value)
            if mask is not None:
                x = c.select(mask_value(c, mask, lanes), x, identity(fold.how, x.kind))
            w.columns[key] = combine(c, fold.how, w.columns[key], x)
        else:
            fold_into_memory(w, fold, get(fold.value), i, mask, get)
    found = []
    for fold, total in zip(registers, sums, strict=True):
        x = get(fold.value)
        if mask is not None:
            x = c.select(mask_value(c, mask, lanes), x, identity(fold.how, x.kind))
        found.append(combine(c, fold.how, total, x))
    return found
