"""What a teacher hides stands nowhere on the page, whichever panel is open and whatever it could be worked out from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from tests.page.studio import Page, document, visit

from backlight.live.document import Document, Question

# At x = 2 the output is 81, the base 9, the gradients 1, 18 and 72; a step at 0.1 is -7.2 to -5.2.
POWER = document("(4*x + 1)^2", parameters="x", x=2)
WORDS = "() => [...document.querySelectorAll('.left, .panel, [aria-live]')].map(e => e.innerText).join('\\n')"


def panels(page: Page) -> Iterator[tuple[str, str]]:
    """Every panel with all words of the page while it is open, the cards' and the spoken ones too."""
    for name in ("Story", "Why", "Descent", "Landscape", "Ways", "Problems", "Share"):
        page.tab(name)
        page.ready().frame()
        cards = "\n".join(line for card in page.says()["cards"] for line in card["lines"])
        edges = "\n".join(line for edge in page.says()["edges"] for line in edge["lines"])
        body = page.page.evaluate(WORDS)
        yield name, re.sub(r"(?m)^\d+ +", "", "\n".join([cards, edges, body]))  # the number of a node or of a step


def stands(number: str, text: str) -> bool:
    return re.search(rf"(?<![\d.]){re.escape(number)}(?![\d.]*\d)", text) is not None


def chosen(page: Page, name: str) -> None:
    node = page.page.evaluate("(name) => backlight.state.graph.cards.find(c => c.op === name).node", name)
    page.page.evaluate("(node) => backlight.dispatch({type: 'select', node})", node)
    page.ready()


@pytest.mark.parametrize(
    "hiding", [{"hidden": ("gradients",)}, {"asked": (Question(1, "gradient"),)}, {"asked": (Question(1, "sign"),)}], ids=repr
)
def test_a_hidden_gradient_is_told_by_no_panel(browser: Any, served: Any, hiding: dict[str, Any]) -> None:
    found: Document = replace(POWER, **hiding)
    with visit(browser, served, POWER) as page:  # that the words would be found
        assert page.state("graph.cards.find(c => c.name === 'x').node") == 1
        told = dict(panels(page))
        assert all(stands("72", text) for text in told.values())
        assert stands("-7.2", told["Descent"])
        assert stands("-5.2", told["Descent"])
        assert "its slope 72" in told["Landscape"]
    with visit(browser, served, found) as page:
        chosen(page, "mul")
        for name, text in panels(page):
            assert not any(stands(number, text) for number in ("72", "-7.2", "-5.2")), (name, text)
        page.tab("Descent")
        row = page.page.get_by_role("tabpanel").get_by_role("row").nth(1)
        assert row.get_by_role("cell").all_inner_texts() == ["2", "?", "?"]
        page.tab("Landscape")
        assert "The gradient of x is hidden here, and with it what descent sees." in page.page.get_by_role("tabpanel").inner_text()
        page.tab("Why")
        assert "Numbers that this would tell are hidden here." in page.page.get_by_role("tabpanel").inner_text()
        if found.hidden:
            assert page.card(1)[-1] == "gradient ?"
            assert all(line == "↓ ?" for edge in page.says()["edges"] for line in edge["lines"] if line.startswith("↓"))


def test_hidden_values_are_told_by_no_panel_and_what_was_typed_stays(browser: Any, served: Any) -> None:
    with visit(browser, served, replace(POWER, hidden=("values",))) as page:
        chosen(page, "mul")
        for name, text in panels(page):
            assert not any(stands(number, text) for number in ("81", "9")), (name, text)
        assert page.card(1)[2] == "value    2"
        assert page.page.get_by_test_id("output").count() == 0
        page.tab("Landscape")
        words = "The value of the output is hidden here, so there is no curve to draw."
        assert words in page.page.get_by_role("tabpanel").inner_text()


def test_a_teacher_leaves_out_gradients_under_share(browser: Any, served: Any) -> None:
    with visit(browser, served, POWER) as page:
        page.tab("Share")
        page.page.get_by_role("checkbox", name="without gradients").check()
        page.ready()
        assert page.card(1)[-1] == "gradient ?"
        page.page.wait_for_function("() => location.hash.length > 1")
        assert page.state("document.hidden") == ["gradients"]


def test_a_sheet_lists_its_questions_and_each_keeps_its_own_answer_and_hints(browser: Any, served: Any) -> None:
    """What was said to one question stood under the next one too, and nothing said that there were any."""
    sheet = replace(POWER, asked=(Question(1, "gradient"), Question(4, "value")))
    with visit(browser, served, sheet) as page:
        listed = page.page.get_by_role("navigation", name="questions")
        assert listed.get_by_role("heading").inner_text() == "2 questions"
        assert [one.strip() for one in listed.get_by_role("button").all_inner_texts()] == ["gradient of x", "value of 4·x + 1"]
        listed.get_by_role("button", name="gradient of x").click()
        asked = page.page.locator("form.question")
        asked.get_by_role("textbox").fill("72")
        asked.get_by_role("button", name="Check").click()
        listed.get_by_role("button", name="gradient of x ✓").wait_for()
        asked.get_by_role("button", name="Hint").click()
        asked.get_by_role("list").first.wait_for()
        listed.get_by_role("button", name="value of 4·x + 1").click()
        page.ready()
        assert asked.get_by_role("status").inner_text() == ""
        assert asked.get_by_role("list").count() == 0
        asked.get_by_role("textbox").fill("8")
        asked.get_by_role("button", name="Check").click()
        page.page.wait_for_function("() => document.querySelector('form.question [role=status]').innerText.startsWith('✗')")
        listed.get_by_role("button", name="gradient of x ✓").click()
        page.ready()
        assert asked.get_by_role("status").inner_text().startswith("✓")
        page.slide("x", 1.0)  # another value has another gradient: the old answer is none to it
        page.ready()
        assert asked.get_by_role("status").inner_text() == ""
