"""The same gradient by every way there is, side by side: value, error, operations, size of the expression, time.

Measuring runs the function once or several times for each parameter. Doing it on paper writes an expression for each
parameter, which without sharing may grow exponentially and with sharing does not. Forward mode runs the graph once for
each parameter; reverse mode once for all of them. The numbers come out alike, what they cost does not: that is the point.

Every count is about the same parameters: the single numbers in the inputs, up to a limit that is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from ..core.graph import Graph, Node
from ..core.table import TABLE
from ..core.tape import Tape
from ..core.types import TupleType, Type
from ..diff.forward import forward
from ..diff.numeric import measure
from ..diff.reverse import is_float, reverse
from ..diff.symbolic import counted, derivative, needed, tree, tree_sizes
from ..errors import DifferentiationError
from ..rewrite.apply import Step, apply
from ..run.reference import evaluate

__all__ = ["Way", "Ways", "cost", "growth", "ways"]

MOST: Final = 64               # parameters; more of them tell nothing that these do not
EFFORT: Final = 1_000_000      # nodes that measuring may run, so that a large graph answers too
EVALUATIONS: Final = 32        # what measuring takes for one parameter where it takes most
WRITTEN: Final = 20_000        # nodes of trees that are written out and run
PAPER: Final = ("simplify", "algebra", "fold", "share")  # what one does on paper to an expression

Parameter = tuple[int, int]    # input, place in its flattened value


@dataclass(frozen=True, slots=True)
class Way:
    """One way: a gradient for each parameter (None where it was too large to run), its largest relative error against the
    reference, operations and time for all parameters together, and the nodes of all expressions that were written.
    """

    name: str
    gradients: tuple[float, ...] | None
    error: float | None
    operations: int
    size: int | None
    time_s: float | None
    note: str = ""
    steps: tuple[Step, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways, with the parameters that they are about, by name, and how many there are in all."""

    parameters: tuple[str, ...]
    total: int
    value: float
    reference: str
    ways: tuple[Way, ...]

    def __getitem__(self, name: str) -> Way:
        return next(way for way in self.ways if way.name == name)

    def __str__(self) -> str:
        few = len(self.parameters) < self.total
        head = f"the gradient by {len(self.parameters)} {'of ' + str(self.total) + ' ' if few else ''}parameter"
        head += "s" if max(len(self.parameters), self.total) != 1 else ""
        shown = self.parameters[:3]
        rows = [("", *(f"d/d{name}" for name in shown), "error", "operations", "expression", "time", "")]
        for way in self.ways:
            numbers = ("–",) * len(shown) if way.gradients is None else tuple(f"{g:.8g}" for g in way.gradients[: len(shown)])
            rows.append((
                way.name, *numbers,
                "–" if way.error is None else f"{way.error:.1e}",
                counted(way.operations),
                "–" if way.size is None else counted(way.size),
                "–" if way.time_s is None else spelled_time(way.time_s),
                way.note,
            ))  # fmt: skip
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        lines = []
        for row in rows:
            cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
            lines.append("  ".join([row[0].ljust(widths[0]), *cells[1:-1], row[-1]]).rstrip())
        return "\n".join([head, *lines, f"error: the largest, relative to {self.reference}"])


def spelled_time(t: float) -> str:
    """Seconds in the unit that suits them."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if t >= size:
            return f"{t / size:.3g} {unit}"
    return f"{t / 1e-6:.3g} µs"


def cost(graph: Graph) -> list[int]:
    """For each node how many floating point operations it takes: what its row says, nothing where numbers are only moved,
    and else one for each element of its largest operand or result.
    """
    found = []
    for node in graph.nodes:
        types = [graph.nodes[j].type for j in node.inputs]
        found.append(operations(node, types))
    return found


def operations(node: Node, types: Sequence[Type | TupleType | None]) -> int:
    op = node.op
    if op.cost is not None:
        return int(op.cost(*types, **dict(node.attrs)))
    if op.kind in ("leaf", "shape", "index") or op.name in ("broadcast_to", "identity", "stop_gradient") or not node.inputs:
        return 0
    return max(t.size for t in [*types, node.type] if isinstance(t, Type))


class Question:
    """What is differentiated by what, at which values; and the answer that is held to be true."""

    def __init__(self, graph: Graph, values: Mapping[int, Any], of: int | None, wrt: Sequence[int] | None, most: int) -> None:
        out = graph.outputs[0] if of is None else of
        kind = graph.nodes[out].type
        if not isinstance(kind, Type) or kind.dtype.kind != "f":
            raise DifferentiationError(
                f"node {out} ({graph.nodes[out].name or graph.nodes[out].op.name}) is {kind}, "
                "and the ways are compared on real floats: differentiate one of those instead"
            )
        self.graph, self.out = summed(graph, out)
        self.values = values
        inputs = [i for i in (graph.inputs if wrt is None else wrt) if graph.type(i).dtype.kind == "f"]
        all_of_them = [(i, k) for i in inputs for k in range(graph.type(i).size)]
        self.total = len(all_of_them)
        if not all_of_them:
            raise DifferentiationError("there is no input of real floats to differentiate by: give one, as in x=1.0")
        self.parameters: list[Parameter] = all_of_them[: max(1, min(most, EFFORT // (EVALUATIONS * len(graph))))]
        self.inputs = list(dict.fromkeys(i for i, _ in self.parameters))
        written = reverse(self.graph, self.out, self.inputs)
        self.backward, self.places = cut(written, {i: written.grads[i] for i in self.inputs})
        given = self.numbered(self.backward)
        found = extended(self.backward, given)
        self.reference = "reverse mode in extended precision" if found is not None else "reverse mode"
        if found is None:
            found = evaluate(self.backward, given)
        self.truth = self.picked({i: found[n] for i, n in self.places.items()})

    def picked(self, gradients: Mapping[int, Any]) -> tuple[Any, ...]:
        """The numbers of the parameters out of gradients of whole inputs."""
        return tuple(np.asarray(gradients[i]).reshape(-1)[k] for i, k in self.parameters)

    def named(self) -> tuple[str, ...]:
        """The parameters as a reader calls them: x, or w[2] for one number of several."""
        names = []
        for i, k in self.parameters:
            shape = self.graph.type(i).shape
            name = self.graph.nodes[i].name or f"#{i}"
            names.append(name + (f"[{', '.join(map(str, np.unravel_index(k, shape)))}]" if shape else ""))
        return tuple(names)

    def error(self, found: Sequence[Any]) -> float:
        """The largest relative difference from the truth; equal infinities and NaN beside NaN count as none."""
        worst = 0.0
        for g, true in zip(found, self.truth, strict=True):
            if g == true or (np.isnan(g) and np.isnan(true)):
                continue
            off = abs(np.longdouble(g) - true) / (abs(true) if true else 1.0)
            worst = max(worst, float(off) if not np.isnan(off) else float("inf"))
        return worst

    def numbered(self, graph: Graph) -> dict[int, Any]:
        """The values for a graph whose inputs were renumbered, in the same order."""
        return dict(zip(graph.inputs, (self.values[i] for i in self.graph.inputs), strict=True))


def summed(graph: Graph, out: int) -> tuple[Graph, int]:
    """The graph with one number on top: the node itself, or its sum, which is what a seed of ones differentiates."""
    graph = graph.with_(grads={}, parts={}, tangents={}, forward=-1)
    if graph.type(out).shape != ():
        tape = Tape()
        tape.nodes = list(graph.nodes)
        out = TABLE["sum"](tape.handle(out)).number
        graph = graph.with_(nodes=tuple(tape.nodes))
    return graph.with_(outputs=(out,)), out


def cut(graph: Graph, wanted: Mapping[int, int]) -> tuple[Graph, dict[int, int]]:
    """The graph without what the wanted nodes do not need, and where they are now."""
    short = needed(graph.with_(outputs=tuple(wanted.values())))
    return short, dict(zip(wanted, short.outputs, strict=True))


def extended(graph: Graph, values: Mapping[int, Any]) -> list[Any] | None:
    """Every value with more digits than float64 has, or None where the machine or one of the rows has no more."""
    if np.finfo(np.longdouble).eps >= np.finfo(np.float64).eps:
        return None
    wide = {i: np.asarray(x, np.longdouble)[()] if np.asarray(x).dtype.kind == "f" else x for i, x in values.items()}
    nodes = []
    for node in graph.nodes:
        value = node.attr("value")
        if node.op.name == "const" and np.asarray(value).dtype.kind == "f":
            node = node._replace(attrs=(("value", np.asarray(value, np.longdouble)[()]),))
        nodes.append(node)
    try:
        found = evaluate(graph.with_(nodes=tuple(nodes)), wide)
    except (TypeError, KeyError, ValueError):  # a row whose formula is for 64 bits only
        return None
    for node, value in zip(graph.nodes, found, strict=True):
        if is_float(node) and np.asarray(value).dtype != np.longdouble:
            return None
        if is_float(node) and node.inputs and not keeps_digits(node, [found[k] for k in node.inputs]):
            return None
    return found


def keeps_digits(node: Node, operands: Sequence[Any]) -> bool:
    """Whether a row answers with more digits than float64 has when its operands have more: some compute in 64 bits."""
    fine = [np.nextafter(x, np.longdouble(np.inf)) if np.asarray(x).dtype == np.longdouble else x for x in operands]
    with np.errstate(all="ignore"):
        value = np.asarray(node.op.value(*fine, **dict(node.attrs)))
        exact = (value == 0) | ~np.isfinite(value)
        return bool(np.all(exact) or np.any(value != value.astype(np.float64)))  # which may overflow


def timed(work: Callable[[], Any], rounds: int = 3) -> tuple[Any, float]:
    """What the work gives, and the shortest time it took."""
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        found = work()
        best = min(best, time.perf_counter() - start)
    return found, best


def by_measuring(q: Question) -> Way:
    """Moving each parameter a little."""
    elements: dict[int, list[int]] = {}
    for i, k in q.parameters:
        elements.setdefault(i, []).append(k)
    found, spent = timed(lambda: measure(q.graph, q.values, evaluate, q.out, q.inputs, elements=elements), 1)
    gradients = q.picked(found.gradients)
    runs = f"{found.method}, {found.evaluations} run{'s' if found.evaluations != 1 else ''}"
    once = sum(cost(needed(q.graph)))
    return Way("numeric", floats(gradients), q.error(gradients), found.evaluations * once, None, spent, runs)


def on_paper(q: Question) -> tuple[Way, Way]:
    """An expression for each parameter: as trees, and as one graph that shares and has been simplified."""
    graphs = [derivative(q.graph, i, k, q.out) for i, k in q.parameters]
    size = sum(tree_sizes(g)[g.outputs[0]] for g in graphs)
    count = sum(tree_sizes(g, cost(g))[g.outputs[0]] for g in graphs)
    if size > WRITTEN:
        first = Way("symbolic, unshared", None, None, count, size, None, "too large to write out")
    else:
        trees = [tree(g) for g in graphs]
        found, spent = timed(lambda: [evaluate(t, q.numbered(t))[t.outputs[0]] for t in trees])
        first = Way("symbolic, unshared", floats(found), q.error(found), count, size, spent)
    joined = joint(graphs)
    made = apply(joined, PAPER)
    short = made.graph
    values = q.numbered(short)
    results, spent = timed(lambda: evaluate(short, values))
    found = [results[n] for n in short.outputs]
    note = f"{len(made.steps)} rewrites"
    return first, Way("symbolic, shared", floats(found), q.error(found), sum(cost(short)), len(short), spent, note, made.steps)


def joint(graphs: Sequence[Graph]) -> Graph:
    """Graphs over the same inputs as one graph, with an output for each."""
    first = graphs[0]
    nodes: list[Node] = [first.nodes[i] for i in first.inputs]
    outputs = []
    for graph in graphs:
        numbers = dict(zip(graph.inputs, range(len(first.inputs)), strict=True))
        for i, node in enumerate(graph.nodes):
            if i not in numbers:
                numbers[i] = len(nodes)
                nodes.append(node._replace(inputs=tuple([numbers[j] for j in node.inputs])))
        outputs.append(numbers[graph.outputs[0]])
    return Graph(tuple(nodes), tuple(range(len(first.inputs))), tuple(outputs))


def by_forward(q: Question) -> Way:
    """One run for each parameter, with the tangent beside each value."""
    pushed = forward(q.graph, q.inputs)
    seeds = dict(zip(q.inputs, pushed.inputs[len(q.graph.inputs) :], strict=True))
    short = needed(pushed.with_(outputs=(pushed.tangents[q.out],), tangents={}, forward=-1))
    place = dict(zip(pushed.inputs, short.inputs, strict=True))
    start = {place[i]: q.values[i] for i in q.graph.inputs}
    zero = {place[n]: np.zeros(q.graph.type(i).shape, q.graph.type(i).dtype) for i, n in seeds.items()}

    def work() -> list[Any]:
        found = []
        for i, k in q.parameters:
            move = zero[place[seeds[i]]].copy()
            move.reshape(-1)[k] = 1.0
            found.append(evaluate(short, {**start, **zero, place[seeds[i]]: move[()]})[short.outputs[0]])
        return found

    found, spent = timed(work)
    runs = len(q.parameters)
    count = runs * sum(cost(short))
    return Way("forward", floats(found), q.error(found), count, len(short), spent, f"{runs} run{'s' if runs > 1 else ''}")


def by_reverse(q: Question) -> Way:
    """One run for all parameters."""
    graph = q.backward
    values = q.numbered(graph)
    results, spent = timed(lambda: evaluate(graph, values))
    found = q.picked({i: results[n] for i, n in q.places.items()})
    return Way("reverse", floats(found), q.error(found), sum(cost(graph)), len(graph), spent, "1 run")


def floats(found: Sequence[Any]) -> tuple[float, ...]:
    return tuple(float(g) for g in found)


def ways(
    graph: Graph, values: Mapping[int, Any], of: int | None = None, wrt: Sequence[int] | None = None, most: int = MOST
) -> Ways:
    """The gradient of one node by the first `most` numbers of the inputs `wrt`, by every way.

    `graph` is typed and `values` are its inputs by number; `of` is the node (default: the first output; an array counts as its
    sum), `wrt` the inputs (default: all floats). Raises: DifferentiationError for a node that is no real float.

    >>> from backlight.run.reference import bind
    >>> found = ways(*bind(bl.parse("(x * y)^2"), {"x": 3.0, "y": 5.0}))
    >>> for way in found.ways: print(way.name, [round(g, 6) for g in way.gradients], way.size)
    numeric [150.0, 90.0] None
    symbolic, unshared [150.0, 90.0] 18
    symbolic, shared [150.0, 90.0] 7
    forward [150.0, 90.0] 11
    reverse [150.0, 90.0] 9
    """
    with np.errstate(all="ignore"):  # what is no number is shown, not warned of
        q = Question(graph, values, of, wrt, most)
        value = float(evaluate(q.graph, values)[q.out])
        found = (by_measuring(q), *on_paper(q), by_forward(q), by_reverse(q))
    return Ways(q.named(), q.total, value, q.reference, found)


def growth(
    graph: Graph, values: Mapping[int, Any], of: int | None = None, wrt: Sequence[int] | None = None, most: int = MOST
) -> tuple[Ways, ...]:
    """The same for 1, 2, 4, 8, … parameters, up to all or `most` of them: how each way grows with their number."""
    found: list[Ways] = []
    count = 1
    while not found or len(found[-1].parameters) < min(most, found[-1].total):
        before = len(found[-1].parameters) if found else 0
        found.append(ways(graph, values, of, wrt, min(count, most)))
        count *= 2
        if len(found[-1].parameters) == before:  # the graph is too large for more
            return tuple(found[:-1])
    return tuple(found)
