"""Steps of descent, for pages that cannot take them themselves: the graph with its updates is run, copied and run again."""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np

from ..core.graph import Graph
from ..core.math import ADD, MULTIPLY, infix, prefix
from ..core.types import Type
from ..errors import InputError
from ..errors import ValueError as BadValue
from ..explain.formula import names
from ..explain.mathml import mathml
from ..explain.page import figure, numeral
from ..run.record import Run
from ..run.reference import run
from ..show.report import value_data
from .data import SPECIAL
from .news import Descended, Piece, Step
from .sheet import Sheet

__all__ = ["descend"]

MOST_STEPS: Final = 10_000


def descend(sheet: Sheet, wish: Any) -> Descended:
    """So many updates, from the values as they are. Raises: InputError without parameters; ValueError for a strange count."""
    graph, learning = sheet.run.graph, sheet.learning
    if not learning.updates:
        raise InputError("nothing is a parameter yet: mark what is to be learnt as one")
    if not 1 <= wish.steps <= MOST_STEPS:
        raise BadValue(f"from 1 to {MOST_STEPS} steps are taken at once, and {wish.steps} were asked for")
    values = {i: sheet.run.value(i) for i in graph.inputs} | remembered(sheet, wish.state)
    top = sheet.differentiated
    made = run(graph, values)
    losses = [loss(made, top)]
    last = made
    for _ in range(wish.steps):
        last = made
        values |= {carry.target: np.array(last.value(carry.source))[()] for carry in learning.carries}
        made = run(graph, values)
        losses.append(loss(made, top))
    learnt = {graph.nodes[u.parameter].name: as_text(values[u.parameter]) for u in learning.updates}
    state = json.dumps({str(i): value_data(values[i]) for i in learning.state}, allow_nan=False)
    return Descended(sheet.revision, learnt, tuple(losses), state, tuple(arithmetic(sheet, last)), wish.id)


def loss(made: Run, top: int) -> float:
    """What goes down: the output, or its sum, which is what the gradients are of."""
    return float(np.sum(made.value(top)))


def as_text(value: Any) -> str:
    """A value as a binding has it, every digit of it."""
    array = np.asarray(value)
    text = json.dumps(array.tolist()).replace("Infinity", "inf").replace("NaN", "nan")
    return text if array.ndim else text.removesuffix(".0")


def remembered(sheet: Sheet, text: str) -> dict[int, Any]:
    """The state of an optimiser, as it was sent before. Raises: InputError for anything else."""
    graph = sheet.run.graph
    if not text:
        return {}
    try:
        data = json.loads(text)
        found = {i: restored(data[str(i)], graph, i) for i in sheet.learning.state}
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        raise InputError("descend.state is not what an earlier answer gave: leave it empty to begin anew") from None
    return found


def restored(data: Any, graph: Graph, i: int) -> Any:
    kind = graph.nodes[i].type
    assert isinstance(kind, Type)
    flat = np.asarray(data, object)
    if flat.shape != kind.shape:
        raise ValueError(flat.shape)
    numbers = [SPECIAL[x] if isinstance(x, str) else float(x) for x in flat.reshape(-1)]
    return np.array(numbers, kind.dtype).reshape(kind.shape)[()]


def arithmetic(sheet: Sheet, before: Run) -> list[Step]:
    """The last step in numbers, parameter by parameter."""
    graph, called = before.graph, names(sheet.reading.graph)
    steps = []
    for u in sheet.learning.updates:
        value, change, updated = (figure(before.value(i)) for i in (u.parameter, u.change, u.updated))
        plain = sheet.document.optimizer == "descent"
        if plain:
            gradient = figure(before.value(graph.grads[u.parameter]))
            change = infix("·", prefix("−", numeral(sheet.document.rate)), gradient, MULTIPLY)
        line = mathml(infix("=", infix("+", value, change, ADD), updated, 5))
        head = f"{called[u.parameter]}: value + {'(−η · gradient)' if plain else 'change'}"
        steps.append(Step(head, ((Piece("math", line, -1, u.parameter),),), u.parameter))
    return steps
