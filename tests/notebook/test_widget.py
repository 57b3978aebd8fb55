"""The notebook's view without a notebook: what Python sees and sets."""

from typing import Any

import numpy as np
import pytest

import backlight as bl
from backlight import notebook
from backlight.errors import GraphError, InputError
from backlight.live.recording import bundle
from backlight.notebook import document_of

RUN = bl.backprop("(4*x + 1)^2", x=2)
needs_page = pytest.mark.skipif(bundle() is None, reason="the page was not built into this copy")


def test_a_run_is_a_document_with_its_values() -> None:
    document = document_of(RUN, "A square")
    assert (document.text, document.title) == ("(4*x + 1)^2", "A square")
    assert document.inputs["x"].value == "2"


def test_a_traced_function_is_a_document_of_the_same_nodes() -> None:
    run = bl.backprop(lambda w, x: np.sum(np.tanh(x @ w)), np.full((3, 2), 0.5), np.ones((4, 3)))
    document = document_of(run)
    again = bl.parse(document.text)
    forward = run.graph.nodes[: run.graph.forward_count]
    assert [node.op.name for node in again.nodes] == [node.op.name for node in forward]
    assert document.inputs["w"].value == "[[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]"


def test_floats_of_32_bits_stay_so() -> None:
    run = bl.backprop("x*x", x=np.float32(3))
    assert document_of(run).dtype == "float32"


def test_without_the_extra_a_notebook_gets_the_page_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> Any:
        raise InputError("the notebook view needs anywidget: pip install 'backlight[notebook]' brings it")

    monkeypatch.setattr(notebook, "widget_class", refuse)
    shown = bl.show(RUN)
    found = shown._repr_mimebundle_()
    assert found["text/html"].startswith('<iframe title="Backlight" sandbox="allow-scripts allow-downloads"')
    assert found["text/plain"] == str(shown)
    assert shown._display_()._repr_html_() == found["text/html"]
    with pytest.raises(InputError) as caught:
        shown.widget()
    assert str(caught.value) == "the notebook view needs anywidget: pip install 'backlight[notebook]' brings it"


def test_what_no_text_can_say_is_shown_as_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> Any:
        raise GraphError("no text")

    monkeypatch.setattr(notebook, "document_of", refuse)
    assert list(bl.show(RUN)._repr_mimebundle_()) == ["image/svg+xml", "text/plain"]


@pytest.fixture
def view() -> Any:
    pytest.importorskip("anywidget", reason="the extra `notebook` is not installed")
    return bl.show(RUN).widget()


@needs_page
def test_python_sees_and_sets_what_is_on_the_screen(view: Any) -> None:
    assert (view.values, view.selected) == ({"x": "2"}, -1)
    assert view.run["x"].gradient == 72
    view.set(x=-1.0)
    assert view.values == {"x": "-1"}
    assert view.run["x"].gradient == -24
    view.select("x")
    assert view.selected == 1


@needs_page
def test_what_python_sets_wrongly_is_refused(view: Any) -> None:
    with pytest.raises(InputError) as caught:
        view.set(q=1)
    assert str(caught.value) == "there is no input 'q'; there is x"


@needs_page
def test_the_page_is_answered_over_the_notebooks_line(view: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[tuple[str, int]] = []
    monkeypatch.setattr(view, "send", lambda said, buffers: heard.append((said["news"]["kind"], len(buffers))))
    view.hear(view, {"kind": "open", "id": 1, "document": view.document}, [])
    assert heard == [("welcome", 0), ("opened", 0), ("formula", 0), ("graph", 0), ("values", 1), ("verdicts", 0), ("code", 1)]
    view.hear(view, {"kind": "nonsense"}, [])
    assert heard[-1] == ("mistake", 0)
