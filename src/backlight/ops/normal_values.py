"""Values of the scaled error function, of the logarithm of the normal distribution function and of its inverse, in float64.

What they share is erfcx(x) = e^(x²) erfc(x), the tail without its exponential: a polynomial over 1 + 2x from 0 to infinity.
The inverse takes Halley's steps from a first guess, on the tail over the density, so that the smallest chance has all its digits.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from . import pair as p
from .coefficients import POLYNOMIALS
from .kernel import SQRT_HALF, erfinv_parts, erfinv_slope, ndtr, polynomial, square_parts, tail_parts

__all__ = ["erfcx", "erfcx_slope", "log_ndtr", "log_ndtr_slope", "ndtri", "ndtri_slope"]

TWO_OVER_ROOT_PI: Final = 1.1283791670955126
ROOT_TWO_PI: Final = 2.5066282746310002
ROOT_HALF_PI: Final = 1.2533141373155003
ROOT_TWO_OVER_PI: Final = 0.7978845608028654
ROOT_TWO: Final = (1.4142135623730951, -9.667293313452913e-17)


def scaled(a: Any, scale: float = 1.0) -> Any:
    """erfcx(scale · a) for a ≥ 0."""
    q, missing, _, _ = tail_parts(a, scale, scale * scale)
    return np.where(a > 1e16, TWO_OVER_ROOT_PI / (2.0 * scale) / a, q + missing)


def grown(x: Any) -> Any:
    """e^(x²)."""
    high, low = square_parts(np.clip(x, -40.0, 40.0))
    e = np.exp(high)
    return np.where(np.isinf(e), e, e + e * low)


def erfcx(x: Any) -> Any:
    """e^(x²) erfc(x): below 0 as 2 e^(x²) less its value at |x|."""
    right = scaled(np.abs(x))
    return np.where(x < 0, 2.0 * grown(x) - right, right)


def erfcx_slope(x: Any) -> Any:
    """2x erfcx(x) − 2/√π, which cancels on the right: there it is a polynomial over (1 + 2x)²."""
    a = np.minimum(np.abs(x), 1e150)
    b = 1.0 + 2.0 * a
    right = -polynomial((a - 4.0) / (a + 4.0), POLYNOMIALS["erfcx_slope"]) / b / b
    right = np.where(np.abs(x) > 1e150, -(0.5 * TWO_OVER_ROOT_PI / x) / x, right)
    return np.where(x < 0.25, 2.0 * x * erfcx(x) - TWO_OVER_ROOT_PI, np.where(np.isnan(x), x, right))


def log_ndtr(x: Any) -> Any:
    """log Φ(x): on the left −x²/2 + log(erfcx(|x|/√2)/2), on the right log(1 − Φ(−x))."""
    a = np.abs(x)
    left = np.log(0.5 * scaled(a, SQRT_HALF)) - (0.5 * a) * a
    return np.where(x < -1.0, left, np.where(x < 0, np.log(ndtr(x)), np.log1p(-ndtr(-a))))


def log_ndtr_slope(x: Any) -> Any:
    """The density over Φ(x): √(2/π) / erfcx(−x/√2) on the left, e^(−x²/2)/√(2π) / Φ(x) on the right."""
    a = np.abs(x)
    high, low = square_parts(a, 0.5)
    e = np.exp(-high)
    right = (e - e * low) / (ROOT_TWO_PI * ndtr(a))
    return np.where(x < 0, ROOT_TWO_OVER_PI / scaled(a, SQRT_HALF), right)


# Abramowitz and Stegun 26.2.23, off by 4.5e-4 at most: the place with the chance a above it, in t = √(−2 log a).
ABOVE: Final = (2.515517, 0.802853, 0.010328)
BELOW: Final = (1.0, 1.432788, 0.189269, 0.001308)


def tail_place(a: Any) -> tuple[Any, Any]:
    """Where the chance of more is a, for a up to 1/4, as a number and what is still missing."""
    t = np.sqrt(-2.0 * np.log(a))
    z = t - polynomial(t, ABOVE) / polynomial(t, BELOW)
    step = np.zeros_like(z)
    for _ in range(3):
        z = z + step
        high, low = square_parts(z, 0.5)
        share = a * (np.exp(np.minimum(high, 700.0)) * ROOT_TWO_PI) * np.exp(np.maximum(high - 700.0, 0.0))
        r = ROOT_HALF_PI * scaled(z, SQRT_HALF) - (share + share * low)
        step = r / (1.0 - 0.5 * z * r)
    return z, step


def parts(x: Any) -> tuple[Any, Any, Any, Any]:
    """Which chances lie in the middle; 2x − 1 for those; and the place, with what is missing, for the others."""
    middle = np.abs(x - 0.5) < 0.25
    u = np.where(middle, 2.0 * x - 1.0, 0.0)
    a = np.where(x < 0.5, x, 1.0 - x)
    z, step = tail_place(np.where(middle | ~(a > 0), 0.25, a))
    return middle, u, z, step


def edges(x: Any, at_0: float, at_1: float, inside: Any) -> Any:
    return np.where((x > 0) & (x < 1), inside, np.where(x == 0, at_0, np.where(x == 1, at_1, np.nan)))


def about_half(u: Any) -> Any:
    """√2 erfinv u, rounded once."""
    z, step = erfinv_parts(u)
    main, rest = p.exact_product(z, np.full_like(z, ROOT_TWO[0]))
    return np.copysign(main + (rest + (z * ROOT_TWO[1] + step * ROOT_TWO[0])), u)


def ndtri(x: Any) -> Any:
    """The number that a standard normal one is below with the chance x."""
    middle, u, z, step = parts(x)
    far = np.where(x < 0.5, -(z + step), z + step)
    return edges(x, -np.inf, np.inf, np.where(middle, about_half(u), far))


def ndtri_slope(x: Any) -> Any:
    """√(2π) e^(z²/2) at the place z, from the place with its missing part."""
    middle, u, z, step = parts(x)
    high, low = square_parts(z, 0.5)
    e = np.exp(np.minimum(high, 700.0)) * ROOT_TWO_PI
    far = (e + e * (low + z * step)) * np.exp(np.maximum(high - 700.0, 0.0))
    return edges(x, np.inf, np.inf, np.where(middle, erfinv_slope(u) / (0.5 * SQRT_HALF), far))
