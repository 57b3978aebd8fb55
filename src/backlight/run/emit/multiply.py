"""Products of a program: the sizes of one, the products of a batch, and how threads share one out by tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

from backlight.run.emit.after import After
from backlight.run.emit.code import Code
from backlight.run.emit.product import define_product, panels
from backlight.run.emit.room import b_in_place, by_tiles, portion, room_of
from backlight.run.emit.shared import PORTIONS, SHARED, STEP, share, touched, work
from backlight.run.emit.tile import Product
from backlight.run.emit.tiled import define_by_tiles, define_gather, hides, shared_units
from backlight.run.emit.value import Target, Value
from backlight.run.lower.memory import moved
from backlight.run.lower.program import Instruction, Multiply, Place


def product_of(m: Multiply) -> Product:
    """Return the sizes of one product of the batch."""
    (a_row, a_column), (b_row, b_column), (c_row, _) = (p.strides[-2:] for p in (m.a, m.b, m.c))
    return Product(m.kind, m.m, m.n, m.k, a_row, a_column, b_row, b_column, c_row)


def after_of(m: Multiply) -> After | None:
    """Return what follows the tiles of a product."""
    return After(m.after, m.c.buffer, m.local) if m.after is not None else None


def write_multiply(c: Code, m: Multiply, base: Callable[[int], Value], ends: tuple[Value | int, Value | int],
                   addresses: Value | None, room: Value | None) -> None:
    """Write the products of a batch; a unit is one panel of one product."""
    p, (first, last) = product_of(m), ends
    if 0 in m.batch or m.m * m.n == 0:
        return
    if m.k == 0:
        raise AssertionError("a product over nothing is a nest of zeros")
    after = after_of(m)
    symbol = define_product(c.module, p, after)
    count = panels(c.module.target, p, after)

    def one(batch: Value | int, low: Value, high: Value) -> None:
        places = []
        for place in (m.a, m.b, m.c):
            if place is m.c and m.local:
                places.append(Value(c, "null", "ptr", 1))
                continue
            at = c.address(base(place.buffer), place.offset, m.kind)
            places.append(c.address(at, batch_offset(c, m, place, batch), m.kind))
        operands = ", ".join(x.typed for x in (*places, low, high))
        more = f", {addresses.typed}" if after is not None and addresses is not None else ""
        space = room.typed if room is not None else "ptr null"
        c.do(f"call void @{symbol}({operands}, i1 {'true' if m.add else 'false'}, {space}{more})")

    def lift(x: Value | int) -> Value:
        return x if isinstance(x, Value) else c.constant(x, "i64")

    if prod(m.batch) == 1:
        one(0, lift(first), lift(last))
    elif (isinstance(first, int) and isinstance(last, int)) or count == 1:
        low, high = c.constant(0, "i64"), c.constant(count, "i64")
        if isinstance(first, int) and isinstance(last, int):
            c.loop(prod(m.batch), lambda b: one(b, low, high))
        else:
            c.loop(last, lambda b: one(b, low, high), start=first)
    else:
        def unit(u: Value) -> None:
            batch = c.put(f"sdiv {u.typed}, {count}", "i64")
            panel = u - batch * count
            one(batch, panel, panel + 1)

        c.loop(last, unit, start=first)


def batch_offset(c: Code, m: Multiply, place: Place, batch: Value | int) -> Value | int:
    """Return where the product number `batch` finds an operand."""
    if isinstance(batch, int):
        return 0
    total: Value = c.constant(0, "i64")
    rest = batch
    for size, stride in reversed(list(zip(m.batch, place.strides[:-2], strict=True))):
        following = c.put(f"sdiv {rest.typed}, {size}", "i64")
        total = total + (rest - following * size) * stride
        rest = following
    return total


def shared_by_tiles(target: Target, instruction: Instruction) -> bool:
    """Return whether threads that share out a product copy all of B together before."""
    if not isinstance(instruction, Multiply) or prod(instruction.batch) != 1 or work(instruction) <= SHARED:
        return False
    p = product_of(instruction)
    return by_tiles(target, p) and not b_in_place(p) and portion(target, p, after_of(instruction)) is None


def portions_of(target: Target, instruction: Instruction) -> int:
    """Return in how many portions threads take the units of an instruction: few where one tile does what is left of another."""
    hiding = isinstance(instruction, Multiply) and hides(target, product_of(instruction), after_of(instruction))
    return PORTIONS // 2 if hiding else PORTIONS


def share_tiles(c: Code, m: Multiply, alone: str, table: Value, addresses: Value) -> None:
    """Write a product by tiles: alone, block by block of B; threads copy all of B together first and then take tiles."""
    p, after, numbers = product_of(m), after_of(m), {buffer: k for k, buffer in enumerate(touched(m))}
    units = shared_units(c.target, p)
    assert units is not None
    behind = room_of(c.target, p, after, True).starts[1]

    def base(inner: Code, at: Value, place: Place) -> Value:
        return inner.address(inner.load(at, numbers[place.buffer], "ptr"), place.offset, m.kind)

    def gather(inner: Code, at: Value, first: Value, last: Value, mine: Value) -> None:
        operands = (base(inner, at, m.b), inner.load(at, len(numbers), "ptr"), first, last)
        inner.do(f"call void @{define_gather(inner.module, p)}({', '.join(x.typed for x in operands)})")

    def tiles(inner: Code, at: Value, first: Value, last: Value, mine: Value) -> None:
        panels_at, null = inner.load(at, len(numbers), "ptr"), Value(inner, "null", "ptr", 1)
        out = null if m.local else base(inner, at, m.c)
        room = inner.select(mine, inner.address(panels_at, behind, m.kind), null)
        symbol = define_by_tiles(inner.module, p, after_here, True)
        add = Value(inner, "true" if m.add else "false", "i1", 1)
        operands = [base(inner, at, m.a), panels_at, out, first, last, add, room, *[at] * (after is not None)]
        inner.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")

    known = len(numbers)
    renamed = moved(replace(m, nodes=()), {**numbers, **({m.c.buffer: known} if m.local else {})})
    assert isinstance(renamed, Multiply)
    after_here = None if renamed.after is None else After(replace(renamed.after, nodes=()), renamed.c.buffer, renamed.local)
    digest = alone.removeprefix("bl.step.")
    words = (("gather", gather), ("tiles", tiles))
    steps = [c.module.define(f"bl.step.{digest}.{word}", "void", STEP, "noinline #0", write) for word, write in words]
    pool = c.load(table, 2, "ptr")
    yes, no, end = c.name("alone"), c.name("shared"), c.name("end")
    c.do(f"br {c.put(f'icmp eq ptr {pool.text}, null', 'i1').typed}, label %{yes}, label %{no}")
    c.label(yes)
    c.do(f"call void @{alone}({addresses.typed}, i64 0, i64 {panels(c.target, p, after)}, i1 true)")
    c.do(f"br label %{end}")
    c.label(no)
    for step, count in zip(steps, units, strict=True):
        share(c, step, table, addresses, count)
    c.do(f"br label %{end}")
    c.label(end)
