"""What the rows on whole arrays become: views, folds and products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

from backlight.core.types import Type
from backlight.run.lower.items import Item
from backlight.run.lower.translate import ENTRIES, Translation, UnableError
from backlight.run.lower.views import Shape, View

FLOATS = {"float", "double"}


def entry(*names: str) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Enter a function into the table of rows."""
    def enter(function: Callable[..., int]) -> Callable[..., int]:
        for name in names:
            ENTRIES[name] = function
        return function

    return enter


def axes_of(rank: int, axis: Any) -> tuple[int, ...]:
    """Return the axes as numbers from 0."""
    if axis is None:
        return tuple(range(rank))
    given = (axis,) if isinstance(axis, int) else axis
    return tuple(sorted(a % rank for a in given))


@entry("total")
def total(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Add up the operands, from the first to the last."""
    kind = t.kind(out)
    if kind == "i1":
        raise UnableError
    from backlight.run.lower.arrange import laid_together

    if len(inputs) > 1 and (boxes := laid_together(t, [t.convert(i, kind) for i in inputs])) is not None:
        return boxes
    found = t.convert(inputs[0], kind)
    shape = types[0].shape
    for number, type_ in zip(inputs[1:], types[1:], strict=True):
        shape = stretched(shape, type_.shape)
        found = t.items.point("add", [found, t.convert(number, kind)], kind, shape, t.origin)
    if len(inputs) == 1:
        return t.items.point("copy", [found], kind, out.shape, t.origin)
    return found


def stretched(a: Shape, b: Shape) -> Shape:
    """Return the shape that two shapes stretch to; they are known to."""
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    return tuple(m if n == 1 else n for n, m in zip(a, b, strict=True))


@entry("broadcast_to")
def broadcast_to(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Show the same numbers repeatedly."""
    return t.items.view(inputs[0], t.items.views[inputs[0]].broadcast(out.shape), t.origin)


@entry("reshape")
def reshape(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Show the numbers in another shape."""
    return t.items.reshape(inputs[0], out.shape, t.origin)


@entry("transpose")
def transpose(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Show the axes in reverse order."""
    view = t.items.views[inputs[0]]
    return t.items.view(inputs[0], view.transposed(range(len(view.shape) - 1, -1, -1)), t.origin)


@entry("permute")
def permute(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Show the axes in another order."""
    view = t.items.views[inputs[0]]
    return t.items.view(inputs[0], view.transposed([a % len(view.shape) for a in attrs["axes"]]), t.origin)


@entry("cast")
def cast(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Convert each number; a float to a whole number is the reference machine's, which knows what NaN becomes."""
    kind = t.kind(out)
    if t.items.all[inputs[0]].kind in FLOATS and kind in {"i64", "i32"}:
        raise UnableError
    return t.convert(inputs[0], kind)


@entry("sum")
def sum_(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Add up along axes."""
    source = t.convert(inputs[0], t.kind(out))
    axes = axes_of(types[0].rank, attrs.get("axis"))
    if (deep := summed_products(t, source, axes)) is not None:
        return t.items.reshape(deep, out.shape, t.origin)
    return t.items.fold("sum", source, axes, bool(attrs.get("keepdims")), t.origin)


@entry("sum_to")
def sum_to(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Add up along the axes that stretching would repeat."""
    shape = types[0].shape
    lead = len(shape) - out.rank
    inner = (i + lead for i, n in enumerate(out.shape) if n == 1 and shape[i + lead] != 1)
    axes = (*range(lead), *inner)
    if t.kind(out) == "i1":
        raise UnableError
    if not axes:
        return inputs[0]
    if (deep := summed_products(t, inputs[0], axes)) is not None:
        return t.items.reshape(deep, out.shape, t.origin)
    found = t.items.fold("sum", inputs[0], axes, True, t.origin)
    return t.items.reshape(found, out.shape, t.origin)


@entry("matmul")
def matmul(t: Translation, out: Type, inputs: list[int], types: list[Type], attrs: dict[str, Any]) -> int:
    """Multiply matrices: as tiles, or as a loop where one side is a vector and tiles would stay empty."""
    kind = t.kind(out)
    if kind not in FLOATS:
        raise UnableError
    a, b = (t.convert(i, kind) for i in inputs)
    x, y = types[0].shape, types[1].shape
    if len(x) == 1:
        a, x = t.items.reshape(a, (1, *x), t.origin), (1, *x)
    if len(y) == 1:
        b, y = t.items.reshape(b, (*y, 1), t.origin), (*y, 1)
    batch = stretched(x[:-2], y[:-2])
    m, k, n = x[-2], x[-1], y[-1]
    found = products(t, kind, a, b, batch, m, n, k)
    return t.items.reshape(found, out.shape, t.origin)


def products(t: Translation, kind: str, a: int, b: int, batch: Shape, m: int, n: int, k: int) -> int:
    """Return the item of a stack of products (…, m, k) by (…, k, n)."""
    items = t.items
    for one, other, axis in ((a, b, -2), (b, a, -1)):
        if items.all[one].form == "uniform":  # the same number everywhere: one sum, stretched
            shape = items.all[other].shape
            total = items.fold("sum", other, (len(shape) + axis,), True, t.origin)
            scaled = items.point("multiply", [one_number(t, one), total], kind, items.all[total].shape, t.origin)
            return items.view(scaled, items.views[scaled].broadcast((*batch, m, n)), t.origin)
    a, b = (i if items.all[items.views[i].root].form != "position" else t.plain(i) for i in (a, b))
    if k == 1:  # an outer product: no sum
        return items.point("multiply", [a, b], kind, (*batch, m, n), t.origin)
    if (together := as_one(t, kind, a, b, batch, m, n, k)) is not None:
        return together
    b_view, a_view = items.views[b], items.views[a]
    if n == 1 and m > 1 and a_view.strides[-2] == 1:  # a column from columns: a row times the transpose has full vectors
        swap = (*range(len(batch)), len(batch) + 1, len(batch))
        left = items.view(b, b_view.broadcast((*batch, k, n)).transposed(swap), t.origin)
        right = items.view(a, a_view.broadcast((*batch, m, k)).transposed(swap), t.origin)
        return items.reshape(products(t, kind, left, right, batch, n, m, k), (*batch, m, n), t.origin)
    along_b = len(b_view.strides) > 1 and b_view.strides[-2] == 1
    along_a = a_view.strides[-1] == 1
    if k == 0 or 0 in (m, n, *batch) or (n == 1 and along_a) or (m == 1 and (along_b or n == 1)):
        return folded(t, kind, a, b, batch, m, n, k)
    return items.add(Item("product", "matmul", (a, b), kind, (*batch, m, n), t.origin))


def as_one(t: Translation, kind: str, a: int, b: int, batch: Shape, m: int, n: int, k: int) -> int | None:
    """Return a stack of products with one matrix B as one product of all rows, where the rows of A can be shown so."""
    left, right = t.items.views[a].broadcast((*batch, m, k)), t.items.views[b]
    rows = left.reshaped((prod(batch) * m, k))
    if not batch or any(right.strides[:-2]) or rows is None or prod(batch) <= 1:
        return None
    matrix = View(right.root, (k, n), right.offset, right.strides[-2:])
    found = products(t, kind, t.items.view(a, rows, t.origin), t.items.view(b, matrix, t.origin), (), prod(batch) * m, n, k)
    return t.items.reshape(found, (*batch, m, n), t.origin)


def summed_products(t: Translation, number: int, axes: Sequence[int]) -> int | None:
    """Return the sum of a stack of products as one product that sums over the stack too; None if it is no such sum."""
    from backlight.run.lower.sums import Letters, contracted

    item = t.items.all[number]
    rank = len(item.shape) - 2
    if item.form != "product" or item.op != "matmul" or rank < 1 or tuple(axes) != tuple(range(rank)):
        return None
    batch, (m, n) = item.shape[:-2], item.shape[-2:]
    a, b = (t.items.views[i] for i in item.inputs)
    k = a.shape[-1]
    left, right = a.broadcast((*batch, m, k)), b.broadcast((*batch, k, n))
    turned = left.transposed([rank, *range(rank), rank + 1])
    letters = Letters((), (m,), (n,), (*batch, k), (n, 1))
    return contracted(t, item.kind, (item.inputs[0], turned), (item.inputs[1], right), letters, (m, n))


def one_number(t: Translation, uniform: int) -> int:
    """Return the number of a uniform, as a single one."""
    item = t.items.all[uniform]
    return t.items.uniform(item.detail, item.kind, (), t.origin)


def folded(t: Translation, kind: str, a: int, b: int, batch: Shape, m: int, n: int, k: int) -> int:
    """Return a product as a sum over the last axis of a box (…, m, n, k)."""
    items = t.items
    left, right = items.views[a].broadcast((*batch, m, k)), items.views[b].broadcast((*batch, k, n))
    rank = len(batch)
    a_shown = items.view(a, extended(left, rank + 1), t.origin)
    turned = right.transposed([*range(rank), rank + 1, rank])
    b_shown = items.view(b, extended(turned, rank), t.origin)
    shape = (*batch, m, n, k)
    product = items.point("multiply", [a_shown, b_shown], kind, shape, t.origin)
    return items.fold("sum", product, (rank + 2,), False, t.origin)


def extended(view: View, axis: int) -> View:
    """Return the view with an axis of size 1 put in."""
    def inserted(values: Sequence[int], value: int) -> tuple[int, ...]:
        return (*values[:axis], value, *values[axis:])

    return View(view.root, inserted(view.shape, 1), view.offset, inserted(view.strides, 0))
