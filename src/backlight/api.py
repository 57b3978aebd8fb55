"""What people call: a text or a graph, its run, its gradients.

Each function joins rooms that do not know one another: a door, a way to differentiate, a machine.
"""

from __future__ import annotations

from typing import Any

from . import ops
from .core.graph import Above, Graph
from .diff.reverse import reverse
from .read.text import parse
from .run.record import Run
from .run.reference import bind
from .run.reference import run as run_typed

__all__ = ["backprop", "parse", "run"]

assert "add" in ops.__all__  # the room was imported, so the table is filled


def run(graph: Graph, *, dtype: Any = None, **values: Any) -> Run:
    """Run a graph: the value of every node.

    `values` are numbers, nested lists or arrays by the name of the input; numbers and lists become float64 (or `dtype`).
    Raises: InputError for a missing or an unknown name; ShapeError where shapes do not fit, with the place in the text.
    """
    bound, found = bind(graph, values, dtype)
    return run_typed(bound, found)


def backprop(
    graph: Graph, *, of: int | str | None = None, wrt: Any = None, upstream: Any = None, dtype: Any = None, **values: Any
) -> Run:
    """Run a graph forward and backward: every node has its value, every node on the way its gradient.

    `of` is the node to differentiate (default: the output), `wrt` the inputs to reach, by name or number (default: all).
    `upstream` is the gradient that arrives at `of`, of its shape (default: ones).
    Raises: as `run`; DifferentiationError where there is no derivative.
    """
    bound, found = bind(graph, values, dtype)
    reach = None if wrt is None else [bound.number(w) for w in ((wrt,) if isinstance(wrt, (str, int)) else wrt)]
    written = reverse(bound, None if of is None else bound.number(of), reach, upstream)
    return run_typed(written, found, upstream is not None)


def printed(subject: Graph | Run) -> str:
    """What `print` shows; drawing is imported when something is first printed."""
    from .show.terminal import text

    return text(subject)


def as_json(run: Run) -> str:
    """What `run.json()` gives."""
    from .show.report import report_text

    return report_text(run)


Above.text = printed
Above.json = as_json
