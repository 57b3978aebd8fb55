"""Exponentials that are added up without overflow: logsumexp, softmax, log_softmax.

The largest number is taken out before anything is raised, and it is left out of the sum, so that log1p keeps the digits
of what the others add.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from ..core.balance import Balance, Number
from ..core.op import Case, Op, operation
from ..core.types import Type
from ..errors import DTypeError
from . import batched
from . import samples as s
from .axes import Axis, axes_of
from .compare import equal, where
from .elementary import exp, log, log1p
from .order import max
from .reduce import any as any_along
from .reduce import float_type, reduced, spread
from .reduce import sum as sum_along
from .shape import broadcast_to, cast, reshape

__all__ = ["log_softmax", "logsumexp", "softmax"]


def quiet(value: Callable[..., Any]) -> Callable[..., Any]:
    """The value rule, whose exponentials may be too small for a number: that is no mistake of the caller's."""

    @wraps(value)
    def call(*args: Any, **attrs: Any) -> Any:
        with np.errstate(all="ignore"):
            return value(*args, **attrs)

    return call


def real_floats(x: Any) -> Any:
    return x.astype(float_type(Type(x.dtype, x.shape)).dtype)


def checked(op: str, x: Type, axis: Axis) -> tuple[int, ...]:
    if x.dtype.kind == "c":
        raise DTypeError(f"{op}: complex numbers have no largest: take abs, real or imag of them first")
    return axes_of(op, x, axis)


def parts(x: Any, axes: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """The largest number, what is left when it is taken off, and the sum of e to the others, axes kept."""
    largest = np.max(x, axis=axes, keepdims=True, initial=-np.inf)
    rest = x - np.where(np.isfinite(largest), largest, x.dtype.type(0))
    raised = np.moveaxis(np.exp(rest), axes, range(-len(axes), 0)) if axes else np.exp(rest)
    flat = raised.reshape((*raised.shape[: raised.ndim - len(axes)], -1 if raised.size else int(np.prod([x.shape[a] for a in axes]))))
    flat = np.array(flat)
    if flat.shape[-1]:
        np.put_along_axis(flat, np.argmax(flat, -1, keepdims=True), 0, -1)
    return largest, rest, np.sum(flat, -1).reshape(largest.shape)


def logsumexp_type(x: Type, axis: Axis = None, keepdims: bool = False) -> Type:
    checked("logsumexp", x, axis)
    return float_type(reduced("logsumexp", x, axis, keepdims))


@quiet
def logsumexp_value(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    x = real_floats(x)
    axes = axes_of("logsumexp", Type(x.dtype, x.shape), axis)
    if not all(x.shape[a] for a in axes):
        return np.log(np.sum(x, axis=axes, keepdims=keepdims) * 0)
    largest, _, others = parts(x, axes)
    z = largest + np.log1p(others)
    return (z if keepdims else np.squeeze(z, axes)).astype(x.dtype)[()]


def logsumexp_inside(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The largest number, and the logarithm of 1 and what the others add to it; equally large ones add 1 each."""
    if not all(x.shape[a] for a in axes_of("logsumexp", x.type, axis)):
        return log(sum_along(exp(x), axis=axis, keepdims=keepdims))
    top = max(x, axis=axis, keepdims=True)
    ties = equal(x, top)
    others = sum_along(where(ties, 0.0, exp(x - top)), axis=axis, keepdims=True)
    more = sum_along(cast(ties, dtype=others.dtype.name), axis=axis, keepdims=True) - 1.0
    z = top + log1p(others + more)
    return z if keepdims else reshape(z, shape=reduced("logsumexp", x.type, axis, False).shape)


def neighbours(at: tuple[int, ...], shape: tuple[int, ...], axes: Sequence[int]) -> list[tuple[int, ...]]:
    """The places that differ from this one along some axes only."""
    rows = [range(n) if k in axes else (at[k],) for k, n in enumerate(shape)]
    return list(itertools.product(*rows))


def shares(at: tuple[int, ...], z: Any, x: Any, axis: Axis = -1, raised: bool = False) -> Balance:
    """A share times all e^x is its own e^x; a share that is `raised` is given as its logarithm."""
    near = neighbours(at, x.shape, axes_of("softmax", Type(x.dtype, x.shape), axis))
    top = float(np.max([x[place] for place in near]))
    own = Number(-1, at, raised)
    return Balance(tuple((own, Number(0, place, True, top)) for place in near), Number(0, at, True, top))


def powers(at: tuple[int, ...], z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Balance:
    """e to the result is the sum of all e^x."""
    axes = axes_of("logsumexp", Type(x.dtype, x.shape), axis)
    left = iter(at)
    here = tuple(0 if k in axes and not keepdims else next(left) for k in range(x.ndim))
    near = neighbours(here, x.shape, axes)
    top = float(np.max([x[place] for place in near]))
    return Balance(tuple((Number(0, place, True, top),) for place in near), Number(-1, at, True, top))


logsumexp: Op = operation(
    "logsumexp", "x",
    doc="log Σ e^x along one axis, several, or all, without overflow. Of nothing but −∞ it is −∞, and there the gradient is "
        "NaN, since no number is larger than another: mask such rows with where before.",
    words="chain rule: each number gets its share e^x / Σ e^x, the softmax",
    kind="reduce",
    attrs={"axis": None, "keepdims": False},
    type=logsumexp_type,
    value=logsumexp_value,
    vjp=lambda g, z, x, axis=None, keepdims=False: spread("logsumexp", g, x, axis) * softmax(x, axis=axis),
    mask=lambda k, mask, z, x, axis=None, keepdims=False: None if mask is None else spread("logsumexp", mask, x, axis),
    inside=logsumexp_inside,
    balance=powers,
    cases=[
        Case([0.0, 0.0], gives=np.log(2.0), grads=[[0.5, 0.5]]),
        Case([1000.0, 1000.0], gives=1000.0 + np.log(2.0), grads=[[0.5, 0.5]], smooth=False),
        Case([-np.inf, 0.0], gives=0.0, grads=[[0.0, 1.0]], smooth=False),
        Case([-np.inf, -np.inf], gives=-np.inf, grads=[[np.nan, np.nan]], smooth=False, note="no share is defined"),
        Case([0.0, -60.0], gives=8.75651076269652e-27, smooth=False, note="log1p keeps what the smaller one adds"),
        Case([np.inf, 0.0], gives=np.inf, smooth=False),
        Case(s.MATRIX, axis=0, keepdims=True),
        Case(s.TENSOR, axis=(0, -1)),
        Case(s.MATRIX),
        Case(np.zeros((2, 0)), axis=1, gives=[-np.inf, -np.inf], smooth=False),
        Case(2.5, gives=2.5, grads=[1.0]),
        Case([1j], raises="logsumexp: complex numbers have no largest: take abs, real or imag of them first"),
        Case(s.ROW, axis=1, raises="logsumexp: there is no axis 1: Vector Float64 (3,) has 1 axes"),
    ],
)  # fmt: skip


@quiet
def softmax_value(x: Any, axis: Axis = -1) -> Any:
    x = real_floats(x)
    axes = axes_of("softmax", Type(x.dtype, x.shape), axis)
    if x.size == 0:
        return x
    raised = np.exp(x - np.max(x, axis=axes, keepdims=True))
    return (raised / np.sum(raised, axis=axes, keepdims=True))[()]


def softmax_type(x: Type, axis: Axis = -1) -> Type:
    checked("softmax", x, axis)
    return float_type(x)


def row_mask(k: int, mask: Any, z: Any, x: Any, axis: Axis = -1) -> Any:
    """A number takes part wherever any result of its row is live."""
    return None if mask is None else broadcast_to(any_along(mask, axis=axis, keepdims=True), shape=x.shape)


def softmax_inside(x: Any, axis: Axis = -1) -> Any:
    raised = exp(x - max(x, axis=axis, keepdims=True) if x.size else x)
    return raised / sum_along(raised, axis=axis, keepdims=True)


softmax: Op = operation(
    "softmax", "x",
    doc="e^x / Σ e^x along the last axis or others: positive numbers that add up to 1. Of nothing but −∞ it is NaN.",
    words="softmax rule: z·(g − Σ g·z)",
    kind="network",
    attrs={"axis": -1},
    type=softmax_type,
    value=softmax_value,
    mask=row_mask,
    vjp=lambda g, z, x, axis=-1: z * (g - sum_along(g * z, axis=axis, keepdims=True)),
    inside=softmax_inside,
    balance=shares,
    batch=batched.along_axes("softmax"),
    cases=[
        Case([0.0, 0.0], gives=[0.5, 0.5], grads=[[0.0, 0.0]]),
        Case([1000.0, -1000.0], gives=[1.0, 0.0], grads=[[0.0, 0.0]], smooth=False),
        Case([-np.inf, 0.0], gives=[0.0, 1.0], smooth=False),
        Case([-np.inf, -np.inf], gives=[np.nan, np.nan], smooth=False),
        Case(s.MATRIX),
        Case(s.TENSOR, axis=(0, 2)),
        Case(s.MATRIX, axis=None),
        Case(np.zeros((2, 0))),
        Case([1j], raises="softmax: complex numbers have no largest: take abs, real or imag of them first"),
        Case(2.0, raises="softmax: there is no axis -1: Float64 () has 0 axes"),
    ],
)  # fmt: skip


def log_softmax_type(x: Type, axis: Axis = -1) -> Type:
    checked("log_softmax", x, axis)
    return float_type(x)


@quiet
def log_softmax_value(x: Any, axis: Axis = -1) -> Any:
    x = real_floats(x)
    if x.size == 0:
        return x
    axes = axes_of("log_softmax", Type(x.dtype, x.shape), axis)
    largest, rest, others = parts(x, axes)
    return np.where(np.isfinite(largest), rest - np.log1p(others), x.dtype.type(np.nan)).astype(x.dtype)[()]


def log_softmax_inside(x: Any, axis: Axis = -1) -> Any:
    """What is left when the largest number is taken off, and the logarithm of 1 and what the others add to it taken off that."""
    if not x.size:
        return x
    rest = x - max(x, axis=axis, keepdims=True)
    ties = equal(rest, 0.0)
    others = sum_along(where(ties, 0.0, exp(rest)), axis=axis, keepdims=True)
    return rest - log1p(others + (sum_along(cast(ties, dtype=others.dtype.name), axis=axis, keepdims=True) - 1.0))


log_softmax: Op = operation(
    "log_softmax", "x",
    doc="Logarithm of the softmax, x − log Σ e^x, exact where the softmax itself is 0 or 1 to the last digit. Beside ∞ or NaN, and of "
        "nothing but −∞, it is NaN, as the softmax is.",
    words="chain rule: g − softmax(x)·Σ g",
    kind="network",
    attrs={"axis": -1},
    type=log_softmax_type,
    value=log_softmax_value,
    mask=row_mask,
    vjp=lambda g, z, x, axis=-1: g - softmax(x, axis=axis) * sum_along(g, axis=axis, keepdims=True),
    inside=log_softmax_inside,
    balance=lambda at, z, x, axis=-1: shares(at, z, x, axis, raised=True),
    batch=batched.along_axes("log_softmax"),
    cases=[
        Case([0.0, 0.0], gives=[-np.log(2.0), -np.log(2.0)], grads=[[0.0, 0.0]]),
        Case([1000.0, -1000.0], gives=[0.0, -2000.0], smooth=False),
        Case([0.0, -60.0], gives=[-8.75651076269652e-27, -60.0], smooth=False),
        Case([-np.inf, 0.0], gives=[-np.inf, 0.0], smooth=False),
        Case([-np.inf, -np.inf], gives=[np.nan, np.nan], smooth=False),
        Case([1.0, np.nan], gives=[np.nan, np.nan], smooth=False),
        Case([np.inf, 0.0], gives=[np.nan, np.nan], smooth=False, note="the softmax is ∞/∞"),
        Case([-1e37, -1e37], gives=[-np.log(2.0), -np.log(2.0)], smooth=False, note="x − log Σ e^x would be 0"),
        Case(s.MATRIX),
        Case(s.TENSOR, axis=1),
        Case(np.zeros((0, 2))),
        Case([1j], raises="log_softmax: complex numbers have no largest: take abs, real or imag of them first"),
        Case(s.ROW, axis=3, raises="log_softmax: there is no axis 3: Vector Float64 (3,) has 1 axes"),
    ],
)  # fmt: skip
