"""Whatever the table holds, a run of it can be drawn, told, derived and asked why: no node of any graph is left out."""

import json

import pytest
from tests.ops import trial as trials

from backlight.diff.reverse import reverse
from backlight.explain.derive import derive
from backlight.explain.diagnose import diagnose, why_nan, why_zero
from backlight.explain.page import Page
from backlight.explain.story import story
from backlight.run.reference import run
from backlight.show.picture import picture


@pytest.mark.parametrize(("row", "case"), trials.pairs(lambda row, case: trials.good(row, case) and case is row.cases[0]))
def test_a_run_of_any_row_is_drawn_and_explained(row, case):
    made = trials.trial(row, case)
    differentiated = bool(made.floats and made.smooth_outputs)
    graph = reverse(made.graph, made.smooth_outputs[0], made.floats) if differentiated else made.graph
    whole = run(graph, made.values)
    shown = picture(whole, check=differentiated, learning_rate=0.1 if differentiated else None)
    assert f'data-node="{graph.outputs[0]}"' in shown.svg()
    assert f'data-story="{graph.outputs[0]}"' in shown.html()
    assert shown.dot().startswith("digraph ")
    assert str(whole)
    assert len(json.loads(whole.json())["nodes"]) == graph.forward_count
    if not differentiated:
        return
    pages = [*(story(whole, i) for i in range(len(graph))), why_nan(whole)]
    pages += [page for i in made.floats for page in (derive(whole, None, i), why_zero(whole, i))]
    for page in pages:
        assert page.steps
        text = str(page)
        assert "None" not in text
        assert page.latex().count("{") == page.latex().count("}")
    assert Page.document(pages).endswith("\\end{document}\n")
    diagnose(whole)
