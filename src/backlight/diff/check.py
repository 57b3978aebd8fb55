"""Do the derivatives of a graph agree with one another and with measurement?

Three ways stand side by side at each order: reverse mode, forward mode, and measuring. They meet in one number per order,
⟨seed, J·move⟩, for a seed and a move without any structure: a wrong rule that happens to be right at a symmetric point is
found out. The next order differentiates ⟨gradient, move⟩ again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ..core.graph import Graph
from ..core.table import TABLE
from ..core.tape import Tape
from ..core.types import Type
from .forward import forward
from .numeric import Machine, ridders, slope
from .reverse import is_float, reverse

__all__ = ["Agreement", "Check", "check_grads"]

ROUNDING: Final = 1e-12  # relative: what some dozens of operations in another order may differ by in float64
MEASURED: Final = 64.0   # how many times its own estimated error a measurement may be off


@dataclass(frozen=True, slots=True)
class Agreement:
    """One order: what reverse mode, forward mode and measuring say about the same number, and the error the last may have."""

    order: int
    reverse: float
    forward: float
    measured: float
    error: float
    scale: float
    modes: tuple[str, ...] = ("fwd", "rev")  # the ways that are asked for
    atol: float = 0.0  # what they may be off besides
    rtol: float = 0.0

    @property
    def ok(self) -> bool:
        """Whether the ways that are asked for agree with the measurement, and with each other."""
        room = ROUNDING * self.scale + self.atol + self.rtol * abs(self.measured)
        asked = [value for name, value in (("rev", self.reverse), ("fwd", self.forward)) if name in self.modes]
        near = all(abs(value - self.measured) <= room + MEASURED * self.error for value in asked)
        return bool(near and abs(asked[0] - asked[-1]) <= room)

    def __str__(self) -> str:
        word = "agree" if self.ok else "DISAGREE"
        return (
            f"order {self.order}: reverse {self.reverse:.12g}, forward {self.forward:.12g}, "
            f"measured {self.measured:.12g} ± {self.error:.1g}: {word}"
        )


@dataclass(frozen=True, slots=True)
class Check:
    """The agreements of all orders."""

    orders: tuple[Agreement, ...]

    @property
    def ok(self) -> bool:
        """Whether every order agrees."""
        return all(order.ok for order in self.orders)

    def allowing(self, modes: tuple[str, ...], atol: float, rtol: float) -> Check:
        """The same, where only some ways are asked for, or more room is allowed."""
        return Check(tuple(replace(order, modes=modes, atol=atol, rtol=rtol) for order in self.orders))

    def __str__(self) -> str:
        return "\n".join(map(str, self.orders))


def check_grads(
    graph: Graph, values: Mapping[int, Any], machine: Machine, order: int = 2, of: int | None = None, first: float | None = None
) -> Check:
    """Whether reverse mode, forward mode and measuring agree on the derivatives of a graph at some values, order by order.

    `machine` runs a graph: (graph, values) -> the value of every node; `first` is the longest step that is
    measured with. Meant for float64; a kink or a jump at the values shows
    as a disagreement. Raises: as `reverse`.

    >>> from backlight.run.reference import bind, evaluate
    >>> check_grads(*bind(bl.parse("sin(x * y)"), {"x": 0.5, "y": 2.0}), evaluate).ok
    True
    """
    out = graph.outputs[0] if of is None else of
    reach = [i for i in graph.inputs if is_float(graph.nodes[i])]
    moves = {i: plain(graph.type(i), 2 + n) for n, i in enumerate(reach)}
    found = []
    for n in range(1, order + 1):
        seed = plain(graph.type(out), 1)
        written = reverse(graph, out, reach, seed)
        pushed = forward(graph.with_(outputs=(out,)), reach, moves)
        gradients = machine(written, values)
        back = [np.asarray(gradients[written.grads[i]]) * moves[i] for i in reach]
        moved = np.asarray(machine(pushed, values)[pushed.tangents[out]]) * seed

        def along(h: float, graph: Graph = graph, out: int = out, seed: Any = seed) -> float:
            at = {i: x + h * moves[i] if i in moves else x for i, x in values.items()}
            return float(np.sum(seed * machine(graph, at)[out]))

        measured, error = slope(along, 0.0)[:2] if first is None else ridders(along, 0.0, first)
        scale = float(sum(np.sum(np.abs(b)) for b in back) + np.sum(np.abs(moved)))  # terms may cancel
        found.append(Agreement(n, float(sum(np.sum(b) for b in back)), float(np.sum(moved)), measured, error, scale))
        graph, out = projected(written, moves)
    return Check(tuple(found))


def plain(type: Type, salt: int) -> Any:
    """Numbers of a type without zeros, ones or symmetry."""
    k = np.arange(1, type.size + 1)
    return (np.cos(1.3 * k + salt) + 1.7 * np.sign(np.sin(2.1 * k + salt))).reshape(type.shape).astype(type.dtype)[()]


def projected(written: Graph, moves: Mapping[int, Any]) -> tuple[Graph, int]:
    """The graph with ⟨gradient, move⟩ behind it, and the number of that node: what the next order differentiates."""
    tape = Tape()
    tape.nodes = list(written.nodes)
    terms = [TABLE["sum"](TABLE["mul"](tape.handle(written.grads[i]), tape.constant(move))) for i, move in moves.items()]
    top = terms[0] if len(terms) == 1 else TABLE["total"](*terms)
    return written.with_(nodes=tuple(tape.nodes), outputs=(top.number,), grads={}, parts={}, forward=-1), top.number
