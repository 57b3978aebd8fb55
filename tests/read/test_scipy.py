"""SciPy's special functions, asked for by those who know SciPy and found by their names."""

import numpy as np
import pytest
import scipy.special as special

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
        bl.grad(lambda x: special.jv(1.0, x))(1.0)
    assert str(caught.value).partition(":")[0] == "numpy.jv has no operation here, so it cannot be traced"


def test_special_functions_of_vectors_and_of_both_kinds_of_operands():
    x = np.array([0.5, 1.5])
    assert bl.grad(lambda x: np.sum(special.xlogy(x, np.array([2.0, 3.0]))))(x) == pytest.approx(np.log([2.0, 3.0]))
    assert bl.grad(lambda y: np.sum(special.xlogy(np.array([2.0, 3.0]), y)))(x) == pytest.approx([4.0, 2.0])
