"""NumPy's functions that arrange numbers anew: shapes, joins, splits.

What has a row is that row. What only moves numbers about (`rot90`, `delete`, `diagonal`, …) is asked of NumPy itself, for
the array of positions 0, 1, 2, …: where each number came from is all there is to know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import ops
from ...core.array import Array
from ...core.types import broadcast_shapes
from ...errors import InputError, ShapeError
from .held import any_traced, asked, held, whole

__all__ = ["ARRANGEMENTS", "moved"]

ALL = slice(None)


def ints(axes: Any) -> Any:
    """An axis, a shape or a shift as plain whole numbers."""
    return tuple(int(k) for k in axes) if isinstance(axes, (list, tuple, np.ndarray)) else int(axes)


def moved(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that only moves numbers about: asked of NumPy for the positions, and then gathered."""

    def call(x: Any, *args: Any, **named: Any) -> Any:
        x = whole(x)
        places = function(np.arange(x.size).reshape(x.shape), *asked(args), **asked(named))
        flat = ops.reshape(x, shape=(x.size,))
        if isinstance(places, (list, tuple)):
            return type(places)([ops.gather(flat, p, axis=0) for p in places])
        return ops.gather(flat, np.asarray(places), axis=0)

    return call


def reshape(a: Any, shape: Any = None, order: str = "C", newshape: Any = None, copy: bool | None = None) -> Any:
    x = whole(a)
    target = ints(shape if newshape is None else newshape)
    if order == "F":
        return moved(np.reshape)(x, target, order="F")
    return ops.reshape(x, shape=target if isinstance(target, tuple) else (target,))


def ravel(a: Any, order: str = "C") -> Any:
    return reshape(a, -1, order=order)


def transpose(a: Any, axes: Sequence[int] | None = None) -> Any:
    x = whole(a)
    return ops.transpose(x) if axes is None else ops.permute(x, axes=tuple(int(k) % x.ndim for k in axes))


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(whole(a).ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return ops.permute(whole(a), axes=tuple(order))


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    x = whole(a)
    order = np.moveaxis(np.empty(range(x.ndim), np.int8), ints(source), ints(destination)).shape  # sizes tell the axes apart
    return ops.permute(x, axes=order)


def expand_dims(a: Any, axis: Any) -> Any:
    x = whole(a)
    return ops.reshape(x, shape=np.expand_dims(np.broadcast_to(np.int8(0), x.shape), ints(axis)).shape)


def squeeze(a: Any, axis: Any = None) -> Any:
    x = whole(a)
    return ops.squeeze(x, axis=None if axis is None else ints(axis))


def at_least(rank: int) -> Callable[..., Any]:
    function = (np.atleast_1d, np.atleast_2d, np.atleast_3d)[rank - 1]

    def call(*arrays: Any) -> Any:
        made = [reshape(x, function(np.empty(whole(x).shape, np.int8)).shape) for x in arrays]
        return made[0] if len(made) == 1 else tuple(made)

    return call


def broadcast_to(array: Any, shape: Any) -> Any:
    found = ints(shape)
    return ops.broadcast_to(whole(array), shape=found if isinstance(found, tuple) else (found,))


def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    arrays = [whole(a) for a in args]
    shape = broadcast_shapes(*[a.shape for a in arrays])
    if shape is None:
        raise InputError(f"numpy.broadcast_arrays: the shapes {', '.join(str(a.shape) for a in arrays)} do not stretch to one")
    return tuple(ops.broadcast_to(a, shape=shape) for a in arrays)


def listed(arrays: Any) -> list[Any]:
    return [whole(a) for a in (arrays if isinstance(arrays, (list, tuple)) else list(held(arrays)))]


def concatenate(arrays: Any, axis: int | None = 0, dtype: Any = None) -> Any:
    parts = listed(arrays)
    if axis is None:
        parts, axis = [ravel(a) for a in parts], 0
    if len(parts) == 1 and parts[0].ndim == 0:
        raise ShapeError("numpy.concatenate: a number has no axis to join along: use stack, or axis=None")
    if len(parts) == 1 and not -parts[0].ndim <= axis < parts[0].ndim:
        raise ShapeError(f"numpy.concatenate: there is no axis {axis} in {parts[0].type} {parts[0].shape}")
    z = ops.concat(*parts, axis=int(axis)) if len(parts) > 1 else ops.identity(parts[0])
    return z if dtype is None else ops.cast(z, dtype=dtype)


def stack(arrays: Any, axis: int = 0, dtype: Any = None) -> Any:
    z = ops.stack(*listed(arrays), axis=int(axis))
    return z if dtype is None else ops.cast(z, dtype=dtype)


def piled(rank: int, axis: int) -> Callable[..., Any]:
    """hstack, vstack and dstack."""

    def call(tup: Any, dtype: Any = None) -> Any:
        parts = [at_least(rank)(a) for a in listed(tup)]
        return concatenate(parts, 0 if rank == 1 and parts[0].ndim == 1 else axis, dtype)

    return call


def column_stack(tup: Any) -> Any:
    return concatenate([reshape(a, (-1, 1)) if whole(a).ndim < 2 else a for a in listed(tup)], axis=1)


def block(arrays: Any) -> Any:
    def depth(value: Any) -> int:
        return 1 + depth(value[0]) if isinstance(value, list) else 0

    most = depth(arrays)
    rank = max(most, *(whole(a).ndim for a in flat(arrays)))

    def join(value: Any, level: int) -> Any:
        if isinstance(value, list):
            return concatenate([join(v, level - 1) for v in value], axis=-level)
        x = whole(value)
        return reshape(x, (1,) * (rank - x.ndim) + x.shape)

    return join(arrays, most)


def flat(nest: Any) -> list[Any]:
    return [x for part in nest for x in flat(part)] if isinstance(nest, list) else [nest]


def split(ary: Any, parts: Any, axis: int = 0, equal: bool = True) -> list[Any]:
    x = whole(ary)
    function = np.split if equal else np.array_split
    line = np.arange(x.shape[axis])
    lead = (ALL,) * (axis % x.ndim)
    return [x[(*lead, slice(int(p[0]), int(p[-1]) + 1) if len(p) else slice(0, 0))] for p in function(line, asked(parts))]


def along(axis: int) -> Callable[..., Any]:
    def call(ary: Any, indices_or_sections: Any) -> Any:
        return split(ary, indices_or_sections, 0 if axis == 1 and whole(ary).ndim == 1 else axis)

    return call


def unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
    x = whole(x)
    return tuple(x[(*(ALL,) * (axis % x.ndim), i)] for i in range(x.shape[axis]))


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    if isinstance(repeats, (int, np.integer)):
        return ops.repeat(whole(a), times=int(repeats), axis=axis)
    return moved(np.repeat)(a, np.asarray(asked(repeats)).astype(np.intp), axis)


def side(row: Any) -> Callable[..., Any]:
    """tril and triu; of a vector NumPy makes a matrix of equal lines first."""

    def call(m: Any, k: int = 0) -> Any:
        x = whole(m)
        return row(ops.broadcast_to(x, shape=(x.size, x.size)) if x.ndim == 1 else x, k=int(k))

    return call


def diag(v: Any, k: int = 0) -> Any:
    return ops.diag(whole(v), k=int(k))


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    x = whole(a)
    if x.ndim == 2 and (axis1, axis2) == (0, 1):
        return ops.diag(x, k=int(offset))
    return moved(np.diagonal)(x, int(offset), axis1, axis2)


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None) -> Any:
    x = diagonal(a, offset, axis1, axis2)
    if dtype is None and x.dtype.kind in "biu" and x.dtype.itemsize < 8:
        dtype = "uint64" if x.dtype.kind == "u" else "int64"
    return ops.sum(x if dtype is None else ops.cast(x, dtype=dtype), axis=-1)


def filled(value: Any) -> Callable[..., Any]:
    return lambda a, dtype=None, shape=None, device=None: np.full(a.shape if shape is None else shape, value, dtype or a.dtype)


def full_like(a: Any, fill_value: Any, dtype: Any = None, shape: Any = None, device: Any = None) -> Any:
    a = whole(a)
    target = a.shape if shape is None else ints(shape)
    if not any_traced(fill_value):
        return np.full(target, fill_value, dtype or a.dtype)
    return broadcast_to(ops.cast(held(fill_value), dtype=dtype or a.dtype), target)


def full(shape: Any, fill_value: Any, dtype: Any = None, device: Any = None) -> Any:
    value = whole(fill_value)
    return broadcast_to(value if dtype is None else ops.cast(value, dtype=np.dtype(dtype).name), asked(shape))


def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    return Array(a.tape, a.number, a._value) if isinstance(a, Array) else held(a)


def astype(x: Any, dtype: Any, copy: bool = True, device: Any = None) -> Any:
    return ops.cast(whole(x), dtype=np.dtype(dtype).name)


def asarray(a: Any, dtype: Any = None, **settings: Any) -> Any:
    x = held(a)
    return x if dtype is None or x.dtype == np.dtype(dtype) else astype(x, dtype)


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **named: Any) -> Any:
    x = moveaxis(arr, axis, -1)
    lines = [func1d(x[i], *args, **named) for i in np.ndindex(x.shape[:-1])]
    z = stack(lines)
    z = reshape(z, x.shape[:-1] + z.shape[1:])
    for k in range(z.ndim - x.ndim + 1):
        z = moveaxis(z, x.ndim - 1 + k, axis % whole(arr).ndim + k)
    return z


def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    x = whole(a)
    for axis in axes if isinstance(axes, (list, tuple)) else (axes,):
        z = func(x, axis)
        x = z if z.ndim == x.ndim else expand_dims(z, axis)
    return x


def meshgrid(*xi: Any, indexing: str = "xy", sparse: bool = False, copy: bool = True) -> tuple[Any, ...]:
    vectors = [ravel(x) for x in xi]
    n = len(vectors)
    made = [reshape(v, tuple(-1 if j == k else 1 for j in range(n))) for k, v in enumerate(vectors)]
    if not sparse:
        made = list(broadcast_arrays(*made)) if made else []
    return tuple(swapaxes(m, 0, 1) for m in made) if indexing == "xy" and n > 1 else tuple(made)


def real_if_close(a: Any, tol: float = 100) -> Any:
    """Real where all imaginary parts are nearly 0, which is asked."""
    x = whole(a)
    if x.dtype.kind != "c":
        return x
    reach = tol * float(np.finfo(x.dtype).eps) if tol > 1 else tol
    return ops.real(x) if ops.all(ops.less(ops.abs(ops.imag(x)), reach)) else x


ARRANGEMENTS: dict[str, Callable[..., Any]] = {
    "reshape": reshape, "ravel": ravel, "transpose": transpose, "permute_dims": transpose, "swapaxes": swapaxes, "moveaxis": moveaxis,
    "matrix_transpose": lambda x: swapaxes(x, -1, -2), "rollaxis": moved(np.rollaxis), "expand_dims": expand_dims, "squeeze": squeeze,
    "atleast_1d": at_least(1), "atleast_2d": at_least(2), "atleast_3d": at_least(3), "broadcast_to": broadcast_to,
    "broadcast_arrays": broadcast_arrays, "concatenate": concatenate, "concat": concatenate, "stack": stack, "hstack": piled(1, 1),
    "vstack": piled(2, 0), "dstack": piled(3, 2), "column_stack": column_stack, "block": block,
    "split": lambda ary, indices_or_sections, axis=0: split(ary, indices_or_sections, axis),
    "array_split": lambda ary, indices_or_sections, axis=0: split(ary, indices_or_sections, axis, False),
    "hsplit": along(1), "vsplit": along(0), "dsplit": along(2), "unstack": unstack, "repeat": repeat,
    "tile": lambda A, reps: ops.tile(whole(A), times=ints(reps)), "flip": lambda m, axis=None: ops.flip(whole(m), axis=None if axis is None else ints(axis)),
    "fliplr": lambda m: ops.flip(whole(m), axis=1), "flipud": lambda m: ops.flip(whole(m), axis=0), "rot90": moved(np.rot90), "sliding_window_view": moved(np.lib.stride_tricks.sliding_window_view),
    "fft.fftshift": moved(lambda x, *axes, **named: np.fft.fftshift(x, *axes, **named)),  # NumPy loads these when first asked for
    "fft.ifftshift": moved(lambda x, *axes, **named: np.fft.ifftshift(x, *axes, **named)),
    "roll": lambda a, shift, axis=None: ops.roll(whole(a), shift=ints(shift), axis=None if axis is None else ints(axis)),
    "tril": side(ops.tril), "triu": side(ops.triu), "diag": diag,
    "diagflat": lambda v, k=0: ops.diag(ravel(v), k=int(k)), "diagonal": diagonal, "trace": trace,
    "append": lambda arr, values, axis=None: concatenate([arr, values], axis),
    "resize": moved(np.resize), "copy": copy, "astype": astype, "asarray": asarray,
    "array": asarray, "asanyarray": asarray, "ascontiguousarray": asarray, "zeros_like": filled(0), "ones_like": filled(1), "empty_like": filled(0),
    "full_like": full_like, "meshgrid": meshgrid, "apply_along_axis": apply_along_axis, "apply_over_axes": apply_over_axes, "shape": lambda a: whole(a).shape,
    "ndim": lambda a: whole(a).ndim, "size": lambda a, axis=None: whole(a).size if axis is None else whole(a).shape[axis],
    "real": lambda val: ops.real(whole(val)), "imag": lambda val: ops.imag(whole(val)), "sinc": lambda x: ops.sinc(whole(x)),
    "real_if_close": real_if_close, "fix": lambda x, out=None: ops.trunc(whole(x)), "full": full,
}  # fmt: skip
