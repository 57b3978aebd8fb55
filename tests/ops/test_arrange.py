"""Arrays cut and set beside one another: several results of one node, and live masks on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from backlight import api, errors, ops
from backlight.core.graph import Graph, Node
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.diff.reverse import reverse
from backlight.run.reference import evaluate, run

assert ops.__all__
T = TABLE


def slope(function: Any, x: Any) -> Any:
    """Gradient of the sum of a function's result."""
    tape = Tape()
    x = np.asarray(x)
    start = tape.input("x", x)
    out = T["sum"](function(start))
    written = reverse(Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,)))
    return evaluate(written, {start.number: x})[written.grads[start.number]]


def test_the_parts_of_a_split_are_results_of_one_node():
    tape = Tape(values=True)
    x = tape.input("x", np.arange(5.0))
    a, b, c = T["split"](x, parts=(1, 3, 1))
    assert [part.value.tolist() for part in (a, b, c)] == [[0.0], [1.0, 2.0, 3.0], [4.0]]
    assert [node.op.name for node in tape.nodes] == ["input", "split", "item", "item", "item"]
    out = T["sum"](b * b) + T["sum"](b) + T["sum"](a)
    graph = reverse(Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,)))
    found = run(graph, {0: np.arange(5.0)})
    assert found["x"].gradient.tolist() == [1.0, 3.0, 5.0, 7.0, 0.0]
    assert found.value(1)[1].tolist() == [1.0, 2.0, 3.0]


def test_the_parts_of_a_split_without_a_tape_are_arrays():
    a, b = T["split"]([1.0, 2.0, 3.0, 4.0])
    assert (a.value.tolist(), b.value.tolist()) == ([1.0, 2.0], [3.0, 4.0])


def root(x: Any) -> Any:
    return T["sqrt"](x)  # its slope at 0 is infinite


@pytest.mark.parametrize(
    ("function", "x", "gradient"),
    [
        (lambda x: T["index"](root(x), key=0), [1.0, 0.0], [0.5, 0.0]),
        (lambda x: T["gather"](root(x), [0, 0]), [1.0, 0.0], [1.0, 0.0]),
        (lambda x: T["take_along_axis"](root(x), [0]), [1.0, 0.0], [0.5, 0.0]),
        (lambda x: T["scatter"](root(x), [1], [7.0]), [1.0, 0.0], [0.5, 0.0]),
        (lambda x: T["scatter"](np.zeros(2), [1, 1], root(x)), [0.0, 1.0], [0.0, 0.5]),
        (lambda x: T["tril"](root(x)), [[1.0, 0.0], [4.0, 1.0]], [[0.5, 0.0], [0.25, 0.5]]),
        (lambda x: T["diag"](root(x)), [[1.0, 0.0], [0.0, 4.0]], [[0.5, 0.0], [0.0, 0.25]]),
        (lambda x: T["trace"](root(x)), [[1.0, 0.0], [0.0, 4.0]], [[0.5, 0.0], [0.0, 0.25]]),
        *[
            (lambda x, change=change: T["where"](change(x) > 0.5, change(root(x)), 0.0), [1.0, 0.0], [slope, 0.0])
            for change, slope in [
                (lambda x: T["flip"](x), 0.5), (lambda x: T["roll"](x), 0.5), (lambda x: T["tile"](x), 1.0),
                (lambda x: T["repeat"](x), 1.0), (lambda x: T["pad"](x), 0.5), (lambda x: T["pad"](x, mode="edge"), 1.0),
                (lambda x: T["concat"](x, x), 1.0), (lambda x: T["stack"](x, x), 1.0), (lambda x: T["expand_dims"](x), 0.5),
                (lambda x: T["swapaxes"](T["expand_dims"](x)), 0.5), (lambda x: T["moveaxis"](T["expand_dims"](x)), 0.5),
                (lambda x: T["embed"](x, key=0, shape=(2, 2)), 0.5), (lambda x: T["scatter_add"](x, [0, 1], size=2), 0.5),
                (lambda x: T["add_along_axis"](x, [0, 1], size=2), 0.5),
            ]
        ],
    ],
)  # fmt: skip
def test_what_was_not_chosen_takes_no_part_in_the_gradient(function, x, gradient):
    np.testing.assert_array_equal(slope(function, x), gradient)


def test_a_row_with_any_number_of_operands_needs_one():
    with pytest.raises(errors.InputError) as error:
        T["concat"]()
    assert str(error.value) == "concat: takes at least 1 operands and got 0"


def test_G4_signatures_of_products_and_sums():
    tape = Tape(values=True)
    w, x = tape.input("w", np.ones((5, 10))), tape.input("x", np.ones(5))
    T["sum"](w.T @ x)
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), (len(tape.nodes) - 1,))
    found = run(graph, {0: np.ones((5, 10)), 1: np.ones(5)})
    assert [found[k].signature for k in (3, 4)] == ["Aᵀ×b :: Matrix a → Vector a → Vector a", "Σ[0] :: Vector a → a"]


@pytest.mark.parametrize(
    ("row", "attrs", "error", "message"),
    [
        ("sin", (), errors.DTypeError,
         "sin: x is 2 arrays, (Vector Float64, Vector Float64): take one of them, as in item(x, k=0)"),
        ("index", (("key", 2),), errors.ShapeError,
         "index: there is no result 2 among 2, (Vector Float64, Vector Float64)"),
    ],
)  # fmt: skip
def test_one_of_several_results_is_chosen(row, attrs, error, message):
    def untyped(name: str, attrs: Any) -> Graph:  # as a text is read: before types are known
        nodes = (Node(T["input"], name="x"), Node(T["split"], (0,)), Node(T[name], (1,), attrs=attrs))
        return Graph(nodes, (0,), (2,))

    good = untyped("index", (("key", -1),))
    assert api.run(good, x=[1.0, 2.0, 3.0, 4.0]).output.value.tolist() == [3.0, 4.0]
    assert api.backprop(good, x=[1.0, 2.0, 3.0, 4.0])["x"].gradient.tolist() == [0.0, 0.0, 1.0, 1.0]
    with pytest.raises(error) as found:
        api.run(untyped(row, attrs), x=[1.0, 2.0])
    assert str(found.value) == message
