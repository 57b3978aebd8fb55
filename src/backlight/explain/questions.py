"""What a run can be asked, by name: each question leads to its page."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal, get_args

import numpy as np

from ..diff.reverse import reverse
from ..errors import InputError
from ..run.record import Run
from ..run.reference import run as run_typed
from .check import check_page
from .derive import derive, differentiated
from .descent import descend, forward_only
from .diagnose import why_nan, why_zero
from .element_story import element_story
from .matrix import matrix_page
from .page import Page
from .story import story

__all__ = ["Question", "answer"]

Question = Literal["derivation", "story", "zero", "nan", "layers", "check", "descent"]
ELEMENT = re.compile(r"(?P<node>.+?)\s*\[\s*(?P<places>-?\d{1,9}(?:\s*,\s*-?\d{1,9})*)\s*\]", re.DOTALL)


def told(run: Run, of: int | str) -> Page:
    """The story of a node, or of one number of it, as in `h[2, 1]`; a node that is called so comes first."""
    found = ELEMENT.fullmatch(of) if isinstance(of, str) and of not in run else None
    if found is None:
        return story(run, of)
    word = found["node"]
    node = run.graph.number(int(word) if word.isdigit() else word)
    return element_story(run, node, [int(place) for place in found["places"].split(",")])


OF_A_NODE: Mapping[str, Callable[[Run, int | str], Page]] = {"story": told, "zero": why_zero}
OF_A_RUN: Mapping[str, Callable[[Run], Page]] = {"nan": why_nan, "layers": matrix_page, "check": check_page}


def answer(run: Run, question: str, of: int | str | None = None, wrt: int | str | None = None, rate: float = 0.01) -> Page:
    """The page that answers one question; raises as `bl.explain`."""
    if question in OF_A_NODE:
        if of is None:
            names = [run.graph.nodes[i].name for i in run.graph.inputs if i in run.graph.grads]
            zero = [name for name in names if not np.any(run[name].gradient)] if question == "zero" else []
            known = f" (the gradient is zero at {', '.join(zero)})" if zero else ""
            name = next(iter([*zero, *names]), "x")
            raise InputError(f"{question!r} is asked of one node: name it, as in explain(run, {name!r}, ask={question!r}){known}")
        return OF_A_NODE[question](run, of)
    if question in OF_A_RUN:
        return OF_A_RUN[question](run)
    if question == "descent":
        return descend(run, rate, None if wrt is None else [wrt]).page()
    if question != "derivation":
        raise InputError(f"there is no question {question!r}: there are {', '.join(get_args(Question))}")
    top = differentiated(run)
    if of is None or run.graph.number(of) == top:
        return derive(run, top, wrt)
    return derive(differentiated_at(run, run.graph.number(of)), of, wrt)


def differentiated_at(run: Run, of: int) -> Run:
    """The same forward run with the gradients of another node."""
    return run_typed(reverse(forward_only(run.graph), of), {i: run.value(i) for i in run.graph.inputs})
