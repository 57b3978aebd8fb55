"""Every lesson opens, and what its commentary says in numbers is what the engine says."""

from typing import Any

import numpy as np
import pytest
from tests.live.rooms import card, number, said

from backlight.live import wire as w
from backlight.live.lessons import LESSONS
from backlight.live.session import Session

BY_KEY = {lesson.key: lesson for lesson in LESSONS}


class Lesson:
    """An open lesson: its numbers by name."""

    def __init__(self, key: str) -> None:
        self.session = Session()
        self.take(said(self.session, w.Open(BY_KEY[key].document)))

    def take(self, found: dict[str, Any]) -> None:
        self.graph = found.get("Graph", getattr(self, "graph", None))
        self.block = found["Values"][1]

    def set(self, **values: str) -> "Lesson":
        self.take(said(self.session, w.Move(values)))
        return self

    def value(self, name: str) -> Any:
        return number(self.graph, self.block, card(self.graph, name).node)

    def gradient(self, name: str) -> Any:
        return number(self.graph, self.block, card(self.graph, name).gradient)

    def steps(self, count: int) -> w.Descended:
        found = said(self.session, w.Descend(count))["Descended"]
        self.set(**found.values)
        return found  # type: ignore[no-any-return]


def test_no_two_lessons_have_the_same_key() -> None:
    assert len(BY_KEY) == len(LESSONS)


@pytest.mark.parametrize("key", BY_KEY)
def test_a_lesson_opens_with_its_picture_and_its_code(key: str) -> None:
    found = said(Session(), w.Open(BY_KEY[key].document))
    assert {"Opened", "Formula", "Graph", "Values", "Verdicts", "Code"} <= found.keys()
    assert not any(i.proposed for i in found["Opened"].inputs)
    assert BY_KEY[key].commentary.endswith(".")
    assert BY_KEY[key].tries


def test_first_steps_say_what_is_true() -> None:
    square = Lesson("square")
    assert square.gradient("x") == 72
    assert square.set(x="-0.25").gradient("x") == 0
    assert Lesson("sigmoid").set(x="0").gradient("x") == 0.25
    product = Lesson("product")
    assert [product.gradient(name) for name in "xyz"] == [-4, -4, 3]
    assert Lesson("shared").gradient("x") == 6


def test_networks_say_what_is_true() -> None:
    perceptron = Lesson("perceptron")
    delta = perceptron.gradient("b")
    assert perceptron.gradient("W").shape == (5, 10)
    assert np.allclose(perceptron.gradient("W").sum(axis=1) / [0.1, 0.2, 0.3, 0.4, 0.5], delta)
    entropy = Lesson("cross-entropy")
    assert np.allclose(entropy.gradient("z"), entropy.value("p") - [1, 0, 0])
    attention = Lesson("attention")
    assert np.allclose(attention.gradient("S").sum(axis=1), 0)
    layers = Lesson("layers").set(W2="zeros(2, 4)")
    assert not layers.gradient("W1").any()


def test_landscapes_say_what_is_true() -> None:
    saddle = Lesson("saddle")
    saddle.steps(1)
    assert saddle.value("y") == pytest.approx(0.012)
    assert not saddle.set(y="0").gradient("y").any()
    plateau = Lesson("plateau")
    assert plateau.gradient("w") == pytest.approx(-0.00067, abs=1e-5)
    assert plateau.steps(1000).losses[-1] > 0.9
    ravine = Lesson("ravine")
    ravine.steps(1)
    assert ravine.value("b") == pytest.approx(-0.9)
    assert ravine.value("a") / 4 == pytest.approx(0.962)


def test_what_goes_wrong_does() -> None:
    relu = Lesson("dying-relu")
    assert [relu.gradient("w"), relu.gradient("b")] == [0, 0]
    assert relu.set(b="-0.9").steps(10).losses[-1] < 0.5
    chain = Lesson("chain")
    assert chain.gradient("w") == pytest.approx(1038, abs=1)
    assert chain.set(w="0.5").gradient("w") == pytest.approx(0.006, abs=2e-4)
    twins = Lesson("symmetry")
    twins.steps(100)
    first, second = twins.value("w")
    assert first == second
    sign = Lesson("sign")
    assert sign.steps(20).losses[-1] < -100
    assert sign.value("w") - 1 == pytest.approx(0.4 * 1.2**20)
    nan = Lesson("nan")
    assert np.isnan(nan.value("L"))
    verdicts = said(nan.session, w.Check())["Verdicts"].found
    born = {v.kind: v.node for v in verdicts if not v.backward}
    assert born == {"inf": card(nan.graph, "log(p)").node, "nan": card(nan.graph, "y·log(p)").node}
    assert np.isnan(nan.set(z="[746, 0]").value("L"))
    assert not np.isnan(nan.set(z="[744, 0]").value("L"))
