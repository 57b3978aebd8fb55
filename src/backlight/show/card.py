"""The card of a node: everything that a picture says about it, in words, before anybody asks how it looks.

A card has the number and `name :: type`; `op :: signature`; the shape; the value; the gradient. Before a run the value
says so and there is no gradient line; after the forward pass the value is there; after the backward pass the gradient too.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..core.graph import Graph, Parts
from ..core.guard import guard_words
from ..core.op import signature_of
from ..core.types import TupleType, Type
from ..explain.formula import names, names_of
from ..run.record import Run
from .figures import bracketed, inline, number, trouble

__all__ = ["Card", "Detail", "Joint", "Kind", "after_step", "asked_of", "cards", "joints", "notes", "troubled", "update_lines"]

SUMMANDS = 4             # more are counted, not written out
NOTES = 2                # questions to one node; more are counted
Kind = Literal["parameter", "input", "constant", "operation", "group"]
Detail = Literal["card", "chip", "dot"]  # everything; name, value and gradient; that it is there


@dataclass(frozen=True, slots=True)
class Card:
    """What is said about one node. `value` and `gradient` are None where there is none yet.

    `arrivals` are the gradients that come down to it, where there are several: they add up to its gradient. `update` is the
    learning rate of the step of descent that is shown on it, 0 for none.
    """

    number: int
    name: str
    type: str
    signature: str
    shape: str
    kind: Kind
    output: bool
    ran: bool
    value: Any = None
    gradient: Any = None
    scope: str = ""
    arrivals: tuple[Any, ...] = ()
    detail: Detail = "card"
    update: float = 0.0
    notes: tuple[str, ...] = ()  # what is special about it, and what Python asked of it

    @property
    def title(self) -> str:
        """`name :: type`."""
        return f"{self.name} :: {self.type}" if self.type else self.name

    @property
    def total(self) -> str:
        """How the gradient is summed over the edges that bring it, as in `= 3 + 3`; empty where one edge does."""
        if not self.arrivals:
            return ""
        if all(getattr(x, "ndim", 0) == 0 for x in self.arrivals) and len(self.arrivals) <= SUMMANDS:
            return "= " + " + ".join(f"({x})" if x.startswith("-") else x for x in (number(a, 6) for a in self.arrivals))
        return f"+ summed over {len(self.arrivals)} edges"


def after_step(card: Card) -> Any:
    """The value after the step of descent that is shown on a card."""
    with np.errstate(all="ignore"):  # ∞ − ∞ is shown as what it is
        return card.value - card.update * card.gradient


def update_lines(card: Card) -> list[str]:
    """One step of descent as arithmetic: value + (−η · gradient) = new value; nothing where none is shown."""
    if not card.update or card.value is None or card.gradient is None:
        return []
    new = after_step(card)
    if getattr(card.value, "ndim", 0) == 0:
        value, gradient = number(card.value), number(card.gradient)
        gradient = f"({gradient})" if gradient.startswith("-") else gradient
        return [f"update   {value} + (−{card.update:g} · {gradient})", f"       = {number(new)}"]
    first, *rest = bracketed(new)
    return [f"update   value + (−{card.update:g} · gradient)", f"       = {first}", *(f"{'':9}{line}" for line in rest)]


def troubled(card: Card) -> bool:
    """Whether its value or its gradient holds something that is no number, or an infinity."""
    return bool(trouble(card.value) or trouble(card.gradient))


@dataclass(frozen=True, slots=True)
class Joint:
    """One edge: which operand it is (from 1), what it carries up, and what it carries down, if it does.

    `consumer` and `operand` are places in the list of cards, not numbers of nodes: a view may show a node twice. `verdict` is
    what small steps say about its rule, where they were asked.
    """

    consumer: int
    operand: int
    number: int
    value: Any = None
    upstream: Any = None
    local: Any = None
    downstream: Any = None
    carries: bool = False
    verdict: str = ""

    @property
    def wrong(self) -> bool:
        """Whether small steps found its rule wrong."""
        return self.verdict.startswith("✗")

    @property
    def product(self) -> tuple[str, ...]:
        """`upstream × local = downstream`, on one line for numbers and on three for arrays; → where it is so in the limit.

        Where the rule is no product of two arrays, what arrives alone.
        """
        if not self.carries:
            return ()
        terms = [self.downstream] if self.local is None else [self.upstream, self.local, self.downstream]
        scalar = all(getattr(term, "ndim", 0) == 0 for term in terms)
        words = [inline(term, 6 if scalar else 4, 5) for term in terms]
        if len(words) == 1:
            return (words[0],)
        lines = (words[0], "× " + words[1], f"{'→' if by_limit(*terms) else '='} {words[2]}")
        return (" ".join(lines),) if scalar else lines

    @property
    def rising(self) -> str:
        """The value that goes up, short."""
        return "" if self.value is None else inline(self.value, 6 if getattr(self.value, "ndim", 0) == 0 else 4, 5)


def by_limit(upstream: Any, local: Any, downstream: Any) -> bool:
    """Whether what goes down is no plain product, as where x·(1/x) at 0 is taken for the 1 that it is everywhere else."""
    with np.errstate(all="ignore"):
        product = np.asarray(upstream) * np.asarray(local)
    return product.shape == np.shape(downstream) and bool((np.isnan(product) & ~np.isnan(downstream)).any())


def parted(subject: Graph | Run) -> tuple[Graph, Run | None]:
    """The graph, and the run if there is one."""
    return (subject.graph, subject) if isinstance(subject, Run) else (subject, None)


def cards(
    subject: Graph | Run,
    parameters: Collection[str | int] = (),
    lettered: bool = False,
    only: Collection[int] | None = None,
) -> list[Card]:
    """The cards of all forward nodes. `parameters` names those to be marked as learnable besides those that say so.

    Of a very long graph, `only` some cards are made, and nothing is said about what arrives at them from the others.
    """
    graph, run = parted(subject)
    called: Any = names_of(graph, only) if only else names(graph.with_(nodes=graph.nodes[: graph.forward_count]), lettered)
    marked = {graph.number(key) for key in parameters}
    found = []
    asked = asked_of(graph)
    arriving: dict[int, list[int]] = {}
    if run is not None and only is None:
        for (consumer, operand), part in sorted(graph.parts.items()):
            if consumer < graph.forward_count:
                arriving.setdefault(graph.nodes[consumer].inputs[operand - 1], []).append(part.downstream)
    for i in range(graph.forward_count) if only is None else only:
        node = graph.nodes[i]
        shape, signed = "", signature_of(graph.nodes, i)
        if isinstance(node.type, Type):
            shape = str(node.type.shape).replace(",)", ")")
        gradient = None
        if run is not None and i in graph.grads:
            gradient = run.value(graph.grads[i])
        came = arriving.get(i, ())
        value = run.value(i) if run is not None and not isinstance(node.type, TupleType) else None
        found.append(
            Card(
                number=i,
                name=called[i],
                type="" if node.type is None else str(node.type),
                signature=signed,
                shape=shape,
                kind=_kind(graph, i, marked),
                output=i in graph.outputs,
                ran=run is not None,
                value=value,
                gradient=gradient,
                scope=node.scope,
                notes=notes(graph, run, i, asked.get(i, ())),
                arrivals=tuple(map(run.value, came)) if run is not None and len(came) > 1 and gradient is not None else (),
            )
        )
    return found


def asked_of(graph: Graph) -> dict[int, list[str]]:
    """What Python asked of each node, in words, each once."""
    asked: dict[int, list[str]] = {}
    for guard in graph.guards:
        words = asked.setdefault(guard.node, [])
        if (said := guard_words(guard)) not in words:
            words.append(said)
    return asked


def notes(graph: Graph, run: Run | None, number: int, asked: Sequence[str]) -> tuple[str, ...]:
    """What is special about a node where it was evaluated, and what Python asked of it: the first few of each."""
    special = [] if run is None else [str(flag) for flag in run[number].flags]
    more = [f"asked {len(asked) - NOTES} times more"] if len(asked) > NOTES else []
    return (*special, *asked[:NOTES], *more)


def _kind(graph: Graph, number: int, marked: Collection[int]) -> Kind:
    node = graph.nodes[number]
    if node.op.name == "const":
        return "constant"
    if node.op.name == "input":
        return "parameter" if number in marked or node.attr("role") == "parameter" else "input"
    return "operation"


def joints(subject: Graph | Run, only: Collection[int] | None = None, bare: bool = False) -> list[Joint]:
    """Every edge between forward nodes, or those of `only` some consumers, in the order of consumers and operands.

    `bare` ones hold no numbers, for who only wants to know where they lead.
    """
    graph, run = parted(subject)
    if bare:
        some = range(graph.forward_count) if only is None else only
        return [Joint(i, j, k) for i in some for k, j in enumerate(graph.nodes[i].inputs, 1)]
    parts = graph.parts.of(only) if only is not None and isinstance(graph.parts, Parts) else graph.parts
    found = []
    for i in range(graph.forward_count) if only is None else only:
        for k, j in enumerate(graph.nodes[i].inputs, 1):
            part = parts.get((i, k))
            value = None if run is None or isinstance(graph.nodes[j].type, TupleType) else run.value(j)
            if run is None or part is None:
                found.append(Joint(i, j, k, value))
            else:
                local = None if part.local < 0 else run.value(part.local)
                found.append(Joint(i, j, k, value, run.value(part.upstream), local, run.value(part.downstream), True))
    return found
