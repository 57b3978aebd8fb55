"""Loops put in order: axes that lie one after the other everywhere become one, and the innermost is the one along
which the memory runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backlight.run.lower.program import Contract, Multiply, Nest, Place, Position, Read, Step, Write


def tidy(nest: Nest) -> Nest:
    """Return the same nest with its axes in the best order, and as few of them as possible."""
    if 0 in nest.sizes:
        return nest
    nest = reordered(nest, order(nest))
    return merged(nest)


def of_single_numbers(nest: Nest) -> Nest:
    """Return the nest with folds along axes of size 1 alone, each of one number, written as that number."""
    single = [f for f in nest.folds if nest.sizes and not f.index and f.partials is None
              and all(stride for stride, size in zip(f.place.strides, nest.sizes, strict=True) if size != 1)]
    folds = tuple(f for f in nest.folds if f not in single)
    return replace(nest, writes=(*nest.writes, *(Write(f.value, f.place) for f in single)), folds=folds) if single else nest


def order(nest: Nest) -> list[int]:
    """Return the axes, the innermost last: the one with most accesses of stride 1, if that is not the last already."""
    rank = len(nest.sizes)
    if rank < 2:
        return list(range(rank))
    accesses = list(nest.accesses())

    def cost(axis: int) -> tuple[int, int]:
        moved = [strides[axis] for strides in accesses if axis < len(strides)]
        return sum(1 for s in moved if s not in {0, 1}), -axis

    wide = [a for a in range(rank) if nest.sizes[a] > 1] or [rank - 1]
    best = min(wide, key=cost)
    if cost(best)[0] == cost(wide[-1])[0]:
        best = wide[-1]
    return [*(a for a in range(rank) if a != best), best]


def reordered(nest: Nest, axes: Sequence[int]) -> Nest:
    """Return the nest with its axes in another order."""
    return strided(nest, tuple(nest.sizes[a] for a in axes), lambda strides: tuple(strides[a] for a in axes))


def merged(nest: Nest) -> Nest:
    """Return the nest without axes of size 1, and with neighbours joined that every access walks through in one."""
    kept = [a for a in range(len(nest.sizes)) if nest.sizes[a] != 1]
    nest = reordered(nest, kept)
    groups: list[list[int]] = []
    for axis in range(len(nest.sizes)):
        if groups and all(s[groups[-1][-1]] == s[axis] * nest.sizes[axis] for s in nest.accesses()):
            groups[-1].append(axis)
        else:
            groups.append([axis])
    sizes = []
    for group in groups:
        size = 1
        for axis in group:
            size *= nest.sizes[axis]
        sizes.append(size)
    return strided(nest, tuple(sizes), lambda strides: tuple(strides[group[-1]] for group in groups))


def strided(nest: Nest, sizes: tuple[int, ...], change: object) -> Nest:
    """Return the nest over another box, with the strides of every access changed."""
    assert callable(change)

    def place(p: Place) -> Place:
        return replace(p, strides=change(p.strides))

    def step(s: Step) -> Step:
        if isinstance(s, Read):
            return replace(s, place=place(s.place))
        if isinstance(s, Position):
            return replace(s, strides=change(s.strides))
        return s

    return replace(
        nest, sizes=sizes, steps=tuple(step(s) for s in nest.steps),
        writes=tuple(replace(w, place=place(w.place)) for w in nest.writes),
        folds=tuple(replace(f, place=place(f.place)) for f in nest.folds),
    )


def simplified(x: Contract) -> Contract | Multiply:
    """Return a product over axes with neighbours joined; as a product of matrices, if that is all it is."""
    batch, m, k = len(x.batch), len(x.m), len(x.k)
    a, b, c = x.a.strides, x.b.strides, x.c.strides
    together = joined(x.batch, a[:batch], b[:batch], c[:batch])
    rows = joined(x.m, a[batch : batch + m], c[batch : batch + m])
    columns = joined(x.n, b[batch + k :], c[batch + m :])
    depth = joined(x.k, a[batch + m :], b[batch : batch + k])
    (sizes, ab, bb, cb), (ms, am, cm), (ns, bn, cn), (ks, ak, bk) = together, rows, columns, depth
    if len(ms) <= 1 and len(ns) <= 1 and len(ks) == 1 and (not ns or cn == (1,)):
        ms, am, cm = (ms, am, cm) if ms else ((1,), (0,), (0,))
        ns, bn, cn = (ns, bn, cn) if ns else ((1,), (0,), (1,))
        return Multiply(
            x.kind, ms[0], ns[0], ks[0], replace(x.a, strides=(*ab, *am, *ak)), replace(x.b, strides=(*bb, *bk, *bn)),
            replace(x.c, strides=(*cb, *cm, *cn)), sizes, x.nodes,
        )
    return replace(
        x, batch=sizes, m=ms, n=ns, k=ks, a=replace(x.a, strides=(*ab, *am, *ak)),
        b=replace(x.b, strides=(*bb, *bk, *bn)), c=replace(x.c, strides=(*cb, *cm, *cn)),
    )


def joined(sizes: Sequence[int], *strides: Sequence[int]) -> list[tuple[int, ...]]:
    """Return sizes and strides without axes of size 1, neighbours joined that every operand walks through in one."""
    found: list[tuple[int, ...]] = []
    for size, *steps in zip(sizes, *strides, strict=True):
        if size == 1:
            continue
        if found and all(last == step * size for last, step in zip(found[-1][1:], steps, strict=True)):
            found[-1] = (found[-1][0] * size, *steps)
        else:
            found.append((size, *steps))
    return [tuple(column) for column in zip(*found, strict=True)] if found else [()] * (1 + len(strides))
