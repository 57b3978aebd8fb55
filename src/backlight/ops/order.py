"""The largest, the smallest, the middle one, and all of them in order.

Where several are equally large, `max` gives each an equal share of the gradient; `argmax` names the first of them.
Sorting is a permutation, and equal numbers keep their order, so its gradient is permuted back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import Type
from ..errors import DTypeError, ShapeError
from . import batched
from . import samples as s
from .axes import Axis, axes_of, axis_of
from .compare import equal, logical_and, where
from .elements import add_along_axis, take_along_axis
from .index import index, live
from .reduce import count_of, float_type, merged, reduced, spread, unmerged
from .reduce import sum as sum_along
from .shape import broadcast_to, cast, reshape

__all__ = ["argmax", "argmin", "argsort", "max", "median", "min", "sort"]


def ordered(op: str, x: Type) -> None:
    if x.dtype.kind == "c":
        raise DTypeError(f"{op}: complex numbers have no order: take abs, real or imag of them first")


def extreme_type(op: str) -> Callable[..., Type]:
    def rule(x: Type, axis: Axis = None, keepdims: bool = False) -> Type:
        ordered(op, x)
        found = reduced(op, x, axis, keepdims)
        for a in axes_of(op, x, axis):
            if x.shape[a] == 0:
                raise ShapeError(f"{op}: axis {a} of {x} {x.shape} has size 0: there is none among no numbers")
        return found

    return rule


def extreme(name: str, word: str, value: Callable[..., Any], sign: float) -> Op:
    """The largest, or the smallest."""

    def picked(z: Any, x: Any, axis: Axis) -> Any:
        return equal(x, spread(name, z, x, axis))

    def vjp(g: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        chosen = picked(z, x, axis)
        share = g if count_of(name, x.type, axis) == 1 else g / sum_along(cast(chosen, dtype=g.dtype.name), axis=axis, keepdims=keepdims)
        return where(chosen, spread(name, share, x, axis), 0.0)

    def mask(k: int, above: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
        chosen = picked(z, x, axis)
        return chosen if above is None else logical_and(chosen, spread(name, above, x, axis))

    return operation(
        name, "x",
        doc=f"The {word} number along one axis, several, or all; several {word} ones share the gradient evenly.",
        words=f"choice rule: the gradient goes to the {word}, in equal shares where there are several",
        kind="reduce",
        attrs={"axis": None, "keepdims": False},
        type=extreme_type(name),
        value=value,
        vjp=vjp,
        mask=mask,
        chooses=True,
        cases=[
            Case(np.array([1.0, 3.0, 2.0]) * sign, gives=3.0 * sign, grads=[[0.0, 1.0, 0.0]]),
            Case(np.array([1.0, 1.0, 0.0]) * sign, gives=1.0 * sign, grads=[[0.5, 0.5, 0.0]], smooth=False, note="a tie"),
            Case(s.MATRIX),
            Case(s.MATRIX, axis=0, keepdims=True),
            Case(s.TENSOR, axis=(0, -1)),
            Case([np.inf * sign, 1.0], gives=np.inf * sign, grads=[[1.0, 0.0]], smooth=False),
            Case([np.nan, 1.0], gives=np.nan, smooth=False),
            Case(2.5, gives=2.5, grads=[1.0]),
            Case([1 + 2j], raises=f"{name}: complex numbers have no order: take abs, real or imag of them first"),
            Case(np.zeros((2, 0)), axis=1, raises=f"{name}: axis 1 of Matrix Float64 (2, 0) has size 0: there is none among no numbers"),
            Case(s.MATRIX, axis=2, raises=f"{name}: there is no axis 2: Matrix Float64 (2, 3) has 2 axes"),
        ],
    )  # fmt: skip


max: Op = extreme("max", "largest", lambda x, axis=None, keepdims=False: np.max(x, axis=axis, keepdims=keepdims), 1.0)
min: Op = extreme("min", "smallest", lambda x, axis=None, keepdims=False: np.min(x, axis=axis, keepdims=keepdims), -1.0)


def where_extreme(name: str, word: str, value: Callable[..., Any], sign: float) -> Op:
    typed = extreme_type(name)

    def rule(x: Type, axis: int | None = None, keepdims: bool = False) -> Type:
        if isinstance(axis, tuple):
            raise ShapeError(f"{name}: takes one axis, or none for all in reading order, and not {axis}")
        return typed(x, axis, keepdims).with_dtype("int64")

    return operation(
        name, "x",
        doc=f"Where the {word} number is along an axis, or among all in reading order; the first of several. No derivative.",
        kind="reduce",
        attrs={"axis": None, "keepdims": False},
        type=rule,
        value=lambda x, axis=None, keepdims=False: value(x, axis=axis, keepdims=keepdims),
        cases=[
            Case(np.array([1.0, 3.0, 3.0]) * sign, gives=np.int64(1)),
            Case(s.MATRIX, axis=-1, keepdims=True),
            Case(s.TENSOR),
            Case(s.TENSOR, axis=1),
            Case(s.MATRIX, axis=(0, 1), raises=f"{name}: takes one axis, or none for all in reading order, and not (0, 1)"),
            Case(np.zeros(0), raises=f"{name}: axis 0 of Vector Float64 (0,) has size 0: there is none among no numbers"),
            Case([1j], raises=f"{name}: complex numbers have no order: take abs, real or imag of them first"),
        ],
    )  # fmt: skip


argmax: Op = where_extreme("argmax", "largest", np.argmax, 1.0)
argmin: Op = where_extreme("argmin", "smallest", np.argmin, -1.0)


def sort_order(x: Any, axis: int = -1, descending: bool = False) -> Any:
    """The stable permutation; equal numbers keep their order in both directions."""
    if not descending:
        return np.argsort(x, axis, kind="stable")
    behind = np.argsort(np.flip(x, axis), axis, kind="stable")
    return np.flip(x.shape[axis] - 1 - behind, axis)


def sort_type(name: str) -> Callable[..., Type]:
    def rule(x: Type, axis: int = -1, descending: bool = False) -> Type:
        ordered(name, x)
        axis_of(name, x, axis)
        return x if name == "sort" else x.with_dtype("int64")

    return rule


BAD_SORTS = {
    "complex": ([1j], "complex numbers have no order: take abs, real or imag of them first"),
    "axis": (2.0, "there is no axis -1: Float64 () has 0 axes"),
}

argsort: Op = operation(
    "argsort", "x",
    doc="The indices that put x in order along an axis; equal numbers keep theirs, NaN comes last. No derivative.",
    kind="index",
    attrs={"axis": -1, "descending": False},
    type=sort_type("argsort"),
    value=sort_order,
    batch=batched.along_axes("argsort"),
    cases=[
        Case([2.0, 1.0, 2.0, 0.5], gives=[3, 1, 0, 2]),
        Case([2.0, 1.0, 2.0, 0.5], descending=True, gives=[0, 2, 1, 3]),
        Case(s.TENSOR, axis=1),
        Case(np.zeros((2, 0))),
        *(Case(x, raises=f"argsort: {message}") for x, message in BAD_SORTS.values()),
    ],
)  # fmt: skip


def sort_back(g: Any, x: Any, axis: int, descending: bool) -> Any:
    return add_along_axis(g, argsort(x, axis=axis, descending=descending), size=x.shape[axis], axis=axis)


sort: Op = operation(
    "sort", "x",
    doc="In ascending order along an axis, or descending; equal numbers keep their order, NaN is last.",
    words="permutation rule: each gradient goes back to where its number came from",
    kind="index",
    attrs={"axis": -1, "descending": False},
    type=sort_type("sort"),
    value=lambda x, axis=-1, descending=False: np.take_along_axis(x, sort_order(x, axis, descending), axis),
    vjp=lambda g, z, x, axis=-1, descending=False: sort_back(g, x, axis, descending),
    jvp=lambda ts, z, x, axis=-1, descending=False: take_along_axis(ts[0], argsort(x, axis=axis, descending=descending), axis=axis),
    mask=lambda k, mask, z, x, axis=-1, descending=False: None if mask is None else sort_back(mask, x, axis, descending),
    inside=lambda x, axis=-1, descending=False: take_along_axis(x, argsort(x, axis=axis, descending=descending), axis=axis),
    batch=batched.along_axes("sort"),
    cases=[
        Case([2.0, 3.0, 1.0], gives=[1.0, 2.0, 3.0], grads=[[1.0, 1.0, 1.0]]),
        Case([1.0, 1.0, 0.0], gives=[0.0, 1.0, 1.0], smooth=False, note="a tie"),
        Case(s.TENSOR, axis=1, descending=True),
        Case(s.MATRIX),
        Case(np.zeros((2, 0))),
        *(Case(x, raises=f"sort: {message}") for x, message in BAD_SORTS.values()),
    ],
)  # fmt: skip

median_extreme = extreme_type("median")


def middle(n: int) -> str:
    """The one or two places in the middle of n, as a range."""
    return f"{(n - 1) // 2}:{n // 2 + 1}"


def median_picks(x: Any, axis: Axis) -> Any:
    """Where the middle numbers stand along the merged axis."""
    y = merged("median", x, axis)
    return index(argsort(y), key=("...", middle(y.shape[-1])))


def median_value(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    kind = float_type(Type(x.dtype, x.shape)).dtype
    return np.asarray(np.median(x.astype(kind), axis=axis, keepdims=keepdims), kind)[()]


def median_vjp(g: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    if count_of("median", x.type, axis) == 1:
        return spread("median", g, x, axis)
    picks = median_picks(x, axis)
    n = picks.shape[-1]
    shares = broadcast_to(reshape(g / float(n), shape=(*picks.shape[:-1], 1)), shape=picks.shape)
    return unmerged("median", add_along_axis(shares, picks, size=count_of("median", x.type, axis)), x, axis)


def median_mask(k: int, mask: Any, z: Any, x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    above = live(mask, z)
    if count_of("median", x.type, axis) == 1:
        return spread("median", cast(above, dtype="bool"), x, axis)
    picks = median_picks(x, axis)
    spread_out = broadcast_to(reshape(above, shape=(*picks.shape[:-1], 1)), shape=picks.shape)
    return unmerged("median", add_along_axis(spread_out, picks, size=count_of("median", x.type, axis)), x, axis)


median: Op = operation(
    "median", "x",
    doc="The middle number along one axis, several, or all; the mean of the two middle ones where their count is even.",
    words="choice rule: the gradient goes to the middle number, half of it to each where there are two",
    kind="reduce",
    attrs={"axis": None, "keepdims": False},
    type=lambda x, axis=None, keepdims=False: float_type(median_extreme(x, axis, keepdims)),
    value=median_value,
    vjp=median_vjp,
    mask=median_mask,
    chooses=True,
    cases=[
        Case([3.0, 1.0, 7.0], gives=3.0, grads=[[1.0, 0.0, 0.0]]),
        Case([1.0, 1.0, 2.0, 3.0], gives=1.5, grads=[[0.0, 0.5, 0.5, 0.0]], smooth=False),
        Case(s.MATRIX),
        Case(s.MATRIX, axis=0, keepdims=True),
        Case(s.TENSOR, axis=(0, 1)),
        Case(s.TENSOR[:1, :1], axis=(0, 1)),
        Case([np.nan, 1.0], gives=np.nan, smooth=False),
        Case(2.5, gives=2.5, grads=[1.0]),
        Case(np.zeros((2, 0)), axis=1, raises="median: axis 1 of Matrix Float64 (2, 0) has size 0: there is none among no numbers"),
        Case([1j], raises="median: complex numbers have no order: take abs, real or imag of them first"),
    ],
)  # fmt: skip

