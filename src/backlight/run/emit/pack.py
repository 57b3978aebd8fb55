"""Rows copied together, so that a product streams them: as they lie, or turned in registers where they lie as columns."""

from __future__ import annotations

from dataclasses import dataclass

from backlight.run.emit.code import Code
from backlight.run.emit.parts import parts_of
from backlight.run.emit.value import Value


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be copied together: their kind of number, and how far apart rows and columns lie."""

    kind: str
    row: int
    column: int


def pack(c: Code, p: Rows, width: int, lanes: int, source: Value, buffer: Value, depth: Value) -> None:
    """Call the function that copies `depth` rows, `width` numbers each, together."""
    way = "rows" if p.column == 1 else "columns" if p.row == 1 else "any"
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
    """Copy rows that lie as columns: squares of `lanes` by `lanes` are turned in registers, the rest one by one."""
    row, column = steps

    def one_by_one(k: Value, columns: range) -> None:
        source, to = c.address(ends[0], k * row, kind), c.address(ends[1], k * width, kind)
        for j in columns:
            c.store(c.load(source, column * j, kind), to, j)

    count = width // lanes if squares else 0
    if count:
        whole = (depth.shift_right(lanes.bit_length() - 1)) << (lanes.bit_length() - 1)

        def square(k: Value) -> None:
            def block(s: Value) -> None:
                source = c.address(ends[0], column * s + k, kind)
                rows = [c.load(source, column * j, kind, lanes) for j in range(lanes)]
                to = c.address(ends[1], k * width + s, kind)
                for i, turned in enumerate(transpose(c, rows)):
                    c.store(turned, to, i * width)

            c.loop(count * lanes, block, step=lanes)

        c.loop(whole, square, step=lanes)
        c.loop(depth, lambda k: one_by_one(k, range(count * lanes)), start=whole)
    if count * lanes < width:
        c.loop(depth, lambda k: one_by_one(k, range(count * lanes, width)))


def transpose(c: Code, rows: list[Value]) -> list[Value]:
    """Return the columns of a square of vectors: halves are exchanged, then quarters, and so on down."""
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
