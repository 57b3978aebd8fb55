"""The story of one node: what arrives from above, what it does to it, and what goes on down each edge.

*Upstream × local = downstream*, in letters, numbers and shapes, and the visible sum where several arrive.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from ..core.graph import Graph, Node
from ..core.math import ADD, MULTIPLY, Math, infix, name
from ..core.types import Type
from ..run.record import Edge, Run
from .formula import names, spelled
from .letters import definitions, lettered, partial, with_operands
from .local import local_array
from .page import Line, Page, Step, figure, shape_text
from .paths import nodes_between

__all__ = ["downstream_letters", "edge_equation", "local_letters", "rule_of", "story", "story_steps"]

STRETCHING = frozenset({"broadcast_to", "expand_dims", "reshape"})  # what gradients do to fit: the shapes beside them say so
DEEP = 40  # nodes of a local derivative written in letters; a longer one is shown as its number only


def rule_of(node: Node) -> str:
    """The rule of a node's derivative, in words."""
    return node.op.words or f"derivative of {node.op.name}"


def who(graph: Graph, number: int, called: list[Math]) -> str:
    """A node by its name, or by its letter and its number, which is what a picture has."""
    node = graph.nodes[number]
    return spelled(called[number]) + (f" (node {number})" if node.inputs and not node.name else "")


def local_letters(graph: Graph, edge: Edge, called: list[Math]) -> Math | None:
    """The local derivative as its rule writes it, in the letters of the forward nodes; None where it is long."""
    return letters_of(graph, edge.part.local, called, {}) if edge.part.local >= 0 else None


def downstream_letters(graph: Graph, edge: Edge, called: list[Math], top: int) -> Math | None:
    """What goes down an edge as its rule writes it, the gradient that arrives as ∂top/∂consumer; None where it is long."""
    arrives = partial(called[top], called[edge.consumer])
    return letters_of(graph, edge.part.downstream, called, {edge.part.upstream: arrives})


def letters_of(graph: Graph, target: int, called: list[Math], known: dict[int, Math]) -> Math | None:
    """A node that differentiation wrote, in the letters of the forward nodes and of those that are known."""
    first = graph.forward_count
    spoken = dict(known)
    todo, seen = [target], 0
    while todo:
        i = todo[-1]
        node = graph.nodes[i]
        if i in spoken:
            todo.pop()
        elif i < first:
            spoken[i] = called[i]
        elif not node.inputs:
            spoken[i] = figure(node.attr("value")) if node.op.name == "const" else name(f"#{i}")
        else:
            missing = [j for j in node.inputs if j not in spoken]
            if missing:
                todo += missing
                seen += len(missing)
                if seen > DEEP:
                    return None
            elif node.op.name in STRETCHING:
                spoken[i] = spoken[node.inputs[0]]
            else:
                spoken[i] = node.op.math([spoken[j] for j in node.inputs], node.attrs)
    return spoken[target]


def edge_equation(graph: Graph, edge: Edge, called: list[Math]) -> Math:
    """∂consumer/∂operand = letters = number."""
    sign = partial(called[edge.consumer], called[edge.to])
    letters, value = local_letters(graph, edge, called), figure(local_array(edge))
    if letters is not None and letters != value:
        sign = infix("=", sign, letters, 5)
    return infix("=", sign, value, 5)


def story(run: Run, node: int | str) -> Page:
    """A page about one node of a run with gradients: upstream in, locals, downstream out.

    Raises: NameError for a node that is not there.
    """
    number = run.graph.number(node)
    called = lettered(run.graph)
    steps = node_steps(run, number, called) if number < run.graph.forward_count else gradient_steps(run, number)
    return Page(f"Node {number}: {names(run.graph)[number]}", tuple(steps))


def gradient_steps(run: Run, number: int) -> list[Step]:
    """A gradient node: its value, and why it was written."""
    graph, why = run.graph, run.graph.nodes[number].why
    operand = f", operand {why.operand}" if why.operand else ""
    of = f" of node {why.of} ({names(graph)[why.of]}{operand})" if why.of >= 0 else ""
    return [
        Step("value", ((f"{run[number].signature}  ", figure(run.value(number))),), number),
        Step("why", ((f"{why.kind}{of}, by the rule {why.rule or 'of the source'}",),), max(why.of, 0)),
    ]


def node_steps(run: Run, number: int, called: list[Math]) -> list[Step]:
    """Value, upstream, and one step per operand."""
    graph = run.graph
    node = graph.nodes[number]
    window = run[number]
    shaped = f", shape {shape_text(window.shape)}" if isinstance(node.type, Type) else ""
    lines: list[Line] = [(f"{window.signature}{shaped}",)]
    lines.append(("value ", figure(window.value)))
    lines += [(str(flag),) for flag in window.flags]
    lines += [(said,) for said in dict.fromkeys(window.asked)]
    definition = definitions(graph, called, [number])
    steps = [Step("forward", (*definition, *lines), number)]
    if number not in graph.grads:
        steps.append(Step("no gradient", (("the gradient that was asked for does not pass through this node",),), number))
        return steps
    steps.append(upstream_step(run, number, called))
    top = next((n.why.of for n in graph.nodes[graph.forward_count :] if n.why.kind == "seed"), graph.outputs[0])
    for edge in window.parts:
        steps.append(downstream_step(run, edge, called, top))
    return steps


def upstream_step(run: Run, number: int, called: list[Math]) -> Step:
    """What arrives from the consumers, summed where there are several."""
    graph = run.graph
    gradient = run.value(graph.grads[number])
    arrived = [Edge(run, i, k, part) for (i, k), part in graph.parts.items() if graph.nodes[i].inputs[k - 1] == number]
    begun = graph.nodes[graph.grads[number]].why
    seed = begun.kind == "seed" and begun.of == number
    lines: list[Line] = []
    if seed:
        why = "given" if run.seeded else "one: the derivative of the output by itself" if np.ndim(gradient) == 0 else "ones"
        lines.append((f"the seed is {why}: ", figure(gradient)))
    for edge in arrived:
        lines.append((f"from {who(graph, edge.consumer, called)}, operand {edge.operand}: ", figure(edge.downstream)))
    if len(arrived) > 1:
        total: Math = figure(arrived[0].downstream)
        for edge in arrived[1:]:
            total = infix("+", total, figure(edge.downstream), ADD)
        lines.append(("summed: ", infix("=", total, figure(gradient), 5)))
    if not lines:
        lines.append((f"nothing arrives: {graph.nodes[graph.grads[number]].why.rule}, so the gradient is ", figure(gradient)))
    return Step("upstream", tuple(lines), number)


def downstream_step(run: Run, edge: Edge, called: list[Math], top: int) -> Step:
    """Upstream × local = downstream on one edge, for the derivative of `top`."""
    graph = run.graph
    lines: list[Line] = [(rule_of(graph.nodes[edge.consumer]),)]
    above, below = shape_text(np.shape(edge.upstream)), shape_text(np.shape(edge.downstream))
    down = figure(edge.downstream)
    if edge.part.local >= 0:
        lines.append((edge_equation(graph, edge, called),))
        times = "·" if np.ndim(edge.upstream) == 0 else "⊙"
        product = infix(times, figure(edge.upstream), figure(edge.local), MULTIPLY)
        if above == below:
            with np.errstate(all="ignore"):
                plain = np.asarray(edge.upstream) * np.asarray(edge.local)
            limit = bool((np.isnan(plain) & ~np.isnan(edge.downstream)).any())
            lines.append(("upstream × local = ", infix("→" if limit else "=", product, down, 5)))
        else:
            lines.append(("upstream × local = ", product))
            lines.append((f"summed over the axes that were stretched, from {above} to {below}: ", down))
    else:
        local = local_array(edge)
        if local is not None and np.ndim(local) <= 2:
            lines.append((f"local derivative, shape {shape_text(np.shape(local))}: ", figure(local)))
        letters = downstream_letters(graph, edge, called, top)
        lines.append(("downstream = ", down if letters is None or letters == down else infix("=", letters, down, 5)))
        if above != below:
            lines.append((f"upstream has shape {above}, downstream {below}",))
    return Step(f"operand {edge.operand}, {who(graph, edge.to, called)}", tuple(lines), edge.to)


def story_steps(run: Run, of: int, wrt: int, called: list[Math]) -> list[Step]:
    """Node by node from the output down to an input, for graphs with arrays."""
    between = sorted(nodes_between(run, of, wrt), reverse=True)
    steps = [Step("in letters", definitions(run.graph, called, with_operands(run.graph, between)), of)]
    arrivals = Counter(run.graph.nodes[i].inputs[k - 1] for i, k in run.graph.parts)
    for i in between:
        steps += [upstream_step(run, i, called)] if i in run.graph.grads and (i == of or arrivals[i] > 1) else []
        steps += [downstream_step(run, e, called, of) for e in run[i].parts if e.to in between]
    gradient: Any = run.value(run.graph.grads[wrt]) if wrt in run.graph.grads else None
    if gradient is None or not between:
        said = f"{spelled(called[of])} does not depend on {spelled(called[wrt])}, so the derivative is zero"
        return [Step("no path", ((said,),), wrt)]
    steps.append(Step("the result", ((infix("=", partial(called[of], called[wrt]), figure(gradient), 5),),), wrt))
    return steps
