"""How much is said about each node: a card says everything, a chip name, value and gradient, a dot that it is there.

A picture of sixty cards is read, one of six hundred is not. So large pictures are drawn small: by their number alone, or
by how far each node stands from the one that somebody looks at. Outputs, and the nodes at which something goes wrong,
are always cards.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal

from ..errors import ValueError
from .card import Detail
from .figures import trouble
from .view import View

__all__ = ["DETAILS", "Wish", "detailed", "looked_at"]

Wish = Literal["auto", "card", "chip", "dot"]
DETAILS: Final = ("auto", "card", "chip", "dot")
CARDS, CHIPS = 80, 300   # how many of them are read, and how many are seen


def detailed(seen: View, wish: Wish = "auto") -> View:
    """The view with every node as a card, a chip or a dot; "auto" chooses by how many there are.

    Raises: ValueError for another word.
    """
    if wish not in DETAILS:
        raise ValueError(f"the detail of a picture is one of {', '.join(DETAILS)}, and it is {wish!r:.40}")
    count = len(seen.cards)
    chosen: Detail = wish if wish != "auto" else "card" if count <= CARDS else "chip" if count <= CHIPS else "dot"
    if chosen == "card":
        return seen
    kept = _births(seen) if wish == "auto" else set()
    cards = (
        card if wish == "auto" and (card.output or place in kept) else replace(card, detail=chosen)
        for place, card in enumerate(seen.cards)
    )
    return View(tuple(cards), seen.joints)


def looked_at(seen: View, number: int, cards: int = 1, chips: int = 3) -> View:
    """The view as seen from one node: cards up to so many edges away, then chips, then dots."""
    beside: list[list[int]] = [[] for _ in seen.cards]
    for joint in seen.joints:
        beside[joint.consumer].append(joint.operand)
        beside[joint.operand].append(joint.consumer)
    away = {seen.place(number): 0}
    front = list(away)
    while front:
        following = dict.fromkeys(other for place in front for other in beside[place] if other not in away)
        steps = away[front[0]] + 1
        away.update(dict.fromkeys(following, steps))
        front = list(following)

    def detail(place: int) -> Detail:
        far = away.get(place, chips + 1)
        return "card" if far <= cards else "chip" if far <= chips else "dot"

    return View(tuple(replace(card, detail=detail(place)) for place, card in enumerate(seen.cards)), seen.joints)


def _births(seen: View) -> set[int]:
    """The places of cards whose value is no number while their operands' are, or, where all values are well, of those whose
    gradient is none while those above them are.
    """
    bad = {place for place, card in enumerate(seen.cards) if trouble(card.value)}
    if bad:
        return bad - {joint.consumer for joint in seen.joints if joint.operand in bad}
    bad = {place for place, card in enumerate(seen.cards) if trouble(card.gradient)}
    return bad - {joint.operand for joint in seen.joints if joint.consumer in bad}
