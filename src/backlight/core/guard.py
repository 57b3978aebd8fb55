"""Questions that Python asked of values while they were traced.

A trace holds for one set of answers: `if x > 0` leaves the branch that was taken and nothing of the other. So whoever runs a graph
on other values asks the questions again, and an answer that differs is an error: the numbers would be those of a branch that
Python would not have taken.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from ..errors import GraphError
from .graph import At, Graph

__all__ = ["ANSWERS", "Guard", "differs", "guard_words", "hold", "holds"]

# What is asked of a value, by the kind of the question; "numbers" asks for all of them.
ANSWERS: Final[dict[str, Callable[[Any], Any]]] = {
    "bool": bool, "int": int, "float": float, "complex": complex,
    "numbers": lambda value: np.asarray(value).tobytes(),
}  # fmt: skip


class Guard(NamedTuple):
    """A question that Python asked of a value while it was traced: which node, how, the answer, and where.

    `used` says that a number was computed with, so that a gradient by what it came from would leave something out.
    """

    node: int
    kind: str
    answer: Any
    at: At | None
    used: bool = False


def guard_words(guard: Guard) -> str:
    """A question and its answer in words, as in `asked: true, which took this branch (model.py, line 7)`."""
    answer = {True: "true", False: "false"}.get(guard.answer, guard.answer) if guard.kind == "bool" else guard.answer
    shown = "for its numbers" if guard.kind == "numbers" else str(answer)
    branch = ", which chose this branch" if guard.kind == "bool" else ""
    where = f" ({guard.at.file.rpartition('/')[2]}, line {guard.at.line})" if guard.at is not None else ""
    return f"asked: {shown}{branch}{where}"


def differs(guard: Guard, value: Any, ulps: int = 0) -> str:
    """How the question is answered otherwise now, in words; nothing where it is answered as it was.

    A machine that computes to within some units in the last place may be that far from a number that was asked for.
    """
    answer = guard.answer
    if guard.kind == "numbers":
        old = np.frombuffer(answer, np.asarray(value).dtype) if len(answer) == np.asarray(value).nbytes else None
        same = old is not None and near(old.reshape(np.shape(value)), value, ulps)
        return "" if same else "for other numbers"
    found = ANSWERS[guard.kind](value)
    same = found == answer or (found != found and answer != answer)
    if same or (ulps and guard.kind in ("float", "complex") and near(answer, value, ulps)):
        return ""
    return f"for the answer {answer}, and here it is {found}"


def near(old: Any, new: Any, ulps: int) -> bool:
    """Whether numbers are the same, or nearly where that is enough."""
    old, new = np.asarray(old), np.asarray(new)
    if new.dtype.kind not in "fc" or not ulps:
        return bool(old.astype(new.dtype, copy=False).tobytes() == new.tobytes())
    reach = ulps * float(np.finfo(new.dtype).eps)
    with np.errstate(invalid="ignore"):
        return bool(np.allclose(new, old, reach, reach * float(np.max(np.abs(old), initial=0.0)), equal_nan=True))


def holds(graph: Graph, guard: Guard, value: Any, ulps: int = 0) -> bool:
    """Whether a graph that was traced holds for this value of the node that was asked; whole numbers may be floats by now."""
    kind: Any = graph.nodes[guard.node].type
    array = np.asarray(value)
    if guard.kind == "numbers" and kind is not None and len(guard.answer) != array.nbytes:
        array = array.astype(kind.dtype)
    return not differs(guard, array, ulps)


def hold(graph: Graph, values: Sequence[Any], who: str = "graph", ulps: int = 0) -> None:
    """Raise GraphError unless every question is answered as when the graph was traced; `values` are those of the nodes asked."""
    for guard, value in zip(graph.guards, values, strict=True):
        if not holds(graph, guard, value, ulps):
            node = graph.nodes[guard.node]
            where = f" at {guard.at.file}, line {guard.at.line}" if guard.at is not None else ""
            asked = "for the numbers" if guard.kind == "numbers" else f"{guard.kind}()"
            raise GraphError(
                f"{who}: Python asked {asked} of {node.name or node.op.name}{where}, and this graph was traced "
                f"{differs(guard, value)}: trace the function again for these values, compile the function itself, which "
                "traces again by itself, or use where(…) or cond(…) in it"
            )
