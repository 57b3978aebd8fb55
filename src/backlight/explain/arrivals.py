"""What arrives at the gradient of one number, edge by edge, as terms of upstream × local."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.graph import Graph, Node, Part
from ..core.tape import Tape
from ..core.types import Type
from ..diff.forward import forward
from ..run.record import Run
from ..run.reference import run as run_typed
from .element import Factor, Spot, Term, adds_up, has_complex, number_at, product, stretched_places
from .marks import MANY, beside, chosen, draws, unit, varies

__all__ = ["Arrival", "arrivals"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """What one edge brings to one element: a number, and the terms upstream × local that add up to it.

    `terms` is None where nothing finer is known; `adds` is False where the rule takes a limit, or leaves out what was not chosen.
    """

    consumer: int
    operand: int
    spot: Spot
    terms: tuple[Term, ...] | None
    adds: bool
    moment: bool = False
    count: int = 0


def arrivals(run: Run, number: int, at: int) -> Iterator[Arrival]:
    """What arrives at the gradient of element `at` of a node, edge by edge."""
    graph = run.graph
    for (i, k), part in sorted(graph.parts.items()):
        if i < graph.forward_count and graph.nodes[i].inputs[k - 1] == number:
            with np.errstate(all="ignore"):
                yield arrival(run, i, k, part, at)


def arrival(run: Run, i: int, k: int, part: Part, at: int) -> Arrival:
    """What one edge brings, as terms of upstream × local."""
    graph = run.graph
    node, spot = graph.nodes[i], Spot(part.downstream, at)
    kind, below = node.type, graph.type(node.inputs[k - 1])
    if not isinstance(kind, Type) or has_complex(kind, below):
        return Arrival(i, k, spot, None, True)
    moment = False
    made: tuple[list[Term], int] | None
    if part.local >= 0:
        made = by_local(graph, i, part, stretched_places(graph, node.inputs[k - 1], kind), at)
    else:
        found = None
        if varies(node, k - 1) and node.op.linear and not has_complex(*[graph.type(j) for j in node.inputs]):
            found = beside(node, [run.value(j) for j in node.inputs], k - 1, at, True, draws())
        moment = found is None or chosen(node, graph)
        made = by_slopes(run, i, k, part, at) if found is None else (by_structure(node, i, part, found[0]), found[1])
    if made is None:
        return Arrival(i, k, spot, None, True)
    terms, count = made
    adds = count > len(terms) or adds_up([product(run, t) for t in terms], number_at(run, spot))
    return Arrival(i, k, spot, tuple(terms), adds, moment, count)


def upstream(i: int, part: Part, place: int) -> Factor:
    return Factor(Spot(part.upstream, place), Spot(i, place), "upstream")


def by_local(graph: Graph, i: int, part: Part, places: np.ndarray[Any, Any] | None, at: int) -> tuple[list[Term], int] | None:
    """Upstream × local for every element that this one was stretched to."""
    kind, local = graph.type(i), graph.nodes[part.local]
    where = stretched_places(graph, part.local, kind)
    if places is None or where is None:
        return None
    terms = []
    reached = np.flatnonzero(places == at)
    for place in reached[:MANY].tolist():
        if local.op.name == "const" and graph.type(part.local).rank == 0:
            terms.append(Term((upstream(i, part, place),), float(local.attr("value"))))
        else:
            slope = Factor(Spot(part.local, int(where[place])), Spot(i, place), "local")
            terms.append(Term((upstream(i, part, place), slope)))
    return terms, len(reached)


def by_structure(node: Node, i: int, part: Part, found: Any) -> list[Term]:
    """Upstream × what stands beside this element in a row that is linear in it."""
    terms = []
    for place, times, other in found:
        spot = None if other is None else Spot(node.inputs[other[0]], other[1])
        terms.append(Term((upstream(i, part, place), *([Factor(spot, spot)] if spot else [])), times))
    return terms


def by_slopes(run: Run, i: int, k: int, part: Part, at: int) -> tuple[list[Term], int] | None:
    """Upstream × local, the slopes of all results by this element measured by forward mode at the values as they are."""
    graph, node = run.graph, run.graph.nodes[i]
    if not graph.type(i).is_float or any(not isinstance(graph.nodes[j].type, Type) for j in node.inputs):
        return None
    tape = Tape()
    values: dict[int, Any] = {}
    for j in node.inputs:
        below = graph.nodes[j]
        if below.op.name == "const":
            tape.add(below.op, (), below.type, below.attrs)
        else:
            x = tape.input("", type=graph.type(j))
            values[x.number] = run.value(j)
    top = tape.add(node.op, tuple(range(len(node.inputs))), graph.type(i), node.attrs)
    if k - 1 not in values:
        return None
    alone = Graph(tuple(tape.nodes), tuple(tape.inputs), (top,))
    kind = graph.type(node.inputs[k - 1])
    pushed = forward(alone, None, {k - 1: unit(kind.shape, at).astype(kind.dtype)[()]})
    column = np.ravel(run_typed(pushed, values).value(pushed.tangents[top]))
    places = np.flatnonzero(column)
    return [Term((upstream(i, part, p),), float(column[p]), True) for p in places[:MANY].tolist()], len(places)
