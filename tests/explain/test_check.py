import numpy as np
import pytest
from tests.explain.runs import ran

from backlight.core.op import Op, elementwise
from backlight.core.table import TABLE
from backlight.explain.check import check_edges, check_page
from backlight.ops import matmul, relu, sigmoid, sum, tanh, where


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
    assert verdict.kind == "kink"
    assert verdict.element == (0,)


def test_nothing_is_said_about_edges_that_carry_no_number():
    from backlight.ops import log

    made = ran(lambda x: (log(x) * 0.0) * x, x=0.0)
    kinds = {(made.graph.nodes[v.consumer].op.name, v.operand): v.kind for v in check_edges(made)}
    assert kinds == {("log", 1): "kink", ("mul", 1): "right", ("mul", 2): "not tried"}
