"""Which numbers of a result depend on which numbers of the inputs: the pattern of a Jacobian, read off the graph.

Each node has a set of pairs (number of the node, number of the inputs), kept as one sorted array of `row · n + column`. A row
of the table says which of its operands' numbers go into which of its own: elementwise one to one, a rearrangement by asking
it to rearrange the numbers 1, 2, 3, …, a reduction many to one; a product with a constant matrix where that is not zero. Of a
row that says nothing every number depends on everything that its operands do: too much is allowed, too little is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ..core.graph import Node
from ..core.table import TABLE
from ..core.types import TupleType

__all__ = ["MOST", "pattern"]

MOST: Final = 4_000_000  # pairs of one node: beyond this nothing is gained by knowing them

MOVES: Final = frozenset("""
    reshape transpose permute squeeze expand_dims flatten swapaxes moveaxis embed flip roll concat stack split tile repeat pad
    tril triu diag broadcast_to index gather take_along_axis put scatter
""".split())
ALONG: Final = frozenset("cumsum cumprod recurrence sort softmax log_softmax logcumsumexp".split())
Keys = Any  # a sorted array of row · n + column
Edges = tuple[Any, Any]  # numbers of the result, and the numbers of the operand that go into them


class TooManyError(Exception):
    """The pattern is not worth knowing."""


def pattern(
    nodes: Sequence[Node], values: Sequence[Any], inputs: Mapping[int, int], n: int, first: int, constants: bool = False,
    most: int = MOST,
) -> dict[int, Any] | None:
    """The pattern of every node from number `first` on that depends on the inputs, or None where it is not worth knowing.

    `inputs` says by node where its numbers begin among all n of them; `values` are the values of all nodes. Which places an
    index names, and where a factor is zero, is taken from its value; with `constants` from those of constants only, for a graph
    that will be run with other values. More than `most` pairs are not worth knowing.
    """
    found: dict[int, Any] = {}
    for number, start in inputs.items():
        size = np.size(values[number])
        found[number] = np.arange(size, dtype=np.int64) * n + start + np.arange(size, dtype=np.int64)
    try:
        for i, node in enumerate(nodes[first:], first):
            if i not in found and any(j in found for j in node.inputs):
                made = of_node(node, values, found, n, [not constants or nodes[j].op.name == "const" for j in node.inputs])
                if made is not None:
                    found[i] = made
                    if not isinstance(made, tuple) and made.size > most:
                        return None
    except TooManyError:
        return None
    return found


def of_node(node: Node, values: Sequence[Any], found: Mapping[int, Any], n: int, fixed: Sequence[bool]) -> Any:
    """The pattern of one node, or a tuple of them where it has several outputs; None where no derivative goes through it."""
    if node.op.name == "item":
        above = found[node.inputs[0]]
        return above[node.attr("k", 0)] if isinstance(above, tuple) else above
    if isinstance(node.type, TupleType):
        if node.op.name == "split":
            ids = node.op.value(counted(values[node.inputs[0]], 1), **dict(node.attrs))
            return tuple(linked(found[node.inputs[0]], one_to_one(part), n) for part in ids)
        whole = everything(node, found, n)
        return tuple(dense(whole, t.size, n) for t in node.type.types)
    if node.type is None or not node.type.is_float:
        return None
    parts = []
    for k, j in enumerate(node.inputs):
        if j in found and not isinstance(found[j], tuple) and passes(node, k):
            link = edges(node, k, values, found, fixed)
            parts.append(dense(columns(found[j], n), node.type.size, n) if link is None else linked(found[j], link, n))
    if not parts:
        return None
    joined = parts[0] if len(parts) == 1 else np.unique(np.concatenate(parts))
    if joined.size > MOST:
        raise TooManyError
    return joined


def passes(node: Node, k: int) -> bool:
    """Whether a derivative goes through this operand."""
    op = node.op
    return not op.differentiable or op.rule("local" if op.local is not None else "vjp", k) is not None


def everything(node: Node, found: Mapping[int, Any], n: int) -> Any:
    parts = [columns(p, n) for j in node.inputs if j in found for p in (found[j] if isinstance(found[j], tuple) else (found[j],))]
    return np.unique(np.concatenate(parts))


def columns(keys: Keys, n: int) -> Any:
    return np.unique(keys % n)


def dense(cols: Any, rows: int, n: int) -> Keys:
    """Every row depends on these columns."""
    if rows * cols.size > MOST:
        raise TooManyError
    return (np.arange(rows, dtype=np.int64)[:, None] * n + cols).reshape(-1)


def linked(keys: Keys, link: Edges, n: int) -> Keys:
    """The pattern of a result whose numbers take on the columns of the operand's numbers that go into them."""
    out, into = link
    rows = keys // n
    size = int(into.max(initial=-1)) + 1
    starts, ends = np.searchsorted(rows, np.arange(size)), np.searchsorted(rows, np.arange(size), "right")
    counts = (ends - starts)[into]
    total = int(counts.sum())
    if total > MOST:
        raise TooManyError
    within = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.unique(np.repeat(out, counts) * n + keys[np.repeat(starts[into], counts) + within] % n)


def counted(x: Any, start: int) -> Any:
    """The numbers start, start + 1, … in the shape of x, as floats, so that an operation may move them."""
    return np.arange(start, start + np.size(x), dtype=np.float64).reshape(np.shape(x))[()]


def one_to_one(ids: Any) -> Edges:
    """Edges from what became of the numbers 1, 2, 3, …; 0 came from elsewhere."""
    flat = np.asarray(ids).reshape(-1).astype(np.int64)
    out = np.nonzero(flat > 0)[0]
    return out, flat[out] - 1


def edges(node: Node, k: int, values: Sequence[Any], found: Mapping[int, Any], fixed: Sequence[bool]) -> Edges | None:
    """Which numbers of operand k go into which of the result; None for a row of which nothing is known."""
    op, attrs = node.op, dict(node.attrs)
    xs = [values[j] for j in node.inputs]
    shape = node.type.shape  # type: ignore[union-attr]
    x = xs[k]
    if any(not fixed[j] for j in op.integers):
        return None
    if op.kind == "elementwise" or op.name == "cast":
        ids = np.broadcast_to(np.arange(np.size(x)).reshape(np.shape(x)), shape).reshape(-1)
        return np.arange(ids.size), ids
    if op.name == "scatter" and attrs.get("mode") == "add":
        if k == 0:
            return np.arange(np.size(x)), np.arange(np.size(x))
        return grouped(TABLE["gather"].value(np.arange(int(np.prod(shape))).reshape(shape), xs[1], axis=attrs.get("axis", 0)))
    if op.name in MOVES:
        if "value" in attrs:
            attrs["value"] = 0.0
        moved = []
        for j, other in enumerate(xs):
            whole = j in op.integers or np.asarray(other).dtype.kind in "biu"
            moved.append(counted(x, 1) if j == k else other if whole else np.zeros(np.shape(other)))
        return one_to_one(op.value(*moved, **attrs))
    out = np.arange(int(np.prod(shape))).reshape(shape)
    if op.name == "sum_to":
        return grouped(np.broadcast_to(out, np.shape(x)))
    if op.name == "scatter_add" and k == 0:
        return grouped(TABLE["gather"].value(out, xs[1], axis=attrs.get("axis", 0)))
    if op.name == "add_along_axis" and k == 0:
        return grouped(TABLE["take_along_axis"].value(out, xs[1], axis=attrs.get("axis", -1)))
    if op.kind == "reduce":
        return grouped(np.broadcast_to(out.reshape(kept(np.shape(x), attrs.get("axis"))), np.shape(x)))
    if op.name in ALONG:
        return along(np.shape(x), attrs.get("axis", -1))
    if op.name in ("matmul", "dot", "outer"):
        return of_product(op.name, k, xs, [j in found or not fixed[place] for place, j in enumerate(node.inputs)], shape)
    return None


def grouped(groups: Any) -> Edges:
    """Many to one: the group that each number of the operand goes into."""
    flat = np.asarray(groups).reshape(-1)
    return flat, np.arange(flat.size)


def kept(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    axes = range(len(shape)) if axis is None else [a % len(shape) for a in ((axis,) if isinstance(axis, int) else axis)]
    return tuple(1 if a in axes else size for a, size in enumerate(shape))


def along(shape: tuple[int, ...], axis: Any) -> Edges:
    """Every number depends on all that share its line, or its plane."""
    axes = tuple(range(len(shape))) if axis is None else (axis,) if isinstance(axis, int) else axis
    size = int(np.prod([shape[a] for a in axes]))
    last = np.moveaxis(np.arange(int(np.prod(shape))).reshape(shape), axes, range(-len(axes), 0))
    ids = last.reshape((*last.shape[: last.ndim - len(axes)], size))
    if ids.size * size > MOST:
        raise TooManyError
    out = np.broadcast_to(ids[..., :, None], (*ids.shape, size))
    into = np.broadcast_to(ids[..., None, :], (*ids.shape, size))
    return out.reshape(-1), into.reshape(-1)


def of_product(name: str, k: int, xs: Sequence[Any], moving: Sequence[bool], shape: tuple[int, ...]) -> Edges | None:
    """Vectors and matrices: where the other factor is a constant, only where it is not zero."""
    if any(np.ndim(x) > 2 for x in xs):
        return None
    if name == "outer":
        ids = np.arange(np.size(xs[k]))
        spread = np.broadcast_to(ids[:, None] if k == 0 else ids, shape).reshape(-1)
        return np.arange(spread.size), spread
    a = np.reshape(xs[0], (1, -1)) if np.ndim(xs[0]) == 1 else xs[0]
    b = np.reshape(xs[1], (-1, 1)) if np.ndim(xs[1]) == 1 else xs[1]
    (m, inner), columns = a.shape, b.shape[1]
    if m * inner * columns > MOST:
        raise TooManyError
    other = 1 - k
    live = np.ones(np.shape((a, b)[other]), bool) if moving[other] else np.asarray((a, b)[other]) != 0
    if k == 0:  # z[i, j] takes a[i, l] where b[l, j] is not zero
        middle, j = np.nonzero(live)
        i = np.arange(m)[:, None]
        return (i * columns + j).reshape(-1), (i * inner + middle).reshape(-1)
    i, middle = np.nonzero(live)
    j = np.arange(columns)[:, None]
    return (i * columns + j).reshape(-1), (middle * columns + j).reshape(-1)
