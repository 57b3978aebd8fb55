"""Loops, choices and blocks around programs of their own: tables filled, steps called, what was made handed on.

The program inside is one function of a table of its own, as a whole program is: its arena, the pool, then its inputs and
outputs, and last the room behind the outermost arena. Around it stands a function that fills the table once and changes
in each step only what moves: the slices, what is kept, and what is carried, where two memories change places.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

from backlight.run.emit.ask import ask_every, leave_if, period
from backlight.run.emit.code import Code, Module
from backlight.run.emit.copied import copy_bytes
from backlight.run.emit.shared import work
from backlight.run.emit.table import RESERVED, slots
from backlight.run.emit.value import Value
from backlight.run.lower.memory import moved, used
from backlight.run.lower.program import Choose, Inner, Program, Repeat

Write = Callable[[Code, Program, Value], None]  # writes all instructions of a program inside, for a table


@dataclass
class Table:
    """The table of a program inside, where the truth values of its checks lie, and its function."""

    c: Code
    at: Value
    places: dict[int, int]
    truths: list[Value]
    symbol: str

    def put(self, buffer: int, address: Value) -> None:
        """Say where a buffer is."""
        self.c.store(address, self.at, self.places[buffer])

    def get(self, buffer: int) -> Value:
        """Return where a buffer is."""
        return self.c.load(self.at, self.places[buffer], "ptr")

    def run(self, held: Value | None) -> None:
        """Call the program, and leave if it was left; note whether its checks held."""
        c = self.c
        leave_if(c, c.put(f"call i1 @{self.symbol}({self.at.typed})", "i1"))
        if held is not None and self.truths:
            together = c.load(held, 0, "i8")
            for truth in self.truths:
                together = together & c.load(truth, 0, "i8")
            c.store(together, held, 0)


def define_inner(module: Module, instruction: Repeat | Choose, write: Write) -> str:
    """Write the function of a loop or a choice: (addresses of its buffers, the table around it, room) -> whether it was left;
    equal ones share it."""
    numbers = {buffer: k for k, buffer in enumerate(dict.fromkeys(used(instruction)))}
    plain = moved(instruction, numbers)
    assert isinstance(plain, Repeat | Choose)
    plain = replace(plain, nodes=())
    digest = hashlib.sha256(repr(plain).encode()).hexdigest()[:20]

    def body(c: Code, addresses: Value, table: Value, room: Value) -> str:
        bases = [c.load(addresses, k, "ptr") for k in range(len(numbers))]
        frame = Frame(c, bases, table, room, write)
        if isinstance(plain, Repeat):
            write_repeat(frame, plain)
        else:
            write_choose(frame, plain)
        return "i1 false"

    parameters = [("addresses", "ptr", 1), ("table", "ptr", 1), ("room", "ptr", 1)]
    return module.define(f"bl.inner.{digest}", "i1", parameters, "noinline #0", body)


@dataclass
class Frame:
    """The function of a loop or a choice while it is written."""

    c: Code
    bases: list[Value]
    table: Value
    room: Value
    write: Write

    def inside(self, inner: Inner, arena: int | None) -> Table:
        """Fill the table of a program inside, but for what moves."""
        c, write = self.c, self.write
        places = slots(inner.program)
        at = c.put(f"alloca [{RESERVED + len(places) + 1} x ptr], align 8", "ptr")
        truths = [c.put("alloca i8, align 1", "ptr") for _ in inner.checks]
        c.store(self.bases[arena] if arena is not None else Value(c, "null", "ptr", 1), at, 0)
        for k in range(1, RESERVED):
            c.store(c.load(self.table, k, "ptr"), at, k)
        c.store(self.room, at, RESERVED + len(places))
        table = Table(c, at, places, truths, define_program(c.module, inner.program, write))
        for outside, buffer in inner.given:
            table.put(buffer, self.bases[outside])
        for buffer, outside in inner.results:
            table.put(buffer, self.bases[outside])
        for buffer, truth in zip(inner.checks, truths, strict=True):
            table.put(buffer, truth)
        return table

    def held(self, wanted: int | None) -> Value | None:
        """Return where it is noted whether all checks held, true at first."""
        if wanted is None:
            return None
        self.c.store(self.c.constant(1, "i8"), self.bases[wanted], 0)
        return self.bases[wanted]


def define_program(module: Module, program: Program, write: Write) -> str:
    """Write the function of a program inside: (table) -> whether it was left."""
    digest = hashlib.sha256(repr(program).encode()).hexdigest()[:20]
    def body(c: Code, table: Value) -> str:
        write(c, program, table)
        return "i1 false"

    return module.define(f"bl.program.{digest}", "i1", [("table", "ptr", 1)], "noinline #0", body)


def write_choose(f: Frame, x: Choose) -> None:
    """Write one of two programs, or the only one."""
    c = f.c
    tables = [f.inside(branch, x.room) for branch in x.branches]
    held = f.held(x.held)
    if x.question is None:
        tables[0].run(held)
        return
    yes, no, end = c.name("yes"), c.name("no"), c.name("end")
    c.do(f"br {c.load(f.bases[x.question], 0, 'i8').ne(0).typed}, label %{yes}, label %{no}")
    for label, table in zip((yes, no), tables, strict=True):
        c.label(label)
        table.run(held)
        c.do(f"br label %{end}")
    c.label(end)


def write_repeat(f: Frame, x: Repeat) -> None:
    """Write a loop."""
    c = f.c
    step = f.inside(x.step, x.rooms[0])
    test = f.inside(x.test, x.rooms[1]) if x.test is not None else None
    held = f.held(x.held)
    odd = x.count > 0 and x.count % 2 == 1
    for carry in x.carried:
        first, second = f.bases[carry.end], f.bases[carry.spare] if carry.spare is not None else None
        if second is not None and odd:  # so that the last step writes where the end is wanted
            first, second = second, first
        copy_bytes(c, f.bases[carry.begin], first, carry.bytes)
        step.put(carry.input, first)
        if second is not None:
            step.put(carry.output, second)
        if test is not None and carry.asked is not None:
            test.put(carry.asked, first)

    def one(k: Value) -> None:
        at = x.count - 1 - k if x.backwards else k
        for outside, buffer, size in x.slices:
            step.put(buffer, c.address(f.bases[outside], at * size, "i8"))
        for buffer, outside, size in x.kept:
            step.put(buffer, c.address(f.bases[outside], at * size, "i8"))
        step.run(held)
        for carry in x.carried:
            if carry.spare is not None:
                before, now = step.get(carry.input), step.get(carry.output)
                step.put(carry.input, now)
                step.put(carry.output, before)
                if test is not None and carry.asked is not None:
                    test.put(carry.asked, now)
        each = sum(map(work, x.step.program.instructions))
        if not 0 <= x.count < period(each):
            ask_every(c, f.table, k, each)

    if test is None:
        c.loop(x.count, one)
        return
    assert x.test is not None
    assert x.steps is not None
    count = as_long_as(f, test, x.test.program.outputs[0], held, one)
    c.store(count, f.bases[x.steps], 0)
    for carry in x.carried:
        if carry.spare is not None:
            end, spare, size = f.bases[carry.end], f.bases[carry.spare], carry.bytes
            c.when((count & 1).ne(0), lambda end=end, spare=spare, size=size: copy_bytes(c, spare, end, size))  # type: ignore[misc]


def as_long_as(f: Frame, test: Table, answer: int, held: Value | None, one: Callable[[Value], None]) -> Value:
    """Write a loop that goes on while the test says so, and all checks hold; return how many steps it took."""
    c = f.c
    said = test.truths[0]
    assert test.places[answer] >= RESERVED
    test.truths = test.truths[1:]
    counter = c.put("alloca i64, align 8", "ptr")
    c.store(c.constant(0, "i64"), counter, 0)
    head, body, end = c.name("ask"), c.name("go"), c.name("gone")
    c.do(f"br label %{head}")
    c.label(head)
    test.run(held)
    on = c.load(said, 0, "i8")
    if held is not None:
        on = on & c.load(held, 0, "i8")
    k = c.load(counter, 0, "i64")
    c.do(f"br {on.ne(0).typed}, label %{body}, label %{end}")
    c.label(body)
    one(k)
    c.store(k + 1, counter, 0)
    c.do(f"br label %{head}")
    c.label(end)
    return c.load(counter, 0, "i64")
