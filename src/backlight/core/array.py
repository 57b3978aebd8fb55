"""A value that remembers the node it came from, and the flat tape that nodes are written to.

An `Array` is (tape, number, value). On a tape that keeps values (a trace of Python code) it has all three; on one that
does not (a rule that writes gradient nodes) the value is missing and only the type is known; outside a trace the tape is
missing, nothing is kept, and an operation is simply computed. Operators look their operation up in the table by name.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple, final

import numpy as np

from ..errors import DTypeError, GraphError, InputError, ShapeError
from .graph import SOURCE, At, Node, Why, lent
from .table import TABLE
from .types import Type, type_of

__all__ = ["Array", "Guard", "Tape", "as_value", "frame_position"]

INSIDE: Final = __name__.rsplit(".", 2)[0]  # "backlight": frames of the package itself are not where users wrote things


FLOAT: Final = Type("float64", ())
new_node = tuple.__new__


def frame_position(depth: int = 2) -> At | None:
    """File, line and columns of the nearest caller outside the package."""
    frame: Any = sys._getframe(depth)
    while frame is not None and frame.f_globals.get("__name__", "").split(".", 1)[0] == INSIDE:
        frame = frame.f_back
    if frame is None:
        return None
    code = frame.f_code
    line, column, end = frame.f_lineno, 0, 0
    positions = getattr(code, "co_positions", None)
    if positions is not None:
        for k, (start, stop, first, last) in enumerate(positions()):
            if k * 2 == frame.f_lasti:
                line = start or line
                column = (first or 0) + 1
                end = (last or 0) + 1 if stop == start else 0
                break
    return At(code.co_filename, line, column, end)


class Guard(NamedTuple):
    """A question that Python asked of a value while it was traced: which node, how, the answer, and where."""

    node: int
    kind: str
    answer: Any
    at: At | None


@final
class Tape:
    """Nodes in the order in which they were written, with their values where the tape keeps them.

    `scope`, `why` and `at` are stamped on every node written while they are set; with `positions` each node gets the
    place in the user's source that it was written at.

    A tape may be opened inside another, for a function that is traced on its own (the body of a loop, one of a batch).
    What such a function takes from around it is `held`: the number out there, and that of the input that stands for it.
    While the `inner` tape is open, whatever is done is written there.
    """

    __slots__ = ("at", "guards", "held", "inner", "inputs", "nodes", "open", "parent", "positions", "scope", "values", "why")

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
        number = self.add(TABLE["input"], (), type, attrs, name, value)
        self.inputs.append(number)
        return Array(self, number, value)

    def constant(self, value: Any, dtype: Any = None) -> Array:
        """A constant; a Python number takes the given dtype."""
        value = as_value(value) if dtype is None else np.asarray(value, dtype)[()]
        number = self.add(TABLE["const"], (), type_of(value), (("value", value),), "", value)
        return Array(self, number, value if self.values is not None else None)

    def hold(self, x: Array, op: str = "") -> Array:
        """An array as one of this tape: a constant if it has no tape, an input that stands for it if it is from around this one."""
        tape = x.tape
        if tape is self:
            return x
        if tape is None:
            return self.constant(x.value)
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

    def handle(self, number: int) -> Array:
        """The array that stands for a node of this tape."""
        return Array(self, number, None if self.values is None else self.values[number])


def as_value(value: Any) -> Any:
    """A NumPy array or NumPy scalar from what a person may give: numbers, nested lists, arrays."""
    if type(value) is float:
        return np.float64(value)
    if isinstance(value, Array):
        return value.value
    try:
        found = np.asarray(value)
    except (ValueError, TypeError) as error:
        raise InputError(f"cannot make an array of {type(value).__name__} {value!r:.60}: {error}") from None
    if found.dtype.kind not in "biufc":
        raise InputError(f"cannot make an array of {type(value).__name__} {value!r:.60}: its items are not numbers")
    return found[()]


@final
class Array:
    """A number or an array of numbers that knows the node it came from."""

    __slots__ = ("_value", "number", "tape")
    __array_priority__ = 1000.0
    __hash__ = None  # type: ignore[assignment]  # == compares values, as in NumPy

    def __init__(self, tape: Tape | None, number: int, value: Any) -> None:
        self.tape = tape
        self.number = number
        self._value = value

    @property
    def value(self) -> Any:
        """The number or the NumPy array; GraphError on a tape that keeps no values."""
        if self._value is None:
            raise GraphError(f"node {self.number} has a type, {self.type}, and no value here: nothing has been run")
        return self._value

    @property
    def type(self) -> Type:
        """dtype and shape."""
        if self.tape is not None:
            return self.tape.nodes[self.number].type  # type: ignore[return-value]
        return type_of(self._value)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return self.type.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The kind of number."""
        return self.type.dtype

    @property
    def ndim(self) -> int:
        """How many axes."""
        return self.type.rank

    @property
    def size(self) -> int:
        """How many numbers."""
        return self.type.size

    @property
    def T(self) -> Array:
        """The transpose: axes in reverse order."""
        return TABLE["transpose"](self)

    def __add__(self, y: Any) -> Array:
        return TABLE["add"](self, y)

    def __radd__(self, y: Any) -> Array:
        return TABLE["add"](y, self)

    def __sub__(self, y: Any) -> Array:
        return TABLE["sub"](self, y)

    def __rsub__(self, y: Any) -> Array:
        return TABLE["sub"](y, self)

    def __mul__(self, y: Any) -> Array:
        return TABLE["mul"](self, y)

    def __rmul__(self, y: Any) -> Array:
        return TABLE["mul"](y, self)

    def __truediv__(self, y: Any) -> Array:
        return TABLE["div"](self, y)

    def __rtruediv__(self, y: Any) -> Array:
        return TABLE["div"](y, self)

    def __mod__(self, y: Any) -> Array:
        return TABLE["mod"](self, y)

    def __rmod__(self, y: Any) -> Array:
        return TABLE["mod"](y, self)

    def __floordiv__(self, y: Any) -> Array:
        return TABLE["floor"](TABLE["div"](self, y))

    def __rfloordiv__(self, y: Any) -> Array:
        return TABLE["floor"](TABLE["div"](y, self))

    def __pow__(self, y: Any) -> Array:
        return TABLE["pow"](self, y)

    def __rpow__(self, y: Any) -> Array:
        return TABLE["pow"](y, self)

    def __matmul__(self, y: Any) -> Array:
        return TABLE["matmul"](self, y)

    def __rmatmul__(self, y: Any) -> Array:
        return TABLE["matmul"](y, self)

    def __neg__(self) -> Array:
        return TABLE["neg"](self)

    def __pos__(self) -> Array:
        return self

    def __abs__(self) -> Array:
        return TABLE["abs"](self)

    def __lt__(self, y: Any) -> Array:
        return TABLE["less"](self, y)

    def __le__(self, y: Any) -> Array:
        return TABLE["less_equal"](self, y)

    def __gt__(self, y: Any) -> Array:
        return TABLE["greater"](self, y)

    def __ge__(self, y: Any) -> Array:
        return TABLE["greater_equal"](self, y)

    def __eq__(self, y: object) -> Array:  # type: ignore[override]
        return TABLE["equal"](self, y)

    def __ne__(self, y: object) -> Array:  # type: ignore[override]
        return TABLE["not_equal"](self, y)

    def __and__(self, y: Any) -> Array:
        return TABLE["logical_and"](self, y)

    def __rand__(self, y: Any) -> Array:
        return TABLE["logical_and"](y, self)

    def __or__(self, y: Any) -> Array:
        return TABLE["logical_or"](self, y)

    def __ror__(self, y: Any) -> Array:
        return TABLE["logical_or"](y, self)

    def __xor__(self, y: Any) -> Array:
        return TABLE["logical_xor"](self, y)

    def __invert__(self) -> Array:
        return TABLE["logical_not"](self)

    def __getitem__(self, key: Any) -> Array:
        return lent("subscript")(self, key)  # type: ignore[no-any-return]

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
        return lent("ufunc")(self, ufunc, method, *inputs, **named)

    def __array_function__(self, called: Any, types: Any, args: Any, named: Any) -> Any:
        return lent("function")(self, called, types, args, named)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self.tape is not None and self.tape.open:
            raise GraphError(
                f"node {self.number} ({self.type} {self.shape}) would become a plain NumPy array, and the graph would lose it: "
                "use an operation, or x.value where a constant is meant"
            )
        return np.array(self.value, dtype=dtype, copy=copy)

    def __len__(self) -> int:
        if not self.shape:
            raise ShapeError("len: a scalar has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Array]:
        for i in range(len(self)):
            yield self[i]

    def ask(self, kind: str, answer: Any) -> Any:
        """Write down that Python asked for this value: what was traced holds for this answer only."""
        if self.tape is not None and self.tape.values is not None:
            self.tape.guards.append(Guard(self.number, kind, answer, frame_position(3)))
        return answer

    def __float__(self) -> float:
        return self.ask("float", float(self.value))  # type: ignore[no-any-return]

    def __int__(self) -> int:
        return self.ask("int", int(self.value))  # type: ignore[no-any-return]

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            raise DTypeError(f"an index must be a whole number, and this is {self.type}: round and cast it to an integer")
        return self.ask("int", int(self.value))  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        return self.ask("bool", bool(self.value))  # type: ignore[no-any-return]

    def __repr__(self) -> str:
        if self._value is None:
            return f"<node {self.number}: {self.type} {self.shape}>"
        return f"array({np.array2string(np.asarray(self._value), separator=', ', floatmode='unique')})"

    def __str__(self) -> str:
        return repr(self) if self._value is None else str(self._value)


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
