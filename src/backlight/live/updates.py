"""Descent as graph: the updates of all parameters behind the gradients, by the rule that the visitor chose.

The rate, the number of the step and what the rule remembers are inputs like any other, so whoever runs the graph has the next
values of the parameters among its numbers: a step is to copy each of `carries` from one node to another, and to run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..core.array import Array
from ..core.graph import Graph, Why
from ..core.table import TABLE
from ..core.tape import Tape
from ..core.types import Type
from ..errors import ValueError
from ..train.optim import OPTIMIZERS
from .news import Carry, Update

__all__ = ["NOTHING", "RATE", "Learning", "with_updates"]

RATE: Final = "η"
COUNT: Final = "t"


@dataclass(frozen=True, slots=True)
class Learning:
    """What descent is made of: the input that holds η (-1: none), the updates, what a step copies, the inputs of its state."""

    rate: int
    updates: tuple[Update, ...]
    carries: tuple[Carry, ...]
    state: tuple[int, ...]


NOTHING: Final = Learning(-1, (), (), ())


def with_updates(graph: Graph, parameters: Sequence[int], name: str) -> tuple[Graph, Learning]:
    """The graph with one step of an optimiser behind it. Raises: ValueError for an optimiser that there is not."""
    optimizer = OPTIMIZERS.get(name)
    if optimizer is None:
        raise ValueError(f"there is no optimiser {name!r:.40}; there is {', '.join(OPTIMIZERS)}")
    learnt = [i for i in parameters if i in graph.grads]
    if not learnt:
        return graph, NOTHING
    tape = Tape()
    tape.nodes = list(graph.nodes)
    tape.why = Why("update", name)
    dtype = np.result_type(*[graph.type(i).dtype for i in learnt])
    rate = tape.input(RATE, type=Type(dtype, ()))
    count = tape.input(COUNT, type=Type(dtype, ()))
    updates, carries, state = [], [], [count.number]
    for i in learnt:
        kind = graph.type(i)
        eta, t = fitting(rate, kind), fitting(count, kind)
        before = tuple(tape.input(f"{word} of {graph.nodes[i].name}", type=kind) for word in optimizer.state)
        change, after = optimizer.rule(tape.handle(graph.grads[i]), tape.handle(i), before, eta, t)
        updated = TABLE["add"](tape.handle(i), change)
        updates.append(Update(i, change.number, updated.number))
        carries += [Carry(updated.number, i), *(Carry(new.number, old.number) for new, old in zip(after, before, strict=True))]
        state += [old.number for old in before]
    if optimizer.state:
        carries.append(Carry((count + 1).number, count.number))
    made = graph.with_(nodes=tuple(tape.nodes), inputs=(*graph.inputs, rate.number, *state))
    return made, Learning(rate.number, tuple(updates), tuple(carries), tuple(state))


def fitting(x: Array, kind: Type) -> Any:
    """The number in the dtype of a parameter."""
    own: Any = x.tape.nodes[x.number].type  # type: ignore[union-attr]
    return x if own.dtype == kind.dtype else TABLE["cast"](x, dtype=kind.dtype.name)
