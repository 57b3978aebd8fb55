"""Loops of a nest, as vectors along the innermost axis.

A value is computed in the outermost loop that it allows: what depends on rows only is computed once a row, as a single
number. The rest of a row that does not fill a vector is one masked step where the processor has masks, else a loop over
single numbers. Folds along the innermost axis stay in registers; folds along others add into memory. A fold of
everything goes by chunks of fixed size whose results are folded at the end: the same bits on any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

    def body(i: Value, *sums: Value) -> list[Value]:
        w.columns = dict(zip(keys, sums, strict=True))
        w.index.append(i)
        open_loops(w, 1, 0, 0)
        w.index.pop()
        return [w.columns[key] for key in keys]

    for (number, at), total in zip(keys, c.loop(nest.sizes[0], body, starts), strict=True):
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
            def chunk(unit: Value) -> None:
                row(w, unit * nest.chunk, unit)

            c.loop(last, chunk, start=first)
        else:
            row(w, None, None)
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


def row(w: Writer, start: Value | None, unit: Value | None) -> None:
    """Write the innermost loop: whole vectors, then the rest."""
    nest, c = w.nest, w.c
    n, lanes, depth = nest.sizes[-1], lanes_of(nest, c), len(nest.sizes) - 1
    masks = c.target.scalef
    registers = [fold for fold in nest.folds if in_registers(nest, fold)]
    splats = {number: c.splat(value, lanes) for number, value in w.values.items() if used_inside(w, number, depth)}
    starts = [c.constant(identity(f.how, nest.steps[f.value].kind), nest.steps[f.value].kind, lanes) for f in registers]
    whole = n - n % lanes
    mask_of_rest = (1 << (n % lanes)) - 1

    def body(i: Value, *sums: Value, size: int = lanes, mask: int | None = None) -> list[Value]:
        return inside(w, i, size, mask, splats if size == lanes else w.values, registers, sums)

    def rest(i: Value | int, sums: Sequence[Value]) -> list[Value]:
        at = i if isinstance(i, Value) else c.constant(i, "i64")
        return body(at, *sums, mask=mask_of_rest)

    narrow = n % lanes if n < 2 * lanes and (n % lanes).bit_count() == 1 and start is None else 0
    masks = masks and not narrow
    if start is None:
        sums = list(starts)
        if whole == lanes or w.columns:
            for at in range(0, whole, lanes):
                sums = body(c.constant(at, "i64"), *sums)
        elif whole:
            sums = vectors(w, 0, whole, lanes, sums, body)
        if n % lanes and masks:
            sums = rest(whole, sums)
    else:
        end = start + nest.chunk
        stop = c.select(end.gt(whole), c.constant(whole, "i64"), end)
        sums = vectors(w, start, stop, lanes, starts, body)
        if n % lanes and masks:
            sums = c.when(end.gt(whole), lambda: rest(whole, sums), sums)
    results = [collapse_lanes(c, f.how, s) for f, s in zip(registers, sums, strict=True)]
    if narrow:
        singles = [c.constant(identity(f.how, s.kind), s.kind, narrow) for f, s in zip(registers, results, strict=True)]
        splats = {number: c.splat(value, narrow) for number, value in w.values.items()}
        singles = inside(w, c.constant(whole, "i64"), narrow, None, splats, registers, singles)
        others = [collapse_lanes(c, f.how, s) for f, s in zip(registers, singles, strict=True)]
        results = [combine(c, f.how, a, b) for f, a, b in zip(registers, results, others, strict=True)]
    elif n % lanes and not masks:
        singles = [c.constant(identity(f.how, s.kind), s.kind) for f, s in zip(registers, results, strict=True)]
        stop = c.constant(n, "i64")
        if start is not None:
            stop = c.select((start + nest.chunk).gt(whole), stop, c.constant(0, "i64"))
        singles = c.loop(stop, lambda i, *s: body(i, *s, size=1), singles, start=whole)
        results = [combine(c, f.how, a, b) for f, a, b in zip(registers, results, singles, strict=True)]
    for fold, result in zip(registers, results, strict=True):
        if fold.partials is not None and unit is not None:
            c.store(as_stored(c, result), w.base(fold.partials), unit)
            continue
        if not complete(nest, fold):
            old = c.load(w.base(fold.place.buffer), w.at(fold.place), stored(result.kind))
            result = combine(c, fold.how, old.ne(0) if result.kind == "i1" else old, result)
        put(w, Write(fold.value, fold.place), result, None, None, w.values.__getitem__)


def vectors(w: Writer, start: Value | int, stop: Value | int, lanes: int, sums: Sequence[Value],
            body: Callable[..., list[Value]]) -> list[Value]:
    """Write the loop over whole vectors: a pipeline where much is computed of each."""
    c, nest = w.c, w.nest
    if not heavy(nest):
        return c.loop(stop, body, sums, step=lanes, start=start)
    read = {step.place.buffer for step in nest.steps if isinstance(step, Read)}
    alone = all(in_registers(nest, fold) for fold in nest.folds) and read.isdisjoint(x.place.buffer for x in nest.writes)
    return pipelined.loop(c, start, stop, lanes, sums, alone, body)


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
