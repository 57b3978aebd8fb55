"""How a product over several axes is cut into tiles: the cost of each way, and the cheapest.

A tile is some rows (along m) by some vectors (along n) that stay in registers while k runs. Along n it takes a number of
steps of one axis and all of the axes behind it: four rows of a picture 14 wide make 56 columns, three vectors and a half.
The vectors are read where they lie, put together from runs of neighbours, or (`packed`) copied together first, which pays
when several tiles use them. Which way is cheaper depends on sizes and strides alone; `COSTS` says what things cost, in
cycles of a processor that multiplies two vectors a cycle. `benchmarks/test_products.py` measures whether it is right.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import prod

COSTS = {"multiply": 0.5, "load": 0.5, "join": 0.5, "store": 1.0, "apart": 0.8, "wait": 4.0, "call": 12.0}
LONGEST = 14  # rows of a tile at most: beyond, they crowd each other out of the nearest cache
FAR_APART = 1024  # bytes between rows of A from which they are copied together
DEEPEST = {"float": 256, "double": 128}  # steps of k in one block of a product of matrices: 1 KiB a column
PACKED_BYTES = 1 << 15  # of columns copied together at once: two thirds of a first-level cache


@dataclass(frozen=True, slots=True)
class Vectors:
    """What must be known of a processor: numbers in a vector, registers, and whether some lanes can be left out."""

    lanes: int
    registers: int
    masks: bool


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of a product: its size, and how far a step along it goes in the two operands that have it."""

    size: int
    first: int
    second: int


Axes = tuple[Axis, ...]


@dataclass(frozen=True, slots=True)
class Block:
    """`count` steps along one axis, and all of the axes behind it."""

    axis: int
    count: int


@dataclass(frozen=True, slots=True)
class Run:
    """Lanes of a vector that lie evenly: from lane `lane` on, `count` of them, `step` apart, the first at `offset`."""

    lane: int
    count: int
    offset: int
    step: int


@dataclass(frozen=True, slots=True)
class Vector:
    """One vector of a tile: its lanes, and the runs it is read from and written to."""

    lanes: int
    reads: tuple[Run, ...]
    writes: tuple[Run, ...]

    @property
    def used(self) -> int:
        """How many lanes count."""
        return sum(run.count for run in self.reads)


@dataclass(frozen=True, slots=True)
class Tiles:
    """The way chosen: rows and columns of a tile, whether B is copied together, and what it costs."""

    rows: Block
    columns: Block
    packed: bool
    cost: float


def merged(axes: Sequence[Axis]) -> Axes:
    """Return the axes without those of size 1, and neighbours joined that both operands walk through in one."""
    found: list[Axis] = []
    for axis in axes:
        if axis.size == 1:
            continue
        if found:
            last = found[-1]
            if (last.first, last.second) == (axis.first * axis.size, axis.second * axis.size):
                found[-1] = Axis(last.size * axis.size, axis.first, axis.second)
                continue
        found.append(axis)
    return tuple(found)


def places(axes: Axes, block: Block) -> list[tuple[int, int]]:
    """Return where the indices of a block lie in both operands, in order."""
    found = [(0, 0)]
    for number in range(block.axis, len(axes)):
        size = block.count if number == block.axis else axes[number].size
        axis = axes[number]
        found = [(p + i * axis.first, q + i * axis.second) for p, q in found for i in range(size)]
    return found


def runs(offsets: Sequence[int]) -> tuple[Run, ...]:
    """Return the even runs that a vector's numbers fall into."""
    found: list[Run] = []
    at = 0
    while at < len(offsets):
        end = at + 1
        step = offsets[end] - offsets[at] if end < len(offsets) else 1
        while end < len(offsets) and offsets[end] - offsets[end - 1] == step:
            end += 1
        if end - at == 2 and end < len(offsets) and step != 1:  # two numbers are always even: leave one to the next run
            end, step = at + 1, 1
        found.append(Run(at, end - at, offsets[at], step))
        at = end
    return tuple(found)


def vectors(axes: Axes, block: Block, on: Vectors) -> list[Vector]:
    """Return the vectors that cover a block of columns."""
    spots = places(axes, block)
    found, at = [], 0
    while at < len(spots):
        lanes = on.lanes
        if on.masks:
            while lanes > 1 and lanes // 2 >= len(spots) - at:
                lanes //= 2
        else:
            while lanes > len(spots) - at:
                lanes //= 2
        part = spots[at : at + lanes]
        found.append(Vector(lanes, runs([p for p, _ in part]), runs([q for _, q in part])))
        at += lanes
    return found


def blocks(axes: Axes, most: int, whole: bool) -> Iterator[Block]:
    """Yield the blocks of up to `most` indices; with `whole` several axes may be in one."""
    if not axes:
        yield Block(0, 1)
        return
    tail = 1
    for number in range(len(axes) - 1, -1, -1):
        count = min(axes[number].size, most // tail)
        if count < 1 or (not whole and tail > 1):
            break
        even = -(-axes[number].size // -(-axes[number].size // count))
        yield from (Block(number, c) for c in sorted({count, even}))
        tail *= axes[number].size


def number(axes: Axes, block: Block) -> float:
    """Return how many blocks there are, the last of an axis counted by its share."""
    if not axes:
        return 1.0
    size = axes[block.axis].size
    full, rest = divmod(size, block.count)
    return prod(a.size for a in axes[: block.axis]) * (full + (0.25 + 0.75 * rest / block.count if rest else 0.0))


def moves(found: Sequence[Run], lanes: int, one: float) -> float:
    """Return what it costs to read or write one vector; runs that are put together have to be joined."""
    join = COSTS["join"] if len(found) > 1 else 0.0
    return sum(one + join if run.step == 1 or run.count == 1 or (run.step == 0 and run.count == lanes) else
               run.count * COSTS["apart"] for run in found)


def ways(m: Axes, n: Axes, k: Axes, size: int, on: Vectors) -> Iterator[Tiles]:
    """Yield the ways to cut a product. m, n and k give steps in (A, C), (B, C) and (A, B); `size` is that of a number."""
    depth = prod(axis.size for axis in k)
    widths = (1, 2, 3, 4, 8) if on.registers == 32 else (1, 2, 3, 4)
    for columns in dict.fromkeys(block for width in widths for block in blocks(n, width * on.lanes, on.masks)):
        parts = vectors(n, columns, on)
        most = min((on.registers - len(parts) - 1) // len(parts), LONGEST if on.registers == 32 else 6)
        if most < 1:
            continue
        reads = sum(moves(v.reads, v.lanes, COSTS["load"]) for v in parts)
        writes = sum(moves(v.writes, v.lanes, COSTS["store"]) for v in parts)
        for rows in blocks(m, most, True):
            height = len(places(m, rows))
            tiles, panels = number(m, rows), number(n, columns)
            products = max(height * len(parts) * COSTS["multiply"], COSTS["wait"])
            for packed in (False, True):
                loads = (len(parts) * COSTS["load"] if packed else reads) + height * COSTS["load"]
                cost = tiles * (depth * max(products, loads) + height * writes + COSTS["call"])
                if packed:
                    cost += depth * (reads + len(parts) * COSTS["store"])
                    again = -(-depth * len(parts) * on.lanes * size // PACKED_BYTES) - 1
                    cost += again * tiles * height * (writes + len(parts) * COSTS["load"])
                yield Tiles(rows, columns, packed, cost * panels)


@cache
def choose(m: Axes, n: Axes, k: Axes, size: int, on: Vectors) -> Tiles:
    """Return the cheapest way; of those that cost nearly the same the first, which has the fewest vectors."""
    best: Tiles | None = None
    for way in ways(m, n, k, size, on):
        if best is None or way.cost < best.cost * 0.98:
            best = way
    assert best is not None
    return best
