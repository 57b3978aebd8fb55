"""Where in a person's code an error came from: the line, the expression underlined, and what its names hold.

An error of ours that leaves a traced function carries its traceback, and the traceback knows the innermost frame that is not
ours, the very expression that was being computed there, and the values of its names. So nothing is paid for a
good message until something is wrong.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import islice
from os.path import basename
from types import TracebackType
from typing import Any, Final

import numpy as np

from ..core.array import Array
from ..core.graph import Above, At
from ..core.place import caller
from ..core.types import type_of
from ..errors import BacklightError, InputError

__all__ = ["here", "innermost", "placed", "unfollowed"]

INSIDE: Final = __name__.partition(".")[0]
OTHERS: Final = frozenset({INSIDE, "numpy", "scipy", "contextlib", "functools"})
# What stands around a function of SciPy.
AROUND: Final = frozenset({"wrapper", "axis_nan_policy_wrapper", "ua_function", "inner", "inner_f", "<lambda>"})
MOST_NAMES = 4
LONGEST = 110  # characters of a line that are shown


def placed(error: BacklightError, trace: TracebackType | None) -> None:
    """Write where an error happened under its message, once."""
    if error.at is not None:
        return
    found = innermost(trace)
    if found is None:
        return
    at, names = found
    error.at = at
    if at.code:
        width = max(1, at.end - at.column)
        cut = max(at.column - 1 - LONGEST // 2, 0) if len(at.code) > LONGEST else 0
        code = ("…" if cut else "") + at.code[cut : cut + LONGEST] + ("…" if len(at.code) > cut + LONGEST else "")
        before = at.column - 1 - cut + (1 if cut else 0)
        under = " " * before + "^" * min(width, len(code) - before)
        lines = [f"  {basename(at.file)}, line {at.line}", f"    {code}", f"    {under}"]
        lines += [f"    where {names}"] if names else []
        error.args = ("\n".join([str(error), *lines]), *error.args[1:])


def unfollowed(error: Exception) -> InputError | None:
    """What to say of an error that began where SciPy's own code was given a traced array; None for every other.

    SciPy computes with plain arrays inside, so it fails in ways that tell a person nothing.
    """
    trace, room, name, given = error.__traceback__, "", "", False
    while trace is not None:
        frame = trace.tb_frame
        parts = frame.f_globals.get("__name__", "").split(".")
        if parts[0] == "scipy":
            said = frame.f_code.co_name.removesuffix("_signature")  # what stands before a function of many libraries has its name
            if not name and said.strip("_") not in AROUND:
                room, name = ".".join([part for part in parts if part[0] != "_"]), said
                name = f"{owner_of(frame.f_locals.get('self'))}{name}"
            given = given or any(map(traced, frame.f_locals.values()))
        elif parts[0] not in OTHERS:  # a person's own code, which SciPy called back
            name, given = "", False
        trace = trace.tb_next
    if not name or not given:
        return None
    twins = [f"{INSIDE}.{room}", f"numpy{room.removeprefix('scipy')}", f"{INSIDE}.ops"]
    known = next((f"{twin}.{name}" for twin in twins if name.partition(".")[0] in names_in(twin)), "other functions")
    return InputError(
        f"{room}.{name} computes on plain arrays, and what it does to a traced one cannot be followed: use {known}, or give it a "
        "derivative with bl.rule; what keeps to the array API in SciPy is followed with SCIPY_ARRAY_API=1 set before SciPy is "
        "imported"
    )


def owner_of(value: Any) -> str:
    """`norm.` for a distribution of SciPy's, frozen or not, whose method was called."""
    value = getattr(value, "dist", value)
    name = getattr(value, "name", type(value).__name__.removesuffix("_gen").removesuffix("_frozen"))
    return f"{name}." if value is not None and isinstance(name, str) and name else ""


def names_in(room: str) -> Sequence[str]:
    """What a module has; of our own that stand for SciPy's the names that are written there."""
    try:
        return getattr(import_module(room), "__all__", ()) if room.startswith(f"{INSIDE}.scipy") else dir(sys.modules.get(room))
    except ImportError:
        return ()


def traced(value: Any) -> bool:
    """Whether this is, or holds, an array that remembers."""
    if isinstance(value, (tuple, list)):
        return any(map(traced, value[:8]))
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value.size > 0 and isinstance(value.flat[0], Array)
    return isinstance(value, Array)


def here(error: BacklightError) -> BacklightError:
    """An error that nobody will carry out of a trace, with the place of the nearest caller who is not ours."""
    frame = caller(3)
    if frame is not None:
        placed(error, TracebackType(None, frame, frame.f_lasti, frame.f_lineno))
    return error


Above.placed = here


def innermost(trace: TracebackType | None) -> tuple[At, str] | None:
    """The last expression of a person's own code that a traceback goes through, and what its names hold."""
    last = None
    while trace is not None:
        if trace.tb_frame.f_globals.get("__name__", "").partition(".")[0] not in OTHERS:
            last = trace
        trace = trace.tb_next
    if last is None:
        return None
    frame = last.tb_frame
    code = frame.f_code
    where = next(islice(code.co_positions(), last.tb_lasti // 2, None), None)
    line, stop, first, end = where if where is not None else (last.tb_lineno, None, None, None)
    line = line or last.tb_lineno
    text = linecache.getline(code.co_filename, line, frame.f_globals).rstrip("\n")
    shown = text.strip()
    indent = len(text) - len(text.lstrip())
    start = max((first or 0) - indent, 0) if first is not None else 0
    width = (end or 0) - (first or 0) if stop == line and end is not None else len(shown) - start
    at = At(code.co_filename, line, start + 1, start + 1 + max(width, 1), shown)
    expression = text[first : first + width] if first is not None else shown
    names = {**frame.f_globals, **frame.f_locals}
    return at, held([expression, shown], names)


def held(texts: Sequence[str], names: dict[str, Any]) -> str:
    """`x is Matrix Float64 (3, 4) and w is Vector Float64 (3,)`: what the names of the first text that has some stand for.

    What is assigned to is an expression by itself (`z[0]` of `z[0] = x`), so there the names of the whole line are told.
    """
    found: list[tuple[str, Any]] = []
    for text in texts if not texts[1].startswith(f"{texts[0]} =") else texts[1:]:
        try:
            tree = ast.parse(text.strip())
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id not in [name for name, _ in found]:
                value = names.get(node.id)
                if isinstance(value, (Array, np.ndarray, np.generic, float, int)) and not isinstance(value, bool):
                    found.append((node.id, value))
        if found:
            break
    words = [f"{name} is {described(value)}" for name, value in found[:MOST_NAMES]]
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1] if words else ""


def described(value: Any) -> str:
    """An array by its type and shape, a number by itself."""
    if isinstance(value, (float, int)) and not isinstance(value, np.generic):
        return repr(value)
    if not isinstance(value, Array) and value.dtype.kind not in "biufc":
        return f"an array of objects {value.shape}"
    kind = value.type if isinstance(value, Array) else type_of(value)
    return f"{kind} {kind.shape}" if kind.rank else str(kind)

