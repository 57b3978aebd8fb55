"""A reverse rule turned around: what a tangent of one operand adds to the tangent of the result.

A reverse rule is linear in the upstream gradient, so differentiating it by an upstream gradient that nobody ever gives turns it
around. Both directions are written on a sheet of their own, and only what the answer needs is copied to the tape.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.array import Array
from ..core.graph import Graph, Node, live_nodes
from ..core.table import TABLE
from ..core.tape import Tape
from ..core.types import TupleType
from .reverse import pull

__all__ = ["turned"]


def turned(node: Node, k: int, z: Array, xs: Sequence[Array], t: Array, output: int = 0) -> list[Array]:
    """The reverse rule of operand k turned around and applied to the tangent: what it adds to one output of the node."""
    rule = node.op.rule("vjp", k)
    if rule is None:
        return []
    sheet = Tape()
    true = [*xs, z, t]
    assert t.tape is not None
    copies = []
    for x in true:
        copied = t.tape.nodes[x.number]
        if copied.op.name == "const":
            copies.append(sheet.handle(sheet.add(copied.op, (), copied.type, copied.attrs)))
        else:
            copies.append(sheet.handle(sheet.add(TABLE["input"], (), copied.type)))
    *operands, result, tangent = copies
    types = node.type.types if isinstance(node.type, TupleType) else (node.type,)
    start = len(sheet.nodes)
    upstream = [sheet.constant(np.zeros(kind.shape, kind.dtype)[()]) for kind in types]  # type: ignore[union-attr]
    g = upstream if isinstance(node.type, TupleType) else upstream[0]
    downstream = rule(g, result, *operands, **dict(node.attrs))
    if downstream is None:
        return []
    if downstream.dtype != tangent.dtype:
        real = tangent.dtype.kind == "c" and downstream.dtype.kind != "c"
        tangent = TABLE["cast"](TABLE["real"](tangent) if real else tangent, dtype=downstream.dtype.name)
    found = pull(sheet, {downstream.number: tangent.number}, [upstream[output].number], start).grads
    answer = found.get(upstream[output].number)
    return [] if answer is None else [copied_onto(t.tape, sheet, answer, dict(zip([c.number for c in copies], true, strict=True)))]


def copied_onto(tape: Tape, sheet: Tape, answer: int, known: dict[int, Any]) -> Any:
    """One node of a sheet, with all that it stands on, written to the tape; `known` says what is there already."""
    needed = live_nodes(Graph(tuple(sheet.nodes[: answer + 1])), (answer,))
    for i, node in enumerate(sheet.nodes[: answer + 1]):
        if needed[i] and i not in known:
            if node.op.name == "const":
                known[i] = tape.constant(node.attr("value"))
            elif node.op.name == "item":
                whole = known[node.inputs[0]]  # the node itself, or all the outputs that its operation gave
                known[i] = TABLE["item"](whole, **dict(node.attrs)) if isinstance(whole, Array) else whole[node.attr("k", 0)]
            else:
                known[i] = node.op(*[known[j] for j in node.inputs], **dict(node.attrs))
    return known[answer]
