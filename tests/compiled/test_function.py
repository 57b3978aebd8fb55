import numpy as np
import pytest
from tests.run.native.graphs import graph_of

import backlight as bl
from backlight import errors, ops
from backlight.compiled.arguments import taken
from backlight.compiled.keep import Kept
from backlight.core.types import type_of
from backlight.run.native.machine import compile_graph


def chain():
    return bl.trace(lambda x, w: ops.sum(ops.square(ops.sigmoid(x @ w))))(np.ones((2, 3)), np.ones((3, 2)))


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
        seen.append(x.type)
        return x * 2.0 if x > 0.0 else -x

    g = bl.compile(f)
    assert [g(3.0), g(4.0), g(-1.0), g(-2.0), g(5.0)] == [6.0, 8.0, 1.0, 2.0, 10.0]
    assert len(seen) == 2


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
      b1 double × 1  output  %3
dropped: the value of one node (%1 mul); keep=[…] or keep="all" returns them"""


@pytest.mark.parametrize(("what", "more", "message"), [
    (3.0, {}, "compile: needs a function or a graph, and got float"),
    (abs, {"keep": "all", "steps": 2}, "compile: keep is not for steps: return what is wanted of each step as its result"),
    (abs, {"steps": -1}, "compile: steps is a whole number from 0, and it is -1"),
    (abs, {"steps": True}, "compile: steps is a whole number from 0, and it is True"),
    (abs, {"watch": "inf"}, "compile: watch is 'nan' or None, and it is 'inf'"),
    (abs, {"keep": "h1"}, "compile: keep is \"all\" or a list of nodes, as in keep=['h1'], and it is 'h1'"),
    (chain(), {"keep": True}, "compile: keep is \"all\" or a list of nodes, as in keep=['h1'], and it is True"),
    (chain(), {"steps": 2}, "compile: steps and batch are for functions, from a state to the next one, and got a graph"),
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
    (lambda x: ops.max(ops.log(x)), (np.array([1.0, 0.0]),), "node 1 (log) is -inf at [1]: it is the first that is not finite"),
    (lambda x: ops.expm1(ops.log(x)), (0.0,), "node 1 (log) is -inf: it is the first that is not finite"),
    (lambda x: ops.mod(1.0, 1.0 / x), (0.0,), "node 2 (div) is inf: it is the first that is not finite"),
    (lambda x: ops.sum(ops.index(1.0 / x, key=("1:",))), (np.array([0.0, 1.0]),),
     "node 2 (div) is inf at [0]: it is the first that is not finite"),
    (lambda x: ops.scatter(ops.log(x), np.array([0]), np.ones(1)), (np.array([0.0, 1.0]),),
     "node 1 (log) is -inf at [0]: it is the first that is not finite"),
    (lambda x, y: ops.log(x) / ops.exp(y), (0.0, 800.0), "node 2 (log) is -inf: it is the first that is not finite"),
    (lambda x, y: ops.log(x) / y, (np.array([1.0, -1.0]), 0.0), "node 2 (log) is nan at [1]: it is the first that is not finite"),
    (lambda x, y: y / ops.exp(x), (np.array([1.0, 800.0]), 0.0), "node 2 (exp) is inf at [1]: it is the first that is not finite"),
    (lambda x, y: ops.index(ops.log(x), key=("1:",)) / y, (np.array([0.0, 1.0]), 2.0),
     "node 2 (log) is -inf at [0]: it is the first that is not finite"),
    (lambda x: x.T * 1.0, (np.array([[np.nan, 1.0]]),), "node 0 (input 'x0') is nan at [0, 0]: it is the first that is not finite"),
    (lambda x: ops.tanh(x), (np.inf,), "node 0 (input 'x0') is inf: it is the first that is not finite"),
])  # fmt: skip
def test_G13_a_compiled_graph_that_watches_stops_at_the_first_number_that_is_not_finite(function, args, message):
    f = compile_graph(graph_of(function, *(type_of(a) for a in args)), watch=True)
    for _ in range(2):
        with pytest.raises(errors.NotFiniteError) as caught:
            f(*args)
        assert str(caught.value) == message


def test_G13_a_watch_computes_no_product_that_nothing_else_needs():
    x, w = np.arange(60.0).reshape(3, 4, 5) / 60, np.ones((5, 6))
    f = bl.value_and_grad(lambda w: ops.sum(ops.tanh(ops.matmul(x, w))))
    plain, watching = bl.compile(f), bl.compile(f, watch="nan")
    assert plain(w)[0] == watching(w)[0]
    assert watching.listing().count("product") == plain.listing().count("product") == 2


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


def test_nested_arguments_are_read_quickly_and_others_still_understood():
    calls = []

    def f(p, x, how=None):
        calls.append(how)
        return {"out": [p["w"] * x[0], p["b"] + x[1]]}, (x[0], None)

    g = bl.compile(f)
    w, b = np.arange(3.0), 2.0
    for _ in range(3):
        found, (first, none) = g({"w": w, "b": b}, [2.0, 3.0])
        assert np.array_equal(found["out"][0], 2 * w)
        assert (found["out"][1], first, none) == (5.0, 2.0, None)
    assert calls == [None]
    assert type(g).__call__.__qualname__ == "CompiledFunction.reading.<locals>.quick"
    assert np.array_equal(g({"w": w.astype("float32"), "b": b}, [2.0, 3.0])[0]["out"][0], 2 * w)
    assert g({"b": b, "w": w}, [2.0, 3.0])[1] == (2.0, None)
    assert np.array_equal(g({"w": w[::-1], "b": b}, [2.0, 3.0])[0]["out"][0], 2 * w[::-1])
    with pytest.raises(KeyError):
        g({"w": w, "c": b}, [2.0, 3.0])
    assert np.array_equal(g({"w": w, "b": b}, [2.0, 3.0])[0]["out"][0], 2 * w)
    assert g({"w": w, "b": b}, [2.0, 3.0], how="x")[1] == (2.0, None)
    assert g({"w": w, "b": b}, [2.0, 3.0], "x")[1] == (2.0, None)
    assert g({"w": w, "b": b}, [2.0, 3.0], "x")[1] == (2.0, None)
    assert g({"w": w, "b": b}, [2.0, 3.0], "y")[1] == (2.0, None)
    assert calls[-1] == "y"


def test_guards_are_checked_in_quick_calls_too():
    f = bl.compile(lambda p: p["x"] * 2.0 if p["x"] > 0.0 else -p["x"])
    assert [f({"x": x}) for x in (3.0, 4.0, -1.0, -2.0, 5.0)] == [6.0, 8.0, 1.0, 2.0, 10.0]


def test_a_function_may_keep_nodes_too():
    def f(x):
        return ops.sum(ops.exp(x) * 2.0)

    x = np.array([0.0, 1.0])
    total, kept = bl.compile(f, keep=[1, "x"])(x)
    assert np.isclose(total, 2 + 2 * np.e)
    assert np.allclose(kept[1], np.exp(x))
    assert np.array_equal(kept["x"], x)
    run = bl.compile(f, keep="all")(x)
    assert np.allclose(run.value(1), np.exp(x))
    assert np.isclose(run.output.value, total)


def test_what_is_dropped_is_said():
    f = bl.compile(lambda x: ops.sum(ops.exp(x) * 2.0))
    f(np.zeros(2))
    assert f.listing().splitlines()[-1] == (
        'dropped: the values of 2 nodes (%1 exp, %3 mul); keep=[…] or keep="all" returns them')


class Foreign:
    """An array of another library: DLPack is all that it has."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **settings):
        return self.array.__dlpack__(**settings)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_arrays_of_other_libraries_are_read_where_they_lie():
    x = np.arange(6.0).reshape(2, 3)
    f = bl.compile(lambda p: ops.sum(p["x"] * 2.0))
    for _ in range(2):
        assert f({"x": Foreign(x)}) == 30.0
    assert taken([Foreign(x), 1.0])[0].ctypes.data == x.ctypes.data
    graph = bl.trace(lambda x: x * 2.0)(x)
    assert np.array_equal(bl.compile(graph)(Foreign(x)), 2 * x)


def test_what_another_library_does_not_hand_out_is_refused():
    class Closed(Foreign):
        def __dlpack__(self, **settings):
            raise BufferError("it is on another device")

    for call in (bl.compile(lambda x: x * 2.0), bl.compile(bl.trace(lambda x: x * 2.0)(np.ones(2)))):
        with pytest.raises(errors.InputError) as caught:
            call(Closed(np.ones(2)))
        assert str(caught.value) == "cannot read Closed through DLPack: it is on another device"


def test_tensors_of_torch_go_in_and_come_out_without_a_copy():
    torch = pytest.importorskip("torch")
    f = bl.compile(lambda x: x * 2.0)
    x = torch.arange(3, dtype=torch.float64)
    assert torch.equal(torch.from_dlpack(f(x)), 2 * x)
    assert torch.equal(torch.from_dlpack(f(x)), 2 * x)


def test_where_says_which_instructions_compute_a_node():
    f = bl.compile(lambda x, w: ops.sum(ops.relu(x @ w)))
    f(np.ones((2, 3)), np.ones((3, 2)))
    assert [node.op.name for node in f.graph.nodes] == ["input", "input", "matmul", "relu", "sum"]
    assert f.where() == {0: (), 1: (), 2: (0,), 3: (1,), 4: (1,)}
    assert f.listing().splitlines()[0].startswith("  0 product")


def test_G13_watching_and_checked_indices_go_through_the_quick_entry_too():
    f = bl.compile(lambda x: ops.sqrt(x) * 2.0, watch="nan")
    for x in (4.0, 9.0, -1.0, 16.0, -1.0):
        if x > 0:
            assert f(x) == 2 * np.sqrt(x)
        else:
            with pytest.raises(errors.NotFiniteError, match=r"is nan: it is the first that is not finite$"):
                f(x)
    assert f.latest.plan.call is not None
    wide = np.linspace(1.0, 2.0, 40_000)
    g = bl.compile(lambda x: ops.log(x) @ x, watch="nan")
    for _ in range(3):
        assert np.isclose(g(wide), np.log(wide) @ wide)
        with pytest.raises(errors.NotFiniteError, match=r"is -inf at \[7\]: it is the first that is not finite$"):
            g(np.where(np.arange(40_000) == 7, 0.0, wide))
    h = bl.compile(lambda x, i: ops.gather(x, i) * 2.0)
    x = np.arange(3.0)
    for _ in range(2):
        assert h(x, np.array([2, -1])).tolist() == [4.0, 4.0]
        with pytest.raises(errors.BacklightError) as caught:
            h(x, np.array([0, 5]))
        assert str(caught.value) == "gather: there is no index 5 along an axis of size 3: use -3 to 2"
