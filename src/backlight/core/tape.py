"""The flat tape that nodes are written to, with their values where it keeps them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, final

import numpy as np

from ..errors import GraphError, LeakError
from .array import Array, as_value
from .graph import SOURCE, At, Node, Why, lent
from .guard import Guard
from .place import frame_position
from .table import TABLE
from .types import Type, type_of

__all__ = ["Tape", "one_tape"]

FLOAT: Final = Type("float64", ())
new_node = tuple.__new__
SMALL: Final = 2048  # bytes that are copied sooner than compared


class Ended(list[Any]):
    """What stands for the nodes of a trace that has ended: to ask for one says what happened."""

    __slots__ = ("word",)

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word

    def __getitem__(self, number: Any) -> Any:
        raise lent("placed")(LeakError(
            f"node {number} was written while {self.word} was traced, and that has ended: return it from the function, "
            "or keep its value, x.value, where a constant is meant"
        ))  # fmt: skip


@final
class Tape:
    """Nodes in the order in which they were written, with their values where the tape keeps them.

    `scope`, `why` and `at` are stamped on every node written while they are set; with `positions` each node gets the
    place in the user's source that it was written at.

    A tape may be opened inside another, for a function that is traced on its own (the body of a loop, one of a batch).
    What such a function takes from around it is `held`: the number out there, and that of the input that stands for it.
    While the `inner` tape is open, whatever is done is written there.
    """

    __slots__ = (
        "at", "copies", "guards", "held", "inner", "inputs", "nodes", "open", "parent", "positions", "refused", "scope", "values",
        "why",
    )  # fmt: skip

    def __init__(self, values: bool = False, positions: bool = False) -> None:
        self.nodes: list[Node] = []
        self.values: list[Any] | None = [] if values else None
        self.inputs: list[int] = []
        self.positions = positions
        self.scope = ""
        self.why: Why = SOURCE
        self.at: At | None = None
        self.open = True
        self.guards: list[Guard] = []
        self.parent: Tape | None = None
        self.inner: Tape | None = None
        self.held: dict[int, int] = {}
        self.copies: dict[Any, tuple[Any, Any]] = {}  # large arrays that were used: itself, and the copy that the tape keeps
        self.refused: tuple[Exception, At | None] | None = None  # what NumPy may turn into an error of its own, and where

    def close(self, function: Any) -> None:
        """Say that the function has ended: its arrays keep their values, and nothing can be done with them any more."""
        self.open = False
        self.nodes = Ended(getattr(function, "__name__", "the function"))

    def add(
        self, op: Any, inputs: tuple[int, ...], type: Any, attrs: Any = (), name: str = "", value: Any = None
    ) -> int:
        """Write one node and return its number."""
        at = frame_position(3) if self.positions else self.at
        number = len(self.nodes)
        self.nodes.append(new_node(Node, (op, inputs, type, attrs, name, self.scope, at, self.why)))
        if self.values is not None:
            self.values.append(value)
        return number

    def input(self, name: str, value: Any = None, type: Type | None = None, attrs: Any = ()) -> Array:
        """A new input of the graph, with its value or with its type alone."""
        if value.__class__ is float:
            value, type = np.float64(value), FLOAT
        elif value is not None:
            value = as_value(value)
            type = type_of(value)
            value = own(value)  # the caller may write into it while the function runs
        number = self.add(TABLE["input"], (), type, attrs, name, value)
        self.inputs.append(number)
        return Array(self, number, value)

    def constant(self, value: Any, dtype: Any = None) -> Array:
        """A constant; a Python number takes the given dtype."""
        value = as_value(value) if dtype is None else np.asarray(value, dtype)[()]
        number = self.add(TABLE["const"], (), type_of(value), (("value", value),), "", value)
        return Array(self, number, value if self.values is not None else None)

    def plain(self, x: float, beside: Type) -> tuple[int, Any]:
        """The number and the value of a constant for a Python number, of the dtype of the array that it stands beside."""
        dtype = beside.dtype
        value = np.float64(x) if dtype is FLOAT.dtype else dtype.type(x)
        kind = FLOAT if dtype is FLOAT.dtype else Type(dtype, ())
        at = frame_position(4) if self.positions else self.at
        number = len(self.nodes)
        self.nodes.append(new_node(Node, (TABLE["const"], (), kind, (("value", value),), "", self.scope, at, self.why)))
        if self.values is not None:
            self.values.append(value)
        return number, value

    def hold(self, x: Array, op: str = "") -> Array:
        """An array as one of this tape: a constant if it has no tape, an input that stands for it if it is from around this one."""
        tape = x.tape
        if tape is self:
            return x
        if tape is None:
            return self.constant(self.own(x.value))
        if self.parent is None or not self.open:
            raise GraphError(
                f"{op or 'array'}: node {x.number} was written in another trace: "
                "a value must not leave the function it was traced in, return it from there instead"
            )
        y = self.parent.hold(x, op)
        number = self.held.get(y.number)
        if number is None:
            node = self.parent.nodes[y.number]
            before, self.why, self.at = (self.why, self.at), SOURCE, node.at
            number = self.held[y.number] = self.add(TABLE["input"], (), node.type, (), node.name or f"outer.{y.number}", y._value)
            self.why, self.at = before
        return Array(self, number, y._value)

    def own(self, value: Any) -> Any:
        """A constant's numbers: a copy of what somebody may write into later, one for all uses while it stays the same."""
        if not isinstance(value, np.ndarray) or not value.flags.writeable:
            return value
        if value.nbytes < SMALL:
            return value.copy()
        key = (value.__array_interface__["data"][0], value.shape, value.strides, value.dtype)
        found = self.copies.get(key)
        if found is None or not np.array_equal(found[1], value, equal_nan=value.dtype.kind in "fc"):
            found = self.copies[key] = (value, value.copy(order="K"))
        return found[1]

    def handle(self, number: int) -> Array:
        """The array that stands for a node of this tape."""
        return Array(self, number, None if self.values is None else self.values[number])


def own(value: Any) -> Any:
    """A leaf's numbers: a copy of what somebody else may write into later."""
    return value.copy() if isinstance(value, np.ndarray) and value.flags.writeable else value


def one_tape(op: str, arrays: Sequence[Any]) -> Tape:
    """The tape that an operation on these arrays is written to: theirs, or the innermost that is open around or inside it."""
    tapes = {id(x.tape): x.tape for x in arrays if type(x) is Array and x.tape is not None}
    found = max(tapes.values(), key=lambda tape: (tape.open, depth(tape)))
    while found.inner is not None:
        found = found.inner
    for x in arrays:
        if type(x) is Array and x.tape is not None:
            found.hold(x, op)
    return found


def depth(tape: Tape | None) -> int:
    """How many tapes are open around this one."""
    count = 0
    while tape is not None and tape.parent is not None:
        tape, count = tape.parent, count + 1
    return count
