"""What the rows become that choose, rearrange and put together: views, pieces laid into one memory, gathers.

A row that only shows other numbers is asked itself: its NumPy value is applied to an array with the view's strides and
no memory behind it, and what comes out has the strides wanted. So no rule of indexing is written twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from math import prod
from typing import Any

import numpy as np

from backlight.core.table import TABLE
from backlight.core.types import Type
from backlight.run.lower.arrays import axes_of, entry
from backlight.run.lower.items import Item
from backlight.run.lower.translate import Translation, UnableError
from backlight.run.lower.views import Shape, View, row_major, whole

SHOWING = ("flip", "squeeze", "expand_dims", "swapaxes", "moveaxis")


def shown(view: View, look: Callable[[Any], Any]) -> View:
    """Return what `look`, a NumPy operation that makes a view, makes of this one."""
    byte = np.zeros(1, np.int8)
    array = np.lib.stride_tricks.as_strided(byte, view.shape, view.strides, writeable=False)
    found = look(array)
    if not isinstance(found, np.ndarray) or (found.size and not np.may_share_memory(found, array) and found.base is None):
        raise UnableError
    offset = found.__array_interface__["data"][0] - array.__array_interface__["data"][0]
    return View(view.root, found.shape, view.offset + offset if found.size else 0, found.strides)


def showing_entry(row: str) -> Callable[..., int]:
    """Return the entry of a row that makes a view."""

    def enter(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        view = shown(t.items.views[inputs[0]], lambda x: as_array(TABLE[row].value(x, **attrs)))
        assert view.shape == out.shape
        return t.items.view(inputs[0], view, t.origin)

    return enter


def as_array(value: Any) -> Any:
    """Return the value as an array; a single number taken out of an array is no view."""
    if not isinstance(value, np.ndarray):
        raise UnableError
    return value


for shows in SHOWING:
    entry(shows)(showing_entry(shows))


@entry("index")
def index(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Show the part at a key; a whole number in a key leaves an axis of size 1, dropped afterwards."""
    from backlight.ops.index import subscripts

    parts = subscripts(attrs["key"])
    view = shown(t.items.views[inputs[0]], lambda x: x[(*parts, ...)] if ... not in parts else x[parts])
    assert view.shape == out.shape
    return t.items.view(inputs[0], view, t.origin)


@entry("identity", "stop_gradient", "conj", "real")
def same(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """The same numbers."""
    return inputs[0]


def split(
    t: Translation, inputs: Sequence[int], types: Sequence[Type], attrs: dict[str, Any], results: Sequence[Type]
) -> list[int]:
    """Show each part."""
    axis = attrs["axis"] % types[0].rank
    ends = pairwise(accumulate((r.shape[axis] for r in results), initial=0))
    view = t.items.views[inputs[0]]
    lead = (slice(None),) * axis


    def part(a: int, b: int) -> int:
        return t.items.view(inputs[0], shown(view, lambda x: x[(*lead, slice(a, b))]), t.origin)

    return [part(a, b) for a, b in ends]


def assemble(t: Translation, kind: str, shape: Shape, parts: Sequence[tuple[int, View]], background: float | None) -> int:
    """Return an array laid together from parts, each at a place of its row-major memory, over a background if need be."""
    items, token = t.items, len(t.items.all)
    pieces: list[int] = []
    if background is not None:
        ground = items.uniform(background, kind, shape, t.origin)
        pieces.append(items.add(Item("piece", "copy", (ground,), kind, shape, t.origin, (token, whole(0, shape)))))
    under = tuple(pieces)
    for number, place in parts:
        if 0 not in place.shape:
            detail = (token, place)
            pieces.append(items.add(Item("piece", "copy", (number, *under), kind, place.shape, t.origin, detail)))
    return items.add(Item("assembled", "assembled", tuple(pieces), kind, shape, t.origin, token))


def laid_together(t: Translation, numbers: Sequence[int]) -> int | None:
    """Return the sum of arrays that are each a box laid into zeros, if no two boxes meet: all of them laid into one array."""
    items = t.items
    parts: list[tuple[int, View]] = []
    shape, kind = items.all[numbers[0]].shape, items.all[numbers[0]].kind
    for number in numbers:
        item = items.all[number]
        if item.form != "assembled" or (item.shape, item.kind) != (shape, kind):
            return None
        ground, *others = (items.all[i] for i in item.inputs)
        under = items.all[ground.inputs[0]] if ground.inputs else ground
        if under.form != "uniform" or under.detail != 0 or any(len(piece.detail) > 2 for piece in others):
            return None
        parts += [(piece.inputs[0], piece.detail[1]) for piece in others]
    boxes = [box_of(place, shape) for _, place in parts]
    if not parts or None in boxes or any(meet(a, b) for k, a in enumerate(boxes) for b in boxes[:k] if a and b):
        return None
    covered = sum(prod(place.shape) for _, place in parts) == prod(shape)
    return assemble(t, kind, shape, parts, None if covered else 0)


def box_of(place: View, shape: Shape) -> tuple[tuple[int, int], ...] | None:
    """Return where a place begins and ends along each axis of a row-major array; None if it takes no whole box."""
    if len(place.shape) != len(shape):  # one number, or a row: an axis was taken out by its index
        return None
    rest, found = place.offset, []
    for step, n, stride in zip(row_major(shape), place.shape, place.strides, strict=True):
        start, rest = divmod(rest, step)
        if n > 1 and stride != step:
            return None
        found.append((start, start + n))
    return tuple(found)


def meet(a: tuple[tuple[int, int], ...], b: tuple[tuple[int, int], ...]) -> bool:
    """Return whether two boxes have a number in common."""
    return all(low < top and bottom < high for (low, high), (bottom, top) in zip(a, b, strict=True))


def room(shape: Shape, look: Callable[[Any], Any]) -> View:
    """Return the place of a part in an array of this shape."""
    return shown(View(0, shape, 0, row_major(shape)), look)


@entry("concat")
def concat(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Lay the operands one after the other."""
    axis = attrs["axis"] % out.rank
    kind, lead = t.kind(out), (slice(None),) * axis
    ends = list(pairwise(accumulate((x.shape[axis] for x in types), initial=0)))

    def place(k: int) -> View:
        return room(out.shape, lambda z: z[(*lead, slice(*ends[k]))])

    return assemble(t, kind, out.shape, [(t.convert(i, kind), place(k)) for k, i in enumerate(inputs)], None)


@entry("stack")
def stack(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Lay the operands beside one another along a new axis."""
    axis = attrs["axis"] % out.rank
    kind, lead = t.kind(out), (slice(None),) * axis

    def place(k: int) -> View:
        return room(out.shape, lambda z: z[(*lead, k, ...)])

    return assemble(t, kind, out.shape, [(t.convert(i, kind), place(k)) for k, i in enumerate(inputs)], None)


@entry("embed")
def embed(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Lay the operand into zeros, of which none are left where it takes every place, as in another order."""
    from backlight.ops.index import subscripts

    parts = subscripts(attrs["key"])
    place = room(out.shape, lambda z: z[(*parts, ...)] if ... not in parts else z[parts])
    covered = prod(place.shape) == prod(out.shape)
    return assemble(t, t.kind(out), out.shape, [(inputs[0], place)], None if covered else 0)


@entry("pad")
def pad(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Lay the operand into a constant; copies of edges are the reference machine's."""
    if attrs["mode"] != "constant":
        raise UnableError
    if types[0].rank == 0:
        return inputs[0]
    from backlight.ops.arrange import widths

    kind = t.kind(out)
    if 0 in types[0].shape:
        return t.items.uniform(np.asarray(attrs["value"]).astype(out.dtype).item(), kind, out.shape, t.origin)
    before = [a for a, _ in widths(types[0], attrs["width"])]
    key = tuple(slice(a, a + n) for a, n in zip(before, types[0].shape, strict=True))
    value = np.asarray(attrs["value"]).astype(out.dtype).item()
    return assemble(t, kind, out.shape, [(inputs[0], room(out.shape, lambda z: z[key]))], value)


def wrapped(t: Translation, i: int, n: int) -> int:
    """Return indices as numbers from 0: those below 0 count from the end.

    One outside is brought to the nearest inside, so that nothing else is touched, and noted: the run then fails as it
    does on the reference machine.
    """
    items = t.items
    i = t.convert(i, "i64")
    shape = items.all[i].shape

    def number(value: int) -> int:
        return items.uniform(value, "i64", (), t.origin)

    def point(op: str, *operands: int, kind: str = "i64") -> int:
        return items.point(op, operands, kind, shape, t.origin)

    low, high = point("greater_equal", i, number(-n), kind="i1"), point("less", i, number(n), kind="i1")
    t.checks.append(items.fold("smallest", point("logical_and", low, high, kind="i1"), tuple(range(len(shape))), False, t.origin))
    negative = point("less", i, number(0), kind="i1")
    i = point("where", negative, point("add", i, number(n)), i)
    return point("minimum", point("maximum", i, number(0)), number(n - 1))


@entry("gather")
def gather(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Read slices at computed places."""
    axis = attrs["axis"] % types[0].rank
    n, rank = types[0].shape[axis], types[1].rank
    if n == 0 or 0 in out.shape:
        raise UnableError
    source = t.plain(inputs[0])
    index = t.items.reshape(wrapped(t, inputs[1], n), (*types[1].shape, *(1,) * (out.rank - rank - axis)), t.origin)
    axes = [(d, d) for d in range(axis)] + [(d, d - 1 + rank) for d in range(axis + 1, types[0].rank)]
    return t.items.add(Item("take", "take", (source, index), t.kind(out), out.shape, t.origin, ((axis,), tuple(axes))))


@entry("take_along_axis")
def take_along_axis(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Read one number for each index, along an axis."""
    axis = attrs["axis"] % types[0].rank
    n = types[0].shape[axis]
    if n == 0 or 0 in out.shape:
        raise UnableError
    source, index = t.plain(inputs[0]), wrapped(t, inputs[1], n)
    axes = tuple((d, d) for d in range(out.rank) if d != axis and types[0].shape[d] != 1)
    return t.items.add(Item("take", "take", (source, index), t.kind(out), out.shape, t.origin, ((axis,), axes)))


@entry("scatter_add")
def scatter_add(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Add slices at computed places; those that meet are added up in order."""
    kind, axis, rank = t.kind(out), attrs["axis"] % out.rank, types[1].rank
    n = out.shape[axis]
    if n == 0 or 0 in types[0].shape:
        raise UnableError
    source = inputs[0]
    shape = (*types[1].shape, *(1,) * (types[0].rank - rank - axis))
    index = t.items.reshape(wrapped(t, inputs[1], n), shape, t.origin)
    steps = row_major(out.shape)
    strides = (*steps[:axis], *(0,) * rank, *steps[axis + 1 :])
    detail = ((steps[axis],), strides)
    return t.items.add(Item("scatter", "sum", (source, index), kind, out.shape, t.origin, detail))


@entry("add_along_axis")
def add_along_axis(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Add one number for each index, along an axis."""
    from backlight.run.lower.pools import added_back

    kind, axis = t.kind(out), attrs["axis"] % out.rank
    n = out.shape[axis]
    if n == 0 or 0 in types[0].shape or types[0].shape != types[1].shape:
        raise UnableError
    if axis == out.rank - 1 and (pooled := added_back(t, t.convert(inputs[0], kind), inputs[1], kind, out.shape)) is not None:
        return pooled
    steps = row_major(out.shape)
    detail = ((steps[axis],), tuple(0 if d == axis else s for d, s in enumerate(steps)))
    return t.items.add(Item("scatter", "sum", (inputs[0], wrapped(t, inputs[1], n)), kind, out.shape, t.origin, detail))


def reduction(how: str) -> Callable[..., int]:
    """Return the entry of a fold along axes."""

    def enter(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
        kind = t.kind(out)
        if attrs.keys() - {"axis", "keepdims"} or kind == "i1":
            raise UnableError
        source = t.convert(inputs[0], kind)
        return t.items.fold(how, source, axes_of(types[0].rank, attrs.get("axis")), bool(attrs.get("keepdims")), t.origin)

    return enter


for name, how in (("max", "largest"), ("min", "smallest"), ("prod", "product")):
    entry(name)(reduction(how))
