"""What one visitor may ask for. Whoever serves visitors knows it without loading anything that computes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["LIMITS", "Limits"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a session may ask for."""

    characters: int
    nodes: int
    block_bytes: int
    seconds: float
    wishes_a_second: float


LIMITS: Final = Limits(characters=400_000, nodes=50_000, block_bytes=1 << 24, seconds=10.0, wishes_a_second=240.0)
