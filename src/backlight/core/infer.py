"""Types for a graph that was read without them, once the types of its inputs are known.

A number written in a text has no dtype of its own: it takes the graph's, except where every consumer wants a whole number.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import BacklightError, InputError, ShapeError
from .array import as_value
from .graph import Graph, Node
from .table import TABLE
from .types import TupleType, Type, type_of

__all__ = ["typed", "whole_inputs"]


def whole_inputs(graph: Graph) -> set[int]:
    """The leaves that only ever serve as whole numbers (indices, seeds)."""
    uses: dict[int, bool] = {}
    for node in graph.nodes:
        for k, j in enumerate(node.inputs):
            uses[j] = uses.get(j, True) and k in node.op.integers
    return {j for j, whole in uses.items() if whole and graph.nodes[j].op.kind == "leaf"}


def typed(graph: Graph, types: Mapping[int, Type], dtype: Any = "float64") -> Graph:
    """The same graph with a type on every node, for inputs of the given types.

    Raises: InputError for an input without a type; ShapeError or DTypeError with the place in the text.
    """
    whole = whole_inputs(graph)
    nodes: list[Node] = []
    for i, node in enumerate(graph.nodes):
        name = node.op.name
        if name == "input":
            if i not in types:
                raise InputError(f"the input {node.name!r} has no value: give one, {node.name}=…")
            nodes.append(node._replace(type=types[i]))
            continue
        if name == "const":
            value = node.attr("value")
            if not isinstance(value, (np.ndarray, np.generic)):
                value = as_value(value)
                if i not in whole and value.dtype.kind in "iuf":
                    value = value.astype(dtype)
                node = node._replace(attrs=(("value", value),))
            nodes.append(node._replace(type=type_of(value)))
            continue
        try:
            if name == "index":
                node = chosen(node, nodes)
            found = node.op.infer(tuple([nodes[j].type for j in node.inputs]), node.attrs)  # type: ignore[misc]
        except BacklightError as error:
            if node.at is None or not node.at.code:
                raise
            placed = type(error)(pointed(str(error), node))
            placed.at = node.at
            raise placed from None
        nodes.append(node._replace(type=found))
    return graph.with_(nodes=tuple(nodes))


def chosen(node: Node, nodes: list[Node]) -> Node:
    """x[0] is an index, and where x has several results it is one of these."""
    above, key = nodes[node.inputs[0]].type, node.attr("key")
    if not isinstance(above, TupleType) or type(key) is not int:
        return node
    if not -len(above.types) <= key < len(above.types):
        raise ShapeError(f"index: there is no result {key} among {len(above.types)}, {above}")
    k = key % len(above.types)
    return node._replace(op=TABLE["item"], attrs=(("k", k),) if k else ())


def pointed(message: str, node: Node) -> str:
    """The message with the line it happened in, and a caret under the place."""
    at = node.at
    assert at is not None
    width = max(1, at.end - at.column)
    return f"{message}\n    {at.code}\n    {' ' * (at.column - 1)}{'^' * width}"
