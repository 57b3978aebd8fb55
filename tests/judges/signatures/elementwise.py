"""Functions of single numbers, pairs and triples of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from backlight import ops as o

__all__ = ["ENTRIES"]


def scaled(x: Any, other: Any, *, alpha: Any = 1) -> Any:
    return x + other * alpha


def clamp(x: Any, low: Any = None, high: Any = None, *, min: Any = None, max: Any = None) -> Any:
    low = min if low is None else low
    high = max if high is None else high
    return x if low is None and high is None else np.clip(x, low, high)


def divided(x: Any, y: Any, rounding_mode: str | None = None) -> Any:
    z = x / y
    return {"trunc": o.trunc, "floor": o.floor, None: o.identity}[rounding_mode](z)


def rounded(x: Any, *, decimals: int = 0) -> Any:
    return o.round(x) if decimals == 0 else o.round(x * 10.0**decimals) / 10.0**decimals


def nan_to_num(x: Any, nan: float | None = None, posinf: float | None = None, neginf: float | None = None) -> Any:
    limits = np.finfo(x.dtype)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    x = np.where(np.isnan(x), 0.0 if nan is None else nan, x)
    return np.where(np.equal(x, np.inf), high, np.where(np.equal(x, -np.inf), low, x))


def mvlgamma(x: Any, p: int = 1) -> Any:
    return p * (p - 1) / 4 * float(np.log(np.pi)) + sum(o.lgamma(x - j / 2) for j in range(p))


def frexp(x: Any) -> Any:
    exponent = np.frexp(x.value)[1]
    return x * np.exp2(-exponent.astype(float)), exponent


def prelu(x: Any, weight: Any) -> Any:
    if np.ndim(weight) == 1 and np.ndim(x) > 1:
        weight = np.reshape(weight, (-1,) + (1,) * (np.ndim(x) - 2))
    elif np.ndim(x) < 2 and np.ndim(weight) == 1:
        weight = np.reshape(weight, ()) if np.ndim(x) == 0 else weight
    return np.where(x > 0, x, weight * x)


def softplus(x: Any, beta: float = 1, threshold: float = 20) -> Any:
    return np.where(x * beta > threshold, x, o.softplus(x * beta) / beta)


def logit(x: Any, eps: float | None = None) -> Any:
    x = x if eps is None else np.clip(x, eps, 1 - eps)
    return np.log(x / (1 - x))


def glu(x: Any, dim: int = -1) -> Any:
    a, b = o.split(x, parts=2, axis=dim)
    return a * o.sigmoid(b)


def polygamma(a: Any, b: Any) -> Any:
    n, x = (a, b) if isinstance(a, int) else (b, a)
    return o.digamma(x) if n == 0 else o.polygamma(x, order=n)


def lerp(x: Any, end: Any, weight: Any) -> Any:
    return x + weight * (end - x)


def logaddexp2(x: Any, y: Any) -> Any:
    ln2 = float(np.log(2.0))
    return np.logaddexp(x * ln2, y * ln2) / ln2


def fmod(x: Any, y: Any) -> Any:
    return x - y * o.trunc(o.stop_gradient(x / y))


def complex_of(x: Any, y: Any) -> Any:
    return x + 1j * y


def by_power(x: Any, y: Any) -> Any:
    return np.float_power(x, y)


ENTRIES: dict[str, Any] = {
    "abs": np.abs, "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan,
    "atanh": np.arctanh, "atan2": np.arctan2, "ceil": np.ceil, "cos": np.cos, "cosh": np.cosh, "copysign": np.copysign,
    "deg2rad": lambda x: x * (np.pi / 180), "rad2deg": lambda x: x * (180 / np.pi), "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "floor": np.floor,
    "log": np.log, "log10": np.log10, "log1p": np.log1p, "log2": np.log2, "logaddexp": np.logaddexp, "logaddexp2": logaddexp2,
    "maximum": np.maximum, "minimum": np.minimum, "max.binary": np.maximum, "min.binary": np.minimum,
    "fmax": np.maximum, "fmin": np.minimum, "neg": np.negative, "positive": np.positive, "reciprocal": np.reciprocal,
    "sin": np.sin, "sinc": np.sinc, "sinh": np.sinh, "sign": np.sign, "sgn": np.sign, "sqrt": np.sqrt, "square": np.square,
    "tan": np.tan, "tanh": np.tanh, "trunc": np.trunc, "hypot": np.hypot, "remainder": np.remainder, "fmod": fmod,
    "ldexp": lambda x, y: x * np.exp2(y), "nextafter": lambda x, y: x + (np.nextafter(x.value, np.asarray(getattr(y, "value", y))) - x.value), "angle": lambda x: np.arctan2(np.imag(x), np.real(x)), "frac": lambda x: x - np.trunc(x),
    "frexp": frexp, "nan_to_num": nan_to_num, "round": rounded, "round.decimals_0": rounded, "round.decimals_3": rounded,
    "round.decimals_neg_3": rounded, "rsqrt": o.rsqrt, "sigmoid": o.sigmoid, "logit": logit,
    "erf": o.erf, "erfc": o.erfc, "erfinv": o.erfinv, "lgamma": o.lgamma, "digamma": o.digamma,
    "polygamma.polygamma_n_0": polygamma, "polygamma.polygamma_n_1": polygamma, "polygamma.polygamma_n_2": polygamma,
    "polygamma.polygamma_n_3": polygamma, "polygamma.polygamma_n_4": polygamma,
    "special.polygamma.special_polygamma_n_0": polygamma, "mvlgamma.mvlgamma_p_1": mvlgamma,
    "mvlgamma.mvlgamma_p_3": mvlgamma, "mvlgamma.mvlgamma_p_5": mvlgamma,
    "add": scaled, "sub": lambda x, y, *, alpha=1: x - y * alpha, "mul": lambda x, y: x * y, "rsub": lambda x, y, alpha=1: y - x * alpha,
    "div.no_rounding_mode": divided, "div.trunc_rounding": divided, "div.floor_rounding": divided, "true_divide": np.true_divide,
    "pow": lambda x, y: x**y, "float_power": np.float_power, "xlogy": o.xlogy, "special.xlog1py": o.xlog1py,
    "__radd__": lambda x, y: y + x, "__rdiv__": lambda x, y: y / x, "__rmul__": lambda x, y: y * x, "__rmod__": lambda x, y: y % x,
    "__rpow__": lambda x, y: y**x, "__rsub__": lambda x, y: y - x,
    "clamp": clamp, "clamp_max": np.minimum, "clamp_min": np.maximum, "lerp": lerp,
    "addcmul": lambda x, a, b, *, value=1: x + value * a * b, "addcdiv": lambda x, a, b, *, value=1: x + value * a / b,
    "where": lambda x, condition, y: np.where(condition, x, y), "clone": o.identity, "conj": np.conj, "conj_physical": np.conj,
    "resolve_conj": o.identity, "resolve_neg": o.identity, "real": np.real, "imag": np.imag, "complex": complex_of,
    "polar": lambda r, a: r * np.exp(1j * a), "alias_copy": o.identity, "contiguous": lambda x: o.identity(x),
    "i0": o.i0, "special.i0e": o.i0e, "special.i1": o.i1,
    "special.i1e": o.i1e, "special.ndtr": o.ndtr, "special.erfcx": o.erfcx, "special.log_ndtr": o.log_ndtr, "special.ndtri": o.ndtri, "special.entr": lambda x: np.where(x > 0, -o.xlogy(x, x), np.where(np.equal(x, 0.0), 0.0, -np.inf)),
    "nn.functional.relu": lambda x, inplace=False: o.relu(x), "nn.functional.relu6": lambda x, inplace=False: o.hardtanh(x, lo=0.0, hi=6.0),
    "nn.functional.elu": lambda x, alpha=1.0, inplace=False: o.elu(x, alpha=alpha),
    "nn.functional.celu": lambda x, alpha=1.0, inplace=False: o.celu(x, alpha=alpha),
    "nn.functional.selu": lambda x, inplace=False: o.selu(x),
    "nn.functional.leaky_relu": lambda x, negative_slope=0.01, inplace=False: o.leaky_relu(x, slope=negative_slope),
    "nn.functional.hardswish": lambda x, inplace=False: o.hard_swish(x),
    "nn.functional.hardtanh": lambda x, min_val=-1.0, max_val=1.0, inplace=False: o.hardtanh(x, lo=min_val, hi=max_val),
    "nn.functional.hardshrink": lambda x, lambd=0.5: np.where(np.abs(x) > lambd, x, 0.0),
    "nn.functional.softshrink": lambda x, lambd=0.5: np.where(x > lambd, x - lambd, np.where(x < -lambd, x + lambd, 0.0)),
    "nn.functional.tanhshrink": lambda x: x - np.tanh(x), "nn.functional.softsign": o.softsign,
    "nn.functional.threshold": lambda x, threshold, value, inplace=False: np.where(x > threshold, x, value),
    "nn.functional.silu": lambda x, inplace=False: o.silu(x), "nn.functional.mish": lambda x, inplace=False: o.mish(x),
    "nn.functional.gelu": lambda x, approximate="none": o.gelu(x, approximate=approximate),
    "nn.functional.logsigmoid": o.log_sigmoid, "nn.functional.softplus": softplus, "nn.functional.prelu": prelu,
    "nn.functional.glu": glu,
}  # fmt: skip
