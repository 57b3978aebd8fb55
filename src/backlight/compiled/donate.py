"""Arguments whose memory a call may use for its results: large state that is replaced by what comes back.

A donated array is overwritten with the first result of its type that no other has taken, and the call returns that very
array. Where the numbers can be written one by one over those that they come from, that is what compiled code does; where the
old ones are needed to the end, or may be asked for again (guards, checks), the result is copied there afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..core.graph import Graph
from ..core.tree import flatten
from ..core.types import Type
from ..errors import InputError
from ..read.python import is_number, names_of

__all__ = ["Pairs", "donated", "hand_back", "paired", "told"]

Pairs = Sequence[tuple[int, int]]  # the number of an array among all that a call hands over, and of a result


def donated(function: Callable[..., Any], args: Sequence[Any], named: dict[str, Any], names: Sequence[str]) -> dict[int, Any]:
    """The donated arrays, by their places among all numbers of a call. Raises: InputError for one that cannot be overwritten."""
    given = [*zip(names_of(function, args), args, strict=True), *named.items()]
    for name in names:
        if name not in dict(given):
            raise InputError(f"compile: donate names {name!r}, and the function has {', '.join(dict(given))}")
    leaves = [(leaf_name, leaf, name in names) for name, arg in given for leaf_name, leaf in flatten(arg, name)[0]
              if is_number(leaf) or name in names]
    found: dict[int, Any] = {}
    for place, (name, leaf, wanted) in enumerate(leaves):
        if not wanted or np.ndim(leaf) == 0:
            continue
        if type(leaf) is not np.ndarray:
            raise InputError(f"donate: {name!r} is of {type(leaf).__name__}: only a NumPy array can be overwritten")
        if not (leaf.flags.c_contiguous and leaf.flags.aligned and leaf.flags.writeable):
            what = "cannot be written to" if not leaf.flags.writeable else "does not lie in one piece, row by row"
            raise InputError(f"donate: {name!r} {what}: give an array of its own, as in {name}.copy()")
        found[place] = leaf
        for other, (other_name, array, also) in enumerate(leaves):
            apart = other == place or (also and other < place) or not isinstance(array, np.ndarray)
            if not apart and np.may_share_memory(leaf, array):
                raise InputError(
                    f"donate: {name!r} shares its memory with {other_name!r}, which would be overwritten too: give a copy"
                )
    return found


def paired(graph: Graph, places: Iterable[int]) -> Pairs:
    """Each donated array with the result that takes its memory. Raises: InputError where no result is of its type."""
    taken: dict[int, int] = {}
    for place in places:
        node = graph.inputs[place]
        fitting = [j for j, out in enumerate(graph.outputs) if graph.type(out) is graph.type(node) and j not in taken]
        if not fitting:
            type_ = graph.type(node)
            assert isinstance(type_, Type)
            raise InputError(
                f"donate: no result is {type_} {type_.shape}, as {graph.nodes[node].name!r} is, so none can take its memory"
            )
        taken[fitting[0]] = place
    return [(place, j) for j, place in taken.items()]


def hand_back(pairs: Pairs, arrays: Sequence[Any], found: Sequence[Any]) -> list[Any]:
    """The results, with every donated array in the place of the result that it now holds."""
    out = list(found)
    for place, j in pairs:
        if out[j] is not arrays[place]:
            arrays[place][...] = out[j]
            out[j] = arrays[place]
    return out


def told(graph: Graph, pairs: Pairs, in_place: Sequence[int]) -> str:
    """Lines that say which array becomes which result, and how."""
    lines = []
    for place, j in pairs:
        how = "in place" if j in in_place else "copied there at the end"
        lines.append(f"\ndonated: {graph.nodes[graph.inputs[place]].name} becomes the result %{graph.outputs[j]}, {how}")
    return "".join(lines)
