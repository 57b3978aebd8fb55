"""Rows about the diagonal of a matrix: taking it, making one, keeping one side of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import Type
from ..errors import ShapeError
from . import batched
from . import samples as s
from .index import embed, index, live
from .reduce import sum as sum_along
from .reduce import sum_type
from .shape import reshape

__all__ = ["diag", "trace", "tril", "triu"]


def matrix_only(op: str, x: Type) -> None:
    if x.rank < 2:
        raise ShapeError(f"{op}: needs a matrix or a stack of them, and got {x} {x.shape}")


def side(name: str, doc: str, keep: Any) -> Op:
    def type_rule(x: Type, k: int = 0) -> Type:
        matrix_only(name, x)
        return x

    row: Op = operation(
        name, "x",
        doc=doc,
        words="choice rule: the gradient of the side that is kept, zero on the other",
        kind="shape",
        attrs={"k": 0},
        type=type_rule,
        value=lambda x, k=0: np.where(keep(x.shape[-2:], k), x, x.dtype.type(0)),
        vjp=lambda g, z, x, k=0: row(g, k=k),
        linear=(0,),
        mask=lambda operand, mask, z, x, k=0: row(live(mask, z), k=k),
        fills=True,
        chooses=True,
        batch=batched.stacked_matrices(name),
        cases=[
            Case([[1.0, 2.0], [3.0, 4.0]], gives=keep((2, 2), 0) * [[1.0, 2.0], [3.0, 4.0]], grads=[keep((2, 2), 0) * 1.0]),
            Case(s.MATRIX, k=1),
            Case(s.TENSOR, k=-1),
            Case(s.ROW, raises=f"{name}: needs a matrix or a stack of them, and got Vector Float64 (3,)"),
        ],
    )  # fmt: skip
    return row


tril: Op = side(
    "tril", "A matrix with zeros above its diagonal, or above the diagonal k further up.", lambda shape, k: np.tri(shape[0], shape[1], k) > 0
)
triu: Op = side(
    "triu", "A matrix with zeros below its diagonal, or below the diagonal k further up.", lambda shape, k: np.tri(shape[0], shape[1], k - 1) == 0
)


def diag_type(x: Type, k: int = 0) -> Type:
    if x.rank == 1:
        n = x.shape[0] + abs(k)
        return x.with_shape((n, n))
    if x.rank != 2:
        raise ShapeError(f"diag: needs a vector, to make a matrix of it, or a matrix, to take its diagonal, and got {x} {x.shape}")
    return x.with_shape((diagonal_size(x.shape, k),))


def diagonal_size(shape: tuple[int, ...], k: int) -> int:
    return max(0, min(shape[0] + min(k, 0), shape[1] - max(k, 0)))


def stride(shape: tuple[int, ...], k: int) -> str:
    """The places of the diagonal in reading order, as a range."""
    m = shape[1]
    start = k if k >= 0 else -k * m
    count = diagonal_size(shape, k)
    return f"{start}:{start + count * (m + 1)}:{m + 1}" if count else "0:0"


def diag_back(g: Any, z: Any, x: Any, k: int = 0) -> Any:
    if x.ndim == 1:
        return diag(g, k=k)
    n, m = x.shape
    return reshape(embed(g, key=stride(x.shape, k), shape=(n * m,)), shape=x.shape)


def diag_inside(x: Any, k: int = 0) -> Any:
    if x.ndim == 2:
        return index(reshape(x, shape=-1), key=stride(x.shape, k))
    n = x.shape[0] + abs(k)
    return reshape(embed(x, key=stride((n, n), k), shape=(n * n,)), shape=(n, n))


diag: Op = operation(
    "diag", "x",
    doc="The diagonal of a matrix, or a matrix with a vector on its diagonal and zeros elsewhere; k counts diagonals upwards.",
    words="choice rule: the gradient goes to where the diagonal was taken from",
    kind="shape",
    attrs={"k": 0},
    type=diag_type,
    value=np.diag,
    vjp=diag_back,
    linear=(0,),
    mask=lambda operand, mask, z, x, k=0: diag_back(live(mask, z), z, x, k),
    fills=True,
    chooses=True,
    inside=diag_inside,
    analytic=True,
    batch="inside",
    cases=[
        Case([1.5, 2.5], gives=[[1.5, 0.0], [0.0, 2.5]], grads=[[1.0, 1.0]]),
        Case(s.MATRIX, gives=[0.7, 1.9], grads=[[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]),
        Case(s.ROW, k=-2),
        Case(s.MATRIX, k=1),
        Case(s.MATRIX.T, k=-2),
        Case(s.MATRIX, k=5, gives=np.zeros(0)),
        Case(s.TENSOR, raises="diag: needs a vector, to make a matrix of it, or a matrix, to take its diagonal, and got "
             "Tensor-3 Float64 (2, 3, 4)"),
    ],
)  # fmt: skip


def trace_type(x: Type) -> Type:
    matrix_only("trace", x)
    return sum_type(x.with_shape((*x.shape[:-2], 1)), axis=-1)


def eye(x: Any) -> Any:
    return np.eye(*x.shape[-2:], dtype=x.dtype)


def trace_inside(x: Any) -> Any:
    """What is beside the diagonal does not count, whatever it is."""
    from .compare import where

    return sum_along(where(np.eye(*x.shape[-2:], dtype=np.bool_), x, np.zeros((), x.dtype)), axis=(-2, -1))


trace: Op = operation(
    "trace", "x",
    doc="Sum of the diagonal of a matrix, or of each matrix of a stack.",
    words="sum rule: the diagonal gets the gradient, the rest nothing",
    kind="linear",
    glyph="tr",
    type=trace_type,
    value=lambda x: np.trace(x, axis1=-2, axis2=-1, dtype=trace_type(Type(x.dtype, x.shape)).dtype)[()],
    vjp=lambda g, z, x: reshape(g, shape=(*g.shape, 1, 1)) * eye(x),
    linear=(0,),
    mask=lambda k, mask, z, x: diagonal_mask(mask, x),
    climb=lambda ts, x: trace(ts[0]),
    chooses=True,
    inside=trace_inside,
    analytic=True,
    batch=batched.stacked_matrices("trace"),
    cases=[
        Case([[1.5, 2.0], [3.0, 4.0]], gives=5.5, grads=[[[1.0, 0.0], [0.0, 1.0]]]),
        Case(s.MATRIX),
        Case(s.TENSOR),
        Case([[1.0, np.inf], [np.nan, 2.0]], gives=3.0, smooth=False),
        Case(s.ROW, raises="trace: needs a matrix or a stack of them, and got Vector Float64 (3,)"),
    ],
)  # fmt: skip


def diagonal_mask(mask: Any, x: Any) -> Any:
    """Live on the diagonal of the matrices whose trace is live."""
    from .compare import logical_and

    on = np.broadcast_to(np.eye(*x.shape[-2:], dtype=np.bool_), x.shape)
    return on if mask is None else logical_and(reshape(mask, shape=(*mask.shape, 1, 1)), on)
