"""What people hand to NumPy's functions, told apart: numbers that a trace remembers, and numbers that are just numbers.

Arrays may stand inside lists, and, after `np.array([x[0], x[1]])`, inside NumPy's own arrays of objects; `held` makes one
array on the tape of all of these. A function whose result cannot carry a gradient (positions, counts, truth values) and
that has no row is computed on the values, and the values that it was `asked` for are guards: a trace holds for them only.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...core.array import Array
from ...core.asker import asker
from ...core.graph import Above
from ...core.guard import Guard
from ...core.place import frame_position
from ...errors import GraphError, InputError

__all__ = ["answers", "any_float", "any_traced", "bare", "held", "is_traced", "kind_of", "outside", "whole", "wrapped"]

LARGEST = 10_000  # numbers that may be taken apart, one node each, where NumPy insists on an array of its own


def is_traced(x: Any) -> bool:
    """Whether a value remembers what was done to it."""
    return type(x) is Array and x.tape is not None


def any_traced(value: Any) -> bool:
    """Whether something in a nest of arguments is traced."""
    kind = type(value)
    if kind is Array:
        return value.tape is not None
    if kind is list or kind is tuple:
        return any(any_traced(v) for v in value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return any(any_traced(v) for v in value.flat)
    if kind is dict:
        return any(any_traced(v) for v in value.values())
    return isinstance(value, tuple) and any(any_traced(v) for v in value)


def any_float(value: Any) -> bool:
    """Whether something traced in a nest of arguments can carry a gradient."""
    if type(value) is Array:
        return value.tape is not None and value.dtype.kind in "fc"
    if isinstance(value, (list, tuple)):
        return any(any_float(v) for v in value)
    if isinstance(value, dict):
        return any(any_float(v) for v in value.values())
    return isinstance(value, np.ndarray) and value.dtype == object and any(any_float(v) for v in value.flat)


def held(value: Any) -> Any:
    """An operand of a row: arrays and Python numbers as they are, lists that hold arrays as one array on the tape."""
    if type(value) is Array:
        return value if value.tape is not None else value.value
    if isinstance(value, np.ndarray) and value.dtype == object and any_traced(value):
        flat = [held(v) for v in value.flat]
        return flat[0] if value.ndim == 0 else ops.reshape(ops.stack(*flat, axis=0), shape=value.shape)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return np.asarray(bare(value.tolist()))
    if isinstance(value, (list, tuple)) and any_traced(value):
        return ops.stack(*[held(v) for v in value], axis=0)
    if isinstance(value, (list, tuple)):
        return np.asarray(bare(value))
    return value


def whole(value: Any) -> Any:
    """The same with a shape and a dtype, whatever it was."""
    found = held(value)
    return found if isinstance(found, (Array, np.ndarray, np.generic)) else np.asarray(found)


def kind_of(*values: Any) -> Any:
    """The dtype of several operands together; Python's own numbers follow the others."""
    return np.result_type(*[v if type(v) in (int, float, complex, bool) else whole(v).dtype for v in values])


def bare(value: Any) -> Any:
    """A nest of arguments with plain NumPy values in the place of arrays."""
    kind = type(value)
    if kind is Array:
        return value.value
    if kind is list or kind is tuple:
        return kind([bare(v) for v in value])
    if kind is dict:
        return {name: bare(v) for name, v in value.items()}
    return value


def asked(value: Any) -> Any:
    """The same for traced arrays, whose numbers thereby become a guard of the trace."""
    kind = type(value)
    if kind is Array:
        if value.tape is not None and value.tape.values is not None:
            answer = np.asarray(value.value).tobytes()
            value.tape.guards.append(Guard(value.number, "numbers", answer, frame_position(3)))
        return value.value
    if kind is list or kind is tuple:
        return kind([asked(v) for v in value])
    if kind is dict:
        return {name: asked(v) for name, v in value.items()}
    if isinstance(value, np.ndarray) and value.dtype == object and any_traced(value):
        return np.asarray(asked(value.tolist()))
    return value


def wrapped(found: Any) -> Any:
    """NumPy's result with arrays that have no tape in the place of its own."""
    if isinstance(found, (np.ndarray, np.generic)):
        return Array(None, -1, found) if found.dtype.kind in "biufc" else found
    kind = type(found)
    if isinstance(found, tuple):
        return kind(*map(wrapped, found)) if hasattr(kind, "_fields") else tuple(map(wrapped, found))
    return list(map(wrapped, found)) if kind is list else found


def outside(function: Callable[..., Any], args: Any, named: dict[str, Any]) -> Any:
    """What NumPy itself answers where nothing is traced."""
    target = named.get("out")
    with np.errstate(all="ignore"):
        found = function(*bare(args), **bare(named))
    if isinstance(target, tuple):
        several = isinstance(found, tuple)
        made = tuple([wrapped(z) if t is None else t for z, t in zip(found if several else (found,), target, strict=True)])
        return made if several else made[0]
    if target is not None:
        return target
    if isinstance(found, np.ndarray):
        for x in args:
            if type(x) is Array and x._value is found:
                return x  # NumPy returned what it was given
    return wrapped(found)


def answers(function: Callable[..., Any]) -> Callable[..., Any]:
    """The answer of a function whose result carries no gradient: computed on the values, which become guards."""

    def call(*args: Any, **named: Any) -> Any:
        with np.errstate(all="ignore"):
            return wrapped(function(*asked(args), **asked(named)))

    return call


def elements(x: Array, dtype: Any = None) -> Any:
    """A traced array as a NumPy array of objects, one node for each number, where NumPy insists on an array of its own."""
    if dtype is not None and np.dtype(dtype) != object:
        found = asker(3)
        if found.startswith("numpy."):
            raise GraphError(
                f"{found} of an array of objects would make a plain number of node {x.number} ({x.type}), and the graph would lose it: "
                "make one array first, as in backlight.numpy.asarray(z)"
            )
        if "assignment" in found:
            raise GraphError(
                f"node {x.number} ({x.type} {x.shape}) would go into a NumPy array, which cannot hold it, and the graph would lose it: "
                "make that array with backlight.numpy.zeros, or with np.zeros_like of a traced array"
            )
        if np.dtype(dtype).kind in "biu":  # nothing to differentiate: asked for, as by int(x)
            return np.asarray(asked(x)).astype(dtype)
        raise GraphError(
            f"node {x.number} ({x.type} {x.shape}) would become a plain NumPy array of {np.dtype(dtype).name}, and the graph would "
            "lose it: leave the dtype out, take x.astype(…), or x.value where a constant is meant"
        )
    if x.size > LARGEST:
        if np.dtype(dtype).kind in "biu":  # nothing to differentiate: asked for, as by int(x)
            return np.asarray(asked(x)).astype(dtype)
        raise GraphError(
            f"node {x.number} ({x.type} {x.shape}) would become a plain NumPy array, one node for each of its {x.size} numbers: "
            "use backlight.numpy.asarray, or x.value where a constant is meant"
        )
    made = np.empty(x.shape, object)
    if not x.shape:
        made[()] = x
        return made
    frame = sys._getframe(2)
    if frame.f_code.co_name == "as_strided":
        made = laid_out(x, frame.f_locals.get("shape"), frame.f_locals.get("strides"))
    flat = ops.reshape(x, shape=(x.size,))
    made[...] = np.array([*[ops.index(flat, key=i) for i in range(x.size)], None], object)[:-1].reshape(x.shape)
    return made


def laid_out(x: Array, shape: Any, strides: Any) -> Any:
    """Room for objects in the place of an array's numbers, which NumPy will read with these strides: they must not lead out of it."""
    value = np.asarray(x.value)
    made = np.empty_like(value, object)
    shape = value.shape if shape is None else tuple(shape)
    strides = value.strides if strides is None else tuple(strides)
    low = sum(min(0, (n - 1) * step) for n, step in zip(shape, strides, strict=False))
    high = sum(max(0, (n - 1) * step) for n, step in zip(shape, strides, strict=False))
    dense = made.strides == value.strides and made.nbytes == value.nbytes
    if not dense or low < 0 or high >= made.nbytes or any(step % made.itemsize for step in strides):
        raise InputError(
            f"as_strided: strides {strides} of shape {shape} lead to memory that is not node {x.number}'s ({x.type} {x.shape}), whose "
            "numbers are nodes in a trace: use np.lib.stride_tricks.sliding_window_view, or an array of indices"
        )
    return made


Above.held = held
Above.elements = elements
