"""Products by columns: some panels of B at a time, a portion, and with them through all tiles of A.

The way through a product by tiles (`tiled.py`) whose B is wide, and to share it out: the panels of a portion stay in the cache of
who uses them, nobody waits until all of B is copied, if it must be, and columns are shared out more evenly than tiles, of which
there may be nine and a bit. A comes from the second cache once for each portion, or is copied together, which is why a portion is
no less than some panels. While one block of B is used, the next one is asked for, by each tile a part of it, so that it comes from
the second cache too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from backlight.run.emit.after import After
from backlight.run.emit.code import Code, Module
from backlight.run.emit.fetch import fetch
from backlight.run.emit.pack import Rows, pack
from backlight.run.emit.room import a_in_place, b_in_place, places_in, portion
from backlight.run.emit.tile import Finish, Product, define_tile, finish_of, named, tiling
from backlight.run.emit.value import SIZES, Value
from backlight.run.lower.tiles import DEEPEST


@dataclass(frozen=True, slots=True)
class Ahead:
    """Numbers of B that are asked for while a tile is summed up: so many runs of so many bytes, as far apart as they lie."""

    rows: int
    used: int
    apart: int

    @property
    def bytes(self) -> int:
        """How far what is asked for during one tile lies behind that of the tile before."""
        return self.rows * self.apart

    @property
    def key(self) -> str:
        """A name for what is done."""
        return f"block.{self.rows}.{self.used}.{self.apart}"

    def row(self, c: Code, addresses: Value, start: tuple[Value, Value], width: int, lanes: int,
            tile: Value) -> Callable[[Value], None]:
        """Write what is the same for all runs, the first of which begins at an address; return what asks for one."""
        return lambda i: fetch(c, c.address(addresses, i * self.apart, "i8"), self.used)


def ahead_of(p: Product, width: int, depth: int, tiles: int) -> Ahead:
    """Return what part of a panel of the next block each tile of this one asks for: all tiles together ask for all of it."""
    size = SIZES[p.kind]
    runs, used, apart = (width, depth, p.b_column) if p.b_row == 1 else (depth, width, p.b_row)
    return Ahead(-(-runs // tiles), used * size, apart * size)


Panel = Callable[[Value, int], None]  # what is done for one: its first column and its width


def define_by_columns(module: Module, p: Product, after: After | None = None) -> str:
    """Write the product for the portions from first up to last."""
    t, size = tiling(module.target, p), portion(module.target, p, after)
    assert size is not None
    depth = min(p.k, DEEPEST[p.kind])
    tiles, rest = divmod(p.m, t.rows)
    full, narrow = divmod(p.n, t.columns)
    in_place, a_stays = b_in_place(p), a_in_place(module.target, p)
    rows_of_b, rows_of_a = Rows(p.kind, p.b_row, p.b_column), Rows(p.kind, p.a_column, p.a_row)

    def write(c: Code, a: Value, b: Value, out: Value, first: Value, last: Value, add: Value, room: Value,
              *addresses: Value) -> None:
        panels_at, tile_at, local_at = places_in(c, p, after, room)
        finish = finish_of(after, addresses, local_at)
        stop = last * size
        c.loop(last, lambda number: one(c, (a, b, out), (number * size, stop), (add, panels_at, tile_at), finish), start=first)

    def one(c: Code, matrices: tuple[Value, Value, Value], ends: tuple[Value, Value], places: tuple[Value, Value, Value],
            finish: Finish | None) -> None:
        (a, b, out), (add, panels_at, tile_at), (first, stop) = matrices, places, ends
        last = first + size
        end, start = c.select(last.gt(full), full, last), first * t.columns

        def block(k: Value) -> None:
            left, on = p.k - k, k + depth
            deep = c.select(left.lt(depth), left, depth)
            b_here, sum_up = c.address(b, k * p.b_row, p.kind), add | k.gt(0)
            behind = c.select(last.lt(stop), c.address(b, size * t.columns * p.b_column, p.kind), b_here)
            following = c.select(on.lt(p.k), c.address(b, on * p.b_row, p.kind), behind)

            def panels(visit: Panel) -> None:
                c.loop(end, lambda j: visit(j * t.columns, t.columns), start=first)
                if narrow:
                    c.when(last.gt(full), lambda: visit(c.constant(full * t.columns, "i64"), narrow))

            def tile(number: Value, rows: int) -> None:
                i = number * t.rows
                a_here, here = c.address(c.address(a, k * p.a_column, p.kind), i * p.a_row, p.kind), p
                if not a_stays:
                    pack(c, rows_of_a, rows, t.lanes, a_here, tile_at, deep)
                    a_here, here = tile_at, replace(p, a_row=1, a_column=rows)

                def multiply(j: Value, width: int) -> None:
                    b_row = p.b_row if in_place else width
                    ahead = ahead_of(p, width, depth, tiles + (rest > 0))
                    symbol = define_tile(c.module, here, rows, width, t.lanes, b_row, False, None, in_place, ahead)
                    panel = c.address(b_here, j, p.kind) if in_place else c.address(panels_at, deep * (j - start), p.kind)
                    to = c.address(c.address(out, i * p.c_row, p.kind), j, p.kind)
                    asked = c.address(c.address(following, j * p.b_column, p.kind), number * ahead.bytes, "i8")
                    zero = c.constant(0, "i64")
                    operands = (a_here, panel, to, c.constant(p.c_row, "i64"), deep, sum_up, asked, zero, zero)
                    c.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")
                    if finish is not None:
                        c.when(on.ge(p.k), lambda: finish.write(c, i, rows, j, width, t.lanes))

                panels(multiply)

            if not in_place:
                panels(lambda j, width: pack(c, rows_of_b, width, t.lanes, c.address(b_here, j * p.b_column, p.kind),
                                             c.address(panels_at, deep * (j - start), p.kind), deep))
            c.loop(tiles, lambda number: tile(number, t.rows))
            if rest:
                tile(c.constant(tiles, "i64"), rest)

        c.loop(p.k, block, step=depth)

    symbol, parameters = named(p, after)
    return module.define(symbol, "void", parameters, "noinline #0", write)
