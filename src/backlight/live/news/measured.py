"""What a session works out for a plot or a table: ways to differentiate, landscapes, steps of descent. These hold numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from .told import Piece, Step

__all__ = ["Way", "Growth", "Ways", "Landscape", "Line", "Contour", "Descended"]

# A float that may be no number: JSON holds it as a number or as one of the strings "NaN", "Infinity", "-Infinity".
Real = Annotated[float, "Real"]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to differentiate; `gradients` is empty where it was too large to run."""

    name: str
    gradients: tuple[Real, ...]
    error: Real | None
    operations: int
    size: int | None
    seconds: Real | None
    note: str


@dataclass(frozen=True, slots=True)
class Growth:
    """How a way grows: one number for each of `counts` parameters; None where it was not run."""

    name: str
    counts: tuple[int, ...]
    operations: tuple[int, ...]
    sizes: tuple[int | None, ...]
    seconds: tuple[Real | None, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """Every way side by side, by the first of `total` parameters."""

    revision: int
    parameters: tuple[str, ...]
    total: int
    value: Real
    reference: str
    ways: tuple[Way, ...]
    growth: tuple[Growth, ...]
    to: int = 0


@dataclass(frozen=True, slots=True)
class Landscape:
    """The loss along one number, and the local view that descent has: point, slope, step, where that leads; and in words."""

    revision: int
    name: str
    xs: tuple[Real, ...]
    heights: tuple[Real, ...]
    x: Real
    loss: Real
    slope: Real
    new_x: Real
    foretold: Real
    real: Real
    said: tuple[tuple[Piece, ...], ...]
    to: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of equal height: x, y, x, y, …"""

    height: Real
    points: tuple[Real, ...]


@dataclass(frozen=True, slots=True)
class Contour:
    """The loss over two numbers as lines of equal height, and the path of descent from here: x, y, x, y, …"""

    revision: int
    names: tuple[str, str]
    lines: tuple[Line, ...]
    path: tuple[Real, ...]
    losses: tuple[Real, ...]
    to: int = 0


@dataclass(frozen=True, slots=True)
class Descended:
    """New values of the parameters, as texts for their bindings, the losses on the way, and the arithmetic of the last step."""

    revision: int
    values: Mapping[str, str]
    losses: tuple[Real, ...]
    state: str
    steps: tuple[Step, ...]
    to: int = 0
