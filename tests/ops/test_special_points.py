"""What the gradient is where libraries disagree: every tie, kink and pole of the comparison, and the convention chosen here.

The functions are written as people write them, with NumPy; the comparison itself is on the page docs/numbers.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.ops.truth import UNARY, exact, units

import backlight as bl
from backlight import ops
from backlight.diff.reverse import reverse
from backlight.rewrite.apply import apply
from backlight.run.reference import bind
from backlight.run.reference import run as run_typed

INF, NAN = np.inf, np.nan

# name: the function, where, and its gradient there
POINTS: dict[str, tuple[Callable[..., Any], Any, Any]] = {
    "abs at 0": (np.abs, 0.0, 0.0),
    "relu at 0": (ops.relu, 0.0, 0.0),
    "maximum with a tie": (lambda x: np.maximum(x, 2.0), 2.0, 0.5),
    "clip at both bounds": (lambda x: np.sum(np.clip(x, 0.0, 1.0)), [0.0, 1.0], [0.0, 0.0]),
    "max with a tie": (np.max, [1.0, 1.0, 0.0], [0.5, 0.5, 0.0]),
    "max by its index": (lambda x: x[np.argmax(x)], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0]),
    "sort with a tie": (lambda x: np.sum(np.sort(x) * np.array([1.0, 2.0, 3.0])), [1.0, 1.0, 0.0], [2.0, 3.0, 1.0]),
    "median of four": (np.median, [1.0, 1.0, 2.0, 3.0], [0.0, 0.5, 0.5, 0.0]),
    "sqrt at 0": (np.sqrt, 0.0, INF),
    "norm at 0": (np.linalg.norm, [0.0, 0.0], [0.0, 0.0]),
    "norm squared at 0": (lambda x: np.linalg.norm(x) ** 2, [0.0, 0.0], [0.0, 0.0]),
    "root of a sum of squares at 0": (lambda x: np.sqrt(np.sum(x**2)), [0.0, 0.0], [NAN, NAN]),
    "std of equal numbers": (np.std, [3.0, 3.0], [0.0, 0.0]),
    "hypot at (0, 0)": (lambda x: np.hypot(x[0], x[1]), [0.0, 0.0], [0.0, 0.0]),
    "atan2 at (0, 0)": (lambda x: np.arctan2(x[0], x[1]), [0.0, 0.0], [0.0, 0.0]),
    "x to the power 0 at 0": (lambda x: x**0.0, 0.0, 0.0),
    "0 to the power 2, by the exponent": (lambda y: 0.0**y, 2.0, 0.0),
    "0 to the power 0, by the exponent": (lambda y: 0.0**y, 0.0, 0.0),
    "a negative base, by the exponent": (lambda y: (-2.0) ** y, 2.0, NAN),
    "where guards a root": (lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0, 0.0),
    "where guards an exponential": (lambda x: np.where(x < 100, np.exp(x), 0.0), 1e3, 0.0),
    "prod with a zero": (np.prod, [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
    "prod with two zeros": (np.prod, [0.0, 2.0, 0.0], [0.0, 0.0, 0.0]),
    "cumprod with a zero": (lambda x: np.sum(np.cumprod(x)), [0.0, 2.0, 3.0], [9.0, 0.0, 0.0]),
    "logsumexp of two −∞": (ops.logsumexp, [-INF, -INF], [NAN, NAN]),
    "logsumexp of −∞ and 0": (ops.logsumexp, [-INF, 0.0], [0.0, 1.0]),
    "sinc at 0": (np.sinc, 0.0, 0.0),
    "x·log x at 0": (lambda x: x * np.log(x), 0.0, -INF),
    "xlogy(x, x) at 0": (lambda x: ops.xlogy(x, x), 0.0, -INF),
    "x/x at 0": (lambda x: x / x, 0.0, NAN),
    "arccos at 1": (np.arccos, 1.0, -INF),
    "double where": (lambda x: np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0), 0.0, 0.0),
    "softmax of huge numbers": (lambda x: ops.softmax(x)[0], [1e4, 1e4], [0.25, -0.25]),
    "softmax of all that is masked": (
        lambda x: np.sum(np.where(np.array([False, False]), ops.softmax(np.where(np.array([False, False]), x, -INF)), 0.0)),
        [1.0, 2.0], [0.0, 0.0],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", POINTS)
def test_the_convention_holds_at(name: str):
    f, x, wanted = POINTS[name]
    np.testing.assert_array_equal(bl.grad(f)(np.asarray(x) if isinstance(x, list) else x), wanted)


# Where the derivative is the honest NaN, forward mode says so too; elsewhere it says the same number.
@pytest.mark.parametrize("name", POINTS)
def test_forward_mode_holds_the_convention_too(name: str):
    f, x, wanted = POINTS[name]
    x, wanted = np.asarray(x), np.asarray(wanted)
    for k in range(x.size):
        unit = np.zeros(x.size)
        unit[k] = 1.0
        moved = bl.jvp(f, (x[()],), (unit.reshape(x.shape)[()],))[1]
        np.testing.assert_array_equal(moved, wanted.reshape(-1)[k])


def test_the_root_of_a_sum_of_squares_is_a_norm_once_it_is_rewritten():
    graph, values = bind(bl.parse("sqrt(sum(x^2))"), {"x": [0.0, 0.0]})
    made = apply(graph)
    assert [step.rule.name for step in made.steps] == ["norm_power"]
    run = run_typed(reverse(made.graph), values)
    np.testing.assert_array_equal(run["x"].gradient, [0.0, 0.0])
    assert "at x = 0 the root has no derivative, the norm takes 0" in made.steps[0].rule.reason


def test_an_exponent_of_zero_is_the_same_by_every_way_of_writing_it():
    for text in ("x^0", "x**0", "pow(x, 0)"):
        run = bl.backprop(text, x=0.0)
        assert (run.output.value, run["x"].gradient) == (1.0, 0.0)


def test_the_limit_of_x_log_x_is_told_in_its_derivation():
    run = bl.backprop("x*log(x)", x=0.0)
    assert run["x"].gradient == -INF
    assert "0·inf = 1   x·(1/x) is 1, also at 0" in str(bl.explain(run, wrt="x"))
    assert bl.backprop("x*log2(x)", x=0.0)["x"].gradient == -INF
    assert bl.grad(bl.grad(lambda x: x * np.log(x)))(0.0) == INF
    assert bl.grad(lambda x: np.log(x) * x + np.log(x))(2.0) == 1.5 + np.log(2.0)
    np.testing.assert_array_equal(bl.grad(lambda p: -np.sum(p * np.log(p)))(np.array([0.0, 1.0])), [INF, -1.0])


def test_a_mask_before_softmax_is_what_logsumexp_offers_in_its_words():
    assert "mask such rows with where before" in ops.logsumexp.doc


# The tails in which the peers lose their digits: points of the comparison, derivative against many digits.
TAILS = {
    "expm1": -40.0, "tanh": 18.0, "sigmoid": 40.0, "selu": -40.0, "elu": -40.0, "gelu": -8.0, "silu": -700.0, "asinh": 1e200,
    "acosh": 1.0 + 1e-12, "asin": 1.0 - 1e-12, "acos": -1.0 + 1e-12, "atanh": 1.0 - 1e-12, "sinc": 1e-9, "i0": 1e-200,
    "sqrt": 5e-324,
    "exp": -700.0, "log": 1e-300, "log1p": -1.0 + 1e-12, "reciprocal": 1e-150, "atan": 1e150, "sin": 1e6, "tan": 1.5707963,
    "softplus": 20.1, "log_sigmoid": 40.0, "erf": 5.5, "erfc": 20.0, "lgamma": 1e-300, "sinh": 700.0, "cosh": 1e-300,
}  # fmt: skip


@pytest.mark.parametrize("name", TAILS)
def test_the_derivative_has_its_digits_in_the_tail(name: str):
    x = TAILS[name]
    slope = UNARY[name].slopes[0]
    assert slope is not None
    assert units(bl.grad(getattr(ops, name))(x), exact(slope, UNARY[name].bits, np.float64(x)), "float64") <= 4.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", ["float32", "complex128"])
def test_a_matrix_that_is_not_finite_has_nan_for_eigenvalues_and_its_neighbours_have_their_own(bad: float, dtype: str) -> None:
    stack = np.array([[[2.0, 1.0], [1.0, 3.0]], [[1.0, bad], [bad, 1.0]], [[5.0, 0.0], [0.0, 4.0]]], dtype)
    values, vectors = ops.eigh(stack)
    assert np.all(np.isnan(values[1]))
    assert np.all(np.isnan(vectors[1]))
    for k in (0, 2):
        w, v = np.linalg.eigh(stack[k])
        assert np.array_equal(values[k], w)
        assert np.array_equal(vectors[k], v)
    assert (values.dtype, vectors.dtype) == (w.dtype, v.dtype)
