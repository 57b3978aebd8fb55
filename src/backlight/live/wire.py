"""Everything that a page and a session say to each other: wishes go in, news come out.

The classes of `document`, `wishes` and `news` are the protocol. `data` writes and checks them as JSON, `frames` packs those
that carry bytes, and `tools/wire_types.py` writes `web/src/wire.ts` from them, so that the page cannot disagree. A page knows
no operation: what it draws are cards, routes and numbers read from the run's block, and every word that it shows was written
here.

The document is one value and lives in the page. It is sent whole with `Open`, and the session answers with what it
means; so a session may be lost at any time and loses nothing.
"""

from __future__ import annotations

from typing import Final, get_args

from .document import VERSION, Binding, Document, Look, Question
from .limits import Limits
from .news import (
    Absent,
    Address,
    Card,
    Carry,
    Code,
    Contour,
    Descended,
    File,
    Filling,
    Formula,
    Found,
    Graph,
    Growth,
    Hint,
    Input,
    Landscape,
    Lesson,
    Line,
    Marked,
    Mistake,
    Note,
    Opened,
    Piece,
    Place,
    Route,
    Slot,
    Span,
    Step,
    Sum,
    Told,
    Update,
    Values,
    Verdict,
    Verdicts,
    Way,
    Ways,
    Welcome,
    Word,
)  # isort: skip
from .wishes import (
    Ack,
    Answer,
    Ask,
    Chart,
    Check,
    Compare,
    Derive,
    Descend,
    Export,
    Matrix,
    Move,
    Open,
    Search,
    Story,
    Survey,
    Trust,
    Why,
)  # isort: skip

__all__ = [
    "NEWS", "VERSION", "WISHES", "WITH_BYTES",
    "Binding", "Document", "Look", "Question",
    "Absent", "Address", "Card", "Carry", "Code", "Contour", "Descended", "File", "Filling", "Formula", "Found",
    "Graph", "Growth", "Hint", "Input", "Landscape", "Lesson", "Limits", "Line", "Marked",
    "Mistake", "Note", "Opened", "Piece", "Place", "Route", "Slot", "Span", "Step", "Sum",
    "Told", "Update", "Values", "Verdict", "Verdicts", "Way", "Ways", "Welcome", "Word",
    "Ack", "Answer", "Ask", "Chart", "Check", "Compare", "Derive", "Descend", "Export",
    "Matrix", "Move", "Open", "Search", "Story", "Survey", "Trust", "Why",
]  # fmt: skip

Wish = (
    Open | Move | Ack | Story | Derive | Matrix | Why | Trust | Compare | Survey | Chart | Descend | Answer | Ask | Search
    | Export | Check
)  # fmt: skip

News = (
    Welcome | Mistake | Opened | Formula | Graph | Values | Code | Absent | Verdicts | Told | Ways | Landscape | Contour | Descended
    | Marked | Hint | Found | File
)  # fmt: skip

WISHES: Final[tuple[type, ...]] = get_args(Wish)
NEWS: Final[tuple[type, ...]] = get_args(News)
WITH_BYTES: Final[tuple[type, ...]] = (Values, Code, File)  # those that travel as a binary frame
