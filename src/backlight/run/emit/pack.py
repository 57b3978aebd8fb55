"""Rows copied together, so that a product streams them: as they lie, or turned in registers where they lie as columns."""

from __future__ import annotations

from dataclasses import dataclass

from backlight.run.emit.code import Code, Value
from backlight.run.emit.parts import parts_of


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be copied together: their kind of number, and how far apart rows and columns lie."""

    kind: str
    row: int
    column: int


def pack(c: Code, p: Rows, width: int, lanes: int, source: Value, buffer: Value, depth: Value) -> None:
    """Call the function that copies `depth` rows, `width` numbers each, together."""
    symbol = f"bl.pack.{p.kind}.{width}.{p.row}.{p.column}"

    def write(inner: Code, source: Value, to: Value, deep: Value) -> None:
        if p.column == 1:
            copy_rows(inner, p, width, lanes, source, to, deep)
        else:
            turn_rows(inner, p, width, lanes, source, to, deep)

    parameters = [("b", "ptr", 1), ("buffer", "ptr", 1), ("depth", "i64", 1)]
    c.module.define(symbol, "void", parameters, "noinline #0", write)
    c.do(f"call void @{symbol}({source.typed}, {buffer.typed}, {depth.typed})")


def copy_rows(c: Code, p: Rows, width: int, lanes: int, b: Value, buffer: Value, depth: Value) -> None:
    """Copy rows whose numbers lie side by side."""
    def row(k: Value) -> None:
        source, to = c.address(b, k * p.row, p.kind), c.address(buffer, k * width, p.kind)
        for part in parts_of(c.target, width, lanes):
            part.store(c, part.load(c, source, 0, p.kind), to, 0)

    c.loop(depth, row)


def turn_rows(c: Code, p: Rows, width: int, lanes: int, b: Value, buffer: Value, depth: Value) -> None:
    """Copy rows that lie as columns: squares of `lanes` by `lanes` are turned in registers, the rest one by one."""
    def one_by_one(k: Value, columns: range) -> None:
        source, to = c.address(b, k * p.row, p.kind), c.address(buffer, k * width, p.kind)
        for j in columns:
            c.store(c.load(source, j * p.column, p.kind), to, j)

    squares = width // lanes if p.row == 1 else 0
    if squares:
        whole = (depth.shift_right(lanes.bit_length() - 1)) << (lanes.bit_length() - 1)
        for s in range(squares):
            def square(k: Value, s: int = s) -> None:
                source = c.address(b, k + s * lanes * p.column, p.kind)
                rows = [c.load(source, j * p.column, p.kind, lanes) for j in range(lanes)]
                to = c.address(buffer, k * width + s * lanes, p.kind)
                for i, column in enumerate(transpose(c, rows)):
                    c.store(column, to, i * width)

            c.loop(whole, square, step=lanes)
        c.loop(depth, lambda k: one_by_one(k, range(squares * lanes)), start=whole)
    if squares * lanes < width:
        c.loop(depth, lambda k: one_by_one(k, range(squares * lanes, width)))


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
