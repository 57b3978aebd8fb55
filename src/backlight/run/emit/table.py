"""The table of addresses that a program is given, and its pieces: what running compiled code needs to know, and no more.

What writes code is not imported here, nor by those who load code that was kept: importing it takes longer than loading.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backlight.run.lower.program import Call, Program

ASK = 3  # the place in a table of the block for `ask`
ALONE = 4  # that of whether short steps are done alone
RESERVED = 5  # places in a table before the buffers: the arena, the pool's function, the pool, and those two


def slots(program: Program) -> dict[int, int]:
    """Return the place in the table of each buffer outside the arena."""
    outside = [b.number for b in program.buffers if b.role not in {"arena", "tile"}]
    return {number: RESERVED + k for k, number in enumerate(outside)}


@dataclass(frozen=True, slots=True)
class Piece:
    """A function of the module, or a call of the reference machine."""

    symbol: str | None
    call: Call | None = None
