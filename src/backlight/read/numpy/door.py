"""How NumPy spells the operations: functions written with `import numpy as np` are differentiated as they stand.

NumPy asks an unknown array two questions, `__array_ufunc__` for its elementwise functions and `__array_function__` for the
rest. Where no operand is traced, NumPy itself answers, on the bare values. Where one is, tables lead from NumPy's name to
rows; a function whose result carries no gradient (positions, counts, truth values) is computed on the values, which become
guards of the trace; and what has a gradient and no row gets an error that names it. SciPy's special functions are asked
for in the same way, and found by their names.
"""

from __future__ import annotations

import builtins
import operator as operators
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ...core.array import Array
from ...core.graph import Above
from ...core.table import TABLE
from ...errors import BacklightError, GraphError, InputError, MatrixError, ShapeError, ValueError
from .arrange import ARRANGEMENTS
from .choices import CHOICES
from .elementwise import COMPOSED, UFUNCS, no_row
from .held import answers, any_float, any_traced, bare, held, is_traced, outside, whole, wrapped
from .life import share
from .linear import CALCULUS, LINEAR
from .memory import assign, plain_array
from .padding import pad
from .polynomial import POLYNOMIALS
from .quantiles import QUANTILES
from .questions import QUESTIONS
from .reductions import REDUCTIONS
from .several import SEVERAL
from .special import RULES
from .spectral import SPECTRAL
from .ufuncs import ufunc_traced, written_into
from .writing import WRITING

__all__ = ["FUNCTIONS", "UFUNCS", "VIEWS", "answer", "any_traced", "held", "is_traced", "whole"]

FUNCTIONS: dict[str, Callable[..., Any]] = {**REDUCTIONS, **QUANTILES, **ARRANGEMENTS, **CHOICES, "pad": pad, **LINEAR, **CALCULUS, **POLYNOMIALS, **SPECTRAL, **WRITING, **QUESTIONS}

# What gives a view of its first argument in NumPy: the same memory under another name.
VIEWS = frozenset(
    """reshape ravel transpose permute_dims matrix_transpose swapaxes moveaxis rollaxis expand_dims squeeze atleast_1d atleast_2d
    atleast_3d broadcast_to flip fliplr flipud rot90 diagonal split array_split hsplit vsplit dsplit unstack real imag diag
    linalg.diagonal linalg.matrix_transpose""".split()
)

# What on whole numbers and truth values is computed on the values, since NumPy's dtypes differ from the rows' there.
WANT_FLOATS = (frozenset(QUANTILES) | frozenset(CALCULUS) | frozenset(LINEAR) | frozenset(POLYNOMIALS) | frozenset(SPECTRAL) | frozenset(REDUCTIONS)) - frozenset(
    "matmul dot sum prod max min amax amin any all count_nonzero argmax argmin cumsum cumprod bincount linspace interp average mean std var".split()
)

MISSING = getattr(np, "_NoValue", None)
NONE_MEANS = {"axis", "dtype", "order", "rtol", "sorter"}  # arguments in which None says something


@lru_cache(maxsize=4096)
def said_of(function: Any) -> str:
    """NumPy's name of one of its functions: `sum`, `linalg.norm`."""
    room = (getattr(function, "__module__", "") or "").split(".")
    part = next((f"{word}." for word in ("linalg", "fft") if word in room), "")
    return f"{part}{function.__name__}"


def answer(function: Any, args: Sequence[Any], named: dict[str, Any]) -> Any:
    """What one of NumPy's functions gives for arrays, traced or not."""
    said = said_of(function)
    if any_traced(args) or any_traced(named):
        made = ufunc_traced(function, "__call__", args, named) if isinstance(function, np.ufunc) else traced(function, said, args, named)
    else:
        made = outside(function, args, named)
    if said in VIEWS and args and type(args[0]) is Array:
        seen(function, said, made, args, named)
    return made


def seen(function: Any, said: str, made: Any, args: Sequence[Any], named: dict[str, Any]) -> None:
    """Remember views as views."""
    base, rest = args[0], args[1:]
    several = isinstance(made, (list, tuple))
    for k, part in enumerate(made if several else [made]):
        if type(part) is not Array or part is base:
            continue
        if (part.tape is None or said in ("reshape", "ravel")) and not np.may_share_memory(part._value, base._value):
            continue  # a copy
        share(base, part, taken(function, rest, named, k if several else None), again(said, rest, named, k if several else None))


def taken(function: Any, rest: Sequence[Any], named: dict[str, Any], k: int | None) -> Callable[[Any], Any]:
    """A view, taken from a NumPy array."""

    def call(p: Any) -> Any:
        found = function(p, *bare(rest), **bare(named))
        return found if k is None else found[k]

    return call


def again(said: str, rest: Sequence[Any], named: dict[str, Any], k: int | None) -> Callable[[Any], Any]:
    """The same view, taken in nodes."""

    def call(root: Any) -> Any:
        found = FUNCTIONS[said](root, *rest, **named)
        return found if k is None else found[k]

    return call


def traced(function: Any, said: str, args: Sequence[Any], named: dict[str, Any]) -> Any:
    """One of NumPy's functions, other than the elementwise ones, on arguments of which one at least is traced."""
    target = named.get("out")
    if target is not None:
        if type(target) is not Array:
            raise GraphError(written_into(said))
        assign(target, ..., traced(function, said, args, {k: v for k, v in named.items() if k != "out"}))
        return target
    found = FUNCTIONS.get(said)
    if found is None:
        return no_row(said)
    if said in WANT_FLOATS and not any_float((args, named)):
        return answers(function)(*args, **named)
    if named:
        named = {k: v for k, v in named.items() if v is not MISSING and (v is not None or k in NONE_MEANS)}
        named = {k: v for k, v in named.items() if not ((k == "dtype" and v is None) or (k == "order" and v in (None, "C", "K")) or k in ("like", "casting", "subok"))}
    try:
        return wrapped(found(*args, **named))
    except ValueError as error:
        if not said.startswith("linalg.") or isinstance(error, (GraphError, ShapeError)):
            raise
        raise MatrixError(str(error)) from None
    except (np.exceptions.AxisError, builtins.ValueError) as error:
        if isinstance(error, BacklightError):
            raise
        raise ShapeError(f"numpy.{said}: {error}") from None
    except TypeError as error:
        if "unexpected keyword" not in str(error) and "positional argument" not in str(error):
            raise
        raise InputError(f"numpy.{said}: {str(error).split('() ')[-1]} when it is traced: leave it out") from None


SHORT: dict[Any, Any] = {}  # the rows of functions of one float that are a row and nothing else; False for all others


def short(function: Any) -> Any:
    name = function.__name__
    row = TABLE.get(UFUNCS.get(name, name))
    return row if row is not None and row.args == ("x",) and not any(name in table for table in (COMPOSED, RULES, SEVERAL)) else False


def ufunc(self: Array, function: Any, method: str, *inputs: Any, **named: Any) -> Any:
    """NumPy's question for an elementwise function."""
    if method == "__call__" and not named and self.tape is not None and self.type.is_float and len(inputs) == 1:
        row = SHORT.get(function)
        if row is None:
            row = SHORT[function] = short(function)
        if row:
            return row(self)
    if any_traced(inputs) or any_traced(named):
        return ufunc_traced(function, method, inputs, named)
    target = named.get("out")
    if target is not None:
        named["out"] = target[0] if isinstance(target, tuple) and len(target) == 1 else target
    return outside(getattr(function, method), inputs, named)


def function(self: Array, called: Any, types: Any, args: Sequence[Any], named: dict[str, Any]) -> Any:
    """NumPy's question for one of its other functions."""
    return answer(called, args, named)


def operator(name: str, *operands: Any) -> Any:
    """An operator of Python, as NumPy means it."""
    if name in ("equal", "not_equal") and any(x is None or isinstance(x, str) for x in operands):
        return Array(None, -1, np.full(operands[0].shape, name == "not_equal")[()])
    if not any_traced(operands):
        return outside(PLAIN[name], operands, {})
    if name == "power" and all(whole(x).dtype.kind in "biu" for x in operands):
        return answers(operators.pow)(*operands)  # a square of truth values is another dtype by the operator than by the function
    return answer(getattr(np, name), operands, {})


PLAIN: dict[str, Callable[..., Any]] = {
    "add": operators.add, "subtract": operators.sub, "multiply": operators.mul, "divide": operators.truediv, "matmul": operators.matmul,
    "power": operators.pow, "remainder": operators.mod, "floor_divide": operators.floordiv, "bitwise_and": operators.and_,
    "bitwise_or": operators.or_, "bitwise_xor": operators.xor, "left_shift": operators.lshift, "right_shift": operators.rshift,
    "less": operators.lt, "less_equal": operators.le, "greater": operators.gt, "greater_equal": operators.ge, "equal": operators.eq,
    "not_equal": operators.ne, "negative": operators.neg, "positive": operators.pos, "absolute": operators.abs, "invert": operators.invert,
}  # fmt: skip


def dlpack(x: Array, named: dict[str, Any]) -> Any:
    return np.asarray(plain_array(x)).__dlpack__(**named)


def namespace(version: str | None) -> Any:
    """The module of the standard's functions for arrays."""
    from importlib import import_module

    if version is not None and version not in ("2021.12", "2022.12", "2023.12", "2024.12", "2025.12"):
        raise InputError(f"__array_namespace__: there is no version {version!r} of the standard here: the newest is 2025.12")
    return import_module(f"{__name__.partition('.')[0]}.numpy")


Above.ufunc = ufunc
Above.function = function
Above.operator = operator
Above.dlpack = dlpack
Above.namespace = namespace

from .methods import METHODS, method  # noqa: E402 - methods are the functions above

Above.method = method
Above.methods = METHODS

