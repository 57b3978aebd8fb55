"""Inverse trigonometric functions: one polynomial each, on the piece where it is short; the rest by identities."""

from __future__ import annotations

from backlight.run.emit.code import Code
from backlight.run.emit.coefficients import POLYNOMIALS
from backlight.run.emit.format import PI, Format
from backlight.run.emit.value import Value

EIGHTH = 0.41421356237309503  # tan(π/8)


def small_atan(c: Code, f: Format, t: Value) -> Value:
    """Return atan t - t for |t| <= tan(π/8)."""
    z = t * t
    return t * z * c.polynomial(z, POLYNOMIALS["atan", f.kind])


def atan(c: Code, f: Format, x: Value) -> Value:
    """Write the arc tangent: of x, of (x - 1) / (x + 1) or of -1 / x, whichever is small."""
    a = c.abs(x)
    middle, outer = a.gt(EIGHTH), a.gt(1 / EIGHTH)
    above = c.select(outer, -1.0, c.select(middle, a - 1.0, a))
    below = c.select(outer, a, c.select(middle, a + 1.0, a.lift(1.0)))
    below = c.select(a.gt(2.0**60), a, below)
    t = above / below
    high, low = f.split(PI / 4, f.mantissa + 1)
    base = c.select(outer, 2 * high, c.select(middle, high, a.lift(0.0)))
    small = c.select(outer, 2 * low, c.select(middle, low, a.lift(0.0)))
    y = base + (t + (small_atan(c, f, t) + small))
    infinite = a.gt(2.0**60)
    return c.copysign(c.select(infinite, f.nearest(PI / 2), y), x)


def atan2(c: Code, f: Format, y: Value, x: Value) -> Value:
    """Write the angle of the point (x, y), all round the circle."""
    a, b = c.abs(y), c.abs(x)
    steep = a.gt(b)
    short, long = c.select(steep, b, a), c.select(steep, a, b)
    # keep the sum below from overflowing: both may be shrunk
    vast = long.gt(2.0 ** (f.bias - 3))
    short, long = c.select(vast, short * 0.25, short), c.select(vast, long * 0.25, long)
    equal = short.eq(long)  # 0 / 0 and infinity / infinity have an angle here
    middle = short.gt(long * EIGHTH)
    t = c.select(middle, short - long, short) / c.select(middle, short + long, long)
    t = c.select(equal, 0.0, t)
    high, low = f.split(PI / 4, f.mantissa + 1)
    diagonal = equal & long.gt(0.0) | (middle & ~equal)
    zero = t.lift(0.0)
    part = small_atan(c, f, t)
    base = c.select(diagonal, high, zero)
    # angle = base + t + part; then π/2 - angle where steep, π - angle where x < 0
    left = x.bits().lt(0)
    sign = c.select(steep, -1.0, t.lift(1.0))
    base = c.select(steep, 2 * high - base, base)
    rest = c.select(diagonal, low, zero)
    rest = c.select(steep, 2 * low - rest, rest)
    base = c.select(left, 4 * high - base, base)
    rest = c.select(left, 4 * low - rest, rest)
    sign = c.select(left, -sign, sign)
    angle = base + c.muladd(sign, t, c.muladd(sign, part, rest))
    return c.select(x.isnan() | y.isnan(), x + y, c.copysign(angle, y))


def small_asin(c: Code, f: Format, z: Value) -> Value:
    """Return (asin x - x) / x for z = x², |x| <= 1/2."""
    return z * c.polynomial(z, POLYNOMIALS["asin", f.kind])


def asin(c: Code, f: Format, x: Value) -> Value:
    """Write the arc sine; beyond 1/2 as π/2 - 2 asin √((1 - x) / 2)."""
    a = c.abs(x)
    outer = a.gt(0.5)
    z = c.select(outer, (1.0 - a) * 0.5, a * a)
    s = c.select(outer, c.sqrt(z), a)
    y = c.muladd(s, small_asin(c, f, z), s)
    high, low = f.split(PI / 2, f.mantissa + 1)
    return c.copysign(c.select(outer, high - (y * 2.0 - low), y), x)


def acos(c: Code, f: Format, x: Value) -> Value:
    """Write the arc cosine; near 1 as 2 asin √((1 - x) / 2), which keeps every digit."""
    a = c.abs(x)
    outer = a.gt(0.5)
    z = c.select(outer, (1.0 - a) * 0.5, a * a)
    s = c.select(outer, c.sqrt(z), x)
    y = c.muladd(s, small_asin(c, f, z), s)
    high, low = f.split(PI / 2, f.mantissa + 1)
    inner = high - (y - low)
    far = c.select(x.lt(0.0), (2 * high - y * 2.0) + 2 * low, y * 2.0)
    return c.select(outer, far, inner)
