"""Logarithms: x = 2^k (1 + f) with 1 + f between √½ and √2, and log(1 + f) from s = f / (2 + f).

The leading f is never multiplied, so that its digits survive; k log 2 is added in two parts, the first exact.
"""

from __future__ import annotations

from dataclasses import dataclass

from backlight.run.emit.code import Code
from backlight.run.emit.coefficients import POLYNOMIALS
from backlight.run.emit.format import LN2, LN10, Format
from backlight.run.emit.value import Value

INFINITY = float("inf")
NAN = float("nan")


@dataclass(frozen=True, slots=True)
class Split:
    """A number as 2^k m: k as an integer and as a float."""

    m: Value
    k: Value
    whole: Value


def split(c: Code, f: Format, x: Value) -> Split:
    """Return positive finite x as 2^k m, √½ <= m < √2."""
    tiny = x.lt(f.smallest_normal)
    up = float(f.mantissa + 2)
    y = c.select(tiny, x * 2.0**up, x).bits()
    root = (f.bias - 1 << f.mantissa) | (0x6A09E667F3BCD if f.kind == "double" else 0x3504F3)  # √½
    k = (y - root) >> f.mantissa
    number = (k + f.magic_bits).as_float() - f.magic
    m = (y - (k << f.mantissa)).as_float()
    return Split(m, number - c.select(tiny, x.lift(up), 0.0), k)


def tail(c: Code, f: Format, y: Value) -> tuple[Value, Value]:
    """Return h and t with log(1 + y) = y - (h - t)."""
    s = y / (y + 2.0)
    z = s * s
    half = y * y * 0.5
    return half, s * (half + z * c.polynomial(z, POLYNOMIALS["log", f.kind]))


def edges(c: Code, x: Value, y: Value) -> Value:
    """Return the logarithm y of x, put right at 0, below 0, at infinity and for NaN."""
    y = c.select(x.lt(INFINITY), y, x)
    return c.select(x.le(0.0), c.select(x.eq(0.0), -INFINITY, x.lift(NAN)), y)


def combine(c: Code, f: Format, k: Value, y: Value) -> Value:
    """Return k log 2 + log(1 + y)."""
    high, low = f.split(LN2, 42 if f.kind == "double" else 16)
    half, t = tail(c, f, y)
    return c.muladd(k, high, y - (half - c.muladd(k, low, t)))


def log(c: Code, f: Format, x: Value) -> Value:
    """Write the natural logarithm."""
    s = split(c, f, x)
    return edges(c, x, combine(c, f, s.k, s.m - 1.0))


def log2(c: Code, f: Format, x: Value) -> Value:
    """Write the logarithm to base 2: exact at powers of 2."""
    s = split(c, f, x)
    y = s.m - 1.0
    half, t = tail(c, f, y)
    high, low = f.split(1 / LN2, f.mantissa + 1)
    small = y - (half - t)
    return edges(c, x, c.muladd(small, high, s.k) + small * low)


def log10(c: Code, f: Format, x: Value) -> Value:
    """Write the logarithm to base 10."""
    s = split(c, f, x)
    y = s.m - 1.0
    half, t = tail(c, f, y)
    high, low = f.split(LN2 / LN10, 42 if f.kind == "double" else 16)
    inside = c.muladd(y - (half - t), f.nearest(1 / LN10), s.k * low)
    return edges(c, x, c.muladd(s.k, high, inside))


def log1p(c: Code, f: Format, x: Value) -> Value:
    """Write log(1 + x): what 1 + x rounds off is carried along."""
    u = x + 1.0
    back = u - x
    lost = (1.0 - back) + (x - (u - back))  # two-sum: u + lost = 1 + x exactly
    s = split(c, f, u)
    small = c.select(s.k.lt(f.bias - 3.0), s.whole, c.constant(f.bias - 3, f.whole, x.lanes))
    y = (s.m - 1.0) + lost * ((f.bias - small) << f.mantissa).as_float()
    result = edges(c, u, combine(c, f, s.k, y))
    return c.select(c.abs(x).lt(f.smallest_normal), x, result)


def asinh(c: Code, f: Format, x: Value) -> Value:
    """Write log(x + √(1 + x²)), arranged so that nothing cancels and nothing overflows."""
    a = c.abs(x)
    huge = a.gt(2.0 ** (f.mantissa + 2))
    b = c.select(huge, 1.0, a)
    square = b * b
    y = log1p(c, f, c.select(huge, a, b + square / (c.sqrt(square + 1.0) + 1.0)))
    return c.copysign(c.select(huge, y + f.nearest(LN2), y), x)


def acosh(c: Code, f: Format, x: Value) -> Value:
    """Write log(x + √(x² - 1)), from t = x - 1."""
    huge = x.gt(2.0 ** (f.mantissa + 2))
    t = c.select(huge, 1.0, x) - 1.0
    y = log1p(c, f, c.select(huge, x, t + c.sqrt(t * (t + 2.0))))
    return c.select(x.lt(1.0), NAN, c.select(huge, y + f.nearest(LN2), y))


def atanh(c: Code, f: Format, x: Value) -> Value:
    """Write ½ log((1 + x) / (1 - x))."""
    a = c.abs(x)
    y = log1p(c, f, (a + a) / (1.0 - a)) * 0.5
    return c.copysign(y, x)
