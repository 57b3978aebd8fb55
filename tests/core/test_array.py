import pickle
from pathlib import Path

import numpy as np
import pytest

import backlight as bl
import backlight.numpy as bnp
from backlight.core.array import Array, as_value
from backlight.core.tape import Tape
from backlight.core.types import Type
from backlight.errors import GraphError, InputError
from backlight.ops import add, mul, sigmoid, sum


def test_outside_a_trace_an_operation_is_computed_and_nothing_is_kept():
    z = mul(2.0, 3.0)
    assert z.tape is None
    assert z.value == 6.0


def test_on_a_tape_with_values_every_array_has_both_a_node_and_a_value():
    tape = Tape(values=True)
    x = tape.input("x", 2.0)
    z = (4 * x + 1) ** 2
    assert float(z) == 81.0
    assert [n.op.name for n in tape.nodes] == ["input", "const", "mul", "const", "add", "const", "pow"]
    assert tape.nodes[z.number].inputs == (4, 5)
    assert bool(z > 80) is True


def test_a_python_number_takes_the_dtype_of_the_arrays_beside_it():
    x = np.ones(3, np.float32)
    tape = Tape(values=True)
    assert (tape.input("x", x) * 2).dtype == np.float32
    assert (tape.input("i", np.array([1, 2])) * 2).dtype == np.int64
    assert (tape.input("i", np.array([1, 2])) * 0.5).dtype == np.float64
    assert mul(x, 2.5).dtype == np.float32


def test_values_of_two_traces_do_not_mix():
    x, y = Tape(values=True).input("x", 1.0), Tape(values=True).input("y", 1.0)
    with pytest.raises(GraphError) as caught:
        x + y
    assert str(caught.value) == (
        "add: node 0 was written in another trace: a value must not leave the function it was traced in, "
        "return it from there instead"
    )


def test_a_symbolic_array_has_a_type_and_no_value():
    x = Tape().input("x", type=Type("float64", (3,)))
    assert sum(x).type is Type("float64", ())
    with pytest.raises(GraphError) as caught:
        float(sum(x))
    assert str(caught.value) == "node 2 has a type, Float64, and no value here: nothing has been run"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("abc", "cannot make an array of str 'abc': its items are not numbers"),
        (None, "cannot make an array of NoneType None: its items are not numbers"),
    ],
)
def test_what_is_no_number_is_refused(given, message):
    with pytest.raises(InputError) as caught:
        as_value(given)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: add(1.0), "add: takes 2 operands (x, y) and got 1 of them"),
        (lambda: add(1.0, 2.0, 3.0), "add: takes 2 operands (x, y) and got 3 of them"),
        (lambda: sigmoid(1.0, axs=0), "sigmoid: has no setting 'axs'"),
        (lambda: sum([1.0], axes=0), "sum: has no setting 'axes'; did you mean 'axis'?"),
    ],
)
def test_a_call_that_does_not_fit_says_what_is_taken(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message


def test_with_positions_a_node_knows_the_line_it_was_written_on():
    tape = Tape(values=True, positions=True)
    x = tape.input("x", 1.0)
    z = x * x
    at = tape.nodes[z.number].at
    assert at is not None
    assert at.file == __file__
    assert Path(__file__).read_text("utf-8").splitlines()[at.line - 1].strip() == "z = x * x"


def test_an_array_shows_its_numbers():
    assert repr(Array(None, -1, np.array([1.0, 2.5]))) == "array([1. , 2.5])"


def test_an_array_is_handed_to_other_processes_as_its_numbers():
    x = bnp.asarray([1.5, 2.5])[::-1]
    again = pickle.loads(pickle.dumps(x))  # noqa: S301 - our own
    assert type(again) is Array
    assert again.tape is None
    assert again.value.tolist() == [2.5, 1.5]
    with pytest.raises(GraphError) as caught:
        bl.grad(lambda x: len(pickle.dumps(x)) * x)(1.0)
    assert str(caught.value).splitlines()[0] == (
        "pickle: node 0 (Float64) belongs to the trace that is open: hand x.value to other processes"
    )


MASKED = np.ma.array([10.0, 20.0], mask=[0, 1])
MATRIX = np.asarray([[1.0, 2.0], [3.0, 4.0]]).view(np.matrix)
COUNTED = (
    "numpy.ma.MaskedArray holds numbers that do not count, and here they would: give z.filled(0.0), or choose with "
    "np.where(z.mask, 0.0, z.data)"
)
MULTIPLIED = "numpy.matrix has a * that multiplies matrices, and a ** too: give np.asarray(m), and write @ for products"


@pytest.mark.parametrize(
    ("f", "x", "message"),
    [
        (lambda x: np.sum(x**2), MASKED, COUNTED),
        (lambda x: np.sum(x * MASKED), np.ones(2), COUNTED),
        (lambda x: np.sum(np.add(MASKED, x)), np.ones(2), COUNTED),
        (lambda x: np.sum(x * x), MATRIX, MULTIPLIED),
        (lambda x: np.sum(x * MATRIX), np.ones((2, 2)), MULTIPLIED),
        (lambda x: np.sum(MATRIX * x), np.ones((2, 2)), MULTIPLIED),
    ],
)
def test_arrays_whose_operators_mean_something_else_are_refused_in_a_trace(f, x, message):
    with pytest.raises(InputError) as caught:
        bl.grad(f)(x)
    assert str(caught.value).splitlines()[0] == message


def test_masked_arrays_of_traced_numbers_work_as_numpys():
    assert bl.grad(lambda x: np.ma.array(x, mask=[0, 1]).mean())(np.ones(2)).tolist() == [1.0, 0.0]
    assert bl.grad(lambda x: (MASKED * x).sum())(np.ones(2)).tolist() == [10.0, 0.0]
    assert (bnp.ones(2) * MASKED).value.sum() == 10.0
