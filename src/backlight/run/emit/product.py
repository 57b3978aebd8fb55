"""Matrix products: C = A B (or C + A B), as blocks that live in registers.

A tile of C, some rows by some vectors, stays in registers while k runs; each step loads the vectors of one row of B and
multiplies them by single numbers of A. A panel of B (as wide as a tile, `DEPTH` deep) is copied together first, and
streams from the nearest cache for all tiles below one another; A is read where it lies, with any strides, because its
sizes are known when this is written. A ragged edge is one masked vector, or without masks ever narrower ones: nothing
is padded, nothing outside is touched.

Each number of C is a sum in the order of k, in blocks of `DEPTH`: the same bits however the panels are shared out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backlight.run.emit.code import SIZES, Code, Module, Target, Value
from backlight.run.emit.masks import masked_load, masked_store

DEPTH = 256  # a panel of 256 × 32 floats fills 32 KiB, two thirds of a first-level cache
SMALL = 4096  # multiplications below which the whole product is written inline, without panels


@dataclass(frozen=True, slots=True)
class Product:
    """The sizes of C (m × n) = A (m × k) B (k × n), and how far apart the neighbours lie, in numbers."""

    kind: str
    m: int
    n: int
    k: int
    a_row: int
    a_column: int
    b_row: int
    b_column: int
    c_row: int

    @property
    def key(self) -> str:
        """A name for the sizes."""
        sizes = (self.m, self.n, self.k, self.a_row, self.a_column, self.b_row, self.b_column, self.c_row)
        return self.kind + "." + ".".join(map(str, sizes))


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


def tiling(target: Target, p: Product) -> Tiling:
    """Return the tile: as many registers as there are, shared out so that the last row of tiles is nearly full."""
    lanes = target.lanes(p.kind)
    registers = 32 if target.width == 64 else 16
    best = Tiling(1, 1, lanes)
    cheapest = float("inf")
    for vectors in (1, 2, 3, 4, 8) if registers == 32 else (1, 2, 3, 4):
        most = (registers - vectors - 1) // vectors
        if most < 1 or (vectors > 1 and (vectors - 1) * lanes >= p.n):
            continue
        tiles = -(-p.m // min(most, 14 if registers == 32 else 6))
        rows = -(-p.m // tiles)
        # a step of a tile costs its products, two a cycle, but no less than their latency or its loads
        step = max(rows * vectors / 2, 4.0, (rows + vectors) / 2)
        cost = step * tiles * -(-p.n // (vectors * lanes))
        if cost < cheapest * 0.98:
            best, cheapest = Tiling(rows, vectors, lanes), cost
    return best


@dataclass(frozen=True, slots=True)
class Part:
    """A vector of a row: where it starts, its lanes, and how many of them count (all, without masks)."""

    at: int
    lanes: int
    used: int

    def load(self, c: Code, base: Value, offset: int, kind: str) -> Value:
        """Return the numbers of this part of a row."""
        if self.used == self.lanes:
            return c.load(base, offset + self.at, kind, self.lanes)
        return masked_load(c, c.address(base, offset + self.at, kind), kind, self.lanes, (1 << self.used) - 1)

    def store(self, c: Code, x: Value, base: Value, offset: int) -> None:
        """Put the numbers of this part of a row."""
        if self.used == self.lanes:
            c.store(x, base, offset + self.at)
        else:
            masked_store(c, x, c.address(base, offset + self.at, x.kind), (1 << self.used) - 1)


def parts_of(target: Target, width: int, lanes: int, most: int = 1) -> list[Part]:
    """Return the vectors that cover a row: full ones, then up to `most` narrower ones, or else a masked one."""
    whole = width - width % lanes
    found = [Part(at, lanes, lanes) for at in range(0, whole, lanes)]
    narrow = [Part(whole + at, size, size) for at, size in pieces(width - whole, lanes)]
    if len(narrow) > most and target.scalef:
        narrow = [Part(whole, lanes, width - whole)]
    return found + narrow


def pieces(width: int, lanes: int) -> list[tuple[int, int]]:
    """Return the offsets and sizes of the vectors that cover `width` numbers: full ones, then ever narrower."""
    found, at = [], 0
    while at < width:
        size = lanes
        while size > width - at:
            size //= 2
        found.append((at, size))
        at += size
    return found


def tile_sums(c: Code, p: Product, rows: int, parts: Sequence[Part], a: Value, b: Value, b_row: int,
              depth: Value | int) -> list[Value]:
    """Return the sums of a tile, row by row: one loop over k with all of them carried.

    A small tile would wait for each product to end: it carries several sums a number, for every second or fourth k.
    """
    ways = 1
    while ways * rows * len(parts) < 6 and ways < 4 and isinstance(depth, int) and depth >= 16 * ways:
        ways *= 2
    zeros = [c.constant(0.0, p.kind, part.lanes) for _ in range(rows * ways) for part in parts]
    count = rows * len(parts)

    def step(k: Value, *sums: Value, ways: int = ways) -> list[Value]:
        a_here = c.address(a, k * p.a_column if p.a_column != 1 else k, p.kind)
        b_here = c.address(b, k * b_row, p.kind)
        found = []
        for way in range(ways):
            vectors = [part.load(c, b_here, way * b_row, p.kind) for part in parts]
            for i in range(rows):
                one = c.load(a_here, i * p.a_row + way * p.a_column, p.kind)
                for j, part in enumerate(parts):
                    number = way * count + i * len(parts) + j
                    found.append(c.muladd(c.splat(one, part.lanes), vectors[j], sums[number]))
        return found

    if ways == 1:
        return c.loop(depth, step, zeros)
    assert isinstance(depth, int)
    whole = depth - depth % ways
    sums = c.loop(whole, step, zeros, step=ways)
    while len(sums) > count:
        half = len(sums) // 2
        sums = [x + y for x, y in zip(sums[:half], sums[half:], strict=True)]
    return c.loop(depth, lambda k, *s: step(k, *s, ways=1), sums, start=whole) if depth > whole else sums


def define_tile(module: Module, p: Product, rows: int, width: int, lanes: int, b_row: int, inline: bool,
                depth: int | None) -> str:
    """Write the function of one tile: (a, b, c, depth, add); with `add` the sums go on top of what is there."""
    # a single row is soon done, and waits less for what narrow vectors have just written (see `light` in nest.py)
    parts = parts_of(module.target, width, lanes, most=2 if p.m == 1 else 1)
    deep = "" if depth is None else f".{depth}"
    symbol = f"bl.tile.{p.kind}.{rows}x{width}.{p.a_row}.{p.a_column}.{b_row}.{p.c_row}.{'i' if inline else 'f'}{deep}"

    def write(c: Code, a: Value, b: Value, out: Value, steps: Value, add: Value) -> None:
        sums = tile_sums(c, p, rows, parts, a, b, b_row, steps if depth is None else depth)
        places = [(i * p.c_row, part) for i in range(rows) for part in parts]

        def added() -> list[Value]:
            return [s + part.load(c, out, row, p.kind) for s, (row, part) in zip(sums, places, strict=True)]

        for s, (row, part) in zip(c.when(add, added, sums), places, strict=True):
            part.store(c, s, out, row)

    parameters = [("a", "ptr", 1), ("b", "ptr", 1), ("c", "ptr", 1), ("depth", "i64", 1), ("add", "i1", 1)]
    return module.define(symbol, "void", parameters, "alwaysinline #0" if inline else "noinline #0", write)


def run_tiles(c: Code, p: Product, t: Tiling, width: int, a: Value, b: Value, b_row: int, out: Value,
              depth: Value | int, add: Value, inline: bool) -> None:
    """Write the tiles below one another, for one panel of B."""
    known = depth if isinstance(depth, int) else None
    depth = depth if isinstance(depth, Value) else c.constant(depth, "i64")
    full, rest = divmod(p.m, t.rows)

    def tile(rows: int, i: Value | int) -> None:
        symbol = define_tile(c.module, p, rows, width, t.lanes, b_row, inline, known)
        a_here = c.address(a, i * p.a_row, p.kind)
        c_here = c.address(out, i * p.c_row, p.kind)
        c.do(f"call void @{symbol}({a_here.typed}, {b.typed}, {c_here.typed}, {depth.typed}, {add.typed})")

    if full == 1:
        tile(t.rows, 0)
    elif full:
        c.loop(full * t.rows, lambda i: tile(t.rows, i), step=t.rows)
    if rest:
        tile(rest, full * t.rows)


def panels(target: Target, p: Product) -> int:
    """Return how many panels the product has: what threads may share out."""
    return -(-p.n // tiling(target, p).columns)


def define_product(module: Module, p: Product) -> str:
    """Write the function of the whole product: (a, b, c, first, last, add), for the panels from first up to last."""
    t = tiling(module.target, p)
    full, rest = divmod(p.n, t.columns)
    small = p.m * p.n * p.k <= SMALL
    packed = p.b_column != 1 or (p.m > t.rows and not small)
    depth = min(p.k, max(DEPTH * 8 // SIZES[p.kind] // 2, 1))

    def write(c: Code, a: Value, b: Value, out: Value, first: Value, last: Value, add: Value) -> None:
        buffer = Value(c, "null", "ptr", 1)
        if packed:
            width = t.columns if full else rest
            buffer = c.put(f"alloca [{depth * width} x {p.kind}], align 64", "ptr")

        def panel(j: Value, width: int) -> None:
            column = c.address(b, j * p.b_column, p.kind)
            corner = c.address(out, j, p.kind)

            def block(k: Value) -> None:
                left = p.k - k
                deep = c.select(left.lt(depth), left, depth)
                a_here = c.address(a, k * p.a_column, p.kind)
                b_here = c.address(column, k * p.b_row, p.kind)
                b_row = p.b_row
                if packed:
                    pack(c, p, width, t.lanes, b_here, buffer, deep)
                    b_here, b_row = buffer, width
                run_tiles(c, p, t, width, a_here, b_here, b_row, corner, deep, add | k.gt(0), small)

            if p.k == depth:
                b_here, b_row = column, p.b_row
                if packed:
                    pack(c, p, width, t.lanes, column, buffer, c.constant(depth, "i64"))
                    b_here, b_row = buffer, width
                run_tiles(c, p, t, width, a, b_here, b_row, corner, p.k, add, small)
            else:
                c.loop(p.k, block, step=depth)

        def inside(j: Value) -> None:
            panel(j * t.columns, t.columns)

        end = c.select(last.gt(full), full, last)
        if full == 1 and not rest:
            panel(c.constant(0, "i64"), t.columns)
        elif full:
            c.loop(end, inside, start=first)
        if rest and not full:
            panel(c.constant(0, "i64"), rest)
        elif rest:
            c.when(last.gt(full), lambda: panel(c.constant(full * t.columns, "i64"), rest))

    parameters = [("a", "ptr", 1), ("b", "ptr", 1), ("c", "ptr", 1), ("first", "i64", 1), ("last", "i64", 1)]
    attributes = "alwaysinline #0" if small else "noinline #0"
    return module.define(f"bl.product.{p.key}", "void", [*parameters, ("add", "i1", 1)], attributes, write)


def pack(c: Code, p: Product, width: int, lanes: int, b: Value, buffer: Value, depth: Value) -> None:
    """Call the function that copies `depth` rows of B, `width` numbers each, together."""
    symbol = f"bl.pack.{p.kind}.{width}.{p.b_row}.{p.b_column}"

    def write(inner: Code, source: Value, to: Value, deep: Value) -> None:
        if p.b_column == 1:
            copy_rows(inner, p, width, lanes, source, to, deep)
        else:
            turn_rows(inner, p, width, lanes, source, to, deep)

    parameters = [("b", "ptr", 1), ("buffer", "ptr", 1), ("depth", "i64", 1)]
    c.module.define(symbol, "void", parameters, "noinline #0", write)
    c.do(f"call void @{symbol}({b.typed}, {buffer.typed}, {depth.typed})")


def copy_rows(c: Code, p: Product, width: int, lanes: int, b: Value, buffer: Value, depth: Value) -> None:
    """Copy rows whose numbers lie side by side."""
    def row(k: Value) -> None:
        source, to = c.address(b, k * p.b_row, p.kind), c.address(buffer, k * width, p.kind)
        for part in parts_of(c.target, width, lanes):
            part.store(c, part.load(c, source, 0, p.kind), to, 0)

    c.loop(depth, row)


def turn_rows(c: Code, p: Product, width: int, lanes: int, b: Value, buffer: Value, depth: Value) -> None:
    """Copy rows that lie as columns: squares of `lanes` by `lanes` are turned in registers, the rest one by one."""
    def one_by_one(k: Value, columns: range) -> None:
        source, to = c.address(b, k * p.b_row, p.kind), c.address(buffer, k * width, p.kind)
        for j in columns:
            c.store(c.load(source, j * p.b_column, p.kind), to, j)

    squares = width // lanes if p.b_row == 1 else 0
    if squares:
        whole = (depth.shift_right(lanes.bit_length() - 1)) << (lanes.bit_length() - 1)
        for s in range(squares):
            def square(k: Value, s: int = s) -> None:
                source = c.address(b, k + s * lanes * p.b_column, p.kind)
                rows = [c.load(source, j * p.b_column, p.kind, lanes) for j in range(lanes)]
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
