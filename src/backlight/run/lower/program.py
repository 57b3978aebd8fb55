"""The loops that a graph becomes: buffers, nests of loops, products, calls.

A nest runs over a box of indices and computes its values for each of them: reads, literals, applied scalar operations,
in order, by number. What it computes it writes, or folds (sums, largest, …) along some of its axes. Every access is a
buffer, an offset and one stride an axis; a broadcast is a stride of 0, a transpose an exchange of strides, and neither
costs anything. Nothing here knows a processor.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from typing import Literal as OneOf

TOGETHER = (("sin", "cos"), ("tanh", "tanh_slope"))  # functions of one operand that share most of their work
Kind = str  # of number: "float", "double", "i64", "i32", "i1"
BYTES = {"float": 4, "double": 8, "i64": 8, "i32": 4, "i16": 2, "i8": 1, "i1": 1}
Role = OneOf["input", "output", "arena", "constant", "tile"]
How = OneOf["sum", "product", "largest", "smallest"]


@dataclass(frozen=True, slots=True)
class Buffer:
    """A piece of memory: so many numbers of a kind, and the node they belong to."""

    number: int
    kind: Kind
    size: int
    role: Role
    label: str

    @property
    def bytes(self) -> int:
        """Its size in bytes."""
        return self.size * BYTES[self.kind]


@dataclass(frozen=True, slots=True)
class Place:
    """Numbers of a buffer: the first one's offset, and how far one step along each axis goes."""

    buffer: int
    offset: int
    strides: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Read:
    """The number at a place; `index` pairs (value, stride) move it by computed whole numbers (a gather)."""

    place: Place
    kind: Kind
    index: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Literal:
    """The same number everywhere."""

    value: float | int
    kind: Kind


@dataclass(frozen=True, slots=True)
class Position:
    """A whole number that counts along the axes: offset + Σ stride · index."""

    offset: int
    strides: tuple[int, ...]
    kind: Kind = "i64"


@dataclass(frozen=True, slots=True)
class Apply:
    """A scalar operation on earlier values."""

    op: str
    operands: tuple[int, ...]
    kind: Kind


Step = Read | Literal | Position | Apply


@dataclass(frozen=True, slots=True)
class Write:
    """A value put at a place; `index` as in a read (a scatter)."""

    value: int
    place: Place
    index: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Fold:
    """A value combined along the axes where the strides of its place are 0.

    `partials` is where a fold of everything puts the results of its chunks, before they are folded in turn.
    """

    value: int
    how: How
    place: Place
    partials: int | None = None
    index: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Together:
    """Two steps of a nest that are computed in one go: what they apply, and their numbers."""

    functions: tuple[str, str]
    first: int
    second: int


@dataclass(frozen=True, slots=True)
class Nest:
    """Loops over a box of indices. `chunk` is how many steps of a single long loop make one unit of work."""

    sizes: tuple[int, ...]
    steps: tuple[Step, ...]
    writes: tuple[Write, ...]
    folds: tuple[Fold, ...]
    nodes: tuple[int, ...]
    chunk: int = 0

    def levels(self) -> list[int]:
        """Return for each value the innermost axis that it depends on; -1 for what is the same everywhere."""
        found: list[int] = []
        for step in self.steps:
            match step:
                case Literal():
                    found.append(-1)
                case Position(strides=strides):
                    found.append(innermost(strides))
                case Read(place=place, index=index):
                    found.append(max([innermost(place.strides), *(found[v] for v, _ in index)]))
                case Apply(operands=operands):
                    found.append(max((found[v] for v in operands), default=-1))
        return found

    def together(self) -> dict[int, Together]:
        """Return the pairs of values that are computed in one go, by either: functions of one operand that share work."""
        by_function = {(s.op, s.operands, s.kind): k for k, s in enumerate(self.steps) if isinstance(s, Apply)}
        found: dict[int, Together] = {}
        for (op, operands, kind), first in by_function.items():
            for names in TOGETHER:
                second = by_function.get((names[1], operands, kind)) if op == names[0] else None
                if second is not None:
                    found[first] = found[second] = Together(names, first, second)
        return found

    def accesses(self) -> Iterator[tuple[int, ...]]:
        """Yield the strides of everything that moves with the indices."""
        for step in self.steps:
            if isinstance(step, Read):
                yield step.place.strides
            elif isinstance(step, Position):
                yield step.strides
        for target in self.targets():
            yield target.place.strides

    def targets(self) -> tuple[Write | Fold, ...]:
        """Return what the nest writes and folds."""
        return (*self.writes, *self.folds)


@dataclass(frozen=True, slots=True)
class Multiply:
    """Matrix products C = A B, repeated along the batch axes; with `add` they go on top of what is there."""

    kind: Kind
    m: int
    n: int
    k: int
    a: Place  # strides: of the batch axes, then of a row and of a column
    b: Place
    c: Place
    batch: tuple[int, ...]
    nodes: tuple[int, ...]
    add: bool = False
    after: Nest | None = None  # what is done with each tile as soon as it is there: a nest over (m, n) that reads C
    local: bool = False  # nothing else reads C: it lives in the tile, and not in memory
    strewn: bool = False  # the rows of A's memory lie anywhere: its place has their addresses
    sparse: str = ""  # of which operands, "a" and "b", zeros are left out if there are many: of the first one with many


@dataclass(frozen=True, slots=True)
class Contract:
    """Sums of products over several axes: C[batch, m, n] = Σ over k of A[batch, m, k] B[batch, k, n], each letter any
    number of axes. A convolution is one, whose axes walk through the same numbers again and again."""

    kind: Kind
    batch: tuple[int, ...]
    m: tuple[int, ...]
    n: tuple[int, ...]
    k: tuple[int, ...]
    a: Place  # strides: of the axes of the batch, then of m, then of k
    b: Place  # of the batch, k, n
    c: Place  # of the batch, m, n
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scan:
    """Numbers joined along one axis, each result with all before it: sums, products, z = a·z + x, or the logarithm of a sum.

    The box is (before, axis, behind). An exclusive scan leaves out each number itself, and begins with `start`.
    """

    kind: Kind
    how: OneOf["sum", "product", "recurrence", "logaddexp"]
    sizes: tuple[int, int, int]
    x: Place
    a: Place | None
    z: Place
    exclusive: bool
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """The order that sorts each row of a box (rows, axis): indices into the row, equal numbers in the order they have."""

    kind: Kind
    sizes: tuple[int, int]
    x: Place
    z: Place
    descending: bool
    room: int  # a buffer for the numbers and indices of one row, twice
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Inner:
    """A graph inside a node, as a program of its own.

    Pairs say which buffer outside is which of its inputs (`given`), and which of its outputs goes where outside (`results`);
    `checks` are further outputs, single truth values.
    """

    program: Program
    given: tuple[tuple[int, int], ...]
    results: tuple[tuple[int, int], ...]
    checks: tuple[int, ...] = ()
    graph: Any = field(default=None, repr=False, compare=False)  # whose nodes its instructions name


@dataclass(frozen=True, slots=True)
class Carry:
    """What goes from step to step: where it begins and ends outside, and the input and the output of a step.

    Where a step writes over its input, the two are one buffer; else they change places with each step, and `spare` is the
    second memory.
    """

    begin: int
    end: int
    spare: int | None
    input: int
    output: int
    bytes: int
    asked: int | None = None  # the input of the test


@dataclass(frozen=True, slots=True)
class Repeat:
    """A step again and again: `count` times, or as long as `test` says so (count -1; `steps` is where the number goes).

    `slices` are pairs like those of `given`, and `kept` like those of `results`, each with the bytes from step to step.
    """

    step: Inner
    count: int
    backwards: bool
    carried: tuple[Carry, ...]
    slices: tuple[tuple[int, int, int], ...]
    kept: tuple[tuple[int, int, int], ...]
    test: Inner | None
    steps: int | None
    held: int | None  # a truth value: whether all checks of all steps held
    rooms: tuple[int | None, int | None]  # buffers for the arenas of the step and of the test
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Choose:
    """One of two programs, as a truth value says; without a question always the first."""

    question: int | None
    branches: tuple[Inner, ...]
    held: int | None
    room: int | None  # a buffer for the arena of either
    nodes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """An operation computed by the reference machine, between two pieces of compiled code."""

    node: int
    op: Any
    attrs: tuple[tuple[str, Any], ...]
    inputs: tuple[int, ...]
    types: tuple[Any, ...]
    outputs: tuple[int, ...]
    results: tuple[Any, ...]

    @property
    def nodes(self) -> tuple[int, ...]:
        """The node, as other instructions name theirs."""
        return (self.node,)


Instruction = Nest | Multiply | Contract | Scan | Sort | Repeat | Choose | Call


@dataclass(frozen=True, slots=True)
class Program:
    """Instructions in order, the buffers they use, and where the buffers of the arena lie."""

    buffers: tuple[Buffer, ...]
    instructions: tuple[Instruction, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    offsets: dict[int, int] = field(default_factory=dict)
    arena: int = 0


def innermost(strides: tuple[int, ...]) -> int:
    """Return the last axis with a stride other than 0, or -1."""
    for axis in range(len(strides) - 1, -1, -1):
        if strides[axis]:
            return axis
    return -1
