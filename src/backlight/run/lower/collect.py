"""The steps of one nest while they are collected from items: what is read, applied, written and folded, each once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backlight.run.lower.items import Item
from backlight.run.lower.program import Apply, Fold, Literal, Place, Position, Read, Step, Write
from backlight.run.lower.views import Shape, View, row_major

if TYPE_CHECKING:
    from backlight.run.lower.fuse import Fuser


@dataclass
class NestWriter:
    """The steps of one nest while they are collected."""

    fuser: Fuser
    space: Shape
    place: int
    steps: list[Step] = field(default_factory=list)
    writes: list[Write] = field(default_factory=list)
    folds: list[Fold] = field(default_factory=list)
    known: dict[object, int] = field(default_factory=dict)

    def step(self, step: Step) -> int:
        """Return the number of a step, added unless it is there."""
        key: object = step
        if isinstance(step, Literal):
            key = ("literal", step.kind, step.value.hex() if isinstance(step.value, float) else step.value)
        if key not in self.known:
            self.known[key] = len(self.steps)
            self.steps.append(step)
        return self.known[key]

    def operand(self, number: int) -> int:
        """Return the step that gives an operand's value at the index of the nest."""
        items = self.fuser.items
        item, view = items.all[number], items.views[number]
        root = items.all[view.root]
        if item.form == "uniform":
            return self.step(Literal(item.detail, item.kind))
        if root.form == "position":
            shown = view.broadcast(self.space)
            return self.step(counted(root, shown))
        if self.fuser.flows(number, self.space, self.place):
            return self.known["item", view.root]
        return self.step(Read(self.fuser.place(view, self.space), item.kind))

    def item(self, number: int) -> None:
        """Add the steps of an item, and what it writes or folds."""
        item = self.fuser.items.all[number]
        if item.form in {"fold", "scatter"}:
            self.fold(number, item)
            return
        if item.form == "piece":
            self.piece(number, item)
            return
        if item.form == "take":
            value = self.take(item)
        elif item.op == "copy":
            value = self.operand(item.inputs[0])
        else:
            operands = tuple(self.operand(i) for i in item.inputs)
            value = self.step(Apply(item.op, operands, item.kind))
        self.known["item", number] = value
        if number in self.fuser.needed:
            buffer = self.fuser.buffer(number, "arena", f"%{item.node}")
            self.writes.append(Write(value, Place(buffer, 0, row_major(self.space))))

    def take(self, item: Item) -> int:
        """Add a gather: the array's place, moved along some axes by computed indices.

        `detail` holds, for each index operand, the axis of the array that it moves along; the array is shown with those
        axes left out and stretched over the box.
        """
        view = self.fuser.items.views[item.inputs[0]]
        axes, shown_axes = item.detail
        strides = [0] * len(self.space)
        for axis, at in shown_axes:
            strides[at] = view.strides[axis] if self.space[at] != 1 else 0
        index = tuple((self.operand(i), view.strides[axis]) for i, axis in zip(item.inputs[1:], axes, strict=True))
        buffer = self.fuser.buffer(view.root, "arena", f"%{item.node}")
        return self.step(Read(Place(buffer, view.offset, tuple(strides)), item.kind, index))

    def piece(self, number: int, item: Item) -> None:
        """Write a part into the array that it belongs to; its last operand, if there is a step, says where along an axis."""
        _, place, *step = item.detail
        buffer = self.fuser.buffer(self.fuser.home[number], "arena", f"%{item.node}")
        value = self.operand(item.inputs[0])
        index = tuple((self.operand(item.inputs[-1]), n) for n in step)
        self.writes.append(Write(value, Place(buffer, place.offset, place.strides), index))

    def fold(self, number: int, item: Item) -> None:
        """Add a fold along some axes of the box, or at computed places."""
        value = self.operand(item.inputs[0])
        if item.form == "scatter":
            steps, strides = item.detail
            index = tuple((self.operand(i), step) for i, step in zip(item.inputs[1:], steps, strict=True))
            to = self.fuser.buffer(number, "arena", f"%{item.node}")
            self.folds.append(Fold(value, "sum", Place(to, 0, strides), index=index))
            return
        kept = tuple(1 if a in item.detail else n for a, n in enumerate(self.space))
        strides = tuple(0 if a in item.detail else s for a, s in enumerate(row_major(kept)))
        buffer = self.fuser.buffer(number, "arena", f"%{item.node}")
        self.folds.append(Fold(value, item.op, Place(buffer, 0, strides)))  # type: ignore[arg-type]


def counted(root: Item, view: View) -> Position:
    """Return a counting number seen through a view: its place in the row-major order, scaled."""
    start, step = root.detail
    return Position(start + step * view.offset, tuple(step * s for s in view.strides), root.kind)
