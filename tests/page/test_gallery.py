"""Every lesson in the page: every number on the screen is the engine's, also after a slider, a step of descent, and undo."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.page.studio import Page, changed, engine, visit

from backlight.live.data import to_data
from backlight.live.document import Binding, Document
from backlight.live.lessons import LESSONS


@pytest.fixture(scope="module")
def page(browser: Any, served: Any) -> Any:
    with visit(browser, served) as found:
        yield found


def stripped(found: Document) -> Document:
    """The lesson with nothing hidden: what is asked for is shown as a question mark."""
    return replace(found, asked=(), hidden=())


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.key)
def test_every_number_of_a_lesson_is_the_engines(page: Page, lesson: Any) -> None:
    found = stripped(lesson.document)
    page.page.evaluate("(document) => backlight.load(document)", to_data(found))
    page.ready()
    page.agree(found, rtol=1e-11)
    scalars = [i for i in page.state("opened.inputs") if not i["shape"]]
    moved = found
    for item in scalars[:1]:
        name, binding = item["name"], item["binding"]
        middle = binding["low"] + (binding["high"] - binding["low"]) * 0.375
        page.slide(name, middle)
        value = page.page.get_by_label(f"{name}, slider").input_value()
        page.ready()
        moved = changed(with_inputs(found, page), **{name: value})
        page.agree(moved, rtol=1e-11)
    if page.state("graph.updates.length"):
        page.tab("Descent")
        before = {u["parameter"]: page.numbers(u["parameter"]) for u in page.state("graph.updates")}
        made = engine(with_inputs(moved, page))
        page.page.get_by_role("button", name="One step", exact=True).click()
        page.ready()
        for node, value in before.items():
            if page.state("document.optimizer") == "descent":
                new = value - moved.rate * np.asarray(made.value(made.graph.grads[node]))
                np.testing.assert_allclose(page.numbers(node), new, rtol=1e-9, atol=1e-15)
        page.press("Control+z")
        page.ready()
        for node, value in before.items():
            np.testing.assert_array_equal(page.numbers(node), value)


def with_inputs(found: Document, page: Page) -> Document:
    """The document with what was proposed for the inputs that it left open."""
    given = {i["name"]: Binding(**i["binding"]) for i in page.state("opened.inputs")}
    return replace(found, inputs={**given, **found.inputs})
