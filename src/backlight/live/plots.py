"""The loss along one number or over two, as numbers to plot: the whole curve beside what descent sees of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ..core.graph import Graph
from ..diff.reverse import reverse
from ..errors import InputError
from ..errors import ValueError as BadValue
from ..explain.descent import forward_only
from ..run.reference import evaluate, run
from ..show.contour import level_lines
from ..show.figures import number
from .news import Contour, Landscape, Line, Piece
from .sheet import Sheet

__all__ = ["chart", "survey"]

SAMPLES: Final = 241     # along a curve
GRID: Final = 41         # along each side of a contour plot
LEVELS: Final = 12
MOST_STEPS: Final = 1000

Place = tuple[int, tuple[int, ...]]      # an input, and which number of it


class Ground:
    """The loss of a document as a function of some single numbers among its inputs."""

    def __init__(self, sheet: Sheet, places: Sequence[Place]) -> None:
        self.graph: Graph = forward_only(sheet.reading.graph)
        self.values = dict(sheet.reading.values)
        self.top = sheet.differentiated
        self.places = places
        self.rate = sheet.document.rate
        kind = self.graph.nodes[self.top].type if self.top >= 0 else None
        if kind is None or kind.shape != ():  # type: ignore[union-attr]
            raise InputError("a landscape is drawn of a single number, and the output is none: sum it, or take its mean")
        self.backward = reverse(self.graph, self.top, [i for i, _ in places])

    def at(self, numbers: Sequence[float]) -> Mapping[int, Any]:
        """The values of all inputs with these numbers in their places."""
        values = dict(self.values)
        for (i, element), x in zip(self.places, numbers, strict=True):
            array = np.array(values[i], self.graph.type(i).dtype)
            array[element] = x
            values[i] = array[()]
        return values

    def height(self, *numbers: float) -> float:
        """The loss there."""
        return float(evaluate(self.graph, self.at(numbers))[self.top])

    def slope(self, *numbers: float) -> tuple[float, list[float]]:
        """The loss there and its slope along each number."""
        made = run(self.backward, self.at(numbers))
        grads = [np.asarray(made.value(self.backward.grads[i]))[element] for i, element in self.places]
        return float(made.value(self.top)), [float(g) for g in grads]

    def here(self) -> list[float]:
        """The numbers as they are."""
        return [float(np.asarray(self.values[i])[element]) for i, element in self.places]


def place(sheet: Sheet, name: str, element: tuple[int, ...] = ()) -> Place:
    """One number of an input. `name` may say which, as in W[0, 1]. Raises: InputError where there is none such."""
    graph = sheet.reading.graph
    head, bracket, rest = name.partition("[")
    if bracket and not element:
        try:
            element = tuple(int(part) for part in rest.rstrip("] ").split(","))
        except ValueError:
            raise InputError(f"{name!r:.60} does not say which number: write it as in W[0, 1]") from None
    node = next((i for i in graph.inputs if graph.nodes[i].name == head), None)
    if node is None:
        raise InputError(f"there is no input {head!r:.60}; there is {', '.join(graph.input_names)}")
    shape = graph.type(node).shape
    if len(element) != len(shape) or any(not -n <= k < n for k, n in zip(element, shape, strict=True)):
        raise InputError(f"{head} has shape {shape}, and a landscape is drawn over one number of it, as in {head}[0]")
    if not graph.type(node).is_float:
        raise InputError(f"{head} is {graph.type(node)}, and a landscape is drawn over floats")
    return node, element


def room(low: float, high: float) -> tuple[float, float]:
    """The ends of an axis. Raises: ValueError where they are none."""
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise BadValue(f"an axis runs from a smaller number to a larger one, and these are {low} and {high}")
    return low, high


def survey(sheet: Sheet, wish: Any) -> Landscape:
    """The loss along one number: the curve, the point, its slope, the step."""
    low, high = room(wish.low, wish.high)
    ground = Ground(sheet, [place(sheet, wish.name, wish.element)])
    (x,) = ground.here()
    loss, (g,) = ground.slope(x)
    new_x = x - ground.rate * g
    foretold, real = loss - ground.rate * g * g, ground.height(new_x)
    xs = np.linspace(low, high, SAMPLES).tolist()
    (i, element), top = ground.places[0], ground.top
    said = (
        line(f"at {wish.name} = ", (x, i, element), " the loss is ", (loss, top, ()), " and its slope ", (g, i, element)),
        line("step: ", (x, i, element), f" − {number(ground.rate)} · ", (g, i, element), f" = {number(new_x, 6)}"),
        line(f"foretold {number(foretold - loss, 6)}, in truth {number(real - loss, 6)}: the loss becomes {number(real, 6)}"),
    )
    heights = tuple(ground.height(t) for t in xs)
    return Landscape(sheet.revision, wish.name, tuple(xs), heights, x, loss, g, new_x, foretold, real, said, wish.id)


def line(*parts: str | tuple[float, int, tuple[int, ...]]) -> tuple[Piece, ...]:
    """Words, and numbers that lead to the story of the node, or of the number of an array, that they are of."""
    return tuple(
        Piece("words", part) if isinstance(part, str) else Piece("words", number(part[0], 6), -1, part[1], element=part[2])
        for part in parts
    )


def chart(sheet: Sheet, wish: Any) -> Contour:
    """The loss over two numbers as lines of equal height, and the path of plain descent from here."""
    ends = [room(a, b) for a, b in zip(wish.low, wish.high, strict=True)]
    if not 0 <= wish.steps <= MOST_STEPS:
        raise BadValue(f"a path has from 0 to {MOST_STEPS} steps, and {wish.steps} were asked for")
    ground = Ground(sheet, [place(sheet, name) for name in wish.names])
    at = ground.here()
    path, losses = list(at), []
    for step in range(wish.steps + 1):
        loss, slopes = ground.slope(*at)
        losses.append(loss)
        if step < wish.steps:
            at = [x - ground.rate * g for x, g in zip(at, slopes, strict=True)]
            path += at
    xs, ys = (np.linspace(*end, GRID) for end in ends)
    heights = np.array([[ground.height(float(x), float(y)) for x in xs] for y in ys])
    finite = heights[np.isfinite(heights)]
    levels = sorted({float(level) for level in np.quantile(finite, np.linspace(0.02, 0.9, LEVELS))}) if finite.size else []
    lines = tuple(
        Line(level, tuple(float(v) for pair in line for v in pair))
        for level in levels
        for line in level_lines(xs, ys, heights, level)
    )
    return Contour(sheet.revision, wish.names, lines, tuple(path), tuple(losses), wish.id)
