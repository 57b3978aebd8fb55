"""A visitor who does anything at all, in any order: the page never throws, and its numbers are always the engine's."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from tests.page.studio import Page, engine, visit

from backlight.live.data import from_data, to_data
from backlight.live.document import Document
from backlight.live.lessons import LESSONS

DEEDS = 160
TEXTS = [
    "x", "x+", "(4*x+1)^2", "sum(A@x)", "sigmoid(w*x+b)\nL=3", "L = ", "log(x)/y", "f(x)=x^2\nf(y)+f(2)", "[1,2,3]*x", "max(x,y)*z",
    "(x+y)*(x-y)/(x*y+1)", "softmax([x,y,z])", "xyz" * 100, "'", "𝛼 + β", "a=1\nb=a*2\nc=b*x",
]  # fmt: skip
KEYS = "ArrowUp ArrowDown ArrowLeft ArrowRight Enter f n Space Escape + - Control+z Control+Shift+z".split()
PANELS = ["story", "derivation", "descent", "landscape", "ways", "verdicts", "lessons", "share"]
SLIDE = """([at, value]) => {
    const sliders = [...document.querySelectorAll('input.slider')], slider = sliders[at % sliders.length];
    if (!slider) return;
    slider.value = value;
    slider.dispatchEvent(new Event('input', {bubbles: true}));
}"""
PRESS = "name => [...document.querySelectorAll('button')].find(b => b.textContent === name && !b.disabled)?.click()"


def deed(page: Page, chance: random.Random) -> None:
    """Something that a visitor could do."""
    plain = page.page
    dispatch = lambda event: plain.evaluate("event => backlight.dispatch(event)", event)
    some = chance.randrange(12)
    if some == 0:
        plain.get_by_role("textbox", name="Equation").fill(chance.choice(TEXTS))
    elif some == 1:
        plain.evaluate("(document) => backlight.load(document)", to_data(chance.choice(LESSONS).document))
    elif some in (2, 3):
        plain.evaluate(SLIDE, [chance.randrange(8), str(chance.uniform(-6, 6))])
    elif some == 4:
        page.press(chance.choice(KEYS))
    elif some == 5:
        dispatch({"type": "panel", "panel": chance.choice(PANELS)})
    elif some == 6:
        dispatch({"type": chance.choice(["undo", "redo"])})
    elif some == 7:
        dispatch({"type": "place", "place": chance.randrange(-1, 40)})
    elif some == 8:
        dispatch({"type": "select", "node": chance.randrange(9)})
    elif some == 9:
        plain.evaluate(PRESS, chance.choice(["One step", "Ten", "Run", "Stop", "tree", "Watch", "Draw", "close all", "Hint"]))
    elif some == 10:
        dispatch({"type": "look", "change": {"near": chance.choice([[], [], [chance.randrange(5), 1, 1]])}})
    else:
        dispatch({"type": "pace", "pace": chance.choice(["node", "layer"])})


def rest(page: Page) -> None:
    """Stop whatever runs, show everything, and wait until it is there."""
    for event in ({"type": "running", "running": False}, {"type": "play", "playing": False}, {"type": "place", "place": -1}):
        page.page.evaluate("event => backlight.dispatch(event)", event)
    page.ready()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7])
def test_whatever_is_done_the_numbers_are_the_engines(browser: Any, served: Any, seed: int) -> None:
    chance = random.Random(seed)
    with visit(browser, served) as page:
        for count in range(DEEDS):
            deed(page, chance)
            if count % 40 < 39:
                continue
            rest(page)
            if page.state("mistake"):
                continue
            made = engine(from_data(Document, page.state("document")))
            for card in page.state("graph.cards"):
                node, gradient = card["node"], card["gradient"]
                if card["kind"] != "group":
                    np.testing.assert_allclose(page.numbers(node), np.asarray(made.value(node)), rtol=1e-9, atol=1e-300)
                if gradient >= 0 and node in made.graph.grads:
                    truth = np.asarray(made.value(made.graph.grads[node]))
                    np.testing.assert_allclose(page.numbers(gradient), truth, rtol=1e-8, atol=1e-13)
