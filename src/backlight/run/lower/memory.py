"""Where each buffer of the arena lies: buffers that are never alive together share the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from backlight.run.lower.program import (
    Call,
    Choose,
    Contract,
    Fold,
    Inner,
    Instruction,
    Multiply,
    Nest,
    Place,
    Program,
    Read,
    Repeat,
    Scan,
    Sort,
)

ALIGN = 64  # bytes: a cache line, and the widest vector


def used(instruction: Instruction) -> Iterator[int]:
    """Yield the buffers that an instruction reads or writes."""
    match instruction:
        case Nest(steps=steps):
            for step in steps:
                if isinstance(step, Read):
                    yield step.place.buffer
            for target in instruction.targets():
                yield target.place.buffer
                if isinstance(target, Fold) and target.partials is not None:
                    yield target.partials
        case Multiply(a=a, b=b, c=c, after=after, local=local):
            yield from (a.buffer, b.buffer, *(() if local else (c.buffer,)))
            if after is not None:
                yield from (buffer for buffer in used(after) if not local or buffer != c.buffer)
        case Contract(a=a, b=b, c=c):
            yield from (a.buffer, b.buffer, c.buffer)
        case Scan(x=x, a=factors, z=z):
            yield from (place.buffer for place in (x, factors, z) if place is not None)
        case Sort(x=x, z=z, room=room):
            yield from (x.buffer, z.buffer, room)
        case Repeat():
            yield from outside(instruction)
        case Choose(question=question, branches=branches, held=held, room=room):
            yield from (b for b in (question, held, room) if b is not None)
            for branch in branches:
                yield from (b for b, _ in branch.given)
                yield from (b for _, b in branch.results)
        case Call(inputs=inputs, outputs=outputs):
            yield from inputs
            yield from outputs


def outside(repeat: Repeat) -> Iterator[int]:
    """Yield the buffers of a loop, not those inside it."""
    for inner in (repeat.step, repeat.test):
        if inner is not None:
            yield from (b for b, _ in inner.given)
            yield from (b for _, b in inner.results)
    for carry in repeat.carried:
        yield from (carry.begin, carry.end)
        if carry.spare is not None:
            yield carry.spare
    yield from (b for b, _, _ in repeat.slices)
    yield from (b for _, b, _ in repeat.kept)
    yield from (b for b in (repeat.steps, repeat.held, *repeat.rooms) if b is not None)


def lifetimes(program: Program) -> dict[int, tuple[int, int]]:
    """Return for each buffer of the arena the first and the last instruction that touches it."""
    arena = {b.number for b in program.buffers if b.role == "arena"}
    found: dict[int, tuple[int, int]] = {}
    for number, instruction in enumerate(program.instructions):
        for buffer in used(instruction):
            if buffer in arena:
                found[buffer] = (found.get(buffer, (number, number))[0], number)
    return found


def plan(program: Program) -> Program:
    """Return the program with an offset for each buffer of the arena: the largest first, each as low as it fits."""
    alive = lifetimes(program)
    buffers = {b.number: b for b in program.buffers}
    placed: list[tuple[int, int, int, int]] = []  # offset, end, first, last
    offsets: dict[int, int] = {}
    for number in sorted(alive, key=lambda k: (-buffers[k].bytes, k)):
        first, last = alive[number]
        size = -(-max(buffers[number].bytes, 1) // ALIGN) * ALIGN
        at = 0
        for start, end, f, l in sorted(placed):
            if f <= last and first <= l and start < at + size and at < end:
                at = end
        placed.append((at, at + size, first, last))
        offsets[number] = at
    return replace(program, offsets=offsets, arena=max((end for _, end, _, _ in placed), default=0))


def moved(instruction: Instruction, names: dict[int, int]) -> Instruction:
    """Return the instruction with its buffers renamed."""
    def place(p: Place) -> Place:
        return replace(p, buffer=names.get(p.buffer, p.buffer))

    def partial(buffer: int | None) -> int | None:
        return None if buffer is None else names.get(buffer, buffer)

    match instruction:
        case Nest(steps=steps, writes=writes, folds=folds):
            return replace(
                instruction,
                steps=tuple(replace(s, place=place(s.place)) if isinstance(s, Read) else s for s in steps),
                writes=tuple(replace(x, place=place(x.place)) for x in writes),
                folds=tuple(replace(x, place=place(x.place), partials=partial(x.partials)) for x in folds),
            )
        case Multiply(after=following):
            after = None if following is None else moved(following, names)
            assert after is None or isinstance(after, Nest)
            places = place(instruction.a), place(instruction.b), place(instruction.c)
            return replace(instruction, a=places[0], b=places[1], c=places[2], after=after)
        case Contract():
            return replace(instruction, a=place(instruction.a), b=place(instruction.b), c=place(instruction.c))
        case Scan(a=factors):
            a = None if factors is None else place(factors)
            return replace(instruction, x=place(instruction.x), a=a, z=place(instruction.z))
        case Sort(room=room):
            return replace(instruction, x=place(instruction.x), z=place(instruction.z), room=names.get(room, room))
        case Repeat() | Choose():
            return renamed(instruction, names)
        case Call():
            def rename(numbers: Sequence[int]) -> tuple[int, ...]:
                return tuple(names.get(n, n) for n in numbers)

            return replace(instruction, inputs=rename(instruction.inputs), outputs=rename(instruction.outputs))


def renamed(instruction: Repeat | Choose, names: dict[int, int]) -> Repeat | Choose:
    """Return a loop or a choice with the buffers outside of it renamed."""
    def one(buffer: int) -> int:
        return names.get(buffer, buffer)

    def maybe(buffer: int | None) -> int | None:
        return None if buffer is None else one(buffer)

    def inner(x: Inner) -> Inner:
        return replace(x, given=tuple((one(b), i) for b, i in x.given), results=tuple((o, one(b)) for o, b in x.results))

    if isinstance(instruction, Choose):
        return replace(
            instruction, question=maybe(instruction.question), branches=tuple(map(inner, instruction.branches)),
            held=maybe(instruction.held), room=maybe(instruction.room),
        )
    return replace(
        instruction, step=inner(instruction.step), test=None if instruction.test is None else inner(instruction.test),
        carried=tuple(replace(c, begin=one(c.begin), end=one(c.end), spare=maybe(c.spare)) for c in instruction.carried),
        slices=tuple((one(b), i, n) for b, i, n in instruction.slices),
        kept=tuple((o, one(b), n) for o, b, n in instruction.kept), steps=maybe(instruction.steps), held=maybe(instruction.held),
        rooms=(maybe(instruction.rooms[0]), maybe(instruction.rooms[1])),
    )
