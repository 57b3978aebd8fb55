"""Exponentials: e^x = 2^n (1 + p), with n whole and p = e^r - 1 for |r| <= ln(2) / 2.

Keeping 1 + p apart until the end is the decision here: expm1, sinh and tanh need p itself, where 1 + p has lost it.
"""

from __future__ import annotations

from backlight.run.emit.code import Code
from backlight.run.emit.coefficients import POLYNOMIALS
from backlight.run.emit.format import LN2, LN10, Format
from backlight.run.emit.value import Value


def scale(c: Code, f: Format, x: Value, n: Value) -> Value:
    """Return x 2^n, n a whole number held as a float: in two steps, so that subnormal results stay right."""
    if c.target.scalef and x.lanes * (f.mantissa + f.bias.bit_length() + 2) >= 512:
        letter = "ps" if f.kind == "float" else "pd"
        symbol = f"llvm.x86.avx512.mask.scalef.{letter}.512"
        mask = f"i{x.lanes}"
        c.module.declare(symbol, f"declare {x.type} @{symbol}({x.type}, {x.type}, {x.type}, {mask}, i32)")
        return c.put(f"call {x.type} @{symbol}({x.typed}, {n.typed}, {x.type} zeroinitializer, {mask} -1, i32 4)",
                     x.kind, x.lanes)
    whole = (n + f.magic).bits() - f.magic_bits
    half = whole >> 1
    return x * power_of_two(f, half) * power_of_two(f, whole - half)


def power_of_two(f: Format, k: Value) -> Value:
    """Return 2^k, k an integer in the range of the format."""
    return ((k + f.bias) << f.mantissa).as_float()


def clamp(c: Code, x: Value, low: float, high: float) -> Value:
    """Return x within [low, high]; NaN stays."""
    x = c.select(x.gt(high), high, x)
    return c.select(x.lt(low), low, x)


def parts(c: Code, f: Format, x: Value) -> tuple[Value, Value]:
    """Return p and n with e^x = 2^n (1 + p); x is clamped to where e^x / 2 is neither 0 nor infinite."""
    x = clamp(c, x, f.exp_low, f.exp_high + 1.0)
    # 11 (8) bits of n times the high part are exact
    high, low = f.split(LN2, 42 if f.kind == "double" else 16)
    n = c.muladd(x, f.nearest(1 / LN2), f.magic) - f.magic
    r = c.muladd(n, -low, c.muladd(n, -high, x))
    return polynomial(c, f, r), n


def polynomial(c: Code, f: Format, r: Value) -> Value:
    """Return e^r - 1 for small r."""
    return c.muladd(r * r, c.polynomial(r, POLYNOMIALS["exp", f.kind]), r)


def exp(c: Code, f: Format, x: Value) -> Value:
    """Write e^x."""
    p, n = parts(c, f, x)
    return scale(c, f, p + 1.0, n)


def exp2(c: Code, f: Format, x: Value) -> Value:
    """Write 2^x."""
    y = clamp(c, x, f.exp_emin, f.bias + 1.0)
    n = (y + f.magic) - f.magic
    p = polynomial(c, f, (y - n) * f.nearest(LN2))
    return scale(c, f, p + 1.0, n)


def exp10(c: Code, f: Format, x: Value) -> Value:
    """Write 10^x: x is split from log10(2) n exactly, the rest is small enough for one product."""
    y = clamp(c, x, f.exp_low / 2.302, f.exp_high / 2.302)
    high, low = f.split(LN2 / LN10, 42 if f.kind == "double" else 16)
    n = c.muladd(y, f.nearest(LN10 / LN2), f.magic) - f.magic
    rest = c.muladd(n, -low, c.muladd(n, -high, y))
    return scale(c, f, polynomial(c, f, rest * f.nearest(LN10)) + 1.0, n)


def expm1(c: Code, f: Format, x: Value) -> Value:
    """Write e^x - 1 = 2 (s p + (s - 1/2)), s = 2^(n - 1): half size, so that 2^1024 is never needed."""
    low = -f.mantissa * 0.75  # the result rounds to -1 from there on
    p, n = parts(c, f, clamp(c, x, low, f.exp_high))
    s = power_of_two(f, (n + (f.magic - 1.0)).bits() - f.magic_bits)
    y = c.muladd(s, p, s - 0.5) * 2.0
    return c.select(x.eq(0.0), x, y)


def sinh(c: Code, f: Format, x: Value) -> Value:
    """Write (e^x - e^-x) / 2, through expm1 where the two are near each other."""
    a = c.abs(x)
    t = expm1(c, f, clamp(c, a, 0.0, f.mantissa * 0.5))
    p, n = parts(c, f, a)
    large = scale(c, f, p + 1.0, n - 1.0)
    y = c.select(a.gt(f.mantissa * 0.45), large, (t + t / (t + 1.0)) * 0.5)
    return c.copysign(y, x)


def cosh(c: Code, f: Format, x: Value) -> Value:
    """Write (e^x + e^-x) / 2."""
    p, n = parts(c, f, c.abs(x))
    half = scale(c, f, p + 1.0, n - 1.0)
    return half + 0.25 / half


def tanh(c: Code, f: Format, x: Value) -> Value:
    """Write 1 - 2 / (e^2x + 1) as t / (t + 2), t = e^2|x| - 1."""
    a = clamp(c, c.abs(x), 0.0, f.mantissa * 0.4)  # beyond, the result rounds to 1
    p, n = parts(c, f, a + a)
    s = power_of_two(f, (n + f.magic).bits() - f.magic_bits)
    t = c.muladd(s, p, s - 1.0)
    return c.copysign(t / (t + 2.0), x)


def sigmoid(c: Code, f: Format, x: Value) -> Value:
    """Write 1 / (1 + e^-x), from e^-|x|, which never overflows."""
    e = exp(c, f, -c.abs(x))
    return c.select(x.lt(0.0), e, e.lift(1.0)) / (e + 1.0)


def tanh_slope(c: Code, f: Format, x: Value) -> Value:
    """Write 1 / cosh² x as 4 e / (1 + e)², e = e^-2|x|; the 4 goes into the power of two, so that small results stay right."""
    a = c.abs(x)
    b = -(a + a)
    p, n = parts(c, f, b)
    e = scale(c, f, p + 1.0, n + 2.0)
    q = e * 0.25
    under = q + 1.0
    lost = q - (under - 1.0)  # by that sum, and the square would have twice as much of it
    return c.select(b.lt(f.exp_low - 1.4), 0.0, e / c.muladd(under, under, under * (lost + lost)))
