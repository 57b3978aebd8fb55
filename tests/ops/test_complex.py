"""What every row that takes complex numbers promises of them: types, gradients and tangents, against steps in real pairs.

A complex number counts as two real ones. The gradient of a real number L by z = x + iy is ∂L/∂x + i·∂L/∂y.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.ops import trial as t

import backlight as bl
from backlight import ops
from backlight.core.op import Case, Op
from backlight.core.table import TABLE
from backlight.core.types import type_of
from backlight.diff.forward import forward
from backlight.ops.complex import takes_complex


def turned(x: Any) -> Any:
    """Floats as complex numbers of no special structure; all else as it is."""
    if np.asarray(x).dtype.kind != "f":
        return x
    return (x * (1 + 0.25j) + 0.1j * t.weights(type_of(x), 5))[()]


def narrow(x: Any) -> Any:
    made = turned(x)
    return made if made is x else np.asarray(made).astype("complex64")[()]


def plain(case: Case) -> bool:
    sizes = [np.size(x) for x in case.args]
    return case.raises is None and case.smooth and any(np.asarray(x).dtype.kind == "f" for x in case.args) and max(sizes) > 1


ROWS = {name: row for name, row in TABLE.items() if takes_complex(row)}
# One case of each row is enough: the others differ in their axes, which the laws over real numbers go through.
CASES = [pytest.param(row, case, id=name) for name, row in ROWS.items() for case in [c for c in row.cases if plain(c)][:1]]
# Vectors that are known but for a phase are differentiated only through what does not depend on it.
PHASES = {"eig", "eigh", "svd"}
MOVING = [p for p in CASES if p.values[0].differentiable and p.values[0].kind != "control" and p.id not in PHASES]


@pytest.mark.parametrize(("row", "case"), CASES)
def test_the_value_has_the_promised_type_in_both_precisions(row: Op, case: Case):
    for change, names in ((turned, ("complex128", "float64")), (narrow, ("complex64", "float32"))):
        tried = t.trial(row, case, change)
        found = tried.run()
        for i in tried.graph.outputs:
            kind = tried.graph.type(i)
            assert type_of(found[i]) is kind
            assert kind.dtype.kind in "biu" or kind.dtype.name in names or case.attrs.get("dtype") is not None


@pytest.mark.parametrize(("row", "case"), MOVING)
def test_the_gradient_is_that_of_real_pairs(row: Op, case: Case):
    tried = t.trial(row, case, turned)
    for out in tried.smooth_outputs:
        seed = t.weights(tried.graph.type(out), 1)
        for i, g in zip(tried.floats, tried.gradients(out, seed), strict=True):
            tangent = t.weights(tried.graph.type(i), 2)

            def along(h: float, i: int = i, out: int = out, seed: Any = seed, tangent: Any = tangent) -> float:
                return t.inner(seed, tried.run({**tried.values, i: tried.values[i] + h * tangent})[out])

            scale = float(np.sum(np.abs(np.asarray(g) * tangent)))
            t.assert_close(t.inner(g, tangent), t.richardson(along), t.RICHARDSON, scale + 1.0)


@pytest.mark.parametrize(("row", "case"), MOVING)
def test_forward_mode_is_its_other_side(row: Op, case: Case):
    tried = t.trial(row, case, turned)
    tangents = {i: t.weights(tried.graph.type(i), 2) for i in tried.floats}
    written = forward(tried.graph, seeds=tangents)
    found = t.evaluate(written, tried.values)
    for out in tried.smooth_outputs:
        seed = t.weights(tried.graph.type(out), 1)
        terms = [t.inner(g, tangents[i]) for i, g in zip(tried.floats, tried.gradients(out, seed), strict=True)]
        moved = found[written.tangents[out]]
        scale = float(np.sum(np.abs(np.asarray(seed) * moved))) + sum(map(abs, terms))
        t.assert_close(t.inner(seed, moved), sum(terms), 16 * t.STATED["float64"], scale)


MATRIX = turned(np.array([[2.3, -0.7, 0.4], [0.9, 1.8, -1.1], [-0.6, 0.5, 1.4]]))
WEIGHTS = np.arange(9.0).reshape(3, 3)


def eigh_loss(x: Any) -> Any:
    w, v = ops.eigh(x)
    return ops.sum(w * WEIGHTS[0]) + ops.sum(ops.abs(v) * WEIGHTS)


def eig_loss(x: Any) -> Any:
    w, v = ops.eig(x)
    return ops.real(ops.sum(w * WEIGHTS[0])) + ops.sum(ops.abs(v) * WEIGHTS)


def svd_loss(x: Any) -> Any:
    u, sizes, vt = ops.svd(x)
    return ops.sum(sizes * WEIGHTS[0]) + ops.real((u @ vt)[0, 1] * 2.0) + ops.sum(ops.abs(u[0]))


LOSSES = {"eigh": eigh_loss, "eig": eig_loss, "svd": svd_loss}


@pytest.mark.parametrize("name", LOSSES)
def test_what_does_not_depend_on_the_phase_of_a_vector_has_its_gradient(name: str):
    g, tangent = bl.grad(LOSSES[name])(MATRIX), t.weights(type_of(MATRIX), 2)
    steps = t.richardson(lambda h: float(LOSSES[name](MATRIX + h * tangent)))
    t.assert_close(t.inner(g, tangent), steps, t.RICHARDSON, 10.0)


HOLOMORPHIC = ["exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan", "reciprocal", "square"]


@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_a_holomorphic_row_turns_a_turned_tangent(name: str):
    row = TABLE[name]
    z, dz = 0.4 + 0.7j, 1.3 - 0.2j
    moved, turned_one = (bl.jvp(row, (z,), (d,))[1] for d in (dz, 1j * dz))
    np.testing.assert_allclose(turned_one, 1j * moved, rtol=1e-14)


def test_a_real_function_falls_fastest_against_its_gradient():
    z = 0.3 - 1.2j
    loss = lambda z: ops.real(ops.exp(z) * ops.conj(z))
    g = bl.grad(loss)(z)
    away = [loss(z - 1e-6 * abs(g) * np.exp(1j * a)).value for a in np.angle(g) + np.linspace(-0.5, 0.5, 11)]
    assert int(np.argmin(away)) == 5
    np.testing.assert_allclose(bl.grad(lambda z: ops.real(z * ops.conj(z)))(3.0 + 4.0j), 6.0 + 8.0j)


def test_a_row_of_real_numbers_refuses_complex_ones_by_name():
    real_only = [row for row in TABLE.values() if row.kind == "elementwise" and row.differentiable and not takes_complex(row)]
    assert {"erf", "lgamma", "relu", "atan2"} <= {row.name for row in real_only}
    for row in real_only:
        with pytest.raises(bl.errors.DTypeError, match=rf"^{row.name.removesuffix('_slope')}(_slope)?: takes real numbers"):
            row(*[np.array([1j, 2.0])] * len(row.args))


def test_these_rows_take_complex_numbers():
    assert {"add", "mul", "fft", "inv", "det", "eigh"} <= set(ROWS)
    assert {"div", "exp", "log", "sqrt", "sin", "matmul", "sum", "prod", "where"} <= set(ROWS)
