"""Choices, loops and blocks against the same thing in plain Python: values, derivatives of any order, batches, compiled."""

import json
import tracemalloc
from dataclasses import dataclass

import numpy as np
import pytest

import backlight as bl
from backlight.core.table import TABLE
from backlight.errors import DTypeError, GraphError, InputError, ShapeError
from backlight.show.opened import opened

XS = np.array([0.3, -0.2, 1.1, 0.7])


@dataclass(frozen=True)
class State:
    x: object
    v: object


def looped(step, carry, xs, order=None):
    """scan, written out."""
    kept = []
    for x in xs if order is None else order:
        carry, y = step(carry, x)
        kept.append(y)
    return carry, kept


def plain_scan(r):
    c, ys = looped(lambda c, x: (np.sin(r * c) + x, c * c), 1.0, XS)
    return c + sum(ys)


def graph_scan(r):
    c, ys = bl.scan(lambda c, x: (np.sin(r * c) + x, c * c), 1.0, XS)
    return c + np.sum(ys)


def plain_nested(r):
    state = {"p": (r, r * 2.0), "q": [1.0]}
    for x in XS[::-1]:
        state = {"p": (state["p"][0] * x, state["p"][1] + state["q"][0]), "q": [state["q"][0] * r]}
    return state["p"][0] + state["p"][1]


def graph_nested(r):
    def step(s, x):
        return {"p": (s["p"][0] * x, s["p"][1] + s["q"][0]), "q": [s["q"][0] * r]}, None

    end, nothing = bl.scan(step, {"p": (r, r * 2.0), "q": [1.0]}, XS, reverse=True)
    assert nothing is None
    return end["p"][0] + end["p"][1]


def plain_physics(r):
    x, v = 1.0, 0.0
    for _ in range(20):
        v = v - 0.1 * r * x
        x = x + 0.1 * v
    return x * v


def graph_physics(r):
    def step(s, _):
        v = s.v - 0.1 * r * s.x
        return State(s.x + 0.1 * v, v), None

    end, _ = bl.scan(step, State(1.0, 0.0), length=20)
    return end.x * end.v


def plain_loops(r):
    total = 0.0
    for a in XS:
        inner = r
        for b in XS:
            inner = np.tanh(inner * a) + b
        total = total + inner * inner
    return total


def graph_loops(r):
    def outer(total, a):
        inner, _ = bl.scan(lambda c, b: (np.tanh(c * a) + b, None), r, XS)
        return total + inner * inner, None

    return bl.scan(outer, 0.0, XS)[0]


def plain_while(r):
    x, n = r * 1.0, 0
    while x < 50.0:
        x, n = x * (r + 1.0) + 0.1, n + 1
    return x * n


def graph_while(r):
    x, n = bl.while_loop(lambda s: s[0] < 50.0, lambda s: (s[0] * (r + 1.0) + 0.1, s[1] + 1), (r * 1.0, 0))
    return x * n


def plain_cond(r):
    return np.sin(r) * r if r > 0.5 else r * r * 3.0


def graph_cond(r):
    return bl.cond(r > 0.5, lambda r: np.sin(r) * r, lambda r: r * r * 3.0, r)


def plain_block(r):
    return np.exp(np.sin(r) * r) * r


def graph_block(r):
    return bl.checkpoint(lambda x: np.exp(np.sin(x) * r))(r) * r


PAIRS = [
    pytest.param(plain, graph, id=graph.__name__[6:])
    for plain, graph in [
        (plain_scan, graph_scan), (plain_nested, graph_nested), (plain_physics, graph_physics), (plain_loops, graph_loops),
        (plain_while, graph_while), (plain_cond, graph_cond), (plain_block, graph_block),
    ]
]  # fmt: skip
POINTS = np.array([0.4, 0.7, 1.3])


@pytest.mark.parametrize(("plain", "graph"), PAIRS)
def test_values_and_derivatives_are_those_of_the_loop_written_out(plain, graph):
    for r in POINTS:
        f, g = plain, graph
        for _ in range(4):
            assert float(g(r)) == pytest.approx(float(f(r)), rel=1e-11)
            f, g = bl.grad(f), bl.grad(g)
        assert bl.jvp(graph, (r,), (2.0,))[1] == pytest.approx(2.0 * bl.grad(plain)(r), rel=1e-11)
        push = bl.linearize(graph, r)[1]
        assert push(2.0) == pytest.approx(2.0 * bl.grad(plain)(r), rel=1e-11)
        assert bl.backprop(graph, r)["r"].gradient == pytest.approx(bl.grad(plain)(r), rel=1e-11)


@pytest.mark.parametrize(("plain", "graph"), PAIRS)
def test_a_batch_of_them_is_the_stack_of_each(plain, graph):
    assert bl.vmap(graph)(POINTS) == pytest.approx([float(plain(r)) for r in POINTS], rel=1e-12)
    slopes = [float(bl.grad(plain)(r)) for r in POINTS]
    assert bl.vmap(bl.grad(graph))(POINTS) == pytest.approx(slopes, rel=1e-11)
    assert bl.grad(lambda rs: np.sum(bl.vmap(graph)(rs)))(POINTS) == pytest.approx(slopes, rel=1e-11)


@pytest.mark.parametrize(("plain", "graph"), PAIRS)
def test_they_compile(plain, graph):
    f = bl.compile(bl.value_and_grad(graph))
    for r in [*POINTS, *POINTS[::-1]]:
        value, slope = f(r)
        assert value == pytest.approx(float(plain(r)), rel=1e-12)
        assert slope == pytest.approx(float(bl.grad(plain)(r)), rel=1e-11)


@pytest.mark.parametrize(("plain", "graph"), PAIRS)
def test_what_shows_and_saves_a_run_takes_them(plain, graph, tmp_path):
    run = bl.backprop(graph, 0.7)
    run.save(tmp_path / "a.run")
    again = bl.load_run(tmp_path / "a.run")
    assert again["r"].gradient == run["r"].gradient
    (number, *_) = (i for i, node in enumerate(again.graph.nodes) if node.op.kind == "control")
    name = again.graph.nodes[number].op.name
    np.testing.assert_equal(bl.run(again.graph, 0.7).value(number), run.value(number))
    assert json.loads(run.json())["nodes"][number]["op"] == name
    for ending in ("svg", "html", "dot", "txt"):
        bl.show(run, tmp_path / f"a.{ending}")
    assert name in str(run)
    assert name in str(bl.explain(run, of=number))
    assert str(bl.explain(run)).count("\n") > 2


@pytest.mark.parametrize("graph", [graph_scan, graph_nested, graph_physics, graph_loops, graph_cond, graph_block])
def test_the_box_can_be_opened_into_what_is_inside(graph):
    made = bl.trace(graph)(0.7)
    (number, *_) = (i for i, node in enumerate(made.nodes) if node.op.kind == "control")
    within = opened(made, number)
    assert len(within.nodes) > len(made.nodes)
    assert within(0.7) == pytest.approx(made(0.7), rel=1e-14)


def test_the_branch_not_taken_sends_back_nothing():
    f = lambda x: bl.cond(x > 0.0, np.sqrt, lambda x: 0.0 * x, x)
    assert bl.grad(f)(0.0) == 0.0
    assert bl.vmap(bl.grad(f))(np.array([4.0, 0.0, -1.0])).tolist() == [0.25, 0.0, 0.0]
    assert bl.grad(lambda x: bl.cond(x > 0.0, lambda: np.sqrt(x), lambda: 0.0))(0.0) == 0.0


def test_carried_whole_numbers_and_sequences_in_nests():
    def step(s, x):
        k, total = s
        return (k + 1, total + x["a"] * k), {"k": k}

    (k, total), kept = bl.scan(step, (0, 0), {"a": np.array([1.0, 2.0, 3.0]), "b": np.ones((3, 2))})
    assert (k.dtype, k, total) == (np.int64, 3, 8.0)
    assert kept["k"].tolist() == [0, 1, 2]
    assert bl.scan(lambda c, x: (c + x, None), 0, np.zeros(0))[0] == 0.0
    product = lambda xs: bl.scan(lambda c, x: (c * x, None), 1.0, xs)[0]
    assert bl.grad(product)(np.array([2.0, 3.0, 4.0])).tolist() == [12.0, 8.0, 6.0]
    power = lambda w: np.sum(bl.scan(lambda c, _: (w @ c, None), np.ones(2), length=3)[0])
    assert bl.grad(power)(np.eye(2)).tolist() == [[3.0, 3.0], [3.0, 3.0]]


def test_a_loop_traced_and_run_with_other_values_counts_its_steps_anew():
    graph = bl.trace(graph_while)(0.7)
    assert graph(0.2) == pytest.approx(float(plain_while(0.2)), rel=1e-13)
    run = bl.backprop(graph_while, 0.7)
    there = bl.run(run.graph, 0.2)
    assert float(there[run.graph.grads[run.graph.inputs[0]]].value) == pytest.approx(float(bl.grad(plain_while)(0.2)), rel=1e-11)


# The gradient of a loop that takes 4, 3, 7 and no steps, whoever runs it.
POWERS = [3.0, 4.0, 2.0, 100.0]
SLOPES = [5 * 3.0**4, 4 * 4.0**3, 7 * 2.0**6, 1.0]


def power(x):
    return bl.while_loop(lambda c: c < 100.0, lambda c: c * x, x)


def test_reverse_mode_goes_back_as_many_steps_as_the_loop_takes(tmp_path):
    first = bl.trace(bl.grad(power))(POWERS[0])
    assert [float(first(x)) for x in POWERS] == SLOPES
    compiled = bl.compile(bl.grad(power))
    assert [float(compiled(x)) for x in POWERS] == SLOPES
    assert bl.vmap(bl.grad(power))(np.array(POWERS)).tolist() == SLOPES
    assert bl.grad(lambda xs: np.sum(bl.vmap(power)(xs)))(np.array(POWERS)).tolist() == SLOPES
    assert [float(bl.jacobian(power)(x)) for x in POWERS] == SLOPES
    assert [float(bl.hessian(power)(x)) for x in POWERS] == [20 * 3.0**3, 12 * 4.0**2, 42 * 2.0**5, 0.0]
    assert bl.vmap(bl.grad(bl.grad(power)))(np.array(POWERS)).tolist() == [20 * 3.0**3, 12 * 4.0**2, 42 * 2.0**5, 0.0]
    run = bl.backprop(power, POWERS[0])
    run.save(tmp_path / "run.backlight")
    loaded = bl.load_run(tmp_path / "run.backlight").graph
    assert [float(bl.run(loaded, x)[loaded.grads[loaded.inputs[0]]].value) for x in POWERS] == SLOPES


def test_each_step_of_a_loop_may_hold_a_loop_of_its_own_length():
    def inside(xs):
        return bl.scan(lambda c, x: (c + power(x), None), 0.0, xs)[0]

    assert bl.grad(inside)(np.array(POWERS)).tolist() == SLOPES
    assert np.diag(bl.hessian(inside)(np.array(POWERS))).tolist() == [20 * 3.0**3, 12 * 4.0**2, 42 * 2.0**5, 0.0]
    assert bl.grad(lambda x: bl.cond(x > 2.5, power, lambda x: x * x, x))(3.0) == SLOPES[0]


def peak(call):
    tracemalloc.start()
    call()
    found = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return found


def test_memory_of_a_loop_grows_with_its_steps_and_not_with_what_is_inside():
    x = np.linspace(0.1, 1.0, 2000)

    def of(count, inside):
        def step(c, _):
            for _ in range(inside):
                c = np.sin(c)
            return c, None

        return peak(lambda: bl.grad(lambda x: np.sum(bl.scan(step, x, length=count)[0]))(x))

    of(4, 2)
    short, long = of(50, 2), of(200, 2)
    assert long < 5 * short  # four times the steps, not sixteen
    assert of(200, 12) < 1.5 * long  # six times as much inside


def test_memory_of_a_checkpointed_chain_grows_with_its_ends():
    x = np.linspace(0.1, 1.0, 20_000)

    def stage(y):
        for _ in range(10):
            y = np.sin(y)
        return y

    def chain(stage):
        def f(x):
            for _ in range(10):
                x = stage(x)
            return np.sum(x)

        return lambda: bl.grad(f)(x)

    chain(stage)()
    assert bl.grad(lambda x: np.sum(bl.checkpoint(stage)(x)))(x).tolist() == bl.grad(lambda x: np.sum(stage(x)))(x).tolist()
    assert peak(chain(bl.checkpoint(stage))) < 0.4 * peak(chain(stage))  # kept: 10 ends of stages, not 100 values


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bl.cond(True, lambda x: (x, x), lambda x: x, 1.0), ShapeError,
         "cond: both branches must return the same nest, and they return 0, 1 and one array"),
        (lambda: bl.cond(True, lambda x: np.stack([x, x]), lambda x: x, 1.0), ShapeError,
         "cond: both branches must give the same types, and they give Vector Float64 (2,) and Float64 ()"),
        (lambda: bl.cond(np.ones(2) > 0, lambda: 1.0, lambda: 2.0), DTypeError,
         "cond: the question must be a single truth value, and it is Vector Bool (2,)"),
        (lambda: bl.cond(True, lambda x: x, lambda x: x, "word"), InputError,
         "cond: x is str 'word', and numbers are needed: take it from outside"),
        (lambda: bl.scan(lambda c, x: c, 0.0, np.ones(3)), InputError,
         "scan: the step must return the next carry and what to keep, and it returned Array"),
        (lambda: bl.scan(lambda c, x: (c, x), 0.0), InputError, "scan: how many steps? give xs, or length"),
        (lambda: bl.scan(lambda c, x: (c, x), 0.0, 1.0), ShapeError, "scan: x has no axis to take slices of: it is Float64 ()"),
        (lambda: bl.scan(lambda c, x: (c, x), 0.0, np.ones(3), 2), ShapeError,
         "scan: the numbers of steps differ: x has 3, and length is 2"),
        (lambda: bl.scan(lambda c, x: (np.stack([c, c]), None), 0.0, np.ones(3)), ShapeError,
         "scan: what is carried must keep its type, and carry goes from Float64 () to Vector Float64 (2,)"),
        (lambda: bl.scan(lambda c, x: ({"a": c}, None), 0.0, np.ones(3)), ShapeError,
         "scan: what is carried must stay nested alike, and it goes from carry to carry.a"),
        (lambda: bl.run("block(x)", x=1.0), InputError,
         ("block: takes graphs, which a text has none of: write it in Python, as with bl.cond or bl.scan\n"
          "    block(x)\n    ^^^^^^^^")),
        (lambda: bl.while_loop(lambda c: (c, c), lambda c: c, 1.0), InputError,
         "while_loop: the test must return one truth value, and it returned 2 arrays"),
        (lambda: bl.scan(lambda c, v: (c + v if v > 0 else c, None), 0.0, np.array([1.0, -1.0])), GraphError,
         (f"the body asked bool() of greater at {__file__}, line LINE and was traced for the answer True, and here it is False: "
          "use where(…) or cond(…) for what changes from step to step")),
    ],
)  # fmt: skip
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    line = str(call.__code__.co_firstlineno)
    assert str(caught.value) == message.replace("LINE", line)


def test_a_loop_of_any_length_compiles_and_a_branch_not_taken_is_not_computed():
    walk = lambda r: bl.scan(lambda c, x: (np.sin(r * c) + x, None), 1.0, np.linspace(0.0, 0.1, 300))[0]
    f = bl.compile(bl.value_and_grad(walk))
    for r in (0.7, 0.9):
        value, slope = f(r)
        assert value == pytest.approx(float(walk(r)), rel=1e-13)
        assert slope == pytest.approx(float(bl.grad(walk)(r)), rel=1e-12)
    picked = bl.compile(lambda x, i: bl.cond(i < 3, lambda x, i: x[i], lambda x, i: x[0], x, i))
    assert [picked(XS, np.int64(i)) for i in (1, 2, 7)] == [XS[1], XS[2], XS[0]]
    assert bl.compile(lambda x: bl.checkpoint(lambda y: np.exp(y) * y)(x))(2.0) == pytest.approx(2.0 * np.exp(2.0))


@pytest.mark.parametrize("places", [[1], [0], [2, 0], [1, 1]])
def test_numbers_added_at_places_that_the_graph_knows_are_added_there_by_compiled_code_too(places):
    i, y = np.array(places), np.arange(1.0, 1.0 + len(places))
    wanted = np.zeros(3)
    np.add.at(wanted, i, y)
    assert bl.compile(lambda y: TABLE["scatter_add"](y, i, size=3))(y).tolist() == wanted.tolist()
    assert bl.compile(lambda y, i: TABLE["scatter_add"](y, i, size=3))(y, i).tolist() == wanted.tolist()
