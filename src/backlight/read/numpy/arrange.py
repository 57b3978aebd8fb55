"""NumPy's functions that arrange numbers anew: shapes, joins, splits, choices.

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
from ...errors import InputError
from .held import answers, any_traced, asked, held, whole

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


def reshape(a: Any, shape: Any = None, newshape: Any = None, order: str = "C", copy: bool | None = None) -> Any:
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
    return moved(np.repeat)(a, repeats, axis)


def pad(array: Any, pad_width: Any, mode: str = "constant", constant_values: Any = 0.0, **more: Any) -> Any:
    x = whole(array)
    pairs = np.broadcast_to(np.asarray(bare_pairs(pad_width, x.ndim)), (x.ndim, 2)).tolist()
    if mode == "constant" and not more and np.ndim(whole(constant_values)) == 0 and not any_traced(constant_values):
        return ops.pad(x, width=tuple(map(tuple, pairs)), value=float(constant_values))
    if mode == "constant" or mode in ("linear_ramp", "maximum", "mean", "median", "minimum"):
        raise InputError(f"numpy.pad: mode={mode!r} with these settings cannot be traced: use one number as constant_values, or another mode")
    return moved(np.pad)(x, pairs, mode, **more)


def bare_pairs(width: Any, rank: int) -> Any:
    if isinstance(width, dict):
        found = [[0, 0] for _ in range(rank)]
        for axis, pair in width.items():
            found[axis] = [pair, pair] if isinstance(pair, int) else list(pair)
        return found
    return asked(width)


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


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    x, i = whole(a), whole(indices)
    n = x.size if axis is None else x.shape[axis]
    if mode == "clip":
        i = ops.clip(i, 0, n - 1)
    elif mode == "wrap":
        i = ops.mod(i, n)
    return ops.gather(ravel(x) if axis is None else x, i, axis=0 if axis is None else int(axis))


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    x, i = whole(arr), whole(indices)
    if axis is None:
        return ops.take_along_axis(ravel(x), i, axis=0)
    axis %= x.ndim
    sizes = [n if k == axis else np.broadcast_shapes((n,), (m,))[0] for k, (n, m) in enumerate(zip(x.shape, i.shape, strict=True))]
    stretched = []
    for t in (x, i):
        shape = tuple(t.shape[k] if k == axis else n for k, n in enumerate(sizes))
        stretched.append(t if t.shape == shape else ops.broadcast_to(t, shape=shape))
    x, i = stretched
    return ops.take_along_axis(x, i, axis=axis)


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None and y is None:
        return answers(np.where)(condition)
    return ops.where(truth(condition), held(x), held(y))


def truth(condition: Any) -> Any:
    found = whole(condition)
    return found if found.dtype.kind == "b" else ops.not_equal(found, 0)


def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    z = held(default)
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        z = ops.where(truth(condition), held(choice), z)
    return z


def choose(a: Any, choices: Any) -> Any:
    places = whole(a)
    z = held(choices[0])
    for k, choice in enumerate(list(choices)[1:], 1):
        z = ops.where(ops.equal(places, k), held(choice), z)
    return z


def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **named: Any) -> Any:
    x = whole(x)
    pieces = list(funclist)
    default = pieces.pop() if len(pieces) == len(condlist) + 1 else 0.0
    *values, rest = [f(x, *args, **named) if callable(f) else f for f in (*pieces, default)]
    return select(condlist, values, rest)


def clip(a: Any, a_min: Any = None, a_max: Any = None, min: Any = None, max: Any = None) -> Any:
    low = held(a_min if min is None else min)
    high = held(a_max if max is None else max)
    if low is None:
        return ops.identity(whole(a)) if high is None else ops.minimum(whole(a), high)
    return ops.maximum(whole(a), low) if high is None else ops.clip(whole(a), low, high)


def rounded(a: Any, decimals: int = 0) -> Any:
    x = whole(a)
    if x.dtype.kind == "b":
        return answers(np.round)(a, decimals)
    if x.dtype.kind == "c":
        return rounded(ops.real(x), decimals) + 1j * rounded(ops.imag(x), decimals)
    return ops.round(x) if decimals == 0 else ops.round(x * 10.0**decimals) / 10.0**decimals if x.dtype.kind == "f" else answers(np.round)(a, decimals)


def nan_to_num(x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    x = whole(x)
    if x.dtype.kind not in "f":
        return ops.identity(x)
    most = float(np.finfo(x.dtype).max)
    z = ops.where(ops.isnan(x), nan, x)
    z = ops.where(ops.equal(x, np.inf), most if posinf is None else posinf, z)
    return ops.where(ops.equal(x, -np.inf), -most if neginf is None else neginf, z)


def sort(a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, stable: bool | None = None, descending: bool = False) -> Any:
    return ops.sort(ravel(a), axis=0, descending=descending) if axis is None else ops.sort(whole(a), axis=int(axis), descending=descending)


def argsort(a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, stable: bool | None = None, descending: bool = False) -> Any:
    return ops.argsort(ravel(a), axis=0, descending=descending) if axis is None else ops.argsort(whole(a), axis=int(axis), descending=descending)


def partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect") -> Any:
    places = answers(np.argpartition)(a, kth, axis)
    return take_along_axis(ravel(a) if axis is None else a, places, 0 if axis is None else axis)


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


def meshgrid(*xi: Any, indexing: str = "xy", sparse: bool = False, copy: bool = True) -> tuple[Any, ...]:
    vectors = [ravel(x) for x in xi]
    n = len(vectors)
    made = [reshape(v, tuple(-1 if j == k else 1 for j in range(n))) for k, v in enumerate(vectors)]
    if not sparse:
        made = list(broadcast_arrays(*made)) if made else []
    return tuple(swapaxes(m, 0, 1) for m in made) if indexing == "xy" and n > 1 else tuple(made)


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
    "fliplr": lambda m: ops.flip(whole(m), axis=1), "flipud": lambda m: ops.flip(whole(m), axis=0), "rot90": moved(np.rot90), "sliding_window_view": moved(np.lib.stride_tricks.sliding_window_view), "fft.fftshift": moved(np.fft.fftshift),
    "fft.ifftshift": moved(np.fft.ifftshift),
    "roll": lambda a, shift, axis=None: ops.roll(whole(a), shift=ints(shift), axis=None if axis is None else ints(axis)),
    "pad": pad, "tril": side(ops.tril), "triu": side(ops.triu), "diag": diag,
    "diagflat": lambda v, k=0: ops.diag(ravel(v), k=int(k)), "diagonal": diagonal, "trace": trace, "delete": moved(np.delete),
    "insert": lambda arr, obj, values, axis=None: inserted(arr, obj, values, axis), "append": lambda arr, values, axis=None: concatenate([arr, values], axis),
    "resize": moved(np.resize), "compress": lambda condition, a, axis=None: moved(lambda x: np.compress(asked(condition), x, axis))(a),
    "extract": lambda condition, arr: moved(lambda x: np.extract(asked(condition), x))(arr), "take": take, "take_along_axis": take_along_axis,
    "where": where, "select": select, "choose": choose, "piecewise": piecewise, "clip": clip, "round": rounded, "around": rounded,
    "nan_to_num": nan_to_num, "sort": sort, "argsort": argsort, "partition": partition, "copy": copy, "astype": astype, "asarray": asarray,
    "array": asarray, "asanyarray": asarray, "ascontiguousarray": asarray, "zeros_like": filled(0), "ones_like": filled(1), "empty_like": filled(0),
    "full_like": full_like, "meshgrid": meshgrid, "apply_along_axis": apply_along_axis, "shape": lambda a: whole(a).shape,
    "ndim": lambda a: whole(a).ndim, "size": lambda a, axis=None: whole(a).size if axis is None else whole(a).shape[axis],
    "real": lambda val: ops.real(whole(val)), "imag": lambda val: ops.imag(whole(val)), "sinc": lambda x: ops.sinc(whole(x)),
    "real_if_close": lambda a, tol=100: held(a), "fix": lambda x, out=None: ops.trunc(whole(x)), "full": full,

}  # fmt: skip


def inserted(arr: Any, obj: Any, values: Any, axis: int | None) -> Any:
    """np.insert: the old numbers and the new ones in one line, and NumPy says which goes where."""
    x = whole(arr)
    new = ops.cast(whole(values), dtype=x.dtype.name)
    places = np.insert(np.arange(x.size).reshape(x.shape), asked(obj), x.size + np.arange(max(new.size, 1)).reshape(new.shape), axis)
    return ops.gather(ops.concat(ravel(x), ravel(new), axis=0), places, axis=0)
