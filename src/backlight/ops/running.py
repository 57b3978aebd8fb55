"""Running sums and products: every result depends on all the numbers before it.

A running product is differentiated without a division, so zeros do no harm: the derivative is a running product of the
numbers before times a linear recurrence over those behind, and recurrences are closed under differentiation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import Type
from ..errors import ShapeError
from . import batched
from . import samples as s
from .axes import axis_of
from .index import embed, index
from .linear import conjugate

__all__ = ["cumprod", "cumsum", "recurrence"]


def running(x: Any, axis: int, exclusive: bool, reverse: bool, start: int, scan: Callable[[Any], Any]) -> Any:
    """A scan along an axis, from the end where it is reversed, one behind where it is exclusive."""
    y = np.moveaxis(x, axis, 0)
    y = scan(y[::-1] if reverse else y)
    if exclusive and len(y):
        y = np.concatenate([np.full_like(y[:1], start), y[:-1]])
    return np.moveaxis(y[::-1] if reverse else y, 0, axis)


def number_dtype(dtype: np.dtype[Any]) -> Any:
    return np.dtype("int64") if dtype.kind == "b" else dtype


def scan_type(name: str) -> Callable[..., Type]:
    def rule(x: Type, axis: int = -1, exclusive: bool = False, reverse: bool = False) -> Type:
        axis_of(name, x, axis)
        return x.with_dtype(number_dtype(x.dtype))

    return rule


def neighbour(x: Any, axis: int, reverse: bool) -> Any:
    """Each number's neighbour along an axis, the next one or (reversed) the one before, and zero at the end."""
    a = axis % x.ndim
    rest = (":",) * a
    taken, put = ("1:", ":-1") if not reverse else (":-1", "1:")
    if x.shape[a] == 0:
        return x
    return embed(index(x, key=(*rest, taken)), key=(*rest, put), shape=x.shape)


SETTINGS: dict[str, Any] = {"axis": -1, "exclusive": False, "reverse": False}

cumsum: Op = operation(
    "cumsum", "x",
    doc="Running sum along the last axis or another, with each number itself or without it (exclusive), from the end (reverse).",
    words="sum rule: each number gets the gradients of all sums it went into",
    kind="linear",
    glyph="Σ…",
    attrs=SETTINGS,
    type=scan_type("cumsum"),
    value=lambda x, axis=-1, exclusive=False, reverse=False: running(
        x, axis, exclusive, reverse, 0, lambda y: np.cumsum(y, 0, dtype=number_dtype(x.dtype))
    ),
    vjp=lambda g, z, x, axis=-1, exclusive=False, reverse=False: cumsum(g, axis=axis, exclusive=exclusive, reverse=not reverse),
    linear=(0,),
    climb=lambda ts, x, **attrs: cumsum(ts[0], **attrs),
    fills=True,
    mask=lambda k, mask, z, x, axis=-1, exclusive=False, reverse=False: None if mask is None else cumsum(
        mask, axis=axis, exclusive=exclusive, reverse=not reverse) > 0,
    analytic=True,
    batch=batched.along_axes("cumsum"),
    cases=[
        Case([1.0, 2.0, 4.0], gives=[1.0, 3.0, 7.0], grads=[[3.0, 2.0, 1.0]]),
        Case([1.0, 2.0, 4.0], exclusive=True, reverse=True, gives=[6.0, 4.0, 0.0]),
        Case(s.MATRIX, axis=0, reverse=True),
        Case(s.TENSOR, axis=1, exclusive=True),
        Case(np.zeros((2, 0))),
        Case(s.ROW, axis=1, raises="cumsum: there is no axis 1: Vector Float64 (3,) has 1 axes"),
    ],
)  # fmt: skip


def recurrence_type(a: Type, b: Type, axis: int = -1, reverse: bool = False) -> Type:
    if a.shape != b.shape:
        raise ShapeError(f"recurrence: a and b must have one shape, and they are {a} {a.shape} and {b} {b.shape}")
    axis_of("recurrence", a, axis)
    return Type(number_dtype(np.result_type(a.dtype, b.dtype)), a.shape)


def recurrence_value(a: Any, b: Any, axis: int = -1, reverse: bool = False) -> Any:
    def scan(y: Any) -> Any:
        factors = np.moveaxis(a, axis, 0)
        factors = factors[::-1] if reverse else factors
        z = y.astype(number_dtype(np.result_type(a, b)))
        for k in range(1, len(z)):
            z[k] += factors[k] * z[k - 1]
        return z

    return running(b, axis, False, reverse, 0, scan)


def recurrence_back(g: Any, a: Any, axis: int, reverse: bool) -> Any:
    """The gradient of b: the same recurrence from the other end, over the factors that stand one further."""
    return recurrence(conjugate(neighbour(a, axis, reverse)), g, axis=axis, reverse=not reverse)


recurrence: Op = operation(
    "recurrence", "a b",
    doc="z with z[k] = a[k]·z[k−1] + b[k] along the last axis or another, from z = 0 before the first; reversed, from the end.",
    words="chain rule along the axis: the same recurrence from the other end",
    kind="linear",
    attrs={"axis": -1, "reverse": False},
    type=recurrence_type,
    value=recurrence_value,
    vjp=(
        lambda g, z, a, b, axis=-1, reverse=False: recurrence_back(g, a, axis, reverse) * conjugate(neighbour(z, axis, not reverse)),
        lambda g, z, a, b, axis=-1, reverse=False: recurrence_back(g, a, axis, reverse),
    ),
    linear=(1,),
    climb=lambda ts, a, b, axis=-1, reverse=False: cumsum(sum(t for t in ts if t is not None), axis=axis, reverse=reverse),
    mask=lambda k, mask, z, a, b, axis=-1, reverse=False: None if mask is None else cumsum(mask, axis=axis, reverse=not reverse) > 0,
    analytic=True,
    batch=batched.along_axes("recurrence"),
    cases=[
        Case([9.0, 2.0, 3.0], [1.0, 1.0, 1.0], gives=[1.0, 3.0, 10.0], grads=[[0.0, 4.0, 3.0], [9.0, 4.0, 1.0]]),
        Case(s.MATRIX, s.OTHER, reverse=True),
        Case(s.TENSOR, s.TENSOR[::-1, :, ::-1] * 0.7, axis=1),
        Case([0.0, 0.0, 2.0], s.ROW, smooth=True),
        Case(np.zeros((0, 2)), np.zeros((0, 2)), axis=0),
        Case(s.MATRIX, s.ROW, raises="recurrence: a and b must have one shape, and they are Matrix Float64 (2, 3) and Vector Float64 (3,)"),
        Case(s.ROW, s.ROW, axis=1, raises="recurrence: there is no axis 1: Vector Float64 (3,) has 1 axes"),
    ],
)  # fmt: skip


def cumprod_vjp(g: Any, z: Any, x: Any, axis: int = -1, exclusive: bool = False, reverse: bool = False) -> Any:
    """x[k] gets the product of all before it, times what the products behind it would get per unit of it."""
    before = cumprod(x, axis=axis, exclusive=True, reverse=reverse)
    factors = conjugate(x)
    if exclusive:
        behind = neighbour(recurrence(factors, g, axis=axis, reverse=not reverse), axis, reverse)
    else:
        behind = recurrence(neighbour(factors, axis, reverse), g, axis=axis, reverse=not reverse)
    return conjugate(before) * behind


cumprod: Op = operation(
    "cumprod", "x",
    doc="Running product along the last axis or another, with each number itself or without it (exclusive), from the end "
        "(reverse); its derivatives are exact with any number of zeros.",
    words="product rule: each number gets the gradients of all products it went into, times their other factors",
    kind="linear",
    glyph="Π…",
    attrs=SETTINGS,
    type=scan_type("cumprod"),
    value=lambda x, axis=-1, exclusive=False, reverse=False: running(
        x, axis, exclusive, reverse, 1, lambda y: np.cumprod(y, 0, dtype=number_dtype(x.dtype))
    ),
    vjp=cumprod_vjp,
    climb=lambda ts, x, **attrs: cumsum(ts[0], **attrs),
    fills=True,
    mask=lambda k, mask, z, x, axis=-1, exclusive=False, reverse=False: None if mask is None else cumsum(
        mask, axis=axis, exclusive=exclusive, reverse=not reverse) > 0,
    analytic=True,
    batch=batched.along_axes("cumprod"),
    cases=[
        Case([2.0, 3.0, 4.0], gives=[2.0, 6.0, 24.0], grads=[[16.0, 10.0, 6.0]]),
        Case([0.0, 2.0, 3.0], gives=[0.0, 0.0, 0.0], grads=[[9.0, 0.0, 0.0]], note="a zero"),
        Case([2.0, 0.0, 0.0, 5.0], gives=[2.0, 0.0, 0.0, 0.0], grads=[[1.0, 2.0, 0.0, 0.0]], note="two zeros"),
        Case([2.0, 3.0, 4.0], exclusive=True, gives=[1.0, 2.0, 6.0], grads=[[4.0, 2.0, 0.0]]),
        Case(s.MATRIX, axis=0, reverse=True),
        Case(s.TENSOR, axis=1, exclusive=True, reverse=True),
        Case(np.zeros((2, 0))),
        Case(s.ROW, axis=1, raises="cumprod: there is no axis 1: Vector Float64 (3,) has 1 axes"),
    ],
)  # fmt: skip
