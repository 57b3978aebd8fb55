import numpy as np
import pytest
from tests.run.native.graphs import graph_of

import backlight as bl
from backlight import errors, ops
from backlight.compiled import Kept
from backlight.core.types import type_of
from backlight.run.native.machine import compile_graph


def test_a_function_compiled_gives_what_the_function_gives():
    f = bl.compile(lambda x, y: ops.sum(ops.tanh(x) * y))
    x, y = np.arange(6.0).reshape(2, 3), np.array([1.0, 2.0, 3.0])
    for _ in range(3):
        assert np.isclose(f(x, y), np.sum(np.tanh(x) * y), 1e-14)
    assert np.isclose(f(x.astype("float32"), y.astype("float32")), np.sum(np.tanh(x) * y), 1e-6)
    assert f(1, 2.0) == np.tanh(1.0) * 2
    assert len(f.ways) == 3


def test_a_gradient_compiles_like_anything_else():
    def loss(p, x):
        return ops.sum(ops.square(ops.sigmoid(x @ p["w"] + p["b"])))

    random = np.random.default_rng(0)
    p, x = {"w": random.normal(size=(3, 2)), "b": np.zeros(2)}, random.normal(size=(5, 3))
    plain, f = bl.value_and_grad(loss)(p, x), bl.compile(bl.value_and_grad(loss))
    for _ in range(2):
        value, slopes = f(p, x)
        assert np.isclose(value, plain[0], 1e-13)
        assert set(slopes) == {"w", "b"}
        assert all(np.allclose(slopes[k], plain[1][k], 1e-12, 1e-14) for k in slopes)


def test_a_branch_not_taken_before_is_traced_when_it_is_taken():
    seen = []

    def f(x):
        seen.append(float(x.value))
        return x * 2.0 if x > 0.0 else -x

    g = bl.compile(f)
    assert [g(3.0), g(4.0), g(-1.0), g(-2.0), g(5.0)] == [6.0, 8.0, 1.0, 2.0, 10.0]
    assert seen == [3.0, -1.0]


def test_words_and_switches_are_part_of_the_function():
    f = bl.compile(lambda x, how, twice=False: (ops.sum(x) if how == "sum" else ops.exp(x)) * (2.0 if twice else 1.0))
    x = np.zeros(3)
    assert f(x, "sum") == 0.0
    assert np.array_equal(f(x, "exp"), np.ones(3))
    assert np.array_equal(f(x, "exp", twice=True), 2 * np.ones(3))


def test_results_come_back_nested_as_they_were():
    f = bl.compile(lambda x: {"twice": x * 2.0, "both": [x, (x + 1.0, None)]})
    assert f(1.5) == {"twice": 3.0, "both": [1.5, (2.5, None)]}
    assert f(2.0) == {"twice": 4.0, "both": [2.0, (3.0, None)]}


def chain():
    return bl.trace(lambda x, w: ops.sum(ops.square(ops.sigmoid(x @ w))))(np.ones((2, 3)), np.ones((3, 2)))


def test_nothing_is_kept_by_default_some_nodes_by_number_and_all_as_a_run():
    graph = chain()
    x, w = np.ones((2, 3)), np.full((3, 2), 0.25)
    out = bl.compile(graph)(x, w)
    kept = bl.compile(graph, keep=[3, "w"])
    assert isinstance(kept, Kept)
    value, found = kept(x, w)
    assert value == out
    assert set(found) == {3, "w"}
    assert np.allclose(found[3], 1 / (1 + np.exp(-0.75)))
    assert np.array_equal(found["w"], w)
    run = bl.compile(graph, keep="all")(x, w)
    wanted = bl.run(graph, x=x, w=w)
    for i in range(len(graph)):
        assert np.allclose(run.value(i), wanted.value(i), 1e-14)


def test_the_listing_of_a_function_is_that_of_its_latest_call():
    f = bl.compile(lambda x: x * x + 1.0)
    with pytest.raises(errors.GraphError) as caught:
        f.listing()
    assert str(caught.value) == "listing: nothing is compiled yet: call the function once"
    f(2.0)
    assert f.listing() == """\
  0 once    %1 mul; %3 add
      v0 = b0[()]
      v1 = multiply(v0, v0)
      v2 = 1.0
      v3 = add(v1, v2)
      b1[()] = v3
arena 0 bytes, for 0 bytes of buffers
      b0 double × 1  input  %0
      b1 double × 1  output  %3"""


@pytest.mark.parametrize(("what", "more", "message"), [
    (3.0, {}, "compile: needs a function or a graph, and got float"),
    (abs, {"keep": "all"}, "compile: keep is for graphs: trace the function first, as in compile(trace(f)(x), keep=…)"),
])  # fmt: skip
def test_what_cannot_be_compiled_is_said(what, more, message):
    with pytest.raises(errors.InputError) as caught:
        bl.compile(what, **more)
    assert str(caught.value) == message


def test_a_function_without_a_number_in_its_result_is_refused():
    with pytest.raises(errors.GraphError) as caught:
        bl.compile(lambda x: None)(1.0)
    assert str(caught.value) == "compile: the function returned no number, so there is nothing to compile"


@pytest.mark.parametrize(("function", "args", "message"), [
    (lambda x: ops.log(x) * 2.0, (-1.0,), "node 1 (log) is nan: it is the first that is not finite"),
    (lambda x: ops.sum(ops.where(x > 0.0, ops.log(x), 0.0)), (np.array([1.0, 0.0, -2.0]),),
     "node 3 (log) is -inf at [1], and 1 more: it is the first that is not finite"),
    (lambda x: 1.0 / ops.exp(x), (np.array([[1.0, 800.0]]),),
     "node 1 (exp) is inf at [0, 1]: it is the first that is not finite"),
])  # fmt: skip
def test_G13_a_compiled_graph_that_watches_stops_at_the_first_number_that_is_not_finite(function, args, message):
    f = compile_graph(graph_of(function, *(type_of(a) for a in args)), watch=True)
    for _ in range(2):
        with pytest.raises(errors.NotFiniteError) as caught:
            f(*args)
        assert str(caught.value) == message


def test_G13_the_message_says_where_the_node_was_written():
    f = bl.compile(lambda x: ops.log(x), watch="nan")
    with pytest.raises(errors.NotFiniteError) as caught:
        f(-1.0)
    line = f.function.__code__.co_firstlineno
    assert str(caught.value) == f"node 1 (log) ({__file__}, line {line}) is nan: it is the first that is not finite"


def test_G13_finite_numbers_pass_a_function_that_watches():
    f = bl.compile(bl.value_and_grad(lambda x: ops.sum(ops.where(x > 0.0, ops.sqrt(ops.abs(x) + 1.0), x))), watch="nan")
    value, slope = f(np.array([1.0, -4.0, 9.0]))
    assert np.isclose(value, np.sqrt(2) - 4 + np.sqrt(10))
    assert np.allclose(slope, [0.5 / np.sqrt(2), 1.0, 0.5 / np.sqrt(10)])
