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
