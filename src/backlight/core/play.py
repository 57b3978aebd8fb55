"""A graph inside a node, run again and again: the body of a loop, the branch of a choice.

What depends on no operand that changes is computed once. The questions that Python asked when the body was traced are
asked again each time: a body holds for one set of answers, and another answer is an error that says where it was asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import Any

from ..errors import GraphError
from .array import Array
from .graph import Graph, live_nodes
from .guard import Guard, differs
from .tape import Tape, one_tape

__all__ = ["Player", "player", "replayed", "traced_among"]

class Player:
    """A graph made ready to be run with NumPy: `play(values of its inputs)` gives the values of its outputs.

    `fixed` says by position which inputs stay the same from one call of `play` to the next; `start` takes their values.
    """

    __slots__ = ("again", "graph", "guards", "inputs", "once", "outputs", "places", "still")

    def __init__(self, graph: Graph, fixed: tuple[int, ...] = ()) -> None:
        self.graph = graph
        self.guards = graph.guards
        self.inputs = [number for k, number in enumerate(graph.inputs) if k not in fixed]
        self.still = [graph.inputs[k] for k in fixed]
        self.outputs = graph.outputs
        live = live_nodes(graph, [*graph.outputs, *[guard.node for guard in graph.guards]])
        moving = bytearray(len(graph.nodes))
        for number in self.inputs:
            moving[number] = 1
        self.places: list[Any] = [None] * len(graph.nodes)
        self.once: list[tuple[int, Callable[..., Any], tuple[int, ...]]] = []
        self.again: list[tuple[int, Callable[..., Any], tuple[int, ...]]] = []
        for i, node in enumerate(graph.nodes):
            if node.op.name == "input" or not live[i]:
                continue
            if node.op.name == "const":
                self.places[i] = node.attrs[0][1]
                continue
            work = partial(node.op.value, **dict(node.attrs)) if node.attrs else node.op.value
            moving[i] = any(moving[j] for j in node.inputs)
            (self.again if moving[i] else self.once).append((i, work, node.inputs))

    def start(self, values: Sequence[Any] = ()) -> list[Any]:
        """The values of all nodes, as far as they do not change."""
        places = self.places.copy()
        for number, value in zip(self.still, values, strict=True):
            places[number] = value
        for i, work, inputs in self.once:
            places[i] = work(*[places[j] for j in inputs])
        return places

    def play(self, places: list[Any], values: Sequence[Any]) -> list[Any]:
        """The outputs for these values of the inputs that change; `places` is what `start` gave."""
        for number, value in zip(self.inputs, values, strict=True):
            places[number] = value
        for i, work, inputs in self.again:
            places[i] = work(*[places[j] for j in inputs])
        for guard in self.guards:
            self.check(guard, places[guard.node])
        return [places[i] for i in self.outputs]

    def check(self, guard: Any, value: Any) -> None:
        """GraphError where a question is answered otherwise than when the body was traced."""
        said = differs(guard, value)
        if not said:
            return
        node = self.graph.nodes[guard.node]
        where = f" at {guard.at.file}, line {guard.at.line}" if guard.at is not None else ""
        raise GraphError(
            f"the body asked {guard.kind}() of {node.name or node.op.name}{where} and was traced {said}: "
            "use where(…) or cond(…) for what changes from step to step"
        )


@lru_cache(maxsize=64)
def player(graph: Graph, fixed: tuple[int, ...] = ()) -> Player:
    """The player of a graph, kept for the next time."""
    return Player(graph, fixed)


def replayed(tape: Tape, graph: Graph, xs: Sequence[Array]) -> list[Array]:
    """The outputs of a graph for these operands, written on the tape node by node."""
    live = live_nodes(graph, [*graph.outputs, *[guard.node for guard in graph.guards]])
    found: dict[int, Any] = dict(zip(graph.inputs, xs, strict=True))
    before = tape.at, tape.scope, tape.positions
    tape.positions = False
    for i, node in enumerate(graph.nodes):
        if not live[i] or i in found:
            continue
        tape.at, tape.scope = node.at or before[0], node.scope or before[1]
        if node.op.name == "const":
            found[i] = tape.constant(node.attr("value"))
        elif node.op.name == "item":
            found[i] = found[node.inputs[0]][node.attr("k", 0)]
        elif not node.inputs:
            found[i] = tape.handle(tape.add(node.op, (), node.type, node.attrs, "", node.op.value(**dict(node.attrs))))
        else:
            found[i] = node.op(*[found[j] for j in node.inputs], **dict(node.attrs))
    tape.at, tape.scope, tape.positions = before
    for guard in graph.guards:
        tape.guards.append(Guard(found[guard.node].number, guard.kind, guard.answer, guard.at))
    return [found[i] for i in graph.outputs]


def traced_among(values: Sequence[Any]) -> Tape | None:
    """The open tape that one of the values is written on, if any is: then a graph is written there, and not only computed."""
    for x in values:
        if type(x) is Array and x.tape is not None and x.tape.open:
            return one_tape("graph", [x])
    return None
