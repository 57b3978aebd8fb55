"""The options that ask for an explanation instead of the picture, and the form it is written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..core.graph import Graph
from ..errors import InputError
from ..run.record import Run

if TYPE_CHECKING:
    from ..explain.page import Page

__all__ = ["PAGES", "alarm", "pages", "wanted"]


def node(graph: Graph, word: str) -> int:
    """A node by number or by name."""
    return graph.number(int(word) if word.isdigit() else word)


def derivations(made: Run, word: str, wrt: Sequence[int]) -> list[Page]:
    """One page for each input."""
    from ..explain.questions import answer

    return [answer(made, "derivation", wrt=i) for i in ([node(made.graph, word)] if word else wrt)]


def descent(made: Run, word: str, wrt: Sequence[int]) -> list[Page]:
    """One step along all inputs together."""
    from ..explain.descent import descend
    from .draw import rate_of

    return [descend(made, rate_of({"descend": word}), wrt).page()]


def asked(question: str) -> Callable[[Run, str, Sequence[int]], list[Page]]:
    """What answers a question about a node, if a word names one, or about the run."""

    def page(made: Run, word: str, wrt: Sequence[int]) -> list[Page]:
        from ..explain.questions import answer

        return [answer(made, question, (int(word) if word.isdigit() else word) if word else None)]

    return page


PAGES: Mapping[str, Callable[[Run, str, Sequence[int]], list[Page]]] = {
    "derive": derivations, "why": asked("story"), "layers": asked("layers"), "why-zero": asked("zero"), "why-nan": asked("nan"),
    "check": asked("check"), "descend": descent,
}  # fmt: skip


def wanted(options: Mapping[str, str]) -> bool:
    """Whether an explanation was asked for, by name or by the form it is to be written in."""
    return any(name in options for name in (*PAGES, "latex", "mathml"))


def pages(made: Run, options: Mapping[str, str], wrt: Sequence[int] | None) -> str:
    """The explanations that were asked for, one after the other; the derivation where only a form was named."""
    if not made.graph.grads:
        raise InputError("there are no gradients in this run, so there is nothing to derive: differentiate by a float input")
    learnt = [made.graph.number(name.strip()) for name in options.get("parameters", "").split(",") if name.strip()]
    inputs = list(wrt or learnt) or [i for i in made.graph.inputs if i in made.graph.grads]
    asked = {name: options[name] for name in PAGES if name in options} or {"derive": ""}
    found = [page for name, word in asked.items() for page in PAGES[name](made, word, inputs)]
    if "latex" in options:
        from ..explain.page import Page

        return Page.document(found)
    if "mathml" in options:
        return "\n".join(page.html() for page in found)
    return "\n\n".join(map(str, found))


def alarm(made: Run) -> str:
    """A page on where NaN was born, for a run that holds one and was not asked; empty where all is well."""
    from ..explain.births import alarm

    page = alarm(made)
    return "" if page is None else str(page)
