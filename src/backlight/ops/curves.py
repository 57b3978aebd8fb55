"""Values of the smooth functions between layers, of sinc, and of the shares that their slopes are made of, in float64.

With t = e^(−|x|) all of them are quotients of small polynomials in t and x, which neither overflow nor cancel, except about
the zero of a slope, where its Taylor series takes over. Where e^x would be subnormal and lose its digits, it is multiplied
in as e^(x/2) twice.
"""

from __future__ import annotations

from math import factorial
from typing import Any, Final

import numpy as np

from . import pair as p
from .kernel import gauss, ndtr, near_root, polynomial, tail_parts

__all__ = [
    "direction", "gelu", "gelu_slope", "logaddexp", "mish", "mish_slope", "power_log", "power_slope", "share", "sigmoid", "silu", "silu_slope", "sinc",
    "sinc_slope", "softplus",
]  # fmt: skip

FAR: Final = -700.0  # e^x is still a normal number here


def damped(factor: Any, x: Any) -> Any:
    """factor · e^x for very negative x."""
    half = np.exp(0.5 * np.clip(x, -2000.0, 0.0))
    return (factor * half) * half


def single(x: Any) -> p.Pair:
    """A number as a pair."""
    return x, np.zeros_like(x)


def ratio(front: Any, above: p.Pair, below: p.Pair) -> Any:
    """front · above / below, rounded once."""
    q = p.div(above, below)
    return front * q[0] + front * q[1]


def series(terms: list[p.Pair], t: Any) -> p.Pair:
    """The polynomial in t with these coefficients, constant first."""
    total = terms[-1]
    for term in reversed(terms[:-1]):
        total = p.add(term, p.mul(total, single(t)))
    return total


def sigmoid(x: Any) -> Any:
    """1 / (1 + e^−x), the rounding of 1 + t made good."""
    t = np.exp(-np.abs(x))
    below, error = p.exact_sum(np.ones_like(t), t)
    q = np.where(x < 0, t, 1.0) / below
    return q - q * (error / below)


def softplus(x: Any) -> Any:
    """log(1 + e^x)."""
    return np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x)))


def silu(x: Any) -> Any:
    """x σ(x)."""
    b = np.maximum(x, -2000.0)
    return np.where(x < FAR, damped(b, b), b * sigmoid(b))


def silu_slope(x: Any) -> Any:
    """σ(x) (1 + x σ(−x))."""
    b = np.clip(x, -2000.0, 2000.0)
    t = np.exp(-np.abs(b))
    one = np.ones_like(b)
    up = p.exact_sum(one, b)
    whole = p.exact_sum(one, t)
    below = p.mul(whole, whole)
    left = ratio(t, p.add(up, single(t)), below)
    right = ratio(one, p.add(single(one), p.mul(up, single(t))), below)
    return near_root("silu", x, np.where(x < FAR, damped(1.0 + b, b), np.where(b < 0, left, right)))


def mish(x: Any) -> Any:
    """x tanh(log(1 + e^x))."""
    b = np.maximum(x, -2000.0)
    t = np.exp(-np.abs(b))
    one, two = np.ones_like(b), np.full_like(b, 2.0)
    left = b * ratio(t, p.exact_sum(two, t), series([single(two), single(two), single(one)], t))
    right = b * ratio(one, p.exact_sum(one, 2.0 * t), series([single(one), single(two), single(two)], t))
    return np.where(x < FAR, damped(b, b), np.where(x < 0, left, right))


def mish_slope(x: Any) -> Any:
    """Its derivative, over one denominator."""
    b = np.clip(x, -2000.0, 2000.0)
    t = np.exp(-np.abs(b))
    one, two, four = (np.full_like(b, n) for n in (1.0, 2.0, 4.0))
    up, six = p.exact_sum(four, 4.0 * b), p.exact_sum(np.full_like(b, 6.0), 4.0 * b)
    below = series([single(two), single(two), single(one)], t)
    left = ratio(t, series([up, six, single(four), single(one)], t), p.mul(below, below))
    below = series([single(one), single(two), single(two)], t)
    right = ratio(one, series([single(one), single(four), six, up], t), p.mul(below, below))
    return near_root("mish", x, np.where(x < FAR, damped(1.0 + b, b), np.where(b < 0, left, right)))


NORMAL: Final = 0.3989422804014327  # 1/√(2π)
SQRT_HALF: Final = 0.7071067811865476


def gelu_exact(x: Any) -> Any:
    """x Φ(x)."""
    b = np.maximum(x, -50.0)
    q, missing, low, high = tail_parts(np.abs(b), SQRT_HALF, 0.5)
    far = damped(0.5 * b * (q + (missing - q * low)), -high)
    return np.where(x < -30.0, far, b * ndtr(b))


def gelu_exact_slope(x: Any) -> Any:
    """Φ(x) + x φ(x); on the left with e^(−x²/2) in front of the bracket."""
    b = np.clip(x, -50.0, 50.0)
    q, missing, low, high = tail_parts(np.abs(b), SQRT_HALF, 0.5)
    bracket = 0.5 * q + (0.5 * missing + b * NORMAL)
    e = np.exp(-high)
    left = np.where(b < -30.0, damped(bracket - bracket * low, -high), e * bracket - e * (bracket * low))
    right = ndtr(b) + b * (NORMAL * gauss(b, 0.5))
    return near_root("gelu", x, np.where(b < -1.0, left, right))


CUBIC: Final = p.cut(44715, 1000000)
STEEP: Final = (1.5957691216057308, -9.96930880911092e-17)  # 2 √(2/π)


def gelu_argument(x: Any) -> p.Pair:
    """2 √(2/π) (x + 0.044715 x³)."""
    like = (np.full_like(x, CUBIC[0]), np.full_like(x, CUBIC[1]))
    square = p.exact_product(x, x)
    inner = p.add((np.ones_like(x), np.zeros_like(x)), p.mul(like, square))
    steep = (np.full_like(x, STEEP[0]), np.full_like(x, STEEP[1]))
    return p.mul(steep, p.mul((x, np.zeros_like(x)), inner))


def gelu_tanh(x: Any) -> Any:
    """x σ(2 √(2/π) (x + 0.044715 x³))."""
    b = np.clip(x, -60.0, 60.0)
    high, low = gelu_argument(b)
    t = np.exp(-np.abs(high))
    t = t - t * (low * np.sign(high))
    near = np.where(b < 0, b * (t / (1.0 + t)), b / (1.0 + t))
    return np.where(x > 60.0, x, np.where(high < FAR, damped(b + b * low, high), near))


def gelu_tanh_slope(x: Any) -> Any:
    """σ(v) (1 + x v′ σ(−v))."""
    b = np.clip(x, -60.0, 60.0)
    high, low = gelu_argument(b)
    t = np.exp(-np.abs(high))
    t = t - t * (low * np.sign(high))
    one = np.ones_like(b)
    cubic = (np.full_like(b, 3.0 * CUBIC[0]), np.full_like(b, 3.0 * CUBIC[1]))
    steep = (np.full_like(b, STEEP[0]), np.full_like(b, STEEP[1]))
    rise = p.mul(p.mul(steep, single(b)), p.add(single(one), p.mul(cubic, p.exact_product(b, b))))
    up, whole = p.add(single(one), rise), p.exact_sum(one, t)
    below = p.mul(whole, whole)
    left = ratio(t, p.add(up, single(t)), below)
    right = ratio(one, p.add(single(one), p.mul(up, single(t))), below)
    far = damped(up[0] * (1.0 + low), high)
    return near_root("gelu_tanh", x, np.where(high < FAR, far, np.where(b < 0, left, right)))


def gelu(x: Any, approximate: str = "none") -> Any:
    """x times the normal distribution function, or its approximation by tanh."""
    return gelu_exact(x) if approximate == "none" else gelu_tanh(x)


def gelu_slope(x: Any, approximate: str = "none") -> Any:
    """The derivative of gelu."""
    return gelu_exact_slope(x) if approximate == "none" else gelu_tanh_slope(x)


def sinc(x: Any) -> Any:
    """sin(πx) / (πx)."""
    b = np.where((np.abs(x) < 1e-9) | np.isinf(x), 1.0, x)
    c = np.clip(b, -1e17, 1e17)  # whole from 2^53 on
    angle = p.mul((np.full_like(c, p.PI[0]), np.full_like(c, p.PI[1])), (c, np.zeros_like(c)))
    found = p.div(p.sinpi(c), angle)[0]
    return np.where(np.abs(x) < 1e-9, 1.0, found)


# −(2k) π^2k / (2k + 1)! with alternating signs: the series of the slope over x, in x².
SINC_SLOPE: Final = [(-1) ** k * 2 * k * np.pi ** (2 * k) / factorial(2 * k + 1) for k in range(1, 13)]


def sinc_slope(x: Any) -> Any:
    """(cos πx − sinc x) / x, on pairs because the two terms meet again and again."""
    near = np.abs(x) < 0.3
    b = np.where(near | np.isinf(x), 1.0, x)
    whole = np.abs(b) > 1e17
    c = np.where(whole, 1.0, b)
    angle = p.mul((np.full_like(c, p.PI[0]), np.full_like(c, p.PI[1])), (c, np.zeros_like(c)))
    found = p.add(p.cospi(c), p.negative(p.div(p.sinpi(c), angle)))[0] / c
    d = np.where(near, x, 0.0)
    found = np.where(near, d * polynomial(d * d, SINC_SLOPE), np.where(whole, 1.0 / b, found))
    return np.where(np.isinf(x), 0.0, np.where(np.isnan(x), np.nan, found))


def direction(x: Any, y: Any) -> Any:
    """x / √(x² + y²), both scaled first so that nothing overflows or gets subnormal; 0 at the origin."""
    x, y = np.broadcast_arrays(x, y)
    endless = np.isinf(x) | np.isinf(y)
    a = np.where(endless, np.copysign(np.isinf(x), x), x)
    b = np.where(endless, np.where(np.isinf(y), 1.0, 0.0), y)
    steps = -np.frexp(np.maximum(np.abs(a), np.abs(b)))[1]
    a, b = np.ldexp(a, steps), np.ldexp(b, steps)
    h = np.hypot(a, b)
    return np.where(np.isnan(x) | np.isnan(y), np.nan, np.where(h == 0, 0.0, a / np.where(h == 0, 1.0, h)))


def share(x: Any, y: Any) -> Any:
    """e^x / (e^x + e^y), from x − y with its rounding error."""
    d, error = p.exact_sum(x, -y)
    z = sigmoid(d)
    return np.where(np.abs(error) > 0, z + z * (error * sigmoid(-d)), z)


def logaddexp(x: Any, y: Any) -> Any:
    """log(e^x + e^y); where it is nearly 0, as log(1 + (e^x + e^y − 1)) on pairs."""
    z = np.logaddexp(x, y)
    near = (np.abs(z) < 0.5) & (np.minimum(x, y) > -600.0)
    if np.any(near):
        a, b = np.where(near, x, 0.0), np.where(near, y, 0.0)
        none = np.zeros_like(a)
        less = p.add(p.add(p.exp((a, none)), (-np.ones_like(a), none)), p.exp((b, none)))
        z = np.where(near, np.log1p(less[0]) + less[1] / (1.0 + less[0]), z)
    return z


def power_slope(x: Any, y: Any) -> Any:
    """y x^(y−1): the rounding of y − 1 made good, and in two halves where x^(y−1) alone leaves the range."""
    x, y = np.broadcast_arrays(x, y)
    less, error = p.exact_sum(y, np.full_like(y, -1.0))
    z = np.power(x, less)
    edge = (np.abs(z) < 1e-290) | (np.abs(z) > 1e290)
    half = np.power(np.abs(x), 0.5 * less)
    z = np.where(edge & (x != 0) & np.isfinite(x), y * half * half * np.where(z < 0, -1.0, 1.0), y * z)
    z = np.where((error != 0) & (x > 0) & np.isfinite(x) & np.isfinite(z), z + z * (error * np.log(np.abs(x))), z)
    return np.where(y == 0, 0.0, z)


def power_log(x: Any, y: Any) -> Any:
    """x^y log x, whose limit at x = 0 is 0, or −∞ below y = 0."""
    x, y = np.broadcast_arrays(x, y)
    half = np.power(x, 0.5 * y)
    z = np.power(x, y)
    edge = (z < 1e-290) | (z > 1e290)
    z = np.where(edge, (half * np.log(x)) * half, z * np.log(x))
    return np.where(x == 0, np.where(y < 0, -np.inf, 0.0), z)
