"""A batch is the stack of what a function does one by one: for every row on every case, in values and in gradients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from tests.ops import trial as t

import backlight as bl
from backlight.core.array import Array, as_value
from backlight.core.op import Case, Op
from backlight.core.table import TABLE
from backlight.diff.batch import rule_of
from backlight.errors import BacklightError, GraphError, InputError, ShapeError

N = 3


def variants(x: Any) -> Any:
    """A stack of numbers like x: a little smaller each time, and indices in another order."""
    if x.dtype.kind in "fc":
        return np.stack([x * x.dtype.type(1.0 - 0.01 * k) for k in range(N)])
    return np.stack([np.flip(x) if k == 1 and x.ndim else x for k in range(N)])


def callable_row(row: Op, attrs: dict[str, Any]) -> Any:
    return lambda *xs: row(*xs, **attrs)


def choices(count: int) -> list[tuple[int | None, ...]]:
    """All operands mapped; and, where there are several, each of them alone."""
    found: list[tuple[int | None, ...]] = [(0,) * count]
    if 1 < count < 5:
        found += [tuple(0 if k == j else None for k in range(count)) for j in range(count)]
    return found


def stacked(outs: list[Any]) -> list[Any]:
    parts = [out if isinstance(out, tuple) else (out,) for out in outs]
    return [np.stack([np.asarray(as_value(p)) for p in ps]) for ps in zip(*parts, strict=True)]


@pytest.mark.parametrize(("row", "case"), t.pairs(lambda row, case: t.good(row, case) and row.kind not in ("leaf", "control")))
def test_every_row_of_a_batch_is_the_stack_of_the_row(row: Op, case: Case):
    f, xs = callable_row(row, case.attrs), [as_value(x) for x in case.args]
    for axes in choices(len(xs)):
        given = [variants(x) if axis == 0 else x for x, axis in zip(xs, axes, strict=True)]
        try:
            one = [f(*[g[k] if axis == 0 else g for g, axis in zip(given, axes, strict=True)]) for k in range(N)]
        except BacklightError:  # the smaller numbers are outside of the row's domain
            continue
        found = bl.vmap(f, in_axes=axes)(*given)
        for got, wanted in zip(found if isinstance(found, tuple) else (found,), stacked(one), strict=True):
            assert got.shape == wanted.shape
            assert got.dtype == wanted.dtype
            t.assert_close(got, wanted, t.STATED.get(wanted.dtype.name, 0.0), scale=1.0)


@pytest.mark.parametrize(("row", "case"), t.pairs(lambda row, case: t.smooth(row, case) and row.kind not in ("leaf", "control")))
def test_gradients_under_a_batch_are_those_of_each(row: Op, case: Case):
    f, xs = callable_row(row, case.attrs), [as_value(x) for x in case.args]
    by = tuple(k for k, x in enumerate(xs) if x.dtype.kind == "f")
    if not by:
        return

    def loss(*xs: Any) -> Any:
        z = f(*xs)
        z = z[0] if isinstance(z, tuple) else z
        return TABLE["sum"](TABLE["real"](z) * t.weights(TABLE["real"](z).type, 1))

    given = [variants(x) for x in xs]
    try:
        each = [bl.grad(loss, by)(*[g[k] for g in given]) for k in range(N)]
    except BacklightError:
        return
    inner = bl.vmap(bl.grad(loss, by))(*given)
    outer = bl.grad(lambda *xs: TABLE["sum"](bl.vmap(loss)(*xs)), by)(*given)
    for k in range(len(by)):
        wanted = np.stack([e[k] for e in each])
        scale = float(np.max(np.abs(wanted), initial=1.0))
        t.assert_close(inner[k], wanted, 1e-12, scale=scale)
        t.assert_close(outer[k], wanted, 1e-12, scale=scale)


@dataclass(frozen=True)
class Layer:
    w: Any
    b: Any


def test_a_row_without_a_rule_is_computed_one_by_one_and_says_so():
    graph = bl.trace(bl.vmap(lambda s: bl.stop_gradient(TABLE["uniform"](s, shape=(2,)))))(np.array([1, 2, 3]))
    assert {node.scope for node in graph.nodes if node.op.name == "uniform"} == {"uniform, one by one"}
    assert rule_of(TABLE["uniform"]) is None


def test_every_slice_takes_its_own_branch():
    def f(x):
        if x > 0:
            return np.sqrt(x)
        n = 0
        while x < 0:
            x, n = x + 0.25, n + 1
        return x * n

    xs = np.array([1.0, -1.0, 4.0, -0.5, -2.0])
    assert bl.vmap(f)(xs).tolist() == [float(f(x)) for x in xs]
    assert bl.vmap(bl.grad(f))(xs).tolist() == [0.5, 4.0, 0.25, 2.0, 8.0]
    assert bl.grad(lambda a: np.sum(bl.vmap(f)(a * xs)))(1.0) == 0.5 - 4.0 + 1.0 - 1.0 - 16.0
    compiled = bl.compile(bl.vmap(f))
    for given in (xs, -xs, xs[::-1], xs):
        assert compiled(given).tolist() == [float(f(x)) for x in given]


def test_axes_may_be_nested_like_the_arguments():
    layers = {"a": Layer(np.arange(6.0).reshape(2, 3), 1.0), "b": (np.arange(2.0), "relu")}
    f = lambda p, x: (p["a"].w * p["a"].b + p["b"][0], {"x": x, "sum": x + p["b"][0]})
    first, second = bl.vmap(f, in_axes=({"a": Layer(1, None), "b": (None, None)}, None), out_axes=(1, None))(layers, 5.0)
    assert first.tolist() == [[0.0, 1.0, 2.0], [4.0, 5.0, 6.0]]
    assert second["x"] == 5.0
    assert second["sum"].tolist() == [5.0, 6.0]
    assert bl.vmap(lambda x, *, k: x * k)(np.arange(3.0), k=np.arange(3.0)).tolist() == [0.0, 1.0, 4.0]
    assert bl.vmap(lambda x: x * 2.0, in_axes=-1, out_axes=-1)(np.ones((2, 3))).shape == (2, 3)
    assert bl.vmap(lambda: 1.5, axis_size=3)().tolist() == [1.5, 1.5, 1.5]
    assert bl.vmap(lambda x: x * 2.0)(np.zeros((0, 3))).shape == (0, 3)


def test_batches_nest_with_batches_and_with_derivatives():
    x, y = np.arange(3.0), np.arange(4.0)
    outer = bl.vmap(bl.vmap(lambda x, y: x * y, (None, 0)), (0, None))
    assert outer(x, y).tolist() == np.outer(x, y).tolist()
    f = lambda w: np.sum(np.exp(w) * w[0])
    points = np.arange(4.0).reshape(2, 2) / 5.0
    for transform in (bl.grad, bl.hessian, bl.jacobian):
        got = bl.vmap(transform(f))(points)
        assert got == pytest.approx(np.stack([transform(f)(p) for p in points]), rel=1e-14)
    rows = bl.vmap(lambda t: bl.jvp(lambda w: w * w, (points[0],), (t,))[1])(np.eye(2))
    assert rows.tolist() == np.diag(2.0 * points[0]).tolist()
    per_example = bl.vmap(bl.grad(lambda w, x: np.tanh(w @ x)), (None, 0))(points[1], points)
    assert per_example == pytest.approx((1 - np.tanh(points @ points[1]) ** 2)[:, None] * points, rel=1e-13)


def test_a_batch_is_part_of_the_graph_around_it():
    graph = bl.trace(lambda w, xs: np.sum(bl.vmap(lambda x: np.tanh(w @ x))(xs)))(np.ones(2), np.ones((5, 2)))
    assert [str(node.type) for node in graph.nodes if node.op.name == "tanh"] == ["Vector Float64"]
    assert all(node.at is not None and node.at.file == __file__ for node in graph.nodes)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bl.vmap(3.0), InputError, "vmap: needs a function, and got float"),
        (lambda: bl.vmap(lambda x: x)(1.0), InputError,
         "vmap: x has shape () and no axis 0: give None in in_axes where it is the same for all"),
        (lambda: bl.vmap(lambda x, y: x, (0, 0, 0))(np.ones(2), np.ones(2)), InputError,
         "vmap: in_axes has 3 entries, and the function was called with 2 arguments"),
        (lambda: bl.vmap(lambda x: x, ({"a": 0},))(np.ones(2)), InputError,
         "vmap: in_axes for x is {'a': 0}: give a whole number, None, or a nest of them like it"),
        (lambda: bl.vmap(lambda x, y: x * y)(np.ones(2), np.ones(3)), ShapeError,
         "vmap: the sizes of the batch differ: x has 2, y has 3"),
        (lambda: bl.vmap(lambda x: x, axis_size=4)(np.ones(2)), ShapeError,
         "vmap: the sizes of the batch differ: x has 2, and axis_size is 4"),
        (lambda: bl.vmap(lambda x: x, None)(1.0), InputError,
         "vmap: no argument is mapped: give one an axis in in_axes, or the size of the batch as axis_size"),
        (lambda: bl.vmap(lambda x: x, out_axes=None)(np.ones(2)), InputError,
         "vmap: out_axes is None for result 0, and it is not the same for all slices: give an axis"),
        (lambda: bl.vmap(lambda x: x, out_axes=2)(np.ones(2)), InputError,
         "vmap: result 0 has 1 axes with that of the batch, and out_axes is 2"),
        (lambda: bl.vmap(lambda x: (x, x) if x > 0 else x)(np.array([1.0, -1.0])), GraphError,
         "vmap: slice 0 returns 2 arrays and slice 1 returns 1: every branch must return as many"),
        (lambda: bl.vmap(lambda x: np.stack([x, x]) if x > 0 else x)(np.array([1.0, -1.0])), ShapeError,
         "vmap: result 0 has another shape for some slices: (), (2,)"),
    ],
)  # fmt: skip
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


def test_a_value_that_leaves_its_trace_is_refused():
    kept: list[Array] = []
    bl.vmap(lambda x: kept.append(x) or x)(np.ones(2))
    with pytest.raises(GraphError) as caught:
        bl.grad(lambda y: y * kept[0])(1.0)
    assert str(caught.value).partition("\n")[0] == (
        "mul: node 0 was written in another trace: a value must not leave the function it was traced in, "
        "return it from there instead"
    )
