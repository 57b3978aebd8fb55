"""The error function and its complement: an odd polynomial near 0, e^(-x²) times a smooth factor in the tail.

erfc loses nothing in the tail because x² is carried in two parts into the exponential, and because the smooth factor
(1 + 2x) e^(x²) erfc(x) is one polynomial in (x - 4) / (x + 4) from 0 to infinity (Shepherd and Laframboise 1981).
"""

from __future__ import annotations

from backlight.run.emit.code import Code
from backlight.run.emit.coefficients import POLYNOMIALS
from backlight.run.emit.exponential import exp
from backlight.run.emit.format import FLOAT, Format
from backlight.run.emit.value import Value


def near(c: Code, f: Format, x: Value) -> Value:
    """Return erf x for |x| < 1."""
    return c.muladd(x, c.polynomial(x * x, POLYNOMIALS["erf", f.kind]), x)


def square_parts(c: Code, f: Format, x: Value) -> tuple[Value, Value]:
    """Return x² as a sum of two numbers: by one fused product, or by halves of the digits (Dekker 1971)."""
    if c.target.fma:
        square = x * x
        return square, c.muladd(x, x, -square)
    mask = -1 << ((f.mantissa + 2) // 2 + 1)
    high = (x.bits() & mask).as_float()
    large, small = high * high, (x - high) * (x + high)
    square = large + small
    return square, small - (square - large)


def far(c: Code, f: Format, a: Value) -> Value:
    """Return erfc a for a >= 0."""
    a = c.select(a.gt(28.0), 28.0, a)  # 0 from there on
    smooth = c.polynomial((a - 4.0) / (a + 4.0), POLYNOMIALS["erfcx", f.kind]) / (a * 2.0 + 1.0)
    high, low = square_parts(c, f, a)
    e = exp(c, f, -high, closer=True)
    return smooth * c.muladd(e, -low, e)


def erf(c: Code, f: Format, x: Value) -> Value:
    """Write the error function."""
    a = c.abs(x)
    if f is FLOAT:
        b = c.select(a.gt(3.95), 3.95, a)  # 1 from there on
        outer = 1.0 - exp(c, f, -b * c.polynomial(b, POLYNOMIALS["erf_tail", "float"]), closer=True)
        limit = 0.9
    else:
        outer = 1.0 - far(c, f, a)
        limit = 1.0
    return c.select(a.lt(limit), near(c, f, x), c.copysign(outer, x))


def erfc(c: Code, f: Format, x: Value) -> Value:
    """Write 1 - erf x, with all its digits where it is small."""
    a = c.abs(x)
    tail = far(c, f, a)
    return c.select(a.lt(0.5), 1.0 - near(c, f, x), c.select(x.lt(0.0), 2.0 - tail, tail))
