"""The account of a run: everything about every node, in lines of text as long as they need to be.

A picture has to fit; an account does not. Per node: number and `name :: type`, `op :: signature`, shape, value, gradient;
per edge down: upstream × local = downstream. `closeup` tells of one node alone: what arrives from above and how it is
summed, what the node does with it, and what goes down; `tree` writes the graph as the tree that the formula is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..core.graph import Graph, Part, Parts
from ..core.op import signature_of
from ..core.types import TupleType, Type
from ..explain.formula import names, names_of
from ..explain.local import local_array
from ..explain.page import shape_text
from ..run.record import Edge, Run, Window
from .figures import bracketed, inline, number

__all__ = ["account", "closeup", "formula", "stated", "summary", "titled", "tree"]

Names = Sequence[str] | Mapping[int, str]  # by number of the node

MOST = 60       # nodes from each end of a long account
LONGEST = 60    # operations in a formula
TITLE = 80      # letters of a formula that is a title
WIDE = 10       # the words before values, in letters


def value_lines(value: Any, full: bool = False) -> list[str]:
    """A value as lines: a scalar in full precision, an array in brackets, its middle left out unless `full`."""
    array = np.asarray(value)
    if array.ndim == 0:
        return [number(array[()])]
    if not full:
        return bracketed(array) if array.ndim > 1 else [inline(array, 6, 8)]
    width = max((len(number(x)) for x in array.flat), default=0)
    each: Any = {"all": lambda x: number(x).rjust(width)}
    return np.array2string(array, formatter=each, threshold=array.size + 1, max_line_width=120).splitlines()


def labelled(word: str, value: Any, full: bool, indent: int = 4) -> list[str]:
    """A value behind its label, further lines below its first."""
    first, *rest = value_lines(value, full)
    left = " " * indent
    return [f"{left}{word:<{WIDE}}{first}", *(f"{left}{'':<{WIDE}}{line}" for line in rest)]


def stated(word: str, value: Any, full: bool) -> list[str]:
    """`word = value`, further lines of the value below its first."""
    first, *rest = value_lines(value, full)
    start = f"{word} = "
    return [start + first, *(" " * len(start) + line for line in rest)]


def account(subject: Graph | Run, full: bool = False) -> str:
    """Every node and every edge; a long graph is elided in the middle unless `full`."""
    graph, run = (subject.graph, subject) if isinstance(subject, Run) else (subject, None)
    count = graph.forward_count
    shown = range(count) if full or count <= 2 * MOST else [*range(MOST), *range(count - MOST, count)]
    called = names_of(graph, {*shown, *(j for i in shown for j in graph.nodes[i].inputs)})
    parts = parts_of(graph, shown)
    lines: list[str] = []
    last = -1
    for i in shown:
        if i != last + 1:
            lines += ["", f"⋮  {i - last - 1} more nodes"]
        last = i
        lines += [""] if lines else []
        lines += head(graph, i, called)
        lines += [] if run is None else body(run[i], called, parts, full)
        if run is None and graph.nodes[i].inputs:
            lines.append("    of        " + ", ".join(f"{j} ({called[j]})" for j in graph.nodes[i].inputs))
    return "\n".join(lines)


def head(graph: Graph, i: int, called: Names) -> list[str]:
    """Who a node is."""
    node = graph.nodes[i]
    if node.type is None:
        return [f"{i}  {called[i]}", f"    {signature_of(graph.nodes, i)}"]
    shape = " " + shape_text(node.type.shape) if isinstance(node.type, Type) else ""
    output = "   (output)" if i in graph.outputs else ""
    return [
        f"{i}  {called[i]} :: {node.type}{shape}{output}",
        f"    {signature_of(graph.nodes, i)}",
    ]


def parts_of(graph: Graph, consumers: Collection[int]) -> Mapping[tuple[int, int], Part]:
    """The parts of some nodes; the others are not looked at where there are a million of them."""
    return graph.parts.of(consumers) if isinstance(graph.parts, Parts) else graph.parts


def body(window: Window, called: Names, parts: Mapping[tuple[int, int], Part], full: bool) -> Iterator[str]:
    """What a node holds, and what its edges carry."""
    if isinstance(window.type, TupleType):
        yield "    value     in the nodes that take its outputs"
    else:
        yield from labelled("value", window.value, full)
    if window.gradient is not None and not isinstance(window.type, TupleType):
        yield from labelled("gradient", window.gradient, full)
    graph, number = window.run.graph, window.number
    for k, j in enumerate(window.node.inputs, 1):
        if (number, k) in parts:
            yield from edge_lines(Edge(window.run, number, k, parts[number, k]), called, full)
        else:
            kind = graph.nodes[j].op.name
            still = "a constant" if kind == "const" else "no gradient is asked for" if number in graph.grads else ""
            yield f"    · operand {k}, node {j} ({called[j]})" + (f": {still}" if still else "")


def edge_lines(edge: Edge, called: Names, full: bool) -> Iterator[str]:
    """One edge: upstream × local = downstream, on one line for scalars and on several for arrays."""
    graph = edge.run.graph
    start = f"    ↓ operand {edge.operand}, node {edge.to} ({called[edge.to]})"
    if isinstance(graph.nodes[edge.consumer].type, TupleType) or isinstance(graph.nodes[edge.to].type, TupleType):
        yield f"{start}: one of several outputs"
        return
    if edge.part.local < 0:
        node = graph.nodes[edge.consumer]
        words = node.op.words or "the rule of " + node.op.name
        if not full or local_array(edge) is None:
            yield f"{start}: {words}"
            yield from labelled("upstream", edge.upstream, full, 6)
            yield from labelled("=", edge.downstream, full, 6)
            return
        yield f"{start}: {words}; local is the Jacobian"
    elif all(np.ndim(term) == 0 for term in (edge.upstream, edge.local, edge.downstream)):
        yield f"{start}: {number(edge.upstream)} × {number(edge.local)} = {number(edge.downstream)}"
        return
    else:
        yield f"{start}:"
    yield from labelled("upstream", edge.upstream, full, 6)
    yield from labelled("× local", local_array(edge), full, 6)
    yield from labelled("=", edge.downstream, full, 6)


def closeup(run: Run, i: int, full: bool = False) -> str:
    """One node alone: the gradients that arrive and their sum, the local derivatives, what goes down each edge."""
    graph = run.graph
    called = names(graph)
    window = run[i]
    lines = head(graph, i, called)
    if not isinstance(window.type, TupleType):
        lines += labelled("value", window.value, full)
    arriving = [
        Edge(run, consumer, operand, part)
        for (consumer, operand), part in sorted(graph.parts.items())
        if graph.nodes[consumer].inputs[operand - 1] == i
    ]
    if window.gradient is not None and not isinstance(window.type, TupleType):
        lines += ["  upstream"]
        for edge in arriving:
            word = f"from node {edge.consumer} ({called[edge.consumer]}), operand {edge.operand}: "
            lines += labelled(word, edge.downstream, full)
        why = graph.nodes[graph.grads[i]].why
        if not arriving and why.kind == "seed":
            lines += ["    the seed: this is the node that is differentiated"]
        if not arriving and why.kind == "unused":
            lines += [f"    nothing arrives: {why.rule}"]
        lines += labelled("sum" if len(arriving) > 1 else "gradient", window.gradient, full)
    if window.parts:
        words = window.node.op.words
        lines += ["  downstream" + (f" ({words})" if words else "")]
        for edge in window.parts:
            lines += edge_lines(edge, called, full)
    return "\n".join(lines)


def tree(subject: Graph | Run) -> str:
    """The first output of a tree (see `explain.unshared`) in lines, each operand with what its edge carries."""
    graph, run = (subject.graph, subject) if isinstance(subject, Run) else (subject, None)
    called = names(graph)
    lines: list[str] = []
    todo: list[tuple[int, str, str, int, int]] = [(graph.outputs[0], "", "", -1, 0)]
    while todo:
        i, left, mark, consumer, operand = todo.pop()
        node = graph.nodes[i]
        word = f"{node.op.glyph or node.op.name}  [{i}]" if node.inputs else called[i]
        if node.inputs and node.name:
            word = f"{node.name}: {word}"
        if run is not None and not isinstance(node.type, TupleType):
            if node.op.name != "const" or np.ndim(run.value(i)):
                word += f"  = {inline(run.value(i), 17 if np.ndim(run.value(i)) == 0 else 6)}"
            edge = (consumer, operand)
            if edge in graph.parts:
                word += f"   gradient {inline(run.value(graph.parts[edge].downstream), 17)}"
            elif consumer < 0 and i in graph.grads:
                word += f"   gradient {inline(run.value(graph.grads[i]), 17)}"
        lines.append(left + mark + word)
        below = left + {"├─ ": "│  ", "└─ ": "   ", "": ""}[mark]
        operands = list(enumerate(node.inputs, 1))
        for k, j in reversed(operands):
            todo.append((j, below, "└─ " if k == len(operands) else "├─ ", i, k))
    return "\n".join(lines)


def formula(graph: Graph) -> str:
    """The outputs as formulas, named parts written out; what is too long for a line stands under its number."""
    count = graph.forward_count
    plain = graph.with_(nodes=tuple(node._replace(name="") if node.inputs else node for node in graph.nodes[:count]))
    written: Names = names(plain, longest=LONGEST) if count < 1000 else names_of(plain, graph.outputs)
    named = [(graph.nodes[i].name if graph.nodes[i].inputs else "", written[i]) for i in graph.outputs]
    return "\n".join(f"{word} = {text}" if word else text for word, text in named)


def titled(subject: Graph | Run) -> str:
    """The formula of a graph where it is short enough for a title, else the names of its outputs."""
    graph = subject.graph if isinstance(subject, Run) else subject
    written = formula(graph)
    if "\n" not in written and len(written) <= TITLE:
        return written
    return "Graph of " + ", ".join(names_of(graph, graph.outputs)[i] for i in graph.outputs)


def summary(run: Run, full: bool = False, wrt: Sequence[int] | None = None) -> str:
    """What was asked: the output, its upstream gradient, and the gradient by each input."""
    graph = run.graph
    seeds = [node.why.of for node in graph.nodes[graph.forward_count :] if node.why.kind == "seed"]
    called = names_of(graph, {*graph.inputs, *graph.outputs, *(wrt or ()), *seeds})
    lines: list[str] = []
    for i in graph.outputs:
        if isinstance(graph.nodes[i].type, Type):
            lines += stated(called[i], run.value(i), full)
    if seeds and isinstance(graph.nodes[seeds[0]].type, Type) and graph.type(seeds[0]).shape and not run.seeded:
        t = graph.type(seeds[0])
        lines.append(
            f"{called[seeds[0]]} is a {t} {shape_text(t.shape)}, not a scalar: its upstream gradient is ones, "
            "so these are the gradients of the sum of its items"
        )
    elif seeds and run.seeded:
        lines.append(f"the upstream gradient of {called[seeds[0]]} was given: {inline(run.value(graph.grads[seeds[0]]), 6)}")
    for i in graph.inputs if wrt is None else wrt:
        if i in graph.grads:
            lines += stated(f"gradient by {called[i]}", run.value(graph.grads[i]), full)
            why = graph.nodes[graph.grads[i]].why
            if why.kind == "unused":
                lines[-1] += f"   ({why.rule})"
    return "\n".join(lines)
