import numpy as np
import pytest
from tests.diff.test_reverse import graph_of

from backlight.core.table import TABLE
from backlight.diff.check import check_grads
from backlight.diff.forward import forward
from backlight.diff.reverse import reverse
from backlight.ops import exp, matmul, neg, sin, sum, tanh
from backlight.run.reference import evaluate

X, W = np.array([0.3, -1.2, 2.0]), np.linspace(-1, 1, 6).reshape(2, 3)


@pytest.mark.parametrize("function", [lambda x: -(x * x), lambda x: neg(sin(x)), lambda x: -x, lambda x: 0.0 - exp(x)])
def test_E13_a_negation_at_the_end_passes_on_the_opposite_gradient(function):
    graph = graph_of(function, 0.7)
    values = {0: np.float64(0.7)}
    written, pushed = reverse(graph), forward(graph, seeds={0: 1.0})
    back = evaluate(written, values)[written.grads[0]]
    assert back != 0.0
    assert back == pytest.approx(evaluate(pushed, values)[pushed.tangents[graph.outputs[0]]], rel=1e-15)
    assert check_grads(graph, values, evaluate).ok


@pytest.mark.parametrize("name", ["sigmoid", "sin", "exp", "relu", "softplus", "square", "atan", "erf"])
def test_U5_another_operation_in_the_graph_and_every_derivative_follows(name):
    graph = graph_of(lambda w, x: sum(tanh(matmul(w, x))), W, X)
    changed = [n._replace(op=TABLE[name]) if n.op.name == "tanh" else n for n in graph.nodes]
    found = check_grads(graph.with_(nodes=tuple(changed)), {0: W, 1: X}, evaluate)
    assert found.ok, str(found)


def test_U5_one_more_node_in_the_graph_and_every_derivative_follows():
    values = {0: W, 1: X}
    for depth in range(1, 4):

        def network(w, x, depth=depth):
            h = matmul(w, x)
            for _ in range(depth):
                h = tanh(h) * 1.5
            return sum(h)

        assert check_grads(graph_of(network, W, X), values, evaluate).ok
