import math

import numpy as np
import pytest
from tests.explain.runs import ran
from tests.ops import trial as trials

import backlight as bl
from backlight.core.op import Op, elementwise
from backlight.core.table import TABLE
from backlight.diff.reverse import reverse
from backlight.explain.check import check_edges, check_page
from backlight.ops import matmul, relu, sigmoid, sum, tanh, where
from backlight.run.reference import run


@pytest.fixture
def crooked():
    """A sine whose derivative is wrong, and right at 0."""
    row: Op = elementwise("crooked", "x", doc="A sine.", value=np.sin, local=lambda z, x: 1.0 - x * x)
    yield row
    del TABLE["crooked"]


def test_a_deliberately_wrong_rule_is_found_and_named(crooked):
    made = ran(lambda x, w: sum(tanh(matmul(w, crooked(x)))), x=np.array([0.4, -1.1]), w=np.array([[0.3, 0.2]]))
    wrong = [v for v in check_edges(made) if v.kind == "wrong"]
    assert [made.graph.nodes[v.consumer].op.name for v in wrong] == ["crooked"]
    assert wrong[0].element == (1,)
    assert "the rule of crooked sends down" in str(check_page(made))
    assert str(check_page(made)).splitlines()[-1] == "   4 of 5 edges agree with small steps"


def test_right_rules_are_right_and_kinks_are_named_not_failed():
    made = ran(lambda x: sum(relu(x) + sigmoid(x) * where(x > 1.0, x, 2.0 * x)), x=np.array([0.0, 0.7, -2.0]))
    verdicts = check_edges(made)
    assert {v.kind for v in verdicts} == {"right", "kink"}
    (kink,) = [v for v in verdicts if v.kind == "kink"]
    assert made.graph.nodes[kink.consumer].op.name == "relu"
    assert kink.element == (0,)


@pytest.mark.parametrize(
    ("value", "local", "x", "kind"),
    [
        (np.sin, lambda z, x: np.nan * x, 0.5, "wrong"),       # no derivative where there is one
        (np.sin, lambda z, x: 1.0 / (x * 0.0), 0.5, "wrong"),
        (np.cbrt, lambda z, x: 1.0 / (3.0 * z * z), 0.0, "kink"),  # upright: the rule is right to say ∞
        (np.cbrt, lambda z, x: 1.0 / (3.0 * z * z), 0.5, "right"),
        (np.sqrt, lambda z, x: 0.5 / z, 0.0, "kink"),          # nothing to the left
        (np.cos, lambda z, x: x * 0.0, 0.5, "wrong"),
        (np.cos, lambda z, x: x * 0.0, 0.0, "right"),
    ],
)
def test_a_rule_that_gives_no_number_is_wrong_unless_the_curve_is_upright_or_ends_there(value, local, x, kind):
    elementwise("crooked", "x", doc="Some curve.", value=value, local=local)
    try:
        (verdict,) = check_edges(ran(lambda x: TABLE["crooked"](x), x=x))
    finally:
        del TABLE["crooked"]
    assert verdict.kind == kind


def test_what_stands_beside_an_infinity_is_checked_all_the_same(crooked):
    from backlight.ops import log

    made = ran(lambda x: sum(log(x)), x=np.array([0.0, 2.0]))
    (verdict,) = [v for v in check_edges(made) if made.graph.nodes[v.consumer].op.name == "log"]
    assert verdict.kind == "right"                         # of 2; at 0 there is nothing to step from


def test_nothing_is_said_about_edges_that_carry_no_number():
    from backlight.ops import log

    made = ran(lambda x: (log(x) * 0.0) * x, x=0.0)
    kinds = {(made.graph.nodes[v.consumer].op.name, v.operand): v.kind for v in check_edges(made)}
    assert kinds == {("log", 1): "not tried", ("mul", 1): "right", ("mul", 2): "not tried"}


@pytest.mark.parametrize(
    ("text", "values", "kind"),
    [
        ("elu(x)", {"x": 0}, "right"),                     # bends no slope, but its slope's slope
        ("softsign(x)", {"x": 0}, "right"),
        ("sign(x)", {"x": 0}, "kink"),                     # a jump
        ("atan2(y, x)", {"y": 0, "x": 0}, "kink"),
        ("maximum(x, y)", {"x": 1, "y": 1}, "right"),      # half to each: what central steps measure
        ("log(x)", {"x": -1}, "not tried"),
        ("sum(log_softmax(x))", {"x": [-math.inf, 0]}, "not tried"),
        ("sum(x)", {"x": [-1e300, 1.0]}, "right"),         # for the first; a step of the second drowns beside it
        ("cbrt(x)", {"x": 1e-300}, "kink"),                # too steep for any step
        ("sum(abs(x)*x)", {"x": [0.0, 1.0]}, "right"),
    ],
)
def test_what_is_special_about_a_place_is_not_taken_for_a_mistake(text, values, kind):
    made = bl.backprop(text, **values)
    verdicts = [v for v in check_edges(made) if made.graph.nodes[v.consumer].op.name in text]
    assert verdicts
    assert {v.kind for v in verdicts} & {"wrong"} == set()
    assert kind in {v.kind for v in verdicts}


def first(row, case):
    """One of the first two cases, and smooth."""
    return trials.smooth(row, case) and any(case is one for one in row.cases[:2])


@pytest.mark.parametrize(("row", "case"), trials.pairs(first))
def test_every_row_is_found_right_by_its_own_steps_where_it_is_smooth(row, case):
    made = trials.trial(row, case)
    if not made.floats or not made.smooth_outputs:
        return
    run_both = run(reverse(made.graph, made.smooth_outputs[0], made.floats), made.values)
    assert {v.kind for v in check_edges(run_both)} <= {"right", "not tried"}
