"""Products by tiles: B copied together once a block of k, then tile after tile of A, used by all panels of B.

For operands whose rows lie far apart (`room.by_tiles`). Alone, a block of B is copied and used before the next: by its first
tile, on the way, if its rows lie side by side, which hides how far they come from. Where threads share a product out they copy
all of B together first, each some panels, and then take tiles: nobody copies anything twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backlight.run.emit.after import After
from backlight.run.emit.code import Code, Module
from backlight.run.emit.pack import Rows, pack
from backlight.run.emit.room import by_tiles, places_in
from backlight.run.emit.tile import Product, Tiling, define_tile, finish_of, named, tiling
from backlight.run.emit.value import Target, Value
from backlight.run.lower.tiles import DEEPEST

UNITS = 4  # into which a product by tiles is cut for threads


def define_by_tiles(module: Module, p: Product, after: After | None = None, together: bool = False) -> str:
    """Write the product that copies B together once a block of k, then tile after tile of A, used by all panels.

    Where threads share it out, B is copied `together` before (`define_gather`), stands in place of B, and a unit is a tile.
    """
    t = tiling(module.target, p)
    size = 1 if together else group(t, p)
    depth = min(p.k, DEEPEST[p.kind])
    tiles, rest = divmod(p.m, t.rows)
    rows_of_b, rows_of_a = Rows(p.kind, p.b_row, p.b_column), Rows(p.kind, p.a_column, p.a_row)
    inner = replace(p, a_row=1, a_column=t.rows)

    def write(c: Code, a: Value, b: Value, out: Value, first: Value, last: Value, add: Value, room: Value,
              *addresses: Value) -> None:
        panels_at, tile_at, local_at = places_in(c, p, after, room, together)
        finish = finish_of(after, addresses, local_at)
        local = finish is not None and finish.after.local

        def block(k: Value) -> None:
            left = p.k - k
            deep = c.select(left.lt(depth), left, depth)
            panels_here = c.address(b, k * p.n, p.kind) if together else panels_at
            b_here = c.address(b, k * p.b_row, p.kind)
            sum_up = add | k.gt(0)

            def tile(i: Value, rows: int, copying: bool = False) -> None:
                a_here = c.address(c.address(a, k * p.a_column, p.kind), i * p.a_row, p.kind)
                pack(c, rows_of_a, rows, t.lanes, a_here, tile_at, deep)
                here = replace(inner, a_column=rows)

                def multiply(j: Value | int, width: int) -> None:
                    symbol = define_tile(c.module, here, rows, width, t.lanes, p.b_row if copying else width, False, None, copying)
                    row = finish.tile if finish is not None and local else c.address(out, i * p.c_row, p.kind)
                    panel = c.address(panels_here, deep * j, p.kind)
                    c_row = c.constant(p.n if local else p.c_row, "i64")
                    from_, to = (c.address(b_here, j, p.kind), [panel]) if copying else (panel, [])
                    operands = (tile_at, from_, c.address(row, j, p.kind), c_row, deep, sum_up, *to)
                    c.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")

                all_panels(c, p, t, multiply)
                if finish is not None:
                    c.when((k + depth).ge(p.k), lambda: finish.write(c, i, rows, 0, p.n, t.lanes))

            start, stop = first * size, last * size
            end = c.select(stop.gt(tiles), tiles, stop)
            begin = start
            if not together and p.b_column == 1:
                begin = start + 1
                c.when(start.lt(end), lambda: tile(start * t.rows, t.rows, True))
                c.when(start.ge(end), lambda: gather_block(c, p, t, rows_of_b, b_here, panels_here, deep))
            elif not together:
                gather_block(c, p, t, rows_of_b, b_here, panels_here, deep)
            c.loop(end, lambda i: tile(i * t.rows, t.rows), start=begin)
            if rest:
                c.when(stop.gt(tiles), lambda: tile(c.constant(tiles * t.rows, "i64"), rest))

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
    """Return how many tiles make a unit: each unit copies B together for itself, so there are only a few."""
    return max(1, -(-p.m // (t.rows * UNITS)))
