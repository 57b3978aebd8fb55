"""Products of vectors, matrices and stacks of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, operation
from ..core.table import TABLE
from ..core.types import Type, broadcast_shapes
from ..errors import ShapeError
from . import batched
from . import samples as s
from .arithmetic import mul
from .shape import permute, reshape, sum_to

__all__ = ["matmul"]


def matmul_type(x: Type, y: Type) -> Type:
    if x.rank == 0 or y.rank == 0:
        raise ShapeError(f"matmul: needs vectors or matrices, and got {x} {x.shape} and {y} {y.shape}: use * for scalars")
    n, k = x.shape[-1], y.shape[0 if y.rank == 1 else -2]
    if n != k:
        raise ShapeError(
            f"matmul: cannot multiply {x} {x.shape} by {y} {y.shape}: "
            f"the last axis of the first has size {n} and the {'only' if y.rank == 1 else 'last but one'} axis of the second {k}"
        )
    batch = broadcast_shapes(x.shape[:-2], y.shape[:-2])
    if batch is None:
        raise ShapeError(f"matmul: cannot stretch the stacks {x.shape[:-2]} and {y.shape[:-2]} to one shape")
    shape = batch + (x.shape[-2:-1] if x.rank > 1 else ()) + (y.shape[-1:] if y.rank > 1 else ())
    return Type(np.result_type(x.dtype, y.dtype), shape)


def swapped(x: Any) -> Any:
    """The last two axes exchanged."""
    if x.ndim == 2:
        return x.T
    return permute(x, axes=(*range(x.ndim - 2), x.ndim - 1, x.ndim - 2))


def fitted(x: Any, shape: tuple[int, ...]) -> Any:
    """Summed over the axes of the stack that were stretched."""
    return x if x.shape == shape else sum_to(x, shape=shape)


def conjugate(x: Any) -> Any:
    """The complex conjugate; a real number as it is."""
    return TABLE["conj"](x) if x.dtype.kind == "c" else x


def matmul_left(g: Any, z: Any, x: Any, y: Any) -> Any:
    """g·yᵀ: to the first factor."""
    y = conjugate(y)
    if x.ndim == 1 and y.ndim == 1:
        return mul(g, y)
    if y.ndim == 1:
        return fitted(mul(reshape(g, shape=(*g.shape, 1)), y), x.shape)
    if x.ndim == 1:
        return fitted(reshape(matmul(y, reshape(g, shape=(*g.shape, 1))), shape=y.shape[:-1]), x.shape)
    return fitted(matmul(g, swapped(y)), x.shape)


def matmul_right(g: Any, z: Any, x: Any, y: Any) -> Any:
    """xᵀ·g: to the second factor."""
    x = conjugate(x)
    if x.ndim == 1 and y.ndim == 1:
        return mul(g, x)
    if x.ndim == 1:
        return fitted(mul(reshape(x, shape=(*x.shape, 1)), reshape(g, shape=(*g.shape[:-1], 1, g.shape[-1]))), y.shape)
    if y.ndim == 1:
        if x.ndim == 2:
            return matmul(x.T, g)
        return fitted(reshape(matmul(swapped(x), reshape(g, shape=(*g.shape, 1))), shape=(*x.shape[:-2], x.shape[-1])), y.shape)
    return fitted(matmul(swapped(x), g), y.shape)


def matmul_mask(k: int, m: Any, z: Any, x: Any, y: Any) -> Any:
    """A row of the first factor is live where any number of its row of the result is, a column of the second likewise."""
    if m is None:
        return None
    if x.ndim == 1:
        m = TABLE["expand_dims"](m, axis=m.ndim if y.ndim == 1 else m.ndim - 1)
    if y.ndim == 1:
        m = TABLE["expand_dims"](m, axis=m.ndim)
    own = (x, y)[k]
    rows = TABLE["any"](m, axis=-1 if k == 0 else -2, keepdims=True)
    if own.ndim == 1:
        return TABLE["broadcast_to"](TABLE["any"](rows), shape=own.shape)
    if rows.ndim > own.ndim or any(a != b for a, b in zip(rows.shape[:-2], own.shape[-rows.ndim : -2], strict=False)):
        shape = (*own.shape[:-2], *rows.shape[-2:])
        rows = TABLE["greater"](TABLE["sum_to"](TABLE["cast"](rows, dtype="float64"), shape=shape), 0.5)
    return TABLE["broadcast_to"](rows, shape=own.shape)


def product_mark(types: Sequence[Type], of: Sequence[str]) -> str:
    """A×B for matrices, A×b for a matrix and a vector, with ᵀ where the factor is a transpose."""
    letters = [letter if t.rank > 1 else letter.lower() for letter, t in zip("AB", types, strict=True)]
    turned = ["ᵀ" if made == "transpose" else "" for made in of] or ["", ""]
    symbol = "·" if letters == ["a", "b"] else "×"
    return f"{letters[0]}{turned[0]}{symbol}{letters[1]}{turned[1]}"


matmul: Op = operation(
    "matmul", "x y",
    doc="Matrix product, over stacks of matrices too; a vector counts as a row on the left and as a column on the right.",
    words="product rule for matrices: g·yᵀ to the first factor, xᵀ·g to the second",
    kind="linear",
    mark=product_mark,
    paper=lambda x, y: m.infix("@", x, y, m.MULTIPLY),
    type=matmul_type,
    value=np.matmul,
    vjp=(matmul_left, matmul_right),
    linear=(0, 1),
    mask=matmul_mask,
    cost=lambda x, y: 2 * matmul_type(x, y).size * x.shape[-1],
    analytic=True,
    batch=batched.matrix_product,
    cases=[
        Case(s.MATRIX, s.TENSOR[0]),
        Case(s.MATRIX, s.ROW),
        Case(s.ROW, s.TENSOR[0]),
        Case(s.ROW, s.POSITIVE_ROW),
        Case(s.MATRIX, s.TENSOR),
        Case(s.TENSOR, s.VECTOR),
        Case(s.VECTOR[:3], s.TENSOR),
        Case(s.TENSOR, s.TENSOR[0].T),
        Case(s.MATRIX * (1 + 0.5j), s.ROW * (0.3 - 2j), note="complex"),
        Case(np.zeros((2, 0)), np.zeros((0, 3)), gives=np.zeros((2, 3))),
        Case(s.MATRIX, s.MATRIX, raises="matmul: cannot multiply Matrix Float64 (2, 3) by Matrix Float64 (2, 3): "
             "the last axis of the first has size 3 and the last but one axis of the second 2"),
        Case(2.0, s.ROW, raises="matmul: needs vectors or matrices, and got Float64 () and Vector Float64 (3,): use * for scalars"),
    ],
)  # fmt: skip
