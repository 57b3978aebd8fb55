"""What a session says. `to` is the number of the wish that it answers, 0 where nobody asked.

No number of a node travels in JSON: the news say where in the block it lies.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from .document import Binding, Document

# A float that may be no number: JSON holds it as a number or as one of the strings "NaN", "Infinity", "-Infinity".
Real = Annotated[float, "Real"]


@dataclass(frozen=True, slots=True)
class Word:
    """One name of the language, for completion and help: `insert` is typed, `label` is shown, `docs` explains."""

    name: str
    label: str
    insert: str
    docs: str
    rule: str
    group: str


@dataclass(frozen=True, slots=True)
class Lesson:
    """A document to begin with, and why it behaves so. `group` is the shelf that it stands on."""

    key: str
    title: str
    group: str
    document: Document
    commentary: str
    tries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What a session may ask for."""

    characters: int
    nodes: int
    block_bytes: int
    seconds: float
    wishes_a_second: float


@dataclass(frozen=True, slots=True)
class Welcome:
    """The first news. `document` is what the host was started with, or None.

    `makers` are what values of inputs are made with; their `insert` has the holes {shape} and, where they draw, {seed}.
    """

    version: int
    words: tuple[Word, ...]
    makers: tuple[Word, ...]
    lessons: tuple[Lesson, ...]
    optimizers: tuple[Word, ...]
    limits: Limits
    document: Document | None = None
    to: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of the text: line and columns from 1; `end` is the column behind it."""

    line: int
    column: int
    end: int


@dataclass(frozen=True, slots=True)
class Mistake:
    """A wish that could not be granted, in words. `about` says where it belongs: "text", "input:W", "limit", or the wish's kind."""

    message: str
    about: str
    place: Place | None = None
    to: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """How a stretch of the text is coloured: offsets in characters."""

    start: int
    end: int
    kind: Literal["number", "name", "function", "operator", "bracket", "comment", "text"]


@dataclass(frozen=True, slots=True)
class Input:
    """An input as it stands: the binding, given or proposed, and what it makes."""

    name: str
    node: int
    binding: Binding
    shape: tuple[int, ...]
    proposed: bool = False


@dataclass(frozen=True, slots=True)
class Opened:
    """The document was understood. `inputs` are in order of first appearance; those that were `proposed` are new."""

    revision: int
    inputs: tuple[Input, ...]
    spans: tuple[Span, ...]
    note: str = ""
    to: int = 0


@dataclass(frozen=True, slots=True)
class Formula:
    """The text typeset, a formula a line."""

    lines: tuple[str, ...]
    to: int = 0


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a node's value lies in the block: byte offset (-1: nowhere), dtype, shape."""

    start: int
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A box of the picture; x and y are its middle. Several may show one node: in a tree, or as a chip of a shared leaf.

    `gradient` is the node that holds its gradient (-1: none); `arrivals` are the nodes that add up to it, where several do.
    `math` is its operation on its operands in MathML. `step` counts from the leaves, for walking layer by layer.
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
    arrivals: tuple[int, ...]
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


@dataclass(frozen=True, slots=True)
class Verdict:
    """Something wrong at a node, and in which pass it happened; `helps` says what may mend it."""

    node: int
    kind: str
    backward: bool
    sentence: str
    helps: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """What is special about a node at these values, a corner, a tie, a jump or a pole, and what Python asked of it."""

    node: int
    said: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All that is wrong with the run; nothing, where the list is empty. `notes` are no faults, but true for these values only."""

    revision: int
    found: tuple[Verdict, ...]
    notes: tuple[Note, ...] = ()
    to: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line: words, a formula in MathML, or the number of a node as it now is, read from the block.

    `node` (-1: none) is where the number lies, for "value"; for all kinds, `to` is the node it leads to.
    """

    kind: Literal["words", "math", "value"]
    text: str = ""
    node: int = -1
    to: int = -1


@dataclass(frozen=True, slots=True)
class Step:
    """One step of an explanation: a title, lines of pieces, and the node it is about (-1: none)."""

    title: str
    lines: tuple[tuple[Piece, ...], ...]
    node: int = -1


@dataclass(frozen=True, slots=True)
class Told:
    """An explanation. `way` are the nodes from the output to the input in question; `latex`, `mathml` and `text` are to copy."""

    revision: int
    title: str
    steps: tuple[Step, ...]
    way: tuple[int, ...] = ()
    latex: str = ""
    mathml: str = ""
    text: str = ""
    to: int = 0


@dataclass(frozen=True, slots=True)
class Way:
    """One way to differentiate; `gradients` is empty where it was too large to run."""

    name: str
    gradients: tuple[Real, ...]
    error: Real | None
    operations: int
    size: int | None
    seconds: Real | None
    note: str


@dataclass(frozen=True, slots=True)
class Growth:
    """How a way grows: one number for each of `counts` parameters; None where it was not run."""

    name: str
    counts: tuple[int, ...]
    operations: tuple[int, ...]
    sizes: tuple[int | None, ...]
    seconds: tuple[Real | None, ...]


@dataclass(frozen=True, slots=True)
class Ways:
    """Every way side by side, by the first of `total` parameters."""

    revision: int
    parameters: tuple[str, ...]
    total: int
    value: Real
    reference: str
    ways: tuple[Way, ...]
    growth: tuple[Growth, ...]
    to: int = 0


@dataclass(frozen=True, slots=True)
class Landscape:
    """The loss along one number, and the local view that descent has: a point, a slope, a step, where that leads."""

    revision: int
    name: str
    xs: tuple[Real, ...]
    heights: tuple[Real, ...]
    x: Real
    loss: Real
    slope: Real
    new_x: Real
    foretold: Real
    real: Real
    said: tuple[str, ...]
    to: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A line of equal height: x, y, x, y, …"""

    height: Real
    points: tuple[Real, ...]


@dataclass(frozen=True, slots=True)
class Contour:
    """The loss over two numbers as lines of equal height, and the path of descent from here: x, y, x, y, …"""

    revision: int
    names: tuple[str, str]
    lines: tuple[Line, ...]
    path: tuple[Real, ...]
    losses: tuple[Real, ...]
    to: int = 0


@dataclass(frozen=True, slots=True)
class Descended:
    """New values of the parameters, as texts for their bindings, the losses on the way, and the arithmetic of the last step."""

    revision: int
    values: Mapping[str, str]
    losses: tuple[Real, ...]
    state: str
    steps: tuple[Step, ...]
    to: int = 0


@dataclass(frozen=True, slots=True)
class Marked:
    """Whether a prediction is right, in words, and what the engine has."""

    right: bool
    said: str
    truth: str
    to: int = 0


@dataclass(frozen=True, slots=True)
class Hint:
    """One more hint, and how many are left."""

    step: Step
    left: int
    to: int = 0


@dataclass(frozen=True, slots=True)
class Found:
    """The nodes that a search found, best first, with a word on each."""

    nodes: tuple[int, ...]
    words: tuple[str, ...]
    note: str = ""
    to: int = 0


@dataclass(frozen=True, slots=True)
class File:
    """A file to keep. The bytes follow the header."""

    name: str
    media: str
    to: int = 0
