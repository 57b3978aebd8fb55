"""Minibatches: rows of the data, in the order that is given.

Before each step the rows are copied together. A minibatch that nothing but products use, as their A, is not copied: they read
the rows where they lie, by their addresses, and threads that share such a product out have no memory in common that one writes
and the other reads. The rows of the next step lie anywhere in memory: they are asked for early, and where it can be arranged
while something is computed, a few at a time, since only so many can be on their way at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import prod

from backlight.run.emit.code import Code
from backlight.run.emit.copied import copy_bytes
from backlight.run.emit.fetch import fetch
from backlight.run.emit.room import by_tiles, room_of
from backlight.run.emit.split import along_k, part_of
from backlight.run.emit.tile import Corner, Product, define_tile, product_of, tiling
from backlight.run.emit.value import SIZES, Target, Value
from backlight.run.lower.memory import used
from backlight.run.lower.program import Multiply, Program
from backlight.run.lower.tiles import DEEPEST

ADDRESSES = 16  # bytes of a row at least that is read where it lies: its address takes as much, now and in the next step


@dataclass(frozen=True, slots=True)
class Gather:
    """Rows of `data`, chosen by `order`, become the minibatch: places in the table, and sizes.

    Rows that are read where they lie have their addresses in its place: of this step, then of the next one. They may be asked
    for `ahead` where they are used.
    """

    data: int
    order: int
    batch: int
    rows: int
    row_bytes: int
    strewn: bool = False
    ahead: bool = False


@dataclass(frozen=True, slots=True)
class Ahead:
    """Rows of the next step that are asked for, some bytes of each."""

    rows: int
    used: int

    @property
    def key(self) -> str:
        """A name for what is done."""
        return f"ahead.{self.rows}.{self.used}"

    def row(self, c: Code, addresses: Value, start: tuple[Value, Value], width: int, lanes: int,
            tile: Value) -> Callable[[Value], None]:
        """Write what is the same for all rows, which are asked for from a byte on; return what asks for one."""
        return lambda i: fetch(c, c.address(c.load(addresses, i + self.rows, "ptr"), start[0], "i8"), self.used)


def asks_ahead(target: Target, p: Product) -> bool:
    """Return whether a part of a product along k asks for its columns of the next step: one tile and one block of k, and B read
    where it lies."""
    small = p.m <= tiling(target, p).rows and p.k <= DEEPEST[p.kind]
    return p.strewn == "m" and small and not room_of(target, p, None).size


def multiply_ahead(c: Code, p: Product, most: int, places: tuple[Corner, Value, Value], add: Value) -> None:
    """Write a part of a product along k, all rows of A; meanwhile those of the next step are asked for: as many of their numbers
    as a part has at most, so that one function does for all parts."""
    (a, b, sums), size = places, SIZES[p.kind]
    assert a.shift is not None
    symbol = define_tile(c.module, p, p.m, p.n, tiling(c.target, p).lanes, p.b_row, False, None, before=Ahead(p.m, most * size))
    operands = (*a.operands, b, sums, c.constant(p.c_row, "i64"), c.constant(p.k, "i64"), add, a.at, a.shift * size,
                c.constant(0, "i64"))
    c.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")


def reads_rows(target: Target, m: object, buffer: int, rows: int, row: int) -> bool:
    """Return whether an instruction is a product that may read a minibatch of so many rows of so many numbers where they lie."""
    if not isinstance(m, Multiply) or m.a.buffer != buffer or prod(m.batch) != 1 or m.a.offset:
        return False
    sizes, strides = ((m.m, m.k), m.a.strides[-2:]) if m.a.strides[-1] == 1 else ((m.k, m.m), m.a.strides[-2:][::-1])
    once = list(used(m)).count(buffer) == 1
    return once and sizes == (rows, row) and strides == (row, 1) and not by_tiles(target, product_of(m))


def read_in_place(target: Target, program: Program, batches: Mapping[int, int]) -> Program:
    """Return the program with products that read a minibatch where its rows lie: one that nothing else uses.

    Of each minibatch the buffer and the number of rows are given.
    """
    kinds = {b.number: (b.kind, b.size) for b in program.buffers}
    found = list(program.instructions)
    for buffer, rows in batches.items():
        kind, size = kinds[buffer]
        users = [k for k, i in enumerate(program.instructions) if buffer in used(i)]
        if rows and buffer not in program.outputs and kind in ("float", "double") and size // rows * SIZES[kind] >= ADDRESSES \
                and all(reads_rows(target, found[k], buffer, rows, size // rows) for k in users):
            for k in users:
                instruction = found[k]
                assert isinstance(instruction, Multiply)
                found[k] = replace(instruction, strewn=True, sparse="")
    return replace(program, instructions=tuple(found))


def settled(target: Target, program: Program, buffer: int, g: Gather) -> Gather:
    """Return a gather of the rows for this buffer, as the program uses them."""
    users = [i for i in program.instructions if isinstance(i, Multiply) and i.strewn and i.a.buffer == buffer]
    return replace(g, strewn=bool(users), ahead=any(asked_ahead(target, m) for m in users))


def asked_ahead(target: Target, m: Multiply) -> bool:
    """Return whether a product asks for the rows of the next step."""
    p = product_of(m)
    count = along_k(target, p)
    return count > 1 and m.after is None and asks_ahead(target, part_of(p, count))


def write_gather(c: Code, g: Gather, table: Value, step: Value, count: Value) -> None:
    """Write what finds the minibatch of a step: the copy of its rows, or their addresses."""
    data, batch = c.load(table, g.data, "ptr"), c.load(table, g.batch, "ptr")
    now = c.address(c.load(table, g.order, "ptr"), step * g.rows, "i64")
    following = c.select((step + 1).lt(count), c.address(now, g.rows, "i64"), now)

    def row(k: Value) -> None:
        source, ahead = (c.address(data, c.load(order, k, "i64") * g.row_bytes, "i8") for order in (now, following))
        if not g.ahead:
            fetch(c, ahead, g.row_bytes)
        if g.strewn:
            c.store(source, batch, k)
            c.store(ahead, batch, k + g.rows)
        else:
            copy_bytes(c, source, c.address(batch, k * g.row_bytes, "i8"), g.row_bytes)

    c.loop(g.rows, row)
