"""The order that sorts numbers: merges of ever longer runs, so that equal numbers keep the order they have.

Numbers are compared as whole numbers made from their bits: NaN is the largest, both zeros are one. A merge takes one number
a step without a branch: it looks at the next of either run, and both looks stay inside them.
"""

from __future__ import annotations

from collections.abc import Callable

from backlight.run.emit.code import Code
from backlight.run.emit.value import FLOATS, Value
from backlight.run.lower.program import Sort


def key_of(c: Code, x: Value, descending: bool) -> Value:
    """Return a whole number for each number, in the same order, NaN behind all (before all, descending)."""
    if x.kind in FLOATS:
        bits = c.convert(c.select(x.eq(0.0), 0.0, x), "double").bits()
        key = c.select(bits.lt(0), bits ^ ((1 << 63) - 1), bits)
        key = c.select(x.isnan(), (1 << 63) - 1, key)
    else:
        key = c.convert(x, "i64")
    return ~key if descending else key


def write_sort(c: Code, sort: Sort, base: Callable[[int], Value]) -> None:
    """Write the loops over all rows."""
    n = sort.sizes[1]
    if 0 in sort.sizes:
        return
    stored = "i8" if sort.kind == "i1" else sort.kind
    x, z, room = base(sort.x.buffer), base(sort.z.buffer), base(sort.room)
    keys, indices, other_keys, other_indices = (c.address(room, k * n, "i64") for k in range(4))

    def row(u: Value) -> None:
        def fill(k: Value) -> None:
            number = c.load(x, u * sort.x.strides[0] + k * sort.x.strides[1] + sort.x.offset, stored)
            c.store(key_of(c, number, sort.descending), keys, k)
            c.store(k, indices, k)

        c.loop(n, fill)
        passes = (n - 1).bit_length()

        def merge(turn: Value, from_key: Value, from_index: Value, to_key: Value, to_index: Value) -> list[Value]:
            width = c.constant(1, "i64") << turn

            def pair(block: Value) -> None:
                low = (block * width) << 1
                middle, high = smaller(c, low + width, n), smaller(c, low + (width << 1), n)

                def take(k: Value, i: Value, j: Value) -> list[Value]:
                    left, right = smaller(c, i, middle - 1), smaller(c, j, high - 1)
                    a, b = c.load(from_key, left, "i64"), c.load(from_key, right, "i64")
                    first_one = i.lt(middle) & (j.ge(high) | a.le(b))
                    chosen = c.select(first_one, left, right)
                    c.store(c.select(first_one, a, b), to_key, k)
                    c.store(c.load(from_index, chosen, "i64"), to_index, k)
                    step = c.convert(first_one, "i64")
                    return [i + step, j + (1 - step)]

                c.loop(high, take, [low, middle], start=low)

            blocks = (((width << 1) + (n - 1)).shift_right(turn + 1))
            c.loop(blocks, pair)
            return [to_key, to_index, from_key, from_index]

        found = c.loop(passes, merge, [keys, indices, other_keys, other_indices])

        def put(k: Value) -> None:
            c.store(c.load(found[1], k, "i64"), z, u * sort.z.strides[0] + k * sort.z.strides[1] + sort.z.offset)

        c.loop(n, put)

    c.loop(sort.sizes[0], row)


def smaller(c: Code, x: Value, y: Value | int) -> Value:
    """Return the smaller of two whole numbers."""
    return c.select(x.lt(y), x, y)
