"""Each node's own rule against small steps, separately, so that a wrong rule is named rather than suspected.

A check of the whole gradient says that something is wrong; here every edge is asked by itself: with the node's operands at
their values in this run, does the operation's value move the way its derivative says? Where it has a kink or a jump, small
steps to both sides disagree with each other, and then the verdict is *kink*, not *wrong*.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from ..core.types import Type
from ..run.record import Edge, Run
from .formula import names
from .page import Line, Page, Step

__all__ = ["Verdict", "check_edges", "check_page"]

TOLERANCE: Final = 2e-6  # Richardson's two-level steps are good to 1e-9 relative where the function is smooth
GRAVITY: Final = {"not tried": 0, "right": 1, "kink": 2, "wrong": 3}
MOST: Final = 64  # elements of one operand that are stepped; a larger one is sampled evenly


@dataclass(frozen=True, slots=True)
class Verdict:
    """One edge: right, wrong, at a kink, or not tried; the worst element and both numbers there."""

    consumer: int
    operand: int
    kind: Literal["right", "wrong", "kink", "not tried"]
    element: tuple[int, ...] = ()
    rule: float = 0.0
    measured: float = 0.0

    @property
    def error(self) -> float:
        """Difference of the two, relative to the larger where that is above 1."""
        return abs(self.rule - self.measured) / max(1.0, abs(self.rule), abs(self.measured))


def check_edges(run: Run) -> list[Verdict]:
    """A verdict on every edge that carries a gradient in this run."""
    graph = run.graph
    with np.errstate(all="ignore"):
        return [check_edge(run, Edge(run, i, k, part)) for (i, k), part in graph.parts.items()]


def check_edge(run: Run, edge: Edge) -> Verdict:
    """Compare what goes down one edge with the change that small steps of the operand make in ⟨upstream, value⟩."""
    node = run.graph.nodes[edge.consumer]
    values = [np.array(run.value(j)) for j in node.inputs]
    if not isinstance(node.type, Type) or any(v.dtype == object for v in values) or values[edge.operand - 1].dtype.kind != "f":
        return Verdict(edge.consumer, edge.operand, "not tried")
    upstream = np.asarray(edge.upstream, float)
    attrs = dict(node.attrs)
    wide = [v.astype(float) if v.dtype.kind == "f" else v for v in values]
    x = wide[edge.operand - 1]

    base = np.asarray(run.value(edge.consumer), float)
    if not np.isfinite(upstream).all():
        return Verdict(edge.consumer, edge.operand, "not tried")

    def total(at: Any) -> float:
        z = np.asarray(node.op.value(*[(at if k == edge.operand - 1 else v)[()] for k, v in enumerate(wide)], **attrs), float)
        same = (z == base) | (np.isnan(z) & np.isnan(base))      # ∞ − ∞ would spoil what its neighbours do
        return float(np.sum(upstream * np.where(same, 0.0, z - base)))

    down = np.asarray(edge.downstream, float)
    # float32 rules are good to float32 only, however finely they are measured
    tolerance = TOLERANCE if values[edge.operand - 1].dtype.itemsize == 8 else 2e-3
    worst = Verdict(edge.consumer, edge.operand, "not tried" if x.size else "right")
    flat: Any = np.unique(np.linspace(0, x.size - 1, min(x.size, MOST)).astype(int)) if x.size else []
    for n in flat:
        element = tuple(int(i) for i in np.unravel_index(int(n), x.shape))
        verdict = check_element(edge, total, x, element, float(down[element]), tolerance)
        if (GRAVITY[verdict.kind], verdict.error) > (GRAVITY[worst.kind], worst.error):
            worst = verdict
    return worst


def check_element(edge: Edge, total: Any, x: Any, element: tuple[int, ...], rule: float, tolerance: float) -> Verdict:
    """One element: central steps at two widths, extrapolated; one-sided ones to tell a kink."""

    def moved(h: float) -> float:
        at = x.copy()
        at[element] += h
        return float(total(at))

    h = 1e-4 * max(1.0, abs(float(x[element])))  # two widths of central steps: the error goes with h to the fourth
    up, down, far_up, far_down = moved(h), moved(-h), moved(2 * h), moved(-2 * h)
    measured = (8 * (up - down) - (far_up - far_down)) / (12 * h)
    verdict = Verdict(edge.consumer, edge.operand, "right", element, rule, measured)
    kind: Literal["kink", "wrong", "not tried"]
    if not np.isfinite(measured):                          # a step leads out of where the operation has values
        return Verdict(edge.consumer, edge.operand, "kink", element, rule, measured)
    if not np.isfinite(rule):                              # right where it is steeper the closer one looks
        steep = abs(moved(h / 64)) * 64 > 1.5 * max(abs(up), abs(down)) > 0 and not np.isnan(rule)
        known = np.isfinite(edge.run.value(edge.consumer)).all()  # no step can be taken from ∞ or NaN
        kind = "kink" if steep else "wrong" if known else "not tried"
        return Verdict(edge.consumer, edge.operand, kind, element, rule, measured)
    if verdict.error <= tolerance:
        return verdict
    left, right = -down / h, up / h
    closer = moved(h / 16) * 16 / h + moved(-h / 16) * 16 / h  # shrinks with h where the function is smooth
    bent = abs(right - left) > 1e-3 * max(1.0, abs(left), abs(right)) and abs(closer) > 0.5 * abs(right - left)
    low, high = min(left, right), max(left, right)
    between = low - 1e-3 * max(1.0, abs(low)) <= rule <= high + 1e-3 * max(1.0, abs(high))
    kind = "kink" if bent and (between or abs(right - left) > 1e3) else "wrong"
    return Verdict(edge.consumer, edge.operand, kind, element, rule, measured)


def check_page(run: Run) -> Page:
    """A page that names every edge whose rule is wrong, or is at a kink, and says how many are right."""
    called = names(run.graph)
    verdicts = check_edges(run)
    steps = []
    for verdict in verdicts:
        if verdict.kind in ("right", "not tried"):
            continue
        place = f" at element [{', '.join(map(str, verdict.element))}]" if verdict.element else ""
        op = run.graph.nodes[verdict.consumer].op.name
        where = f"node {verdict.consumer}, {called[verdict.consumer]}, operand {verdict.operand}{place}"
        said = f"{where}: the rule of {op} sends down {verdict.rule!r}, small steps measure {verdict.measured!r}"
        steps.append(Step("wrong" if verdict.kind == "wrong" else "at a kink", ((said,),), verdict.consumer))
    right = sum(v.kind == "right" for v in verdicts)
    lines: list[Line] = [(f"{right} of {len(verdicts)} edges agree with small steps",)]
    untried = sum(v.kind == "not tried" for v in verdicts)
    if untried:
        lines.append((f"{untried} could not be tried: what they carry, or what the node holds, is no finite real number",))
    steps.append(Step("right", tuple(lines)))
    return Page("Every rule against small steps", tuple(steps))
