"""Rules that compute a row for many operands at once: the batch is a new first axis.

A rule is `(n, xs, mapped, **attrs)`: n is the size of the batch, `xs` are the operands, those that are `mapped` with the
batch as their first axis, `attrs` all settings of the row. It returns the result with the batch first, equal to the stack
of what the row gives one by one. Most rows need none of these: elementwise ones only want their axes side by side, and where
a setting names axes they are counted one further. Rows that mix axes in their own way name a rule of this file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core.table import TABLE
from ..core.types import Type

__all__ = [
    "Rule", "aligned", "along_axes", "by_letters", "convolution", "convolution_weights", "covered", "elementwise", "embedded", "flattened", "gathered",
    "indexed", "matrix_product", "moved", "outer_product", "over_first", "padded", "permuted", "put", "reduced", "repeated",
    "rolled", "scattered", "set_beside", "solved", "stacked_matrices", "stretched", "summed", "swapped", "tiled", "transposed",
    "unrolled",
]  # fmt: skip

Rule = Callable[..., Any]


def row(name: str) -> Any:
    return TABLE[name]


def rank(x: Any, mapped: bool) -> int:
    """How many axes the operand has besides that of the batch."""
    return int(x.ndim) - mapped


def covered(n: int, x: Any, mapped: bool) -> Any:
    """The operand with the axis of the batch, repeated along it where it had none."""
    return x if mapped else row("broadcast_to")(x, shape=(n, *x.shape))


def all_mapped(n: int, xs: Sequence[Any], mapped: Sequence[bool]) -> list[Any]:
    return [covered(n, x, m) for x, m in zip(xs, mapped, strict=True)]


def aligned(n: int, xs: Sequence[Any], mapped: Sequence[bool], least: int = 0) -> list[Any]:
    """The operands with so many axes that the batch comes first when they are stretched to one shape."""
    most = max(least, *[rank(x, m) for x, m in zip(xs, mapped, strict=True)])
    found = []
    for x, m in zip(xs, mapped, strict=True):
        missing = most - rank(x, m)
        found.append(row("reshape")(x, shape=(n, *(1,) * missing, *x.shape[1:])) if m and missing else x)
    return found


def shifted(axis: int) -> int:
    """An axis counted from the front is one further; one counted from the end stays."""
    return axis + 1 if axis >= 0 else axis


def shifted_all(axis: Any) -> Any:
    return shifted(axis) if isinstance(axis, int) else tuple(map(shifted, axis))


def elementwise(op: Any) -> Rule:
    return lambda n, xs, mapped, /, **attrs: op(*aligned(n, xs, mapped), **attrs)


def along_axes(name: str) -> Rule:
    """A row of operands of one shape with a setting that names axes; None is all axes but that of the batch."""

    def rule(n: int, xs: Any, mapped: Any, /, axis: Any = None, **attrs: Any) -> Any:
        given = all_mapped(n, xs, mapped)
        axes = tuple(range(1, given[0].ndim)) if axis is None else shifted_all(axis)
        return given[0] if axes == () and name == "flip" else row(name)(*given, axis=axes, **attrs)

    return rule


def reduced(name: str) -> Rule:
    """A reduction; of all axes at once as one axis, since some rows take one at most."""

    def rule(n: int, xs: Any, mapped: Any, /, axis: Any = None, keepdims: bool = False, **attrs: Any) -> Any:
        (x,) = xs
        if axis is not None:
            return row(name)(x, axis=shifted_all(axis), keepdims=keepdims, **attrs)
        line = x if x.ndim == 2 else row("reshape")(x, shape=(n, int(np.prod(x.shape[1:]))))
        z = row(name)(line, axis=1, **attrs)
        return row("reshape")(z, shape=(n, *(1,) * (x.ndim - 1))) if keepdims else z

    return rule


def set_beside(name: str) -> Rule:
    """Several arrays of one shape joined along an axis."""
    return lambda n, xs, mapped, /, axis=0: row(name)(*all_mapped(n, xs, mapped), axis=shifted(axis))


# -- the same numbers in another arrangement --------------------------------------------------------------------------
def flattened(type_rule: Callable[..., Type]) -> Rule:
    """A row that keeps the order of the numbers: what its type rule says, behind the batch."""

    def rule(n: int, xs: Any, mapped: Any, /, **attrs: Any) -> Any:
        (x,) = xs
        return row("reshape")(x, shape=(n, *type_rule(Type(x.dtype, x.shape[1:]), **attrs).shape))

    return rule


def transposed(n: int, xs: Any, mapped: Any, /) -> Any:
    return row("permute")(xs[0], axes=(0, *range(xs[0].ndim - 1, 0, -1)))


def permuted(n: int, xs: Any, mapped: Any, /, axes: Any = ()) -> Any:
    return row("permute")(xs[0], axes=(0, *(a % max(1, len(axes)) + 1 for a in axes)))


def swapped(n: int, xs: Any, mapped: Any, /, first: int = -2, second: int = -1) -> Any:
    return row("swapaxes")(xs[0], first=shifted(first), second=shifted(second))


def moved(n: int, xs: Any, mapped: Any, /, source: Any = 0, destination: Any = -1) -> Any:
    return row("moveaxis")(xs[0], source=shifted_all(source), destination=shifted_all(destination))


def stretched(n: int, xs: Any, mapped: Any, /, shape: tuple[int, ...] = ()) -> Any:
    (x,) = xs
    here = row("reshape")(x, shape=(n, *(1,) * (len(shape) - x.ndim + 1), *x.shape[1:]))
    return row("broadcast_to")(here, shape=(n, *shape))


def summed(n: int, xs: Any, mapped: Any, /, shape: tuple[int, ...] = ()) -> Any:
    (x,) = xs
    lead = x.ndim - 1 - len(shape)
    y = row("sum")(x, axis=tuple(range(1, lead + 1))) if lead else x
    return row("sum_to")(y, shape=(n, *shape)) if y.shape != (n, *shape) else y


def rolled(n: int, xs: Any, mapped: Any, /, shift: Any = 1, axis: Any = None) -> Any:
    (x,) = xs
    if axis is not None:
        return row("roll")(x, shift=shift, axis=shifted_all(axis))
    line = row("reshape")(x, shape=(n, int(np.prod(x.shape[1:]))))
    return row("reshape")(row("roll")(line, shift=shift, axis=1), shape=x.shape)


def repeated(n: int, xs: Any, mapped: Any, /, times: int = 2, axis: int | None = None) -> Any:
    (x,) = xs
    if axis is not None:
        return row("repeat")(x, times=times, axis=shifted(axis))
    return row("repeat")(row("reshape")(x, shape=(n, int(np.prod(x.shape[1:])))), times=times, axis=1)


def tiled(n: int, xs: Any, mapped: Any, /, times: Any = 2) -> Any:
    (x,) = xs
    copies = times if isinstance(times, tuple) else (times,)
    missing = len(copies) - (x.ndim - 1)
    if missing > 0:
        x = row("reshape")(x, shape=(n, *(1,) * missing, *x.shape[1:]))
    return row("tile")(x, times=(*(1,) * (x.ndim - len(copies)), *copies))


def padded(n: int, xs: Any, mapped: Any, /, width: Any = 1, **attrs: Any) -> Any:
    (x,) = xs
    axes = x.ndim - 1
    if not axes:
        return x
    pairs = ((width, width),) * axes if isinstance(width, int) else (width,) * axes if isinstance(width[0], int) else width
    return row("pad")(x, width=((0, 0), *pairs), **attrs)


# -- chosen places ----------------------------------------------------------------------------------------------------
def keyed(key: Any) -> tuple[Any, ...]:
    """The key behind a batch of which everything is taken."""
    return (":", *(key if isinstance(key, tuple) else (key,)))


def indexed(n: int, xs: Any, mapped: Any, /, key: Any = ()) -> Any:
    return row("index")(xs[0], key=keyed(key))


def embedded(n: int, xs: Any, mapped: Any, /, key: Any = (), shape: tuple[int, ...] = ()) -> Any:
    return row("embed")(xs[0], key=keyed(key), shape=(n, *shape))


def flat(x: Any, first: int, count: int) -> Any:
    """(batch, all other axes as one, the axes from `first` on, so many of them, as one)."""
    axes = list(range(1, x.ndim))
    picked = axes[first : first + count]
    rest = [a for a in axes if a not in picked]
    sizes = [[x.shape[a] for a in group] for group in (rest, picked)]
    y = row("permute")(x, axes=(0, *rest, *picked))
    return row("reshape")(y, shape=(x.shape[0], *[int(np.prod(s)) for s in sizes])), sizes[0]


def unflat(y: Any, rest: Sequence[int], at: int, shape: Sequence[int]) -> Any:
    """What `flat` did, undone: the last axis as axes of their own, from place `at` on."""
    apart = row("reshape")(y, shape=(y.shape[0], *rest, *shape))
    count, here = len(shape), 1 + len(rest)
    order = [*range(here)]
    order[1 + at : 1 + at] = range(here, here + count)
    return row("permute")(apart, axes=tuple(order))


def gathered(n: int, xs: Any, mapped: Any, /, axis: int = 0) -> Any:
    x, i = xs
    axes = rank(x, mapped[0])
    a = axis % axes
    if not mapped[1]:
        return row("gather")(x, i, axis=a + 1)
    if not mapped[0]:
        found = row("gather")(x, i, axis=a)
        return row("moveaxis")(found, source=a, destination=0)
    lines, rest = flat(x, a, 1)
    picks = row("reshape")(i, shape=(n, 1, int(np.prod(i.shape[1:]))))
    picks = row("broadcast_to")(picks, shape=(n, lines.shape[1], picks.shape[2]))
    return unflat(row("take_along_axis")(lines, picks), rest, a, i.shape[1:])


def scattered(n: int, xs: Any, mapped: Any, /, size: int = 0, axis: int = 0) -> Any:
    y, i = xs
    if not mapped[1]:
        return row("scatter_add")(y, i, size=size, axis=axis + 1)
    lines, rest = flat(covered(n, y, mapped[0]), axis, i.ndim - 1)
    picks = row("reshape")(i, shape=(n, 1, int(np.prod(i.shape[1:]))))
    picks = row("broadcast_to")(picks, shape=lines.shape)
    return unflat(row("add_along_axis")(lines, picks, size=size), rest, axis, (size,))


def put(n: int, xs: Any, mapped: Any, /, axis: int = 0, mode: str = "set") -> Any:
    if mapped[1]:
        return unrolled(row("scatter"))(n, xs, mapped, axis=axis, mode=mode)
    x, i, y = xs
    return row("scatter")(covered(n, x, mapped[0]), i, covered(n, y, mapped[2]), axis=shifted(axis), mode=mode)


# -- products ---------------------------------------------------------------------------------------------------------
def matrix_product(n: int, xs: Any, mapped: Any, /) -> Any:
    """Vectors become rows and columns, stacks get the batch before them, and what was added is taken out again."""
    (x, y), (a, b) = xs, mapped
    row_vector, column = rank(x, a) == 1, rank(y, b) == 1
    if row_vector:
        x = row("reshape")(x, shape=(*x.shape[:-1], 1, x.shape[-1]))
    if column:
        y = row("reshape")(y, shape=(*y.shape, 1))
    z = row("matmul")(*aligned(n, (x, y), mapped, 2))
    shape = list(z.shape)
    if column:
        del shape[-1]
    if row_vector:
        del shape[-1 if column else -2]
    return z if tuple(shape) == z.shape else row("reshape")(z, shape=tuple(shape))


def outer_product(n: int, xs: Any, mapped: Any, /) -> Any:
    x, y = xs
    return row("mul")(row("reshape")(x, shape=(*x.shape, 1)), row("reshape")(y, shape=(*y.shape[:-1], 1, y.shape[-1])))


def by_letters(read: Callable[..., Any]) -> Rule:
    """A sum of products with one more letter, for the batch."""

    def rule(n: int, xs: Any, mapped: Any, /, spec: str = "") -> Any:
        terms, out = read(spec, tuple(rank(x, m) for x, m in zip(xs, mapped, strict=True)))
        used = set("".join(terms)) | set(out)
        letter = next(c for c in "bzyxwvutsrqponmlkjihgfedcaBZYXWVUTSRQPONMLKJIHGFEDCA" if c not in used)
        given = [letter + term if m else term for term, m in zip(terms, mapped, strict=True)]
        return row("einsum")(*xs, spec=f"{','.join(given)}->{letter}{out}")

    return rule


def stacked_matrices(name: str) -> Rule:
    """A row that takes stacks of matrices as they are."""
    return lambda n, xs, mapped, /, **attrs: row(name)(xs[0], **attrs)


def solved(n: int, xs: Any, mapped: Any, /) -> Any:
    (a, b), (_, right) = xs, mapped
    if rank(b, right) > 1:
        return row("solve")(*aligned(n, xs, mapped, 2))
    column = row("reshape")(b, shape=(*b.shape, 1))
    z = row("solve")(*aligned(n, (a, column), mapped, 2))
    return row("reshape")(z, shape=z.shape[:-1])


def over_first(name: str) -> Rule:
    """A row over (batch, channels, …) as it is, with both batches laid out as one."""

    def rule(n: int, xs: Any, mapped: Any, /, **attrs: Any) -> Any:
        (x,) = xs
        z = row(name)(row("reshape")(x, shape=(n * x.shape[1], *x.shape[2:])), **attrs)
        return row("reshape")(z, shape=(n, x.shape[1], *z.shape[1:]))

    return rule


def convolution(name: str) -> Rule:
    """Examples and weights: more examples where only they are mapped, else one group of channels for each of the batch."""

    def rule(n: int, xs: Any, mapped: Any, /, groups: int = 1, **attrs: Any) -> Any:
        x, w = xs
        if not mapped[1]:
            z = row(name)(row("reshape")(x, shape=(n * x.shape[1], *x.shape[2:])), w, groups=groups, **attrs)
            return row("reshape")(z, shape=(n, x.shape[1], *z.shape[1:]))
        x = covered(n, x, mapped[0])
        count, channels = x.shape[1], x.shape[2]
        beside = row("reshape")(row("moveaxis")(x, source=0, destination=1), shape=(count, n * channels, *x.shape[3:]))
        z = row(name)(beside, row("reshape")(w, shape=(n * w.shape[1], *w.shape[2:])), groups=n * groups, **attrs)
        apart = row("reshape")(z, shape=(count, n, z.shape[1] // n, *z.shape[2:]))
        return row("moveaxis")(apart, source=1, destination=0)

    return rule


def convolution_weights(name: str) -> Rule:
    """The gradient of the weights: one group of channels for each of the batch."""

    def rule(n: int, xs: Any, mapped: Any, /, groups: int = 1, **attrs: Any) -> Any:
        beside = []
        for x in all_mapped(n, xs, mapped):
            y = row("moveaxis")(x, source=0, destination=1)
            beside.append(row("reshape")(y, shape=(y.shape[0], n * y.shape[2], *y.shape[3:])))
        z = row(name)(*beside, groups=n * groups, **attrs)
        return row("reshape")(z, shape=(n, z.shape[0] // n, *z.shape[1:]))

    return rule


def unrolled(op: Any) -> Rule:
    """One after the other: what is left for a row that no rule is about."""

    def rule(n: int, xs: Any, mapped: Any, /, **attrs: Any) -> Any:
        found = []
        for k in range(n):
            found.append(op(*[row("index")(x, key=k) if m else x for x, m in zip(xs, mapped, strict=True)], **attrs))
        if found and isinstance(found[0], tuple):
            return tuple(row("stack")(*parts) for parts in zip(*found, strict=True))
        return row("stack")(*found)

    return rule
