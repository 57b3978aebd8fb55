"""What defines one number of a result, where it is no sum of its operands' numbers: products that add up to something known.

The inverse of A is what makes A·z the identity; a softmax is what shares 1 out in proportion to e^x. A row says so for one
place of its result, in numbers of its operands and of the result itself, and whoever tells the number tells that.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Balance", "Number"]


@dataclass(frozen=True, slots=True)
class Number:
    """A number of an operand (`of`, from 0) or of the result (-1), or e to the power of it, `less` taken off before."""

    of: int
    at: tuple[int, ...]
    raised: bool = False
    less: float = 0.0


@dataclass(frozen=True, slots=True)
class Balance:
    """Products of numbers that add up to `total`; `slopes`, if any, are what each is multiplied by at the values as they are."""

    terms: tuple[tuple[Number, ...], ...]
    total: Number | float
    slopes: tuple[float, ...] = ()
