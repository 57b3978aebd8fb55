"""Which numbers of a matrix are not 0: how many about, a list for each row, and whether all of them are finite."""

from __future__ import annotations

from backlight.run.emit.code import Code, Module
from backlight.run.emit.masks import masked_load
from backlight.run.emit.sparse import DEEP, SAMPLE
from backlight.run.emit.value import Value

WAYS = 4  # sums at once, where each is one step


def define_sample(module: Module, kind: str) -> str:
    """Write the function that counts the zeros in some rows of a matrix: (start, rows, columns, apart); whole vectors alone."""
    lanes = module.target.lanes(kind)

    def write(c: Code, start: Value, rows: Value, columns: Value, apart: Value) -> Value:
        def row(i: Value, total: Value) -> list[Value]:
            def vector(j: Value, total: Value) -> list[Value]:
                return [total + ones(c, c.load(start, i * apart + j, kind, lanes).eq(0.0))]

            return c.loop(columns - (lanes - 1), vector, [total], step=lanes)

        return c.loop(rows, row, [c.constant(0, "i64")], step=SAMPLE)[0]

    parameters = [("start", "ptr", 1), ("rows", "i64", 1), ("columns", "i64", 1), ("apart", "i64", 1)]
    return module.define(f"bl.sample.{kind}", "i64", parameters, "noinline #0", write)


def ones(c: Code, mask: Value) -> Value:
    """Return how many lanes of a mask are set."""
    bits = c.put(f"bitcast {mask.typed} to i{mask.lanes}", f"i{mask.lanes}")
    return c.put(f"zext {c.intrinsic('ctpop', bits).typed} to i64", "i64")


def define_lists(module: Module, kind: str) -> str:
    """Write the function that lists which numbers of a matrix are not 0: (start, apart, rows, columns, counts, lists).

    Blocks of columns come one after the other, in each a list of bytes for every row; it returns how many numbers there are.
    """
    lanes = module.target.lanes(kind)

    def write(c: Code, start: Value, apart: Value, rows: Value, columns: Value, counts: Value, lists: Value) -> Value:
        numbers = Value(c, "<" + ", ".join(f"i32 {k}" for k in range(lanes)) + ">", "i32", lanes)

        def block(k: Value, total: Value) -> list[Value]:
            left, before = columns - k, k.shift_right(DEEP.bit_length() - 1) * rows
            deep = c.select(left.lt(DEEP), left, c.constant(DEEP, "i64"))

            def row(i: Value, total: Value) -> list[Value]:
                here, to = c.address(start, i * apart + k, kind), c.address(lists, (before + i) * DEEP, "i8")

                def chosen(j: Value, at: Value, x: Value) -> list[Value]:
                    there = x.ne(0.0)
                    place = numbers + c.splat(c.convert(j, "i32", "trunc"), lanes)
                    store_chosen(c, place, there, c.address(to, at, "i8"))
                    return [at + ones(c, there)]

                def vector(j: Value, at: Value) -> list[Value]:
                    return chosen(j, at, c.load(here, j, kind, lanes))

                def some(j: Value, at: Value) -> list[Value]:
                    inside = mask_of_first(c, deep - j, lanes)
                    return chosen(j, at, masked_load(c, c.address(here, j, kind), kind, lanes, inside))

                whole = deep - (deep & (lanes - 1))
                count = c.loop(whole, vector, [c.constant(0, "i64")], step=lanes)[0]
                count = c.loop(deep, some, [count], step=lanes, start=whole)[0]
                c.store(c.convert(count, "i32", "trunc"), counts, before + i)
                return [total + count]

            return c.loop(rows, row, [total])

        return c.loop(columns, block, [c.constant(0, "i64")], step=DEEP)[0]

    names = (("start", "ptr"), ("apart", "i64"), ("rows", "i64"), ("columns", "i64"), ("counts", "ptr"), ("lists", "ptr"))
    return module.define(f"bl.lists.{kind}", "i64", [(name, kind, 1) for name, kind in names], "noinline #0", write)


def mask_of_first(c: Code, count: Value, lanes: int) -> Value:
    """Return the mask of the first so many lanes; all, if there are more."""
    some = c.put(f"lshr i32 {(1 << lanes) - 1}, {c.convert(lanes - least(c, count, lanes), 'i32', 'trunc').text}", "i32")
    bits = c.convert(some, f"i{lanes}", "trunc")
    return c.put(f"bitcast {bits.typed} to <{lanes} x i1>", "i1", lanes)


def least(c: Code, x: Value, limit: int) -> Value:
    """Return the lesser of two whole numbers."""
    return c.select(x.lt(limit), x, c.constant(limit, "i64"))


def store_chosen(c: Code, x: Value, mask: Value, at: Value) -> None:
    """Put the chosen lanes beside one another, as bytes; behind them so many bytes that a whole vector is written."""
    symbol = f"llvm.x86.avx512.mask.compress.v{x.lanes}i32"
    c.module.declare(symbol, f"declare {x.type} @{symbol}({x.type}, {x.type}, <{x.lanes} x i1>)")
    together = c.put(f"call {x.type} @{symbol}({x.typed}, {x.type} zeroinitializer, {mask.typed})", "i32", x.lanes)
    small = c.put(f"trunc {together.typed} to <{x.lanes} x i8>", "i8", x.lanes)
    c.do(f"store {small.typed}, ptr {at.text}, align 1")


def define_finite(module: Module, kind: str) -> str:
    """Write the function that says whether so many numbers are all finite: (start, count)."""
    lanes = module.target.lanes(kind)

    def write(c: Code, start: Value, count: Value) -> Value:
        def product(x: Value, sums: Value) -> Value:  # of a number and 0: 0, or NaN
            return c.muladd(x, 0.0, sums)

        def several(i: Value, *sums: Value) -> list[Value]:
            here = c.address(start, i, kind)
            return [product(c.load(here, k * lanes, kind, lanes), x) for k, x in enumerate(sums)]

        def some(i: Value, sums: Value) -> list[Value]:
            return [product(masked_load(c, c.address(start, i, kind), kind, lanes, mask_of_first(c, count - i, lanes)), sums)]

        zeros = [c.constant(0.0, kind, lanes) for _ in range(WAYS)]
        whole = count - (count & (WAYS * lanes - 1))
        a, *others = c.loop(whole, several, zeros, step=WAYS * lanes)
        a = c.loop(count, some, [a], step=lanes, start=whole)[0]
        for x in others:
            a = a + x
        return ~c.any(a.isnan())

    return module.define(f"bl.finite.{kind}", "i1", [("start", "ptr", 1), ("count", "i64", 1)], "noinline #0", write)
