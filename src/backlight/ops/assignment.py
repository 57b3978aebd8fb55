"""Numbers written over others: what `x[key] = y` means where nothing is ever changed."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.op import Case, Op, operation
from ..core.types import Type, broadcast_shapes
from ..errors import DTypeError, ShapeError
from . import samples as s
from .compare import logical_and, where
from .index import chosen_shape, embed, index, live, subscripts, written_key
from .shape import broadcast_to, cast, reshape, sum_to

__all__ = ["put"]


def put_type(x: Type, y: Type, key: Any = ()) -> Type:
    room = chosen_shape("put", x, key)
    lead = max(y.rank - len(room), 0)
    if y.shape[:lead] != (1,) * lead or broadcast_shapes(y.shape[lead:], room) != room:
        raise ShapeError(f"put: {y} {y.shape} does not fit into {written_key(key)} of {x} {x.shape}, which has shape {room}")
    if not np.can_cast(y.dtype, x.dtype, "same_kind"):
        raise DTypeError(f"put: {y} {y.shape} would lose something in {x} {x.shape}: cast one of them first")
    return x


def put_value(x: Any, y: Any, key: Any = ()) -> Any:
    z = np.array(x, np.result_type(x, y) if np.iscomplexobj(y) else None)  # complex beside real: a complex step
    z[subscripts(key)] = y
    return z[()]


def over(x: Any, key: Any) -> Any:
    """Where x shows through."""
    hidden = np.ones(x.shape, bool)
    hidden[subscripts(key)] = False
    return hidden[()]


def gathered(d: Any, y: Any) -> Any:
    """What reached the place that y was stretched to, summed back to its shape."""
    lead = max(y.ndim - d.ndim, 0)
    d = d if y.shape[lead:] == d.shape else sum_to(d, shape=y.shape[lead:])
    return reshape(d, shape=y.shape) if lead else d


def put_vjp_y(g: Any, z: Any, x: Any, y: Any, key: Any = ()) -> Any:
    return gathered(index(g, key=key), y)


def put_mask(k: int, mask: Any, z: Any, x: Any, y: Any, key: Any = ()) -> Any:
    if k == 0:
        return over(x, key) if mask is None else logical_and(mask, over(x, key))
    above = index(live(mask, z), key=key)
    return above if above.shape == y.shape else gathered(cast(above, dtype="float64"), y) > 0.0


def put_inside(x: Any, y: Any, key: Any = ()) -> Any:
    room = chosen_shape("put", x.type, key)
    lead = max(y.ndim - len(room), 0)
    laid = broadcast_to(reshape(y, shape=y.shape[lead:]) if lead else y, shape=room)
    return where(over(x, key), x, embed(laid, key=key, shape=x.shape))


put: Op = operation(
    "put", "x y",
    doc="x with y, stretched where it is smaller, in the place of the numbers at a key: what x[key] = y does.",
    words="choice rule: to y where it stands, to x where it shows through",
    kind="index",
    attrs={"key": ()},
    type=put_type,
    value=put_value,
    vjp=(lambda g, z, x, y, key=(): where(over(x, key), g, 0.0), put_vjp_y),
    jvp=lambda ts, z, x, y, key=(): put(
        *[np.zeros(v.shape, z.dtype) if t is None else t for t, v in zip(ts, (x, y), strict=True)], key=key
    ),
    mask=put_mask,
    chooses=True,
    inside=put_inside,
    analytic=True,
    cases=[
        Case([1.0, 2.0, 3.0], 7.0, key=1, gives=[1.0, 7.0, 3.0], grads=[[1.0, 0.0, 1.0], 1.0]),
        Case(s.MATRIX, s.ROW, key="1:", gives=[[0.7, -1.3, 2.1], [1.6, -0.9, 0.35]]),
        Case(s.MATRIX, s.ROW, key=(), grads=[[[0.0] * 3] * 2, [2.0] * 3]),
        Case(s.TENSOR, s.TENSOR[:1, :, ::2] * 0.5, key=("...", "::-2")),
        Case(s.ROW, s.ROW[None, :2], key="::2"),
        Case(s.ROW, s.VECTOR[:0], key="2:2"),
        Case(s.MATRIX, s.ROW, key=(0, 1), raises="put: Vector Float64 (3,) does not fit into [0, 1] of Matrix Float64 (2, 3), which has shape ()"),
        Case([1, 2], 0.5, key=0, raises="put: Float64 () would lose something in Vector Int64 (2,): cast one of them first"),
        Case(s.ROW, 1.0, key=3, raises="put: Vector Float64 (3,) has no [3]: index 3 is out of bounds for axis 0 with size 3"),
    ],
)  # fmt: skip
