"""Some of the numbers, chosen by where they stand; and numbers put where they belong.

Choosing and putting come in pairs that undo each other: `index` and `embed` for places that the graph knows, `gather` and
`scatter_add` for slices along an axis whose places are numbers of the run (`slices`), `take_along_axis` and `add_along_axis` for
single elements (`elements`). Each is the derivative's rule of the other. What was not chosen takes no part in the gradient: the
live mask begins here.
"""

from __future__ import annotations

import builtins
from functools import lru_cache
from types import EllipsisType
from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, operation
from ..core.types import Type
from ..errors import ShapeError, ValueError
from . import batched
from . import samples as s

__all__ = ["embed", "index"]


def live(mask: Any, z: Any) -> Any:
    """The mask that has arrived, or one that is live everywhere."""
    return np.ones(z.shape, bool) if mask is None else mask


def listed(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


@lru_cache(maxsize=4096)
def subscripts(key: Any) -> tuple[int | slice | EllipsisType | None, ...]:
    """A key as NumPy takes it: whole numbers, words like "1:3" and "::-1", "..." for all the axes between, "new" for a new one."""
    found: list[int | slice | EllipsisType | None] = []
    for part in listed(key):
        if isinstance(part, bool) or not isinstance(part, (int, str)):
            raise ValueError(f"index: a key is made of whole numbers and words like '1:3', and {part!r} is neither")
        if isinstance(part, int):
            found.append(part)
        elif part == "...":
            found.append(...)
        elif part == "new":
            found.append(None)
        else:
            ends = part.split(":")
            try:
                if not 2 <= len(ends) <= 3:
                    raise TypeError
                found.append(slice(*[int(end) if end.strip() else None for end in ends]))
            except (TypeError, builtins.ValueError):
                raise ValueError(f"index: {part!r} is no range: write start:stop or start:stop:step, as in '1:3'") from None
    return tuple(found)


def chosen_shape(op: str, x: Type, key: Any) -> tuple[int, ...]:
    """The shape of x[key], worked out by NumPy on an array that takes no memory."""
    parts = subscripts(key)
    try:
        return np.broadcast_to(np.int8(0), x.shape)[parts].shape
    except (IndexError, builtins.ValueError) as error:
        raise ShapeError(f"{op}: {x} {x.shape} has no {written_key(key)}: {error}") from None


def written_key(key: Any) -> str:
    """A key as one writes it in brackets."""
    return f"[{', '.join(map(str, listed(key)))}]"


def index_type(x: Type, key: Any = ()) -> Type:
    return x.with_shape(chosen_shape("index", x, key))


index: Op = operation(
    "index", "x",
    doc='The part of x at a key: whole numbers, ranges like "1:3", "..." for all axes between, "new" for a new axis.',
    words="choice rule: the gradient goes to what was chosen, zero to the rest",
    paper=lambda x, key=(): m.index(x, *[part if isinstance(part, str) else m.number(part) for part in listed(key)]),
    kind="index",
    attrs={"key": ()},
    type=index_type,
    value=lambda x, key=(): np.asarray(x)[subscripts(key)],
    vjp=lambda g, z, x, key=(): embed(g, key=key, shape=x.shape),
    linear=(0,),
    mask=lambda k, mask, z, x, key=(): embed(live(mask, z), key=key, shape=x.shape),
    chooses=True,
    analytic=True,
    batch=batched.indexed,
    cases=[
        Case(s.MATRIX, key=1, gives=[-0.4, 1.9, -2.6], grads=[[[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]]]),
        Case(s.MATRIX, key=(0, -1), gives=2.1),
        Case(s.TENSOR, key=(1, "...", "::-2")),
        Case(s.TENSOR, key=("1:", "new", "0:2", 3)),
        Case(s.VECTOR, key="2:2", gives=np.zeros(0)),
        Case(s.MATRIX, key=(2,), raises="index: Matrix Float64 (2, 3) has no [2]: index 2 is out of bounds for axis 0 with size 2"),
        Case(s.ROW, key=(0, 0), raises="index: Vector Float64 (3,) has no [0, 0]: too many indices for array: "
             "array is 1-dimensional, but 2 were indexed"),
        Case(s.ROW, key="1", raises="index: '1' is no range: write start:stop or start:stop:step, as in '1:3'"),
        Case(s.ROW, key=(1.5,), raises="index: a key is made of whole numbers and words like '1:3', and 1.5 is neither"),
        Case(s.ROW, key="::0", raises="index: Vector Float64 (3,) has no [::0]: slice step cannot be zero"),
    ],
)  # fmt: skip


def embed_type(x: Type, key: Any = (), shape: tuple[int, ...] = ()) -> Type:
    room = chosen_shape("embed", x.with_shape(shape), key)
    if room != x.shape:
        raise ShapeError(f"embed: {x} {x.shape} does not fit into {written_key(key)} of {shape}, which has shape {room}")
    return x.with_shape(shape)


def embed_value(x: Any, key: Any = (), shape: tuple[int, ...] = ()) -> Any:
    z = np.zeros(shape, x.dtype)
    z[subscripts(key)] = x
    return z[()]


embed: Op = operation(
    "embed", "x",
    doc="Zeros of a shape, with x at a key: what `index` with this key takes out again.",
    words="choice rule: the gradient is what stands where x was put",
    kind="shape",
    attrs={"key": (), "shape": ()},
    type=embed_type,
    value=embed_value,
    vjp=lambda g, z, x, key=(), shape=(): index(g, key=key),
    linear=(0,),
    mask=lambda k, mask, z, x, key=(), shape=(): None if mask is None else index(mask, key=key),
    fills=True,
    analytic=True,
    batch=batched.embedded,
    cases=[
        Case(s.ROW, key=1, shape=(2, 3), gives=[[0.0, 0.0, 0.0], [1.6, -0.9, 0.35]], grads=[[1.0, 1.0, 1.0]]),
        Case(s.MATRIX, key=("::2", "...", "1:"), shape=(3, 4)),
        Case(s.ROW, key=1, shape=(2, 4), raises="embed: Vector Float64 (3,) does not fit into [1] of (2, 4), which has shape (4,)"),
    ],
)  # fmt: skip
