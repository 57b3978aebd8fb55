"""Each node's own rule against small steps, separately, so that a wrong rule is named rather than suspected.

A check of the whole gradient says that something is wrong; here every edge is asked by itself: with the node's operands at
their values in this run, does the operation's value move the way its derivative says? Where it has a kink or a jump, small
steps to both sides disagree with each other, and then the verdict is *kink*, not *wrong*.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np

from ..core.types import Type
from ..run.record import Edge, Run
from .formula import names
from .page import Line, Page, Step

__all__ = ["Verdict", "check_edges", "check_page"]

TOLERANCE: Final = 2e-6  # Richardson's two-level steps are good to 1e-9 relative where the function is smooth
Kind = Literal["right", "wrong", "kink", "not tried"]
GRAVITY: Final = {"not tried": 0, "right": 1, "kink": 2, "wrong": 3}
MOST: Final = 64  # elements of one operand that are stepped; a larger one is sampled evenly


@dataclass(frozen=True, slots=True)
class Verdict:
    """One edge: right, wrong, at a kink, or not tried; the worst element and both numbers there."""

    consumer: int
    operand: int
    kind: Kind
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
    into = run.graph.nodes[edge.to].type
    untried = Verdict(edge.consumer, edge.operand, "not tried")
    if not isinstance(node.type, Type) or not isinstance(into, Type) or into.dtype.kind != "f":
        return untried
    values = [np.array(run.value(j)) for j in node.inputs]
    upstream, base = np.asarray(edge.upstream), np.asarray(run.value(edge.consumer))
    if base.dtype.kind not in "fc" or any(v.dtype == object for v in values) or not np.isfinite(upstream).all():
        return untried
    wide = [v.astype(float) if v.dtype.kind == "f" else v for v in values]
    x, attrs = wide[edge.operand - 1], dict(node.attrs)

    def change(at: Any) -> Any:
        z = np.asarray(node.op.value(*[(at if k == edge.operand - 1 else v)[()] for k, v in enumerate(wide)], **attrs))
        same = (z == base) | (np.isnan(z) & np.isnan(base))      # ∞ − ∞ would spoil what its neighbours do
        return np.where(same, 0.0, z - base)

    # What rounding the value alone may change: where that is as much as the step does, nothing is measured.
    grain = float(np.sum(np.abs(upstream) * np.spacing(np.abs(np.where(np.isfinite(base), base, 0.0)))))
    one_by_one = node.op.kind == "elementwise" and base.shape == x.shape
    down = np.real(np.asarray(edge.downstream))
    # float32 rules are good to float32 only, however finely they are measured
    tolerance = TOLERANCE if min(into.dtype.itemsize, node.type.dtype.itemsize) == 8 else 2e-3
    worst = untried if x.size else Verdict(edge.consumer, edge.operand, "right")
    flat: Any = np.unique(np.linspace(0, x.size - 1, min(x.size, MOST)).astype(int)) if x.size else []
    for n in flat:
        element = tuple(int(i) for i in np.unravel_index(int(n), x.shape))
        known = bool(np.isfinite(base[element] if one_by_one else base).all())
        verdict = check_element(edge, Steps(change, upstream, x, element), float(down[element]), tolerance, known, grain)
        if (GRAVITY[verdict.kind], verdict.error) > (GRAVITY[worst.kind], worst.error):
            worst = verdict
    return worst


@dataclass(frozen=True, slots=True)
class Steps:
    """One number of an operand that is moved, and what that does to the value of the operation."""

    change: Callable[[Any], Any]
    upstream: Any
    x: Any
    element: tuple[int, ...]

    def _changed(self, h: float) -> Any:
        at = self.x.copy()
        at[self.element] += h
        return self.change(at)

    def __call__(self, h: float) -> float:
        """By how much ⟨upstream, value⟩ changes."""
        return float(np.real(np.vdot(self.upstream, self._changed(h))))

    def leap(self, h: float) -> float:
        """By how much the number of the value that changes most does."""
        return float(np.abs(self._changed(h)).max(initial=0.0))


def check_element(edge: Edge, moved: Steps, rule: float, tolerance: float, known: bool, grain: float) -> Verdict:
    """One element: central steps at two widths, extrapolated; one-sided ones to tell a kink. Where the operation has no
    value (`known` is false), or where rounding (`grain`) drowns what a step does, nothing can be wrong.
    """
    h = 1e-4 * max(1.0, abs(float(moved.x[moved.element])))  # two widths of steps: the error goes with h to the fourth
    up, down, far_up, far_down = moved(h), moved(-h), moved(2 * h), moved(-2 * h)
    measured = (8 * (up - down) - (far_up - far_down)) / (12 * h)
    verdict = Verdict(edge.consumer, edge.operand, "right", moved.element, rule, measured)
    if verdict.error <= tolerance:                         # false for what is no number
        return verdict
    drowned = np.isfinite(rule) and grain / h > 0.1 * abs(rule - measured)
    return replace(verdict, kind=suspect(moved, h, rule, measured, tolerance) if known and not drowned else "not tried")


def suspect(moved: Steps, h: float, rule: float, measured: float, tolerance: float) -> Kind:
    """Why small steps do not give what the rule gives: a kink, a jump, an edge of the domain, or a wrong rule."""
    up, down, near_up, near_down = moved(h), moved(-h), moved(h / 64), moved(-h / 64)
    largest, nearest = max(abs(up), abs(down)), max(abs(near_up), abs(near_down))
    if not np.isfinite([measured, nearest]).all():         # a step leads out of where the operation has values
        return "kink"
    if not np.isfinite(rule):                              # right where it is steeper the closer one looks
        return "kink" if 64 * nearest > 1.5 * largest > 0 and not np.isnan(rule) else "wrong"
    if any(moved.leap(side * h / 64) > 0.5 * moved.leap(side * h) > 0 for side in (1, -1)):
        return "kink"                                      # it does not shrink with the step: a jump
    scale = max(1.0, abs(rule), abs(measured))
    closer = (near_up - near_down) * 32 / h
    if abs(closer - rule) < max(0.1 * abs(measured - rule), tolerance * scale):
        return "right"                                     # what bends here is the slope, and steps come to agree with the rule
    if abs(rule) >= abs(closer) > 1.5 * abs(measured):
        return "kink"                                      # steeper the closer one looks, and no step is short enough
    left, right = -near_down * 64 / h, near_up * 64 / h
    bent = abs(right - left) > 1e-3 * max(1.0, abs(left), abs(right)) and abs(right - left) > 0.5 * abs(up / h + down / h)
    low, high = min(left, right), max(left, right)
    between = low - 1e-3 * max(1.0, abs(low)) <= rule <= high + 1e-3 * max(1.0, abs(high))
    return "kink" if bent and (between or abs(right - left) > 1e3) else "wrong"


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
