import gc

import numpy as np
import pytest

from backlight.core.graph import Graph, Part
from backlight.core.tape import Tape
from backlight.core.types import type_of
from backlight.diff.reverse import pull, reverse
from backlight.diff.walk import Walk
from backlight.errors import DifferentiationError, InputError, ShapeError
from backlight.ops import exp, log, matmul, relu, sigmoid, sqrt, sum, where
from backlight.run.reference import run


def graph_of(function, *args):
    """A typed graph of a function of arrays, with inputs x, y, z, …"""
    tape = Tape()
    xs = [tape.input("xyzuvw"[i], type=type_of(np.asarray(a))) for i, a in enumerate(args)]
    out = function(*xs)
    return Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,))


def gradients(function, *args, **more):
    values = [np.asarray(a, float)[()] for a in args]
    made = run(reverse(graph_of(function, *values), **more), dict(enumerate(values)))
    return [made[i].gradient for i in range(len(values))]


def test_U1_the_product_of_a_sum():
    assert gradients(lambda x, y, z: (x + y) * z, -2.0, 5.0, -4.0) == [-4.0, -4.0, 3.0]


def test_E6_x_times_x_is_one_input_with_two_edges_whose_gradients_are_summed():
    made = run(reverse(graph_of(lambda x: x * x, 3.0)), {0: np.float64(3.0)})
    assert made["x"].gradient == 6.0
    assert [(e.operand, e.to, e.downstream) for e in made.output.parts] == [(1, 0, 3.0), (2, 0, 3.0)]
    node = made.graph.nodes[made.graph.grads[0]]
    assert (node.op.name, node.why.kind, node.why.of) == ("total", "sum", 0)


def test_an_input_that_the_output_ignores_gets_a_named_zero():
    graph = reverse(graph_of(lambda x, y: x * 2.0, 1.0, [1.0, 2.0]))
    why = graph.nodes[graph.grads[1]].why
    assert (why.kind, why.rule, why.of) == ("unused", "not on a path to the output", 1)
    assert run(graph, {0: np.float64(1), 1: np.ones(2)})["y"].gradient.tolist() == [0.0, 0.0]


def test_a_stretched_operand_gets_the_sum_over_its_copies():
    row, column = gradients(lambda x, y: sum(x * y), np.ones(3), [[2.0], [5.0]])
    assert row.tolist() == [7.0, 7.0, 7.0]
    assert column.tolist() == [[3.0], [3.0]]


@pytest.mark.parametrize(
    ("function", "x", "gradient"),
    [
        (lambda x: where(x > 0.0, sqrt(x), 0.0), 0.0, 0.0),
        (lambda x: where(x < 100.0, exp(x), 0.0), 1e3, 0.0),
        (lambda x: where(x > 0.0, x * log(x), 0.0), 0.0, 0.0),
        (lambda x: relu(log(x)), 0.0, 0.0),
        (lambda x: where(x > 0.0, sqrt(x), x), 0.0, 1.0),
        (lambda x: where(x > 0.0, log(x * 2.0) + 1.0, 3.0 * x), 0.0, 3.0),
    ],
)
def test_a_branch_not_taken_never_makes_a_gradient_nan(function, x, gradient):
    assert gradients(function, x) == [gradient]


def test_the_mask_follows_arrays_through_stretching_sums_and_shapes():
    x = np.array([4.0, 0.0])
    (got,) = gradients(lambda v: sum(where(v > 0.0, sqrt(v), 0.0)), x)
    assert got.tolist() == [0.25, 0.0]
    (got,) = gradients(lambda v: sum(where((v > 0.0), sqrt(v) + np.zeros((3, 2)), 0.0)), x)
    assert got.tolist() == [0.75, 0.0]


def test_an_honest_nan_is_not_made_up_into_a_zero():
    assert np.isnan(gradients(lambda x: sqrt(x) ** 2, 0.0)[0])
    assert np.isnan(gradients(lambda x: where(x >= 0.0, sqrt(x) ** 2, 0.0), 0.0)[0])


def test_masked_gradients_can_be_differentiated_again():
    first = reverse(graph_of(lambda x: where(x > 0.0, sqrt(x), 0.0), 4.0))
    second = reverse(first.with_(outputs=(first.grads[0],)))
    assert run(second, {0: np.float64(4.0)})[0].gradient == pytest.approx(-1 / 32, rel=1e-15)
    assert run(second, {0: np.float64(0.0)})[0].gradient == 0.0


def test_gradients_can_be_differentiated_to_any_order():
    graph, value = graph_of(lambda x: x**5.0, 2.0), []
    for _ in range(5):
        graph = reverse(graph)
        graph = graph.with_(outputs=(graph.grads[0],))
        value.append(run(graph, {0: np.float64(2.0)}).output.value)
    assert value == [80.0, 160.0, 240.0, 240.0, 120.0]


def test_the_seed_is_ones_unless_given():
    x = np.array([1.0, 2.0])
    assert gradients(lambda v: v * v, x)[0].tolist() == [2.0, 4.0]
    assert gradients(lambda v: v * v, x, seed=[10.0, 0.5])[0].tolist() == [20.0, 2.0]


def test_float32_stays_float32():
    x = np.ones((2, 3), np.float32)
    graph = reverse(graph_of(lambda v, w: sigmoid(matmul(v, w)), x, np.ones(3, np.float32)))
    assert {graph.nodes[g].type.dtype.name for g in graph.grads.values()} == {"float32"}


def test_operands_of_two_dtypes_get_gradients_of_their_own():
    graph = reverse(graph_of(lambda v, w: v * w, np.ones(2, np.float32), np.ones(2)))
    assert [graph.nodes[graph.grads[i]].type.dtype.name for i in (0, 1)] == ["float32", "float64"]


def long_graph(n):
    """Products, sums, squares, powers and stretched operands, each several times, some with constants."""
    tape = Tape()
    x, y = (tape.input(name, type=type_of(1.0)) for name in "xy")
    a, b = x, y
    for i in range(n):
        a, b = (a * b + y, b * 0.5 - a) if i % 3 else (a**2 / (a * a + 2.0), sigmoid(a) + b / (b * b + 1.5))
    out = a * b
    return Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,))


def test_a_rule_written_from_its_template_is_the_same_as_the_rule(monkeypatch):
    graph = long_graph(40)
    quick = reverse(graph)
    monkeypatch.setattr(Walk, "template_key", lambda self, node, i, g: None)
    slow = reverse(graph)
    values = {0: np.float64(0.7), 1: np.float64(-0.4)}
    a, b = run(quick, values), run(slow, values)
    assert set(quick.grads) == set(slow.grads)
    assert [a[i].gradient for i in quick.grads] == [b[i].gradient for i in quick.grads]
    assert {e: tuple(map(a.value, p)) for e, p in quick.parts.items()} == {e: tuple(map(b.value, p)) for e, p in slow.parts.items()}
    assert [n.why for n in quick.nodes if n.op.name != "const"] == [n.why for n in slow.nodes if n.op.name != "const"]


def test_on_a_tape_with_values_gradients_have_values_at_once():
    tape = Tape(values=True)
    x = tape.input("x", 2.0)
    z = x
    for _ in range(10):
        z = z * x
    seed = tape.constant(1.0, np.float64)
    walk = pull(tape, {z.number: seed.number}, [x.number])
    assert tape.values[walk.grads[x.number]] == 11 * 2.0**10


def test_upstream_times_local_is_downstream_on_every_edge():
    x, y = np.array([0.3, -2.0]), np.float64(1.5)
    made = run(reverse(graph_of(lambda x, y: sum(sigmoid(x * y) - x / y), x, y)), {0: x, 1: y})
    edges = [edge for window in made for edge in window.parts]
    assert len(edges) == 8
    for edge in edges:
        if edge.local is not None:
            product = np.asarray(edge.upstream * edge.local)
            shape = np.shape(edge.downstream)
            assert np.allclose(product.sum() if shape == () else product, edge.downstream, rtol=1e-15)


def test_parts_are_found_by_consumer_and_operand():
    graph = reverse(graph_of(lambda x, y: x * y, 1.0, 2.0))
    assert dict(graph.parts) == {(2, 1): Part(3, 1, 4), (2, 2): Part(3, 0, 5)}
    assert repr(graph.parts) == "<parts of 2 edges>"


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: reverse(graph_of(lambda x: x > 0.0, 1.0)),
            DifferentiationError,
            "node 2 (greater) is Bool, and only floats have a derivative: differentiate a float instead",
        ),
        (
            lambda: reverse(graph_of(lambda x, y: x * y, 1.0, np.array([1, 2])), wrt=[1]),
            DifferentiationError,
            "node 1 (y) is Vector Int64, and a derivative is taken by floats only: give it as floats",
        ),
        (
            lambda: reverse(graph_of(lambda x: x * 2.0, 1.0), seed=[1.0, 2.0]),
            ShapeError,
            "the upstream gradient has shape (2,), and node 2 has shape ()",
        ),
        (
            lambda: reverse(Graph((graph_of(lambda x: x, 1.0).nodes[0]._replace(type=None),), (0,), (0,))),
            InputError,
            "a graph without types cannot be differentiated: give its inputs values first, as in bl.backprop",
        ),
    ],
)
def test_what_has_no_derivative_is_said(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == message


def test_the_collector_is_left_as_it_was():
    assert gc.isenabled()
    reverse(long_graph(5))
    assert gc.isenabled()
