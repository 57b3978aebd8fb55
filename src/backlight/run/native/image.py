"""An object file put into memory without the compiler that made it: code from disk runs before LLVM is ever loaded.

What we write needs little of a linker: code and constants that are never written to, joined by distances from one to the
other, and a few functions of the system, called through a stub each. So the sections are laid one after the other in fresh
memory, the distances filled in, and the whole closed to writing before it is run; files that were compiled side by side lie one
behind the other, and find each other's functions by name. Whatever else an object file may hold, or another kind of file, is
refused here and left to LLVM's own loader (`host.Loaded`).
"""

from __future__ import annotations

import ctypes
import functools
import mmap
import platform
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

HEAD = np.dtype([("magic", "S7"), ("more", "S9"), ("kind", "<u2"), ("machine", "<u2"), ("version", "<u4"), ("entry", "<u8"),
                 ("programs", "<u8"), ("sections", "<u8"), ("flags", "<u4"), ("size", "<u2"), ("program_size", "<u2"),
                 ("program_count", "<u2"), ("section_size", "<u2"), ("section_count", "<u2"), ("names", "<u2")])
SECTION = np.dtype([("name", "<u4"), ("kind", "<u4"), ("flags", "<u8"), ("address", "<u8"), ("offset", "<u8"), ("size", "<u8"),
                    ("link", "<u4"), ("info", "<u4"), ("align", "<u8"), ("entry", "<u8")])
SYMBOL = np.dtype([("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("value", "<u8"), ("size", "<u8")])
RELOCATION = np.dtype([("offset", "<u8"), ("kind", "<u4"), ("symbol", "<u4"), ("more", "<i8")])
MAGIC, RELOCATABLE, X86_64 = b"\x7fELF\x02\x01\x01", 1, 62
BYTES, SYMBOLS, RELOCATIONS = 1, 2, 4  # kinds of sections
WRITTEN, LOADED = 1, 2  # flags of sections
DISTANCE, CALL = 2, 4  # kinds of relocations: 32 bits from here to there
STUB = b"\xff\x25\x00\x00\x00\x00"  # jump to the address that follows
STUB_BYTES, PAGE = 16, mmap.PAGESIZE


class StrangeError(Exception):
    """Raised for an object file that holds anything else than what we write."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Code in memory, for as long as this lives, and where its functions are."""

    memory: mmap.mmap
    held: Any  # what keeps the memory open while somebody has this
    addresses: dict[str, int]


@functools.cache
def possible() -> bool:
    """Return whether this system and processor are those whose object files are understood here."""
    return sys.platform == "linux" and platform.machine() == "x86_64" and ctypes.sizeof(ctypes.c_void_p) == 8


def placed(images: Sequence[bytes], symbols: Sequence[str]) -> Placed:
    """Return the code of object files, ready to run. Raises: StrangeError for one that is not as ours are."""
    if not possible():
        raise StrangeError("another system")
    try:
        return laid(images, symbols)
    except (ValueError, IndexError, KeyError, OverflowError, OSError, AttributeError, UnicodeDecodeError) as error:
        raise StrangeError(str(error)) from None


def laid(images: Sequence[bytes], symbols: Sequence[str]) -> Placed:
    """Lay everything into fresh memory."""
    layouts: list[Layout] = []
    end = 0
    for image in images:
        layouts.append(Layout(image, end))
        end = layouts[-1].end + -layouts[-1].end % PAGE if len(images) > 1 else layouts[-1].end
    known: dict[str, int] = {}
    for layout in layouts:
        known.update(layout.functions(alone=False))
    stubs: dict[str, int] = {}
    for layout in layouts:
        for symbol in layout.missing():
            name = layout.name(symbol)
            if name not in known and not layout.only_called(symbol):
                raise StrangeError("what is elsewhere is more than called")
            layout.at[symbol] = known[name] if name in known else stubs.setdefault(name, end + STUB_BYTES * len(stubs))
    memory = fresh(max(end + STUB_BYTES * len(stubs), 1))
    for layout in layouts:
        layout.write(memory)
    for name, at in stubs.items():
        memory[at : at + STUB_BYTES] = STUB + struct.pack("<Q", function(name)) + bytes(2)
    held = ctypes.c_char.from_buffer(memory)
    base = ctypes.addressof(held)
    close(base, len(memory))
    own = {name: base + at for layout in layouts for name, at in layout.functions(alone=True).items()}
    return Placed(memory, held, {symbol: own[symbol] for symbol in symbols})


class Layout:
    """The sections of an object file, and where each is to lie, from an offset on."""

    def __init__(self, image: bytes, start: int) -> None:
        self.image = image
        head = np.frombuffer(image, HEAD, 1)[0]
        if head["magic"] != MAGIC or head["kind"] != RELOCATABLE or head["machine"] != X86_64:
            raise StrangeError("not an object file of this processor")
        self.sections = np.frombuffer(image, SECTION, int(head["section_count"]), int(head["sections"]))
        self.starts = np.full(len(self.sections), -1, np.int64)
        end = start
        for k, section in enumerate(self.sections):
            if not section["flags"] & LOADED:
                continue
            if section["kind"] != BYTES or section["flags"] & WRITTEN or not 1 <= section["align"] <= PAGE:
                raise StrangeError(f"section {k}")
            self.bytes(section)
            end += -end % int(section["align"])
            self.starts[k] = end
            end += int(section["size"])
        self.end = end + -end % STUB_BYTES
        tables = [s for s in self.sections if s["kind"] == SYMBOLS]
        if len(tables) != 1:
            raise StrangeError("no table of symbols")
        self.symbols = self.table(tables[0], SYMBOL)
        self.names = self.bytes(self.sections[tables[0]["link"]])
        self.tables = [(s, self.table(s, RELOCATION)) for s in self.sections if s["kind"] == RELOCATIONS]
        known = self.symbols["section"]
        inside = known < len(self.sections)
        at = np.where(inside, self.starts[np.where(inside, known, 0)], -1)
        self.at = np.where(at >= 0, at + self.symbols["value"].astype(np.int64), -1)  # -1: it is elsewhere

    def bytes(self, section: Any) -> bytes:
        """Return what is in a section."""
        start, size = int(section["offset"]), int(section["size"])
        if start + size > len(self.image):
            raise StrangeError("cut off")
        return self.image[start : start + size]

    def table(self, section: Any, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
        """Return a section as a table."""
        return np.frombuffer(self.bytes(section), dtype)

    def name(self, symbol: int) -> str:
        """Return the name of a symbol."""
        start = int(self.symbols["name"][symbol])
        return self.names[start : self.names.index(b"\0", start)].decode()

    def functions(self, alone: bool) -> dict[str, int]:
        """Return where what has a name lies here; with those that this file has for itself `alone`, or without."""
        there = (self.symbols["name"] > 0) & (self.symbols["section"] < len(self.sections)) & (self.at >= 0)
        if not alone:
            there &= self.symbols["info"] >> 4 > 0
        return {self.name(k): int(self.at[k]) for k in np.flatnonzero(there).tolist()}

    def missing(self) -> list[int]:
        """Return the symbols that are wanted here, and lie elsewhere."""
        return sorted({int(k) for _, t in self.tables for k in t["symbol"][self.at[t["symbol"]] < 0]})

    def only_called(self, symbol: int) -> bool:
        """Return whether nothing is wanted of a symbol but calls."""
        return all((t["kind"][t["symbol"] == symbol] == CALL).all() for _, t in self.tables)

    def write(self, memory: mmap.mmap) -> None:
        """Put the sections into memory, and the distances into them."""
        for start, section in zip(self.starts.tolist(), self.sections, strict=True):
            if start >= 0:
                memory[start : start + int(section["size"])] = self.bytes(section)
        for section, table in self.tables:
            if self.starts[section["info"]] >= 0:
                self.fill(np.frombuffer(memory, np.uint8), section, table, self.at)

    def fill(self, memory: np.ndarray[Any, Any], section: Any, table: np.ndarray[Any, Any], at: np.ndarray[Any, Any]) -> None:
        """Fill in the distances of one section."""
        if not ((table["kind"] == DISTANCE) | (table["kind"] == CALL)).all():
            raise StrangeError("a relocation of another kind")
        inside, size = table["offset"].astype(np.int64), int(self.sections[section["info"]]["size"])
        if table.size and not 0 <= inside.min() <= inside.max() <= size - 4:
            raise StrangeError("a relocation outside of its section")
        here = self.starts[section["info"]] + inside
        distance = at[table["symbol"]] + table["more"] - here
        for k in range(4):
            memory[here + k] = distance >> 8 * k & 255


def fresh(size: int) -> mmap.mmap:
    """Return memory of this process alone, to be written, and later closed and run."""
    return mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE)


@functools.cache
def system() -> ctypes.CDLL:
    """Return the functions of this process."""
    return ctypes.CDLL(None, use_errno=True)


def function(name: str) -> int:
    """Return the address of a function of the system. Raises: AttributeError where there is none."""
    address = ctypes.cast(getattr(system(), name), ctypes.c_void_p).value
    assert address is not None
    return address


def close(address: int, size: int) -> None:
    """Let memory be run and not be written any more."""
    protect = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)(("mprotect", system()))
    if protect(address, size, mmap.PROT_READ | mmap.PROT_EXEC):
        raise StrangeError("memory that may not be run")
