import numpy as np
import pytest
from hypothesis import given, settings
from tests.ops import trial as t
from tests.strategies import graphs

from backlight.core.graph import Graph
from backlight.core.op import Case, Op
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.core.types import type_of
from backlight.diff.forward import forward, push
from backlight.diff.reverse import reverse
from backlight.errors import DifferentiationError, InputError, ShapeError
from backlight.ops import exp, log, matmul, relu, sigmoid, sqrt, stop_gradient, sum, where
from backlight.run.reference import evaluate, run


def graph_of(function, *args):
    """A typed graph of a function of arrays, with inputs x, y, z, …"""
    tape = Tape()
    xs = [tape.input("xyzuvw"[i], type=type_of(np.asarray(a))) for i, a in enumerate(args)]
    out = function(*xs)
    return Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,))


def tangent(function, args, moves):
    """How the function's value moves when its arguments do."""
    values = [np.asarray(a, float)[()] for a in args]
    graph = graph_of(function, *values)
    pushed = forward(graph, seeds=dict(enumerate(moves)))
    return evaluate(pushed, dict(enumerate(values)))[pushed.tangents[graph.outputs[0]]]


@pytest.mark.parametrize(("row", "case"), t.pairs(t.smooth))
def test_reverse_and_forward_mode_agree(row: Op, case: Case):
    tried = t.trial(row, case)
    moves = {i: t.weights(tried.graph.type(i), 2) for i in tried.floats}
    pushed = forward(tried.graph, seeds=moves)
    found = evaluate(pushed, tried.values)
    for out in tried.smooth_outputs:
        tangent = found[pushed.tangents[out]]
        assert type_of(tangent) is tried.graph.type(out)
        seed = t.weights(tried.graph.type(out), 1)
        terms = [t.inner(g, moves[i]) for i, g in zip(tried.floats, tried.gradients(out, seed), strict=True)]
        scale = float(np.sum(np.abs(terms))) + float(np.sum(np.abs(seed * tangent)))  # terms may cancel
        t.assert_close(t.inner(seed, tangent), float(np.sum(terms)), t.STATED["float64"], scale)


@pytest.mark.parametrize(("row", "case"), t.pairs(t.smooth))
def test_one_operand_may_move_alone(row: Op, case: Case):
    tried = t.trial(row, case)
    for i in tried.floats:
        move = t.weights(tried.graph.type(i), 2)
        pushed = forward(tried.graph, seeds={i: move})
        found = evaluate(pushed, tried.values)
        for out in tried.smooth_outputs:
            tangent = found[pushed.tangents[out]]
            seed = t.weights(tried.graph.type(out), 1)
            g = dict(zip(tried.floats, tried.gradients(out, seed), strict=True))[i]
            scale = float(np.sum(np.abs(np.asarray(g) * move))) + float(np.sum(np.abs(seed * tangent)))
            t.assert_close(t.inner(seed, tangent), t.inner(g, move), t.STATED["float64"], scale)


def test_tangents_are_inputs_named_after_what_they_move():
    pushed = forward(graph_of(lambda x, y: x * y, 3.0, 5.0))
    assert pushed.input_names == ("x", "y", "dx", "dy")
    values = {i: np.float64(v) for i, v in zip(pushed.inputs, [3.0, 5.0, 1.0, 10.0], strict=True)}
    assert evaluate(pushed, values)[pushed.tangents[pushed.outputs[0]]] == 35.0


def test_a_name_that_is_taken_gets_another_d():
    graph = graph_of(lambda x, y: x * y, 1.0, 1.0)
    nodes = (graph.nodes[0], graph.nodes[1]._replace(name="dx"), graph.nodes[2])
    assert forward(graph.with_(nodes=nodes)).input_names == ("x", "dx", "ddx", "dddx")


def test_an_input_that_stands_still_costs_nothing():
    graph = graph_of(lambda x, y: x * y + sigmoid(y) * 2.0, 3.0, 5.0)
    pushed = forward(graph, wrt=[0])
    assert [n.op.name for n in pushed.nodes[pushed.forward_count :]] == ["input", "mul"]
    assert {pushed.nodes[i].op.name for i in pushed.tangents} == {"input", "mul", "add"}


def test_an_output_that_stands_still_gets_a_named_zero():
    pushed = forward(graph_of(lambda x, y: x * stop_gradient(y), 1.0, [1.0, 2.0]), wrt=[1])
    node = pushed.nodes[pushed.tangents[pushed.outputs[0]]]
    assert (node.why.kind, node.why.rule, node.why.of) == ("unused", "does not move with the inputs", 3)
    assert node.attr("value").tolist() == [0.0, 0.0]


def test_every_tangent_says_whose_it_is():
    pushed = forward(graph_of(lambda x: exp(x) * x, 1.0))
    whys = [(n.op.name, *n.why[:1], *n.why[2:]) for n in pushed.nodes[pushed.forward_count :]]
    assert whys == [
        ("input", "seed", 0, 0),
        ("mul", "tangent", 1, 1),
        ("mul", "tangent", 2, 1),
        ("mul", "tangent", 2, 2),
        ("total", "tangent", 2, 0),
    ]


@pytest.mark.parametrize(
    ("function", "x"),
    [
        (lambda x: where(x > 0.0, sqrt(x), 0.0), 0.0),
        (lambda x: where(x < 100.0, exp(x), 0.0), 1e3),
        (lambda x: where(x > 0.0, x * log(x), 0.0), 0.0),
        (lambda x: relu(log(x)), 0.0),
    ],
)
def test_a_branch_not_taken_never_makes_a_tangent_nan(function, x):
    assert tangent(function, [x], [1.0]) == 0.0


def test_an_honest_nan_is_not_made_up_into_a_zero():
    assert np.isnan(tangent(lambda x: sqrt(x) ** 2, [0.0], [1.0]))


def test_stretched_operands_move_all_their_copies():
    moved = tangent(lambda x, y: x + y, [np.ones((2, 1)), np.ones(3)], [[[1.0], [2.0]], [10.0, 20.0, 30.0]])
    assert moved.tolist() == [[11.0, 21.0, 31.0], [12.0, 22.0, 32.0]]
    assert tangent(lambda x: x + np.ones((2, 2)), [1.0], [7.0]).tolist() == [[7.0, 7.0], [7.0, 7.0]]


def test_G12_written_gradients_and_values_carried_along_give_the_same_numbers():
    x, w = np.array([0.3, -1.2, 2.0]), np.linspace(-1, 1, 12).reshape(4, 3)
    function = lambda x, w: sum(sigmoid(matmul(w, x)) ** 2)
    moves = [np.array([1.0, -2.0, 0.5]), np.cos(np.arange(12.0)).reshape(4, 3)]
    tape = Tape(values=True)  # carried along: every node that is written has its value at once
    xs = [tape.input("x", x), tape.input("w", w)]
    z = function(*xs)
    seeds = {a.number: tape.constant(m).number for a, m in zip(xs, moves, strict=True)}
    carried = tape.values[push(tape, seeds).tangents[z.number]]
    assert carried == tangent(function, [x, w], moves)


def test_tangents_can_move_again():
    graph = graph_of(lambda x: x**5.0, 2.0)
    values = []
    for _ in range(4):
        graph = forward(graph, wrt=[0], seeds={0: 1.0})
        graph = graph.with_(outputs=(graph.tangents[graph.outputs[0]],), tangents={}, forward=-1)
        values.append(run(graph, {0: np.float64(2.0)}).output.value)
    assert values == [80.0, 160.0, 240.0, 240.0]


def test_float32_stays_float32():
    x = np.ones((2, 3), np.float32)
    pushed = forward(graph_of(lambda v, w: sigmoid(matmul(v, w)), x, np.ones(3, np.float32)))
    assert {pushed.nodes[n].type.dtype.name for n in pushed.tangents.values()} == {"float32"}


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: forward(graph_of(lambda x, y: x * y, 1.0, np.array([1, 2])), wrt=[1]),
            DifferentiationError,
            "node 1 (y) is Vector Int64, and a derivative is taken by floats only: give it as floats",
        ),
        (
            lambda: forward(graph_of(lambda x: x * 2.0, 1.0), seeds={0: [1.0, 2.0]}),
            ShapeError,
            "the tangent has shape (2,), and node 0 has shape ()",
        ),
        (
            lambda: forward(Graph((graph_of(lambda x: x, 1.0).nodes[0]._replace(type=None),), (0,), (0,))),
            InputError,
            "a graph without types cannot be differentiated: give its inputs values first, as in bl.backprop",
        ),
    ],
)
def test_what_cannot_move_is_said(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == message


ROWS = [
    name for name, row in TABLE.items()
    if row.kind == "elementwise" and row.differentiable and not row.variadic and not row.integers
    and all(rule is not None for rule in row.local or (None,))
]  # fmt: skip
CHOICES = [
    (2, lambda x, y: where(x > y, x, y * y)),
    (1, lambda x: where(x > 0.0, sqrt(x), x)),
    (1, lambda x: where(x < 1.0, x, log(x))),
]


@settings(max_examples=50)
@given(graphs(rows=ROWS, pieces=CHOICES, size=8))
def test_reverse_and_forward_agree_on_random_graphs_of_all_rows(sample):
    graph, values = sample
    (out,) = graph.outputs
    if graph.type(out).dtype.kind != "f":
        return
    moves = {i: t.weights(graph.type(i), 2) for i in graph.inputs}
    seed = t.weights(graph.type(out), 1)
    pushed, written = forward(graph, seeds=moves), reverse(graph, seed=seed)
    with np.errstate(all="ignore"):
        tangents, gradients = evaluate(pushed, values), evaluate(written, values)
        tangent = tangents[pushed.tangents[out]]
        terms = [np.asarray(gradients[written.grads[i]]) * moves[i] for i in graph.inputs]
        largest = float(np.max([np.max(np.abs(x), initial=0.0) for x in (*tangents, *gradients, *terms)]))  # NaN if one is
        if np.isfinite(largest):
            gap = abs(t.inner(seed, tangent) - sum_of(terms))
            assert gap <= 1e-13 * len(pushed) * max(largest, 1.0) ** 2


def sum_of(terms):
    return float(np.sum([np.sum(x) for x in terms]))
