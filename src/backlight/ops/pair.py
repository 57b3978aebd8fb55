"""Numbers as the unevaluated sum of two: twice the digits, for the few places where one is not enough.

A pair (high, low) stands for high + low, with low at most half a unit in the last place of high. Here are the exact sum
and the exact product of two numbers (Knuth 1969; Dekker 1971), arithmetic on pairs to about 100 bits, and the exponential,
the logarithm, and the sine and cosine of πx to 66 or more. Everything works element by element on float64 arrays.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

__all__ = [
    "PI", "Pair", "add", "cospi", "cut", "div", "exact_product", "exact_sum", "exp", "log", "mul", "negative", "sinpi",
]  # fmt: skip

Pair = tuple[Any, Any]

PI: Final = (3.141592653589793, 1.2246467991473532e-16)
LN2: Final = (0.6931471805599453, 2.3190468138462996e-17)
LN2_SHORT: Final = 0.693147180369123816490  # its last 21 bits are zero, so that whole multiples of it are exact
LN2_REST: Final = (1.9082149292705877e-10, 1.1612278229362533e-26)  # what is missing to the logarithm of 2


def exact_sum(x: Any, y: Any) -> Pair:
    """x + y with its rounding error."""
    s = x + y
    back = s - x
    return s, (x - (s - back)) + (y - back)


def settle(high: Any, low: Any) -> Pair:
    """The same pair with a low part that is small; `high` must be the larger."""
    s = high + low
    return s, low - (s - high)


def halves(x: Any) -> Pair:
    """x as a sum of two numbers of 26 bits."""
    c = x * 134217729.0  # 2^27 + 1
    high = c - (c - x)
    return high, x - high


def exact_product(x: Any, y: Any) -> Pair:
    """x · y with its rounding error; |x| and |y| below 1e150."""
    p = x * y
    (a, b), (c, d) = halves(x), halves(y)
    return p, ((a * c - p) + a * d + b * c) + b * d


def negative(x: Pair) -> Pair:
    """−x."""
    return -x[0], -x[1]


def add(x: Pair, y: Pair) -> Pair:
    """x + y, with all digits where the high parts cancel."""
    s, e = exact_sum(x[0], y[0])
    t, f = exact_sum(x[1], y[1])
    s, e = settle(s, e + t)
    return settle(s, e + f)


def mul(x: Pair, y: Pair) -> Pair:
    """x · y."""
    p, e = exact_product(x[0], y[0])
    return settle(p, e + (x[0] * y[1] + x[1] * y[0]))


def div(x: Pair, y: Pair) -> Pair:
    """x / y: two digits of long division."""
    q = x[0] / y[0]
    rest = add(x, negative(mul(y, (q, np.zeros_like(q)))))
    return settle(q, (rest[0] + rest[1]) / y[0])


def cut(above: int, below: int) -> tuple[float, float]:
    """A fraction of whole numbers as a pair."""
    high = above / below
    n, d = high.as_integer_ratio()
    return high, (above * d - n * below) / (below * d)


def exp(x: Pair) -> Pair:
    """e^x, for |x| below 700.

    e^(k ln 2 + 64 r) = 2^k (e^r)^64; with e^r − 1 in hand, six squarings are e ← 2e + e².
    """
    k = np.rint(x[0] / LN2[0])
    rest, error = exact_product(k, np.full_like(k, LN2_REST[0]))
    r = add(((x[0] - k * LN2_SHORT), x[1]), (-rest, -error - k * LN2_REST[1]))
    r = (r[0] / 64, r[1] / 64)
    square = mul(r, r)
    t = r[0]
    tail = t * t * t * (1 / 6 + t * (1 / 24 + t * (1 / 120 + t * (1 / 720 + t * (1 / 5040 + t / 40320)))))
    e = add(add(r, (square[0] / 2, square[1] / 2)), (tail, np.zeros_like(t)))
    for _ in range(6):
        e = add((2 * e[0], 2 * e[1]), mul(e, e))
    e = add((np.ones_like(t), np.zeros_like(t)), e)
    n = k.astype(np.int64)
    return np.ldexp(e[0], n), np.ldexp(e[1], n)


LN2_HIGH: Final = 0.6931471805598903  # its last 11 bits are zero, so that whole multiples of it are exact
LN2_LOW: Final = 5.497923018708371e-14
# 2/5, 2/7, …: log((1 + s)/(1 − s)) = 2s + 2/3 s³ + s³ (2/5 s² + …), fitted for |s| up to 0.172 (`tools/coefficients.py`)
LOG_TAIL: Final = (
    0.4, 0.28571428571429397, 0.22222222221636845, 0.18181818339697634, 0.1538459450380989, 0.13334829573906534,
    0.1170557189567721, 0.1173010786189303,
)  # fmt: skip


def log(x: Pair) -> Pair:
    """The natural logarithm of a positive pair, to about 66 bits: of its high part, and what the low part adds.

    x = 2^k m with m between √½ and √2; s = (m − 1)/(m + 1) as a pair, the first two terms of its series too.
    """
    m, k = np.frexp(x[0])
    small = m < 0.7071067811865476
    m, k = np.where(small, 2.0 * m, m), np.where(small, k - 1, k).astype(np.float64)
    y, below = m - 1.0, m + 1.0
    s = y / below
    product, error = exact_product(s, below)
    low = (((y - product) - error) - s * (m - (below - 1.0))) / below
    z = mul((s, low), (s, low))
    tail = np.full_like(s, LOG_TAIL[-1])
    for c in LOG_TAIL[-2::-1]:
        tail = tail * z[0] + c
    third = exact_sum(np.full_like(s, 2 / 3), z[0] * tail + 3.700743415417188e-17)  # what 2/3 is above its nearest double
    cubic = mul(mul(z, (s, low)), third)
    total = exact_sum(k * LN2_HIGH, 2.0 * s)
    more = exact_sum(total[0], cubic[0])
    ratio = x[1] / x[0]
    rest = (cubic[1] + (2.0 * low + k * LN2_LOW)) + (ratio - 0.5 * ratio * ratio)
    high, last = exact_sum(total[1], rest)
    return add(settle(*more), (high, last))


def factorials(first: int, count: int) -> list[tuple[float, float]]:
    """1/first!, −1/(first + 2)!, 1/(first + 4)!, … as pairs."""
    found, denominator = [], 1
    for k in range(1, first + 2 * count):
        if k >= first and (k - first) % 2 == 0:
            found.append(cut((-1) ** ((k - first) // 2), denominator * k))
        denominator *= k
    return found


SINE: Final = factorials(1, 14)
COSINE: Final = factorials(2, 13)
FIRST: Final = 4


def alternating(terms: list[tuple[float, float]], square: Pair) -> Pair:
    """The polynomial with these coefficients, constant first; from the fifth on one number has digits enough."""
    rest = np.full_like(square[0], terms[-1][0])
    for high, _ in reversed(terms[FIRST:-1]):
        rest = rest * square[0] + high
    s = (rest, np.zeros_like(rest))
    for high, low in reversed(terms[:FIRST]):
        s = add(mul(s, square), (np.full_like(square[0], high), np.full_like(square[0], low)))
    return s


def turned(x: Any) -> tuple[Pair, Pair, Any]:
    """The sine and cosine of π times what x is beyond the nearest half, and how many halves there are (0 to 3)."""
    y = np.fmod(x, 2.0)
    n = np.rint(2 * y)
    r = y - n / 2  # exact, at most a quarter
    angle = mul((r, np.zeros_like(r)), (np.full_like(r, PI[0]), np.full_like(r, PI[1])))
    square = mul(angle, angle)
    sine = mul(angle, alternating(SINE, square))
    cosine = add((np.ones_like(r), np.zeros_like(r)), negative(mul(square, alternating(COSINE, square))))
    return sine, cosine, n.astype(np.int64) % 4


def picked(n: Any, a: Pair, b: Pair) -> Pair:
    """a, b, −a or −b by the number of quarter turns."""
    sign = np.where(n < 2, 1.0, -1.0)
    odd = n % 2 == 1
    return sign * np.where(odd, b[0], a[0]), sign * np.where(odd, b[1], a[1])


def sinpi(x: Any) -> Pair:
    """sin πx, with all digits at every zero."""
    sine, cosine, n = turned(x)
    return picked(n, sine, cosine)


def cospi(x: Any) -> Pair:
    """cos πx."""
    sine, cosine, n = turned(x)
    return picked(n, cosine, negative(sine))
