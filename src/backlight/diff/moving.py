"""Where a tangent moves behind a row that mixes axes, from where its operands do.

An operand that stands still has no tangent, and beside one that moves it leaves zeros in the tangent of the result: half of
`stack(x, 0)` does not move. There a later product with an infinite local derivative must not turn that zero into NaN, so the
places that stand still are told from those whose tangent happens to be zero. They follow from the row itself: what adds up or
places numbers is applied to the masks as numbers, and a result moves where something comes out. As long as no number of a run
has a say in it, that is done at once and written nowhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from ..core.array import Array
from ..core.graph import Node, Why
from ..core.table import TABLE
from ..core.tape import Tape
from ..core.types import TupleType, Type
from .masks import Lazy, Mask, as_one, either, settled
from .turned import turned

__all__ = ["climbed"]

KEPT: dict[Any, list[Any]] = {}  # what the graph alone decided, in graphs before this one
SMALL: Final = 4096  # bytes of a mask that is kept
MOST: Final = 1024  # of them


def climbed(tape: Tape, i: int, node: Node, moving: Mapping[int, Mask], tried: dict[Any, Any]) -> list[Mask]:
    """Where each result of node i moves, given where those of its operands do that move at all; None: everywhere.

    `tried` remembers what the graph alone decided for nodes before it, since most of them are alike.
    """
    op, nodes = node.op, tape.nodes
    types = node.type.types if isinstance(node.type, TupleType) else (node.type,)
    masks = list(moving.values())
    places = op.kind in ("shape", "index") and (bool(op.linear) or op.variadic or op.fills or op.chooses)
    beside = [nodes[j].type for k, j in enumerate(node.inputs) if k not in moving]
    full = not op.fills and not (places and any(t.is_float for t in beside))  # type: ignore[union-attr]
    if full and all(mask is None or mask.single for mask in masks):
        return [either(masks)] * len(types)  # all of it moves, or a truth value says whether it does
    known = all(mask is None or mask.known is not None for mask in masks)
    product = len(op.linear) > 1
    if op.climb is not None or places or (product and known and (op.fills or any(masks))):
        return placed(tape, i, node, moving, known, tried)
    (type_,) = types if len(types) == 1 else (None,)
    found: list[Mask] = []
    for k, mask in moving.items():
        if mask is None:
            return [None] * len(types)
        found.append(passed(tape, i, node, k, mask) if isinstance(type_, Type) else as_one(mask))
    return [either(found)] * len(types)


def placed(
    tape: Tape, i: int, node: Node, moving: Mapping[int, Mask], known: bool, tried: dict[Any, Any]
) -> list[Mask]:
    """The same, of a row that adds up or places numbers: where the row itself makes something of the masks."""
    op, nodes = node.op, tape.nodes
    operands = [nodes[j] for j in node.inputs]
    fixed = [x.attr("value") if x.op.name == "const" else None for x in operands]
    flags = [mask for mask in moving.values() if mask is not None]
    strict, firm = any(mask.strict for mask in flags), any(mask.firm for mask in flags)
    if known and all(x.type.is_float or v is not None for x, v in zip(operands, fixed, strict=True)):  # type: ignore[union-attr]
        parts = tuple([(k, None if mask is None else mask.known.tobytes()) for k, mask in moving.items()])
        alike = all(x.type.is_float for x in operands)  # type: ignore[union-attr]
        key = (op, node.attrs, tuple([x.type for x in operands]), parts) if alike else None
        where = (tried.get(key) or KEPT.get(key)) if key is not None else None
        if where is None:
            bare: list[Any] = [
                Array(None, -1, np.ones(x.type.shape) if x.type.is_float else v)  # type: ignore[union-attr]
                for x, v in zip(operands, fixed, strict=True)
            ]
            ts: list[Any] = [None] * len(bare)
            for k, mask in moving.items():
                ts[k] = bare[k] if mask is None else Array(None, -1, mask.known.astype(float))
            where = [np.asarray(x.value) > 0.0 for x in summed(node, bare, ts)]
            where = [None if bool(np.all(m)) else m for m in where]
            if key is not None:
                tried[key] = where
                keep(key, parts, where)
        return [None if m is None else known_mask(tape, m, strict, firm) for m in where]
    made: list[Array] = []

    def make(n: int) -> Array:
        if not made:
            tape.why = Why("mask", op.name, i)
            xs = [tape.handle(j) for j in node.inputs]
            ts: list[Any] = [None] * len(xs)
            for k, mask in moving.items():
                shape = xs[k].shape
                if mask is None:
                    ts[k] = tape.constant(np.ones(shape))
                else:
                    number = TABLE["cast"](mask(), dtype="float64")
                    ts[k] = number if number.shape == shape else TABLE["broadcast_to"](number, shape=shape)
            made.extend(TABLE["greater"](x, 0.0) for x in summed(node, xs, ts))
        return made[n]

    count = len(node.type.types) if isinstance(node.type, TupleType) else 1
    return [Lazy(lambda n=n: make(n), strict, firm) for n in range(count)]  # type: ignore[misc]


def keep(key: Any, parts: Any, where: list[Any]) -> None:
    """Remember it for later graphs too, where it is small: a step of descent asks the same again and again."""
    op = key[0]
    small = all(m is None or m.nbytes <= SMALL for m in where) and all(known is None or len(known) <= SMALL for _, known in parts)
    if small and TABLE.get(op.name) is op:
        if len(KEPT) >= MOST:
            KEPT.clear()
        for m in where:
            if isinstance(m, np.ndarray):  # a single one is a number, which nobody writes into
                m.flags.writeable = False
        KEPT[key] = where


def known_mask(tape: Tape, where: Any, strict: bool, firm: bool) -> Mask:
    return Lazy(lambda: tape.constant(where[()]), strict, firm, known=where)


def summed(node: Node, xs: Sequence[Array], ts: Sequence[Array | None]) -> list[Array]:
    """What the row makes of masks as numbers."""
    op, attrs = node.op, dict(node.attrs)
    if op.climb is not None:
        return [op.climb(ts, *xs, **attrs)]
    if op.jvp is not None:
        kind: Any = node.type
        z = Array(None, -1, np.broadcast_to(np.float64(0.0), kind.shape))  # only its shape and dtype are asked for
        return [op.jvp(tuple(ts), z, *xs, **attrs)]
    total: list[Array] | None = None
    for k, t in enumerate(ts):
        if t is not None:
            ones = [t if n == k else Array(None, -1, np.ones(x.shape)) if x.type.is_float else x for n, x in enumerate(xs)]
            found: Any = op(*ones, **attrs)
            shares = list(found) if isinstance(found, tuple) else [found]
            total = shares if total is None else [a + b for a, b in zip(total, shares, strict=True)]
    assert total is not None
    return total


def passed(tape: Tape, i: int, node: Node, k: int, mask: Lazy) -> Mask:
    """Where the result moves if this operand alone does: behind a row that sums up, chooses, or keeps the shape."""
    op, attrs, xs = node.op, dict(node.attrs), [tape.handle(j) for j in node.inputs]
    reduces = op.kind == "reduce" and "keepdims" in op.attrs
    keeps = op.kind == "network" and op.mask is not None and node.type is xs[k].type  # softmax: what is so in both directions
    if mask.single or not (reduces or keeps or op.chooses or op.jvp is not None):
        return as_one(mask)
    if reduces and not op.chooses and mask.known is not None:
        axis, keepdims = attrs.get("axis"), attrs.get("keepdims", False)
        where = np.any(mask.known, axis=axis, keepdims=keepdims)
        return settled(Lazy(lambda: tape.constant(where), mask.strict, mask.firm, known=np.asarray(where)))

    def make() -> Array:
        tape.why = Why("mask", op.name, i, k + 1)
        if op.chooses or op.jvp is not None:
            number = TABLE["cast"](mask(), dtype=xs[k].dtype.name)
            if op.jvp is None:
                return TABLE["greater"](turned(node, k, tape.handle(i), xs, number)[0], 0.0)
            return TABLE["greater"](op.jvp([number if n == k else None for n in range(len(xs))], tape.handle(i), *xs, **attrs), 0.0)
        if reduces:
            return TABLE["any"](mask(), axis=attrs.get("axis"), keepdims=attrs.get("keepdims", False))
        assert op.mask is not None
        return op.mask(k, mask(), tape.handle(i), *xs, **attrs)  # type: ignore[no-any-return]

    return Lazy(make, mask.strict, mask.firm)
