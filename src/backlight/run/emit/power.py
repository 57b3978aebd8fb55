"""Powers and roots.

x^y = e^(y log x), and an error of log x is multiplied by y log x, up to 745: the logarithm is carried in two parts,
some 66 bits. Signs, zeros and infinities are put right afterwards, as IEEE 754 has them.
"""

from __future__ import annotations

from backlight.run.emit import exponential, logarithm
from backlight.run.emit.code import Code
from backlight.run.emit.coefficients import POLYNOMIALS
from backlight.run.emit.format import DOUBLE, FLOAT, LN2, Format
from backlight.run.emit.value import Value

Pair = tuple[Value, Value]
INFINITY = float("inf")


def product(c: Code, a: Value, b: Value) -> Pair:
    """Return a b exactly, as a sum of two numbers."""
    p = a * b
    if c.target.fma:
        return p, c.muladd(a, b, -p)
    mask = -1 << 27
    a1, b1 = (a.bits() & mask).as_float(), (b.bits() & mask).as_float()
    a2, b2 = a - a1, b - b1
    return p, ((a1 * b1 - p) + a1 * b2 + a2 * b1) + a2 * b2


def renormalise(a: Value, b: Value) -> Pair:
    """Return a + b as a sum whose first part is the nearest number; |a| >= |b|."""
    s = a + b
    return s, b - (s - a)


def exact_sum(a: Value, b: Value) -> Pair:
    """Return a + b exactly, as a sum of two numbers."""
    s = a + b
    t = s - a
    return s, (a - (s - t)) + (b - t)


def times(c: Code, a: Pair, b: Pair) -> Pair:
    """Return the product of two sums, to about 100 bits."""
    p, e = product(c, a[0], b[0])
    return renormalise(p, e + (a[0] * b[1] + a[1] * b[0]))


def log_pair(c: Code, x: Value) -> Pair:
    """Return log x in two parts, for positive finite x: 2s + 2/3 s³ in pairs, the rest of the series in one."""
    f = DOUBLE
    whole = logarithm.split(c, f, x)
    y = whole.m - 1.0
    below = y + 2.0
    lost = y - (below - 2.0)
    s = y / below
    # what the division left: y - s (below + lost)
    p, e = product(c, s, below)
    low = (((y - p) - e) - s * lost) / below
    pair = (s, low)
    z = times(c, pair, pair)
    third = 2 / 3
    tail = z[0] * c.polynomial(z[0], POLYNOMIALS["log_tail", "double"])
    two_thirds = exact_sum(x.lift(third), tail + 3.700743415417188e-17)  # what 2/3 is above its nearest double
    cubic = times(c, times(c, z, pair), two_thirds)
    high, rest = f.split(LN2, 42)
    total = exact_sum(whole.k * high, s * 2.0)
    more = exact_sum(total[0], cubic[0])
    return renormalise(more[0], more[1] + (total[1] + (cubic[1] + (low * 2.0 + whole.k * rest))))


def exp_pair(c: Code, high: Value, low: Value) -> Value:
    """Return e^(high + low)."""
    f = DOUBLE
    p, n = exponential.parts(c, f, high)
    low = c.select(c.abs(high).lt(800.0), low, 0.0)
    return exponential.scale(c, f, (p + 1.0) + c.muladd(low, p, low), n)


def pow(c: Code, f: Format, x: Value, y: Value) -> Value:
    """Write x^y; a negative x has a power only where y is whole."""
    if f is FLOAT:
        return in_double(c, x, y, plain_pow)
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


def in_double(c: Code, x: Value, y: Value, write: object) -> Value:
    """Return a function of two floats, computed in doubles by halves of the vector."""
    assert callable(write)
    if x.lanes == 1:
        result: Value = write(c, c.convert(x, "double"), c.convert(y, "double"))
        return c.convert(result, "float")
    pairs = zip(c.halves(x), c.halves(y), strict=True)
    low, high = (c.convert(write(c, c.convert(a, "double"), c.convert(b, "double")), "float") for a, b in pairs)
    return c.join(low, high)


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
