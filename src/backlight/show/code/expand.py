"""What a program needs of a graph: operations that a library has no word for are written by their definitions in smaller ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ...core.array import Array
from ...core.graph import Graph, Node, live_nodes
from ...core.op import Op
from ...core.table import TABLE
from ...core.tape import Tape
from ...core.types import TupleType, Type
from ...errors import GraphError
from .spelling import Dialect, Line

__all__ = ["expanded", "missing", "spelled"]

CAST: Final = {"torch": "{}.to(torch.{})", "jax": "{}.astype({!r})"}
# Operations whose operands need not be of the result's dtype.
MIXED: Final = frozenset("where cast gather take_along_axis scatter scatter_add add_along_axis index concat stack".split())
WIDENED: Final = frozenset({"elementwise", "reduce", "linear", "network"})


def missing(dialect: Dialect, op: Op) -> bool:
    """Whether a library has neither a word for an operation nor a definition of it in smaller ones."""
    return op.name not in dialect.words and op.inside is None and op.kind not in ("leaf", "control")


def expanded(graph: Graph, outputs: Sequence[int], dialect: Dialect) -> tuple[Graph, dict[int, int]]:
    """What the outputs need, in words that the library has, and the new number of each old node. Raises: GraphError."""
    live = live_nodes(graph, outputs)
    tape = Tape()
    places: dict[int, int] = {}
    for i, node in enumerate(graph.nodes):
        if not live[i] and i not in graph.inputs:
            continue
        inputs = tuple(places[j] for j in node.inputs)
        same = simpler(tape, node, inputs) if i >= graph.forward_count else None
        places[i] = copied(tape, node, inputs, dialect) if same is None else same
    for i, g in graph.grads.items():  # a gradient is called after what it is the gradient of
        if i in places and g in places and graph.nodes[i].name and not tape.nodes[places[g]].name and g >= graph.forward_count:
            node = tape.nodes[places[g]]
            if node.op.name not in ("const", "input"):
                tape.nodes[places[g]] = node._replace(name=f"d{graph.nodes[i].name}")
    return Graph(tuple(tape.nodes)), places


def simpler(tape: Tape, node: Node, inputs: tuple[int, ...]) -> int | None:
    """What a node of the backward pass is without computing: a number, made of the 1 that it begins with, or its other factor."""
    values = [tape.nodes[j].attr("value") for j in inputs if tape.nodes[j].op.name == "const"]
    if isinstance(node.type, Type) and inputs and len(values) == len(inputs) and node.op.kind in ("elementwise", "shape", "linear"):
        with np.errstate(all="ignore"):
            found = np.asarray(node.op.value(*values, **dict(node.attrs)))
        if found.size and bool(np.all(found == found.reshape(-1)[0])):
            return tape.constant(found, node.type.dtype).number
    if node.op.name != "mul":
        return None
    for one, other in (inputs, inputs[::-1]):
        first = tape.nodes[one]
        if first.op.name == "const" and tape.nodes[other].type is node.type and bool(np.all(np.asarray(first.attr("value")) == 1)):
            return other
    return None


def copied(tape: Tape, node: Node, inputs: tuple[int, ...], dialect: Dialect) -> int:
    """One node on the tape, by its definition where the library has no word for it. Raises: GraphError."""
    if node.op.kind in ("leaf", "control") or spelled(node, [tape.nodes[j] for j in inputs], dialect):
        tape.nodes.append(node._replace(inputs=inputs))
        return len(tape.nodes) - 1
    if node.op.inside is None or isinstance(node.type, TupleType):
        settings = ", ".join(f"{k}={v!r:.60}" for k, v in node.attrs)
        raise GraphError(
            f"{node.op.name}{f' with {settings}' if settings else ''} cannot be written in {dialect.title}: it has neither a word there "
            "nor a definition in smaller operations. Export another form, JSON or HTML, which hold any graph"
        )
    sheet = Tape()
    sheet.nodes = list(tape.nodes)
    made = node.op.inside(*[sheet.handle(j) for j in inputs], **dict(node.attrs))
    assert isinstance(made, Array)
    moved = dict(enumerate(range(len(tape.nodes))))
    for k in range(len(tape.nodes), len(sheet.nodes)):
        inner = sheet.nodes[k]
        moved[k] = copied(tape, inner, tuple(moved[j] for j in inner.inputs), dialect)
    result = moved[made.number]
    have = tape.nodes[result].type
    if isinstance(have, Type) and isinstance(node.type, Type) and have.dtype != node.type.dtype:  # a constant inside was wider
        tape.nodes.append(Node(TABLE["cast"], (result,), node.type, (("dtype", node.type.dtype.name),)))
        result = len(tape.nodes) - 1
    if node.name and not tape.nodes[result].name:
        tape.nodes[result] = tape.nodes[result]._replace(name=node.name)
    return result


def spelled(node: Node, operands: Sequence[Node], dialect: Dialect, names: Sequence[str] = ()) -> str:
    """The right side of the line of a node; empty where the library has no word for it as it is."""
    spelling = dialect.words.get(node.op.name)
    types = [x.type for x in operands]
    if spelling is None or not all(isinstance(t, Type) for t in types):
        return ""
    attrs: dict[str, Any] = {**node.op.attrs, **dict(node.attrs)}
    xs = widened(node, types, dialect, names or [f"x{k}" for k in range(len(operands))])
    if callable(spelling):
        return spelling(Line(xs, attrs, types, node.type))  # type: ignore[arg-type]
    return spelling.format(*xs, all=", ".join(xs), out=getattr(node.type, "shape", None), **attrs)


def widened(node: Node, types: Sequence[Any], dialect: Dialect, xs: Sequence[str]) -> Sequence[str]:
    """The operands in the dtype of the result, where the library would make another of them than NumPy does."""
    kinds = [t.dtype for t in (node.type.types if isinstance(node.type, TupleType) else [node.type]) if t.is_float]  # type: ignore[union-attr]
    if dialect.name not in CAST or node.op.kind not in WIDENED or node.op.name in MIXED or not kinds:
        return xs
    real = [kind for kind in kinds if kind.kind == "f"]
    wide = (
        np.result_type(*[t.dtype for t in types if t.is_float], *real[-1:]) if real or any(t.is_float for t in types) else kinds[-1]
    )
    return [
        x
        if t.dtype == wide or k in node.op.integers or x[:1].isdigit() or x[:1] == "-"
        else CAST[dialect.name].format(x, wide.name)
        for k, (x, t) in enumerate(zip(xs, types, strict=True))
    ]
