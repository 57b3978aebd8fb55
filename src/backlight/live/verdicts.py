"""What is wrong with a run, one verdict a node, as the page marks it."""

from __future__ import annotations

from typing import Any, Final

from ..explain.diagnose import Finding, diagnose, mend
from ..run.record import Run
from .news import Verdict, Verdicts
from .sheet import Sheet

__all__ = ["verdicts"]

MOST: Final = 200        # more would hide the graph


def verdicts(sheet: Sheet, wish: Any) -> Verdicts:
    """Every finding of the run, those going forward first."""
    run = sheet.explained()
    return Verdicts(sheet.revision, tuple(told(run, finding) for finding in diagnose(run)[:MOST]), wish.id)


def told(run: Run, finding: Finding) -> Verdict:
    """A finding at the forward node that it belongs to: one in a gradient belongs to the node whose rule wrote it."""
    first = run.graph.forward_count
    node, backward = finding.node, finding.node >= first
    while node >= first:
        node = run.graph.nodes[node].why.of
    return Verdict(max(node, 0), finding.kind, backward, finding.sentence, mend(run, finding))
