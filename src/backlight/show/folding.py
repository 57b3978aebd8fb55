"""Groups of operations folded into one card each, so that a large graph has few enough boxes to be read.

A group is a stretch of operations that were written in the same scope (`encoder/block.3`), one after the other, which
keeps the folded graph free of circles. Its label is honest: a body repeated with the same parameters is `×12`; groups
alike but with parameters of their own are drawn once, `+11 more`. What has a problem, a value or a gradient that is no
number, is never folded away, nor is an output; where a problem has spread over more cards than can be read, those stay
at which it was born.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from .card import Card, Joint
from .figures import trouble
from .view import View

__all__ = ["folded"]

MOST = 60                # boxes at first sight


@dataclass(slots=True)
class Group:
    """One folded stretch: its scope, its members by place, and what it turned out to be."""

    scope: str
    members: list[int]
    more: int = 0


def folded(seen: View, *, most: int = MOST, unfold: Collection[str] = (), fold: Collection[str] = ()) -> View:
    """The view with groups folded until at most `most` cards are left, outermost scopes last.

    `unfold` names scopes that stay open whatever happens, `fold` those that are one card however few cards there are.
    """
    if fold:
        seen = _folded_at(seen, None, unfold, fold, _open(seen, most))
    deepest = max((card.scope.count("/") + 1 for card in seen.cards if card.scope), default=0)
    best, kept = seen, _open(seen, most) if deepest else set()
    for depth in range(deepest, 0, -1):
        if len(best.cards) <= most:
            break
        best = min(best, _folded_at(seen, depth, unfold, (), kept), key=lambda found: len(found.cards))
    return best


def _open(seen: View, most: int) -> set[int]:
    """The places that are never folded away: outputs, and problems, or where these were born if they are more than `most`."""
    up = {place for place, card in enumerate(seen.cards) if trouble(card.value)}
    down = {place for place, card in enumerate(seen.cards) if trouble(card.gradient)}
    kept = {place for place, card in enumerate(seen.cards) if card.output}
    if len(up | down) <= most:
        return kept | up | down
    came_up = {joint.consumer for joint in seen.joints if joint.operand in up}
    came_down = {joint.operand for joint in seen.joints if joint.consumer in down}
    return kept | (up - came_up) | (down - came_down)


def _folded_at(seen: View, depth: int | None, unfold: Collection[str], fold: Collection[str], kept: Collection[int]) -> View:
    """The view with the scopes of one depth folded, or, without a depth, those that are named; `kept` stay open."""
    cards = seen.cards
    consumers: list[list[int]] = [[] for _ in cards]
    operands: list[list[Joint]] = [[] for _ in cards]
    for joint in seen.joints:
        consumers[joint.operand].append(joint.consumer)
        operands[joint.consumer].append(joint)
    groups = _stretches(cards, operands, lambda scope: _named(scope, depth, fold), unfold, kept)
    owner: dict[int, Group] = {place: group for group in groups for place in group.members}
    for place, card in enumerate(cards):                   # parameters go where all their readers are
        if card.kind in ("parameter", "constant") and consumers[place] and place not in kept:
            readers = {id(owner.get(reader)): owner.get(reader) for reader in consumers[place]}
            group = next(iter(readers.values()))
            if len(readers) == 1 and group is not None:
                owner[place] = group
                group.members.append(place)
    if depth is not None:
        _merge_alike(groups, cards, operands, owner)
    return _drawn(seen, groups, owner, operands)


def _named(scope: str, depth: int | None, fold: Collection[str]) -> str:
    """The scope that a card is folded into; empty for none."""
    if depth is not None:
        return "/".join(scope.split("/")[:depth])
    return min((name for name in fold if _within(scope, name)), key=len, default="")


def _stretches(
    cards: Sequence[Card], operands: Sequence[Sequence[Joint]], of: Callable[[str], str], unfold: Collection[str],
    kept: Collection[int],
) -> list[Group]:
    groups: list[Group] = []
    last = ""
    for place, card in enumerate(cards):
        if not operands[place]:
            continue
        scope = of(card.scope)
        if not scope or place in kept or any(_within(scope, name) or _within(name, scope) for name in unfold):
            last = ""
        elif scope == last:
            groups[-1].members.append(place)
        else:
            groups.append(Group(scope, [place]))
            last = scope
    return [group for group in groups if len(group.members) > 1]


def _within(scope: str, other: str) -> bool:
    return scope == other or scope.startswith(f"{other}/")


def _merge_alike(
    groups: list[Group], cards: Sequence[Card], operands: Sequence[Sequence[Joint]], owner: dict[int, Group]
) -> None:
    """Join neighbours that do the same with parameters of their own: the first stands for all."""
    stands: Group | None = None
    before: Group | None = None
    for group in groups:
        if (
            stands is not None
            and before is not None
            and _form(before, cards, operands) == _form(group, cards, operands)
            and _follows(before, group, operands)
        ):
            stands.more += 1
            group.more = -1
            for place in group.members:
                owner[place] = stands
        else:
            stands = group
        before = group
    for group in groups:
        if group.more < 0:
            owner[group.members[0]].members += group.members


def _form(group: Group, cards: Sequence[Card], operands: Sequence[Sequence[Joint]]) -> list[tuple[str, int]]:
    """The operations of a group, in order."""
    return [(cards[place].signature, len(operands[place])) for place in sorted(group.members) if operands[place]]


def _follows(before: Group, group: Group, operands: Sequence[Sequence[Joint]]) -> bool:
    """Whether nothing but leaves stands between two groups."""
    first = min(place for place in group.members if operands[place])
    last = max(place for place in before.members if operands[place])
    return all(not operands[place] for place in range(last + 1, first))


def _drawn(seen: View, groups: Sequence[Group], owner: dict[int, Group], operands: Sequence[Sequence[Joint]]) -> View:
    cards: list[Card] = []
    place: dict[int, int] = {}
    last = {id(group): max(p for p in group.members if operands[p]) for group in groups if group.more >= 0}
    for old, card in enumerate(seen.cards):
        group = owner.get(old)
        if group is None:
            place[old] = len(cards)
            cards.append(card)
        elif old == last[id(group)]:
            for member in group.members:
                place[member] = len(cards)
            cards.append(_card(group, seen.cards, operands))
    edges: dict[tuple[int, int], Joint] = {}
    numbers: dict[int, int] = {}
    for joint in seen.joints:
        high, low = place[joint.consumer], place[joint.operand]
        if high == low:
            continue
        if joint.consumer not in owner:
            edges[high, len(edges) + len(cards)] = replace(joint, consumer=high, operand=low)
        elif (high, low) not in edges:                     # one line however many edges lead from a group to a card
            numbers[high] = numbers.get(high, 0) + 1
            edges[high, low] = Joint(high, low, numbers[high], joint.value)
    return View(tuple(cards), tuple(edges.values()))


def _card(group: Group, cards: Sequence[Card], operands: Sequence[Sequence[Joint]]) -> Card:
    """The card of a group: how much is in it, and the value that leaves it."""
    inner = sorted(place for place in group.members if operands[place])
    leaves = [place for place in group.members if not operands[place]]
    outlet = cards[inner[-1]]
    times = 1 if group.more else _repeats(inner, cards, operands)
    learnt = sum(cards[place].kind == "parameter" for place in leaves)
    words = f"{len(inner)} operations" + (f", {learnt} parameter{'s' * (learnt != 1)}" if learnt else "")
    name = group.scope + (f" +{group.more} more" if group.more > 0 else f" ×{times}" if times > 1 else "")
    return replace(outlet, name=name, signature=words, kind="group")


def _repeats(inner: Sequence[int], cards: Sequence[Card], operands: Sequence[Sequence[Joint]]) -> int:
    """How often the same body with the same parameters is run through, one time after the other."""
    forms = [cards[place].signature for place in inner]
    read = [{joint.operand for joint in operands[place] if cards[joint.operand].kind == "parameter"} for place in inner]
    for period in range(1, len(forms) // 2 + 1):
        if len(forms) % period == 0 and all(
            forms[k] == forms[k % period] and read[k] == read[k % period] for k in range(len(forms))
        ):
            return len(forms) // period
    return 1
