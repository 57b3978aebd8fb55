"""Matrices as products: qr and lu, the pseudo-inverse, the logarithm of the determinant, and the exponential; over stacks too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, operation
from ..core.types import TupleType, Type
from ..errors import ValueError
from . import batched
from . import samples as s
from .algebra import NOT_SQUARE, REGULAR, STACK, adjoint, floats, half_below, inv, matrix_mask, solve, square_type
from .arrange import concat
from .diagonal import tril, triu
from .index import index
from .leaf import item
from .linear import conjugate, matmul
from .shape import reshape
from .spectrum import computed, matrix_type, real_type

__all__ = ["expm", "lu", "pinv", "qr", "slogdet"]


def qr_type(x: Type) -> TupleType:
    found = matrix_type("qr", x)
    *batch, n, m_ = x.shape
    k = min(n, m_)
    return TupleType([found.with_shape((*batch, n, k)), found.with_shape((*batch, k, m_))])


def qr_value(x: Any) -> tuple[Any, ...]:
    return tuple(np.linalg.qr(floats(x)))


def below(x: Any) -> Any:
    return tril(x, k=-1)


def mirrored(x: Any) -> Any:
    """The lower half, and its adjoint above; the real part of the diagonal."""
    half = half_below(x)
    return half + adjoint(half)


def qr_square(gq: Any, gr: Any, q: Any, r: Any) -> Any:
    """For a matrix that is no wider than high: (g₁ + q·mirrored(r·g₂ᵀ − g₁ᵀ·q))·r⁻ᵀ."""
    middle = matmul(r, adjoint(gr)) - matmul(adjoint(gq), q)
    found = gq + matmul(q, mirrored(middle))
    return adjoint(solve(r, adjoint(found)))


def qr_vjp(g: Sequence[Any], z: Any, x: Any) -> Any:
    q, r = item(z, k=0), item(z, k=1)
    gq, gr = g
    n, m_ = x.shape[-2:]
    if m_ <= n:
        return qr_square(gq, gr, q, r)
    left, right = f":{n}", f"{n}:"
    beyond = index(gr, key=("...", right))
    gq = gq + matmul(index(x, key=("...", right)), adjoint(beyond))
    first = qr_square(gq, index(gr, key=("...", left)), q, index(r, key=("...", left)))
    return concat(first, matmul(q, beyond), axis=-1)


qr: Op = operation(
    "qr", "x",
    doc="q with orthogonal columns of length 1 and r upper triangular, q·r = x; as many columns as the shorter side of x. Derivatives "
        "need columns that do not depend on one another.",
    words="(g₁ + q·mirrored(r·g₂ᵀ − g₁ᵀ·q))·r⁻ᵀ, where mirrored copies the lower half of a matrix to its upper half",
    source="Walter, Lehmann and Lamour 2012, On evaluating higher-order derivatives of the QR decomposition of tall matrices",
    kind="linear",
    type=qr_type,
    value=qr_value,
    vjp=qr_vjp,
    batch=batched.stacked_matrices("qr"),
    cases=[
        Case([[0.0, -2.0], [-1.0, 0.0]], smooth=False),
        Case(REGULAR),
        Case(s.MATRIX),
        Case(STACK[:, :, :2]),
        Case(s.ROW, raises="qr: needs a matrix or a stack of them, and got Vector Float64 (3,)"),
    ],
)  # fmt: skip


def lu_type(x: Type) -> TupleType:
    found = matrix_type("lu", x)
    *batch, n, m_ = x.shape
    k = min(n, m_)
    return TupleType([Type("int64", (*batch, n)), found.with_shape((*batch, n, k)), found.with_shape((*batch, k, m_))])


def lu_value(x: Any) -> tuple[Any, ...]:
    """Row by row, the largest number of each column first; all matrices of a stack at once."""
    x = floats(x)
    *batch, n, m_ = x.shape
    k = min(n, m_)
    a = x.reshape((-1, n, m_)).copy() if x.size else np.zeros((int(np.prod(batch)), n, m_), x.dtype)
    each = np.arange(len(a))
    order = np.tile(np.arange(n), (len(a), 1))
    for i in range(k):
        best = i + np.argmax(np.abs(a[:, i:, i]), -1) if len(a) else each
        for rows in (a, order):
            rows[each, i], rows[each, best] = rows[each, best].copy(), rows[each, i].copy()
        pivot = a[:, i, i]
        a[:, i + 1 :, i] /= np.where(pivot == 0, 1, pivot)[:, None]
        a[:, i + 1 :, i + 1 :] -= a[:, i + 1 :, i, None] * a[:, i, None, i + 1 :]
    lower = np.tril(a[:, :, :k], -1) + np.eye(n, k, dtype=x.dtype)
    return order.reshape((*batch, n)), lower.reshape((*batch, n, k)), np.triu(a[:, :k]).reshape((*batch, k, m_))


def lu_vjp(g: Sequence[Any], z: Any, x: Any) -> Any:
    order, lower, upper = (item(z, k=k) for k in range(3))
    _, gl, gu = g
    n, m_ = x.shape[-2:]
    k = min(n, m_)
    top, left = ("...", f":{k}", ":"), ("...", f":{k}")
    l1, u1 = index(lower, key=top), index(upper, key=left)
    gl1, gu1 = index(gl, key=top), index(gu, key=left)
    low, high = matmul(adjoint(l1), gl1), matmul(gu1, adjoint(u1))
    if m_ > k:
        gu2 = index(gu, key=("...", f"{k}:"))
        low = low - matmul(gu2, adjoint(index(upper, key=("...", f"{k}:"))))
    if n > k:
        gl2 = index(gl, key=("...", f"{k}:", ":"))
        high = high - matmul(adjoint(index(lower, key=("...", f"{k}:", ":"))), gl2)
    inner = solve(adjoint(l1), below(low) + triu(high))
    found = adjoint(solve(u1, adjoint(inner)))
    if m_ > k:
        found = concat(found, solve(adjoint(l1), gu2), axis=-1)
    if n > k:
        found = concat(found, adjoint(solve(u1, adjoint(gl2))), axis=-2)
    return reordered(found, order)


def reordered(x: Any, order: Any) -> Any:
    """Rows put back to where the order took them from."""
    from .elements import add_along_axis
    from .shape import broadcast_to, expand_dims

    places = broadcast_to(expand_dims(order, axis=-1), shape=x.shape)
    return add_along_axis(x, places, size=x.shape[-2], axis=-2)


lu: Op = operation(
    "lu", "x",
    doc="The order of rows, l and u: x[order] = l·u, with l lower triangular, ones on its diagonal, and u upper triangular. The largest "
        "number of each column comes first.",
    words="l⁻ᵀ·(lower half of lᵀ·g₂, upper half of g₃·uᵀ)·u⁻ᵀ, rows put back",
    source="Axelsson and others 2024, Differentiating the LU decomposition, after Giles 2008",
    kind="linear",
    type=lu_type,
    value=lu_value,
    vjp=lu_vjp,
    batch=batched.stacked_matrices("lu"),
    cases=[
        Case([[1.0, 2.0], [4.0, 2.0]], gives=([1, 0], [[1.0, 0.0], [0.25, 1.0]], [[4.0, 2.0], [0.0, 1.5]])),
        Case(REGULAR),
        Case(s.MATRIX),
        Case(STACK[:, :, :2]),
        Case(np.zeros((0, 2, 2))),
        Case(s.ROW, raises="lu: needs a matrix or a stack of them, and got Vector Float64 (3,)"),
    ],
)  # fmt: skip


def slogdet_type(x: Type) -> TupleType:
    found = square_type("slogdet", x)
    return TupleType([found.with_shape(x.shape[:-2]), real_type(found).with_shape(x.shape[:-2])])


def slogdet_vjp(g: Sequence[Any], z: Any, x: Any) -> Any:
    """gᵀ times the inverse; the sign of a real matrix jumps, and that of a complex one turns with the imaginary part."""
    turned = adjoint(inv(x))
    size = reshape(g[1], shape=(*g[1].shape, 1, 1))
    if x.dtype.kind != "c":
        return size * turned
    from .complex import imag
    from .spectrum import as_dtype

    turn = as_dtype(imag(conjugate(item(z, k=0)) * g[0]), x)
    return (as_dtype(size, x) + reshape(turn, shape=(*g[1].shape, 1, 1)) * 1j) * turned


slogdet: Op = operation(
    "slogdet", "x",
    doc="The sign of the determinant and the logarithm of its size: what does not overflow. Of a singular matrix 0 and −∞.",
    words="Jacobi's rule over the determinant: the gradient of the logarithm times x⁻ᵀ",
    kind="linear",
    type=slogdet_type,
    value=lambda x: tuple(np.asarray(part)[()] for part in np.linalg.slogdet(floats(x))),
    vjp=slogdet_vjp,
    batch=batched.stacked_matrices("slogdet"),
    cases=[
        Case([[0.0, 2.0], [3.0, 0.0]], gives=(-1.0, 1.791759469228055)),
        Case(REGULAR),
        Case(STACK),
        Case(s.MATRIX, raises=f"slogdet: {NOT_SQUARE}"),
    ],
)  # fmt: skip


def pinv_type(x: Type, rtol: float | None = None) -> Type:
    found = matrix_type("pinv", x)
    if rtol is not None and not rtol >= 0:
        raise ValueError(f"pinv: rtol is a number from 0 on, and not {rtol!r}")
    return found.with_shape((*x.shape[:-2], x.shape[-1], x.shape[-2]))


def pinv_value(x: Any, rtol: float | None = None) -> Any:
    x = floats(x)
    least = max(x.shape[-2:]) * np.finfo(x.dtype).eps if rtol is None else rtol
    return computed("pinv", lambda y: np.linalg.pinv(y, rcond=least), x) if x.size else np.zeros((*x.shape[:-2], x.shape[-1], x.shape[-2]), x.dtype)


def pinv_vjp(g: Any, z: Any, x: Any, rtol: float | None = None) -> Any:
    zt, gt = adjoint(z), adjoint(g)
    rows, columns = matmul(x, z), matmul(z, x)
    across = matmul(gt, matmul(z, zt))
    along = matmul(matmul(zt, z), gt)
    return (across - matmul(rows, across)) + (along - matmul(along, columns)) - matmul(zt, matmul(g, zt))


pinv: Op = operation(
    "pinv", "x",
    doc="The pseudo-inverse: what is nearest to undoing the matrix. Sizes (singular values) below rtol times the largest count as 0; "
        "derivatives hold the rank.",
    words="(1 − x·z)·gᵀ·z·zᵀ + zᵀ·z·gᵀ·(1 − z·x) − zᵀ·g·zᵀ",
    source="Golub and Pereyra 1973, The differentiation of pseudo-inverses and nonlinear least squares problems",
    kind="linear",
    attrs={"rtol": None},
    type=pinv_type,
    value=pinv_value,
    vjp=pinv_vjp,
    mask=matrix_mask,
    batch=batched.stacked_matrices("pinv"),
    cases=[
        Case([[2.0, 0.0], [0.0, 4.0]], gives=[[0.5, 0.0], [0.0, 0.25]]),
        Case(REGULAR),
        Case(s.MATRIX),
        Case(STACK[:, :, :2]),
        Case([[1.0, 1.0], [1.0, 1.0]], gives=[[0.25, 0.25], [0.25, 0.25]], smooth=False),
        Case(s.MATRIX, rtol=-1.0, raises="pinv: rtol is a number from 0 on, and not -1.0"),
        Case(s.ROW, raises="pinv: needs a matrix or a stack of them, and got Vector Float64 (3,)"),
        Case([[2.0, 0.0, 0.4], [0.0, 1e-5, 1e9], [np.inf, 0.0, -1.0]],
             raises="pinv: there is inf in the matrix, and a search among such numbers need not end: leave them out before"),
    ],
)  # fmt: skip

# Padé's numerators for e^x, degree 13: the sizes of x they serve, and the coefficients.
REACH = 5.371920351148152
PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0, 10559470521600.0,
    670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip


def expm_value(x: Any) -> Any:
    x = floats(x)
    if x.size == 0:
        return x
    size = np.max(np.sum(np.abs(x), -2), -1)
    lost = ~np.isfinite(size)
    steps = np.maximum(0, np.ceil(np.log2(np.where(lost | (size == 0), 1.0, size) / REACH))).astype(int)
    a = np.where(lost[..., None, None], 0, x) / np.exp2(steps)[..., None, None].astype(size.dtype)
    b = [x.dtype.type(c) for c in PADE]
    one = np.eye(x.shape[-1], dtype=x.dtype)
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a2 @ a4
    odd = a @ (a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    z = np.linalg.solve(even - odd, even + odd)
    for k in range(int(np.max(steps))):
        z = np.where((k < steps)[..., None, None], z @ z, z)
    return np.where(lost[..., None, None], np.nan, z).astype(x.dtype)


def expm_vjp(g: Any, z: Any, x: Any) -> Any:
    """The corner of the exponential of a matrix of four: [[xᵀ, g], [0, xᵀ]]."""
    n = x.shape[-1]
    turned = adjoint(x)
    top = concat(turned, g, axis=-1)
    bottom = concat(turned * 0.0, turned, axis=-1)
    return index(expm(concat(top, bottom, axis=-2)), key=("...", f":{n}", f"{n}:"))


expm: Op = operation(
    "expm", "x",
    doc="The exponential of a square matrix, 1 + x + x²/2 + …, or of each matrix of a stack.",
    words="the corner of the exponential of [[xᵀ, g], [0, xᵀ]]",
    source="Higham 2005, The scaling and squaring method for the matrix exponential revisited; Mathias 1996, A chain rule for matrix functions",
    kind="linear",
    paper=lambda x: m.call("expm", x),
    type=lambda x: square_type("expm", x),
    value=expm_value,
    vjp=expm_vjp,
    mask=matrix_mask,
    batch=batched.stacked_matrices("expm"),
    cases=[
        Case([[0.0, 1.0], [0.0, 0.0]], gives=[[1.0, 1.0], [0.0, 1.0]]),
        Case(REGULAR),
        Case(STACK),
        Case([[0.0, 40.0], [-40.0, 0.0]], gives=[[np.cos(40.0), np.sin(40.0)], [-np.sin(40.0), np.cos(40.0)]], smooth=False),
        Case(np.zeros((0, 2, 2))),
        Case(s.MATRIX, raises=f"expm: {NOT_SQUARE}"),
    ],
)  # fmt: skip
