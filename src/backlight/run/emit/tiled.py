"""Products by tiles: tile after tile of A, each used by all panels of B.

For operands whose rows lie far apart (`room.by_tiles`). They are read where they lie, B from the second cache, some rows ahead
of the products, unless its rows are columns or are strewn too far: then B is copied together once a block of k, and threads
that share the product out copy all of B together first, each some panels. What follows a tile is done while the next one is
being summed up, a row at a time: divisions, roots and the way to memory cost little beside products.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backlight.run.emit.after import After
from backlight.run.emit.code import Code, Module
from backlight.run.emit.pack import Rows, pack
from backlight.run.emit.room import a_in_place, b_in_place, by_tiles, places_in
from backlight.run.emit.tile import Before, Product, Tiling, define_tile, finish_of, named, tiling
from backlight.run.emit.value import Target, Value
from backlight.run.lower.tiles import DEEPEST

HIDES = 4  # steps of k a row of a tile, from which what follows the tile before is done meanwhile
UNITS = 4  # into which a product by tiles is cut for threads


def hides(target: Target, p: Product, after: After | None) -> bool:
    """Return whether what follows a tile is done while the next one is being summed up."""
    return after is not None and by_tiles(target, p) and HIDES * tiling(target, p).rows <= p.k <= DEEPEST[p.kind]


def define_by_tiles(module: Module, p: Product, after: After | None = None, together: bool = False) -> str:
    """Write the product that goes through tile after tile of A, used by all panels.

    Where threads share it out, a unit is a tile, and B, if it is copied, is copied `together` before (`define_gather`), and
    stands in place of B.
    """
    t = tiling(module.target, p)
    size = 1 if together else group(t, p)
    depth = min(p.k, DEEPEST[p.kind])
    tiles, rest = divmod(p.m, t.rows)
    rows_of_b, rows_of_a = Rows(p.kind, p.b_row, p.b_column), Rows(p.kind, p.a_column, p.a_row)
    in_place, a_stays = b_in_place(p), a_in_place(module.target, p)
    hidden = hides(module.target, p, after)

    def write(c: Code, a: Value, b: Value, out: Value, first: Value, last: Value, add: Value, room: Value,
              *addresses: Value) -> None:
        panels_at, tile_at, local_at = places_in(c, p, after, room, together)
        finish = finish_of(after, addresses, local_at)
        local = finish is not None and finish.after.local
        before = Before(finish.after, t.rows, p.n) if finish is not None and hidden else None

        def block(k: Value) -> None:
            left = p.k - k
            deep = c.select(left.lt(depth), left, depth)
            panels_here = c.address(b, k * p.n, p.kind) if together else panels_at
            b_here = c.address(b, k * p.b_row, p.kind)
            sum_up = add | k.gt(0)

            def tile(i: Value, rows: int, before: Before | None = None) -> None:
                a_here, here = c.address(c.address(a, k * p.a_column, p.kind), i * p.a_row, p.kind), p
                if not a_stays:
                    pack(c, rows_of_a, rows, t.lanes, a_here, tile_at, deep)
                    a_here, here = tile_at, replace(p, a_row=1, a_column=rows)

                def multiply(j: Value | int, width: int) -> None:
                    b_row = p.b_row if in_place else width
                    symbol = define_tile(c.module, here, rows, width, t.lanes, b_row, False, None, in_place, before)
                    panel = c.address(b_here, j, p.kind) if in_place else c.address(panels_here, deep * j, p.kind)
                    row = local_at if local else c.address(out, i * p.c_row, p.kind)
                    c_row = c.constant(p.n if local else p.c_row, "i64")
                    column = j if isinstance(j, Value) else c.constant(j, "i64")
                    more = (addresses[0], i - before.rows, column) if before is not None else ()
                    operands = (a_here, panel, c.address(row, j, p.kind), c_row, deep, sum_up, *more)
                    c.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")

                all_panels(c, p, t, multiply)
                if finish is not None and not hidden:
                    c.when((k + depth).ge(p.k), lambda: finish.write(c, i, rows, 0, p.n, t.lanes))

            if not together and not in_place:
                gather_block(c, p, t, rows_of_b, b_here, panels_here, deep)
            start, stop = first * size, last * size
            end = c.select(stop.gt(tiles), tiles, stop)
            if finish is not None and hidden:
                c.when(start.lt(end), lambda: tile(start * t.rows, t.rows))
                c.loop(end, lambda i: tile(i * t.rows, t.rows, before), start=start + 1)
                c.when(start.lt(end), lambda: finish.write(c, (end - 1) * t.rows, t.rows, 0, p.n, t.lanes))
            else:
                c.loop(end, lambda i: tile(i * t.rows, t.rows), start=start)

            def remainder() -> None:
                tile(c.constant(tiles * t.rows, "i64"), rest)
                if finish is not None and hidden:
                    finish.write(c, tiles * t.rows, rest, 0, p.n, t.lanes)

            if rest:
                c.when(stop.gt(tiles), remainder)

        c.loop(p.k, block, step=depth)

    symbol, parameters = named(p, after)
    return module.define(symbol + ".together" * together, "void", parameters, "noinline #0", write)


def all_panels(c: Code, p: Product, t: Tiling, visit: Callable[[Value | int, int], None]) -> None:
    """Write what is done for each panel of B: its first column and its width."""
    full, narrow = divmod(p.n, t.columns)
    if full:
        c.loop(full * t.columns, lambda j: visit(j, t.columns), step=t.columns)
    if narrow:
        visit(full * t.columns, narrow)


def gather_block(c: Code, p: Product, t: Tiling, rows: Rows, b: Value, to: Value, deep: Value) -> None:
    """Copy all panels of a block of B together."""
    all_panels(c, p, t, lambda j, width: pack(
        c, rows, width, t.lanes, c.address(b, j * p.b_column, p.kind), c.address(to, deep * j, p.kind), deep))


def define_gather(module: Module, p: Product) -> str:
    """Write the function that copies panels of B together, from the first up to the last: (b, to, first, last)."""
    t, depth = tiling(module.target, p), min(p.k, DEEPEST[p.kind])
    full, narrow = divmod(p.n, t.columns)
    rows = Rows(p.kind, p.b_row, p.b_column)

    def write(c: Code, b: Value, to: Value, first: Value, last: Value) -> None:
        def panel(j: Value, width: int) -> None:
            def block(k: Value) -> None:
                left = p.k - k
                deep = c.select(left.lt(depth), left, depth)
                source = c.address(c.address(b, k * p.b_row, p.kind), j * p.b_column, p.kind)
                pack(c, rows, width, t.lanes, source, c.address(c.address(to, k * p.n, p.kind), deep * j, p.kind), deep)

            c.loop(p.k, block, step=depth)

        end = c.select(last.gt(full), full, last)
        c.loop(end, lambda j: panel(j * t.columns, t.columns), start=first)
        if narrow:
            c.when(last.gt(full), lambda: panel(c.constant(full * t.columns, "i64"), narrow))

    parameters = [("b", "ptr", 1), ("to", "ptr", 1), ("first", "i64", 1), ("last", "i64", 1)]
    return module.define(f"bl.gather.{p.key}", "void", parameters, "noinline #0", write)


def shared_units(target: Target, p: Product) -> tuple[int, int] | None:
    """Return the panels of B and the tiles into which threads share out a product by tiles; None for any other."""
    if not by_tiles(target, p):
        return None
    t = tiling(target, p)
    return -(-p.n // t.columns), -(-p.m // t.rows)


def group(t: Tiling, p: Product) -> int:
    """Return how many tiles make a unit: where each unit copies B together for itself, there are only a few units."""
    return 1 if b_in_place(p) else max(1, -(-p.m // (t.rows * UNITS)))
