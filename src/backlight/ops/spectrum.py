"""Eigenvalues and singular values, with their vectors; over stacks of matrices too.

Vectors are known but for a sign (complex ones but for a phase), so only what does not depend on it has a derivative, and
the rules give that. Two equal eigenvalues leave their vectors open: where a gradient arrives for the vectors, it is
infinite or NaN there, and where none does, that of the values stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import TupleType, Type
from ..errors import ShapeError, ValueError
from . import batched
from . import samples as s
from .algebra import REGULAR, STACK, adjoint, floats, solve, square_type
from .complex import imag, real
from .leaf import item
from .linear import conjugate, matmul
from .reduce import float_type
from .shape import cast, expand_dims

__all__ = ["eig", "eigh", "svd"]


def real_type(x: Type) -> Type:
    """The dtype of sizes: real, of the same precision."""
    return x.with_dtype(f"f{x.dtype.itemsize // 2}") if x.dtype.kind == "c" else float_type(x)


def unused(g: Any) -> bool:
    """Whether nobody asked for this result: its gradient is a zero that was only put in."""
    return g.tape is not None and g.tape.nodes[g.number].why.kind == "unused"


def column(v: Any) -> Any:
    return expand_dims(v, axis=-1)


def row_of(v: Any) -> Any:
    return expand_dims(v, axis=-2)


def eye(n: int, like: Any) -> Any:
    return np.eye(n, dtype=like.dtype)


def on_diagonal(v: Any, like: Any) -> Any:
    """The numbers of a vector as a diagonal matrix, or a stack of them."""
    return row_of(as_dtype(v, like)) * eye(v.shape[-1], like)


def as_dtype(x: Any, like: Any) -> Any:
    return x if x.dtype == like.dtype else cast(x, dtype=like.dtype.name)


def gaps(w: Any) -> Any:
    """1/(w[j] − w[i]) at [i, j], and 0 on the diagonal."""
    n = w.shape[-1]
    off = ~np.eye(n, dtype=bool)
    difference = row_of(w) - column(w)
    from .compare import where

    return where(off, 1.0 / where(off, difference, 1.0), 0.0)


def matrix_type(op: str, x: Type) -> Type:
    if x.rank < 2:
        raise ShapeError(f"{op}: needs a matrix or a stack of them, and got {x} {x.shape}")
    return float_type(x)


def computed(op: str, call: Any, x: Any) -> Any:
    """What LAPACK finds; it is not asked about numbers that are not finite, among which it may search for ever."""
    if not np.all(np.isfinite(x)):
        found = x[~np.isfinite(x)].flat[0]
        raise ValueError(f"{op}: there is {found} in the matrix, and a search among such numbers need not end: leave them out before")
    try:
        return call(floats(x))
    except np.linalg.LinAlgError:
        raise ValueError(f"{op}: the search for it did not end: are there NaN or infinite numbers in the matrix?") from None


def eigh_type(x: Type, upper: bool = False) -> TupleType:
    found = square_type("eigh", x)
    return TupleType([real_type(found).with_shape(x.shape[:-1]), found])


def eigh_value(x: Any, upper: bool = False) -> tuple[Any, ...]:
    x = floats(x)
    x = (x + np.conj(np.swapaxes(x, -1, -2))) / 2
    known = np.all(np.isfinite(x), axis=(-2, -1))
    taken = np.where(known[..., None, None], x, np.zeros((), x.dtype))  # LAPACK is not asked about others
    w, v = computed("eigh", lambda y: np.linalg.eigh(y, "U" if upper else "L"), taken)
    return np.where(known[..., None], w, w.dtype.type(np.nan)), np.where(known[..., None, None], v, v.dtype.type(np.nan))


def eigh_vjp(g: Sequence[Any], z: Any, x: Any, upper: bool = False) -> Any:
    w, v = item(z, k=0), item(z, k=1)
    inner = on_diagonal(g[0], v)
    if not unused(g[1]):
        inner = inner + as_dtype(gaps(w), v) * matmul(adjoint(v), g[1])
    found = matmul(v, matmul(inner, adjoint(v)))
    return (found + adjoint(found)) * 0.5


SYMMETRIC = REGULAR + REGULAR.T
BAD = {
    "matrix": (s.MATRIX, "needs a square matrix or a stack of them, and got Matrix Float64 (2, 3)"),
}  # fmt: skip

eigh: Op = operation(
    "eigh", "x",
    doc="The eigenvalues of a symmetric (Hermitian) matrix in ascending order, and its eigenvectors as columns; of x its symmetric "
        "part is taken; where a number of it is not finite, all of them are NaN. Vectors are known but for their sign, which may hang on the half that is read (the lower one, or `upper`), and "
        "their derivative needs distinct eigenvalues.",
    words="with F = 1/(w[j] − w[i]) off the diagonal: the symmetric part of v·(diag g₁ + F∘(vᵀ·g₂))·vᵀ",
    source="Giles 2008, An extended collection of matrix derivative results for forward and reverse mode",
    kind="linear",
    attrs={"upper": False},
    type=eigh_type,
    value=eigh_value,
    vjp=eigh_vjp,
    batch=batched.stacked_matrices("eigh"),
    cases=[
        Case([[2.0, 0.0], [0.0, 5.0]], gives=([2.0, 5.0], [[1.0, 0.0], [0.0, 1.0]]), smooth=False, note="steps turn the sign of a vector"),
        Case(SYMMETRIC),
        Case(SYMMETRIC, upper=True),
        Case(STACK),
        Case(s.MATRIX, raises=f"eigh: {BAD['matrix'][1]}"),
    ],
)  # fmt: skip


def eig_type(x: Type) -> TupleType:
    found = square_type("eig", x)
    wide = found.with_dtype("complex64" if found.dtype in ("float32", "complex64") else "complex128")
    return TupleType([wide.with_shape(x.shape[:-1]), wide])


def eig_value(x: Any) -> tuple[Any, ...]:
    wide = "complex64" if floats(x).dtype in ("float32", "complex64") else "complex128"
    return tuple(part.astype(wide) for part in computed("eig", np.linalg.eig, x))


def eig_vjp(g: Sequence[Any], z: Any, x: Any) -> Any:
    w, v = item(z, k=0), item(z, k=1)
    inner = on_diagonal(g[0], v)
    if not unused(g[1]):
        pulled = matmul(adjoint(v), g[1])
        sizes = as_dtype(real(diagonal(pulled)), v)
        inner = inner + conjugate(gaps(w)) * (pulled - matmul(adjoint(v), v * row_of(sizes)))
    return solve(adjoint(v), matmul(inner, adjoint(v)))


def diagonal(x: Any) -> Any:
    """The diagonal of each matrix of a stack."""
    from .reduce import sum as sum_along

    return sum_along(x * eye(x.shape[-1], x), axis=-1)


eig: Op = operation(
    "eig", "x",
    doc="The eigenvalues of a square matrix and its eigenvectors as columns of length 1, both complex. Vectors are known but for "
        "their phase, and derivatives need distinct eigenvalues.",
    words="with F = 1/(w[j] − w[i]) off the diagonal: v⁻ᵀ·(diag g₁ + F∘(vᵀ·g₂, lengths kept))·vᵀ, conjugates understood",
    source="Boeddeker and others 2017, On the computation of complex-valued gradients with application to statistically optimum beamforming",
    kind="linear",
    type=eig_type,
    value=eig_value,
    vjp=eig_vjp,
    batch=batched.stacked_matrices("eig"),
    cases=[
        Case([[2.0, 0.0], [0.0, 5.0]], gives=([2.0 + 0j, 5.0 + 0j], [[1.0 + 0j, 0.0], [0.0, 1.0 + 0j]]), smooth=False),
        Case(REGULAR @ np.diag([1.0, 4.0, 9.0]) @ np.linalg.inv(REGULAR), note="real eigenvalues, and no more than a sign is open"),
        Case([[0.0, -1.0], [1.0, 0.0]], smooth=False, note="a turn: ±i"),
        Case(s.MATRIX, raises=f"eig: {BAD['matrix'][1]}"),
        Case([[1.0, 2.0], [2.0, np.inf]], raises="eig: there is inf in the matrix, and a search among such numbers need not end: "
             "leave them out before"),
    ],
)  # fmt: skip


def svd_type(x: Type) -> TupleType:
    found = matrix_type("svd", x)
    *batch, n, m = x.shape
    k = min(n, m)
    return TupleType([found.with_shape((*batch, n, k)), real_type(found).with_shape((*batch, k)), found.with_shape((*batch, k, m))])


def svd_value(x: Any) -> tuple[Any, ...]:
    return tuple(computed("svd", lambda y: np.linalg.svd(y, full_matrices=False), x))


def skew(x: Any) -> Any:
    return x - adjoint(x)


def svd_vjp(g: Sequence[Any], z: Any, x: Any) -> Any:
    u, sizes, vt = (item(z, k=k) for k in range(3))
    gu, gs, gvt = g
    inner = on_diagonal(gs, u)
    if unused(gu) and unused(gvt):
        return matmul(u, matmul(inner, vt))
    wide = as_dtype(sizes, u)
    squares = as_dtype(gaps(sizes * sizes), u)
    left, right = matmul(adjoint(u), gu), matmul(vt, adjoint(gvt))
    inner = inner + squares * (skew(left) * row_of(wide) + column(wide) * skew(right))
    if x.dtype.kind == "c":
        inner = inner + on_diagonal(imag(diagonal(left)) / sizes, u) * 1j
    found = matmul(u, matmul(inner, vt))
    n, m = x.shape[-2:]
    if n > m:
        rest = gu / row_of(wide)
        found = found + matmul(rest - matmul(u, matmul(adjoint(u), rest)), vt)
    if m > n:
        rest = gvt / column(wide)
        found = found + matmul(u, rest - matmul(matmul(rest, adjoint(vt)), vt))
    return found


svd: Op = operation(
    "svd", "x",
    doc="u, s, vᵀ with u·diag(s)·vᵀ = x, the sizes s in descending order and as many as the shorter side of x. Vectors are known but "
        "for their sign, and their derivative needs distinct sizes, none of them 0.",
    words="with F = 1/(s[j]² − s[i]²) off the diagonal: u·(diag g₂ + F∘(skew(uᵀ·g₁)·s + s·skew(vᵀ·g₃ᵀ)))·vᵀ, and what lies outside of u and v over s",
    source="Townsend 2016, Differentiating the singular value decomposition; Wan and Zhang 2019, Automatic differentiation for complex valued SVD",
    kind="linear",
    type=svd_type,
    value=svd_value,
    vjp=svd_vjp,
    batch=batched.stacked_matrices("svd"),
    cases=[
        Case([[3.0, 0.0], [0.0, 2.0]], gives=([[1.0, 0.0], [0.0, 1.0]], [3.0, 2.0], [[1.0, 0.0], [0.0, 1.0]]), smooth=False),
        Case(REGULAR),
        Case(s.MATRIX),
        Case(STACK[:, :, :2]),
        Case(s.ROW, raises="svd: needs a matrix or a stack of them, and got Vector Float64 (3,)"),
        Case([[1.0, 2.0], [2.0, np.inf]], raises="svd: there is inf in the matrix, and a search among such numbers need not end: "
             "leave them out before"),
    ],
)  # fmt: skip
