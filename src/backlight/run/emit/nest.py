"""Loops of a nest, as vectors along the innermost axis.

A value is computed in the outermost loop that it allows: what depends on rows only is computed once a row, as a single
number. The rest of a row that does not fill a vector is one masked step where the processor has masks, else a loop over
single numbers. Folds along the innermost axis stay in registers; folds along others add into memory. A fold of
everything goes by chunks of fixed size whose results are folded at the end: the same bits on any number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backlight.run.emit import scalar
from backlight.run.emit.code import FLOATS, SIZES, Code, Value
from backlight.run.emit.elementwise import ENTRIES, largest, smallest
from backlight.run.emit.masks import gather, mask_value, masked_load, masked_store, scatter
from backlight.run.lower.program import Apply, Fold, Literal, Nest, Place, Position, Read, Step, Write

IDENTITY = {"sum": 0, "product": 1, "largest": float("-inf"), "smallest": float("inf")}
HEAVY = {*scalar.UNARY, *scalar.BINARY, "power", "remainder"}
NARROW = 2  # vectors in a row, up to which the folds of all columns stay in registers
Base = Callable[[int], Value]  # the address of a buffer, by its number


def stored(kind: str) -> str:
    """Return how a kind lies in memory: a truth value takes a byte."""
    return "i8" if kind == "i1" else kind


def identity(how: str, kind: str) -> float | int:
    """Return what changes nothing when folded in."""
    if kind in FLOATS or how in {"sum", "product"}:
        return IDENTITY[how]
    bits = 8 * SIZES[kind] - 1
    if kind == "i1":
        return int(how == "smallest")
    return -(1 << bits) if how == "largest" else (1 << bits) - 1


def combine(c: Code, how: str, x: Value, y: Value) -> Value:
    """Return two partial folds as one."""
    if how == "sum":
        return x + y if x.kind != "i1" else x | y
    if how == "product":
        return x * y if x.kind != "i1" else x & y
    return largest(c, x, y) if how == "largest" else smallest(c, x, y)


def collapse_lanes(c: Code, how: str, x: Value) -> Value:
    """Return the fold of the lanes of one vector: by halves, always in the same order."""
    while x.lanes > 1:
        x = combine(c, how, *c.halves(x))
    return x


@dataclass
class Writer:
    """What is known while a nest is written."""

    c: Code
    nest: Nest
    base: Base
    levels: list[int] = field(default_factory=list)
    values: dict[int, Value] = field(default_factory=dict)  # single numbers, by the number of the step
    index: list[Value] = field(default_factory=list)  # of the loops that are open
    columns: dict[tuple[int, int], Value] = field(default_factory=dict)  # folds down narrow columns: (fold, column)

    def at(self, place: Place, inner: Value | None = None) -> Value:
        """Return the offset of a place in the open loops, in numbers."""
        total = self.c.constant(place.offset, "i64")
        loops = [*self.index, inner] if inner is not None else self.index
        for i, stride in zip(loops, place.strides, strict=False):
            if stride and i is not None:
                total = i * stride + total if stride != 1 else i + total
        return total

    def indexed(self, total: Value, index: tuple[tuple[int, int], ...], get: Callable[[int], Value]) -> Value:
        """Return the offset moved by computed whole numbers."""
        for number, stride in index:
            moved = self.c.convert(get(number), "i64") * stride
            total = moved + (self.c.splat(total, moved.lanes) if moved.lanes > 1 else total)
        return total


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


def open_loops(w: Writer, depth: int, first: Value | int, last: Value | int) -> None:
    """Write what is constant in the loops open so far, then the next loop."""
    nest, c = w.nest, w.c
    outer = {number for number, level in enumerate(w.levels) if level == depth - 1}
    kept = dict(w.values)
    if depth < len(nest.sizes) or not nest.sizes:
        for number in sorted(outer):
            w.values[number] = one_step(w, nest.steps[number], 1, None, None, w.values.__getitem__)
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
        c.loop(last if whole else nest.sizes[depth], body, start=first if whole else 0)
    w.values = kept


def finish_point(w: Writer) -> None:
    """Write the results of a nest without loops."""
    for write in w.nest.writes:
        put(w, write, w.values[write.value], None, None, w.values.__getitem__)
    for fold in w.nest.folds:
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
            sums = c.loop(whole, body, sums, step=lanes)
        if n % lanes and masks:
            sums = rest(whole, sums)
    else:
        end = start + nest.chunk
        stop = c.select(end.gt(whole), c.constant(whole, "i64"), end)
        sums = c.loop(stop, body, starts, step=lanes, start=start)
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

    for number, step in enumerate(nest.steps):
        if w.levels[number] == depth:
            here[number] = one_step(w, step, lanes, i, mask, get)
    for write in nest.writes:
        put(w, write, get(write.value), i, mask, get)
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


def one_step(w: Writer, step: Step, lanes: int, i: Value | None, mask: int | None,
             get: Callable[[int], Value]) -> Value:
    """Write one value: of the innermost loop (with its index i), or of an outer one (a single number)."""
    c = w.c
    match step:
        case Literal(value=value, kind=kind):
            return c.constant(value, kind, lanes)
        case Position():
            return position(w, step, lanes, i)
        case Read():
            return read(w, step, lanes, i, mask, get)
        case Apply(op="convert", operands=operands, kind=kind):
            return convert(c, get(operands[0]), kind)
        case Apply(op=op, operands=operands):
            return ENTRIES[op](c, *(get(v) for v in operands))


def convert(c: Code, x: Value, kind: str) -> Value:
    """Return x as another kind; as a truth value, whether it is not 0."""
    if kind == "i1" and x.kind != "i1":
        return x.ne(0)
    return c.convert(x, kind)


def position(w: Writer, step: Position, lanes: int, i: Value | None) -> Value:
    """Write a whole number that counts along the axes."""
    c = w.c
    total = w.at(Place(0, step.offset, step.strides), i)
    if lanes > 1:
        total = c.splat(total, lanes) + ramp(c, step.strides[-1], lanes)
    return c.convert(total, step.kind)


def ramp(c: Code, stride: int, lanes: int) -> Value:
    """Return 0, stride, 2 stride, … as an operand."""
    return Value(c, "<" + ", ".join(f"i64 {k * stride}" for k in range(lanes)) + ">", "i64", lanes)


def read(w: Writer, step: Read, lanes: int, i: Value | None, mask: int | None, get: Callable[[int], Value]) -> Value:
    """Write a load: of neighbours, of strided numbers, or of gathered ones."""
    c, kind = w.c, stored(step.kind)
    base = w.base(step.place.buffer)
    at = w.at(step.place, i)
    stride = step.place.strides[-1] if step.place.strides and i is not None else 0
    if lanes == 1:
        x = c.load(base, w.indexed(at, step.index, get), kind)
    elif step.index or stride not in {0, 1}:
        offsets = w.indexed(c.splat(at, lanes) + ramp(c, stride, lanes), step.index, get)
        x = gather(c, base, offsets, kind, mask)
    elif stride == 0:
        x = c.splat(c.load(base, at, kind), lanes)
    elif mask is None:
        x = c.load(base, at, kind, lanes)
    else:
        x = masked_load(c, c.address(base, at, kind), kind, lanes, mask)
    return x.ne(0) if step.kind == "i1" else x


def as_stored(c: Code, x: Value) -> Value:
    """Return x as it lies in memory."""
    return c.convert(x, "i8") if x.kind == "i1" else x


def put(w: Writer, write: Write, x: Value, i: Value | None, mask: int | None, get: Callable[[int], Value]) -> None:
    """Write a store: of neighbours, of strided numbers, or scattered ones."""
    c = w.c
    x = as_stored(c, x)
    base, at = w.base(write.place.buffer), w.at(write.place, i)
    stride = write.place.strides[-1] if write.place.strides and i is not None else 0
    if x.lanes == 1:
        c.store(x, base, w.indexed(at, write.index, get))
    elif write.index or stride != 1:
        offsets = w.indexed(c.splat(at, x.lanes) + ramp(c, stride, x.lanes), write.index, get)
        scatter(c, x, base, offsets, mask)
    elif mask is None:
        c.store(x, base, at)
    else:
        masked_store(c, x, c.address(base, at, x.kind), mask)


def fold_into_memory(w: Writer, fold: Fold, x: Value, i: Value, mask: int | None, get: Callable[[int], Value]) -> None:
    """Write a fold whose results lie in memory: along an outer axis, or scattered."""
    c, kind = w.c, stored(x.kind)
    stride = fold.place.strides[-1] if fold.place.strides else 0
    if fold.index or stride == 0 or (stride != 1 and x.lanes > 1):
        one_by_one(w, fold, x, i, mask, get)
        return
    base, at = w.base(fold.place.buffer), w.at(fold.place, i)
    there = c.address(base, at, kind)
    old = c.load(there, 0, kind, x.lanes) if mask is None else masked_load(c, there, kind, x.lanes, mask)
    new = as_stored(c, combine(c, fold.how, old.ne(0) if x.kind == "i1" else old, x))
    if mask is None:
        c.store(new, there, 0)
    else:
        masked_store(c, new, there, mask)


def one_by_one(w: Writer, fold: Fold, x: Value, i: Value, mask: int | None, get: Callable[[int], Value]) -> None:
    """Write a fold of lanes that may meet at one number: lane after lane."""
    c, kind = w.c, stored(x.kind)
    base = w.base(fold.place.buffer)
    stride = fold.place.strides[-1] if fold.place.strides else 0
    for lane in range(x.lanes):
        if mask is not None and not mask >> lane & 1:
            continue
        at = w.at(fold.place, i) + lane * stride
        at = w.indexed(at, fold.index, lambda v, lane=lane: c.extract(get(v), lane))  # type: ignore[misc]
        old = c.load(base, at, kind)
        new = combine(c, fold.how, old.ne(0) if x.kind == "i1" else old, c.extract(x, lane))
        c.store(as_stored(c, new), base, at)
