"""The first news: the words of the language, documents to begin with, and what a session may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from ..document import Document
from ..limits import Limits

__all__ = ["Word", "Lesson", "Welcome"]


@dataclass(frozen=True, slots=True)
class Word:
    """One name of the language, for completion and help: `insert` is typed, `label` is shown, `docs` explains."""

    name: str
    label: str
    insert: str
    docs: str
    rule: str
    group: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A document to begin with, and why it behaves so. `group` is the shelf that it stands on."""

    key: str
    title: str
    group: str
    document: Document
    commentary: str
    tries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Welcome:
    """The first news. `document` is what the host was started with, or None.

    `makers` are what values of inputs are made with; their `insert` has the holes {shape} and, where they draw, {seed}.
    """

    version: int
    words: tuple[Word, ...]
    makers: tuple[Word, ...]
    lessons: tuple[Lesson, ...]
    optimizers: tuple[Word, ...]
    limits: Limits
    document: Document | None = None
    to: int = 0
