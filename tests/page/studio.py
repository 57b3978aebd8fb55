"""The studio's page in a real browser, opened on a document, and read back: every number on it beside the engine's."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
from tests.browser import opened

from backlight.diff.reverse import reverse
from backlight.live.address import fragment_of
from backlight.live.document import Binding, Document, Look
from backlight.live.reading import read
from backlight.run.record import Run
from backlight.run.reference import run
from backlight.show.figures import bracketed, number

NUMBERS = """(node) => {
    const found = backlight.block.read(node);
    return found && [[...found.numbers].map(x => Object.is(x, -0) ? "-0" : String(x)), found.shape];
}"""

__all__ = ["Page", "document", "engine", "visit"]

# Everything that was asked for has come, nothing is about to be asked, and the module runs (or cannot: then the session answers).
READY = "() => window.backlight?.atRest"


def document(text: str, parameters: str = "", look: Look | None = None, title: str = "", **values: Any) -> Document:
    """A document with these values; `parameters` are the names of those that are learnt."""
    inputs = {name: Binding(str(value), parameter=name in parameters.split()) for name, value in values.items()}
    return Document(text, inputs, look=look or Look(), title=title)


def engine(found: Document) -> Run:
    """The run of a document on the reference machine."""
    reading = read(found)
    graph = reading.graph
    floats = [i for i in graph.inputs if graph.type(i).is_float]
    written = reverse(graph, None, floats) if floats and graph.type(graph.outputs[0]).is_float else graph
    return run(written, dict(reading.values))


class Page:
    """The page, and questions to it."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def ready(self) -> Page:
        """Wait until the newest document is shown and nothing is under way."""
        self.page.wait_for_function(READY)
        self.frame()
        return self

    def frame(self) -> None:
        """Wait until what was changed is painted."""
        self.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def state(self, path: str) -> Any:
        return self.page.evaluate(f"() => backlight.state.{path}")

    def says(self) -> dict[str, Any]:
        """What is written on the cards and the edges, as they are painted."""
        found: dict[str, Any] = self.page.evaluate("() => backlight.view.says()")
        return found

    def card(self, node: int) -> list[str]:
        return next(card["lines"] for card in self.says()["cards"] if card["node"] == node)

    def edge(self, consumer: int, operand: int) -> list[str]:
        """The words on the edge from a node to its operand of this number."""
        return next(e["lines"] for e in self.says()["edges"] if (e["consumer"], e["number"]) == (consumer, operand))

    def numbers(self, node: int) -> np.ndarray[Any, Any]:
        found = self.page.evaluate(NUMBERS, node)
        assert found is not None, f"the page knows no number of node {node}"
        texts, shape = found
        return np.array([float(text.replace("Infinity", "inf")) for text in texts]).reshape(shape)

    def slide(self, name: str, value: float) -> None:
        """Move a slider as a hand does, and let it go."""
        slider = self.page.get_by_label(f"{name}, slider")
        slider.evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input', {bubbles: true})) }", str(value))
        slider.dispatch_event("change")
        self.frame()

    def slide_number(self, name: str, at: int, value: float) -> None:
        """Another number at a place of an input that is an array, as its grid writes it."""
        self.page.evaluate("""([name, at, value]) => {
            const {node, shape} = backlight.state.opened.inputs.find(i => i.name === name);
            const numbers = [...backlight.block.read(node).numbers];
            numbers[at] = value;
            backlight.dispatch({type: 'values', values: {[name]: JSON.stringify(numbers)}, mark: ''});
        }""", [name, at, value])
        self.frame()

    def write(self, text: str) -> None:
        self.page.get_by_label("Equation").fill(text)
        self.ready()

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def press(self, *keys: str) -> None:
        """Keys, where the graph has the focus."""
        self.page.locator(".graph").focus()
        for key in keys:
            self.page.keyboard.press(key)

    def agree(self, found: Document, rtol: float = 1e-13) -> None:
        """Every value and gradient on every card is the engine's, and is spelled as the engine spells it."""
        made = engine(found)
        graph = made.graph
        cards = {card["node"]: card["lines"] for card in self.says()["cards"]}
        assert set(cards) <= set(range(graph.forward_count))
        for node, lines in cards.items():
            truth = np.asarray(made.value(node))
            mine = self.numbers(node)
            np.testing.assert_allclose(mine, truth, rtol=rtol, atol=1e-300, err_msg=f"value of node {node}")
            assert written(lines, "value") == spelled(mine.astype(truth.dtype)), (node, lines)
            gradient = self.page.evaluate("(n) => backlight.state.graph.cards.find(c => c.node === n).gradient", node)
            assert (gradient >= 0) == (node in graph.grads), node
            if gradient >= 0:
                slope = np.asarray(made.value(graph.grads[node]))
                np.testing.assert_allclose(self.numbers(gradient), slope, rtol=rtol, atol=1e-16, err_msg=f"gradient of {node}")
                assert written(lines, "gradient") == spelled(self.numbers(gradient)), (node, lines)


def written(lines: list[str], word: str) -> list[str]:
    """The lines of a card that hold its value or its gradient, without the word."""
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{word:9}"))
    found = [lines[start][9:]]
    for line in lines[start + 1 :]:
        if not line.startswith(" " * 9) or line[9:10] in "=+":
            break
        found.append(line[9:])
    return found


def spelled(value: np.ndarray[Any, Any]) -> list[str]:
    return [number(value[()])] if value.ndim == 0 else list(bracketed(value))


@contextmanager
def visit(browser: Any, served: Any, found: Document | None = None, **settings: Any) -> Iterator[Page]:
    """The studio, opened on a document by its address."""
    url = served.address + (f"#{fragment_of(found)}" if found else "")
    with opened(browser, url, **settings) as page:
        yield Page(page).ready()


def changed(found: Document, **values: Any) -> Document:
    """The same document with other values."""
    inputs: Mapping[str, Binding] = {
        name: replace(binding, value=str(values.get(name, binding.value))) for name, binding in found.inputs.items()
    }
    return replace(found, inputs=inputs)


def figures(text: str) -> list[float]:
    """The numbers in a line of words."""
    return [float(x) for x in re.findall(r"-?\d+(?:\.\d+)?(?:e[-+]\d+)?", text)]
