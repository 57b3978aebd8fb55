"""Graphs: immutable numbered lists of nodes.

A node names its operands by number, and every operand has a smaller number than its consumer, so the order of the list
is an order to run in, no walk needs recursion, and the number on the screen is the number in the error, in the file and
on the wire. A gradient is an ordinary node; its `why` says which rule made it and for which node.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from ..errors import GraphError, NameError
from .types import TupleType, Type

if TYPE_CHECKING:
    from .op import Op

__all__ = ["SOURCE", "Above", "At", "Graph", "Node", "Part", "Parts", "Why", "WhyKind", "live_nodes", "nearest"]

WhyKind = Literal["source", "local", "downstream", "sum", "seed", "unused", "rewrite", "mask", "tangent", "inside", "update"]


class At(NamedTuple):
    """Where a node was written: file (or `<text>`), line and columns from 1, and the line itself."""

    file: str
    line: int
    column: int = 0
    end: int = 0
    code: str = ""


class Why(NamedTuple):
    """Why a node exists: its kind, the rule that made it, the node it belongs to, and which operand of it (from 1)."""

    kind: WhyKind
    rule: str = ""
    of: int = -1
    operand: int = 0


SOURCE = Why("source")


class Node(NamedTuple):
    """One operation applied to earlier nodes.

    `attrs` holds the settings that are not operands, as sorted pairs; `type` is None in a graph that was read from
    text and has not met its values yet.
    """

    op: Op
    inputs: tuple[int, ...] = ()
    type: Type | TupleType | None = None
    attrs: tuple[tuple[str, Any], ...] = ()
    name: str = ""
    scope: str = ""
    at: At | None = None
    why: Why = SOURCE

    def attr(self, name: str, default: Any = None) -> Any:
        """One setting of the operation."""
        for key, value in self.attrs:
            if key == name:
                return value
        return default


class Part(NamedTuple):
    """What one edge carries down in reverse mode, as node numbers: upstream, local derivative, downstream.

    `local` is -1 where an operation mixes axes and its derivative is a rule rather than one array.
    """

    upstream: int
    local: int
    downstream: int


class Parts(Mapping[tuple[int, int], Part]):
    """The parts of all edges by (consumer, operand), kept as one flat array of numbers until somebody looks."""

    __slots__ = ("flat", "found")

    def __init__(self) -> None:
        self.flat = array("q")  # consumer, operand, upstream, local, downstream; again for the next edge
        self.found: dict[tuple[int, int], Part] = {}

    def add(self, consumer: int, operand: int, upstream: int, local: int, downstream: int) -> None:
        """One more edge."""
        self.flat.extend((consumer, operand, upstream, local, downstream))

    def of(self, consumers: Collection[int]) -> dict[tuple[int, int], Part]:
        """Those of some consumers, without looking at each of a million others in turn."""
        if len(self.found) * 5 == len(self.flat):
            return {edge: part for edge, part in self.found.items() if edge[0] in consumers}
        rows = np.frombuffer(self.flat, np.int64).reshape(-1, 5)
        picked = rows[np.isin(rows[:, 0], np.fromiter(consumers, np.int64))].tolist()
        return {(i, k): Part(g, local, d) for i, k, g, local, d in picked}

    def known(self) -> dict[tuple[int, int], Part]:
        """All of them as a dictionary."""
        if len(self.found) * 5 != len(self.flat):
            numbers = iter(self.flat)
            self.found = {(i, k): Part(g, local, d) for i, k, g, local, d in zip(*[numbers] * 5, strict=True)}
        return self.found

    def __getitem__(self, edge: tuple[int, int]) -> Part:
        return self.known()[edge]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self.known())

    def __len__(self) -> int:
        return len(self.flat) // 5

    def __repr__(self) -> str:
        return f"<parts of {len(self)} edges>"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Graph:
    """A list of nodes with its inputs and outputs, and, after differentiation, where the gradients are.

    `grads` maps a node to the node that is its gradient; `parts` maps (consumer, operand counted from 1) to the `Part`
    on that edge; `tangents` maps a node to its tangent (forward mode). `source` is the text it was read from.
    `forward` is how many nodes the graph had before it was differentiated: gradient nodes come after them. `guards` are the
    questions that Python asked of values while it was traced: the graph holds where they are answered alike.
    """

    nodes: tuple[Node, ...]
    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    grads: Mapping[int, int] = field(default_factory=dict)
    parts: Mapping[tuple[int, int], Part] = field(default_factory=dict)
    tangents: Mapping[int, int] = field(default_factory=dict)
    source: str = ""
    forward: int = -1
    guards: tuple[Any, ...] = ()

    def __len__(self) -> int:
        return len(self.nodes)

    @property
    def forward_count(self) -> int:
        """How many nodes there were before differentiation."""
        return len(self.nodes) if self.forward < 0 else self.forward

    @property
    def input_names(self) -> tuple[str, ...]:
        """The names of the inputs, in order of first appearance."""
        return tuple(self.nodes[i].name for i in self.inputs)

    @property
    def typed(self) -> bool:
        """Whether every node knows its type."""
        return all(node.type is not None for node in self.nodes)

    def number(self, key: int | str) -> int:
        """The number of a node given by number or by name; a NameError suggests the nearest names."""
        if isinstance(key, str):
            found = [i for i, node in enumerate(self.nodes[: self.forward_count]) if node.name == key]
            if not found and key.startswith("%") and key[1:].isdigit():
                return self.number(int(key[1:]))
            if len(found) > 1:
                raise NameError(
                    f"{key!r} names {len(found)} nodes: {', '.join(map(str, found))}: use the number of the one you mean"
                )
            if not found:
                names = [node.name for node in self.nodes if node.name]
                raise NameError(f"no node is called {key!r}{nearest(key, names)}")
            return found[0]
        if not 0 <= key < len(self.nodes):
            raise NameError(f"there is no node {key}: this graph has nodes 0 to {len(self.nodes) - 1}")
        return int(key)

    def type(self, key: int | str) -> Type:
        """The type of a node with one output."""
        found = self.nodes[self.number(key)].type
        assert isinstance(found, Type)
        return found

    def with_(self, **changes: Any) -> Graph:
        """The same graph with some fields replaced."""
        return replace(self, **changes)

    def consumers(self) -> list[list[tuple[int, int]]]:
        """For every node the edges that leave it upwards, as (consumer, operand counted from 1)."""
        found: list[list[tuple[int, int]]] = [[] for _ in self.nodes]
        for i, node in enumerate(self.nodes):
            for k, j in enumerate(node.inputs, 1):
                found[j].append((i, k))
        return found

    def check(self) -> None:
        """Raise GraphError unless every operand is an earlier node and inputs and outputs exist."""
        for i, node in enumerate(self.nodes):
            for j in node.inputs:
                if not 0 <= j < i:
                    raise GraphError(f"node {i} ({node.op.name}) uses node {j}, which does not come before it")
        for i in (*self.inputs, *self.outputs):
            if not 0 <= i < len(self.nodes):
                raise GraphError(f"node {i} is named as input or output, and there are {len(self.nodes)} nodes")

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Run the graph on its inputs, by position or by name, and return the value of its output (or outputs)."""
        return lent("call")(self, *values, **named)

    def __str__(self) -> str:
        return str(lent("text")(self))

    def __repr__(self) -> str:
        return f"<graph of {len(self.nodes)} nodes>"

    def _repr_svg_(self) -> str | None:
        return str(lent("svg")(self))

    def _repr_html_(self) -> str | None:
        found = self._repr_svg_()
        return found and f'<div style="overflow:auto">{found}</div>'


class Above:
    """What rooms above lend to graphs and arrays, to be called, printed and subscripted; they fill it in when imported."""

    call: Any = None
    text: Any = None
    json: Any = None
    code: Any = None
    svg: Any = None
    subscript: Any = None
    control: Any = None
    assign: Any = None
    update: Any = None
    operator: Any = None
    ufunc: Any = None
    function: Any = None
    held: Any = None
    method: Any = None
    methods: Any = None
    elements: Any = None
    namespace: Any = None
    placed: Any = None
    maker: Any = None
    dlpack: Any = None
    bundle: Any = None
    widget: Any = None


# What NumPy's door lends, or a room behind it that needs less; the rest is lent by what is imported with `api`.
OF_NUMPY = frozenset("operator ufunc function maker method methods namespace dlpack".split())
OF_NOTEBOOKS = frozenset({"bundle", "widget"})
ELSEWHERE = {
    "control": "diff.control", "placed": "read.trouble", "held": "read.numpy.held", "elements": "read.numpy.held",
    "subscript": "read.numpy.memory", "assign": "read.numpy.memory", "update": "read.numpy.memory",
}  # fmt: skip


def lent(name: str) -> Any:
    """One of the things lent from above; the rooms that lend them are imported when the first is needed."""
    if getattr(Above, name) is None:
        package = __name__.partition(".")[0]
        room = "read.numpy.door" if name in OF_NUMPY else "notebook" if name in OF_NOTEBOOKS else ELSEWHERE.get(name, "api")
        import_module(f"{package}.{room}")
    return getattr(Above, name)


def nearest(word: str, words: Sequence[str]) -> str:
    """`; did you mean 'a' or 'b'?` for the names that look like the word, else what there is."""
    import difflib

    close = difflib.get_close_matches(word, list(dict.fromkeys(words)), n=3, cutoff=0.6)
    if close:
        return "; did you mean " + " or ".join(map(repr, close)) + "?"
    few = list(dict.fromkeys(words))[:8]
    return f"; there is {', '.join(few)}" if few else ""


def live_nodes(graph: Graph, outputs: Sequence[int]) -> bytearray:
    """A mark for every node that some of the outputs depend on."""
    mark = bytearray(len(graph.nodes))
    for i in outputs:
        mark[i] = 1
    nodes = graph.nodes
    for i in range(len(nodes) - 1, -1, -1):
        if mark[i]:
            for j in nodes[i].inputs:
                mark[j] = 1
    return mark
