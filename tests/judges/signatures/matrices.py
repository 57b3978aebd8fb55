"""Matrices as maps: norms, factors, inverses, equations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from tests.judges.signatures.reduce import axes

from backlight import ops as o

__all__ = ["ENTRIES"]


def turned(x: Any) -> Any:
    return np.conj(np.swapaxes(x, -1, -2))


def symmetric(x: Any) -> Any:
    """What the database makes of matrices that must be symmetric before it differentiates by them."""
    return x + turned(x)


def side(x: Any, upper: bool, unit: bool = False) -> Any:
    """One triangle of a matrix; with ones on the diagonal where it says so."""
    if unit:
        return (o.triu(x, k=1) if upper else o.tril(x, k=-1)) + np.eye(np.shape(x)[-1])
    return o.triu(x) if upper else o.tril(x)


def cholesky(x: Any, upper: bool = False) -> Any:
    z = o.cholesky(symmetric(x))
    return turned(z) if upper else z


def checked(call: Any) -> Any:
    """The variants that also say that nothing went wrong."""

    def ex(x: Any, *args: Any, check_errors: bool = False, **named: Any) -> Any:
        found = call(x, *args, **named)
        info = np.zeros(np.shape(x)[:-2], np.int32)
        return [*(found if isinstance(found, list) else [found]), info]

    return ex


def cholesky_inverse(x: Any, upper: bool = False) -> Any:
    """The database sets the diagonal to ones and takes one triangle."""
    f = side(x, upper, True)
    back = o.inv(f)
    return back @ turned(back) if upper else turned(back) @ back


def cholesky_solve(b: Any, f: Any, upper: bool = False) -> Any:
    return o.solve(turned(f) @ f if upper else f @ turned(f), b)


def solve(a: Any, b: Any, left: bool = True) -> Any:
    vector = np.ndim(b) == 1 or np.shape(b) == np.shape(a)[:-1]
    column = np.expand_dims(b, -1) if vector else b
    if not left:
        return turned(o.solve(turned(a), turned(column)))
    z = o.solve(a, column)
    return np.squeeze(z, -1) if vector else z


def solve_triangular(a: Any, b: Any, *, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
    f = side(a, upper, unitriangular)
    return o.solve(f, b) if left else np.swapaxes(o.solve(np.swapaxes(f, -1, -2), np.swapaxes(b, -1, -2)), -1, -2)


def triangular_solve(b: Any, a: Any, upper: bool = True, transpose: bool = False, unitriangular: bool = False) -> Any:
    f = side(a, upper, unitriangular)
    return [o.solve(np.swapaxes(f, -1, -2) if transpose else f, b), o.identity(a)]


def pinv(x: Any, *, rtol: Any = None, atol: Any = None, hermitian: bool = False) -> Any:
    return o.pinv(symmetric(x) if hermitian else x, rtol=None if rtol is None else float(rtol))


def singular_pinv(a: Any, b: Any) -> Any:
    return o.pinv(a @ np.swapaxes(b, -1, -2))


def lstsq(a: Any, b: Any, *, driver: str) -> Any:
    z = o.pinv(a) @ b
    rows, columns = np.shape(a)[-2:]
    return [z, np.sum(np.square(a @ z - b), axis=-2) if rows > columns and driver != "gelsy" else np.zeros(0)]


def logdet(x: Any) -> Any:
    sign, size = o.slogdet(x)
    return np.where(sign < 0, np.nan, size)


def vector_norm(x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    return o.norm(x, ord=ord, axis=axes(dim) if np.ndim(x) else None, keepdims=keepdim)


def singular_values(x: Any) -> Any:
    return o.svd(x)[1]


def matrix_norm(x: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *, dtype: Any = None) -> Any:
    n = np.ndim(x)
    rows, columns = (d % n for d in dim)
    if ord == "fro":
        return o.norm(x, axis=(rows, columns), keepdims=keepdim)
    y = np.moveaxis(x, (rows, columns), (n - 2, n - 1))
    if ord == "nuc":
        z = np.sum(singular_values(y), axis=-1)
    elif ord in (2, -2):
        z = (np.max if ord > 0 else np.min)(singular_values(y), axis=-1)
    else:
        sums = np.sum(np.abs(y), axis=-2 if abs(ord) == 1 else -1)
        z = (np.max if ord > 0 else np.min)(sums, axis=-1)
    if keepdim:
        for d in sorted((rows, columns)):
            z = np.expand_dims(z, d)
    return z


def linalg_norm(x: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    if ord is None:
        return vector_norm(x, 2, dim, keepdim)
    if (dim is None and np.ndim(x) == 2) or (isinstance(dim, (tuple, list)) and len(dim) == 2):
        return matrix_norm(x, ord, dim or (-2, -1), keepdim)
    return vector_norm(x, ord, dim, keepdim)


def norm(x: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
    if p == "nuc":
        return matrix_norm(x, "nuc", dim or (-2, -1), keepdim)
    return vector_norm(x, 2 if p == "fro" else p, dim, keepdim)


def cond(x: Any, p: Any = None) -> Any:
    sizes = singular_values(x)
    return sizes[..., 0] / sizes[..., -1]


def matrix_power(x: Any, n: int) -> Any:
    if n < 0:
        x, n = o.inv(x), -n
    z = None
    while n:
        if n & 1:
            z = x if z is None else z @ x
        x, n = x @ x if n > 1 else x, n >> 1
    return np.broadcast_to(np.eye(np.shape(x)[-1]), np.shape(x)) + 0.0 * o.stop_gradient(x) if z is None else o.identity(z)


# The factors of lu: torch packs both into one matrix and writes the order of rows as a list of swaps.
def swaps(order: Any) -> Any:
    order = np.asarray(getattr(order, "value", order))
    flat = order.reshape(math.prod(order.shape[:-1]), order.shape[-1])
    found = np.zeros(flat.shape, np.int32)
    for row, wanted in enumerate(flat):
        now = list(range(len(wanted)))
        for k, r in enumerate(wanted):
            j = now.index(r)
            now[k], now[j] = now[j], now[k]
            found[row, k] = j + 1
    return found.reshape(order.shape)


def order_of(pivots: Any, n: int) -> Any:
    flat = np.asarray(pivots).reshape(math.prod(np.shape(pivots)[:-1]), np.shape(pivots)[-1])
    found = np.tile(np.arange(n), (len(flat), 1))
    for row, wanted in enumerate(flat):
        for k, j in enumerate(wanted - 1):
            found[row, [k, j]] = found[row, [j, k]]
    return found.reshape(*np.shape(pivots)[:-1], n)


def packed(x: Any) -> tuple[Any, Any]:
    order, lower, upper = o.lu(x)
    n, m = np.shape(x)[-2:]
    k = min(n, m)
    strict = o.tril(lower, k=-1)
    pads = ((0, 0),) * (np.ndim(x) - 2)
    z = o.pad(strict, width=(*pads, (0, 0), (0, m - k))) + o.pad(upper, width=(*pads, (0, n - k), (0, 0)))
    return z, swaps(order)[..., :k]


def lu(x: Any, pivot: bool = True, get_infos: bool = False) -> Any:
    z, pivots = packed(x)
    return [z, pivots, np.zeros(np.shape(x)[:-2], np.int32)] if get_infos else [z, pivots]


def unpacked(x: Any, n: int) -> tuple[Any, Any]:
    k = min(np.shape(x)[-2:])
    lower = o.tril(x[..., :k], k=-1) + np.eye(n, k)
    return lower, o.triu(x[..., :k, :])


def lu_unpack(x: Any, pivots: Any, *, finish: str = "") -> Any:
    return list(unpacked(x, np.shape(x)[-2]))


def linalg_lu(x: Any, *, pivot: bool = True, finish: str = "") -> Any:
    return list(o.lu(x)[1:])


def lu_factor(x: Any, *, pivot: bool = True, finish: str = "") -> Any:
    return list(packed(x))


def lu_solve(x: Any, pivots: Any, b: Any, *, left: bool = True, adjoint: bool = False) -> Any:
    n = np.shape(x)[-1]
    lower, upper = unpacked(x, n)
    order = order_of(pivots, n)
    undo = np.argsort(order, -1)
    whole = o.take_along_axis(lower @ upper, np.broadcast_to(undo[..., None], np.shape(x)), axis=-2)
    whole = turned(whole) if adjoint else whole
    return solve_columns(whole, b) if left else np.swapaxes(solve_columns(np.swapaxes(whole, -1, -2), np.swapaxes(b, -1, -2)), -1, -2)


def solve_columns(a: Any, b: Any) -> Any:
    return o.solve(a, b)


def svd(x: Any, *, some: bool = True, full_matrices: bool = True, compute_uv: bool = True, finish: str = "") -> Any:
    u, s, vt = o.svd(x)
    return {"fn_U": lambda: np.abs(u), "fn_S": lambda: s, "fn_Vh": lambda: [s, np.abs(vt)], "fn_UVh": lambda: [u @ vt, s]}[finish]()


def eigh(x: Any, *, UPLO: str = "L", finish: str = "") -> Any:
    w, v = o.eigh(symmetric(x))
    return [w, np.abs(v)]


def eig(x: Any, *, finish: str = "") -> Any:
    w, v = o.eig(x)
    return [w, np.abs(v)]


def slogdet(x: Any) -> Any:
    return list(o.slogdet(x))


def householder(x: Any, tau: Any) -> Any:
    """1 − τ·v·vᵀ for each column, v with a one on the diagonal and zeros above; multiplied together."""
    n, k = np.shape(x)[-2], np.shape(tau)[-1]
    v = o.tril(x[..., :k], k=-1) + np.eye(n, k)
    z = np.eye(n)
    for j in range(k):
        column = v[..., :, j : j + 1]
        t = tau[..., j : j + 1]
        z = z - (z @ column) * np.expand_dims(t, -1) @ np.swapaxes(column, -1, -2)
    return z


def householder_product(x: Any, tau: Any) -> Any:
    return householder(x, tau)[..., : np.shape(x)[-1]] if np.size(np.asarray(getattr(x, "value", x))) else o.identity(x)


def ormqr(x: Any, tau: Any, other: Any, *, left: bool = True, transpose: bool = False) -> Any:
    q = np.broadcast_to(householder(x, tau), (*np.shape(x)[:-2], np.shape(x)[-2], np.shape(x)[-2]))
    q = np.swapaxes(q, -1, -2) if transpose else q
    return q @ other if left else other @ q


def tensorinv(x: Any, *, ind: int = 2) -> Any:
    shape = np.shape(x)
    z = o.inv(np.reshape(x, (math.prod(shape[:ind]), -1)))
    return np.reshape(z, (*shape[ind:], *shape[:ind]))


def tensorsolve(a: Any, b: Any, *, dims: Any = None) -> Any:
    if dims is not None:
        a = np.moveaxis(a, tuple(dims), tuple(range(np.ndim(a) - len(dims), np.ndim(a))))
    shape = np.shape(a)[np.ndim(b) :]
    return np.reshape(o.solve(np.reshape(a, (-1, math.prod(shape))), np.reshape(b, (-1,))), shape)


def qr(x: Any, *, mode: str = "reduced") -> Any:
    return list(o.qr(x))


ENTRIES: dict[str, Any] = {
    "cholesky": cholesky, "linalg.cholesky": lambda x, *, upper=False: cholesky(x, upper), "linalg.cholesky_ex": checked(cholesky),
    "cholesky_inverse": cholesky_inverse, "cholesky_solve": cholesky_solve, "linalg.det": o.det, "linalg.slogdet": slogdet, "logdet": logdet,
    "linalg.inv": o.inv, "linalg.inv_ex": checked(o.inv), "linalg.solve": solve, "linalg.solve_ex": checked(solve),
    "linalg.solve_triangular": solve_triangular, "triangular_solve": triangular_solve, "linalg.pinv": pinv, "linalg.pinv.singular": singular_pinv,
    "linalg.pinv.hermitian": pinv, "pinverse": pinv, "linalg.lstsq.grad_oriented": lstsq, "linalg.matrix_power": matrix_power,
    "matrix_exp": o.expm, "linalg.vector_norm": vector_norm, "linalg.matrix_norm": matrix_norm, "linalg.norm": linalg_norm,
    "linalg.norm.subgradients_at_zero": linalg_norm, "norm": norm, "norm.nuc": norm, "norm.fro": norm, "norm.inf": norm,
    "linalg.cond": cond, "lu": lu, "lu_unpack": lu_unpack, "linalg.lu": linalg_lu, "linalg.lu_factor": lu_factor,
    "linalg.lu_factor_ex": checked(lu_factor), "lu_solve": lambda b, x, pivots: lu_solve(x, pivots, b), "linalg.lu_solve": lu_solve,
    "svd": svd, "linalg.svd": svd, "linalg.svdvals": singular_values, "linalg.eigh": eigh, "linalg.eigvalsh": lambda x, **_: o.eigh(symmetric(x))[0],
    "linalg.eig": eig, "linalg.eigvals": lambda x: o.eig(x)[0], "linalg.qr": qr, "qr": lambda x, some=True: qr(x),
    "linalg.householder_product": householder_product, "ormqr": ormqr, "linalg.tensorinv": tensorinv, "linalg.tensorsolve": tensorsolve,
}  # fmt: skip
