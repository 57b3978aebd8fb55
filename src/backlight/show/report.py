"""A run as data: one object that holds everything the pictures show, in a form that any program reads.

Arrays are nested lists at full precision; what JSON has no number for is a string: `"NaN"`, `"Infinity"`, `"-Infinity"`.
Forward nodes are in `nodes`, the nodes that differentiation wrote are in `backward`. The parts of a node are the edges
down to its operands over which a gradient was asked for; `to` is the operand's node, `operand` counts from 1.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

import numpy as np

from ..core.graph import Graph, Why
from ..core.op import signature_of
from ..core.types import Type
from ..explain.formula import names
from ..explain.local import local_array
from ..run.record import Edge, Run

__all__ = ["VERSION", "report", "report_text", "value_data"]

VERSION: Final = 1


def report(subject: Graph | Run) -> dict[str, Any]:
    """The run as dictionaries, lists, numbers and words, ready for `json.dumps(…, allow_nan=False)`.

    Of a graph that has not been run: the same, with null for what nobody knows yet.
    """
    graph = subject.graph if isinstance(subject, Run) else subject
    called = names(graph)
    count = graph.forward_count
    nodes = [node_data(subject, i, called[i]) for i in range(len(graph.nodes))]
    return {
        "version": VERSION,
        "inputs": {graph.nodes[i].name or called[i]: i for i in graph.inputs},
        "outputs": list(graph.outputs),
        "guards": [guard_data(guard) for guard in graph.guards],
        "nodes": nodes[:count],
        "backward": nodes[count:],
    }


def report_text(subject: Graph | Run) -> str:
    """The run as one JSON object on one line."""
    return json.dumps(report(subject), allow_nan=False, ensure_ascii=False)


def node_data(subject: Graph | Run, i: int, name: str) -> dict[str, Any]:
    """One node with all that is known of it."""
    graph, run = (subject.graph, subject) if isinstance(subject, Run) else (subject, None)
    node = graph.nodes[i]
    kind = node.type
    shape: Any = None
    if kind is not None:
        shape = list(kind.shape) if isinstance(kind, Type) else [list(t.shape) for t in kind.types]
    return {
        "id": i,
        "name": name,
        "op": node.op.name,
        "type": None if kind is None else str(kind),
        "signature": None if kind is None else signature_of(graph.nodes, i),
        "shape": shape,
        "inputs": list(node.inputs),
        "value": None if run is None else value_data(run.value(i)),
        "gradient": None if run is None else value_data(run[i].gradient),
        "flags": [] if run is None else [str(flag) for flag in run[i].flags],
        "why": why_data(node.why),
        "parts": [] if run is None else [part_data(edge) for edge in run[i].parts],
    }


def guard_data(guard: Any) -> dict[str, Any]:
    """A question that Python asked of a value: the node, how it was asked, the answer, and where."""
    answer = None if guard.kind == "numbers" else value_data(guard.answer)
    place = {"file": None, "line": None} if guard.at is None else {"file": guard.at.file, "line": guard.at.line}
    return {"node": guard.node, "kind": guard.kind, "answer": answer, **place}


def why_data(why: Why) -> dict[str, Any]:
    """Why a node exists; `of` and `operand` are null where the reason is no other node."""
    return {"kind": why.kind, "rule": why.rule, "of": why.of if why.of >= 0 else None, "operand": why.operand or None}


def part_data(edge: Edge) -> dict[str, Any]:
    """One edge. `local` is an element-by-element derivative, a small Jacobian, or null where that would be large."""
    several = not isinstance(edge.run.graph.nodes[edge.consumer].type, Type)
    to_several = not isinstance(edge.run.graph.nodes[edge.to].type, Type)
    return {
        "to": edge.to,
        "operand": edge.operand,
        "upstream": None if several else value_data(edge.upstream),
        "local": value_data(local_array(edge)),
        "downstream": None if to_several else value_data(edge.downstream),
    }


def value_data(value: Any) -> Any:
    """A number or an array for JSON: nested lists, exact, with the three strings for what is no number there.

    >>> value_data(np.array([[0.1, -np.inf], [np.nan, -0.0]]))
    [[0.1, '-Infinity'], ['NaN', -0.0]]
    """
    if value is None:
        return None
    if isinstance(value, float) and math.isfinite(value):  # np.float64 is one too
        return float(value)
    if isinstance(value, tuple):  # a node with several outputs
        return [value_data(one) for one in value]
    array = np.asarray(value)
    if array.dtype.kind == "c":
        return {"real": value_data(array.real), "imaginary": value_data(array.imag)}
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return array.tolist()
    things = array.astype(object)
    things[np.isnan(array)] = "NaN"
    things[array == np.inf] = "Infinity"
    things[array == -np.inf] = "-Infinity"
    return things.tolist()
