"""Running sums, products and recurrences: one number after the other along an axis, as vectors across the axis behind it.

The order is that of the axis, so the numbers are those that adding one by one gives.
"""

from __future__ import annotations

from collections.abc import Callable

from backlight.run.emit import scalar
from backlight.run.emit.code import Code
from backlight.run.emit.value import Value
from backlight.run.lower.program import Place, Scan


def units(scan: Scan) -> int:
    """Return into how many units threads may share out the scan: what stands before the axis."""
    return scan.sizes[0]


def write_scan(c: Code, scan: Scan, base: Callable[[int], Value], first: Value | int, last: Value | int) -> None:
    """Write the loops, for the units from first up to last."""
    _, n, behind = scan.sizes
    if 0 in scan.sizes:
        return
    steps = [p.strides[2] for p in (scan.x, scan.a, scan.z) if p is not None]
    lanes = c.target.lanes(scan.kind)
    while lanes > 1 and lanes > behind:
        lanes //= 2
    if any(step != 1 for step in steps):
        lanes = 1

    def at(place: Place, unit: Value, column: Value) -> Value:
        start = c.address(base(place.buffer), place.offset, scan.kind)
        return c.address(c.address(start, unit * place.strides[0], scan.kind), column * place.strides[2], scan.kind)

    def columns(unit: Value, lanes: int, column: Value) -> None:
        x, z = at(scan.x, unit, column), at(scan.z, unit, column)
        a = at(scan.a, unit, column) if scan.a is not None else None

        def read(from_: Value, place: Place, k: Value | int) -> Value:
            return c.load(from_, k * place.strides[1], scan.kind, lanes)

        def step(k: Value, total: Value) -> list[Value]:
            number = read(x, scan.x, k)
            if scan.how == "sum":
                following = total + number
            elif scan.how == "product":
                following = total * number
            elif scan.how == "logaddexp":
                following = logaddexp(c, total, number)
            else:
                assert a is not None
                assert scan.a is not None
                following = read(a, scan.a, k) * total + number
            c.store(total if scan.exclusive else following, z, k * scan.z.strides[1])
            return [following]

        # the first number as it is: 0 + -0.0 would lose its sign, and infinity · 0 would be NaN
        begin = read(x, scan.x, 0)
        if scan.exclusive:
            c.store(c.constant(int(scan.how == "product"), scan.kind, lanes), z, 0)
        else:
            c.store(begin, z, 0)
        c.loop(n, step, [begin], start=1)

    def unit(u: Value) -> None:
        whole = behind - behind % lanes
        c.loop(whole, lambda j: columns(u, lanes, j), step=lanes)
        if whole < behind:
            c.loop(behind, lambda j: columns(u, 1, j), start=whole)

    c.loop(last, unit, start=first)


def logaddexp(c: Code, x: Value, y: Value) -> Value:
    """Write log(e^x + e^y): the larger one, and log1p of what the other adds; ∞ and −∞ are their own sum, and NaN stays NaN."""
    gap = c.select(x.eq(y), 0.0, c.abs(x - y))  # not ∞ − ∞
    larger = c.select(x.gt(y), x, y)
    more = scalar.apply(c, "log1p", scalar.apply(c, "exp", -gap))
    return c.select(gap.isnan(), gap, larger + more)
