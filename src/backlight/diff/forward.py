"""Forward mode: a graph in, the same graph with tangents written behind it out.

A tangent says how fast a node changes when the inputs move along given directions. The walk goes once through the nodes
from the inputs up: an elementwise node moves by Σ local · tangent, a linear one by the very same operation on the tangent,
and any other by the transpose of its reverse rule — that rule is linear in the upstream gradient, so differentiating it
by an upstream gradient that nobody ever gives turns it around. A node that no direction reaches has no tangent and costs
nothing: there are no zeros in the graph but for outputs that do not move at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..core.array import Array
from ..core.collection import no_collection
from ..core.graph import Graph, Node, Why
from ..core.table import TABLE
from ..core.tape import Tape
from ..core.types import TupleType, Type
from ..errors import DifferentiationError, InputError, ShapeError
from .masks import Mask, as_one, both, either, once, still, stretched
from .moving import climbed
from .template import Template, constant_key, learn
from .turned import turned
from .walk import LIMIT, is_float

__all__ = ["forward", "push"]


class Climb:
    """One walk up a tape: the tangent of every node that has one, by number."""

    def __init__(self, tape: Tape, tangents: dict[int, int], bare: bool = False) -> None:
        self.tape = tape
        self.bare = bare  # values only: what is written behind the graph is not looked at again
        self.templates: dict[Any, Template] = {}
        self.seen: set[Any] = set()
        self.tried: dict[Any, Any] = {}  # where results move, of nodes that were alike
        self.tangents = tangents
        self.masks: dict[int, Mask] = {}  # where a node moves, if not everywhere
        self.whole: dict[int, Sequence[Array | None]] = {}  # nodes with several outputs: the tangents of all of them
        self.whole_masks: dict[int, Sequence[Mask]] = {}  # and where each of them moves

    def step(self, i: int, node: Node) -> None:
        """Write the tangent of node i, if any of its operands has one."""
        tangents = self.tangents
        if i in tangents or not any(j in tangents or j in self.whole for j in node.inputs):
            return
        op, tape = node.op, self.tape
        tape.scope, tape.at = node.scope, node.at
        key = self.template_key(i, node)
        if key is not None:
            self.by_template(i, node, key)
            return
        if op.move is not None:
            self.inside(i, node)
            return
        if type(node.type) is TupleType:
            self.moved_tuple(i, node)
            return
        if not node.type.is_float:  # type: ignore[union-attr]
            return
        if op.name == "item" and node.inputs[0] in self.whole:
            found = self.moved_item(node)
            if found is not None:
                tangents[i] = found
                masks = self.whole_masks.get(node.inputs[0])
                mask = None if masks is None else masks[node.attr("k", 0)]
                if mask is not None:
                    self.masks[i] = mask
            return
        if op.local is not None:
            shares = {k: self.by_local(i, node, k, j) for k, j in enumerate(node.inputs) if j in tangents}
            terms = [t for share in shares.values() for t in share]
            mask = self.chosen(i, node, [k for k, share in shares.items() if share])
        else:
            mask = climbed(tape, i, node, {k: self.masks.get(j) for k, j in enumerate(node.inputs) if j in tangents}, self.tried)[0]
            if still(mask):  # only what stands still was taken
                return
            if op.jvp is not None:
                terms = self.by_own_rule(i, node)
            else:
                terms = [t for k, j in enumerate(node.inputs) if j in tangents for t in self.by_transpose(i, node, k, j)]
        if terms:
            if mask is not None:
                self.masks[i] = mask
                mixed = op.local is None and op.jvp is None
                if mixed and not all(k in op.linear for k, j in enumerate(node.inputs) if j in tangents):
                    terms = [self.dropped(i, 0, t, mask) for t in terms]  # the rule may have met what no branch took
            tangents[i] = self.fitted(i, node, terms)

    def template_key(self, i: int, node: Node) -> Any:
        """What the nodes that a rule writes depend on, or None where they may depend on more."""
        op, inputs, kind, attrs = node[:4]
        if op.local is None or op.jvp is not None or op.move is not None or type(kind) is not Type or not kind.is_float:
            return None
        if op.select is not None or (self.masks and not self.masks.keys().isdisjoint(inputs)):
            return None
        nodes, tangents = self.tape.nodes, self.tangents
        if len(inputs) == 2:
            a, b = inputs
            if a == b:
                return None
            x, y = nodes[a], nodes[b]
            if (x.op.over or y.op.over) and op.name == "mul":
                return None
            if op.peeks:
                return (op, x.type, y.type, attrs, a in tangents, b in tangents, constant_key(x), constant_key(y))
            return (op, x.type, y.type, attrs, a in tangents, b in tangents)
        return (op, nodes[inputs[0]].type, attrs) if len(inputs) == 1 else None

    def by_template(self, i: int, node: Node, key: Any) -> None:
        """Elementwise, and perhaps written before for a node like this one."""
        tape, tangents = self.tape, self.tangents
        found = self.templates.get(key)
        place = [i, *node.inputs, *[tangents[j] for j in node.inputs if j in tangents]]
        if found is not None:
            if self.bare:
                found.compute(tape, place)
            else:
                found.write(tape, place, i)
            if found.results >= 0:
                tangents[i] = place[found.results]
            return
        start = len(tape.nodes)
        terms = [t for k, j in enumerate(node.inputs) if j in tangents for t in self.by_local(i, node, k, j)]
        if terms:
            tangents[i] = self.fitted(i, node, terms)
        if key in self.seen and len(set(place)) == len(place):
            t = tangents.get(i, -1)
            rows, shared, where = learn(tape, place, start, [t])
            self.templates[key] = Template(rows, shared, where.get(t, -1))
        self.seen.add(key)

    def fitted(self, i: int, node: Node, terms: Sequence[Array]) -> int:
        """The sum of the terms, in the shape and the dtype of the node."""
        assert isinstance(node.type, Type)
        self.tape.why = Why("tangent", node.op.name, i)
        t = terms[0] if len(terms) == 1 else TABLE["total"](*terms)
        if t.dtype.kind == "c" and node.type.dtype.kind != "c":
            t = TABLE["real"](t)
        if t.dtype != node.type.dtype:
            t = TABLE["cast"](t, dtype=node.type.dtype.name)
        if t.shape != node.type.shape:
            t = TABLE["broadcast_to"](t, shape=node.type.shape)
        return t.number

    def operands(self, i: int, node: Node) -> tuple[Array, list[Array], dict[str, Any]]:
        handle = self.tape.handle
        return handle(i), [handle(j) for j in node.inputs], dict(node.attrs)

    def chosen(self, i: int, node: Node, moving: Sequence[int]) -> Mask:
        """Where an elementwise result moves: where an operand that does was chosen."""
        masks: list[Mask] = []
        for k in moving:
            mask = both(self.masks.get(node.inputs[k]), self.selection(i, node, k))
            if mask is None:
                return None
            masks.append(mask)
        assert isinstance(node.type, Type)
        return stretched(either(masks), node.type.shape) if masks else None

    def selection(self, i: int, node: Node, k: int) -> Mask:
        """Where operand k was chosen, by a row that chooses."""
        chosen = node.op.select[k] if node.op.select is not None else None
        if chosen is None:
            return None
        pick = chosen

        def make() -> Array:
            z, xs, attrs = self.operands(i, node)
            self.tape.why = Why("mask", node.op.name, i, k + 1)
            return pick(z, *xs, **attrs)  # type: ignore[no-any-return]

        return once(make, node.op.chooses)

    def dropped(self, i: int, k: int, t: Array, mask: Mask) -> Array:
        """The tangent without what does not move."""
        if mask is None:
            return t
        node = self.tape.nodes[i]
        self.tape.why = Why("mask", node.op.name, i, k)
        m = mask()
        self.tape.why = Why("tangent", node.op.name, i, k)
        return TABLE["where"](m, t, 0.0)

    def inside(self, i: int, node: Node) -> None:
        """An operation that holds graphs: its rule takes and gives masks beside the tangents."""
        z, xs, attrs = self.operands(i, node)
        ts = [self.tape.handle(self.tangents[j]) if j in self.tangents else None for j in node.inputs]
        masks = [self.masks.get(j) for j in node.inputs]
        self.tape.why = Why("tangent", node.op.name, i)
        assert node.op.move is not None
        found = node.op.move(ts, masks, z, *xs, **attrs)
        if isinstance(node.type, TupleType):
            self.whole[i], self.whole_masks[i] = [t for t, _ in found], [mask for _, mask in found]
            return
        ((t, mask),) = found
        if t is not None:
            self.tangents[i] = t.number
            if mask is not None:
                self.masks[i] = mask

    def by_own_rule(self, i: int, node: Node) -> list[Array]:
        """The row says itself how it moves."""
        z, xs, attrs = self.operands(i, node)
        ts = tuple(self.tape.handle(self.tangents[j]) if j in self.tangents else None for j in node.inputs)
        self.tape.why = Why("tangent", node.op.name, i)
        assert node.op.jvp is not None
        found = node.op.jvp(ts, z, *xs, **attrs)
        return [] if found is None else [found]

    def by_local(self, i: int, node: Node, k: int, j: int) -> list[Array]:
        """Elementwise: local × tangent, and nothing from a branch that was not taken."""
        op, tape = node.op, self.tape
        rule = op.rule("local", k)
        if rule is None:
            return []
        z, xs, attrs = self.operands(i, node)
        t = tape.handle(self.tangents[j])
        below = tape.nodes[j]
        if op.name == "mul" and below.op.over and below.inputs[0] == node.inputs[1 - k] and below.inputs[0] in self.tangents:
            tape.why = Why("tangent", LIMIT, i, k + 1)  # x·log x: x times what moves log x has no pole
            return [TABLE["mul"](tape.handle(self.tangents[below.inputs[0]]), below.op.over)]
        tape.why = Why("local", op.name, i, k + 1)
        local = rule(z, *xs, **attrs)
        mask = self.selection(i, node, k)
        tape.why = Why("tangent", op.name, i, k + 1)
        if isinstance(local, Array):
            mask = both(self.masks.get(j), mask)
            t = TABLE["mul"](local, t)
        elif local == 0.0:
            return []
        elif local == -1.0:
            t = TABLE["neg"](t)
        elif local != 1.0:
            t = TABLE["mul"](tape.constant(local, t.dtype), t)
        return [self.dropped(i, k + 1, t, mask)]

    def by_transpose(self, i: int, node: Node, k: int, j: int) -> list[Array]:
        """Axes are mixed: the operation itself where it is linear, else its reverse rule turned around."""
        z, xs, attrs = self.operands(i, node)
        t = self.tape.handle(self.tangents[j])
        self.tape.why = Why("tangent", node.op.name, i, k + 1)
        if k not in node.op.linear:
            return turned(node, k, z, xs, t)
        product, live = node.op(*xs[:k], t, *xs[k + 1 :], **attrs), as_one(self.masks.get(j))
        return [self.dropped(i, k + 1, product, live if len(node.op.linear) > 1 else None)]

    def moved_tuple(self, i: int, node: Node) -> None:
        """A node with several outputs: one more of its kind holds the tangents of all, where it is linear."""
        _, xs, attrs = self.operands(i, node)
        moving = [k for k, j in enumerate(node.inputs) if j in self.tangents]
        self.tape.why = Why("tangent", node.op.name, i)
        if len(moving) == 1 and moving[0] in node.op.linear:
            (k,) = moving
            t = self.tape.handle(self.tangents[node.inputs[k]])
            self.whole[i] = tuple(node.op(*xs[:k], t, *xs[k + 1 :], **attrs))
            self.whole_masks[i] = climbed(self.tape, i, node, {k: self.masks.get(node.inputs[k])}, self.tried)
        else:
            self.whole[i] = ()  # output by output, as they are met

    def moved_item(self, node: Node) -> int | None:
        """The tangent of one output of a node with several; None for one that does not move."""
        (i,) = node.inputs
        n = node.attr("k", 0)
        above = self.tape.nodes[i]
        if self.whole[i]:
            t = self.whole[i][n]
            return None if t is None else int(t.number)
        z, xs, _ = self.operands(i, above)
        terms = []
        for k, j in enumerate(above.inputs):
            if j in self.tangents:
                self.tape.why = Why("tangent", above.op.name, i, k + 1)
                terms += turned(above, k, z, xs, self.tape.handle(self.tangents[j]), n)
        return self.fitted(i, node._replace(op=above.op), terms) if terms else None


def push(
    tape: Tape,
    seeds: Mapping[int, int],
    start: int = 0,
    stop: int | None = None,
    bare: bool = False,
    masks: Mapping[int, Mask] = {},
) -> Climb:
    """Write tangents of the nodes from `start` to `stop` on the tape itself; the walk's `tangents` say by node where they are.

    `seeds` maps a node to the node that is its tangent, `masks` to where that moves, if not everywhere. With `bare`, for a tape
    that nobody will look at, only values are kept.
    """
    climb = Climb(tape, {i: t for i, t in seeds.items() if tape.nodes[t].type.size}, bare)  # type: ignore[union-attr]
    climb.masks.update({i: mask for i, mask in masks.items() if mask is not None})
    before = tape.why, tape.at, tape.positions, tape.scope
    tape.positions = False
    nodes = tape.nodes
    with no_collection():
        for i in range(start, len(nodes) if stop is None else stop):
            climb.step(i, nodes[i])
    tape.why, tape.at, tape.positions, tape.scope = before
    return climb


def forward(graph: Graph, wrt: Sequence[int] | None = None, seeds: Mapping[int, Any] | None = None) -> Graph:
    """The graph with, behind it, the tangent of every node that moves when the inputs `wrt` do.

    `wrt` are inputs (default: all that are floats, or those that `seeds` names). How each of them moves is a new input
    named `d` and its name, unless `seeds` gives its tangent by number. An output that does not move gets a named zero.
    Raises: DifferentiationError for an input that is no float, InputError where the graph has no types yet, ShapeError for
    a tangent of another shape.

    >>> from backlight.run.reference import bind, run
    >>> graph, values = bind(bl.parse("x * y"), {"x": 3.0, "y": 5.0})
    >>> pushed = forward(graph, seeds={0: 1.0, 1: 10.0})
    >>> float(run(pushed, values).value(pushed.tangents[graph.outputs[0]]))     # 5·1 + 3·10
    35.0
    """
    if not graph.typed:
        raise InputError("a graph without types cannot be differentiated: give its inputs values first, as in bl.backprop")
    seeds = {} if seeds is None else seeds
    if wrt is None:
        wrt = list(seeds) or [i for i in graph.inputs if is_float(graph.nodes[i])]
    tape = Tape()
    tape.nodes = list(graph.nodes)
    names = {node.name for node in graph.nodes}
    given: dict[int, int] = {}
    added = []
    for i in wrt:
        node = graph.nodes[i]
        if not is_float(node):
            raise DifferentiationError(
                f"node {i} ({node.name or node.op.name}) is {node.type}, "
                "and a derivative is taken by floats only: give it as floats"
            )
        assert isinstance(node.type, Type)
        tape.why = Why("seed", "tangent", i)
        if i in seeds:
            value = np.asarray(seeds[i], node.type.dtype)
            if value.shape != node.type.shape:
                raise ShapeError(f"the tangent has shape {value.shape}, and node {i} has shape {node.type.shape}")
            given[i] = tape.constant(value[()]).number
        else:
            name = "d" + (node.name or f"{i}")
            while name in names:  # a graph that has both x and dx
                name = "d" + name
            names.add(name)
            given[i] = tape.add(TABLE["input"], (), node.type, (), name)
            added.append(given[i])
    tangents = push(tape, given, 0, len(graph.nodes)).tangents
    for out in graph.outputs:
        kind = graph.nodes[out].type
        if out not in tangents and isinstance(kind, Type) and kind.is_float:
            tape.why = Why("unused", "does not move with the inputs", out)
            tangents[out] = tape.constant(np.zeros(kind.shape, kind.dtype)[()]).number
    return graph.with_(nodes=tuple(tape.nodes), inputs=(*graph.inputs, *added), tangents=tangents, forward=len(graph.nodes))
