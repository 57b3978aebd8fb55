"""The tails of the normal distribution: erfcx, the logarithm of its distribution function, its inverse, and their slopes.

The formulas are those of `ops/normal_values.py`, on doubles; floats go there by halves of the vector.
"""

from __future__ import annotations

from backlight.ops import normal_values as known
from backlight.ops.coefficients import POLYNOMIALS
from backlight.ops.kernel import SQRT_HALF
from backlight.run.emit import error_function, exponential, logarithm
from backlight.run.emit.code import Code
from backlight.run.emit.format import DOUBLE
from backlight.run.emit.pairs import Pair, exact_sum, exp_pair, product
from backlight.run.emit.special import doubled, erfinv_parts, erfinv_slope
from backlight.run.emit.value import Value

INFINITY, NAN = float("inf"), float("nan")


def square_parts(c: Code, x: Value, rate: float) -> Pair:
    """Return rate · x² as a sum of two numbers; rate is a power of two."""
    high, low = product(c, *[exponential.clamp(c, c.abs(x), 1e-150, 1e3)] * 2)
    return high * rate, low * rate


def scaled(c: Code, a: Value, scale: float = 1.0) -> Value:
    """Return erfcx(scale · a) for a ≥ 0, rounded once."""
    b = c.select(a.gt(1e16), 1e16, a)
    t = (b - 4.0 / scale) / (b + 4.0 / scale)
    first, *rest = POLYNOMIALS["erfcx"]
    above, small = exact_sum(b.lift(first), t * c.polynomial(t, rest))
    twice = product(c, b, b.lift(2.0 * scale))
    below, error = exact_sum(twice[0], b.lift(1.0))
    q = above / below
    back, lost = product(c, q, below)
    missing = (((above - back) - lost) + small - q * (error + twice[1])) / below
    return c.select(a.gt(1e16), (known.TWO_OVER_ROOT_PI / (2.0 * scale)) / a, q + missing)


@doubled
def erfcx(c: Code, x: Value) -> Value:
    """Write e^(x²) erfc(x)."""
    right = scaled(c, c.abs(x))
    high, low = product(c, *[exponential.clamp(c, x, -40.0, 40.0)] * 2)
    return c.select(x.lt(0.0), exp_pair(c, high, low) * 2.0 - right, right)


@doubled
def erfcx_slope(c: Code, x: Value) -> Value:
    """Write 2x erfcx(x) − 2/√π; on the right a polynomial over (1 + 2x)²."""
    size = c.abs(x)
    a = c.select(size.gt(1e150), 1e150, size)
    b = a * 2.0 + 1.0
    right = -c.polynomial((a - 4.0) / (a + 4.0), POLYNOMIALS["erfcx_slope"]) / b / b
    right = c.select(size.gt(1e150), -((0.5 * known.TWO_OVER_ROOT_PI) / x) / x, right)
    left = x * 2.0 * erfcx(c, DOUBLE, x) - known.TWO_OVER_ROOT_PI
    return c.select(x.isnan(), x, c.select(x.lt(0.25), left, right))


def chance(c: Code, a: Value) -> Value:
    """Return Φ(−a) for a ≥ 0."""
    high, low = square_parts(c, a, 0.5)
    far = scaled(c, a, SQRT_HALF) * exp_pair(c, -high, -low) * 0.5
    b = c.select(a.lt(0.5), a * SQRT_HALF, 0.0)
    return c.select(a.lt(0.5), 0.5 - error_function.near(c, DOUBLE, b) * 0.5, far)


@doubled
def log_ndtr(c: Code, x: Value) -> Value:
    """Write log Φ(x)."""
    a = c.abs(x)
    tail = chance(c, a)
    left = logarithm.log(c, DOUBLE, scaled(c, a, SQRT_HALF) * 0.5) - (a * 0.5) * a
    near = logarithm.log(c, DOUBLE, tail)
    return c.select(x.lt(-1.0), left, c.select(x.lt(0.0), near, logarithm.log1p(c, DOUBLE, -tail)))


@doubled
def log_ndtr_slope(c: Code, x: Value) -> Value:
    """Write the density over Φ(x)."""
    a = c.abs(x)
    high, low = square_parts(c, a, 0.5)
    right = exp_pair(c, -high, -low) / ((1.0 - chance(c, a)) * known.ROOT_TWO_PI)
    y = c.select(x.lt(0.0), known.ROOT_TWO_OVER_PI / scaled(c, a, SQRT_HALF), right)
    return c.select(x.isnan(), x, y)


def tail_place(c: Code, a: Value) -> Pair:
    """Return where the chance of more is a, for a up to 1/4, as a number and what is still missing."""
    t = c.sqrt(logarithm.log(c, DOUBLE, a) * -2.0)
    guess = t - c.polynomial(t, known.ABOVE) / c.polynomial(t, known.BELOW)

    def halley(i: Value, z: Value, step: Value) -> Pair:
        z = z + step
        high, low = square_parts(c, z, 0.5)
        share = a * (exponential.exp(c, DOUBLE, exponential.clamp(c, high, 0.0, 700.0)) * known.ROOT_TWO_PI)
        share = share * exponential.exp(c, DOUBLE, exponential.clamp(c, high - 700.0, 0.0, 100.0))
        r = scaled(c, z, SQRT_HALF) * known.ROOT_HALF_PI - c.muladd(share, low, share)
        return z, r / (1.0 - z * r * 0.5)

    z, step = c.loop(3, halley, (guess, guess.lift(0.0)))
    return z, step


def parts(c: Code, x: Value) -> tuple[Value, Value, Value, Value]:
    """Return which chances lie in the middle; 2x − 1 for those; and the place, with what is missing, for the others."""
    middle = c.abs(x - 0.5).lt(0.25)
    a = c.select(x.lt(0.5), x, 1.0 - x)
    far = a.gt(0.0) & a.le(0.25)
    z, step = tail_place(c, c.select(far, a, 0.25))
    return middle, c.select(middle, x * 2.0 - 1.0, 0.0), z, step


def edges(c: Code, x: Value, at_0: float, y: Value) -> Value:
    """Return y inside (0, 1), what it is at the edges, and NaN beyond."""
    y = c.select(x.eq(0.0), at_0, c.select(x.eq(1.0), INFINITY, y))
    return c.select(x.ge(0.0) & x.le(1.0), y, x.lift(NAN))


@doubled
def ndtri(c: Code, x: Value) -> Value:
    """Write the inverse of Φ."""
    middle, u, z, step = parts(c, x)
    y, more = erfinv_parts(c, u)
    main, rest = product(c, y, y.lift(known.ROOT_TWO[0]))
    near = c.copysign(main + (rest + (y * known.ROOT_TWO[1] + more * known.ROOT_TWO[0])), u)
    far = z + step
    return edges(c, x, -INFINITY, c.select(middle, near, c.select(x.lt(0.5), -far, far)))


@doubled
def ndtri_slope(c: Code, x: Value) -> Value:
    """Write √(2π) e^(z²/2) at the place z."""
    middle, u, z, step = parts(c, x)
    high, low = square_parts(c, z, 0.5)
    e = exponential.exp(c, DOUBLE, exponential.clamp(c, high, 0.0, 700.0)) * known.ROOT_TWO_PI
    far = c.muladd(e, low + z * step, e) * exponential.exp(c, DOUBLE, exponential.clamp(c, high - 700.0, 0.0, 100.0))
    near = erfinv_slope(c, DOUBLE, u) * (2.0 / SQRT_HALF)
    return edges(c, x, INFINITY, c.select(middle, near, far))
