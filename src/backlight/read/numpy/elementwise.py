"""NumPy's and SciPy's elementwise functions: which row each one is, and what is said in a few rows."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...core.array import Array
from ...core.table import TABLE
from ...errors import DTypeError, InputError, ShapeError
from .held import answers, kind_of, whole
from .special import special

__all__ = ["COMPOSED", "UFUNCS", "elementwise", "vecdot"]

# NumPy's elementwise functions whose row has another name; all others go by their own. The second part is SciPy's.
UFUNCS = {
    "absolute": "abs", "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan",
    "arctan2": "atan2", "arctanh": "atanh", "conjugate": "conj", "divide": "div", "fabs": "abs",
    "multiply": "mul", "negative": "neg", "positive": "identity", "power": "pow", "remainder": "mod",
    "subtract": "sub", "true_divide": "div", "floor_divide": "floor_div", "bitwise_and": "bit_and",
    "bitwise_or": "bit_or", "bitwise_xor": "bit_xor", "invert": "bit_not", "left_shift": "shift_left", "right_shift": "shift_right",
    "expit": "sigmoid", "gammaln": "lgamma", "psi": "digamma", "log_expit": "log_sigmoid",
}  # fmt: skip


def of_truths(row: str) -> Callable[..., Any]:
    """A function that on truth values means a question, and on numbers an operation."""
    logic = {"bit_and": "logical_and", "bit_or": "logical_or", "bit_xor": "logical_xor"}

    def call(x: Any, y: Any) -> Any:
        if whole(x).dtype.kind == whole(y).dtype.kind == "b":
            return TABLE[logic[row]](x, y)
        kind = np.result_type(*[v if type(v) is int else whole(v).dtype for v in (x, y)]).name
        x, y = (v if isinstance(v, Array) else np.asarray(v, kind) for v in (x, y))
        return TABLE[row](*[v if v.dtype == kind else ops.cast(v, dtype=kind) for v in (x, y)])

    return call


def numbers(*xs: Any) -> list[Any]:
    """Whole numbers and truth values in the dtype that NumPy gives them together: truth values alone are int8."""
    kind = np.result_type(*[x if type(x) is int else whole(x).dtype for x in xs])
    if kind.kind not in "biu":
        return list(xs)
    name = "int8" if kind.kind == "b" else kind.name
    found = [x if isinstance(x, Array) else np.asarray(x, name) for x in xs]
    return [x if x.dtype == name else ops.cast(x, dtype=name) for x in found]


def in_common(row: str) -> Callable[..., Any]:
    """A function of whole numbers, or of floats as they are."""
    return lambda x, y: TABLE[row](*numbers(x, y))


def plus(x: Any, y: Any) -> Any:
    return (ops.logical_or if whole(x).dtype.kind == whole(y).dtype.kind == "b" else ops.add)(x, y)


def times(x: Any, y: Any) -> Any:
    return (ops.logical_and if whole(x).dtype.kind == whole(y).dtype.kind == "b" else ops.mul)(x, y)


def invert(x: Any) -> Any:
    return ops.logical_not(x) if x.dtype.kind == "b" else TABLE["bit_not"](x)


def power(x: Any, y: Any) -> Any:
    a, b = whole(x), whole(y)
    if a.dtype.kind in "biu" and b.dtype.kind in "biu":
        return answers(np.power)(x, y)
    return ops.pow(x, y)


def heaviside(x: Any, h: Any) -> Any:
    above = ops.cast(ops.greater(x, 0.0), dtype=kind_of(x, h, 1.0).name)
    return ops.where(ops.isnan(x), np.nan, ops.where(ops.equal(x, 0.0), h, above))


def fmax(x: Any, y: Any) -> Any:
    return ops.where(ops.isnan(y), x, ops.where(ops.isnan(x), y, ops.maximum(x, y)))


def fmin(x: Any, y: Any) -> Any:
    return ops.where(ops.isnan(y), x, ops.where(ops.isnan(x), y, ops.minimum(x, y)))


def logaddexp2(x: Any, y: Any) -> Any:
    return ops.logaddexp(x * math.log(2.0), y * math.log(2.0)) / math.log(2.0)


def fmod(x: Any, y: Any) -> Any:
    if not any(whole(v).dtype.kind == "f" for v in (x, y)):
        return answers(np.fmod)(x, y)
    return TABLE["fmod"](x, y) if "fmod" in TABLE else x - y * ops.trunc(ops.div(x, y))


def reciprocal(x: Any) -> Any:
    return ops.reciprocal(x) if x.dtype.kind in "fc" else answers(np.reciprocal)(x)


def divmod_(x: Any, y: Any) -> tuple[Any, Any]:
    x, y = numbers(x, y)
    return TABLE["floor_div"](x, y), ops.mod(x, y)


def float_power(x: Any, y: Any) -> Any:
    kind = np.result_type(whole(x).dtype, whole(y).dtype, np.float64).name
    return ops.pow(ops.cast(x, dtype=kind), ops.cast(y, dtype=kind))


def nearest(x: Any) -> Any:
    return ops.round(ops.real(x)) + 1j * ops.round(ops.imag(x)) if whole(x).dtype.kind == "c" else ops.round(x)


def sign(x: Any) -> Any:
    if whole(x).dtype.kind != "c":
        return ops.sign(x)
    return ops.where(ops.equal(x, 0.0), 0.0, ops.div(x, ops.abs(ops.where(ops.equal(x, 0.0), 1.0, x))))


def modf(x: Any) -> tuple[Any, Any]:
    rest = ops.trunc(x)
    return x - rest, rest


def ldexp(x: Any, e: Any) -> Any:
    return x * ops.exp2(ops.cast(e, dtype=whole(x).dtype.name))


def frexp(x: Any) -> tuple[Any, Any]:
    """The exponent is found by the value; the rest of x follows x."""
    e = answers(np.frexp)(x)[1].value
    return x * np.ldexp(np.ones_like(whole(x).value), -e), e


def nextafter(x: Any, y: Any) -> Any:
    """A step that does not depend on x, however small."""
    after = answers(np.nextafter)(x, y).value
    before = np.asarray(answers(np.asarray)(x).value).astype(after.dtype)
    if np.isfinite(before).all():
        return ops.add(x, np.where(after == before, np.copysign(0.0, after).astype(after.dtype), after - before))
    finite = np.isfinite(before)
    step = np.subtract(after, before, out=np.zeros_like(after), where=finite)
    return ops.where(finite, ops.add(x, step), after)


def vecdot(x1: Any, x2: Any, axis: int = -1) -> Any:
    """Σ conj(x)·y along an axis, which is as long in both: only the others are stretched."""
    x, y = whole(x1), whole(x2)
    sizes = [v.shape[axis] if -len(v.shape) <= axis < len(v.shape) else None for v in (x, y)]
    if sizes[0] is None or sizes[0] != sizes[1]:
        raise ShapeError(f"numpy.vecdot: axis {axis} is not as long in {x.shape} as in {y.shape}")
    return ops.sum(ops.mul(ops.conj(x) if x.dtype.kind == "c" else x, y), axis=axis)


def logit(x: Any) -> Any:
    return TABLE["logit"](x) if "logit" in TABLE else ops.log(x) - ops.log1p(-x)


def xlog1py(x: Any, y: Any) -> Any:
    return TABLE["xlog1py"](x, y) if "xlog1py" in TABLE else ops.xlogy(x, 1.0 + y)


def entr(x: Any) -> Any:
    return TABLE["entr"](x) if "entr" in TABLE else ops.where(ops.less(x, 0.0), -np.inf, -ops.xlogy(x, x))


# Said in a few rows, or by another row where the operands say so.
COMPOSED: dict[str, Callable[..., Any]] = {
    "add": plus, "multiply": times,
    "bitwise_and": of_truths("bit_and"), "bitwise_or": of_truths("bit_or"), "bitwise_xor": of_truths("bit_xor"), "invert": invert,
    "left_shift": in_common("shift_left"), "right_shift": in_common("shift_right"),
    "divmod": divmod_, "modf": modf, "float_power": float_power, "rint": nearest, "sign": sign, "frexp": frexp, "nextafter": nextafter, "power": power, "reciprocal": reciprocal, "heaviside": heaviside, "fmax": fmax, "fmin": fmin,
    "deg2rad": lambda x: x * (math.pi / 180.0), "rad2deg": lambda x: x * (180.0 / math.pi),
    "radians": lambda x: x * (math.pi / 180.0), "degrees": lambda x: x * (180.0 / math.pi),
    "logaddexp2": logaddexp2, "fmod": fmod, "ldexp": ldexp, "floor_divide": in_common("floor_div"), "remainder": in_common("mod"),
    "vecdot": vecdot,
    "matvec": lambda x, y: ops.squeeze(ops.matmul(x, ops.expand_dims(y, axis=-1)), axis=-1),
    "vecmat": lambda x, y: ops.squeeze(ops.matmul(ops.expand_dims(ops.conj(x) if whole(x).dtype.kind == "c" else x, axis=-2), y), axis=-2),
    "logit": logit, "xlog1py": xlog1py, "entr": entr,
    "huber": lambda delta, r: ops.where(ops.less_equal(ops.abs(r), delta), 0.5 * r * r, delta * (ops.abs(r) - ops.mul(0.5, delta))),
    "cosm1": lambda x: -2.0 * ops.square(ops.sin(0.5 * x)),
    "exp10": lambda x: ops.pow(10.0, x),
}  # fmt: skip

# Whole numbers and truth values come out: there is nothing to differentiate.
QUESTIONS = ("signbit", "isnat", "gcd", "lcm", "bitwise_count", "spacing")


def no_row(said: str) -> Any:
    room = "numpy" if hasattr(np, said.partition(".")[0]) else "scipy.special"
    raise InputError(
        f"{room}.{said} has no operation here, so it cannot be traced: use another function, or give it the plain "
        "value (x.value), which counts as constant"
    )


def elementwise(function: Any, *inputs: Any) -> Any:
    """One of NumPy's elementwise functions on operands of which one at least is traced."""
    if any(whole(x).dtype.kind in "fc" for x in inputs):
        return in_rows(function, *inputs)
    z = in_rows(function, *inputs)  # of whole numbers and truth values: in the dtype that NumPy has for them
    several = z if isinstance(z, tuple) else (z,)
    kinds = dtypes_of(function, inputs)
    made = tuple(part if part.dtype == kind else ops.cast(part, dtype=kind.name) for part, kind in zip(several, kinds, strict=True))
    return made if isinstance(z, tuple) else made[0]


def dtypes_of(function: Any, inputs: Any) -> list[Any]:
    """The dtypes of NumPy's results, tried on one number of each operand."""
    if function.signature is not None:
        return [part.dtype for part in [np.asarray(1).astype(np.result_type(*[whole(x).dtype for x in inputs]))] * function.nout]
    one = function(*[x if type(x) in (int, bool) else np.ones(1, whole(x).dtype) for x in inputs])
    return [part.dtype for part in (one if isinstance(one, tuple) else (one,))]


def in_rows(function: Any, *inputs: Any) -> Any:
    said = function.__name__
    composed = COMPOSED.get(said)
    if composed is not None:
        return composed(*inputs)
    row = TABLE.get(UFUNCS.get(said, said))
    if row is not None and len(row.args) == len(inputs):
        try:
            return row(*inputs)
        except (DTypeError, OverflowError):
            found = special(function, *inputs) if any(whole(x).dtype.kind == "c" for x in inputs) else None
            if found is not None:
                return found
            if row.kind != "compare" and any(whole(x).dtype.kind in "fc" for x in inputs if isinstance(x, (Array, np.ndarray))):
                raise
            return answers(function)(*inputs)
    if said in QUESTIONS or all(whole(x).dtype.kind in "biu" for x in inputs):
        return answers(function)(*inputs)
    found = special(function, *inputs)
    return no_row(said) if found is None else found
