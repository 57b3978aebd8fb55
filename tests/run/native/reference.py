"""What the scalar functions should give, from mpmath; and how many units in the last place a result is away."""

from __future__ import annotations

import mpmath as mp
import numpy as np

EXACT = {
    "exp": mp.exp, "exp2": lambda x: mp.power(2, x), "exp10": lambda x: mp.power(10, x), "expm1": mp.expm1,
    "sinh": mp.sinh, "cosh": mp.cosh, "tanh": mp.tanh, "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "log": mp.log, "log2": lambda x: mp.log(x) / mp.log(2), "log10": mp.log10, "log1p": mp.log1p,
    "asinh": mp.asinh, "acosh": mp.acosh, "atanh": mp.atanh, "sin": mp.sin, "cos": mp.cos, "tan": mp.tan,
    "asin": mp.asin, "acos": mp.acos, "atan": mp.atan, "erf": mp.erf, "erfc": mp.erfc,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)), "pow": mp.power, "atan2": mp.atan2,
    "hypot": lambda x, y: mp.sqrt(x * x + y * y),
}
DOMAIN = {
    "log": lambda x: x > 0, "log2": lambda x: x > 0, "log10": lambda x: x > 0, "log1p": lambda x: x > -1,
    "asin": lambda x: abs(x) <= 1, "acos": lambda x: abs(x) <= 1, "atanh": lambda x: abs(x) < 1,
    "acosh": lambda x: x >= 1,
}
# Where mpmath would form a number of millions of digits: what the function is there, on the left and on the right.
FLAT = {
    "exp": (0, mp.inf), "exp2": (0, mp.inf), "exp10": (0, mp.inf), "expm1": (-1, mp.inf), "sinh": (-mp.inf, mp.inf),
    "cosh": (mp.inf, mp.inf), "tanh": (-1, 1), "sigmoid": (0, 1), "erf": (-1, 1), "erfc": (2, 0),
}
ODD = {"expm1", "sinh", "tanh", "asinh", "atanh", "log1p", "asin", "atan", "sin", "tan", "erf"}


def exact(name: str, *operands: float) -> mp.mpf:
    """Return the function to many digits."""
    x = mp.mpf(operands[0])
    if name in FLAT and abs(x) > 2000:
        return mp.mpf(FLAT[name][x > 0])
    if name in ODD and abs(x) < mp.mpf(2) ** -90:
        return x * (2 / mp.sqrt(mp.pi) if name == "erf" else 1)
    if name == "pow":
        with mp.workprec(300):
            exponent = operands[1] * mp.log(x)
            return mp.exp(exponent) if abs(exponent) < 2000 else mp.mpf(mp.inf if exponent > 0 else 0)
    with mp.workprec(1400 if name in {"sin", "cos", "tan"} else 300):
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
