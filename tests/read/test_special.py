"""SciPy's special functions that have no row: SciPy's own value, and derivatives of any order by operands that have a formula."""

import subprocess
import sys
from functools import partial

import mpmath as mp
import numpy as np
import pytest
from scipy import special

import backlight as bl
from backlight.read.numpy.special import RULES, SEVERAL

# Operands where the usual ones (0.7, 1, 1.3, …) do not lie where the function is defined.
PLACES = {
    **dict.fromkeys(("expn", "yn", "kn"), (2, 0.7)), "hyp2f1": (0.7, 1.0, 1.3, 0.4), "ndtri": (0.4,),
    **dict.fromkeys(("gammaincinv", "gammainccinv", "stdtrit", "ellipkinc", "ellipeinc"), (0.7, 0.4)),
    "bdtr": (2.0, 5, 0.3), "bdtrc": (2.0, 5, 0.3), "_zeta": (2.5, 1.3),
    **dict.fromkeys(("betainc", "betaincc", "betaincinv", "betainccinv"), (0.7, 1.0, 0.4)),
}  # fmt: skip
# Operands whose slope is an integral of its own, which is not differentiated by the same operand once more.
ONCE = {**dict.fromkeys("gammainc gammaincc gammaincinv gammainccinv chdtr chdtrc stdtr stdtrit".split(), (0,)),
        **dict.fromkeys("betainc betaincc betaincinv betainccinv".split(), (0, 1))}  # fmt: skip
REAL = [name for name in RULES if name not in ("_lambertw", "wofz", "psi", "hankel1", "hankel2")]


def scipys(name):
    return getattr(sys.modules["scipy.special._ufuncs"], name)


def slope(f, x, h=1e-4):
    near = [f(x + t * h) for t in (2, 1, -1, -2)]
    return (8 * (near[1] - near[2]) - (near[0] - near[3])) / (12 * h)


@pytest.mark.parametrize("name", REAL)
def test_values_are_scipys_and_derivatives_of_two_orders_agree_with_small_steps(name):
    function = scipys(name)
    args = PLACES.get(name, tuple(0.7 + 0.3 * k for k in range(function.nin)))
    for k, rule in enumerate(RULES[name]):
        if rule is not None:

            def f(x, k=k):
                return function(*args[:k], x, *args[k + 1 :])

            value, first = bl.value_and_grad(f)(args[k])
            assert value == pytest.approx(f(args[k]), rel=1e-14)
            assert first == pytest.approx(slope(f, args[k]), rel=1e-8, abs=1e-10)
            assert bl.jvp(f, (args[k],), (1.0,))[1] == pytest.approx(first, rel=1e-13)
            if k in ONCE.get(name, ()):
                with pytest.raises(bl.errors.DifferentiationError):
                    bl.grad(bl.grad(f))(args[k])
                continue
            assert bl.grad(bl.grad(f))(args[k]) == pytest.approx(slope(bl.grad(f), args[k]), rel=1e-7, abs=1e-9)


COMPLEX = "erf erfc erfi dawsn wofz gamma rgamma loggamma expi exp1 log_ndtr spence wrightomega jv iv kv hankel1 hankel2".split()


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_numbers_where_scipy_takes_them(name):
    function, z = scipys(name), 0.7 + 0.3j
    f = (lambda t: function(1.5, t)) if function.nin == 2 else function
    assert bl.grad(f, holomorphic=True)(z) == pytest.approx(slope(f, z), rel=1e-9)
    for t in (1.0, 1j):  # the gradient of a real number of it is ∂/∂x + i·∂/∂y
        g = bl.grad(lambda z: np.imag(f(z)))(z)
        assert np.real(np.conj(g) * t) == pytest.approx(slope(lambda h, t=t: np.imag(f(z + h * t)), 0.0), rel=1e-8, abs=1e-10)


def test_lamberts_function_on_both_of_its_branches():
    for branch, x in ((0, 0.7), (-1, -0.2)):
        f = partial(lambda k, t: np.real(special.lambertw(t, k)), branch)
        assert bl.grad(f)(x) == pytest.approx(slope(f, x), rel=1e-9)


def test_operands_stretch_keep_float32_and_run_in_batches_and_compiled():
    n, x = np.array([[0.0], [1.0], [2.5]]), np.array([0.5, 1.5])
    assert bl.grad(lambda x: np.sum(special.jv(n, x)))(x) == pytest.approx(np.sum(special.jvp(n, x), 0), rel=1e-12)
    assert bl.grad(lambda x: np.sum(special.jv(1.0, x)))(np.float32([0.5, 1.5])).dtype == np.float32
    assert bl.vmap(bl.grad(lambda x: special.gammainc(2.0, x)))(x) == pytest.approx(x * np.exp(-x))
    assert bl.compile(lambda x: np.sum(special.iv(1.0, x) * x))(x) == pytest.approx(np.sum(special.iv(1.0, x) * x))


def test_an_operand_without_a_formula_is_refused_when_its_derivative_is_asked_for():
    assert bl.grad(lambda x: special.jv(x.value, x))(1.0) == pytest.approx(special.jvp(1.0, 1.0))
    for way in (bl.grad(lambda v: special.jv(v, 1.0)), lambda v: bl.jvp(lambda v: special.jv(v, 1.0), (v,), (1.0,))):
        with pytest.raises(bl.errors.DifferentiationError) as caught:
            way(0.5)
        assert str(caught.value).splitlines()[0] == (
            "scipy.special.jv: there is no formula here for its derivative by operand 1: give the plain value "
            "(x.value), which counts as constant, or give it a derivative with bl.rule"
        )


def test_limits_where_a_formula_divides_by_zero():
    assert bl.grad(special.ellipk)(0.0) == pytest.approx(np.pi / 8)
    assert bl.grad(special.ellipe)(0.0) == pytest.approx(-np.pi / 8)
    assert bl.grad(special.spence)(1.0) == -1.0
    assert (bl.grad(special.j1)(0.0), bl.grad(special.j0)(0.0)) == (0.5, 0.0)
    assert bl.grad(special.gammasgn)(-0.5) == 0.0


def test_a_saved_run_names_scipys_function_and_is_read_again_where_scipy_is_loaded(tmp_path):
    path = tmp_path / "bessel.run"
    run = bl.backprop(lambda x: special.jv(1.0, x) * special.expn(2, x), 0.7)
    run.save(path)
    assert bl.load_run(path)["x"].gradient == run["x"].gradient
    code = f"import backlight as bl{{}}; print(float(bl.load_run({str(path)!r})['x'].gradient))"
    fresh = subprocess.run([sys.executable, "-c", code.format(", scipy.special")], capture_output=True, text=True, check=True)
    assert float(fresh.stdout) == run["x"].gradient
    without = subprocess.run([sys.executable, "-c", code.format("")], capture_output=True, text=True, check=False)
    assert without.stderr.splitlines()[-1] == (
        f"backlight.errors.FileError: {path}: this graph uses jv, an operation of one's own made of scipy.special.jv, and nothing "
        "here has made it: import the module that does, or make it with bl.rule(…, name='jv'), and read the file again"
    )


BETAS = [(0.02, 40.0, 1e-6), (2.0, 3.0, 0.4), (90.0, 40.0, 0.1)]


def true_slope(f, k, args):
    """The slope by operand k to twenty digits: a difference of numbers with eighty."""
    with mp.workdps(80):
        args = [mp.mpf(a) for a in args]
        h = args[k] * mp.mpf(10) ** -20
        up, down = ([*args[:k], args[k] + t, *args[k + 1 :]] for t in (h, -h))
        return float((f(*up) - f(*down)) / (2 * h))


@pytest.mark.parametrize(("function", "k", "true", "places"), [
    (special.gammainc, 0, lambda a, x: mp.gammainc(a, 0, x, regularized=True),
     [(0.013, 0.001), (0.5, 30.0), (3.0, 1e-6), (40.0, 38.0), (640.0, 630.0), (640.0, 120.0)]),
    (special.gammaincc, 0, lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True), [(0.5, 300.0), (90.0, 200.0)]),
    (special.betainc, 0, lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True), BETAS),
    (special.betainc, 1, lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True), BETAS),
    (special.kv, 0, mp.besselk, [(0.001, 30.0), (0.5, 1e-4), (2.5, 0.3), (24.0, 3.0)]),
    (special.betaln, 0, lambda a, b: mp.log(mp.beta(a, b)), [(1e8, 1.0), (3.0, 1e-7), (0.01, 0.02)]),
    (special.ellipkinc, 1, mp.ellipf, [(0.7, 0.4), (1.2, -3.0)]), (special.ellipeinc, 1, mp.ellipe, [(0.7, 0.4), (1.2, -3.0)]),
    (special.boxcox, 1, lambda x, p: (x**p - 1) / p, [(3.0, 1e-9), (1e-3, 0.5), (20.0, -2.0)]),
])  # fmt: skip
def test_a_slope_by_an_order_has_its_digits_in_the_tails_too(function, k, true, places):
    for args in places:
        found = bl.grad(lambda t, args=args: function(*args[:k], t, *args[k + 1 :]))(args[k])
        assert found == pytest.approx(true_slope(true, k, args), rel=1e-11)


def test_the_slope_of_one_over_gamma_at_its_zeros():
    assert [bl.grad(special.rgamma)(-float(n)) for n in range(4)] == pytest.approx([1.0, -1.0, 2.0, -6.0])


PARTS = [(name, k) for name, parts in SEVERAL.items() for k in range(len(parts))]


@pytest.mark.parametrize(("name", "k"), PARTS)
def test_each_number_of_several_has_scipys_value_and_derivatives_of_two_orders(name, k):
    function = scipys(name)
    for place in ((0.7,), (3.4,)) if function.nin == 1 else ((0.7, 0.3), (3.4, 0.02), (-1.2, 0.97)):
        for i in range(function.nin):

            def f(x, i=i, place=place):
                return function(*place[:i], x, *place[i + 1 :])[k]

            value, first = bl.value_and_grad(f)(place[i])
            assert value == f(place[i])
            assert first == pytest.approx(slope(f, place[i], 1e-3), rel=1e-8, abs=1e-9)
            assert bl.jvp(f, (place[i],), (1.0,))[1] == pytest.approx(first, rel=1e-13)
            if name != "ellipj" or i == 0:
                assert bl.grad(bl.grad(f))(place[i]) == pytest.approx(slope(bl.grad(f), place[i], 1e-3), rel=1e-7, abs=1e-8)


def test_the_parts_of_one_function_are_saved_and_found_by_name(tmp_path):
    run = bl.backprop(lambda x: special.airy(x)[2] * special.sici(x)[0], 0.7)
    run.save(tmp_path / "airy.run")
    again = bl.load_run(tmp_path / "airy.run")
    assert again["x"].gradient == run["x"].gradient == bl.grad(lambda x: special.airy(x)[2] * special.sici(x)[0])(0.7)
    assert [node.op.name for node in again.graph.nodes[:4]] == ["input", "airy0", "airy1", "airy2"]
    with pytest.raises(bl.errors.DifferentiationError) as caught:
        bl.grad(lambda z: special.airye(z)[2], holomorphic=True)(1.0 + 1.0j)
    assert str(caught.value).splitlines()[0] == (
        "scipy.special.airye: the scale of Bi is no analytic function of a complex number: take airy, or real numbers"
    )


MOVED = {
    "ellipk": (special.ellipk, mp.ellipk), "ellipe": (special.ellipe, mp.ellipe),
    "ellipkinc": (partial(special.ellipkinc, 0.8), partial(mp.ellipf, 0.8)),
    "ellipeinc": (partial(special.ellipeinc, 0.8), partial(mp.ellipe, 0.8)),
    **{
        f"ellipj{k}": (lambda m, k=k: special.ellipj(1.7, m)[k], lambda m, q=q: mp.re(mp.ellipfun(q, 1.7, m=m)))
        for k, q in enumerate(("sn", "cn", "dn"))
    },
}  # fmt: skip


@pytest.mark.parametrize("name", MOVED)
def test_elliptic_functions_keep_their_digits_where_the_parameter_is_small_or_one(name):
    f, exact = MOVED[name]
    places = [0.0, 1e-9, 0.04, 0.0999, 0.1001, 0.6, 0.99, 1.0 if name.startswith("ellipj") else -1e-5]  # SciPy's are NaN below 0
    with mp.workdps(50):
        slopes = [float(mp.diff(exact, m, h=mp.mpf("1e-15"))) for m in places]
    for m, want in zip(places, slopes, strict=True):
        assert bl.grad(f)(m) == pytest.approx(want, rel=3e-14, abs=1e-15)
