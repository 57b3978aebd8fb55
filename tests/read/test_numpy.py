import numpy as np
import pytest

from backlight.core.array import Array
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.errors import GraphError, InputError
from backlight.jacobians import jacobian
from backlight.read.numpy.door import FUNCTIONS, UFUNCS
from backlight.transform import grad

X = np.array([[0.7, 1.3, 2.1], [0.4, 1.9, 2.6]])
Y = np.array([[1.1, 0.6, 0.8], [2.3, 1.4, 0.2]])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sin(x) * np.exp(-x) + np.tanh(x) / np.sqrt(x),
        lambda x: np.where(x > Y, x, Y) + np.log(x),
        lambda x: Y + x - Y * x,
        lambda x: Y / x,
        lambda x: np.sum(x * x, axis=0),
        lambda x: x @ Y.T,
        lambda x: Y @ x.T,
        lambda x: np.dot(Y, np.transpose(x)),
        lambda x: np.reshape(x, (3, 2)),
        lambda x: np.where(x > 1.0, x**2, x),
        lambda x: np.add.reduce(x, axis=1),
        lambda x: np.swapaxes(x, 0, 1) * 2,
        lambda x: np.moveaxis(x, 0, -1) * 3.0,
        lambda x: np.expand_dims(x, 1) * 2.0,
        lambda x: np.inner(x, Y),
        lambda x: np.float64(2.0) * x + np.ones(3),
        lambda x: np.power(x, 2.5),
        lambda x: np.squeeze(np.reshape(x, (1, 2, 3)), 0),
    ],
)
def test_plain_numpy_code_gives_numpy_values_and_right_derivatives(f):
    from backlight.read.python import traced

    made = traced(f, (X,), {})
    (out,) = made.graph.outputs
    assert made.values[out] == pytest.approx(f(X), rel=1e-14)
    got, h = jacobian(f)(X), 1e-6
    for i in np.ndindex(X.shape):
        step = np.zeros_like(X)
        step[i] = h
        assert got[(..., *i)] == pytest.approx((f(X + step) - f(X - step)) / (2 * h), abs=1e-7, rel=1e-7)


def test_every_name_leads_to_a_row_or_to_an_error_that_names_it():
    x = Tape(values=True).input("x", 2.0)
    with pytest.raises(InputError) as caught:
        np.multiply.at(x, (), 2.0)
    assert str(caught.value) == (
        "numpy.multiply.at has no operation here, so it cannot be traced: use another function, or give it the plain "
        "value (x.value), which counts as constant"
    )
    with pytest.raises(InputError) as caught:
        np.savetxt("x.txt", Tape(values=True).input("x", np.ones(2)))
    assert str(caught.value) == (
        "numpy.savetxt has no operation here, so it cannot be traced: use another function, or give it the plain "
        "value (x.value), which counts as constant"
    )
    assert set(UFUNCS) & set(FUNCTIONS) == set()
    assert all(UFUNCS[name] != name for name in UFUNCS)
    assert "mul" in TABLE


def test_numpy_arrays_are_not_written_into_behind_the_graphs_back():
    x = Tape(values=True).input("x", np.ones(2))
    total = np.zeros(2)
    with pytest.raises(GraphError) as caught:
        np.add(total, x, out=total)
    assert str(caught.value) == (
        "numpy.add: would write into a NumPy array, which cannot hold a traced value: make that array with backlight.numpy.zeros "
        "or np.zeros_like of a traced array, or make a new one, as in a = a + x in place of a += x"
    )


def test_a_traced_array_does_not_become_a_plain_one_unnoticed():
    x = Tape(values=True).input("x", np.ones(2))
    with pytest.raises(GraphError) as caught:
        np.asarray(x, float)
    assert str(caught.value) == (
        "node 0 (Vector Float64 (2,)) would become a plain NumPy array of float64, and the graph would lose it: "
        "leave the dtype out, take x.astype(…), or x.value where a constant is meant"
    )
    with pytest.raises(GraphError) as caught:
        np.asarray(Tape(values=True).input("x", np.ones((200, 100))))
    assert str(caught.value) == (
        "node 0 (Matrix Float64 (200, 100)) would become a plain NumPy array, one node for each of its 20000 numbers: "
        "use backlight.numpy.asarray, or x.value where a constant is meant"
    )
    assert np.asarray(Array(None, -1, np.ones(2))).tolist() == [1.0, 1.0]


def test_an_argument_that_cannot_be_traced_is_named():
    with pytest.raises(InputError) as caught:
        np.nansum(Tape(values=True).input("x", np.ones(2)), initial=3.0)
    assert str(caught.value) == "numpy.nansum: got an unexpected keyword argument 'initial' when it is traced: leave it out"


def test_the_gradient_of_a_function_of_numpy_alone():
    def loss(w, b):
        h = np.tanh(Y @ w + b)
        return np.sum(h * h)

    w, b = np.array([0.3, -0.2, 0.5]), 0.1
    dw, db = grad(loss, (0, 1))(w, b)
    h = np.tanh(Y @ w + b)
    delta = 2 * h * (1 - h * h)
    assert dw == pytest.approx(delta @ Y, rel=1e-13)
    assert db == pytest.approx(delta.sum(), rel=1e-13)
