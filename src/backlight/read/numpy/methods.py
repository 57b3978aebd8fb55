"""The methods and attributes of an array that NumPy's arrays have: NumPy's functions with the array in first place.

An array without a tape lends those of the NumPy array in it, so it has them all; a traced one has those whose function is
in a table, and every elementwise function by its name, which is what NumPy asks of the objects in an array of objects.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import ops
from ...core.array import Array
from ...core.asked import ask
from ...core.graph import nearest
from ...errors import InputError
from .door import answer
from .held import any_traced, asked, bare, elements, outside, wrapped
from .life import share
from .memory import assign

__all__ = ["METHODS", "method"]

# Functions of this name take the array first, and so do the methods.
SAME = """all any argmax argmin argpartition argsort choose clip cumprod cumsum diagonal dot max mean min nonzero prod ptp
    ravel repeat round searchsorted squeeze std sum swapaxes take trace var astype copy""".split()


def sized(function: Callable[..., Any]) -> Callable[..., Any]:
    """reshape and transpose take their numbers one by one as well."""

    def call(x: Array, *numbers: Any, **named: Any) -> Any:
        if len(numbers) == 1 and (isinstance(numbers[0], (tuple, list)) or numbers[0] is None):
            return answer(function, (x, numbers[0]), named)
        return answer(function, (x, numbers) if numbers else (x,), named)

    return call


def same(name: str) -> Callable[..., Any]:
    return lambda x, *args, **named: answer(getattr(np, name), (x, *args), named)


def tolist(x: Array) -> Any:
    """Nested lists of traced numbers, in Python's precision; of whole numbers and truth values, which have no gradient, Python's own."""
    if x.tape is None or x.dtype.kind not in "fc":
        return asked(x).tolist()
    return elements(answer(np.astype, (x, np.result_type(x.dtype, np.float64)), {})).tolist()


def item(x: Array, *place: Any) -> Any:
    """One number as Python's own; asked for, so it is a guard."""
    plain = np.asarray(bare(x))
    ask(x, "numbers", plain.tobytes())
    return plain.item(*place)


def in_place_sort(x: Array, axis: int = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> None:
    assign(x, ..., answer(np.sort, (x, axis), {}))


def in_place_partition(x: Array, kth: Any, axis: int = -1, kind: str = "introselect", order: Any = None) -> None:
    assign(x, ..., answer(np.partition, (x, kth, axis), {}))


def fill(x: Array, value: Any) -> None:
    assign(x, ..., value)


def put(x: Array, indices: Any, values: Any, mode: str = "raise") -> None:
    assign(answer(np.reshape, (x, -1), {}), asked(indices), values)


def flatten(x: Array, order: str = "C") -> Any:
    return answer(np.reshape, (answer(np.copy, (x,), {}), -1), {"order": order} if order != "C" else {})


def matrix_transpose(x: Array) -> Any:
    return answer(np.matrix_transpose, (x,), {})


class Flat:
    """The numbers of an array one after another: x.flat."""

    __slots__ = ("at", "x")

    def __init__(self, x: Array) -> None:
        self.x = x
        self.at = 0

    def __len__(self) -> int:
        return self.x.size

    def __iter__(self) -> Flat:
        return self

    def __next__(self) -> Any:
        if self.at >= len(self):
            raise StopIteration
        self.at += 1
        return self[self.at - 1]

    def __getitem__(self, key: Any) -> Any:
        return answer(np.reshape, (self.x, -1), {})[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        places = np.arange(len(self))[asked(key)]
        assign(self.x, np.unravel_index(places, self.x.shape), value)


def part(name: str) -> Callable[..., Any]:
    """real and imag: views in NumPy, written to with z = real + 1j·imag."""

    def call(x: Array) -> Any:
        return answer(getattr(np, name), (x,), {})

    return call


def view(x: Array, dtype: Any = None, type: Any = None) -> Any:
    """The same numbers in the same memory, as an array of its own; other dtypes would read the bits anew."""
    if dtype is not None and dtype not in (Array, np.ndarray) and np.dtype(dtype) != x.dtype:
        raise InputError(f"view: the bits of {x.dtype.name} read as {np.dtype(dtype).name} have no derivative: use x.astype")
    return answer(np.reshape, (x, x.shape), {})


def plain_kinds(value: Any) -> Any:
    """NumPy's class in the place of ours, for methods that take a class."""
    return np.ndarray if value is Array else value


METHODS: dict[str, Callable[..., Any]] = {
    **{name: same(name) for name in SAME if name != "astype"},
    "astype": lambda x, dtype, order="K", casting="unsafe", subok=True, copy=True: ops.cast(x, dtype=np.dtype(dtype).name),
    "reshape": sized(np.reshape), "transpose": sized(np.transpose), "flatten": flatten, "item": item, "tolist": tolist,
    "compress": lambda x, condition, axis=None: answer(np.compress, (condition, x, axis), {}), "sort": in_place_sort, "partition": in_place_partition, "view": view, "fill": fill, "put": put, "conj": same("conjugate"), "conjugate": same("conjugate"),
}  # fmt: skip

ATTRIBUTES: dict[str, Callable[..., Any]] = {
    "T": lambda x: answer(np.transpose, (x,), {}), "mT": matrix_transpose, "real": part("real"), "imag": part("imag"),
    "nbytes": lambda x: x.type.nbytes, "itemsize": lambda x: x.dtype.itemsize, "flat": Flat,
    "strides": lambda x: np.asarray(x.value).strides, "flags": lambda x: np.asarray(x.value).flags, "base": lambda x: None,
}  # fmt: skip


def method(x: Array, name: str) -> Any:
    """An attribute of NumPy's arrays that Array has not itself."""
    if x.tape is None:
        return lent_by_numpy(x, name)
    if name in ATTRIBUTES:
        return ATTRIBUTES[name](x)
    found = METHODS.get(name)
    if found is not None:
        return lambda *args, **named: found(x, *args, **named)
    function = getattr(np, name, None)
    if isinstance(function, np.ufunc) and function.nin == 1:
        return lambda *args, **named: answer(function, (x, *args), named)
    raise AttributeError(f"an array has no {name!r}{nearest(name, [*METHODS, *ATTRIBUTES])}")


def lent_by_numpy(x: Array, name: str) -> Any:
    """What the NumPy array in an array without a tape has by this name."""
    value = x._value
    found = getattr(value, name, None)
    if found is None:
        function = getattr(np, name, None)
        if isinstance(function, np.ufunc) and function.nin == 1:
            return lambda *args, **named: answer(function, (x, *args), named)
        if not hasattr(value, name):
            raise AttributeError(f"an array has no {name!r}{nearest(name, [*METHODS, *ATTRIBUTES])}")
    if not callable(found):
        made = wrapped(found)
        if name in ("T", "mT", "real", "imag") and type(made) is Array:
            share(x, made, lambda p: getattr(p, name), lambda r: method(r, name))
        return made

    def call(*args: Any, **named: Any) -> Any:
        if any_traced(args) or any_traced(named):
            return METHODS[name](x, *args, **named)
        made = outside(found, tuple(map(plain_kinds, args)), {key: plain_kinds(v) for key, v in named.items()})
        if type(made) is Array and np.may_share_memory(made._value, value):
            share(x, made, lambda p: getattr(p, name)(*args, **named), lambda r: METHODS[name](r, *args, **named))
        return made

    return call


