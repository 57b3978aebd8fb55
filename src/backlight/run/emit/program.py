"""A whole program as one module: a function for each piece of compiled code between two calls.

Every function takes one pointer, to a table of addresses: the arena, the pool of threads, then the inputs, outputs and
constants in the order of their buffers. Small instructions are inlined where they stand; large ones stay functions of a
range of units, so that threads can share them out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod

from backlight.run.emit import contract, scan, sort
from backlight.run.emit.after import After
from backlight.run.emit.code import Code, Module
from backlight.run.emit.inner import RESERVED, define_inner, slots
from backlight.run.emit.nest import units, write_fills, write_nest
from backlight.run.emit.product import Product, define_product, panels, room_bytes
from backlight.run.emit.value import Target, Value
from backlight.run.lower.memory import ALIGN, moved, used
from backlight.run.lower.program import (
    Call,
    Choose,
    Contract,
    Instruction,
    Multiply,
    Nest,
    Place,
    Program,
    Repeat,
    Scan,
    Sort,
)

SHARED = 400_000  # scalar operations, some 20 microseconds, from which a step is worth sharing out
OFTEN = 1000  # steps that a loop of unknown length is taken to have
Work = Nest | Multiply | Contract | Scan | Sort  # what is a function of units; a call stands between two pieces
INLINE = 2048  # steps of a nest, or multiplications, up to which it is written where it is used


@dataclass(frozen=True, slots=True)
class Piece:
    """A function of the module, or a call of the reference machine."""

    symbol: str | None
    call: Call | None = None


class Bases:
    """The addresses of buffers inside one function, each loaded from the table once."""

    def __init__(self, c: Code, program: Program, table: Value, inside: bool = False) -> None:
        self.c, self.program, self.table, self.inside = c, program, table, inside
        self.slots = slots(program)
        self.kept: dict[int, Value] = {}
        self.arena: Value | None = None

    def load(self, numbers: list[int]) -> None:
        """Load the addresses that will be needed, before any loop is open."""
        for number in numbers:
            if number in self.kept:
                continue
            if number in self.slots:
                self.kept[number] = self.c.load(self.table, self.slots[number], "ptr")
                continue
            if self.arena is None:
                self.arena = self.c.load(self.table, 0, "ptr")
            self.kept[number] = self.c.address(self.arena, self.program.offsets[number], "i8")

    def room(self) -> Value:
        """Return where the room behind the outermost arena begins."""
        if self.inside:
            return self.c.load(self.table, RESERVED + len(self.slots), "ptr")
        self.arena = self.arena or self.c.load(self.table, 0, "ptr")
        return self.c.address(self.arena, -(-self.program.arena // ALIGN) * ALIGN, "i8")

    def __call__(self, number: int) -> Value:
        return self.kept[number]


def work(instruction: Instruction) -> int:
    """Return roughly how many scalar operations an instruction takes."""
    match instruction:
        case Nest(sizes=sizes, steps=steps):
            return prod(sizes) * max(len(steps), 1)
        case Multiply(m=m, n=n, k=k, batch=batch, after=after):
            return m * n * k * prod(batch) + (work(after) if after is not None else 0)
        case Contract(m=rows, n=columns, k=depth, batch=batch):
            return prod(rows) * prod(columns) * prod(depth) * prod(batch)
        case Scan(sizes=sizes):
            return 4 * prod(sizes)
        case Sort(sizes=sizes):
            return 8 * prod(sizes) * sizes[1].bit_length()
        case Repeat(step=step, count=count):
            return (count if count >= 0 else OFTEN) * sum(map(work, step.program.instructions))
        case Choose(branches=branches):
            return max(sum(map(work, branch.program.instructions)) for branch in branches)
        case Call():
            return 0


def room(target: Target, program: Program) -> int:
    """Return the bytes behind the arena in which instructions, one after the other, copy their operands together."""
    found = [0]
    for i in program.instructions:
        if isinstance(i, Multiply):
            found.append(room_bytes(target, product_of(i), after_of(i)))
        elif isinstance(i, Repeat):
            found += [room(target, inner.program) for inner in (i.step, i.test) if inner is not None]
        elif isinstance(i, Choose):
            found += [room(target, branch.program) for branch in i.branches]
    return max(found)


def arena_bytes(target: Target, program: Program) -> int:
    """Return the size of the arena, with room behind it."""
    more = room(target, program)
    return -(-program.arena // ALIGN) * ALIGN + more if more else program.arena


def after_of(m: Multiply) -> After | None:
    """Return what follows the tiles of a product."""
    return After(m.after, m.c.buffer, m.local) if m.after is not None else None


def write_instruction(c: Code, instruction: Work, bases: Callable[[int], Value], first: Value | int, last: Value | int,
                      addresses: Value | None = None, room: Value | None = None) -> None:
    """Write one instruction for the units from first up to last; `addresses` is where those of its buffers stand, `room`
    where it may copy them together, if not on the stack."""
    if isinstance(instruction, Nest):
        write_nest(c, instruction, bases, first, last)
    elif isinstance(instruction, Contract):
        contract.write_contract(c, instruction, bases, first, last)
    elif isinstance(instruction, Scan):
        scan.write_scan(c, instruction, bases, first, last)
    elif isinstance(instruction, Sort):
        sort.write_sort(c, instruction, bases)
    else:
        write_multiply(c, instruction, bases, (first, last), addresses, room)


def unit_count(target_module: Module, instruction: Work) -> int:
    """Return into how many units threads may share out the instruction."""
    if isinstance(instruction, Nest):
        return units(instruction)
    if isinstance(instruction, Scan):
        return scan.units(instruction)
    if isinstance(instruction, Sort):
        return 1  # the rows share one piece of memory to be sorted in
    if 0 in instruction.batch:
        return 1
    if isinstance(instruction, Contract):
        return prod(instruction.batch) * contract.panels(target_module.target, instruction)
    return prod(instruction.batch) * panels(target_module.target, product_of(instruction))


def product_of(m: Multiply) -> Product:
    """Return the sizes of one product of the batch."""
    (a_row, a_column), (b_row, b_column), (c_row, _) = (p.strides[-2:] for p in (m.a, m.b, m.c))
    return Product(m.kind, m.m, m.n, m.k, a_row, a_column, b_row, b_column, c_row)


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
    count = panels(c.module.target, p)

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


def define_step(module: Module, instruction: Work) -> str:
    """Write the function of one instruction: (addresses, first, last, mine); equal instructions share it.

    The buffers are numbered in the order in which the instruction uses them, and the addresses come in that order, that of
    the room behind them: so the layers of a network, which do the same elsewhere, are compiled once. The room is for the
    thread whose arena it is (`mine`).
    """
    numbers = {buffer: k for k, buffer in enumerate(touched(instruction))}
    known = len(numbers)
    if isinstance(instruction, Multiply) and instruction.local:
        numbers[instruction.c.buffer] = known  # it has a number, but no address
    renamed = moved(instruction, numbers)
    assert not isinstance(renamed, Call | Repeat | Choose)
    plain = replace(renamed, nodes=())
    if isinstance(plain, Multiply) and plain.after is not None:
        plain = replace(plain, after=replace(plain.after, nodes=()))
    digest = hashlib.sha256(repr(plain).encode()).hexdigest()[:20]

    def write(c: Code, addresses: Value, first: Value, last: Value, mine: Value) -> None:
        bases = {k: c.load(addresses, k, "ptr") for k in range(known)}
        room = None
        if isinstance(plain, Multiply) and room_bytes(c.target, product_of(plain), after_of(plain)):
            room = c.select(mine, c.load(addresses, known, "ptr"), Value(c, "null", "ptr", 1))
        write_instruction(c, plain, bases.__getitem__, first, last, addresses, room)

    parameters = [("addresses", "ptr", 1), ("first", "i64", 1), ("last", "i64", 1), ("mine", "i1", 1)]
    return module.define(f"bl.step.{digest}", "void", parameters, "noinline #0", write)


def share(c: Code, symbol: str, table: Value, addresses: Value, count: int) -> None:
    """Write a call that shares a step out among the threads of the pool, if there is one."""
    grain = max(1, count // 16)

    def write(inner: Code, step: Value, known: Value, over: Value, units: Value, size: Value) -> None:
        pool = inner.load(known, 2, "ptr")
        alone = inner.put(f"icmp eq ptr {pool.text}, null", "i1")
        yes, no, end = inner.name("alone"), inner.name("shared"), inner.name("end")
        inner.do(f"br i1 {alone.text}, label %{yes}, label %{no}")
        inner.label(yes)
        inner.do(f"call void {step.text}({over.typed}, i64 0, {units.typed}, i1 true)")
        inner.do(f"br label %{end}")
        inner.label(no)
        function = inner.load(known, 1, "ptr")
        operands = ", ".join(x.typed for x in (pool, step, over, units, size))
        inner.do(f"call void {function.text}({operands})")
        inner.do(f"br label %{end}")
        inner.label(end)

    parameters = [("step", "ptr", 1), ("table", "ptr", 1), ("addresses", "ptr", 1), ("count", "i64", 1), ("grain", "i64", 1)]
    c.module.define("bl.share", "void", parameters, "noinline #0", write)
    c.do(f"call void @bl.share(ptr @{symbol}, {table.typed}, {addresses.typed}, i64 {count}, i64 {grain})")


def touched(instruction: Work | Repeat | Choose) -> list[int]:
    """Return the buffers of an instruction, each once."""
    return list(dict.fromkeys(used(instruction)))


def write_all(c: Code, program: Program, instructions: Sequence[Work | Repeat | Choose], table: Value, inside: bool) -> None:
    """Write instructions one after the other: small ones where they stand, large ones as functions, shared out where it pays."""
    bases = Bases(c, program, table, inside)
    sizes = {b.number: b.size for b in program.buffers}
    most = max((len(touched(instruction)) for instruction in instructions), default=0)
    addresses = c.put(f"alloca [{most + 1} x ptr], align 8", "ptr")
    space = bases.room() if inside or room(c.target, program) else Value(c, "null", "ptr", 1)
    for instruction in instructions:
        buffers = touched(instruction)
        bases.load(buffers)
        if isinstance(instruction, Nest):
            write_fills(c, instruction, bases, sizes)
        if isinstance(instruction, Repeat | Choose):
            symbol = define_inner(c.module, instruction, lambda c, inner, at: write_all(c, inner, works(inner), at, True))
            for k, buffer in enumerate(buffers):
                c.store(bases(buffer), addresses, k)
            c.do(f"call void @{symbol}({addresses.typed}, {table.typed}, {space.typed})")
            continue
        fused = isinstance(instruction, Multiply) and instruction.after is not None
        count = unit_count(c.module, instruction)
        if work(instruction) <= INLINE and not fused:
            write_instruction(c, instruction, bases, 0, count)
            continue
        symbol = define_step(c.module, instruction)
        for k, buffer in enumerate(buffers):
            c.store(bases(buffer), addresses, k)
        c.store(space, addresses, len(buffers))
        if count > 1 and work(instruction) > SHARED:
            share(c, symbol, table, addresses, count)
        else:
            c.do(f"call void @{symbol}({addresses.typed}, i64 0, i64 {count}, i1 true)")


def works(program: Program) -> list[Work | Repeat | Choose]:
    """Return the instructions of a program inside: none is a call of the reference machine."""
    found: list[Work | Repeat | Choose] = []
    for instruction in program.instructions:
        assert not isinstance(instruction, Call)
        found.append(instruction)
    return found


def define_pieces(module: Module, program: Program) -> list[Piece]:
    """Write the functions of all instructions; return the pieces in the order in which they run."""
    pieces: list[Piece] = []
    pending: list[Work | Repeat | Choose] = []

    def flush() -> None:
        if not pending:
            return
        mine = list(pending)
        pending.clear()
        symbol = f"bl.piece.{len(pieces)}"
        module.define(symbol, "void", [("table", "ptr", 1)], "#0", lambda c, table: write_all(c, program, mine, table, False),
                      linkage="")
        pieces.append(Piece(symbol))

    for instruction in program.instructions:
        if isinstance(instruction, Call):
            flush()
            pieces.append(Piece(None, instruction))
        else:
            pending.append(instruction)
    flush()
    return pieces
