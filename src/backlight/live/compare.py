"""All ways to differentiate side by side, and how each grows with the number of parameters, as numbers to plot."""

from __future__ import annotations

from typing import Any

from ..errors import InputError
from ..explain.ways import Ways as Compared
from ..explain.ways import growth
from ..explain.ways import ways as compared
from .news import Growth, Way, Ways
from .sheet import Sheet

__all__ = ["compare"]


def compare(sheet: Sheet, wish: Any) -> Ways:
    """Every way for the document as it is. Raises: InputError where nothing is differentiated."""
    graph, values = sheet.reading.graph, sheet.reading.values
    if not sheet.backward.grads:
        raise InputError(f"there are no gradients to compare: {sheet.note}")
    of = sheet.differentiated
    found = compared(graph, values, of)
    grown = growth(graph, values, of) if found.total > 1 else ()
    return Ways(
        sheet.revision, found.parameters, found.total, found.value, found.reference,
        tuple(Way(w.name, w.gradients or (), w.error, w.operations, w.size, w.time_s, w.note) for w in found.ways),
        tuple(curve(grown, w.name) for w in found.ways) if grown else (), wish.id,
    )  # fmt: skip


def curve(grown: tuple[Compared, ...], name: str) -> Growth:
    """One way at every count of parameters that was tried."""
    rows = [one[name] for one in grown]
    return Growth(
        name, tuple(len(one.parameters) for one in grown), tuple(row.operations for row in rows), tuple(row.size for row in rows),
        tuple(row.time_s for row in rows),
    )  # fmt: skip
