"""Memory for compiled code: aligned for the widest vectors, and used again once nobody looks at it any more.

Fresh memory from the system costs as much as filling it: each page is cleared when it is first touched. What a call needs
only while it runs, its owner keeps; what it gives away (`Spare`) is counted by Python: an array made on a block holds the
block, and so does whatever is made from that array. When only the list here holds it, the next call may have it.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

ALIGN = 64
MUCH_BYTES = 1 << 23  # from which on a millisecond is nothing beside filling it
KEPT = 2  # blocks: one that the caller still looks at while the next is filled
Block = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Memory:
    """Aligned bytes."""

    block: Block
    address: int


def memory(size: int, align: int = ALIGN) -> Memory:
    """Return so many bytes, aligned for the widest vectors, or as asked for."""
    block = np.empty(size + align, np.uint8)
    start = -block.ctypes.data % align
    return Memory(block, block.ctypes.data + start)


def make_room(needed: int) -> None:
    """Let the system have what lies free in pieces, before the first program that needs much.

    Tracing and lowering leave some megabytes so. Once: a process that has gone on for long may have so many pieces that looking
    for them takes longer than the program is worth (12 ms with 300 MB of them).
    """
    if needed >= MUCH_BYTES:
        trim()


@functools.cache
def trim() -> None:
    """Give back what is free, once."""
    call = trimming()
    if call is not None:
        call(0)


def trimming() -> Callable[[int], int] | None:
    """Return the function that gives back what is free; None where the system has none."""
    if sys.platform != "linux":
        return None
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


class Spare:
    """Blocks of one size, handed out one by one."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.blocks: list[Block] = []

    def take(self) -> Block:
        """Return aligned bytes that nobody looks at.

        A block is off the list while it is looked at here, so that two threads never find the same one.
        """
        for _ in range(KEPT):
            try:
                block = self.blocks.pop(0)
            except IndexError:
                break
            if references(block) == left_alone():
                return self.aligned(block)
            self.blocks.append(block)
        del self.blocks[: len(self.blocks) - KEPT + 1]
        return self.aligned(np.empty(self.size + ALIGN, np.uint8))

    def aligned(self, block: Block) -> Block:
        """Return the aligned part of a block, which is on the list from now on."""
        start = -block.ctypes.data % ALIGN
        found = block[start : start + self.size]
        self.blocks.append(block)
        return found


def side_by_side(sizes: Iterable[int]) -> tuple[list[int], int]:
    """Return where pieces of so many bytes begin in one block, each aligned, and how large that is."""
    starts, end = [], 0
    for size in sizes:
        starts.append(end)
        end += -(-size // ALIGN) * ALIGN
    return starts, end


references = sys.getrefcount


@functools.cache
def left_alone() -> int:
    """Return how many references this interpreter counts to what only a variable holds: 2, or fewer in later ones."""
    block = np.empty(1, np.uint8)
    return references(block)
