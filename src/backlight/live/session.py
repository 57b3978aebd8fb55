"""One visitor: wishes in, news out. It knows no socket, no process and no clock.

`answer` yields the news that grant a wish, one by one, so that the first can be shown while the last are still computed. All
that a session remembers follows from the last document that it was given; whoever loses it opens the document again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from ..core.graph import Graph
from ..core.types import Type
from ..diff.reverse import is_float, reverse
from ..errors import BacklightError, GraphError, InputError, LimitError
from ..run.record import Run
from ..run.reference import run
from . import news as n
from . import wishes as w
from .code import compiled
from .data import kind_of
from .document import VERSION, Document, Look
from .reading import LIMITS, BindingError, Reading, mistake, read, spans
from .sheet import picture, seen, with_updates
from .typeset import formulas
from .welcome import welcome

__all__ = ["Answer", "Session", "Sheet"]

Answer = tuple[Any, bytes | None]        # a piece of news, and its bytes if it has some


@dataclass(frozen=True, slots=True)
class Sheet:
    """An open document: its reading, the graph with gradients and updates, and its last run."""

    reading: Reading
    revision: int
    run: Run
    backward: Graph
    rate: int
    updates: tuple[n.Update, ...]
    note: str

    @property
    def document(self) -> Document:
        """What the visitor sent last, with what was proposed."""
        return self.reading.document

    def explained(self) -> Run:
        """The run without updates, as explanations know it."""
        return Run(self.backward, self.run.block, self.run.starts[: len(self.backward)])

    def inputs(self) -> tuple[n.Input, ...]:
        """Every input with its binding."""
        graph, bindings = self.reading.graph, self.reading.bindings
        return tuple(
            n.Input(node.name, i, bindings[node.name], graph.type(i).shape, node.name in self.reading.proposed)
            for i, node in ((i, graph.nodes[i]) for i in graph.inputs)
        )


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
            yield from GRANTED[type(wish)](self, wish)
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
        reading = read(wish.document)
        old = self.sheet
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
            shown = seen(sheet.explained(), wish.document.look)
            yield picture(
                sheet.run, shown, wish.document.look, revision=sheet.revision, rate=sheet.rate, updates=sheet.updates, to=wish.id
            ), None  # fmt: skip
        yield self.values(wish.id)
        yield verdicts(sheet, wish.id), None
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
        bindings = {
            name: replace(binding, value=wish.values.get(name, binding.value)) for name, binding in old.bindings.items()
        }
        moved = replace(old.document, inputs=bindings)
        reading = read(moved)
        if revision_of(reading) != sheet.revision:
            raise InputError("these values have other shapes than those before: send open instead")
        self.sheet = rerun(sheet, reading)
        yield self.values(wish.id)

    def values(self, to: int) -> Answer:
        """The block of the run as a frame."""
        sheet = self.opened()
        self.frame += 1
        return n.Values(sheet.revision, self.frame, to), sheet.run.block.tobytes()

    def check(self, wish: w.Check) -> Iterator[Answer]:
        """What is wrong with the values as they are."""
        yield verdicts(self.opened(), wish.id), None

    def ack(self, wish: w.Ack) -> Iterator[Answer]:
        """Nothing to say: whoever carries the frames listens to it."""
        yield from ()


def laid_open(reading: Reading, revision: int) -> Sheet:
    """The sheet of a document that is new: gradients written, updates written, run."""
    graph, note = reading.graph, ""
    of = differentiated(reading)
    if of < 0:
        kind = graph.nodes[graph.outputs[0]].type
        backward, note = graph, f"the output is {kind}: only floats have a derivative"
    elif not any(is_float(graph.nodes[i]) for i in graph.inputs):
        backward, note = graph, "there is no input to differentiate by"
    else:
        backward = reverse(graph, of)
    if len(backward) > 2 * LIMITS.nodes:
        raise LimitError(f"with its gradients the text makes {len(backward)} nodes, and the limit is {2 * LIMITS.nodes}")
    learnt = [i for i in graph.inputs if reading.bindings[graph.nodes[i].name].parameter]
    whole, rate, updates = with_updates(backward, learnt)
    return ran(Sheet(reading, revision, EMPTY, backward, rate, updates, note), whole)


def differentiated(reading: Reading) -> int:
    """The node that the gradients are of; -1 where it has none."""
    graph = reading.graph
    of = graph.number(reading.document.of) if reading.document.of else graph.outputs[0]
    return of if is_float(graph.nodes[of]) else -1


def ran(sheet: Sheet, graph: Graph) -> Sheet:
    """The sheet with a run of its values."""
    values = dict(sheet.reading.values)
    if sheet.rate >= 0:
        kind = graph.nodes[sheet.rate].type
        assert isinstance(kind, Type)
        values[sheet.rate] = np.asarray(sheet.document.rate, kind.dtype)[()]
    return replace(sheet, run=run(graph, values))


def rerun(sheet: Sheet, reading: Reading) -> Sheet:
    """The same graph with other values."""
    return ran(replace(sheet, reading=replace(reading, graph=sheet.reading.graph)), sheet.run.graph)


def revision_of(reading: Reading) -> int:
    """A number that names the picture: the same for the same text, shapes, roles and look, in every process."""
    document, graph = reading.document, reading.graph
    told = repr((
        VERSION, version("backlight"), document.text, document.of, document.dtype, picture_of(document.look),
        [(str(kind), kind.shape) for kind in (graph.type(i) for i in graph.inputs)],
        [(name, binding.parameter) for name, binding in reading.bindings.items()],
    ))  # fmt: skip
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:6], "little") or 1


def picture_of(look: Look) -> tuple[Any, ...]:
    """What of a look changes the graph that is drawn."""
    return look.shape, look.direction, look.opened, look.unfolded, look.near


def verdicts(sheet: Sheet, to: int) -> n.Verdicts:
    """All that is wrong with the run."""
    from .verdicts import verdicts_of

    return n.Verdicts(sheet.revision, verdicts_of(sheet.explained()), to)


EMPTY: Final = Run(Graph(()), np.zeros(0, np.uint8), np.zeros(0, np.int64))
GRANTED: Final[Mapping[type, Callable[[Session, Any], Iterator[Answer]]]] = {
    w.Open: Session.open, w.Move: Session.move, w.Check: Session.check, w.Ack: Session.ack,
}  # fmt: skip
