"""Where in a person's source something happened: the nearest caller outside the package."""

from __future__ import annotations

import sys
from itertools import islice
from typing import Any, Final

from .graph import At

__all__ = ["caller", "frame_position"]

INSIDE: Final = __name__.rsplit(".", 2)[0]  # "backlight": frames of the package itself are not where users wrote things


def caller(depth: int = 2) -> Any:
    """The frame of the nearest caller outside the package, or None."""
    frame: Any = sys._getframe(depth)
    while frame is not None and frame.f_globals.get("__name__", "").split(".", 1)[0] == INSIDE:
        frame = frame.f_back
    return frame


def frame_position(depth: int = 2) -> At | None:
    """File, line and columns of the nearest caller outside the package."""
    frame = caller(depth + 1)
    if frame is None:
        return None
    code = frame.f_code
    line, column, end = frame.f_lineno, 0, 0
    where = next(islice(code.co_positions(), frame.f_lasti // 2, None), None)
    if where is not None:
        start, stop, first, last = where
        line = start or line
        column = (first or 0) + 1
        end = (last or 0) + 1 if stop == start else 0
    return At(code.co_filename, line, column, end)
