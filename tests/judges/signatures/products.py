"""Products of vectors and matrices, and what is made of them."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from backlight import ops as o

__all__ = ["ENTRIES"]


def added(x: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    """beta·x + alpha·(a @ b)."""
    return x * beta + (a @ b) * alpha


def addbmm(x: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    return x * beta + np.sum(a @ b, axis=0) * alpha


def addr(x: Any, a: Any, b: Any, *, beta: Any = 1, alpha: Any = 1) -> Any:
    return x * beta + np.outer(a, b) * alpha


def cross(x: Any, y: Any, *, dim: int | None = None) -> Any:
    if dim is None:
        dim = next(k for k, n in enumerate(np.shape(x)) if n == 3)
    x, y = (np.moveaxis(np.broadcast_to(v, np.broadcast_shapes(np.shape(x), np.shape(y))), dim, -1) for v in (x, y))
    ahead, back = np.array([1, 2, 0]), np.array([2, 0, 1])
    return np.moveaxis(x[..., ahead] * y[..., back] - x[..., back] * y[..., ahead], -1, dim)


def vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    return np.sum(np.conj(x) * y, axis=dim)


def kron(x: Any, y: Any) -> Any:
    n = max(np.ndim(x), np.ndim(y))
    x, y = (np.reshape(v, (1,) * (n - np.ndim(v)) + np.shape(v)) for v in (x, y))
    left = np.reshape(x, tuple(k for m in np.shape(x) for k in (m, 1)))
    right = np.reshape(y, tuple(k for m in np.shape(y) for k in (1, m)))
    return np.reshape(left * right, tuple(a * b for a, b in zip(np.shape(x), np.shape(y), strict=True)))


def tensordot(x: Any, y: Any, dims: Any = 2) -> Any:
    if isinstance(dims, int):
        dims = (list(range(np.ndim(x) - dims, np.ndim(x))), list(range(dims)))
    letters = "abcdefghijklmnopqrstuvwxyz"
    left, right = list(letters[: np.ndim(x)]), list(letters[np.ndim(x) : np.ndim(x) + np.ndim(y)])
    for a, b in zip(*dims, strict=True):
        right[b] = left[a]
    kept = [c for c in left + right if (left + right).count(c) == 1]
    return np.einsum(f"{''.join(left)},{''.join(right)}->{''.join(kept)}", x, y)


def einsum(xs: Any, spec: str) -> Any:
    return np.einsum(spec, *xs)


def linear(x: Any, weight: Any, bias: Any = None) -> Any:
    z = x @ np.transpose(weight) if np.ndim(weight) == 2 else x @ weight
    return z if bias is None else z + bias


def bilinear(x: Any, y: Any, weight: Any, bias: Any = None) -> Any:
    z = np.einsum("...i,oij,...j->...o", x, weight, y)
    return z if bias is None else z + bias


def cov(x: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    found = covariances(np.reshape(x, (1, -1)) if np.ndim(x) < 2 else x, correction, fweights, aweights)
    return found if np.shape(found)[0] > 1 else np.reshape(found, ())


def covariances(x: Any, correction: int, fweights: Any, aweights: Any) -> Any:
    if hasattr(aweights, "value"):
        aweights = o.cast(aweights, dtype="float64")
    n = np.shape(x)[1]
    w = None
    for given in (fweights, aweights):
        if given is not None:
            given = given if hasattr(given, "value") else np.asarray(given, float)
            w = given if w is None else w * given
    if w is None:
        off = x - np.mean(x, axis=1, keepdims=True)
        return (off @ np.conj(off.T)) / (float(n) - correction)
    total = np.sum(w)
    off = x - np.reshape(np.sum(x * w, axis=1) / total, (-1, 1))
    if correction == 0:
        degrees = total
    elif aweights is None:
        degrees = total - correction
    else:
        degrees = total - np.sum(w * aweights) / total * correction
    return ((off * w) @ off.T) / degrees


def corrcoef(x: Any) -> Any:
    c = cov(x)
    if np.ndim(c) == 0:
        return c / c
    d = np.sqrt(np.diag(c))
    return c / (np.reshape(d, (-1, 1)) * d)


def vander(x: Any, *, N: int | None = None) -> Any:
    x = np.reshape(x, (1,)) if np.ndim(x) == 0 else x
    n = np.shape(x)[-1] if N is None else N
    return np.stack([np.ones(np.shape(x)), *[x**k if k > 1 else x for k in range(1, n)]], -1)[..., :n]


def cosine(x: Any, y: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    axis = dim if np.ndim(x) or np.ndim(y) else None
    x, y = (np.broadcast_to(v, np.broadcast_shapes(np.shape(x), np.shape(y))) for v in (x, y))
    sizes = [np.maximum(o.norm(v, axis=axis, keepdims=True), eps) for v in (x, y)]
    return np.sum((x / sizes[0]) * (y / sizes[1]), axis=axis)


ENTRIES: dict[str, Any] = {
    "addmm": added, "addmm.decomposed": added, "addmv": added, "baddbmm": added, "addbmm": addbmm, "addr": addr,
    "dot": np.dot, "vdot": np.vdot, "bmm": np.matmul, "mm": np.matmul, "mv": np.matmul, "matmul": np.matmul,
    "__rmatmul__": lambda x, y: y @ x, "outer": np.outer, "inner": np.inner, "kron": kron, "tensordot": tensordot, "einsum": einsum,
    "cross": cross, "linalg.cross": lambda x, y, *, dim=-1: cross(x, y, dim=dim), "linalg.vecdot": vecdot,
    "linalg.multi_dot": lambda xs: reduce(np.matmul, xs), "linalg.vander": vander, "nn.functional.linear": linear,
    "nn.functional.bilinear": bilinear, "corrcoef": corrcoef, "nn.functional.cosine_similarity": cosine,
}  # fmt: skip
