"""NumPy's polynomials, given by their coefficients from the highest power down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...errors import InputError
from .arrange import reshape
from .held import answers, whole
from .linear import convolve, lstsq, vander

__all__ = ["POLYNOMIALS"]


def polyval(p: Any, x: Any) -> Any:
    p, x = whole(p), whole(x)
    z: Any = np.zeros(x.shape, x.dtype)[()]
    for c in p:
        z = ops.add(ops.mul(z, x), c)
    return z


def polyadd(a1: Any, a2: Any) -> Any:
    a, b = (reshape(a, -1) if whole(a).ndim == 0 else whole(a) for a in (a1, a2))
    n = max(a.shape[0], b.shape[0])
    a, b = (ops.pad(x, width=((n - x.shape[0], 0), *((0, 0),) * (x.ndim - 1))) if x.shape[0] < n else x for x in (a, b))
    return ops.add(a, b)


def polyder(p: Any, m: int = 1) -> Any:
    x = whole(p)
    for _ in range(m):
        x = ops.mul(x[:-1], np.arange(x.shape[0] - 1, 0, -1))
    return x


def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
    x = whole(p)
    for i in range(m):
        last = np.zeros(1, x.dtype) if k is None else reshape(k if np.ndim(whole(k)) == 0 else k[i], (1,))
        x = ops.concat(ops.div(x, np.arange(x.shape[0], 0, -1)), last, axis=0)
    return x


def polyfit(x: Any, y: Any, deg: int, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False) -> Any:
    """Least squares on the powers of x, each scaled to the same size."""
    if full or cov:
        raise InputError("numpy.polyfit: full and cov cannot be traced: leave them out")
    A, b = vander(x, int(deg) + 1), whole(y)
    if w is not None:
        weights = whole(w)
        A, b = ops.mul(A, ops.expand_dims(weights, axis=-1)), ops.mul(b, weights)
    size = ops.sqrt(ops.sum(ops.square(A), axis=0))
    return lstsq(ops.div(A, size), b, rcond)[0] / size


def roots(p: Any) -> Any:
    """The eigenvalues of the companion matrix; zeros at either end are found by the values."""
    c = reshape(p, -1)
    found = np.nonzero(np.asarray(answers(np.asarray)(c).value))[0]
    if not found.size:
        return np.zeros(0)
    last = c.shape[0] - int(found[-1]) - 1
    c = c[int(found[0]) : int(found[-1]) + 1]
    n = c.shape[0] - 1
    if n == 0:
        return np.zeros(last)
    top = ops.neg(ops.div(c[1:], c[0]))
    companion = ops.concat(ops.reshape(top, shape=(1, n)), np.eye(n - 1, n, dtype=top.dtype), axis=0)
    z, _ = ops.eig(companion)
    if answers(np.roots)(p).dtype.kind != "c":
        z = ops.real(z)
    return ops.concat(z, np.zeros(last, z.dtype), axis=0) if last else z


def poly(seq_of_zeros: Any) -> Any:
    """The polynomial that is zero at some places, or the characteristic one of a matrix."""
    z = whole(seq_of_zeros)
    if z.ndim == 2:
        z = ops.eig(z)[0]
    c: Any = np.ones(1, z.dtype)
    for k in range(z.shape[0]):
        c = convolve(c, ops.stack(1.0, ops.neg(z[k]), axis=0))
    return ops.real(c) if z.dtype.kind == "c" and answers(np.poly)(seq_of_zeros).dtype.kind != "c" else c


def polydiv(u: Any, v: Any) -> tuple[Any, Any]:
    """Quotient and rest, by long division; leading zeros of the rest are found by its values."""
    a, b = (ops.cast(reshape(p, -1), dtype=np.result_type(whole(p).dtype, 1.0).name) for p in (u, v))
    n = b.shape[0]
    rest, found = a, []
    for k in range(a.shape[0] - n + 1):
        d = rest[k] / b[0]
        found.append(d)
        rest = ops.sub(rest, ops.pad(ops.mul(b, d), width=((k, rest.shape[0] - n - k),)))
    values = np.asarray(answers(np.asarray)(rest).value)
    start = len(found)
    while start < rest.shape[0] - 1 and np.allclose(values[start], 0, rtol=1e-14):
        start += 1
    return (ops.stack(*found, axis=0) if found else np.zeros(1, rest.dtype)), rest[min(start, rest.shape[0] - 1) :]


POLYNOMIALS: dict[str, Callable[..., Any]] = {
    "polyval": polyval, "polyadd": polyadd, "polysub": lambda a1, a2: polyadd(a1, ops.neg(whole(a2))), "polymul": lambda a1, a2: convolve(a1, a2),
    "polyder": polyder, "polyint": polyint, "polyfit": polyfit, "roots": roots, "poly": poly, "polydiv": polydiv,
}  # fmt: skip
