"""A tile of a product: some rows by some vectors of C that live in registers while k runs, and what follows it.

Each step loads the vectors of one row of B and multiplies them by single numbers of A. A ragged edge is one masked vector, or
without masks ever narrower ones: nothing is padded, nothing outside is touched.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

from backlight.run.emit import kernel
from backlight.run.emit.after import After, rows_after, write_after
from backlight.run.emit.code import Code, Module
from backlight.run.emit.fetch import fetch
from backlight.run.emit.parts import Part, parts_of
from backlight.run.emit.value import SIZES, Target, Value
from backlight.run.lower.program import Multiply

SHIFT = [("shift", "i64", 1)]  # of a function whose A is strewn
FEW = 6  # sums in a tile, that wait for one another
AHEAD = 16  # rows of B that are asked for before they are needed: 220 to 450 cycles, longer than the third cache takes


@dataclass(frozen=True, slots=True)
class Product:
    """The sizes of C (m × n) = A (m × k) B (k × n), and how far apart the neighbours lie, in numbers.

    Where the rows of A's memory lie anywhere, they are `strewn` along m or along k, and A is where their addresses stand.
    """

    kind: str
    m: int
    n: int
    k: int
    a_row: int
    a_column: int
    b_row: int
    b_column: int
    c_row: int
    strewn: str = ""

    @property
    def key(self) -> str:
        """A name for the sizes."""
        sizes = (self.m, self.n, self.k, self.a_row, self.a_column, self.b_row, self.b_column, self.c_row)
        return self.kind + "." + ".".join(map(str, sizes)) + self.strewn


def product_of(m: Multiply) -> Product:
    """Return the sizes of one product of the batch."""
    (a_row, a_column), (b_row, b_column), (c_row, _) = (p.strides[-2:] for p in (m.a, m.b, m.c))
    strewn = ("m" if a_column == 1 else "k") if m.strewn else ""
    return Product(m.kind, m.m, m.n, m.k, a_row, a_column, b_row, b_column, c_row, strewn)


@dataclass(frozen=True, slots=True)
class Corner:
    """Where a block of A begins: its address; or where the addresses of its rows begin, and how far into them it lies."""

    at: Value
    shift: Value | None = None

    def moved(self, c: Code, p: Product, i: Value | int, k: Value | int) -> Corner:
        """Return the corner so many rows and columns further."""
        if self.shift is None:
            return Corner(c.address(c.address(self.at, i * p.a_row, p.kind), k * p.a_column, p.kind))
        along, into = (i, k) if p.strewn == "m" else (k, i)
        return Corner(c.address(self.at, along, "ptr"), self.shift + into)

    @property
    def operands(self) -> tuple[Value, ...]:
        """What a function is given for it."""
        return (self.at,) if self.shift is None else (self.at, self.shift)

    def single(self, c: Code, p: Product, rows: int) -> Callable[[Value], Callable[[int, int], Value]]:
        """Return what finds the numbers of a column k of a tile, given the row and how many columns further."""
        if self.shift is None:
            def column(k: Value) -> Callable[[int, int], Value]:
                here = c.address(self.at, k * p.a_column if p.a_column != 1 else k, p.kind)
                return lambda i, further: c.load(here, i * p.a_row + further * p.a_column, p.kind)
        elif p.strewn == "m":
            starts = [c.address(c.load(self.at, i, "ptr"), self.shift, p.kind) for i in range(rows)]

            def column(k: Value) -> Callable[[int, int], Value]:
                return lambda i, further: c.load(c.address(starts[i], k, p.kind), further, p.kind)
        else:
            shift, found = self.shift, dict[int, Value]()

            def column(k: Value) -> Callable[[int, int], Value]:
                found.clear()

                def one(i: int, further: int) -> Value:
                    if further not in found:
                        found[further] = c.address(c.load(c.address(self.at, k, "ptr"), further, "ptr"), shift, p.kind)
                    return c.load(found[further], i, p.kind)

                return one
        return column


@dataclass(frozen=True, slots=True)
class Tiling:
    """Rows of a tile, and its vectors; what remains at the bottom and on the right."""

    rows: int
    vectors: int
    lanes: int

    @property
    def columns(self) -> int:
        """Numbers in a row of a tile."""
        return self.vectors * self.lanes


@lru_cache(1024)
def tiling(target: Target, p: Product) -> Tiling:
    """Return the tile: as many registers as there are, shared out so that the last row of tiles is nearly full.

    Where that gains next to nothing the tile is as high as it can be: what is as high is compiled once for all products.
    """
    lanes = target.lanes(p.kind)
    registers = 32 if target.width == 64 else 16
    best = Tiling(1, 1, lanes)
    cheapest = float("inf")

    def step(rows: int, vectors: int) -> float:
        """Return what a step of a tile costs: its products, two a cycle, but no less than their latency or its loads."""
        return max(rows * vectors / 2, 4.0, (rows + vectors) / 2) if rows else 0.0

    for vectors in (1, 2, 3, 4, 8) if registers == 32 else (1, 2, 3, 4):
        most = min((registers - vectors - 1) // vectors, 14 if registers == 32 else 6, p.m)
        if most < 1 or (vectors > 1 and (vectors - 1) * lanes >= p.n):
            continue
        even = -(-p.m // -(-p.m // most))
        costs = [p.m // rows * step(rows, vectors) + step(p.m % rows, vectors) for rows in (most, even)]
        rows, cost = (most, costs[0]) if costs[0] <= costs[1] * 1.01 else (even, costs[1])
        cost *= -(-p.n // (vectors * lanes))
        if cost < cheapest * 0.98:
            best, cheapest = Tiling(rows, vectors, lanes), cost
    return best


Between = tuple[int, Callable[[Value], None]]  # how often something is done, and what writes it, given its number


class Meanwhile(Protocol):
    """What is done while a tile is being summed up, a row at a time."""

    @property
    def rows(self) -> int:
        """Return how many rows there are."""

    @property
    def key(self) -> str:
        """Return a name for what is done."""

    def row(self, c: Code, addresses: Value, start: tuple[Value, Value], width: int, lanes: int,
            tile: Value) -> Callable[[Value], None]:
        """Write what is the same for all rows, given where they start; return what writes a row."""


@dataclass(frozen=True, slots=True)
class Before:
    """What is still to be done to the tile above, of so many rows, whose rows lie so many numbers apart if it is all there is."""

    after: After
    rows: int
    apart: int

    @property
    def key(self) -> str:
        """A name for what is done."""
        return f"{self.after.key}.{self.rows}"

    def row(self, c: Code, addresses: Value, start: tuple[Value, Value], width: int, lanes: int,
            tile: Value) -> Callable[[Value], None]:
        """Write what is the same for the whole tile, which starts at a row and a column; return what writes a row."""
        def base(number: int) -> Value:
            return c.load(addresses, number, "ptr")

        one = rows_after(c, self.after, base, start, width, self.apart, lanes, tile, width)
        return lambda i: one(start[0] + i)


def ways_of(p: Product, rows: int, parts: Sequence[Part], depth: Value | int | None) -> int:
    """Return how many sums a number carries, for every second or fourth k: a product of one small tile would wait for each sum."""
    ways = 1
    while rows == p.m and ways * rows * len(parts) < FEW and ways < 4 and isinstance(depth, int) and depth >= 16 * ways:
        ways *= 2
    return ways


def tile_sums(c: Code, p: Product, rows: int, parts: Sequence[Part], a: Corner, b: Value, b_row: int,
              depth: Value | int, far: bool = False, between: Between | None = None) -> list[Value]:
    """Return the sums of a tile, row by row: one loop over k with all of them carried.

    Rows of B that lie `far` are asked for. What is done `between`, so often, is spread over the steps of k.
    """
    ways = 1 if between is not None else ways_of(p, rows, parts, depth)
    zeros = [c.constant(0.0, p.kind, part.lanes) for _ in range(rows * ways) for part in parts]
    count = rows * len(parts)
    single = a.single(c, p, rows)

    def step(k: Value, *sums: Value, ways: int = ways) -> list[Value]:
        number_of = single(k)
        b_here = c.address(b, k * b_row, p.kind)
        found = []
        for way in range(ways):
            vectors = [part.load(c, b_here, way * b_row, p.kind) for part in parts]
            if far:
                fetch(c, c.address(b_here, (way + AHEAD) * b_row, p.kind), (parts[-1].at + parts[-1].used) * SIZES[p.kind])
            for i in range(rows):
                one = number_of(i, way)
                for j, part in enumerate(parts):
                    number = way * count + i * len(parts) + j
                    found.append(c.muladd(c.splat(one, part.lanes), vectors[j], sums[number]))
        return found

    steps = p.a_row, p.a_column, b_row

    def run(first: Value | int, last: Value | int, sums: Sequence[Value]) -> list[Value]:
        if ways > 1 or a.shift is not None or not kernel.possible(c.target, p.kind, rows, parts, steps):
            return c.loop(last, step, sums, start=first)
        begin = first if isinstance(first, Value) else c.constant(first, "i64")
        at_a, at_b = c.address(a.at, begin * p.a_column, p.kind), c.address(b, begin * b_row, p.kind)
        count = last - begin if isinstance(last, Value) else c.constant(last, "i64") - begin
        ahead = AHEAD * b_row if far else 0
        return kernel.write_steps(c, p.kind, parts, sums, (at_a, p.a_row, p.a_column), (at_b, b_row), count, ahead)

    if between is not None:
        times, one = between
        k = depth if isinstance(depth, Value) else c.constant(depth, "i64")
        few = c.put(f"sdiv {k.typed}, {times}", "i64")

        def portion(i: Value, *sums: Value) -> list[Value]:
            following = i + 1
            stop = c.select(following.ge(times), k, following * few)
            found = run(i * few, stop, sums)
            one(i)
            return found

        return c.loop(times, portion, zeros)
    if ways == 1:
        return run(0, depth, zeros)
    assert isinstance(depth, int)
    whole = depth - depth % ways
    sums = c.loop(whole, step, zeros, step=ways)
    while len(sums) > count:
        half = len(sums) // 2
        sums = [x + y for x, y in zip(sums[:half], sums[half:], strict=True)]
    return c.loop(depth, lambda k, *s: step(k, *s, ways=1), sums, start=whole) if depth > whole else sums


def define_tile(module: Module, p: Product, rows: int, width: int, lanes: int, b_row: int, inline: bool,
                depth: int | None, far: bool = False, before: Meanwhile | None = None) -> str:
    """Write the function of one tile: (a, b, c, row of c, depth, add); with `add` the sums go on top of what is there.

    Where A is strewn, how far into its rows the tile lies comes behind where their addresses stand.
    Rows of B that lie `far` are asked for. One that does something meanwhile, as what follows the tile `before`, has the
    addresses for that, its first row and its first column as further operands.
    """
    # a single row is soon done, and waits less for what narrow vectors have just written (see `light` in nest.py)
    parts = parts_of(module.target, width, lanes, most=2 if p.m == 1 else 1)
    if width > lanes and parts[-1].used < parts[-1].lanes:
        parts[-1] = Part(width - lanes, lanes, lanes)
    deep = "" if depth is None else f".{depth}"
    symbol = f"bl.tile.{p.kind}.{rows}x{width}.{p.a_row}.{p.a_column}{p.strewn}.{b_row}.{'i' if inline else 'f'}{deep}"

    def write(c: Code, at: Value, *operands: Value) -> None:
        a = Corner(at, operands[0] if p.strewn else None)
        b, out, c_row, steps, add, *more = operands[1:] if p.strewn else operands
        between = None
        if before is not None:
            addresses, i, j = more
            between = before.rows, before.row(c, addresses, (i, j), width, lanes, out)
        sums = tile_sums(c, p, rows, parts, a, b, b_row, steps if depth is None else depth, far, between)
        places = [(c.address(out, c_row * i, p.kind), part) for i in range(rows) for part in parts]

        def added() -> list[Value]:
            return [s + part.load(c, row, 0, p.kind) for s, (row, part) in zip(sums, places, strict=True)]

        for s, (row, part) in zip(c.when(add, added, sums), places, strict=True):
            part.store(c, s, row, 0)

    parameters = [("a", "ptr", 1), *SHIFT[: len(p.strewn)], ("b", "ptr", 1), ("c", "ptr", 1), ("c_row", "i64", 1),
                  ("depth", "i64", 1), ("add", "i1", 1)]
    if far:
        symbol += ".far"
    if (ways := ways_of(p, rows, parts, depth)) > 1:
        symbol += f".{ways}"
    if before is not None:
        symbol = f"{symbol}.{before.key}"
        parameters = [*parameters, ("addresses", "ptr", 1), ("i", "i64", 1), ("j", "i64", 1)]
    return module.define(symbol, "void", parameters, "alwaysinline #0" if inline else "noinline #0", write)


@dataclass(frozen=True, slots=True)
class Finish:
    """What follows each tile, in one product being written: the nest, and the table of addresses of its buffers."""

    after: After
    addresses: Value
    tile: Value  # where a tile lies that has no other memory

    def write(self, c: Code, i: Value | int, rows: int, j: Value | int, width: int, lanes: int) -> None:
        """Write what follows the tile at row i and column j."""
        after = self.after

        def write(inner: Code, addresses: Value, first: Value, column: Value, tile: Value) -> None:
            def base(number: int) -> Value:
                return inner.load(addresses, number, "ptr")

            write_after(inner, after, base, (first, first + rows), (column, width), lanes, tile)

        parameters = [("addresses", "ptr", 1), ("i", "i64", 1), ("j", "i64", 1), ("tile", "ptr", 1)]
        symbol = f"bl.after.{after.key}.{rows}x{width}"
        c.module.define(symbol, "void", parameters, "noinline #0", write)
        places = (x if isinstance(x, Value) else c.constant(x, "i64") for x in (i, j))
        c.do(f"call void @{symbol}({', '.join(x.typed for x in (self.addresses, *places, self.tile))})")


def finish_of(after: After | None, addresses: tuple[Value, ...], tile: Value) -> Finish | None:
    """Return what follows the tiles of a product; `tile` is where one lies that has no other memory."""
    return None if after is None else Finish(after, addresses[0], tile)


def named(p: Product, after: After | None) -> tuple[str, list[tuple[str, str, int]]]:
    """Return the name of the function of a product, and its parameters; what follows its tiles needs addresses too."""
    parameters = [("a", "ptr", 1), *SHIFT[: len(p.strewn)], ("b", "ptr", 1), ("c", "ptr", 1), ("first", "i64", 1),
                  ("last", "i64", 1), ("add", "i1", 1), ("room", "ptr", 1)]
    if after is None:
        return f"bl.product.{p.key}", parameters
    return f"bl.product.{p.key}.{after.key}", [*parameters, ("addresses", "ptr", 1)]
