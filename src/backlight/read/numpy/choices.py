"""NumPy's functions that choose among numbers: by place, by condition, by size.

Which numbers are chosen is found by their values where it hangs on them (`extract`, `partition`, `trim_zeros`, the order of complex
numbers); those values are then guards of the trace, and what was chosen carries its gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...errors import IndexError, ValueError
from .arrange import moved, ravel
from .held import answers, asked, held, whole

__all__ = ["CHOICES", "sort_complex", "take_along_axis"]


def take(a: Any, indices: Any, axis: int | None = None, mode: str = "raise") -> Any:
    x, i = whole(a), whole(indices)
    n = x.size if axis is None else x.shape[axis]
    if mode == "clip":
        i = ops.clip(i, 0, n - 1)
    elif mode == "wrap":
        i = ops.mod(i, n)
    try:
        return ops.gather(ravel(x) if axis is None else x, i, axis=0 if axis is None else int(axis))
    except ValueError as error:
        raise IndexError(str(error)) from None


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


def choose(a: Any, choices: Any, mode: str = "raise") -> Any:
    places = np.asarray(asked(a))
    n = len(choices)
    if mode == "clip":
        places = np.clip(places, 0, n - 1)
    elif mode == "wrap":
        places = np.mod(places, n)
    elif places.size and (places.min() < 0 or places.max() >= n):
        raise ValueError(f"numpy.choose: there is no choice {places.min() if places.min() < 0 else places.max()} among {n}: use 0 to {n - 1}, or a mode")
    z = held(choices[0]) if n > 1 else ops.where(np.ones(places.shape, bool), held(choices[0]), 0)
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
    if whole(a).dtype.kind == "c":
        return sort_complex(a, axis)
    return ops.sort(ravel(a), axis=0, descending=descending) if axis is None else ops.sort(whole(a), axis=int(axis), descending=descending)


def argsort(a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, stable: bool | None = None, descending: bool = False) -> Any:
    if whole(a).dtype.kind == "c":
        return answers(np.argsort)(a, axis, kind="stable")
    return ops.argsort(ravel(a), axis=0, descending=descending) if axis is None else ops.argsort(whole(a), axis=int(axis), descending=descending)


def sort_complex(a: Any, axis: int | None = -1) -> Any:
    """By the real part, and by the imaginary one where these are equal, as NumPy orders complex numbers."""
    x = whole(a) if axis is not None else ravel(a)
    x = x if x.dtype.kind == "c" else ops.cast(x, dtype="complex64" if x.dtype.name in ("int8", "int16", "uint8", "uint16") else "complex128")
    line = -1 if axis is None else int(axis)
    return take_along_axis(x, answers(np.argsort)(x, line, kind="stable"), line)


def partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect") -> Any:
    places = answers(np.argpartition)(a, kth, axis)
    return take_along_axis(ravel(a) if axis is None else a, places, 0 if axis is None else axis)

def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """Zeros at the ends are found by the values."""
    x = whole(filt)
    sides = trim.lower()
    if sides not in ("fb", "bf", "f", "b"):
        raise ValueError(f"numpy.trim_zeros: trim says where to cut, 'f', 'b' or 'fb', and it is {trim!r}")
    lines = range(x.ndim) if axis is None else [k % x.ndim for k in (axis if isinstance(axis, (tuple, list)) else (axis,))]
    found = np.argwhere(np.asarray(asked(x)))
    if not found.size:
        return x[tuple([slice(0, 0) if k in lines else slice(None) for k in range(x.ndim)])]
    first, last = found.min(axis=0), found.max(axis=0)
    ends = [(int(first[k]) if "f" in sides else None, int(last[k]) + 1 if "b" in sides else None) for k in range(x.ndim)]
    return x[tuple([slice(*ends[k]) if k in lines else slice(None) for k in range(x.ndim)])]


def inserted(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """np.insert: the old numbers and the new ones in one line, and NumPy says which goes where."""
    x = whole(arr)
    new = ops.cast(whole(values), dtype=x.dtype.name)
    places = np.insert(np.arange(x.size).reshape(x.shape), asked(obj), x.size + np.arange(max(new.size, 1)).reshape(new.shape), axis)
    return ops.gather(ops.concat(ravel(x), ravel(new), axis=0), places, axis=0)


CHOICES: dict[str, Callable[..., Any]] = {
    "take": take, "take_along_axis": take_along_axis, "where": where, "select": select, "choose": choose, "piecewise": piecewise,
    "clip": clip, "round": rounded, "around": rounded, "nan_to_num": nan_to_num, "sort": sort, "argsort": argsort, "partition": partition,
    "sort_complex": lambda a: sort_complex(a), "trim_zeros": trim_zeros, "insert": inserted, "delete": moved(np.delete),
    "compress": lambda condition, a, axis=None: moved(lambda x: np.compress(asked(condition), x, axis))(a),
    "extract": lambda condition, arr: moved(lambda x: np.extract(asked(condition), x))(arr),
}  # fmt: skip
