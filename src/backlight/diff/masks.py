"""Where a gradient is live: not on a branch that a selection did not take.

A mask is a function that writes the node when it is first asked for, or None, which means live everywhere: most masks
are never needed, and then nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..core.array import Array
from ..core.table import TABLE

__all__ = ["Mask", "both", "either", "once", "shrunk", "stretched"]

Mask = Callable[[], Array] | None


def once(make: Callable[[], Array]) -> Callable[[], Array]:
    """The same array every time, written when it is first asked for."""
    made: list[Array] = []

    def get() -> Array:
        if not made:
            made.append(make())
        return made[0]

    return get


def both(a: Mask, b: Mask) -> Mask:
    """Live where both are."""
    if a is None or b is None:
        return a if b is None else b
    return once(lambda: TABLE["logical_and"](a(), b()))


def either(masks: Sequence[Mask]) -> Mask:
    """Live where at least one is."""

    def make() -> Array:
        found = [m() for m in masks if m is not None]
        out = found[0]
        for m in found[1:]:
            out = TABLE["logical_or"](out, m)
        return out

    return once(make)


def stretched(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """The mask in the shape of the result that it belongs to: a condition may be smaller."""
    if mask is None:
        return None

    def make() -> Array:
        m = mask()
        return m if m.shape == shape else TABLE["broadcast_to"](m, shape=shape)

    return once(make)


def shrunk(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """The mask of an operand that was stretched: live where any of its copies is."""
    if mask is None:
        return None

    def make() -> Array:
        m = mask()
        if m.shape == shape:
            return m
        return TABLE["greater"](TABLE["sum_to"](TABLE["cast"](m, dtype="float64"), shape=shape), 0.0)

    return once(make)
