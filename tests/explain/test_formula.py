"""Names of nodes."""

import backlight as bl
from backlight.explain.form import text_form
from backlight.explain.formula import names


def test_G6_a_node_has_its_own_name_or_one_from_its_operation_and_operands():
    graph = bl.parse("`Sum of Squared Errors` = sum((4x + 1 - t)^2)")
    assert names(graph) == ["4", "x", "4·x", "1", "4·x + 1", "t", "4·x + 1 − t", "2", "#6²", "Sum of Squared Errors"]
    assert float(bl.run(graph, x=[1, 2], t=[4, 10])["Sum of Squared Errors"].value) == 2
    assert text_form(graph) == "`Sum of Squared Errors` = sum((4*x + 1 - t)^2)"
