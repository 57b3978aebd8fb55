"""x[key] as Python writes it, told apart into the rows that it means.

Whole numbers and ranges are settings of one `index`. Arrays of whole numbers are operands, so that they can be inputs of
the graph: one of them is a `gather`, several together are a `gather` along their axes laid out as one. A mask stands for
the places where it holds, which are counted when the function is traced, since the shape of the result hangs on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ..core.array import Array, as_value
from ..errors import GraphError, ShapeError
from .compare import where
from .index import index
from .shape import cast, permute, reshape
from .slices import gather

__all__ = ["spelled", "subscript"]


def subscript(x: Array, key: Any) -> Array:
    """x[key], with the meaning that NumPy gives it.

    A mask of rank 0 is one of a new axis of size 1, as in NumPy.
    Raises: ShapeError for a place that is not there; GraphError for a mask whose value is not known.

    >>> from backlight.ops import square
    >>> square([[1.0, 2.0], [3.0, 4.0]])[0, [1, 0, 0]]
    array([4., 1., 1.])
    """
    given = key if isinstance(key, tuple) else (key,)
    matching(x, given)
    parts = [part for each in given for part in spelled(each)]
    if any(type(part) is bool for part in parts):
        # a single truth value is a mask of a new axis of one place
        x = index(x, key=tuple(["new" if type(part) is bool else "..." if part == "..." else ":" for part in map(plain, parts) if part != "new"]))
        parts = [np.arange(int(part)) if type(part) is bool else part for part in parts]
    arrays = [part for part in parts if isinstance(part, (Array, np.ndarray))]
    if not arrays:
        return index(x, key=tuple(parts))
    parts = filled(x, parts)
    chosen = [k for k, part in enumerate(parts) if isinstance(part, (Array, np.ndarray, int))]
    if all(b == a + 1 for a, b in pairwise(chosen)):  # beside each other, so single numbers may go first
        x = ranges(x, tuple([part if isinstance(part, (int, str)) else ":" for part in parts]))
        parts = [part for part in parts if not isinstance(part, int)]
    else:
        x = ranges(x, tuple([part if isinstance(part, str) else ":" for part in parts]))
        parts = [np.asarray(part) if isinstance(part, int) else part for part in parts]
    places = [k for k, part in enumerate(parts) if not isinstance(part, str)]
    if len(places) == 1:
        return gather(x, parts[places[0]], axis=places[0])
    return together(x, [parts[k] for k in places], places)


def mask_shape(part: Any) -> tuple[int, ...] | None:
    """The shape of a mask, or None for what is no mask."""
    if isinstance(part, (list, tuple)):
        part = as_value(part) if part else part
    if isinstance(part, (bool, np.bool_)):
        return ()
    return tuple(part.shape) if isinstance(part, (Array, np.ndarray)) and part.dtype.kind == "b" else None


def matching(x: Array, given: Sequence[Any]) -> None:
    """Refuse a mask that is not as large as the axes that it lies on; one without numbers chooses none anywhere, as in NumPy."""
    if all(part is None or part is ... or isinstance(part, (int, slice, np.integer)) for part in given):
        return
    shapes = [mask_shape(part) for part in given]
    if not any(shapes):
        return
    sizes = [0 if part is None or part is ... else 1 if shape is None else len(shape) for part, shape in zip(given, shapes, strict=True)]
    at = 0
    for part, shape, size in zip(given, shapes, sizes, strict=True):
        if part is ...:
            at = x.ndim - sum(sizes) + at
        for axis, n in enumerate(shape or (), at):
            if axis >= x.ndim or n not in (x.shape[axis], 0):
                raise ShapeError(f"index: a mask of shape {shape} does not lie on {x.type} {x.shape} from axis {at} on: it has their sizes")
        at += size


def ranges(x: Array, key: tuple[int | str, ...]) -> Array:
    """x[key] for ranges and numbers; x itself where they are all of it, so that no node stands there for nothing."""
    return x if all(part == ":" for part in key) else index(x, key=key)


def plain(part: Any) -> Any:
    """A part that can be compared with a word."""
    return part if isinstance(part, (str, bool)) else ":"


def spelled(part: Any) -> list[Any]:
    """One part of a key as whole numbers, words and arrays of whole numbers; a mask is several of these, of rank 0 its truth value."""
    if part is None or part is Ellipsis:
        return ["new" if part is None else "..."]
    if isinstance(part, slice):
        ends = [part.start, part.stop] + ([part.step] if part.step is not None else [])
        return [":".join("" if end is None else str(end.__index__()) for end in ends)]
    if isinstance(part, (int, np.integer)) and not isinstance(part, bool):
        return [int(part)]
    found = part if isinstance(part, Array) else as_value(part if np.size(part) or mask_shape(part) else np.zeros(np.shape(part), int))
    if found.dtype.kind != "b":
        return [found if isinstance(found, Array) else np.asarray(found)]
    if isinstance(found, Array):
        if found._value is None:
            raise GraphError(
                "index: how many numbers a mask chooses is known only when it has a value: write where(mask, x, 0) instead"
            )
        found = found._value
    if np.ndim(found) == 0:
        return [bool(found)]
    return [*np.nonzero(found)]


def filled(x: Array, parts: Sequence[Any]) -> list[Any]:
    """The parts with "..." and what is missing at the end written out, so that each part is one axis."""
    missing = x.ndim - sum(part not in ("...", "new") if isinstance(part, str) else True for part in parts)
    if missing < 0:
        raise ShapeError(f"index: {x.type} {x.shape} has {x.ndim} axes, and the key names {x.ndim - missing}")
    at = next((k for k, part in enumerate(parts) if isinstance(part, str) and part == "..."), None)
    if at is None:
        return [*parts, *[":"] * missing]
    return [*parts[:at], *[":"] * missing, *parts[at + 1 :]]


def together(x: Array, given: Sequence[Any], axes: Sequence[int]) -> Array:
    """Several arrays of indices, stretched to one shape: their axes become one, and their indices one number."""
    side_by_side = all(b == a + 1 for a, b in pairwise(axes))
    at = axes[0] if side_by_side else 0
    rest = [k for k in range(x.ndim) if k not in axes]
    order = (*rest[:at], *axes, *rest[at:])
    front = x if order == tuple(range(x.ndim)) else permute(x, axes=order)
    sizes = [x.shape[k] for k in axes]
    flat: Any = 0
    for n, i in zip(sizes, given, strict=True):
        if not isinstance(i, Array) and np.size(i) and (np.min(i) < -n or np.max(i) >= n):
            raise ShapeError(f"index: there is no index {np.min(i) if np.min(i) < -n else np.max(i)} along an axis of size {n}")
        if i.dtype != np.int64:  # a small dtype cannot number all the places
            i = cast(i, dtype="int64") if isinstance(i, Array) else i.astype(np.int64)
        flat = flat * n + (where(i < 0, i + n, i) if isinstance(i, Array) else np.where(i < 0, i + n, i))
    shape = (*front.shape[:at], int(np.prod(sizes)), *front.shape[at + len(axes) :])
    return gather(reshape(front, shape=shape), flat, axis=at)

