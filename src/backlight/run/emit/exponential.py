"""Exponentials: e^x = 2^n (1 + p), with n whole and p = e^r - 1 for |r| <= ln(2) / 2.

Keeping 1 + p apart until the end is the decision here: expm1, sinh and tanh need p itself, where 1 + p has lost it.
"""

from __future__ import annotations

from decimal import Decimal

from backlight.run.emit.code import Code
from backlight.run.emit.coefficients import POLYNOMIALS
from backlight.run.emit.format import FORMATS, LN2, LN10, Format
from backlight.run.emit.value import Value, round_to_float
from backlight.run.emit.widest import by_table, instruction, lookup, own

PARTS = 32  # of a power of two, whose roots are looked up
NEAR = 0.01083  # half of ln(2) / 32: what is left of a number beside the nearest of them
REST = 2.0 - NEAR**2 / 48, -4 / 3 + NEAR / 3  # of e^-2h = 1 - 2h + h² rest: 2 - 4/3 h + 2/3 h² from 0 to half of NEAR by a line


def roots() -> tuple[list[float], list[float]]:
    """Return 2^(k/32) as floats, and by what part of itself each should be larger."""
    exact = [Decimal(2) ** (Decimal(k) / PARTS) for k in range(PARTS)]
    near = [round_to_float(float(x)) for x in exact]
    return near, [float((x - Decimal(y)) / Decimal(y)) for x, y in zip(exact, near, strict=True)]


def in_parts(c: Code, f: Format, x: Value, per: float) -> tuple[Value, Value]:
    """Return n, `per` times x rounded to parts of 1/32, and a number whose low five bits count them."""
    t = c.muladd(x, per, f.magic / PARTS)
    return t - f.magic / PARTS, t.bits()


def scale(c: Code, f: Format, x: Value, n: Value) -> Value:
    """Return x 2^n, n a whole number held as a float: in two steps, so that subnormal results stay right."""
    if own(c, f, x):
        return instruction(c, "scalef", f, x, n)
    whole = (n + f.magic).bits() - f.magic_bits
    half = whole >> 1
    return x * power_of_two(f, half) * power_of_two(f, whole - half)


def shortened(c: Code, f: Format, x: Value, most: float) -> Value:
    """Return the number of the size of x or `most`, the smaller one, with the sign of x; NaN becomes `most`."""
    return instruction(c, "range", f, x, x.lift(most), 2)


def power_of_two(f: Format, k: Value) -> Value:
    """Return 2^k, k an integer in the range of the format."""
    return ((k + f.bias) << f.mantissa).as_float()


def clamp(c: Code, x: Value, low: float, high: float) -> Value:
    """Return x within [low, high]; NaN stays."""
    x = c.select(x.gt(high), high, x)
    return c.select(x.lt(low), low, x)


def parts(c: Code, f: Format, x: Value) -> tuple[Value, Value]:
    """Return p and n with e^x = 2^n (1 + p); x is clamped to where e^x / 2 is neither 0 nor infinite."""
    r, n = rest(c, f, x)
    return polynomial(c, f, r), n


def rest(c: Code, f: Format, x: Value) -> tuple[Value, Value]:
    """Return r and n with x = n ln 2 + r; x is clamped to where e^x / 2 is neither 0 nor infinite."""
    return reduced(c, f, clamp(c, x, f.exp_low, f.exp_high + 1.0))


def reduced(c: Code, f: Format, x: Value) -> tuple[Value, Value]:
    """Return r and n with x = n ln 2 + r."""
    high, low = halves_of_ln2(f)
    n = c.muladd(x, f.nearest(1 / LN2), f.magic) - f.magic
    return c.muladd(n, -low, c.muladd(n, -high, x)), n


def halves_of_ln2(f: Format) -> list[float]:
    """Return ln 2 in two parts: 11 (8) bits of n times the first are exact."""
    return f.split(LN2, 42 if f.kind == "double" else 16)


def polynomial(c: Code, f: Format, r: Value) -> Value:
    """Return e^r - 1 for small r."""
    return c.muladd(r * r, c.polynomial(r, POLYNOMIALS["exp", f.kind]), r)


def exp(c: Code, f: Format, x: Value, *, closer: bool = False) -> Value:
    """Write e^x; where the processor scales, its saturation is all that is needed at the ends.

    With a table e^r = 1 + r + r²/2 is enough, what r³/6 is at most made a quarter of it by a little more of r: 1.8 units in the
    last place. Where more is computed of it, `closer` has the next term too, within 1.1.
    """
    if by_table(c, f, x):
        n, index = in_parts(c, f, x, f.nearest(1 / LN2))
        high, low = halves_of_ln2(f)
        r = shortened(c, f, c.muladd(n, -low, c.muladd(n, -high, x)), 0.02)
        root = lookup(c, roots()[0], index)
        terms = (1.0, 0.5, 1 / 6) if closer else (1.0 + NEAR**2 / 8, 0.5)
        return scale(c, f, c.muladd(root * r, c.polynomial(r, terms), root), n)
    r, n = reduced(c, f, x) if own(c, f, x) else rest(c, f, x)
    if own(c, f, x):
        r = shortened(c, f, r, 0.35)  # what is left of a number beyond the range is of any size
    q = c.muladd(r, c.polynomial(r, POLYNOMIALS["exp", f.kind]), 1.0)
    return scale(c, f, c.muladd(r, q, 1.0), n)


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
    """Write e^x - 1 = 2 (s p + (s - 1/2)), s = 2^(n - 1): half size, so that 2^1024 is never needed; of what is tiny itself."""
    low = -f.mantissa * 0.75  # the result rounds to -1 from there on
    p, n = parts(c, f, clamp(c, x, low, f.exp_high))
    s = power_of_two(f, (n + (f.magic - 1.0)).bits() - f.magic_bits)
    y = c.muladd(s, p, s - 0.5) * 2.0
    return c.select(c.abs(x).lt(2.0 ** -(f.mantissa + 2)), x, y)


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


def decay(c: Code, f: Format, a: Value) -> tuple[Value, Value]:
    """Return 4 (1 - e^-2a) and 4 e^-2a, a >= 0 and not beyond where that is 0.

    With -2a = n ln 2 - 2h the polynomial is one in h; the 4 goes into the power of two, so that small results stay right.
    """
    high, low = halves_of_ln2(f)
    if by_table(c, f, a):
        n, index = in_parts(c, f, a, -2 * f.nearest(1 / LN2))
        h = c.muladd(n, 0.5 * low, c.muladd(n, 0.5 * high, a))
        near, more = roots()
        p = c.muladd(h * h, c.muladd(h, REST[1], REST[0]), lookup(c, more, index) - (h + h))
        s = scale(c, f, lookup(c, [4 * x for x in near], index), n)
        part = s * p
        return (4.0 - s) - part, part + s
    n = c.muladd(a, -2 * f.nearest(1 / LN2), f.magic) - f.magic
    h = c.muladd(n, 0.5 * low, c.muladd(n, 0.5 * high, a))
    scaled = [4 * x * (-2) ** power for power, x in enumerate(POLYNOMIALS["exp", f.kind])]
    p = h * c.muladd(h, c.polynomial(h, scaled), -2.0)
    s = scale(c, f, a.lift(4.0), n)
    part = s * p  # exact
    return (4.0 - s) - part, part + s


def signed(c: Code, y: Value, x: Value) -> Value:
    """Return y, which is not negative, with the sign of x."""
    return (y.bits() ^ c.apart(x.bits() & FORMATS[x.kind].sign_bit)).as_float()


def tanh(c: Code, f: Format, x: Value) -> Value:
    """Write (1 - e) / (1 + e), e = e^-2|x|."""
    a = c.abs(x)
    t, e = decay(c, f, c.select(a.gt(f.mantissa * 0.4), f.mantissa * 0.4, a))  # beyond, the result rounds to 1
    return signed(c, t / (e + 4.0), x)


def tanh_slope(c: Code, f: Format, x: Value) -> Value:
    """Write 1 / cosh² x."""
    return tanh_and_slope(c, f, x)[1]


def tanh_and_slope(c: Code, f: Format, x: Value) -> tuple[Value, Value]:
    """Write tanh x and its derivative, which share the exponential.

    With q = e / (1 + e) the derivative is 2q (2 - 2q), q being below 1/2: one product less than over a denominator of its own.
    """
    a, most = c.abs(x), 0.7 - 0.5 * f.exp_low
    t, e = decay(c, f, c.select(a.gt(most), most, a))
    v = e + 4.0
    q = e / v
    twice = q + q
    return signed(c, t / v, x), twice * (2.0 - twice)


def sigmoid(c: Code, f: Format, x: Value) -> Value:
    """Write 1 / (1 + e^-x), from e^-|x|, which never overflows."""
    e = exp(c, f, -c.abs(x), closer=True)
    return c.select(x.lt(0.0), e, e.lift(1.0)) / (e + 1.0)
