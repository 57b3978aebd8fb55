"""What rows on many numbers become that take more than one pass: spreads, lengths, logarithms of sums, counts, triangles."""

from __future__ import annotations

from math import prod
from typing import Any

from backlight.core.types import Type
from backlight.run.lower.arrays import FLOATS, axes_of, entry
from backlight.run.lower.items import Item
from backlight.run.lower.translate import Translation, UnableError
from backlight.run.lower.views import View

INFINITY = float("inf")


class Writing:
    """Items of one kind of number, written as arithmetic."""

    def __init__(self, t: Translation, kind: str) -> None:
        self.t, self.kind = t, kind

    def number(self, value: float) -> int:
        """Return a single number."""
        return self.t.items.uniform(value, self.kind, (), self.t.origin)

    def point(self, op: str, *operands: int, kind: str | None = None) -> int:
        """Return a scalar operation; the first operand has the shape of the result."""
        return self.t.items.point(op, operands, kind or self.kind, self.t.items.all[operands[0]].shape, self.t.origin)

    def fold(self, how: str, x: int, axes: tuple[int, ...]) -> int:
        """Return a fold that keeps its axes."""
        return self.t.items.fold(how, x, axes, True, self.t.origin)

    def shaped(self, x: int, out: Type) -> int:
        """Return x in the shape of the result."""
        return self.t.items.reshape(x, out.shape, self.t.origin)


def prepared(
    t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]
) -> tuple[Writing, int, tuple[int, ...]]:
    """Return the writing, the operand and the axes; only for floats, and something to fold."""
    kind = t.kind(out)
    axes = axes_of(types[0].rank, attrs.get("axis"))
    if kind not in FLOATS or types[0].size == 0:
        raise UnableError
    return Writing(t, kind), t.convert(inputs[0], kind), axes


@entry("var")
def var(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """The mean first, then the squares of what is left."""
    if types[0].size == 0:
        return t.items.uniform(float("nan"), t.kind(out), out.shape, t.origin)
    w, x, axes = prepared(t, out, inputs, types, attrs)
    n = prod(types[0].shape[a] for a in axes)
    mean = w.point("divide", w.fold("sum", x, axes), w.number(float(n)))
    off = w.point("subtract", x, mean)
    squares = w.fold("sum", w.point("multiply", off, off), axes)
    return w.shaped(w.point("divide", squares, w.number(float(max(n - attrs["correction"], 0)))), out)


@entry("logsumexp")
def logsumexp(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """The largest, and log1p of what the others add: a sum near 1 keeps the digits of a small logarithm."""
    if types[0].size == 0:
        return t.items.uniform(-INFINITY, t.kind(out), out.shape, t.origin)
    w, x, axes = prepared(t, out, inputs, types, attrs)
    largest = w.fold("largest", x, axes)
    top = w.point("equal", x, largest, kind="i1")
    raised = w.point("where", top, w.number(0.0), w.point("exp", w.point("subtract", x, largest)))
    ties = w.point("where", top, w.number(1.0), w.number(0.0))
    others = w.point("add", w.fold("sum", raised, axes), w.point("subtract", w.fold("sum", ties, axes), w.number(1.0)))
    total = w.point("add", largest, w.point("log1p", others))
    return w.shaped(w.point("where", w.point("isfinite", largest, kind="i1"), total, largest), out)


@entry("norm")
def norm(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Sums of powers of sizes: a scale is taken out before, so that they neither overflow nor vanish. It is a power of two near
    the largest size, or for an order below 0 the smallest one, which weighs most."""
    kind, axes, order = t.kind(out), axes_of(types[0].rank, attrs.get("axis")), float(attrs["ord"])
    if kind not in FLOATS:
        raise UnableError
    if types[0].size == 0:
        return t.items.uniform(0.0 if order >= 0 else INFINITY, kind, out.shape, t.origin)
    w = Writing(t, kind)
    size = w.point("abs", t.convert(inputs[0], kind))
    if order == 0:
        some = w.point("not_equal", size, w.number(0.0), kind="i1")
        return w.shaped(w.fold("sum", w.point("where", some, w.number(1.0), w.number(0.0)), axes), out)
    if order == 1:
        return w.shaped(w.fold("sum", size, axes), out)
    end = w.fold("largest" if order > 0 else "smallest", size, axes)
    if abs(order) == INFINITY:
        return w.shaped(end, out)
    if order > 0:
        scale = w.point("binade", end)
    else:
        ordinary = w.point("logical_and", w.point("greater", end, w.number(0.0), kind="i1"),
                           w.point("isfinite", end, kind="i1"), kind="i1")
        scale = w.point("where", ordinary, end, w.number(1.0))
    scaled = w.point("divide", size, scale)
    if order == 2:
        length = w.point("sqrt", w.fold("sum", w.point("multiply", scaled, scaled), axes))
    else:
        total = w.fold("sum", w.point("power", scaled, w.number(order)), axes)
        length = w.point("power", total, w.number(1 / order))
    found = w.point("multiply", scale, length)
    if order < 0:  # one zero makes it zero
        found = w.point("where", w.point("equal", end, w.number(0.0), kind="i1"), w.number(0.0), found)
    return w.shaped(found, out)


def truth(how: str) -> Any:
    """Return the entry that joins truth values."""

    def enter(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        if types[0].size == 0:
            return t.items.uniform(int(how == "smallest"), "i1", out.shape, t.origin)
        w = Writing(t, "i1")
        found = w.fold(how, t.convert(inputs[0], "i1"), axes_of(types[0].rank, attrs.get("axis")))
        return w.shaped(found, out)

    return enter


entry("any")(truth("largest"))
entry("all")(truth("smallest"))


@entry("count_nonzero")
def count_nonzero(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """How many are not 0."""
    kind = t.kind(out)
    if types[0].size == 0:
        raise UnableError
    w = Writing(t, kind)
    ones = t.convert(t.convert(inputs[0], "i1"), kind)
    return w.shaped(w.fold("sum", ones, axes_of(types[0].rank, attrs.get("axis"))), out)


def triangle(relation: str) -> Any:
    """Return the entry that keeps one side of the diagonal."""

    def enter(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        kind, shape = t.kind(out), out.shape
        if kind == "i1" or out.size == 0:
            raise UnableError

        def along(axis: int, start: int) -> int:
            strides = tuple(int(d == axis) for d in range(len(shape)))
            number = len(t.items.all)
            item = Item("position", "position", (), "i64", shape, t.origin, (start, 1))
            return t.items.add(item, View(number, shape, 0, strides))

        rank = len(shape)
        w = Writing(t, kind)
        kept = w.point(relation, along(rank - 1, 0), along(rank - 2, attrs["k"]), kind="i1")
        return w.point("where", kept, t.convert(inputs[0], kind), w.number(0))

    return enter


entry("tril")(triangle("less_equal"))
entry("triu")(triangle("greater_equal"))
