"""An operation opened into its definition in smaller operations, where its row gives one.

σ(x) becomes 1 / (1 + exp(−1·x)), in the graph and not only in the picture: the opened graph runs, differentiates and
prints like any other, and gives the same numbers.
"""

from __future__ import annotations

from typing import Any

from ..core.array import Array
from ..core.graph import Graph, Why
from ..core.tape import Tape
from ..errors import GraphError

__all__ = ["opened"]


def opened(graph: Graph, key: int | str) -> Graph:
    """The forward part of a graph with one node replaced by its definition.

    Raises: GraphError where the operation has no definition in smaller ones, or the graph has no types yet.
    """
    number = graph.number(key)
    node = graph.nodes[number]
    inside = node.op.inside
    if inside is None:
        raise GraphError(f"node {number} ({node.name or node.op.name}): {node.op.name} has no definition in smaller operations")
    if not graph.typed:
        raise GraphError("a graph without types cannot be opened: give its inputs values first, as in bl.run")
    tape = Tape()
    moved: list[Any] = []
    several: dict[int, bool] = {}
    for i, old in enumerate(graph.nodes[: graph.forward_count]):
        if i == number:
            tape.scope = f"{old.scope}/{old.op.name}" if old.scope else old.op.name
            tape.why, tape.at = Why("inside", old.op.name, i), old.at
            result = inside(*[tape.handle(moved[j]) for j in old.inputs], **dict(old.attrs))
            if isinstance(result, tuple):  # one for each of the results that `item` nodes take
                parts, several[i] = [x.number for x in result], True
                moved.append(parts)
                continue
            assert isinstance(result, Array)
            if old.name and result.number not in moved:
                tape.nodes[result.number] = tape.nodes[result.number]._replace(name=old.name)
            moved.append(result.number)
        elif old.op.name == "item" and old.inputs[0] in several:
            moved.append(moved[old.inputs[0]][old.attr("k", 0)])
        else:
            moved.append(len(tape.nodes))
            tape.nodes.append(old._replace(inputs=tuple(moved[j] for j in old.inputs)))
    return Graph(
        tuple(tape.nodes),
        tuple(moved[i] for i in graph.inputs),
        tuple(moved[i] for i in graph.outputs),
        source=graph.source,
    )
