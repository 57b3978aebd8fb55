"""A row of numbers as vectors: full ones, then what is left, masked or ever narrower."""

from __future__ import annotations

from dataclasses import dataclass

from backlight.run.emit.code import Code
from backlight.run.emit.masks import masked_load, masked_store
from backlight.run.emit.value import Target, Value


@dataclass(frozen=True, slots=True)
class Part:
    """A vector of a row: where it starts, its lanes, and how many of them count (all, without masks)."""

    at: int
    lanes: int
    used: int

    def load(self, c: Code, base: Value, offset: int, kind: str) -> Value:
        """Return the numbers of this part of a row."""
        if self.used == self.lanes:
            return c.load(base, offset + self.at, kind, self.lanes)
        return masked_load(c, c.address(base, offset + self.at, kind), kind, self.lanes, (1 << self.used) - 1)

    def store(self, c: Code, x: Value, base: Value, offset: int) -> None:
        """Put the numbers of this part of a row."""
        if self.used == self.lanes:
            c.store(x, base, offset + self.at)
        else:
            masked_store(c, x, c.address(base, offset + self.at, x.kind), (1 << self.used) - 1)


def parts_of(target: Target, width: int, lanes: int, most: int = 1) -> list[Part]:
    """Return the vectors that cover a row: full ones, then up to `most` narrower ones, or else a masked one."""
    whole = width - width % lanes
    found = [Part(at, lanes, lanes) for at in range(0, whole, lanes)]
    narrow = [Part(whole + at, size, size) for at, size in pieces(width - whole, lanes)]
    if len(narrow) > most and target.scalef:
        narrow = [Part(whole, lanes, width - whole)]
    return found + narrow


def pieces(width: int, lanes: int) -> list[tuple[int, int]]:
    """Return the offsets and sizes of the vectors that cover `width` numbers: full ones, then ever narrower."""
    found, at = [], 0
    while at < width:
        size = lanes
        while size > width - at:
            size //= 2
        found.append((at, size))
        at += size
    return found
