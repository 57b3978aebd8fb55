"""How a derivative comes about: the chain rule in letters, then in numbers, multiplied out and summed over the paths."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.graph import Graph
from ..core.math import ADD, MULTIPLY, Math, infix
from ..diff.walk import LIMIT
from ..run.record import Run
from .formula import names, names_of, spelled
from .letters import definitions, lettered, partial, with_operands
from .local import local_array
from .page import Line, Page, Step, numeral
from .paths import count_paths, limit, nodes_between, paths, scalar_only
from .story import edge_equation, rule_of, story_steps

__all__ = ["derive", "differentiated"]

LONG, TITLE = 200, 60  # nodes of a graph whose formula may be a title, and letters of it
MOST = 12  # paths written out; the sum of the others stands in one line


def derive(run: Run, of: int | str | None = None, wrt: int | str | None = None) -> Page:
    """A page that derives the gradient of one node by another and ends with the number that the run holds.

    `of` is the node differentiated (default: the output the run was differentiated for), `wrt` the node it is taken by
    (default: the first input with a gradient). Where everything between is one number the page goes path by path; where
    there are arrays it goes node by node. Raises: NameError for a node that is not there; InputError without gradients.
    """
    graph = run.graph
    top = differentiated(run) if of is None else graph.number(of)
    low = first_input(run) if wrt is None else graph.number(wrt)
    called = lettered(graph)
    title = f"The derivative of {titled(graph, top)} by {titled(graph, low)}"
    steps = path_steps if scalar_only(run, top, low) and count_paths(run, top, low) else story_steps
    with np.errstate(all="ignore"):  # a derivation of NaN is one too
        return Page(title, tuple(steps(run, top, low, called)))


def titled(graph: Graph, number: int) -> str:
    """A node by its name, or as a formula where that is short."""
    if len(graph) <= LONG:
        whole = names(graph, longest=LONG)[number]
        if len(whole) <= TITLE:
            return whole
    return names_of(graph, [number])[number]


def differentiated(run: Run) -> int:
    """The node whose gradient is the seed."""
    for node in run.graph.nodes[run.graph.forward_count :]:
        if node.why.kind == "seed":
            return node.why.of
    return run.graph.outputs[0]


def first_input(run: Run) -> int:
    return next((i for i in run.graph.inputs if i in run.graph.grads), run.graph.inputs[0] if run.graph.inputs else 0)


def product(factors: list[Math]) -> Math:
    """Factors multiplied, from the left."""
    out = factors[0]
    for f in factors[1:]:
        out = infix("·", out, f, MULTIPLY)
    return out


def summed(terms: list[Math]) -> Math:
    out = terms[0]
    for t in terms[1:]:
        out = infix("+", out, t, ADD)
    return out


def equal(*sides: Math) -> Math:
    """sides[0] = sides[1] = …"""
    out = sides[0]
    for side in sides[1:]:
        out = infix("=", out, side, 5)
    return out


def path_steps(run: Run, of: int, wrt: int, called: list[Math]) -> list[Step]:
    """One step per path, each edge with its rule, and a last one that sums the shares."""
    total = count_paths(run, of, wrt)
    found = list(paths(run, of, wrt, MOST))
    goal = partial(called[of], called[wrt])
    shares: list[Any] = []
    written: dict[tuple[int, int], Line] = {}              # paths share most of their edges
    steps = [Step("in letters", definitions(run.graph, called, with_operands(run.graph, nodes_between(run, of, wrt))), of)]
    for n, path in enumerate(found, 1):
        lines: list[Line] = []
        if not path.edges:
            lines.append(("both are the same node, so the derivative is the upstream gradient: ", numeral(path.seed)))
        for edge in path.edges:
            key = (edge.consumer, edge.operand)
            if key not in written:
                written[key] = (edge_equation(run.graph, edge, called), f"   {rule_of(run.graph.nodes[edge.consumer])}")
            # Beside other paths the slope along one edge is not the whole one, though both are written ∂c/∂x.
            lines.append(("directly: ", *written[key]) if total > 1 and len(path.edges) == 1 else written[key])
        factors = [partial(called[e.consumer], called[e.to]) for e in path.edges]
        if len(factors) > 1 or (factors and float(np.real(path.seed)) != 1.0):
            numbers = [numeral(local_array(e)) for e in path.edges]
            if float(np.real(path.seed)) != 1.0:
                numbers.insert(0, numeral(path.seed))
            reason = (f"   {LIMIT}",) if any(map(limit, path.edges)) else ()
            lines.append((equal(product(factors), product(numbers), numeral(path.share)), *reason))
        shares.append(path.share)
        way = " → ".join(spelled(called[i]) for i in [of, *(e.to for e in path.edges)])
        steps.append(Step(f"path {n} of {total}: {way}" if total > 1 else f"the only path: {way}", tuple(lines), wrt))
    gradient = run.value(run.graph.grads[wrt])
    last: list[Line] = []
    if total > len(found):
        rest = gradient - sum(shares)
        last.append((f"the other {total - len(found)} paths together bring ", numeral(rest)))
        shares.append(rest)
    if len(shares) > 1:
        last.append((equal(goal, summed([numeral(s) for s in shares]), numeral(gradient)),))
    else:
        last.append((equal(goal, numeral(gradient)),))
    steps.append(Step("summed over the paths" if total > 1 else "the result", tuple(last), wrt))
    return steps
