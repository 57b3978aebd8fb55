"""The document: all that a visitor made, as one value. It lives in the page, in its address, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

__all__ = ["VERSION", "Binding", "Document", "Look", "Part", "Question"]

VERSION: Final = 1       # of the document and of the wire: a page and a session of different versions do not talk

Part = Literal["value", "gradient", "sign", "shape"]


@dataclass(frozen=True, slots=True)
class Binding:
    """What an input is bound to. `value` is what a person would type: 2, [[1, 2], [3, 4]], normal(5, 10, seed=1)."""

    value: str
    parameter: bool = False
    low: float = -5.0
    high: float = 5.0
    step: float = 0.01


@dataclass(frozen=True, slots=True)
class Question:
    """A number, sign or shape that is hidden and asked for."""

    node: int
    part: Part


@dataclass(frozen=True, slots=True)
class Look:
    """How the graph is looked at. `opened` are nodes replaced by their definitions, each numbered as in the graph before.

    `unfolded` and `folded` are scopes that are drawn open, or as one card, whatever the size of the graph.
    `near` is empty, or a node and how many edges up and down are shown. `step` is the place in the walk through forward,
    backward and update; -1 shows everything. `element` is empty, or which number of the selected node is chosen. The camera is
    the page's own affair.
    """

    shape: Literal["shared", "tree"] = "shared"
    direction: Literal["up", "down", "left", "right"] = "up"
    opened: tuple[int, ...] = ()
    unfolded: tuple[str, ...] = ()
    folded: tuple[str, ...] = ()
    near: tuple[int, ...] = ()
    selected: int = -1
    element: tuple[int, ...] = ()
    wrt: int = -1
    step: int = -1
    x: float = 0.0
    y: float = 0.0
    zoom: float = 0.0


@dataclass(frozen=True, slots=True)
class Document:
    """All that changes the picture. `of` is the name of what is differentiated (empty: the output)."""

    text: str = ""
    inputs: Mapping[str, Binding] = field(default_factory=dict)
    title: str = ""
    of: str = ""
    rate: float = 0.1
    optimizer: str = "descent"
    dtype: Literal["float64", "float32"] = "float64"
    look: Look = Look()
    hidden: tuple[str, ...] = ()
    asked: tuple[Question, ...] = ()
    version: int = VERSION
