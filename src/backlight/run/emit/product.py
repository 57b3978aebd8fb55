"""Matrix products: C = A B (or C + A B), as blocks that live in registers.

A tile of C, some rows by some vectors, stays in registers while k runs; each step loads the vectors of one row of B and
multiplies them by single numbers of A. A panel of B (as wide as a tile, `DEEPEST` deep) is copied together first, and
streams from the nearest cache for all tiles below one another; A is read where it lies, with any strides, because its
sizes are known when this is written. A ragged edge is one masked vector, or without masks ever narrower ones: nothing
is padded, nothing outside is touched.

Each number of C is a sum in the order of k, in blocks of `DEEPEST`: the same bits however the panels are shared out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from backlight.run.emit.after import After, write_after
from backlight.run.emit.code import Code, Module
from backlight.run.emit.pack import Rows, pack
from backlight.run.emit.parts import Part, parts_of
from backlight.run.emit.value import SIZES, Target, Value
from backlight.run.lower.tiles import DEEPEST, FAR_APART

LARGEST_PANELS = 1 << 19  # bytes of B copied together at once: half a second-level cache
UNITS = 4  # into which a product by tiles is cut for threads
ON_STACK = 8192  # bytes that are copied together on the stack: the stack of a thread may be as small as 64 KiB
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
    """Write the function of one tile: (a, b, c, row of c, depth, add); with `add` the sums go on top of what is there."""
    # a single row is soon done, and waits less for what narrow vectors have just written (see `light` in nest.py)
    parts = parts_of(module.target, width, lanes, most=2 if p.m == 1 else 1)
    deep = "" if depth is None else f".{depth}"
    symbol = f"bl.tile.{p.kind}.{rows}x{width}.{p.a_row}.{p.a_column}.{b_row}.{'i' if inline else 'f'}{deep}"

    def write(c: Code, a: Value, b: Value, out: Value, c_row: Value, steps: Value, add: Value) -> None:
        sums = tile_sums(c, p, rows, parts, a, b, b_row, steps if depth is None else depth)
        places = [(c.address(out, c_row * i, p.kind), part) for i in range(rows) for part in parts]

        def added() -> list[Value]:
            return [s + part.load(c, row, 0, p.kind) for s, (row, part) in zip(sums, places, strict=True)]

        for s, (row, part) in zip(c.when(add, added, sums), places, strict=True):
            part.store(c, s, row, 0)

    parameters = [("a", "ptr", 1), ("b", "ptr", 1), ("c", "ptr", 1), ("c_row", "i64", 1), ("depth", "i64", 1), ("add", "i1", 1)]
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


def run_tiles(c: Code, p: Product, t: Tiling, width: int, a: Value, b: Value, b_row: int, out: Value,
              depth: Value | int, add: Value, inline: bool, finish: Finish | None = None, column: Value | int = 0,
              final: Value | None = None) -> None:
    """Write the tiles below one another, for one panel of B; with `finish` what follows each, if `final` holds."""
    known = depth if isinstance(depth, int) else None
    depth = depth if isinstance(depth, Value) else c.constant(depth, "i64")
    full, rest = divmod(p.m, t.rows)

    def tile(rows: int, i: Value | int) -> None:
        symbol = define_tile(c.module, p, rows, width, t.lanes, b_row, inline, known)
        a_here = c.address(a, i * p.a_row, p.kind)
        local = finish is not None and finish.after.local
        c_here = finish.tile if finish is not None and local else c.address(out, i * p.c_row, p.kind)
        operands = (a_here, b, c_here, c.constant(width if local else p.c_row, "i64"), depth, add)
        c.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")
        if finish is not None and final is None:
            finish.write(c, i, rows, column, width, t.lanes)
        elif finish is not None and final is not None:
            c.when(final, lambda: finish.write(c, i, rows, column, width, t.lanes))

    if full == 1:
        tile(t.rows, 0)
    elif full:
        c.loop(full * t.rows, lambda i: tile(t.rows, i), step=t.rows)
    if rest:
        tile(rest, full * t.rows)


def panels(target: Target, p: Product) -> int:
    """Return into how many units threads may share out the product: panels, or groups of tiles."""
    t = tiling(target, p)
    if by_tiles(target, p):
        return -(-p.m // (t.rows * group(t, p)))
    return -(-p.n // t.columns)


def by_tiles(target: Target, p: Product) -> bool:
    """Return whether A is copied together too: where its rows lie so far apart that they crowd each other out.

    Numbers a multiple of some hundred bytes apart fall into few places of the nearest cache. The copy pays if several
    panels use it, and if B fits the second cache whole.
    """
    size, t = SIZES[p.kind], tiling(target, p)
    apart = max(p.a_row, p.a_column) * size
    wide = p.n >= 3 * t.columns and min(p.k, DEEPEST[p.kind]) * p.n * size <= LARGEST_PANELS
    return p.m * p.n * p.k > SMALL and p.m >= 2 * t.rows and apart >= FAR_APART and wide and p.k >= 16


def group(t: Tiling, p: Product) -> int:
    """Return how many tiles make a unit: each unit copies B together for itself, so there are only a few."""
    return max(1, -(-p.m // (t.rows * UNITS)))


def named(p: Product, after: After | None) -> tuple[str, list[tuple[str, str, int]]]:
    """Return the name of the function of a product, and its parameters; what follows its tiles needs addresses too."""
    parameters = [("a", "ptr", 1), ("b", "ptr", 1), ("c", "ptr", 1), ("first", "i64", 1), ("last", "i64", 1), ("add", "i1", 1),
                  ("room", "ptr", 1)]
    if after is None:
        return f"bl.product.{p.key}", parameters
    return f"bl.product.{p.key}.{after.key}", [*parameters, ("addresses", "ptr", 1)]


@dataclass(frozen=True, slots=True)
class Room:
    """How many numbers a product copies together at once: of B, of A, and of a tile of C that has no other memory."""

    b: int
    a: int
    c: int

    @property
    def starts(self) -> tuple[int, int, int]:
        """Where each begins, a cache line apart from the one before."""
        first, second = (-(-size // 16) * 16 for size in (self.b, self.a))
        return 0, first, first + second

    @property
    def size(self) -> int:
        """All of it."""
        return self.starts[2] + self.c


def room_of(target: Target, p: Product, after: After | None) -> Room:
    """Return the room that a product needs."""
    t, depth = tiling(target, p), min(p.k, DEEPEST[p.kind])
    local = after is not None and after.local
    if by_tiles(target, p):
        return Room(depth * p.n, depth * t.rows, t.rows * p.n if local else 0)
    packed = p.b_column != 1 or (p.m > t.rows and p.m * p.n * p.k > SMALL)
    return Room(depth * min(t.columns, p.n) if packed else 0, 0, t.rows * t.columns if local else 0)


def room_bytes(target: Target, p: Product, after: After | None) -> int:
    """Return the room of a product in bytes; 0 if it is so little that every stack has it."""
    found = room_of(target, p, after).size * SIZES[p.kind]
    return found if found > ON_STACK else 0


def places_in(c: Code, p: Product, after: After | None, room: Value) -> list[Value]:
    """Return where B, A and a tile of C are copied together: in the room that is given, or on the stack, if none is."""
    needed = room_of(c.target, p, after)
    if not needed.size:
        return [Value(c, "null", "ptr", 1)] * 3
    text = f"alloca [{needed.size} x {p.kind}], align 64"
    if not room_bytes(c.target, p, after):
        start = c.put(text, "ptr")
    else:
        here, own, ready = c.block, c.name("own"), c.name("ready")
        c.do(f"br {c.put(f'icmp eq ptr {room.text}, null', 'i1').typed}, label %{own}, label %{ready}")
        c.label(own)
        stack = c.put(text, "ptr")
        c.do(f"br label %{ready}")
        c.label(ready)
        start = c.put(f"phi ptr [{room.text}, %{here}], [{stack.text}, %{own}]", "ptr")
    return [c.address(start, at, p.kind) for at in needed.starts]


def finish_of(after: After | None, addresses: tuple[Value, ...], tile: Value) -> Finish | None:
    """Return what follows the tiles of a product; `tile` is where one lies that has no other memory."""
    return None if after is None else Finish(after, addresses[0], tile)


def define_product(module: Module, p: Product, after: After | None = None) -> str:
    """Write the function of the whole product: (a, b, c, first, last, add), for the units from first up to last."""
    if by_tiles(module.target, p):
        return define_by_tiles(module, p, after)
    t = tiling(module.target, p)
    full, rest = divmod(p.n, t.columns)
    small = p.m * p.n * p.k <= SMALL
    rows = Rows(p.kind, p.b_row, p.b_column)
    packed = room_of(module.target, p, after).b > 0
    depth = min(p.k, DEEPEST[p.kind])

    def write(c: Code, a: Value, b: Value, out: Value, first: Value, last: Value, add: Value, room: Value,
              *addresses: Value) -> None:
        buffer, _, tile = places_in(c, p, after, room)
        finish = finish_of(after, addresses, tile)

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
                    pack(c, rows, width, t.lanes, b_here, buffer, deep)
                    b_here, b_row = buffer, width
                final = (k + depth).ge(p.k) if finish else None
                run_tiles(c, p, t, width, a_here, b_here, b_row, corner, deep, add | k.gt(0), small, finish, j, final)

            if p.k == depth:
                b_here, b_row = column, p.b_row
                if packed:
                    pack(c, rows, width, t.lanes, column, buffer, c.constant(depth, "i64"))
                    b_here, b_row = buffer, width
                run_tiles(c, p, t, width, a, b_here, b_row, corner, p.k, add, small, finish, j)
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

    symbol, parameters = named(p, after)
    return module.define(symbol, "void", parameters, "alwaysinline #0" if small else "noinline #0", write)


def define_by_tiles(module: Module, p: Product, after: After | None = None) -> str:
    """Write the product that copies B together once a block of k, then tile after tile of A, used by all panels."""
    t = tiling(module.target, p)
    size = group(t, p)
    depth = min(p.k, DEEPEST[p.kind])
    tiles, rest = divmod(p.m, t.rows)
    rows_of_b, rows_of_a = Rows(p.kind, p.b_row, p.b_column), Rows(p.kind, p.a_column, p.a_row)
    full, narrow = divmod(p.n, t.columns)
    inner = replace(p, a_row=1, a_column=t.rows)

    def write(c: Code, a: Value, b: Value, out: Value, first: Value, last: Value, add: Value, room: Value,
              *addresses: Value) -> None:
        panels_at, tile_at, local_at = places_in(c, p, after, room)
        finish = finish_of(after, addresses, local_at)
        local = finish is not None and finish.after.local

        def block(k: Value) -> None:
            left = p.k - k
            deep = c.select(left.lt(depth), left, depth)
            b_here = c.address(b, k * p.b_row, p.kind)

            def gather_panel(j: Value | int, width: int) -> None:
                column = c.address(b_here, j * p.b_column, p.kind)
                pack(c, rows_of_b, width, t.lanes, column, c.address(panels_at, deep * j, p.kind), deep)

            def all_panels(visit: Callable[[Value | int, int], None]) -> None:
                if full:
                    c.loop(full * t.columns, lambda j: visit(j, t.columns), step=t.columns)
                if narrow:
                    visit(full * t.columns, narrow)

            all_panels(gather_panel)
            sum_up = add | k.gt(0)

            def tile(i: Value, rows: int) -> None:
                a_here = c.address(c.address(a, k * p.a_column, p.kind), i * p.a_row, p.kind)
                pack(c, rows_of_a, rows, t.lanes, a_here, tile_at, deep)
                here = replace(inner, a_column=rows)

                def multiply(j: Value | int, width: int) -> None:
                    symbol = define_tile(c.module, here, rows, width, t.lanes, width, False, None)
                    row = finish.tile if finish is not None and local else c.address(out, i * p.c_row, p.kind)
                    panel = c.address(panels_at, deep * j, p.kind)
                    c_row = c.constant(p.n if local else p.c_row, "i64")
                    operands = (tile_at, panel, c.address(row, j, p.kind), c_row, deep, sum_up)
                    c.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")

                all_panels(multiply)
                if finish is not None:
                    c.when((k + depth).ge(p.k), lambda: finish.write(c, i, rows, 0, p.n, t.lanes))

            start, stop = first * size, last * size
            end = c.select(stop.gt(tiles), tiles, stop)
            c.loop(end, lambda i: tile(i * t.rows, t.rows), start=start)
            if rest:
                c.when(stop.gt(tiles), lambda: tile(c.constant(tiles * t.rows, "i64"), rest))

        c.loop(p.k, block, step=depth)

    symbol, parameters = named(p, after)
    return module.define(symbol, "void", parameters, "noinline #0", write)
