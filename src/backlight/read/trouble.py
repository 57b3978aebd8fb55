"""Where in a person's code an error came from: the line, the expression underlined, and what its names hold.

An error of ours that leaves a traced function carries its traceback, and the traceback knows the innermost frame that is not
ours, the very expression that was being computed there, and the values of its names. So nothing is paid for a
good message until something is wrong.
"""

from __future__ import annotations

import ast
import linecache
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np

from ..core.array import Array
from ..core.graph import At
from ..core.types import type_of
from ..errors import BacklightError

__all__ = ["placed"]

INSIDE: Final = __name__.partition(".")[0]
OTHERS: Final = frozenset({INSIDE, "numpy", "scipy", "contextlib", "functools"})
MOST_NAMES = 4


def placed(error: BacklightError) -> None:
    """Write where an error happened under its message, once."""
    if getattr(error, "at", None) is not None:
        return
    found = innermost(error.__traceback__)
    if found is None:
        return
    at, names = found
    error.at = at
    if at.code:
        width = max(1, at.end - at.column)
        lines = [f"  {Path(at.file).name}, line {at.line}", f"    {at.code}", f"    {' ' * (at.column - 1)}{'^' * width}"]
        lines += [f"    where {names}"] if names else []
        error.args = ("\n".join([str(error), *lines]), *error.args[1:])


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
    return at, held(expression, {**frame.f_globals, **frame.f_locals})


def held(expression: str, names: dict[str, Any]) -> str:
    """`x is Matrix Float64 (3, 4) and w is Vector Float64 (3,)`: what the names of an expression stand for."""
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except SyntaxError:
        return ""
    found: list[tuple[str, Any]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in [name for name, _ in found]:
            value = names.get(node.id)
            if isinstance(value, (Array, np.ndarray, np.generic, float, int)) and not isinstance(value, bool):
                found.append((node.id, value))
    words = [f"{name} is {described(value)}" for name, value in found[:MOST_NAMES]]
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1] if words else ""


def described(value: Any) -> str:
    """An array by its type and shape, a number by itself."""
    if isinstance(value, (float, int)) and not isinstance(value, np.generic):
        return repr(value)
    kind = value.type if isinstance(value, Array) else type_of(value)
    return f"{kind} {kind.shape}" if kind.rank else str(kind)

