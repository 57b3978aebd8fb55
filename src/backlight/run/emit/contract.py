"""Products over several axes: what convolutions, their gradients and sums by letters become.

The tiles are those that `lower/tiles.py` chose. A tile's sums stay in registers while k runs through all of its axes, one
loop inside the other; each step reads the vectors of a row of B, from runs of neighbours or from where they were copied
together, and multiplies them by single numbers of A. So a window that moves over a picture is never written out: its
rows are read where they lie, again for each place that they are part of, and mostly from the nearest cache.

Each number is a sum in the order of k, in blocks where B is copied together: the same bits whoever computes it.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from backlight.run.emit.code import Code, Module
from backlight.run.emit.masks import gather, mask_value, masked_load, masked_store, scatter
from backlight.run.emit.pack import Rows, pack
from backlight.run.emit.value import SIZES, Target, Value
from backlight.run.lower.program import Contract
from backlight.run.lower.tiles import PACKED_BYTES, Axes, Axis, Block, Run, Tiles, Vector, Vectors, choose, merged, places, vectors

UNROLLED = 8  # steps of the innermost axis of k up to which they are written one after the other
LONGEST = 160  # products in what is written so
FULLEST = 26  # sums in 32 registers from which the compiler, given several steps to put in order, would spill them all


@dataclass(frozen=True, slots=True)
class Sums:
    """A product over axes, in the form in which it is cut into tiles: steps in (A, C), (B, C), (A, B)."""

    kind: str
    m: Axes
    n: Axes
    k: Axes

    @property
    def key(self) -> str:
        """A name for the sizes."""
        return f"{self.kind}.{hashlib.sha256(repr(self).encode()).hexdigest()[:16]}"


def vectors_of(target: Target, kind: str) -> Vectors:
    """Return what the choice of tiles must know of a target."""
    return Vectors(target.lanes(kind), 32 if target.width == 64 else 16, target.scalef)


def sums_of(x: Contract) -> Sums:
    """Return one product of the batch."""
    batch = len(x.batch)
    a, b, c = (p.strides[batch:] for p in (x.a, x.b, x.c))
    m, k = len(x.m), len(x.k)
    rows = merged([Axis(*t) for t in zip(x.m, a[:m], c[:m], strict=True)])
    columns = merged([Axis(*t) for t in zip(x.n, b[k:], c[m:], strict=True)])
    depth = merged([Axis(*t) for t in zip(x.k, a[m:], b[:k], strict=True)])
    return Sums(x.kind, rows, columns, depth)


def tiles_of(target: Target, s: Sums) -> Tiles:
    """Return how the product is cut."""
    return choose(s.m, s.n, s.k, SIZES[s.kind], vectors_of(target, s.kind))


def panels(target: Target, x: Contract) -> int:
    """Return into how many units threads may share out one product of the batch: panels of columns."""
    s = sums_of(x)
    return count_blocks(s.n, tiles_of(target, s).columns)


def count_blocks(axes: Axes, block: Block) -> int:
    """Return how many blocks cover the axes."""
    if not axes:
        return 1
    return prod(axis.size for axis in axes[: block.axis]) * -(-axes[block.axis].size // block.count)


# -- vectors from runs --------------------------------------------------------------------------------------------------
def mask_of(run: Run) -> int:
    """Return the lanes of a run."""
    return ((1 << run.count) - 1) << run.lane


def ramp(c: Code, run: Run, lanes: int) -> Value:
    """Return where each lane lies, counted from the run's first number; lanes outside the run are as far as its ends."""
    inside = (min(max(lane - run.lane, 0), run.count - 1) * run.step for lane in range(lanes))
    return Value(c, "<" + ", ".join(f"i64 {run.offset + k}" for k in inside) + ">", "i64", lanes)


def read(c: Code, base: Value, v: Vector, kind: str) -> Value:
    """Return a vector put together from its runs."""
    if v.lanes == 1:
        return c.load(base, v.reads[0].offset, kind)
    found: Value | None = None
    for run in v.reads:
        if run.count == v.lanes and run.step == 1:
            return c.load(base, run.offset, kind, v.lanes)
        if run.step == 0 and run.count == v.lanes:
            return c.splat(c.load(base, run.offset, kind), v.lanes)
        if run.step == 1 or run.count == 1:
            at = c.address(base, run.offset - run.lane, kind)
            found = masked_load(c, at, kind, v.lanes, mask_of(run), found)
        else:
            part = gather(c, base, ramp(c, run, v.lanes), kind, mask_of(run))
            found = part if found is None else c.select(lanes_of(c, run, v.lanes), part, found)
    assert found is not None
    return found


def lanes_of(c: Code, run: Run, lanes: int) -> Value:
    """Return the mask of a run as an operand."""
    return mask_value(c, mask_of(run), lanes)


def write(c: Code, base: Value, v: Vector, x: Value) -> None:
    """Put a vector where its runs lie."""
    for run in v.writes:
        if v.lanes == 1 or (run.count == v.lanes and run.step == 1):
            c.store(x, base, run.offset)
        elif run.step == 1 or run.count == 1:
            masked_store(c, x, c.address(base, run.offset - run.lane, x.kind), mask_of(run))
        else:
            scatter(c, x, base, ramp(c, run, v.lanes), mask_of(run))


def there(c: Code, base: Value, v: Vector, kind: str) -> Value:
    """Return what lies where a vector will be written."""
    return read(c, base, Vector(v.lanes, v.writes, v.writes), kind)


# -- tiles ---------------------------------------------------------------------------------------------------------------
def over(c: Code, k: Sequence[Axis], a: Value, b: Value, kind: str, carry: Sequence[Value], size: int,
         step: Callable[..., list[Value]]) -> list[Value]:
    """Write the loops over the axes of k, with the sums carried; `size` says how many products a step has."""
    if not k:
        return step(a, b, *carry)
    axis, inner = k[0], k[1:]
    full = size > FULLEST and c.target.width == 64
    if not inner and axis.size <= UNROLLED and axis.size * size <= LONGEST and not full:
        found = list(carry)
        for i in range(axis.size):
            found = step(c.address(a, i * axis.first, kind), c.address(b, i * axis.second, kind), *found)
        return found

    def body(i: Value, *sums: Value) -> list[Value]:
        return over(c, inner, c.address(a, i * axis.first, kind), c.address(b, i * axis.second, kind), kind, sums, size, step)

    return c.loop(axis.size, body, carry)


def define_tile(module: Module, s: Sums, rows: Sequence[tuple[int, int]], parts: Sequence[Vector], k: Sequence[Axis]) -> str:
    """Write the function of a tile: (a, b, c, add); with `add` the sums go on top of what is there."""
    digest = hashlib.sha256(repr((s.kind, tuple(rows), tuple(parts), tuple(k))).encode()).hexdigest()[:16]

    def write_tile(c: Code, a: Value, b: Value, out: Value, add: Value) -> None:
        zeros = [c.constant(0.0, s.kind, v.lanes) for _ in rows for v in parts]

        def step(a_here: Value, b_here: Value, *sums: Value) -> list[Value]:
            columns = [read(c, b_here, v, s.kind) for v in parts]
            found = []
            for i, (offset, _) in enumerate(rows):
                one = c.load(a_here, offset, s.kind)
                for j, v in enumerate(parts):
                    found.append(c.muladd(c.splat(one, v.lanes), columns[j], sums[i * len(parts) + j]))
            return found

        sums = over(c, k, a, b, s.kind, zeros, len(rows) * len(parts), step)
        spots = [(c.address(out, offset, s.kind), v) for _, offset in rows for v in parts]

        def added() -> list[Value]:
            return [x + there(c, at, v, s.kind) for x, (at, v) in zip(sums, spots, strict=True)]

        for x, (at, v) in zip(c.when(add, added, sums), spots, strict=True):
            write(c, at, v, x)

    parameters = [("a", "ptr", 1), ("b", "ptr", 1), ("c", "ptr", 1), ("add", "i1", 1)]
    return module.define(f"bl.sums.tile.{digest}", "void", parameters, "noinline #0", write_tile)


def walk(c: Code, axes: Axes, block: Block, kind: str, p: Value, q: Value,
         visit: Callable[[Value, Value, int], None]) -> None:
    """Write the loops over all blocks of the axes: `visit(p, q, count)` with the addresses in both operands."""
    if not axes:
        visit(p, q, 1)
        return

    def level(number: int, p: Value, q: Value) -> None:
        axis = axes[number]

        def at(i: Value | int) -> tuple[Value, Value]:
            return c.address(p, i * axis.first, kind), c.address(q, i * axis.second, kind)

        if number < block.axis:
            c.loop(axis.size, lambda i: level(number + 1, *at(i)))
            return
        full = axis.size // block.count * block.count
        if full == block.count:
            visit(p, q, block.count)
        elif full:
            c.loop(full, lambda i: visit(*at(i), block.count), step=block.count)
        if full < axis.size:
            visit(*at(full), axis.size - full)

    level(0, p, q)


def chunk_of(k: Axes, width: int, size: int) -> tuple[int, int]:
    """Return the axis of k that is cut where B is copied together, and into pieces of how many steps."""
    most = max(PACKED_BYTES // (width * size), 1)
    tail = 1
    for number in range(len(k) - 1, -1, -1):
        if tail * k[number].size > most:
            return number, max(most // tail, 1)
        tail *= k[number].size
    return 0, k[0].size if k else 1


def define_panel(module: Module, s: Sums, t: Tiles, count: int) -> str:
    """Write the function of one panel of columns, `count` steps of the blocked axis wide: (a, b, c)."""
    on = vectors_of(module.target, s.kind)
    parts = vectors(s.n, Block(t.columns.axis, count), on)

    def tiles(c: Code, a: Value, b: Value, out: Value, parts: Sequence[Vector], k: Sequence[Axis], add: Value) -> None:
        def tile(a_here: Value, c_here: Value, height: int) -> None:
            rows = places(s.m, Block(t.rows.axis, height))
            symbol = define_tile(module, s, rows, parts, k)
            c.do(f"call void @{symbol}({', '.join(x.typed for x in (a_here, b, c_here, add))})")

        walk(c, s.m, t.rows, s.kind, a, out, tile)

    def write_panel(c: Code, a: Value, b: Value, out: Value) -> None:
        if not t.packed:
            tiles(c, a, b, out, parts, s.k, c.constant(0, "i1"))
            return
        width = sum(v.lanes for v in parts)
        axis, most = chunk_of(s.k, width, SIZES[s.kind])
        depth = most * prod(x.size for x in s.k[axis + 1 :])
        buffer = c.put(f"alloca [{depth * width} x {s.kind}], align 64", "ptr")
        together, at = [], 0
        for v in parts:
            run = (Run(0, v.lanes, at, 1),)
            together.append(Vector(v.lanes, run, v.writes))
            at += v.lanes

        def chunk(a_here: Value, b_here: Value, steps: int, add: Value) -> None:
            inner = [Axis(steps, s.k[axis].first, s.k[axis].second), *s.k[axis + 1 :]] if s.k else []
            copy_together(c, s, parts, inner, b_here, buffer, width)
            tiles(c, a_here, buffer, out, together, packed_axes(inner, width), add)

        def level(number: int, a_here: Value, b_here: Value, add: Value) -> None:
            if not s.k:
                chunk(a_here, b_here, 1, add)
                return
            x = s.k[number]

            def at(i: Value | int) -> tuple[Value, Value]:
                return c.address(a_here, i * x.first, s.kind), c.address(b_here, i * x.second, s.kind)

            if number < axis:
                c.loop(x.size, lambda i: level(number + 1, *at(i), add | i.gt(0)))
                return
            full = x.size // most * most
            if full == most:
                chunk(a_here, b_here, most, add)
            else:
                c.loop(full, lambda i: chunk(*at(i), most, add | i.gt(0)), step=most)
            if full < x.size:
                chunk(*at(full), x.size - full, add if full == 0 else c.constant(1, "i1"))

        level(0, a, b, c.constant(0, "i1"))

    parameters = [("a", "ptr", 1), ("b", "ptr", 1), ("c", "ptr", 1)]
    return module.define(f"bl.sums.panel.{s.key}.{count}", "void", parameters, "noinline #0", write_panel)


def packed_axes(k: Sequence[Axis], width: int) -> list[Axis]:
    """Return the axes of k where B lies together, row after row."""
    found, step = [], width
    for axis in reversed(k):
        found.append(Axis(axis.size, axis.first, step))
        step *= axis.size
    return found[::-1]


def copy_together(c: Code, s: Sums, parts: Sequence[Vector], k: Sequence[Axis], b: Value, buffer: Value, width: int) -> None:
    """Write the copy of the columns of a panel, row after row of k."""
    source = merged([Axis(x.size, x.second, y.second) for x, y in zip(k, packed_axes(k, width), strict=True)])
    lone = parts[0].reads[0].step if all(len(v.reads) == 1 for v in parts) else 1
    starts = itertools.accumulate((v.lanes for v in parts), initial=0)
    even = lone not in {0, 1} and all(v.reads[0].step == lone and v.reads[0].offset == lone * at and v.used == v.lanes
                                      for v, at in zip(parts, starts, strict=False))
    if source and even and source[-1].first == 1 and sum(v.used for v in parts) == width:
        rows = Rows(s.kind, 1, lone)  # numbers of a column lie side by side: squares are turned in registers

        def turn(p: Value, q: Value) -> None:
            pack(c, rows, width, parts[0].lanes, p, q, c.constant(source[-1].size, "i64"))

        nested(c, source[:-1], s.kind, b, buffer, turn)
        return

    def copy(p: Value, q: Value) -> None:
        at = 0
        for v in parts:
            c.store(read(c, p, v, s.kind), q, at)
            at += v.lanes

    nested(c, source, s.kind, b, buffer, copy)


def nested(c: Code, axes: Sequence[Axis], kind: str, p: Value, q: Value, visit: Callable[[Value, Value], None]) -> None:
    """Write loops over axes, one inside the other."""
    if not axes:
        visit(p, q)
        return
    axis = axes[0]
    c.loop(axis.size, lambda i: nested(
        c, axes[1:], kind, c.address(p, i * axis.first, kind), c.address(q, i * axis.second, kind), visit))


# -- the instruction -----------------------------------------------------------------------------------------------------
def write_contract(c: Code, x: Contract, base: Callable[[int], Value], first: Value | int, last: Value | int) -> None:
    """Write the units from first up to last: unit by unit, a panel of a product of the batch."""
    if 0 in (*x.batch, *x.m, *x.n):
        return
    s = sums_of(x)
    t = tiles_of(c.module.target, s)
    per = count_blocks(s.n, t.columns)
    a, b, out = (c.address(base(p.buffer), p.offset, x.kind) for p in (x.a, x.b, x.c))
    size = s.n[t.columns.axis].size if s.n else 1
    full, rest = divmod(size, t.columns.count)

    def unit(u: Value) -> None:
        number, panel = (u, c.constant(0, "i64")) if per == 1 else divided(c, u, per)
        ends = list(offsets(c, number, x.batch, [p.strides[: len(x.batch)] for p in (x.a, x.b, x.c)]))
        outer, inner = (panel, c.constant(0, "i64")) if not s.n else divided(c, panel, full + (rest > 0))
        before = s.n[: t.columns.axis]
        moved = offsets(c, outer, [d.size for d in before], [[d.first for d in before], [d.second for d in before]])
        if s.n:
            axis = s.n[t.columns.axis]
            along = inner * t.columns.count
            moved = [moved[0] + along * axis.first, moved[1] + along * axis.second]
        places = (c.address(a, ends[0], x.kind), c.address(b, ends[1] + moved[0], x.kind),
                  c.address(out, ends[2] + moved[1], x.kind))

        def call(count: int) -> None:
            symbol = define_panel(c.module, s, t, count)
            c.do(f"call void @{symbol}({', '.join(p.typed for p in places)})")

        if not rest or not full:
            call(t.columns.count if full else rest)
            return
        c.when(inner.lt(full), lambda: call(t.columns.count))
        c.when(inner.ge(full), lambda: call(rest))

    c.loop(last, unit, start=first)


def divided(c: Code, x: Value, by: int) -> tuple[Value, Value]:
    """Return the whole quotient and the rest."""
    if by == 1:
        return x, c.constant(0, "i64")
    quotient = c.put(f"sdiv {x.typed}, {by}", "i64")
    return quotient, x - quotient * by


def offsets(c: Code, number: Value, sizes: Sequence[int], strides: Sequence[Sequence[int]]) -> list[Value]:
    """Return where the box number `number` of a row-major order lies, for each set of strides."""
    found = [c.constant(0, "i64") for _ in strides]
    rest = number
    for axis in range(len(sizes) - 1, -1, -1):
        if sizes[axis] == 1:
            continue
        rest, at = divided(c, rest, sizes[axis])
        found = [total + at * steps[axis] for total, steps in zip(found, strides, strict=True)]
    return found
