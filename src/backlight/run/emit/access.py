"""Where the numbers of a nest lie: loads and stores of one step, and folds that lie in memory.

Numbers a few places apart are loaded as the neighbours that they stand among and picked out in registers; further apart,
or at computed places, they are gathered one by one. Two stores that fill each other's gaps are one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from backlight.run.emit import scalar
from backlight.run.emit.code import Code
from backlight.run.emit.elementwise import ENTRIES, largest, smallest
from backlight.run.emit.masks import gather, masked_load, masked_store, scatter
from backlight.run.emit.value import FLOATS, SIZES, Value
from backlight.run.lower.program import Apply, Fold, Literal, Nest, Place, Position, Read, Step, Together, Write

IDENTITY = {"sum": 0, "product": 1, "largest": float("-inf"), "smallest": float("inf")}
NEAR = 4  # places apart up to which numbers are loaded with what stands between them
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

    @functools.cached_property
    def together(self) -> dict[int, Together]:
        """The pairs of values that are written in one go."""
        return self.nest.together()

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


def write_steps(w: Writer, level: int, lanes: int, i: Value | None, mask: int | None, get: Callable[[int], Value],
                found: dict[int, Value]) -> None:
    """Write all values of one level, and put them into `found`."""
    for number, step in enumerate(w.nest.steps):
        if w.levels[number] != level or number in found:
            continue
        pair = w.together.get(number)
        if pair is None:
            found[number] = one_step(w, step, lanes, i, mask, get)
        else:
            assert isinstance(step, Apply)
            found[pair.first], found[pair.second] = scalar.apply_together(w.c, pair.functions, get(step.operands[0]))


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
    elif not step.index and lanes >= NEAR and (stride == -1 or 2 <= abs(stride) <= NEAR):
        x = near(c, c.address(base, at, kind), kind, lanes, stride, mask)
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


def near(c: Code, at: Value, kind: str, lanes: int, stride: int, mask: int | None) -> Value:
    """Return numbers a few places apart: all that they stand among, and those that are wanted picked out.

    Nothing before the first or behind the last of them is read, or with a mask of the chosen ones.
    """
    step, span = abs(stride), abs(stride) * (lanes - 1) + 1
    places = [step * lane if stride > 0 else step * (lanes - 1 - lane) for lane in range(lanes)]
    if stride < 0:
        at = c.address(at, stride * (lanes - 1), kind)
    starts = [*range(0, (step - 1) * lanes, lanes), span - lanes]
    chosen = [place for lane, place in enumerate(places) if mask is None or mask >> lane & 1]
    found: Value | None = None
    for number, start in enumerate(starts):
        end = start + lanes
        if mask is None:
            part = c.load(at, start, kind, lanes)
        else:
            bits = sum(1 << (place - start) for place in chosen if start <= place < end)
            part = masked_load(c, c.address(at, start, kind), kind, lanes, bits)
        low = starts[number - 1] + lanes if number else 0  # what the parts before have not got
        if found is None:
            found = part if step > 1 else c.shuffle(part, None, places)
            continue
        before = places if number == 1 else list(range(lanes))
        found = c.shuffle(found, part, [lanes + place - start if place >= low and place < end else min(lane, lanes - 1)
                                        for place, lane in zip(places, before, strict=True)])
    assert found is not None
    return found


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


def put_all(w: Writer, writes: Sequence[Write], i: Value, mask: int | None, get: Callable[[int], Value]) -> None:
    """Write the stores of one step; two that take every second place, and leave each other the rest, become neighbours."""
    alone = list(writes)
    while alone:
        first = alone.pop(0)
        other = next((x for x in alone if interleaved(first, x)), None)
        x = as_stored(w.c, get(first.value))
        if other is None or x.lanes == 1:
            put(w, first, get(first.value), i, mask, get)
            continue
        alone.remove(other)
        low, high = sorted((first, other), key=lambda write: write.place.offset)
        store_both(w, low, as_stored(w.c, get(low.value)), as_stored(w.c, get(high.value)), i, mask)


def interleaved(a: Write, b: Write) -> bool:
    """Return whether two stores fill each other's gaps."""
    p, q = a.place, b.place
    return ((p.buffer, p.strides) == (q.buffer, q.strides) and bool(p.strides) and p.strides[-1] == 2
            and abs(p.offset - q.offset) == 1 and not a.index and not b.index)


def store_both(w: Writer, write: Write, x: Value, y: Value, i: Value, mask: int | None) -> None:
    """Write two vectors by turns, x first, where `write` says."""
    c, lanes = w.c, x.lanes
    at = c.address(w.base(write.place.buffer), w.at(write.place, i), x.kind)
    turns = [lane // 2 + lanes * (lane % 2) for lane in range(2 * lanes)]
    bits = (1 << 2 * (lanes if mask is None else mask.bit_length())) - 1  # the chosen lanes are the first ones
    for half in range(2):
        part = c.shuffle(x, y, turns[half * lanes : (half + 1) * lanes])
        chosen = bits >> (half * lanes) & ((1 << lanes) - 1)
        there = c.address(at, half * lanes, x.kind)
        if chosen == (1 << lanes) - 1:
            c.store(part, there, 0)
        elif chosen:
            masked_store(c, part, there, chosen)


def fold_into_memory(w: Writer, fold: Fold, x: Value, i: Value | None, mask: int | None, get: Callable[[int], Value]) -> None:
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


def one_by_one(w: Writer, fold: Fold, x: Value, i: Value | None, mask: int | None, get: Callable[[int], Value]) -> None:
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
