"""Who asks an array for its number, where Python does not say: `float(x)`, or something that would lose the graph unnoticed.

`float(x)` in a person's code means the number, and gets it. But `math.sin(x)`, `z[0] = x` with a NumPy array `z`, and NumPy itself
on an array of objects ask in the same way, and what they make of it is a constant whose gradient would silently be zero. The
instruction that is being executed, and the name that it calls, tell them apart.
"""

from __future__ import annotations

import builtins
import dis
import sys
from collections.abc import Hashable, Sequence
from functools import lru_cache
from types import BuiltinFunctionType, CodeType
from typing import Any

__all__ = ["asker"]

LOSING = frozenset({"math", "cmath", "numpy", "scipy", "statistics"})  # rooms whose functions compute with the plain number


# Instructions that fetch what an iterator yields, and builtins that do: `for y in map(math.sin, x)`, `list(map(math.sin, x))`.
FETCHING = ("FOR_ITER", "UNPACK", "LIST_EXTEND", "SET_UPDATE", "LIST_TO_TUPLE", "YIELD", "SEND")
CONSUMERS = frozenset({all, any, dict, enumerate, filter, frozenset, list, map, max, min, next, set, sorted, sum, tuple, zip})
EXPLICIT = (int, float, complex)
QUESTIONS = frozenset("isnan isinf isfinite isclose floor ceil trunc".split())  # what they answer has no slope to lose
ITERATOR = "an iterator"


Chain = tuple[tuple[Any, str], ...]  # the names of `math.sin`, each with the place where it ends
Span = tuple[tuple[Any, Any], tuple[Any, Any]]  # lines and columns from and to


@lru_cache(maxsize=1024)
def executed(code: CodeType, at: int) -> tuple[str, Span | None]:
    """The instruction at a place in a function, and the expression that it belongs to."""
    before = step = None
    for step in dis.get_instructions(code):
        if step.offset == at:
            break
        before = step
    else:
        step = None
    named = before if step is not None and step.opname.startswith("UNPACK") else step  # right of = in `a, b = map(float, x)`
    where = named.positions if named is not None else None
    if step is None or where is None or where.col_offset is None:
        return step.opname if step is not None else "", None
    return step.opname, ((where.lineno, where.col_offset), (where.end_lineno, where.end_col_offset))


@lru_cache(maxsize=1024)
def loaded(code: CodeType, span: Span) -> dict[Any, Chain]:
    """What is named inside an expression: by the place where it begins, where each name of `math.sin` ends, and the name."""
    start, stop = span
    chains: dict[Any, dict[Any, str]] = {}
    for step in dis.get_instructions(code):
        place = step.positions
        if place is None or place.lineno is None or place.col_offset is None:
            continue
        if not step.opname.startswith("LOAD_") or not isinstance(step.argval, str):
            continue
        first, last = (place.lineno, place.col_offset), (place.end_lineno, place.end_col_offset)
        if start <= first and last <= stop:
            chains.setdefault(first, {})[last] = step.argval
    return {first: tuple(sorted(chain.items())) for first, chain in sorted(chains.items())}


def meant(frame: Any, names: tuple[str, ...]) -> Any:
    """What a chain of names stands for in a frame, `math.sin` for example, or None."""
    value: Any = frame.f_locals.get(names[0], frame.f_globals.get(names[0], getattr(builtins, names[0], None)))
    for name in names[1:]:
        value = getattr(value, name, None)
    return value


def asks(value: Any) -> bool:
    """Whether this is a function of Python's math, or of NumPy, that answers a question, as `math.isnan` does."""
    return room_of(value) in ("math", "cmath", "numpy") and getattr(value, "__name__", "") in QUESTIONS


def room_of(value: Any) -> str:
    return str(getattr(value, "__module__", None) or type(getattr(value, "__self__", None)).__module__).partition(".")[0]


def asker(depth: int) -> str:
    """The name of what would lose the graph, or nothing where a person asked for the number."""
    frame: Any = sys._getframe(depth)
    name = ""
    while frame is not None and (room := frame.f_globals.get("__name__", "").partition(".")[0]) in LOSING:
        name, frame = f"{room}.{frame.f_code.co_name.strip('_')}", frame.f_back
    if name or frame is None:
        return name
    kind, span = executed(frame.f_code, frame.f_lasti)
    if kind.startswith("STORE_SUBSCR"):
        return "an assignment into a NumPy array"
    if span is None:
        return ""
    chains = loaded(frame.f_code, span)
    names = tuple([name for last, name in chains.get(span[0], ()) if last < span[1]]) if "CALL" in kind else ()
    value = meant(frame, names) if names else None
    if kind.startswith(FETCHING) or (isinstance(value, Hashable) and value in CONSUMERS):
        found = fetched(frame, [chain for first, chain in chains.items() if first != span[0] or not names])
        if found == ITERATOR and frame.f_code.co_name.startswith("<") and frame.f_back is not None:
            found = fetched(frame.f_back, list(loaded(frame.f_back.f_code, span).values()))  # a comprehension is fed from around it
        return found
    if not names:
        return ""
    room = room_of(value)
    explicit = isinstance(value, type) and issubclass(value, EXPLICIT) and room not in LOSING
    if isinstance(value, (type, BuiltinFunctionType)) and room != "builtins" and not explicit and not asks(value):
        return ".".join(names)
    return f"the method {names[-1]}" if value is None and names[-1] in ("astype", "fill") else ""


def fetched(frame: Any, inside: Sequence[Chain]) -> str:
    """Who asks where an iterator is fetched from: what is named there tells, as in `list(map(math.sin, x))`."""
    for chain in inside:
        names = tuple([name for _, name in chain])
        value = meant(frame, names)
        if (isinstance(value, type) and issubclass(value, EXPLICIT)) or asks(value):
            return ""
        if isinstance(value, BuiltinFunctionType) and room_of(value) in LOSING:
            return ".".join(names)
    return ITERATOR
