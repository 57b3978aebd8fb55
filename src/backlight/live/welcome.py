"""The first news: the words of the language, the lessons, and what a session may ask for."""

from __future__ import annotations

from functools import cache

from ..core.op import Op
from ..core.table import TABLE
from ..read.text.build import functions
from .document import VERSION, Document
from .news import Welcome, Word
from .reading import LIMITS

__all__ = ["welcome", "words"]


def welcome(document: Document | None) -> Welcome:
    """The greeting of a session that starts with a document, or with none."""
    return Welcome(VERSION, words(), (), ("descent",), LIMITS, document)


@cache
def words() -> tuple[Word, ...]:
    """Every operation that a text can call, from its row."""
    called = functions()
    return tuple(word(op) for name, op in TABLE.items() if name in called)


def word(op: Op) -> Word:
    """One operation as an entry of the completion."""
    takes = ", ".join(op.args)
    return Word(op.name, f"{op.name}({takes})", f"{op.name}(", op.doc, op.words, op.kind)
