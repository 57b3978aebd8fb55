"""How NumPy spells the operations: functions written with `import numpy as np` are differentiated as they stand.

NumPy asks an unknown array two questions, `__array_ufunc__` for its elementwise functions and `__array_function__` for the
rest; both are answered here from tables that lead from NumPy's name to a row. What has no row gets an error that names it,
and nothing is ever computed on the bare values behind the graph's back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import ops
from ..core.array import Array
from ..core.graph import Above
from ..core.table import TABLE
from ..errors import GraphError, InputError

__all__ = ["FUNCTIONS", "UFUNCS"]

assert "add" in ops.__all__  # the room was imported, so the table is filled

# NumPy's elementwise functions whose row has another name; all others go by their own.
UFUNCS = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan",
    "arctan2": "atan2", "arctanh": "atanh", "bitwise_and": "logical_and", "bitwise_or": "logical_or",
    "bitwise_xor": "logical_xor", "conjugate": "conj", "divide": "div", "fabs": "abs", "float_power": "pow", "invert": "logical_not",
    "multiply": "mul", "negative": "neg", "positive": "identity", "power": "pow", "remainder": "mod", "rint": "round",
    "subtract": "sub", "true_divide": "div",
}  # fmt: skip

REDUCTIONS = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min", "logical_and": "all", "logical_or": "any"}


def row(name: str, said: str) -> Any:
    """The row of an operation, or an error that names what NumPy was asked for."""
    found = TABLE.get(name)
    if found is None:
        raise InputError(
            f"numpy.{said} has no operation here, so it cannot be traced: use another function, or give it the plain "
            "value (x.value), which counts as constant"
        )
    return found


def ufunc(self: Array, function: Any, method: str, *inputs: Any, **named: Any) -> Any:
    """Answer for one of NumPy's elementwise functions."""
    said = function.__name__
    if named.get("out") is not None:
        raise GraphError(
            f"numpy.{said}: would write into a NumPy array that the graph knows nothing of: make a new array, "
            "as in a = a + x, in place of a += x"
        )
    named.pop("out", None)
    if method == "reduce":
        axis = named.pop("axis", 0)
        keepdims = bool(named.pop("keepdims", False))
        return row(REDUCTIONS.get(said, f"{said}.reduce"), f"{said}.reduce")(inputs[0], axis=axis, keepdims=keepdims)
    if method != "__call__":
        row(f"{said}.{method}", f"{said}.{method}")
    named = {k: v for k, v in named.items() if not (k == "where" and v is True) and v is not None}
    if named:
        raise InputError(f"numpy.{said}: the argument {', '.join(named)} cannot be traced: leave it out")
    if said == "matmul":
        return TABLE["matmul"](*inputs)
    if said == "reciprocal":
        return 1.0 / inputs[0]
    if said == "floor_divide":
        return row("floor", said)(TABLE["div"](*inputs))
    return row(UFUNCS.get(said, said), said)(*inputs)


def reduction(name: str) -> Callable[..., Any]:
    def call(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return row(name, name)(a, axis=axis, keepdims=bool(keepdims))

    return call


def spread(name: str) -> Callable[..., Any]:
    """A function of one array and an axis."""

    def call(a: Any, axis: Any = None) -> Any:
        return row(name, name)(a, axis=axis)

    return call


def moments(name: str) -> Callable[..., Any]:
    def call(a: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
        return row(name, name)(a, axis=axis, ddof=ddof, keepdims=bool(keepdims))

    return call


def along(name: str) -> Callable[..., Any]:
    """cumsum and cumprod: NumPy flattens without an axis."""

    def call(a: Any, axis: int | None = None) -> Any:
        return row(name, name)(TABLE["reshape"](a, shape=(-1,)), axis=0) if axis is None else row(name, name)(a, axis=axis)

    return call


def reshaped(a: Any, shape: Any = None, newshape: Any = None) -> Any:
    target = shape if newshape is None else newshape
    return TABLE["reshape"](a, shape=(target,) if isinstance(target, int) else tuple(target))


def transposed(a: Any, axes: Sequence[int] | None = None) -> Any:
    return TABLE["transpose"](a) if axes is None else TABLE["permute"](a, axes=tuple(axes))


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    order = list(range(a.ndim))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return TABLE["permute"](a, axes=tuple(order))


def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    n = np.ndim(a) if not isinstance(a, Array) else a.ndim
    back = np.moveaxis(np.empty((1,) * n, np.int8).reshape([1] * n), source, destination)
    assert back.ndim == n
    src = [s % n for s in ([source] if isinstance(source, int) else source)]
    dst = [d % n for d in ([destination] if isinstance(destination, int) else destination)]
    order = [i for i in range(n) if i not in src]
    for d, s in sorted(zip(dst, src, strict=True)):
        order.insert(d, s)
    return TABLE["permute"](a, axes=tuple(order))


def ravel(a: Any) -> Any:
    return TABLE["reshape"](a, shape=(-1,))


def expand_dims(a: Any, axis: int) -> Any:
    shape = list(a.shape)
    shape.insert(axis if axis >= 0 else axis + len(shape) + 1, 1)
    return TABLE["reshape"](a, shape=tuple(shape))


def squeeze(a: Any, axis: Any = None) -> Any:
    axes = [i for i, n in enumerate(a.shape) if n == 1] if axis is None else [axis] if isinstance(axis, int) else list(axis)
    gone = {i % a.ndim for i in axes}
    return TABLE["reshape"](a, shape=tuple(n for i, n in enumerate(a.shape) if i not in gone))


def joined(name: str) -> Callable[..., Any]:
    def call(arrays: Sequence[Any], axis: int = 0) -> Any:
        return row(name, name)(*arrays, axis=axis)

    return call


def hstack(arrays: Sequence[Any]) -> Any:
    return row("concat", "hstack")(*arrays, axis=0 if np.ndim(arrays[0]) == 1 else 1)


def vstack(arrays: Sequence[Any]) -> Any:
    two = [TABLE["reshape"](a, shape=(1, -1)) if np.ndim(a) < 2 else a for a in arrays]
    return row("concat", "vstack")(*two, axis=0)


def dot(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return TABLE["mul"](a, b)
    if np.ndim(b) < 3:
        return TABLE["matmul"](a, b)
    return row("dot", "dot")(a, b)


def clip(a: Any, a_min: Any = None, a_max: Any = None, min: Any = None, max: Any = None) -> Any:
    low = a_min if min is None else min
    high = a_max if max is None else max
    if low is None:
        return a if high is None else row("minimum", "clip")(a, high)
    return row("maximum", "clip")(a, low) if high is None else row("clip", "clip")(a, low, high)


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None or y is None:
        raise InputError("numpy.where: with one argument its result depends on the values: give where(condition, x, y)")
    return TABLE["where"](condition, x, y)


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if ord not in (None, 2) or (ord == 2 and axis is None and np.ndim(x) > 1):
        raise InputError(f"numpy.linalg.norm: ord={ord} has no operation here: leave it out for the Euclidean norm")
    return row("norm", "linalg.norm")(x, axis=axis, keepdims=bool(keepdims))


def likes(value: float) -> Callable[..., Any]:
    return lambda a, dtype=None, shape=None: np.full(shape or a.shape, value, dtype or a.dtype)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sum": reduction("sum"), "prod": reduction("prod"), "mean": reduction("mean"), "max": reduction("max"),
    "amax": reduction("max"), "min": reduction("min"), "amin": reduction("min"), "any": reduction("any"),
    "all": reduction("all"), "median": reduction("median"), "count_nonzero": reduction("count_nonzero"),
    "argmax": reduction("argmax"), "argmin": reduction("argmin"), "std": moments("std"), "var": moments("var"),
    "cumsum": along("cumsum"), "cumprod": along("cumprod"),
    "reshape": reshaped, "transpose": transposed, "swapaxes": swapaxes, "moveaxis": moveaxis, "ravel": ravel,
    "expand_dims": expand_dims, "squeeze": squeeze, "concatenate": joined("concat"), "concat": joined("concat"),
    "stack": joined("stack"), "hstack": hstack, "vstack": vstack, "dot": dot, "vdot": dot,
    "inner": lambda a, b: TABLE["mul"](a, b) if 0 in (np.ndim(a), np.ndim(b)) else TABLE["matmul"](a, swapaxes(b, -1, -2) if np.ndim(b) > 1 else b),
    "outer": lambda a, b: row("outer", "outer")(ravel(a), ravel(b)),
    "matmul": lambda a, b: TABLE["matmul"](a, b), "einsum": lambda spec, *xs: row("einsum", "einsum")(*xs, spec=spec),
    "clip": clip, "where": where, "norm": norm, "sort": lambda a, axis=-1: row("sort", "sort")(a, axis=axis),
    "argsort": lambda a, axis=-1: row("argsort", "argsort")(a, axis=axis), "flip": spread("flip"),
    "roll": lambda a, shift, axis=None: row("roll", "roll")(a, shift=shift, axis=axis),
    "tril": lambda m, k=0: row("tril", "tril")(m, k=k), "triu": lambda m, k=0: row("triu", "triu")(m, k=k),
    "diag": lambda v, k=0: row("diag", "diag")(v, k=k), "trace": lambda a: row("trace", "trace")(a),
    "repeat": lambda a, repeats, axis=None: row("repeat", "repeat")(a, repeats=repeats, axis=axis),
    "tile": lambda a, reps: row("tile", "tile")(a, reps=reps),
    "broadcast_to": lambda a, shape: TABLE["broadcast_to"](a, shape=tuple(shape) if not isinstance(shape, int) else (shape,)),
    "take": lambda a, indices, axis=None: row("gather", "take")(ravel(a) if axis is None else a, indices, axis=axis or 0),
    "take_along_axis": lambda a, indices, axis=-1: row("take_along_axis", "take_along_axis")(a, indices, axis=axis),
    "inv": lambda a: row("inv", "linalg.inv")(a), "solve": lambda a, b: row("solve", "linalg.solve")(a, b),
    "det": lambda a: row("det", "linalg.det")(a), "round": lambda a: row("round", "round")(a),
    "around": lambda a: row("round", "round")(a), "real": lambda a: row("real", "real")(a), "imag": lambda a: row("imag", "imag")(a),
    "sinc": lambda x: row("sinc", "sinc")(x), "zeros_like": likes(0.0), "ones_like": likes(1.0),
    "full_like": lambda a, fill_value, dtype=None: np.full(a.shape, fill_value, dtype or a.dtype),
    "shape": lambda a: a.shape, "ndim": lambda a: a.ndim, "size": lambda a: a.size,
    "nan_to_num": lambda x, nan=0.0: TABLE["where"](row("isnan", "nan_to_num")(x), nan, x),
    "diff": lambda a: TABLE["sub"](a[..., 1:], a[..., :-1]), "average": lambda a, axis=None: row("mean", "average")(a, axis=axis),
}  # fmt: skip


def function(self: Array, called: Any, types: Any, args: Sequence[Any], named: dict[str, Any]) -> Any:
    """Answer for one of NumPy's other functions."""
    said = called.__name__
    where_ = "linalg." if "linalg" in getattr(called, "__module__", "") else ""
    answer = FUNCTIONS.get(said)
    if answer is None:
        row(f"numpy.{said}", f"{where_}{said}")
    assert answer is not None
    missing = getattr(np, "_NoValue", None)
    named = {k: v for k, v in named.items() if v is not None and v is not missing}
    try:
        return answer(*args, **named)
    except TypeError as error:
        if "unexpected keyword" not in str(error) and "positional argument" not in str(error):
            raise
        raise InputError(f"numpy.{where_}{said}: {str(error).split('() ')[-1]} when it is traced: leave it out") from None


Above.ufunc = ufunc
Above.function = function
