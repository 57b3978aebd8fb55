"""One verdict on a run, with its evidence: which node, which element, how many of how many, and a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ..run.record import Run

__all__ = ["Finding", "Kind", "at_words", "first_bad", "operand_at"]

Kind = Literal["nan", "inf", "no path", "stopped", "no derivative", "not chosen", "saturated", "zero factor", "upstream"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One verdict: what kind, at which node, at which element of it (None for all), and how many elements of how many.

    `toward` is the node that the edge leads down to, for a gradient that was blocked there.
    """

    kind: Kind
    node: int
    element: tuple[int, ...] | None
    count: int
    size: int
    sentence: str
    toward: int = -1


def first_bad(bad: Any) -> tuple[int, ...]:
    """The first element, in reading order, where the mask holds."""
    mask = np.asarray(bad)
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(mask)), mask.shape))


def at_words(element: tuple[int, ...]) -> str:
    return f" at element [{', '.join(map(str, element))}]" if element else ""


def operand_at(run: Run, j: int, element: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """The number of operand j that goes into an element of an elementwise result; None where shapes do not tell."""
    value = np.asarray(run.value(j))
    try:
        return np.broadcast_to(value, shape)[element]
    except (ValueError, IndexError):
        return None
