"""What a page may wish for. Every wish has a number, `id`, which the news that answer it carry as `to`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from .document import Document, Part

Form = Literal["svg", "png", "html", "latex", "mathml", "json", "dot", "text", "numpy", "torch", "jax"]


@dataclass(frozen=True, slots=True)
class Open:
    """The document as it now is. Answered by `Opened`, `Formula`, `Graph`, `Values`, `Verdicts` and `Code`, or a `Mistake`.

    `known` is the revision whose graph the page still has, or 0: while text, shapes and look stay the same, only what changed
    is sent again.
    """

    document: Document
    known: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """Other values for some inputs of the open document. Answered by `Values`; the newest one wins where several wait."""

    values: Mapping[str, str]
    id: int = 0


@dataclass(frozen=True, slots=True)
class Ack:
    """A frame of values was shown; the next may come."""

    frame: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class Story:
    """What happens at a node: letters, then numbers; with `element`, where one number of an array comes from.

    Answered by `Told`; its numbers are read from the block, so it stays true, but for those that it calls of the moment.
    """

    node: int
    element: tuple[int, ...] = ()
    id: int = 0


@dataclass(frozen=True, slots=True)
class Derive:
    """The gradient by an input, path by path. Answered by `Told`, with the way from the output."""

    wrt: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class Matrix:
    """Backpropagation in matrix form, for layered networks. Answered by `Told`."""

    id: int = 0


@dataclass(frozen=True, slots=True)
class Why:
    """Why a gradient is zero or where numbers are lost. Answered by `Told`."""

    node: int
    id: int = 0


@dataclass(frozen=True, slots=True)
class Trust:
    """Compare every rule with small steps. Answered by `Told`."""

    id: int = 0


@dataclass(frozen=True, slots=True)
class Compare:
    """All ways to differentiate side by side. Answered by `Ways`."""

    id: int = 0


@dataclass(frozen=True, slots=True)
class Survey:
    """The loss over one input (or one number of it). Answered by `Landscape`."""

    name: str
    low: float
    high: float
    element: tuple[int, ...] = ()
    id: int = 0


@dataclass(frozen=True, slots=True)
class Chart:
    """The loss over two single numbers, with the path of descent. Answered by `Contour`."""

    names: tuple[str, str]
    low: tuple[float, float]
    high: tuple[float, float]
    steps: int = 20
    id: int = 0


@dataclass(frozen=True, slots=True)
class Descend:
    """So many updates of the parameters. `state` is what `Descended` gave before, or empty. Answered by `Descended`."""

    steps: int
    state: str = ""
    id: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A prediction, to be marked. `element` picks one number of an array. Answered by `Marked`."""

    node: int
    part: Part
    text: str
    element: tuple[int, ...] = ()
    id: int = 0


@dataclass(frozen=True, slots=True)
class Ask:
    """The next hint for a question; `given` hints are known already. Answered by `Hint`."""

    node: int
    part: Part
    given: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """Nodes by name, operation, shape, `grad > 1e3`, `nan`. Answered by `Found`."""

    query: str
    id: int = 0


@dataclass(frozen=True, slots=True)
class Export:
    """The document in another form. Answered by `File`."""

    form: Form
    id: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """The verdicts for the values as they are now. Answered by `Verdicts`."""

    id: int = 0
