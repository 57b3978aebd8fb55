"""The graph as lowering sees it: only what is needed, equal computations once, every operation one that a loop knows.

An item is a node, or a part of one: a row that no loop knows is opened into its definition in smaller operations, and
what has none stays one call of the reference machine. Items are numbered like nodes, operands first.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

from backlight.run.lower.views import Shape, View, whole

KINDS = {"float32": "float", "float64": "double", "int64": "i64", "int32": "i32", "bool": "i1"}


@dataclass(frozen=True, slots=True)
class Item:
    """One computation: `form` says how it runs.

    source: an input or a constant array. uniform: one number everywhere. view: other numbers shown. point: a scalar
    operation on every element. position: a number that counts along the axes. fold: along axes. product: of matrices.
    take: numbers at computed indices. scatter: added at computed indices. piece: a part laid into an
    array, assembled: that array. call: by the reference machine, inner: by a program of its own, part: a further result of
    one of these.
    """

    form: str
    op: str
    inputs: tuple[int, ...]
    kind: str
    shape: Shape
    node: int
    detail: Any = None

    @property
    def size(self) -> int:
        """How many numbers it has."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """An instruction written before its buffers are known: numbers below 0 stand for operands, results and rooms."""

    instruction: Any
    results: int
    rooms: tuple[tuple[str, int], ...]  # kind and size of each

    @staticmethod
    def operand(k: int) -> int:
        """What stands for operand k."""
        return -3 * k - 1

    @staticmethod
    def result(k: int) -> int:
        """What stands for result k."""
        return -3 * k - 2

    @staticmethod
    def scratch(k: int) -> int:
        """What stands for room k."""
        return -3 * k - 3


@dataclass
class Items:
    """Items being collected; equal ones are the same."""

    all: list[Item] = field(default_factory=list)
    views: list[View] = field(default_factory=list)  # where each item's numbers are read
    known: dict[Hashable, int] = field(default_factory=dict)

    def add(self, item: Item, view: View | None = None) -> int:
        """Add an item unless there is an equal one; return its number."""
        key: Hashable = (item.form, item.op, item.inputs, item.kind, item.shape, detail_key(item.detail), view)
        if item.form not in {"source", "call", "inner", "part", "piece", "assembled"} and key in self.known:
            return self.known[key]
        number = len(self.all)
        self.all.append(item)
        self.views.append(view if view is not None else whole(number, item.shape))
        self.known[key] = number
        return number

    def uniform(self, value: float | int, kind: str, shape: Shape, node: int) -> int:
        """Add one number everywhere."""
        return self.add(Item("uniform", "literal", (), kind, shape, node, value))

    def point(self, op: str, inputs: Sequence[int], kind: str, shape: Shape, node: int) -> int:
        """Add a scalar operation on every element; operands stretch as NumPy's do."""
        if op == "multiply":  # by 1: exact for every number, NaN and infinities too
            for one, other in (inputs, inputs[::-1]):
                if self.all[one].form == "uniform" and self.all[one].detail == 1 and self.all[other].kind == kind:
                    return other if self.all[other].shape == shape else self.view(
                        other, self.views[other].broadcast(shape), node)
        if op == "negate" and self.all[inputs[0]].op == "negate" and self.all[inputs[0]].shape == shape:
            return self.all[inputs[0]].inputs[0]
        return self.add(Item("point", op, tuple(inputs), kind, shape, node))

    def view(self, source: int, view: View, node: int) -> int:
        """Add other numbers shown; of a uniform it is the uniform of another shape."""
        item = self.all[source]
        if view == self.views[source]:
            return source
        if item.form == "uniform":
            return self.uniform(item.detail, item.kind, view.shape, node)
        return self.add(Item("view", "view", (source,), item.kind, view.shape, node), view)

    def reshape(self, source: int, shape: Shape, node: int) -> int:
        """Show an array in another shape; where that takes a copy, add the copy."""
        item = self.all[source]
        if item.shape == shape:
            return source
        found = self.views[source].reshaped(shape)
        if found is None:
            source = self.point("copy", [source], item.kind, item.shape, node)
            found = self.views[source].reshaped(shape)
            assert found is not None
        return self.view(source, found, node)

    def fold(self, how: str, source: int, axes: tuple[int, ...], keep: bool, node: int, kind: str | None = None) -> int:
        """Fold along axes; with `keep` they stay, of size 1."""
        item = self.all[source]
        kept = tuple(1 if a in axes else n for a, n in enumerate(item.shape))
        shape = kept if keep else tuple(n for a, n in enumerate(item.shape) if a not in axes)
        if not axes:
            return self.point("copy", [source], item.kind, shape, node)
        return self.add(Item("fold", how, (source,), kind or item.kind, shape, node, axes))


def detail_key(detail: Any) -> Hashable:
    """Return what makes two settings equal: -0.0 and 0.0 are not, and neither are 1 and 1.0."""
    if isinstance(detail, float):
        return ("float", detail.hex())
    try:
        hash(detail)
    except TypeError:
        return id(detail)
    return (type(detail).__name__, detail)
