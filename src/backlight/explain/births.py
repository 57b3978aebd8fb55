"""Why is it not a number: where NaN and ∞ are born, going forward and going backward, and what they poison.

A number that is not finite is *born* at the first node whose operands were all in order and whose value is not; from
there it only spreads. What works element by element is looked at element by element: a NaN that came in at one place does
not hide another that is born beside it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from ..core.graph import Graph, Node
from ..core.types import Type
from ..run.record import Run
from .finding import Finding, at_words, first_bad, operand_at
from .formula import names, names_of
from .mends import advice
from .page import Line, Page, Step

__all__ = ["alarm", "births", "mend", "why_nan"]


def bad_of(value: Any, kind: str) -> Any:
    """Where a value is NaN, or infinite."""
    array = np.asarray(value)
    if array.dtype.kind not in "fc":
        return np.zeros(array.shape, bool)
    return np.isnan(array) if kind == "nan" else np.isinf(array)


def births(run: Run, kind: Literal["nan", "inf"] = "nan", backward: bool = False) -> list[Finding]:
    """Where values that are not finite appear first, forward nodes or gradient nodes, in order of the list.

    An input or a constant that brings one along counts too. For NaN an infinite operand is still in order: it is what the
    NaN is made of; for ∞ one that holds a NaN is not.
    """
    graph = run.graph
    low, high = (graph.forward_count, len(graph)) if backward else (0, graph.forward_count)
    found: list[tuple[int, Any, Any]] = []
    for i in range(low, high):
        if not isinstance(graph.nodes[i].type, Type):
            continue
        value = run.value(i)
        if isinstance(value, float) and math.isfinite(value):
            continue
        bad = bad_of(value, kind)
        if bad.any() and (fresh := born(run, i, bad, kind)).any():
            found.append((i, fresh, bad))
    called = names_of(graph, {j for i, _, _ in found for j in (i, graph.nodes[i].why.of) if j >= 0}) if found else {}
    return [
        Finding(kind, i, first_bad(fresh), int(fresh.sum()), bad.size, birth_sentence(run, i, first_bad(fresh), kind, called))
        for i, fresh, bad in found
    ]


def born(run: Run, i: int, bad: Any, kind: str) -> Any:
    """Those of the bad elements of a node that are not bad because an operand is."""
    graph = run.graph
    node = graph.nodes[i]
    kinds = ("nan",) if kind == "nan" else ("inf", "nan")
    spoiled = [np.logical_or.reduce([bad_of(run.value(j), k) for k in kinds]) for j in node.inputs
               if isinstance(graph.nodes[j].type, Type)]  # fmt: skip
    if node.op.kind not in ("elementwise", "compare"):
        return bad & (not any(one.any() for one in spoiled))
    for one in spoiled:
        bad = bad & ~np.broadcast_to(one, bad.shape)
    return bad


def birth_sentence(run: Run, i: int, element: tuple[int, ...], kind: str, called: Mapping[int, str]) -> str:
    """`NaN is born at node 3, log(x), element [1]: log of −1`."""
    node = run.graph.nodes[i]
    word = "NaN" if kind == "nan" else "∞"
    place = at_words(element)
    if not node.inputs:
        return f"{word} comes in with node {i}, {called[i]}{place}"
    where = f"node {i}, {called[i]}" if i < run.graph.forward_count else f"node {i}, {gradient_words(run.graph, node, called)}"
    return f"{word} is born at {where}{place}: {node.op.name} of {made_of(run, i, element)}"


def made_of(run: Run, i: int, element: tuple[int, ...]) -> str:
    """The numbers that an element was made of, or the nodes where axes are mixed."""
    node = run.graph.nodes[i]
    shape = node.type.shape if isinstance(node.type, Type) else ()
    if node.op.kind in ("elementwise", "compare"):
        parts = [operand_at(run, j, element, shape) for j in node.inputs]
        return " and ".join(f"{p:.6g}" if isinstance(p, (float, np.floating)) else str(p) for p in parts)
    beside = " and ".join(f"node {j}" for j in node.inputs)
    if node.op.name == "matmul":
        a, b = (np.asarray(run.value(j)) for j in node.inputs)
        if a.ndim <= 2 and b.ndim <= 2:
            row = a[element[0]] if a.ndim == 2 else a
            column = b[:, element[-1]] if b.ndim == 2 else b
            with np.errstate(all="ignore"):
                wrong = np.flatnonzero(~np.isfinite(row * column))
            if wrong.size:
                k = int(wrong[0])
                return f"{beside}, where {row[k]:.6g} meets {column[k]:.6g} at place {k} of the sum"
    return beside


def gradient_words(graph: Graph, node: Node, called: Mapping[int, str]) -> str:
    """What a gradient node is, in words."""
    why = node.why
    if why.of not in called:
        return node.op.name
    kinds = {"local": "the local derivative", "downstream": "what goes down", "sum": "the summed gradient", "seed": "the seed"}
    operand = f" to operand {why.operand}" if why.operand else ""
    return f"{kinds.get(why.kind, why.kind)} of node {why.of}, {called[why.of]}{operand}"


def mend(run: Run, finding: Finding) -> str:
    """What to do about a birth, where something is known to help."""
    return worded(*advice(run, finding.node, finding.kind), set()) if finding.kind in ("nan", "inf") else ""


def worded(where: str, help_: str, said: set[str]) -> str:
    """Advice as a sentence; what was said before is not said again."""
    sentence = "" if help_ in said else help_
    said.add(help_)
    if not where:
        return sentence
    return f"mend what is infinite, {where}" + (f": {sentence}" if sentence else "")


def why_nan(run: Run) -> Page:
    """A page on where NaN and ∞ are born, forward and backward, what they poison, and what may help.

    A run without such numbers gives a page that says so.
    """
    steps: list[Step] = []
    said: set[str] = set()                                 # no advice is given twice
    for backward in (False, True):
        order = "backward" if backward else "forward"
        kinds: tuple[tuple[Literal["nan", "inf"], str], ...] = (("inf", "∞"), ("nan", "NaN"))
        for kind, word in kinds:
            for n, finding in enumerate(births(run, kind, backward)):
                lines: list[Line] = [(finding.sentence,)]
                if finding.size > 1:
                    lines.append((f"{finding.count} of {finding.size} elements of this node",))
                help_ = worded(*advice(run, finding.node, kind), said)
                if help_:
                    lines.append((f"what helps: {help_}",))
                steps.append(Step(f"{'first ' if n == 0 else ''}{word} going {order}", tuple(lines), finding.node))
    if not steps:
        return Page("Where is it not a number?", (Step("all is finite", ((ALL_WELL,),)),))
    return Page("Where is it not a number?", (*steps, reach(run)))


def alarm(run: Run) -> Page | None:
    """The same page for a run that holds a NaN, whether or not somebody asked; None where none does, or the run is so long
    that looking everywhere would keep people waiting.
    """
    if len(run.graph) > LONG:
        return None
    floats = (i for i, node in enumerate(run.graph.nodes) if isinstance(node.type, Type) and node.type.is_float)
    if not any(np.isnan(run.view(i)).any() for i in floats):
        return None
    return why_nan(run) if births(run, "nan") or births(run, "nan", backward=True) else None


LONG = 200_000  # nodes; looking at each of a million takes seconds
ALL_WELL = "every value and every gradient of this run is a finite number"


def reach(run: Run) -> Step:
    """What in the end is no finite number: outputs, and gradients of inputs."""
    graph = run.graph
    called = names(graph)
    lines: list[Line] = []
    node = -1
    for kind, word in (("nan", "not a number"), ("inf", "infinite")):
        outputs = [i for i in graph.outputs if isinstance(graph.nodes[i].type, Type) and bad_of(run.value(i), kind).any()]
        inputs = [i for i in graph.inputs if i in graph.grads and bad_of(run.value(graph.grads[i]), kind).any()]
        said = [f"the output {called[i]}" for i in outputs] + [f"the gradient of {called[i]}" for i in inputs]
        if said:
            node = node if node >= 0 else (inputs or outputs)[0]
            listed = said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}"
            lines.append((f"{listed} {'is' if len(said) == 1 else 'are'} {word}",))
    nothing: tuple[Line, ...] = (("no output and no gradient of an input: it is not used, or not chosen",),)
    return Step("what it reaches", tuple(lines) or nothing, node)
