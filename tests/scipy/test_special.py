"""SciPy's special functions that SciPy writes in Python, in operations; the elementwise ones by their names; without SciPy too."""

import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from scipy import special as judge

import backlight as bl
from backlight.scipy import special

A = np.array([[0.3, -1.2, 0.7, 2.0], [1.1, 0.4, -0.6, 0.1], [-2.0, 0.9, 0.2, 1.5]])
B = np.array([[0.5, -0.3, 0.0, 1.0], [2.0, 0.1, -0.7, 0.0], [0.2, 0.9, 1.3, -2.0]])


@pytest.mark.parametrize(("axis", "b", "keepdims", "return_sign"), [*product((None, 0, 1, (0, 1)), (None, B, np.abs(B)), (False, True), (False, True))])
def test_logsumexp_is_scipys_for_every_setting(axis, b, keepdims, return_sign):
    found = special.logsumexp(A, axis=axis, b=b, keepdims=keepdims, return_sign=return_sign)
    wanted = judge.logsumexp(A, axis=axis, b=b, keepdims=keepdims, return_sign=return_sign)
    for ours, theirs in zip(found, wanted, strict=True) if return_sign else [(found, wanted)]:
        assert np.shape(ours) == np.shape(theirs)
        assert np.asarray(ours) == pytest.approx(theirs, rel=1e-13, abs=1e-15, nan_ok=True)


INF = np.inf


@pytest.mark.parametrize(("a", "b", "size", "sign"), [
    ([-INF, -INF], None, -INF, 0), ([INF, 0.0], [1.0, 1.0], INF, 1), ([INF, 0.0], [0.0, 1.0], 0.0, 1), ([-INF, 0.0], [2.0, -1.0], 0.0, -1),
    ([1e3, 1e3], [1.0, -1.0], -INF, 0), ([0.0, -60.0], [1.0, 1.0], 8.75651076269652e-27, 1), ([np.nan, 0.0], [0.0, 1.0], 0.0, 1),
    ([-1e4, -1e4], [1.0, 2.0], np.log(3.0) - 1e4, 1),
])  # fmt: skip
def test_logsumexp_of_infinite_huge_and_tiny_numbers(a, b, size, sign):
    found = special.logsumexp(a, b=b, return_sign=True)
    assert (float(found[0]), float(found[1])) == (pytest.approx(size, rel=1e-15), sign)


def test_gradients_of_logsumexp_and_its_kin():
    assert bl.grad(special.logsumexp)(A) == pytest.approx(judge.softmax(A), rel=1e-14)
    bl.check_grads(lambda a, b: np.sum(special.logsumexp(a, axis=0, b=b) ** 2), (A, np.abs(B) + 0.1), order=2)
    bl.check_grads(lambda a, b: np.sum(special.logsumexp(a, axis=1, b=b, return_sign=True)[0]), (A, B + 0.05), order=1)
    g = bl.grad(lambda b: special.logsumexp(np.array([1e3, 1e3, 0.0]), b=b))(np.array([1.0, 0.0, 3.0]))
    assert g.tolist() == [1.0, 1.0, 0.0]  # a weight of 0 moves the sum like every other
    bl.check_grads(lambda z: special.logsumexp(z[0] + 1j * z[1]).real, (A[:2],), order=1)
    for f, theirs in ((special.softmax, judge.softmax), (special.log_softmax, judge.log_softmax)):
        for axis in (None, 0, (0, 1)):
            assert np.asarray(f(A, axis=axis)) == pytest.approx(theirs(A, axis=axis), rel=1e-13)
        bl.check_grads(lambda a, f=f: np.sum(f(a) * B), (A,), order=2)


def test_the_others_have_scipys_values_and_slopes_that_agree_with_small_steps():
    x = np.array([0.7, 2.5, 4.0])
    cases = {
        "polygamma": [(0,), (1,), (3,), (25,)], "jvp": [(1.0,), (0.5,)], "yvp": [(1.0,)], "ivp": [(2.0,)], "kvp": [(0.5,)],
        "perm": [(7.5,)], "comb": [(7.5,)], "zeta": [(2.5,)],
    }  # fmt: skip
    for name, places in cases.items():
        for before in places:
            def f(x, name=name, before=before):
                return getattr(special, name)(*before, x)

            assert np.asarray(f(x)) == pytest.approx(getattr(judge, name)(*before, x), rel=1e-12), name
            bl.check_grads(lambda x, f=f: np.sum(f(x)), (x,), order=1)
    assert np.asarray(special.polygamma([0, 1, 2], x)) == pytest.approx(judge.polygamma([0, 1, 2], x), rel=1e-13)
    assert np.asarray(special.factorial([0, 3, -1])).tolist() == [1.0, 6.0, 0.0]
    assert special.comb(5, 2, exact=True) == 10
    bl.check_grads(lambda a: np.sum(special.multigammaln(a, 3)), (x + 3.0,), order=2)
    assert np.asarray(special.multigammaln(x + 3.0, 3)) == pytest.approx(judge.multigammaln(x + 3.0, 3), rel=1e-13)
    bl.check_grads(lambda x: np.sum(np.real(special.lambertw(x))), (x,), order=1)


def test_elementwise_functions_are_found_by_their_names_and_may_stand_for_scipys():
    x = np.array([0.2, 0.7])
    for name in "expit logit gammaln psi digamma erf erfinv ndtr log_ndtr ndtri xlogy entr rel_entr kl_div j0 i0 expi betaln exprel".split():
        f, theirs = getattr(special, name), getattr(judge, name)
        args = (x, x + 0.1)[: theirs.nin]
        assert np.asarray(f(*args)) == pytest.approx(theirs(*args), rel=1e-13), name
        bl.check_grads(lambda *a, f=f: np.sum(f(*a)), args, order=1)
    assert bl.numpy.special is special


def test_rows_need_no_scipy_and_the_rest_says_so():
    code = """
        import sys
        sys.modules["scipy"] = None
        import backlight as bl
        from backlight.scipy import special, stats
        print(float(special.gammaln(4.0)), float(special.expit(0)), float(bl.grad(stats.norm.logcdf)(0.0)), float(special.entr(1.0)))
        special.jv(1.0, 2.0)
    """
    ran = subprocess.run([sys.executable, "-c", "\n".join(line.strip() for line in code.splitlines())], capture_output=True, text=True, check=False)
    assert ran.stdout == "1.791759469228055 0.5 0.7978845608028654 -0.0\n"
    assert ran.stderr.splitlines()[-1] == "backlight.errors.InputError: backlight.scipy.special.jv needs SciPy for its numbers: pip install scipy"


def test_neither_scipy_nor_its_twin_is_loaded_before_it_is_asked_for():
    code = "import sys, backlight as bl; bl.grad(lambda x: x * x)(1.0); print([m for m in sys.modules if 'scipy' in m])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(("call", "message"), [
    (lambda x: special.kelvin(x)[0], "scipy.special.kelvin has no operation here, so it cannot be traced: use another function, or give it the plain "
                                   "value (x.value), which counts as constant"),
    (lambda x: special.jn_zeros(x, 2), "backlight.scipy.special.jn_zeros has no operations here, so it cannot be traced: use another function, or "
                                      "give it the plain value (x.value), which counts as constant"),
    (lambda x: special.polygamma(x, x), "polygamma: n must be plain whole numbers, and it is array([0.3, 0.4])"),
    (lambda x: special.multigammaln(x, 3), "multigammaln: a must be above 1, half of d − 1, and its smallest number is 0.3"),
    (lambda x: special.multigammaln(x, 0.5), "multigammaln: d must be a positive whole number, and it is 0.5"),
    (lambda x: special.softmax(x, axis=1), "there is no axis 1: the array has 1 axes"),
])  # fmt: skip
def test_what_cannot_be_is_an_error_that_names_it(call, message):
    with pytest.raises(bl.errors.BacklightError) as caught:
        bl.grad(lambda x: np.sum(call(x)))(np.array([0.3, 0.4]))
    assert str(caught.value).splitlines()[0] == message


def test_a_name_that_nobody_has_is_an_attribute_error():
    with pytest.raises(AttributeError) as caught:
        special.sinus  # noqa: B018
    assert str(caught.value) == "backlight.scipy.special.sinus is not there, and SciPy has none either"
    with pytest.raises(AttributeError) as caught:
        bl.scipy.signals  # noqa: B018
    assert str(caught.value) == "module 'backlight.scipy' has no attribute 'signals': there are fft, linalg, special, stats"


def test_polygamma_of_orders_below_0_is_scipys_nan_and_of_none_is_empty():
    np.testing.assert_array_equal(special.polygamma(np.array([-3, 0]), 1.5), [np.nan, special.digamma(1.5)])
    assert special.polygamma(np.zeros(0, int), 1.5).shape == (0,)
