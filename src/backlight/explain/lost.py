"""Why is it zero, why is there none: where a gradient was lost on its way down.

A gradient that is zero is zero because something on its way multiplied by zero, or chose something else: the edges where
a gradient that was not zero came in and zeros went out are where it was lost. What only moves numbers about (a transpose,
a stack) loses none.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..core.graph import Graph
from ..core.types import Type
from ..errors import InputError
from ..run.record import Edge, Run
from .finding import Finding, Kind, first_bad, operand_at
from .formula import Names, names, names_of
from .mends import relief
from .page import Line, Page, Step, figure
from .paths import nodes_between

__all__ = ["blocks", "why_zero", "zero_findings"]

SATURATED: Final = 1e-6  # a derivative below this leaves a float32 weight where it is
ROUNDING: Final = 1e-12  # of what arrives; less is what rounding leaves of a sum that is zero
SQUASHING: Final = frozenset({"sigmoid", "tanh", "erf", "softsign", "log_sigmoid", "softplus", "atan", "hard_sigmoid"})


def blocks(run: Run, wrt: int) -> list[Finding]:
    """The edges on the way to `wrt` where a gradient that was not zero came in and zeros went out."""
    graph = run.graph
    if not graph.parts:
        return []
    of = next((n.why.of for n in graph.nodes[graph.forward_count :] if n.why.kind == "seed"), graph.outputs[0])
    between = nodes_between(run, of, wrt)
    called = Names(graph)
    found = []
    if not np.asarray(run.value(graph.grads[of])).any():
        size = int(np.size(run.value(of)))
        said = f"the upstream gradient of node {of}, {called[of]}, is 0: it was given so"
        return [Finding("upstream", of, None, size, size, said)]
    for (i, k), part in graph.parts.items():
        if i in between and graph.nodes[i].inputs[k - 1] in between:
            finding = blocked(run, Edge(run, i, k, part), called)
            if finding is not None:
                found.append(finding)
    return found


def blocked(run: Run, edge: Edge, called: Names) -> Finding | None:
    """The verdict on one edge, or None where nothing is lost."""
    if sound(run, edge) or not np.asarray(edge.upstream).any():
        return None
    here = f"node {edge.consumer}, {called[edge.consumer]}"
    return mixed(run, edge, here) if edge.part.local < 0 else elementwise(run, edge, here)


def sound(run: Run, edge: Edge) -> bool:
    """Whether an edge of single numbers loses nothing, at one look: of a large graph that is nearly all of them."""
    local = edge.local if edge.part.local >= 0 else None
    squashing = run.graph.nodes[edge.consumer].op.name in SQUASHING
    return isinstance(local, float) and (abs(local) >= SATURATED or (local != 0 and not squashing))


def mixed(run: Run, edge: Edge, here: str) -> Finding | None:
    """The verdict on an edge whose rule mixes axes."""
    op = run.graph.nodes[edge.consumer].op
    if op.kind == "shape":
        return None
    up, down = np.asarray(edge.upstream), np.asarray(edge.downstream)
    lost = down == 0
    count, element = int(lost.sum()), first_bad(lost) if lost.any() else None
    chooses = op.words.startswith("choice rule")
    if lost.all():
        said = f"blocked at {here}: nothing of its gradient reaches operand {edge.operand}{beside_zero(run, edge)}"
        return Finding("not chosen" if chooses else "zero factor", edge.consumer, None, down.size, down.size, said, edge.to)
    if count and chooses:
        said = f"lost at {here}: {count} of {down.size} elements of operand {edge.operand} get nothing ({op.words})"
        return Finding("not chosen", edge.consumer, element, count, down.size, said, edge.to)
    most, arrived = float(np.abs(down).max()), float(np.abs(up).max())
    if most < ROUNDING * arrived:
        said = f"cancelled at {here}: at most {most:.3g} comes out where up to {arrived:.3g} goes in, which is rounding"
        return Finding("zero factor", edge.consumer, None, down.size, down.size, said, edge.to)
    return None


def beside_zero(run: Run, edge: Edge) -> str:
    """The other operands that are nothing but zeros, in words."""
    graph = run.graph
    others = [j for k, j in enumerate(graph.nodes[edge.consumer].inputs, 1) if k != edge.operand]
    zeros = [j for j in others if isinstance(graph.nodes[j].type, Type) and not np.asarray(run.value(j)).any()]
    called = names_of(graph, zeros)
    return "".join(f", beside node {j}, {called[j]}, which is 0" for j in zeros)


def elementwise(run: Run, edge: Edge, here: str) -> Finding | None:
    """The verdict on an edge that multiplies element by element."""
    node = run.graph.nodes[edge.consumer]
    up = np.asarray(edge.upstream)
    local = np.broadcast_to(np.asarray(edge.local), up.shape)
    lost = (up != 0) & (local == 0)
    faint = (up != 0) & (local != 0) & (np.abs(local) < SATURATED) & (node.op.name in SQUASHING)
    if lost.any():
        count, element = int(lost.sum()), first_bad(lost)
        many = f" for {count} of {lost.size} elements" if lost.size > 1 else ""
        kind, said = reason(run, edge, here, element, lost.shape, many)
        return Finding(kind, edge.consumer, element, count, int(lost.size), said, edge.to)
    if faint.all():
        least = float(np.abs(local).max())
        said = f"nearly saturated at {here}: the derivative of {node.op.name} is at most {least:.3g}"
        return Finding("saturated", edge.consumer, first_bad(faint), int(faint.sum()), int(faint.size), said, edge.to)
    return None


def reason(run: Run, edge: Edge, here: str, element: tuple[int, ...], shape: Any, many: str) -> tuple[Kind, str]:
    """Why a local derivative is zero."""
    node = run.graph.nodes[edge.consumer]
    if node.op.select is not None and node.op.select[edge.operand - 1] is not None:
        return "not chosen", f"blocked at {here}: {node.op.name} did not take this branch{many}"
    if node.op.name in SQUASHING:
        return "saturated", f"saturated at {here}: the derivative of {node.op.name} rounds to 0{many}"
    own = operand_at(run, edge.to, element, shape)
    others = [operand_at(run, j, element, shape) for m, j in enumerate(node.inputs, 1) if m != edge.operand]
    beside = f" beside {', '.join(f'{o:.6g}' for o in others if o is not None)}" if others else ", where it is flat"
    return "zero factor", f"multiplied by 0 at {here}: the local derivative is 0{many}, at {own:.6g}{beside}"


def why_zero(run: Run, wrt: int | str) -> Page:
    """A page on why the gradient of a node is zero, or how much of it is.

    Raises: NameError for a node that is not there; InputError where the run has no gradients at all.
    """
    graph = run.graph
    number = graph.number(wrt)
    if not graph.grads:
        raise InputError("this run has no gradients: run it backward first, as in bl.backprop")
    title = f"Why is the gradient of {names(graph)[number]} zero?"
    found, steps = zero_findings(run, number), []
    gradient = None if number not in graph.grads else np.asarray(run.value(graph.grads[number]))
    if gradient is not None and gradient.any():
        zeros = int((gradient == 0).sum())
        said = f"{zeros} of its {gradient.size} elements are zero: " if zeros else "it is not zero: "
        steps.append(Step("the gradient", ((said, figure(gradient)),), number))
        if not zeros:
            found = [finding for finding in found if finding.count == finding.size]
            if not found:
                return Page(title, tuple(steps))
    whole, partly = split(run, found) if gradient is not None and not gradient.any() else (found, [])
    for finding in whole:
        help_ = relief(run, finding.node, finding.kind, finding.toward)
        lines: list[Line] = [(finding.sentence,), *([(f"what helps: {help_}",)] if help_ else [])]
        steps.append(Step(finding.kind, tuple(lines), finding.node))
    if partly:
        said = "something gets past these, so they are not why it is zero"
        steps.append(Step("in part", ((said,), *((finding.sentence,) for finding in partly)), partly[0].node))
    if not found:
        said = "every single contribution is fine; they cancel in the sum over paths or elements"
        steps.append(Step("in sum", ((said,),), number))
    return Page(title, tuple(steps))


def split(run: Run, found: list[Finding]) -> tuple[list[Finding], list[Finding]]:
    """The findings after which nothing is left, and those that something gets past; all of them where none stops everything."""
    grads = run.graph.grads
    past = [f.toward in grads and bool(np.asarray(run.value(grads[f.toward])).any()) for f in found]
    whole = [f for f, passes in zip(found, past, strict=True) if not passes]
    return (whole, [f for f, passes in zip(found, past, strict=True) if passes]) if whole else (found, [])


def zero_findings(run: Run, number: int) -> list[Finding]:
    """The verdicts behind a gradient that is zero or missing."""
    graph = run.graph
    grad = graph.grads.get(number)
    if grad is not None and graph.nodes[grad].why.kind != "unused":
        return blocks(run, number)
    called = names(graph)
    live = reached(graph, number)
    out = next((n.why.of for n in graph.nodes[graph.forward_count :] if n.why.kind == "seed"), graph.outputs[0])
    own = graph.nodes[number].type
    size = own.size if isinstance(own, Type) else 0
    if out not in live:
        said = f"no path: node {out}, {called[out]}, does not depend on node {number}, {called[number]}"
        return [Finding("no path", number, None, size, size, said)]
    return [ended(graph, i, size, called) for i in sorted(live) if i != number and not graph.nodes[i].op.differentiable]


def ended(graph: Graph, i: int, size: int, called: list[str]) -> Finding:
    """The verdict on a node that no gradient passes, whatever its values."""
    node = graph.nodes[i]
    where = f"node {i}, {called[i]}" + (f" on line {node.at.line}" if node.at is not None else "")
    if node.op.name == "stop_gradient":
        said = f"every path ends at {where}: it counts its operand as constant"
        return Finding("stopped", i, None, size, size, said)
    return Finding("no derivative", i, None, size, size, f"a path ends at {where}: {node.op.name} has no derivative")


def reached(graph: Graph, number: int) -> set[int]:
    """The forward nodes that depend on a node."""
    found = {number}
    for i in range(number + 1, graph.forward_count):
        if any(j in found for j in graph.nodes[i].inputs):
            found.add(i)
    return found
