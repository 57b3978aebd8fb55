"""A run as data: one object that holds everything the pictures show, in a form that any program reads.

Arrays are nested lists at full precision; what JSON has no number for is a string: `"NaN"`, `"Infinity"`, `"-Infinity"`.
Forward nodes are in `nodes`, the nodes that differentiation wrote are in `backward`. The parts of a node are the edges
down to its operands over which a gradient was asked for; `to` is the operand's node, `operand` counts from 1.
"""

from __future__ import annotations

import json
from typing import Any, Final

import numpy as np

from ..core.graph import Why
from ..core.types import TupleType, Type
from ..explain.formula import names
from ..explain.local import local_array
from ..run.record import Edge, Run, Window

__all__ = ["VERSION", "report", "report_text", "value_data"]

VERSION: Final = 1


def report(run: Run) -> dict[str, Any]:
    """The run as dictionaries, lists, numbers and words, ready for `json.dumps(…, allow_nan=False)`."""
    graph = run.graph
    called = names(graph)
    count = graph.forward_count
    return {
        "version": VERSION,
        "inputs": {graph.nodes[i].name or called[i]: i for i in graph.inputs},
        "outputs": list(graph.outputs),
        "nodes": [node_data(run[i], called[i]) for i in range(count)],
        "backward": [node_data(run[i], called[i]) for i in range(count, len(graph.nodes))],
    }


def report_text(run: Run) -> str:
    """The run as one JSON object on one line."""
    return json.dumps(report(run), allow_nan=False, ensure_ascii=False)


def node_data(window: Window, name: str) -> dict[str, Any]:
    """One node with all that is known of it."""
    kind = window.type
    several = isinstance(kind, TupleType)
    return {
        "id": window.number,
        "name": name,
        "op": window.node.op.name,
        "type": str(kind),
        "signature": window.signature,
        "shape": [list(t.shape) for t in kind.types] if isinstance(kind, TupleType) else list(kind.shape),
        "inputs": list(window.node.inputs),
        "value": [value_data(v) for v in window.value] if several else value_data(window.value),
        "gradient": value_data(window.gradient),
        "why": why_data(window.why),
        "parts": [part_data(edge) for edge in window.parts],
    }


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
