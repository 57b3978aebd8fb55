"""Random chains of rows on numbers of every kind, compiled beside the reference machine: a law for the suite, and a search by hand.

    python -m tests.run.native.chains 0 2000        graphs number 0 to 1999, with their gradients, each on three sets of numbers

A difference is printed with its graph's number and the first node at which the two part. What is no fault: sums that cancel to
nothing and products that leave the range on the way, which another order of the same sum or product does otherwise.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from tests.run.native.graphs import agree, graph_of, reference, with_gradients

from backlight import errors, ops
from backlight.core.array import as_value
from backlight.core.graph import Graph
from backlight.core.table import TABLE
from backlight.core.types import Type
from backlight.run.native.machine import compile_graph

CLOSE = {"float64": 1e-6, "float32": 3e-2}  # rows one after the other multiply what each is off
SHAPES = [(), (3,), (2, 3), (1, 3), (3, 1), (5,)]
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0, 1e9, -1e10, 0.5, 2.0, 3.0, 1e-5, 100.0, -0.25]
ROWS = [
    row for row in TABLE.values()
    if row.kind == "elementwise" and not row.attrs
    and all(as_value(x).dtype.kind == "f" for case in row.cases if case.raises is None for x in case.args)
]  # fmt: skip
ARRAYS = [
    lambda x: ops.sum(x, axis=-1, keepdims=True), lambda x: ops.max(x, axis=0), lambda x: x.T, ops.softmax, ops.logsumexp, ops.prod,
    lambda x: ops.cumsum(x, axis=0), ops.sort, ops.norm, ops.var, lambda x: ops.reshape(x, shape=(-1,)), ops.log_softmax, ops.mean,
    lambda x: ops.where(x > 0.0, ops.sqrt(x), 0.0), lambda x: ops.concat(x, x, axis=0), lambda x: ops.index(x, key=("::-1",)),
    lambda x: ops.matmul(x, x.T), ops.min, lambda x: ops.logcumsumexp(x, axis=0), lambda x: ops.norm(x, ord=3, axis=0),
]  # fmt: skip


def chain(random: np.random.Generator, dtype: str) -> Graph:
    """A graph of two inputs and up to eight rows; each takes some of the last numbers made."""
    types = [Type(dtype, SHAPES[random.integers(len(SHAPES))]) for _ in range(2)]

    def function(*xs: Any) -> Any:
        known = list(xs)
        for _ in range(random.integers(2, 9)):
            recent = known[-4:]
            row: Any = ROWS[random.integers(len(ROWS))] if random.random() < 0.65 else ARRAYS[random.integers(len(ARRAYS))]
            count = len(row.args) if row in ROWS else 1
            try:
                z = row(*[recent[random.integers(len(recent))] for _ in range(count)])
                z = z if z.dtype.kind == "f" else ops.where(z, xs[0], recent[-1])
            except errors.BacklightError:  # it does not fit
                continue
            if z.size < 400:
                known.append(z)
        return known[-1]

    return graph_of(function, *types)


def numbers(random: np.random.Generator, types: Sequence[Type], share: float) -> list[Any]:
    """Values for inputs, a share of them special."""
    found = []
    for t in types:
        limits = np.finfo(t.dtype)
        special = random.choice([*SPECIAL, limits.tiny, -limits.smallest_subnormal], t.shape)
        found.append(np.where(random.random(t.shape) < share, special, random.normal(size=t.shape)).astype(t.dtype)[()])
    return found


def difference(number: int) -> str | None:
    """Where the chain of this number, with its gradients, is something else compiled; None if nowhere."""
    random, dtype = np.random.default_rng(number), ["float64", "float32"][number % 2]
    graph = chain(random, dtype)
    try:
        written, gradients = with_gradients(graph) or (graph, [])
    except errors.BacklightError:
        written, gradients = graph, []
    outputs = [*graph.outputs, *gradients]
    compiled = compile_graph(written, outputs)
    types = [graph.type(i) for i in graph.inputs]
    for share in (0.0, 0.2, 0.5):
        values = numbers(random, types, share)
        wanted = reference(written, values, outputs)
        found = compiled(*values)
        for one, other in zip(found if len(outputs) > 1 else [found], wanted, strict=True):
            if not agree(one, other, CLOSE[dtype]):
                return f"{number}: {one} for {other} of {values}; {parting(written, values, dtype)}"
    return None


def parting(graph: Graph, values: Sequence[Any], dtype: str) -> str:
    """The first node that is something else compiled, all of them wanted."""
    every = [k for k, node in enumerate(graph.nodes) if node.op.name not in {"input", "const"} and isinstance(node.type, Type)]
    for k, one, other in zip(every, compile_graph(graph, every)(*values), reference(graph, values, every), strict=True):
        if not agree(one, other, CLOSE[dtype]):
            return f"from node {k} on, {graph.nodes[k].op.name}: {one} for {other}"
    return "and no node alone differs: what is fused does"


if __name__ == "__main__":
    first, count = int(sys.argv[1]), int(sys.argv[2])
    np.seterr(all="ignore")
    differences = [text for text in map(difference, range(first, first + count)) if text is not None]
    sys.stdout.write("\n".join([*differences, f"{len(differences)} of {count} graphs differ\n"]))
