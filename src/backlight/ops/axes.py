"""Axes as a person names them, and as numbers from 0.

Every row that works along axes takes them from the end too, -1 being the last, and says the same where there is none.
"""

from __future__ import annotations

from typing import Any

from ..core.types import Type
from ..errors import ShapeError, ValueError

__all__ = ["Axis", "axes_of", "axis_of", "sizes"]

Axis = int | tuple[int, ...] | None


def axis_of(op: str, x: Type, axis: int) -> int:
    """One axis as a number from 0; ShapeError where there is none of that number."""
    if not -x.rank <= axis < x.rank:
        raise ShapeError(f"{op}: there is no axis {axis}: {x} {x.shape} has {x.rank} axes")
    return axis % x.rank


def axes_of(op: str, x: Type, axis: Axis) -> tuple[int, ...]:
    """Axes as numbers from 0, in order; None is all of them; ShapeError for one that is not there or is named twice."""
    if axis is None:
        return tuple(range(x.rank))
    found = [axis_of(op, x, a) for a in ((axis,) if isinstance(axis, int) else axis)]
    if len(set(found)) != len(found):
        raise ShapeError(f"{op}: an axis is named twice in {axis}")
    return tuple(sorted(found))


def sizes(op: str, name: str, value: Any, least: int = 0) -> tuple[int, ...]:
    """Sizes given as one whole number or several; ValueError for anything else, and below the least."""
    found = value if isinstance(value, tuple) else (value,)
    for n in found:
        if type(n) is not int or n < least:
            raise ValueError(f"{op}: {name} must be whole numbers from {least} on, and it is {value}")
    return found
