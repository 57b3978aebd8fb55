"""Rewriting a graph by rules, with a record of every step.

The nodes are copied in order, and each copy is offered to the rules until none fits; then the whole graph again, until
nothing changes. Each rule leaves less behind than it took or another operation on top that no rule leads back from, so
this ends. What the outputs no longer need is left out; inputs stay, so that the graph is called as before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from ..core.array import Array
from ..core.collection import no_collection
from ..core.graph import Graph, Node, Why, live_nodes
from ..core.math import Math
from ..core.math import name as named
from ..core.tape import Tape
from ..core.types import Type
from ..errors import InputError
from .match import COMMUTATIVE, Pattern, find, pattern
from .rules import Rule, chosen

__all__ = ["Rewritten", "Step", "apply"]

PASSES: Final = 64     # far more than any rule needs: what one pass leaves for the next gets one level shorter each time
FOLD_LIMIT: Final = 1 << 16  # bytes of a folded constant that is larger than what it was made of


@dataclass(frozen=True, slots=True)
class Step:
    """One application of a rule: at which node of the given graph, and how the place read before and after.

    `node` is the number of the node in the graph that was given, -1 for one that an earlier step wrote.
    """

    rule: Rule
    node: int
    before: Math
    after: Math
    names: tuple[tuple[str, str], ...] = ()

    @property
    def reason(self) -> str:
        """Why the rule is a good one."""
        return self.rule.reason

    def __str__(self) -> str:
        place = "" if self.node < 0 else f" at node {self.node}"
        where = ", ".join(f"{letter} = {node}" for letter, node in self.names)
        return f"{self.rule.name}{place}: {self.rule.says}" + (f", with {where}" if where else "")


@dataclass(frozen=True, slots=True, eq=False)
class Rewritten:
    """The new graph, the steps that led to it, and for each node of the old graph its number in the new one."""

    graph: Graph
    steps: tuple[Step, ...]
    numbers: Mapping[int, int]

    def __str__(self) -> str:
        if not self.steps:
            return "nothing to rewrite"
        return "\n".join(f"{step}\n    {step.reason}" for step in self.steps)


class Pass:
    """One copy of a graph, rewritten on the way."""

    def __init__(self, graph: Graph, rules: Sequence[Rule], origin: Mapping[int, int]) -> None:
        self.graph = graph
        self.tape = Tape()
        self.steps: list[Step] = []
        self.origin = origin  # node of this pass's graph -> node of the graph that was given first
        self.known: dict[Any, int] = {}
        self.stands: dict[int, int] = {}  # node written here -> the node of the first graph that it stands for
        self.share = next((r for r in rules if r.name == "share"), None)
        self.fold = next((r for r in rules if r.name == "fold"), None)
        self.tops: dict[Any, list[tuple[Rule, Pattern]]] = {}
        for r in rules:
            if r.before is not None:
                sought = pattern(r.before)
                self.tops.setdefault(sought.nodes[-1].op, []).append((r, sought))
        for some in self.tops.values():  # the rule that says more goes first: log(1 + exp(x)) before log(1 + a)
            some.sort(key=lambda pair: -len(pair[1].nodes))

    def run(self) -> dict[int, int]:
        """Copy every node; the new number of each."""
        numbers: dict[int, int] = {}
        with no_collection():
            for i, node in enumerate(self.graph.nodes):
                new = self.copy(node._replace(inputs=tuple([numbers[j] for j in node.inputs])))
                old = self.origin.get(i, -1)
                self.stands[new] = old
                numbers[i] = self.improve(new, old, node)
                self.stands.setdefault(numbers[i], old)
        return numbers

    def copy(self, node: Node) -> int:
        self.tape.nodes.append(node)
        return len(self.tape.nodes) - 1

    def improve(self, new: int, old: int, model: Node) -> int:
        """Offer one node to the rules until none fits; `model` is the node that it stands for."""
        while True:
            node = self.tape.nodes[new]
            number = self.folded(new, old, node)
            for r, sought in self.tops.get(node.op, ()) if number is None else ():
                number = self.replaced(new, old, r, sought, model)
                if number is not None:
                    break
            if number is None or number == new:
                return self.shared(new, old)
            new = number

    def replaced(self, new: int, old: int, r: Rule, sought: Pattern, model: Node) -> int | None:
        """The node that a rule puts in the place of this one, or None where the rule does not hold."""
        tape = self.tape
        for place in find(sought, tape.nodes, new):
            xs = [tape.handle(n) for n in place.bound]
            if r.when is None or r.when(*xs, **place.settings):
                break
        else:
            return None
        start = len(tape.nodes)
        tape.why, tape.scope, tape.at = Why("rewrite", r.name), model.scope, model.at
        assert r.after is not None
        made = r.after(*xs, **place.settings)
        kind = tape.nodes[new].type
        assert isinstance(kind, Type)
        top = made if isinstance(made, Array) else tape.constant(np.full(kind.shape, made, kind.dtype)[()])
        if top.type is not kind:  # it would no longer be stretched, or be of another dtype
            del tape.nodes[start:]
            return None
        self.name(top.number, model.name)
        names = tuple((letter, self.called(n)) for letter, n in zip(sought.letters, place.bound, strict=True))
        reads = dict(zip(place.bound, [named(name) for _, name in names], strict=True))
        self.steps.append(Step(r, old, self.reading(new, reads), self.reading(top.number, reads), names))
        return top.number

    def name(self, n: int, name: str) -> None:
        """Let a node carry the name of the one that it stands for, if it has none of its own."""
        node = self.tape.nodes[n]
        if name and not node.name:
            self.tape.nodes[n] = node._replace(name=name)

    def called(self, n: int) -> str:
        """A node in a word: its name, its number if it is constant, where it stood in the first graph, or that it is new."""
        node = self.tape.nodes[n]
        value = node.attr("value")
        if node.op.name == "const" and np.ndim(value) == 0:
            return f"{value:g}"
        old = self.stands.get(n, -1)
        return node.name or (f"#{old}" if old >= 0 else f"a new {node.op.name}")

    def operands(self, n: int) -> dict[int, Math]:
        """The operands of a node, each in a word."""
        return {j: named(self.called(j)) for j in self.tape.nodes[n].inputs}

    def reading(self, n: int, known: Mapping[int, Math]) -> Math:
        """A node in notation, down to the nodes that have a name in the step."""
        if n in known:
            return known[n]
        node = self.tape.nodes[n]
        if node.op.name == "const" or not node.inputs:
            return named(self.called(n))
        return node.op.math([self.reading(j, known) for j in node.inputs], node.attrs)

    def folded(self, new: int, old: int, node: Node) -> int | None:
        """The constant that a node built on constants alone is."""
        if self.fold is None or not node.inputs or node.op.kind == "random" or not isinstance(node.type, Type):
            return None
        under = [self.tape.nodes[j] for j in node.inputs]
        if any(n.op.name != "const" for n in under):
            return None
        if node.type.nbytes > max(FOLD_LIMIT, *(n.type.nbytes for n in under)):  # type: ignore[union-attr]
            return None
        with np.errstate(all="ignore"):
            value = node.op.value(*[n.attr("value") for n in under], **dict(node.attrs))
        self.tape.why, self.tape.scope, self.tape.at = Why("rewrite", self.fold.name), node.scope, node.at
        number = self.tape.constant(np.array(value, node.type.dtype)[()]).number
        self.name(number, node.name)
        before = self.reading(new, self.operands(new))
        self.steps.append(Step(self.fold, old, before, named(self.called(number) if node.type.rank == 0 else "constant")))
        return number

    def shared(self, new: int, old: int) -> int:
        """The first node that says the same as this one; inputs are never one, equal constants are."""
        node = self.tape.nodes[new]
        if self.share is None or node.op.name == "input":
            return new
        if node.op.name == "const":
            value = np.asarray(node.attr("value"))
            key: Any = (node.type, value.tobytes())
        else:
            inputs = tuple(sorted(node.inputs)) if node.op.name in COMMUTATIVE else node.inputs
            key = (node.op, inputs, node.attrs)
        first = self.known.setdefault(key, new)
        if first == new:
            return new
        if node.op.name != "const":
            self.steps.append(Step(self.share, old, self.reading(new, self.operands(new)), named(self.called(first))))
        self.name(first, node.name)
        return first


def apply(graph: Graph, rules: str | Sequence[str] = "stabilise") -> Rewritten:
    """The graph rewritten by the rules of a family, of several, or by those named; with every step recorded.

    Gradients that were written behind the graph are kept only where an output needs them. Raises: NameError for a rule
    that there is not, InputError where the graph has no types yet.

    >>> from backlight.run.reference import bind
    >>> graph, values = bind(bl.parse("log(1 + exp(x))"), {"x": 800.0})
    >>> print(apply(graph))
    softplus at node 4: log(1 + exp(x)) → softplus(x), with x = x
        exp(x) overflows from x = 710 on, and 1 + exp(x) is 1 below x = -37: softplus is x and exp(x) there
    >>> float(apply(graph).graph(800.0))
    800.0
    """
    if not graph.typed:
        raise InputError("a graph without types cannot be rewritten: give its inputs values first, as in bl.backprop")
    picked = chosen(rules)
    steps: list[Step] = []
    numbers = {i: i for i in range(len(graph.nodes))}
    graph = graph.with_(grads={}, parts={}, tangents={}, forward=-1)
    graph, numbers = trimmed(graph, graph.nodes, numbers)
    for _ in range(PASSES):
        made = Pass(graph, picked, {new: old for old, new in reversed(numbers.items())})
        found = made.run()
        graph, kept = trimmed(graph, made.tape.nodes, found)
        numbers = {old: kept[found[n]] for old, n in numbers.items() if found[n] in kept}
        steps += made.steps
        if not made.steps:
            return Rewritten(graph, tuple(steps), numbers)
    raise AssertionError(f"rules that lead in a circle: {', '.join(dict.fromkeys(str(s.rule.name) for s in steps[-20:]))}")


def trimmed(graph: Graph, nodes: Sequence[Node], found: Mapping[int, int]) -> tuple[Graph, dict[int, int]]:
    """Only the inputs and what the outputs need, with new numbers, and the new number of each node that is left."""
    outputs = tuple(found[i] for i in graph.outputs)
    inputs = tuple(found[i] for i in graph.inputs)
    live = live_nodes(Graph(tuple(nodes)), [*outputs, *inputs])
    kept: dict[int, int] = {}
    left: list[Node] = []
    for i, node in enumerate(nodes):
        if live[i]:
            kept[i] = len(left)
            left.append(node._replace(inputs=tuple([kept[j] for j in node.inputs])))
    shorter = graph.with_(nodes=tuple(left), inputs=tuple(kept[i] for i in inputs), outputs=tuple(kept[i] for i in outputs))
    return shorter, kept
