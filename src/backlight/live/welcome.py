"""The first news: the words of the language, the lessons, and what a session may ask for."""

from __future__ import annotations

from functools import cache

from ..core.op import Op
from ..core.table import TABLE
from ..read.text import makers
from ..read.text.names import functions
from ..train.optim import OPTIMIZERS
from .document import VERSION, Document
from .lessons import LESSONS
from .limits import LIMITS
from .news import Welcome, Word

__all__ = ["welcome", "words"]


def welcome(document: Document | None) -> Welcome:
    """The greeting of a session that starts with a document, or with none."""
    optimizers = tuple(Word(o.name, o.name, o.name, o.doc, o.source, "optimiser") for o in OPTIMIZERS.values())
    made = tuple(Word(name, name, insert, docs, "", "maker") for name, insert, docs in makers())
    return Welcome(VERSION, words(), made, LESSONS, optimizers, LIMITS, document)


@cache
def words() -> tuple[Word, ...]:
    """Every operation that a text can call, from its row; nobody types an input or a constant by that name."""
    called = functions()
    return tuple(word(op) for name, op in sorted(TABLE.items()) if name in called and op.kind != "leaf")


def word(op: Op) -> Word:
    """One operation as an entry of the completion."""
    takes = ", ".join([*op.args, *(f"{name}={value!r}" for name, value in op.attrs.items())])
    return Word(op.name, f"{op.name}({takes})", f"{op.name}(", op.doc, op.words, op.kind)
