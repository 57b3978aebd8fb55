"""Documents to begin with."""

from __future__ import annotations

from typing import Final

from .document import Document
from .news import Lesson

__all__ = ["LESSONS"]

LESSONS: Final[tuple[Lesson, ...]] = (Lesson("square", "(4x + 1)²", "first steps", Document("(4*x + 1)^2"), ""),)
