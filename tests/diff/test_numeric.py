import numpy as np
import pytest
from hypothesis import given
from tests.diff.test_reverse import graph_of
from tests.strategies import graphs

from backlight.diff.numeric import analytic, measure, slope
from backlight.diff.reverse import reverse
from backlight.errors import DifferentiationError
from backlight.ops import exp, log, relu, sin, sqrt, sum, tanh, where
from backlight.run.reference import evaluate


def measured(function, *args, **more):
    values = [np.asarray(a, float)[()] for a in args]
    return measure(graph_of(function, *values), dict(enumerate(values)), evaluate, **more)


def test_a_complex_step_is_as_good_as_the_function():
    found = measured(lambda x: exp(sin(x)) * log(1.0 + x * x), 1.3)
    x = 1.3
    exact = np.exp(np.sin(x)) * (np.cos(x) * np.log(1 + x * x) + 2 * x / (1 + x * x))
    assert found.gradients[0] == pytest.approx(exact, rel=1e-15)
    assert (found.method, found.evaluations) == ("complex step", 1)
    assert abs(found.gradients[0] - exact) <= found.errors[0]


def test_extrapolation_knows_its_own_error():
    found = measured(lambda x: exp(relu(x)) + 0.0 * relu(-x), 1.3)
    assert found.method == "Richardson"
    assert found.evaluations == 16
    assert abs(found.gradients[0] - np.exp(1.3)) <= found.errors[0] < 1e-10


@pytest.mark.parametrize(
    ("function", "derivative", "at", "relative"),
    [
        (lambda x: np.exp(np.sin(x)), lambda x: np.exp(np.sin(x)) * np.cos(x), 1.3, 1e-11),
        (lambda x: np.log(np.exp(x) + np.exp(x / 2)), lambda x: (1 + np.exp(-x / 2) / 2) / (1 + np.exp(-x / 2)), 30.0, 1e-12),
        (lambda x: x**7 / (1 + x**4), lambda x: (7 * x**6 + 3 * x**10) / (1 + x**4) ** 2, 1e-3, 1e-8),
        (lambda x: x**729, lambda x: 729 * x**728, 1.01, 1e-8),
        (lambda x: x / 3, lambda x: 1 / 3, 1e200, 1e-9),
        (np.sqrt, lambda x: 0.5 / np.sqrt(x), 1e-6, 1e-8),
        (np.log, lambda x: 1 / x, 0.01, 1e-9),
        (np.sin, np.cos, 1e6, 1e-9),
        (np.cos, lambda x: -np.sin(x), 0.0, 0.0),
    ],
)
def test_slopes_of_difficult_functions_are_within_their_error(function, derivative, at, relative):
    with np.errstate(all="ignore"):
        value, error, _ = slope(function, at)
    assert abs(value - derivative(at)) <= error
    assert abs(value - derivative(at)) <= relative * abs(derivative(at)) + 1e-13 * (relative == 0.0)


def test_what_cancels_to_nothing_does_not_claim_to_be_exact():
    value, error, _ = slope(np.tanh, 18.0)  # the true slope is 9.3e-16, and tanh is 1 to the last digit
    assert abs(value - 9.278e-16) <= error
    assert error > 1e-16


def test_a_place_beyond_the_domain_gives_nan_and_an_infinite_error():
    with np.errstate(all="ignore"):
        value, error, _ = slope(np.log, -1.0)
    assert np.isnan(value)
    assert error == np.inf


def test_arrays_are_measured_element_by_element_and_outputs_summed_or_weighted():
    x, y = np.array([[0.3, -1.0], [2.0, 0.7]]), np.array([1.5, -0.5])
    found = measured(lambda x, y: tanh(x * y), x, y, seed=[[1.0, 2.0], [3.0, 4.0]])
    slope = (1 - np.tanh(x * y) ** 2) * [[1.0, 2.0], [3.0, 4.0]]
    np.testing.assert_allclose(found.gradients[0], slope * y, rtol=1e-14)
    np.testing.assert_allclose(found.gradients[1], (slope * x).sum(0), rtol=1e-14)
    assert found.evaluations == 6


def test_some_places_may_be_picked():
    found = measured(lambda x: sum(where(x > 0.0, x * x, 0.0)), np.array([1.0, 2.0, 3.0]), elements={0: [1]})
    assert np.isnan(found.gradients[0][[0, 2]]).all()
    assert found.gradients[0][1] == pytest.approx(4.0, rel=1e-10)


def test_float32_is_measured_in_float64():
    x = np.float32(1.3)
    found = measure(graph_of(lambda x: sqrt(x), x), {0: x}, evaluate)
    assert found.gradients[0] == pytest.approx(0.5 / np.sqrt(float(x)), rel=1e-15)


def test_an_input_that_the_output_ignores_is_not_measured():
    found = measured(lambda x, y: x * 2.0, 1.0, 2.0)
    assert (found.gradients[1], found.evaluations) == (0.0, 1)


def test_only_what_lies_on_the_way_must_be_analytic():
    graph = graph_of(lambda x, y: x * relu(y), 1.0, 2.0)
    assert analytic(graph, graph.outputs[0], [0])
    assert not analytic(graph, graph.outputs[0], [0, 1])


@given(graphs(size=8))
def test_V7_measured_and_reverse_gradients_agree_on_random_graphs(sample):
    graph, values = sample
    found = measure(graph, values, evaluate)
    written = reverse(graph)
    results = evaluate(written, values)
    size = max(float(np.max(np.abs(r), initial=1.0)) for r in results)
    for i in graph.inputs:
        if i in found.gradients and np.isfinite(size) and size < 1e6:
            room = 64 * found.errors[i] + 1e-9 * size
            assert np.all(np.abs(found.gradients[i] - results[written.grads[i]]) <= room)


def test_what_cannot_be_measured_is_said():
    with pytest.raises(DifferentiationError) as caught:
        measured(lambda x: x > 0.0, 1.0)
    assert str(caught.value) == "node 2 is Bool, and only real floats can be measured: take its real part, or its size"
