"""Nested parameters and their named leaves.

People keep parameters in dicts, lists, tuples and dataclasses, one inside another. `flatten` gives the leaves with names
that say where each is (`layers.0.w`), and a `Shape` that builds the same nest around other leaves. None is an empty nest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from ..errors import InputError

__all__ = ["Nest", "flatten", "leaves", "tree_map"]

DEPTH = 100  # nests deeper than this are taken for a mistake, such as a list that holds itself


@dataclass(frozen=True, slots=True)
class Nest:
    """How a nested value is built from its leaves."""

    count: int
    build: Callable[[Iterator[Any]], Any]

    def around(self, leaves: Sequence[Any]) -> Any:
        """The same nest around other leaves."""
        assert len(leaves) == self.count, f"{len(leaves)} leaves for a nest of {self.count}"
        return self.build(iter(leaves))


LEAF = Nest(1, next)


def flatten(value: Any, name: str = "") -> tuple[list[tuple[str, Any]], Nest]:
    """The leaves of a nested value with their names, and the nest around them.

    >>> found, nest = flatten({"w": [1.0, 2.0], "b": 3.0}, "layer")
    >>> found
    [('layer.w.0', 1.0), ('layer.w.1', 2.0), ('layer.b', 3.0)]
    >>> nest.around([10, 20, 30])
    {'w': [10, 20], 'b': 30}
    """
    found: list[tuple[str, Any]] = []
    nest = walk(value, name, found, 0)
    return found, nest


def walk(value: Any, name: str, found: list[tuple[str, Any]], depth: int) -> Nest:
    if depth > DEPTH:
        raise InputError(f"{name[:40]}…: nested more than {DEPTH} deep: does it hold itself?")
    if value is None:
        return Nest(0, lambda _: None)
    kind = type(value)
    parts: list[tuple[str, Any]]
    make: Callable[[list[Any]], Any]
    if isinstance(value, dict):
        keys = list(value)
        parts = [(str(key), value[key]) for key in keys]
        make = lambda xs: dict(zip(keys, xs, strict=True)) if kind is dict else refilled(value, dict(zip(keys, xs, strict=True)))
    elif isinstance(value, tuple) and hasattr(kind, "_fields"):
        parts = list(zip(kind._fields, value, strict=True))
        make = lambda xs: kind(*xs)
    elif isinstance(value, (list, tuple)):
        parts = [(str(i), x) for i, x in enumerate(value)]
        make = lambda xs: kind(xs)
    elif is_dataclass(value) and not isinstance(value, type):
        names = [field.name for field in fields(value)]
        parts = [(n, getattr(value, n)) for n in names]
        make = lambda xs: rebuilt(value, dict(zip(names, xs, strict=True)))
    else:
        found.append((name, value))
        return LEAF
    nests = [walk(x, f"{name}.{key}" if name else key, found, depth + 1) for key, x in parts]
    return Nest(sum(n.count for n in nests), lambda leaves: make([n.build(leaves) for n in nests]))


def refilled(value: Any, items: dict[Any, Any]) -> Any:
    """A person's own kind of dict (OrderedDict, defaultdict, …) with other items."""
    made = copy(value)
    made.update(items)
    return made


def rebuilt(value: Any, changed: dict[str, Any]) -> Any:
    """A dataclass with other field values, also for fields that its constructor does not take."""
    new = object.__new__(type(value))
    for name, x in changed.items():
        object.__setattr__(new, name, x)
    return new


def leaves(value: Any) -> list[Any]:
    """The leaves alone."""
    return [leaf for _, leaf in flatten(value)[0]]


def tree_map(function: Callable[..., Any], value: Any, *others: Any) -> Any:
    """The same nest with `function` applied to its leaves (and to those of the others, which must be nested alike)."""
    found, nest = flatten(value)
    rest = [leaves(other) for other in others]
    for i, other in enumerate(rest):
        if len(other) != len(found):
            raise InputError(f"tree_map: the first nest has {len(found)} leaves and nest {i + 2} has {len(other)}")
    return nest.around([function(x, *[other[i] for other in rest]) for i, (_, x) in enumerate(found)])
