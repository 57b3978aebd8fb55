"""What a session made of the text: where it is wrong, or what its words and inputs are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..document import Binding

__all__ = ["Place", "Mistake", "Span", "Input", "Opened", "Formula"]


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of the text: line and columns from 1; `end` is the column behind it."""

    line: int
    column: int
    end: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wish that could not be granted, in words. `about` says where it belongs: "text", "input:W", "limit", or the wish's kind."""

    message: str
    about: str
    place: Place | None = None
    to: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """How a stretch of the text is coloured: offsets in characters."""

    start: int
    end: int
    kind: Literal["number", "name", "function", "operator", "bracket", "comment", "text"]


@dataclass(frozen=True, slots=True)
class Input:
    """An input as it stands: the binding, given or proposed, and what it makes."""

    name: str
    node: int
    binding: Binding
    shape: tuple[int, ...]
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """The document was understood. `inputs` are in order of first appearance; those that were `proposed` are new."""

    revision: int
    inputs: tuple[Input, ...]
    spans: tuple[Span, ...]
    note: str = ""
    to: int = 0


@dataclass(frozen=True, slots=True)
class Formula:
    """The text typeset, a formula a line."""

    lines: tuple[str, ...]
    to: int = 0
