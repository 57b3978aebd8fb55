"""What stands beside a number in a row that is linear in it: the row's own rule, asked with marked numbers.

Every number of the other operands is another one, drawn at random. So the slope that comes back says by its number which of
them stands there: of a product of matrices, that W[2, k] stands beside x[k, 1]. A slope that is the same for two draws is a
constant. No operation is known here, and no value of the run is looked at but whole numbers that choose something.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..core.array import Array
from ..core.graph import Graph, Node

__all__ = ["MANY", "beside", "chosen", "draws", "marked", "shrunk", "unit", "varies"]

MANY: Final = 4096       # numbers that are told one by one; of more only the first
MOVING: Final = ("shape", "index")  # kinds of rows that may be linear in all operands together
SEED: Final = 0x5EED     # of the marks


def draws() -> np.random.Generator:
    """Where marks come from: the same ones every time."""
    return np.random.default_rng(SEED)


def chosen(node: Node, graph: Graph) -> bool:
    """Whether whole numbers choose what is taken, so that others would choose something else."""
    return any(graph.type(j).dtype.kind != "f" and not varies(node, k) for k, j in enumerate(node.inputs))


def varies(node: Node, k: int) -> bool:
    """Whether a row may be linear in operand k, whatever kind of numbers that has."""
    op = node.op
    may = k in op.linear or (not op.linear and not op.chooses and op.kind in MOVING and op.rule("vjp", k) is not None)
    return may and k not in op.integers


def marked(node: Node, values: Sequence[Any], draw: np.random.Generator) -> list[Any]:
    """Operands of the same shapes whose numbers are told apart; whole numbers that choose something stay."""
    return [
        draw.uniform(1.0, 2.0, np.shape(x))[()] if np.asarray(x).dtype.kind == "f" or varies(node, k) else x
        for k, x in enumerate(values)
    ]


def unit(shape: tuple[int, ...], at: int) -> Any:
    found = np.zeros(shape)
    found.flat[at] = 1.0
    return found[()]


def coefficients(node: Node, xs: Sequence[Any], k: int, at: int, across: bool) -> np.ndarray[Any, Any] | None:
    """The slopes of result `at` by every number of operand k, or, `across`, of every result by number `at` of operand k.

    Of a row that is linear in this operand; flat.
    """
    attrs, shape = dict(node.attrs), np.shape(xs[k])
    if across:
        return np.ravel(node.op.value(*xs[:k], unit(shape, at), *xs[k + 1 :], **attrs))
    rule = node.op.rule("vjp", k)
    if rule is None:
        return None
    z = node.op.value(*xs, **attrs)
    answer = rule(Array(None, -1, unit(np.shape(z), at)), Array(None, -1, z), *[Array(None, -1, x) for x in xs], **attrs)
    return None if answer is None else np.ravel(shrunk(np.real(answer.value), shape))


def shrunk(found: Any, shape: tuple[int, ...]) -> Any:
    """A gradient summed over the axes that its operand was stretched along."""
    array = np.asarray(found)
    if array.shape == shape:
        return array
    array = np.broadcast_to(array, np.broadcast_shapes(array.shape, shape))
    array = array.sum(axis=tuple(range(array.ndim - len(shape))))
    return array.sum(axis=tuple(a for a, n in enumerate(shape) if n != array.shape[a]), keepdims=True)


def beside(
    node: Node, values: Sequence[Any], k: int, at: int, across: bool, draw: np.random.Generator
) -> tuple[list[tuple[int, float, tuple[int, int] | None]], int] | None:
    """What stands beside operand k: (place, number, None), or (place, 1, (another operand, place in it)); and how many do.

    Two draws of marks tell a number that is always the same from one that an operand gives. None where it is neither.
    """
    first, second = marked(node, values, draw), marked(node, values, draw)
    here, there = (coefficients(node, xs, k, at, across) for xs in (first, second))
    if here is None or there is None:
        return None
    others = [m for m, x in enumerate(values) if m != k and (np.asarray(x).dtype.kind == "f" or varies(node, m))]
    marks, again = (np.concatenate([np.zeros(0), *(np.ravel(xs[m]) for m in others)]) for xs in (first, second))
    starts = np.cumsum([0, *(np.size(first[m]) for m in others)])
    order = np.argsort(marks)
    found: list[tuple[int, float, tuple[int, int] | None]] = []
    places = np.flatnonzero((here != 0) | (there != 0))
    for place in places[:MANY].tolist():
        if here[place] == there[place]:
            found.append((place, float(here[place]), None))
            continue
        near = int(np.searchsorted(marks, here[place], sorter=order))
        mark = int(order[near]) if near < len(order) else -1
        if mark < 0 or marks[mark] != here[place] or again[mark] != there[place]:
            return None
        m = int(np.searchsorted(starts, mark, side="right")) - 1
        found.append((place, 1.0, (others[m], mark - int(starts[m]))))
    return found, len(places)
