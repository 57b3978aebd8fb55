"""Plots as files: the landscape of the output, and how the ways to differentiate grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.graph import Graph
from ..errors import InputError
from .draw import rate_of

__all__ = ["plot_growth", "plot_landscape"]


def plot_landscape(graph: Graph, found: Mapping[int, Any], wrt: Sequence[int] | None, options: Mapping[str, str]) -> str:
    """The output over one number, or over two, with what a step of descent sees; and in words what is on it."""
    from ..show.landscape import around, contour, landscape
    from ..show.picture import written
    from ..show.svg import svg

    inputs = list(graph.inputs if wrt is None else wrt)
    if not 1 <= len(inputs) <= 2:
        raise InputError(
            f"a landscape is drawn over one input or two, and here are {len(inputs)}: name them, as in --wrt {graph.input_names[0]}"
        )
    rate = rate_of({"descend": options.get("descend", "")})
    values = {graph.nodes[i].name: value for i, value in found.items()}
    names = [graph.nodes[i].name for i in inputs]
    spans = [around(values[name]) for name in names]
    if len(names) == 1:
        drawing = landscape(graph, names[0], values, low=spans[0][0], high=spans[0][1], learning_rate=rate)
    else:
        low, high = zip(*spans, strict=True)
        drawing = contour(graph, (names[0], names[1]), values, low=low, high=high, learning_rate=rate)
    written(Path(options["landscape"]), svg(drawing).encode())
    return f"{drawing.twin}\ndrawn in {options['landscape']}"


def plot_growth(graph: Graph, found: Mapping[int, Any], wrt: Sequence[int] | None, path: str) -> str:
    """How each way to differentiate grows, as a picture, and in words what is on it."""
    from ..explain.ways import growth
    from ..show.growth import grown
    from ..show.picture import written
    from ..show.svg import svg

    drawing = grown(growth(graph, found, None, wrt))
    written(Path(path), svg(drawing).encode())
    return f"{drawing.twin}\ndrawn in {path}"
