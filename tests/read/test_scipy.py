"""SciPy's special functions, asked for by those who know SciPy and found by their names."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from scipy import fft, integrate, linalg, optimize, special, stats

import backlight as bl

NAMES = """beta betaln binom cbrt cosdg cosm1 digamma entr erf erfc erfinv exp10 exp2 expit expm1 gamma gammaln huber i0
    i0e i1 i1e kl_div log1p log_expit loggamma logit ndtr poch pseudo_huber psi rel_entr rgamma sindg tandg
    xlog1py xlogy""".split()


@pytest.mark.parametrize("name", NAMES)
def test_a_special_function_of_scipy_has_scipys_value_and_a_right_derivative(name):
    function = getattr(special, name)
    for shift in (0.0, 0.11):
        args = [0.7 + shift + 0.3 * k for k in range(function.nin)]
        args = [min(a, 0.95) if name in ("erfinv", "logit") else a for a in args]
        for k in range(function.nin):

            def f(t, k=k, args=args):
                return function(*args[:k], t, *args[k + 1 :])

            value, slope = bl.value_and_grad(f)(args[k])
            assert value == pytest.approx(f(args[k]), rel=1e-12)
            h = 1e-4
            near = [f(args[k] + t * h) for t in (2, 1, -1, -2)]
            assert slope == pytest.approx((8 * (near[1] - near[2]) - (near[0] - near[3])) / (12 * h), rel=1e-8, abs=1e-9)


def test_what_has_no_row_is_named():
    with pytest.raises(bl.errors.InputError) as caught:
        bl.grad(lambda x: special.kolmogorov(x))(1.0)
    assert str(caught.value).partition(":")[0] == "scipy.special.kolmogorov has no operation here, so it cannot be traced"


def test_special_functions_of_vectors_and_of_both_kinds_of_operands():
    x = np.array([0.5, 1.5])
    assert bl.grad(lambda x: np.sum(special.xlogy(x, np.array([2.0, 3.0]))))(x) == pytest.approx(np.log([2.0, 3.0]))
    assert bl.grad(lambda y: np.sum(special.xlogy(np.array([2.0, 3.0]), y)))(x) == pytest.approx([4.0, 2.0])


MATRIX = np.array([[3.0, 0.2], [0.2, 2.0]])
REST = (
    ", or give it a derivative with bl.rule; what keeps to the array API in SciPy is followed with SCIPY_ARRAY_API=1 set before "
    "SciPy is imported"
)


@pytest.mark.parametrize(("function", "name", "instead"), [
    (lambda x: np.sum(linalg.solve(MATRIX * x[0], x)), "scipy.linalg.solve", "backlight.scipy.linalg.solve"),
    (lambda x: linalg.det(MATRIX * x[0]), "scipy.linalg.det", "backlight.scipy.linalg.det"),
    (lambda x: linalg.cho_factor(MATRIX * x[0])[0][0, 0], "scipy.linalg.cho_factor", "backlight.scipy.linalg.cho_factor"),
    (lambda x: special.logsumexp(x), "scipy.special.logsumexp", "backlight.scipy.special.logsumexp"),
    (lambda x: linalg.sqrtm(MATRIX * x[0])[0, 0], "scipy.linalg.sqrtm", "other functions"),
    (lambda x: np.sum(stats.norm.logpdf(x)), "scipy.stats.norm.logpdf", "backlight.scipy.stats.norm.logpdf"),
    (lambda x: np.sum(stats.gamma(2.0).cdf(x)), "scipy.stats.gamma.cdf", "backlight.scipy.stats.gamma.cdf"),
    (lambda x: stats.multivariate_normal.logpdf(x, x, MATRIX), "scipy.stats.multivariate_normal.logpdf",
     "backlight.scipy.stats.multivariate_normal.logpdf"),
    (lambda x: np.abs(fft.fft(x))[0], "scipy.fft.fft", "backlight.scipy.fft.fft"),
])  # fmt: skip
def test_a_function_of_scipy_that_cannot_be_followed_is_named(function, name, instead):
    with pytest.raises(bl.errors.InputError) as caught:
        bl.grad(function)(np.array([0.5, 1.5]))
    said = f"{name} computes on plain arrays, and what it does to a traced one cannot be followed: use {instead}{REST}"
    assert str(caught.value).splitlines()[0] == said
    assert caught.value.at.file == __file__


def test_an_error_of_the_function_that_scipy_calls_back_stays_its_own():
    def f(x):
        return optimize.brentq(lambda u: float(np.sum(bl.ops.reshape(x, shape=(3,)))) - u, 0.0, 1.0) * x[0]

    with pytest.raises(bl.errors.ShapeError):
        bl.grad(f)(np.array([0.5, 1.5]))
    with pytest.raises(np.linalg.LinAlgError):
        bl.grad(lambda x: np.sum(x @ linalg.inv(np.zeros((2, 2)))))(np.array([0.5, 1.5]))


def test_what_keeps_to_the_array_api_is_followed_where_scipy_is_told_to():
    code = """
        import numpy as np, scipy.special, scipy.fft, scipy.stats
        import backlight as bl
        x = np.array([0.3, 1.2, 0.7])
        print(np.abs(bl.grad(scipy.special.logsumexp)(x) - scipy.special.softmax(x)).max() < 1e-15)
        print(np.round(bl.grad(lambda x: np.abs(scipy.fft.fft(x))[0])(x), 12), np.round(bl.grad(scipy.stats.hmean)(x), 3))
    """
    said = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True,
                          env={**os.environ, "SCIPY_ARRAY_API": "1"})  # fmt: skip
    assert said.stdout == "True\n[1. 1. 1.] [1.065 0.067 0.196]\n"


def test_with_the_array_api_scipys_special_functions_keep_the_graph():
    code = """
        import numpy as np, scipy.special as special
        import backlight as bl, backlight.numpy as bnp
        x = np.array([0.3, 1.2])
        cases = {
            "erf": special.erf, "gammaln": special.gammaln, "psi": special.psi, "expit": special.expit, "i1": special.i1,
            "j0": special.j0, "gammainc": lambda x: special.gammainc(2.0, x), "xlogy": lambda x: special.xlogy(x, x),
            "polygamma": lambda x: special.polygamma(2, x), "multigammaln": lambda x: special.multigammaln(x + 3.0, 3),
            "logsumexp": special.logsumexp,
        }
        for name, f in cases.items():
            g, h = bl.grad(lambda x: np.sum(f(x)))(x), 1e-4
            near = [[np.sum(f(x + t * h * e)) for e in np.eye(2)] for t in (2, 1, -1, -2)]
            steps = (8 * np.subtract(near[1], near[2]) - np.subtract(near[0], near[3])) / (12 * h)
            y = f(bnp.asarray(x))
            if not np.allclose(g, steps, 1e-8) or type(y) is not bnp.ndarray or not np.allclose(np.asarray(y), f(x), 1e-13):
                print(name, g, steps, y, f(x))
        print("all")
    """
    said = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True,
                          env={**os.environ, "SCIPY_ARRAY_API": "1"})  # fmt: skip
    assert said.stdout == "all\n"


@pytest.mark.parametrize(
    "f",
    [
        lambda x: integrate.trapezoid(x**2, dx=0.5),
        lambda x: integrate.simpson(x[:7] ** 2, x=np.arange(7.0) ** 1.5),
        lambda x: np.sum(integrate.cumulative_trapezoid(x**2, x, initial=0) ** 2),
        lambda x: np.sum(integrate.cumulative_simpson(x**2, dx=0.5) ** 2),
        lambda x: integrate.romb(x[:5] ** 2),
        lambda x: integrate.fixed_quad(lambda t: x[0] * t**2, 0, x[1])[0],
    ],
)
def test_integrals_of_samples_are_followed_as_they_stand(f):
    x = np.array([0.7, 1.3, 0.4, 2.2, 1.9, 0.95, 1.1, 0.33])
    value, gradient = bl.value_and_grad(f)(x)
    assert value == pytest.approx(f(x), rel=1e-14)
    small = [np.imag(f(x + 1e-30j * e)) / 1e-30 for e in np.eye(8)]
    np.testing.assert_allclose(gradient, small, rtol=1e-12, atol=1e-14)
