"""How much work an instruction is, and how threads share it out: a function of units, and a call that hands it to the pool."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from math import prod

from backlight.run.emit.code import Code
from backlight.run.emit.table import ALONE
from backlight.run.emit.value import Value
from backlight.run.lower.memory import moved, used
from backlight.run.lower.program import Call, Choose, Contract, Instruction, Multiply, Nest, Repeat, Scan, Sort

Work = Nest | Multiply | Contract | Scan | Sort  # what is a function of units; a call stands between two pieces

SHARED = 400_000  # scalar operations, some 20 microseconds, from which a step is worth sharing out
PORTIONS = 16  # in which units are taken: an even number, since two threads that are as fast then end together
OFTEN = 1000  # steps that a loop of unknown length is taken to have
# The parameters of a step: where the addresses of its buffers stand, its first unit and the one after its last, and whether
# it runs in the thread whose arena it is.
STEP = [("addresses", "ptr", 1), ("first", "i64", 1), ("last", "i64", 1), ("mine", "i1", 1)]


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


def share(c: Code, symbol: str, table: Value, addresses: Value, count: int, most: int = PORTIONS, wake: bool = True) -> None:
    """Write a call that shares a step out among the threads of the pool, if there is one, in portions: so many at most.

    To wake helpers that sleep takes longer than a short step, and where threads are far apart short ones are done alone.
    """
    portions = min(count, most)

    def write(inner: Code, step: Value, known: Value, over: Value, units: Value, size: Value, wake: Value) -> None:
        pool = inner.load(known, 2, "ptr")
        short_alone = inner.load(known, ALONE, "i64").ne(0) & inner.put(f"xor {wake.typed}, true", "i1")
        alone = inner.put(f"icmp eq ptr {pool.text}, null", "i1") | short_alone
        yes, no, end = inner.name("alone"), inner.name("shared"), inner.name("end")
        inner.do(f"br i1 {alone.text}, label %{yes}, label %{no}")
        inner.label(yes)
        inner.do(f"call void {step.text}({over.typed}, i64 0, {units.typed}, i1 true)")
        inner.do(f"br label %{end}")
        inner.label(no)
        function = inner.load(known, 1, "ptr")
        operands = ", ".join(x.typed for x in (pool, step, over, units, size, wake))
        inner.do(f"call void {function.text}({operands})")
        inner.do(f"br label %{end}")
        inner.label(end)

    parameters = [("step", "ptr", 1), ("table", "ptr", 1), ("addresses", "ptr", 1), ("count", "i64", 1), ("portions", "i64", 1),
                  ("wake", "i1", 1)]
    c.module.define("bl.share", "void", parameters, "noinline #0", write)
    c.do(f"call void @bl.share(ptr @{symbol}, {table.typed}, {addresses.typed}, i64 {count}, i64 {portions}, "
         f"i1 {'true' if wake else 'false'})")


def touched(instruction: Instruction) -> list[int]:
    """Return the buffers of an instruction, each once."""
    return list(dict.fromkeys(used(instruction)))


def rouse(c: Code, table: Value) -> None:
    """Write a call that wakes the helpers, if any sleep: short steps will follow, which are shared out and wake nobody."""
    c.module.define("bl.rouse", "void", [("table", "ptr", 1)], "noinline #0", write_rouse)
    c.do(f"call void @bl.rouse({table.typed})")


def write_rouse(c: Code, table: Value) -> None:
    """Write the function that wakes the helpers of a pool, if there is one."""
    pool = c.load(table, 2, "ptr")
    there = c.put(f"icmp ne ptr {pool.text}, null", "i1")
    function = c.load(table, 1, "ptr")
    c.when(there, lambda: c.do(f"call void {function.text}({pool.typed}, ptr null, ptr null, i64 0, i64 0, i1 true)"))


def numbered(instruction: Work) -> tuple[Work, int, str]:
    """Return an instruction with its buffers numbered as it uses them, how many there are, and a name for what it does.

    Equal instructions elsewhere, as the layers of a network are, have one name. A product that is the tile alone has a number,
    but no address.
    """
    numbers = {buffer: k for k, buffer in enumerate(touched(instruction))}
    known = len(numbers)
    if isinstance(instruction, Multiply) and instruction.local:
        numbers[instruction.c.buffer] = known
    renamed = moved(instruction, numbers)
    assert not isinstance(renamed, Call | Repeat | Choose)
    plain = replace(renamed, nodes=())
    if isinstance(plain, Multiply) and plain.after is not None:
        plain = replace(plain, after=replace(plain.after, nodes=()))
    return plain, known, hashlib.sha256(repr(plain).encode()).hexdigest()[:20]
