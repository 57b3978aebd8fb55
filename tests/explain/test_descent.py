import numpy as np
import pytest
from tests.explain.runs import ran

from backlight.errors import DifferentiationError, InputError, ValueError
from backlight.explain.descent import descend
from backlight.ops import square


def loss(x, y, w, b):
    return square(y - (w * x + b))


def test_B4_the_worked_example_of_one_neuron():
    made = descend(ran(loss, x=2.1, y=4.0, w=1.0, b=0.0), 0.01, ["w", "b"])
    assert made.run["w"].gradient == pytest.approx(-7.98, rel=1e-14)
    assert made.run["b"].gradient == pytest.approx(-3.8, rel=1e-14)
    assert [made.updated[i] for i in (2, 3)] == pytest.approx([1.0798, 0.038], rel=1e-14)
    assert (made.before, round(made.after, 4), round(-made.real, 4)) == (3.61, 2.8711, 0.7389)


def test_G9_descent_is_arithmetic_on_one_node_and_an_honest_forecast():
    text = str(descend(ran(lambda x: x * x, x=3.0), 0.1).page())
    assert text.splitlines()[2:5] == [
        "1. x: value + (−η · gradient)",
        "   x + −η·gradient of x",
        "   3 + −0.1·6 = 2.4",
    ]
    assert "predicted change −η‖gradient‖² = −3.6" in text
    assert "real change −3.24" in text


def test_E10_the_update_has_a_minus_and_the_rate():
    made = descend(ran(lambda x: x * x, x=np.array(3.0)[()]), 0.25)
    assert made.updated[0] == 3.0 - 0.25 * 6.0


def test_a_step_that_goes_up_is_called_so():
    assert "the step went up: η is too large for how the output bends here" in str(descend(ran(lambda x: x * x, x=3.0), 1.5).page())


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: descend(ran(lambda x: x * x, x=3.0), 0.0), ValueError, "descend: the rate is 0.0, and it must be above 0"),
        (
            lambda: descend(ran(lambda x: x * x, x=np.ones(2))),
            DifferentiationError,
            "descend: the output has shape (2,), and only a single number goes down",
        ),
        (
            lambda: descend(ran(lambda x: x * 2.0, x=3.0), wrt=[1]),
            InputError,
            "descend: node 1 has no gradient in this run: differentiate by it too",
        ),
    ],
)
def test_what_cannot_go_down_is_said(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message
