"""SciPy's special functions of arrays that remember, by SciPy's names.

The elementwise ones go the way that NumPy's question goes: rows where there are any, SciPy's values and a derivative from a
table for the rest. Those that SciPy writes in Python are written here again, in rows. With SCIPY_ARRAY_API=1 SciPy itself
looks for its functions here.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import ops
from ..core.table import TABLE
from ..errors import InputError, ShapeError, ValueError
from ..read.numpy.door import UFUNCS, answer
from ..read.numpy.elementwise import COMPOSED
from ..read.numpy.held import bare, is_traced, whole
from .original import elementwise, floats, lent

__all__ = [
    "comb", "factorial", "ivp", "jvp", "kvp", "lambertw", "log_softmax", "logsumexp", "multigammaln", "perm", "polygamma",
    "sinc", "softmax", "softplus", "yvp", "zeta",
]  # fmt: skip

ALIASES = {"jn": "jv", "digamma": "psi", "lambertw": "_lambertw", "zeta": "_zeta"}


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    said = ALIASES.get(name, name)
    try:
        found = elementwise(f"special.{said}") or elementwise(f"special._ufuncs.{said}")
    except InputError:
        row = TABLE.get(UFUNCS.get(name, name))
        if name not in COMPOSED and (row is None or row.kind != "elementwise"):
            raise
        said_in_rows: Any = COMPOSED.get(name) or row
        return lambda *xs: said_in_rows(*floats(*xs))
    if found is None:
        return lent(f"special.{name}")

    def call(*xs: Any, **named: Any) -> Any:
        return answer(found, xs, named)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"What scipy.special's `{name}` gives; recorded inside a trace."
    return call


def of(name: str, *xs: Any) -> Any:
    """An elementwise function, by its name."""
    return __getattr__(name)(*xs)


def axes_of(axis: Any, x: Any) -> tuple[int, ...]:
    """The axes that a setting of SciPy's means: all where it is None."""
    rank = len(x.shape)
    found = tuple(range(rank)) if axis is None else tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
    for k in found:
        if not -rank <= k < rank:
            raise ShapeError(f"there is no axis {k}: the array has {rank} axes")
    return tuple(k % rank for k in found)


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """log Σ b·e^a along axes, all unless given; with `return_sign` the logarithm of its size, and its sign.

    Where b is 0 a number of a counts for nothing, also an infinite one. A negative sum is NaN unless its sign is asked for.

    >>> import numpy as np
    >>> print(logsumexp(np.array([0.0, -60.0])), logsumexp(np.array([1.0, 2.0]), b=np.array([1.0, -1.0]), return_sign=True)[1])
    8.75651076269652e-27 -1.0
    """
    if b is None:
        (a,) = floats(a)
        if a.dtype.kind == "f" and not return_sign:
            return ops.logsumexp(a, axis=axes_of(axis, a) or None, keepdims=bool(keepdims))
        b = np.ones((), a.dtype)
    a, b = floats(a, b)
    shape = np.broadcast_shapes(a.shape, b.shape)
    a, b = ops.broadcast_to(a, shape=shape), ops.broadcast_to(b, shape=shape)
    axes = axes_of(axis, a)
    if a.dtype.kind == "c":
        return of_complex(a, b, axes, keepdims, return_sign)
    none = ops.equal(b, 0.0)
    a = ops.where(none, ops.where(ops.isfinite(a), a, 0.0), a)
    if not all(shape[k] for k in axes):
        z = ops.sum(a, axis=axes, keepdims=bool(keepdims)) - np.inf
        return (z, ops.sign(z)) if return_sign else z
    counted = ops.where(none, -np.inf, a)
    top = ops.stop_gradient(ops.max(counted, axis=axes, keepdims=True) if axes else counted)
    top = ops.where(ops.isfinite(top), top, 0.0)
    first = ops.equal(counted, top)
    main, rest = parts(a, b, top, first, axes)
    share = rest / ops.where(ops.equal(main, 0.0), 1.0, main)
    near = ops.logical_and(ops.not_equal(main, 0.0), ops.greater(share, -0.5))
    close = ops.log1p(ops.where(near, share, 0.0)) + ops.log(ops.abs(ops.where(near, main, 1.0)))
    size = ops.where(near, close, ops.log(ops.abs(main + rest)))
    sign = ops.sign(main + rest)
    z = size + top
    if not keepdims and axes:
        z, sign = ops.squeeze(z, axis=axes), ops.squeeze(sign, axis=axes)
    return (z, sign) if return_sign else ops.where(ops.less(sign, 0.0), np.nan, z)


def parts(a: Any, b: Any, top: Any, first: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """Σ b e^(a − top) over the largest numbers, and over the others."""
    grown = b * ops.exp(a - top)
    main, rest = ops.where(first, grown, 0.0), ops.where(first, 0.0, grown)
    return (ops.sum(main, axis=axes, keepdims=True), ops.sum(rest, axis=axes, keepdims=True)) if axes else (main, rest)


def of_complex(a: Any, b: Any, axes: tuple[int, ...], keepdims: bool, return_sign: bool) -> Any:
    """The same of complex numbers, with the angle of the sum as its imaginary part or, as a number of size 1, as its sign."""
    top = ops.stop_gradient(ops.max(ops.real(a), axis=axes, keepdims=True))
    top = ops.where(ops.isfinite(top), top, 0.0)
    total = ops.sum(b * ops.exp(a - top), axis=axes, keepdims=True)
    squeezed = (lambda x: x) if keepdims else (lambda x: ops.squeeze(x, axis=axes))
    if not return_sign:
        return squeezed(ops.log(total) + top)
    return squeezed(ops.log(ops.abs(total)) + top), squeezed(total / ops.abs(total))


def softmax(x: Any, axis: Any = None) -> Any:
    """e^x / Σ e^x along axes, all unless given.

    >>> print(softmax([0.0, 0.0]))
    [0.5 0.5]
    """
    (x,) = floats(x)
    return ops.softmax(x, axis=axes_of(axis, x)) if x.shape else ops.exp(x - x)


def log_softmax(x: Any, axis: Any = None) -> Any:
    """The logarithm of the softmax, with all its digits where that is 0 or 1.

    >>> print(log_softmax([1000.0, 0.0]))
    [    0. -1000.]
    """
    (x,) = floats(x)
    return ops.log_softmax(x, axis=axes_of(axis, x)) if x.shape else x - x


def softplus(x: Any) -> Any:
    """log(1 + e^x)."""
    return ops.softplus(*floats(x))


def sinc(x: Any) -> Any:
    """sin πx / πx, as numpy.sinc."""
    return ops.sinc(*floats(x))


def polygamma(n: Any, x: Any) -> Any:
    """The derivative of order n of digamma; n may be an array of whole numbers. NaN below 0, as SciPy gives it.

    >>> print(polygamma(1, 1.0))
    1.6449340668482264
    """
    orders = np.asarray(bare(n))
    if is_traced(n) or np.any(orders != np.floor(orders)):
        raise ValueError(f"polygamma: n must be plain whole numbers, and it is {n!r:.60}")
    (x,) = floats(x)
    z = None if orders.size else x
    for order in np.unique(orders):
        if order < 0:
            found = x * np.nan
        elif order > 20:
            found = (-1.0) ** (order + 1) * math.gamma(order + 1.0) * of("zeta", float(order) + 1.0, x)
        else:
            found = ops.digamma(x) if order == 0 else ops.polygamma(x, order=int(order))
        z = found if z is None else ops.where(orders == order, found, z)
    return z if orders.ndim == 0 else ops.broadcast_to(z, shape=np.broadcast_shapes(orders.shape, x.shape))


def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of the gamma function of d × d matrices: d·(d − 1)/4·log π + Σ log Γ(a − j/2), j from 0 to d − 1."""
    size = np.asarray(bare(d))
    if size.ndim or size != np.floor(size):
        raise ValueError(f"multigammaln: d must be a positive whole number, and it is {d!r:.60}")
    (x,) = floats(a)
    if np.any(np.asarray(x.value) <= 0.5 * (size - 1)):
        raise ValueError(
            f"multigammaln: a must be above {0.5 * (size - 1):g}, half of d − 1, and its smallest number is {np.min(x.value):g}"
        )
    found = [ops.lgamma(ops.sub(x, 0.5 * j)) for j in range(int(size))]
    return ops.total(*found) + float(0.25 * size * (size - 1) * math.log(math.pi))


def lambertw(z: Any, k: int = 0, tol: float = 1e-8) -> Any:
    """Lambert's function: the complex number w with w·e^w = z, on its branch k."""
    return __getattr__("lambertw")(z, k, tol)


def zeta(x: Any, q: Any = None) -> Any:
    """Hurwitz's zeta function Σ (k + q)^−x, or Riemann's, where q is 1."""
    return __getattr__("zeta")(x, 1.0 if q is None else q)


def comb(N: Any, k: Any, *, exact: bool = False, repetition: bool = False) -> Any:
    """How many ways there are to choose k of N things; 0 where k is negative or above N."""
    if exact:
        return lent("special.comb")(N, k, exact=True, repetition=repetition)
    n, k = floats(N, k)
    n = n + k - 1.0 if repetition else n
    fair = ops.logical_and(ops.less_equal(k, n), ops.logical_and(ops.greater_equal(n, 0.0), ops.greater_equal(k, 0.0)))
    return ops.where(fair, of("binom", n, k), 0.0)


def perm(N: Any, k: Any, exact: bool = False) -> Any:
    """How many ways there are to line up k of N things; 0 where k is negative or above N."""
    if exact:
        return lent("special.perm")(N, k, exact=True)
    n, k = floats(N, k)
    fair = ops.logical_and(ops.less_equal(k, n), ops.logical_and(ops.greater_equal(n, 0.0), ops.greater_equal(k, 0.0)))
    return ops.where(fair, of("poch", ops.where(fair, n - k + 1.0, 1.0), k), 0.0)


def factorial(n: Any, exact: bool = False) -> Any:
    """n!, as Γ(n + 1); 0 below 0."""
    if exact:
        return lent("special.factorial")(n, exact=True)
    (n,) = floats(n)
    return ops.where(ops.less(n, 0.0), 0.0, of("gamma", n + 1.0))


def neighbours(name: str, v: Any, z: Any, n: int, sign: float) -> Any:
    """The derivative of order n of a Bessel function: neighbours with the signs and weights of a binomial."""
    v, z = (x if whole(x).dtype.kind == "c" else floats(x)[0] for x in (v, z))
    terms = [(sign**k * math.comb(n, k) / 2.0**n) * of(name, v + float(2 * k - n), z) for k in range(n + 1)]
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total


def jvp(v: Any, z: Any, n: int = 1) -> Any:
    """The derivative of order n of jv by z."""
    return neighbours("jv", v, z, n, -1.0)


def yvp(v: Any, z: Any, n: int = 1) -> Any:
    """The derivative of order n of yv by z."""
    return neighbours("yv", v, z, n, -1.0)


def ivp(v: Any, z: Any, n: int = 1) -> Any:
    """The derivative of order n of iv by z."""
    return neighbours("iv", v, z, n, 1.0)


def kvp(v: Any, z: Any, n: int = 1) -> Any:
    """The derivative of order n of kv by z."""
    return (-1.0) ** n * neighbours("kv", v, z, n, 1.0)
