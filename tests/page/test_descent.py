"""Descent in the page: each update is arithmetic that can be read, and what is shown is what is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.page.studio import changed, document, engine, visit

from backlight.show.figures import number

XS = np.round(np.arange(-1, 1.05, 0.1), 10)
NEURON = document(
    "p = w*x + b\nL = mean((p - y)^2)", parameters="w b", w=-0.82, b=-0.02,
    x=[float(x) for x in XS], y=[float(y) for y in 0.65 * XS - 0.3],
)  # fmt: skip


def test_G9_a_step_of_descent_is_value_plus_minus_eta_times_gradient(browser: Any, served: Any) -> None:
    found = document("(w*x - 4 + b)^2", parameters="w b", w=1, b=0, x=2.1)
    with visit(browser, served, found) as page:
        page.tab("Descent")
        page.page.get_by_label("rate η").fill("0.01")
        page.page.get_by_label("rate η").press("Enter")
        page.ready()
        assert page.page.get_by_role("heading", level=3).inner_text() == "The next step: value + (−η · gradient)"
        assert page.page.get_by_role("columnheader").all_inner_texts() == ["parameter", "value", "−η · gradient", "becomes"]
        rows = page.page.locator("table tbody tr")
        made = engine(found)
        for at, name in enumerate(["w", "b"]):
            i = made.graph.number(name)
            value, gradient = float(made.value(i)), float(made.value(made.graph.grads[i]))
            cells = rows.nth(at).locator("td").all_inner_texts()
            change = -0.01 * gradient
            assert cells == [number(value, 6), number(change, 6), number(value + change, 6)]
        page.page.get_by_role("button", name="One step", exact=True).click()
        page.frame()
        assert float(page.numbers(made.graph.number("w"))) == pytest.approx(1.0798, abs=1e-12)
        assert float(page.numbers(made.graph.number("b"))) == pytest.approx(0.038, abs=1e-12)
        page.agree(changed(found, w=float(page.numbers(made.graph.number("w"))), b=float(page.numbers(made.graph.number("b")))))
        page.page.get_by_role("button", name="Undo").first.click()
        page.ready()
        page.agree(found)
        page.page.get_by_role("button", name="Redo").click()
        page.ready()
        assert float(page.numbers(made.graph.number("w"))) == pytest.approx(1.0798, abs=1e-12)


def test_E7_the_loss_shown_is_the_loss_at_the_sliders_values(browser: Any, served: Any) -> None:
    with visit(browser, served, NEURON) as page:
        output = page.page.get_by_test_id("output")
        assert float(output.inner_text()) == pytest.approx(0.87073, abs=5e-8)
        for w in (-0.5, 0.1, 0.65):
            page.slide("w", w)
            truth = float(np.mean((w * XS - 0.02 - (0.65 * XS - 0.3)) ** 2))
            assert float(output.inner_text()) == pytest.approx(truth, rel=1e-13)
        page.agree(changed(NEURON, w=0.65))


def test_ten_steps_and_a_run_follow_the_engine_and_undo_as_one(browser: Any, served: Any) -> None:
    with visit(browser, served, NEURON) as page:
        page.tab("Descent")
        w, b = -0.82, -0.02
        x, y = XS, 0.65 * XS - 0.3
        losses = []
        for _ in range(10):
            e = w * x + b - y
            losses.append(float(np.mean(e * e)))
            w, b = w - 0.1 * float(np.mean(2 * e * x)), b - 0.1 * float(np.mean(2 * e))
        page.page.get_by_role("button", name="Ten").click()
        page.ready()
        i, j = (page.state(f"opened.inputs.find(i => i.name === '{name}').node") for name in "wb")
        assert float(page.numbers(i)) == pytest.approx(w, rel=1e-12)
        assert float(page.numbers(j)) == pytest.approx(b, rel=1e-12)
        assert page.state("training.losses") == pytest.approx(losses, rel=1e-12)
        assert page.page.get_by_test_id("losses").inner_text() == f"10 steps; {number(float(np.mean((w * x + b - y) ** 2)), 7)} now"
        page.page.get_by_role("button", name="Ten").click()
        page.ready()
        told = page.page.get_by_test_id("losses").inner_text()  # the loss of now, and not of ten steps ago
        assert told == f"20 steps; {number(float(page.page.get_by_test_id('output').inner_text()), 7)} now"
        page.press("Control+z")
        page.ready()
        page.page.get_by_role("button", name="Run").click()
        page.page.wait_for_function("() => backlight.state.training.losses.length > 30")
        page.page.get_by_role("button", name="Stop").click()
        page.ready()
        page.press("Control+z")
        page.ready()
        assert float(page.numbers(i)) == pytest.approx(w, rel=1e-12)
        page.press("Control+z")
        page.ready()
        page.agree(NEURON)


@pytest.mark.parametrize("optimizer", ["momentum", "adam"])
def test_an_optimiser_that_remembers_is_taken_back_with_its_memory(browser: Any, served: Any, optimizer: str) -> None:
    with visit(browser, served, NEURON) as page:
        page.tab("Descent")
        page.page.get_by_label("optimiser").select_option(optimizer)
        page.ready()
        assert page.page.get_by_role("heading", level=3).first.inner_text() == "The next step: value + change"
        node = page.state("opened.inputs.find(i => i.name === 'w').node")
        step = page.page.get_by_role("button", name="One step", exact=True)
        step.click()
        step.click()
        page.ready()
        two = float(page.numbers(node))
        page.press("Control+z")
        page.ready()
        step.click()
        page.ready()
        assert float(page.numbers(node)) == pytest.approx(two, rel=1e-14)
