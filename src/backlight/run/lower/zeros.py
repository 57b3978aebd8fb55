"""Which products have an operand that is likely to be full of zeros: what a relu, a mask or a dropout left.

A zero times a finite number changes no sum, so a product may leave it out (`emit/skipping.py`), if there turn out to be many. Here
it is only noted which operands are worth a look: those that are made so that zeros are to be expected, and large enough. Data has
zeros too, a picture of a digit most of all: what is given, and is the left operand of a product as data is, is worth a look as
well.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from backlight.run.lower.program import (
    Apply,
    Choose,
    Inner,
    Instruction,
    Literal,
    Multiply,
    Nest,
    Place,
    Program,
    Read,
    Repeat,
    Step,
)

KEEPING = frozenset({"abs", "negate", "square", "sqrt", "sin", "tan", "tanh", "copy"})  # which make 0 of 0
SELDOM, MOSTLY = frozenset({"equal", "isnan", "isinf"}), frozenset({"not_equal", "isfinite"})  # what is true so


def mark_zeros(program: Program, worth: Callable[[Multiply], bool], given: Collection[int] = ()) -> Program:
    """Return the program with products marked in whose operands zeros may be, if a product so marked is `worth` it.

    `given` are buffers that may be full of zeros or not, as far as is known.
    """
    sparse: set[int] = set()
    found: list[Instruction] = []
    for instruction in program.instructions:
        nest = instruction if isinstance(instruction, Nest) else instruction.after if isinstance(instruction, Multiply) else None
        if nest is not None:
            sparse -= {target.place.buffer for target in nest.targets()}
            sparse |= written(nest, sparse)
        found.append(marked(instruction, sparse, given, worth))
    return replace(program, instructions=tuple(found))


def marked(instruction: Instruction, sparse: Collection[int], given: Collection[int],
           worth: Callable[[Multiply], bool]) -> Instruction:
    """Return an instruction with a mark at products, its own or inside: the operands that are looked at, one after the other."""
    match instruction:
        case Multiply(a=Place(buffer=a), b=Place(buffer=b)):
            names = ["a"] if a in sparse else [*["a"] * (a in given), *["b"] * (b in sparse)]
            return replace(instruction, sparse="".join(name for name in names if worth(replace(instruction, sparse=name))))
        case Repeat(step=step, test=test):
            return replace(instruction, step=inside(step, worth), test=None if test is None else inside(test, worth))
        case Choose(branches=branches):
            return replace(instruction, branches=tuple(inside(branch, worth) for branch in branches))
    return instruction


def inside(x: Inner, worth: Callable[[Multiply], bool]) -> Inner:
    """Return a program inside with its products marked."""
    return replace(x, program=mark_zeros(x.program, worth))


def written(nest: Nest, sparse: set[int]) -> set[int]:
    """Return the buffers that a nest fills with numbers many of which are likely to be 0."""
    found: list[bool] = []
    for step in nest.steps:
        found.append(expects_zeros(step, nest.steps, found, sparse))
    return {w.place.buffer for w in nest.writes if found[w.value]}


def expects_zeros(step: Step, steps: Sequence[Step], before: Sequence[bool], sparse: set[int]) -> bool:
    """Return whether zeros are to be expected in a step's numbers, given which steps before it this holds for."""
    def zero(k: int) -> bool:
        other = steps[k]
        return isinstance(other, Literal) and other.value == 0

    match step:
        case Read(place=Place(buffer=buffer)):
            return buffer in sparse
        case Apply(op="relu"):
            return True
        case Apply(op="where", operands=(question, a, b)):
            asked = steps[question]
            seldom, mostly = isinstance(asked, Apply) and asked.op in SELDOM, isinstance(asked, Apply) and asked.op in MOSTLY
            return ((zero(a) or before[a]) and not seldom) or ((zero(b) or before[b]) and not mostly)
        case Apply(op="maximum" | "minimum", operands=(a, b)):
            return zero(a) or zero(b)
        case Apply(op="convert", operands=(a,)):
            other = steps[a]
            return before[a] or (not isinstance(other, Literal) and other.kind == "i1")
        case Apply(op="multiply", operands=operands):
            return any(before[k] for k in operands)
        case Apply(op=op, operands=(a,)):
            return op in KEEPING and before[a]
    return False
