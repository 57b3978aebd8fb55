"""What the elementwise rows and their derivatives should give, from mpmath with hundreds of bits; and how far off a result is.

Every formula here is one that does not cancel, or is given the bits to. Sizes beyond what mpmath can exponentiate are cut
off where the result has long been 0, 1 or infinite in every format.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np

__all__ = ["BINARY", "POLES", "SLOW", "UNARY", "Truth", "exact", "numbers", "pairs_of_numbers", "units"]

Function = Callable[..., Any]
ANYWHERE: tuple[float, float] = (-1e308, 1e308)


class Truth(NamedTuple):
    """One row: its true value, its true derivatives, where it is defined, its settings and the bits that it takes.

    Derivatives are None where the row is itself a derivative, written as a row for the sake of its digits.
    """

    value: Function
    slopes: tuple[Function | None, ...]
    inside: tuple[float, float] = ANYWHERE
    attrs: tuple[tuple[str, Any], ...] = ()
    bits: int = 220


def e(x: Any) -> Any:
    """e^x, cut off where no format reaches."""
    return mp.exp(min(max(x, mp.mpf(-100000)), mp.mpf(100000)))


def s(x: Any) -> Any:
    """The logistic curve, without cancellation on either side."""
    return 1 / (1 + e(-x))


def sech2(x: Any) -> Any:
    t = e(-2 * abs(x))
    return 4 * t / (1 + t) ** 2


def softplus(x: Any) -> Any:
    return max(x, mp.mpf(0)) + mp.log1p(e(-abs(x)))


def density(x: Any) -> Any:
    return e(-x * x / 2) / mp.sqrt(2 * mp.pi)


def below(x: Any) -> Any:
    return mp.ncdf(x) if abs(x) < 400 else mp.mpf(x > 0)


def erfcx(x: Any) -> Any:
    """e^(x²) erfc x; far right by its asymptotic series."""
    if x > 10000:
        return tail_sum(x, 0) / (x * mp.sqrt(mp.pi))
    return 2 * e(x * x) if x < -400 else mp.exp(x * x) * mp.erfc(x)


def tail_sum(x: Any, first: int) -> Any:
    """1 − 1/(2x²) + 3/(2x²)² − …, from this term on."""
    return mp.fsum((-1) ** k * mp.fac2(2 * k - 1) / (2 * x * x) ** k for k in range(first, 12))


def erfcx_slope(x: Any) -> Any:
    if x > 10000:
        return 2 / mp.sqrt(mp.pi) * tail_sum(x, 1)
    return 2 * x * erfcx(x) - 2 / mp.sqrt(mp.pi)


def log_below(x: Any) -> Any:
    """log Φ(x), from erfcx on the left and by log1p on the right."""
    if x < 0:
        return mp.log(erfcx(-x / mp.sqrt(2)) / 2) - x * x / 2
    return mp.log1p(-below(-x))


def density_share(x: Any) -> Any:
    return mp.sqrt(2 / mp.pi) / erfcx(-x / mp.sqrt(2)) if x < 400 else 0 * ONE


def quantile(p: Any) -> Any:
    """Where Φ is p: Newton's steps on log Φ, which is concave, from the left."""
    if p >= 0.5:
        return -quantile(1 - p) if p > 0.5 else 0 * ONE
    x = -mp.sqrt(-2 * mp.log(p)) - 1
    for _ in range(60):
        step = (log_below(x) - mp.log(p)) / density_share(x)
        x -= step
        if abs(step) < mp.mpf(2) ** (8 - mp.mp.prec) * abs(x) or abs(step) < mp.mpf(2) ** -2000:
            break
    return x


def quantile_slope(p: Any) -> Any:
    x = quantile(p)
    return mp.sqrt(2 * mp.pi) * mp.exp(x * x / 2)


def gelu_argument(x: Any) -> Any:
    return 2 * mp.sqrt(2 / mp.pi) * (x + 44715 * x**3 / 1000000)


def gelu_tanh_slope(x: Any) -> Any:
    v = gelu_argument(x)
    return s(v) * (1 + x * 2 * mp.sqrt(2 / mp.pi) * (1 + 3 * 44715 * x * x / 1000000) * s(-v))


def mish(x: Any) -> Any:
    if x > 500:
        return x
    t = e(x)
    return x * t * (t + 2) / (t * (t + 2) + 2)


def mish_slope(x: Any) -> Any:
    if x > 500:
        return mp.mpf(1)
    t = e(x)
    return t * (t**3 + 4 * t * t + 6 * t + 4 + 4 * x * (1 + t)) / (t * (t + 2) + 2) ** 2


def sinc_slope(x: Any) -> Any:
    if abs(x) < mp.mpf(2) ** -60:
        return -mp.pi**2 * x / 3
    return (mp.cospi(x) - mp.sinpi(x) / (mp.pi * x)) / x


def lgamma(x: Any) -> Any:
    return mp.loggamma(x) if x > 0 else mp.log(mp.pi / abs(mp.sinpi(x))) - mp.loggamma(1 - x)


def root3(x: Any) -> Any:
    return mp.sign(x) * mp.cbrt(abs(x))


def steps(f: Function) -> Truth:
    return Truth(f, (lambda x: mp.mpf(0),))


def held(x: Any) -> Any:
    """Cut off where the Bessel functions have long left every format."""
    return min(max(x, mp.mpf(-800)), mp.mpf(800))


def hankel(n: int, x: Any) -> Any:
    """e^−x I(x) for large x: Hankel's expansion, exact to 60 digits from 200 on."""
    total = term = mp.mpf(1)
    for k in range(1, 80):
        term *= -(4 * n * n - (2 * k - 1) ** 2) / (8 * k * x)
        total += term
    return total / mp.sqrt(2 * mp.pi * x)


def grown(n: int, x: Any) -> Any:
    """e^−|x| I(x), odd for order 1."""
    a = abs(x)
    z = mp.exp(-a) * mp.besseli(n, a) if a < 200 else hankel(n, a)
    return z if x > 0 or n == 0 else -z


def i0e_slope(x: Any) -> Any:
    return mp.sign(x) * (grown(1, abs(x)) - grown(0, x))


def i1e_slope(x: Any) -> Any:
    return grown(0, x) - grown(1, abs(x)) - grown(1, abs(x)) / abs(x)


ONE = mp.mpf(1)


def half_root_pi() -> Any:
    return mp.sqrt(mp.pi) / 2


def selu(x: Any) -> Any:
    return SCALE * x if x > 0 else SCALE * ALPHA * mp.expm1(max(x, -9999))


with mp.workprec(120):
    SCALE, ALPHA = mp.mpf("1.0507009873554804934193349852946"), mp.mpf("1.6732632423543772848170429916717")
CIRCLE = 1400  # bits: the largest double, reduced by π; or 1 and what is as small, beside each other

UNARY: dict[str, Truth] = {
    "neg": Truth(lambda x: -x, (lambda x: -ONE,)),
    "abs": Truth(abs, (mp.sign,)),
    "sign": steps(mp.sign),
    "square": Truth(lambda x: x * x, (lambda x: 2 * x,)),
    "reciprocal": Truth(lambda x: 1 / x, (lambda x: -1 / x**2,)),
    "sqrt": Truth(mp.sqrt, (lambda x: 1 / (2 * mp.sqrt(x)),), (0, 1e308)),
    "cbrt": Truth(root3, (lambda x: 1 / (3 * root3(x) ** 2),)),
    "rsqrt": Truth(lambda x: 1 / mp.sqrt(x), (lambda x: -1 / (2 * x * mp.sqrt(x)),), (0, 1e308)),
    "exp": Truth(e, (e,)),
    "exp2": Truth(lambda x: e(x * mp.ln2), (lambda x: mp.ln2 * e(x * mp.ln2),)),
    "expm1": Truth(lambda x: mp.expm1(min(max(x, -9999), 9999)), (e,)),
    "log": Truth(mp.log, (lambda x: 1 / x,), (0, 1e308)),
    "log2": Truth(lambda x: mp.log(x) / mp.ln2, (lambda x: 1 / (x * mp.ln2),), (0, 1e308)),
    "log10": Truth(mp.log10, (lambda x: 1 / (x * mp.ln10),), (0, 1e308)),
    "log1p": Truth(mp.log1p, (lambda x: 1 / (1 + x),), (-1, 1e308)),
    "sin": Truth(mp.sin, (mp.cos,), bits=CIRCLE),
    "cos": Truth(mp.cos, (lambda x: -mp.sin(x),), bits=CIRCLE),
    "tan": Truth(mp.tan, (lambda x: 1 + mp.tan(x) ** 2,), bits=CIRCLE),
    "asin": Truth(mp.asin, (lambda x: 1 / mp.sqrt((1 - x) * (1 + x)),), (-1, 1)),
    "acos": Truth(mp.acos, (lambda x: -1 / mp.sqrt((1 - x) * (1 + x)),), (-1, 1)),
    "atan": Truth(mp.atan, (lambda x: 1 / (1 + x * x),)),
    "sinh": Truth(lambda x: mp.sinh(min(max(x, -9999), 9999)), (lambda x: (e(x) + e(-x)) / 2,)),
    "cosh": Truth(lambda x: (e(x) + e(-x)) / 2, (lambda x: mp.sinh(min(max(x, -9999), 9999)),)),
    "tanh": Truth(lambda x: mp.tanh(min(max(x, -9999), 9999)), (sech2,)),
    "asinh": Truth(mp.asinh, (lambda x: 1 / mp.sqrt(1 + x * x),)),
    "acosh": Truth(mp.acosh, (lambda x: 1 / mp.sqrt((x - 1) * (x + 1)),), (1, 1e308)),
    "atanh": Truth(mp.atanh, (lambda x: 1 / ((1 - x) * (1 + x)),), (-1, 1)),
    "sigmoid": Truth(s, (lambda x: s(x) * s(-x),)),
    "log_sigmoid": Truth(lambda x: -softplus(-x), (lambda x: s(-x),)),
    "softplus": Truth(softplus, (s,)),
    "relu": Truth(lambda x: max(x, mp.mpf(0)), (lambda x: ONE * (x > 0),)),
    "leaky_relu": Truth(lambda x: x if x > 0 else x / 100, (lambda x: ONE if x > 0 else ONE / 100,)),
    "elu": Truth(lambda x: x if x > 0 else mp.expm1(max(x, -9999)), (lambda x: ONE if x > 0 else e(x),)),
    "selu": Truth(selu, (lambda x: SCALE if x > 0 else SCALE * ALPHA * e(x),)),
    "celu": Truth(lambda x: x if x > 0 else mp.expm1(max(x, -9999)), (lambda x: ONE if x > 0 else e(x),)),
    "gelu": Truth(lambda x: x * below(x), (lambda x: below(x) + x * density(x),)),
    "gelu tanh": Truth(lambda x: x * s(gelu_argument(x)), (gelu_tanh_slope,), attrs=(("approximate", "tanh"),)),
    "silu": Truth(lambda x: x * s(x), (lambda x: s(x) * (1 + x * s(-x)),)),
    "mish": Truth(mish, (mish_slope,)),
    "hardtanh": Truth(lambda x: min(max(x, -ONE), ONE), (lambda x: ONE * (-1 < x < 1),)),
    "hard_sigmoid": Truth(lambda x: min(max(x / 6 + ONE / 2, 0 * ONE), ONE), (lambda x: ONE / 6 * (-3 < x < 3),)),
    "hard_swish": Truth(
        lambda x: 0 * ONE if x <= -3 else x if x >= 3 else x * (x + 3) / 6,
        (lambda x: 0 * ONE if x <= -3 else ONE if x >= 3 else (2 * x + 3) / 6,),
    ),
    "softsign": Truth(lambda x: x / (1 + abs(x)), (lambda x: 1 / (1 + abs(x)) ** 2,)),
    "erf": Truth(lambda x: mp.erf(min(max(x, -99), 99)), (lambda x: e(-x * x) / half_root_pi(),)),
    "erfc": Truth(lambda x: mp.erfc(min(max(x, -99), 99)), (lambda x: -e(-x * x) / half_root_pi(),)),
    "erfinv": Truth(mp.erfinv, (lambda x: half_root_pi() * mp.exp(mp.erfinv(x) ** 2),), (-1, 1)),
    "lgamma": Truth(lgamma, (mp.digamma,), (-200, 1e305)),
    "digamma": Truth(mp.digamma, (lambda x: mp.polygamma(1, x),), (-200, 1e100)),
    "polygamma": Truth(lambda x: mp.polygamma(1, x), (lambda x: mp.polygamma(2, x),), (-200, 1e100)),
    "gauss": Truth(lambda x: e(-x * x), (lambda x: -2 * x * e(-x * x),)),
    "gauss half": Truth(lambda x: e(-x * x / 2), (lambda x: -x * e(-x * x / 2),), attrs=(("rate", 0.5),)),
    "ndtr": Truth(below, (density,)),
    "erfcx": Truth(erfcx, (erfcx_slope,)),
    "erfcx_slope": Truth(erfcx_slope, (None,)),
    "log_ndtr": Truth(log_below, (lambda x: density_share(x),)),
    "log_ndtr_slope": Truth(lambda x: density_share(x), (None,)),
    "ndtri": Truth(quantile, (quantile_slope,), (0, 1)),
    "ndtri_slope": Truth(quantile_slope, (None,), (0, 1)),
    "sinc": Truth(lambda x: mp.sinpi(x) / (mp.pi * x), (sinc_slope,)),
    "i0": Truth(lambda x: mp.besseli(0, held(x)), (lambda x: mp.besseli(1, held(x)),)),
    "i1": Truth(lambda x: mp.besseli(1, held(x)), (lambda x: mp.besseli(0, held(x)) - mp.besseli(1, held(x)) / held(x),)),
    "i0e": Truth(lambda x: grown(0, x), (i0e_slope,), bits=CIRCLE),
    "i1e": Truth(lambda x: grown(1, x), (i1e_slope,), bits=CIRCLE),
    "i0e_slope": Truth(i0e_slope, (None,), bits=CIRCLE),
    "i1e_slope": Truth(i1e_slope, (None,), bits=CIRCLE),
    "floor": steps(mp.floor),
    "ceil": steps(mp.ceil),
    "round": steps(mp.nint),
    "trunc": steps(lambda x: mp.sign(x) * mp.floor(abs(x))),
    "tanh_slope": Truth(sech2, (lambda x: -2 * mp.tanh(min(max(x, -9999), 9999)) * sech2(x),)),
    "gelu_slope": Truth(lambda x: below(x) + x * density(x), (None,)),
    "silu_slope": Truth(lambda x: s(x) * (1 + x * s(-x)), (None,)),
    "mish_slope": Truth(mish_slope, (None,)),
    "sinc_slope": Truth(sinc_slope, (None,)),
    "erfinv_slope": Truth(lambda x: half_root_pi() * mp.exp(mp.erfinv(x) ** 2), (None,), (-1, 1)),
}
POLES = {"lgamma", "digamma", "polygamma"}  # at the negative whole numbers
SLOW = {  # to compute with so many bits
    "ndtri", "ndtri_slope",
    "i0", "i1", "i0e", "i1e", "i0e_slope", "i1e_slope", "erfinv", "erfinv_slope", "lgamma", "digamma", "polygamma",
}  # fmt: skip


def power(x: Any, y: Any) -> Any:
    """x^y for x > 0."""
    return e(y * mp.log(x))


def angle_part(x: Any, y: Any) -> Any:
    return x / (x * x + y * y)


def sum_of(x: Any, y: Any) -> Any:
    return max(x, y) + mp.log1p(e(-abs(x - y)))


def larger(x: Any, y: Any) -> Any:
    """1 where x is the larger, half in a tie."""
    return ONE / 2 if x == y else ONE * (x > y)


def length(x: Any, y: Any) -> Any:
    return mp.sqrt(x * x + y * y)


POSITIVE = (0, 1e308)
BINARY: dict[str, Truth] = {
    "add": Truth(lambda x, y: x + y, (lambda x, y: ONE, lambda x, y: ONE), bits=2200),
    "sub": Truth(lambda x, y: x - y, (lambda x, y: ONE, lambda x, y: -ONE), bits=2200),
    "mul": Truth(lambda x, y: x * y, (lambda x, y: y, lambda x, y: x)),
    "div": Truth(lambda x, y: x / y, (lambda x, y: 1 / y, lambda x, y: -x / y**2)),
    "pow": Truth(power, (lambda x, y: y * power(x, y - 1), lambda x, y: power(x, y) * mp.log(x)), POSITIVE, bits=2200),
    "mod": Truth(
        lambda x, y: x - y * mp.floor(x / y), (lambda x, y: ONE, lambda x, y: -mp.floor(x / y)), bits=4400
    ),
    "floor_div": Truth(lambda x, y: mp.floor(x / y), (lambda x, y: mp.mpf(0), lambda x, y: mp.mpf(0)), bits=4400),
    "maximum": Truth(max, (lambda x, y: larger(x, y), lambda x, y: larger(y, x))),
    "minimum": Truth(min, (lambda x, y: larger(y, x), lambda x, y: larger(x, y))),
    "atan2": Truth(mp.atan2, (lambda y, x: angle_part(x, y), lambda y, x: -angle_part(y, x)), bits=4400),
    "hypot": Truth(length, (lambda x, y: x / length(x, y), lambda x, y: y / length(x, y)), bits=4400),
    "direction": Truth(lambda x, y: x / length(x, y), (None, None), bits=4400),
    "logaddexp": Truth(sum_of, (lambda x, y: s(x - y), lambda x, y: s(y - x)), bits=2200),
    "share": Truth(lambda x, y: s(x - y), (lambda x, y: s(x - y) * s(y - x), lambda x, y: -s(x - y) * s(y - x)), bits=2200),
    "xlogy": Truth(lambda x, y: x * mp.log(y), (lambda x, y: mp.log(y), lambda x, y: x / y), POSITIVE),
    "xlog1py": Truth(
        lambda x, y: x * mp.log1p(y), (lambda x, y: mp.log1p(y), lambda x, y: x / (1 + y)), POSITIVE, bits=2200
    ),
    "copysign": Truth(
        lambda x, y: abs(x) * mp.sign(y), (lambda x, y: mp.sign(x) * mp.sign(y), lambda x, y: mp.mpf(0))
    ),
    "power_slope": Truth(lambda x, y: y * power(x, y - 1), (None, None), POSITIVE, bits=2200),
    "power_log": Truth(lambda x, y: power(x, y) * mp.log(x), (None, None), POSITIVE, bits=2200),
}


def numbers(dtype: Any, inside: tuple[float, float], count: int, whole_too: bool = True) -> np.ndarray[Any, Any]:
    """Numbers of every size inside an interval: by their logarithm, evenly, near its ends, at its edges and special places;
    without the negative whole numbers where those are poles.
    """
    random = np.random.default_rng(7)
    limits = np.finfo(dtype)
    low, high = float(limits.minexp) * 0.301, float(limits.maxexp) * 0.301
    spans = [(low, high, count), (-3, 3, 2 * count), (-17, 0, count)]
    sizes = 10 ** np.concatenate([random.uniform(*span) for span in spans])
    near = np.concatenate([1 + sizes[-count:], 1 - sizes[-count:], 2 - sizes[-count:], sizes[-count:] - 1])
    even = np.concatenate([random.uniform(-a, a, count) for a in (1.5, 6, 40, 750)])
    special = np.array([0.5, 1, 1.5, 2, 3, 2.5, np.pi, 1e5, 709.7, 744.4, 88.7, 103.9, 354.9, 36.9, 20.1, 1e-8])
    tiny = float(limits.tiny) * np.array([1, 0.5, 0.3, 1e-3])
    whole = np.concatenate([sizes, -sizes, near, even, special, -special, tiny, -tiny, [float(limits.max), -float(limits.max)]])
    with np.errstate(over="ignore", under="ignore"):
        found = np.unique(whole.astype(dtype))
    wide = found.astype(np.float64)
    found = found[(wide > inside[0]) & (wide < inside[1]) & (wide != 0) & np.isfinite(wide)]
    return found if whole_too else found[(found > 0) | (found != np.floor(found))]


def pairs_of_numbers(dtype: Any, inside: tuple[float, float], count: int) -> tuple[Any, Any]:
    """Pairs of such numbers: of any two sizes, of nearly one size, and of the sizes that people use."""
    random = np.random.default_rng(8)
    every = numbers(dtype, inside, 60)
    usual = every[(np.abs(every) > 1e-3) & (np.abs(every) < 1e3)]
    x = np.concatenate([random.choice(every, count), random.choice(usual, count), random.choice(every, count)])
    y = np.concatenate([random.choice(every, count), random.choice(usual, count), random.choice(usual, count)])
    close = random.choice(usual, count)
    with np.errstate(over="ignore"):
        y = np.concatenate([y, close * random.uniform(0.5, 2, count).astype(dtype)])
    return np.concatenate([x, close]), y


def exact(f: Function, bits: int, *operands: Any) -> Any:
    """The true result at these operands."""
    with mp.workprec(bits):
        return f(*(mp.mpf(float(x)) for x in operands))


def units(found: Any, true: Any, dtype: Any) -> float:
    """How many units in the last place a result is away; 0 where the true one is no normal number.

    Beyond the largest number infinity is right, and so is the largest number within a unit of it.
    """
    limits = np.finfo(dtype)
    size = abs(true)
    if size < float(limits.tiny):
        return 0.0 if abs(found) <= 2 * float(limits.tiny) else float("inf")
    if size > mp.mpf(float(limits.max)) * (1 + mp.mpf(2) ** -(limits.nmant + 2)):
        return 0.0 if np.isinf(found) and (found > 0) == (true > 0) else float("inf")
    if not np.isfinite(found):
        return 0.0 if np.isinf(found) and size > mp.mpf(float(limits.max)) * (1 - 4 * float(limits.eps)) else float("inf")
    with mp.workprec(120):
        unit = mp.ldexp(1, int(mp.floor(mp.log(size, 2))) - limits.nmant)
        return float(abs(mp.mpf(float(found)) - true) / unit)
