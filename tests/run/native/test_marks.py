import numpy as np
import pytest
from tests.run.native.graphs import graph_of

from backlight import ops
from backlight.core.graph import Graph
from backlight.core.types import Type, type_of
from backlight.diff.reverse import reverse
from backlight.run.lower.lowering import lower
from backlight.run.lower.marks import NEAR_BYTES
from backlight.run.lower.program import Apply, Nest
from backlight.run.native.machine import compile_graph
from backlight.run.reference import evaluate


def hidden(rows: int) -> tuple[Graph, list[int]]:
    """Return a hidden layer of 8 with relu, and its value and gradients."""
    def loss(x, w, v):  # type: ignore[no-untyped-def]
        return ops.sum(ops.square(ops.relu(x @ w) @ v))

    graph = graph_of(loss, *[Type("float64", shape) for shape in ((rows, 8), (8, 8), (8, 8))])
    graph = reverse(graph, None, None, None)
    return graph, [graph.outputs[0], *(graph.grads[i] for i in graph.inputs)]


def masks(graph: Graph, outputs: list[int]) -> int:
    return sum(b.kind == "i1" for b in lower(graph, outputs).program.buffers)


def test_whether_relu_let_a_number_through_is_asked_of_its_result_as_long_as_that_is_near() -> None:
    small, large = hidden(50), hidden(NEAR_BYTES)
    assert (masks(*small), masks(*large)) == (0, 1)
    relations = [s.op for i in lower(*small).program.instructions if isinstance(i, Nest) for s in i.steps if isinstance(s, Apply)]
    assert relations.count("greater") == 1


@pytest.mark.parametrize("special", [0.0, -0.0, np.nan, np.inf, -np.inf])
def test_the_gradient_is_that_of_the_reference_also_at_what_is_special(special: float) -> None:
    graph, outputs = hidden(50)
    random = np.random.default_rng(5)
    x, w, v = random.normal(size=(50, 8)), random.normal(size=(8, 8)), random.normal(size=(8, 8))
    x[3], x[7, 2] = 0.0, special
    with np.errstate(all="ignore"):
        wanted = evaluate(graph, dict(zip(graph.inputs, (x, w, v), strict=True)))
    for found, number in zip(compile_graph(graph, outputs)(x, w, v), outputs, strict=True):
        np.testing.assert_allclose(found, wanted[number], rtol=1e-9, atol=1e-9)


def test_truth_values_that_somebody_asked_for_are_returned() -> None:
    x = np.array([[-1.0, 2.0], [0.0, np.nan]])
    f = compile_graph(graph_of(lambda x: (ops.relu(x) * 3.0, ops.relu(x), x > 0.0), type_of(x)))
    _, z, mask = f(x)
    assert np.array_equal(z, [[0.0, 2.0], [0.0, np.nan]], equal_nan=True)
    assert mask.tolist() == [[False, True], [False, False]]


def test_a_chain_of_comparisons_keeps_what_the_next_one_looks_at() -> None:
    def chain(x):  # type: ignore[no-untyped-def]
        large = x > 1.0
        none = ops.cast(large, dtype="float64") > 2.0
        return ops.flip(ops.where(none, x, 0.0), axis=0), ops.flip(ops.where(large, x, 0.0), axis=0), ops.cumsum(x * 2.0, axis=0)

    x = np.array([0.5, 3.0, -1.0, 2.0])
    none, large, _ = compile_graph(graph_of(chain, type_of(x)))(x)
    assert none.tolist() == [0, 0, 0, 0]
    assert large.tolist() == [2, 0, 3, 0]
