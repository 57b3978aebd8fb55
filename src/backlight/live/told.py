"""Explanations for the page: stories whose numbers stay true while a slider moves, and pages written for one moment.

A story is made of letters and of places of numbers in the block. So one story serves every value of the inputs, and an exported
page can tell it without anybody to ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..core.graph import Part
from ..core.math import Math, infix
from ..core.types import Type
from ..errors import InputError
from ..explain import page as pages
from ..explain.check import check_page
from ..explain.derive import derive as derived
from ..explain.derive import differentiated
from ..explain.diagnose import why_nan, why_zero
from ..explain.element import Spot
from ..explain.element_story import Lead, Moment, Shown, element_parts, place_in
from ..explain.letters import lettered, partial
from ..explain.mathml import mathml
from ..explain.matrix import matrix_page
from ..explain.paths import nodes_between
from ..explain.story import local_letters, rule_of
from ..run.record import Edge, Run
from ..show.figures import number
from .news import Piece, Step, Told
from .sheet import Sheet
from .updates import RATE

__all__ = ["derive", "matrix", "page_steps", "story", "trust", "why"]

Line = tuple[Piece, ...]


def words(text: str) -> Piece:
    return Piece("words", text)


def math(formula: Math, to: int = -1) -> Piece:
    return Piece("math", mathml(formula), -1, to)


def value(node: int, to: int | None = None) -> Piece:
    """The number of a node, which leads to that node or to another."""
    return Piece("value", "", node, node if to is None else to)


def story(sheet: Sheet, wish: Any) -> Told:
    """What happens at a node, letters first, then numbers. Raises: NameError for a node that is not there."""
    run = sheet.explained()
    graph = run.graph
    node = graph.number(wish.node)
    if node >= graph.forward_count:
        node = home(run, node)
    if wish.element:
        return of_element(sheet, run, node, wish)
    called = lettered(graph)
    steps = [forward(run, node, called)]
    if node in graph.grads:
        steps += [upstream(run, node, called), *(downstream(run, edge, called) for edge in run[node].parts)]
        steps += update(sheet, node, called)
    elif graph.nodes[node].op.name != "const":
        steps.append(Step("no gradient", ((words("the gradient that was asked for does not pass through this node"),),), node))
    return Told(sheet.revision, f"{node}  {title(run, node)}", tuple(steps), to=wish.id)


def of_element(sheet: Sheet, run: Run, node: int, wish: Any) -> Told:
    """Where one number of an array comes from. Raises: InputError for one that is not there."""
    spot = Spot(node, place_in(run, node, wish.element))
    told = element_parts(run, node, spot.at)
    steps = [Step(one.title, tuple(tuple(passed(run, p) for p in line) for line in one.lines), one.node) for one in told.steps]
    if node in run.graph.grads:
        steps += update(sheet, node, lettered(run.graph), spot.at)
    return Told(sheet.revision, f"{node}  {told.title} :: {run.graph.type(node)}", tuple(steps), moment=told.moment, to=wish.id)


def passed(run: Run, part: Any) -> Piece:
    """A part of the story of a number as it goes over the wire."""
    if isinstance(part, Shown):
        node, element = owned(run, part.owner)
        return Piece("value", "", part.spot.node, node, part.spot.at, element)
    if isinstance(part, Lead):
        return Piece("math", mathml(part.math), -1, *owned(run, part.owner, -1))
    if isinstance(part, Moment):
        return Piece("moment", number(part.value))
    return words(part) if isinstance(part, str) else math(part)


def owned(run: Run, owner: Spot, *at: int) -> Any:
    """Where a part leads to: the node, and the element of an array."""
    shape = run.graph.type(owner.node).shape if owner.at >= 0 else ()
    element = tuple(int(i) for i in np.unravel_index(owner.at, shape)) if shape else ()
    return owner.node, *at, element


def home(run: Run, node: int) -> int:
    """The forward node that a gradient node belongs to."""
    while node >= run.graph.forward_count:
        node = run.graph.nodes[node].why.of
    return max(node, 0)


def title(run: Run, node: int) -> str:
    found = run.graph.nodes[node]
    return f"{found.name or found.op.name} :: {found.type}"


def forward(run: Run, node: int, called: Sequence[Math]) -> Step:
    """How its value is made: the operation in letters, its operands, the number."""
    graph = run.graph
    found = graph.nodes[node]
    lines: list[Line] = [(words(f"{run[node].signature}{shape(found.type)}"),)]
    if found.inputs:
        letters = found.op.math([called[j] for j in found.inputs], found.attrs)
        lines.append((math(infix("=", called[node], letters, 5)),))
        for j in dict.fromkeys(found.inputs):
            if graph.nodes[j].op.name != "const" and isinstance(graph.nodes[j].type, Type):
                lines.append((math(called[j], j), words(" = "), value(j)))
    if isinstance(found.type, Type):
        lines.append((math(called[node], node), words(" = "), value(node)))
    return Step("value", tuple(lines), node)


def shape(kind: Any) -> str:
    return f", shape {str(kind.shape).replace(',)', ')')}" if isinstance(kind, Type) else ""


def upstream(run: Run, node: int, called: Sequence[Math]) -> Step:
    """What arrives from above, and its sum where several do."""
    graph = run.graph
    gradient = graph.grads[node]
    arrived = [(i, k, part) for (i, k), part in sorted(graph.parts.items()) if graph.nodes[i].inputs[k - 1] == node]
    arrived = [found for found in arrived if found[0] < graph.forward_count]
    lines: list[Line] = []
    begun = graph.nodes[gradient].why
    if begun.kind == "seed" and begun.of == node:
        lines.append((words("the gradient of the output by itself is "), value(gradient, node)))
    for i, k, part in arrived:
        lines.append((words("from "), math(called[i], i), words(f", operand {k}: "), value(part.downstream, i)))
    if len(arrived) > 1:
        total: list[Piece] = [words("summed: ")]
        for n, (i, _, part) in enumerate(arrived):
            total += [*([words(" + ")] if n else []), value(part.downstream, i)]
        lines.append((*total, words(" = "), value(gradient, node)))
    if not lines:
        lines.append((words(f"nothing arrives: {graph.nodes[gradient].why.rule}. The gradient is "), value(gradient, node)))
    return Step("upstream", tuple(lines), node)


def downstream(run: Run, edge: Edge, called: Sequence[Math]) -> Step:
    """Upstream × local = downstream on one edge, each factor a link to the node that it comes from."""
    graph, part = run.graph, edge.part
    node = graph.nodes[edge.consumer]
    lines: list[Line] = [(words(rule_of(node)),)]
    sign = partial(called[edge.consumer], called[edge.to])
    if part.local >= 0:
        letters = local_letters(graph, edge, list(called))
        if letters is not None:
            lines.append((math(infix("=", sign, letters, 5), edge.to),))
        lines.append((math(sign, edge.to), words(" = "), value(part.local, edge.consumer)))
        lines.append(factors(part, edge, graph.nodes[part.upstream].type))
        up, down = (kind_shape(graph.nodes[i].type) for i in (part.upstream, part.downstream))
        if up != down:
            lines.append((words(f"summed over the axes that were stretched, from {up} to {down}"),))
    else:
        up, down = kind_shape(graph.nodes[part.upstream].type), kind_shape(graph.nodes[part.downstream].type)
        lines.append((words(f"upstream {up} "), value(part.upstream, edge.consumer), words(f" to downstream {down} "),
                      value(part.downstream, edge.to)))  # fmt: skip
    return Step(f"downstream, operand {edge.operand}", tuple(lines), edge.to)


def kind_shape(kind: Any) -> str:
    return str(kind.shape).replace(",)", ")") if isinstance(kind, Type) else ""


def factors(part: Part, edge: Edge, kind: Any) -> Line:
    times = " × " if isinstance(kind, Type) and not kind.rank else " ⊙ "
    return (
        words("upstream × local = downstream: "), value(part.upstream, edge.consumer), words(times),
        value(part.local, edge.to), words(" = "), value(part.downstream, edge.to),
    )  # fmt: skip


def update(sheet: Sheet, node: int, called: Sequence[Math], at: int = -1) -> list[Step]:
    """The step of descent, for a parameter or one number of it."""
    found = next((u for u in sheet.learning.updates if u.parameter == node), None)
    if found is None:
        return []
    gradient = sheet.run.graph.grads[node]

    def part(i: int) -> Piece:
        return Piece("value", "", i, node, at)

    lines: list[Line] = []
    if sheet.document.optimizer == "descent":
        lines.append((words("value + (−η · gradient) = "), part(node), words(f" + (−{RATE} "), value(sheet.learning.rate),
                      words(" · "), part(gradient), words(")")))  # fmt: skip
    else:
        lines.append((words(f"value + change by {sheet.document.optimizer}, {RATE} = "), value(sheet.learning.rate, node)))
    lines.append((words("= "), part(node), words(" + "), part(found.change), words(" = "), part(found.updated)))
    return [Step("update", tuple(lines), node)]


def page_steps(page: pages.Page) -> tuple[Step, ...]:
    """The steps of an explanation as they go over the wire."""
    return tuple(
        Step(step.title, tuple(tuple(piece(p, step.node) for p in line) for line in step.lines), step.node) for step in page.steps
    )


def piece(found: str | Math, to: int) -> Piece:
    return words(found) if isinstance(found, str) else math(found, to)


def told(sheet: Sheet, page: pages.Page, to: int, way: tuple[int, ...] = ()) -> Told:
    """A page written for this moment, with all that there is to copy."""
    return Told(sheet.revision, page.title, page_steps(page), way, page.latex(), page.html(), str(page), to=to)


def with_gradients(sheet: Sheet) -> Run:
    """The run, where it has gradients. Raises: InputError."""
    run = sheet.explained()
    if not run.graph.grads:
        raise InputError(f"there are no gradients in this run{f': {sheet.note}' if sheet.note else ''}")
    return run


def derive(sheet: Sheet, wish: Any) -> Told:
    """The gradient by an input, path by path, and the nodes on the way."""
    run = with_gradients(sheet)
    wrt = home(run, run.graph.number(wish.wrt))
    way = tuple(sorted(nodes_between(run, differentiated(run), wrt), reverse=True))
    return told(sheet, derived(run, None, wrt), wish.id, way)


def matrix(sheet: Sheet, wish: Any) -> Told:
    """Backpropagation in matrix form."""
    return told(sheet, matrix_page(with_gradients(sheet)), wish.id)


def why(sheet: Sheet, wish: Any) -> Told:
    """Why the gradient of a node is zero, and where numbers are lost on the way."""
    run = with_gradients(sheet)
    node = run.graph.number(wish.node)
    zero = why_zero(run, home(run, node))
    lost = why_nan(run)
    more = () if lost.steps[0].title == "all is finite" else lost.steps
    return told(sheet, pages.Page(zero.title, (*zero.steps, *more)), wish.id)


def trust(sheet: Sheet, wish: Any) -> Told:
    """Every rule against small steps."""
    return told(sheet, check_page(with_gradients(sheet)), wish.id)


