"""How a product is cut that leaves out zeros, which ones do, and what memory that takes.

C is cut into panels of some vectors, and panels into groups of rows, if there are few panels or many rows; k into blocks for which
the rows of B, copied together, fill the nearest cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from backlight.run.emit.selected import WIDTH
from backlight.run.emit.split import along_k
from backlight.run.emit.tile import Product, product_of
from backlight.run.emit.value import SIZES, Target
from backlight.run.lower.program import Multiply, Program
from backlight.run.lower.tiles import DEEPEST
from backlight.run.lower.zeros import mark_zeros

DEEP = 128  # steps of k whose places are listed together, in a byte each: with four vectors a row, 32 KiB of B
VECTORS = 4  # of a panel at most: as many sums as a product takes cycles
LEAST = 6  # vectors of a row of C: they can be cut into panels of three and four
LOW = 32  # rows of C at least, and steps of k: for fewer it does not pay to copy B together
WORK = 1_000_000  # multiplications at least
COMMON = 1 << 22  # bytes of lists and of a turned A at most
MOST = 5 / 8  # of the numbers of A that are not 0, beyond which the product is as ever
SAMPLE = 8  # every which row of A's memory is looked at before all are
UNITS = 8  # at least, where there are enough rows
SHORT, TALL = 64, 512  # rows of a unit at least, and at most
SQUARES = 8  # that are turned side by side: what follows goes through rows of C, and two or three lines of each are too few
LINE = 64  # bytes


def leaving_out(target: Target, program: Program) -> Program:
    """Return the program with products marked that may leave out zeros."""
    return mark_zeros(program, lambda m: bool(plans_of(target, m)), program.inputs)


def plans_of(target: Target, m: Multiply) -> list[Plan]:
    """Return how a product leaves out the zeros of the operands that are marked."""
    return [plan for name in m.sparse if (plan := plan_of(target, m, name == "b")) is not None]


def plan_of(target: Target, m: Multiply, exchanged: bool) -> Plan | None:
    """Return how a product leaves out the zeros of A, or of B (`exchanged`); None if it cannot, or if that would not pay."""
    known = target.scalef and target.width == WIDTH and m.kind in DEEPEST
    if not known or m.strewn or prod(m.batch) != 1:
        return None
    p, lanes = product_of(m), target.lanes(m.kind)
    if along_k(target, p) > 1:  # which adds up its sums in another order
        return None
    if exchanged:  # the columns of B are the rows of its transpose, and C is turned as it is written, in whole squares
        if m.add or p.n % lanes or p.m % lanes:
            return None
        p = Product(p.kind, p.n, p.m, p.k, p.b_column, p.b_row, p.a_column, p.a_row, p.c_row)
    large = p.m >= LOW and p.k >= LOW and p.n >= LEAST * lanes and p.m * p.n * p.k >= WORK
    if not large or 1 not in (p.a_row, p.a_column) or 1 not in (p.b_row, p.b_column):
        return None
    plan = Plan(p, lanes, m.local, exchanged)
    return plan if plan.common[2] <= COMMON else None


@dataclass(frozen=True, slots=True)
class Plan:
    """How a product is cut, and what memory it needs, in bytes; `exchanged` if it is that of the transposes."""

    p: Product
    lanes: int
    local: bool
    exchanged: bool

    @property
    def blocks(self) -> int:
        """Into how many blocks k is cut."""
        return -(-self.p.k // DEEP)

    @property
    def panels(self) -> list[tuple[int, int]]:
        """How wide panels are, in columns, and how many there are of each width, one after the other; the last may be ragged."""
        vectors = -(-self.p.n // self.lanes)
        count = -(-vectors // VECTORS)
        low, more = divmod(vectors, count)
        ragged = -self.p.n % self.lanes > 0
        found = [((low + 1) * self.lanes, more), (low * self.lanes, count - more - ragged)]
        return [(width, number) for width, number in found if number] + [(low * self.lanes - -self.p.n % self.lanes, 1)] * ragged

    @property
    def rows(self) -> int:
        """How many rows a unit has, so that there are enough for threads: whole squares side by side, where they are turned."""
        groups = max(1, min(UNITS // self.columns, self.p.m // SHORT), -(-self.p.m // TALL))
        size = SQUARES * self.lanes if self.exchanged else 1
        return -(-self.p.m // (groups * size)) * size

    @property
    def columns(self) -> int:
        """How many panels there are."""
        return sum(number for _, number in self.panels)

    @property
    def units(self) -> int:
        """Into how many units threads may share out the product."""
        return self.columns * -(-self.p.m // self.rows)

    @property
    def turned(self) -> bool:
        """Whether A is turned first, so that k runs through neighbours."""
        return self.p.a_column != 1

    @property
    def common(self) -> tuple[int, int, int]:
        """Where the lists and the turned A begin in the memory that all threads see, behind the counts; and its end."""
        lists = whole_lines(4 * self.p.m * self.blocks)
        turned = lists + DEEP * self.p.m * self.blocks
        return lists, turned, whole_lines(turned + (self.p.m * self.p.k * SIZES[self.p.kind] if self.turned else 0))

    @property
    def own(self) -> tuple[int, int, int, int]:
        """Where the sums under way, those of the blocks before, a row or as many as are turned at once, and what they become
        begin in a thread's own memory, behind the panel of B."""
        line = -(-self.panels[0][0] // self.lanes) * WIDTH
        way = DEEP * line
        totals = way + (self.rows * line if self.blocks > 1 else 0)
        rows = totals + (self.rows * line if self.hidden and self.p.k > DEEPEST[self.p.kind] else 0)
        return way, totals, rows, rows + line * (SQUARES * self.lanes if self.exchanged else 1)

    @property
    def hidden(self) -> bool:
        """Whether the sums cannot stand in C until they are complete."""
        return self.local or self.exchanged

    @property
    def own_bytes(self) -> int:
        """How much memory a thread needs for itself."""
        return self.own[3] + (self.own[3] - self.own[2] if self.exchanged and self.local else 0)

    @property
    def bytes(self) -> int:
        """All that the thread whose arena it is needs."""
        return self.common[2] + self.own_bytes


def whole_lines(size: int) -> int:
    """Return a number of bytes as whole lines of the cache."""
    return -(-size // LINE) * LINE
