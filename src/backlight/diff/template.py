"""What a rule wrote for one node, to be written again for the next node like it.

Rules are functions that write graph, and for a graph of many small nodes calling them again and again is most of the
work: the rule of a product of two scalars is the same for each of a hundred thousand products.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from ..core.graph import Node, Part, Why

if TYPE_CHECKING:
    from .reverse import Walk

__all__ = ["Template", "constant_key", "learn"]

new_tuple: Any = tuple.__new__  # quicker than Node(…), and this is the inner loop of every large graph


def constant_key(node: Node) -> Any:
    """A constant operand as part of a key: rules may look at its number; one that is no scalar is told by its address."""
    if node.op.name != "const":
        return None
    value = node.attrs[0][1]
    return (value.item(), value.dtype) if getattr(value, "shape", None) == () else id(value)


class Template:
    """What a rule wrote for one node, ready to be written again for the next node like it.

    The rule of a product is the same for every product of two scalars, so in a graph of many small nodes it is worth
    running once. `rows` are the nodes it wrote, their operands given as places in a table: the node itself, its gradient,
    its operands, nodes shared by all, and then what is written on the way.
    """

    __slots__ = ("edges", "rows", "shared")

    def __init__(self, rows: Sequence[Any], shared: Sequence[int], edges: Sequence[Any]) -> None:
        self.rows = rows
        self.shared = shared
        self.edges = edges

    def repeat(self, walk: Walk, i: int, g: int, inputs: tuple[int, ...]) -> None:
        tape = walk.tape
        nodes, values = tape.nodes, tape.values
        scope, at = tape.scope, tape.at
        place = [i, g, *inputs, *self.shared]
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
        add, arrived = walk.parts.flat.extend, walk.arrived
        for k, local, down in self.edges:
            d = place[down]
            add((i, k + 1, g, place[local] if local >= 0 else -1, d))
            j = inputs[k]
            if arrived[j] is None and not walk.masks:
                arrived[j] = d
            else:
                walk.arrive(j, d, None)


def learn(walk: Walk, i: int, g: int, node: Node, start: int) -> Template | None:
    """The template of what has just been written for node i, from node `start` on; None where it cannot be repeated."""
    if any(j in walk.masks for j in node.inputs):
        return None
    nodes = walk.tape.nodes
    where: dict[int, int] = {i: 0, g: 1}
    for k, j in enumerate(node.inputs):
        where.setdefault(j, 2 + k)
    shared: list[int] = []

    def place(number: int) -> int:
        """The place in the table of a node that was there before, or of a constant, which need not be written again."""
        if number not in where:
            where[number] = 2 + len(node.inputs) + len(shared)
            shared.append(number)
        return where[number]

    tail = walk.parts.flat[-5 * len(node.inputs) :]
    written = {tail[n + 1]: Part(*tail[n + 2 : n + 5]) for n in range(0, len(tail), 5) if tail[n] == i}
    fresh = [start + n for n, made in enumerate(nodes[start:]) if made.op.name != "const"]
    new = set(fresh)
    for used in (*(j for n in fresh for j in nodes[n].inputs), *(j for part in written.values() for j in part[1:])):
        if used >= 0 and used not in new:
            place(used)
    for count, n in enumerate(fresh):
        where[n] = 2 + len(node.inputs) + len(shared) + count
    rows = []
    for n in fresh:
        op, inputs, type_, attrs, _, _, _, why = nodes[n]
        work = partial(op.value, **dict(attrs)) if attrs else op.value
        rows.append((op, [where[j] for j in inputs], type_, attrs, (why.kind, why.rule, why.operand), work))
    edges = [(k - 1, where[p.local] if p.local >= 0 else -1, where[p.downstream]) for k, p in sorted(written.items())]
    return Template(rows, shared, edges)
