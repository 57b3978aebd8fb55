"""The reference machine: NumPy, node after node, exactly what each row says.

It is slow and plain on purpose: every other machine is judged by it.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..core.array import Array, as_value
from ..core.collection import no_collection
from ..core.graph import Above, Graph, nearest
from ..core.guard import hold
from ..core.infer import pointed, typed, whole_inputs
from ..core.play import replayed, traced_among
from ..core.tape import Tape
from ..core.tree import flatten
from ..core.types import Type, type_of
from ..errors import BacklightError, InputError, LimitError, ValueError
from .record import Run, place

__all__ = ["bind", "call", "evaluate", "named", "run"]

BLOCK_LIMIT = 1 << 36  # bytes; a larger run is refused before anything is allocated


def evaluate(graph: Graph, values: Mapping[int, Any], known: Sequence[Any] = ()) -> list[Any]:
    """The value of every node, given those of the inputs by number, and those of the first nodes where they are known."""
    start = len(known)
    found: list[Any] = [*known, *[None] * (len(graph.nodes) - start)]
    try:
        with np.errstate(all="ignore"), no_collection():
            for i, (op, inputs, _, attrs, *_) in enumerate(graph.nodes[start:], start):
                if not inputs:
                    if op.name == "input":
                        found[i] = values[i]
                    elif op.name == "const":
                        found[i] = attrs[0][1]
                    else:
                        found[i] = op.value(**dict(attrs))
                elif attrs:
                    found[i] = op.value(*[found[j] for j in inputs], **dict(attrs))
                else:
                    found[i] = op.value(*[found[j] for j in inputs])
    except (TypeError, builtins.ValueError, OverflowError) as error:  # a setting that only NumPy can judge
        if isinstance(error, BacklightError) or not attrs:
            raise
        words = ", ".join(f"{name}={value!r:.40}" for name, value in attrs)
        message = f"{op.name}: cannot work with {words}: {error}"
        node = graph.nodes[i]
        raise ValueError(pointed(message, node) if node.at and node.at.code else message) from error
    return found


def run(graph: Graph, values: Mapping[int, Any], seeded: bool = False) -> Run:
    """Run a typed graph: one block that holds the value of every node.

    Raises: LimitError where the block would be larger than 64 GiB; GraphError where Python would have taken another branch.
    """
    starts, total = place(graph)
    if total > BLOCK_LIMIT:
        raise LimitError(f"this run needs {total / 2**30:.1f} GiB, and the limit is {BLOCK_LIMIT >> 30} GiB")
    found = evaluate(graph, values)
    hold(graph, [found[guard.node] for guard in graph.guards], "run")
    block = np.zeros(total, np.uint8)
    made = Run(graph, block, starts, seeded)
    made.fill(found)
    return made


def bind(
    graph: Graph, given: Mapping[str, Any], dtype: Any = None, spare: bool = False
) -> tuple[Graph, dict[int, Any]]:
    """The graph typed for the given inputs, and their values by number.

    Python numbers and lists become floats (float64, or `dtype`) unless the graph uses them as whole numbers only; NumPy
    arrays keep their dtype unless `dtype` is given. Raises InputError for a name that is no input (unless `spare`) or an
    input that got nothing.
    """
    names = {graph.nodes[i].name: i for i in graph.inputs}
    for name in given:
        if name not in names and not spare:
            raise InputError(f"there is no input {name!r}{nearest(name, list(names))}")
    missing = [name for name in names if name not in given]
    if missing:
        words = ", ".join(missing)
        raise InputError(f"no value for {words}: give {'one' if len(missing) == 1 else 'each one'}, as in {missing[0]}=1")
    whole = whole_inputs(graph)
    values: dict[int, Any] = {}
    types: dict[int, Type] = {}
    for name, i in names.items():
        given_value = given[name]
        value = as_value(given_value)
        plain = not isinstance(given_value, (np.ndarray, np.generic)) and not hasattr(given_value, "tape")
        if i in whole:
            if value.dtype.kind == "f" and np.all(value == np.floor(value)):
                value = value.astype(np.int64)
        elif value.dtype.kind in "iu" and plain:
            value = value.astype(dtype or np.float64)
        elif dtype is not None and value.dtype.kind == "f":
            value = value.astype(dtype)
        values[i], types[i] = value, type_of(value)
    if dtype is None:
        floats = [t.dtype for t in types.values() if t.dtype.kind == "f"]
        dtype = np.result_type(*floats) if floats else np.dtype(np.float64)
    return typed(graph, types, dtype), values


def call(graph: Graph, *values: Any, **given: Any) -> Any:
    """The value of the output (a tuple where there are several) for inputs by position or by name.

    Raises: GraphError where a question that Python asked when the graph was traced has another answer here.
    """
    words = named(graph, values, given)
    bound, found = bind(graph, words)
    tape = traced_among(list(words.values()))
    if tape is not None:  # inside a trace the graph becomes part of the one that is written
        return inlined(bound, words, found, tape)
    results = evaluate(bound, found)
    hold(bound, [results[guard.node] for guard in bound.guards])
    outs = tuple(results[i] for i in graph.outputs)
    return outs[0] if len(outs) == 1 else outs


def inlined(bound: Graph, given: Mapping[str, Any], found: Mapping[int, Any], tape: Tape) -> Any:
    """The outputs of a graph called with arrays of an open tape, written there."""
    xs = []
    for i in bound.inputs:
        x = given[bound.nodes[i].name]
        xs.append(tape.hold(x) if isinstance(x, Array) else tape.constant(found[i]))
    asked = len(tape.guards)
    outs = tuple(replayed(tape, bound, xs))
    if tape.values is not None:
        hold(bound, [tape.values[guard.node] for guard in tape.guards[asked:]])
    return outs[0] if len(outs) == 1 else outs


def named(graph: Graph, values: Sequence[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Values by position and by name, all by name; a dict stands for the inputs that are named after its keys, as in `p.w`.

    Raises InputError for one too many, for a key that is no input, or for one given twice.
    """
    names = graph.input_names
    found: dict[str, Any] = {}
    for value in values:
        first = next((name for name in names if name not in found), None)
        if first is None:
            raise InputError(f"this graph has {len(names)} inputs ({', '.join(names)}) and got {len(values)} values")
        for name, leaf in flatten(value, first.partition(".")[0])[0] if isinstance(value, dict) else [(first, value)]:
            if name not in names:
                raise InputError(f"there is no input {name!r}{nearest(name, names)}")
            found[name] = leaf
    twice = [name for name in found if name in given]
    if twice:
        raise InputError(f"the input {twice[0]!r} got two values, one by position and one by name")
    return {**found, **given}


Above.call = call
