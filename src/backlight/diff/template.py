"""What a rule wrote for one node, to be written again for the next node like it.

Rules are functions that write graph, and for a graph of many small nodes calling them again and again is most of the
work: the rule of a product of two scalars is the same for each of a hundred thousand products. So what it wrote is kept as
rows, whose operands are places in a table: what was there before (the node, its operands, what arrived at it), nodes that all
share, and then what is written on the way. Where nobody will look at the nodes, only their values are computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from ..core.graph import Node, Why
from ..core.tape import Tape

__all__ = ["Template", "constant_key", "learn"]

new_tuple: Any = tuple.__new__  # quicker than Node(…), and this is the inner loop of every large graph


def constant_key(node: Node) -> Any:
    """A constant operand as part of a key: rules may look at its number; one that is no scalar is told by its address."""
    if node.op.name != "const":
        return None
    value = node.attrs[0][1]
    return (value.item(), value.dtype) if getattr(value, "shape", None) == () else id(value)


class Template:
    """Rows to be written again. `write` and `compute` take the numbers of the first places, and add those of what they write.

    `results` are places of what the rule was asked for, -1 for nothing: for reverse mode (operand, local, downstream) of each
    edge, for forward mode the tangent.
    """

    __slots__ = ("pairs", "results", "rows", "shared", "stubs")

    def __init__(self, rows: Sequence[Any], shared: Sequence[int], results: Any) -> None:
        self.rows = rows
        self.shared = shared
        self.results = results
        self.pairs = [(*row[1], row[5]) if len(row[1]) == 2 else (row[1], None, row[5]) for row in rows]
        self.stubs = [Node(op, (), type_, attrs) for op, _, type_, attrs, _, _ in rows]

    def write(self, tape: Tape, place: list[int], i: int) -> None:
        """Write the rows for node i."""
        nodes, values = tape.nodes, tape.values
        scope, at = tape.scope, tape.at
        place += self.shared
        for op, refs, type_, attrs, (kind, rule, operand), work in self.rows:
            if len(refs) == 2:
                x, y = place[refs[0]], place[refs[1]]
                numbers: tuple[int, ...] = (x, y)
                if values is not None:
                    values.append(work(values[x], values[y]))
            else:
                numbers = tuple([place[r] for r in refs])
                if values is not None:
                    values.append(work(*[values[n] for n in numbers]))
            place.append(len(nodes))
            why = new_tuple(Why, (kind, rule, i, operand))
            nodes.append(new_tuple(Node, (op, numbers, type_, attrs, "", scope, at, why)))

    def compute(self, tape: Tape, place: list[int]) -> None:
        """The values of what would be written; in the place of each node stands one of its operation and type."""
        values: Any = tape.values
        number = len(values)
        place += self.shared
        for x, y, work in self.pairs:
            if y is not None:
                values.append(work(values[place[x]], values[place[y]]))
            else:
                values.append(work(*[values[place[r]] for r in x]))
            place.append(number)
            number += 1
        tape.nodes += self.stubs


def learn(tape: Tape, first: Sequence[int], start: int, results: Sequence[int]) -> tuple[list[Any], list[int], dict[int, int]]:
    """What has just been written from node `start` on, as rows; what they share; and the place of every node.

    `first` are the numbers of the first places, `results` those that will be asked for. A constant need not be written again.
    """
    nodes = tape.nodes
    where: dict[int, int] = {}
    for k, number in enumerate(first):
        where.setdefault(number, k)
    shared: list[int] = []
    fresh = [start + n for n, made in enumerate(nodes[start:]) if made.op.name != "const"]
    new = set(fresh)
    for used in (*(j for n in fresh for j in nodes[n].inputs), *results):
        if used >= 0 and used not in new and used not in where:
            where[used] = len(first) + len(shared)
            shared.append(used)
    for count, n in enumerate(fresh):
        where[n] = len(first) + len(shared) + count
    rows = []
    for n in fresh:
        op, inputs, type_, attrs, _, _, _, why = nodes[n]
        work = op.value
        if op.raw is not None and all(nodes[j].type.dtype is type_.dtype for j in inputs):  # type: ignore[union-attr]
            work = op.raw
        work = partial(work, **dict(attrs)) if attrs else work
        rows.append((op, [where[j] for j in inputs], type_, attrs, (why.kind, why.rule, why.operand), work))
    return rows, shared, where
