"""Derivatives of higher order: the gradient of a gradient of a gradient, all in one graph.

A gradient is nodes like any others, so differentiating again is doing the same thing again. Where a gradient is an array,
the next one is that of the sum of its items; for a scalar these are all the partial derivatives there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement
from math import comb
from typing import Any, Final, NamedTuple

from ..core.graph import Graph
from ..diff.reverse import reverse
from ..errors import LimitError, ValueError
from ..run.record import Run
from ..run.reference import run

__all__ = ["Derivative", "derivatives"]

MOST: Final = 40      # derivatives that anybody reads
HIGHEST: Final = 12   # the graph about doubles with every order


class Derivative(NamedTuple):
    """One derivative: the inputs it is by, in order, and its value."""

    by: tuple[int, ...]
    value: Any


def derivatives(graph: Graph, values: Mapping[int, Any], order: int, wrt: Sequence[int]) -> tuple[list[Derivative], Run]:
    """All derivatives of this order of the first output of a typed graph, mixed ones once, and the run they are from.

    Raises: ValueError for an order that is not 1 to 12, LimitError for more than 40 derivatives.
    """
    if not 1 <= order <= HIGHEST:
        raise ValueError(f"the order of a derivative is 1 to {HIGHEST} here, and it is {order}")
    count = comb(len(wrt) + order - 1, order)
    if count > MOST:
        raise LimitError(
            f"there are {count} derivatives of order {order} by {len(wrt)} inputs, and the limit is {MOST}: name fewer inputs"
        )
    level: dict[tuple[int, ...], int] = {(): graph.outputs[0]}
    for size in range(1, order + 1):
        found: dict[tuple[int, ...], int] = {}
        for by in combinations_with_replacement(wrt, size):
            if by in found:
                continue
            above = level[by[1:]]
            graph = reverse(graph, above, wrt)
            for i in wrt:
                found.setdefault(tuple(sorted((i, *by[1:]), key=wrt.index)), graph.grads[i])
        level = found
    made = run(graph, values)
    return [Derivative(by, made.value(level[by])) for by in combinations_with_replacement(wrt, order)], made
