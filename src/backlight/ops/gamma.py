"""Values of the logarithm of the gamma function and of its derivatives, to about one unit in the last place.

Arguments are shifted up to where Stirling's series has all its digits, on pairs of numbers, because a sum and a product of
nearly the same size meet there; negative arguments are reflected. About its zeros a function is a series of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial
from typing import Any, Final

import numpy as np

from . import pair as p
from .coefficients import DIGAMMA_ZEROS, LGAMMA_ZEROS
from .kernel import near_root, polynomial

__all__ = ["digamma", "lgamma", "polygamma"]

FAR: Final = 18.0  # from here on the series below have 17 digits
BERNOULLI: Final = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)
HALF_LOG_2PI: Final = (0.9189385332046728, -3.878294158067242e-17)
LOG_PI: Final = (1.1447298858494002, 1.0265951162707827e-17)


def pair(x: Any, like: Any) -> p.Pair:
    """A number as a pair of arrays."""
    return np.full_like(like, x), np.zeros_like(like)


def zeta_less_one(k: int) -> float:
    """ζ(k) − 1: Euler and Maclaurin's sum from 12 on."""
    n = 12.0
    tail = n ** (1 - k) / (k - 1) + n**-k / 2
    rising, power = float(k), n ** (-k - 1)
    for j, b in enumerate(BERNOULLI[:8], 1):
        tail += b / factorial(2 * j) * rising * power
        rising *= (k + 2 * j - 1) * (k + 2 * j)
        power /= n * n
    return sum(float(i) ** -k for i in range(11, 1, -1)) + tail


# lgamma(2 + d) = (1 − γ) d + Σ (−1)^k (ζ(k) − 1) d^k / k
ONE_LESS_EULER: Final = 0.42278433509846713
ABOUT_TWO: Final = (ONE_LESS_EULER, *((-1) ** k * zeta_less_one(k) / k for k in range(2, 46)))


STEPS: Final = np.arange(FAR)  # as many as take any positive number beyond FAR


def shifted(x: Any, low: Any) -> tuple[p.Pair, p.Pair, Any]:
    """x + low moved up by whole steps beyond FAR; the places on the way, along an axis in front; and which of them count."""
    places = p.exact_sum(*np.broadcast_arrays(x, STEPS.reshape(-1, *(1,) * np.ndim(x))))
    taken = places[0] < FAR
    far = p.exact_sum(x, np.sum(taken, axis=0).astype(np.float64))
    return p.settle(far[0], far[1] + low), (places[0], places[1] + low), taken


def joined(how: Any, parts: p.Pair) -> p.Pair:
    """Everything along the first axis joined by `how`, in pairs of neighbours, which takes a few calls of NumPy only."""
    while len(parts[0]) > 1:
        n = len(parts[0]) // 2
        a, b = (parts[0][:n], parts[1][:n]), (parts[0][n : 2 * n], parts[1][n : 2 * n])
        made, odd = how(a, b), (parts[0][2 * n :], parts[1][2 * n :])
        parts = (np.concatenate([made[0], odd[0]]), np.concatenate([made[1], odd[1]])) if len(odd[0]) else made
    return parts[0][0], parts[1][0]


BLOCK: Final = 2048  # numbers at a time, so that the places on the way stay in the processor's cache


def by_blocks(value: Any) -> Any:
    """The function of arrays, a block at a time."""

    def found(x: Any) -> Any:
        if np.size(x) <= BLOCK:
            return value(x)
        flat = np.ravel(x)
        return np.concatenate([value(flat[at : at + BLOCK]) for at in range(0, flat.size, BLOCK)]).reshape(np.shape(x))

    return found


def stirling(x: p.Pair) -> p.Pair:
    """lgamma x for x ≥ FAR: (x − 1/2) log x − x + log(2π)/2 + 1/(12x) − …"""
    big = x[0] > 1e15
    y = (np.where(big, FAR, x[0]), np.where(big, 0.0, x[1]))
    main = p.add(p.mul(p.add(y, pair(-0.5, y[0])), p.log(y)), p.negative(y))
    main = p.add(main, (np.full_like(y[0], HALF_LOG_2PI[0]), np.full_like(y[0], HALF_LOG_2PI[1])))
    main = p.add(main, p.div(pair(1.0, y[0]), p.mul(pair(12.0, y[0]), y)))
    r = 1.0 / y[0]
    rest = r**3 * polynomial(r * r, [b / (2 * j * (2 * j - 1)) for j, b in enumerate(BERNOULLI[1:], 2)])
    main = p.add(main, (rest, np.zeros_like(rest)))
    huge = x[0] * (np.log(x[0]) - 1.0) - 0.5 * np.log(x[0])  # the rest is below the last digit
    return np.where(big, huge, main[0]), np.where(big, 0.0, main[1])


def lgamma_positive(x: Any, low: Any) -> p.Pair:
    """lgamma of a positive pair."""
    far, places, taken = shifted(x, low)
    product = joined(p.mul, (np.where(taken, places[0], 1.0), np.where(taken, places[1], 0.0)))
    return p.add(stirling(far), p.negative(p.log(product)))


@by_blocks
def lgamma(x: Any) -> Any:
    """log |Γ(x)|."""
    positive = x > 0
    a = np.where(positive, np.clip(x, 1e-280, None), FAR)
    z = lgamma_positive(a, np.zeros_like(a))[0]
    z = np.where(x < 1e-17, -np.log(np.abs(x)), z)
    # About 1 and 2, where it is 0.
    near = (x >= 0.5) & (x <= 2.5)
    if np.any(near):
        lower = x < 1.25
        d = np.where(near, x - np.where(lower, 1.0, 2.0), 0.0)
        about = d * polynomial(d, ABOUT_TWO)
        z = np.where(near, np.where(lower, about - np.log1p(np.where(lower, d, 0.0)), about), z)
    negative = (x < -1e-17) & (x > -1e15)
    if np.any(negative):
        b = np.where(negative, x, -0.5)
        up = p.exact_sum(np.ones_like(b), -b)
        sine = p.sinpi(b)
        sine = (np.where(sine[0] < 0, -sine[0], sine[0]), np.where(sine[0] < 0, -sine[1], sine[1]))
        whole = sine[0] == 0
        sine = (np.where(whole, 1.0, sine[0]), np.where(whole, 0.0, sine[1]))
        reflected = p.add((np.full_like(b, LOG_PI[0]), np.full_like(b, LOG_PI[1])), p.negative(p.log(sine)))
        reflected = p.add(reflected, p.negative(lgamma_positive(*up)))
        z = np.where(negative, np.where(whole, np.inf, reflected[0]), z)
        if np.any(negative & (np.abs(z) < NEAR_ZERO)):
            z = about_zeros(LGAMMA_ZEROS, x, z)
    z = np.where(x > 1e300, x * (np.log(np.maximum(x, 1.0)) - 1.0), z)  # pairs cannot hold what overflows
    z = np.where((x == 0) | (x <= -1e15) | np.isinf(x), np.inf, z)
    return np.where(np.isnan(x), np.nan, z)


NEAR_ZERO: Final = 1e-3  # values below, of negative numbers: there what the sums of pairs leave out would be seen


def about_zeros(zeros: Sequence[Sequence[float]], x: Any, otherwise: Any) -> Any:
    """The Taylor series about a zero below 0 where it is so small, else the other values."""
    z = otherwise
    for high, low, *terms in zeros:
        d = (x - high) - low
        near = np.abs(d * terms[0]) < NEAR_ZERO
        z = np.where(near, d * polynomial(np.where(near, d, 0.0), terms), z)
    return z


def digamma_positive(x: Any, low: Any) -> p.Pair:
    """ψ of a positive pair: log x − 1/(2x) − 1/(12x²) + …"""
    far, places, taken = shifted(x, low)
    y = (np.minimum(far[0], 1e280), far[1])
    r = p.div(pair(1.0, x), y)
    z = p.add(p.log(y), (-r[0] / 2, -r[1] / 2))
    square = p.mul(r, r)
    z = p.add(z, p.negative(p.div(square, pair(12.0, x))))
    t = square[0]
    rest = -t * t * polynomial(t, [b / (2 * j) for j, b in enumerate(BERNOULLI[1:], 2)])
    z = p.add(z, (rest, np.zeros_like(rest)))
    terms = p.div(pair(1.0, places[0]), places)
    return p.add(z, p.negative(joined(p.add, (np.where(taken, terms[0], 0.0), np.where(taken, terms[1], 0.0)))))


@by_blocks
def digamma(x: Any) -> Any:
    """ψ(x), the slope of lgamma."""
    positive = x > 0
    tiny = np.abs(x) < 1e-17
    a = np.where(positive & ~tiny, x, FAR)
    z = near_root("digamma", a, digamma_positive(a, np.zeros_like(a))[0])
    z = np.where(x > 1e280, np.log(x), z)
    z = np.where(tiny, -1.0 / x, z)
    negative = (x < 0) & ~tiny & (x > -1e15)
    if np.any(negative):
        b = np.where(negative, x, -0.25)
        sine, cosine = p.sinpi(b), p.cospi(b)
        whole = sine[0] == 0
        sine = (np.where(whole, 1.0, sine[0]), np.where(whole, 0.0, sine[1]))
        turned = p.mul((np.full_like(b, p.PI[0]), np.full_like(b, p.PI[1])), p.div(cosine, sine))
        up = p.exact_sum(np.ones_like(b), -b)
        reflected = p.add(digamma_positive(*up), p.negative(turned))
        z = np.where(negative, np.where(whole, np.nan, reflected[0]), z)
        if np.any(negative & (np.abs(z) < NEAR_ZERO)):
            z = about_zeros(DIGAMMA_ZEROS, x, z)
    z = np.where((x <= -1e15) | np.isnan(x), np.nan, z)
    return np.where(x == np.inf, np.inf, z)


def cotangents(order: int) -> list[float]:
    """The derivative of this order of cot, as a polynomial in cot: each step is c → −(1 + c²) dp/dc."""
    terms = [0.0, 1.0]
    for _ in range(order):
        slope = [k * c for k, c in enumerate(terms)][1:]
        terms = [0.0] * (len(slope) + 2)
        for k, c in enumerate(slope):
            terms[k] -= c
            terms[k + 2] -= c
    return terms


def polygamma_positive(n: int, x: Any) -> Any:
    """|ψ^(n)(x)| for x > 0: all terms have one sign, so the smallest come first and nothing cancels."""
    far = x
    steps = []
    limit = FAR + 2 * n
    while np.any(far < limit):
        low = far < limit
        steps.append(np.where(low, factorial(n) / np.where(low, far, 1.0) ** (n + 1), 0.0))
        far = np.where(low, far + 1.0, far)
    r = 1.0 / far
    series = [b * factorial(2 * j + n - 1) / factorial(2 * j) for j, b in enumerate(BERNOULLI, 1)]
    z = r**n * (factorial(n - 1) + r * (factorial(n) / 2 + r * polynomial(r * r, series)))
    for term in reversed(steps):
        z = z + term
    return z


def polygamma(x: Any, order: int = 1) -> Any:
    """ψ^(order)(x)."""
    if order == 0:
        return digamma(x)
    sign = (-1.0) ** (order + 1)
    a = np.where(x > 0, x, 1.0)
    z = sign * polygamma_positive(order, a)
    z = np.where(np.isinf(a), 0.0, z)
    negative = x < 0
    if np.any(negative):
        b = np.where(negative & (x < -1e-30), x, -0.25)
        sine, cosine = p.sinpi(b), p.cospi(b)
        whole = sine[0] == 0
        cot = p.div(cosine, (np.where(whole, np.nan, sine[0]), sine[1]))
        turned = pair(0.0, b)
        for c in reversed(cotangents(order)):
            turned = p.add(p.mul(turned, cot), pair(c, b))
        for _ in range(order + 1):
            turned = p.mul(turned, (np.full_like(b, p.PI[0]), np.full_like(b, p.PI[1])))
        reflected = pair(0.0, b)
        reflected = ((-1.0) ** order * sign * polygamma_positive(order, 1.0 - b), reflected[1])
        far = np.abs(turned[0]) > 1e140  # beyond what pairs can hold
        z = np.where(negative, np.where(far, -turned[0], p.add(reflected, p.negative(turned))[0]), z)
        z = np.where(negative & whole, np.inf if order % 2 else np.nan, z)
    near = np.abs(x) <= 1e-30  # the pole at 0 drowns the rest
    z = np.where(near & negative, sign * factorial(order) / x ** (order + 1), z)
    z = np.where(x == 0, np.inf if order % 2 else np.copysign(np.inf, -x), z)
    return np.where(np.isnan(x), np.nan, z)
