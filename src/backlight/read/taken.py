"""Numbers that were taken out of a trace: what `float(x)` gave is plain, and whatever is made of it carries no gradient.

A result that is such a number, or was made of some, is refused: its gradient would be 0. One that was computed with along the way
is a constant, which a person may mean; a warning names the line, since the gradient then leaves something out.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from types import CodeType
from typing import Any, Final

import numpy as np

from ..core.array import Array
from ..core.graph import Node
from ..core.guard import Guard
from ..core.tape import Tape
from ..errors import GradientWarning, GraphError
from .python import is_number

__all__ = ["not_taken_out", "warn_of_constants"]

KINDS: Final = ("float", "complex", "numbers")
SAID: dict[Any, Any] = {}  # what was said once in this process: Python's own record of it


def warn_of_constants(nodes: Sequence[Node], guards: Sequence[Guard], wrt: Iterable[int], start: int = 0) -> None:
    """Say which numbers Python computed with that depend on the nodes `wrt`, and that no gradient goes through them."""
    asked = [guard for guard in guards if guard.used and guard.node >= start and guard.kind in KINDS]
    if not asked:
        return
    moving = bytearray(len(nodes))
    for i in wrt:
        moving[i] = 1
    for number, node in enumerate(nodes[start:], start):
        if is_real(node.type) and any(moving[j] and goes_through(node.op.stops, k) for k, j in enumerate(node.inputs)):
            moving[number] = 1
    for guard in asked:
        if moving[guard.node]:
            name, line = (guard.at.file, guard.at.line) if guard.at is not None else ("<unknown>", 0)
            warnings.warn_explicit(words(nodes[guard.node], guard), GradientWarning, name, line, registry=SAID)


def goes_through(stops: bool | frozenset[int], operand: int) -> bool:
    """Whether a derivative goes through an operand of a row."""
    return stops is not True and (not stops or operand not in stops)


def is_real(kind: Any) -> bool:
    """Whether something of a type carries a gradient: a float, or several things together."""
    return bool(getattr(kind, "is_float", True))


def words(node: Node, guard: Guard) -> str:
    """What is said of one number that was taken out."""
    what, went, them = f"{guard.kind}(x)", "a plain number", "it"
    if guard.kind == "numbers":
        what, went, them = "the numbers", "plain ones", "them"
    return (
        f"{what} of node {guard.node} ({node.type}) went on as {went}, and no gradient goes through {them}: compute with the array "
        "itself, or take x.value where a constant is meant"
    )


def not_taken_out(tape: Tape, leaf: Any, function: Any = None, start: int = 0) -> None:
    """Refuse a result that is what `float(x)` gave, or was made of it: a plain number, whose gradient would be 0 unnoticed.

    A number that stands in the function itself is one of its own. Nodes before `start` are those of a trace around this one.
    """
    if isinstance(leaf, Array) or not tape.guards or not is_number(leaf) or np.asarray(leaf).dtype.kind not in "fc":
        return
    asked = [g for g in tape.guards if g.kind in KINDS and g.node >= start and tape.nodes[g.node].type.is_float]  # type: ignore[union-attr]
    if not asked:
        return
    very = next((guard for guard in reversed(asked) if guard.answer is leaf), None)  # handed out, and not one that equals it
    if very is None and (not np.all(np.isfinite(leaf)) or np.all(np.isin(leaf, (0, 1, -1)))):
        return
    if very is None and written_in(getattr(function, "__code__", None), leaf):
        return
    guard = very or asked[-1]
    at = f" ({guard.at.file.rpartition('/')[2]}, line {guard.at.line})" if guard.at is not None else ""
    taken = "the numbers" if guard.kind == "numbers" else f"{guard.kind}(x)"
    what = f"{float(leaf):.6g}" if np.ndim(leaf) == 0 and not np.iscomplexobj(leaf) else "numbers"
    said = f"returned {taken}" if very else f"returned {what}, made of {taken}"
    raise GraphError(
        f"the function {said} of node {guard.node}{at}: a plain number, and its gradient would be lost: "
        f"{'return the array itself' if very else 'compute with the array itself'}, or stop_gradient(x) where a constant is meant"
    )


def written_in(code: Any, number: Any) -> bool:
    """Whether a number is a constant of a function, or of one inside it: the very object."""
    if not isinstance(code, CodeType):
        return False
    return any(constant is number or written_in(constant, number) for constant in code.co_consts)
