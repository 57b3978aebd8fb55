"""Values of the special functions, computed in float64 whatever the operands are, to about one unit in the last place.

Each is written for arrays, all cases side by side and the right one picked. Where a formula would cancel, it is replaced
by its Taylor series about the zero that it cancels at, or carried out on pairs of numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

from . import pair as p
from .coefficients import POLYNOMIALS, ROOTS

__all__ = ["erf", "erfc", "erfinv", "erfinv_slope", "gauss", "ndtr", "near_root", "polynomial", "precise", "tail_parts"]

SQRT_HALF: Final = 0.7071067811865476
SQRT_PI: Final = 1.772453850905516
HALF_SQRT_PI: Final = 0.886226925452758


def precise(value: Callable[..., Any]) -> Callable[..., Any]:
    """The rule on float64 arrays, its result rounded to the dtype of the operands."""

    def rounded(*xs: Any, **attrs: Any) -> Any:
        dtype = xs[0].dtype
        with np.errstate(all="ignore"):  # of the cases that are computed and not picked
            z = value(*[np.asarray(x, np.float64) for x in xs], **attrs)
            return np.asarray(z).astype(dtype, copy=False)[()]

    return rounded


def polynomial(x: Any, terms: Sequence[float]) -> Any:
    """The polynomial with these coefficients, constant first."""
    s = np.full_like(x, terms[-1])
    for c in reversed(terms[:-1]):
        s = s * x + c
    return s


def near_root(name: str, x: Any, otherwise: Any) -> Any:
    """The Taylor series about the root of this name where x is near it, else the other values."""
    radius, high, low, *terms = ROOTS[name]
    d = (x - high) - low
    near = np.abs(d) <= radius
    d = np.where(near, d, 0.0)
    return np.where(near, d * polynomial(d, terms), otherwise)


def square_parts(x: Any, rate: float = 1.0) -> p.Pair:
    """rate · x² as a pair: in the tail of e^(−rate x²) the rounding of x² alone would cost three digits."""
    a = np.clip(np.abs(x), 1e-150, 1e3)
    square, rest = p.exact_product(a, a)
    high, low = p.exact_product(square, np.full_like(a, rate))
    return np.where(np.isnan(x), np.nan, high), np.where(high < 1e6, low + rest * rate, 0.0)


def gauss(x: Any, rate: float = 1.0) -> Any:
    """e^(−rate x²)."""
    high, low = square_parts(x, rate)
    e = np.exp(-high)
    return e - e * low


def tail_parts(a: Any, scale: float, rate: float) -> tuple[Any, Any, Any, Any]:
    """erfc(scale · a) for a ≥ 0 as e^(−high) (1 − low) (q + missing), where rate is scale²; gives q, missing, low, high.

    q is a polynomial over 1 + 2x, and `missing` the rounding errors of both and of their quotient.
    """
    high, low = square_parts(a, rate)
    b = np.minimum(a, 1e16)
    t = (b - 4.0 / scale) / (b + 4.0 / scale)
    first, *rest = POLYNOMIALS["erfcx"]
    above, small = p.exact_sum(np.full_like(b, first), t * polynomial(t, rest))
    twice = p.exact_product(b, np.full_like(b, 2.0 * scale))
    below, error = p.exact_sum(twice[0], np.ones_like(b))
    q = above / below
    back, lost = p.exact_product(q, below)
    missing = (((above - back) - lost) + small - q * (error + twice[1])) / below
    return q, missing, low, high


def tail(a: Any, scale: float, rate: float) -> Any:
    """erfc(scale · a) for a ≥ 0."""
    q, missing, low, high = tail_parts(a, scale, rate)
    e = np.exp(-high)
    return e * q + e * (missing - q * low)


def erf_near(x: Any) -> Any:
    """erf x for |x| < 1."""
    b = np.clip(x, -1.0, 1.0)
    return b + b * polynomial(b * b, POLYNOMIALS["erf"])


def erf(x: Any) -> Any:
    """The error function."""
    a = np.abs(x)
    return np.where(a < 1.0, erf_near(x), np.copysign(1.0 - tail(a, 1.0, 1.0), x))


def erfc(x: Any) -> Any:
    """1 − erf x, with all its digits where it is small."""
    a = np.abs(x)
    far = tail(a, 1.0, 1.0)
    return np.where(a < 0.5, 1.0 - erf_near(x), np.where(x < 0, 2.0 - far, far))


def ndtr(x: Any) -> Any:
    """The normal distribution function: erfc(−x/√2) / 2, without the rounding of x/√2 in the exponent."""
    a = np.abs(x)
    far = 0.5 * tail(a, SQRT_HALF, 0.5)
    return np.where(a < 0.5, 0.5 + 0.5 * erf_near(x * SQRT_HALF), np.where(x < 0, far, 1.0 - far))


def erfinv_parts(x: Any) -> tuple[Any, Any]:
    """erfinv |x| as a number and what is still missing: a first guess (Giles 2010; far out, the leading term), and Halley steps.

    The residual is taken of erf or of erfc, whichever is the smaller and so has the more digits.
    """
    a = np.abs(x)
    w = -np.log1p(-a * a)
    small = w < 5.0
    u = np.where(small, w - 2.5, np.sqrt(np.clip(w, 5.0, 16.0)) - 3.0)
    z = a * np.where(small, polynomial(u, GUESS_NEAR), polynomial(u, GUESS_FAR))
    edge = -np.log((1.0 - np.minimum(a, 1.0 - 2.0**-53)) * SQRT_PI)
    z = np.where(w > 15.0, np.sqrt(np.maximum(edge - 0.5 * np.log(np.maximum(edge, 1.0)), 1.0)), z)
    step = np.zeros_like(z)
    for _ in range(3):
        z = z + step
        f = np.where(a < 0.5, a - erf(z), erfc(z) - (1.0 - a))
        step = f / (gauss(z) / HALF_SQRT_PI)
        step = step / (1.0 - z * step)  # Halley
    return z, step


# The guess in float32: w = −log(1 − x²), in w − 2.5 below 5 and in √w − 3 above.
GUESS_NEAR: Final = (
    1.50140941, 0.246640727, -0.00417768164, -0.00125372503, 0.00021858087, -4.39150654e-06, -3.5233877e-06, 3.43273939e-07,
    2.81022636e-08,
)  # fmt: skip
GUESS_FAR: Final = (
    2.83297682, 1.00167406, 0.00943887047, -0.0076224613, 0.00573950773, -0.00367342844, 0.00134934322, 0.000100950558,
    -0.000200214257,
)  # fmt: skip


def erfinv(x: Any) -> Any:
    """The inverse of erf."""
    z, step = erfinv_parts(x)
    a = np.abs(x)
    found = np.where(a == 1.0, np.inf, np.where(a < 1e-9, a * HALF_SQRT_PI, z + step))
    return np.where(a <= 1.0, np.copysign(found, x), np.nan)


def erfinv_slope(x: Any) -> Any:
    """√π/2 e^(erfinv² x), from the inverse with its missing part."""
    z, step = erfinv_parts(x)
    a = np.abs(x)
    square, rest = p.exact_product(z, z)
    found = HALF_SQRT_PI * np.exp(square) * (1.0 + (rest + 2.0 * z * step))
    return np.where(a < 1.0, found, np.where(a == 1.0, np.inf, np.nan))
