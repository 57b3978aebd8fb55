"""The landscape of a loss: over one input the whole curve and what descent sees of it, over two the lines of equal height.

Descent knows one point, its value and its slope; it steps against the slope and only then learns how high it came out.
So the plot over one input has two panels: the curve that nobody has while training, and the line that descent has.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import hypot
from typing import Any

import numpy as np

from ..core.graph import Graph
from ..diff.reverse import reverse
from ..errors import GraphError, InputError
from ..run.reference import bind, run
from .axes import Axes
from .contour import level_lines
from .drawing import Dot, Drawing, Line, Mark, Text
from .figures import number

__all__ = ["around", "contour", "landscape"]

SAMPLES = 241            # along the curve
GRID = 41                # along each side of a contour plot
PANEL = (330.0, 240.0)   # px


def around(value: Any) -> tuple[float, float]:
    """A stretch to look at on both sides of a number, as far as it is from 0 and at least 3 either way."""
    x = float(np.asarray(value).reshape(-1)[0]) if np.size(value) else 0.0
    reach = max(abs(x) * 1.5, 3.0)
    return x - reach, x + reach


def landscape(
    graph: Graph, name: str, values: Mapping[str, Any], *, low: float, high: float, learning_rate: float
) -> Drawing:
    """The loss over one scalar input: left the whole curve, right what descent sees, with its step.

    `values` are those of all inputs, the current one of `name` included. Raises: InputError where the input or the output
    is no single number.
    """
    at, loss, slope = _slopes(graph, values, [name])
    x, g = at[0], slope[0]
    new_x = x - learning_rate * g
    foretold, real = loss - learning_rate * g * g, _height(graph, values, {name: new_x})
    xs = np.linspace(low, high, SAMPLES)
    heights = [_height(graph, values, {name: float(t)}) for t in xs]
    finite = [h for h in [*heights, loss, real] if np.isfinite(h)]
    whole = _axes(60.0, 40.0, low, high, min(finite), max(finite))
    marks = whole.frame(name, "loss: the whole curve")
    marks += whole.curve(zip(map(float, xs), heights, strict=True), "strong", 2.0)
    marks += [Dot(*whole.point(x, loss), "forward"), *_inside(whole, new_x, real)]
    reach = max(abs(new_x - x) * 1.6, (high - low) * 1e-3)
    tall = max(abs(g) * reach, abs(loss) * 1e-3, 1e-12)
    near = _axes(60.0 + PANEL[0] + 90.0, 40.0, x - reach, x + reach, loss - tall, loss + tall)
    marks += near.frame(name, "what descent sees: one point and its slope")
    marks += near.curve([(x - reach, loss - g * reach), (x + reach, loss + g * reach)], "backward", 2.0)
    marks += [
        Line((near.point(x, loss), near.point(new_x, foretold)), "strong", weight=1.5, arrow=False, curved=False),
        Dot(*near.point(x, loss), "forward"),
        Dot(*near.point(new_x, foretold), "backward", hollow=True),
    ]
    width, height = near.left + PANEL[0] + 24.0, 40.0 + PANEL[1] + 92.0
    said = [
        f"at {name} = {number(x, 6)} the loss is {number(loss, 6)} and its slope {number(g, 6)}",
        f"step: {number(x, 6)} − {number(learning_rate)} · {number(g, 6)} = {number(new_x, 6)}",
        f"foretold {number(foretold - loss, 6)}, in truth {number(real - loss, 6)}: the loss becomes {number(real, 6)}",
    ]
    if graph.guards and len(finite) < len(heights) + 2:
        said[0] += "; where the curve has a gap, Python would have taken another branch"
    marks += [Text(60.0, 40.0 + PANEL[1] + 50.0 + 17.0 * row, line) for row, line in enumerate(said)]
    marks.append(Text(60.0, 40.0 + PANEL[1] + 101.0, "● now   ○ after the step", "quiet"))
    return Drawing(width, height + 22.0, tuple(marks), f"The loss over {name}", "\n".join(said))


def contour(
    graph: Graph,
    names: tuple[str, str],
    values: Mapping[str, Any],
    *,
    low: tuple[float, float],
    high: tuple[float, float],
    learning_rate: float,
    steps: int = 20,
) -> Drawing:
    """The loss over two scalar inputs as lines of equal height, with the path that descent takes from here.

    Raises: InputError where an input or the output is no single number.
    """
    first, second = names
    path = []
    now = dict(values)
    for _ in range(steps + 1):
        at, loss, slope = _slopes(graph, now, list(names))
        path.append((at[0], at[1], loss))
        now.update({name: x - learning_rate * g for name, x, g in zip(names, at, slope, strict=True)})
    xs, ys = (np.linspace(low[k], high[k], GRID) for k in (0, 1))
    heights = np.array([[_height(graph, values, {first: float(x), second: float(y)}) for x in xs] for y in ys])
    axes = Axes(60.0, 40.0, 420.0, 340.0, low[0], high[0], low[1], high[1])
    marks = axes.frame(first, second)
    finite = heights[np.isfinite(heights)]
    levels = sorted({float(f"{level:.2g}") for level in np.quantile(finite, np.linspace(0.02, 0.9, 12))}) if finite.size else []
    taken = [axes.point(x, y) for x, y, _ in path]         # a label keeps clear of the path and of other labels
    words: list[Mark] = []
    for level in levels:
        lines = [[axes.point(*pair) for pair in line] for line in level_lines(xs, ys, heights, level)]
        marks += [Line(tuple(line), "forward", curved=False) for line in lines]
        if lines:
            x, y = _clear_place([point for line in lines for point in line], axes, taken)
            taken.append((x, y))
            words.append(Text(x, y + 3.0, number(level), "quiet", "middle", 0.75, halo=True))
    marks += words
    inside = [(x, y) for x, y, _ in path if low[0] <= x <= high[0] and low[1] <= y <= high[1]]
    if len(inside) > 1:
        marks.append(Line(tuple(axes.point(*pair) for pair in inside), "backward", weight=2.0, curved=False))
    marks += [Dot(*axes.point(*pair), "backward", hollow=bool(k)) for k, pair in enumerate(inside)]
    said = [
        f"lines of equal loss, {number(float(finite.min()), 3)} to {number(float(finite.max()), 3)}" if finite.size else "no loss",
        f"{steps} steps of descent at rate {number(learning_rate)}: {number(path[0][2], 6)} becomes {number(path[-1][2], 6)}",
    ]
    marks += [Text(60.0, 432.0 + 17.0 * row, line) for row, line in enumerate(said)]
    marks.append(Text(60.0, 466.0, "● now   ○ after each step", "quiet"))
    return Drawing(510.0, 480.0, tuple(marks), f"The loss over {first} and {second}", "\n".join(said))


def _clear_place(points: list[tuple[float, float]], axes: Axes, taken: list[tuple[float, float]]) -> tuple[float, float]:
    """The point, well inside the frame, that is farthest from those that are taken; heights count twice, for words are wide."""
    middle_x, middle_y = axes.left + axes.width / 2, axes.top + axes.height / 2

    def clear(point: tuple[float, float]) -> float:
        side = min(axes.width / 2 - abs(point[0] - middle_x) - 20.0, axes.height / 2 - abs(point[1] - middle_y) - 8.0)
        return min([side * 4.0, *(hypot(point[0] - x, 2.0 * (point[1] - y)) for x, y in taken)])

    return max(points, key=clear)


def _axes(left: float, top: float, low: float, high: float, least: float, most: float) -> Axes:
    room = (most - least) * 0.06 or max(abs(most), 1.0) * 0.1
    return Axes(left, top, *PANEL, low, high, least - room, most + room)


def _inside(axes: Axes, x: float, y: float) -> list[Mark]:
    fits = axes.low <= x <= axes.high and axes.bottom_value <= y <= axes.top_value
    return [Dot(*axes.point(x, y), "backward", hollow=True)] if fits else []


def _slopes(graph: Graph, values: Mapping[str, Any], names: list[str]) -> tuple[list[float], float, list[float]]:
    """The values of some inputs, the loss, and its slope along each of them."""
    bound, found = bind(graph, values)
    numbers = [bound.number(name) for name in names]
    for number_, name in zip([bound.outputs[0], *numbers], ["the output", *names], strict=True):
        if bound.type(number_).rank:
            raise InputError(f"a landscape is drawn over single numbers, and {name} has shape {bound.type(number_).shape}")
    made = run(reverse(bound, None, numbers), found)
    loss = float(made.value(bound.outputs[0]))
    return [float(found[i]) for i in numbers], loss, [float(made[i].gradient) for i in numbers]


def _height(graph: Graph, values: Mapping[str, Any], changed: Mapping[str, float]) -> float:
    try:
        return float(graph(**{**values, **changed}))
    except GraphError:
        return float("nan")  # Python would take another branch there: a gap in the curve

