"""A `where` is an `if`: what stands on the branch that was not taken is as good as not written, in every mode and to any order.

The law is tried on random formulas full of poles, roots and logarithms. Its other half is that nothing is made up: where the
branch that was taken has no derivative, NaN stays NaN.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import backlight as bl
from backlight import ops as o

Formula = Callable[[Any, Any], Any]  # of x, and of how a choice is made

POINTS = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0]
UNARY = [o.sqrt, o.log, o.exp, o.reciprocal, o.square, o.relu, o.abs, o.tanh, o.acos, lambda u: o.clip(u, -1.0, 1.0), lambda u: -u]
BINARY = [lambda u, v: u + v, lambda u, v: u - v, lambda u, v: u * v, lambda u, v: u / v, o.maximum]
QUESTIONS = [lambda u: u > 0.0, lambda u: u < 1.0, lambda u: u == 0.0, lambda u: o.isfinite(u)]


def leaf(number: float | None) -> Formula:
    return (lambda x, choose: x) if number is None else (lambda x, choose: number + 0.0 * o.stop_gradient(x))


def applied(f: Any, u: Formula) -> Formula:
    return lambda x, choose: f(u(x, choose))


def joined(f: Any, u: Formula, v: Formula) -> Formula:
    return lambda x, choose: f(u(x, choose), v(x, choose))


def chosen(question: Any, asked: Formula, u: Formula, v: Formula) -> Formula:
    return lambda x, choose: choose(question(asked(x, choose)), lambda: u(x, choose), lambda: v(x, choose))


FORMULAS: Any = st.recursive(
    st.builds(leaf, st.sampled_from([None, None, None, 2.0, 0.0])),
    lambda inner: st.one_of(
        st.builds(applied, st.sampled_from(UNARY), inner), st.builds(joined, st.sampled_from(BINARY), inner, inner),
        st.builds(chosen, st.sampled_from(QUESTIONS), inner, inner, inner),
    ),
    max_leaves=9,
)  # fmt: skip


def by_where(condition: Any, u: Any, v: Any) -> Any:
    """Both branches are written, and one is chosen."""
    return o.where(condition, u(), v())


def by_if(condition: Any, u: Any, v: Any) -> Any:
    """Only the branch that is taken is written."""
    return u() if bool(condition) else v()


def two_ways(formula: Formula) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    return lambda x: formula(x, by_where), lambda x: formula(x, by_if)


def same(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12, equal_nan=True)


@settings(max_examples=40)
@given(FORMULAS, st.sampled_from(POINTS))
def test_reverse_mode_through_where_is_that_of_the_branch_taken(formula: Formula, x: float):
    one, other = two_ways(formula)
    same(bl.grad(one)(x), bl.grad(other)(x))


@settings(max_examples=40)
@given(FORMULAS, st.sampled_from(POINTS))
def test_forward_mode_through_where_is_that_of_the_branch_taken(formula: Formula, x: float):
    one, other = two_ways(formula)
    same(bl.jvp(one, (x,), (1.0,))[1], bl.jvp(other, (x,), (1.0,))[1])


@settings(max_examples=40)
@given(FORMULAS, st.sampled_from(POINTS))
def test_second_order_through_where_is_that_of_the_branch_taken(formula: Formula, x: float):
    one, other = two_ways(formula)
    same(bl.grad(bl.grad(one))(x), bl.grad(bl.grad(other))(x))


@settings(max_examples=40)
@given(FORMULAS)
def test_a_batch_through_where_is_each_of_its_numbers(formula: Formula):
    one, other = two_ways(formula)
    xs = np.array(POINTS)
    same(bl.vmap(bl.grad(one))(xs), [bl.grad(other)(x) for x in POINTS])
    same(bl.grad(lambda x: o.sum(one(x)))(xs), [bl.grad(other)(x) for x in POINTS])


@settings(max_examples=40)
@given(FORMULAS, st.sampled_from(POINTS))
def test_a_loop_through_where_is_that_of_the_branches_taken(formula: Formula, x: float):
    one, other = two_ways(formula)

    def looped(x: Any) -> Any:
        return bl.scan(lambda carry, step: (one(carry) * step, carry), x, np.array([0.5, 0.25]))[0]

    same(bl.grad(looped)(x), bl.grad(lambda x: other(other(x) * 0.5) * 0.25)(x))


LOST = np.array([[1.0, 2.0], [np.nan, 3.0], [4.0, np.inf]])  # the padding of a batch: only the first row is meant
MEANT = np.array([[True], [False], [False]])
WEIGHTS = np.array([[0.5, -1.0], [2.0, 0.3]])


# What mixes axes: numbers that only dead results stand on are kept out of the products with living ones.
@pytest.mark.parametrize(
    "f",
    [
        lambda x, w: x @ w,
        lambda x, w: o.tanh(x @ w),
        lambda x, w: o.einsum("ij,jk->ik", x, w),
        lambda x, w: o.relu(x @ w + 1.0) @ w,
        lambda x, w: o.softmax(x @ w, axis=-1),
        lambda x, w: o.stack(x[:, 0] * w[0, 0], o.norm(x @ w, axis=1), axis=1),
        lambda x, w: o.cumprod(x @ w, axis=1),
        lambda x, w: o.logsumexp(x @ w, axis=1, keepdims=True),
        lambda x, w: o.stack(*[o.dot(x, w[:, k]) for k in range(2)], axis=1),
        lambda x, w: o.reshape(o.conv1d(o.reshape(x, shape=(-1, 2, 1)), o.reshape(w, shape=(2, 2, 1))), shape=(-1, 2)),
    ],
)  # fmt: skip
def test_rows_of_a_batch_that_are_masked_take_no_part(f: Any):
    found = bl.grad(lambda w: o.sum(o.where(MEANT, f(LOST, w), 0.0)))(WEIGHTS)
    wanted = bl.grad(lambda w: o.sum(f(LOST[:1], w)))(WEIGHTS)
    same(found, wanted)
    dx = bl.grad(lambda x: o.sum(o.where(MEANT, f(x, WEIGHTS), 0.0)))(LOST)
    same(dx[0], bl.grad(lambda x: o.sum(f(x, WEIGHTS)))(LOST[:1])[0])
    same(dx[1:], np.zeros((2, 2)))


def matrix(x: Any) -> Any:
    return o.stack(o.stack(o.sqrt(x), x), o.stack(x, o.log(x)))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: o.det(matrix(x)), lambda x: o.inv(matrix(x))[0, 0], lambda x: o.solve(matrix(x), o.stack(x, x))[0],
        lambda x: o.eigh(matrix(x))[0][0], lambda x: o.slogdet(matrix(x))[1],
        lambda x: o.expm(matrix(x))[0, 0], lambda x: o.real(o.fft(matrix(x)))[0, 0], lambda x: o.sum(o.sort(matrix(x))),
        lambda x: bl.scan(lambda c, s: (c * s, c), o.sqrt(x), np.array([2.0, 3.0]))[0],
        lambda x: bl.checkpoint(lambda y: o.log(y) * y)(x),
    ],
)  # fmt: skip
def test_a_result_that_is_not_taken_sends_nothing_down_whatever_made_it(f: Any):
    with np.errstate(all="ignore"):
        assert bl.grad(lambda x: o.where(x > 0.0, f(x), 2.0 * x))(-1.0) == 2.0


def test_nan_on_the_branch_that_was_taken_stays_nan():
    assert np.isnan(bl.grad(lambda x: o.where(x >= 0.0, o.sqrt(x) ** 2, 0.0))(0.0))
    assert np.isnan(bl.jvp(lambda x: o.where(x >= 0.0, o.sqrt(x) ** 2, 0.0), (0.0,), (1.0,))[1])
    found = bl.grad(lambda w: o.sum(o.where(~MEANT, LOST @ w, 0.0)))(WEIGHTS)
    assert not np.isfinite(found).any()
