"""What of a graph is shown, before anybody asks where it goes: cards, and joints between them.

A view is made from a graph or a run and changed by functions that give another view: all of it, the tree in which
nothing is shared, the neighbourhood of a node, groups folded away (`folding`). Every writer draws any of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from ..core.graph import Graph
from ..errors import LimitError, NameError, ValueError
from ..run.record import Run
from .card import Card, Joint, cards, joints

__all__ = ["View", "neighbourhood", "stepped", "tree", "view"]

LARGEST = 2000           # cards of a tree, which may double with every level


@dataclass(frozen=True, slots=True)
class View:
    """Cards, and joints between places in their list; operands come before their consumers."""

    cards: tuple[Card, ...]
    joints: tuple[Joint, ...]

    def place(self, number: int) -> int:
        """Where the card of a node stands."""
        for place, card in enumerate(self.cards):
            if card.number == number:
                return place
        raise NameError(f"node {number} is not in this view: it shows {', '.join(str(card.number) for card in self.cards[:8])}")


def view(subject: Graph | Run, parameters: Collection[str | int] = (), *, lettered: bool = False, bare: bool = False) -> View:
    """All forward nodes of a graph or a run. With `lettered`, unnamed operations are called a, b, c, …

    `bare` leaves out what the edges carry, for who only wants to know where everything stands.
    """
    return View(tuple(cards(subject, parameters, lettered)), tuple(joints(subject, bare=bare)))


def stepped(seen: View, rate: float) -> View:
    """The view with one step of descent on its parameters; where none are marked, on every input that has a gradient.

    Raises: ValueError where the rate is not above 0.
    """
    if not rate > 0:
        raise ValueError(f"the learning rate is {rate:g}, and it must be above 0")
    kinds = ("parameter",) if any(card.kind == "parameter" for card in seen.cards) else ("input",)
    cards = (replace(card, update=rate) if card.kind in kinds and card.gradient is not None else card for card in seen.cards)
    return View(tuple(cards), seen.joints)


def tree(seen: View) -> View:
    """The same as a tree: what is used twice is shown twice, so that every path to the output can be followed.

    Raises: LimitError where that would be more than 2,000 cards.
    """
    operands: list[list[Joint]] = [[] for _ in seen.cards]
    used = [False] * len(seen.cards)
    for joint in seen.joints:
        operands[joint.consumer].append(joint)
        used[joint.operand] = True
    found: list[Card] = []
    edges: list[Joint] = []
    roots = [place for place in range(len(seen.cards)) if not used[place] or seen.cards[place].output]
    waiting: list[tuple[int, Joint | None]] = [(place, None) for place in reversed(roots)]
    while waiting:
        place, came = waiting.pop()
        if len(found) == LARGEST:
            raise LimitError(f"as a tree this graph has more than {LARGEST} cards: look at the shared graph, or at a part of it")
        here = len(found)
        found.append(seen.cards[place])
        if came is not None:
            edges.append(replace(came, operand=here))
        waiting += [(down.operand, replace(down, consumer=here)) for down in reversed(operands[place])]
    last = len(found) - 1                                  # operands first, as in every view
    turned = [replace(edge, consumer=last - edge.consumer, operand=last - edge.operand) for edge in reversed(edges)]
    return View(tuple(reversed(found)), tuple(turned))


def neighbourhood(seen: View, number: int, up: int = 1, down: int = 1) -> View:
    """The cards at most `up` edges above and `down` edges below a node."""
    middle = seen.place(number)
    above: list[list[int]] = [[] for _ in seen.cards]
    below: list[list[int]] = [[] for _ in seen.cards]
    for joint in seen.joints:
        above[joint.operand].append(joint.consumer)
        below[joint.consumer].append(joint.operand)
    kept = {middle}
    for links, steps in ((above, up), (below, down)):
        front = [middle]
        for _ in range(steps):
            front = sorted({other for place in front for other in links[place]})
            kept.update(front)
    return _only(seen, kept)


def _only(seen: View, kept: Collection[int]) -> View:
    order = sorted(kept)
    place = {old: new for new, old in enumerate(order)}
    return View(
        tuple(seen.cards[old] for old in order),
        tuple(
            replace(joint, consumer=place[joint.consumer], operand=place[joint.operand])
            for joint in seen.joints
            if joint.consumer in place and joint.operand in place
        ),
    )
