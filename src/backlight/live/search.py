"""Finding nodes: by name, number, operation, type or shape, or by what their numbers are."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np

from ..core.op import signature_of
from ..core.types import Type
from ..errors import InputError
from ..explain.formula import names
from ..run.record import Run
from ..show.figures import inline
from .news import Found
from .sheet import Sheet

__all__ = ["search"]

MOST: Final = 200
COMPARED: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "<=": operator.le, ">=": operator.ge, "≤": operator.le, "≥": operator.ge, "!=": operator.ne, "≠": operator.ne,
    "==": operator.eq, "<": operator.lt, ">": operator.gt, "=": operator.eq,
}  # fmt: skip
QUESTION: Final = re.compile(
    r"(?P<bars>\|)?\s*(?P<what>grad(?:ient)?|value|val)\s*\|?\s*(?P<sign><=|>=|!=|==|[<>=≤≥≠])\s*(?P<number>[-−+]?[\d.eE+\-−]+|inf|∞)"
)
STATES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "nan": np.isnan, "inf": np.isinf, "infinite": np.isinf, "∞": np.isinf, "zero": lambda x: ~np.any(x),
}  # fmt: skip


def search(sheet: Sheet, wish: Any) -> Found:
    """The nodes that a query finds. Raises: InputError for a comparison without a number."""
    run = sheet.explained()
    query = wish.query.strip()
    if not query:
        return Found((), (), "type a name, an operation, a shape as in (3, 4), nan, or grad > 1e3", wish.id)
    test = question(query) or state(query) or (lambda run, i: wording(run, i, query.lower(), called))
    called = names(sheet.reading.graph)
    found = [(i, said) for i in range(run.graph.forward_count) if (said := test(run, i))]
    note = f"{len(found)} found" if len(found) <= MOST else f"{len(found)} found, the first {MOST} shown"
    return Found(tuple(i for i, _ in found[:MOST]), tuple(f"{called[i]}  {said}" for i, said in found[:MOST]), note, wish.id)


def numbers(run: Run, i: int, what: str) -> Any:
    """The value or the gradient of a node as floats; None where there is none."""
    if what.startswith("grad"):
        grad = run.graph.grads.get(i)
        return None if grad is None else np.asarray(run.value(grad))
    kind = run.graph.nodes[i].type
    return np.asarray(run.value(i)) if isinstance(kind, Type) else None


def question(query: str) -> Callable[[Run, int], str] | None:
    """`grad > 1e3`, `|value| < 0.1`: whether any number of the node is so."""
    match = QUESTION.fullmatch(query)
    if match is None:
        if re.match(r"\|?\s*(grad|value)\b.*[<>=≤≥≠]", query):
            raise InputError(f"{query!r:.60} lacks a number to compare with: write it as in grad > 1e3")
        return None
    try:
        limit = float(match["number"].replace("−", "-").replace("∞", "inf"))
    except ValueError:
        raise InputError(f"{match['number']!r:.40} is no number: write it as in grad > 1e3") from None

    def test(run: Run, i: int) -> str:
        found = numbers(run, i, match["what"])
        if found is None or found.dtype.kind not in "biuf":
            return ""
        seen = np.abs(found) if match["bars"] else found
        return inline(found, 4) if bool(np.any(COMPARED[match["sign"]](seen, limit))) else ""

    return test


def state(query: str) -> Callable[[Run, int], str] | None:
    """`nan`, `inf`, `zero`: in the value or in the gradient (zero: all of the gradient)."""
    of = STATES.get(query.lower())
    if of is None:
        return None

    def test(run: Run, i: int) -> str:
        for what in ("gradient",) if query.lower() == "zero" else ("value", "gradient"):
            found = numbers(run, i, what)
            if found is not None and found.dtype.kind == "f" and bool(np.any(of(found))):
                return f"{what} {inline(found, 4)}"
        return ""

    return test


def wording(run: Run, i: int, query: str, called: list[str]) -> str:
    """Whether the query stands in what the card says."""
    node = run.graph.nodes[i]
    shape = str(node.type.shape).replace(",)", ")") if isinstance(node.type, Type) else ""
    compact = query.replace(" ", "")
    if query in (str(i), f"#{i}"):
        return f"node {i}"
    if compact.startswith("(") and compact.endswith(")"):
        return shape if compact == shape.replace(" ", "") else ""
    told = (called[i], node.op.name, signature_of(run.graph.nodes, i), str(node.type), node.scope)
    return next((text for text in told if query in text.lower()), "")
