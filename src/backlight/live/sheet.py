"""An open document: what was understood of it, its graph with gradients and updates, and its last run."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any, Final

import numpy as np

from ..core.graph import Graph
from ..diff.reverse import is_float, reverse
from ..errors import LimitError
from ..run.record import Run
from ..run.reference import run
from .document import VERSION, Document, Look
from .limits import LIMITS
from .news import Input
from .reading import Reading, check_size
from .updates import Learning, with_updates

__all__ = ["Sheet", "laid_open", "rerun", "revision_of"]


@dataclass(frozen=True, slots=True)
class Sheet:
    """An open document: its reading, the graph with gradients and updates, and its last run."""

    reading: Reading
    revision: int
    run: Run
    backward: Graph
    learning: Learning
    note: str

    @property
    def document(self) -> Document:
        """What the visitor sent last, with what was proposed."""
        return self.reading.document

    @property
    def differentiated(self) -> int:
        """The node that the gradients are of; -1 where it has none."""
        return differentiated(self.reading)

    def explained(self) -> Run:
        """The run without updates, as explanations know it."""
        return Run(self.backward, self.run.block, self.run.starts[: len(self.backward)])

    def inputs(self) -> tuple[Input, ...]:
        """Every input with its binding."""
        graph, bindings = self.reading.graph, self.reading.bindings
        return tuple(
            Input(node.name, i, bindings[node.name], graph.type(i).shape, node.name in self.reading.proposed)
            for i, node in ((i, graph.nodes[i]) for i in graph.inputs)
        )


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
    whole, learning = with_updates(backward, learnt, reading.document.optimizer)
    check_size(whole)
    return ran(Sheet(reading, revision, EMPTY, backward, learning, note), whole)


def differentiated(reading: Reading) -> int:
    """The node that the gradients are of; -1 where it has none."""
    graph = reading.graph
    of = graph.number(reading.document.of) if reading.document.of else graph.outputs[0]
    return of if is_float(graph.nodes[of]) else -1


def ran(sheet: Sheet, graph: Graph) -> Sheet:
    """The sheet with a run of its values."""
    values = dict(sheet.reading.values)
    if sheet.learning.rate >= 0:
        values[sheet.learning.rate] = np.asarray(sheet.document.rate, graph.type(sheet.learning.rate).dtype)[()]
    for i in sheet.learning.state:
        values[i] = np.zeros(graph.type(i).shape, graph.type(i).dtype)[()]
    return replace(sheet, run=run(graph, values))


def rerun(sheet: Sheet, reading: Reading) -> Sheet:
    """The same graph with other values."""
    return ran(replace(sheet, reading=replace(reading, graph=sheet.reading.graph)), sheet.run.graph)


def revision_of(reading: Reading) -> int:
    """A number that names the picture: the same for the same text, shapes, roles and look, in every process."""
    document, graph = reading.document, reading.graph
    told = repr((
        VERSION, version("backlight"), document.text, document.of, document.dtype, document.optimizer, picture_of(document.look),
        [(str(kind), kind.shape) for kind in (graph.type(i) for i in graph.inputs)],
        [(name, binding.parameter) for name, binding in reading.bindings.items()],
    ))  # fmt: skip
    return int.from_bytes(hashlib.sha256(told.encode()).digest()[:6], "little") or 1


def picture_of(look: Look) -> tuple[Any, ...]:
    """What of a look changes the graph that is drawn."""
    return look.shape, look.direction, look.opened, look.unfolded, look.folded, look.near


EMPTY: Final = Run(Graph(()), np.zeros(0, np.uint8), np.zeros(0, np.int64))
