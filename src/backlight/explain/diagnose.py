"""Why is it zero, why is it not a number, why is there none: verdicts, each with its evidence.

A number that is not finite is *born* at the first node whose operands were all in order and whose value is not; from
there it only spreads. So the first birth going forward, the first going backward, and what each of them poisons, are
found by looking once at every node. A gradient that is zero is zero because something on its way multiplied by zero: the
edges where a gradient that was not zero came in and zero went out are where it was blocked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from ..core.graph import Graph, Node
from ..core.types import Type
from ..errors import InputError
from ..run.record import Edge, Run
from .formula import names
from .page import Line, Page, Step, figure
from .paths import nodes_between

__all__ = ["Finding", "births", "blocks", "diagnose", "why_nan", "why_zero"]

Kind = Literal["nan", "inf", "no path", "stopped", "no derivative", "not chosen", "saturated", "zero factor", "upstream"]

MENDS: Final = {
    "log": "keep its operand away from 0: log(x + 1e-12), or log1p(x) where it is log(1 + x); of a softmax or a sigmoid, "
    "log_softmax or log_sigmoid",
    "log2": "keep its operand away from 0", "log10": "keep its operand away from 0", "log1p": "keep its operand above −1",
    "sqrt": "keep its operand away from 0: sqrt(x + 1e-12), or norm(x) where it is the length of a vector",
    "div": "keep the denominator away from 0: x / (y + 1e-12), or choose by where on both sides: "
    "where(y == 0, 0, x / where(y == 0, 1, y))",
    "reciprocal": "keep its operand away from 0", "rsqrt": "keep its operand away from 0: rsqrt(x + 1e-12)",
    "exp": "keep its operand small: softplus(x) for log(1 + exp(x)), logsumexp(x) for log(sum(exp(x)))",
    "pow": "keep the base positive", "acos": "keep its operand inside (−1, 1)", "asin": "keep its operand inside (−1, 1)",
    "acosh": "keep its operand above 1", "atanh": "keep its operand inside (−1, 1)",
    "mul": "0·∞ has no value: mend what is infinite",
    "sub": "∞ − ∞ has no value: mend what is infinite", "add": "∞ − ∞ has no value: mend what is infinite",
    "matmul": "mend what is infinite among its operands", "sum": "mend what is infinite among its operands",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict: what kind, at which node, at which element of it (None for all), and how many elements of how many.

    `toward` is the node that the edge leads down to, for a gradient that was blocked there.
    """

    kind: Kind
    node: int
    element: tuple[int, ...] | None
    count: int
    size: int
    sentence: str
    toward: int = -1


def first_bad(bad: Any) -> tuple[int, ...]:
    """The first element, in reading order, where the mask holds."""
    mask = np.asarray(bad)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), mask.shape))


def at_words(element: tuple[int, ...]) -> str:
    return f" at element [{', '.join(map(str, element))}]" if element else ""


def operand_at(run: Run, j: int, element: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """The number of operand j that goes into an element of an elementwise result; None where shapes do not tell."""
    value = np.asarray(run.value(j))
    try:
        return np.broadcast_to(value, shape)[element]
    except (ValueError, IndexError):
        return None


def bad_of(value: Any, kind: str) -> Any:
    array = np.asarray(value)
    if array.dtype.kind not in "fc":
        return np.zeros(array.shape, bool)
    return np.isnan(array) if kind == "nan" else np.isinf(array)


def births(run: Run, kind: Literal["nan", "inf"] = "nan", backward: bool = False) -> list[Finding]:
    """Where values that are not finite appear first, forward nodes or gradient nodes, in order of the list.

    A node counts when its value has such a number and none of its operands has one; an input or a constant that brings
    one along counts too. For NaN an infinite operand is still in order: it is what the NaN is made of.
    """
    graph = run.graph
    low, high = (graph.forward_count, len(graph)) if backward else (0, graph.forward_count)
    called = names(graph)
    found = []
    for i in range(low, high):
        node = graph.nodes[i]
        if not isinstance(node.type, Type):
            continue
        bad = bad_of(run.value(i), kind)
        if not bad.any() or any(bad_of(run.value(j), kind).any() for j in node.inputs if isinstance(graph.nodes[j].type, Type)):
            continue
        if kind == "inf" and any(bad_of(run.value(j), "nan").any() for j in node.inputs if isinstance(graph.nodes[j].type, Type)):
            continue
        element = first_bad(bad)
        found.append(Finding(kind, i, element, int(bad.sum()), bad.size, birth_sentence(run, i, element, kind, called)))
    return found


def birth_sentence(run: Run, i: int, element: tuple[int, ...], kind: str, called: list[str]) -> str:
    """`NaN is born at node 3, log(x), element [1]: log of −1`."""
    node = run.graph.nodes[i]
    word = "NaN" if kind == "nan" else "∞"
    place = at_words(element)
    if not node.inputs:
        return f"{word} comes in with node {i}, {called[i]}{place}"
    where = f"node {i}, {called[i]}" if i < run.graph.forward_count else f"node {i}, {gradient_words(run.graph, node, called)}"
    shape = node.type.shape if isinstance(node.type, Type) else ()
    if node.op.kind in ("elementwise", "compare"):
        parts = [operand_at(run, j, element, shape) for j in node.inputs]
        said = f"{node.op.name} of {' and '.join(f'{p:.6g}' if isinstance(p, (float, np.floating)) else str(p) for p in parts)}"
    else:
        said = f"{node.op.name} of {' and '.join(f'node {j}' for j in node.inputs)}"
    return f"{word} is born at {where}{place}: {said}"


def gradient_words(graph: Graph, node: Node, called: list[str]) -> str:
    """What a gradient node is, in words."""
    why = node.why
    if why.of < 0 or why.of >= len(called):
        return node.op.name
    kinds = {"local": "the local derivative", "downstream": "what goes down", "sum": "the summed gradient", "seed": "the seed"}
    operand = f" to operand {why.operand}" if why.operand else ""
    return f"{kinds.get(why.kind, why.kind)} of node {why.of}, {called[why.of]}{operand}"


def mend(run: Run, finding: Finding) -> str:
    """What to do about a birth, where something is known to help."""
    node = run.graph.nodes[finding.node]
    name = node.op.name
    if finding.node >= run.graph.forward_count and node.why.of >= 0:
        name = run.graph.nodes[node.why.of].op.name
    return MENDS.get(name, "")


def blocks(run: Run, wrt: int) -> list[Finding]:
    """The edges on the way to `wrt` where a gradient that was not zero came in and zeros went out."""
    graph = run.graph
    top = max((p.upstream for p in graph.parts.values()), default=-1)
    if top < 0:
        return []
    of = next((n.why.of for n in graph.nodes[graph.forward_count :] if n.why.kind == "seed"), graph.outputs[0])
    between = nodes_between(run, of, wrt)
    called = names(graph)
    found = []
    for (i, k), part in graph.parts.items():
        j = graph.nodes[i].inputs[k - 1]
        if i not in between or j not in between:
            continue
        edge = Edge(run, i, k, part)
        finding = blocked(run, edge, called)
        if finding is not None:
            found.append(finding)
    return found


def blocked(run: Run, edge: Edge, called: list[str]) -> Finding | None:
    """The verdict on one edge, or None where nothing is lost."""
    node = run.graph.nodes[edge.consumer]
    up, down = np.asarray(edge.upstream), np.asarray(edge.downstream)
    if not up.any():
        return None
    here = f"node {edge.consumer}, {called[edge.consumer]}"
    if edge.part.local < 0:
        if down.any():
            return None
        said = f"blocked at {here}: nothing of its gradient reaches operand {edge.operand}"
        return Finding("zero factor", edge.consumer, None, down.size, down.size, said, edge.to)
    local = np.broadcast_to(np.asarray(edge.local), up.shape)
    lost = (up != 0) & (local == 0)
    faint = (up != 0) & (local != 0) & (np.abs(local) < SATURATED) & (node.op.name in SQUASHING)
    if lost.any():
        chosen = node.op.select is not None and node.op.select[edge.operand - 1] is not None
        count, element = int(lost.sum()), first_bad(lost)
        many = f"{count} of {lost.size} element{'s' if lost.size > 1 else ''}"
        if chosen:
            kind: Kind = "not chosen"
            said = f"blocked at {here}: {node.op.name} did not take this branch for {many}"
        elif node.op.name in SQUASHING:
            kind = "saturated"
            said = f"saturated at {here}: the derivative of {node.op.name} rounds to 0 for {many}"
        else:
            kind = "zero factor"
            others = [operand_at(run, j, element, lost.shape) for m, j in enumerate(node.inputs, 1) if m != edge.operand]
            beside = f", beside {', '.join(f'{o:.6g}' for o in others if o is not None)}" if others else ""
            said = f"multiplied by 0 at {here}: the local derivative is 0 for {many}{beside}"
        return Finding(kind, edge.consumer, element, count, int(lost.size), said, edge.to)
    if faint.all():
        least = float(np.abs(local).max())
        said = f"nearly saturated at {here}: the derivative of {node.op.name} is at most {least:.3g}"
        return Finding("saturated", edge.consumer, first_bad(faint), int(faint.sum()), int(faint.size), said, edge.to)
    return None


SATURATED: Final = 1e-6  # a derivative below this leaves a float32 weight where it is
SQUASHING: Final = frozenset({"sigmoid", "tanh", "erf", "softsign", "log_sigmoid", "softplus", "atan", "hard_sigmoid"})


def why_zero(run: Run, wrt: int | str) -> Page:
    """A page on why the gradient of a node is zero, or how much of it is.

    Raises: NameError for a node that is not there; InputError where the run has no gradients at all.
    """
    graph = run.graph
    number = graph.number(wrt)
    if not graph.grads:
        raise InputError("this run has no gradients: run it backward first, as in bl.backprop")
    called = names(graph)
    title = f"Why is the gradient of {called[number]} zero?"
    found, steps = zero_findings(run, number), []
    gradient = None if number not in graph.grads else np.asarray(run.value(graph.grads[number]))
    if gradient is not None and gradient.any():
        zeros = int((gradient == 0).sum())
        said = f"{zeros} of its {gradient.size} elements are" if zeros else "it is not zero: "
        steps.append(Step("the gradient", ((said + (" zero: " if zeros else ""), figure(gradient)),), number))
        if not zeros:
            return Page(title, tuple(steps))
    for finding in found:
        steps.append(Step(finding.kind, ((finding.sentence,),), finding.node))
    if not found:
        said = "every single contribution is fine; they cancel in the sum over paths or elements"
        steps.append(Step("in sum", ((said,),), number))
    return Page(title, tuple(steps))


def zero_findings(run: Run, number: int) -> list[Finding]:
    """The verdicts behind a gradient that is zero or missing."""
    graph = run.graph
    called = names(graph)
    grad = graph.grads.get(number)
    if grad is not None and graph.nodes[grad].why.kind != "unused":
        return blocks(run, number)
    live = reached(graph, number)
    out = next((n.why.of for n in graph.nodes[graph.forward_count :] if n.why.kind == "seed"), graph.outputs[0])
    own = graph.nodes[number].type
    size = own.size if isinstance(own, Type) else 0
    if out not in live:
        said = f"no path: node {out}, {called[out]}, does not depend on node {number}, {called[number]}"
        return [Finding("no path", number, None, size, size, said)]
    ends = []
    for i in sorted(live):
        op = graph.nodes[i].op
        if i != number and not op.differentiable:
            line = graph.nodes[i].at
            where = f" on line {line.line}" if line is not None else ""
            kind: Kind = "stopped" if op.name == "stop_gradient" else "no derivative"
            reason = "counts its operand as constant" if kind == "stopped" else f"{op.name} has no derivative"
            ends.append(Finding(kind, i, None, size, size, f"every path ends at node {i}, {called[i]}{where}: it {reason}"
                                if kind == "stopped" else f"a path ends at node {i}, {called[i]}{where}: {reason}"))  # fmt: skip
    return ends


def reached(graph: Graph, number: int) -> set[int]:
    """The forward nodes that depend on a node."""
    found = {number}
    for i in range(number + 1, graph.forward_count):
        if any(j in found for j in graph.nodes[i].inputs):
            found.add(i)
    return found


def why_nan(run: Run) -> Page:
    """A page on where NaN and ∞ are born, forward and backward, what they poison, and what may help.

    A run without such numbers gives a page that says so.
    """
    graph = run.graph
    called = names(graph)
    steps: list[Step] = []
    for backward in (False, True):
        order = "backward" if backward else "forward"
        for kind, word in (("inf", "∞"), ("nan", "NaN")):
            for n, finding in enumerate(births(run, kind, backward)):  # type: ignore[arg-type]
                lines: list[Line] = [(finding.sentence,)]
                many = f"{finding.count} of {finding.size} elements"
                if finding.size > 1:
                    lines.append((f"{many} of this node",))
                help_ = mend(run, finding)
                if help_:
                    lines.append((f"what helps: {help_}",))
                title = f"{'first ' if n == 0 else ''}{word} going {order}"
                steps.append(Step(title, tuple(lines), finding.node))
    poisoned = [i for i in graph.inputs if i in graph.grads and bad_of(run.value(graph.grads[i]), "nan").any()]
    if poisoned:
        words = ", ".join(called[i] for i in poisoned)
        steps.append(Step("what it reaches", ((f"the gradient of {words} is not a number",),), poisoned[0]))
    if not steps:
        steps.append(Step("all is finite", (("every value and every gradient of this run is a finite number",),)))
    return Page("Where is it not a number?", tuple(steps))


def diagnose(run: Run) -> list[Finding]:
    """Everything wrong with a run: births of NaN and ∞ and, for each input whose gradient is all zero, why."""
    found = [f for backward in (False, True) for kind in ("nan", "inf") for f in births(run, kind, backward)]
    for i in run.graph.inputs:
        grad = run.graph.grads.get(i)
        if grad is not None and not np.asarray(run.value(grad)).any():
            found += zero_findings(run, i)
    return found
