"""Jacobians and Hessians: forward, in reverse, and by few sweeps give the same numbers, for every row and for whole functions."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ops import trial as t

import backlight as bl
from backlight.core.array import as_value
from backlight.core.op import Case, Op
from backlight.core.table import TABLE
from backlight.diff.colouring import star_colours, star_places
from backlight.errors import DifferentiationError, InputError, ValueError
from backlight.jacobians import Sparse

X = np.linspace(0.1, 1.0, 40)


def whole(found: Any) -> Any:
    return found.dense() if isinstance(found, Sparse) else found


@pytest.mark.parametrize(
    ("row", "case"), t.pairs(lambda row, case: t.smooth(row, case) and row.kind not in ("leaf", "control"))
)
def test_what_the_pattern_leaves_out_is_zero(row: Op, case: Case):
    xs = [as_value(x) for x in case.args]
    by = tuple(k for k, x in enumerate(xs) if x.dtype.kind == "f")
    if not by or any(x.dtype.kind == "c" for x in xs) or sum(x.size for x in xs) > 400:
        return
    out = row(*xs, **case.attrs)
    if any(z.dtype.kind != "f" for z in (out if isinstance(out, tuple) else (out,))):
        return
    f = lambda *xs: row(*xs, **case.attrs)
    dense = bl.jacobian(f, by, sparse=False, mode="reverse")(*xs)
    few = bl.jacobian(f, by, sparse=True)(*xs)
    for some, rest in zip(few if isinstance(out, tuple) else [few], dense if isinstance(out, tuple) else [dense], strict=True):
        for a, b in zip(some, rest, strict=True):
            scale = float(np.max(np.abs(b[np.isfinite(b)]), initial=1.0))
            t.assert_close(a.dense(), b.reshape(a.shape), 1e-11, scale=scale)


def tridiagonal(x):
    return x[1:-1] ** 2 * x[:-2] + np.sin(x[2:])


def rosenbrock(x):
    return np.sum((1 - x[:-1]) ** 2 + 100 * (x[1:] - x[:-1] ** 2) ** 2)


BAND = np.diag(np.arange(1.0, 41.0)) + np.diag(np.ones(39), 1)


@pytest.mark.parametrize(
    ("f", "sweeps"),
    [
        (tridiagonal, 3),
        (lambda x: np.tanh(BAND @ x), 2),
        (lambda x: np.cumsum(np.reshape(x, (10, 4)), axis=1), 4),
        (lambda x: np.exp(x)[::-1], 1),
        (lambda x: np.concatenate([x[:5], x[5:] * x[:-5]]), 2),
        (lambda x: np.sum(np.reshape(x, (8, 5)), axis=1), 1),
        (lambda x: x / np.sum(x), 40),
        (lambda x: np.where(x > 0.5, x, np.roll(x, 1)), 2),
    ],
)
def test_structure_is_found_and_made_use_of(f, sweeps):
    found = bl.jacobian(f, sparse=True)(X)
    dense = bl.jacobian(f, sparse=False)(X)
    assert found.sweeps == sweeps
    np.testing.assert_allclose(found.dense().reshape(dense.shape), dense, rtol=1e-14)
    np.testing.assert_allclose(bl.jacobian(f)(X), dense, rtol=1e-14)
    for mode in ("forward", "reverse"):
        np.testing.assert_allclose(bl.jacobian(f, mode=mode, sparse=False)(X), dense, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(bl.jacobian(f, mode=mode)(X), dense, rtol=1e-13, atol=1e-15)


def test_a_matrix_of_three_diagonals_takes_three_sweeps_whatever_its_size():
    for n in (10, 100, 1000):
        found = bl.jacobian(tridiagonal, sparse=True)(np.linspace(0.1, 1.0, n + 2))
        assert (found.sweeps, found.shape, len(found.values)) == (3, (n, n + 2), 3 * n)
    assert str(found) == "<sparse 1000 × 1002: 3000 entries, 3 sweeps>"
    assert np.asarray(found).shape == (1000, 1002)


def test_a_hessian_takes_as_few_sweeps_as_its_structure_allows():
    found = bl.hessian(rosenbrock, sparse=True)(X)
    assert found.sweeps == 3
    dense = bl.hessian(rosenbrock, sparse=False)(X)
    np.testing.assert_allclose(found.dense(), dense, rtol=1e-13)
    np.testing.assert_allclose(bl.hessian(rosenbrock)(X), dense, rtol=1e-13)
    np.testing.assert_allclose(bl.hvp(rosenbrock, X, X), dense @ X, rtol=1e-12)


CROSS = np.arange(40) % 8


@pytest.mark.parametrize(
    ("f", "sweeps"),
    [
        (lambda x: np.sum(np.exp(x[0]) * x[1:] ** 3), 2),  # an arrow: its first row meets every column
        (lambda x: np.sum(np.tanh(x[0] * x[1:])) + np.sum(x[-1] ** 2 * x[:-1] ** 3), 3),  # two arrows, crossed
        (lambda x: np.sum(np.sin(x[1:] * x[:-1])), 3),
        (lambda x: np.sum(np.sin(x[CROSS] * x)), 2),  # eight hubs with their spokes
        (lambda x: np.sum(x**4), 1),
        (lambda x: np.sum(x) ** 2, 40),
        (lambda x: np.sum(np.reshape(x, (8, 5)) ** 2 * x[0]), 2),
    ],
)
def test_a_hessian_is_read_on_either_side_of_its_diagonal(f, sweeps):
    found = bl.hessian(f, sparse=True)(X)
    dense = bl.hessian(f, sparse=False)(X)
    assert found.sweeps == sweeps
    np.testing.assert_allclose(found.dense(), dense, rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(bl.hessian(f)(X), dense, rtol=1e-13, atol=1e-15)


@given(st.integers(1, 9).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1))))))
def test_every_entry_of_a_symmetric_matrix_is_read_where_it_stands_alone(case):
    n, entries = case
    matrix = np.zeros((n, n))
    for k, (i, j) in enumerate(sorted(entries), 1):
        matrix[i, j] = matrix[j, i] = k
    rows, columns = np.nonzero(matrix)
    colour = star_colours(rows, columns, n)
    swept = matrix @ (colour[:, None] == np.arange(n))
    by, row = star_places(rows, columns, colour)
    assert swept[row, by].tolist() == matrix[rows, columns].tolist()


@dataclass(frozen=True)
class Layer:
    w: Any
    act: Any = np.tanh


def test_results_and_arguments_may_be_nested():
    layer = Layer(np.array([0.5, -1.0]))
    f = lambda layer, x: {"y": layer.act(layer.w * x), "sum": (np.sum(layer.w) * x,)}
    found = bl.jacobian(f, (0, 1))(layer, 2.0)
    assert found["sum"][0][0].w.tolist() == [2.0, 2.0]
    assert found["sum"][0][0].act is None
    assert found["sum"][0][1] == -0.5
    assert found["y"][0].w.shape == (2, 2)
    assert bl.jacobian(f, wrt="x")(layer, 2.0)["sum"] == (-0.5,)
    value, aux = bl.jacobian(lambda x: (x * x, "word"), has_aux=True)(np.ones(2))
    assert (value.tolist(), aux) == ([[2.0, 0.0], [0.0, 2.0]], "word")
    assert bl.jacobian(lambda x: x[:0])(np.ones(3)).shape == (0, 3)


def test_they_nest_with_everything_else():
    cube = lambda x: np.sum(bl.jacobian(lambda y: y**3)(x))
    assert bl.grad(cube)(X) == pytest.approx(6 * X, rel=1e-13)
    assert bl.vmap(bl.hessian(rosenbrock))(np.stack([X, X / 2]))[1] == pytest.approx(bl.hessian(rosenbrock)(X / 2), rel=1e-13)
    third = bl.jacobian(bl.hessian(lambda x: np.sum(x**3 * x[0])))(np.array([2.0, 3.0]))
    assert third.tolist() == [[[48.0, 0.0], [0.0, 18.0]], [[0.0, 18.0], [18.0, 12.0]]]
    places = np.array([0, 2, 1, 3] * 10)
    picked = bl.compile(lambda x, i: bl.jacobian(lambda y: y[i] * 2.0)(x))
    for i in (places, places[::-1].copy()):  # a pattern that hangs on a value is not kept for another
        assert picked(X, i).tolist() == (2.0 * np.eye(40)[i]).tolist()


def test_complex_numbers():
    z = np.array([1.0 + 2.0j, -0.5j])
    for mode in ("forward", "reverse"):
        assert bl.jacobian(lambda z: z**3, holomorphic=True, mode=mode)(z) == pytest.approx(np.diag(3 * z**2), rel=1e-13)
    assert bl.grad(lambda z: np.sum(z * z), holomorphic=True)(z) == pytest.approx(2 * z, rel=1e-15)
    assert bl.grad(lambda z: np.real(z * np.conj(z)))(3.0 + 4.0j) == 6.0 + 8.0j  # ∂L/∂x + i ∂L/∂y
    assert bl.jacobian(lambda x: x * 1j)(np.ones(2)).tolist() == [[1j, 0], [0, 1j]]


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: bl.jacobian(lambda x: x > 0)(X), DifferentiationError,
         "jacobian: the function returned Vector Bool (40,), and only floats have a derivative"),
        (lambda: bl.jacobian(lambda x: x, mode="both"), ValueError,
         "jacobian: mode is 'auto', 'forward' or 'reverse', and not 'both'"),
        (lambda: bl.jacobian(lambda x: x, sparse="yes"), ValueError, "jacobian: sparse is 'auto', True or False, and not 'yes'"),
        (lambda: bl.jacobian(lambda z: z * 1j)(1j), DifferentiationError,
         ("jacobian: of a complex function by complex arguments: say holomorphic=True, "
          "or take its real and its imaginary part")),
        (lambda: bl.jacobian(lambda z: z, holomorphic=True)(1.0), DifferentiationError,
         "jacobian: with holomorphic the arguments and the results are complex"),
        (lambda: bl.grad(lambda x: np.sum(bl.jacobian(lambda y: y, sparse=True)(x)))(X), InputError,
         "jacobian: sparse=True inside another derivative has no meaning: leave it out there"),
        (lambda: bl.grad(lambda z: z * z)(1j), DifferentiationError,
         ("grad: the function returned Complex128 (), and a gradient needs one real number: "
          "take its real part or its abs, or say holomorphic=True for dL/dz")),
        (lambda: bl.grad(lambda x: x, holomorphic=True)(1.0), DifferentiationError,
         "grad: the function returned Float64 (), and a gradient needs one complex number: leave holomorphic out"),
        (lambda: bl.grad(lambda x: x * 1j, holomorphic=True)(1.0), DifferentiationError,
         "grad: with holomorphic the arguments are complex, and one is Float64 ()"),
        (lambda: bl.grad(lambda x: x, has_aux=True)(1.0), InputError,
         "grad: with has_aux the function returns a number and something else, and it returned Array"),
    ],
)  # fmt: skip
def test_mistakes_are_named(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value).partition("\n")[0] == message


def test_what_the_graph_shows_to_be_zero_is_zero_beside_a_pole():
    assert bl.jacobian(np.sqrt)(np.array([0.0, 4.0])).tolist() == [[np.inf, 0.0], [0.0, 0.25]]


def test_every_row_that_moves_numbers_is_known_to_do_so():
    from backlight.diff.pattern import ALONG, MOVES

    assert {*TABLE, "put", "logcumsumexp"} >= MOVES | ALONG


@pytest.mark.parametrize("mode", ["forward", "reverse"])
@pytest.mark.parametrize(
    "f",
    [
        lambda u: 1.0 / u, lambda u: np.sqrt(u) + np.sum(u), lambda u: np.stack([np.sqrt(u[1]), u[0] * u[1]]),
        lambda u: np.sqrt(np.sort(u))[::-1] * u[0], lambda u: np.log(u) + u[::-1], lambda u: np.cumsum(np.sqrt(u)),
    ],
)  # fmt: skip
def test_a_row_of_a_jacobian_is_the_gradient_of_its_result_also_beside_a_pole(f: Any, mode: Any):
    x = np.array([4.0, 0.0])
    with np.errstate(all="ignore"):
        found = bl.jacobian(f, mode=mode)(x)
        wanted = [bl.grad(lambda u, k=k: f(u)[k])(x) for k in range(2)]
        np.testing.assert_allclose(found, wanted, rtol=1e-12)
        traced = bl.grad(lambda s: bl.jacobian(f, mode=mode)(s * x)[0, 0])(1.0)
        assert np.isfinite(traced)
