"""The logarithm of the gamma function and its derivatives: Stirling's series far out, reached by whole steps.

The formulas are those of `ops/gamma.py`, on pairs of numbers where a sum and a product of nearly the same size meet;
negative arguments are reflected, in a part that runs only where a vector has some. The steps up are a loop of the emitted
code, which every number walks through as often as the smallest of its vector needs it: 18 times at most.
"""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

from backlight.ops import gamma as known
from backlight.ops.coefficients import DIGAMMA_ZEROS, LGAMMA_ZEROS, ROOTS
from backlight.ops.pair import PI
from backlight.run.emit import logarithm
from backlight.run.emit.code import Code
from backlight.run.emit.format import DOUBLE, FLOAT, Format
from backlight.run.emit.pairs import (
    Pair,
    constant,
    exact_sum,
    in_double,
    log_of_pair,
    negative,
    over,
    pick,
    plus,
    sine_and_cosine,
    single,
    times,
)
from backlight.run.emit.value import Value

INFINITY, NAN = float("inf"), float("nan")
FAR = known.FAR


def steps_up(c: Code, x: Pair, far: float, step: Callable[..., Pair], start: Pair) -> tuple[Pair, Pair]:
    """Return x moved up by whole steps beyond `far`, and what `step` made of the places on the way."""
    below = x[0].lt(far)
    count = c.select(c.any(below), c.constant(int(far) + 1, "i64"), c.constant(0, "i64"))

    def body(i: Value, high: Value, low: Value, a: Value, b: Value) -> tuple[Value, ...]:
        here, total = (high, low), (a, b)
        taken = high.lt(far)
        total = pick(c, taken, step(here, total), total)
        return (*pick(c, taken, plus(here, constant(high, 1.0)), here), *total)

    high, low, a, b = c.loop(count, body, (*x, *start))
    return (high, low), (a, b)


def stirling(c: Code, x: Pair) -> Pair:
    """Return lgamma x for x ≥ FAR: (x − 1/2) log x − x + log(2π)/2 + 1/(12x) − …"""
    big = x[0].gt(1e15)
    y = c.select(big, FAR, x[0]), c.select(big, 0.0, x[1])
    main = plus(times(c, plus(y, constant(y[0], -0.5)), log_of_pair(c, y)), negative(y))
    main = plus(main, constant(y[0], *known.HALF_LOG_2PI))
    main = plus(main, over(c, constant(y[0], 1.0), times(c, constant(y[0], 12.0), y)))
    r = 1.0 / y[0]
    series = [b / (2 * j * (2 * j - 1)) for j, b in enumerate(known.BERNOULLI[1:], 2)]
    main = plus(main, single(r * r * r * c.polynomial(r * r, series)))
    log = logarithm.log(c, DOUBLE, x[0])
    huge = x[0] * (log - 1.0) - log * 0.5  # the rest is below the last digit
    return c.select(big, huge, main[0]), c.select(big, 0.0, main[1])


def lgamma_positive(c: Code, x: Pair) -> Pair:
    """Return lgamma of a positive pair."""
    far, product = steps_up(c, x, FAR, lambda here, total: times(c, total, here), constant(x[0], 1.0))
    z = stirling(c, far)
    return pick(c, x[0].lt(FAR), plus(z, negative(log_of_pair(c, product))), z)


def lgamma(c: Code, f: Format, x: Value) -> Value:
    """Write log |Γ(x)|."""
    if f is FLOAT:
        return in_double(c, lambda c, x: lgamma(c, DOUBLE, x), x)
    turned = x.lt(-1e-17)
    up = exact_sum(x.lift(1.0), -x)
    ordinary = c.abs(x).lt(1e15)
    small = c.abs(x).lt(1e-17)
    a = pick(c, turned & ordinary, up, single(c.select(turned | x.isnan() | small, FAR, x)))
    z = lgamma_positive(c, a)
    log = logarithm.log(c, DOUBLE, c.abs(x))
    d = x - 2.0
    two = d * c.polynomial(d, known.ABOUT_TWO)
    d = x - 1.0
    one = d * c.polynomial(d, known.ABOUT_TWO) - logarithm.log1p(c, DOUBLE, d)
    y = c.select(small, -log, z[0])
    y = c.select(x.ge(1.25) & x.le(2.5), two, c.select(x.ge(0.5) & x.lt(1.25), one, y))
    (y,) = c.when(c.any(turned), lambda: [c.select(turned, reflected(c, x, z), y)], [y])
    y = c.select(x.le(-1e15) | c.abs(x).eq(INFINITY), INFINITY, y)
    return c.select(x.isnan(), x, y)


def reflected(c: Code, x: Value, up: Pair) -> Value:
    """Return lgamma x for x < 0, given lgamma (1 − x): log π − log |sin πx| − lgamma(1 − x)."""
    sine, _ = sine_and_cosine(c, x)
    sine = pick(c, sine[0].lt(0.0), negative(sine), sine)
    whole = sine[0].eq(0.0)
    sine = c.select(whole, 1.0, sine[0]), c.select(whole, 0.0, sine[1])
    y = plus(plus(constant(x, *known.LOG_PI), negative(log_of_pair(c, sine))), negative(up))
    (found,) = c.when(c.any(c.abs(y[0]).lt(known.NEAR_ZERO)), lambda: [about_zeros(c, "lgamma", x, y[0])], [y[0]])
    return c.select(whole, INFINITY, found)


ZEROS = {"lgamma": LGAMMA_ZEROS, "digamma": DIGAMMA_ZEROS}


def about_zeros(c: Code, name: str, x: Value, otherwise: Value) -> Value:
    """Return the Taylor series about a zero below 0 where the function of this name is very small, else the other value."""
    zeros = ZEROS[name]
    width = len(zeros[0])
    symbol = c.module.constant_array(f"bl.{name}_zeros", "double", [n for row in zeros for n in row])

    def one(i: Value, y: Value) -> list[Value]:
        at = c.address(Value(c, f"@{symbol}", "ptr", 1), i * width, "double")
        high, low, *terms = (c.splat(c.load(at, k, "double"), x.lanes) for k in range(width))
        d = (x - high) - low
        total = terms[-1]
        for term in reversed(terms[:-1]):
            total = c.muladd(total, d, term)
        return [c.select(c.abs(d * terms[0]).lt(known.NEAR_ZERO), d * total, y)]

    return c.loop(len(zeros), one, [otherwise])[0]


def digamma_positive(c: Code, x: Pair) -> Pair:
    """Return ψ of a positive pair: log x − 1/(2x) − 1/(12x²) + …"""
    one = constant(x[0], 1.0)
    y, total = steps_up(c, x, FAR, lambda here, total: plus(total, over(c, one, here)), constant(x[0], 0.0))
    r = over(c, one, y)
    z = plus(log_of_pair(c, y), (r[0] * -0.5, r[1] * -0.5))
    square = times(c, r, r)
    z = plus(z, negative(over(c, square, constant(x[0], 12.0))))
    t = square[0]
    series = [b / (2 * j) for j, b in enumerate(known.BERNOULLI[1:], 2)]
    z = plus(z, single(-(t * t) * c.polynomial(t, series)))
    return plus(z, negative(total))


def digamma(c: Code, f: Format, x: Value) -> Value:
    """Write ψ(x)."""
    if f is FLOAT:
        return in_double(c, lambda c, x: digamma(c, DOUBLE, x), x)
    tiny = c.abs(x).lt(1e-17)
    turned = x.lt(0.0) & ~tiny
    up = exact_sum(x.lift(1.0), -x)
    huge = c.abs(x).gt(1e15)
    a = pick(c, turned & ~huge, up, single(c.select(turned | tiny | huge | x.isnan(), FAR, x)))
    z = digamma_positive(c, a)
    y = near_root(c, "digamma", x, z[0])
    y = c.select(x.gt(1e15), logarithm.log(c, DOUBLE, x) - 0.5 / x, y)
    y = c.select(tiny, -1.0 / x, y)
    (y,) = c.when(c.any(turned), lambda: [c.select(turned, digamma_reflected(c, x, z), y)], [y])
    y = c.select(x.le(-1e15), NAN, y)
    return c.select(x.isnan(), x, c.select(x.eq(INFINITY), INFINITY, y))


def digamma_reflected(c: Code, x: Value, up: Pair) -> Value:
    """Return ψ(x) for x < 0, given ψ(1 − x): ψ(1 − x) − π cot πx."""
    sine, cosine = sine_and_cosine(c, x)
    whole = sine[0].eq(0.0)
    sine = c.select(whole, 1.0, sine[0]), c.select(whole, 0.0, sine[1])
    turned = times(c, constant(x, *PI), over(c, cosine, sine))
    y = plus(up, negative(turned))[0]
    (found,) = c.when(c.any(c.abs(y).lt(known.NEAR_ZERO)), lambda: [about_zeros(c, "digamma", x, y)], [y])
    return c.select(whole, NAN, found)


def near_root(c: Code, name: str, x: Value, otherwise: Value) -> Value:
    """Return the Taylor series about the root of this name where x is near it, else the other value."""
    radius, high, low, *terms = ROOTS[name]
    d = (x - high) - low
    return c.select(c.abs(d).le(radius), d * c.polynomial(d, terms), otherwise)


def polygamma(order: int) -> Callable[[Code, Format, Value], Value]:
    """Return the writer of ψ^(order)."""

    def write(c: Code, f: Format, x: Value) -> Value:
        if f is FLOAT:
            return in_double(c, lambda c, x: write(c, DOUBLE, x), x)
        sign = (-1.0) ** (order + 1)
        # beyond, the first term of the series is all there is; and it becomes 0 before it could overflow
        turned = x.lt(0.0)
        near = c.abs(x).lt(1e-30)
        a = c.select(turned, 1.0 - x, c.select(near | x.isnan(), 1.0, x))
        rise = polygamma_positive(c, order, a)
        y = rise * sign
        (y,) = c.when(c.any(turned), lambda: [c.select(turned, polygamma_reflected(c, order, x, rise, sign), y)], [y])
        pole = x.lift(1.0)
        for _ in range(order + 1):
            pole = pole / x
        y = c.select(near, pole * (sign * factorial(order)), y)
        zero = x.lift(INFINITY) if order % 2 else c.copysign(x.lift(INFINITY), -x)
        y = c.select(x.eq(0.0), zero, c.select(x.eq(INFINITY), c.copysign(x.lift(0.0), x.lift(sign)), y))
        return c.select(x.isnan(), x, y)

    return write


def polygamma_positive(c: Code, order: int, x: Value) -> Value:
    """Return |ψ^(order)(x)| for x > 0: the steps up are added on pairs, so that their order does not matter."""
    def power(y: Pair, n: int) -> Pair:
        """Return y^−n: its error would be n times that of 1/y."""
        r = over(c, constant(x, 1.0), y)
        found = r
        for _ in range(n - 1):
            found = times(c, found, r)
        return found

    far, total = steps_up(c, single(x), FAR + 2 * order, lambda here, total: plus(total, power(here, order + 1)), constant(x, 0.0))
    r = 1.0 / far[0]
    series = [b * factorial(2 * j + order - 1) / factorial(2 * j) for j, b in enumerate(known.BERNOULLI, 1)]
    inner = exact_sum(x.lift(float(factorial(order - 1))), c.muladd(r, c.polynomial(r * r, series), factorial(order) / 2) * r)
    return plus(times(c, total, constant(x, float(factorial(order)))), times(c, power(far, order), inner))[0]


def polygamma_reflected(c: Code, order: int, x: Value, rise: Value, sign: float) -> Value:
    """Return ψ^(order)(x) for x < 0, given |ψ^(order)(1 − x)|: a polynomial in cot πx, times π to the power."""
    sine, cosine = sine_and_cosine(c, x)
    whole = sine[0].eq(0.0)
    cot = over(c, cosine, (c.select(whole, 1.0, sine[0]), c.select(whole, 0.0, sine[1])))
    turned = constant(x, 0.0)
    for term in reversed(known.cotangents(order)):
        turned = plus(times(c, turned, cot), constant(x, term))
    for _ in range(order + 1):
        turned = times(c, turned, constant(x, *PI))
    below = single(rise * ((-1.0) ** order * sign))
    y = c.select(c.abs(turned[0]).gt(1e140), -turned[0], plus(below, negative(turned))[0])
    # a whole number is a pole; beyond 2^53 there is nothing else
    return c.select(whole, INFINITY if order % 2 else NAN, y)
