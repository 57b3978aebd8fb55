"""Every rule tried by small steps, inside the picture: each edge says whether its own rule agrees.

A wrong rule makes everything below it wrong; here only its own edge says so, because each is tried by itself, with the
gradient that arrives.
"""

from __future__ import annotations

from dataclasses import replace

from ..explain.check import check_edges
from ..run.record import Run
from .figures import number
from .view import View

__all__ = ["checked"]


def checked(seen: View, run: Run) -> View:
    """The view with a verdict on every edge that carries a gradient: right, at a kink, wrong, or not tried."""
    found = {(verdict.consumer, verdict.operand): verdict for verdict in check_edges(run)}

    def said(consumer: int, operand: int) -> str:
        verdict = found.get((consumer, operand))
        if verdict is None or verdict.kind == "not tried":
            return "" if verdict is None else "? not tried"
        if verdict.kind == "right":
            return "✓ small steps agree"
        place = f" at [{', '.join(map(str, verdict.element))}]" if verdict.element else ""
        sides = f"the rule {number(verdict.rule, 6)}, small steps {number(verdict.measured, 6)}{place}"
        return f"{'✗ wrong' if verdict.kind == 'wrong' else '∧ a kink'}: {sides}"

    joints = (
        joint if seen.cards[joint.consumer].kind == "group" or not joint.carries
        else replace(joint, verdict=said(seen.cards[joint.consumer].number, joint.number))
        for joint in seen.joints
    )  # fmt: skip
    return View(seen.cards, tuple(joints))
