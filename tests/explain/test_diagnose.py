import math

import numpy as np
import pytest
from tests.explain.runs import ran

import backlight as bl
from backlight.core.table import TABLE
from backlight.errors import InputError
from backlight.explain import mends
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
        "   what helps: log is of positive numbers only: make its operand so, by abs(x), x^2 or exp(x), or find out why it is "
        "not\n"
        "2. what it reaches\n"
        "   the output sum(log(x)·y) and the gradient of y are not a number"
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


def findings(text, **values):
    """Everything that is said about a text's run: kind, operation, element."""
    made = bl.backprop(text, **values)
    nodes = made.graph.nodes
    return [(f.kind, nodes[f.node].op.name, f.element) for f in diagnose(made)]


# Faults as people make them: the text, its values, and the first verdict on it.
UNSEEN = [
    ("sum(log(softmax(x)))", {"x": [0, -800, 800]}, ("nan", "mul", (0,))),
    ("sum(sqrt(A @ x))", {"A": [[1, -2], [3, 4]], "x": [1, 1]}, ("nan", "sqrt", (0,))),
    ("sqrt(mean((x - mean(x))^2))", {"x": [2, 2, 2]}, ("nan", "mul", (0,))),
    ("sum(x^y)", {"x": [2, -1, 3], "y": [1, 0.5, 2]}, ("nan", "pow", (1,))),
    ("sum(acos(x))", {"x": [0.5, 0.9, 1.2]}, ("nan", "acos", (2,))),
    ("log(sum(exp(x)))", {"x": [1000, 1]}, ("inf", "exp", (0,))),
    ("sum(where(x > 0, 1, 0)*log(x))", {"x": [1, 0, 2]}, ("nan", "mul", (1,))),
    ("sum((x - mean(x))/sqrt(mean((x - mean(x))^2)))", {"x": [3, 3]}, ("nan", "div", (0,))),
    ("sum(x*w)", {"x": [1, math.nan, 2], "w": [1, 1, 1]}, ("nan", "input", (1,))),
    ("sum(log(x)*w)", {"x": [math.nan, -1, 2], "w": [1, 1, 1]}, ("nan", "input", (0,))),
    ("sum(A @ x)", {"A": [[0, 1], [1, 1]], "x": [math.inf, 1]}, ("nan", "matmul", (0,))),
    ("exp(exp(x))", {"x": 10}, ("inf", "exp", ())),
    ("sum(clip(x, 0, 1)*w)", {"x": [2, -1], "w": [1, 1]}, ("not chosen", "clip", (0,))),
    ("sum(V @ relu(W @ x + b))", {"W": [[-1, 0], [0, 1]], "V": [[1, 2]], "x": [1, 2], "b": [0, -5]}, ("not chosen", "relu", (0,))),
    ("min([x, y])", {"x": 3, "y": 1}, ("not chosen", "min", (0,))),
    ("floor(x)*y", {"x": 1.5, "y": 2}, ("zero factor", "floor", ())),
    ("sum(W @ x)", {"W": [[1, 2]], "x": [0, 0]}, ("zero factor", "matmul", None)),
    ("stop_gradient(x*w) + y", {"x": 1, "w": 2, "y": 1}, ("stopped", "stop_gradient", None)),
    ("(x > 1)*y", {"x": 2, "y": 3}, ("no derivative", "greater", None)),
    ("tanh(w*x)", {"w": 500, "x": 2}, ("saturated", "tanh", ())),
]


@pytest.mark.parametrize(("text", "values", "first"), UNSEEN, ids=[text for text, _, _ in UNSEEN])
def test_a_fault_as_people_make_it_is_found_at_its_node_and_element(text, values, first):
    assert first in findings(text, **values)[:2]


def test_a_nan_that_came_in_does_not_hide_one_that_is_born_beside_it():
    found = findings("sum(log(x))", x=[math.nan, -1, 2])
    assert found[:2] == [("nan", "input", (0,)), ("nan", "log", (1,))]


@pytest.mark.parametrize(
    ("text", "values", "wrt", "lines"),
    [
        ("max(x)", {"x": [1, 3, 2]}, "x", [
            "2 of its 3 elements are zero: [0, 1, 0]",
            f"lost at node 1, max(x): 2 of 3 elements of operand 1 get nothing ({TABLE['max'].words})",
        ]),
        ("sum(softmax(x))", {"x": [0, 0]}, "x", [
            "blocked at node 1, softmax(x): nothing of its gradient reaches operand 1",
        ]),
        ("tanh(w*x)", {"w": 500, "x": 2}, "w", [
            "saturated at node 3, tanh(w·x): the derivative of tanh rounds to 0",
            "what helps: keep its operand near 0: smaller weights, inputs with mean 0 and spread 1",
        ]),
        ("log(σ(w*x))", {"w": 500, "x": 2}, "w", [
            "saturated at node 3, σ(w·x): the derivative of sigmoid rounds to 0",
            f"what helps: {mends.SPREAD}; in a loss, log_sigmoid(x) instead of log(sigmoid(x))",
        ]),
        ("sum(W @ x)", {"W": [[1, 2]], "x": [0, 0]}, "W", [
            "blocked at node 2, W @ x: nothing of its gradient reaches operand 1, beside node 1, x, which is 0",
            ("what helps: what is learnt must not begin at 0, where weights hold one another fast: "
             "draw it, as in normal(3, 2, seed=1)"),
        ]),
        ("x^2", {"x": 0}, "x", ["multiplied by 0 at node 2, x²: the local derivative is 0, at 0 beside 2"]),
        ("floor(x)*y", {"x": 1.5, "y": 2}, "x", [
            "multiplied by 0 at node 1, ⌊x⌋: the local derivative is 0, at 1.5, where it is flat",
            "what helps: it is flat everywhere: let the gradient pass it by, as in x + stop_gradient(floor(x) − x)",
        ]),
        ("sum(x*m)", {"x": [1, 2, 3], "m": [0, 0, 1]}, "x", [
            "2 of its 3 elements are zero: [0, 0, 1]",
            "multiplied by 0 at node 2, x·m: the local derivative is 0 for 2 of 3 elements, at 1 beside 0",
        ]),
    ],
)  # fmt: skip
def test_where_a_gradient_was_lost(text, values, wrt, lines):
    said = [line.strip() for line in str(why_zero(bl.backprop(text, **values), wrt)).splitlines() if line.startswith("   ")]
    assert said == lines


def test_what_stops_everything_comes_before_what_stops_a_part():
    text = "h = maximum(W @ x + b, 0)\nq = h @ v\nsum(y*q + (1 - y)*q)"
    given = {"W": [[1, 0], [0, 1]], "x": [1, 2], "b": -9.0, "v": [[1, 2], [3, 4]], "y": [0, 1]}
    assert str(why_zero(bl.backprop(text, **given), "W")) == """\
Why is the gradient of W zero?

1. not chosen
   blocked at node 6, h: maximum did not take this branch for 2 of 2 elements
   what helps: where it is maximum(x, 0): bring its operand above 0 for some of the data: a smaller step or bias, weights drawn anew
2. in part
   something gets past these, so they are not why it is zero
   multiplied by 0 at node 13, (1 − y)·q: the local derivative is 0 for 1 of 2 elements, at 0 beside 0
   multiplied by 0 at node 10, y·q: the local derivative is 0 for 1 of 2 elements, at 0 beside 0"""
    assert str(why_zero(bl.backprop(text, **given), "v")).splitlines()[2:5] == [
        "1. zero factor",
        "   blocked at node 8, q: nothing of its gradient reaches operand 2, beside node 6, h, which is 0",
        f"   what helps: mend what is 0, node 6, h: where it is maximum(x, 0): {mends.ABOVE}",
    ]


def test_a_gradient_that_starts_at_zero_is_told_from_one_that_was_lost():
    page = why_zero(bl.backprop("x*y", x=2, y=3, upstream=0.0), "x")
    assert str(page).splitlines()[2:] == ["1. upstream", "   the upstream gradient of node 2, x·y, is 0: it was given so"]


def test_advice_is_for_the_infinity_that_a_nan_is_made_of_and_is_given_once():
    text = str(why_nan(bl.backprop("sum(log(softmax(x)))", x=[0, -800, 800])))
    assert text.count("what helps: keep its operand away from 0: log(x + 1e-12)") == 1
    assert text.splitlines()[-4:] == [
        "   what helps: mend what is infinite, node 2, log(softmax(x))",
        "4. what it reaches",
        "   the gradient of x is not a number",
        "   the output sum(log(softmax(x))) is infinite",
    ]
    guarded = str(why_nan(bl.backprop("sum(where(x > 0, sqrt(x), 0))", x=[-1, 4])))
    assert guarded.endswith("   no output and no gradient of an input: it is not used, or not chosen")
    meets = str(why_nan(bl.backprop("sum(A @ x)", A=[[1, 0], [1, 1]], x=[1, math.inf])))
    assert "NaN is born at node 2, A @ x at element [0]: matmul of node 0 and node 1, where 0 meets inf at place 1 of the" in meets


def test_whoever_prints_a_run_that_holds_a_nan_is_told_where_it_was_born():
    assert "NaN is born at node 2, x·log(x): mul of 0 and -inf" in str(bl.backprop("x*log(x)", x=0))
    assert "Where is it not a number?" not in str(bl.backprop("x*log(x)", x=1))
    assert "Where is it not a number?" not in str(bl.backprop("1/x", x=0))              # infinite, and marked as that
