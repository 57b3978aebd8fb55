"""The thirty mistakes of docs/mistakes.py, each made, and every message asserted whole: the page is what is said."""

import math
import runpy
import struct
from pathlib import Path

import numpy as np
import pytest

import backlight as bl
import backlight.numpy as bnp
from backlight.errors import BacklightError, DTypeError, GradientWarning, GraphError, InputError, LeakError, ShapeError

ROOT = Path(__file__).parents[2]
MADE = runpy.run_path(str(ROOT / "docs" / "make_mistakes.py"))


def test_the_page_of_mistakes_is_what_is_said_of_them():
    assert (ROOT / "docs" / "mistakes.md").read_text(encoding="utf-8") == MADE["page"](), "run `.venv/bin/python docs/make_mistakes.py`"


@pytest.mark.parametrize("mistake", MADE["mistakes"](), ids=lambda m: m.__name__)
def test_every_mistake_is_noticed_by_an_error_of_ours_or_of_python(mistake):
    with pytest.raises((BacklightError, AttributeError)) as caught:
        mistake(np, bl.grad, np.array)
    assert caught.value.__cause__ is None
    if isinstance(caught.value, BacklightError) and caught.value.at is not None:
        assert "    ^" in str(caught.value) or "^\n" in str(caught.value)


def asked(f):
    with pytest.raises(BacklightError) as caught:
        bl.grad(f)(np.array([1.0, 2.0]))
    return type(caught.value), str(caught.value).partition("\n")[0]


def test_numbers_that_would_leave_the_graph_unnoticed_are_refused():
    assert asked(lambda x: math.exp(x[0])) == (
        GraphError,
        "float: node 1 (Float64) would leave the graph in math.exp, and its gradient would be lost: use numpy.exp, or x.value where a "
        "constant is meant",
    )
    assert asked(lambda x: len(struct.pack("d", x[0])) * x[0]) == (
        GraphError,
        "float: node 1 (Float64) would leave the graph in struct.pack, and its gradient would be lost: make one array of it first, "
        "with backlight.numpy.asarray, or x.value where a constant is meant",
    )
    assert asked(lambda x: np.float32(x[0]) * x[1])[0] is GraphError
    assert asked(lambda x: np.array([x[0], x[1]]).astype(float)[0]) == (
        GraphError,
        "float: node 1 (Float64) would leave the graph in the method astype, and its gradient would be lost: make one array of it first, "
        "with backlight.numpy.asarray, or x.value where a constant is meant",
    )
    assert asked(lambda x: np.mean([x[0], x[1]])) == (
        GraphError,
        "numpy.mean of an array of objects would make a plain number of node 5 (Float64), and the graph would lose it: make one array "
        "first, as in backlight.numpy.asarray(z)",
    )
    assert asked(lambda x: float(x) * x[0]) == (ShapeError, "float: node 0 is Vector Float64 (2,), and one number is needed: take one, as in x[0]")
    assert asked(lambda x: np.ones(3)[x[0]]) == (
        DTypeError, "an index must be a whole number, and this is Float64: round and cast it to an integer"
    )  # fmt: skip


def fill_one(x):
    y = np.zeros(2)
    y[0] = x[0]
    return y.sum()


def fill_some(x):
    y = np.zeros(4)
    y[1:3] = x**2
    return y.sum()


def add_some(x):
    y = np.zeros(2)
    y += x
    return y.sum()


def test_what_goes_into_a_plain_numpy_array_is_refused_and_the_way_out_is_told():
    way = "make that array with backlight.numpy.zeros, or with np.zeros_like of a traced array"
    assert asked(fill_one) == (
        GraphError,
        "float: node 1 (Float64) would leave the graph in an assignment into a NumPy array, and its gradient would be lost: "
        f"{way}, or x.value where a constant is meant",
    )
    assert asked(fill_some) == (
        GraphError,
        f"node 2 (Vector Float64 (2,)) would go into a NumPy array, which cannot hold it, and the graph would lose it: {way}",
    )
    assert asked(add_some) == (
        GraphError,
        "numpy.add: would write into a NumPy array, which cannot hold a traced value: make that array with backlight.numpy.zeros or "
        "np.zeros_like of a traced array, or make a new one, as in a = a + x in place of a += x",
    )
    with pytest.raises(GraphError) as caught:
        bl.grad(fill_some)(np.array([1.0, 2.0]))
    assert str(caught.value).splitlines()[2:] == [
        "    y[1:3] = x**2",
        "    ^^^^^^",
        "    where y is Vector Float64 (4,) and x is Vector Float64 (2,)",
    ]


def test_an_array_of_objects_where_numpy_needs_numbers_is_refused_with_the_way_out():
    for f, said in (
        (lambda x: np.linalg.det(np.array([[x[0], 1.0], [1.0, x[1]]])), "Cannot cast ufunc 'det' input from dtype('O') to dtype('float64') with "
         "casting rule 'same_kind'"),
        (lambda x: np.sum(np.isnan(np.array([x[0], x[1]]))) * x[0], "ufunc 'isnan' not supported for the input types, and the inputs could not be "
         "safely coerced to any supported types according to the casting rule ''safe''"),
    ):  # fmt: skip
        assert asked(f) == (
            InputError,
            f"NumPy cannot do this with an array of objects, which `numpy.array` makes of traced numbers ({said}): make one array of them, "
            "with backlight.numpy.array or np.stack",
        )


class Exact(float):
    """A person's own kind of number."""


def test_numbers_that_are_asked_for_by_name_are_given():
    for ask in (float, lambda x: complex(x).real, lambda x: round(float(x), 3), lambda x: Exact(x), lambda x: float(format(x, '.3f')), lambda x: next(float(v) for v in [x])):
        with pytest.warns(GradientWarning):
            assert bl.grad(lambda x, ask=ask: ask(x[0]) * x[1])(np.array([1.5, 2.0])).tolist() == [0.0, 1.5]
    assert f"{bnp.asarray(2.5):.2f}" == "2.50"


def test_an_array_of_a_trace_that_has_ended_keeps_its_value_and_nothing_else():
    kept = []
    bl.grad(lambda x: kept.append(x * 2.0) or np.sum(x))(np.array([1.0, 2.0]))
    assert kept[0].value.tolist() == [2.0, 4.0]
    assert kept[0].shape == (2,)
    assert repr(kept[0]) == "array([2., 4.])"
    with pytest.raises(LeakError) as caught:
        kept[0] + 1.0
    message, place, code, under, *_ = str(caught.value).splitlines()
    assert message == (
        "node 2 was written while <lambda> was traced, and that has ended: return it from the function, or keep its value, x.value, "
        "where a constant is meant"
    )
    assert place.startswith("  test_mistakes.py, line ")
    assert code[under.index("^") : under.rindex("^") + 1] == "kept[0] + 1.0"


ASKED_BY_AN_ITERATOR = [
    (lambda x: sum(map(math.sin, x)), "math.sin", "use numpy.sin"),
    (lambda x: tuple(map(math.acos, x)), "math.acos", "use numpy.arccos"),
    (lambda x: max(*map(math.exp, x)), "math.exp", "use numpy.exp"),
    (lambda x: [2.0 * y for y in map(math.fsum, [x])], "math.fsum", "use numpy.sum"),
    (lambda x, sine=math.sin: next(map(sine, x)), "sine", "make one array of it first, with backlight.numpy.asarray"),
    (lambda x: math.hypot(*x), "math.hypot", "use numpy.hypot"),
    (lambda x: sum(waiting(x)), "an iterator", "write the loop out, with x.value in it where the number is meant"),
]


def waiting(x):
    return map(math.sin, x)


@pytest.mark.parametrize(("f", "name", "way"), ASKED_BY_AN_ITERATOR)
def test_what_an_iterator_asks_for_is_told_by_name(f, name, way):
    with pytest.raises(GraphError) as caught:
        bl.grad(f)(np.array([0.5, 0.2]))
    assert str(caught.value).splitlines()[0] == (
        f"float: node 1 (Float64) would leave the graph in {name}, and its gradient would be lost: {way}, or x.value where a constant is meant"
    )


def test_questions_of_pythons_math_are_answered():
    def f(x):
        if math.isnan(x[0]) or not math.isfinite(x[1]) or math.isclose(x[0], x[1]) or any(map(math.isinf, x)):
            return x[0] * 0.0
        return x[0] * math.floor(x[1]) + math.ceil(x[0]) * x[1]

    traced = bl.trace(f)(np.array([0.5, 2.5]))
    assert bl.grad(f)(np.array([0.5, 2.5])).tolist() == [2.0, 1.0]
    assert [guard.kind for guard in traced.guards] == ["float"] * 8


def test_numbers_that_an_iterator_is_told_to_ask_for_are_given():
    with pytest.warns(GradientWarning, match="^float.x. of node [12] "):
        assert bl.grad(lambda x: sum(map(float, x)) * x[0])(np.array([0.5, 2.0])).tolist() == [2.5, 0.0]


def test_a_long_line_is_shown_around_the_mistake():
    with pytest.raises(ShapeError) as caught:
        bl.grad(lambda x: np.sum(x) + np.sum(x * 1.0) + np.sum(x * 2.0) + np.sum(x * 3.0) + np.sum(x * 4.0) + np.sum(x + np.ones(3)) + np.sum(x))(np.ones(2))
    message, place, code, under, names = str(caught.value).splitlines()
    assert message == "add: cannot stretch Float64 (2,) and Float64 (3,) to one shape: axis -1 has sizes 2 and 3"
    assert place.startswith("  test_mistakes.py, line ")
    assert code.strip().startswith("…")
    assert code[under.index("^") : under.rindex("^") + 1] == "x + np.ones(3)"
    assert names == "    where x is Vector Float64 (2,)"


def test_code_that_expects_numpys_error_of_a_matrix_goes_on():
    def f(A):
        try:
            return np.sum(np.linalg.cholesky(A))
        except np.linalg.LinAlgError:
            return np.sum(np.linalg.cholesky(A + 3.0 * np.eye(2)))

    assert np.isfinite(bl.grad(f)(np.array([[1.0, 2.0], [2.0, 1.0]]))).all()
