"""Why this number? The story of one element: the terms of its value and of its gradient, each factor with where it lies.

Lines are made of words, formulas and places of numbers, so that one story is written once and read twice: as a page with the
numbers as they are, and by a screen that keeps them true while they change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np

from ..core.graph import Graph
from ..core.math import ADD, MULTIPLY, Math, big, call, index, infix, name, power
from ..core.types import Type
from ..errors import InputError
from ..run.record import Run
from .arrivals import Arrival, arrivals
from .element import Factor, Origin, Spot, Term, factor_at, number_at, origin
from .formula import spelled
from .letters import definitions, lettered, partial
from .page import Line, Page, Step, figure, shape_text
from .running import Running
from .story import rule_of

__all__ = ["Lead", "Moment", "Part", "Passage", "Shown", "element_parts", "element_story", "named", "place_in"]

MOST: Final = 12  # terms that are told; of more the first ones, and how many follow


@dataclass(frozen=True, slots=True)
class Shown:
    """A number where it lies, and the forward number that it leads to."""

    spot: Spot
    owner: Spot


@dataclass(frozen=True, slots=True)
class Lead:
    """A formula that leads to a number of the graph; `at` -1: to the whole node."""

    math: Math
    owner: Spot


@dataclass(frozen=True, slots=True)
class Moment:
    """A number that holds for the values as they are."""

    value: float


Part = str | Math | Shown | Lead | Moment


@dataclass(frozen=True, slots=True)
class Passage:
    """One step of the story: a title, lines, and the node it is about."""

    title: str
    lines: tuple[tuple[Part, ...], ...]
    node: int


def place_in(run: Run, node: int, element: Sequence[int]) -> int:
    """The place of an element, counted row after row. Raises: InputError for one that is not there."""
    kind = run.graph.nodes[node].type
    if not isinstance(kind, Type):
        raise InputError(f"node {node} has several results: ask one of them for its numbers")
    shape = kind.shape
    if len(element) != len(shape):
        raise InputError(f"node {node} has shape {shape_text(shape)}, and [{joined(element)}] names {len(element)} of its axes")
    for axis, (i, n) in enumerate(zip(element, shape, strict=True)):
        if not -n <= i < n:
            raise InputError(
                f"node {node} has shape {shape_text(shape)}, so there is no [{joined(element)}]: axis {axis} ends at {n - 1}"
            )
    return int(np.ravel_multi_index([i % n for i, n in zip(element, shape, strict=True)], shape)) if shape else 0


def joined(element: Sequence[int]) -> str:
    return ", ".join(map(str, element))


def named(graph: Graph, called: Sequence[Math], spot: Spot) -> Math:
    """A number by the letter of its node and its indices; a number of a constant array by itself."""
    node = graph.nodes[spot.node]
    shape = node.type.shape if isinstance(node.type, Type) else ()  # several results are one letter
    if not shape or spot.at < 0:
        return called[spot.node]
    if node.op.name == "const":
        return figure(np.ravel(node.attr("value"))[spot.at])
    return index(called[spot.node], *[int(i) for i in np.unravel_index(spot.at, shape)])


class Teller:
    """What the lines of one story are made with."""

    def __init__(self, run: Run, asked: Spot) -> None:
        self.run, self.graph, self.asked = run, run.graph, asked
        self.called = lettered(run.graph)
        first = run.graph.forward_count
        seeds = (node.why.of for node in run.graph.nodes[first:] if node.why.kind == "seed")
        self.top = next(seeds, run.graph.outputs[0])
        self.moment = False
        self.unnamed: set[int] = set()  # nodes that were called by a letter

    def name(self, spot: Spot) -> Math:
        """A number in letters."""
        if not self.graph.nodes[spot.node].name:
            self.unnamed.add(spot.node)
        return named(self.graph, self.called, spot)

    def letters(self, factor: Factor) -> Math:
        """A factor in letters: a number, the gradient of one, or the slope of one by what is asked about."""
        own = self.name(factor.owner)
        if factor.role == "value":
            return raised(own, factor)
        return partial(self.called[self.top], own) if factor.role == "upstream" else partial(own, self.name(self.asked))

    def value(self) -> Passage:
        """How the number was made."""
        run, spot = self.run, self.asked
        found, node = origin(run, spot.node, spot.at), self.graph.nodes[spot.node]
        own, shape = self.name(spot), self.graph.type(spot.node).shape
        where = f", number [{joined(np.unravel_index(spot.at, shape))}] of shape {shape_text(shape)}" if shape else ""  # type: ignore[arg-type]
        lines: list[tuple[Part, ...]] = [(run[spot.node].signature + where,)]
        self.moment = found.moment
        told = {"each": self.each, "sum": self.sum, "balance": self.balance, "depends": self.depends}.get(found.kind)
        if told is not None:
            lines += told(own, found)
        elif found.kind == "whole":
            operands = ", ".join(spelled(self.called[j]) for j in dict.fromkeys(node.inputs))
            lines.append((f"{node.op.name} makes it of all of {operands}: nothing finer is known of one number",))
        elif node.op.name == "input":
            lines.append(("it was given",))
        lines.append((own, " = ", Shown(spot, spot)))
        return Passage("value", tuple(lines), spot.node)

    def each(self, own: Math, found: Origin) -> list[tuple[Part, ...]]:
        """The operation on the numbers that stand at this place."""
        node = self.graph.nodes[self.asked.node]
        factors = [t.factors[0] for t in found.terms]
        made = node.op.math([self.letters(f) for f in factors], node.attrs)
        lines: list[tuple[Part, ...]] = [(infix("=", own, made, 5),)]
        for f in dict.fromkeys(factors):
            if self.graph.nodes[f.spot.node].op.name != "const":
                lines.append((Lead(self.letters(f), f.owner), " = ", Shown(f.spot, f.owner)))
        return lines

    def sum(self, own: Math, found: Origin) -> list[tuple[Part, ...]]:
        """The terms, in letters with a running index where they have a pattern, then one by one."""
        if not found.terms:
            return [("none of the operands' numbers comes here: the operation puts a zero",)]
        return self.summed(own, found.terms, found.count)

    def balance(self, own: Math, found: Origin) -> list[tuple[Part, ...]]:
        """The operation, and the products that add up as its meaning asks."""
        node = self.graph.nodes[self.asked.node]
        made = node.op.math([self.called[j] for j in node.inputs], node.attrs)
        lines: list[tuple[Part, ...]] = [(infix("=", self.called[self.asked.node], made, 5),), ("which is to say that",)]
        total = figure(found.total) if isinstance(found.total, float) else self.letters(found.total)
        general = self.general(found.terms)
        if general is not None:
            lines.append((infix("=", total, general[0], 5), general[1]))
        elif len(found.terms) <= MOST:
            each = [self.multiplied([self.letters(f) for f in t.factors], t) for t in found.terms]
            lines.append((infix("=", total, reduce(lambda a, b: infix("+", a, b, ADD), each), 5),))
        lines += [self.term(t) for t in found.terms[:MOST]] + more(found.count)
        if isinstance(found.total, Factor):
            lines.append(("together ", total, " = ", self.shown(found.total)))
        return lines

    def shown(self, factor: Factor) -> Part:
        """A factor as a number that leads to where it lies, or, where something was done to it, as it is now."""
        return Moment(float(factor_at(self.run, factor))) if factor.raised else Shown(factor.spot, factor.owner)

    def depends(self, own: Math, found: Origin) -> list[tuple[Part, ...]]:
        """How fast it moves with each number that it depends on."""
        node = self.graph.nodes[self.asked.node]
        letters = node.op.math([self.called[j] for j in node.inputs], node.attrs)
        lines: list[tuple[Part, ...]] = [(infix("=", self.called[self.asked.node], letters, 5),)]
        if found.adds and len(found.terms) == 1 and found.terms[0].times == 1.0:
            f = found.terms[0].factors[0]
            return [*lines, ("taken from ", Lead(self.letters(f), f.owner), " = ", Shown(f.spot, f.owner))]
        if not found.terms:
            return [*lines, ("at these values no number of its operands moves it",)]
        lines.append((f"it moves with {counted(found.count, 'number')} of its operands, each by its slope at these values:",))
        for t in found.terms[:MOST]:
            f = t.factors[0]
            slope = partial(own, self.letters(f))
            lines.append((slope, " = ", Moment(t.times), ", at ", Lead(self.letters(f), f.owner), " = ", Shown(f.spot, f.owner)))
        return lines + more(found.count)

    def summed(self, own: Math, terms: Sequence[Term], count: int) -> list[tuple[Part, ...]]:
        """own = Σ of the terms, and the terms in letters and numbers."""
        if len(terms) == 1 and terms[0].times == 1.0 and len(terms[0].factors) == 1:
            f = terms[0].factors[0]
            return [(infix("=", own, self.letters(f), 5),), (Lead(self.letters(f), f.owner), " = ", Shown(f.spot, f.owner))]
        lines: list[tuple[Part, ...]] = []
        general = self.general(terms) if count == len(terms) else None
        if general is not None:
            formula, ranges = general
            lines.append((infix("=", own, formula, 5), ranges))
        for t in terms[:MOST]:
            lines.append(self.term(t))
        return lines + more(count)

    def term(self, term: Term) -> tuple[Part, ...]:
        """One term: letters = numbers."""
        letters = self.multiplied([self.letters(f) for f in term.factors], term)
        line: list[Part] = [letters, " = "]
        if term.times != 1.0 and not term.moment:
            line += [spelled(figure(term.times)), " × "]
        for n, f in enumerate(term.factors):
            line += [*([" × "] if n else []), self.shown(f)]
        return (*line, " × ", Moment(term.times)) if term.moment else tuple(line)

    def multiplied(self, letters: Sequence[Math], term: Term) -> Math:
        """Letters as a product, with what they are multiplied by in numbers."""
        if term.moment:
            slope = partial(self.name(term.factors[0].owner), self.name(self.asked))
            letters = [*letters, slope]
        elif term.times != 1.0:
            letters = [figure(term.times), *letters]
        found = letters[0]
        for one in letters[1:]:
            found = infix("·", found, one, MULTIPLY)
        return found

    def general(self, terms: Sequence[Term]) -> tuple[Math, str] | None:
        """The sum with running indices, W[2, k]·x[k, 1], and what they run over; None where the terms show no such pattern."""
        first = terms[0]
        def form(term: Term) -> list[tuple[object, ...]]:
            return [(f.role, f.owner.node, f.raised, f.less) for f in term.factors]

        alike = all(t.times == first.times and t.moment == first.moment and form(t) == form(first) for t in terms)
        if not alike or first.moment or len(terms) < 2:
            return None
        running = Running({node.name for node in self.graph.nodes}, len(terms))
        factors: list[Math] = []
        for n, f in enumerate(first.factors):
            sizes = self.graph.type(f.owner.node).shape
            places = np.unravel_index([t.factors[n].owner.at for t in terms], sizes) if sizes else ()
            subscripts = [running.subscript(axis) for axis in places]
            if any(one is None for one in subscripts):
                return None
            own: Math = self.called[f.owner.node]
            if self.graph.nodes[f.owner.node].op.name == "const":
                own = name(f"#{f.owner.node}")
            factors.append(raised(self.roled(f.role, index(own, *subscripts) if subscripts else own), f))
        if not running.whole():
            return None
        body = self.multiplied(factors, first)
        return big("Σ", ", ".join(running.runs), body, call("sum", body)), "   for " + running.words()

    def roled(self, role: str, own: Math) -> Math:
        if role == "value":
            return own
        return partial(self.called[self.top], own) if role == "upstream" else partial(own, self.name(self.asked))

    def gradient(self) -> Passage:
        """What arrives, edge by edge, and its sum."""
        run, graph, spot = self.run, self.graph, self.asked
        held = graph.grads[spot.node]
        own = partial(self.called[self.top], self.name(spot))
        total = Shown(Spot(held, spot.at), spot)
        came = list(arrivals(run, spot.node, spot.at))
        lines: list[tuple[Part, ...]] = []
        why = graph.nodes[held].why
        self.name(Spot(self.top, -1))
        if why.kind == "seed" and why.of == spot.node:
            lines.append(("the gradient that it all begins with is ", "given: " if run.seeded else "one: ", total))
        self.moment = self.moment or any(one.moment or not one.adds for one in came)
        for one in came:
            lines += self.arrived(one, own, len(came) > 1)
        if len(came) > 1:
            line: list[Part] = ["summed: "]
            for n, one in enumerate(came):
                line += [*([" + "] if n else []), Shown(one.spot, Spot(one.consumer, -1))]
            lines.append((*line, " = ", total))
        if not lines:
            lines.append((f"nothing arrives: {why.rule}",))
        lines.append((own, " = ", total))
        return Passage("gradient", tuple(lines), spot.node)

    def arrived(self, one: Arrival, own: Math, several: bool) -> list[tuple[Part, ...]]:
        """One edge: its rule, and its terms."""
        consumer = self.graph.nodes[one.consumer]
        head: list[Part] = [
            "from ",
            Lead(self.name(Spot(one.consumer, -1)), Spot(one.consumer, -1)),
            f", operand {one.operand}, {rule_of(consumer)}",
        ]
        lines: list[tuple[Part, ...]] = [tuple(head)]
        if one.terms is None:
            lines.append(("its rule works on whole arrays: nothing finer is known of one number",))
        elif not one.terms:
            lines.append(("no number above depends on this one at these values",))
        else:
            share = name("share") if several else own
            told = self.summed(share, one.terms, one.count)
            lines += told
            if several and len(one.terms) > 1:
                lines.append(("together ", Shown(one.spot, Spot(one.consumer, -1))))
        if not one.adds:
            lines.append(("upstream × local has no such sum here: the rule takes a limit, or leaves out what was not chosen: ",
                          Shown(one.spot, Spot(one.consumer, -1))))  # fmt: skip
        return lines


def raised(own: Math, factor: Factor) -> Math:
    """A factor in letters: the number, or e to the power of it."""
    if not factor.raised:
        return own
    return power(name("e"), own if factor.less == 0 else infix("−", own, figure(factor.less), ADD))


def counted(n: int, thing: str) -> str:
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def more(count: int) -> list[tuple[Part, ...]]:
    """What is said of the terms that are not told."""
    return [(f"… and {count - MOST} more",)] if count > MOST else []


@dataclass(frozen=True, slots=True)
class Telling:
    """The story of one number: its name in letters, its steps, and whether other values may need another story."""

    title: str
    steps: tuple[Passage, ...]
    moment: bool


def element_parts(run: Run, node: int, at: int) -> Telling:
    """The story of one number of a forward node: its value, and its gradient where it has one."""
    teller = Teller(run, Spot(node, at))
    steps = [teller.value()]
    if node in run.graph.grads:
        steps.append(teller.gradient())
        meant = definitions(run.graph, teller.called, teller.unnamed)
        steps += [Passage("in letters", meant, node)] if meant else []
    elif run.graph.nodes[node].op.name != "const" and run.graph.grads:
        steps.append(Passage("no gradient", (("the gradient that was asked for does not pass through this node",),), node))
    return Telling(spelled(named(run.graph, teller.called, teller.asked)), tuple(steps), teller.moment)


def element_story(run: Run, node: int, element: Sequence[int]) -> Page:
    """A page about one number. Raises: InputError for an element that is not there, or a node that differentiation wrote."""
    if node >= run.graph.forward_count:
        raise InputError(f"node {node} was written by differentiation: ask for a number of the node that it belongs to")
    told = element_parts(run, node, place_in(run, node, element))
    steps = [Step(p.title, tuple(written(run, line) for line in p.lines), p.node) for p in told.steps]
    return Page(f"Why is {told.title} what it is?", tuple(steps))


def written(run: Run, line: Sequence[Part]) -> Line:
    """A line with its numbers as they are now."""
    found: list[str | Math] = []
    for part in line:
        if isinstance(part, Lead):
            found.append(part.math)
        elif isinstance(part, (Shown, Moment)):
            made = figure(number_at(run, part.spot)) if isinstance(part, Shown) else figure(part.value)
            signed = made.form == "prefix" and found and isinstance(found[-1], str) and found[-1].endswith(("× ", "+ "))
            found += ["(", made, ")"] if signed else [made]
        else:
            found.append(part)
    return tuple(found)
