"""The builtin function in front of compiled code: its block of addresses, and the object that Python calls.

Small results are made by NumPy's own function, asked from compiled code: through Python they took longer than a small graph.

Nothing here is assumed about the interpreter's objects that is not tried first, on real objects; where something is
otherwise than expected (another interpreter, one without its global lock) there is no door, and calls go through Python.
"""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from backlight.core.types import Type
from backlight.run.emit import doorway as written
from backlight.run.emit.doorway import Argument, Entry, Result
from backlight.run.emit.table import RESERVED
from backlight.run.native.kept import Recipe
from backlight.run.native.memory import Spare

if TYPE_CHECKING:
    from backlight.run.emit.code import Module

FASTCALL_WITH_NAMES = 0x80 | 0x02
NEW_FROM_DESCRIPTION = 94  # the place of PyArray_NewFromDescr in NumPy's table of functions, which never changes
LARGE_BYTES = 1 << 18
PAIRS = 512  # of arrays, of which each is asked whether it lies apart from the other
LONG = 20_000  # scalar operations, about a microsecond, from which other threads may run Python meanwhile


@functools.cache
def possible() -> bool:
    """Return whether objects lie in memory as the door expects."""
    if sys.implementation.name != "cpython" or "t" in getattr(sys, "abiflags", ""):
        return False
    if ctypes.sizeof(ctypes.c_void_p) != 8 or sys.platform == "win32":
        return False
    array, number = np.arange(6.0).reshape(2, 3), np.float64(2.5)
    turned, pair = array.T, (1.5, array)

    def word(thing: object, offset: int) -> int:
        return ctypes.c_size_t.from_address(id(thing) + offset).value

    def small(thing: object, offset: int) -> int:
        return ctypes.c_int32.from_address(id(thing) + offset).value

    sizes = (ctypes.c_int64 * 2).from_address(word(array, written.SIZES))
    return (
        word(array, written.TYPE) == id(np.ndarray)
        and word(array, written.DATA) == array.ctypes.data
        and small(array, written.RANK) == 2
        and list(sizes) == [2, 3]
        and word(array, written.DESCRIPTION) == id(np.dtype(np.float64))
        and small(array, written.FLAGS) & written.CONTIGUOUS_ALIGNED == written.CONTIGUOUS_ALIGNED
        and small(turned, written.FLAGS) & 1 == 0
        and ctypes.c_double.from_address(id(number) + written.FLOAT_VALUE).value == 2.5
        and ctypes.c_double.from_address(id(pair[0]) + written.FLOAT_VALUE).value == 1.5
        and word(pair, written.TUPLE_ITEMS + 8) == id(array)
    )


@functools.cache
def new_array() -> int | None:
    """Return the address of NumPy's function that makes an array of a dtype and sizes, if it does when it is tried."""
    get = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_GetPointer", ctypes.pythonapi))
    table: Any = getattr(getattr(np, "_core", None), "_multiarray_umath", None)
    if not hasattr(table, "_ARRAY_API"):
        return None
    address = ctypes.c_void_p.from_address(get(table._ARRAY_API, None) + 8 * NEW_FROM_DESCRIPTION).value
    assert address is not None
    words, dtype = ctypes.c_void_p, np.dtype(np.float32)
    signature = ctypes.PYFUNCTYPE(ctypes.py_object, words, words, ctypes.c_int, words, words, words, ctypes.c_int, words)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(dtype))  # which the new array takes
    sizes = (ctypes.c_int64 * 2)(2, 3)
    made = signature(address)(id(np.ndarray), id(dtype), 2, ctypes.addressof(sizes), None, None, 0, None)
    right = type(made) is np.ndarray and made.shape == (2, 3) and made.dtype is dtype and made.flags.owndata
    return address if right else None


def describe(recipe: Recipe, input_types: Sequence[Type], output_types: Sequence[Type], single: bool,
             in_place: Mapping[int, int]) -> Entry | None:
    """Return what the door must know of a program, or None if it cannot take its inputs or outputs.

    `in_place` are the outputs that are written over an input, each with its input.
    """
    if not possible() or "i8" in recipe.kinds or len(in_place) * len(input_types) > PAIRS:
        return None
    table, count, first = RESERVED + recipe.places, len(output_types), len(input_types)
    arguments = tuple(
        Argument(kind, type_.shape, place, written.TABLE + table + k, k in in_place.values(), type_.nbytes)
        for k, (kind, type_, place) in enumerate(zip(recipe.kinds[:first], input_types, recipe.inputs, strict=True))
    )
    described = enumerate(zip(recipe.kinds[first : first + count], output_types, recipe.outputs[:count], strict=True))
    results = tuple(
        Result(kind, type_.shape, place, written.TABLE + table + first + k, in_place.get(k))
        for k, (kind, type_, place) in described
    )
    constants = tuple([place for place, _ in recipe.constants])
    direct = new_array() is not None and all(t.nbytes < LARGE_BYTES for t in output_types)
    long = recipe.work > LONG
    return Entry(arguments, results, single, table, constants, recipe.arena, long, direct, recipe.outputs[count:])


def define(module: Module, entry: Entry, piece: str) -> None:
    """Write the builtin into the module."""
    from backlight.run.emit.entry import define_entry

    define_entry(module, entry, piece)


class Block(np.ndarray[Any, Any]):
    """The builtin's `self`: its addresses, and after them the definition that Python keeps looking at while the builtin lives.

    Python may collect the builtin after everything around it, and reads the definition even then; so it lies in this
    array's own memory, which the builtin holds. What the addresses point to is held in `kept`.
    """

    kept: tuple[Any, ...]


NAME, DOC = b"compiled", b"A graph, compiled."
DEFINITION = 4  # words: name, function, flags, doc


class Door:
    """The builtin; it holds whatever its addresses point to, so that it outlives all else."""

    def __init__(self, entry: Entry, address: int, types: tuple[Sequence[Type], Sequence[Type]], table: Sequence[int],
                 arena: int, slow: Callable[..., Any], held: Sequence[Any]) -> None:
        make_results = maker(types[1], [r.given is not None for r in entry.results])
        api = ctypes.pythonapi

        def function(name: str) -> int:
            return address_of(getattr(api, name))

        named = {
            written.FLOAT_TYPE: id(float), written.FLOAT64_TYPE: id(np.float64), written.ARRAY_TYPE: id(np.ndarray),
            written.SLOW: id(slow), written.MAKE: id(make_results), written.FROM_DOUBLE: function("PyFloat_FromDouble"),
            written.NEW_TUPLE: function("PyTuple_New"), written.CALL: function("PyObject_Vectorcall"),
            written.SAVE: function("PyEval_SaveThread"), written.RESTORE: function("PyEval_RestoreThread"),
            written.INCREASE: function("Py_IncRef"), written.DECREASE: function("Py_DecRef"), written.ARENA: arena,
            written.NEW_ARRAY: new_array() or 0,
        }
        end = written.TABLE + entry.slots + len(entry.arguments) + len(entry.results)
        words = np.zeros(end + DEFINITION, np.int64).view(Block)
        for place, value in named.items():
            words[place] = value
        words[written.TABLE : written.TABLE + entry.slots] = table
        descriptions = [t.dtype for t in (*types[0], *types[1])]
        places = [a.description for a in entry.arguments] + [r.description for r in entry.results]
        for place, dtype in zip(places, descriptions, strict=True):
            words[place] = id(dtype)
        words[end:] = address_of(NAME), address, FASTCALL_WITH_NAMES, address_of(DOC)
        words.kept = (slow, make_results, descriptions, *held)
        self.words = words
        signature = ctypes.PYFUNCTYPE(ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
        make = signature(("PyCFunction_NewEx", api))
        self.function: Callable[..., Any] = make(words.ctypes.data + 8 * end, words, None)

    def use_pool(self, share: int, address: int) -> None:
        """Take another pool of threads: without one first, so that nobody finds half of it."""
        self.words[written.TABLE + 2] = 0
        self.words[written.TABLE + 1] = share
        self.words[written.TABLE + 2] = address


def address_of(thing: Any) -> int:
    """Return where a function of C or the letters of a bytes object lie."""
    found = ctypes.cast(thing, ctypes.c_void_p).value
    assert found is not None
    return found


def maker(types: Sequence[Type], given: Sequence[bool]) -> Callable[[], tuple[Any, ...]]:
    """Return a function that makes the arrays of the outputs; None holds the place of a Python float, and of what is given."""
    makers = [None if there else maker_of(t) for t, there in zip(types, given, strict=True)]
    if len(makers) == 1 and makers[0] is not None:
        make = makers[0]
        return lambda: (make(),)
    return lambda: tuple([None if make is None else make() for make in makers])


def maker_of(type_: Type) -> Callable[[], Any] | None:
    """Return what makes the array of one output; None for a Python float.

    The memory of large arrays is used again once nobody looks at it any more: fresh memory from the system costs as much as
    filling it. Each result is an array of its own on such memory, so nothing that is done to one (another shape, another
    size, a lock) is ever seen in the next; and whatever is made from it holds the memory, and not only the array.
    """
    empty, shape, dtype = np.empty, type_.shape, type_.dtype
    if shape == () and dtype == np.float64:
        return None
    if type_.nbytes < LARGE_BYTES:
        return lambda: empty(shape, dtype)
    spare, array = Spare(type_.nbytes), np.ndarray
    return lambda: array(shape, dtype, spare.take())
