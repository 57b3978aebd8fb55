"""Values of the modified Bessel functions of order 0 and 1, and of the slopes that would cancel, to about one unit in the last place.

Near 0 the power series has positive terms only; they are added on pairs of numbers, so that a difference of two such sums
has all its digits too. Far out Hankel's expansion takes over, in which the leading terms of a difference cancel before any
number is rounded.
"""

from __future__ import annotations

from math import factorial
from typing import Any, Final

import numpy as np

from . import pair as p
from .kernel import polynomial

__all__ = ["i0", "i0e", "i0e_slope", "i1", "i1e", "i1e_slope"]

FAR: Final = 24.0  # from here on the expansion has 18 digits
TERMS: Final = 75
# Σ t^k / (k!)² and Σ t^k / (k! (k + 1)!), constant first, as pairs.
ZERO: Final = [p.cut(1, factorial(k) ** 2) for k in range(TERMS)]
ONE: Final = [p.cut(1, factorial(k) * factorial(k + 1)) for k in range(TERMS)]


def hankel(order: int, count: int) -> list[int]:
    """The coefficients of (−1/x)^k in √(2πx) e^−x I(x), with their signs, times 8^k k!."""
    found = [1]
    for k in range(1, count):
        found.append(found[-1] * ((2 * k - 1) ** 2 - 4 * order * order))
    return found


HANKEL_0, HANKEL_1 = hankel(0, 40), hankel(1, 40)
FAR_0, FAR_1 = ([term / (8**k * factorial(k)) for k, term in enumerate(terms)] for terms in (HANKEL_0, HANKEL_1))
# i0e − i1e, and i0e − i1e − i1e/x, both times √(2πx): the constant terms are gone.
APART: Final = [a - b for a, b in zip(HANKEL_0, HANKEL_1, strict=True)]
GAP: Final = [term / (8**k * factorial(k)) for k, term in enumerate(APART)]
BEND: Final = [(term - (8 * k * HANKEL_1[k - 1] if k else 0)) / (8**k * factorial(k)) for k, term in enumerate(APART)]


def summed(terms: list[tuple[float, float]], t: p.Pair) -> p.Pair:
    """The polynomial in t with these coefficients."""
    total = (np.full_like(t[0], terms[-1][0]), np.full_like(t[0], terms[-1][1]))
    for high, low in reversed(terms[:-1]):
        total = p.add((np.full_like(t[0], high), np.full_like(t[0], low)), p.mul(total, t))
    return total


def near_sums(a: Any) -> tuple[p.Pair, p.Pair]:
    """I0(a) and 2·I1(a)/a, for 0 ≤ a < FAR."""
    h = 0.5 * a
    t = p.exact_product(h, h)
    return summed(ZERO, t), summed(ONE, t)


def far_sum(terms: list[float], a: Any) -> Any:
    """The expansion over √(2πa), for a ≥ FAR; it is cut off where its terms are smallest."""
    r = 1.0 / a
    return polynomial(r, terms) / (4.0 * np.sqrt(np.pi / 8.0 * a))


def split(x: Any) -> tuple[Any, Any, Any]:
    """|x|, the same held below FAR, and held above it."""
    a = np.abs(x)
    return a, np.minimum(a, FAR), np.where(np.isfinite(a), np.maximum(a, FAR), FAR)


def times(x: p.Pair, y: Any) -> p.Pair:
    return p.mul(x, (y, np.zeros_like(y)))


def damped(x: p.Pair, a: Any) -> Any:
    """x·e^−a, rounded once."""
    z = p.mul(x, p.exp((-a, np.zeros_like(a))))
    return z[0] + z[1]


def raised(x: Any, a: Any) -> Any:
    """x·e^a, where e^a alone may overflow."""
    half = np.exp(0.5 * np.minimum(a, 1500.0))
    return np.where(a > 1500.0, np.inf, (x * half) * half)


def picked(x: Any, near: Any, far: Any, end: float) -> Any:
    a = np.abs(x)
    return np.where(np.isnan(x), np.nan, np.where(np.isinf(a), end, np.where(a < FAR, near, far)))


def i0(x: Any) -> Any:
    """I0(x)."""
    _, near, far = split(x)
    zero, _ = near_sums(near)
    return picked(x, zero[0], raised(far_sum(FAR_0, far), far), np.inf)


def i1(x: Any) -> Any:
    """I1(x)."""
    _, near, far = split(x)
    _, one = near_sums(near)
    return np.copysign(picked(x, 0.5 * near * one[0], raised(far_sum(FAR_1, far), far), np.inf), x)


def i0e(x: Any) -> Any:
    """e^−|x| I0(x)."""
    _, near, far = split(x)
    zero, _ = near_sums(near)
    return picked(x, damped(zero, near), far_sum(FAR_0, far), 0.0)


def i1e(x: Any) -> Any:
    """e^−|x| I1(x)."""
    _, near, far = split(x)
    _, one = near_sums(near)
    return np.copysign(picked(x, damped(times(one, 0.5 * near), near), far_sum(FAR_1, far), 0.0), x)


def i0e_slope(x: Any) -> Any:
    """The derivative of i0e, ±(i1e − i0e): 0 at the corner."""
    _, near, far = split(x)
    zero, one = near_sums(near)
    gap = p.add(zero, p.negative(times(one, 0.5 * near)))
    return np.where(x == 0, 0.0, -np.sign(x) * picked(x, damped(gap, near), far_sum(GAP, far), 0.0))


def i1e_slope(x: Any) -> Any:
    """The derivative of i1e, i0e − i1e − i1e/x for x > 0, and the same on the other side."""
    _, near, far = split(x)
    zero, one = near_sums(near)
    bend = p.add(p.add(zero, p.negative(times(one, 0.5 * near))), times(one, np.full_like(near, -0.5)))
    return picked(x, damped(bend, near), far_sum(BEND, far), 0.0)
