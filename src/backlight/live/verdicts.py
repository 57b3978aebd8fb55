"""What is wrong with a run, one verdict a node, as the page marks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from ..explain.diagnose import Finding, diagnose, mend
from ..run.record import Run
from ..show.card import asked_of, notes
from .news import Note, Verdict, Verdicts
from .sheet import Sheet

__all__ = ["verdicts"]

MOST: Final = 200        # more would hide the graph


def verdicts(sheet: Sheet, wish: Any) -> Verdicts:
    """Every finding of the run, those going forward first."""
    run = sheet.explained()
    return Verdicts(
        sheet.revision, tuple(told(run, finding) for finding in diagnose(run)[:MOST]), tuple(noted(run))[:MOST], wish.id
    )  # fmt: skip


def noted(run: Run) -> Iterator[Note]:
    """The nodes of the forward pass about which something is to be said at these values."""
    asked = asked_of(run.graph)
    for number in range(run.graph.forward_count):
        if found := notes(run.graph, run, number, asked.get(number, ())):
            yield Note(number, found)


def told(run: Run, finding: Finding) -> Verdict:
    """A finding at the forward node that it belongs to: one in a gradient belongs to the node whose rule wrote it."""
    first = run.graph.forward_count
    node, backward = finding.node, finding.node >= first
    while node >= first:
        node = run.graph.nodes[node].why.of
    return Verdict(max(node, 0), finding.kind, backward, finding.sentence, mend(run, finding))
