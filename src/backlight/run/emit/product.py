"""Matrix products: C = A B (or C + A B), as blocks that live in registers.

A tile of C, some rows by some vectors, stays in registers while k runs; each step loads the vectors of one row of B and
multiplies them by single numbers of A. A panel of B (as wide as a tile, `DEEPEST` deep) is copied together first, and
streams from the nearest cache for all tiles below one another; A is read where it lies, with any strides, because its
sizes are known when this is written. A ragged edge is one masked vector, or without masks ever narrower ones: nothing
is padded, nothing outside is touched.

Each number of C is a sum in the order of k, in blocks of `DEEPEST`: the same bits however the panels are shared out.
"""

from __future__ import annotations

from backlight.run.emit.after import After
from backlight.run.emit.code import Code, Module
from backlight.run.emit.columns import define_by_columns
from backlight.run.emit.pack import Rows, pack
from backlight.run.emit.room import SMALL, by_tiles, places_in, portion, room_of
from backlight.run.emit.split import by_rows
from backlight.run.emit.tile import Corner, Finish, Product, Tiling, define_tile, finish_of, named, tiling
from backlight.run.emit.tiled import define_by_tiles, group
from backlight.run.emit.value import Target, Value
from backlight.run.lower.tiles import DEEPEST


def run_tiles(c: Code, p: Product, t: Tiling, width: int, a: Corner, b: Value, b_row: int, out: Value,
              depth: Value | int, add: Value, inline: bool, finish: Finish | None = None, column: Value | int = 0,
              final: Value | None = None, ends: tuple[Value, Value] | None = None) -> None:
    """Write the tiles below one another, for one panel of B; with `finish` what follows each, if `final` holds.

    With `ends` they are those from the first up to the last.
    """
    known = depth if isinstance(depth, int) else None
    depth = depth if isinstance(depth, Value) else c.constant(depth, "i64")
    full, rest = divmod(p.m, t.rows)

    def tile(rows: int, i: Value | int) -> None:
        symbol = define_tile(c.module, p, rows, width, t.lanes, b_row, inline, known)
        local = finish is not None and finish.after.local
        c_here = finish.tile if finish is not None and local else c.address(out, i * p.c_row, p.kind)
        operands = (*a.moved(c, p, i, 0).operands, b, c_here, c.constant(width if local else p.c_row, "i64"), depth, add)
        c.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")
        if finish is not None and final is None:
            finish.write(c, i, rows, column, width, t.lanes)
        elif finish is not None and final is not None:
            c.when(final, lambda: finish.write(c, i, rows, column, width, t.lanes))

    if ends is not None:
        end = c.select(ends[1].gt(full), full, ends[1])
        c.loop(end, lambda i: tile(t.rows, i * t.rows), start=ends[0])
        if rest:
            c.when(ends[1].gt(full), lambda: tile(rest, full * t.rows))
        return
    if full == 1:
        tile(t.rows, 0)
    elif full:
        c.loop(full * t.rows, lambda i: tile(t.rows, i), step=t.rows)
    if rest:
        tile(rest, full * t.rows)


def panels(target: Target, p: Product, after: After | None = None) -> int:
    """Return into how many units threads may share out the product: panels, portions of them, or groups of tiles."""
    t, size = tiling(target, p), portion(target, p, after)
    if size is not None:
        return -(-p.n // (t.columns * size))
    if by_tiles(target, p):
        return -(-p.m // (t.rows * group(t, p)))
    return -(-p.m // t.rows) if by_rows(target, p) else -(-p.n // t.columns)


def define_product(module: Module, p: Product, after: After | None = None) -> str:
    """Write the function of the whole product: (a, b, c, first, last, add), for the units from first up to last."""
    if portion(module.target, p, after) is not None:
        return define_by_columns(module, p, after)
    if by_tiles(module.target, p):
        return define_by_tiles(module, p, after)
    t = tiling(module.target, p)
    full, rest = divmod(p.n, t.columns)
    small = p.m * p.n * p.k <= SMALL
    rows = Rows(p.kind, p.b_row, p.b_column)
    packed = room_of(module.target, p, after).b > 0
    depth = min(p.k, DEEPEST[p.kind])

    def write(c: Code, at: Value, *operands: Value) -> None:
        a = Corner(at, operands[0] if p.strewn else None)
        b, out, first, last, add, room, *addresses = operands[1:] if p.strewn else operands
        buffer, _, tile = places_in(c, p, after, room)
        finish = finish_of(after, tuple(addresses), tile)
        ends = (first, last) if by_rows(module.target, p) else None

        def panel(j: Value, width: int) -> None:
            column = c.address(b, j * p.b_column, p.kind)
            corner = c.address(out, j, p.kind)

            def block(k: Value) -> None:
                left = p.k - k
                deep = c.select(left.lt(depth), left, depth)
                b_here = c.address(column, k * p.b_row, p.kind)
                b_row = p.b_row
                if packed:
                    pack(c, rows, width, t.lanes, b_here, buffer, deep)
                    b_here, b_row = buffer, width
                final = (k + depth).ge(p.k) if finish else None
                a_here, sum_up = a.moved(c, p, 0, k), add | k.gt(0)
                run_tiles(c, p, t, width, a_here, b_here, b_row, corner, deep, sum_up, small, finish, j, final, ends)

            if p.k == depth:
                b_here, b_row = column, p.b_row
                if packed:
                    pack(c, rows, width, t.lanes, column, buffer, c.constant(depth, "i64"))
                    b_here, b_row = buffer, width
                run_tiles(c, p, t, width, a, b_here, b_row, corner, p.k, add, small, finish, j, None, ends)
            else:
                c.loop(p.k, block, step=depth)

        def inside(j: Value) -> None:
            panel(j * t.columns, t.columns)

        if full + (rest > 0) == 1:
            panel(c.constant(0, "i64"), p.n)
            return
        end = c.select(last.gt(full), full, last)
        c.loop(end, inside, start=first)
        if rest:
            c.when(last.gt(full), lambda: panel(c.constant(full * t.columns, "i64"), rest))

    symbol, parameters = named(p, after)
    return module.define(symbol, "void", parameters, "alwaysinline #0" if small else "noinline #0", write)
