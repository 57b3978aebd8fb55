"""An object file made into a module, without a linker.

The compiler's object file is a WebAssembly module already: its code calls functions by their final numbers, its data
begins at address 0. What it lacks is an export section, and what it has too much are the notes for a linker. So the
sections are copied, the exports put in their place, the notes left out. Memory and, where a function keeps numbers on
a stack, the stack pointer stay imports: whoever starts the module gives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

HEADER = b"\0asm\1\0\0\0"
CUSTOM, IMPORT, FUNCTION, EXPORT, START, DATA = 0, 2, 3, 7, 8, 11
# sections in the order of the standard; the count of data segments (12) stands before the code
ORDER = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 7, 8: 8, 9: 9, 12: 10, 10: 11, 11: 12}


@dataclass(frozen=True, slots=True)
class Module:
    """A module ready to start: its bytes, and the first address that its own data leaves free."""

    code: bytes
    free: int
    imports: tuple[str, ...]


def unsigned(value: int) -> bytes:
    """Return a number in 7-bit groups, the lowest first."""
    out = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        if not value:
            return bytes([*out, low])
        out.append(low | 0x80)


class Reader:
    """A cursor over bytes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        """Return the next byte."""
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        """Return the next number in 7-bit groups."""
        value = shift = 0
        while True:
            part = self.byte()
            value |= (part & 0x7F) << shift
            shift += 7
            if part < 0x80:
                return value

    def signed(self) -> int:
        """Return the next number in 7-bit groups, with its sign."""
        start = self.at
        value = self.number()
        bits = 7 * (self.at - start)
        return value - (1 << bits) if value >> (bits - 1) & 1 else value

    def bytes(self) -> bytes:
        """Return the next bytes, their count first."""
        size = self.number()
        self.at += size
        return self.data[self.at - size : self.at]

    def more(self) -> bool:
        """Return whether anything is left."""
        return self.at < len(self.data)


def sections(image: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the number and the content of every section."""
    assert image[:8] == HEADER
    reader = Reader(image)
    reader.at = 8
    while reader.more():
        yield reader.byte(), reader.bytes()


def import_names(content: bytes) -> list[tuple[str, int]]:
    """Return what a module imports: names and kinds (0 function, 1 table, 2 memory, 3 global)."""
    reader = Reader(content)
    found = []
    for _ in range(reader.number()):
        reader.bytes()
        name = reader.bytes().decode()
        kind = reader.byte()
        if kind == 0:
            reader.number()
        elif kind in {1, 2}:
            if kind == 1:
                reader.byte()
            limits = reader.byte()
            reader.number()
            if limits & 1:
                reader.number()
        else:
            reader.byte()
            reader.byte()
        found.append((name, kind))
    return found


def function_numbers(content: bytes) -> dict[str, int]:
    """Return the number of every function that the linker's notes name."""
    reader = Reader(content)
    assert reader.bytes() == b"linking"
    reader.number()  # version
    found: dict[str, int] = {}
    while reader.more():
        kind, part = reader.byte(), Reader(reader.bytes())
        if kind != 8:  # not the table of symbols
            continue
        for _ in range(part.number()):
            symbol, flags = part.byte(), part.number()
            if symbol == 0:
                number = part.number()
                if not flags & 0x10:  # defined here: the name follows
                    found[part.bytes().decode()] = number
            elif symbol == 1:
                part.bytes()
                if not flags & 0x10:
                    part.number(), part.number(), part.number()
            elif symbol == 3:
                part.number()
            else:
                part.number()
                if not flags & 0x10:
                    part.bytes()
    return found


def data_end(content: bytes) -> int:
    """Return the first address beyond the module's own data."""
    reader = Reader(content)
    end = 0
    for _ in range(reader.number()):
        assert reader.number() == 0
        assert reader.byte() == 0x41  # i32.const
        start = reader.signed()
        assert reader.byte() == 0x0B
        end = max(end, start + len(reader.bytes()))
    return end


def link(image: bytes, exports: Sequence[str]) -> Module:
    """Return the module that exports these functions of an object file."""
    parts = list(sections(image))
    notes = next(content for number, content in parts if number == CUSTOM and content[1:8] == b"linking")
    numbers = function_numbers(notes)
    table = b"".join(unsigned(len(n.encode())) + n.encode() + b"\0" + unsigned(numbers[n]) for n in exports)
    kept = [(number, content) for number, content in parts if number != CUSTOM]
    kept.append((EXPORT, unsigned(len(exports)) + table))
    kept.sort(key=lambda part: ORDER[part[0]])
    imports = next((import_names(content) for number, content in kept if number == IMPORT), [])
    assert not [name for name, kind in imports if kind == 0], imports
    free = max((data_end(content) for number, content in kept if number == DATA), default=0)
    code = HEADER + b"".join(bytes([number]) + unsigned(len(content)) + content for number, content in kept)
    return Module(code, -(-free // 64) * 64, tuple(name for name, _ in imports))
