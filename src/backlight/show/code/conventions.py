"""Where a library's own gradient is not the one that Backlight shows: at corners, ties and poles, and far out.

PyTorch and JAX differentiate an exported program themselves, each by its own conventions. Where a run stands at such a point its
program says so beside the line, so that nobody looks for the mistake in the wrong place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

__all__ = ["CONVENTIONS", "MASKED", "Convention"]

# (value, *operands, **settings) -> whether the run stands there; where that is; what Backlight's gradient is there
Convention = tuple[Callable[..., Any], str, str]


def zero(z: Any, *xs: Any, **_: Any) -> Any:
    return np.any(np.asarray(xs[0]) == 0)


def length_zero(z: Any, *xs: Any, **_: Any) -> Any:
    return np.any(np.asarray(z) == 0)


def far(reach: float) -> Callable[..., Any]:
    return lambda z, *xs, **_: np.any(np.abs(xs[0]) > reach)


def either(*asked: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *xs, **attrs: any(ask(*xs, **attrs) for ask in asked)


def bound(z: Any, x: Any, low: Any, high: Any) -> Any:
    return np.any((x == low) | (x == high))


def at(*places: float) -> Callable[..., Any]:
    return lambda z, x, **_: np.any(np.isin(x, places))


def singular(z: Any, x: Any, **_: Any) -> Any:
    return np.any(np.abs(np.linalg.det(x)) <= 1e-12 * np.max(np.abs(x), axis=(-2, -1), initial=0.0) ** x.shape[-1])


def lost(z: Any, *xs: Any, **_: Any) -> Any:
    return any(np.any(np.isnan(x)) for x in xs)


def beyond(z: Any, x: Any, y: Any) -> Any:
    return np.any(np.isinf(x) & np.isinf(y))


CORNER: Final = ("at a corner", "the smallest slope of both sides")
TAIL: Final = ("so far out", "exact, where the library's has lost its digits")
FLAT: Final = ("where it is 0", "0")
CONVENTIONS: Final[Mapping[str, Convention]] = {
    "abs": (zero, "at 0", "0"),
    "i0": (zero, "at 0", "0"),
    "copysign": (zero, "at 0", "0"), "clip": (bound, "at a bound", "0"), "hardtanh": (at(-1, 1), *CORNER),
    "hard_sigmoid": (at(-3, 3), *CORNER), "hard_swish": (at(-3, 3), *CORNER), "leaky_relu": (zero, *CORNER),
    "elu": (either(zero, far(10)), "at its corner or so far out", "the smallest slope of both sides, and exact"),
    "selu": (either(zero, far(10)), "at its corner or so far out", "the smallest slope of both sides, and exact"),
    "celu": (far(10), *TAIL), "expm1": (far(10), *TAIL), "tanh": (far(5), *TAIL), "sigmoid": (far(10), *TAIL), "silu": (far(10), *TAIL),
    "log_ndtr": (far(5), *TAIL), "erfcx": (far(5), *TAIL), "erfcx_slope": (far(5), *TAIL), "log_ndtr_slope": (far(5), *TAIL),
    "ndtri": (lambda z, x: np.any(np.abs(z) > 5), *TAIL), "ndtri_slope": (lambda z, x: np.any(z > 1e6), *TAIL),
    "mish": (far(5), *TAIL), "gelu": (far(3), *TAIL), "gelu_slope": (far(3), *TAIL), "asinh": (far(1e8), *TAIL), "acosh": (far(1e8), *TAIL),
    "i0e": (zero, *CORNER), "i1e": (zero, "at 0", "1/2"), "i1": (zero, "at 0", "1/2"),
    "i0e_slope": (either(zero, far(1e4)), "at 0 or so far out", "the limit"),
    "i1e_slope": (either(zero, far(1e4)), "at 0 or so far out", "the limit"),
    "sinc": (lambda z, x, **_: np.any(np.abs(x) < 0.1), "next to 0", "exact, where the library's has lost its digits"),
    "sinc_slope": (lambda z, x, **_: np.any(np.abs(x) < 0.1), "next to 0", "exact, where the library's has lost its digits"),
    "hypot": (length_zero, *FLAT), "norm": (either(length_zero, zero), "where it, or one of its numbers, is 0", "0"), "std": (length_zero, *FLAT), "direction": (length_zero, *FLAT),
    "atan2": (lambda z, y, x: np.any((y == 0) & (x == 0)), "at (0, 0)", "0"),
    "cbrt": (zero, "at 0", "infinite"), "xlogy": (zero, "at x = 0", "the logarithm for x, 0 for y"),
    "xlog1py": (zero, "at x = 0", "the logarithm for x, 0 for y"), "pow": (zero, "at 0", "the limit, or 0"),
    "power_log": (zero, "at 0", "the limit, or 0"), "power_slope": (zero, "at 0", "the limit, or 0"), "det": (singular, "of a singular matrix", "that of its cofactors"),
    "cofactors": (singular, "of a singular matrix", "that of its cofactors"),
    "maximum": (beyond, "where both are infinite", "shared"), "minimum": (beyond, "where both are infinite", "shared"),
    "max": (lost, "among NaN", "0"), "min": (lost, "among NaN", "0"), "median": (lost, "among NaN", "shared as usual"),
    "logsumexp": (lambda z, *xs, **_: not np.all(np.isfinite(z)), "where it is infinite", "NaN"),
    "prod": (zero, "with a 0 among its factors", "the product of the others"),
}  # fmt: skip
MASKED: Final = "Backlight lets nothing flow back to what was not chosen (where, max, ...); {0} multiplies that by 0, which is NaN where it is infinite."
