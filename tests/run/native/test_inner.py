"""Graphs inside nodes, compiled: loops, choices and blocks are programs of their own, and say what the reference machine says."""

import numpy as np
import pytest
from tests.run.native.graphs import CLOSE, agree, graph_of, reference
from tests.run.wasm.node import needs_node, work
from tests.run.wasm.test_page import page_job

import backlight as bl
from backlight import errors, ops
from backlight.core.graph import Graph
from backlight.core.types import Type
from backlight.run.lower.lowering import lower
from backlight.run.lower.program import Call, Choose, Repeat
from backlight.run.native.machine import compile_graph
from backlight.run.native.page import compile_page

RANDOM = np.random.default_rng(7)
A, B, SQUARE = RANDOM.normal(size=5), RANDOM.normal(size=(9, 5)), RANDOM.normal(size=(5, 5)) * 0.4


def summed(x, xs):  # type: ignore[no-untyped-def]
    last, kept = bl.scan(lambda c, x: (ops.tanh(c + x), c * x), x, xs)
    return ops.sum(last) + ops.sum(kept * kept)


def network(x, w, xs):  # type: ignore[no-untyped-def]
    last, kept = bl.scan(lambda h, x: (ops.tanh(w @ h + ops.exp(w)[0] * x), ops.sum(h)), x, xs)
    return ops.sum(last) + ops.sum(ops.square(kept))


def turned(x, xs):  # type: ignore[no-untyped-def]
    (a, b), _ = bl.scan(lambda c, x: ((c[1] * x, c[0] + x), None), (x, x * 2.0), xs, reverse=True)  # the two change places
    return ops.sum(a * b)


def without_slices(x):  # type: ignore[no-untyped-def]
    return ops.sum(bl.scan(lambda c, _: (ops.sin(c) * x + 1.0, None), x, length=7)[0])


def grown(x):  # type: ignore[no-untyped-def]
    return ops.sum(bl.while_loop(lambda c: ops.sum(c * c) < 100.0, lambda c: c * 1.5 + ops.sin(x), x))


def counted(x):  # type: ignore[no-untyped-def]
    total, steps = bl.while_loop(lambda c: c[1] < 4, lambda c: (c[0] * x + c[0][::-1], c[1] + 1), (x, 0))
    return ops.sum(total) * steps


def chosen(x, k):  # type: ignore[no-untyped-def]
    return ops.sum(bl.cond(k > 0.0, lambda x: ops.exp(x) * k, lambda x: x[::-1] * x - k, x))


def forgotten(x, w):  # type: ignore[no-untyped-def]
    return ops.sum(bl.checkpoint(lambda x: ops.tanh(w @ ops.tanh(w @ x)))(x))


def nested(x, xs):  # type: ignore[no-untyped-def]
    def outer(c, x):  # type: ignore[no-untyped-def]
        inner, kept = bl.scan(lambda d, _: (bl.cond(ops.sum(d) > 0.0, ops.sin, lambda d: d * x, d), d * c), c, length=3)
        grown, _ = bl.while_loop(lambda e: e[1] < 3, lambda e: (ops.sin(e[0]) + c, e[1] + 1), (inner, 0))
        return grown * 0.7, ops.sum(kept)

    last, kept = bl.scan(outer, x, xs)
    return ops.sum(last) + ops.sum(kept)


FUNCTIONS = {
    "a scan": (summed, A, B), "a network": (network, A, SQUARE, B), "the last slice first": (turned, A, B),
    "no slices": (without_slices, A), "a loop with a test": (grown, A), "a count is carried": (counted, A),
    "the one branch": (chosen, A, np.array(0.7)), "the other branch": (chosen, A, np.array(-0.7)),
    "a block": (forgotten, A, SQUARE), "loops in loops": (nested, A, B),
}  # fmt: skip


def traced(name: str, dtype: str, derivative: str) -> tuple[Graph, list[np.ndarray]]:
    """The graph of one of the functions, of its gradients or of its tangents; and the operands."""
    function, *values = FUNCTIONS[name]
    given = [v.astype(dtype) for v in values]
    if derivative == "gradients":
        function = bl.grad(function, argnums=tuple(range(len(given))))
    elif derivative == "second":
        first = bl.grad(function)
        function = bl.grad(lambda *xs: ops.sum(first(*xs) * 1.3))
    elif derivative == "tangents":
        before = function
        function = lambda *xs: bl.jvp(before, xs, [np.cos(x + 1.0) for x in given])[1]
    return bl.trace(function)(*given), given


def inside(graph: Graph) -> list[object]:
    return [i for i in lower(graph, graph.outputs).program.instructions if isinstance(i, Repeat | Choose | Call)]


ASKED = [("value", "float64"), ("gradients", "float64"), ("gradients", "float32"), ("tangents", "float64")]


@pytest.mark.parametrize(("name", "derivative", "dtype"), [
    *[(name, *asked) for name in FUNCTIONS for asked in ASKED],
    *[(name, "second", "float64") for name in ("a scan", "a loop with a test", "the one branch", "a block")],
])  # fmt: skip
def test_compiled_it_gives_what_the_reference_gives(name: str, derivative: str, dtype: str) -> None:
    graph, given = traced(name, dtype, derivative)
    instructions = inside(graph)
    assert instructions
    assert not any(isinstance(i, Call) for i in instructions)
    for found, wanted in zip(as_tuple(compile_graph(graph)(*given)), reference(graph, given, graph.outputs), strict=True):
        assert agree(found, wanted, 50 * CLOSE[dtype])


def as_tuple(found: object) -> tuple[object, ...]:
    return found if isinstance(found, tuple) else (found,)


@needs_node
def test_a_graph_inside_is_compiled_for_a_page_too() -> None:
    jobs, wanted = [], []
    for name in FUNCTIONS:
        graph, given = traced(name, "float64", "gradients")
        jobs.append(page_job(compile_page(graph), given))
        wanted.append(reference(graph, given, graph.outputs))
    for found, values in zip(work(jobs), wanted, strict=True):
        for data, value in zip(found, values, strict=True):
            assert agree(np.frombuffer(data).reshape(np.shape(value)), value, 50 * CLOSE["float64"])


def test_the_listing_shows_what_is_inside_and_nothing_that_nobody_reads() -> None:
    whole = bl.compile(lambda x, xs: bl.scan(lambda c, x: (ops.sin(c) + x, c * x), x, xs))
    part = bl.compile(lambda x, xs: bl.scan(lambda c, x: (ops.sin(c) + x, c * x), x, xs)[0])
    whole(0.5, np.arange(3.0))
    part(0.5, np.arange(3.0))
    assert whole.listing() == LISTING
    extra = ("inner b3", "v4", "output  %4", "b3 double × 3")  # what is kept of each step
    lines = [line.replace("; %4 mul", "").replace("b4", "b3") for line in LISTING.splitlines() if not any(x in line for x in extra)]
    assert part.listing().splitlines() == lines


LISTING = """\
  0 loop of 3 steps    %2 scan
      carried from b0 to b2: inner b0 becomes inner b0, written over
      inner b1 = b1[step]
      b3[step] = inner b3
      each step:
          0 once    %2 sin; %3 add; %4 mul
              v0 = b0[()]
              v1 = sin(v0)
              v2 = b1[()]
              v3 = add(v1, v2)
              v4 = multiply(v0, v2)
              b0[()] = v3
              b3[()] = v4
        arena 0 bytes, for 0 bytes of buffers
              b0 double × 1  input  %0
              b1 double × 1  input  %1
              b3 double × 1  output  %4
arena 64 bytes, for 1 bytes of buffers
      b0 double × 1  input  %0
      b1 double × 3  input  %1
      b2 double × 1  output  %2
      b3 double × 3  output  %2
      b4 i8 × 1  at 0  results on the way
dropped: the value of one node (%2 scan); keep=[…] or keep="all" returns them"""


def several(x, w, xs):  # type: ignore[no-untyped-def]
    """Four results of a loop: the second carried number needs itself alone, the first needs both."""
    def step(c, x):  # type: ignore[no-untyped-def]
        return (ops.tanh(c[0] + c[1] * w) - x, c[1] * 0.9), (c[0] * x[::-1], ops.sum(c[1]))

    (a, b), (c, d) = bl.scan(step, (x, w), xs)
    return a, b, c, d


def as_long_as(x, w, xs):  # type: ignore[no-untyped-def]
    step = lambda c: (c[0] * 1.4 + w, c[1] + c[0], c[2] * w, c[3] + 1)
    return bl.while_loop(lambda c: ops.sum(c[0] * c[0]) < 50.0, step, (x, w, x, 0))


def either_way(x, w, xs):  # type: ignore[no-untyped-def]
    return bl.cond(x[0] > 0.0, lambda x, w: (x * w, x, w + 1.0, ops.sum(x)), lambda x, w: (x - w, w, x, ops.sum(w)), x, w)


@pytest.mark.parametrize("function", [several, as_long_as, either_way])
def test_a_program_keeps_what_is_read_and_gives_the_same_numbers(function) -> None:  # type: ignore[no-untyped-def]
    given = A, B[0], B
    wanted = function(*given)
    sizes = []
    for mask in range(1, 16):
        chosen = [k for k in range(4) if mask >> k & 1]
        graph = bl.trace(lambda *xs, chosen=chosen: [z for k, z in enumerate(function(*xs)) if k in chosen])(*given)
        (instruction,) = inside(graph)
        assert not isinstance(instruction, Call)
        if isinstance(instruction, Choose):
            assert [len(branch.results) for branch in instruction.branches] == [len(chosen)] * 2
        else:
            sizes.append((len(instruction.carried), len(instruction.kept)))
        found = compile_graph(graph)(*given)
        for k, one in zip(chosen, found if len(chosen) > 1 else [found], strict=True):
            assert agree(one, np.asarray(wanted[k]), CLOSE["float64"]), (chosen, k)
    if function is several:  # what is carried for nobody's sake goes too
        assert sizes[:4] == [(2, 0), (1, 0), (2, 0), (2, 1)]
        assert (sizes[7], sizes[14]) == ((1, 1), (2, 2))
    elif function is as_long_as:
        assert sizes[:4] == [(1, 0), (2, 0), (2, 0), (2, 0)]


def test_what_changes_in_no_step_is_computed_once_outside() -> None:
    graph = bl.trace(lambda x, w: bl.scan(lambda c, _: (ops.exp(w) * c + 2.0, None), x, length=9)[0])(0.5, 0.25)
    text = compile_prepared(graph, 0.5, 0.25).listing()
    before, after = text.split("each step:")
    assert "exp(" in before
    assert "exp(" not in after


def compile_prepared(graph: Graph, *values: object) -> object:
    compiled = compile_graph(graph)
    compiled(*values)
    return compiled


@pytest.mark.parametrize("count", range(5))
def test_two_that_change_places_end_where_they_should(count: int) -> None:
    f = bl.compile(lambda a, b: bl.scan(lambda c, _: ((c[1], c[0] @ c[1]), None), (a, b), length=count)[0])
    a, b = SQUARE, SQUARE.T + 0.1
    found, wanted = f(a, b), (a, b)
    for _ in range(count):
        wanted = (wanted[1], wanted[0] @ wanted[1])
    assert agree(found[0], wanted[0], 1e-12)
    assert agree(found[1], wanted[1], 1e-12)


@pytest.mark.parametrize("limit", [0.0, 1.0, 5.0, 90.0])
def test_a_loop_counts_its_steps_anew_in_each_call(limit: float) -> None:
    f = bl.compile(lambda x, limit: bl.while_loop(lambda c: c[1] < limit, lambda c: (c[1], c[0] + c[1]), (x, x)))
    f(1.0, 3.0)
    a = b = 1.0
    while b < limit:
        a, b = b, a + b
    assert f(1.0, limit) == (a, b)


def test_an_empty_sequence_takes_no_step() -> None:
    f = bl.compile(lambda x, xs: bl.scan(lambda c, x: (c + x, c), x, xs))
    total, kept = f(2.5, np.zeros(0))
    assert total == 2.5
    assert kept.shape == (0,)


def test_the_branch_not_taken_is_not_computed_and_cannot_fail() -> None:
    f = bl.compile(lambda k, x: bl.cond(k < 3, lambda k, x: x[k], lambda k, x: -x[0], k, x))
    x = np.arange(3.0) + 1.0
    assert f(np.int64(2), x) == 3.0
    assert f(np.int64(9), x) == -1.0


def test_a_question_in_a_body_that_is_answered_otherwise_is_an_error_that_says_where() -> None:
    def step(c, x):  # type: ignore[no-untyped-def]
        return (c + x if c < 10.0 else c - x), None

    f = bl.compile(lambda x, xs: bl.scan(step, x, xs)[0])
    assert f(0.0, np.ones(4)) == 4.0
    with pytest.raises(errors.GraphError) as caught:
        f(0.0, np.full(4, 6.0))
    assert str(caught.value).startswith("the body asked bool() of less at ")
    assert "and was traced for the answer True, and here it is False: use where(…) or cond(…)" in str(caught.value)
    assert f(0.0, np.ones(4)) == 4.0


def test_an_index_outside_in_a_step_fails_as_on_the_reference_machine() -> None:
    f = bl.compile(lambda x, ks: bl.scan(lambda c, k: (c + x[k], None), 0.0, ks)[0])
    x = np.arange(5.0)
    assert f(x, np.array([0, 4, -1])) == 8.0
    with pytest.raises(errors.ValueError) as caught:
        f(x, np.array([0, 5, 1]))
    assert str(caught.value) == "gather: there is no index 5 along an axis of size 5: use -5 to 4"


def test_not_a_number_and_infinity_go_through_loops_and_a_watch_finds_them() -> None:
    def function(x, xs):  # type: ignore[no-untyped-def]
        return bl.scan(lambda c, x: (ops.log(c) * x, c), x, xs)

    xs = np.ones(4)
    for start in (1.0, -1.0, np.inf, np.nan):
        for found, wanted in zip(bl.compile(function)(start, xs), function(start, xs), strict=True):
            assert np.array_equal(found, wanted, equal_nan=True)
    with pytest.raises(errors.NotFiniteError) as caught:
        bl.compile(function, watch="nan")(1.0, xs)
    assert "scan" in str(caught.value)


def test_a_loop_inside_a_step_of_training() -> None:
    def step(w, x):  # type: ignore[no-untyped-def]
        def loss(w):  # type: ignore[no-untyped-def]
            return ops.sum(bl.scan(lambda h, row: (ops.tanh(w @ h + row), None), x[0], x)[0])

        value, slope = bl.value_and_grad(loss)(w)
        return w - 0.1 * slope, value

    w, state, wanted = SQUARE, SQUARE, []
    after, values = bl.compile(step, steps=4)(w, B)
    for _ in range(4):
        state, value = step(state, B)
        wanted.append(value)
    assert agree(after, state, 1e-11)
    assert agree(values, np.array(wanted), 1e-11)


def test_another_number_of_steps_than_was_seen_is_left_to_the_reference_machine() -> None:
    def function(x):  # type: ignore[no-untyped-def]
        return ops.sum(bl.scan(lambda c, _: (bl.while_loop(lambda c: ops.sum(c) < 9.0, lambda c: c * x, c), None), x, length=1)[0])

    f = bl.compile(bl.trace(bl.grad(function))(np.array([2.0, 2.0])))
    for x in ([2.0, 2.0], [9.0, 1.0], [1.1, 0.3], [2.0, 2.0]):
        assert agree(f(np.array(x)), bl.grad(function)(np.array(x)), 1e-13)


def test_two_bodies_that_differ_in_the_answer_to_a_question_have_entries_of_their_own(
        tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKLIGHT_CACHE", str(tmp_path))

    def step(c, x):  # type: ignore[no-untyped-def]
        bool(c > 2.0)
        return c + x, None

    def function(x, xs):  # type: ignore[no-untyped-def]
        return bl.scan(step, x, xs)[0]

    xs = np.ones(3) * 0.25
    assert bl.compile(function)(0.0, xs) == 0.75
    assert bl.compile(function)(5.0, xs) == 5.75
    assert bl.compile(function)(0.0, xs) == 0.75


def test_memory_of_a_loop_does_not_grow_with_its_steps() -> None:
    n = 1 << 16
    graph = graph_of(lambda x: bl.ops.scan(x, body=CUMULATED, carries=1, length=1000), Type("float64", (n,)))
    program = lower(graph, graph.outputs).program
    assert program.arena <= 2 * 8 * n + 4096


CUMULATED = graph_of(lambda x: ops.cumsum(ops.sin(x), axis=0), Type("float64", (1 << 16,)))
