"""Where a gradient is live, or a tangent moves: not on a branch that a selection did not take.

A mask is written when it is first asked for, and None means everywhere: most masks are never needed, and then nothing is
written. How far a mask holds depends on what made it. One that the numbers themselves decide (`relu`, `maximum`) ends at
products that mix axes, where it would cost more than it is worth. A *strict* one, for which a condition of its own was asked
(`where`), goes on: whatever stands on the branch that was not taken, NaN included, is kept away from products too. A *single*
one is a truth value for a whole array: a branch of `cond`, or a loop whose carry nothing has reached yet. It costs next to
nothing and holds everywhere; a *firm* mask becomes a single one, whether anything is live at all, where it would end. A mask
that the graph alone decides (`stack` beside a constant, `x[key] = v`) is *known*: it is an array of truth values already, and
None as soon as all of them are true.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, final

import numpy as np

from ..core.array import Array
from ..core.graph import Node, Why
from ..core.table import TABLE
from ..core.types import TupleType

__all__ = [
    "Lazy", "Mask", "as_one", "both", "either", "joined", "kept", "once", "pushed", "shrunk", "still", "stretched", "whole",
]  # fmt: skip


@final
class Lazy:
    """A mask that writes its node once, when it is first asked for."""

    __slots__ = ("firm", "known", "made", "make", "single", "strict")

    def __init__(
        self, make: Callable[[], Any], strict: bool = False, firm: bool = False, single: bool = False, known: Any = None
    ) -> None:
        self.make = make
        self.known = known
        self.made: Array | None = None
        self.strict = strict
        self.firm = firm or strict or single or known is not None
        self.single = single

    def __call__(self) -> Array:
        if self.made is None:
            made = self.make()
            self.made = made if isinstance(made, Array) else Array(None, -1, made)  # truth values that no node stands under
        return self.made


Mask = Lazy | None
once = Lazy


def settled(mask: Lazy) -> Mask:
    """The mask, or None where it is known to be true everywhere."""
    return None if mask.known is not None and bool(np.all(mask.known)) else mask


def still(mask: Mask) -> bool:
    """Whether a mask is known to be false everywhere."""
    return mask is not None and mask.known is not None and not bool(np.any(mask.known))


def both(a: Mask, b: Mask) -> Mask:
    """Live where both are."""
    if a is None or b is None:
        return a if b is None else b
    known = a.known & b.known if a.known is not None and b.known is not None else None
    return Lazy(lambda: TABLE["logical_and"](a(), b()), a.strict or b.strict, a.firm or b.firm, a.single and b.single, known)


def either(masks: Sequence[Mask]) -> Mask:
    """Live where at least one is; None, everywhere, if one of them is."""
    known = [m for m in masks if m is not None]
    if len(known) < len(masks):
        return None

    def make() -> Array:
        out = known[0]()
        for m in known[1:]:
            out = TABLE["logical_or"](out, m())
        return out

    if len(known) == 1:
        return known[0]
    strict, firm = any(m.strict for m in known), any(m.firm for m in known)
    where = None
    if all(m.known is not None for m in known):
        where = known[0].known
        for m in known[1:]:
            where = where | m.known
    return settled(Lazy(make, strict, firm, all(m.single for m in known), where))


def stretched(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """The mask in the shape of the result that it belongs to: a condition may be smaller. A single one stays as it is."""
    if mask is None or mask.single:
        return mask

    def make() -> Array:
        m = mask()
        return m if m.shape == shape else TABLE["broadcast_to"](m, shape=shape)

    return Lazy(make, mask.strict, mask.firm, known=None if mask.known is None else np.broadcast_to(mask.known, shape))


def shrunk(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """The mask of an operand that was stretched: live where any of its copies is."""
    if mask is None or mask.single:
        return mask

    def make() -> Array:
        m = mask()
        if m.shape == shape:
            return m
        return TABLE["greater"](TABLE["sum_to"](TABLE["cast"](m, dtype="float64"), shape=shape), 0.0)

    return Lazy(make, mask.strict, mask.firm)


def as_one(mask: Mask) -> Mask:
    """Whether anything is live at all, of a firm mask; None, everywhere, of another."""
    if mask is not None and mask.known is not None and bool(np.any(mask.known)):
        return None
    if mask is None or mask.single or not mask.firm:
        return mask if mask is None or mask.single else None
    return Lazy(lambda: TABLE["any"](mask()), single=True)


def pushed(i: int, node: Node, k: int, mask: Mask, z: Array, xs: Sequence[Array], attrs: Mapping[str, Any]) -> Mask:
    """Where operand k of node i is live, if its result is live at the mask.

    Products pass strict masks only, since the others would cost more than they are worth. A row without a rule for it lets a
    strict mask through as a whole: an operand counts where any result does.
    """
    op, tape = node.op, xs[k].tape
    assert tape is not None
    if isinstance(xs[k].type, TupleType):
        return mask
    if mask is not None and mask.single:
        return both(mask, pushed(i, node, k, None, z, xs, attrs)) if op.chooses else mask
    product = len(op.linear) > 1
    if product and (mask is None or not mask.strict):
        return as_one(mask)
    if op.mask is not None:
        push, above = op.mask, mask
        if above is None and not op.chooses:
            return None

        def make() -> Array:
            tape.why = Why("mask", op.name, i, k + 1)
            return push(k, None if above is None else above(), z, *xs, **attrs)  # type: ignore[no-any-return]

        return Lazy(make, mask is not None and mask.strict, mask is not None and mask.firm)
    if not xs[k].type.is_float:
        return None
    if product:
        return Lazy(lambda: factor_mask(i, node, k, mask, z, xs, attrs), True)
    return whole(xs[k], i, node, k, mask)


def factor_mask(i: int, node: Node, k: int, mask: Mask, z: Array, xs: Sequence[Array], attrs: Mapping[str, Any]) -> Array:
    """Which numbers of a factor go into a live result: the rule of the product itself, with ones for the other factors."""
    rule, tape = node.op.rule("vjp", k), z.tape
    assert mask is not None
    assert rule is not None
    assert tape is not None
    tape.why = Why("mask", node.op.name, i, k + 1)
    ones = [tape.constant(np.ones(x.shape, "float64")) for x in xs]
    return TABLE["greater"](rule(TABLE["cast"](mask(), dtype="float64"), z, *ones, **attrs), 0.5)


def whole(x: Array, i: int, node: Node, k: int, mask: Mask) -> Mask:
    """All of an array is live, or none of it: where a firm mask is live anywhere."""
    one = as_one(mask)
    if one is None:
        return None

    def make() -> Array:
        assert x.tape is not None
        x.tape.why = Why("mask", node.op.name, i, k + 1)
        return one()

    return Lazy(make, single=True)


def joined(masks: Sequence[Mask]) -> Mask:
    """Whether any of several outputs of a node is live anywhere."""
    return either([as_one(m) for m in masks]) if masks else None


def kept(x: Array, mask: Mask) -> Array:
    """The operand without what stands on a branch that was not taken; a constant that is finite is harmless as it is."""
    assert x.tape is not None
    node = x.tape.nodes[x.number]
    if mask is None or (node.op.name == "const" and bool(np.all(np.isfinite(node.attr("value"))))):
        return x
    return TABLE["where"](mask(), x, 0.0)

