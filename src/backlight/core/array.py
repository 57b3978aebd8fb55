"""A value that remembers the node it came from.

An `Array` is (tape, number, value). On a tape that keeps values (a trace of Python code) it has all three; on one that
does not (a rule that writes gradient nodes) the value is missing and only the type is known; outside a trace the tape is
missing, nothing is kept, and an operation is simply computed. Operators look their operation up in the table by name.
"""

from __future__ import annotations

import builtins
import operator
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol, final

import numpy as np

from ..errors import DTypeError, GraphError, InputError, ShapeError, ValueError
from .asked import ask, plain, refuse, told
from .graph import lent
from .place import is_outside
from .strange import refuse_strange
from .table import TABLE
from .types import Type, type_of

if TYPE_CHECKING:
    from .tape import Tape

__all__ = ["Array", "around", "as_value"]


def as_value(value: Any) -> Any:
    """A NumPy array or NumPy scalar from what a person may give: numbers, nested lists, arrays."""
    if type(value) is float:
        return np.float64(value)
    if isinstance(value, Array):
        return value.value
    refuse_strange(type(value))
    try:
        found = np.asarray(value)
    except (builtins.ValueError, TypeError) as error:
        raise InputError(f"cannot make an array of {type(value).__name__} {value!r:.60}: {error}") from None
    if found.dtype.kind not in "biufc":
        raise InputError(f"cannot make an array of {type(value).__name__} {value!r:.60}: its items are not numbers")
    return found[()]


# NumPy's functions that are a row for every real number, by the name of the row.
QUICK: Final[dict[Any, str]] = {
    np.sin: "sin", np.cos: "cos", np.tan: "tan", np.exp: "exp", np.log: "log", np.sqrt: "sqrt", np.tanh: "tanh", np.add: "add",
    np.subtract: "sub", np.multiply: "mul", np.divide: "div", np.negative: "neg", np.absolute: "abs", np.square: "square",
    np.power: "pow", np.maximum: "maximum", np.minimum: "minimum", np.expm1: "expm1", np.log1p: "log1p", np.arctan: "atan",
    np.arctan2: "atan2", np.hypot: "hypot", np.sinh: "sinh", np.cosh: "cosh",
}  # fmt: skip


class Operator(Protocol):
    """What a function in a class is: bound to the array on its left."""

    def __get__(self, x: Any, kind: Any = None, /) -> Callable[[Any], Array]: ...


# What an operator computes with at once. Every other class is asked whether it is an array around arrays, as xarray's are.
KNOWN: Final = {float, int, bool, complex, list, tuple, np.ndarray, np.float64, np.float32}


def around(kind: type) -> bool:
    """Whether values of a class carry arrays in their own way, NumPy's functions too: what NumPy itself leaves operators to."""
    if kind is Array or issubclass(kind, (np.ndarray, np.generic)) or hasattr(kind, "__pandas_priority__"):
        KNOWN.add(kind)
        return False
    return getattr(kind, "__array_ufunc__", None) is not None


def arithmetic(row: str, ufunc: str) -> tuple[Operator, Operator, Operator]:
    """The three operators `x + y`, `y + x` and `x += y`: a row on a tape, NumPy's own function outside of one.

    Where the row refuses what NumPy takes (truth values as numbers), means another dtype (a power of whole numbers), or is
    not there, NumPy's door decides.
    """

    power = row == "pow"

    def forward(self: Array, other: Any, /) -> Any:
        if type(other) not in KNOWN and around(type(other)):
            return NotImplemented
        tape = self.tape
        if row and tape is not None and (not power or self.type.is_float):
            op = TABLE[row]
            try:
                if type(other) is Array and other.tape is tape and tape.inner is None:  # the shortest way
                    return op.pair(tape, self.number, other.number, self._value, other._value)
                made = op.short(self, other)
                return made if made is not None else op.written((self, other), {})
            except (DTypeError, OverflowError):
                pass
        return lent("operator")(ufunc, self, other)

    def reflected(self: Array, other: Any, /) -> Any:
        if row and self.tape is not None and (not power or self.type.is_float):
            try:
                return TABLE[row](other, self)
            except (DTypeError, OverflowError):
                pass
        return lent("operator")(ufunc, other, self)

    def update(self: Array, other: Any, /) -> Any:
        return lent("update")(ufunc, self, other)

    return forward, reflected, update


def comparison(row: str, ufunc: str) -> Operator:
    """One of the operators that compare."""

    def compare(self: Array, other: Any, /) -> Any:
        if type(other) not in KNOWN and around(type(other)):
            return NotImplemented
        tape = self.tape
        if tape is not None:
            op = TABLE[row]
            try:
                made = op.short(self, other)
                return made if made is not None else op.written((self, other), {})
            except (DTypeError, InputError, OverflowError):
                pass
        return lent("operator")(ufunc, self, other)

    return compare


@final
class Array:
    """A number or an array of numbers that knows the node it came from."""

    __slots__ = ("__weakref__", "_value", "life", "number", "tape")
    __array_priority__ = 1000.0
    __pandas_priority__ = 10_000  # above a DataFrame's: what pandas makes of a traced array are objects, one a number
    __hash__ = None  # type: ignore[assignment]  # == compares values, as in NumPy

    life: Any  # what it shares its memory with, in NumPy's reading: set only where it does, see read/numpy/life.py

    def __init__(self, tape: Tape | None, number: int, value: Any) -> None:
        self.tape = tape
        self.number = number
        self._value = value

    @property
    def value(self) -> Any:
        """The number or the NumPy array; GraphError on a tape that keeps no values."""
        if self._value is None:
            raise GraphError(f"node {self.number} has a type, {self.type}, and no value here: nothing has been run")
        tape = self.tape
        if tape is not None and tape.open and tape.values is not None and is_outside(sys._getframe(1)):
            ask(self, "numbers", np.asarray(self._value).tobytes(), constant=True)
        return self._value

    @property
    def type(self) -> Type:
        """dtype and shape."""
        if self.tape is not None and (self.tape.open or self._value is None):
            return self.tape.nodes[self.number].type  # type: ignore[return-value]
        return type_of(self._value)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes."""
        return self.type.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The kind of number."""
        return self.type.dtype

    @property
    def ndim(self) -> int:
        """How many axes."""
        return self.type.rank

    @property
    def size(self) -> int:
        """How many numbers."""
        return self.type.size

    @property
    def device(self) -> str:
        """Where the numbers are: always "cpu"."""
        return "cpu"

    @property
    def T(self) -> Array:
        """The transpose: axes in reverse order."""
        if self.tape is not None and self.tape.values is None:
            return TABLE["transpose"](self)
        return lent("method")(self, "T")  # type: ignore[no-any-return]

    @property
    def real(self) -> Array:
        """The real part, which can be written to: a view."""
        return lent("method")(self, "real")  # type: ignore[no-any-return]

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> Array:
        """The imaginary part, which of complex numbers can be written to: a view."""
        return lent("method")(self, "imag")  # type: ignore[no-any-return]

    @imag.setter
    def imag(self, value: Any) -> None:
        if self.dtype.kind != "c":
            word = f"x.imag = v: x is {self.type} {self.shape}, and real numbers have no imaginary part: make x complex first"
            raise DTypeError(word)
        self.imag[...] = value

    def __getattr__(self, name: str) -> Any:
        """NumPy's methods and attributes, which are its functions with the array in first place."""
        if name == "life" or name.startswith("__"):
            raise AttributeError(name)
        return lent("method")(self, name)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *lent("methods")})

    __add__, __radd__, __iadd__ = arithmetic("add", "add")
    __sub__, __rsub__, __isub__ = arithmetic("sub", "subtract")
    __mul__, __rmul__, __imul__ = arithmetic("mul", "multiply")
    __truediv__, __rtruediv__, __itruediv__ = arithmetic("div", "divide")
    __matmul__, __rmatmul__, __imatmul__ = arithmetic("matmul", "matmul")
    __pow__, __rpow__, __ipow__ = arithmetic("pow", "power")
    __mod__, __rmod__, __imod__ = arithmetic("mod", "remainder")
    __floordiv__, __rfloordiv__, __ifloordiv__ = arithmetic("", "floor_divide")
    __and__, __rand__, __iand__ = arithmetic("", "bitwise_and")
    __or__, __ror__, __ior__ = arithmetic("", "bitwise_or")
    __xor__, __rxor__, __ixor__ = arithmetic("", "bitwise_xor")
    __lshift__, __rlshift__, __ilshift__ = arithmetic("", "left_shift")
    __rshift__, __rrshift__, __irshift__ = arithmetic("", "right_shift")
    __lt__ = comparison("less", "less")
    __le__ = comparison("less_equal", "less_equal")
    __gt__ = comparison("greater", "greater")
    __ge__ = comparison("greater_equal", "greater_equal")
    __eq__ = comparison("equal", "equal")  # type: ignore[assignment]
    __ne__ = comparison("not_equal", "not_equal")  # type: ignore[assignment]

    def __divmod__(self, y: Any) -> tuple[Array, Array]:
        return self // y, self % y

    def __rdivmod__(self, y: Any) -> tuple[Array, Array]:
        return y // self, y % self
    def __neg__(self) -> Array:
        return TABLE["neg"](self) if self.tape is not None else lent("operator")("negative", self)

    def __pos__(self) -> Array:
        return self if self.tape is not None and self.dtype.kind != "b" else lent("operator")("positive", self)

    def __abs__(self) -> Array:
        return TABLE["abs"](self) if self.tape is not None else lent("operator")("absolute", self)

    def __invert__(self) -> Array:
        return lent("operator")("invert", self)  # type: ignore[no-any-return]

    def __getitem__(self, key: Any, /) -> Array:
        return lent("subscript")(self, key)  # type: ignore[no-any-return]

    def __setitem__(self, key: Any, value: Any, /) -> None:
        lent("assign")(self, key, value)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **named: Any) -> Any:
        row = QUICK.get(ufunc)
        if row is not None and not named and method == "__call__":  # the short way, for what real numbers on a tape mean
            tape = self.tape
            if len(inputs) == 1 and tape is not None and tape.inner is None:
                kind: Any = tape.nodes[self.number].type
                if kind.__class__ is Type and kind.dtype.kind == "f":
                    return TABLE[row].alone(tape, self)
            for x in inputs:
                if type(x) is Array:
                    tape = x.tape
                    if tape is None or (kind := tape.nodes[x.number].type).__class__ is not Type or kind.dtype.kind != "f":
                        break
                elif type(x) is not float and type(x) is not np.float64:
                    break
            else:
                return TABLE[row](*inputs)
        if any(type(x) not in KNOWN and around(type(x)) for x in inputs):
            return NotImplemented
        return lent("ufunc")(self, ufunc, method, *inputs, **named)

    def __array_function__(self, called: Any, types: Any, args: Any, named: Any) -> Any:
        return lent("function")(self, called, types, args, named)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        if self.tape is not None and self.tape.open:
            return lent("elements")(self, dtype)
        return np.array(self.value, dtype=dtype, copy=copy)

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        return lent("namespace")(api_version)

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        return lent("dlpack")(self, {"stream": stream, "max_version": max_version, "dl_device": dl_device, "copy": copy})

    def __dlpack_device__(self) -> tuple[int, int]:
        return (1, 0)  # kDLCPU

    def to_device(self, device: Any, /, *, stream: Any = None) -> Array:
        """Itself: there is one device, "cpu"."""
        if device != "cpu":
            raise ValueError(f"to_device: there is no device {device!r}: arrays are on 'cpu'")
        if stream is not None:
            raise ValueError(f"to_device: the device 'cpu' has no streams, and stream={stream!r} was given")
        return self

    def __len__(self) -> int:
        if not self.shape:
            raise InputError("len: a scalar has no length")
        return self.shape[0]

    def __iter__(self) -> Iterator[Array]:
        return (self[i] for i in range(len(self)))

    def __copy__(self) -> Array:
        return lent("function")(self, np.copy, (), (self,), {})  # type: ignore[no-any-return]

    def __deepcopy__(self, memo: Any) -> Array:
        return self.__copy__()

    def __reduce__(self) -> Any:
        """Its numbers alone, for other processes: a node belongs to the trace that it was written in."""
        if self.tape is not None and self.tape.open:
            word = f"pickle: node {self.number} ({self.type}) belongs to the trace that is open"
            raise GraphError(f"{word}: hand x.value to other processes")
        return alone, (self.value,)

    def __contains__(self, y: Any) -> bool:
        return bool(lent("method")(self == y, "any")())

    def __float__(self) -> float:
        plain(self, "float")
        return ask(self, "float", float(self.value))  # type: ignore[no-any-return]

    def __int__(self) -> int:
        plain(self, "int")
        return ask(self, "int", int(self.value))  # type: ignore[no-any-return]

    def __complex__(self) -> complex:
        plain(self, "complex")
        return ask(self, "complex", complex(self.value))  # type: ignore[no-any-return]

    def __index__(self) -> int:
        if self.dtype.kind not in "iu":
            word = f"an index must be a whole number, and this is {self.type}: round and cast it to an integer"
            raise refuse(self, DTypeError(word))
        return ask(self, "int", operator.index(self.value))  # type: ignore[no-any-return]

    def __bool__(self) -> bool:
        if self.tape is not None and self.tape.open and self.size != 1:
            raise ShapeError(
                f"bool: node {self.number} is {self.type} {self.shape}, and a branch needs one truth value: ask np.any or np.all "
                "of it, or choose number by number with np.where"
            )
        return ask(self, "bool", bool(self.value))  # type: ignore[no-any-return]

    def __round__(self, digits: int | None = None) -> Any:
        return lent("method")(self, "round")(digits or 0) if digits is not None else round(float(self))

    def __format__(self, spec: str) -> str:
        if spec:
            told(self)
        return format(self._value.item() if spec and self.shape == () else self, spec) if spec else str(self)

    def __repr__(self) -> str:
        told(self)
        if self._value is None:
            return f"<node {self.number}: {self.type} {self.shape}>"
        with np.printoptions(floatmode="unique"):
            return repr(np.asarray(self._value))

    def __str__(self) -> str:
        told(self)
        return repr(self) if self._value is None else str(self._value)


def alone(value: Any) -> Array:
    """An array without a tape."""
    return Array(None, -1, value)
