"""SciPy's special functions that give several numbers at once: one operation for each of them.

Airy's functions, the sine and cosine integrals, Fresnel's integrals and Jacobi's elliptic functions are each other's derivatives. A
part that nobody reads is not written down by a derivative: the rules ask for the parts that they need.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Any, Final

from ... import ops
from ...errors import DifferentiationError
from . import elliptic
from .special import SEVERAL, of, part

__all__ = ["SEVERAL"]

HALF_PI: Final = 0.5 * math.pi


def ai(k: int, name: str = "airy") -> Any:
    """A part of Airy's functions: Ai, Ai′, Bi, Bi′."""
    return lambda x: part(name, k, x)


def root(x: Any) -> Any:
    """√x, by which the scaled Ai is."""
    return ops.sqrt(x)


def grown(x: Any) -> Any:
    """√x where Bi is scaled, and 0 below 0, where it is not. Its scale has no derivative by a complex number."""
    if x.dtype.kind == "c":
        raise DifferentiationError(
            "scipy.special.airye: the scale of Bi is no analytic function of a complex number: take airy, or real numbers"
        )
    above = ops.greater(x, 0.0)
    return ops.where(above, ops.sqrt(ops.where(above, x, 1.0)), 0.0)


def over(f: Any, limit: float) -> Any:
    """f(x)/x, with its limit at 0."""
    return lambda z, x: elliptic.where_zero(x, limit, lambda x: f(x) / x)


def square_angle(x: Any) -> Any:
    """π·x²/2."""
    return HALF_PI * (x * x)


def amplitude(u: Any, k: Any) -> Any:
    """How the amplitude moves with the parameter m: −dn · dF/dm at that amplitude, and its limit at m = 1."""
    last = ops.equal(k, 1.0)
    inner = ops.where(last, 0.5, k)
    t, dn = part("ellipj", 3, u, inner), part("ellipj", 2, u, inner)
    moved = -dn * elliptic.first(t, inner, partial(of, "ellipkinc"), partial(of, "ellipeinc"))
    limit = -0.25 * (ops.sinh(u) * ops.cosh(u) - u) / ops.cosh(u)
    return ops.where(last, limit, moved)


def sn(u: Any, k: Any) -> Any:
    return part("ellipj", 0, u, k)


def cn(u: Any, k: Any) -> Any:
    return part("ellipj", 1, u, k)


def dn(u: Any, k: Any) -> Any:
    return part("ellipj", 2, u, k)


# By the name of SciPy's function, for each of its results: the local derivative by each operand, (z, *xs) -> Array.
SEVERAL.update({
    "airy": (
        (lambda z, x: ai(1)(x),), (lambda z, x: x * ai(0)(x),), (lambda z, x: ai(3)(x),), (lambda z, x: x * ai(2)(x),),
    ),
    "airye": (
        (lambda z, x: ai(1, "airye")(x) + root(x) * z,), (lambda z, x: x * ai(0, "airye")(x) + root(x) * z,),
        (lambda z, x: ai(3, "airye")(x) - grown(x) * z,), (lambda z, x: x * ai(2, "airye")(x) - grown(x) * z,),
    ),
    "sici": ((over(ops.sin, 1.0),), (lambda z, x: ops.cos(x) / x,)),
    "shichi": ((over(ops.sinh, 1.0),), (lambda z, x: ops.cosh(x) / x,)),
    "fresnel": ((lambda z, x: ops.sin(square_angle(x)),), (lambda z, x: ops.cos(square_angle(x)),)),
    "ellipj": (
        (lambda z, u, k: cn(u, k) * dn(u, k), lambda z, u, k: cn(u, k) * amplitude(u, k)),
        (lambda z, u, k: -sn(u, k) * dn(u, k), lambda z, u, k: -sn(u, k) * amplitude(u, k)),
        (
            lambda z, u, k: -k * sn(u, k) * cn(u, k),
            lambda z, u, k: -sn(u, k) * (0.5 * sn(u, k) + k * cn(u, k) * amplitude(u, k)) / z,
        ),
        (lambda z, u, k: dn(u, k), lambda z, u, k: amplitude(u, k)),
    ),
})  # fmt: skip
