"""The picture, and where its numbers lie: in the block of a run, and in the memory of a module that computes them.

No number of a node travels in JSON: the news say where in the block it lies.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .understood import Place

__all__ = ["Slot", "Card", "Route", "Sum", "Update", "Carry", "Graph", "Values", "Address", "Filling", "Code", "Absent"]


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a node's value lies in the block: byte offset (-1: nowhere), dtype, shape."""

    start: int
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A box of the picture; x and y are its middle. Several may show one node: in a tree, or as a chip of a shared leaf.

    `gradient` is the node that holds its gradient (-1: none). `math` is its operation on its operands in MathML. `step` counts
    from the leaves, for walking layer by layer.
    """

    node: int
    name: str
    type: str
    op: str
    signature: str
    shape: str
    kind: Literal["parameter", "input", "constant", "operation", "group"]
    output: bool
    chip: bool
    openable: bool
    gradient: int
    scope: str
    math: str
    place: Place | None
    step: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Route:
    """An edge, from the lower side of `consumer` to the upper side of `operand` (places in `cards`), operands from 1.

    `points` is x, y, x, y, … `upstream`, `local`, `downstream` are the nodes whose product it carries (-1: none). `label` is
    the middle, width and height of the room kept for its words, or empty.
    """

    consumer: int
    operand: int
    number: int
    points: tuple[float, ...]
    upstream: int
    local: int
    downstream: int
    label: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sum:
    """The nodes that add up to the gradient of a node, in the order of its consumers, where several do."""

    node: int
    arrivals: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """One step of the optimiser on a parameter, as nodes: value + change. Of plain descent, `change` is −η · gradient."""

    parameter: int
    change: int
    updated: int


@dataclass(frozen=True, slots=True)
class Carry:
    """A copy that a step of descent makes: the value of a node becomes the value of an input."""

    source: int
    target: int


@dataclass(frozen=True, slots=True)
class Graph:
    """The picture, and where every number of it lies in the block: `slots[node]`.

    `forward` is how many nodes came from the text; the others are gradients and updates. `rate` is the input that holds η
    (-1: there are no updates). A step of descent copies all `carries` at once and runs; `state` are the inputs that the
    optimiser remembers things in, all zero at first.
    """

    revision: int
    width: float
    height: float
    cards: tuple[Card, ...]
    routes: tuple[Route, ...]
    sums: tuple[Sum, ...]
    slots: tuple[Slot, ...]
    block_bytes: int
    forward: int
    outputs: tuple[int, ...]
    differentiated: int
    rate: int
    updates: tuple[Update, ...]
    carries: tuple[Carry, ...]
    state: tuple[int, ...]
    to: int = 0


@dataclass(frozen=True, slots=True)
class Values:
    """The block of a run. The bytes follow the header; slots say where each node's value lies. To be acknowledged."""

    revision: int
    frame: int
    to: int = 0


@dataclass(frozen=True, slots=True)
class Address:
    """Where the module keeps the value of a node, in bytes of its memory."""

    node: int
    start: int


@dataclass(frozen=True, slots=True)
class Filling:
    """Bytes that the page writes into the memory once: `size` of those that follow the code, at `start`."""

    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Code:
    """The same graph as WebAssembly. The bytes are the module (`code_bytes` of them), then those of `fillings`, in order.

    Imports: env.__linear_memory of `pages` pages, env.__stack_pointer, a mutable i32 that starts at `stack`. `run()` reads
    the values at `inputs` and writes those at `outputs`; every node that the picture shows is among the two or a constant.
    """

    revision: int
    code_bytes: int
    pages: int
    stack: int
    inputs: tuple[Address, ...]
    outputs: tuple[Address, ...]
    fillings: tuple[Filling, ...]
    to: int = 0


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no `Code` for this graph, and why: the page sends `Move` instead."""

    revision: int
    reason: str
    to: int = 0
