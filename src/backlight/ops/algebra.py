"""Matrices as maps: inverse, solution of linear equations, determinant, Cholesky factor; over stacks of matrices too."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.balance import Balance, Number
from ..core.op import Case, Op, operation
from ..core.types import Type, broadcast_shapes
from ..errors import ShapeError, ValueError
from . import batched
from . import samples as s
from .linear import conjugate, fitted, matmul, swapped
from .reduce import any as any_along
from .reduce import float_type
from .reduce import sum as sum_along
from .shape import broadcast_to, reshape

__all__ = ["cholesky", "cofactors", "det", "inv", "solve"]


def square_type(op: str, x: Type) -> Type:
    if x.rank < 2 or x.shape[-1] != x.shape[-2]:
        raise ShapeError(f"{op}: needs a square matrix or a stack of them, and got {x} {x.shape}")
    return float_type(x)


def floats(x: Any) -> Any:
    """As float64 where NumPy's linear algebra has no such dtype."""
    return x.astype(float_type(Type(x.dtype, x.shape)).dtype)


def adjoint(x: Any) -> Any:
    """The transpose, of complex numbers conjugate."""
    return swapped(conjugate(x))


def matrix_mask(k: int, mask: Any, z: Any, x: Any, **_: Any) -> Any:
    """All of a matrix is live where any number of its result is; of a stack, matrix by matrix."""
    if mask is None:
        return None
    lead = x.ndim - 2
    found = any_along(mask, axis=tuple(range(lead, mask.ndim))) if mask.ndim > lead else mask
    return broadcast_to(reshape(found, shape=(*found.shape, 1, 1)), shape=x.shape)


def inv_value(x: Any) -> Any:
    try:
        return np.linalg.inv(floats(x))
    except np.linalg.LinAlgError:
        raise ValueError("inv: the matrix is singular: no matrix undoes it") from None


REGULAR = np.array([[2.3, -0.7, 0.4], [0.9, 1.8, -1.1], [-0.6, 0.5, 1.4]])
STACK = np.stack([REGULAR, REGULAR.T * 0.8 + np.diag([0.5, 0.1, 0.9])])
NOT_SQUARE = "needs a square matrix or a stack of them, and got Matrix Float64 (2, 3)"

def undone(at: tuple[int, ...], z: Any, x: Any) -> Balance:
    """A row of x times a column of the inverse is a number of the identity."""
    *stack, i, j = at
    terms = tuple((Number(0, (*stack, i, k)), Number(-1, (*stack, k, j))) for k in range(x.shape[-1]))
    return Balance(terms, float(i == j))


inv: Op = operation(
    "inv", "x",
    doc="The inverse of a square matrix, or of each matrix of a stack.",
    words="inverse rule: −zᵀ·g·zᵀ",
    kind="linear",
    paper=lambda x: m.call("inv", x),
    type=lambda x: square_type("inv", x),
    value=inv_value,
    vjp=lambda g, z, x: -matmul(adjoint(z), matmul(g, adjoint(z))),
    mask=matrix_mask,
    batch=batched.stacked_matrices("inv"),
    balance=undone,
    cases=[
        Case([[2.0, 0.0], [0.0, 4.0]], gives=[[0.5, 0.0], [0.0, 0.25]], grads=[[[-0.25, -0.125], [-0.125, -0.0625]]]),
        Case(REGULAR),
        Case(STACK),
        Case(np.zeros((0, 2, 2)), gives=np.zeros((0, 2, 2))),
        Case([[1.0, 2.0], [2.0, 4.0]], raises="inv: the matrix is singular: no matrix undoes it"),
        Case(s.MATRIX, raises=f"inv: {NOT_SQUARE}"),
    ],
)  # fmt: skip


def solve_type(a: Type, b: Type) -> Type:
    found = square_type("solve", a)
    if b.rank == 0 or b.shape[0 if b.rank == 1 else -2] != a.shape[-1]:
        raise ShapeError(f"solve: the matrix {a} {a.shape} takes {a.shape[-1]} numbers on the right, and b is {b} {b.shape}")
    batch = broadcast_shapes(a.shape[:-2], () if b.rank == 1 else b.shape[:-2])
    if batch is None:
        raise ShapeError(f"solve: cannot stretch the stacks {a.shape[:-2]} and {b.shape[:-2]} to one shape")
    return Type(np.result_type(found.dtype, b.dtype), (*batch, *(b.shape if b.rank == 1 else b.shape[-2:])))


def solve_value(a: Any, b: Any) -> Any:
    try:
        found = np.linalg.solve(floats(a), floats(b))
    except np.linalg.LinAlgError:
        raise ValueError("solve: the matrix is singular: there is no solution, or more than one") from None
    return found.astype(np.result_type(floats(a), b))


def solve_by_b(g: Any, z: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1 and a.ndim > 2:  # one vector for a stack of matrices
        column = solve(adjoint(a), reshape(g, shape=(*g.shape, 1)))
        return fitted(reshape(column, shape=g.shape), b.shape)
    return fitted(solve(adjoint(a), g), b.shape)


def solve_by_a(g: Any, z: Any, a: Any, b: Any) -> Any:
    if b.ndim == 1:
        g, z = reshape(g, shape=(*g.shape, 1)), reshape(z, shape=(*z.shape, 1))
    return fitted(-matmul(solve(adjoint(a), g), adjoint(z)), a.shape)


def columns(ts: Any, shape: tuple[int, ...]) -> Any:
    """Where a solution moves: wherever its right side does, and everywhere if the matrix does."""
    a, b = ts
    if a is not None or b.ndim != len(shape):
        return broadcast_to(1.0, shape=shape)
    return broadcast_to(sum_along(b, axis=-2 if b.ndim > 1 else -1, keepdims=True), shape=shape)


def equation(at: tuple[int, ...], z: Any, a: Any, b: Any) -> Balance:
    """A row of the matrix times the solution is a number of the right side."""
    stack, column = (at[:-1], ()) if b.ndim == 1 else (at[:-2], at[-1:])
    row = at[len(stack)]

    def placed(shape: tuple[int, ...]) -> tuple[int, ...]:
        """The place in a stack that may be stretched, or have fewer axes."""
        return tuple(0 if n == 1 else i for i, n in zip(stack[len(stack) - len(shape) :], shape, strict=True))

    here = placed(a.shape[:-2])
    terms = tuple((Number(0, (*here, row, k)), Number(-1, (*stack, k, *column))) for k in range(a.shape[-1]))
    return Balance(terms, Number(1, (*(placed(b.shape[:-2]) if b.ndim > 1 else ()), row, *column)))


solve: Op = operation(
    "solve", "a b",
    doc="z with a·z = b, for a square matrix a (or a stack) and a vector or a matrix of columns b.",
    words="the transposed equation: aᵀ·d = g gives d to b and −d·zᵀ to a",
    kind="linear",
    type=solve_type,
    value=solve_value,
    vjp=(solve_by_a, solve_by_b),
    linear=(1,),
    climb=lambda ts, a, b: columns(ts, solve_type(a.type, b.type).shape),
    batch=batched.solved,
    balance=equation,
    cases=[
        Case([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0], gives=[1.0, 0.5], grads=[[[-0.5, -0.25], [-0.25, -0.125]], [0.5, 0.25]]),
        Case(REGULAR, s.ROW),
        Case(REGULAR, s.TENSOR[0]),
        Case(STACK, s.TENSOR[:1]),
        Case(STACK, s.ROW),
        Case([[1.0, 2.0], [2.0, 4.0]], [1.0, 0.0], raises="solve: the matrix is singular: there is no solution, or more than one"),
        Case(REGULAR, s.VECTOR, raises="solve: the matrix Matrix Float64 (3, 3) takes 3 numbers on the right, and b is Vector Float64 (4,)"),
        Case(STACK, s.TENSOR[[0, 1, 0]], raises="solve: cannot stretch the stacks (2,) and (3,) to one shape"),
        Case(s.MATRIX, s.ROW, raises=f"solve: {NOT_SQUARE}"),
    ],
)  # fmt: skip


def cofactors_value(x: Any) -> Any:
    """By the singular values, which need no division: u·(products of the others)·vᵀ, with the sign of det u · det v."""
    x = floats(x)
    lost = ~np.isfinite(x).all((-2, -1), keepdims=True)  # which has no singular values, and would fail the others with it
    u, sizes, vt = np.linalg.svd(np.where(lost, 0, x))
    n = x.shape[-1]
    others = np.stack([np.prod(np.delete(sizes, k, -1), -1) for k in range(n)], -1) if n else sizes
    sign = np.linalg.det(u) * np.linalg.det(vt)
    found = np.conj(np.conj(sign)[..., None, None] * ((u * others[..., None, :]) @ vt))
    return np.where(lost, np.nan, found).astype(x.dtype)


def cofactors_vjp(g: Any, z: Any, x: Any) -> Any:
    z, inverse = conjugate(z), adjoint(inv(x))
    pairs = sum_along(g * z, axis=(-2, -1), keepdims=True)
    return pairs * inverse - matmul(matmul(z, swapped(g)), inverse)


cofactors: Op = operation(
    "cofactors", "x",
    doc="The derivative of the determinant by each number of a matrix: defined for singular ones too, where it is differentiated no further.",
    words="from det(x)·x⁻ᵀ: ⟨g, z⟩·x⁻ᵀ − z·gᵀ·x⁻ᵀ",
    kind="linear",
    type=lambda x: square_type("cofactors", x),
    value=cofactors_value,
    vjp=cofactors_vjp,
    mask=matrix_mask,
    batch=batched.stacked_matrices("cofactors"),
    cases=[
        Case(REGULAR, gives=np.linalg.det(REGULAR) * np.linalg.inv(REGULAR).T),
        Case(STACK),
        Case([[2.5]], gives=[[1.0]]),
        Case([[[1.0, 2.0], [3.0, 5.0]], [[np.nan, 1.0], [2.0, 3.0]]],
             gives=[[[5.0, -3.0], [-2.0, 1.0]], [[np.nan, np.nan], [np.nan, np.nan]]], smooth=False),
        Case(s.MATRIX, raises=f"cofactors: {NOT_SQUARE}"),
    ],
)  # fmt: skip


def det_type(x: Type) -> Type:
    found = square_type("det", x)
    return found.with_shape(x.shape[:-2])


def expanded(at: tuple[int, ...], z: Any, x: Any) -> Balance:
    """The first row times its cofactors, which are its slopes: Laplace's expansion."""
    n = x.shape[-1]
    slopes = np.ravel(cofactors.value(x[at]))[:n]
    return Balance(tuple((Number(0, (*at, 0, k)),) for k in range(n)), Number(-1, at), tuple(map(float, slopes)))


det: Op = operation(
    "det", "x",
    doc="The determinant of a square matrix, or of each matrix of a stack; its derivative is right for singular ones too.",
    words="Jacobi's rule: the gradient times the matrix of cofactors",
    kind="linear",
    type=det_type,
    value=lambda x: np.linalg.det(floats(x)),
    vjp=lambda g, z, x: reshape(g, shape=(*g.shape, 1, 1)) * conjugate(cofactors(x)),
    mask=matrix_mask,
    batch=batched.stacked_matrices("det"),
    balance=expanded,
    cases=[
        Case([[1.0, 2.0], [3.0, 4.0]], gives=-2.0, grads=[[[4.0, -3.0], [-2.0, 1.0]]]),
        Case([[1.0, 2.0], [2.0, 4.0]], gives=0.0, grads=[[[4.0, -2.0], [-2.0, 1.0]]], smooth=False, note="singular"),
        Case(REGULAR),
        Case(STACK),
        Case(s.MATRIX, raises=f"det: {NOT_SQUARE}"),
    ],
)  # fmt: skip


def cholesky_value(x: Any) -> Any:
    x = floats(x)
    try:
        return np.linalg.cholesky((x + np.conj(np.swapaxes(x, -1, -2))) / 2)
    except np.linalg.LinAlgError:
        raise ValueError("cholesky: the matrix is not positive definite: add a positive number to its diagonal") from None


def half_below(x: Any) -> Any:
    """What is below the diagonal, and half of what is on it."""
    n = x.shape[-1]
    return x * (np.tril(np.ones((n, n))) - 0.5 * np.eye(n)).astype(x.dtype)


def cholesky_vjp(g: Any, z: Any, x: Any) -> Any:
    inner = half_below(matmul(adjoint(z), g))
    found = matmul(adjoint(inv(z)), matmul(inner, inv(z)))
    return (found + adjoint(found)) * 0.5


def squared(at: tuple[int, ...], z: Any, x: Any) -> Balance:
    """Two rows of the triangle, multiplied and added up, are a number of x; above the diagonal it is 0."""
    *stack, i, j = at
    if j > i:
        return Balance(((Number(-1, at),),), 0.0)
    return Balance(tuple((Number(-1, (*stack, i, k)), Number(-1, (*stack, j, k))) for k in range(j + 1)), Number(0, at))


DEFINITE = REGULAR @ REGULAR.T

cholesky: Op = operation(
    "cholesky", "x",
    doc="The lower triangular z with z·zᵀ = x, for a positive definite matrix or a stack; of x its symmetric part is taken.",
    words="with φ = lower half of zᵀ·g, diagonal halved: the symmetric part of z⁻ᵀ·φ·z⁻¹",
    source="Murray 2016, Differentiation of the Cholesky decomposition",
    kind="linear",
    type=lambda x: square_type("cholesky", x),
    value=cholesky_value,
    vjp=cholesky_vjp,
    mask=matrix_mask,
    batch=batched.stacked_matrices("cholesky"),
    balance=squared,
    cases=[
        Case([[4.0, 0.0], [0.0, 9.0]], gives=[[2.0, 0.0], [0.0, 3.0]]),
        Case(DEFINITE),
        Case(np.stack([DEFINITE, DEFINITE + np.diag([0.3, 1.1, 0.7])])),
        Case([[1.0, 2.0], [2.0, 1.0]], raises="cholesky: the matrix is not positive definite: add a positive number to its diagonal"),
        Case(s.MATRIX, raises=f"cholesky: {NOT_SQUARE}"),
    ],
)  # fmt: skip
