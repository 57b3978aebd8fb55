"""The Python door: code is run with its values, and what it does is written to a tape.

The arguments arrive in the function as arrays that have values, so printing, `if`, `while` and `float()` just work; what
Python asked of a value is kept as a guard. There is one open tape at a time (per thread and task): a derivative taken
inside a traced function is written to the tape that is open, which is what makes derivatives of derivatives right.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numpy as np

from ..core.array import Array, around, as_value
from ..core.collection import no_collection
from ..core.graph import Graph, lent
from ..core.op import Op
from ..core.tape import Tape
from ..core.tree import Nest, flatten
from ..errors import BacklightError, InputError
from .numpy.life import lend

__all__ = ["Traced", "as_array", "enclosed", "is_number", "names_of", "open_tape", "record", "trace", "traced"]

OPEN: ContextVar[Tape | None] = ContextVar("tape", default=None)


def open_tape() -> Tape | None:
    """The tape that is being written to, or None outside a trace."""
    return OPEN.get()


# What NumPy says of an array of objects that it cannot compute with.
ABOUT_OBJECTS = ("dtype('O')", "not supported for the input types", "NPY_ITER_REFS_OK")


@contextmanager
def record(positions: bool = True) -> Iterator[Tape]:
    """Keep every operation on the arrays that are made in the block, as in a session at the prompt.

    >>> from backlight.read.python import record
    >>> with record() as tape:
    ...     x = tape.input("x", 3.0)
    ...     y = x * x + 1.0
    >>> float(y), [node.op.name for node in tape.nodes]
    (10.0, ['input', 'mul', 'const', 'add'])
    """
    tape = Tape(values=True, positions=positions)
    token = OPEN.set(tape)
    try:
        with np.errstate(all="ignore"), no_collection():
            yield tape
    except BacklightError as error:
        from .trouble import placed, unfollowed

        cause = unfollowed(error)
        placed(cause or error, error.__traceback__)
        if cause is None:
            raise
        raise cause from None
    except Exception as error:
        from .trouble import placed, unfollowed

        meaning = unfollowed(error) or meant(tape, error)
        if meaning is None:
            raise
        placed(meaning, error.__traceback__)
        raise meaning from None
    finally:
        OPEN.reset(token)


def meant(tape: Tape, error: Exception) -> BacklightError | None:
    """The error of ours that NumPy has wrapped into one of its own, or dropped for one."""
    if isinstance(error.__cause__, BacklightError):
        return error.__cause__
    if isinstance(error, TypeError) and any(word in str(error) for word in ABOUT_OBJECTS):
        return InputError(
            f"NumPy cannot do this with an array of objects, which `numpy.array` makes of traced numbers ({error}): make one array "
            "of them, with backlight.numpy.array or np.stack"
        )
    if tape.refused is None or not isinstance(tape.refused[0], BacklightError):
        return None
    from .trouble import innermost

    found, at = tape.refused
    last = innermost(error.__traceback__)
    same = last is not None and at is not None and (last[0].file, last[0].line) == (at.file, at.line)
    return found if same and isinstance(found, BacklightError) else None


@contextmanager
def enclosed() -> Iterator[Tape]:
    """A tape inside the one that is open, if one is: for a function traced on its own that may use values from around it."""
    outer = open_tape()
    with record(outer is None or outer.positions) as tape:
        if outer is not None:
            tape.parent, outer.inner = outer, tape
        try:
            yield tape
        finally:
            if outer is not None:
                outer.inner = None


@dataclass(frozen=True, slots=True)
class Traced:
    """A function as a graph, with the value of every node in it, and how its result is nested."""

    graph: Graph
    values: list[Any]
    result: Nest


def names_of(function: Callable[..., Any], args: Sequence[Any]) -> list[str]:
    """The parameter names of positional arguments: `x`, `w`, and `args.0`, `args.1`, … for those of `*args`."""
    if isinstance(function, Op):
        return list(function.args)[: len(args)]
    if type(function) is FunctionType and not function.__dict__ and not function.__code__.co_flags & inspect.CO_VARARGS:
        code = function.__code__  # a plain function, which tells without being asked at length
        plain = code.co_varnames[: code.co_argcount]
        return [*plain[: len(args)], *(f"x{i}" for i in range(len(plain), len(args)))]
    names: list[str] = []
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some builtins do not tell
        parameters = []
    for p in parameters:
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD):
            names.append(p.name)
        elif p.kind == p.VAR_POSITIONAL:
            names += [f"{p.name}.{i}" for i in range(len(args) - len(names))]
    return (names + [f"x{i}" for i in range(len(names), len(args))])[: len(args)]


def is_number(leaf: Any) -> bool:
    """Whether a leaf of the arguments is something to trace, and not a word or a switch."""
    return isinstance(leaf, (int, float, complex, np.ndarray, np.generic, Array)) and not isinstance(leaf, (bool, np.bool_))


def lifted(tape: Tape, name: str, leaf: Any) -> Any:
    """One leaf of the arguments as an input: Python numbers as float64, arrays in their own dtype, the rest as it is."""
    if not is_number(leaf):
        return leaf
    return lend(tape.input(name, float(leaf) if isinstance(leaf, int) else as_value(leaf)), name)


def traced(function: Callable[..., Any], args: Sequence[Any], named: dict[str, Any], positions: bool = True) -> Traced:
    """Run a function on arrays that remember, and return what it did as a graph."""
    with record(positions) as tape:
        given = []
        for name, arg in [*zip(names_of(function, args), args, strict=True), *named.items()]:
            found, nest = flatten(arg, name)
            given.append(nest.around([lifted(tape, n, leaf) for n, leaf in found]))
        result = function(*given[: len(args)], **dict(zip(named, given[len(args) :], strict=True)))
        found, nest = flatten(result)
        outputs = [as_array(tape, name, leaf).number for name, leaf in found]
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), tuple(outputs), guards=tuple(tape.guards))
    assert tape.values is not None
    tape.close(function)
    return Traced(graph, tape.values, nest)


def as_array(tape: Tape, name: str, leaf: Any) -> Array:
    """A result as a node: a plain number is a constant."""
    if isinstance(leaf, Array):
        return tape.hold(leaf)
    if around(type(leaf)):  # an array with names for its axes, as xarray's
        leaf = np.asarray(leaf)
    if isinstance(leaf, np.ndarray) and leaf.dtype == object:  # NumPy's array of traced numbers
        leaf = lent("held")(leaf)
        if isinstance(leaf, Array):
            return tape.hold(leaf)
    if leaf is None:
        raise InputError(f"the function returned nothing{f' as {name}' if name else ''}: is a `return` missing?")
    if not isinstance(leaf, (bool, np.bool_)) and not is_number(leaf):
        place = f" as {name}" if name else ""
        raise InputError(f"the function returned {type(leaf).__name__} {leaf!r:.40}{place}: return numbers or arrays of them")
    return tape.constant(leaf)


def trace(function: Callable[..., Any]) -> Callable[..., Graph]:
    """A function that, called like `function`, returns the graph of what it did, with file and line on every node.

    >>> graph = trace(lambda x, y: x * y + 1.0)(2.0, 3.0)
    >>> graph.input_names, [node.op.name for node in graph.nodes]
    (('x', 'y'), ['input', 'input', 'mul', 'const', 'add'])
    """

    def call(*args: Any, **named: Any) -> Graph:
        return traced(function, args, named).graph

    return call
