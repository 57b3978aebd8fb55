"""How elliptic integrals move with their parameter m: from the integrals themselves, and near m = 0 by series.

The formulas subtract numbers that are nearly equal there and divide by m, so they lose every digit that m has zeros in front.
"""

from __future__ import annotations

from typing import Any, Final

from ... import ops

__all__ = ["complete_first", "complete_second", "first", "second", "where_zero"]

NEAR: Final = 0.1  # below it the series are taken: 18 terms are exact to the last digit
TERMS: Final = 18


def where_zero(x: Any, limit: Any, rule: Any) -> Any:
    """A rule of x, and its limit at 0, where it is no number."""
    none = ops.equal(x, 0.0)
    return ops.where(none, limit, rule(ops.where(none, 0.5, x)))


def far_and_near(k: Any, far: Any, near: Any) -> Any:
    """A rule of m away from 0 and one close to it."""
    close = ops.less(ops.abs(k), NEAR)
    return ops.where(close, near(ops.where(close, k, 0.0)), far(ops.where(close, 0.5, k)))


def series(k: Any, a: float, b: float, c: float) -> Any:
    """The hypergeometric series Σ (a)ₙ(b)ₙ / ((c)ₙ n!) · mⁿ."""
    total: Any = 1.0
    for n in reversed(range(TERMS)):
        total = total * k * ((a + n) * (b + n) / ((c + n) * (n + 1.0))) + 1.0
    return total


EIGHTH: Final = 0.39269908169872415  # π/8


def complete_first(k: Any, first: Any, second: Any) -> Any:
    """dK/dm, from K and E at m: the functions `first` and `second`."""
    return far_and_near(
        k, lambda k: (second(k) / (1.0 - k) - first(k)) / (2.0 * k), lambda k: series(k, 1.5, 1.5, 2.0) * EIGHTH
    )


def complete_second(k: Any, first: Any, second: Any) -> Any:
    """dE/dm."""
    return far_and_near(k, lambda k: (second(k) - first(k)) / (2.0 * k), lambda k: series(k, 0.5, 1.5, 2.0) * -EIGHTH)


def powers(t: Any, k: Any, a: float) -> Any:
    """½ ∫₀ᵗ sin²(s) · Σ (a)ₙ/n! · (m sin²(s))ⁿ ds, the integrals of the powers of the sine one from the other."""
    sine, product = ops.sin(t), ops.sin(t) * ops.cos(t)
    integral, power, weight = t, product, 0.5
    total: Any = 0.0
    for n in range(TERMS):
        integral = ((2.0 * n + 1.0) * integral - power) / (2.0 * n + 2.0)
        total = total + weight * integral
        power, weight = power * sine * sine, weight * k * ((a + n) / (n + 1.0))
    return total


def first(t: Any, k: Any, first: Any, second: Any) -> Any:
    """dF(t, m)/dm of the incomplete integral of the first kind."""
    return far_and_near(
        k,
        lambda k: (second(t, k) / (1.0 - k) - first(t, k)) / (2.0 * k)
        - ops.sin(t) * ops.cos(t) / (2.0 * (1.0 - k) * ops.sqrt(1.0 - k * ops.sin(t) ** 2)),
        lambda k: powers(t, k, 1.5),
    )


def second(t: Any, k: Any, first: Any, second: Any) -> Any:
    """dE(t, m)/dm of the second kind."""
    return far_and_near(k, lambda k: (second(t, k) - first(t, k)) / (2.0 * k), lambda k: -powers(t, k, 0.5))
