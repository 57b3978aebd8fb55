"""Axes of size 1: what is folded along one is a number by itself, however many there are."""

import numpy as np
import pytest
from tests.run.native.graphs import CLOSE, agree, graph_of, reference, with_gradients

from backlight import ops
from backlight.core.types import Type
from backlight.run.native.machine import compile_graph

SHAPES = [(100, 1, 100), (10_000, 1), (1, 9_000), (3, 1, 5), (1, 1), (2, 1, 3, 1, 2000)]
FUNCTIONS = {
    "sum": lambda x: ops.sum(x, axis=axis_of(x)),
    "sum and sum of all": lambda x: (ops.sum(x, axis=axis_of(x)), ops.sum(x)),
    "max": lambda x: ops.max(x, axis=axis_of(x), keepdims=True),
    "min and mean": lambda x: ops.min(x, axis=axis_of(x)) + ops.mean(x, axis=axis_of(x)),
    "prod": lambda x: ops.prod(x, axis=axis_of(x)) * 2.0,
    "logsumexp": lambda x: ops.logsumexp(x, axis=axis_of(x)),
    "softmax": lambda x: ops.softmax(x, axis=axis_of(x)),
    "norm": lambda x: ops.norm(x, axis=axis_of(x)),
    "var": lambda x: ops.var(x, axis=axis_of(x)),
    "any": lambda x: ops.any(x > 0.0, axis=axis_of(x)),
    "count": lambda x: ops.sum(ops.cast(x > 0.0, dtype="int64"), axis=axis_of(x)),
    "einsum": lambda x: ops.einsum(letters(x) + "->" + letters(x).replace("abcde"[axis_of(x)], ""), x),
    "running": lambda x: ops.cumsum(x, axis=axis_of(x)),
}


def axis_of(x) -> int:  # type: ignore[no-untyped-def]
    return x.shape.index(1)


def letters(x) -> str:  # type: ignore[no-untyped-def]
    return "abcde"[: len(x.shape)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_fold_along_an_axis_of_one_number_is_that_number(name: str, shape: tuple[int, ...], dtype: str) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(dtype)
    graph = graph_of(FUNCTIONS[name], Type(dtype, shape))
    found = with_gradients(graph)
    if found is not None:
        graph, gradients = found
        outputs = [*graph.outputs, *gradients]
    else:
        outputs = list(graph.outputs)
    f = compile_graph(graph, outputs)
    for _ in range(2):
        made = f(x)
        for one, wanted in zip(made if isinstance(made, tuple) else (made,), reference(graph, [x], outputs), strict=True):
            assert agree(one, wanted, CLOSE[dtype])


def test_such_a_fold_is_written_as_the_number_it_is() -> None:
    types = [Type("float64", (100, 1, 100))]
    f = compile_graph(graph_of(lambda x: (ops.sum(x, axis=1), ops.sum(x)), *types))
    f.prepare(*types)
    assert "loop 10000 in chunks of 4096" in f.listing(), "the sum of all is folded chunk by chunk"
    assert "b1[(1)] = v0" in f.listing()
