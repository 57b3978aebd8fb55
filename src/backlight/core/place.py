"""Where in a person's source something happened: the nearest caller outside the package."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any, Final

from .graph import At

__all__ = ["caller", "frame_position", "is_outside"]

# Frames of the package itself are not where users wrote things, nor are those of NumPy, which calls us back.
INSIDE: Final = frozenset({__name__.rsplit(".", 2)[0], "numpy"})
OURS: dict[Any, bool] = {}  # by the name of a module, whether it is one of these
KNOWN: dict[tuple[int, int], tuple[Any, At]] = {}  # by the address of the code and the instruction, with the code to keep it there
MOST: Final = 1 << 16  # places that are remembered


def caller(depth: int = 2) -> Any:
    """The frame of the nearest caller outside the package, or None."""
    frame: Any = sys._getframe(depth)
    while frame is not None:
        name = frame.f_globals.get("__name__")
        ours = OURS.get(name)
        if ours is False or (ours is None and is_outside(frame)):
            return frame
        frame = frame.f_back
    return None


def is_outside(frame: Any) -> bool:
    """Whether a frame is none of ours, nor NumPy's."""
    name = frame.f_globals.get("__name__")
    ours = OURS.get(name)
    if ours is None:
        ours = OURS[name] = str(name).split(".", 1)[0] in INSIDE
    return not ours


def frame_position(depth: int = 2) -> At | None:
    """File, line and columns of the nearest caller outside the package."""
    frame = caller(depth + 1)
    if frame is None:
        return None
    code, instruction = frame.f_code, frame.f_lasti
    found = KNOWN.get((id(code), instruction))
    if found is not None:
        return found[1]
    line, column, end = frame.f_lineno, 0, 0
    where = next(islice(code.co_positions(), instruction // 2, None), None)
    if where is not None:
        start, stop, first, last = where
        line = start or line
        column = (first or 0) + 1
        end = (last or 0) + 1 if stop == start else 0
    if len(KNOWN) >= MOST:
        KNOWN.clear()
    at = At(code.co_filename, line, column, end)
    KNOWN[(id(code), instruction)] = code, at
    return at
