"""Graphs for tests of machines: of rows and their cases, with gradients, and at random."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backlight import ops
from backlight.core.array import as_value
from backlight.core.graph import Graph
from backlight.core.op import Case, Op
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.core.types import TupleType, Type, type_of
from backlight.diff.reverse import reverse
from backlight.run.reference import evaluate

assert ops.__all__
# Relative to the largest number of the result: sums in another order, functions a few units in the last place apart.
CLOSE = {"float64": 1e-12, "float32": 2e-5}
ROWS = [
    (row, number)
    for row in sorted(TABLE)
    for number, case in enumerate(TABLE[row].cases)
    if case.raises is None
]


def named(row: str, number: int) -> tuple[Op, Case]:
    return TABLE[row], TABLE[row].cases[number]


def graph_of(function: Callable[..., Any], *types: Type) -> Graph:
    """The graph that a function of arrays writes, for inputs of these types."""
    tape = Tape()
    result = function(*(tape.input(f"x{k}", type=t) for k, t in enumerate(types)))
    several = result if isinstance(result, (tuple, list)) else (result,)
    return Graph(tuple(tape.nodes), tuple(tape.inputs), tuple(r.number for r in several))


def case_graph(op: Op, case: Case, dtype: str) -> tuple[Graph, list[Any]]:
    """The graph of one operation on the operands of a case, floats of this dtype; and the operands."""
    values = [as_value(x) for x in case.args]
    if op.kind == "control":  # the graphs among its settings are of float64
        dtype = "float64"
    with np.errstate(over="ignore"):  # a case may be of a size that only float64 holds
        values = [v.astype(dtype) if v.dtype.kind == "f" else v for v in values]
    attrs = {k: dtype if v == "float64" else v for k, v in case.attrs.items()} if op.name != "cast" else case.attrs
    return graph_of(lambda *xs: op(*xs, **attrs), *(type_of(v) for v in values)), values


def with_gradients(graph: Graph) -> tuple[Graph, list[int]] | None:
    """The graph with gradients of its output by all float inputs; None where there are none."""
    out = graph.nodes[graph.outputs[0]]
    floats = [i for i in graph.inputs if graph.type(i).is_float]
    if isinstance(out.type, TupleType) or not floats or not out.op.differentiable or not out.type.is_float:  # type: ignore[union-attr]
        return None
    # Not ones: a softmax, which adds up to 1 anyway, has no gradient then, and rounding would be compared with rounding.
    seed = np.cos(1.3 * np.arange(1.0, out.type.size + 1)).reshape(out.type.shape)  # type: ignore[union-attr]
    written = reverse(graph, None, floats, seed)
    return written, [written.grads[i] for i in floats if i in written.grads]


def reference(graph: Graph, values: Sequence[Any], outputs: Sequence[int]) -> list[np.ndarray]:
    found = evaluate(graph, dict(zip(graph.inputs, values, strict=True)))
    return [np.asarray(found[i]) for i in outputs]


def agree(found: Any, wanted: np.ndarray, close: float) -> bool:
    found = np.asarray(found)
    if found.dtype != wanted.dtype or found.shape != wanted.shape:
        return False
    if wanted.dtype.kind not in "fc":
        return bool(np.array_equal(found, wanted))
    with np.errstate(all="ignore"):
        finite = wanted[np.isfinite(wanted)]
        size = float(np.max(np.abs(finite))) if finite.size else 0.0
        near = (abs(found - wanted) <= close * max(size, 1e-300)) | (found == wanted)
        return bool(np.all(near | (np.isnan(found) & np.isnan(wanted))))
