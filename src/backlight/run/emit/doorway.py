"""What a builtin in front of compiled code is given: its block of addresses, and what its inputs and outputs are.

What writes the builtin (`entry`) is not imported here, nor by those who load code that was kept.
"""

from __future__ import annotations

from dataclasses import dataclass

# The block of addresses, in words of 8 bytes: what stands where.
FLOAT_TYPE, FLOAT64_TYPE, ARRAY_TYPE, SLOW, MAKE = range(5)
FROM_DOUBLE, NEW_TUPLE, CALL, SAVE, RESTORE, INCREASE, DECREASE, ARENA, BUSY, NEW_ARRAY = range(5, 15)
TABLE = 15  # then the table of the program: the pool, and the constants, where they are known beforehand
# Where the parts of Python's and NumPy's objects lie, in bytes.
TYPE, FLOAT_VALUE, TUPLE_ITEMS = 8, 16, 24
DATA, RANK, SIZES, DESCRIPTION, FLAGS = 16, 24, 32, 56, 64
CONTIGUOUS_ALIGNED, WRITEABLE = 0x101, 0x400


@dataclass(frozen=True, slots=True)
class Argument:
    """One input: its kind, its shape, its place in the table, and where the block has its dtype.

    A single double is a Python float; a single number of another kind is an array without axes.
    """

    kind: str
    shape: tuple[int, ...]
    slot: int
    description: int
    overwritten: bool = False
    bytes: int = 0

    @property
    def number(self) -> bool:
        """Whether it is a Python float."""
        return self.shape == () and self.kind == "double"


@dataclass(frozen=True, slots=True)
class Result:
    """One output: its kind, its shape, its place in the table, where the block has its dtype; and over which argument it is
    written, if over any: then it is that very array."""

    kind: str
    shape: tuple[int, ...]
    slot: int
    description: int
    given: int | None = None

    @property
    def number(self) -> bool:
        """Whether it becomes a Python float."""
        return self.shape == () and self.kind == "double"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the door must know of a program."""

    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    single: bool  # one output is returned as itself, not as a tuple
    slots: int
    constants: tuple[int, ...]  # places in the table that the block fills
    arena: int
    release: bool  # whether other threads may run Python meanwhile
    direct: bool = True  # whether NumPy makes the arrays, asked from here; else a function of Python does
    checks: tuple[int, ...] = ()  # places of truth values that must come out true; else the slow function says what is wrong
