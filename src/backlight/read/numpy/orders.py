"""How SciPy's functions move with their order, where only an integral says so.

SciPy has no function for these slopes, so they are computed here, from integrals whose integrand keeps its sign: nothing
cancels, in no tail. The incomplete gamma and beta functions are cut where the logarithm in the integrand changes its sign, and taken
from the side that does not cross that place. Each is an operation of its own, with its own derivatives as far as there is a formula.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np

from ... import ops
from ...core import math as m
from ...core.op import Op, stretch
from ...core.own import remember
from ...core.types import Type
from ...errors import DifferentiationError

__all__ = ["betainc_by_a", "betainc_by_b", "bessel_moment", "digamma_gap", "gammainc_by_a"]

FROM: Final = f"{__name__}."

# Double exponential quadrature of ∫ f(s) ds from 0 to ∞ (Takahasi and Mori 1974): places and weights for a width of 1.
STEPS: Final = np.linspace(-4.6, 2.6, 721)
PLACES: Final = np.exp(0.5 * np.pi * np.sinh(STEPS))
WEIGHTS: Final = PLACES * (0.5 * np.pi * np.cosh(STEPS)) * (STEPS[1] - STEPS[0])


def summed(f: Callable[[Any], Any], width: Any) -> Any:
    """∫ f(s) ds from 0 to ∞, of a function that falls off within a few widths."""
    lead = (slice(None), *(None,) * np.ndim(width))
    return np.sum(f(PLACES[lead] * width) * WEIGHTS[lead], axis=0) * width


def digamma(x: Any) -> Any:
    return ops.digamma.value(np.asarray(x, np.float64))


def lgamma(x: Any) -> Any:
    return ops.lgamma.value(np.asarray(x, np.float64))


def gammainc_by_a_value(a: Any, x: Any) -> Any:
    """(1/Γ(a)) ∫ t^(a−1) e^(−t) (log t − ψ(a)) dt over t < x, or less that over t > x; with t = x e^(±s)."""
    a, x = np.broadcast_arrays(a, x)
    inside = (a > 0) & (x > 0) & np.isfinite(a + x)
    a, x = np.where(inside, a, 1.0), np.where(inside, x, 1.0)
    off = np.log(x) - digamma(a)
    side = np.where(off > 0, 1.0, -1.0)
    width = 1.0 / (np.abs(x - a) + np.sqrt(x) + np.minimum(a, 1.0))
    front = a * np.log(x) - x - lgamma(a)

    def integrand(s: Any) -> Any:
        grown = np.expm1(np.minimum(side * s, 700.0))
        return np.exp(np.maximum(front + side * a * s - x * grown, -1e4)) * (off + side * s)

    return np.where(inside, -side * summed(integrand, width), np.where(np.isnan(a + x), np.nan, 0.0))


def betainc_moved(a: Any, b: Any, x: Any, upper: bool) -> Any:
    """(1/B) ∫ t^(a−1) (1−t)^(b−1) (log t − c) dt over t < x, or less that over t > x, with log t = y ∓ s of the odds t/(1−t)."""
    a, b, x = np.broadcast_arrays(a, b, x)
    inside = (a > 0) & (b > 0) & (x > 0) & (x < 1)
    a, b, x = (np.where(inside, v, 0.5) for v in (a, b, x))
    log_x, log_rest = np.log(x), np.log1p(-x)
    odds = log_x - log_rest
    off = (log_rest - digamma(b) if upper else log_x - digamma(a)) + digamma(a + b)
    side = np.where((off > 0) != upper, 1.0, -1.0)  # the side of x on which the logarithm keeps its sign
    front = lgamma(a + b) - lgamma(a) - lgamma(b)
    width = 1.0 / (np.abs(a * (1.0 - x) - b * x) + np.sqrt((a + b) * x * (1.0 - x)) + np.minimum(np.where(side > 0, b, a), 1.0))

    def integrand(s: Any) -> Any:
        y = odds + side * s
        size = np.log1p(np.exp(-np.abs(y)))
        low, high = np.minimum(y, 0.0) - size, np.minimum(-y, 0.0) - size  # log t, log(1 − t)
        moved = (high - log_rest) if upper else (low - log_x)
        return np.exp(front + a * low + b * high) * (off + moved)

    return np.where(inside, -side * summed(integrand, width), np.where(np.isnan(a + b + x), np.nan, 0.0))


def bessel_moment_value(v: Any, x: Any, power: int = 1, times: int = 0) -> Any:
    """∫ t^power (cosh t − 1)^times (cosh or sinh)(v t) e^(−x (cosh t − 1)) dt from 0 on: even, so that the trapezoidal rule is exact."""
    v, x = np.broadcast_arrays(np.abs(v) if power % 2 == 0 else v, x)
    inside = (x > 0) & np.isfinite(x + v)
    v, x = np.where(inside, v, 0.0), np.where(inside, x, 1.0)
    n = np.abs(v)
    end = np.full_like(x, 1.0)
    for _ in range(30):  # where the integrand is e^−60 of its largest, by steps of a fixed point
        end = np.arccosh(1.0 + (n * end + 60.0 + (times + 1) * end) / x)
    count = 600
    lead = (slice(None), *(None,) * np.ndim(x))
    t = np.arange(count + 1)[lead] / count * end
    less = 2.0 * np.sinh(0.5 * t) ** 2  # cosh t − 1
    grown = n * t - x * less
    top = np.max(grown, axis=0)
    wave = (-np.expm1(-2.0 * n * t) if power % 2 else 1.0 + np.exp(-2.0 * n * t)) * 0.5
    f = t**power * less**times * wave * np.exp(grown - top)
    total = (np.sum(f, axis=0) - 0.5 * (f[0] + f[-1])) * end / count * np.exp(top)
    sign = np.where(v < 0, -1.0, 1.0) if power % 2 else 1.0
    return np.where(inside, sign * total, np.nan)


UP: Final = 40  # steps, after which three terms of the series are enough


def digamma_gap_value(a: Any, b: Any) -> Any:
    """ψ(a + b) − ψ(a): whole steps up, term by term, and the difference of two series far out."""
    a, b = np.broadcast_arrays(a, b)
    fair = (a > 0) & (a + b > 0) & (np.abs(b) < a + 20.0)
    p = np.where(fair, a, 1.0)
    q = np.where(fair, b, 1.0)
    total = np.zeros_like(p)
    for k in range(UP):
        total = total + q / ((p + k) * (p + q + k))
    p = p + UP
    u, w = 1.0 / p, 1.0 / (p + q)
    gap = q * u * w  # u − w
    far = np.log1p(q * u) + gap * (0.5 + (u + w) * (1 / 12 - (u * u + w * w) / 120 + (u**4 + u * u * w * w + w**4) / 252))
    return np.where(fair, total + far, digamma(a + b) - digamma(a))


def refused(said: str) -> Callable[..., Any]:
    def local(z: Any, *xs: Any, **attrs: Any) -> Any:
        raise DifferentiationError(
            f"{said}: there is no formula here for its second derivative by the order: give the plain value (x.value), which counts "
            "as constant, or give it a derivative with bl.rule"
        )

    return local


def written(name: str, args: tuple[str, ...], value: Callable[..., Any], local: tuple[Any, ...], words: str, **attrs: Any) -> Op:
    """One of these functions as an operation of real numbers."""

    def type_of_result(*types: Type, **given: Any) -> Type:
        for t in types:
            if t.dtype.kind == "c":
                raise DifferentiationError(f"{name}: there is no formula here for complex numbers: take their real part first")
        dtype = np.result_type(*[t.dtype for t in types])
        return Type(dtype if dtype.kind == "f" else np.dtype(np.float64), stretch(name, types))

    def computed(*xs: Any, **given: Any) -> Any:
        dtype = np.result_type(*[x.dtype for x in xs])
        with np.errstate(all="ignore"):
            z = value(*[np.asarray(x, np.float64) for x in xs], **given)
            return np.asarray(z).astype(dtype if dtype.kind == "f" else np.float64)[()]

    op = Op(
        name=name, args=args, type=type_of_result, value=computed, kind="elementwise", doc=words, source=f"{FROM}{name}",
        words="by its formula", paper=lambda *xs, **given: m.call(name, *xs), local=local, attrs=attrs,
    )  # fmt: skip
    remember(op, value)
    return op


def gamma_density(a: Any, x: Any) -> Any:
    return ops.exp(ops.xlogy(a - 1.0, x) - x - ops.lgamma(a))


def beta_density(a: Any, b: Any, x: Any) -> Any:
    return ops.exp(ops.xlogy(a - 1.0, x) + ops.xlog1py(b - 1.0, -x) + ops.lgamma(a + b) - ops.lgamma(a) - ops.lgamma(b))


gammainc_by_a: Op = written(
    "gammainc_by_a", ("a", "x"), gammainc_by_a_value,
    (refused("scipy.special.gammainc"), lambda z, a, x: gamma_density(a, x) * (ops.log(x) - ops.digamma(a))),
    "How the incomplete gamma function moves with a.",
)  # fmt: skip
betainc_by_a: Op = written(
    "betainc_by_a", ("a", "b", "x"), lambda a, b, x: betainc_moved(a, b, x, False),
    (
        refused("scipy.special.betainc"), refused("scipy.special.betainc"),
        lambda z, a, b, x: beta_density(a, b, x) * (ops.log(x) + digamma_gap(a, b)),
    ),
    "How the incomplete beta function moves with a.",
)  # fmt: skip
betainc_by_b: Op = written(
    "betainc_by_b", ("a", "b", "x"), lambda a, b, x: betainc_moved(a, b, x, True),
    (
        refused("scipy.special.betainc"), refused("scipy.special.betainc"),
        lambda z, a, b, x: beta_density(a, b, x) * (ops.log1p(-x) + digamma_gap(b, a)),
    ),
    "How the incomplete beta function moves with b.",
)  # fmt: skip
bessel_moment: Op = written(
    "bessel_moment", ("v", "x"), bessel_moment_value,
    (
        lambda z, v, x, power=1, times=0: bessel_moment(v, x, power=power + 1, times=times),
        lambda z, v, x, power=1, times=0: -bessel_moment(v, x, power=power, times=times + 1),
    ),
    "An integral by which Macdonald's function moves with its order.", power=1, times=0,
)  # fmt: skip
digamma_gap: Op = written(
    "digamma_gap", ("a", "b"), digamma_gap_value,
    (
        lambda z, a, b: ops.polygamma(ops.add(a, b), order=1) - ops.polygamma(a, order=1),
        lambda z, a, b: ops.polygamma(ops.add(a, b), order=1),
    ),
    "ψ(a + b) − ψ(a), with the digits that the difference would lose.",
)  # fmt: skip

