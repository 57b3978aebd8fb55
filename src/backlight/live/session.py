"""One visitor: wishes in, news out. It knows no socket, no process and no clock.

`answer` yields the news that grant a wish, one by one, so that the first can be shown while the last are still computed. All
that a session remembers follows from the last document that it was given; whoever loses it opens the document again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from importlib import import_module
from typing import Any, Final

import numpy as np

from ..core.collection import no_collection
from ..errors import BacklightError, GraphError, InputError, LimitError
from . import news as n
from . import wishes as w
from .code import compiled
from .data import kind_of
from .document import Document
from .picture import picture, seen
from .reading import BindingError, mistake, moved, read, spans
from .sheet import Sheet, laid_open, rerun, revision_of
from .typeset import formulas
from .verdicts import verdicts
from .welcome import welcome

__all__ = ["Answer", "Session"]

Answer = tuple[Any, bytes | None]        # a piece of news, and its bytes if it has some


class Session:
    """One visitor's session."""

    def __init__(self, document: Document | None = None) -> None:
        self.start = document
        self.sheet: Sheet | None = None
        self.frame = 0

    @property
    def nbytes(self) -> int:
        """About how much memory it keeps."""
        return 0 if self.sheet is None else 600 * len(self.sheet.run.graph) + int(self.sheet.run.block.nbytes)

    def greet(self) -> n.Welcome:
        """The first news."""
        return welcome(self.start)

    def answer(self, wish: Any) -> Iterator[Answer]:
        """The news that grant a wish; a `Mistake` where it cannot be granted."""
        try:
            yield from quietly(GRANTED[type(wish)](self, wish))
        except (BacklightError, BindingError) as error:
            made = mistake(error, wish.id)
            yield (made if isinstance(wish, w.Open) or isinstance(error, (BindingError, LimitError))
                   else replace(made, about=kind_of(type(wish)), place=None)), None  # fmt: skip
        except MemoryError:
            yield n.Mistake("there is not enough memory for this", "limit", None, wish.id), None

    def opened(self) -> Sheet:
        """The open document. Raises: InputError where there is none yet."""
        if self.sheet is None:
            raise InputError("no document is open: send open first")
        return self.sheet

    def open(self, wish: w.Open) -> Iterator[Answer]:
        """Understand a document and send what of it is new to the page."""
        old = self.sheet
        reading = read(wish.document, old is not None and old.document.text != wish.document.text)
        revision = revision_of(reading)
        if old is not None and old.revision == revision:
            sheet = rerun(old, reading)
        else:
            sheet = laid_open(reading, revision)
        self.sheet = sheet
        same = wish.known == revision
        yield n.Opened(sheet.revision, sheet.inputs(), spans(wish.document.text), sheet.note, wish.id), None
        if not same:
            yield n.Formula(formulas(reading.graph), wish.id), None
            shown = seen(sheet.explained(), wish.document.look, bare=True)
            yield picture(
                sheet.run, shown, wish.document.look, revision=sheet.revision, learning=sheet.learning, to=wish.id
            ), None  # fmt: skip
        yield self.values(wish.id)
        yield verdicts(sheet, wish), None
        if not same:
            try:
                yield compiled(sheet.run.graph, sheet.revision, wish.id)
            except (GraphError, LimitError) as error:
                yield n.Absent(sheet.revision, f"sliders ask the server here: {error}", wish.id), None

    def move(self, wish: w.Move) -> Iterator[Answer]:
        """Run again with other values of some inputs."""
        sheet = self.opened()
        old = sheet.reading
        strange = [name for name in wish.values if name not in old.bindings]
        if strange:
            raise InputError(f"there is no input {strange[0]!r:.60}; there is {', '.join(old.bindings)}")
        self.sheet = rerun(sheet, moved(old, wish.values))
        yield self.values(wish.id)

    def values(self, to: int) -> Answer:
        """The block of the run as a frame."""
        sheet = self.opened()
        self.frame += 1
        return n.Values(sheet.revision, self.frame, to), sheet.run.block.tobytes()

    def check(self, wish: w.Check) -> Iterator[Answer]:
        """What is wrong with the values as they are."""
        yield verdicts(self.opened(), wish), None

    def ack(self, wish: w.Ack) -> Iterator[Answer]:
        """Nothing to say: whoever carries the frames listens to it."""
        yield from ()


def quietly(answers: Iterator[Answer]) -> Iterator[Answer]:
    """The same, without warnings of numbers too large or of none: a visitor may ask for them, and sees what comes of it.

    While a piece of news is made the cycle collector is held back, which would look through a large picture again and again.
    """
    while True:
        with np.errstate(all="ignore"), no_collection():
            found = next(answers, None)
        if found is None:
            return
        yield found


def granted(module: str) -> Callable[[Session, Any], Iterator[Answer]]:
    """How a wish is granted whose answer is one piece of news on the open document: by a function that has the wish's name.

    Its module is loaded with the first such wish: the first picture does not wait for explanations that nobody asked for yet.
    """

    def answer(session: Session, wish: Any) -> Iterator[Answer]:
        make = getattr(import_module(f".{module}", __package__), kind_of(type(wish)))
        made = make(session.opened(), wish)
        yield made if isinstance(made, tuple) else (made, None)

    return answer


GRANTED: Final[Mapping[type, Callable[[Session, Any], Iterator[Answer]]]] = {
    w.Open: Session.open, w.Move: Session.move, w.Ack: Session.ack, w.Check: Session.check,
    **{wish: granted(module) for wish, module in {
        w.Story: "told", w.Derive: "told", w.Matrix: "told", w.Why: "told", w.Trust: "told",
        w.Compare: "compare", w.Survey: "plots", w.Chart: "plots", w.Descend: "descent", w.Answer: "teach", w.Ask: "teach",
        w.Search: "search", w.Export: "export",
    }.items()},
}  # fmt: skip
