"""Reductions where formulas fail: overflow, zeros, ties; and reductions of any shape along any axes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from tests.ops.trial import assert_close

from backlight import ops
from backlight.core.graph import Graph
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.diff.reverse import reverse
from backlight.run.reference import evaluate

assert ops.__all__
T = TABLE


def slopes(function: Any, *values: Any) -> list[Any]:
    """Gradients of the sum of a function's result."""
    tape = Tape()
    xs = [tape.input(f"x{k}", np.asarray(x)) for k, x in enumerate(values)]
    out = T["sum"](function(*xs))
    wrt = [x.number for x in xs if x.type.is_float]
    written = reverse(Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,)), wrt=wrt)
    found = evaluate(written, {x.number: np.asarray(v) for x, v in zip(xs, values, strict=True)})
    return [found[written.grads[i]] for i in wrt]


@pytest.mark.parametrize(("x", "gives"), [([3e200, 4e200], 5e200), ([3e-200, -4e-200], 5e-200), ([3e-320, 4e-320], 5e-320)])
def test_a_length_neither_overflows_nor_vanishes(x, gives):
    assert_close(T["norm"](x).value, gives, 1e-3 if gives < 1e-300 else 1e-15)
    if gives > 1e-300:
        assert_close(slopes(T["norm"], x)[0], np.array([0.6, np.sign(x[1]) * 0.8]), 1e-15)


def prod_hessian(x: list[float]) -> Any:
    """Second derivatives of the product, row by row."""
    tape = Tape()
    start = tape.input("x", np.array(x))
    out = T["prod"](start).number
    first = reverse(Graph(tuple(tape.nodes), (0,), (out,)))
    rows = []
    for k in range(len(x)):
        second = reverse(first, first.grads[0], seed=np.eye(len(x))[k])
        rows.append(evaluate(second, {0: np.array(x)})[second.grads[0]])
    return np.array(rows)


@pytest.mark.parametrize("x", [[2.0, 3.0, 4.0], [0.0, 3.0, 4.0], [0.0, 0.0, 4.0], [0.0, 0.0, 0.0], [0.0, 0.0, 4.0, 5.0]])
def test_second_derivatives_of_a_product_are_exact_with_any_number_of_zeros(x):
    n = len(x)
    wanted = [[0.0 if i == k else np.prod([x[j] for j in range(n) if j not in (i, k)]) for k in range(n)] for i in range(n)]
    np.testing.assert_array_equal(prod_hessian(x), wanted)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=6), st.booleans(), st.booleans())
def test_the_gradient_of_a_running_product_is_exact_in_whole_numbers(x, exclusive, reverse_):
    n = len(x)
    found = slopes(lambda y: T["cumprod"](y, exclusive=exclusive, reverse=reverse_), np.array(x, float))[0]
    wanted = []
    for i in range(n):
        total = 0
        for k in range(n):
            factors = [j for j in range(n) if (j < k or (j == k and not exclusive))]
            if reverse_:
                factors = [j for j in range(n) if (j > k or (j == k and not exclusive))]
            if i in factors:
                total += int(np.prod([x[j] for j in factors if j != i]))
        wanted.append(total)
    np.testing.assert_array_equal(found, wanted)


def shapes_and_axes() -> st.SearchStrategy[Any]:
    shapes = hnp.array_shapes(min_dims=1, max_dims=4, max_side=4)
    axes = lambda shape: st.none() | hnp.valid_tuple_axes(len(shape), min_size=1)
    return shapes.flatmap(lambda shape: st.tuples(st.just(shape), axes(shape)))


NUMPY = {
    "sum": np.sum, "mean": np.mean, "prod": np.prod, "max": np.max, "min": np.min, "var": np.var, "std": np.std,
    "median": np.median, "any": np.any, "all": np.all, "count_nonzero": np.count_nonzero,
    "norm": lambda x, axis, keepdims: np.sqrt(np.sum(x * x, axis=axis, keepdims=keepdims)),
    "logsumexp": lambda x, axis, keepdims: np.log(np.sum(np.exp(x), axis=axis, keepdims=keepdims)),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMPY)
@given(pair=shapes_and_axes(), keepdims=st.booleans(), seed=st.integers(0, 99))
def test_reductions_along_any_axes_agree_with_numpy(name, pair, keepdims, seed):
    shape, axis = pair
    x = np.random.default_rng(seed).normal(size=shape)
    row = T[name]
    found = row(x, axis=axis, keepdims=keepdims).value
    wanted = NUMPY[name](x, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=1e-15)
    assert np.shape(found) == np.shape(wanted)
    if row.differentiable:
        (gradient,) = slopes(lambda y: row(y, axis=axis, keepdims=keepdims), x)
        move = np.random.default_rng(seed + 1).normal(size=shape)
        h = 1e-6
        ahead, behind = (np.sum(NUMPY[name](x + step * move, axis=axis, keepdims=keepdims)) for step in (h, -h))
        step = (ahead - behind) / (2 * h)
        scale = np.sum(np.abs(gradient * move)) + 1.0
        if name not in ("std", "norm") or np.min(found) > 1e-3:  # of few numbers, or of one, the length has a kink
            assert abs(np.sum(gradient * move) - step) < 1e-6 * scale


@given(hnp.array_shapes(min_dims=1, max_dims=3, max_side=5), st.integers(0, 99), st.booleans())
def test_sorting_is_stable_and_its_gradient_goes_back(shape, seed, descending):
    x = np.random.default_rng(seed).integers(0, 3, shape).astype(float)
    order = T["argsort"](x, descending=descending).value
    wanted = np.argsort(-x if descending else x, -1, kind="stable")
    np.testing.assert_array_equal(order, wanted)
    weights = np.arange(1.0, x.size + 1).reshape(shape)
    (gradient,) = slopes(lambda y: T["sort"](y, descending=descending) * weights, x)
    np.testing.assert_array_equal(np.take_along_axis(gradient, wanted, -1), weights)
