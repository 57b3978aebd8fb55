"""Any key that NumPy takes, drawn at random: what is chosen, what is assigned, and the gradients of both."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import backlight as bl
import backlight.numpy as bnp
from backlight.core.tape import Tape


@st.composite
def keyed(draw):
    shape = draw(arrays.array_shapes(min_dims=1, max_dims=3, max_side=4))
    keys = (arrays.basic_indices(shape, allow_newaxis=True), arrays.integer_array_indices(shape), arrays.arrays(bool, shape))
    return shape, draw(st.one_of(*keys))


@settings(max_examples=100, deadline=None)
@given(keyed())
def test_choosing_and_assigning_at_any_key(drawn):
    shape, key = drawn
    x = np.arange(np.prod(shape), dtype=float).reshape(shape) + 1.0
    want = x[key]
    for given_x in (bnp.asarray(x), Tape(values=True).input("x", x)):
        got = given_x[key]
        assert got.shape == np.shape(want)
        assert np.array_equal(got.value, want)
    weights = np.cos(np.arange(np.size(want))).reshape(np.shape(want))
    expected = np.zeros(shape)
    np.add.at(expected, key, weights)
    assert bl.grad(lambda x: np.sum(x[key] * weights))(x) == pytest.approx(expected)

    def f(x, v):
        z = x * 1.0
        z[key] = v
        return np.sum(z * z)

    hit = np.zeros(shape, bool)
    hit[key] = True
    value, (by_x, by_v) = bl.value_and_grad(f, (0, 1))(x, 0.5)
    assert value == pytest.approx(np.sum(np.where(hit, 0.25, x * x)))
    assert by_x == pytest.approx(np.where(hit, 0.0, 2 * x))
    assert by_v == pytest.approx(float(hit.sum()))


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (5, "index: Vector Float64 (3,) has no [5]: index 5 is out of bounds for axis 0 with size 3"),
        ([0, 4], "gather: there is no index 4 along an axis of size 3: use -3 to 2"),
        ((0, [0]), "index: Vector Float64 (3,) has 1 axes, and the key names 2"),
    ],
)
def test_a_place_that_is_not_there_is_an_index_error_as_in_numpy(key, message):
    with pytest.raises(IndexError) as caught:
        bl.grad(lambda x: np.sum(x[key]))(np.ones(3))
    assert str(caught.value).partition("\n")[0] == message
    with pytest.raises(IndexError):
        bnp.ones(3)[key]


def test_assigning_to_a_place_that_is_not_there():
    def f(x):
        z = x * 1.0
        z[[0, 7]] = 1.0
        return np.sum(z)

    with pytest.raises(IndexError) as caught:
        bl.grad(f)(np.ones(3))
    assert str(caught.value).partition("\n")[0] == (
        "x[key] = v: Vector Float64 (3,) has no such place: index 7 is out of bounds for axis 0 with size 3"
    )


def test_several_arrays_of_indices_write_no_node_that_does_nothing() -> None:
    graph = bl.trace(lambda x, y: x[np.arange(3), y])(np.ones((3, 2)), np.array([0, 1, 1]))
    chosen = [node.op.name for node in graph.nodes if node.op.name not in ("input", "const")]
    assert chosen == ["less", "add", "where", "add", "reshape", "gather"]
    turned = bl.trace(lambda x, y: x[:, np.arange(2), y])(np.ones((3, 2, 4)), np.array([0, 1]))
    assert [n.op.name for n in turned.nodes if n.op.name in ("index", "permute")] == []
