"""SciPy's linear algebra in operations: SciPy's numbers, slopes that agree with small steps, settings that are not known named."""

import numpy as np
import pytest
from scipy import linalg as judge

import backlight as bl
from backlight.scipy import linalg

A = np.array([[2.0, 0.3, -0.4], [0.1, 1.5, 0.2], [-0.3, 0.6, 1.1]])
C = A @ A.T + np.eye(3)
V = np.array([0.5, -1.0, 2.0])

CASES = {
    "cholesky": lambda m, a: m.cholesky(a @ a.T), "cholesky lower": lambda m, a: m.cholesky(a @ a.T, lower=True),
    "cho_solve": lambda m, a: m.cho_solve(m.cho_factor(a @ a.T), V),
    "cho_solve lower": lambda m, a: m.cho_solve(m.cho_factor(a @ a.T, lower=True), V),
    "solve_triangular": lambda m, a: m.solve_triangular(a, V), "transposed": lambda m, a: m.solve_triangular(a, V, trans="T", lower=True),
    "unit": lambda m, a: m.solve_triangular(a, V, lower=True, unit_diagonal=True, check_finite=False),
    "solve": lambda m, a: m.solve(a, V), "inv": lambda m, a: m.inv(a), "det": lambda m, a: m.det(a), "pinv": lambda m, a: m.pinv(a[:2]),
    "norm": lambda m, a: m.norm(a), "svdvals": lambda m, a: m.svdvals(a), "eigvalsh": lambda m, a: m.eigvalsh(a @ a.T),
    "eigh": lambda m, a: m.eigh(a @ a.T)[0], "expm": lambda m, a: m.expm(a), "block_diag": lambda m, a: m.block_diag(a, a[0], 3.0),
    "solve_banded": lambda m, a: m.solve_banded((1, 1), a + 2.0, V), "solve_sylvester": lambda m, a: m.solve_sylvester(a, a.T + 1.0, a @ a),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_values_are_scipys_and_slopes_agree_with_small_steps(name):
    f = CASES[name]
    assert np.asarray(f(linalg, A)) == pytest.approx(f(judge, A), rel=1e-12, abs=1e-13)
    weights = np.cos(np.arange(np.size(f(judge, A)))).reshape(np.shape(f(judge, A)))
    bl.check_grads(lambda a: np.sum(f(linalg, a) * weights), (A,), order=1)


@pytest.mark.parametrize(("call", "message"), [
    (lambda a: linalg.inv(a, fast=True), "backlight.scipy.linalg.inv does not know the argument fast: leave it out"),
    (lambda a: linalg.eigh(a, a), "backlight.scipy.linalg.eigh does not know the argument b: solve with its Cholesky factor first"),
    (lambda a: linalg.solve_triangular(a, V, trans=3), "solve_triangular: trans is 0, 1 or 2 (N, T or C), and it is 3"),
    (lambda a: linalg.solve_banded((1, 0), a, V), "solve_banded: 1 diagonals below and 0 above need 2 rows, and ab has 3"),
    (lambda a: linalg.sqrtm(a), "backlight.scipy.linalg.sqrtm has no operations here, so it cannot be traced: use another function, or "
                                "give it the plain value (x.value), which counts as constant"),
])  # fmt: skip
def test_what_cannot_be_is_an_error_that_names_it(call, message):
    with pytest.raises(bl.errors.BacklightError) as caught:
        bl.grad(lambda a: np.sum(call(a)))(A)
    assert str(caught.value).splitlines()[0] == message
