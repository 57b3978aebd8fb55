"""A whole program as one module: a function for each piece of compiled code between two calls.

Every function takes one pointer, to a table of addresses: the arena, the pool of threads, then the inputs, outputs and
constants in the order of their buffers. Small instructions are inlined where they stand; large ones stay functions of a
range of units, so that threads can share them out.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from math import prod

from backlight.run.emit import contract, scan, sort
from backlight.run.emit.ask import ask, leave_if
from backlight.run.emit.code import Code, Module
from backlight.run.emit.inner import define_inner
from backlight.run.emit.multiply import (
    after_of,
    enough,
    multiply_bytes,
    parts_of_k,
    portions_of,
    share_parts,
    share_tiles,
    shared_by_tiles,
    write_multiply,
)
from backlight.run.emit.nest import heavy, light, units, write_fills, write_nest
from backlight.run.emit.product import panels
from backlight.run.emit.room import room_bytes
from backlight.run.emit.shared import OFTEN, SHARED, STEP, Work, numbered, share, touched, work
from backlight.run.emit.skipping import share_skipping
from backlight.run.emit.sparse import plans_of
from backlight.run.emit.table import RESERVED, Piece, slots
from backlight.run.emit.tile import product_of
from backlight.run.emit.value import Target, Value
from backlight.run.lower.memory import ALIGN
from backlight.run.lower.program import (
    Call,
    Choose,
    Contract,
    Multiply,
    Nest,
    Program,
    Repeat,
    Scan,
    Sort,
)

LONG = 1 << 27  # scalar operations, tens of milliseconds, after which to ask whether to go on
INLINE = 2048  # steps of a nest, or multiplications, up to which it is written where it is used
MANY = 64  # instructions one after the other, beyond which those that compute functions are written once for all equal ones
CROWD = 256  # beyond which all are: what the compiler takes grows faster than what it is given


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


def room(target: Target, program: Program) -> int:
    """Return the bytes behind the arena in which instructions, one after the other, copy their operands together."""
    found = [0]
    for i in program.instructions:
        if isinstance(i, Multiply):
            found += [multiply_bytes(target, i), *(plan.bytes for plan in plans_of(target, i))]
        elif isinstance(i, Repeat):
            found += [room(target, inner.program) for inner in (i.step, i.test) if inner is not None]
        elif isinstance(i, Choose):
            found += [room(target, branch.program) for branch in i.branches]
    return max(found)


def arena_bytes(target: Target, program: Program) -> int:
    """Return the size of the arena, with room behind it."""
    more = room(target, program)
    return -(-program.arena // ALIGN) * ALIGN + more if more else program.arena


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


STACK = 16  # bytes by which every stack is aligned


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
    return prod(instruction.batch) * panels(target_module.target, product_of(instruction), after_of(instruction))


def define_step(module: Module, instruction: Work) -> str:
    """Write the function of one instruction: (addresses, first, last, mine); equal instructions share it.

    The addresses come in the order in which the instruction uses its buffers, that of the room behind them: so the layers of a
    network, which do the same elsewhere, are compiled once. The room is for the thread whose arena it is (`mine`).
    """
    plain, known, digest = numbered(instruction)

    def write(c: Code, addresses: Value, first: Value, last: Value, mine: Value) -> None:
        bases = {k: c.load(addresses, k, "ptr") for k in range(known)}
        room = None
        if isinstance(plain, Multiply) and room_bytes(c.target, product_of(plain), after_of(plain)):
            room = c.select(mine, c.load(addresses, known, "ptr"), Value(c, "null", "ptr", 1))
        write_instruction(c, plain, bases.__getitem__, first, last, addresses, room)

    return module.define(f"bl.step.{digest}", "void", STEP, "noinline #0" + on_whole_lines(module, plain), write)


def on_whole_lines(module: Module, instruction: Work) -> str:
    """Return the attribute that aligns a function's stack as its vectors are, where they will not all stay in registers.

    The compiler notices that registers run out when it is too late to ask for it, and would put each vector across two lines
    of the cache, now and then across two pages, unless the stack happens to lie well: a third to all of the time again.
    """
    spills = isinstance(instruction, Nest) and not light(instruction) and module.target.width > STACK
    return f" alignstack({module.target.width})" if spills else ""


def write_all(c: Code, program: Program, instructions: Sequence[Work | Repeat | Choose], table: Value, inside: bool) -> None:
    """Write instructions one after the other: small ones where they stand, large ones as functions, shared out where it pays."""
    bases = Bases(c, program, table, inside)
    sizes = {b.number: b.size for b in program.buffers}
    many, crowd = len(instructions) > MANY, len(instructions) > CROWD
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
            leave_if(c, c.put(f"call i1 @{symbol}({addresses.typed}, {table.typed}, {space.typed})", "i1"))
            continue
        fused = isinstance(instruction, Multiply) and instruction.after is not None
        count = unit_count(c.module, instruction)
        once = crowd or (many and isinstance(instruction, Nest) and heavy(instruction))
        if work(instruction) <= INLINE and not fused and not once:
            write_instruction(c, instruction, bases, 0, count)
            continue
        for k, buffer in enumerate(buffers):
            c.store(bases(buffer), addresses, k)
        c.store(space, addresses, len(buffers))
        hand_out = functools.partial(share_out, c, instruction, table, addresses)
        if isinstance(instruction, Multiply):
            for plan in reversed(plans_of(c.target, instruction)):
                hand_out = functools.partial(share_skipping, c, plan, instruction, table, addresses, hand_out)
        hand_out()
        if work(instruction) > LONG:
            ask(c, table)


def share_out(c: Code, instruction: Work, table: Value, addresses: Value) -> None:
    """Write an instruction as functions, shared out among threads where it pays."""
    count = unit_count(c.module, instruction)
    if isinstance(instruction, Multiply) and parts_of_k(c.target, instruction) > 1:
        share_parts(c, instruction, table, addresses)
    elif isinstance(instruction, Multiply) and shared_by_tiles(c.target, instruction):
        share_tiles(c, instruction, define_step(c.module, instruction), table, addresses)
    elif count > 1 and work(instruction) > enough(c.target, instruction):
        most, wake = portions_of(c.target, instruction), work(instruction) > SHARED
        share(c, define_step(c.module, instruction), table, addresses, count, most, wake)
    else:
        c.do(f"call void @{define_step(c.module, instruction)}({addresses.typed}, i64 0, i64 {count}, i1 true)")


def short_work(target: Target, program: Program) -> int:
    """Return the work of all instructions that threads share out and that are too short to wake them."""
    total = 0
    for i in program.instructions:
        if isinstance(i, Repeat):
            parts = [part.program for part in (i.step, i.test) if part is not None]
            total += (i.count if i.count >= 0 else OFTEN) * sum(short_work(target, part) for part in parts)
        elif isinstance(i, Choose):
            total += max(short_work(target, branch.program) for branch in i.branches)
        elif enough(target, i) < work(i) <= SHARED:
            total += work(i)
    return total


def works(program: Program) -> list[Work | Repeat | Choose]:
    """Return the instructions of a program inside: none is a call of the reference machine."""
    found: list[Work | Repeat | Choose] = []
    for instruction in program.instructions:
        assert not isinstance(instruction, Call)
        found.append(instruction)
    return found


def define_pieces(module: Module, program: Program) -> list[Piece]:
    """Write the functions of all instructions; return the pieces in the order in which they run.

    Each returns whether it was left before its end, because Python had something to raise.
    """
    pieces: list[Piece] = []
    pending: list[Work | Repeat | Choose] = []

    def flush() -> None:
        if not pending:
            return
        mine = list(pending)
        pending.clear()
        symbol = f"bl.piece.{len(pieces)}"

        def write(c: Code, table: Value) -> str:
            write_all(c, program, mine, table, False)
            return "i1 false"

        module.define(symbol, "i1", [("table", "ptr", 1)], "#0", write, linkage="")
        pieces.append(Piece(symbol))

    for instruction in program.instructions:
        if isinstance(instruction, Call):
            flush()
            pieces.append(Piece(None, instruction))
        else:
            pending.append(instruction)
    flush()
    return pieces
