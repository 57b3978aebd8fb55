"""Comparisons made again where they are used, instead of kept.

The slope of relu asks whether its operand was positive. Kept from the way forward, the answer is an array of truth values
that is made, written, read and spread again; but the result of relu is kept anyway (the next product's gradient needs it),
and is positive just where the operand was. While that array is small enough to be near, one comparison is the cheaper way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backlight.run.lower.memory import used
from backlight.run.lower.program import BYTES, Apply, Fold, Instruction, Literal, Nest, Program, Read, Step, Write

NEAR_BYTES = 1 << 14  # of the array looked at again: half of the nearest cache
RELATIONS = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
Again = tuple[str, Literal, int, str]  # the relation, the number compared with, the buffer that is kept, its kind


def compare_again(program: Program) -> Program:
    """Return the program without arrays of truth values that can be had from arrays that are kept."""
    users: dict[int, list[int]] = {}
    for number, instruction in enumerate(program.instructions):
        for buffer in dict.fromkeys(used(instruction)):
            users.setdefault(buffer, []).append(number)
    buffers = {b.number: b for b in program.buffers}
    instructions = list(program.instructions)
    needed: set[int] = set()  # buffers that are looked at again
    for at in range(len(instructions)):
        nest = instructions[at]
        if not isinstance(nest, Nest):
            continue
        gone: list[Write] = []
        for write in nest.writes:
            buffer, again = write.place.buffer, kept(nest, write, gone)
            alone = sum(target.place.buffer == buffer for target in nest.targets()) == 1
            if again is None or not alone or buffers[buffer].role != "arena" or buffer in needed:
                continue
            if buffers[again[2]].size * BYTES[again[3]] > NEAR_BYTES:
                continue
            readers = [k for k in users[buffer] if k != at]
            if all(reads(instructions[k], buffer) for k in readers):
                for k in readers:
                    instructions[k] = asked_again(instructions[k], buffer, again)
                gone.append(write)
                needed.add(again[2])
                del buffers[buffer]
        if gone:
            instructions[at] = without(nest, gone)
    return replace(program, instructions=tuple(instructions), buffers=tuple(buffers.values()))


def kept(nest: Nest, write: Write, gone: Sequence[Write]) -> Again | None:
    """Return how what is written can be had from something else that is written to the same places of another buffer."""
    step = nest.steps[write.value]
    if not isinstance(step, Apply) or step.op not in RELATIONS or write.index:
        return None
    number = nest.steps[step.operands[1]]
    if not isinstance(number, Literal):
        return None
    for other in (w for w in nest.writes if w not in gone):
        made = nest.steps[other.value]
        same = other.value == step.operands[0]
        positive = (step.op, number.value) == ("greater", 0) and isinstance(made, Apply) and made.op == "relu"
        same = same or (positive and isinstance(made, Apply) and made.operands == step.operands[:1])
        if same and not other.index and replace(other.place, buffer=write.place.buffer) == write.place:
            assert isinstance(made, Apply | Read)
            return step.op, number, other.place.buffer, made.kind
    return None


def reads(instruction: Instruction, buffer: int) -> bool:
    """Return whether a loop does no more with a buffer than read it, index for index."""
    if not isinstance(instruction, Nest):
        return False
    written = any(target.place.buffer == buffer for target in instruction.targets())
    return not written and not any(isinstance(s, Read) and s.place.buffer == buffer and s.index for s in instruction.steps)


def asked_again(instruction: Instruction, buffer: int, again: Again) -> Nest:
    """Return the loop with the comparison in the place of each read of the truth values."""
    assert isinstance(instruction, Nest)
    op, number, source, kind = again
    steps: list[Step] = []
    moved: list[int] = []
    for step in instruction.steps:
        if isinstance(step, Read) and step.place.buffer == buffer:
            steps += [Read(replace(step.place, buffer=source), kind), number, Apply(op, (len(steps), len(steps) + 1), "i1")]
        else:
            steps.append(renumbered(step, moved))
        moved.append(len(steps) - 1)
    return rewritten(instruction, steps, moved)


def without(nest: Nest, gone: Sequence[Write]) -> Nest:
    """Return the loop without some of its writes, and without what only those needed."""
    writes = tuple(w for w in nest.writes if w not in gone)
    targets: tuple[Write | Fold, ...] = (*writes, *nest.folds)
    needed = {v for t in targets for v in (t.value, *(v for v, _ in t.index))}
    for number in range(len(nest.steps) - 1, -1, -1):
        if number in needed:
            needed.update(operands(nest.steps[number]))
    steps: list[Step] = []
    moved: list[int] = []
    for number, step in enumerate(nest.steps):
        if number in needed:
            steps.append(renumbered(step, moved))
        moved.append(len(steps) - 1)
    return rewritten(replace(nest, writes=writes), steps, moved)


def operands(step: Step) -> tuple[int, ...]:
    """Return the steps that a step needs."""
    if isinstance(step, Apply):
        return step.operands
    return tuple(v for v, _ in step.index) if isinstance(step, Read) else ()


def renumbered(step: Step, moved: Sequence[int]) -> Step:
    """Return a step whose operands have other numbers."""
    if isinstance(step, Apply):
        return replace(step, operands=tuple(moved[v] for v in step.operands))
    if isinstance(step, Read) and step.index:
        return replace(step, index=tuple((moved[v], stride) for v, stride in step.index))
    return step


def rewritten(nest: Nest, steps: Sequence[Step], moved: Sequence[int]) -> Nest:
    """Return the loop with other steps, what it writes and folds renumbered."""
    def index(of: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
        return tuple((moved[v], stride) for v, stride in of)

    writes = tuple(replace(w, value=moved[w.value], index=index(w.index)) for w in nest.writes)
    folds = tuple(replace(f, value=moved[f.value], index=index(f.index)) for f in nest.folds)
    return replace(nest, steps=tuple(steps), writes=writes, folds=folds)
