import numpy as np
import pytest
from hypothesis import given
from tests.diff.test_reverse import graph_of
from tests.strategies import graphs

from backlight.diff.reverse import reverse
from backlight.diff.symbolic import derivative, tree, tree_sizes
from backlight.errors import LimitError
from backlight.ops import cos, matmul, sin, sum
from backlight.run.reference import evaluate


def product(n):
    """x·x·x·…: the product rule again and again."""

    def f(x):
        z = x
        for _ in range(n):
            z = z * x
        return z

    return f


def doubled(n):
    def f(x):
        for _ in range(n):
            x = x * x
        return x

    return f


def test_G12_the_derivative_as_an_expression_has_the_number_that_reverse_mode_has():
    graph = graph_of(lambda x, y: sin(x * y) * x, 0.7, 2.0)
    values = {0: np.float64(0.7), 1: np.float64(2.0)}
    made = derivative(graph, 0)
    written = reverse(graph)
    assert evaluate(made, values)[made.outputs[0]] == pytest.approx(evaluate(written, values)[written.grads[0]], rel=1e-15)


@given(graphs(size=6))
def test_a_tree_has_the_size_that_was_counted_and_the_value_of_the_graph(sample):
    graph, values = sample
    (out,) = graph.outputs
    size = tree_sizes(graph)[out]
    if size < 3000:
        written = tree(graph)
        uses = dict.fromkeys(written.inputs, 0)
        for node in written.nodes:
            for j in node.inputs:
                if j in uses:
                    uses[j] += 1
        kept = len(written.nodes) - len(uses) + max(np.sum(list(uses.values())), written.outputs[0] in uses)
        assert size == kept
        with np.errstate(all="ignore"):
            found = evaluate(written, dict(zip(written.inputs, values.values(), strict=True)))[written.outputs[0]]
            np.testing.assert_array_equal(found, evaluate(graph, values)[out])


@given(graphs(size=8))
def test_symbolic_and_reverse_agree_on_random_graphs(sample):
    graph, values = sample
    written = reverse(graph)
    found = evaluate(written, values)
    size = max(float(np.max(np.abs(r), initial=1.0)) for r in found)
    for i in graph.inputs:
        for element in range(min(graph.type(i).size, 2)):
            made = derivative(graph, i, element)
            numbers = dict(zip(made.inputs, (values[j] for j in graph.inputs), strict=True))
            symbolic = np.sum(evaluate(made, numbers)[made.outputs[0]])
            if np.isfinite(size) and size < 1e6:
                assert abs(symbolic - np.asarray(found[written.grads[i]]).reshape(-1)[element]) <= 1e-10 * size


def test_without_sharing_the_expression_doubles_where_the_graph_grows_by_a_node():
    shared = [len(derivative(graph_of(doubled(n), 1.0), 0)) for n in (4, 8, 16, 64)]
    trees = []
    for n in (4, 8, 16, 64):
        made = derivative(graph_of(doubled(n), 1.0), 0)
        trees.append(tree_sizes(made)[made.outputs[0]])
    assert shared[3] - shared[2] == 48 * (shared[1] - shared[0]) / 4
    assert trees[1] > 2**4 * trees[0] / 2
    assert trees[3] > 2**64


def test_a_tree_beyond_the_limit_is_counted_and_not_written():
    made = derivative(graph_of(doubled(40), 1.0), 0)
    with pytest.raises(LimitError) as caught:
        tree(made)
    size = tree_sizes(made)[made.outputs[0]]
    assert str(caught.value) == f"written without sharing this expression has {size:,} nodes, and the limit is 100,000"
    assert size > 2**40
    with pytest.raises(LimitError) as caught:
        tree(graph_of(doubled(20_000), 1.0))
    assert str(caught.value) == "written without sharing this expression has about 10^6020 nodes, and the limit is 100,000"


def test_the_tree_of_a_derivative_has_no_shared_operation():
    written = tree(derivative(graph_of(product(5), 1.0), 0))
    uses = [j for node in written.nodes for j in node.inputs if j not in written.inputs]
    assert len(uses) == len(set(uses))
    assert evaluate(written, {0: np.float64(2.0)})[written.outputs[0]] == 6 * 2.0**5


def test_a_million_operations_have_a_tree_size():
    made = graph_of(product(20_000), 1.0)
    assert tree_sizes(made)[made.outputs[0]] == 40_001


def test_weights_count_what_one_likes():
    graph = graph_of(lambda w, x: sum(cos(matmul(w, x))), np.ones((2, 3)), np.ones(3))
    assert tree_sizes(graph, [0, 0, 12, 2, 2])[graph.outputs[0]] == 16


def test_one_element_of_an_array():
    x = np.array([1.0, 2.0, 3.0])
    made = derivative(graph_of(lambda x: sum(x * x * x), x), 0, element=1)
    assert evaluate(made, {0: x})[made.outputs[0]] == 12.0
