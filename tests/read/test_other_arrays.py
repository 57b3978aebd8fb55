"""Traced numbers beside the arrays of other libraries: who answers for an operator, and that no gradient is lost on the way."""

import numpy as np
import pytest

import backlight as bl
import backlight.numpy as bnp


class Row(np.lib.mixins.NDArrayOperatorsMixin):
    """An array with a name, as libraries of labelled arrays have it: it computes by NumPy's functions and stays a Row."""

    def __init__(self, numbers, name="row"):
        self.numbers, self.name = np.asarray(numbers), name

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.numbers, dtype)

    def __array_ufunc__(self, function, method, *inputs, **named):
        found = getattr(function, method)(*[x.numbers if isinstance(x, Row) else x for x in inputs], **named)
        return Row(found, self.name)


LABELLED = Row([1.0, 2.0, 3.0], "a")


OPERATIONS = [
    (lambda x: x * LABELLED, [1.0, 2.0, 3.0]),
    (lambda x: LABELLED * x, [1.0, 2.0, 3.0]),
    (lambda x: x * (LABELLED * x), [2.0, 8.0, 18.0]),
    (lambda x: np.multiply(x, LABELLED), [1.0, 2.0, 3.0]),
    (lambda x: LABELLED - x, [-1.0] * 3),
    (lambda x: (x / LABELLED) ** 2, [2.0, 1.0, 2.0 / 3.0]),
]


@pytest.mark.parametrize(("f", "slope"), OPERATIONS)
def test_an_array_around_arrays_answers_for_operators_as_beside_numpys_arrays(f, slope):
    def total(x):
        z = f(x)
        assert type(z) is Row
        assert z.name == "a"
        return np.sum(z.numbers)

    x = np.array([1.0, 2.0, 3.0])
    assert bl.grad(total)(x) == pytest.approx(slope)
    assert bl.vjp(f, x)[1](np.ones(3))[0] == pytest.approx(slope)
    assert type(bnp.asarray(x) * LABELLED) is Row


def test_comparisons_too_are_left_to_it():
    bl.grad(lambda x: x[0] if type(x < LABELLED) is Row and (x < LABELLED).numbers[0] else 0.0)(np.zeros(3))


def test_a_series_of_pandas_beside_a_traced_array_gives_a_traced_array():
    pandas = pytest.importorskip("pandas")
    s = pandas.Series([1.0, 2.0, 3.0])
    frame = pandas.DataFrame({"a": s, "b": s})
    for f in (lambda x: s * x, lambda x: x * s, lambda x: np.multiply(s, x), lambda x: np.add(s * x, 1.0)):
        assert bl.grad(lambda x, f=f: np.sum(f(x)))(np.ones(3)) == pytest.approx([1.0, 2.0, 3.0])
        assert bl.grad(lambda x, f=f: np.sum(f(x)))(2.0) == pytest.approx(6.0)
    assert bl.grad(lambda w: np.sum((frame @ w - s) ** 2))(np.ones(2)) == pytest.approx([28.0, 28.0])


def test_xarrays_arrays_carry_traced_numbers():
    xarray = pytest.importorskip("xarray")
    d = xarray.DataArray([1.0, 2.0, 3.0], dims="t")
    for f in (lambda x: x * d, lambda x: d * x, lambda x: x + (d * x - x)):
        assert bl.grad(lambda x, f=f: np.sum(f(x)))(2.0) == pytest.approx(6.0)
        assert bl.grad(lambda x, f=f: f(x).sum())(2.0) == pytest.approx(6.0)


@pytest.mark.parametrize("ask", [np.int64, lambda x: np.asarray(x, int), lambda x: np.array(x, dtype="int32")])
def test_whole_numbers_of_a_traced_array_are_asked_of_its_values(ask):
    x = np.array([2.0, 0.3, 1.9])
    assert bl.grad(lambda x: np.sum(x[ask(x)] * [1.0, 10.0, 100.0]))(x) == pytest.approx([10.0, 100.0, 1.0])
    graph = bl.trace(lambda x: np.sum(x[ask(x)]))(x)
    assert [(guard.kind, guard.at.file) for guard in graph.guards] == [("numbers", __file__)]
    compiled = bl.compile(lambda x: np.sum(x[ask(x)] * np.arange(3.0)))
    for y in (x, x[::-1].copy()):
        assert compiled(y) == pytest.approx(float(np.sum(y[ask(y)] * np.arange(3.0))))


def test_truth_values_of_a_traced_array_are_asked_of_its_values():
    assert bl.grad(lambda x: np.sum(x * np.asarray(x, bool)))(np.array([0.0, 2.0])) == pytest.approx([0.0, 1.0])
