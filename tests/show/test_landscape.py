"""The landscape of a loss, and the lines and axes that draw it."""

from math import hypot

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.show.golden import same

from backlight import parse
from backlight.core.graph import Graph
from backlight.errors import InputError
from backlight.show.axes import Axes, round_steps
from backlight.show.contour import level_lines
from backlight.show.drawing import Dot, Line, Text
from backlight.show.landscape import contour, landscape
from backlight.show.svg import svg


def graph() -> Graph:
    return parse("(4*x + 1)^2")


def test_J7_the_whole_curve_and_what_descent_sees_of_it() -> None:
    drawing = landscape(graph(), "x", {"x": 2.0}, low=-3.0, high=3.0, learning_rate=0.02)
    same("landscape.svg", svg(drawing))
    assert drawing.twin == (
        "at x = 2 the loss is 81 and its slope 72\n"
        "step: 2 − 0.02 · 72 = 0.56\n"
        "foretold -103.68, in truth -70.5024: the loss becomes 10.4976"
    )
    assert sum(isinstance(mark, Dot) and mark.hollow for mark in drawing.marks) == 2


def test_J7_the_point_lies_on_the_curve_and_the_slope_touches_it() -> None:
    drawing = landscape(graph(), "x", {"x": 1.0}, low=-3.0, high=3.0, learning_rate=0.01)
    curve = next(mark for mark in drawing.marks if isinstance(mark, Line) and mark.tone == "strong" and len(mark.points) > 100)
    point = next(mark for mark in drawing.marks if isinstance(mark, Dot))
    assert min(hypot(x - point.x, y - point.y) for x, y in curve.points) < 1.5


def test_J7_the_contour_over_two_inputs_with_the_path_of_descent() -> None:
    two = parse("(w + b - 2)^2 + (3*w + b - 1)^2")
    drawing = contour(two, ("w", "b"), {"w": -1.5, "b": 2.5}, low=(-2, -3), high=(3, 3), learning_rate=0.02, steps=8)
    same("contour.svg", svg(drawing))
    words = [mark.text for mark in drawing.marks if isinstance(mark, Text)]
    assert {"w", "b"} <= set(words)
    assert drawing.twin.splitlines()[1].startswith("8 steps of descent at rate 0.02: 10 becomes ")
    assert sum(isinstance(mark, Dot) for mark in drawing.marks) == 9


def test_a_landscape_over_an_array_is_refused() -> None:
    with pytest.raises(InputError) as error:
        landscape(parse("sum(x)"), "x", {"x": [1.0, 2.0]}, low=0, high=1, learning_rate=0.1)
    assert str(error.value) == "a landscape is drawn over single numbers, and x has shape (2,)"
    with pytest.raises(InputError) as error:
        landscape(parse("x*y"), "x", {"x": 1.0, "y": [1.0, 2.0]}, low=0, high=1, learning_rate=0.1)
    assert str(error.value) == "a landscape is drawn over single numbers, and the output has shape (2,)"


def test_a_curve_is_cut_where_it_is_no_number() -> None:
    axes = Axes(0, 0, 100, 100, 0, 4, 0, 10)
    lines = axes.curve([(0, 1.0), (1, 2.0), (2, float("nan")), (3, 4.0), (4, 5.0)], "strong")
    assert [len(line.points) for line in lines if isinstance(line, Line)] == [2, 2]


def test_a_curve_is_cut_at_the_sides() -> None:
    axes = Axes(0, 0, 100, 100, 0, 2, 0, 10)
    (line,) = axes.curve([(0, 0.0), (1, 20.0)], "strong")
    assert isinstance(line, Line)
    assert line.points == ((0.0, 100.0), (25.0, 0.0))


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_round_steps_lie_between_their_ends_evenly(low: float, wide: float) -> None:
    steps = round_steps(low, low + wide)
    assert 1 <= len(steps) <= 9
    assert all(low - 1e-6 * wide <= step <= low + wide + 1e-6 * wide for step in steps)
    gaps = np.diff(steps)
    assert np.allclose(gaps, gaps[:1], rtol=1e-6)


def test_level_lines_of_a_bowl_are_closed_and_round() -> None:
    xs = np.linspace(-2, 2, 81)
    heights = xs[None, :] ** 2 + xs[:, None] ** 2
    (line,) = level_lines(xs, xs, heights, 1.0)
    assert line[0] == line[-1]
    assert all(abs(hypot(*pair) - 1.0) < 1e-3 for pair in line)


def test_level_lines_of_a_saddle_do_not_cross() -> None:
    lines = level_lines([0, 1], [0, 1], [[1, 0], [0, 1]], 0.6)
    assert sorted(len(line) for line in lines) == [2, 2]
    lines = level_lines([0, 1], [0, 1], [[1, 0], [0, 1]], 0.4)
    assert sorted(len(line) for line in lines) == [2, 2]


@given(st.lists(st.lists(st.floats(-5, 5), min_size=5, max_size=5), min_size=5, max_size=5), st.floats(-4, 4))
def test_every_point_of_a_level_line_has_its_height(rows: list[list[float]], level: float) -> None:
    grid = np.array(rows)
    for line in level_lines(range(5), range(5), grid, level):
        for x, y in line:
            c, r = int(min(x, 3)), int(min(y, 3))
            u, v = x - c, y - r
            corners = grid[r : r + 2, c : c + 2]
            height = (corners[0, 0] * (1 - u) + corners[0, 1] * u) * (1 - v) + (corners[1, 0] * (1 - u) + corners[1, 1] * u) * v
            assert abs(height - level) < 1e-6
