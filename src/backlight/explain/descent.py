"""One step of gradient descent as arithmetic: value + (−η · gradient), and how honest its forecast is.

To first order a step of rate η lowers the output by η·‖gradient‖². What it really does is found by running the graph at the
new values; the two stand side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.graph import Graph
from ..core.guard import hold
from ..core.math import ADD, MULTIPLY, infix, name, prefix
from ..errors import DifferentiationError, InputError, ValueError
from ..run.record import Run
from ..run.reference import evaluate
from .derive import differentiated
from .formula import names
from .page import Line, Page, Step, figure, numeral

__all__ = ["Descent", "descend"]


@dataclass(frozen=True, slots=True)
class Descent:
    """What one step does: new values by input number, the output before and after, and the change that was predicted."""

    run: Run
    rate: float
    updated: dict[int, Any]
    before: float
    after: float
    predicted: float

    @property
    def real(self) -> float:
        """The change of the output that the step makes."""
        return self.after - self.before

    def page(self) -> Page:
        """The arithmetic, input by input, and the forecast beside what came of it."""
        run, called = self.run, names(self.run.graph)
        eta = numeral(self.rate)
        steps = []
        for i, new in self.updated.items():
            value, gradient = run.value(i), run.value(run.graph.grads[i])
            letters = infix("+", name(called[i]), infix("·", prefix("−", "η"), name(f"gradient of {called[i]}"), MULTIPLY), ADD)
            change = infix("·", prefix("−", eta), figure(gradient), MULTIPLY)
            sum_ = infix("=", infix("+", figure(value), change, ADD + 1), figure(new), 5)
            steps.append(Step(f"{called[i]}: value + (−η · gradient)", ((letters,), (sum_,)), i))
        lines: list[Line] = [
            ("before the step ", numeral(self.before)),
            ("predicted change −η‖gradient‖² = ", numeral(self.predicted)),
            ("real change ", numeral(self.real)),
            ("after the step ", numeral(self.after)),
        ]
        if self.real > 0:
            lines.append(("the step went up: η is too large for how the output bends here",))
        steps.append(Step("the forecast and what came of it", tuple(lines), differentiated(run)))
        return Page(f"One step of descent, η = {self.rate!r}", tuple(steps))


def descend(run: Run, rate: float = 0.01, wrt: Sequence[int | str] | None = None) -> Descent:
    """One step of plain gradient descent from a run with gradients.

    `rate` is η, above 0; `wrt` are the inputs to update (default: every one with a gradient). The output must be one number.
    Raises: ValueError for another rate; InputError without gradients; DifferentiationError where the output is no single number;
    GraphError where the step leads to another branch than the one that was traced.
    """
    if not rate > 0:
        raise ValueError(f"descend: the rate is {rate}, and it must be above 0")
    graph = run.graph
    if not graph.grads:
        raise InputError("this run has no gradients: run it backward first, as in bl.backprop")
    top = differentiated(run)
    if np.ndim(run.value(top)) != 0:
        raise DifferentiationError(f"descend: the output has shape {np.shape(run.value(top))}, and only a single number goes down")
    chosen = [i for i in graph.inputs if i in graph.grads] if wrt is None else [graph.number(w) for w in wrt]
    for i in chosen:
        if i not in graph.grads:
            raise InputError(f"descend: {graph.nodes[i].name or f'node {i}'} has no gradient in this run: differentiate by it too")
    updated = {i: run.value(i) + (-rate * run.value(graph.grads[i])).astype(np.asarray(run.value(i)).dtype) for i in chosen}
    squares = sum(float(np.sum(np.square(run.value(graph.grads[i])))) for i in chosen)
    values = {i: updated.get(i, run.value(i)) for i in graph.inputs}
    found = evaluate(forward_only(graph), values)
    hold(graph, [found[guard.node] for guard in graph.guards], "descend")
    after = found[top]
    return Descent(run, float(rate), updated, float(run.value(top)), float(after), -float(rate) * squares)


def forward_only(graph: Graph) -> Graph:
    """The graph as it was before differentiation."""
    return graph.with_(nodes=graph.nodes[: graph.forward_count], grads={}, parts={}, tangents={}, forward=-1)
