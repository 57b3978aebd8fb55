"""Products by columns: some panels of B at a time, a portion, and with them through all tiles of A.

The way through a product by tiles (`tiled.py`) whose B is wide, and to share it out: the panels of a portion stay in the cache of
who uses them, nobody waits until all of B is copied, if it must be, and columns are shared out more evenly than tiles, of which
there may be nine and a bit. A comes from the second cache once for each portion, or is copied together, which is why a portion is
no less than some panels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from backlight.run.emit.code import Code, Module
from backlight.run.emit.pack import Rows, pack
from backlight.run.emit.room import a_in_place, b_in_place, places_in, portion
from backlight.run.emit.tile import Product, define_tile, named, tiling
from backlight.run.emit.value import Value
from backlight.run.lower.tiles import DEEPEST

Panel = Callable[[Value, int], None]  # what is done for one: its first column and its width


def define_by_columns(module: Module, p: Product) -> str:
    """Write the product for the portions from first up to last."""
    t, size = tiling(module.target, p), portion(module.target, p, None)
    assert size is not None
    depth = min(p.k, DEEPEST[p.kind])
    tiles, rest = divmod(p.m, t.rows)
    full, narrow = divmod(p.n, t.columns)
    in_place, a_stays = b_in_place(p), a_in_place(module.target, p)
    rows_of_b, rows_of_a = Rows(p.kind, p.b_row, p.b_column), Rows(p.kind, p.a_column, p.a_row)

    def write(c: Code, a: Value, b: Value, out: Value, first: Value, last: Value, add: Value, room: Value) -> None:
        panels_at, tile_at, _ = places_in(c, p, None, room)
        c.loop(last, lambda number: one(c, (a, b, out), number * size, (add, panels_at, tile_at)), start=first)

    def one(c: Code, matrices: tuple[Value, Value, Value], first: Value, places: tuple[Value, Value, Value]) -> None:
        (a, b, out), (add, panels_at, tile_at), last = matrices, places, first + size
        end, start = c.select(last.gt(full), full, last), first * t.columns

        def block(k: Value) -> None:
            left = p.k - k
            deep = c.select(left.lt(depth), left, depth)
            b_here, sum_up = c.address(b, k * p.b_row, p.kind), add | k.gt(0)

            def panels(visit: Panel) -> None:
                c.loop(end, lambda j: visit(j * t.columns, t.columns), start=first)
                if narrow:
                    c.when(last.gt(full), lambda: visit(c.constant(full * t.columns, "i64"), narrow))

            def tile(i: Value, rows: int) -> None:
                a_here, here = c.address(c.address(a, k * p.a_column, p.kind), i * p.a_row, p.kind), p
                if not a_stays:
                    pack(c, rows_of_a, rows, t.lanes, a_here, tile_at, deep)
                    a_here, here = tile_at, replace(p, a_row=1, a_column=rows)

                def multiply(j: Value, width: int) -> None:
                    b_row = p.b_row if in_place else width
                    symbol = define_tile(c.module, here, rows, width, t.lanes, b_row, False, None, in_place)
                    panel = c.address(b_here, j, p.kind) if in_place else c.address(panels_at, deep * (j - start), p.kind)
                    to = c.address(c.address(out, i * p.c_row, p.kind), j, p.kind)
                    operands = (a_here, panel, to, c.constant(p.c_row, "i64"), deep, sum_up)
                    c.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")

                panels(multiply)

            if not in_place:
                panels(lambda j, width: pack(c, rows_of_b, width, t.lanes, c.address(b_here, j * p.b_column, p.kind),
                                             c.address(panels_at, deep * (j - start), p.kind), deep))
            c.loop(tiles, lambda i: tile(i * t.rows, t.rows))
            if rest:
                tile(c.constant(tiles * t.rows, "i64"), rest)

        c.loop(p.k, block, step=depth)

    symbol, parameters = named(p, None)
    return module.define(symbol, "void", parameters, "noinline #0", write)
