"""What the scalar functions should give, from mpmath; and how many units in the last place a result is away."""

from __future__ import annotations

import mpmath as mp
import numpy as np
from tests.ops import truth


def mish_slope(x: mp.mpf) -> mp.mpf:
    t = mp.exp(x)
    return t * (t**3 + 4 * t * t + 6 * t + 4 + 4 * x * (1 + t)) / (t * (t + 2) + 2) ** 2


def off_the_poles(x: np.ndarray) -> np.ndarray:
    """Where the relatives of the gamma function are finite, and mpmath still answers."""
    return (x > 0) | ((x > -1e9) & (x != np.rint(x)))


EXACT = {
    "exp": mp.exp, "exp2": lambda x: mp.power(2, x), "exp10": lambda x: mp.power(10, x), "expm1": mp.expm1,
    "sinh": mp.sinh, "cosh": mp.cosh, "tanh": mp.tanh, "tanh_slope": lambda x: mp.sech(x) ** 2,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "log": mp.log, "log2": lambda x: mp.log(x) / mp.log(2), "log10": mp.log10, "log1p": mp.log1p,
    "asinh": mp.asinh, "acosh": mp.acosh, "atanh": mp.atanh, "sin": mp.sin, "cos": mp.cos, "tan": mp.tan,
    "asin": mp.asin, "acos": mp.acos, "atan": mp.atan, "erf": mp.erf, "erfc": mp.erfc,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)), "pow": mp.power, "atan2": mp.atan2,
    "hypot": lambda x, y: mp.sqrt(x * x + y * y), "erfinv": mp.erfinv,
    "erfinv_slope": lambda x: mp.sqrt(mp.pi) / 2 * mp.exp(mp.erfinv(x) ** 2), "sinc": mp.sincpi,
    "sinc_slope": lambda x: mp.mpf(0) if x == 0 else (mp.cospi(x) - mp.sincpi(x)) / x, "mish_slope": mish_slope,
    "erfcx": truth.erfcx, "erfcx_slope": truth.erfcx_slope, "log_ndtr": truth.log_below, "log_ndtr_slope": truth.density_share,
    **{name: truth.UNARY[name].value for name in ("i0", "i1", "i0e", "i1e", "i0e_slope", "i1e_slope")},
    "direction": lambda x, y: x / mp.sqrt(x * x + y * y),
    "ndtri": truth.quantile, "ndtri_slope": truth.quantile_slope,
    "lgamma": lambda x: mp.re(mp.loggamma(x)), "digamma": mp.digamma,
    **{f"polygamma{n}": lambda x, n=n: mp.psi(n, x) for n in range(1, 5)},
    "power_log": lambda x, y: mp.power(x, y) * mp.log(x), "power_slope": lambda x, y: y * mp.power(x, y - 1),
}
DOMAIN = {
    "log": lambda x: x > 0, "log2": lambda x: x > 0, "log10": lambda x: x > 0, "log1p": lambda x: x > -1,
    "asin": lambda x: abs(x) <= 1, "acos": lambda x: abs(x) <= 1, "atanh": lambda x: abs(x) < 1,
    "acosh": lambda x: x >= 1, "erfinv": lambda x: abs(x) < 1, "erfinv_slope": lambda x: abs(x) < 1,
    "ndtri": lambda x: (x > 0) & (x < 1), "ndtri_slope": lambda x: (x > 0) & (x < 1),
    "lgamma": off_the_poles, "digamma": off_the_poles, **dict.fromkeys((f"polygamma{n}" for n in range(1, 5)), off_the_poles),
}
# Where mpmath would form a number of millions of digits: what the function is there, on the left and on the right.
FLAT = {
    "exp": (0, mp.inf), "exp2": (0, mp.inf), "exp10": (0, mp.inf), "expm1": (-1, mp.inf), "sinh": (-mp.inf, mp.inf),
    "cosh": (mp.inf, mp.inf), "tanh": (-1, 1), "sigmoid": (0, 1), "erf": (-1, 1), "erfc": (2, 0), "mish_slope": (0, 1),
    "tanh_slope": (0, 0),
}
ODD = {"expm1", "sinh", "tanh", "asinh", "atanh", "log1p", "asin", "atan", "sin", "tan", "erf"}


def exact(name: str, *operands: float) -> mp.mpf:
    """Return the function to many digits."""
    x = mp.mpf(operands[0])
    if name in FLAT and abs(x) > 2000:
        return mp.mpf(FLAT[name][x > 0])
    if name in ODD and abs(x) < mp.mpf(2) ** -90:
        return x * (2 / mp.sqrt(mp.pi) if name == "erf" else 1)
    if name in {"pow", "power_log", "power_slope"}:
        with mp.workprec(300):
            y = mp.mpf(operands[1]) - (name == "power_slope")
            exponent = y * mp.log(x)
            factor = {"pow": 1, "power_log": mp.log(x), "power_slope": mp.mpf(operands[1])}[name]
            size = mp.exp(exponent) if abs(exponent) < 2000 else mp.mpf(mp.inf if exponent > 0 else 0)
            return mp.mpf(size * factor) if factor else mp.mpf(0)
    if name == "sinc_slope" and abs(x) < 1e-30:
        return -x * mp.pi**2 / 3
    if name == "i1e_slope" and x == 0:
        return mp.mpf(0.5)
    with mp.workprec(1400 if name in {"sin", "cos", "tan", "i0e_slope", "i1e_slope"} else 300):
        return EXACT[name](*(mp.mpf(v) for v in operands))


def units(found: float, wanted: mp.mpf, dtype: type) -> float:
    """Return how far found is from wanted, in units in the last place of wanted."""
    limits = np.finfo(dtype)
    if np.isnan(found):
        return float("inf")
    if abs(wanted) >= mp.mpf(float(limits.max)) * (1 + mp.mpf(2) ** -(limits.nmant + 2)):
        return 0.0 if np.isinf(found) and (found > 0) == (wanted > 0) else float(abs(found) != limits.max) * 1e9
    exponent = int(mp.floor(mp.log(abs(wanted), 2))) if wanted != 0 else limits.minexp
    size = float(limits.max) if np.isinf(found) else found
    return float(abs(mp.mpf(size) - wanted) / mp.mpf(2) ** (max(exponent, limits.minexp) - limits.nmant))


def points(name: str, dtype: type, count: int) -> np.ndarray:
    """Return numbers over the whole range of the format, near 0, near 1, and at its edges."""
    random = np.random.default_rng(1)
    whole = np.uint64 if dtype is np.float64 else np.uint32
    limits = np.finfo(dtype)
    edges = [0.0, -0.0, limits.tiny, limits.tiny / 4, -limits.smallest_subnormal, limits.max, -limits.max, 1, -1, 0.5,
             -0.5, 2, np.pi, np.pi / 2, 1e3 * np.pi, 709.7, 709.9, -745.1, 88.7, 89.1, -103.9, 1e22]
    if dtype is np.float64:
        edges.append(6381956970095103 * 2.0**797)  # the double nearest to a multiple of π/2
    x = np.concatenate([
        random.integers(0, np.iinfo(whole).max, count, dtype=whole).view(dtype),
        random.normal(size=count).astype(dtype), (400 * random.normal(size=count)).astype(dtype),
        (1 + 1e-3 * random.normal(size=count)).astype(dtype), (10 ** random.uniform(-8, 8, count)).astype(dtype),
        random.uniform(-1, 1, count).astype(dtype), np.array(edges, dtype),
    ])
    x = x[np.isfinite(x)]
    return x[DOMAIN[name](x)] if name in DOMAIN else x
