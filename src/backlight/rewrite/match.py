"""Finding a piece of a graph that looks like a pattern.

A pattern is a little graph, written as anybody writes one: `lambda a: log(1.0 + a)`. Its inputs stand for any node, the
same input for the same node (or for equal constants); its constants stand for constants filled with that number; its
operations for themselves, with any settings, which are handed on by name. Operands of sums and products match in either
order.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np

from ..core.array import Array
from ..core.graph import Node
from ..core.tape import Tape
from ..core.types import Type

__all__ = ["Found", "Pattern", "find", "letters", "pattern", "same_constant"]

COMMUTATIVE: Final = frozenset({"add", "mul", "maximum", "minimum", "hypot", "logaddexp", "logical_and", "logical_or", "equal"})
ANY: Final = Type("float64", (2, 2))  # a type that every operation of a pattern takes; matching does not look at it


@dataclass(frozen=True, slots=True)
class Pattern:
    """The nodes of a little graph, its last one on top; `letters` are the names of its inputs."""

    nodes: tuple[Node, ...]
    letters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Where a pattern was found: the node each letter stands for, and the settings of the operations on the way."""

    bound: tuple[int, ...]
    settings: dict[str, Any]


def letters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of the operands of a function, without its settings."""
    kinds = inspect.signature(function).parameters.values()
    return tuple(p.name for p in kinds if p.kind is p.POSITIONAL_OR_KEYWORD)


@lru_cache(maxsize=1024)
def pattern(function: Callable[..., Any]) -> Pattern:
    """The pattern that a function of arrays writes."""
    tape = Tape()
    names = letters(function)
    xs = [tape.input(name, type=ANY) for name in names]
    top: Array = function(*xs)
    assert top.number == len(tape.nodes) - 1, "the last thing that a pattern writes is its top"
    return Pattern(tuple(tape.nodes), names)


def find(sought: Pattern, nodes: Sequence[Node], top: int) -> Iterator[Found]:
    """Every way in which the node `top` and what is under it look like the pattern."""
    for bound, settings in fits(sought, nodes, [(len(sought.nodes) - 1, top)], {}, {}):
        yield Found(tuple(bound[k] for k in range(len(sought.letters))), settings)


def fits(
    sought: Pattern, nodes: Sequence[Node], todo: list[tuple[int, int]], bound: dict[int, int], settings: dict[str, Any]
) -> Iterator[tuple[dict[int, int], dict[str, Any]]]:
    """All ways to match what is left to do: pairs of a node of the pattern and a node of the graph."""
    if not todo:
        yield bound, settings
        return
    (p, n), rest = todo[0], todo[1:]
    part, node = sought.nodes[p], nodes[n]
    if part.op.name == "input":
        if p not in bound:
            yield from fits(sought, nodes, rest, {**bound, p: n}, settings)
        elif bound[p] == n or same_constant(nodes[bound[p]], node):
            yield from fits(sought, nodes, rest, bound, settings)
        return
    if node.op is not part.op or len(node.inputs) != len(part.inputs):
        return
    if part.op.name == "const":
        if filled_with(node, part.attr("value")):
            yield from fits(sought, nodes, rest, bound, settings)
        return
    found = dict(settings)
    for name, default in node.op.attrs.items():
        value = node.attr(name, default)
        if name in found and found[name] != value:
            return
        found[name] = value
    orders = [node.inputs]
    if part.op.name in COMMUTATIVE and node.inputs[0] != node.inputs[1]:
        orders.append(node.inputs[::-1])
    for order in orders:
        yield from fits(sought, nodes, [*zip(part.inputs, order, strict=True), *rest], bound, found)


def filled_with(node: Node, number: Any) -> bool:
    """Whether a constant holds this number everywhere; 0 and −0 are two numbers."""
    value = np.asarray(node.attr("value"))
    return bool(value.size) and bool(np.all(value == number) and np.all(np.signbit(value) == np.signbit(number)))


def same_constant(a: Node, b: Node) -> bool:
    """Whether two nodes are constants of one type with the same bits."""
    if a.op.name != "const" or b.op.name != "const" or a.type is not b.type:
        return False
    return np.asarray(a.attr("value")).tobytes() == np.asarray(b.attr("value")).tobytes()
