"""NumPy's elementwise functions with their methods and settings: `np.add.reduce`, `np.add(x, y, where=…, out=…)`.

Sums, products, largest and smallest numbers along an axis are rows. Every other function of two numbers is folded line by line.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import ops
from ...core.array import Array
from ...errors import GraphError, InputError, ShapeError
from .elementwise import elementwise, no_row
from .held import asked, elements, held, is_traced, whole, wrapped
from .linear import LINEAR
from .memory import assign
from .reductions import REDUCTIONS

__all__ = ["ufunc_traced", "written_into"]

REDUCING = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any"}
RUNNING = {"add": "cumsum", "multiply": "cumprod"}


def written_into(said: str) -> str:
    return (
        f"numpy.{said}: would write into a NumPy array, which cannot hold a traced value: make that array with backlight.numpy.zeros or "
        "np.zeros_like of a traced array, or make a new one, as in a = a + x in place of a += x"
    )


def ufunc_traced(function: Any, method: str, inputs: Sequence[Any], named: dict[str, Any]) -> Any:
    """One of NumPy's elementwise functions, or its reduction, where something is traced."""
    said = function.__name__
    target = named.pop("out", None)
    if target is not None:
        target = target[0] if isinstance(target, tuple) else target
        if type(target) is not Array:
            raise GraphError(written_into(said))
        chosen = named.pop("where", True) if method == "__call__" else True
        made = ufunc_traced(function, method, inputs, named)
        assign(target, ..., made if chosen is True else ops.where(whole(chosen), made, target))
        return target
    if method == "at":
        return at(function, *inputs)
    if method == "reduce":
        return reduced(function, inputs[0], *inputs[1:], **named)
    if method == "accumulate":
        return accumulated(function, inputs[0], *inputs[1:], **named)
    if method == "reduceat":
        return reduced_between(function, *inputs, **named)
    if method == "outer":
        a, b = map(whole, inputs)
        return ufunc_traced(function, "__call__", (ops.reshape(a, shape=a.shape + (1,) * len(b.shape)), b), named)
    if method != "__call__":
        return no_row(f"{said}.{method}")
    chosen = named.pop("where", True)
    dtype = named.pop("dtype", None)
    named = {k: v for k, v in named.items() if v is not None and k not in ("casting", "order", "subok", "axes", "signature")}
    if chosen is not True:
        raise InputError(f"numpy.{said}: the argument where leaves numbers as they were in out: give out, or use numpy.where on the result")
    axis = named.pop("axis", None)
    if named:
        raise InputError(f"numpy.{said}: the argument {', '.join(named)} cannot be traced: leave it out")
    if function.types and all(set(kinds) <= set("O->") for kinds in function.types):  # made by frompyfunc: a person's own, number by number
        return function(*[elements(x) if is_traced(x) else x for x in map(held, inputs)])
    operands = [held(x) for x in inputs]
    if dtype is not None:
        operands = [ops.cast(x, dtype=dtype) for x in operands]
    if axis is not None:
        return LINEAR["linalg.vecdot"](*operands, axis=axis)
    return wrapped(elementwise(function, *operands))


def lines(x: Any, axis: int) -> list[Any]:
    """The slices along an axis, each with one place on it."""
    lead = (slice(None),) * (axis % x.ndim)
    return [x[(*lead, slice(i, i + 1))] for i in range(x.shape[axis])]


def folded(function: Any, parts: Sequence[Any], first: Any = None) -> Any:
    z = first
    for part in parts:
        z = part if z is None else elementwise(function, z, part)
    return z


def reduced(
    function: Any, array: Any, axis: Any = 0, dtype: Any = None, out: None = None, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    said = function.__name__
    if said in REDUCING:
        more = {"dtype": dtype, "initial": initial} if said not in ("logical_and", "logical_or") else {}
        named = {k: v for k, v in (*more.items(), ("keepdims", keepdims)) if v is not None}
        return REDUCTIONS[REDUCING[said]](array, axis=axis, **named, **({} if where is True else {"where": where}))
    if said in ("logaddexp", "hypot") and where is True and initial is None and dtype is None:
        row = ops.logsumexp if said == "logaddexp" else ops.norm
        return row(whole(array), axis=tuple(axis) if isinstance(axis, (tuple, list)) else axis, keepdims=bool(keepdims))
    if where is not True:
        raise InputError(f"numpy.{said}.reduce: the argument where cannot be traced: use numpy.where on the array")
    x = whole(array) if dtype is None else ops.cast(whole(array), dtype=dtype)
    gone = sorted(range(x.ndim) if axis is None else [k % x.ndim for k in (axis if isinstance(axis, (tuple, list)) else (axis,))])
    for k in gone:
        if x.shape[k] == 0:
            raise ShapeError(f"numpy.{said}.reduce: there is no number along axis {k}, which has size 0")
        x = folded(function, lines(x, k))
    z = x if keepdims or not gone else ops.squeeze(x, axis=tuple(gone))
    return z if initial is None else elementwise(function, initial, z)


def accumulated(function: Any, array: Any, axis: int = 0, dtype: Any = None) -> Any:
    said = function.__name__
    if said in RUNNING:
        return REDUCTIONS[RUNNING[said]](array, axis=axis, dtype=dtype)
    x = whole(array) if dtype is None else ops.cast(whole(array), dtype=dtype)
    found: list[Any] = []
    for part in lines(x, axis):
        found.append(part if not found else elementwise(function, found[-1], part))
    return ops.concat(*found, axis=axis) if len(found) > 1 else x


def reduced_between(function: Any, array: Any, indices: Any, axis: int = 0, dtype: Any = None) -> Any:
    """From each index up to the next; an index that is not below the next stands for its number alone."""
    x = whole(array)
    places = [int(i) for i in np.asarray(asked(indices))]
    lead = (slice(None),) * (axis % x.ndim)
    made = []
    for i, stop in zip(places, [*places[1:], x.shape[axis]], strict=True):
        part = x[(*lead, slice(i, max(stop, i + 1)))]
        made.append(reduced(function, part, axis, dtype, keepdims=True))
    return ops.concat(*made, axis=axis) if len(made) > 1 else made[0]


def at(function: Any, target: Any, places: Any, *more: Any) -> None:
    """np.add.at(x, places, y): in place, once for each place, also where one is named twice."""
    said = function.__name__
    if type(target) is not Array:
        raise GraphError(written_into(f"{said}.at"))
    if said not in ("add", "subtract"):
        no_row(f"{said}.at")
    numbers = np.arange(target.size).reshape(target.shape)[asked(places)]
    y = ops.broadcast_to(ops.cast(whole(more[0]), dtype=target.dtype.name), shape=numbers.shape)
    total = ops.reshape(ops.scatter_add(ops.reshape(y, shape=(numbers.size,)), numbers.reshape(-1), size=target.size), shape=target.shape)
    assign(target, ..., (ops.add if said == "add" else ops.sub)(target, total))
