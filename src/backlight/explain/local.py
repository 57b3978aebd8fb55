"""The local derivative of an edge as one array, for operations that mix axes too.

An elementwise operation has one number per element, and the run has it already. Where axes are mixed the derivative is
a rule; for small arrays the rule is asked for each number of the result in turn, and what it answers are the rows of
the Jacobian: shape of the result followed by the shape of the operand. So for every edge

    elementwise    sum over stretched axes of  upstream × local                   = downstream
    mixing axes    sum over the axes of the result of  upstream × local[…, …]     = downstream
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..core.array import Array
from ..core.types import Type
from ..run.record import Edge

__all__ = ["LARGEST", "local_array"]

LARGEST: Final = 4096  # numbers of a Jacobian that anybody reads


def local_array(edge: Edge, largest: int = LARGEST) -> Any:
    """The local derivative of an edge: what the run has, or a Jacobian of at most `largest` numbers, or None."""
    if edge.part.local >= 0:
        return edge.local
    run, graph = edge.run, edge.run.graph
    node = graph.nodes[edge.consumer]
    out, into = node.type, graph.nodes[edge.to].type
    rule = node.op.rule("vjp", edge.operand - 1)
    if rule is None or not isinstance(out, Type) or not isinstance(into, Type):
        return None
    if out.size * into.size > largest or out.size > 256 or "c" in (out.dtype.kind, into.dtype.kind):
        return None
    z = Array(None, -1, run.value(edge.consumer))
    xs = [Array(None, -1, run.value(j)) for j in node.inputs]
    attrs = dict(node.attrs)
    found = np.zeros((out.size, *into.shape), into.dtype)
    for row in range(out.size):
        unit = np.zeros(out.shape, out.dtype)
        unit.flat[row] = 1
        answer = rule(Array(None, -1, unit[()]), z, *xs, **attrs)
        if answer is None:
            return None
        found[row] = np.real(answer.value)  # only the real part moves a real number
    return found.reshape((*out.shape, *into.shape))[()]
