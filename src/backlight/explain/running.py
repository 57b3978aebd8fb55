"""Running indices: the k in Σ W[2, k]·x[k, 1], found in the places that the terms of a sum come from."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from ..core.math import ADD, Math, infix, name

__all__ = ["Running"]

FREE: Final = "kmnpqrst"  # letters that a sum may count with


class Running:
    """Running indices: the same sequence is the same letter, one that is ahead of it is k + 1."""

    def __init__(self, taken: set[str], count: int) -> None:
        self.free = [letter for letter in FREE if letter not in taken]
        self.count = count
        self.runs: dict[str, np.ndarray[Any, Any]] = {}

    def subscript(self, places: np.ndarray[Any, Any]) -> Math | int | None:
        if (places == places[0]).all():
            return int(places[0])
        for letter, run in self.runs.items():
            ahead = places - run
            if (ahead == ahead[0]).all():
                by = int(ahead[0])
                return name(letter) if by == 0 else infix("+" if by > 0 else "−", name(letter), abs(by), ADD)
        if not self.free:
            return None
        letter = self.free.pop(0)
        self.runs[letter] = places
        return name(letter)

    def whole(self) -> bool:
        """Whether the terms are all that the indices run over."""
        sizes = 1
        for run in self.runs.values():
            low, high = int(run.min()), int(run.max())
            sizes *= high - low + 1
        distinct = len(set(zip(*[run.tolist() for run in self.runs.values()], strict=True))) if self.runs else 0
        return sizes == distinct == self.count

    def words(self) -> str:
        return ", ".join(f"{letter} = {run.min()} … {run.max()}" for letter, run in self.runs.items())
