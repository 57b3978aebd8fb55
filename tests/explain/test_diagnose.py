import numpy as np
import pytest
from tests.explain.runs import ran

from backlight.errors import InputError
from backlight.explain.diagnose import births, diagnose, why_nan, why_zero
from backlight.ops import cast, exp, log, matmul, mul, relu, sigmoid, sqrt, stop_gradient, sum, tanh, where

V = np.array([0.5, 2.0, 3.0])

# Ten planted faults: the kind of verdict, the operation of the node it must name, and the element.
FAULTS = [
    ("log of a negative number", lambda x: sum(log(x - 1.0)), {"x": V}, "nan", "log", (0,)),
    ("a division 0 by 0", lambda x, y: sum(x / y), {"x": np.array([1.0, 0.0]), "y": np.array([2.0, 0.0])}, "nan", "div", (1,)),
    ("∞ − ∞", lambda x: exp(x) - exp(x + 1.0), {"x": 800.0}, "nan", "sub", ()),
    ("0·∞", lambda x, y: sum(mul(x, exp(y))), {"x": np.array([1.0, 0.0]), "y": np.array([1.0, 900.0])}, "nan", "mul", (1,)),
    ("an input that is not used", lambda x, y: x * 2.0, {"x": 1.0, "y": 2.0}, "no path", "input", None),
    ("a stopped gradient", lambda x: stop_gradient(x) * 2.0, {"x": 1.0}, "stopped", "stop_gradient", None),
    ("a dead relu", lambda x: sum(relu(x - 5.0)), {"x": V}, "not chosen", "relu", (0,)),
    ("a branch not taken", lambda x, y: where(x > 1.0, y, x), {"x": 0.5, "y": 2.0}, "not chosen", "where", ()),
    ("a saturated sigmoid", lambda x: sum(sigmoid(x * 4000.0)), {"x": -V}, "saturated", "sigmoid", (0,)),
    ("a factor of zero", lambda x, y: x * y, {"x": 3.0, "y": 0.0}, "zero factor", "mul", ()),
    ("a step without derivative", lambda x: cast(x > 1.0, dtype="float64") * 2.0, {"x": 1.5}, "no derivative", "greater", None),
]


@pytest.mark.parametrize(("what", "function", "given", "kind", "op", "element"), FAULTS, ids=[f[0] for f in FAULTS])
def test_a_planted_fault_is_found_at_its_node_and_element(what, function, given, kind, op, element):
    made = ran(function, **given)
    found = [f for f in diagnose(made) if f.kind == kind]
    assert found, f"{what} was not found"
    assert made.graph.nodes[found[0].node].op.name == op
    assert found[0].element == element


def test_nothing_is_found_in_a_run_that_is_well():
    made = ran(lambda x: sum(tanh(x) * x), x=V)
    assert diagnose(made) == []
    assert str(why_nan(made)).splitlines()[2:] == [
        "1. all is finite",
        "   every value and every gradient of this run is a finite number",
    ]


def test_the_trail_of_a_nan_from_its_birth_to_the_inputs():
    made = ran(lambda x, y: sum(log(x) * y), x=np.array([1.0, -2.0]), y=np.array([1.0, 1.0]))
    assert str(why_nan(made)) == (
        "Where is it not a number?\n"
        "\n"
        "1. first NaN going forward\n"
        "   NaN is born at node 2, log(x) at element [1]: log of -2\n"
        "   1 of 2 elements of this node\n"
        "   what helps: keep its operand away from 0: log(x + 1e-12), or log1p(x) where it is log(1 + x); of a softmax or a "
        "sigmoid, log_softmax or log_sigmoid\n"
        "2. what it reaches\n"
        "   the gradient of y is not a number"
    )


def test_a_nan_that_is_born_going_backward_is_told_from_one_born_forward():
    made = ran(lambda x: sqrt(x) ** 2.0, x=0.0)
    assert births(made, "nan") == []
    (finding,) = births(made, "nan", backward=True)
    node = made.graph.nodes[finding.node]
    assert (node.op.name, node.why.of, made.graph.nodes[node.why.of].op.name) == ("mul", 1, "sqrt")
    assert finding.sentence == f"NaN is born at node {finding.node}, what goes down of node 1, √x to operand 1: mul of 0 and inf"


def test_an_infinity_is_the_beginning_of_a_nan():
    made = ran(lambda x: log(x) * 0.0, x=0.0)
    titles = [step.title for step in why_nan(made).steps]
    assert titles[:2] == ["first ∞ going forward", "first NaN going forward"]


@pytest.mark.parametrize(
    ("function", "given", "wrt", "line"),
    [
        (lambda x, b: sum(relu(x + b)), {"x": -V, "b": 0.0}, "b",
         "blocked at node 3, relu(x + b): relu did not take this branch for 3 of 3 elements"),
        (lambda x, w: sum(sigmoid(matmul(w, x))), {"x": V, "w": np.full((2, 3), -900.0)}, "w",
         "saturated at node 3, σ(w @ x): the derivative of sigmoid rounds to 0 for 2 of 2 elements"),
        (lambda x, y: y * 1.0, {"x": 1.0, "y": 1.0}, "x", "no path: node 3, y·1, does not depend on node 0, x"),
        (lambda x: stop_gradient(x), {"x": 1.0}, "x",
         "every path ends at node 1, stop_gradient(x): it counts its operand as constant"),
        (lambda x: x * x, {"x": 3.0}, "x", "it is not zero: 6"),
        (lambda x, y: x * y - x * y, {"x": 3.0, "y": 2.0}, "x",
         "every single contribution is fine; they cancel in the sum over paths or elements"),
    ],
)  # fmt: skip
def test_why_a_gradient_is_zero(function, given, wrt, line):
    assert str(why_zero(ran(function, **given), wrt)).splitlines()[3].strip() == line


def test_part_of_a_gradient_may_be_zero():
    text = str(why_zero(ran(lambda x: sum(relu(x)), x=np.array([-1.0, 2.0])), "x"))
    assert "1 of its 2 elements are zero: [0, 1]" in text
    assert "relu did not take this branch for 1 of 2 elements" in text


def test_a_run_without_gradients_is_refused():
    from backlight.run.reference import run

    made = ran(lambda x: x * 1.0, x=1.0)
    plain = run(made.graph.with_(nodes=made.graph.nodes[: made.graph.forward_count], grads={}, parts={}), {0: np.float64(1)})
    with pytest.raises(InputError) as caught:
        why_zero(plain, "x")
    assert str(caught.value) == "this run has no gradients: run it backward first, as in bl.backprop"
