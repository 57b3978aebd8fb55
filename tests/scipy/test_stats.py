"""SciPy's distributions in operations: SciPy's numbers, slopes that are one another's laws, and right ones by every parameter."""

import mpmath as mp
import numpy as np
import pytest
from scipy import stats as judge

import backlight as bl
from backlight.scipy import stats

SHAPES = {
    "norm": (), "t": (3.0,), "gamma": (2.5,), "beta": (2.0, 3.0), "chi2": (4.0,), "expon": (), "uniform": (), "laplace": (), "logistic": (),
    "lognorm": (0.7,), "cauchy": (), "halfnorm": (), "halfcauchy": (), "gumbel_r": (), "invgamma": (2.5,), "pareto": (2.0,), "weibull_min": (1.5,),
    "poisson": (3.0,), "bernoulli": (0.3,), "binom": (10.0, 0.3), "nbinom": (4.0, 0.3), "geom": (0.3,),
}  # fmt: skip
WHOLE = {"poisson", "bernoulli", "binom", "nbinom", "geom"}
SMOOTH = sorted(set(SHAPES) - WHOLE)
X = np.array([-1e5, -800, -50, -10, -3, -1, -0.5, -1e-5, 0, 1e-10, 1e-3, 0.2, 0.7, 1, 1.5, 3, 10, 40.5, 100, 800, 1e5, np.inf, -np.inf, np.nan])
Q = np.array([0.0, 1e-300, 1e-20, 1e-3, 0.1, 0.25, 0.5, 0.75, 0.9, 1 - 1e-10, 1.0, -0.1, 1.1, np.nan])
K = np.array([-1.0, 0, 1, 2, 3, 5, 9, 1.5, 40, np.nan])
WITHIN = {"rel": 1e-12, "abs": 1e-300, "nan_ok": True}


@pytest.mark.parametrize("name", SHAPES)
def test_values_are_scipys_with_place_and_scale_and_beyond_the_edges(name):
    ours, theirs, shapes = getattr(stats, name), getattr(judge, name), SHAPES[name]
    methods = ["pmf", "logpmf", "cdf", "sf"] if name in WHOLE else ["pdf", "logpdf", "cdf", "sf", "logcdf", "ppf", "isf"]
    for method in methods:
        points = K if name in WHOLE else Q if method in ("ppf", "isf") else X
        if name == "laplace" and "log" in method:
            points = X[np.abs(X) < 700]  # beyond, SciPy takes the logarithm of 0
        for more in ({}, {"loc": 1.0} if name in WHOLE else {"loc": 0.5, "scale": 2.0}):
            with np.errstate(all="ignore"):
                wanted = getattr(theirs, method)(points, *shapes, **more)
            assert np.asarray(getattr(ours, method)(points, *shapes, **more)) == pytest.approx(wanted, **WITHIN), (method, more)


@pytest.mark.parametrize("name", SMOOTH)
def test_chances_quantiles_and_densities_are_one_anothers_slopes(name):
    made, q = getattr(stats, name)(*SHAPES[name], loc=0.5, scale=2.0), np.array([1e-10, 1e-3, 0.2, 0.8, 0.999])
    x = np.asarray(made.ppf(q))
    with np.errstate(all="ignore"):
        density, low, high = (np.asarray(getattr(made, word)(x)) for word in ("pdf", "cdf", "sf"))
    for word, wanted in (("cdf", density), ("sf", -density), ("logcdf", density / low), ("logsf", -density / high)):
        assert bl.grad(lambda x, word=word: np.sum(getattr(made, word)(x)))(x) == pytest.approx(wanted, rel=1e-10), word
    assert bl.grad(lambda q: np.sum(made.ppf(q)))(q) == pytest.approx(1 / density, rel=1e-10)
    assert bl.grad(lambda q: np.sum(made.isf(q)))(q) == pytest.approx(-1 / np.asarray(made.pdf(made.isf(q))), rel=1e-10)


@pytest.mark.parametrize("name", SHAPES)
def test_slopes_by_every_parameter_agree_with_small_steps(name):
    ours, shapes = getattr(stats, name), SHAPES[name]
    if name in WHOLE:
        for word in ("logpmf", "cdf"):
            for k in range(len(shapes)):
                def f(p, k=k, word=word):
                    return getattr(ours, word)(np.array([1.0, 2.0]), *shapes[:k], p, *shapes[k + 1 :])[0]

                if not (name == "binom" and k == 0):
                    bl.check_grads(f, (shapes[k],), order=1)
        return
    for word in ("logpdf", "cdf", "logsf"):
        x = float(ours.ppf(0.4, *shapes, 0.4, 3.5))
        bl.check_grads(lambda x, *p, word=word: getattr(ours, word)(x, *p), (x, *shapes, 0.4, 3.5), order=1)


def test_the_tails_of_the_normal_distribution_are_true():
    with mp.workdps(60):
        for x in (-200.0, -39.0, -5.0, 6.0, 30.0):
            chance = mp.erfc(-mp.mpf(x) / mp.sqrt(2)) / 2
            assert float(stats.norm.logcdf(x)) == pytest.approx(float(mp.log(chance)), rel=1e-15)
            assert bl.grad(stats.norm.logcdf)(x) == pytest.approx(float(mp.npdf(x) / chance), rel=1e-15)
            assert bl.grad(stats.norm.logsf)(-x) == pytest.approx(-float(mp.npdf(x) / chance), rel=1e-15)


def test_nothing_beyond_an_edge_spoils_a_gradient():
    x = np.array([-1.0, 0.0, 0.5, 2.0])
    for name in ("expon", "gamma", "beta", "lognorm", "uniform", "invgamma"):
        f = getattr(stats, name)
        for word in ("pdf", "cdf", "sf"):
            g = bl.grad(lambda p, f=f, word=word: np.sum(getattr(f, word)(x[[0, 2, 3]], *p[:-1], scale=p[-1])))(np.array([*SHAPES[f.name], 1.5]))
            assert np.all(np.isfinite(g)), (name, word)


MEAN, COV = np.array([0.3, -0.2, 1.0]), np.array([[2.0, 0.3, 0.1], [0.3, 1.0, -0.2], [0.1, -0.2, 0.5]])


def test_the_normal_distribution_of_several_numbers():
    x = np.array([[0.1, 0.2, 0.3], [1.0, -1.0, 0.5]])
    ours, theirs = stats.multivariate_normal, judge.multivariate_normal
    x[0] = MEAN * 1.5
    for args in ((MEAN, COV), (MEAN, 2.0), (np.zeros(3), [1.0, 2.0, 3.0]), (MEAN, np.outer(MEAN, MEAN), True)):
        assert np.asarray(ours.logpdf(x, *args)) == pytest.approx(theirs.logpdf(x, *args), rel=1e-12)
        assert np.asarray(ours(*args).pdf(x)) == pytest.approx(theirs.pdf(x, *args), rel=1e-12)
    assert float(ours.entropy(MEAN, COV)) == pytest.approx(theirs.entropy(MEAN, COV), rel=1e-13)
    assert float(ours.pdf(0.3)) == pytest.approx(theirs.pdf(0.3), rel=1e-13)
    bl.check_grads(lambda x, m, w: np.sum(ours.logpdf(x, m, w @ w.T + np.eye(3))), (x, MEAN, COV), order=1)


def test_the_dirichlet_distribution():
    x, alpha = np.array([0.2, 0.5, 0.3]), np.array([1.2, 2.3, 0.8])
    assert float(stats.dirichlet.logpdf(x, alpha)) == pytest.approx(judge.dirichlet.logpdf(x, alpha), rel=1e-13)
    assert float(stats.dirichlet.pdf(x[:2], alpha)) == pytest.approx(judge.dirichlet.pdf(x, alpha), rel=1e-13)
    bl.check_grads(lambda a, x: stats.dirichlet.logpdf(x / np.sum(x), a), (alpha, x), order=2)


def test_what_has_no_operations_is_scipys_own_for_plain_numbers():
    assert list(stats.norm.rvs(size=2, random_state=0)) == list(judge.norm.rvs(size=2, random_state=0))
    assert stats.gamma(2.5, scale=2.0).mean() == judge.gamma(2.5, scale=2.0).mean()
    assert stats.zscore(np.array([1.0, 2.0, 3.0]))[1] == 0.0


@pytest.mark.parametrize(("call", "message"), [
    (lambda x: stats.norm.fit(x), "backlight.scipy.stats.norm.fit has no operations here, so it cannot be traced: use another function, or give it "
                                  "the plain value (x.value), which counts as constant"),
    (lambda x: stats.poisson.ppf(x, 3.0), "stats.poisson.ppf has no operations here, because its result is whole numbers, which have no "
                                          "derivative: give it the plain value (x.value)"),
    (lambda x: stats.norm.pmf(x), "stats.norm has no pmf: it is of all numbers, so take logpdf or pdf"),
    (lambda x: stats.poisson.pdf(x, 1.0), "stats.poisson has no pdf: it is of whole numbers, so take logpmf or pmf"),
    (lambda x: stats.gamma.pdf(x), "stats.gamma.pdf: missing a required argument: 'a': it takes (x, a, loc=0, scale=1)"),
    (lambda x: stats.multivariate_normal.pdf(x, MEAN, COV), "multivariate_normal: points of 2 numbers and a mean of 3 do not fit"),
    (lambda x: stats.multivariate_normal.pdf(x, x, np.eye(3)), "multivariate_normal: a mean of shape (2,) and a covariance of shape (3, 3) do not fit"),
    (lambda x: stats.multivariate_normal.pdf(x, x, np.array([[1.0, 2.0], [2.0, 1.0]])),
     "cholesky: the matrix is not positive definite: add a positive number to its diagonal"),
    (lambda x: stats.dirichlet.pdf(x, np.array([1.0, 0.0])), "dirichlet: every number of alpha must be above 0, and the smallest is 0"),
    (lambda x: stats.dirichlet.pdf(x, np.ones(2)), "dirichlet: x must be numbers from 0 on that add up to 1: they add up to 0.7"),
    (lambda x: stats.dirichlet.pdf(x, np.ones(5)), "dirichlet: x of shape (2,) and alpha of shape (5,) do not fit: the numbers lie along the "
                                                   "first axis of x"),
])  # fmt: skip
def test_what_cannot_be_is_an_error_that_names_it(call, message):
    with pytest.raises(bl.errors.BacklightError) as caught:
        bl.grad(lambda x: np.sum(call(x)))(np.array([0.3, 0.4]))
    assert str(caught.value).splitlines()[0] == message
