"""Where a product copies its operands together: on the stack if that is little, else in the room behind the arena.

The thread whose arena it is takes the room; helpers, whose stacks are large enough, take theirs. Numbers a multiple of some
hundred bytes apart crowd each other out of the nearest cache: then the product goes tile by tile (`tiled.py`), with operands
that are read where they lie, from the second cache, if they do not crowd each other out of that one too.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import gcd

from backlight.run.emit.after import After
from backlight.run.emit.code import Code
from backlight.run.emit.tile import Product, tiling
from backlight.run.emit.value import SIZES, Target, Value
from backlight.run.lower.program import Read
from backlight.run.lower.tiles import DEEPEST, FAR_APART

LARGEST_PANELS = 1 << 19  # bytes of B copied together at once: half a second-level cache
ON_STACK = 8192  # bytes that are copied together on the stack: the stack of a thread may be as small as 64 KiB
PLACES = 4096  # bytes apart at which two numbers fall into one place of the nearest cache, which has eight lines
WITHIN = 1 << 20  # bytes over which the rows of a block may be strewn that is read where it lies
WIDE = 8  # panels of B from which a product by tiles is cut into portions of some columns
PORTIONS = 4  # into which it is
SMALL = 4096  # multiplications below which the whole product is written inline, without panels


def b_in_place(p: Product) -> bool:
    """Return whether a product by tiles reads B where it lies: rows of neighbours, not strewn too far."""
    return p.b_column == 1 and min(p.k, DEEPEST[p.kind]) * p.b_row * SIZES[p.kind] <= WITHIN


def a_in_place(target: Target, p: Product) -> bool:
    """Return whether a product by tiles reads A where it lies.

    Along k each line is used for a while: the lines of a tile's rows must find their places in the nearest cache. Across k a
    line is used once a panel, and comes from the second cache again.
    """
    size = SIZES[p.kind]
    if p.a_column == 1:
        return -(-tiling(target, p).rows * gcd(p.a_row * size, PLACES) // PLACES) < 8
    return p.a_row == 1 and min(p.k, DEEPEST[p.kind]) * p.a_column * size <= WITHIN


def by_tiles(target: Target, p: Product) -> bool:
    """Return whether a product goes tile by tile: where the rows of A lie so far apart that they crowd each other out.

    Numbers a multiple of some hundred bytes apart fall into few places of the nearest cache. It pays if several panels use a
    tile of A, and if B fits the second cache whole.
    """
    size, t = SIZES[p.kind], tiling(target, p)
    apart = max(p.a_row, p.a_column) * size
    wide = p.n >= 3 * t.columns and min(p.k, DEEPEST[p.kind]) * p.n * size <= LARGEST_PANELS
    return p.m * p.n * p.k > SMALL and p.m >= 2 * t.rows and apart >= FAR_APART and wide and p.k >= 16


def portion(target: Target, p: Product, after: After | None) -> int | None:
    """Return how many panels of B a portion is of a product by tiles that is cut into portions; None for any other product.

    What goes through other arrays after a product does so faster in whole rows.
    """
    count = -(-p.n // tiling(target, p).columns)
    narrow = after is None or (not after.local and alike(after))
    return -(-count // PORTIONS) if by_tiles(target, p) and count >= WIDE and narrow else None


def alike(after: After) -> bool:
    """Return whether what follows a product reads nothing else that differs from row to row."""
    reads = [step for step in after.nest.steps if isinstance(step, Read)]
    return all(step.place.buffer == after.made or (step.place.strides[0] == 0 and not step.index) for step in reads)


@dataclass(frozen=True, slots=True)
class Room:
    """How many numbers a product copies together at once: of B, of A, and of a tile of C that has no other memory."""

    b: int
    a: int
    c: int

    @property
    def starts(self) -> tuple[int, int, int]:
        """Where each begins, a cache line apart from the one before."""
        first, second = (-(-size // 16) * 16 for size in (self.b, self.a))
        return 0, first, first + second

    @property
    def size(self) -> int:
        """All of it."""
        return self.starts[2] + self.c


def room_of(target: Target, p: Product, after: After | None, together: bool = False) -> Room:
    """Return the room that a product needs; where threads share it out, all of B is copied together before."""
    t, depth = tiling(target, p), min(p.k, DEEPEST[p.kind])
    local = after is not None and after.local
    if by_tiles(target, p):
        size = portion(target, p, after)
        at_once = p.n if size is None else min(size * t.columns, p.n)
        b = 0 if b_in_place(p) else (p.k if together else depth) * at_once
        return Room(b, 0 if a_in_place(target, p) else depth * t.rows, t.rows * p.n if local else 0)
    packed = p.b_column != 1 or (p.m > t.rows and p.m * p.n * p.k > SMALL)
    return Room(depth * min(t.columns, p.n) if packed else 0, 0, t.rows * t.columns if local else 0)


def room_bytes(target: Target, p: Product, after: After | None, shared: bool = False) -> int:
    """Return the room of a product in bytes; 0 if it is so little that every stack has it."""
    found = room_of(target, p, after, shared and by_tiles(target, p)).size * SIZES[p.kind]
    return found if found > ON_STACK else 0


def places_in(c: Code, p: Product, after: After | None, room: Value, together: bool = False) -> list[Value]:
    """Return where B, A and a tile of C are copied together: in the room that is given, or on the stack, if none is.

    Where B is copied `together` already, it is left out: the room given begins behind it.
    """
    needed = room_of(c.target, p, after, together)
    needed = replace(needed, b=0) if together else needed
    if not needed.size:
        return [Value(c, "null", "ptr", 1)] * 3
    text = f"alloca [{needed.size} x {p.kind}], align 64"
    if not together and not room_bytes(c.target, p, after):
        start = c.put(text, "ptr")
    else:
        here, own, ready = c.block, c.name("own"), c.name("ready")
        c.do(f"br {c.put(f'icmp eq ptr {room.text}, null', 'i1').typed}, label %{own}, label %{ready}")
        c.label(own)
        stack = c.put(text, "ptr")
        c.do(f"br label %{ready}")
        c.label(ready)
        start = c.put(f"phi ptr [{room.text}, %{here}], [{stack.text}, %{own}]", "ptr")
    return [c.address(start, at, p.kind) for at in needed.starts]
