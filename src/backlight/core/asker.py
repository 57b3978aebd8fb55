"""Who asks an array for its number, where Python does not say: `float(x)`, or something that would lose the graph unnoticed.

`float(x)` in a person's code means the number, and gets it. But `math.sin(x)`, `z[0] = x` with a NumPy array `z`, and NumPy itself
on an array of objects ask in the same way, and what they make of it is a constant whose gradient would silently be zero. The
instruction that is being executed, and the name that it calls, tell them apart.
"""

from __future__ import annotations

import builtins
import dis
import sys
from functools import lru_cache
from types import BuiltinFunctionType, CodeType
from typing import Any

__all__ = ["asker"]

LOSING = frozenset({"math", "cmath", "numpy", "scipy", "statistics"})  # rooms whose functions compute with the plain number


@lru_cache(maxsize=1024)
def called(code: CodeType, at: int) -> tuple[str, tuple[str, ...]]:
    """What is executed at a place in a function: the instruction, and for a call the names that lead to what is called."""
    found = list(dis.get_instructions(code))
    now = next((k for k, step in enumerate(found) if step.offset == at), None)
    if now is None:
        return "", ()
    kind = found[now].opname
    where = found[now].positions
    if "CALL" not in kind or where is None or where.col_offset is None:
        return kind, ()
    start = (where.lineno, where.col_offset)
    names: dict[Any, str] = {}
    for step in found[:now]:
        place = step.positions
        if place is None or (place.lineno, place.col_offset) != start:
            continue
        if step.opname.startswith("LOAD_") and isinstance(step.argval, str):
            names[(place.end_lineno, place.end_col_offset)] = step.argval
    inside = [name for end, name in sorted(names.items()) if end < (where.end_lineno, where.end_col_offset)]
    return kind, tuple(inside)


def asker(depth: int) -> str:
    """The name of what would lose the graph, or nothing where a person asked for the number."""
    frame: Any = sys._getframe(depth)
    name = ""
    while frame is not None and (room := frame.f_globals.get("__name__", "").partition(".")[0]) in LOSING:
        name, frame = f"{room}.{frame.f_code.co_name.strip('_')}", frame.f_back
    if name or frame is None:
        return name
    kind, names = called(frame.f_code, frame.f_lasti)
    if kind.startswith("STORE_SUBSCR"):
        return "an assignment into a NumPy array"
    if not names:
        return ""
    value: Any = frame.f_locals.get(names[0], frame.f_globals.get(names[0], getattr(builtins, names[0], None)))
    for name in names[1:]:
        value = getattr(value, name, None)
    owner = getattr(value, "__self__", None)
    room = getattr(value, "__module__", None) or type(owner).__module__
    explicit = isinstance(value, type) and issubclass(value, (int, float, complex)) and room.partition(".")[0] not in LOSING
    if isinstance(value, (type, BuiltinFunctionType)) and room != "builtins" and not explicit:
        return ".".join(names)
    return f"the method {names[-1]}" if value is None and names[-1] in ("astype", "fill") else ""
