"""Powers and roots.

x^y = e^(y log x), and an error of log x is multiplied by y log x, up to 745: the logarithm is carried in two parts,
some 66 bits. Signs, zeros and infinities are put right afterwards, as IEEE 754 has them.
"""

from __future__ import annotations

from backlight.run.emit import exponential, logarithm
from backlight.run.emit.code import Code
from backlight.run.emit.format import DOUBLE, FLOAT, Format
from backlight.run.emit.pairs import exp_pair, in_double, log_pair, product
from backlight.run.emit.value import Value

INFINITY = float("inf")


def pow(c: Code, f: Format, x: Value, y: Value) -> Value:
    """Write x^y; a negative x has a power only where y is whole."""
    if f is FLOAT:
        return in_double(c, plain_pow, x, y)
    return finish_pow(c, x, y, exact_pow(c, x, y))


def exact_pow(c: Code, x: Value, y: Value) -> Value:
    """Return |x|^y for finite x other than 0, to the last bits of a double."""
    high, low = log_pair(c, c.abs(x))
    p, e = product(c, high, y)
    return exp_pair(c, p, c.muladd(low, y, e))


def plain_pow(c: Code, x: Value, y: Value) -> Value:
    """Return x^y to the digits of a float."""
    return finish_pow(c, x, y, exponential.exp(c, DOUBLE, y * logarithm.log(c, DOUBLE, c.abs(x))))


def finish_pow(c: Code, x: Value, y: Value, size: Value) -> Value:
    """Return x^y, given |x|^y for ordinary numbers."""
    a = c.abs(x)
    one = x.lift(1.0)
    grows = y.gt(0.0)
    size = c.select(a.eq(0.0), c.select(grows, 0.0, c.select(y.lt(0.0), INFINITY, one)), size)
    size = c.select(a.eq(INFINITY), c.select(grows, INFINITY, c.select(y.lt(0.0), x.lift(0.0), 1.0)), size)
    # y infinite: 0 or infinity, by the side of 1 on which |x| lies
    away = c.select(a.gt(1.0), grows, ~grows)
    size = c.select(c.abs(y).eq(INFINITY), c.select(away, INFINITY, y.lift(0.0)), size)
    size = c.select(a.eq(1.0), 1.0, size)
    down = c.intrinsic("floor", y)
    half = y * 0.5
    odd = down.eq(y) & c.intrinsic("floor", half).ne(half)
    negative = x.bits().lt(0)
    signed = c.select(odd, -size, size)
    impossible = down.ne(y) & a.lt(INFINITY) & a.gt(0.0)
    size = c.select(negative, c.select(impossible, float("nan"), signed), size)
    size = c.select(x.isnan() | y.isnan(), x + y, size)
    return c.select(y.eq(0.0) | x.eq(1.0), 1.0, size)


def cbrt(c: Code, f: Format, x: Value) -> Value:
    """Write the cube root: a third of the exponent, two steps of Halley's rule, one of Newton's."""
    a = c.abs(x)
    tiny = a.lt(f.smallest_normal)
    third = f.mantissa // 3 + 2
    vast = a.gt(2.0 ** (f.bias - 8))
    b = c.select(tiny, a * 2.0 ** (3 * third), c.select(vast, a * 2.0 ** (-3 * third), a))
    bits = b.bits()
    # a third of the bits, as a float: a straight line through the logarithm, within 6 %
    number = c.convert(bits, "double") * (1 / 3)
    offset = (f.bias - 0.0450) * 2.0**f.mantissa * (2 / 3)
    guess = c.convert(number + offset, f.whole)
    t = guess.as_float()
    for _ in range(2):
        cube = t * t * t
        t = t * ((cube + b + b) / (cube + cube + b))
    t = t - (t - b / (t * t)) * (1 / 3)
    t = c.select(tiny, t * 2.0**-third, c.select(vast, t * 2.0**third, t))
    return c.select(a.gt(0.0) & a.lt(INFINITY), c.copysign(t, x), x)


def hypot(c: Code, f: Format, x: Value, y: Value) -> Value:
    """Write √(x² + y²) without overflow: both are brought near 1 first."""
    a, b = c.abs(x), c.abs(y)
    steep = a.lt(b)
    long, short = c.select(steep, b, a), c.select(steep, a, b)
    up = 2.0 ** (f.bias // 2 + f.mantissa)
    half = 2.0 ** (f.bias // 2 - 1)
    large, small = long.gt(half), long.lt(1 / half)
    factor = c.select(large, 1 / up, c.select(small, up, long.lift(1.0)))
    back = c.select(large, up, c.select(small, 1 / up, long.lift(1.0)))
    p, q = long * factor, short * factor
    root = c.sqrt(c.muladd(p, p, q * q)) * back
    root = c.select(a.isnan() | b.isnan(), a + b, root)
    return c.select(a.eq(INFINITY) | b.eq(INFINITY), INFINITY, root)


def direction(c: Code, f: Format, x: Value, y: Value) -> Value:
    """Write x / √(x² + y²): both are divided by the power of two in the longer one; 0 at the origin."""
    a, b = c.abs(x), c.abs(y)
    far, steep = a.eq(INFINITY), b.eq(INFINITY)
    endless = far | steep
    a = c.select(endless, c.select(far, 1.0, x.lift(0.0)), a)
    b = c.select(endless, c.select(steep, 1.0, x.lift(0.0)), b)
    long = c.select(a.lt(b), b, a)
    tiny = long.lt(f.smallest_normal)
    up = c.select(tiny, 2.0 ** (f.mantissa + 2), long.lift(1.0))
    unit = ((long * up).bits() & -(1 << f.mantissa)).as_float()  # no digits left: a power of two
    unit = c.select(long.eq(0.0), 1.0, unit)
    p, q = a * up / unit, b * up / unit
    h = c.sqrt(c.muladd(p, p, q * q))
    z = c.copysign(p / c.select(h.eq(0.0), 1.0, h), x)
    return c.select(x.isnan() | y.isnan(), x + y, c.select(long.eq(0.0), 0.0, z))
