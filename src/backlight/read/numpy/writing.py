"""NumPy's functions that write into an array they are given: assignments under another name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...core.array import Array
from ...errors import GraphError
from .held import asked, whole
from .memory import assign

__all__ = ["WRITING"]


def writable(name: str, a: Any) -> Array:
    if type(a) is not Array:
        raise GraphError(
            f"numpy.{name}: would write into a NumPy array, which cannot hold a traced value: make that array with backlight.numpy.zeros or "
            "np.zeros_like of a traced array"
        )
    return a


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    target = writable("fill_diagonal", a)
    marks = np.zeros(target.shape, np.int8)
    np.fill_diagonal(marks, 1, wrap=wrap)
    places = np.nonzero(marks)
    v = whole(val)
    n = places[0].size
    if v.shape != ():
        flat = ops.reshape(v, shape=(-1,))
        v = ops.gather(flat, np.arange(n) % flat.shape[0], axis=0)
    assign(target, places, v)


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    target = writable("copyto", dst)
    assign(target, ..., src if where is True else ops.where(whole(where), whole(src), target))


def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    target = writable("put", a)
    places = np.ravel(asked(ind))
    if mode != "raise":
        places = np.mod(places, target.size) if mode == "wrap" else np.clip(places, 0, target.size - 1)
    values = ops.reshape(whole(v), shape=(-1,))
    values = ops.gather(values, np.arange(places.size) % values.shape[0], axis=0)
    assign(target, np.unravel_index(np.where(places < 0, places + target.size, places), target.shape), values)


def place(arr: Any, mask: Any, vals: Any) -> None:
    target = writable("place", arr)
    places = np.nonzero(np.asarray(asked(mask)))
    values = ops.reshape(whole(vals), shape=(-1,))
    assign(target, places, ops.gather(values, np.arange(places[0].size) % values.shape[0], axis=0))


def putmask(a: Any, mask: Any, values: Any) -> None:
    """As `place`, with the value that stands at the same place of the values repeated."""
    target = writable("putmask", a)
    flat = np.nonzero(np.ravel(asked(mask)))[0]
    new = ops.reshape(whole(values), shape=(-1,))
    assign(target, np.unravel_index(flat, target.shape), ops.gather(new, flat % new.shape[0], axis=0))


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    target = writable("put_along_axis", arr)
    i = np.asarray(asked(indices))
    if axis is None:
        assign(target, np.unravel_index(i, target.shape), values)
        return
    axis %= target.ndim
    grid = [np.arange(n).reshape([-1 if k == j else 1 for j in range(target.ndim)]) for k, n in enumerate(target.shape)]
    assign(target, tuple(i if k == axis else line for k, line in enumerate(grid)), values)


WRITING: dict[str, Callable[..., Any]] = {
    "fill_diagonal": fill_diagonal, "copyto": copyto, "put": put, "place": place, "putmask": putmask, "put_along_axis": put_along_axis,
}  # fmt: skip
