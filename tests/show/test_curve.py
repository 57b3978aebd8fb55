"""Curves, how the ways to differentiate grow, and what a classifier answers."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.show.golden import same

import backlight as bl
from backlight.explain.ways import Way, Ways, growth
from backlight.run.reference import bind
from backlight.show.curve import Curve, plotted
from backlight.show.drawing import Dot, Drawing, Heat, Line, Text
from backlight.show.growth import grown
from backlight.show.surface import surface
from backlight.show.svg import svg

NAMES = ["numeric", "symbolic, unshared", "symbolic, shared", "forward", "reverse"]


def counted(n: int) -> Ways:
    """Ways whose numbers are known."""
    operations, sizes = [200 * n, 20 * n, 9 + n, 10 * n, 12], [None, 30 * n, 12 + n, 11, 14]
    found = tuple(
        Way(name, (1.0,) * n, 0.0, operations[k], sizes[k], None if k == 1 and n > 8 else 1e-6 * operations[k])
        for k, name in enumerate(NAMES)
    )
    return Ways(tuple(f"x[{k}]" for k in range(n)), 16, 1.0, "reverse mode", found)


def test_U4_how_each_way_grows_with_the_number_of_parameters_is_plotted() -> None:
    drawing = grown([counted(n) for n in (1, 2, 4, 8, 16)])
    same("growth.svg", svg(drawing))
    same("growth.txt", drawing.twin + "\n")
    words = [mark.text for mark in drawing.marks if isinstance(mark, Text)]
    assert {"operations", "nodes of the expressions", "seconds"} <= set(words)
    assert [words.count(name) for name in NAMES] == [2, 3, 3, 3, 3]     # what is measured has no expression
    shapes = {mark.shape for mark in drawing.marks if isinstance(mark, Dot)}
    assert len(shapes) == len(NAMES)                                   # told apart without any colour
    ET.fromstring(svg(drawing))


def test_U4_the_plot_is_of_what_was_counted() -> None:
    graph = bl.parse("sum(sigmoid(W @ x))")
    steps = growth(*bind(graph, {"W": np.ones((2, 3)), "x": [1.0, 2.0, 3.0]}))
    lines = grown(steps).twin.splitlines()
    assert lines[1].split() == ["parameters", "numeric", "symbolic,", "unshared", "symbolic,", "shared", "forward", "reverse"]
    assert [line.split()[0] for line in lines[2:7]] == ["1", "2", "4", "8", "9"]
    assert [float(line.split()[5]) for line in lines[2:7]] == [step["reverse"].operations for step in steps]


def frames(marks: list[object]) -> list[tuple[float, float]]:
    return [point for mark in marks if isinstance(mark, Line) for point in mark.points]


PAIRS = st.lists(st.tuples(st.floats(1e-6, 1e6), st.one_of(st.none(), st.floats(1e-9, 1e9))), max_size=20)


@given(PAIRS, st.booleans(), st.booleans())
def test_whatever_is_plotted_lies_in_its_frame(pairs: list[tuple[float, float | None]], log_x: bool, log_y: bool) -> None:
    marks = plotted([Curve("a", tuple(pairs)), Curve("b", tuple(pairs))], "x", "y", log_x=log_x, log_y=log_y)
    for mark in marks:
        if isinstance(mark, Dot):
            assert 59.9 <= mark.x <= 390.1
            assert 39.9 <= mark.y <= 280.1
    names = [mark for mark in marks if isinstance(mark, Text) and mark.text in ("a", "b")]
    assert len({mark.y for mark in names}) == len(names)               # none covers another


def test_nothing_to_plot_says_so() -> None:
    (mark,) = plotted([Curve("a", ((1.0, None), (2.0, 0.0)))], "x", "loss", log_y=True)
    assert isinstance(mark, Text)
    assert mark.text == "loss: nothing to plot"


@pytest.mark.parametrize(("low", "high", "words"), [
    (1.0, 36.0, ["1", "2", "5", "10", "20"]),
    (1e-5, 1e3, ["10⁻⁵", "10⁻³", "0.1", "10", "1000"]),
    (3.0, 4.0, ["3", "3.2", "3.4", "3.6", "3.8", "4"]),
])  # fmt: skip
def test_a_logarithmic_side_has_round_numbers(low: float, high: float, words: list[str]) -> None:
    marks = plotted([Curve("a", ((low, 1.0), (high, 2.0)))], "x", "y", log_x=True)
    bottom = max(mark.y for mark in marks if isinstance(mark, Text) and mark.text != "x")
    assert [mark.text for mark in marks if isinstance(mark, Text) and mark.y == bottom and mark.align == "middle"] == words


def test_what_a_classifier_answers_everywhere() -> None:
    points = np.array([[0.0, 0.0], [1.0, 0.2], [0.1, 1.0], [1.0, 1.0]])
    drawing = surface(lambda xs: 1 / (1 + np.exp(-20 * (xs[:, 0] - 0.5))), points, [0, 1, 0, 0])
    assert drawing.twin == "3 of 4 points are answered rightly, 75 %"
    (heat,) = (mark for mark in drawing.marks if isinstance(mark, Heat))
    assert heat.values.shape == (61, 61)
    assert (heat.values[:, 0] < 0).all()
    assert (heat.values[:, -1] > 0).all()
    dots = [mark for mark in drawing.marks if isinstance(mark, Dot)]
    assert [(dot.shape, dot.hollow) for dot in dots] == [("square", True), ("disc", False), ("square", True), ("square", True)]
    line = max((mark for mark in drawing.marks if isinstance(mark, Line)), key=lambda mark: mark.weight)
    half = heat.x + heat.width * (0.5 + 0.08) / 1.16       # where it cannot decide
    assert all(abs(x - half) < 1.0 for x, _ in line.points)
    same("surface.svg", svg(drawing))
    assert isinstance(drawing, Drawing)
