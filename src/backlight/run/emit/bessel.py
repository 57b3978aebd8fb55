"""The modified Bessel functions of order 0 and 1, as they are and without their growth, and the slopes that would cancel.

The formulas are those of `ops/bessel_values.py`: near 0 the power series, on pairs of numbers, its coefficients a table that one
loop walks through; far out Hankel's expansion. Both sides are computed where a vector has numbers on both, and only then.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import pi

from backlight.ops import bessel_values as known
from backlight.run.emit.code import Code
from backlight.run.emit.format import DOUBLE, LN2
from backlight.run.emit.pairs import Pair, constant, exact_sum, exp_pair, negative, plus, product, single, times
from backlight.run.emit.special import doubled
from backlight.run.emit.value import Value

INFINITY = float("inf")
STEPS = 64  # powers of two that are taken out of e^a, which alone may overflow


def series(c: Code, name: str, terms: Sequence[tuple[float, float]], t: Pair) -> Pair:
    """Return the polynomial in t with these coefficients, constant first."""
    symbol = c.module.constant_array(f"bl.{name}_series", "double", [part for term in reversed(terms) for part in term])
    table = Value(c, f"@{symbol}", "ptr", 1)

    def term(i: Value, high: Value, low: Value) -> Pair:
        one, two = (c.splat(c.load(table, i * 2 + k, "double"), high.lanes) for k in range(2))
        return plus((one, two), times(c, (high, low), t))

    high, low = c.loop(len(terms), term, constant(t[0], *terms[-1]), start=1)
    return high, low


def near_sums(c: Code, a: Value) -> tuple[Callable[[], Pair], Callable[[], Pair]]:
    """Return what writes I0(a), and what writes I1(a), for 0 ≤ a < FAR."""
    h = a * 0.5
    t = product(c, h, h)
    return (lambda: series(c, "i0", known.ZERO, t)), (lambda: times(c, series(c, "i1", known.ONE, t), single(h)))


def damped(c: Code, x: Pair, a: Value) -> Value:
    """Return x e^−a."""
    e = exp_pair(c, -a, a.lift(0.0))
    return c.muladd(x[0], e, x[1] * e)


def far_sum(c: Code, terms: Sequence[float], a: Value) -> Value:
    """Return the expansion over √(2πa), for a ≥ FAR."""
    return c.polynomial(1.0 / a, [float(term) for term in terms]) / (c.sqrt(a * (pi / 8)) * 4.0)


def raised(c: Code, terms: Sequence[float], a: Value) -> Value:
    """Return the expansion times e^a, where e^a alone may overflow."""
    high, low = DOUBLE.split(LN2 * STEPS, 40)
    b = c.select(a.gt(760.0), 760.0, a)  # infinite from there on
    less, error = exact_sum(b, b.lift(-high))
    return far_sum(c, terms, b) * exp_pair(c, less, error - low) * 2.0**STEPS


def sides(c: Code, x: Value, near: Callable[[Value], Value], far: Callable[[Value], Value], end: float) -> Value:
    """Return the function of |x| that is one thing near 0 and another far out; NaN of NaN."""
    a = c.abs(x)
    close = a.lt(known.FAR)
    y = x.lift(0.0)
    (y,) = c.when(c.any(close), lambda: [near(c.select(close, a, 0.0))], [y])
    out = a.ge(known.FAR)
    (y,) = c.when(c.any(out), lambda: [c.select(out, far(c.select(out & a.lt(INFINITY), a, known.FAR)), y)], [y])
    return c.select(x.isnan(), x, c.select(a.eq(INFINITY), end, y))


@doubled
def i0(c: Code, x: Value) -> Value:
    """Write I0."""
    return sides(c, x, lambda a: near_sums(c, a)[0]()[0], lambda a: raised(c, known.FAR_0, a), INFINITY)


@doubled
def i1(c: Code, x: Value) -> Value:
    """Write I1."""
    y = sides(c, x, lambda a: near_sums(c, a)[1]()[0], lambda a: raised(c, known.FAR_1, a), INFINITY)
    return c.copysign(y, x)


@doubled
def i0e(c: Code, x: Value) -> Value:
    """Write e^−|x| I0."""
    return sides(c, x, lambda a: damped(c, near_sums(c, a)[0](), a), lambda a: far_sum(c, known.FAR_0, a), 0.0)


@doubled
def i1e(c: Code, x: Value) -> Value:
    """Write e^−|x| I1."""
    y = sides(c, x, lambda a: damped(c, near_sums(c, a)[1](), a), lambda a: far_sum(c, known.FAR_1, a), 0.0)
    return c.copysign(y, x)


@doubled
def i0e_slope(c: Code, x: Value) -> Value:
    """Write the derivative of i0e: ±(i1e − i0e), and 0 at the corner."""
    def near(a: Value) -> Value:
        zero, one = near_sums(c, a)
        return damped(c, plus(zero(), negative(one())), a)

    y = sides(c, x, near, lambda a: far_sum(c, known.GAP, a), 0.0)
    return c.select(x.eq(0.0), 0.0, c.select(x.gt(0.0), -y, y))


@doubled
def i1e_slope(c: Code, x: Value) -> Value:
    """Write the derivative of i1e: i0e − i1e − i1e/x on the right, and the same on the left."""
    def near(a: Value) -> Value:
        h = a * 0.5
        t = product(c, h, h)
        zero, one = series(c, "i0", known.ZERO, t), series(c, "i1", known.ONE, t)
        less = plus(zero, negative(times(c, one, single(h))))
        return damped(c, plus(less, (one[0] * -0.5, one[1] * -0.5)), a)

    return sides(c, x, near, lambda a: far_sum(c, known.BEND, a), 0.0)
