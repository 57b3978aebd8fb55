"""Which items wait until they are used, though they could be computed long before.

A derivative multiplies by numbers of the way forward: -x / s of a normalised x, say. Its operands are there early, and an item
joins the earliest nest that it can; then its numbers lie in memory until the way back needs them. Where what it reads lies there
until then in any case, it is computed when it is used: as many numbers are read, none are written, and a buffer less is held.

How late something is, is counted in products and other instructions of their own that must have been before.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from backlight.run.lower.items import Item, Items
from backlight.run.lower.program import BYTES

__all__ = ["late_items"]

FAR = 2  # instructions of their own between where an item could be computed and where it is used
LARGE_BYTES = 1 << 14  # of an item: less takes no room to speak of
SMALL = 8  # times smaller than the item is what may be held longer for it
THERE = frozenset({"source", "uniform", "position"})  # forms of what is there all the time


def late_items(items: Items, live: Collection[int], outputs: Sequence[int], alone: Collection[str]) -> set[int]:
    """Return the items that are computed where they are first used; `alone` are forms that are an instruction of their own."""
    kept = {items.views[number].root for number in outputs}
    order = [number for number in sorted(live) if items.all[number].form != "view"]
    roots = {number: {items.views[i].root for i in items.all[number].inputs} for number in order}
    users: dict[int, list[int]] = {number: [] for number in order}
    earliest: dict[int, int] = {}
    for number in order:
        for root in roots[number]:
            users[root].append(number)
        before = max((earliest[root] for root in roots[number]), default=0)
        earliest[number] = before + (items.all[number].form in alone)
    used: dict[int, int] = {}  # where an item is needed at last, if all that can wait does
    for number in reversed(order):
        waits = [used[user] if items.all[user].form == "point" and user not in kept else earliest[user] for user in users[number]]
        used[number] = min(waits, default=earliest[number])
    latest = {number: sorted(of, key=earliest.__getitem__)[-2:] for number, of in users.items()}  # one may be who asks
    found: set[int] = set()
    for number in order:
        item, at = items.all[number], used[number]
        if item.form != "point" or number in kept or at - earliest[number] < FAR or size(item) < LARGE_BYTES:
            continue
        if any(items.all[root].form not in THERE for root in roots[number]) and all(
            lies_there(items, operand, item) or (items.views[operand].root in found and flows(items, operand, item))
            or any(earliest[user] >= at for user in latest[items.views[operand].root] if user != number)
            for operand in item.inputs
        ):  # fmt: skip
            found.add(number)
    return found


def lies_there(items: Items, operand: int, item: Item) -> bool:
    """Return whether an operand is there all the time, or may be without taking room to speak of."""
    source = items.all[items.views[operand].root]
    return source.form in THERE or size(source) * SMALL <= size(item)


def flows(items: Items, operand: int, item: Item) -> bool:
    """Return whether an operand that waits as well would be computed in the same loop, index for index."""
    view = items.views[operand]
    return items.all[view.root].shape == item.shape and view.is_whole(item.shape)


def size(item: Item) -> int:
    """Return how many bytes an item has."""
    return item.size * BYTES[item.kind]
