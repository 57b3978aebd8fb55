"""How each way to differentiate grows with the number of parameters, plotted: operations, size of the expressions, time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..explain.ways import Way, Ways
from .curve import Curve, Look, plotted
from .drawing import Drawing, Mark, Text
from .figures import number

__all__ = ["grown"]

WIDE, TALL, NAMES = 250.0, 220.0, 165.0     # px of a panel, and of the names beside it
PANELS: tuple[tuple[str, Callable[[Way], float | None]], ...] = (
    ("operations", lambda way: float(way.operations)),
    ("nodes of the expressions", lambda way: None if way.size is None else float(way.size)),
    ("seconds", lambda way: way.time_s),
)
LOOKS: dict[str, Look] = {
    "numeric": ("quiet", True, "cross"),
    "symbolic, unshared": ("backward", True, "square"),
    "symbolic, shared": ("backward", False, "diamond"),
    "forward": ("forward", False, "triangle"),
    "reverse": ("strong", False, "disc"),
}


def grown(steps: Sequence[Ways], title: str = "") -> Drawing:
    """A drawing of what `explain.ways.growth` found: three panels, both sides logarithmic, a curve for each way."""
    names = [way.name for way in steps[0].ways]
    marks: list[Mark] = []
    for panel, (word, measure) in enumerate(PANELS):
        curves = [
            Curve(name, tuple((float(len(one.parameters)), measure(one[name])) for one in steps), LOOKS[name]) for name in names
        ]
        left = 60.0 + panel * (WIDE + NAMES + 50.0)
        marks += plotted(curves, "parameters", word, left=left, width=WIDE, height=TALL, log_x=True, log_y=True)
    twin = "\n".join(table(word, measure, steps, names) for word, measure in PANELS)
    said = f"the gradient by 1 to {len(steps[-1].parameters)} of {steps[-1].total} parameters, every way"
    marks.append(Text(60.0, 40.0 + TALL + 56.0, said, "plain"))
    width = 60.0 + len(PANELS) * (WIDE + NAMES + 50.0)
    return Drawing(width, 40.0 + TALL + 76.0, tuple(marks), title or "How each way to differentiate grows", twin)


def table(word: str, measure: Callable[[Way], float | None], steps: Sequence[Ways], names: Sequence[str]) -> str:
    """One panel in words: a row for every number of parameters, a column for every way."""
    rows = [["parameters", *names]]
    for one in steps:
        found = [measure(one[name]) for name in names]
        rows.append([str(len(one.parameters)), *("–" if x is None else number(x, 3) for x in found)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join([word, *lines])
