"""A document understood: its graph with types, opened where the visitor opened it, and the values of its inputs.

Names that have no binding yet get one proposed: 1 for a number, and where the operations ask for an array, one of a small
shape that fits. All limits on what a visitor may ask for are checked here, before anything is allocated or computed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from ..core.graph import Graph
from ..core.types import Type, type_of
from ..errors import BacklightError, InputError, LimitError, ShapeError, SyntaxError
from ..explain.ways import operations
from ..read.text import parse, read_value
from ..read.text.names import functions
from ..read.text.words import CHARACTERS, words
from ..run.record import place
from ..run.reference import bind
from ..show.opened import opened
from .document import Binding, Document
from .limits import LIMITS
from .news import Mistake, Place, Span

__all__ = ["BindingError", "Reading", "bound", "check_size", "mistake", "moved", "read", "spans", "valued"]

OPERATIONS: Final = 500_000_000  # floating point operations in one run
NAMES: Final = 1000      # inputs
NEAT: Final = 3          # the size of an axis that nobody gave


@dataclass(frozen=True, slots=True)
class Reading:
    """The graph of a document with types, the values of its inputs by node, and every binding, given or proposed."""

    document: Document
    graph: Graph
    values: Mapping[int, Any]
    bindings: Mapping[str, Binding]
    proposed: frozenset[str]


class BindingError(Exception):
    """A value that cannot be read, and the input that it was for."""

    def __init__(self, name: str, error: BacklightError) -> None:
        super().__init__(str(error))
        self.name, self.error = name, error


def read(document: Document, rewritten: bool = False) -> Reading:
    """What a document means. Raises: BacklightError, or BindingError for a value of an input.

    Where the text was `rewritten`, a single number that an input of this name had in the text before gives way to an array, if
    only that fits.
    """
    if len(document.text) > LIMITS.characters:
        raise LimitError(f"the text has {len(document.text)} characters, and the limit is {LIMITS.characters}")
    graph = parse(document.text, limit=LIMITS.characters // CHARACTERS)
    if len(graph) > LIMITS.nodes:
        raise LimitError(f"the text makes {len(graph)} nodes, and the limit is {LIMITS.nodes}")
    if not graph.outputs:
        raise SyntaxError("there is no formula yet: type one, as in (4*x + 1)^2")
    if len(graph.inputs) > NAMES:
        raise LimitError(f"the text has {len(graph.inputs)} inputs, and the limit is {NAMES}")
    names = graph.input_names
    given = {name: document.inputs[name] for name in names if name in document.inputs}
    proposed = proposals(graph, {name: valued(name, binding) for name, binding in given.items()})
    bindings = {name: given.get(name) or proposed[name] for name in names}
    values = {name: valued(name, binding) for name, binding in bindings.items()}
    try:
        typed, found = bound(graph, values, document.dtype)
    except ShapeError:
        grown = {name: one for name, one in anew(graph, values).items() if name in given} if rewritten else {}
        if not grown:
            raise
        return read(replace(document, inputs={name: one for name, one in document.inputs.items() if name not in grown}))
    typed = with_roles(typed, bindings)
    for key in document.look.opened:
        typed, found = reopened(typed, found, key)
    return Reading(document, typed, found, bindings, frozenset(proposed))


def bound(graph: Graph, values: Mapping[str, Any], dtype: str) -> tuple[Graph, dict[int, Any]]:
    """The graph typed for these values. Raises: LimitError where it is too large to run here."""
    with np.errstate(over="ignore"):  # a number that float32 cannot hold is infinite there, and seen to be
        typed, found = bind(graph, values, None if dtype == "float64" else dtype)
    check_size(typed)
    return typed, found


def check_size(graph: Graph) -> None:
    """Refuse a run that is too large. Raises: LimitError."""
    total = place(graph)[1]
    if total > LIMITS.block_bytes:
        raise LimitError(f"a run of this takes {total} bytes, and the limit is {LIMITS.block_bytes}: make the arrays smaller")
    count = sum(operations(node, [graph.nodes[j].type for j in node.inputs]) for node in graph.nodes)
    if count > OPERATIONS:
        raise LimitError(f"a run of this takes {count} operations, and the limit is {OPERATIONS}: make the arrays smaller")


def with_roles(graph: Graph, bindings: Mapping[str, Binding]) -> Graph:
    """The graph with the role of a parameter on the inputs that are one."""
    nodes = list(graph.nodes)
    for i in graph.inputs:
        node = nodes[i]
        if bindings[node.name].parameter:
            nodes[i] = node._replace(attrs=(("role", "parameter"),))
    return graph.with_(nodes=tuple(nodes))


def reopened(graph: Graph, values: Mapping[int, Any], key: int) -> tuple[Graph, dict[int, Any]]:
    """One node opened into its definition, and the values by their new numbers."""
    made = opened(graph, key)
    check_size(made)
    return made, dict(zip(made.inputs, (values[i] for i in graph.inputs), strict=True))


def valued(name: str, binding: Binding) -> Any:
    """The value that a binding stands for. Raises: BindingError."""
    try:
        if len(binding.value) > LIMITS.characters:
            raise LimitError(f"the value has {len(binding.value)} characters, and the limit is {LIMITS.characters}")
        found = read_value(binding.value, most=LIMITS.block_bytes // 8, files=False)
        array = np.asarray(found)
        if array.dtype.kind == "c":
            raise InputError("the value is a complex number, and a real one is needed here")
        return found
    except BacklightError as error:
        raise BindingError(name, error) from None


def proposals(graph: Graph, values: Mapping[str, Any]) -> dict[str, Binding]:
    """Bindings for the inputs that have none: shapes are guessed going up the list, and a guess is mended where it fails."""
    free = {i for i in graph.inputs if graph.nodes[i].name not in values}
    if not free:
        return {}
    types: list[Any] = []
    for i, node in enumerate(graph.nodes):
        if node.op.name == "input":
            types.append(type_of(np.asarray(values[node.name], float)) if i not in free else Type("float64", ()))
        elif node.op.name == "const":
            types.append(type_of(np.asarray(node.attr("value"))))
        else:
            mend(node.op, list(node.inputs), types, free)
            try:
                types.append(node.op.infer(tuple(types[j] for j in node.inputs), node.attrs))
            except BacklightError:
                types.append(fitted(node, types, free))
    return {graph.nodes[i].name: proposed(types[i].shape, n) for n, i in enumerate(sorted(free))}


def anew(graph: Graph, values: Mapping[str, Any]) -> dict[str, Binding]:
    """The inputs that would be arrays if none of the single numbers among the values were there."""
    found = proposals(graph, {name: value for name, value in values.items() if np.ndim(value)})
    return {name: binding for name, binding in found.items() if np.ndim(valued(name, binding))}


def mend(op: Any, operands: list[int], types: list[Any], free: set[int]) -> None:
    """A matrix product asks for shapes that match inside."""
    if op.name != "matmul":
        return
    left, right = operands
    if not all(isinstance(types[j], Type) for j in operands):
        return
    if right in free and not types[right].shape:
        inner = types[left].shape[-1] if types[left].shape else NEAT
        types[right] = Type("float64", (inner,))
    if left in free and not types[left].shape and types[right].shape:
        types[left] = Type("float64", (NEAT, types[right].shape[-2 if types[right].rank > 1 else 0]))


def fitted(node: Any, types: list[Any], free: set[int]) -> Any:
    """The type of a node once the free inputs among its operands have grown axes; a number where nothing helps."""
    mine = [j for j in node.inputs if j in free]
    for shape in ((NEAT,), (NEAT, NEAT)):
        for j in mine:
            types[j] = Type("float64", shape)
        try:
            return node.op.infer(tuple(types[j] for j in node.inputs), node.attrs)
        except BacklightError:
            continue
    for j in mine:
        types[j] = Type("float64", ())
    return Type("float64", ())


def proposed(shape: tuple[int, ...], number: int) -> Binding:
    """A binding of a shape; draws differ from input to input, so that nothing is symmetric by accident."""
    if not shape:
        return Binding("1")
    return Binding(f"normal({', '.join(map(str, shape))}, seed={number + 1})", parameter=True)


def moved(reading: Reading, texts: Mapping[str, str]) -> Reading:
    """The reading with other values for some inputs, of the shapes they had. Raises: BindingError."""
    graph = reading.graph
    numbers = {graph.nodes[i].name: i for i in graph.inputs}
    bindings, values = dict(reading.bindings), dict(reading.values)
    for name, text in texts.items():
        bindings[name] = replace(bindings[name], value=text)
        kind, found = graph.type(numbers[name]), np.asarray(valued(name, bindings[name]))
        if found.shape != kind.shape:
            told = f"the value has shape {found.shape}, and the one before had {kind.shape}: send open instead"
            raise BindingError(name, ShapeError(told))
        whole = found.dtype.kind in "biu" or kind.is_float or bool(np.all(found == np.floor(found)))
        if not whole:
            raise BindingError(name, ShapeError(f"whole numbers are needed here, and the value is {text:.40}"))
        values[numbers[name]] = found.astype(kind.dtype)[()]
    return replace(reading, document=replace(reading.document, inputs=bindings), bindings=bindings, values=values)


KINDS: Final = {
    "NUMBER": "number", "SUPERSCRIPT": "number", "NAME": "name", "TARGET": "name", "KEYWORD": "name", "QUOTED": "name",
    "FUNCTION": "function", "HEADER": "function", "STRING": "text", "OPEN": "bracket", "CLOSE": "bracket",
    "OPEN_LIST": "bracket", "CLOSE_LIST": "bracket", "BAR": "bracket", "END_BAR": "bracket",
}  # fmt: skip


def spans(text: str) -> tuple[Span, ...]:
    """The text in colours, as offsets. Raises: SyntaxError where it cannot be cut into words."""
    found = [
        Span(start, end, KINDS.get(kind, "operator"))  # type: ignore[arg-type]
        for kind, start, end, _ in words(text, functions(), LIMITS.characters // CHARACTERS)[0]
        if end > start and kind != "SEPARATOR"
    ]
    taken = {place for span in found for place in range(span.start, span.end)}
    found += [Span(m.start(), m.end(), "comment") for m in re.finditer(r"#[^\r\n]*", text) if m.start() not in taken]
    return tuple(sorted(found, key=lambda span: span.start))


def mistake(error: BacklightError | BindingError, to: int) -> Mistake:
    """An error as news: where it belongs, and which stretch of the text it points at."""
    if isinstance(error, BindingError):
        return Mistake(f"{error.name}: {error}", f"input:{error.name}", None, to)
    place = None if error.at is None else Place(error.at[1], error.at[2], max(error.at[3], error.at[2] + 1))
    return Mistake(str(error), "limit" if isinstance(error, LimitError) else "text", place, to)
