"""One walk down a tape: what arrives at each node, summed, and what goes on down each of its edges.

Here is where broadcasting is undone, where live masks are applied, and where the rules of the rows are called. A rule that is
called again for a node like one before is not called: what it wrote is written again (`template`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, final

import numpy as np

from ..core.array import Array
from ..core.graph import Node, Part, Parts, Why
from ..core.table import TABLE
from ..core.tape import Tape
from ..core.types import TupleType, Type
from .masks import Lazy, Mask, both, either, joined, kept, once, pushed, shrunk, stretched, whole
from .template import Template, constant_key, learn

__all__ = ["LIMIT", "Walk", "is_float"]

LIMIT = "x·(1/x) is 1, also at 0"


@final
class Walk:
    """One walk down a tape: what has arrived where, and what has been written."""

    def __init__(self, tape: Tape, active: bytearray, bare: bool = False) -> None:
        self.tape = tape
        self.bare = bare  # values only: what is written behind the graph is not looked at again
        self.active = active
        self.grads: dict[int, int] = {}
        self.parts = Parts()
        self.arrived: list[Any] = [None] * len(tape.nodes)  # nothing, a number, or a list of numbers
        self.masks: dict[int, list[Mask]] = {}
        self.ones: dict[Any, int] = {}
        # Gradients of the single outputs of nodes with several, by node and output.
        self.arrived_items: dict[int, dict[int, list[int]]] = {}
        self.above_items: dict[int, dict[int, list[Mask]]] = {}  # the masks of those gradients
        self.live: dict[int, Mask] = {}  # where the gradient of a leaf is live, if not everywhere
        self.limits: dict[int, tuple[int, int]] = {}  # log x under x·log x: the gradients of log x and of the product
        self.templates: dict[Any, Template] = {}
        self.seen: set[Any] = set()

    def arrive(self, node: int, number: int, mask: Mask) -> None:
        """A gradient reaches a node over one of the edges above it."""
        found = self.arrived[node]
        if mask is not None or (self.masks and node in self.masks):
            count = 0 if found is None else len(found) if type(found) is list else 1
            self.masks.setdefault(node, [None] * count).append(mask)
        if found is None:
            self.arrived[node] = number
        elif type(found) is list:
            found.append(number)
        else:
            self.arrived[node] = [found, number]

    def constant(self, value: float, type: Type) -> int:
        """The node of a constant derivative; one for all edges that have the same."""
        key = (value, type.dtype)
        found = self.ones.get(key)
        if found is None:
            found = self.ones[key] = self.tape.constant(value, type.dtype).number
        return found

    def gather(self, i: int) -> tuple[int, Mask]:
        """The gradient of node i: what arrived, summed; and where it is live."""
        numbers = self.arrived[i]
        if self.bare and not self.masks and type(numbers) is list:
            return self.added(i, numbers), None
        masks = self.masks.pop(i, None) if self.masks else None
        if type(numbers) is not list:
            return numbers, masks[0] if masks else None
        self.tape.why = Why("sum", "sum", i)
        total = TABLE["total"](*[Array(self.tape, n, self.known(n)) for n in numbers])
        return total.number, None if masks is None else either(masks)

    def added(self, i: int, numbers: list[int]) -> int:
        """The sum of what arrived, as a value."""
        tape = self.tape
        values = tape.values
        assert values is not None
        total = values[numbers[0]]
        for n in numbers[1:]:
            total = total + values[n]
        number = len(values)
        values.append(total)
        tape.nodes.append(Node(TABLE["total"], (), tape.nodes[i].type))
        return number

    def known(self, number: int) -> Any:
        """The value of a node, on a tape that keeps values."""
        return None if self.tape.values is None else self.tape.values[number]

    def array(self, number: int) -> Array:
        return Array(self.tape, number, self.known(number))

    def step(self, i: int, node: Node) -> None:
        """Send the gradient of node i down its edges, by the template of its rule where there is one."""
        tape = self.tape
        tape.scope, tape.at = node.scope, node.at
        if type(node.type) is TupleType:
            self.step_tuple(i, node)
            return
        g = self.arrived[i]
        mask: Mask = None
        if type(g) is list or self.masks:
            g, mask = self.gather(i)
            self.arrived[i] = g
        if not self.bare:
            self.grads[i] = g
        if not node.inputs:
            if mask is not None:
                self.live[i] = mask
            return
        key = self.template_key(node, i, g) if mask is None else None
        if key is None:
            self.write(i, node, g, mask)
            return
        found = self.templates.get(key)
        if found is not None:
            self.repeat(found, i, g, node.inputs)
        elif key in self.seen:
            start = len(tape.nodes)
            self.write(i, node, g, mask)
            made = self.learnt(i, g, node, start)
            if made is not None:
                self.templates[key] = made
        else:
            self.seen.add(key)
            self.write(i, node, g, mask)

    def repeat(self, found: Template, i: int, g: int, inputs: tuple[int, ...]) -> None:
        """Write what the template says, and send it down the edges of node i."""
        place = [i, g, *inputs]
        arrived = self.arrived
        if self.bare:
            found.compute(self.tape, place)
        else:
            found.write(self.tape, place, i)
            add = self.parts.flat.extend
            for k, local, down in found.results:
                add((i, k + 1, g, place[local] if local >= 0 else -1, place[down]))
        for k, _, down in found.results:
            j = inputs[k]
            if arrived[j] is None and not self.masks:
                arrived[j] = place[down]
            else:
                self.arrive(j, place[down], None)

    def learnt(self, i: int, g: int, node: Node, start: int) -> Template | None:
        """The template of what has just been written for node i; None where it cannot be repeated."""
        if any(j in self.masks for j in node.inputs):
            return None
        tail = self.parts.flat[-5 * len(node.inputs) :]
        edges = {tail[n + 1]: Part(*tail[n + 2 : n + 5]) for n in range(0, len(tail), 5) if tail[n] == i}
        wanted = [j for part in edges.values() for j in part[1:]]
        rows, shared, where = learn(self.tape, [i, g, *node.inputs], start, wanted)
        results = [(k - 1, where[p.local] if p.local >= 0 else -1, where[p.downstream]) for k, p in sorted(edges.items())]
        return Template(rows, shared, results)

    def template_key(self, node: Node, i: int, g: int) -> Any:
        """What the nodes that a rule writes depend on, or None where they may depend on more."""
        op, inputs, _, attrs = node[:4]
        if op.local is None or op.select is not None:
            return None
        nodes, active = self.tape.nodes, self.active
        if len(inputs) == 2:
            a, b = inputs
            if a == b or g in (a, b):
                return None
            x, y = nodes[a], nodes[b]
            if (x.op.over or y.op.over) and op.name == "mul":
                return None
            if active[a] and active[b]:
                return (op, x.type, y.type, attrs)
            if not op.peeks:
                return (op, x.type, y.type, attrs, active[a])
            return (op, x.type, y.type, attrs, active[a], constant_key(x), constant_key(y))
        if len(inputs) == 1:
            (a,) = inputs
            if op.over and i in self.limits:
                return None
            return None if g == a else (op, nodes[a].type, attrs, active[a])
        return None

    def write(self, i: int, node: Node, g: int, mask: Mask) -> None:
        """Apply the rule of node i to each of its active operands."""
        op = node.op
        active = self.active
        if op.local is not None:
            for k, j in enumerate(node.inputs):
                if active[j]:
                    self.local_edge(i, node, k, j, g, mask)
        elif op.move is not None:
            self.inside(i, node, [self.array(g)], [mask])
        elif op.pull is not None:
            self.together(i, node, [self.array(g)], g, mask)
        elif op.vjp is not None:
            for k, j in enumerate(node.inputs):
                if active[j]:
                    self.rule_edge(i, node, k, j, self.array(g), g, mask)

    def together(self, i: int, node: Node, gs: Sequence[Array], upstream: int, mask: Mask) -> None:
        """An operation whose rule writes the downstream gradients of all operands at once."""
        self.tape.why = Why("downstream", node.op.name, i)
        nodes = self.tape.nodes
        wanted = [bool(self.active[j]) and is_float(nodes[j]) for j in node.inputs]
        assert node.op.pull is not None
        ds = node.op.pull(wanted, gs, self.array(i), *[self.array(j) for j in node.inputs], **dict(node.attrs))
        for k, (j, d) in enumerate(zip(node.inputs, ds, strict=True)):
            if d is not None and wanted[k]:
                live = whole(d, i, node, k, mask)
                self.deliver(i, k, j, upstream, -1, d if live is None else TABLE["where"](live(), d, 0.0), live)

    def inside(self, i: int, node: Node, gs: Sequence[Array | None], masks: Sequence[Mask]) -> None:
        """An operation that holds graphs: its rule takes and gives live masks beside the gradients."""
        self.tape.why = Why("downstream", node.op.name, i)
        nodes = self.tape.nodes
        wanted = [bool(self.active[j]) and is_float(nodes[j]) for j in node.inputs]
        assert node.op.pull is not None
        xs = [self.array(j) for j in node.inputs]
        found = node.op.pull(wanted, gs, masks, self.array(i), *xs, **dict(node.attrs))
        upstream = next(g.number for g in gs if g is not None)
        for k, (j, (d, live)) in enumerate(zip(node.inputs, found, strict=True)):
            if d is not None:
                self.tape.why = Why("downstream", node.op.name, i)
                self.deliver(i, k, j, upstream, -1, d, live)

    def step_tuple(self, i: int, node: Node) -> None:
        """A node with several outputs: its rule takes one gradient per output, zeros for those that nobody used."""
        found, masks = self.arrived_items.pop(i, {}), self.above_items.pop(i, {})
        assert isinstance(node.type, TupleType)
        gs: list[Any] = []
        for k, t in enumerate(node.type.types):
            numbers = found.get(k, [])
            self.tape.why = Why("sum", "sum", i)
            if len(numbers) > 1:
                gs.append(TABLE["total"](*map(self.array, numbers)))
            elif numbers:
                gs.append(self.array(numbers[0]))
            elif node.op.move is not None:
                gs.append(None)
            else:
                self.tape.why = Why("unused", "nobody asked for this output", i)
                gs.append(self.tape.constant(np.zeros(t.shape, t.dtype)))
        above = [either(masks[k]) if k in masks else None for k in range(len(gs))]
        if node.op.move is not None:
            self.inside(i, node, gs, above)
            return
        if node.op.chooses:  # each number of the operand goes into one output: live where that is
            self.apart(i, node, gs, above, set(found))
            return
        mask = joined([above[k] for k in found])
        if node.op.pull is not None:
            self.together(i, node, gs, gs[0].number, mask)
        elif node.op.vjp is not None:
            for k, j in enumerate(node.inputs):
                if self.active[j]:
                    self.rule_edge(i, node, k, j, gs, gs[0].number, mask)

    def apart(self, i: int, node: Node, gs: Sequence[Array], above: Sequence[Mask], used: set[int]) -> None:
        """A row that cuts its operand into several outputs: what nobody used is as good as not cut out."""
        ((j,), op, attrs) = node.inputs, node.op, dict(node.attrs)
        rule = op.rule("vjp", 0)
        if not self.active[j] or rule is None:
            return

        def make() -> Array:
            self.tape.why = Why("mask", op.name, i, 1)
            masks = []
            for k, g in enumerate(gs):
                whole = stretched(above[k], g.shape)
                m = self.tape.constant(np.full(g.shape, k in used)) if whole is None else whole()
                masks.append(m if m.shape == g.shape else TABLE["broadcast_to"](m, shape=g.shape))
            return rule(masks, self.array(i), self.array(j), **attrs)  # type: ignore[no-any-return]

        masked = [m for m in above if m is not None]
        live: Mask = None
        if masked or len(used) < len(gs):
            live = Lazy(make, any(m.strict for m in masked), any(m.firm for m in masked))
        self.tape.why = Why("downstream", op.name, i, 1)
        d = rule(gs, self.array(i), self.array(j), **attrs)
        if d is not None:
            self.deliver(i, 0, j, gs[0].number, -1, d, live)

    def local_edge(self, i: int, node: Node, k: int, j: int, g: int, mask: Mask) -> None:
        """Elementwise: downstream = upstream × local, then undo the stretching."""
        tape, op = self.tape, node.op
        rule = op.rule("local", k)
        if rule is None:
            return
        z = self.array(i)
        xs = [self.array(n) for n in node.inputs]
        attrs = dict(node.attrs)
        tape.why = Why("local", op.name, i, k + 1)
        local = rule(z, *xs, **attrs)
        chosen = op.select[k] if op.select is not None else None
        own: Mask = None
        if chosen is not None:
            tape.why = Why("mask", op.name, i, k + 1)
            picked: Array = chosen(z, *xs, **attrs)
            own = once(lambda: picked, op.chooses)
        live = both(mask, own)
        assert isinstance(node.type, Type)
        constant = not isinstance(local, Array)
        tape.why = Why("local", op.name, i, k + 1)
        number = self.constant(local, node.type) if constant else local.number
        if own is not None:  # the derivative that a reader sees is zero where the branch was not taken
            number = TABLE["where"](own(), self.array(number), 0.0).number
        tape.why = Why("downstream", op.name, i, k + 1)
        if op.over and self.limits.get(i, (-1, -1))[0] == g:  # x·log x: x·(1/x) is 1, and at 0 that is the limit
            tape.why = Why("downstream", LIMIT, i, k + 1)
            d = TABLE["mul"](self.array(self.limits[i][1]), op.over)
        elif constant and local == 1.0:
            d = self.array(g)
        elif constant and local == -1.0:
            d = TABLE["neg"](self.array(g))
        elif constant and local == 0.0:
            d = self.zeros(tape.nodes[g].type)
        else:
            factor = self.array(number) if constant else local
            if factor.dtype.kind == "c":
                factor = TABLE["conj"](factor)
            d = TABLE["mul"](self.array(g), factor)
        if own is not None or (live is not None and not constant):
            assert live is not None
            tape.why = Why("mask", op.name, i, k + 1)
            m = live()
            tape.why = Why("downstream", op.name, i, k + 1)
            d = TABLE["where"](m, d, 0.0)
        live = stretched(live, node.type.shape)
        if op.name == "mul" and tape.nodes[j].op.over and tape.nodes[j].inputs[0] == node.inputs[1 - k]:
            self.limits[j] = (d.number, g)
        target = tape.nodes[j].type
        assert isinstance(target, Type)
        if d.shape != target.shape:
            d = TABLE["sum_to"](d, shape=target.shape)
            live = shrunk(live, target.shape)
        self.deliver(i, k, j, g, number, d, live)

    def rule_edge(self, i: int, node: Node, k: int, j: int, g: Any, upstream: int, mask: Mask) -> None:
        """An operation that mixes axes: its rule writes the downstream gradient."""
        tape, op = self.tape, node.op
        rule = op.rule("vjp", k)
        if rule is None:
            return
        z = self.array(i)
        xs = [self.array(n) for n in node.inputs]
        attrs = dict(node.attrs)
        live = pushed(i, node, k, mask, z, xs, attrs)
        factors = live is not None and live.strict and not live.single and len(op.linear) > 1
        if factors:  # a product: its other factors may hold what no branch took
            tape.why = Why("mask", op.name, i, k + 1)
            xs = [x if n == k else kept(x, pushed(i, node, n, mask, z, xs, attrs)) for n, x in enumerate(xs)]
        tape.why = Why("downstream", op.name, i, k + 1)
        d = rule(g, z, *xs, **attrs)
        if d is None:
            return
        alone = sum(is_float(tape.nodes[n]) for n in node.inputs) <= 1
        harmless = op.chooses or (k in op.linear and (alone or factors))
        if mask is not None and live is not None and not harmless:  # the rule may have met what no branch took
            tape.why = Why("mask", op.name, i, k + 1)
            m = live()
            tape.why = Why("downstream", op.name, i, k + 1)
            d = TABLE["where"](m, d, 0.0)
        self.deliver(i, k, j, upstream, -1, d, live)

    def zeros(self, type: Any) -> Array:
        return self.tape.constant(np.zeros(type.shape, type.dtype))

    def deliver(self, i: int, k: int, j: int, upstream: int, local: int, d: Array, mask: Mask) -> None:
        """Put the downstream gradient on its edge, in the dtype of the operand."""
        tape = self.tape
        target = tape.nodes[j].type
        if isinstance(target, Type) and d.dtype is not target.dtype and d.dtype != target.dtype:
            if d.dtype.kind == "c" and target.dtype.kind != "c":
                d = TABLE["real"](d)
            if d.dtype != target.dtype:
                d = TABLE["cast"](d, dtype=target.dtype.name)
        assert not isinstance(target, Type) or d.shape == target.shape, (
            f"{tape.nodes[i].op.name}: the gradient of operand {k + 1} has shape {d.shape}, the operand {target.shape}"
        )
        self.parts.add(i, k + 1, upstream, local, d.number)
        if isinstance(target, TupleType):
            output = tape.nodes[i].attr("k", 0)
            self.arrived_items.setdefault(j, {}).setdefault(output, []).append(d.number)
            self.above_items.setdefault(j, {}).setdefault(output, []).append(mask)
            self.arrived[j] = d.number  # only to say that something did
        else:
            self.arrive(j, d.number, mask)


def is_float(node: Node) -> bool:
    return isinstance(node.type, Type) and node.type.is_float

