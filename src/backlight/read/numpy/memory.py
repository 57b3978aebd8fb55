"""What NumPy would show under every name of one piece of memory, after `x[i] = v` and `x += v`.

On a tape nothing is ever changed: an assignment is a new node, and the array that was assigned to stands for it from then
on. A second name for the same array (`y = x`) is the same Python object, so it follows. A view (`x[1:]`, `x.T`) is another
object: it remembers how it was taken, from its root down, and when a number that it shows is assigned to, it is taken anew.
Writing through a view writes into its root. What cannot follow is refused: an argument, because the caller's array would
change with it, and a NumPy array, which cannot hold a node. Outside a trace NumPy's own memory does all of this.
"""

from __future__ import annotations

import builtins
import operator as operators
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...core.array import Array
from ...core.graph import Above
from ...core.table import TABLE
from ...errors import DTypeError, GraphError, IndexError, MutationError, ShapeError, ValueError
from ...ops.brackets import spelled
from ...ops.brackets import subscript as chosen
from .held import any_traced, asked, bare, held, whole, wrapped
from .life import share

__all__ = ["assign", "subscript", "update"]

IN_PLACE: dict[str, Callable[[Any, Any], Any]] = {
    "add": operators.iadd, "subtract": operators.isub, "multiply": operators.imul, "divide": operators.itruediv,
    "matmul": operators.imatmul, "power": operators.ipow, "remainder": operators.imod, "floor_divide": operators.ifloordiv,
    "bitwise_and": operators.iand, "bitwise_or": operators.ior, "bitwise_xor": operators.ixor, "left_shift": operators.ilshift,
    "right_shift": operators.irshift,
}  # fmt: skip


def subscript(x: Array, key: Any) -> Any:
    """x[key], with the meaning that NumPy gives it, a view where NumPy has one."""
    if type(key) is int and x.tape is not None and x.tape.inner is None:  # the short way
        try:
            found = TABLE["index"](x, key=(key,))
        except (ShapeError, ValueError) as error:
            raise IndexError(str(error)) from None
        return found if found.shape == () else share(x, found, lambda p: p[key], lambda r: chosen(r, key))
    if x.tape is None and not any_traced(key):
        made = wrapped(x._value[bare(key)])
        if type(made) is Array and isinstance(made._value, np.ndarray) and made._value.base is not None:
            plain = bare(key)
            share(x, made, lambda p: p[plain], lambda r: chosen(r, plain))
        return made
    try:
        if x.tape is None or any_traced(key):
            parts = key if type(key) is tuple else (key,)
            return chosen(x, tuple([asked(part) if masks(part) else part for part in parts]))
        key = bare(key)
        found = chosen(x, key)
    except (ShapeError, ValueError) as error:
        raise IndexError(str(error)) from None
    parts = key if type(key) is tuple else (key,)
    if any(type(part) not in (int, slice, type(None), type(...)) for part in parts) or (found.shape == () and ... not in parts):
        return found  # a copy in NumPy
    return share(x, found, lambda p: p[key], lambda r: chosen(r, key))


def masks(part: Any) -> bool:
    """Whether how many numbers are chosen hangs on the value of this part of a key."""
    return type(part) is Array and part.tape is not None and part.dtype.kind == "b" and part.tape.values is not None


def assign(x: Array, key: Any, value: Any) -> None:
    """x[key] = value, seen under every name that the memory has."""
    if x.tape is None and not any_traced(value) and not any_traced(key):
        if isinstance(x._value, np.ndarray):
            x._value[bare(key)] = bare(value)
        else:  # a NumPy scalar stands for an array of rank 0
            box = np.asarray(x._value).copy()
            box[bare(key)] = bare(value)
            x._value = box[()]
        return
    root = x if getattr(x, "life", None) is None or x.life.root is None else x.life.root
    allowed(root)
    places = numbered(root)
    shown = places if root is x else x.life.taken(places)
    if not np.shares_memory(shown, places) and places.size:
        root, places, shown = x, numbered(x), numbered(x)  # what was taken is a copy
    if not shown.flags.writeable:
        raise MutationError("x[key] = v: x is a view that NumPy lets nobody write to, such as broadcast_to gives: take x.copy() first")
    v = fitting(x, whole(value))
    if root is x and type(key) is Array and key.dtype.kind == "b" and key.shape == x.shape and v.shape == ():
        hit, made = places, ops.where(key, v, x)
    else:
        plain = asked(key)
        try:
            hit = np.asarray(shown[plain])
        except builtins.IndexError as error:
            raise IndexError(f"x[key] = v: {x.type} {shown.shape} has no such place: {error}") from None
        made = root_with(root, x, plain, hit, v)
    was_plain = root.tape is None
    root.tape, root.number, root._value = made.tape, made.number, made._value
    for weak in root.life.views if hasattr(root, "life") else ():
        view = weak()
        if view is not None and overlap(view, places, None if was_plain else hit):
            again = view.life.again(root)
            view.tape, view.number, view._value = again.tape, again.number, again._value


def root_with(root: Array, x: Array, key: Any, hit: Any, v: Any) -> Any:
    """The root with v at the places that were hit."""
    if v.shape != hit.shape and np.broadcast_shapes(v.shape, hit.shape) != hit.shape:
        # NumPy also takes a value with leading axes of size 1
        lead = len(v.shape) - hit.ndim
        if lead > 0 and v.shape[:lead] == (1,) * lead:
            v = ops.reshape(v, shape=v.shape[lead:])
    words = basic(key)
    if root is x and words is not None:
        return ops.put(root, v, key=words)
    if v.shape != hit.shape:
        v = ops.broadcast_to(v, shape=hit.shape)
    line, v = ops.reshape(root, shape=(root.size,)), ops.reshape(v, shape=(hit.size,))
    if x.dtype == root.dtype:
        flat = ops.scatter(line, cells(hit).reshape(-1) // (2 if root.dtype.kind == "c" else 1), v, axis=0)
    else:  # a real or an imaginary part
        pairs = ops.reshape(ops.stack(ops.real(line), ops.imag(line), axis=-1), shape=(2 * root.size,))
        pairs = ops.reshape(ops.scatter(pairs, cells(hit).reshape(-1), v, axis=0), shape=(root.size, 2))
        flat = ops.cast(pairs[:, 0] + 1j * pairs[:, 1], dtype=root.dtype.name)
    return ops.reshape(flat, shape=root.shape)


def basic(key: Any) -> tuple[int | str, ...] | None:
    """The key as a setting of a row, or None where it holds arrays."""
    parts = key if type(key) is tuple else (key,)
    if any(isinstance(p, (bool, np.bool_)) or not isinstance(p, (int, np.integer, slice, type(None), type(...))) for p in parts):
        return None
    return tuple(word for part in parts for word in spelled(part))


def allowed(root: Array) -> None:
    """Refuse what other names would have to follow, and cannot."""
    life = getattr(root, "life", None)
    name = life.lender if life is not None else ""
    if name:
        raise MutationError(
            f"{name} would change where it stands, and with it the array that was given for it: take a copy first, as in {name} = {name}.copy()"
        )
    if life is not None and life.foreign:
        raise MutationError(
            "this array lies in a NumPy array, which cannot hold a traced value: make it with backlight.numpy.array, which copies"
        )


def numbered(root: Array) -> Any:
    """0, 1, 2, … laid out in memory as the root is; of complex numbers 0 + 1j, 2 + 3j, …, so that each part has a place of its own."""
    like = np.asarray(root._value)
    kind = np.complex128 if root.dtype.kind == "c" else np.int64
    places = np.empty_like(like, dtype=kind, subok=False) if like.flags.forc else np.empty(root.shape, kind)
    line = np.arange(root.size)
    places[...] = (2 * line + 1j * (2 * line + 1) if kind is np.complex128 else line).reshape(root.shape)
    return places


def cells(places: Any) -> Any:
    """Places as whole numbers; of a complex number the place of its real part."""
    return np.real(places).astype(np.int64)


def overlap(view: Array, places: Any, hit: Any | None) -> bool:
    """Whether a view shows one of the places that were hit, or any at all."""
    shown = view.life.taken(places)
    if not np.shares_memory(shown, places) or hit is None:
        return bool(np.shares_memory(shown, places))
    a, b = (np.concatenate([cells(p).reshape(-1), *([np.imag(p).reshape(-1)] if np.iscomplexobj(p) else [])]) for p in (shown, hit))
    return bool(np.isin(a, b).any())


def fitting(x: Array, v: Any) -> Any:
    """The value in the dtype of the array that is written to: NumPy narrows in silence, here a gradient would be lost."""
    if v.dtype == x.dtype:
        return v
    if v.dtype.kind in "fc" and x.dtype.kind in "biu":
        raise DTypeError(
            f"x[key] = v: x is {x.type} {x.shape} and v is {v.dtype.name}, which would be cut to whole numbers: "
            "make x of floats, as in zeros(n) or x.astype(float)"
        )
    if v.dtype.kind == "c" and x.dtype.kind == "f":
        raise DTypeError(f"x[key] = v: x is {x.type} {x.shape} and v is complex: make x complex, or take v.real")
    return ops.cast(v, dtype=x.dtype.name)


def update(ufunc: str, x: Array, y: Any) -> Any:
    """x += y and its kin: into the same memory, as NumPy does it; a number of rank 0 is a new one, as a NumPy scalar is."""
    if x.tape is None and not any_traced(y):
        with np.errstate(all="ignore"):
            found = IN_PLACE[ufunc](x._value, bare(y))
        return x if found is x._value else wrapped(found)
    z = operator_of(ufunc, x, y)
    if x.shape == ():
        return z
    if z.shape != x.shape:
        raise ShapeError(f"{ufunc}: the result has shape {z.shape} and does not fit in place of {x.type} {x.shape}: write x = x + y")
    if not np.can_cast(z.dtype, x.dtype, "same_kind"):
        raise DTypeError(f"{ufunc}: the result is {z.dtype.name} and does not fit in place of {x.type} {x.shape}: write x = x + y")
    assign(x, ..., z)
    return x


def operator_of(ufunc: str, *operands: Any) -> Any:
    from .door import answer

    return answer(getattr(np, ufunc), operands, {})


def plain_array(x: Any) -> Any:
    """The memory of an array without a tape, for those who take it as it is."""
    if type(x) is Array and x.tape is not None:
        raise GraphError(f"node {x.number} ({x.type} {x.shape}) cannot leave the trace as memory: take x.value where a constant is meant")
    return held(x)


Above.update = update
Above.assign = assign
Above.subscript = subscript
