import numpy as np
import pytest
from hypothesis import given
from tests.diff.test_reverse import graph_of
from tests.strategies import graphs

from backlight.diff.check import Agreement, check_grads
from backlight.diff.order import higher
from backlight.errors import ValueError as OurValueError
from backlight.ops import cos, exp, matmul, relu, sigmoid, sin, sum, tanh
from backlight.run.reference import evaluate

X = 0.7
S = 1 / (1 + np.exp(-X))
T = np.tanh(X)
# f, and its first three derivatives at X in closed form
CLOSED = [
    (lambda x: x**5.0, [5 * X**4, 20 * X**3, 60 * X**2]),
    (lambda x: sin(x), [np.cos(X), -np.sin(X), -np.cos(X)]),
    (lambda x: exp(x * x), [np.exp(X * X) * p for p in (2 * X, 2 + 4 * X**2, 12 * X + 8 * X**3)]),
    (lambda x: sigmoid(x), [S * (1 - S), S * (1 - S) * (1 - 2 * S), S * (1 - S) * (1 - 6 * S + 6 * S * S)]),
    (lambda x: tanh(x), [1 - T**2, -2 * T * (1 - T**2), (1 - T**2) * (6 * T**2 - 2)]),
    (lambda x: 1.0 / x, [-1 / X**2, 2 / X**3, -6 / X**4]),
    (lambda x: x * cos(x), [np.cos(X) - X * np.sin(X), -2 * np.sin(X) - X * np.cos(X), X * np.sin(X) - 3 * np.cos(X)]),
    (lambda x: relu(x) * x, [2 * X, 2.0, 0.0]),
]


@pytest.mark.parametrize(("function", "closed"), CLOSED)
def test_the_first_three_orders_have_their_closed_form(function, closed):
    made = higher(graph_of(function, X), order=3)
    found = evaluate(made.graph, {0: np.float64(X)})
    np.testing.assert_allclose([found[n] for n in made.nodes[1:]], closed, rtol=1e-13, atol=1e-15)


def test_a_fourth_derivative_by_one_of_two_inputs():
    made = higher(graph_of(lambda x, y: exp(2.0 * x) * y, 0.5, 3.0), order=4)
    assert evaluate(made.graph, {0: np.float64(0.5), 1: np.float64(3.0)})[made.nodes[4]] == pytest.approx(16 * 3 * np.e, rel=1e-14)


def test_over_arrays_each_order_is_the_gradient_of_the_sum_of_the_one_before():
    x = np.array([1.0, 2.0, -3.0])
    made = higher(graph_of(lambda x: sum(x) ** 3.0 + sum(x * x), x), order=2)
    assert evaluate(made.graph, {0: np.array([1.0, 2.0, 3.0])})[made.nodes[2]].tolist() == [6 * 6 * 3 + 2.0] * 3


def test_an_order_below_one_is_refused():
    with pytest.raises(OurValueError) as caught:
        higher(graph_of(lambda x: x * x, 1.0), order=0)
    assert str(caught.value) == "the order of a derivative is 1, 2, 3, …, and 0 was asked for"


def test_reverse_forward_and_measured_agree_to_the_third_order():
    w, x = np.linspace(-1, 1, 6).reshape(2, 3), np.array([0.3, -1.2, 2.0])
    found = check_grads(graph_of(lambda w, x: tanh(matmul(w, x)), w, x), {0: w, 1: x}, evaluate, 3)
    assert found.ok, str(found)
    assert [a.order for a in found.orders] == [1, 2, 3]


@given(graphs(size=6))
def test_V7_two_orders_agree_on_random_graphs(sample):
    found = check_grads(*sample, evaluate)
    for order in found.orders:
        assert order.ok or not np.isfinite(order.scale) or order.scale > 1e6, str(found)


def test_a_kink_is_found_out():
    found = check_grads(graph_of(lambda x: relu(x), 0.0), {0: np.float64(0.0)}, evaluate, 1)
    assert not found.ok


def test_the_answer_is_readable():
    good, bad = Agreement(1, 2.0, 2.0, 2.0, 1e-12, 4.0), Agreement(2, 2.0, 2.5, 2.0, 1e-12, 4.0)
    assert str(good) == "order 1: reverse 2, forward 2, measured 2 ± 1e-12: agree"
    assert str(bad) == "order 2: reverse 2, forward 2.5, measured 2 ± 1e-12: DISAGREE"
