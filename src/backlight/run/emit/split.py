"""Products of few columns, shared out otherwise than by columns: by rows, or along k (split-K).

A product whose columns make one panel is one unit by columns. Where it has many rows, threads take some of them each. Where it
has few rows and long sums, each thread sums up a part of k, in memory of its own, and the parts are added in their order: how
many there are depends on the sizes alone, so the bits are the same on any number of threads.

Both are cut into as many portions, for as much work: what a product along k reads of B, one by rows that changes B has written
in the same thread, in most steps, and it lies in that thread's cache.
"""

from __future__ import annotations

from dataclasses import replace

from backlight.run.emit.code import Code
from backlight.run.emit.parts import Part, parts_of
from backlight.run.emit.room import by_tiles
from backlight.run.emit.tile import Product, tiling
from backlight.run.emit.value import Target, Value

LEAST = 150_000  # multiplications from which a product of one panel is shared out: some 3 microseconds
PORTION = 50_000  # of a portion
PARTS = 16  # at most
LINE = 16  # numbers of a line of the cache


def portions(p: Product) -> int:
    """Return into how many portions a product of one panel is cut."""
    return min(PARTS, p.m * p.n * p.k // PORTION & ~1)


def one_panel(target: Target, p: Product) -> bool:
    """Return whether a product is one panel of columns, and large enough to be shared out."""
    return p.n <= tiling(target, p).columns and p.m * p.n * p.k >= LEAST and not by_tiles(target, p)


def by_rows(target: Target, p: Product) -> bool:
    """Return whether threads take rows of a product."""
    return one_panel(target, p) and not long_sums(target, p) and p.m >= 4 * tiling(target, p).rows


def long_sums(target: Target, p: Product) -> bool:
    """Return whether a product is better cut along k than by rows: what is read of A is then what somebody made by columns."""
    return p.k >= 32 * portions(p) and (p.k >= 2 * p.m or p.m <= 2 * tiling(target, p).rows)


def along_k(target: Target, p: Product) -> int:
    """Return into how many parts of k a product is cut; 1 if into none."""
    if not (one_panel(target, p) and long_sums(target, p)):
        return 1
    most = portions(p)
    even = (count for count in range(most, most // 2, -2) if p.k % (LINE * count) == 0)  # parts that are alike are written once
    return next(even, -(-p.k // part_of(p, most).k))


def sums_of(p: Product) -> int:
    """Return how many numbers the sums of a part take, to a whole line of the cache."""
    return -(-p.m * p.n // LINE) * LINE


def part_of(p: Product, count: int) -> Product:
    """Return a part of a product along k that is cut into so many: whole lines of the cache; the last one may have fewer steps."""
    return replace(p, k=-(-p.k // (LINE * count)) * LINE, c_row=p.n)


def add_parts(c: Code, p: Product, count: int, out: Value, sums: Value, add: bool) -> None:
    """Write the sum of the parts, in their order; with `add` it goes on top of what is there."""
    rows, width = (1, p.m * p.n) if p.c_row == p.n else (p.m, p.n)
    lanes = c.target.lanes(p.kind)
    whole = width - width % lanes

    def vector(row: Value | int, at: Value | int, part: Part) -> None:
        here, there = (c.address(c.address(x, row * apart, p.kind), at, p.kind) for x, apart in ((sums, p.n), (out, p.c_row)))
        total = part.load(c, here, 0, p.kind)
        for k in range(1, count):
            total = total + part.load(c, here, k * sums_of(p), p.kind)
        part.store(c, part.load(c, there, 0, p.kind) + total if add else total, there, 0)

    def one(row: Value | int) -> None:
        if whole:
            c.loop(whole, lambda at: vector(row, at, Part(0, lanes, lanes)), step=lanes)
        for part in parts_of(c.target, width - whole, lanes):
            vector(row, whole, part)

    if rows == 1:
        one(0)
    else:
        c.loop(rows, one)
