"""Operands of LLVM assembly: a name and a type, and operators that write one instruction each.

A `Value` belongs to the function that is being written: `x * y + 1.0` reads as mathematics and appends two lines to it.
What the instructions mean, exactly: IEEE arithmetic, no fast-math flags anywhere.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backlight.run.emit.code import Code

Number = float | int
FLOATS = {"float": 4, "double": 8}
SIZES = {"float": 4, "double": 8, "i64": 8, "i32": 4, "i16": 2, "i8": 1, "i1": 1, "ptr": 4}  # a pointer: at least
COMPARE = {"lt": "olt", "le": "ole", "gt": "ogt", "ge": "oge", "eq": "oeq", "ne": "une"}
COMPARE_INT = {"lt": "slt", "le": "sle", "gt": "sgt", "ge": "sge", "eq": "eq", "ne": "ne"}


@dataclass(frozen=True, slots=True)
class Target:
    """What the writer must know of a machine: its vectors' width in bytes, and which instructions are cheap there."""

    name: str
    width: int
    fma: bool
    scalef: bool = False

    def lanes(self, kind: str) -> int:
        """Return how many numbers of this kind one vector holds."""
        return self.width // SIZES[kind]


def type_text(kind: str, lanes: int) -> str:
    """Return the type as LLVM writes it."""
    return kind if lanes == 1 else f"<{lanes} x {kind}>"


def round_to_float(value: float) -> float:
    """Return the float32 nearest to value, as a Python float."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", value))[0])
    except OverflowError:
        return value * float("inf")


def constant_text(value: Number, kind: str) -> str:
    """Return a literal: floats by their bits, so that nothing is rounded on the way."""
    if kind in FLOATS:
        number = float(value)
        if kind == "float":
            number = round_to_float(number)
        return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016X}"
    if kind == "i1":
        return "true" if value else "false"
    return str(int(value))


class Value:
    """An operand: its text, its kind of number, how many lanes."""

    __slots__ = ("code", "kind", "lanes", "text")

    def __init__(self, code: Code, text: str, kind: str, lanes: int) -> None:
        self.code, self.text, self.kind, self.lanes = code, text, kind, lanes

    @property
    def type(self) -> str:
        """The type as LLVM writes it."""
        return type_text(self.kind, self.lanes)

    @property
    def typed(self) -> str:
        """The type and the operand, as an argument is written."""
        return f"{self.type} {self.text}"

    def lift(self, other: Value | Number) -> Value:
        """Return other as a value of this one's type."""
        return other if isinstance(other, Value) else self.code.constant(other, self.kind, self.lanes)

    def _binary(self, other: Value | Number, floating: str, whole: str, swap: bool = False) -> Value:
        a, b = self, self.lift(other)
        if swap:
            a, b = b, a
        name = floating if self.kind in FLOATS else whole
        return self.code.put(f"{name} {self.type} {a.text}, {b.text}", self.kind, self.lanes)

    def __add__(self, other: Value | Number) -> Value:
        return self._binary(other, "fadd", "add")

    def __radd__(self, other: Number) -> Value:
        return self._binary(other, "fadd", "add", swap=True)

    def __sub__(self, other: Value | Number) -> Value:
        return self._binary(other, "fsub", "sub")

    def __rsub__(self, other: Number) -> Value:
        return self._binary(other, "fsub", "sub", swap=True)

    def __mul__(self, other: Value | Number) -> Value:
        return self._binary(other, "fmul", "mul")

    def __rmul__(self, other: Number) -> Value:
        return self._binary(other, "fmul", "mul", swap=True)

    def __truediv__(self, other: Value | Number) -> Value:
        return self._binary(other, "fdiv", "sdiv")

    def __rtruediv__(self, other: Number) -> Value:
        return self._binary(other, "fdiv", "sdiv", swap=True)

    def __and__(self, other: Value | Number) -> Value:
        return self._binary(other, "and", "and")

    def __or__(self, other: Value | Number) -> Value:
        return self._binary(other, "or", "or")

    def __xor__(self, other: Value | Number) -> Value:
        return self._binary(other, "xor", "xor")

    def __lshift__(self, other: Value | Number) -> Value:
        return self._binary(other, "shl", "shl")

    def __rshift__(self, other: Value | Number) -> Value:
        """Shift right, keeping the sign."""
        return self._binary(other, "ashr", "ashr")

    def shift_right(self, other: Value | Number) -> Value:
        """Shift right, filling with zeros."""
        return self._binary(other, "lshr", "lshr")

    def __neg__(self) -> Value:
        if self.kind in FLOATS:
            return self.code.put(f"fneg {self.typed}", self.kind, self.lanes)
        return 0 - self

    def __invert__(self) -> Value:
        return self ^ (1 if self.kind == "i1" else -1)

    def _compare(self, other: Value | Number, relation: str) -> Value:
        b = self.lift(other)
        name = f"fcmp {COMPARE[relation]}" if self.kind in FLOATS else f"icmp {COMPARE_INT[relation]}"
        return self.code.put(f"{name} {self.typed}, {b.text}", "i1", self.lanes)

    def lt(self, other: Value | Number) -> Value:
        """Return self < other; false where either is NaN."""
        return self._compare(other, "lt")

    def le(self, other: Value | Number) -> Value:
        """Return self <= other; false where either is NaN."""
        return self._compare(other, "le")

    def gt(self, other: Value | Number) -> Value:
        """Return self > other; false where either is NaN."""
        return self._compare(other, "gt")

    def ge(self, other: Value | Number) -> Value:
        """Return self >= other; false where either is NaN."""
        return self._compare(other, "ge")

    def eq(self, other: Value | Number) -> Value:
        """Return self == other; false where either is NaN."""
        return self._compare(other, "eq")

    def ne(self, other: Value | Number) -> Value:
        """Return self != other; true where either is NaN."""
        return self._compare(other, "ne")

    def isnan(self) -> Value:
        """Return which lanes are NaN."""
        return self.code.put(f"fcmp uno {self.typed}, {self.text}", "i1", self.lanes)

    def bits(self) -> Value:
        """Return the bits of a float as integers of its size."""
        return self.code.bitcast(self, "i64" if self.kind == "double" else "i32")

    def as_float(self) -> Value:
        """Return the float with these bits."""
        return self.code.bitcast(self, "double" if self.kind == "i64" else "float")
