"""What a call hands over: the numbers among its arguments, and quick ways to take them out and to put results together.

`leaves` understands everything. For calls like the last one there is something quicker: `reader` makes a function that
takes the leaves out of arguments of exactly this nesting, and `builder` one that nests results; both are a few steps of
Python for a dict of arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from ..core.array import as_value
from ..core.foreign import is_foreign, read
from ..core.tree import Nest, flatten
from ..core.types import type_of
from ..read.python import is_number, names_of

__all__ = ["builder", "leaves", "reader", "taken"]

Reader = Callable[[Any, list[Any]], bool]  # adds the leaves of an argument, or says that it is nested otherwise


def taken(arg: Any) -> Any:
    """An argument whose arrays of other libraries are NumPy arrays on the same memory."""
    found, nest = flatten(arg)
    if not any(is_foreign(leaf) for _, leaf in found):
        return arg
    return nest.around([read(leaf) for _, leaf in found])


def leaves(
    function: Callable[..., Any], args: Sequence[Any], named: dict[str, Any]
) -> tuple[list[np.ndarray[Any, Any]], Hashable]:
    """The numbers among the arguments, and what tells one kind of call from another."""
    arrays: list[np.ndarray[Any, Any]] = []
    key: list[Hashable] = []
    for name, arg in [*zip(names_of(function, args), args, strict=True), *named.items()]:
        for leaf_name, leaf in flatten(arg, name)[0]:
            if is_number(leaf):
                value = np.asarray(float(leaf) if isinstance(leaf, int) else as_value(leaf))
                arrays.append(np.ascontiguousarray(value) if value.ndim else value.copy())
                key.append((leaf_name, type_of(value)))
            else:
                key.append((leaf_name, type(leaf), leaf if leaf.__hash__ is not None else id(leaf)))
    return arrays, tuple(key)


def reader(arg: Any) -> Reader | None:
    """A quick reader of arguments nested like this one; None where there is none."""
    kind = arg.__class__
    if is_number(arg):
        return read_number
    if arg is None or kind in (str, bool):
        return lambda x, out: x.__class__ is kind and x == arg
    if kind not in (dict, list, tuple):
        return None
    count, keys = len(arg), tuple(arg) if kind is dict else range(len(arg))
    if all(is_number(arg[key]) for key in keys):
        return numbers_reader(kind, keys)
    inner = [(key, reader(arg[key])) for key in keys]
    known = [(key, read) for key, read in inner if read is not None]

    def read_inside(x: Any, out: list[Any]) -> bool:
        if x.__class__ is not kind or len(x) != count:
            return False
        try:
            for key, read in known:
                if not read(x[key], out):
                    return False
        except KeyError:
            return False
        return True

    return read_inside if len(known) == count else None


def numbers_reader(kind: Any, keys: Sequence[Any]) -> Reader:
    """A reader of a dict, list or tuple of numbers."""
    count = len(keys)
    pick: Callable[[Any], Any] = itemgetter(*keys) if count > 1 else lambda x: [x[key] for key in keys]

    def read_named(x: Any, out: list[Any]) -> bool:
        try:
            return x.__class__ is dict and len(x) == count and not out.extend(pick(x))  # type: ignore[func-returns-value]
        except KeyError:
            return False

    def read_row(x: Any, out: list[Any]) -> bool:
        return x.__class__ is kind and len(x) == count and not out.extend(x)  # type: ignore[func-returns-value]

    return read_named if kind is dict else read_row


def read_number(x: Any, out: list[Any]) -> bool:
    """A single leaf: whether it is a number shows when it arrives."""
    out.append(x)
    return True


def builder(nest: Nest, count: int) -> Callable[[Any], Any]:
    """A quick way to put a tuple of results together as `nest` does."""
    marks = tuple(object() for _ in range(count))
    like = nest.around(marks)
    made = building(like, {id(mark): k for k, mark in enumerate(marks)})
    return made if made is not None else nest.around


def building(like: Any, place: dict[int, int]) -> Callable[[Any], Any] | None:
    """The builder of one part."""
    if id(like) in place:
        k = place[id(like)]
        return lambda found: found[k]
    if like is None:
        return lambda found: None
    kind = like.__class__
    if kind not in (dict, list, tuple):
        return None
    keys = tuple(like) if kind is dict else range(len(like))
    places = [place.get(id(like[key]), -1) for key in keys]
    if places and places[0] >= 0 and places == list(range(places[0], places[0] + len(places))):
        first, last = places[0], places[0] + len(places)
        if kind is dict:
            return lambda found: dict(zip(keys, found[first:last], strict=True))
        return lambda found: kind(found[first:last])
    inner = [(key, building(like[key], place)) for key in keys]
    known = [(key, make) for key, make in inner if make is not None]
    if len(known) < len(inner):
        return None
    if kind is dict:
        return lambda found: {key: make(found) for key, make in known}
    return lambda found: kind([make(found) for _, make in known])
