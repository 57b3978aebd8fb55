"""Numbers as the unevaluated sum of two, in emitted code: twice the digits, for the few places where one is not enough.

The exact sum and product of two numbers (Knuth 1969; Dekker 1971, or one fused product), arithmetic on pairs to about 100
bits, the logarithm to 66, the sine and cosine of πx to 70; all on doubles. A function of floats that needs them is
computed in doubles, by halves of the vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backlight.ops.pair import COSINE, FIRST, PI, SINE
from backlight.run.emit import exponential, logarithm
from backlight.run.emit.code import Code
from backlight.run.emit.coefficients import POLYNOMIALS
from backlight.run.emit.format import DOUBLE, LN2
from backlight.run.emit.value import Value

Pair = tuple[Value, Value]


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


def single(x: Value) -> Pair:
    """Return a number as a pair."""
    return x, x.lift(0.0)


def constant(like: Value, high: float, low: float = 0.0) -> Pair:
    """Return a constant as a pair."""
    return like.lift(high), like.lift(low)


def negative(a: Pair) -> Pair:
    """Return -a."""
    return -a[0], -a[1]


def plus(a: Pair, b: Pair) -> Pair:
    """Return a + b, with all digits where the high parts cancel."""
    s, e = exact_sum(a[0], b[0])
    t, f = exact_sum(a[1], b[1])
    s, e = renormalise(s, e + t)
    return renormalise(s, e + f)


def over(c: Code, a: Pair, b: Pair) -> Pair:
    """Return a / b: two digits of long division."""
    q = a[0] / b[0]
    rest = plus(a, negative(times(c, b, single(q))))
    return renormalise(q, (rest[0] + rest[1]) / b[0])


def pick(c: Code, mask: Value, a: Pair, b: Pair) -> Pair:
    """Return a where mask, b elsewhere."""
    return c.select(mask, a[0], b[0]), c.select(mask, a[1], b[1])


def log_of_pair(c: Code, x: Pair) -> Pair:
    """Return log x of a positive pair: of its high part, and what the low part adds."""
    high, low = log_pair(c, x[0])
    more = x[1] / x[0]
    return plus((high, low), single(more - more * more * 0.5))


def alternating(c: Code, terms: Sequence[tuple[float, float]], square: Pair) -> Pair:
    """Return the polynomial with these coefficients, constant first; from the fifth on one number has digits enough."""
    total = single(c.polynomial(square[0], [high for high, _ in terms[FIRST:]]))
    for high, low in reversed(terms[:FIRST]):
        total = plus(times(c, total, square), constant(square[0], high, low))
    return total


def turned(c: Code, x: Value) -> tuple[Pair, Pair, Value]:
    """Return the sine and cosine of π times what x is beyond the nearest half, and how many halves there are, 0 to 3."""
    y = x - c.intrinsic("trunc", x * 0.5) * 2.0
    n = c.intrinsic("rint", y * 2.0)
    r = y - n * 0.5  # exact, at most a quarter
    angle = times(c, single(r), constant(r, *PI))
    square = times(c, angle, angle)
    sine = times(c, angle, alternating(c, SINE, square))
    cosine = plus(constant(r, 1.0), negative(times(c, square, alternating(c, COSINE, square))))
    return sine, cosine, n - c.intrinsic("floor", n * 0.25) * 4.0


def sine_and_cosine(c: Code, x: Value) -> tuple[Pair, Pair]:
    """Return sin πx and cos πx, with all digits at every zero."""
    sine, cosine, n = turned(c, x)
    odd = n.eq(1.0) | n.eq(3.0)
    back = n.ge(2.0)  # half a turn further: both signs change
    a, b = pick(c, odd, cosine, sine), pick(c, odd, negative(sine), cosine)
    return pick(c, back, negative(a), a), pick(c, back, negative(b), b)


def in_double(c: Code, write: Callable[..., Value], *operands: Value) -> Value:
    """Return a function of floats, computed in doubles by halves of the vectors."""
    if operands[0].lanes == 1:
        return c.convert(write(c, *(c.convert(x, "double") for x in operands)), "float")
    low, high = (c.convert(write(c, *(c.convert(x, "double") for x in half)), "float")
                 for half in zip(*(c.halves(x) for x in operands), strict=True))
    return c.join(low, high)
