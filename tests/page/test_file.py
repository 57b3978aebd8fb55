"""An exported page, opened from disk with the network off: it goes on living."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.browser import complaints, opened
from tests.page.studio import Page, changed, document, engine, visit

from backlight.live.lessons import LESSONS

LARGEST = 500_000  # bytes, of the perceptron's page
NEURON = document("(w*x + b - y)^2", parameters="w b", w=1, b=0, x=2.1, y=4)


def exported(browser: Any, served: Any, folder: Path, found: Any) -> Path:
    """The page of a document, kept as a person keeps it."""
    with visit(browser, served, found) as page:
        page.tab("Share")
        with page.page.expect_download() as download:
            page.page.get_by_role("button", name="Page (HTML)").click()
        path = folder / download.value.suggested_filename
        download.value.save_as(path)
    assert path.suffix == ".html"
    return path


def test_an_exported_page_answers_sliders_steps_and_questions_by_itself(browser: Any, served: Any, tmp_path: Path) -> None:
    path = exported(browser, served, tmp_path, NEURON)
    with opened(browser, path.as_uri(), offline=True, bypass_csp=True) as plain:
        page = Page(plain).ready()
        page.agree(NEURON, rtol=0)
        page.slide("w", 1.5)
        page.agree(changed(NEURON, w=1.5), rtol=1e-15)
        page.press("Control+z")
        page.frame()
        page.agree(NEURON, rtol=0)
        page.tab("Descent")
        plain.get_by_role("button", name="One step", exact=True).click()
        page.frame()
        made = engine(NEURON)
        w = made.graph.number("w")
        assert float(page.numbers(w)) == float(made.value(w)) - 0.1 * float(made.value(made.graph.grads[w]))
        plain.get_by_role("button", name="backward", exact=True).click()
        page.press("ArrowRight", "ArrowRight")
        assert plain.get_by_test_id("caption").inner_text().split(" ")[3] == "backward:"
        plain.get_by_role("button", name="show all").click()
        plain.evaluate("(node) => backlight.dispatch({type: 'select', node})", w)
        plain.get_by_role("tab", name="Story").click()
        plain.get_by_role("tabpanel").get_by_text("upstream").first.wait_for()
        assert complaints(plain) == []


def test_the_perceptrons_page_is_small_enough_to_send_around(browser: Any, served: Any, tmp_path: Path) -> None:
    lesson = next(lesson for lesson in LESSONS if lesson.key == "perceptron")
    path = exported(browser, served, tmp_path, lesson.document)
    assert path.stat().st_size <= LARGEST
    text = path.read_text(encoding="utf-8")
    assert "http://" not in text.replace("http://www.w3.org/", "")
    assert "https://" not in text.replace("https://svelte.dev/", "")
    with opened(browser, path.as_uri(), offline=True) as plain:
        page = Page(plain).ready()
        made = engine(lesson.document)
        output, b = made.graph.outputs[0], made.graph.number("W")
        plain.evaluate("(node) => backlight.dispatch({type: 'select', node})", b)
        plain.get_by_role("tab", name="Story").click()
        plain.get_by_role("tabpanel").get_by_role("grid").last.get_by_role("gridcell").first.click()
        plain.get_by_role("tabpanel").get_by_text("number [0, 0] of shape").wait_for()  # the story of one number is in the file
        assert float(page.numbers(output)) == pytest.approx(float(np.asarray(made.value(output))), rel=1e-13)
