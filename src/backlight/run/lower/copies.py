"""Rows whose results are numbers of an operand, some of them several times, or with others set over them."""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from backlight.core.table import TABLE
from backlight.core.types import Type
from backlight.run.lower.arrange import pad, scatter_add, wrapped
from backlight.run.lower.arrays import entry
from backlight.run.lower.items import Item
from backlight.run.lower.translate import Translation
from backlight.run.lower.views import View, row_major, whole


@entry("tile")
def tile(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Show the whole again and again, each axis behind one of copies; then put them together."""
    from backlight.ops.arrange import tiled

    shape, copies = tiled(types[0], attrs["times"])
    items = t.items
    apart = items.reshape(inputs[0], tuple(chain(*((1, n) for n in shape))), t.origin)
    shown = items.views[apart].broadcast(tuple(chain(*zip(copies, shape, strict=True))))
    return items.reshape(items.view(apart, shown, t.origin), out.shape, t.origin)


@entry("repeat")
def repeat(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Show each number along an axis of copies behind its own; then put them together."""
    items, axis, shape = t.items, attrs["axis"], types[0].shape
    if axis is None:
        axis, shape = 0, (types[0].size,)
    after = axis % len(shape) + 1
    apart = items.reshape(inputs[0], (*shape[:after], 1, *shape[after:]), t.origin)
    shown = items.views[apart].broadcast((*shape[:after], attrs["times"], *shape[after:]))
    return items.reshape(items.view(apart, shown, t.origin), out.shape, t.origin)


def picked(t: Translation, row: str, out: Type, x: int, attrs: dict[str, Any]) -> int:
    """Return what a row makes of an operand of which it only chooses numbers: it is asked once, with their places."""
    items, item = t.items, t.items.all[x]
    places = TABLE[row].value(np.arange(item.size).reshape(item.shape), **attrs)
    index = t.constant(places, Type("int64", out.shape))
    flat = t.plain(items.reshape(t.plain(x), (item.size,), t.origin))
    return items.add(Item("take", "take", (flat, index), item.kind, out.shape, t.origin, ((0,), ())))


@entry("roll")
def roll(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Choose each number's place."""
    return picked(t, "roll", out, inputs[0], attrs)


@entry("pad")
def padded(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Lay the operand into a constant, or choose each number's place where edges are copied."""
    if attrs["mode"] == "constant" or types[0].size == 0:
        return pad(t, out, inputs, types, attrs)
    return picked(t, "pad", out, inputs[0], attrs)


@entry("scatter")
def scatter(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Copy x, then set slices at computed places, the last of equal ones staying; or add them up and add them."""
    items, kind, axis, rank = t.items, t.kind(out), attrs["axis"] % out.rank, types[1].rank
    x, y = t.convert(inputs[0], kind), t.convert(inputs[2], kind)
    if types[2].size == 0:
        return items.point("copy", [x], kind, out.shape, t.origin)
    if attrs["mode"] == "add":
        moved = scatter_add(t, out, [y, inputs[1]], [types[2], types[1]], {"axis": axis, "size": out.shape[axis]})
        return items.point("logical_or" if kind == "i1" else "add", [x, moved], kind, out.shape, t.origin)
    steps, shape = row_major(out.shape), types[2].shape
    index = items.reshape(wrapped(t, inputs[1], out.shape[axis]),
                          (*types[1].shape, *(1,) * (types[2].rank - rank - axis)), t.origin)
    place = View(0, shape, 0, (*steps[:axis], *(0,) * rank, *steps[axis + 1 :]))
    token = len(items.all)
    ground = items.add(Item("piece", "copy", (x,), kind, out.shape, t.origin, (token, whole(0, out.shape))))
    over = items.add(Item("piece", "copy", (y, ground, index), kind, shape, t.origin, (token, place, steps[axis])))
    return items.add(Item("assembled", "assembled", (ground, over), kind, out.shape, t.origin, token))


@entry("imag")
def imag(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Of real numbers nothing."""
    return t.items.uniform(0, t.kind(out), out.shape, t.origin)
