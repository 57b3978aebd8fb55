"""What a run leaves behind: one block of memory, and windows on it.

The block holds the value of every node at its own start; the same bytes are the file that a run is saved as and the
frame that goes over a wire. `run["x"]` and `run[3]` are windows: value, gradient, type, signature, why, and the edges
with upstream, local and downstream.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.graph import Graph, Node, Part, Why, lent
from ..core.guard import guard_words
from ..core.op import signature_of
from ..core.types import TupleType, Type
from ..ops.special_points import Flag, flags, special

__all__ = ["Edge", "Run", "Window", "place"]

ALIGN = 64  # bytes: a cache line and the widest vector


def place(graph: Graph) -> tuple[np.ndarray[Any, Any], int]:
    """The byte at which each node's value starts, and the size of the whole block. Scalars are packed, arrays aligned."""
    starts = np.empty(len(graph.nodes), np.int64)
    at = 0
    for i, node in enumerate(graph.nodes):
        t = node.type
        if isinstance(t, TupleType):
            starts[i] = -1  # its outputs are `item` nodes and stand for themselves
            continue
        assert t is not None
        step = t.dtype.itemsize if t.rank == 0 else ALIGN
        at = -(-at // step) * step
        starts[i] = at
        at += t.nbytes
    return starts, -(-at // ALIGN) * ALIGN


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """One graph with the value of every node. `seeded` says that the upstream gradient of the output was given."""

    graph: Graph
    block: np.ndarray[Any, Any]
    starts: np.ndarray[Any, Any]
    seeded: bool = False

    def fill(self, values: Sequence[Any]) -> None:
        """Write the values of all nodes into the block."""
        scalars: dict[Any, list[int]] = {}
        for i, node in enumerate(self.graph.nodes):
            t = node.type
            if isinstance(t, TupleType):
                continue
            assert t is not None
            if t.rank == 0:
                scalars.setdefault(t.dtype, []).append(i)
            elif t.size:
                self.view(i)[...] = values[i]
        for dtype, numbers in scalars.items():
            size = dtype.itemsize
            flat = self.block[: self.block.size // size * size].view(dtype)
            flat[self.starts[numbers] // size] = np.array([values[i] for i in numbers], dtype).reshape(-1)

    def view(self, number: int) -> np.ndarray[Any, Any]:
        """The value of a node as a window on the block, not a copy."""
        t = self.graph.nodes[number].type
        assert isinstance(t, Type)
        start = int(self.starts[number])
        return self.block[start : start + t.nbytes].view(t.dtype).reshape(t.shape)

    def value(self, key: int | str) -> Any:
        """The value of a node: an array, a NumPy scalar, or for a node with several outputs all of them."""
        number = self.graph.number(key)
        node = self.graph.nodes[number]
        if isinstance(node.type, Type) and not node.type.shape:  # a third of the time that a window on it takes
            return np.frombuffer(self.block, node.type.dtype, 1, int(self.starts[number]))[0]
        if isinstance(node.type, TupleType):
            items = {n.attr("k", 0): i for i, n in enumerate(self.graph.nodes) if n.op.name == "item" and n.inputs == (number,)}
            return tuple(self.value(items[k]) if k in items else None for k in range(len(node.type.types)))
        view = self.view(number)
        return view if view.ndim else view[()]

    def __getitem__(self, key: int | str) -> Window:
        return Window(self, self.graph.number(key))

    def __contains__(self, key: object) -> bool:
        if isinstance(key, str):
            return any(node.name == key for node in self.graph.nodes[: self.graph.forward_count])
        return isinstance(key, (int, np.integer)) and 0 <= int(key) < len(self.graph.nodes)

    def __len__(self) -> int:
        return self.graph.forward_count

    def __iter__(self) -> Iterator[Window]:
        return (Window(self, i) for i in range(self.graph.forward_count))

    @property
    def names(self) -> tuple[str, ...]:
        """The names that nodes carry."""
        return tuple(node.name for node in self.graph.nodes if node.name)

    @property
    def output(self) -> Window:
        """The first output."""
        return Window(self, self.graph.outputs[0])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything into one file, from which `bl.load_run` reads the same bits; FileError if that cannot be."""
        from .file import save_run

        save_run(self, path)

    def json(self) -> str:
        """The run as one JSON object: every node with its value, its gradient and the parts of its edges."""
        return str(lent("json")(self))

    def code(self, library: str = "numpy") -> str:
        """A program that computes the output and its gradients with these values: for numpy, torch or jax.

        In NumPy the gradients are written out; the others differentiate the function themselves. Raises: GraphError for an
        operation of one's own; InputError for another library.

        >>> print(bl.backprop("(4*x + 1)^2", x=2).code().split("\\n\\n\\n")[1])
        def f(x):
            v1 = 4.0 * x + 1.0
            dx = 2.0 * v1 * 4.0
            return v1 ** 2, {'x': dx}
        """
        return str(lent("code")(self, library))

    def __str__(self) -> str:
        return str(lent("text")(self))

    def _repr_svg_(self) -> str | None:
        return str(lent("svg")(self))

    def _repr_html_(self) -> str | None:
        found = self._repr_svg_()
        return found and f'<div style="overflow:auto">{found}</div>'


@dataclass(frozen=True, slots=True)
class Edge:
    """What one edge carries in reverse mode: operand (from 1) of a consumer, upstream × local = downstream.

    `local` is None where the operation mixes axes and its derivative is a rule rather than one array.
    """

    run: Run
    consumer: int
    operand: int
    part: Part

    @property
    def to(self) -> int:
        """The node that the gradient goes down to."""
        return self.run.graph.nodes[self.consumer].inputs[self.operand - 1]

    @property
    def upstream(self) -> Any:
        """Gradient of the consumer."""
        return self.run.value(self.part.upstream)

    @property
    def local(self) -> Any:
        """Derivative of the consumer by this operand, element by element."""
        return None if self.part.local < 0 else self.run.value(self.part.local)

    @property
    def downstream(self) -> Any:
        """What arrives at the operand over this edge."""
        return self.run.value(self.part.downstream)


@dataclass(frozen=True, slots=True)
class Window:
    """One node of a run."""

    run: Run
    number: int

    @property
    def node(self) -> Node:
        """The node itself."""
        return self.run.graph.nodes[self.number]

    @property
    def value(self) -> Any:
        """Its value."""
        return self.run.value(self.number)

    @property
    def gradient(self) -> Any:
        """The gradient of the output by it, or None where none was asked for."""
        found = self.run.graph.grads.get(self.number)
        return None if found is None else self.run.value(found)

    @property
    def name(self) -> str:
        """Its name; empty where nobody gave it one."""
        return self.node.name

    @property
    def type(self) -> Type | TupleType:
        """dtype and shape."""
        assert self.node.type is not None
        return self.node.type

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of its axes."""
        return self.run.graph.type(self.number).shape

    @property
    def signature(self) -> str:
        """`op :: signature`."""
        return signature_of(self.run.graph.nodes, self.number)

    @property
    def why(self) -> Why:
        """Why this node exists."""
        return self.node.why

    @property
    def flags(self) -> tuple[Flag, ...]:
        """What is special about it where it was evaluated: a corner, a tie, a jump or a pole, and what was done about it."""
        node = self.node
        if not node.inputs or isinstance(node.type, TupleType) or not special(node.op):
            return ()
        operands = [self.run.value(j) for j in node.inputs]
        return flags(node.op, self.value, operands, dict(node.attrs))

    @property
    def asked(self) -> tuple[str, ...]:
        """What Python asked of it while it was traced, and what was answered: `if` took this branch because of it."""
        return tuple(guard_words(guard) for guard in self.run.graph.guards if guard.node == self.number)

    @property
    def parts(self) -> tuple[Edge, ...]:
        """The edges to its operands, with what they carry down."""
        parts = self.run.graph.parts
        return tuple(
            Edge(self.run, self.number, k, parts[(self.number, k)])
            for k in range(1, len(self.node.inputs) + 1)
            if (self.number, k) in parts
        )

    def edge(self, operand: int) -> Edge:
        """The edge to one operand, counted from 1."""
        return Edge(self.run, self.number, operand, self.run.graph.parts[(self.number, operand)])

    def __str__(self) -> str:
        return f"{self.number} {self.name or self.node.op.name} :: {self.type} = {self.value}"
