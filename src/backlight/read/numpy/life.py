"""Where the numbers of an array lie: which arrays show one piece of memory, and how each was taken from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

from ...core.array import Array

__all__ = ["Life", "lend", "life_of", "share"]


class Life:
    """Where an array's numbers lie: in memory of its own, or in that of a root, and how it was taken from there."""

    __slots__ = ("again", "foreign", "lender", "root", "taken", "views")

    def __init__(self, root: Array | None = None, taken: Any = None, again: Any = None) -> None:
        self.root = root
        self.taken: Callable[[Any], Any] = taken  # from a NumPy array like the root to the same view of it
        self.again: Callable[[Array], Any] = again  # the same in nodes
        self.views: list[Any] = []  # weak references to all views of a root, and to views of these
        self.lender = ""  # the argument that a root is, by name
        self.foreign = False  # whether a root lies in an array that the caller has


def life_of(x: Array) -> Life:
    found = getattr(x, "life", None)
    if found is None:
        found = x.life = Life()
    return found


def share(base: Array, made: Array, taken: Callable[[Any], Any], again: Callable[[Any], Any]) -> Array:
    """Remember that `made` is a view of `base`: `taken` takes it from a NumPy array, `again` in nodes."""
    above = life_of(base)
    root = above.root
    if root is None:
        root = base
        made.life = Life(base, taken, again)
    else:
        first, second = above.taken, above.again
        made.life = Life(root, lambda p: taken(first(p)), lambda r: again(second(r)))
    views = root.life.views
    if len(views) > 32 and len(views) & (len(views) - 1) == 0:  # at each doubling those that are gone are forgotten
        views[:] = [view for view in views if view() is not None]
    views.append(ref(made))
    return made


def lend(x: Array, name: str) -> Array:
    """Mark an argument: assigning into it would change the caller's array, and is refused."""
    life_of(x).lender = name or "the argument"
    return x
