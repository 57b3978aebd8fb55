import numpy as np
import pytest
from tests.diff.test_reverse import graph_of

from backlight.errors import DifferentiationError
from backlight.explain.ways import Way, Ways, cost, growth, ways
from backlight.ops import exp, lgamma, matmul, relu, sigmoid, sin, sum, tanh

NAMES = ["numeric", "symbolic, unshared", "symbolic, shared", "forward", "reverse"]
W, X = np.linspace(-1, 1, 9).reshape(3, 3), np.array([0.1, 0.2, 0.3])


def network(x, w):
    return sum(sigmoid(matmul(w, sigmoid(matmul(w, x)))))


def powers(n):
    def f(x):
        for _ in range(n):
            x = x * x
        return x

    return f


def test_U4_all_ways_side_by_side():
    found = ways(graph_of(network, X, W), {0: X, 1: W})
    assert [way.name for way in found.ways] == NAMES
    assert (len(found.parameters), found.total) == (12, 12)
    assert found.parameters[2:5] == ("x[2]", "y[0, 0]", "y[0, 1]")
    for way in found.ways:
        assert way.gradients == pytest.approx(found["reverse"].gradients, rel=1e-9)
        assert way.error < (1e-9 if way.name == "numeric" else 1e-14)
        assert way.operations > 0
        assert way.time_s > 0
    assert found["reverse"].operations < found["forward"].operations < found["numeric"].operations
    assert found["symbolic, shared"].size < found["symbolic, unshared"].size
    assert found["symbolic, shared"].steps


def test_U4_how_each_way_grows_with_the_number_of_parameters():
    steps = growth(graph_of(network, X, W), {0: X, 1: W})
    assert [len(step.parameters) for step in steps] == [1, 2, 4, 8, 12]
    runs = {name: [step[name].operations for step in steps] for name in NAMES}
    assert runs["reverse"][2:] == [runs["reverse"][4]] * 3
    assert runs["forward"][4] == 3 * runs["forward"][2]
    assert runs["symbolic, unshared"] == sorted(runs["symbolic, unshared"])


def test_a_tree_that_is_too_large_is_counted_and_not_written():
    found = ways(graph_of(powers(60), 1.0), {0: np.float64(1.0)})
    tree = found["symbolic, unshared"]
    assert (tree.gradients, tree.error, tree.time_s, tree.note) == (None, None, None, "too large to write out")
    assert tree.size > 2**60
    assert found["symbolic, shared"].size < 200
    assert found["reverse"].gradients == (2.0**60,)


def test_the_error_is_against_more_digits_than_the_ways_have():
    found = ways(graph_of(lambda x: exp(sin(x)) / x, 0.7), {0: np.float64(0.7)})
    if np.finfo(np.longdouble).eps < np.finfo(np.float64).eps:
        assert found.reference == "reverse mode in extended precision"
        assert 0.0 < max(way.error for way in found.ways) < 1e-15
    else:
        assert found.reference == "reverse mode"


def test_an_array_counts_as_its_sum_and_some_parameters_as_all_that_were_asked_for():
    x = np.arange(1.0, 101.0)
    found = ways(graph_of(lambda x: x * x, x), {0: x}, most=5)
    assert found.value == np.sum(x * x)
    assert found["forward"].gradients == (2.0, 4.0, 6.0, 8.0, 10.0)
    assert str(found).startswith("the gradient by 5 of 100 parameters\n")


def test_a_kink_is_taken_as_the_table_says_and_measured_as_it_is():
    found = ways(graph_of(lambda x: relu(x) * 3.0, 0.0), {0: np.float64(0.0)})
    assert [found[name].gradients for name in NAMES[1:]] == [(0.0,)] * 4
    assert found["numeric"].gradients == (pytest.approx(1.5),)


def test_operations_are_what_rows_say_and_else_elements():
    graph = graph_of(lambda w, x: sum(tanh(matmul(w, x.T.T))), W, X)
    assert [(n.op.name, c) for n, c in zip(graph.nodes, cost(graph), strict=True)] == [
        ("input", 0), ("input", 0), ("transpose", 0), ("transpose", 0), ("matmul", 18), ("tanh", 3), ("sum", 3),
    ]  # fmt: skip


def test_the_table_lines_up():
    found = Ways(
        ("x",), 1, 4.0, "reverse mode",
        (
            Way("symbolic, unshared", None, None, 10**20, 3 * 10**20, None, "too large to write out"),
            Way("reverse", (4.0,), 0.0, 3, 5, 1.5e-3, "1 run"),
        ),
    )  # fmt: skip
    assert str(found) == (
        "the gradient by 1 parameter\n"
        "                    d/dx    error   operations   expression    time\n"
        "symbolic, unshared     –        –  about 10^19  about 10^20       –  too large to write out\n"
        "reverse                4  0.0e+00            3            5  1.5 ms  1 run\n"
        "error: the largest, relative to reverse mode"
    )


def test_what_cannot_be_compared_is_said():
    with pytest.raises(DifferentiationError) as caught:
        ways(graph_of(lambda x: x > 0.0, 1.0), {0: np.float64(1.0)})
    assert str(caught.value) == (
        "node 2 (greater) is Bool, and the ways are compared on real floats: differentiate one of those instead"
    )


def test_whole_numbers_are_no_parameters():
    with pytest.raises(DifferentiationError) as caught:
        ways(graph_of(lambda x: sin(x), np.int64(1)), {0: np.int64(1)})
    assert str(caught.value) == "there is no input of real floats to differentiate by: give one, as in x=1.0"


def test_float32_is_compared_too():
    x = np.array([0.5, 2.0], np.float32)
    found = ways(graph_of(lambda x: tanh(x) * x, x), {0: x})
    assert all(way.error < 1e-6 for way in found.ways)


def test_a_row_that_computes_in_64_bits_is_no_judge_of_64_bits():
    found = ways(graph_of(lambda x: lgamma(x), 1.5), {0: np.float64(1.5)})
    assert found.reference == "reverse mode"


def test_numbers_beyond_those_of_float64_are_no_reason_to_warn():
    found = ways(graph_of(lambda x: 2.0 / (x * 0.5), 1e-200), {0: np.float64(1e-200)})
    assert not np.isfinite(found["reverse"].gradients[0])
