"""Products of a program: the sizes of one, the products of a batch, and how threads share one out by tiles."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import prod

from backlight.run.emit.after import After
from backlight.run.emit.code import Code
from backlight.run.emit.gathered import asks_ahead, multiply_ahead
from backlight.run.emit.product import define_product, panels
from backlight.run.emit.room import b_in_place, by_tiles, portion, room_bytes, room_of
from backlight.run.emit.shared import PORTIONS, SHARED, STEP, numbered, share, work
from backlight.run.emit.split import LEAST, add_parts, along_k, by_rows, part_of, portions, sums_of
from backlight.run.emit.tile import Corner, Product, product_of
from backlight.run.emit.tiled import define_by_tiles, define_gather, hides, shared_units
from backlight.run.emit.value import SIZES, Target, Value
from backlight.run.lower.program import Instruction, Multiply, Nest, Place


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
        a = Corner(places[0], c.constant(0, "i64") if p.strewn else None)
        operands = ", ".join(x.typed for x in (*a.operands, *places[1:], low, high))
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


def parts_of_k(target: Target, instruction: Instruction) -> int:
    """Return into how many parts of k a product is cut; 1 if into none."""
    if not isinstance(instruction, Multiply) or prod(instruction.batch) != 1 or instruction.after is not None:
        return 1
    return along_k(target, product_of(instruction))


def portions_of(target: Target, instruction: Instruction) -> int:
    """Return in how many portions threads take the units of an instruction, at most.

    Few where one tile does what is left of another, and where a product is no more than some portions.
    """
    if not isinstance(instruction, Multiply):
        return PORTIONS
    p = product_of(instruction)
    if by_rows(target, p):
        return portions(p)
    return PORTIONS // 2 if hides(target, p, after_of(instruction)) else PORTIONS


def enough(target: Target, instruction: Instruction) -> int:
    """Return the work from which an instruction is shared out."""
    rows = isinstance(instruction, Multiply) and prod(instruction.batch) == 1 and by_rows(target, product_of(instruction))
    return LEAST if rows or isinstance(instruction, Nest) or parts_of_k(target, instruction) > 1 else SHARED


def multiply_bytes(target: Target, m: Multiply) -> int:
    """Return the bytes of the room that a product needs."""
    p, count = product_of(m), parts_of_k(target, m)
    if count == 1:
        return room_bytes(target, p, after_of(m), shared_by_tiles(target, m))
    return sums_of(p) * count * SIZES[p.kind] + room_bytes(target, part_of(p, count), None)


def share_parts(c: Code, m: Multiply, table: Value, addresses: Value) -> None:
    """Write a product along k: each part of k has its sums in the room, and they are added in their order."""
    plain, known, digest = numbered(m)
    assert isinstance(plain, Multiply)
    count, p = parts_of_k(c.target, m), product_of(plain)

    def places(inner: Code, at: Value) -> list[Value]:
        return [inner.address(inner.load(at, x.buffer, "ptr"), x.offset, m.kind) for x in (plain.a, plain.b, plain.c)]

    def parts(inner: Code, at: Value, first: Value, last: Value, mine: Value) -> None:
        a, b, _ = places(inner, at)
        sums = inner.load(at, known, "ptr")
        own = inner.select(mine, inner.address(sums, count * sums_of(p), p.kind), Value(inner, "null", "ptr", 1))
        whole = part_of(p, count)

        def part(number: Value, p: Product) -> None:
            to, start = inner.address(sums, number * sums_of(p), p.kind), number * whole.k
            corner = Corner(a, inner.constant(0, "i64") if p.strewn else None).moved(inner, p, 0, start)
            places, no = (corner, inner.address(b, start * p.b_row, p.kind), to), Value(inner, "false", "i1", 1)
            if asks_ahead(inner.target, p):
                multiply_ahead(inner, p, whole.k, places, no)
                return
            ends = inner.constant(0, "i64"), inner.constant(panels(inner.target, p), "i64")
            operands = (*corner.operands, *places[1:], *ends, no, own)
            inner.do(f"call void @{define_product(inner.module, p)}({', '.join(x.typed for x in operands)})")

        full, rest = divmod(p.k, whole.k)
        inner.loop(inner.select(last.gt(full), full, last), lambda number: part(number, whole), start=first)
        if rest:
            inner.when(last.gt(full), lambda: part(inner.constant(full, "i64"), replace(whole, k=rest)))

    step = c.module.define(f"bl.step.{digest}.parts", "void", STEP, "noinline #0", parts)
    share(c, step, table, addresses, count, wake=work(m) > SHARED)

    def together(inner: Code, at: Value) -> None:
        add_parts(inner, p, count, places(inner, at)[2], inner.load(at, known, "ptr"), plain.add)

    symbol = c.module.define(f"bl.step.{digest}.sums", "void", STEP[:1], "noinline #0", together)
    c.do(f"call void @{symbol}({addresses.typed})")


def share_tiles(c: Code, m: Multiply, alone: str, table: Value, addresses: Value) -> None:
    """Write a product by tiles: alone, block by block of B; threads copy all of B together first and then take tiles."""
    plain, known, digest = numbered(m)
    assert isinstance(plain, Multiply)
    p, after = product_of(plain), after_of(plain)
    units = shared_units(c.target, p)
    assert units is not None
    behind = room_of(c.target, p, after, True).starts[1]

    def base(inner: Code, at: Value, place: Place) -> Value:
        return inner.address(inner.load(at, place.buffer, "ptr"), place.offset, m.kind)

    def gather(inner: Code, at: Value, first: Value, last: Value, mine: Value) -> None:
        operands = (base(inner, at, plain.b), inner.load(at, known, "ptr"), first, last)
        inner.do(f"call void @{define_gather(inner.module, p)}({', '.join(x.typed for x in operands)})")

    def tiles(inner: Code, at: Value, first: Value, last: Value, mine: Value) -> None:
        panels_at, null = inner.load(at, known, "ptr"), Value(inner, "null", "ptr", 1)
        out = null if plain.local else base(inner, at, plain.c)
        room = inner.select(mine, inner.address(panels_at, behind, m.kind), null)
        symbol = define_by_tiles(inner.module, p, after, True)
        add = Value(inner, "true" if m.add else "false", "i1", 1)
        operands = [base(inner, at, plain.a), panels_at, out, first, last, add, room, *[at] * (after is not None)]
        inner.do(f"call void @{symbol}({', '.join(x.typed for x in operands)})")

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
