"""Functions that need more than one formula: the inverse of the error function, sinc, and slopes whose parts cancel.

The formulas are those of `ops/kernel.py` and `ops/curves.py`: pairs of numbers where a sum is small beside its terms, a
Taylor series about a zero. All are computed in doubles; floats go there by halves of the vector.
"""

from __future__ import annotations

from collections.abc import Callable

from backlight.ops import curves, kernel
from backlight.ops.pair import PI
from backlight.run.emit import error_function, exponential, logarithm, power
from backlight.run.emit.code import Code
from backlight.run.emit.format import DOUBLE, FLOAT, Format
from backlight.run.emit.gamma import near_root
from backlight.run.emit.pairs import (
    Pair,
    constant,
    exact_sum,
    in_double,
    negative,
    over,
    pick,
    plus,
    product,
    sine_and_cosine,
    single,
    times,
)
from backlight.run.emit.value import Value

INFINITY, NAN = float("inf"), float("nan")
Writer = Callable[..., Value]


def doubled(write: Callable[..., Value]) -> Callable[..., Value]:
    """Return the writer of a function for both formats, from the one for doubles."""

    def both(c: Code, f: Format, *operands: Value) -> Value:
        return in_double(c, write, *operands) if f is FLOAT else write(c, *operands)

    return both


def erfinv_parts(c: Code, x: Value) -> tuple[Value, Value]:
    """Return erfinv |x| as a number and what is still missing: a first guess, and three of Halley's steps, in a loop."""
    a = c.abs(x)
    w = -logarithm.log1p(c, DOUBLE, -(a * a))
    small = w.lt(5.0)
    u = c.select(small, w - 2.5, c.sqrt(exponential.clamp(c, w, 5.0, 16.0)) - 3.0)
    z = a * c.select(small, c.polynomial(u, kernel.GUESS_NEAR), c.polynomial(u, kernel.GUESS_FAR))
    edge = -logarithm.log(c, DOUBLE, (1.0 - exponential.clamp(c, a, 0.0, 1.0 - 2.0**-53)) * kernel.SQRT_PI)
    over_one = exponential.clamp(c, edge, 1.0, INFINITY)
    outer = c.sqrt(exponential.clamp(c, edge - logarithm.log(c, DOUBLE, over_one) * 0.5, 1.0, INFINITY))
    z = c.select(w.gt(15.0), outer, z)

    def halley(i: Value, z: Value, step: Value) -> Pair:
        z = z + step
        far = error_function.far(c, DOUBLE, z)
        residual = c.select(a.lt(0.5), a - error_function.near(c, DOUBLE, z), far - (1.0 - a))
        high, low = error_function.square_parts(c, DOUBLE, z)
        bell = exponential.exp(c, DOUBLE, -high)
        step = residual / (c.muladd(bell, -low, bell) * (1 / kernel.HALF_SQRT_PI))
        return z, step / (1.0 - z * step)

    z, step = c.loop(3, halley, (z, z.lift(0.0)))
    return z, step


@doubled
def erfinv(c: Code, x: Value) -> Value:
    """Write the inverse of erf."""
    z, step = erfinv_parts(c, x)
    a = c.abs(x)
    y = c.select(a.eq(1.0), INFINITY, c.select(a.lt(1e-9), a * kernel.HALF_SQRT_PI, z + step))
    return c.select(a.le(1.0), c.copysign(y, x), NAN)


@doubled
def erfinv_slope(c: Code, x: Value) -> Value:
    """Write √π/2 e^(erfinv² x)."""
    z, step = erfinv_parts(c, x)
    a = c.abs(x)
    square, rest = product(c, z, z)
    e = exponential.exp(c, DOUBLE, square) * kernel.HALF_SQRT_PI
    y = c.muladd(e, rest + z * step * 2.0, e)
    return c.select(a.lt(1.0), y, c.select(a.eq(1.0), INFINITY, x.lift(NAN)))


@doubled
def sinc(c: Code, x: Value) -> Value:
    """Write sin(πx) / (πx)."""
    tiny = c.abs(x).lt(1e-9)
    b = c.select(tiny | c.abs(x).eq(INFINITY), 1.0, x)
    d = exponential.clamp(c, b, -1e17, 1e17)  # whole from 2^53 on
    sine, _ = sine_and_cosine(c, d)
    return c.select(tiny, 1.0, over(c, sine, times(c, constant(d, *PI), single(d)))[0])


@doubled
def sinc_slope(c: Code, x: Value) -> Value:
    """Write (cos πx − sinc x) / x, on pairs because the two terms meet again and again."""
    near, endless = c.abs(x).lt(0.3), c.abs(x).eq(INFINITY)
    b = c.select(near | endless, 1.0, x)
    whole = c.abs(b).gt(1e17)
    d = c.select(whole, 1.0, b)
    sine, cosine = sine_and_cosine(c, d)
    quotient = over(c, sine, times(c, constant(d, *PI), single(d)))
    y = plus(cosine, negative(quotient))[0] / d
    y = c.select(whole, 1.0 / b, y)
    y = c.select(near, x * c.polynomial(x * x, curves.SINC_SLOPE), y)
    return c.select(endless, 0.0, c.select(x.isnan(), x, y))


def series(c: Code, terms: list[Pair], t: Value) -> Pair:
    """Return the polynomial in t with these coefficients, constant first."""
    total = terms[-1]
    for term in reversed(terms[:-1]):
        total = plus(term, times(c, total, single(t)))
    return total


@doubled
def mish_slope(c: Code, x: Value) -> Value:
    """Write the derivative of x tanh(log(1 + e^x)), over one denominator."""
    b = exponential.clamp(c, x, -2000.0, 2000.0)
    t = exponential.exp(c, DOUBLE, -c.abs(b))
    left = b.lt(0.0)
    up, six = exact_sum(b.lift(4.0), b * 4.0), exact_sum(b.lift(6.0), b * 4.0)
    one, two, four = (constant(b, n) for n in (1.0, 2.0, 4.0))
    below = series(c, [pick(c, left, two, one), two, pick(c, left, one, two)], t)
    above = series(c, [pick(c, left, up, one), pick(c, left, six, four), pick(c, left, four, six), pick(c, left, one, up)], t)
    q = over(c, above, times(c, below, below))
    front = c.select(left, t, 1.0)
    half = exponential.exp(c, DOUBLE, exponential.clamp(c, b, -2000.0, 0.0) * 0.5)
    y = c.select(x.lt(curves.FAR), ((1.0 + b) * half) * half, front * q[0] + front * q[1])
    return c.select(x.isnan(), x, near_root(c, "mish", x, y))


@doubled
def power_slope(c: Code, x: Value, y: Value) -> Value:
    """Write y x^(y−1): the rounding of y − 1 made good, and in two halves where x^(y−1) alone leaves the range."""
    less, error = exact_sum(y, y.lift(-1.0))
    z = power.pow(c, DOUBLE, x, less)
    size = c.abs(z)
    edge = (size.lt(1e-290) | size.gt(1e290)) & x.ne(0.0) & c.abs(x).lt(INFINITY)
    half = power.pow(c, DOUBLE, c.abs(x), less * 0.5)
    z = c.select(edge, y * half * half * c.select(z.lt(0.0), -1.0, z.lift(1.0)), y * z)
    mend = error.ne(0.0) & x.gt(0.0) & x.lt(INFINITY) & c.abs(z).lt(INFINITY)
    z = c.select(mend, z + z * (error * logarithm.log(c, DOUBLE, c.abs(x))), z)
    return c.select(y.eq(0.0), 0.0, z)


@doubled
def power_log(c: Code, x: Value, y: Value) -> Value:
    """Write x^y log x, whose limit at x = 0 is 0, or −∞ below y = 0."""
    half, z, log = power.pow(c, DOUBLE, x, y * 0.5), power.pow(c, DOUBLE, x, y), logarithm.log(c, DOUBLE, x)
    edge = z.lt(1e-290) | z.gt(1e290)
    z = c.select(edge, (half * log) * half, z * log)
    return c.select(x.eq(0.0), c.select(y.lt(0.0), -INFINITY, x.lift(0.0)), z)
