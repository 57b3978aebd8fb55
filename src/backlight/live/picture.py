"""The picture of a document as data: cards where the layout puts them, routes between them, and where every number lies.

Nothing in it depends on the values, so that a slider moves no box: cards keep room for numbers of any length. What a card
or a route says in numbers is a node of the run's block; even the update of a parameter is
nodes behind the gradients (`updates`), computed by whatever machine runs the graph.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any, Final

import numpy as np

from ..core.graph import Graph
from ..core.types import Type
from ..explain.mathml import mathml
from ..run.record import Run, place
from ..show.card import Card as Shown
from ..show.card import Joint
from ..show.folding import folded
from ..show.graph import CROWD, LETTER, ROW
from ..show.layout import Edge, Layout, Size, layout
from ..show.view import View, neighbourhood, tree, view
from .document import Look
from .news import Card, Place, Route, Slot, Sum
from .news import Graph as Picture
from .typeset import definitions
from .updates import NOTHING, Learning

__all__ = ["picture", "seen", "slots"]

PAD: Final = 10.0        # px between the frame of a card and its text
MAP: Final = 62.0        # px beside the numbers of an array for its map of colours
LETTERS: Final = (24, 60)  # the least that a card has room for, which is any float64 with its label, and the most
LABEL: Final[Size] = (170.0, 30.0)      # room for ↑ value, ↓ upstream × local = downstream
LARGE_LABEL: Final[Size] = (150.0, 60.0)  # for arrays, which take three lines for that
CHIP_HEIGHT: Final = 22.0


def slots(graph: Graph) -> tuple[tuple[Slot, ...], int]:
    """Where each node's value lies in the block of a run, and how large that is."""
    starts, size = place(graph)
    found = []
    called: dict[Any, str] = {}  # the name of a dtype takes NumPy longer than all the rest
    for start, node in zip(starts.tolist(), graph.nodes, strict=True):
        kind = node.type
        if isinstance(kind, Type):
            name = called.get(kind.dtype) or called.setdefault(kind.dtype, kind.dtype.name)
            found.append(Slot(start, name, kind.shape))
        else:
            found.append(Slot(-1, "", ()))
    return tuple(found), size


def seen(run: Run, look: Look, bare: bool = False) -> View:
    """What of a run is shown, as the visitor wants it; `bare` for who reads the numbers of the edges from the block."""
    whole = view(run, bare=bare)
    if look.near:
        node, up, down = (*look.near, 1, 1)[:3]
        whole = neighbourhood(whole, node, up, down)
    if look.shape == "tree":
        return tree(whole)
    return folded(whole, unfold=look.unfolded, fold=look.folded)


def picture(
    run: Run, shown: View, look: Look, *, revision: int, learning: Learning = NOTHING, to: int = 0
) -> Picture:
    """The picture of a view of a run; `run` has the whole graph, gradients and updates included."""
    graph = run.graph
    plan, labelled = planned(shown, look)
    things = len(shown.cards)
    numbers: dict[int, int] = {}
    made: list[Card] = []
    maths, rank = definitions(graph), ranks(graph)
    for box in range(len(plan.boxes)):
        at = plan.boxes[box]
        if at.shows < things:
            numbers[box] = len(made)
            made.append(card(graph, shown.cards[at.shows], at, rank, maths))
    table, size = slots(graph)
    seed = next((node.why.of for node in graph.nodes[graph.forward_count :] if node.why.kind == "seed"), -1)
    return Picture(
        revision, plan.width, plan.height, tuple(made), routed(graph, shown, plan, labelled, numbers),
        sums(graph, {one.node for one in made}), table, size,
        graph.forward_count, graph.outputs, seed, learning.rate, learning.updates, learning.carries, learning.state, to,
    )  # fmt: skip


def planned(shown: View, look: Look) -> tuple[Layout, bool]:
    """The layout of a view, and whether its edges have room for words."""
    sizes: list[Size] = [size_of(card) for card in shown.cards]
    labelled = len(sizes) <= CROWD
    links: list[Edge] = []
    for joint in shown.joints:
        if labelled:
            links += [(joint.consumer, len(sizes), joint.number), (len(sizes), joint.operand, joint.number)]
            sizes.append(LABEL if shown.cards[joint.operand].shape in ("", "()") else LARGE_LABEL)
        else:
            links.append((joint.consumer, joint.operand, joint.number))
    widest = max([len(card.name) for card in shown.cards if card.kind != "operation"] or [1])
    chip = (min(widest, LETTERS[1]) * LETTER + 14.0, CHIP_HEIGHT)
    between = 22.0 if labelled else 40.0
    return layout(sizes, links, direction=look.direction, gap=26.0, between=between, chip=chip), labelled


def size_of(card: Shown) -> Size:
    """The room that a card needs, whatever its numbers will be."""
    shape = [int(n) for n in card.shape.strip("()").split(",") if n.strip()]
    letters = max(len(card.title) + 4, len(card.signature) + len(card.shape) + 3, LETTERS[0])
    lines = 1 if len(shape) < 2 else min(shape[-2], 4) + (shape[-2] > 4)
    rows = 2 + lines + (0 if card.gradient is None else lines + bool(card.arrivals))
    return min(letters, LETTERS[1]) * LETTER + 2 * PAD + (MAP if shape else 0.0), rows * ROW + 2 * PAD - 4.0


def ranks(graph: Graph) -> list[int]:
    """For every forward node the length of the longest way up to it from a leaf."""
    found: list[int] = []
    for node in graph.nodes[: graph.forward_count]:
        found.append(1 + max((found[j] for j in node.inputs), default=-1))
    return found


def sums(graph: Graph, shown: Set[int]) -> tuple[Sum, ...]:
    """For every shown node that several gradients come down to, which they are, in the order of its consumers."""
    found: dict[int, list[int]] = {}
    for (consumer, operand), part in sorted(graph.parts.items()):
        if consumer < graph.forward_count:
            found.setdefault(graph.nodes[consumer].inputs[operand - 1], []).append(part.downstream)
    return tuple(Sum(node, tuple(came)) for node, came in found.items() if len(came) > 1 and node in shown)


def card(graph: Graph, shown: Shown, box: Any, rank: Sequence[int], maths: Sequence[Any]) -> Card:
    """One box of the layout as a card."""
    node = graph.nodes[shown.number]
    group = shown.kind == "group"
    at = node.at
    return Card(
        node=shown.number,
        name=shown.name,
        type=shown.type,
        op=shown.name if group else node.op.name,
        signature=shown.signature,
        shape=shown.shape,
        kind=shown.kind,
        output=shown.output,
        chip=box.chip,
        openable=not group and node.op.inside is not None,
        gradient=graph.grads.get(shown.number, -1),
        scope=shown.scope,
        math="" if group else mathml(maths[shown.number]),
        place=Place(at.line, at.column, at.end) if at is not None and at.end else None,
        step=rank[shown.number],
        x=box.x, y=box.y, width=box.width, height=box.height,
    )  # fmt: skip


def routed(graph: Graph, shown: View, plan: Layout, labelled: bool, numbers: dict[int, int]) -> tuple[Route, ...]:
    """Every edge as one way, also where the layout led it through the room for its words."""
    upper: dict[int, Any] = {}
    found = []
    for way in plan.routes:
        joint = shown.joints[way.edge // 2 if labelled else way.edge]
        if labelled and way.edge % 2 == 0:
            upper[way.edge] = way
            continue
        points: list[float] = []
        label: tuple[float, ...] = ()
        start = way.consumer
        if labelled:
            above, box = upper[way.edge - 1], plan.boxes[way.consumer]
            points += np.ravel(above.points).tolist()
            label, start = (box.x, box.y, box.width, box.height), above.consumer
        points += np.ravel(way.points).tolist()
        parts = carried(graph, shown, joint)
        found.append(Route(numbers[start], numbers[way.operand], joint.number, tuple(points), *parts, label))
    return tuple(found)


def carried(graph: Graph, shown: View, joint: Joint) -> tuple[int, int, int]:
    """The nodes of upstream, local and downstream on an edge, -1 for what it does not carry."""
    high = shown.cards[joint.consumer]
    part = None if high.kind == "group" else graph.parts.get((high.number, joint.number))
    return (-1, -1, -1) if part is None else (part.upstream, part.local, part.downstream)
