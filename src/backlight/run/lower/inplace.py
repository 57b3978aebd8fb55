"""Outputs that take the place of inputs: a parameter updated where it lies.

An output may lie in the memory of an input when nothing reads the input after the output is written, and the loop that
writes it reads the input number for number, each just before it is overwritten. Anything else keeps memory of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backlight.run.lower.memory import moved, used
from backlight.run.lower.program import Buffer, Multiply, Nest, Place, Program, Read


def donate(program: Program, pairs: Sequence[tuple[int, int]]) -> tuple[Program, list[tuple[int, int]]]:
    """Return the program with outputs in the memory of inputs, pair by pair (input, output), and the pairs that took."""
    users: dict[int, list[int]] = {}
    for number, instruction in enumerate(program.instructions):
        for buffer in dict.fromkeys(used(instruction)):
            users.setdefault(buffer, []).append(number)
    buffers = {b.number: b for b in program.buffers}
    done = [pair for pair in pairs if fits(program, buffers, users, *pair)]
    names = {target: source for source, target in done}
    return replace(
        program, instructions=tuple(moved(i, names) if not names.keys().isdisjoint(used(i)) else i for i in program.instructions),
        outputs=tuple(names.get(b, b) for b in program.outputs),
        buffers=tuple(b for b in program.buffers if b.number not in names),
    ), done


def fits(program: Program, buffers: dict[int, Buffer], users: dict[int, list[int]], source: int, target: int) -> bool:
    """Return whether the output `target` can be written over the input `source`."""
    if buffers[source].role != "input" or buffers[target].role != "output":
        return False
    if (buffers[source].kind, buffers[source].size) != (buffers[target].kind, buffers[target].size):
        return False
    if program.outputs.count(target) != 1 or source in program.outputs:
        return False
    touching, reading = users.get(target, []), users.get(source, [])
    if not touching:
        return False
    instruction = program.instructions[touching[0]]
    writer = instruction.after if isinstance(instruction, Multiply) else instruction
    if max(reading, default=-1) > touching[0] or not isinstance(writer, Nest):
        return False
    if isinstance(instruction, Multiply) and source in {instruction.a.buffer, instruction.b.buffer}:
        return False
    if any(t.place.buffer == target for t in writer.folds):
        return False
    places: list[Place] = [w.place for w in writer.writes if w.place.buffer == target]
    if len(places) != 1 or any(w.index for w in writer.writes if w.place.buffer == target):
        return False
    reads = [s for s in writer.steps if isinstance(s, Read) and s.place.buffer == source]
    return all((s.place.offset, s.place.strides) == (places[0].offset, places[0].strides) and not s.index for s in reads)
