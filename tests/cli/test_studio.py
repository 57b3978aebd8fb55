"""What the words of `backlight studio` mean, before any server starts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backlight as bl
from backlight.cli.options import split
from backlight.cli.studio import read_document, studio
from backlight.errors import BacklightError
from backlight.live.address import fragment_of
from backlight.live.data import to_data
from backlight.live.document import Binding, Document
from backlight.live.reading import read

SAVED = Document("w*x", {"w": Binding("2", True), "x": Binding("3")}, "A product", rate=0.5)


def test_a_document_that_was_saved_is_opened_again_with_other_values(tmp_path: Path) -> None:
    file = tmp_path / "product.json"
    file.write_text(json.dumps({"document": to_data(SAVED), "run": {}}))
    assert read_document(str(file), {}) == SAVED
    assert read_document(str(file), {"x": "7"}).inputs == {"w": Binding("2", True), "x": Binding("7")}


def test_a_run_that_python_saved_is_opened_with_its_values(tmp_path: Path) -> None:
    file = tmp_path / "neuron.run"

    def neuron(w: Any, x: Any) -> Any:
        return np.sum(np.tanh(w @ x) ** 2)

    bl.backprop(neuron, w=np.array([[0.5, -1.0]]), x=np.array([2.0, 0.25])).save(file)
    found = read_document(str(file), {"x": "[1, 2]"})
    assert (found.text, found.title) == ("sum(tanh(w @ x)^2)", "neuron")
    assert {name: one.value for name, one in found.inputs.items()} == {"w": "[[0.5, -1.0]]", "x": "[1, 2]"}
    assert read(found).graph.outputs


@pytest.mark.parametrize("before", ["#", "http://localhost:2718/#", "https://example.org/studio/#"])
def test_a_link_is_a_document(before: str) -> None:
    assert read_document(before + fragment_of(SAVED), {}) == SAVED


def test_a_text_is_one_too() -> None:
    assert read_document("x + y", {"x": "2"}) == Document("x + y", {"x": Binding("2")})


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--port", "many"], "--port is a whole number from 0 to 65535, and it is 'many'"),
        (["--port", "70000"], "--port is a whole number from 0 to 65535, and it is '70000'"),
        (["x" * 400_001], "the text has 400001 characters, and the studio takes 400000"),
        (["#1AAAA"], "the address is cut off or damaged, so nothing was opened from it: ask for the link again"),
    ],
)
def test_what_cannot_be_served_is_refused_before_anything_listens(words: list[str], message: str) -> None:
    with pytest.raises(BacklightError) as caught:
        studio(split(["studio", *words]))
    assert str(caught.value) == message


def test_a_file_without_a_document_says_so(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text("[1, 2]")
    with pytest.raises(BacklightError) as caught:
        read_document(str(file), {})
    assert str(caught.value) == f'{file} holds no document of the studio: its JSON has one under "document"'
