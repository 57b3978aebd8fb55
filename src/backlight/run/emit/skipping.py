"""Products that leave out the zeros of A, where there turn out to be many: what a relu, a mask or a dropout left.

For each row of A, and for so many steps of k at a time, the places of the numbers other than 0 are listed first (`listed.py`). A
row of C, some vectors of it, then goes through its list: each number in every lane, times the row of B that it belongs to, which
lies copied together in the nearest cache. A product costs more so than in a tile, because it reads B from there and not from a
register. So it is done only where few enough numbers are left, and the product is as ever otherwise.

The zeros of B are those of a transpose: the product is then that of the transposes, and C is turned as it is written.

The sums are those of the product as ever: 0 · x is 0, and adding it changes nothing, but for the sign of a 0 that is left where all
that was summed up was too small for the kind. But 0 · ∞ is NaN: where a block of B has a number that is not finite, no number of A
is left out beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from backlight.run.emit import kernel
from backlight.run.emit.after import After, rows_after
from backlight.run.emit.code import Code, Module
from backlight.run.emit.fetch import fetch
from backlight.run.emit.listed import define_finite, define_lists, define_sample, least
from backlight.run.emit.multiply import after_of
from backlight.run.emit.pack import Rows, pack, turn_square
from backlight.run.emit.parts import Part
from backlight.run.emit.shared import STEP, numbered, share
from backlight.run.emit.sparse import DEEP, MOST, SAMPLE, SQUARES, Plan
from backlight.run.emit.tile import Finish, Product
from backlight.run.emit.value import SIZES, Value
from backlight.run.lower.program import Multiply, Place, Read
from backlight.run.lower.tiles import DEEPEST

BELOW = 4  # rows further down that are asked for of what follows the product


FLAGS = ("goes_on", "adds", "whole", "last")  # with sums under way; to what is there; nothing is left out; what follows is done


def define_rows(module: Module, p: Product, width: int, after: After | None) -> str:
    """Write the function that goes through the lists of some rows, for one panel and one block of k.

    Its parameters: where the counts, the lists, the rows of A and of B begin, how far apart those of A lie and how many of B there
    are; where the first row's sums under way, those of the blocks before and those to be written lie, each with how far the next
    row's; four flags; what follows needs the addresses, and its first column; the first row and the one after the last.
    """
    lanes = module.target.lanes(p.kind)
    parts = [Part(at, lanes, min(lanes, width - at)) for at in range(0, width, lanes)]
    every = module.constant_array(f"bl.every.{DEEP}", "i8", range(DEEP))

    def write(c: Code, counts: Value, lists: Value, a: Value, apart: Value, b: Value, deep: Value, *more: Value) -> None:
        places, (goes_on, adds, whole, last), (addresses, column, first, stop) = more[:6], more[6:10], more[10:]
        zeros = [c.constant(0.0, p.kind, lanes) for _ in parts]
        follows = None
        if after is not None:
            follows = rows_after(c, after, lambda number: c.load(addresses, number, "ptr"), (first, column), width, 0, lanes,
                                 places[4], below=BELOW, unrolled=0)

        def row(i: Value) -> None:
            steps = zip(places[::2], places[1::2], strict=True)
            way, before, to = (c.address(at, (i - first) * step, p.kind) for at, step in steps)

            def read(at: Value) -> list[Value]:
                return [part.load(c, at, 0, p.kind) for part in parts]

            start = c.when(goes_on, lambda: read(way), zeros)
            count = c.convert(c.load(counts, i, "i32"), "i64", "zext")
            begin = c.select(whole, Value(c, f"@{every}", "ptr", 1), c.address(lists, i * DEEP, "i8"))
            end = c.address(begin, c.select(whole, deep, count), "i8")
            sums = kernel.write_listed(c, p.kind, start, (begin, end), c.address(a, i * apart, p.kind), b, width)
            found = c.when(adds, lambda: [x + y for x, y in zip(sums, read(before), strict=True)], sums)
            for part, x in zip(parts, found, strict=True):
                part.store(c, x, to, 0)
            if follows is not None:
                c.when(last, lambda: follows(i))

        c.loop(stop, row, start=first)

    words = [*(("ptr", x) for x in ("counts", "lists", "a")), ("i64", "apart"), ("ptr", "b"), ("i64", "deep"),
             *(x for name in ("way", "before", "to") for x in (("ptr", name), ("i64", f"{name}_row"))),
             *(("i1", x) for x in FLAGS), ("ptr", "addresses"), *(("i64", x) for x in ("column", "first", "stop"))]
    symbol = f"bl.skipping.{p.kind}.{width}" + (f".{after.key}" if after is not None else "")
    return module.define(symbol, "void", [(name, kind, 1) for kind, name in words], "noinline #0", write)


def define_units(module: Module, plan: Plan, after: After | None, add: bool) -> str:
    """Write the function of the units from first up to last: (a, b, c, common, own, addresses, first, last).

    A unit is one panel of some rows; A is the one whose rows are neighbours.
    """
    def write(c: Code, *operands: Value) -> None:
        *places, first, last = operands
        c.loop(last, Units(c, plan, after, add, *places).unit, start=first)

    names = [*((name, "ptr", 1) for name in ("a", "b", "c", "common", "own", "addresses")), ("first", "i64", 1), ("last", "i64", 1)]
    words = [plan.p.key, *["add"] * add, *["turned"] * plan.exchanged, *[after.key for after in (after,) if after is not None]]
    return module.define(f"bl.skipping.{'.'.join(words)}", "void", names, "noinline #0", write)


class Units:
    """The function of the units of a product, being written."""

    def __init__(self, c: Code, plan: Plan, after: After | None, add: bool, a: Value, b: Value, out: Value, common: Value,
                 own: Value, addresses: Value) -> None:
        self.c, self.plan, self.p, self.after, self.add = c, plan, plan.p, after, add
        self.a, self.b, self.out, self.own, self.addresses = a, b, out, own, addresses
        self.counts, self.lists = common, c.address(common, plan.common[0], "i8")
        self.way, self.totals, self.line, self.tile = (c.address(own, at, "i8") for at in plan.own)
        self.finite = define_finite(c.module, plan.p.kind)

    def at(self, start: Value, offset: Value | int) -> Value:
        """Return where a number lies."""
        return self.c.address(start, offset, self.p.kind)

    def unit(self, u: Value) -> None:
        """Write a unit: its rows, and its panel, of one of the widths that there are."""
        c, plan = self.c, self.plan
        group = c.put(f"sdiv {u.typed}, {plan.columns}", "i64")
        number, before, column = u - group * plan.columns, 0, 0
        start = group * plan.rows
        rows = start, least(c, start + plan.rows, self.p.m)
        for width, many in plan.panels:
            here, j = number.ge(before) & number.lt(before + many), (number - before) * width + column
            c.when(here, functools.partial(self.panel, j, width, rows))
            before, column = before + many, column + many * width

    def panel(self, j: Value, width: int, rows: tuple[Value, Value]) -> None:
        """Write a panel from a column on, block by block of k."""
        c, p = self.c, self.p
        step = DEEPEST[p.kind] // DEEP  # blocks that are summed up before they are added to those before

        def block(s: Value) -> None:
            k = s * DEEP
            deep = least(c, p.k - k, DEEP)
            source = self.at(self.at(self.b, k * p.b_row), j * p.b_column)
            pack(c, Rows(p.kind, p.b_row, p.b_column), width, self.plan.lanes, source, self.own, deep)
            whole = ~c.put(f"call i1 @{self.finite}({self.own.typed}, {(deep * width).typed})", "i1")
            last, place = s.eq(self.plan.blocks - 1), s & (step - 1)
            complete = last | place.eq(step - 1)
            adds = complete & (c.constant(1, "i1") if self.add else s.ge(step))
            self.rows(Block(s, deep, j, width, rows[0], (place.ne(0), adds, whole, last), complete), rows)

        c.loop(self.plan.blocks, block)

    def rows(self, block: Block, rows: tuple[Value, Value]) -> None:
        """Write all rows of a block; where C is turned as it is written, some squares of it side by side."""
        c, (start, stop), m = self.c, rows, self.p.m
        if not self.plan.exchanged:
            self.some(block, start, stop)
            return
        side = SQUARES * self.plan.lanes
        rest = m % side
        c.loop(least(c, stop, m - rest), lambda i: self.squares(block, i, SQUARES), start=start, step=side)
        if rest:
            c.when(stop.gt(m - rest), lambda: self.squares(block, c.constant(m - rest, "i64"), rest // self.plan.lanes))

    def some(self, block: Block, first: Value, stop: Value, at: Value | int = 0) -> None:
        """Write the rows from first up to stop; where they are to be turned, the first is that row of what will be."""
        c, p, plan, width = self.c, self.p, self.plan, block.width
        goes_on, adds, whole, last = block.flags
        done = None if plan.exchanged else self.after  # what follows each row
        symbol = define_rows(c.module, p, width, done)
        row = c.constant(width, "i64")
        before, way = (self.at(x, (first - block.start) * width) for x in (self.totals, self.way))
        sums = before, row
        end = self.at(self.line, at * width), row if plan.exchanged else c.constant(0, "i64")
        if not plan.hidden:
            sums = end = self.at(self.at(self.out, first * p.c_row), block.j), c.constant(p.c_row, "i64")
        to = [c.select(last, x, c.select(block.complete, y, z)) for x, y, z in zip(end, sums, (way, row), strict=True)]
        operands = (
            c.address(self.counts, block.number * p.m, "i32"), c.address(self.lists, block.number * (p.m * DEEP), "i8"),
            self.at(self.a, block.number * DEEP), c.constant(p.k if plan.turned else p.a_row, "i64"), self.own, block.deep,
            way, row, *sums, *to, goes_on, adds, whole, last, self.addresses, block.j, first, stop,
        )
        c.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")

    def squares(self, block: Block, first: Value, count: int) -> None:
        """Write so many squares, from a row on, which become columns of C; what follows asks for its numbers meanwhile."""
        c, lanes, after, last = self.c, self.plan.lanes, self.after, block.flags[3]
        portion = -(-block.width // count)

        def square(at: Value) -> None:
            if after is not None:
                row = least(c, block.j + at * portion, self.p.n - portion)
                c.when(last, lambda: ask_for(c, after, self.addresses, (row, portion), (first, count * lanes)))
            i = first + at * lanes
            self.some(block, i, i + lanes, at * lanes)

        c.loop(count, square)
        c.when(last, lambda: self.turn(block, first, count))

    def turn(self, block: Block, first: Value, count: int) -> None:
        """Write so many squares turned, as columns of C from the first on; then what follows."""
        c, lanes, width = self.c, self.plan.lanes, block.width
        there, row = self.tile, c.constant(count * lanes, "i64")
        if not self.plan.local:
            there, row = self.at(self.at(self.out, block.j * self.p.c_row), first), c.constant(self.p.c_row, "i64")

        def square(at: Value) -> None:
            def one(q: Value) -> None:
                ends = self.at(self.line, at * (lanes * width) + q), self.at(there, row * q + at * lanes)
                turn_square(c, self.p.kind, lanes, ends, (c.constant(width, "i64"), row), c.constant(lanes, "i64"))

            c.loop(width, one, step=lanes)

        c.loop(count, square)
        if self.after is not None:
            Finish(self.after, self.addresses, self.tile).write(c, block.j, width, first, count * lanes, lanes)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of k in a panel: its number and its steps, the panel's first column and width, the first row, and what is done.

    `flags` are those of a function of rows; the sums are `complete` if they go to those of the blocks before.
    """

    number: Value
    deep: Value
    j: Value
    width: int
    start: Value
    flags: tuple[Value, Value, Value, Value]
    complete: Value


def ask_for(c: Code, after: After, addresses: Value, rows: tuple[Value, int], columns: tuple[Value, int]) -> None:
    """Write requests for what will follow a piece of a product: from a row on, so many; from a column on, so many."""
    for step in after.nest.steps:
        if isinstance(step, Read) and step.place.strides[-1:] == (1,) and step.place.buffer != after.made and not step.index:
            start = c.address(c.load(addresses, step.place.buffer, "ptr"), columns[0] + step.place.offset, step.kind)
            c.loop(rows[1], functools.partial(ask_for_row, c, step, start, rows[0], columns[1]))


def ask_for_row(c: Code, step: Read, start: Value, first: Value, count: int, r: Value) -> None:
    """Write a request for so many numbers of a row."""
    fetch(c, c.address(start, (first + r) * step.place.strides[0], step.kind), count * SIZES[step.kind])


# -- the instruction ---------------------------------------------------------------------------------------------------
def share_skipping(c: Code, plan: Plan, m: Multiply, table: Value, addresses: Value, otherwise: Callable[[], None]) -> None:
    """Write a product that leaves out the zeros of an operand if there are many; what is done if not, `otherwise` writes."""
    plain, known, digest = numbered(m)
    assert isinstance(plain, Multiply)
    after = after_of(plain)
    p, (lists, turned, end_of_common) = plan.p, plan.common
    operands = (plain.b, plain.a) if plan.exchanged else (plain.a, plain.b)
    apart = p.k if plan.turned else p.a_row

    def start(inner: Code, at: Value, place: Place) -> Value:
        return inner.address(inner.load(at, place.buffer, "ptr"), place.offset, m.kind)

    def call(inner: Code, symbol: str, *operands: Value | int) -> str:
        return f"@{symbol}({', '.join(x.typed if isinstance(x, Value) else f'i64 {x}' for x in operands)})"

    def look(inner: Code, at: Value) -> Value:
        a, common = start(inner, at, operands[0]), inner.load(at, known, "ptr")
        outer, length, far = (p.k, p.m, p.a_column) if plan.turned else (p.m, p.k, p.a_row)
        zeros = inner.put(f"call i64 {call(inner, define_sample(c.module, p.kind), a, outer, length, far)}", "i64")
        seen = -(-outer // SAMPLE) * (length - length % plan.lanes)

        def listed() -> list[Value]:
            rows = a
            if plan.turned:
                rows = inner.address(common, turned, "i8")
                pack(inner, Rows(p.kind, p.a_row, p.a_column), p.k, plan.lanes, a, rows, inner.constant(p.m, "i64"))
            found = call(inner, define_lists(c.module, p.kind), rows, apart, p.m, p.k, common, inner.address(common, lists, "i8"))
            return [inner.put(f"call i64 {found}", "i64").le(int(MOST * p.m * p.k))]

        return inner.when(zeros.ge(int((1 - MOST) * seen)), listed, [inner.constant(0, "i1")])[0]

    def units(inner: Code, at: Value, first: Value, last: Value, mine: Value) -> None:
        common = inner.load(at, known, "ptr")
        a = inner.address(common, turned, "i8") if plan.turned else start(inner, at, operands[0])
        out = Value(inner, "null", "ptr", 1) if plain.local else start(inner, at, plain.c)
        own = own_memory(inner, mine, inner.address(common, end_of_common, "i8"), plan.own_bytes)
        symbol = define_units(c.module, plan, after, plain.add)
        inner.do(f"call void {call(inner, symbol, a, start(inner, at, operands[1]), out, common, own, at, first, last)}")

    symbol = f"bl.step.{digest}.{'b' if plan.exchanged else 'a'}"
    asked = c.module.define(f"{symbol}.zeros", "i1", STEP[:1], "noinline #0", look)
    step = c.module.define(f"{symbol}.skipping", "void", STEP, "noinline #0", units)
    yes, no, end = c.name("skipping"), c.name("whole"), c.name("end")
    c.do(f"br i1 {c.put(f'call i1 @{asked}({addresses.typed})', 'i1').text}, label %{yes}, label %{no}")
    c.label(yes)
    share(c, step, table, addresses, plan.units)
    c.do(f"br label %{end}")
    c.label(no)
    otherwise()
    c.do(f"br label %{end}")
    c.label(end)


def own_memory(c: Code, mine: Value, there: Value, size: int) -> Value:
    """Return a thread's own memory: where the arena's thread has it, or on the stack of a helper."""
    here, helper, ready = c.block, c.name("helper"), c.name("ready")
    c.do(f"br {mine.typed}, label %{ready}, label %{helper}")
    c.label(helper)
    stack = c.put(f"alloca [{size} x i8], align 64", "ptr")
    c.do(f"br label %{ready}")
    c.label(ready)
    return c.put(f"phi ptr [{there.text}, %{here}], [{stack.text}, %{helper}]", "ptr")
