import sys
import threading
import weakref

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.run.native.graphs import CLOSE, ROWS, agree, case_graph, graph_of, named, reference, with_gradients

from backlight import errors, ops
from backlight.core.types import Type, type_of
from backlight.run.native import threads
from backlight.run.native.machine import compile_graph
from backlight.run.native.plan import room


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize(("row", "number"), ROWS)
def test_a_row_compiled_agrees_with_the_reference(row: str, number: int, dtype: str) -> None:
    graph, values = case_graph(*named(row, number), dtype)
    wanted = reference(graph, values, graph.outputs)
    f = compile_graph(graph)
    for found in (f(*values), f(*values)):  # the first call compiles, the second goes through the builtin
        for one, other in zip(found if len(wanted) > 1 else (found,), wanted, strict=True):
            assert agree(one, other, CLOSE[dtype]), (one, other)


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize(("row", "number"), ROWS)
def test_the_gradients_of_a_row_compiled_agree_with_the_reference(row: str, number: int, dtype: str) -> None:
    graph, values = case_graph(*named(row, number), dtype)
    found = with_gradients(graph)
    if found is None:
        return
    written, gradients = found
    outputs = [*graph.outputs, *gradients]
    wanted = reference(written, values, outputs)
    compiled = compile_graph(written, outputs)(*values)
    for one, other in zip(compiled if len(outputs) > 1 else (compiled,), wanted, strict=True):
        assert agree(one, other, CLOSE[dtype]), (one, other)


UNARY = [ops.exp, ops.sin, ops.tanh, ops.sigmoid, ops.relu, ops.neg, ops.square, lambda x: x > 0.1, lambda x: x.T,
         lambda x: ops.sum(x, axis=0) if x.ndim else x, lambda x: ops.sum(x, axis=-1, keepdims=True) if x.ndim else x,
         lambda x: ops.reshape(x, shape=(-1,)), lambda x: ops.sum(x), lambda x: ops.where(x > 0.0, x, -x)]
BINARY = [ops.add, ops.sub, ops.mul, ops.matmul, ops.less, lambda x, y: ops.where(x < y, x, y)]


@st.composite
def programs(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    count = draw(st.integers(1, 14))
    step = st.tuples(st.integers(0, len(UNARY) + len(BINARY) - 1), st.integers(0, 30), st.integers(0, 30))
    return [draw(step) for _ in range(count)]


def random_function(steps: list[tuple[int, int, int]]):  # type: ignore[no-untyped-def]
    def function(*xs):  # type: ignore[no-untyped-def]
        known = list(xs)
        for which, i, j in steps:
            x, y = known[i % len(known)], known[j % len(known)]
            try:
                if which < len(UNARY):
                    x = x if x.dtype.kind == "f" else ops.cast(x, dtype=xs[0].dtype.name)
                    known.append(UNARY[which](x))
                else:
                    x, y = (v if v.dtype.kind == "f" else ops.cast(v, dtype=xs[0].dtype.name) for v in (x, y))
                    known.append(BINARY[which - len(UNARY)](x, y))
            except (errors.ShapeError, errors.DTypeError):
                continue
        return known[len(xs) :][-4:] or known[:1]

    return function


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(programs(), st.sampled_from(["float64", "float32"]), st.integers(0, 5))
@example([(0, 14, 0), (0, 0, 0), (19, 2, 3), (14, 0, 5)], "float64", 2)  # what waits is taken along by another
def test_a_random_graph_compiled_agrees_with_the_reference(steps: list[tuple[int, int, int]], dtype: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    shapes = [(), (3,), (4, 3), (3, 4), (2, 3, 3), (1, 3), (17, 3), (0, 3)]
    values = [random.normal(size=shapes[k]).astype(dtype)[()] for k in random.integers(0, len(shapes), 3)]
    graph = graph_of(random_function(steps), *(type_of(v) for v in values))
    wanted = reference(graph, values, graph.outputs)
    found = compile_graph(graph)(*values)
    for one, other in zip(found if len(wanted) > 1 else (found,), wanted, strict=True):
        assert agree(one, other, 100 * CLOSE[dtype]), (one, other)


def test_what_waits_comes_after_what_it_uses_where_another_loop_took_that_along() -> None:
    x = np.random.default_rng(3).normal(size=(2, 3))
    graph = graph_of(lambda x: ops.index(ops.hard_swish(ops.hard_sigmoid(x)), key=("::-1",)), type_of(x))
    found = with_gradients(graph)
    assert found is not None
    outputs = [*graph.outputs, *found[1]]  # the gradient's loop computes the sigmoid that the value's loop waited with
    for one, wanted in zip(compile_graph(found[0], outputs)(x), reference(found[0], [x], outputs), strict=True):
        assert agree(one, wanted, CLOSE["float64"])


def squares() -> object:
    return compile_graph(graph_of(lambda x, y: (ops.sum(x * y), x + y), Type("float64", (3,)), Type("float64", (3,))))


def test_inputs_come_by_position_or_by_name_as_arrays_or_lists() -> None:
    f = squares()
    for found in (f([1, 2, 3], [4, 5, 6]), f(x1=np.array([4.0, 5, 6]), x0=np.array([1.0, 2, 3])), f([1, 2, 3], x1=[4, 5, 6])):
        assert float(found[0]) == 32.0
        assert np.array_equal(found[1], [5, 7, 9])


def test_strided_and_converted_arrays_are_understood() -> None:
    f = squares()
    x = np.arange(6.0)[::2]
    assert float(f(x, x)[0]) == float(x @ x)
    assert float(f(x, x)[0]) == float(x @ x)
    assert np.array_equal(f(x[::-1], x)[1], [4.0, 4.0, 4.0])


def test_another_type_of_input_makes_another_plan() -> None:
    graph = graph_of(lambda x: x * 2.0 + 1.0, Type("float64", ()))
    f = compile_graph(graph.with_(nodes=tuple(n if n.op.name == "const" else n._replace(type=None) for n in graph.nodes)))
    assert f(2.0) == 5.0
    assert np.array_equal(f(np.ones(3)), [3.0, 3.0, 3.0])
    assert np.array_equal(f(np.ones((2, 2))), np.full((2, 2), 3.0))
    assert f(4.0) == 9.0
    assert len(f.plans) == 3


@pytest.mark.parametrize(("call", "message"), [
    (lambda f: f(1.0, 2.0, 3.0), "this graph has 2 inputs (x0, x1) and got 3 values"),
    (lambda f: f([1, 2, 3]), "no value for x1: give one, as in x1=1"),
    (lambda f: f([1, 2, 3], x0=[1, 2, 3]), "the input 'x0' got two values, one by position and one by name"),
    (lambda f: f([1, 2, 3], x2=[1, 2, 3]), "there is no input 'x2'; there is x0, x1"),
])  # fmt: skip
def test_what_cannot_be_understood_is_said(call: object, message: str) -> None:
    assert callable(call)
    with pytest.raises(errors.InputError) as caught:
        call(squares())
    assert str(caught.value) == message


def test_nothing_that_was_given_or_returned_is_written_to_again() -> None:
    f = compile_graph(graph_of(lambda x: (x, x + 1.0, ops.reshape(x, shape=(-1,))), Type("float64", (2, 2))))
    x = np.ones((2, 2))
    first = f(x)
    second = f(x * 5)
    assert np.array_equal(first[0], x)
    assert np.array_equal(first[1], x + 1)
    assert np.array_equal(second[2], [5.0] * 4)
    assert not np.shares_memory(first[0], x)


def test_what_compiled_code_returns_are_arrays_like_any_other_and_goes_when_nobody_holds_it() -> None:
    def function(x):  # type: ignore[no-untyped-def]
        return x * 2.0, ops.sum(x), x > 1.0, ops.sum(x, axis=0)

    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    f = compile_graph(graph_of(function, type_of(x)))
    f(x)  # the next calls go through the builtin
    before = sys.getrefcount(np.dtype(np.float32))
    for _ in range(1000):
        doubled, total, large, columns = f(x)
    assert abs(sys.getrefcount(np.dtype(np.float32)) - before) <= 4  # the three floats that are held, and no more
    assert doubled.tolist() == [[0, 2, 4], [6, 8, 10]]
    assert (total.shape, total.item(), total.dtype) == ((), 15, np.dtype(np.float32))
    assert (large.tolist(), large.dtype) == ([[False, False, True], [True, True, True]], np.dtype(np.bool_))
    assert columns.tolist() == [3, 5, 7]
    for array in (doubled, total, large, columns):
        assert type(array) is np.ndarray
        assert array.base is None
        assert array.flags.owndata
        assert array.flags.writeable
    gone = weakref.ref(doubled)
    del doubled, array
    assert gone() is None


def test_the_number_of_threads_changes_no_bit() -> None:
    def function(x, w):  # type: ignore[no-untyped-def]
        h = ops.tanh(x @ w)
        return ops.sum(h * h), ops.sum(h, axis=0), h.T @ h

    random = np.random.default_rng(11)
    values = random.normal(size=(300, 200)).astype(np.float32), random.normal(size=(200, 150)).astype(np.float32)
    graph = graph_of(function, *(type_of(v) for v in values))
    before, found = threads.threads(), []
    for count in (1, 2, 3):
        threads.threads(count)
        found.append(compile_graph(graph)(*values))
    threads.threads(before)
    for other in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_two_threads_compile_and_run_at_once() -> None:
    x = np.random.default_rng(12).normal(size=(64, 64))
    f = compile_graph(graph_of(lambda a: ops.sum(ops.exp(a @ a.T) @ a, axis=0), type_of(x)))
    wanted = np.sum(np.exp(x @ x.T) @ x, axis=0)
    found: list[np.ndarray] = []

    def work() -> None:
        for _ in range(20):
            found.append(f(x))

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 80
    assert all(np.array_equal(one, found[0]) for one in found)
    assert np.allclose(found[0], wanted, 1e-10)


def test_a_graph_too_large_for_memory_is_refused_before_anything_is_allocated() -> None:
    def function(x):  # type: ignore[no-untyped-def]
        wide = ops.broadcast_to(x, shape=(1 << 20, 1 << 20)) * 2.0
        return ops.sum(wide @ wide)

    with pytest.raises(errors.LimitError) as caught:
        compile_graph(graph_of(function, Type("float32", ())))(np.float32(1))
    assert str(caught.value) == f"this graph needs 8192.0 GiB at once, and there are only {room() / 2**30:.1f} GiB"


def test_a_result_too_large_for_memory_is_refused_too() -> None:
    graph = graph_of(lambda x: ops.broadcast_to(x, shape=(1 << 21, 1 << 20)) * 2.0, Type("float64", ()))
    with pytest.raises(errors.LimitError) as caught:
        compile_graph(graph)(1.0)
    assert str(caught.value) == f"this graph needs 16384.0 GiB at once, and there are only {room() / 2**30:.1f} GiB"


def test_a_padding_too_large_for_memory_is_refused_before_it_is_laid_out() -> None:
    graph = graph_of(lambda x: ops.pad(x, width=((1 << 38, 0),)), Type("float32", (1,)))
    with pytest.raises(errors.LimitError) as caught:
        compile_graph(graph)(np.ones(1, np.float32))
    assert str(caught.value) == f"this graph needs 1024.0 GiB at once, and there are only {room() / 2**30:.1f} GiB"


def test_the_listing_says_what_became_one_loop_and_where_the_memory_lies() -> None:
    f = compile_graph(graph_of(lambda x, w: ops.sum(ops.relu(x @ w) * 2.0), Type("float64", (4, 3)), Type("float64", (3, 5))))
    with pytest.raises(errors.GraphError) as caught:
        f.listing()
    assert str(caught.value) == "listing: nothing is compiled yet: call the function once, or prepare it for its types"
    f.prepare(Type("float64", (4, 3)), Type("float64", (3, 5)))
    assert f.listing() == """\
  0 product (4 × 3) (3 × 5)    %2 matmul
      b3[(5, 1)] = b0[(3, 1)] @ b1[(5, 1)]
  1 loop 20    %3 relu; %5 mul; %6 sum
      v0 = b3[(1)]
      v1 = relu(v0)
      v2 = 2.0
      v3 = multiply(v1, v2)
      b2[(0)] += v3
arena 192 bytes, for 160 bytes of buffers
      b0 double × 12  input  %0
      b1 double × 15  input  %1
      b2 double × 1  output  %6
      b3 double × 20  at 0  %2"""


@pytest.mark.parametrize(("row", "index", "message"), [
    (lambda x, i: ops.gather(x, i), [0, 3], "gather: there is no index 3 along an axis of size 3: use -3 to 2"),
    (lambda x, i: ops.gather(x, i), [-4, 0], "gather: there is no index -4 along an axis of size 3: use -3 to 2"),
    (lambda x, i: ops.take_along_axis(x, i, axis=0), [5, 0],
     "take_along_axis: there is no index 5 along an axis of size 3: use -3 to 2"),
])  # fmt: skip
def test_an_index_outside_its_axis_fails_as_on_the_reference_machine(row: object, index: list[int], message: str) -> None:
    assert callable(row)
    f = compile_graph(graph_of(row, Type("float64", (3,)), Type("int64", (2,))))
    x = np.array([1.0, 2.0, 3.0])
    assert np.array_equal(f(x, np.array([-1, 0])), [3.0, 1.0])
    with pytest.raises(errors.ValueError) as caught:
        f(x, np.array(index))
    assert str(caught.value) == message


@pytest.mark.parametrize("n", [5_000, 100_003])
def test_several_long_folds_in_one_loop_keep_their_partial_results_apart(n: int) -> None:
    x, y = np.random.default_rng(14).normal(size=(2, n))
    f = compile_graph(graph_of(lambda a, b: (ops.sum(a), ops.sum(a * b), ops.max(b), ops.sum(ops.exp(b)) * 2.0 + ops.sum(a)),
                               Type("float64", (n,)), Type("float64", (n,))))  # fmt: skip
    wanted = x.sum(), (x * y).sum(), y.max(), 2 * np.exp(y).sum() + x.sum()
    assert np.allclose(f(x, y), wanted, 1e-10, 1e-10)
    assert f(x, y) == f(x, y)
