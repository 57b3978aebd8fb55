"""What a row is given beside its operands: settings, told from them, checked, and made into something that never changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np

from ..errors import InputError, ValueError
from .array import Array
from .graph import Graph, nearest
from .math import Math, lift

__all__ = ["freeze", "settings", "usage", "written"]

# What a setting must be, by the kind of its default. Whole numbers are left to the rows: some take several, or words.
KINDS: Final[dict[Any, tuple[tuple[Any, ...], str]]] = {
    bool: ((bool,), "true or false"),
    str: ((str,), "a word"),
    float: ((int, float), "a number"),
}


def written(value: Any) -> Math:
    """The value of a setting as notation."""
    if isinstance(value, tuple):
        return Math("list", tuple(written(v) for v in value))
    if isinstance(value, slice):
        ends = ["" if v is None else str(v) for v in (value.start, value.stop, value.step)]
        return lift(":".join(ends if value.step is not None else ends[:2]))
    if isinstance(value, bool) or value is None:
        return lift({True: "true", False: "false", None: "none"}[value])
    if isinstance(value, str):
        return Math("string", (value,))
    return lift(value)


def freeze(value: Any, op: str = "", name: str = "") -> Any:
    """A setting as something that never changes and can be a key: tuples, plain numbers, names."""
    kind = type(value)
    if kind is int or kind is float or kind is str or kind is bool or value is None or kind is slice:
        return value
    if kind is Graph:
        return value
    if isinstance(value, (list, tuple)):
        return tuple(freeze(v, op, name) for v in value)
    if isinstance(value, Array):
        return freeze(value.value, op, name)
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, (np.ndarray, np.generic)):
        return freeze(value.tolist(), op, name)
    raise ValueError(f"{op}: the setting {name} cannot be a {kind.__name__}: give a number, a word or a tuple of them")


def usage(args: tuple[str, ...], attrs: Mapping[str, Any]) -> str:
    """Operands and settings as words, for messages."""
    words = f"{len(args)} operand{'s' if len(args) != 1 else ''} ({', '.join(args)})"
    return words + (f" and the settings {', '.join(attrs)}" if attrs else "")


def settings(
    op: str, names: tuple[str, ...], defaults: Mapping[str, Any], variadic: bool, args: tuple[Any, ...], attrs: dict[str, Any]
) -> tuple[tuple[Any, ...], tuple[tuple[str, Any], ...]]:
    """Split what was given into operands and settings, frozen and sorted, with those at their default left out."""
    if variadic:
        if len(args) == 1 and type(args[0]) in (list, tuple):
            args = tuple(args[0])
        if args and type(args[0]) is str and defaults:  # einsum("ij,jk->ik", x, y)
            attrs = {next(iter(defaults)): args[0], **attrs}
            args = args[1:]
        if len(args) < len(names):
            raise InputError(f"{op}: takes at least {len(names)} operands and got {len(args)}")
    else:
        if len(args) > len(names):
            extra = [name for name in defaults if name not in attrs]
            if len(args) - len(names) > len(extra):
                raise InputError(f"{op}: takes {usage(names, defaults)} and got {len(args)} of them")
            attrs = {**dict(zip(extra, args[len(names) :], strict=False)), **attrs}
            args = args[: len(names)]
        if len(args) < len(names):
            named = tuple(attrs.pop(name) for name in names[len(args) :] if name in attrs)
            args = args + named
            if len(args) < len(names):
                raise InputError(f"{op}: takes {usage(names, defaults)} and got {len(args)} of them")
    frozen = []
    for name, value in sorted(attrs.items()):
        if name not in defaults:
            raise InputError(f"{op}: has no setting {name!r}{nearest(name, list(defaults))}")
        value = freeze(value, op, name)
        kinds, wanted = KINDS.get(type(defaults[name]), ((), ""))
        if kinds and type(value) not in kinds:
            raise ValueError(f"{op}: {name} must be {wanted}, and it is {value!r:.60}")
        if value != defaults[name] or type(value) is not type(defaults[name]):
            frozen.append((name, value))
    return args, tuple(frozen)
