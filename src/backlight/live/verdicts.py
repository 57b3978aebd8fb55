"""What is wrong with a run, one verdict a node, as the page marks it."""

from __future__ import annotations

from ..explain.diagnose import Finding, diagnose, mend
from ..run.record import Run
from .news import Verdict

__all__ = ["verdicts_of"]

MOST = 200               # verdicts; more would hide the graph


def verdicts_of(run: Run) -> tuple[Verdict, ...]:
    """Every finding of a run, those going forward first."""
    return tuple(told(run, finding) for finding in diagnose(run)[:MOST])


def told(run: Run, finding: Finding) -> Verdict:
    """A finding at the forward node that it belongs to: one in a gradient belongs to the node whose rule wrote it."""
    first = run.graph.forward_count
    node, backward = finding.node, finding.node >= first
    while node >= first:
        node = run.graph.nodes[node].why.of
    return Verdict(max(node, 0), finding.kind, backward, finding.sentence, mend(run, finding) or "")
