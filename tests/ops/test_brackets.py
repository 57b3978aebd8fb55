"""x[key] means what it means in NumPy, for plain keys, arrays and masks, and its gradient goes to what was chosen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from backlight import errors
from backlight.core.array import Array
from backlight.core.graph import Graph
from backlight.core.tape import Tape
from backlight.core.types import Type
from backlight.diff.reverse import reverse
from backlight.ops import exp  # type: ignore[attr-defined]
from backlight.run.reference import evaluate

X = np.arange(1.0, 61.0).reshape(3, 4, 5)

KEYS: list[Any] = [
    0, -1, (1, 2), (1, 2, 3), slice(None), slice(1, None), (slice(None, None, -1), 2), (..., 1), (0, ..., 1), (None, 1),
    (slice(0, 2), None, ..., slice(4, 0, -2)), np.int64(1), (), ...,
    [0, 2, 0], ([1, 1],), (slice(None), [3, 0]), (..., [3, 0]), ([0, 1], [2, 3]), ([[0], [1]], [2, 3]), (0, [1, 2]),
    ([0, 2], 1), (0, slice(None), [1, 4]), ([0, 1], slice(None), [1, 4]), ([0, -1], slice(1, 3), 0), (None, [0, 1], None, [1, 2]),
    True, False, (True, 0), (0, True), (slice(None), True, [0, 2]), (True, [1, 2], slice(None), [0, 1]),
    np.True_, np.array(False), (None, True, ...),
    (slice(None), [1, -2], [0, -1]), ([], ), (slice(None), []), ([-1, -2], [[0], [1]], [1, 2]), (1, None, [0, 1]),
    (np.zeros((3, 0), bool),), (np.zeros(0, bool), 1), (..., np.zeros((4, 5), bool)),
    (np.array([0, 2], np.uint64), np.array([3, 1], np.uint64)),
]  # fmt: skip


def traced(x: Any) -> tuple[Tape, Array]:
    tape = Tape(values=True)
    return tape, tape.input("x", x)


def gradient(tape: Tape, x: Array, z: Array, seed: Any) -> Any:
    written = reverse(Graph(tuple(tape.nodes), tuple(tape.inputs), (z.number,)), seed=seed, wrt=[x.number])
    values = {i: tape.values[i] for i in tape.inputs}  # type: ignore[index]
    return evaluate(written, values)[written.grads[x.number]]


@pytest.mark.parametrize("key", KEYS, ids=repr)
def test_a_key_chooses_what_numpy_chooses_and_the_gradient_comes_back_to_it(key):
    plain = tuple(np.asarray(k, int) if isinstance(k, list) else k for k in key) if isinstance(key, tuple) else key
    tape, x = traced(X)
    z = x[key]
    np.testing.assert_array_equal(z.value, X[plain])
    assert np.shape(z.value) == X[plain].shape
    seed = np.cos(np.arange(z.size)).reshape(z.shape)
    wanted = np.zeros_like(X)
    np.add.at(wanted, plain, seed)
    np.testing.assert_allclose(gradient(tape, x, z, seed), wanted, atol=1e-15)


@pytest.mark.parametrize("mask", [X[:, 0, 0] > 1, X[0] % 2 == 0, X > 30, X < 0], ids=["axis", "axes", "all", "none"])
@pytest.mark.parametrize("kind", ["numpy", "array"])
def test_a_mask_chooses_where_it_holds(mask, kind):
    if mask.ndim == 2:
        mask = X[:, :, 0] % 2 == 0
    tape, x = traced(X)
    z = x[mask if kind == "numpy" else tape.input("mask", mask)]
    np.testing.assert_array_equal(z.value, X[mask])
    wanted = np.zeros_like(X)
    wanted[mask] = 1.0
    np.testing.assert_array_equal(gradient(tape, x, z, np.ones(z.shape)), wanted)


def test_indices_may_be_inputs_of_the_graph():
    tape, x = traced(X)
    i, j = tape.input("i", np.array([0, -1])), tape.input("j", np.array([[1], [-2]]))
    z = x[i, j]
    np.testing.assert_array_equal(z.value, X[[0, -1], [[1], [-2]]])
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), (z.number,))
    moved = evaluate(graph, {x.number: X, i.number: np.array([1, 1]), j.number: np.array([[0], [3]])})[z.number]
    np.testing.assert_array_equal(moved, X[[1, 1], [[0], [3]]])


@given(hnp.array_shapes(min_dims=1, max_dims=4, max_side=4).flatmap(lambda shape: st.tuples(
    st.just(shape), hnp.basic_indices(shape, allow_newaxis=True, allow_ellipsis=True))))  # fmt: skip
def test_any_plain_key_chooses_what_numpy_chooses(pair):
    shape, key = pair
    values = np.arange(float(np.prod(shape))).reshape(shape)
    tape, x = traced(values)
    np.testing.assert_array_equal(x[key].value, values[key])
    assert [node.op.name for node in tape.nodes[1:]] == ["index"]


@given(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4).flatmap(lambda shape: st.tuples(
    st.just(shape), hnp.integer_array_indices(shape, result_shape=hnp.array_shapes(max_dims=2, max_side=3)))))  # fmt: skip
def test_any_arrays_of_indices_choose_what_numpy_chooses(pair):
    shape, key = pair
    values = np.arange(float(np.prod(shape))).reshape(shape)
    _, x = traced(values)
    np.testing.assert_array_equal(x[key].value, values[key])


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "uint64"])
def test_small_dtypes_number_every_place_of_a_large_array(dtype):
    big = np.arange(400.0).reshape(20, 20)  # 399 is no int8
    i = np.array([10, 19], dtype)
    tape, x = traced(big)
    assert x[i, i].value.tolist() == big[i, i].tolist() == [210.0, 399.0]
    assert x[tape.input("i", i), i].value.tolist() == [210.0, 399.0]


def test_what_was_not_chosen_takes_no_part():
    tape, x = traced(np.array([0.0, 4.0]))
    z = (x**0.5)[1]  # the slope at 0 is infinite, and 0 was not chosen
    assert gradient(tape, x, z, 1.0).tolist() == [0.0, 0.25]


def test_an_array_goes_through_its_first_axis():
    assert [row.value.tolist() for row in exp([[0.0], [0.0]])] == [[1.0], [1.0]]


def test_a_mask_without_a_value_cannot_choose():
    tape = Tape()
    x, mask = tape.input("x", type=Type("float64", (3,))), tape.input("mask", type=Type("bool", (3,)))
    with pytest.raises(errors.GraphError) as error:
        x[mask]
    assert str(error.value) == (
        "index: how many numbers a mask chooses is known only when it has a value: write where(mask, x, 0) instead"
    )


@pytest.mark.parametrize(
    ("key", "kind", "message"),
    [
        (3, errors.IndexError, "index: Tensor-3 Float64 (3, 4, 5) has no [3]: index 3 is out of bounds for axis 0 with size 3"),
        ([0, 3], errors.IndexError, "gather: there is no index 3 along an axis of size 3: use -3 to 2"),
        (([0], [4]), errors.IndexError, "index: there is no index 4 along an axis of size 4"),
        ((0, 0, 0, [0]), errors.IndexError, "index: Tensor-3 Float64 (3, 4, 5) has 3 axes, and the key names 4"),
        (np.ones(4, bool), errors.IndexError,
         "index: a mask of shape (4,) does not lie on Tensor-3 Float64 (3, 4, 5) from axis 0 on: it has their sizes"),
        ((..., np.ones((3, 5), bool)), errors.IndexError,
         "index: a mask of shape (3, 5) does not lie on Tensor-3 Float64 (3, 4, 5) from axis 1 on: it has their sizes"),
        ((0, [True]), errors.IndexError,
         "index: a mask of shape (1,) does not lie on Tensor-3 Float64 (3, 4, 5) from axis 1 on: it has their sizes"),
        (np.ones((3, 4, 5, 1), bool), errors.IndexError,
         "index: a mask of shape (3, 4, 5, 1) does not lie on Tensor-3 Float64 (3, 4, 5) from axis 0 on: it has their sizes"),
        ([0.5], errors.DTypeError, "gather: i must be whole numbers, and it is Vector Float64 (1,)"),
    ],
)  # fmt: skip
def test_a_key_that_chooses_nothing_says_so(key, kind, message):
    _, x = traced(X)
    with pytest.raises(kind) as error:
        x[key]
    assert str(error.value) == message
