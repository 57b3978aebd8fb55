"""Rows copied together, so that a product streams them: as they lie, or turned in registers where they lie as columns."""

from __future__ import annotations

from dataclasses import dataclass

from backlight.run.emit import kernel
from backlight.run.emit.code import Code
from backlight.run.emit.fetch import fetch
from backlight.run.emit.parts import parts_of
from backlight.run.emit.value import SIZES, Value

FEW = 8  # columns that are copied number by number, up to which they are written one after the other


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be copied together: their kind of number, and how far apart rows and columns lie."""

    kind: str
    row: int
    column: int


def pack(c: Code, p: Rows, width: int, lanes: int, source: Value, buffer: Value, depth: Value) -> None:
    """Call the function that copies `depth` rows, `width` numbers each, together."""
    way = "rows" if p.column == 1 else "columns" if p.row == 1 else "any"
    if way == "columns" and depth.text.isdecimal() and int(depth.text) < lanes:
        way = "any"  # no square is that small
    symbol = f"bl.pack.{p.kind}.{width}.{way}"

    def write(inner: Code, start: Value, to: Value, deep: Value, row: Value, column: Value) -> None:
        if way == "rows":
            copy_rows(inner, p.kind, width, lanes, (start, to), deep, row)
        else:
            turn_rows(inner, p.kind, width, lanes, (start, to), deep, (row, column), squares=way == "columns")

    parameters = [("from", "ptr", 1), ("to", "ptr", 1), ("depth", "i64", 1), ("row", "i64", 1), ("column", "i64", 1)]
    c.module.define(symbol, "void", parameters, "noinline #0", write)
    operands = (source, buffer, depth, c.constant(p.row, "i64"), c.constant(p.column, "i64"))
    c.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")


def copy_rows(c: Code, kind: str, width: int, lanes: int, ends: tuple[Value, Value], depth: Value, row: Value) -> None:
    """Copy rows whose numbers lie side by side."""
    def one(k: Value) -> None:
        source, to = c.address(ends[0], k * row, kind), c.address(ends[1], k * width, kind)
        for part in parts_of(c.target, width, lanes):
            part.store(c, part.load(c, source, 0, kind), to, 0)

    c.loop(depth, one)


def turn_rows(c: Code, kind: str, width: int, lanes: int, ends: tuple[Value, Value], depth: Value,
              steps: tuple[Value, Value], squares: bool) -> None:
    """Copy rows that lie as columns: squares of `lanes` by `lanes`, or somewhat narrower, are turned in registers, the rest
    one by one."""
    row, column = steps
    whole = width - width % lanes if squares else 0
    # the rows of a narrow square are written whole but for the last one: those of less than half would reach beyond it
    least = lanes // 4 + 1 if whole else lanes // 2
    narrow = width - whole if squares and width - whole >= least else 0
    done = whole + narrow

    def one_by_one(k: Value, columns: range) -> None:
        source, to = c.address(ends[0], k * row, kind), c.address(ends[1], k * width, kind)
        if len(columns) > FEW:  # written one after the other they take the compiler a while
            c.loop(columns.stop, lambda j: c.store(c.load(source, column * j, kind), to, j), start=columns.start)
            return
        for j in columns:
            c.store(c.load(source, column * j, kind), to, j)

    def square(k: Value, first: Value | int, used: int) -> None:
        source, to = c.address(ends[0], column * first + k, kind), c.address(ends[1], k * width + first, kind)
        turn_square(c, kind, lanes, (source, to), (column, c.constant(width, "i64")), c.constant(used, "i64"))

    def squares_of(k: Value) -> None:
        if narrow:  # first: it writes too much, into the beginning of the next row
            square(k, whole, narrow)
        if whole:
            c.loop(whole, lambda first: square(k, first, lanes), step=lanes)

    if done:
        even = (depth.shift_right(lanes.bit_length() - 1)) << (lanes.bit_length() - 1)
        c.loop(even, squares_of, step=lanes)
        c.loop(depth, lambda k: one_by_one(k, range(done)), start=even)
    if done < width:
        c.loop(depth, lambda k: one_by_one(k, range(done, width)))


def turn_square(c: Code, kind: str, lanes: int, ends: tuple[Value, Value], steps: tuple[Value, Value], used: Value) -> None:
    """Call the function that turns a square of which so many columns count; each row but the last is written whole, and that
    one too if all count."""
    def write(inner: Code, start: Value, to: Value, column: Value, row: Value, count: Value) -> None:
        room = inner.put(f"alloca [{lanes} x {kind}], align 64", "ptr")
        last = count - 1
        rows = []
        for j in range(lanes):
            at = inner.select(last.lt(j), last, inner.constant(j, "i64"))
            fetch(inner, inner.address(start, column * at + lanes, kind), lanes * SIZES[kind])  # of the next square
            rows.append(inner.load(start, column * at, kind, lanes))
        *others, end = transpose(inner, rows)
        for i, turned in enumerate(others):
            inner.store(turned, to, row * i)
        here, whole = inner.address(to, row * (lanes - 1), kind), count.ge(lanes)
        inner.when(whole, lambda: inner.store(end, here, 0))
        inner.store(end, room, 0)
        left = inner.select(whole, inner.constant(0, "i64"), count)
        inner.loop(left, lambda j: inner.store(inner.load(room, j, kind), here, j))

    parameters = [("from", "ptr", 1), ("to", "ptr", 1), ("column", "i64", 1), ("row", "i64", 1), ("used", "i64", 1)]
    symbol = c.module.define(f"bl.turn.{kind}.{lanes}", "void", parameters, "noinline #0", write)
    c.do(f"call void @{symbol}({', '.join(x.typed for x in (*ends, *steps, used))})")


def transpose(c: Code, rows: list[Value]) -> list[Value]:
    """Return the columns of a square of vectors: halves are exchanged, then quarters, and so on down."""
    if kernel.turns(c.target, rows):
        return kernel.transpose(c, rows)
    n = len(rows)
    half = n // 2
    while half:
        found = list(rows)
        for i in range(n):
            if not i & half:
                a, b = rows[i], rows[i + half]
                low = [k if not k & half else n + (k ^ half) for k in range(n)]
                high = [(k ^ half) if not k & half else n + k for k in range(n)]
                found[i], found[i + half] = c.shuffle(a, b, low), c.shuffle(a, b, high)
        rows = found
        half //= 2
    return rows
