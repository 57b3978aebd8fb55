"""Sweeps: a function run once, and its derivatives along many directions, or of many combinations of results, in one batch.

A derivative is written once, for free directions, behind the function on its tape; what is behind becomes a graph of its own,
and is run for a batch of them. Zeros of a direction that meet a pole make NaN: then it is written again with masks, which tell
a direction's zeros from its ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from . import ops
from .core.array import Array, as_value
from .core.graph import Graph, Node, Why
from .core.table import TABLE
from .core.types import Type
from .diff.batch import Many, batch
from .diff.forward import push
from .diff.masks import Mask, once
from .diff.reverse import pull
from .transform import Pass

__all__ = ["Sweeps", "basis", "zeros"]

ROOM: Final = 1 << 25  # numbers that one batch of sweeps may hold


class Sweeps:
    """A function run once, whose derivative can be asked along many directions, or for many combinations, together."""

    def __init__(self, made: Pass, outs: Sequence[Array]) -> None:
        self.made, self.outs = made, list(outs)
        self.tape = made.tape
        self.end = len(self.tape.nodes)
        self.xs = [x for group in made.leaves for x in group]

    def ahead(self, directions: Sequence[Any], count: int) -> list[Any]:
        """The tangents of the results along directions of the arguments, a batch of each."""
        found = self.pushed(directions, count, False)
        return found if sound(found) else self.pushed(directions, count, True)

    def back(self, seeds: Sequence[Any], count: int) -> list[Any]:
        """The gradients of the arguments for upstream gradients of the results, a batch of each."""
        found = self.pulled(seeds, count, False)
        return found if sound(found) else self.pulled(seeds, count, True)

    def pushed(self, directions: Sequence[Any], count: int, masked: bool) -> list[Any]:
        free, start = self.free(self.xs)
        with np.errstate(all="ignore"):
            seeds = {x.number: t for x, t in zip(self.xs, free, strict=True)}
            masks = {x.number: self.alone(t) for x, t in zip(self.xs, free, strict=True)} if masked else {}
            found = push(self.tape, seeds, self.made.start, self.end, masks=masks).tangents
        wanted = [found.get(y.number, -1) for y in self.outs]
        return Tail(self, start, free, wanted).run(directions, count, wanted, [y.type for y in self.outs])

    def pulled(self, seeds: Sequence[Any], count: int, masked: bool) -> list[Any]:
        free, start = self.free(self.outs)
        given: dict[int, int] = {}
        with np.errstate(all="ignore"):
            for y, u in zip(self.outs, free, strict=True):
                if y.number in given:
                    u = ops.add(self.tape.handle(given[y.number]), self.tape.handle(u)).number
                given[y.number] = u
            masks = {y: self.alone(u) for y, u in given.items()} if masked else {}
            walk = pull(self.tape, given, [x.number for x in self.xs], self.made.start, masks=masks)
        wanted = [walk.grads.get(x.number, -1) for x in self.xs]
        return Tail(self, start, free, wanted).run(seeds, count, wanted, [x.type for x in self.xs])

    def alone(self, direction: int) -> Mask:
        """Where a direction of the batch moves anything: elsewhere its zeros are as good as not there, whatever stands there."""
        return once(lambda: ops.not_equal(self.tape.handle(direction), 0.0))

    def free(self, arrays: Sequence[Array]) -> tuple[list[int], int]:
        """Nodes of their shapes, for which the batch is put in."""
        tape = self.tape
        start = len(tape.nodes)
        before, tape.why = tape.why, Why("tangent", "a direction that the batch gives")
        free = [ops.identity(tape.constant(np.zeros(x.shape, x.dtype)[()])).number for x in arrays]
        tape.why = before
        return free, start


class Tail:
    """What a derivative wrote behind a function, as a graph from the free nodes; all else that it uses is known."""

    def __init__(self, sweeps: Sweeps, start: int, free: Sequence[int], wanted: Sequence[int]) -> None:
        self.sweeps = sweeps
        tape = sweeps.tape
        nodes: list[Node] = []
        place: dict[int, int] = {}
        self.outside: list[int] = []
        for u in free:
            place[u] = len(nodes)
            nodes.append(Node(TABLE["input"], (), tape.nodes[u].type))
        moving = set(free)
        size = 1
        for i in range(start, len(tape.nodes)):
            node = tape.nodes[i]
            if i in moving or not any(j in moving for j in node.inputs):
                continue
            moving.add(i)
            for j in node.inputs:
                if j not in place:
                    place[j] = len(nodes)
                    nodes.append(Node(TABLE["input"], (), tape.nodes[j].type))
                    self.outside.append(j)
            place[i] = len(nodes)
            nodes.append(node._replace(inputs=tuple(place[j] for j in node.inputs)))
            size += node.type.size if isinstance(node.type, Type) else 0
        self.place, self.size = place, size
        self.free = [place[u] for u in free]
        self.graph = Graph(tuple(nodes), tuple(place[j] for j in (*free, *self.outside)))
        self.still = [wanted_ for wanted_ in wanted if wanted_ >= 0 and wanted_ not in place]

    def run(self, given: Sequence[Any], count: int, wanted: Sequence[int], types: Sequence[Any]) -> list[Any]:
        """The wanted nodes, for `count` values of the free ones at once; zeros for what does not depend on them."""
        sweeps = self.sweeps
        tape = sweeps.tape if sweeps.made.nested else None
        assert sweeps.tape.values is not None
        known: dict[int, Many] = {}
        for j in self.outside:
            value = sweeps.tape.values[j]
            if tape is not None:
                known[self.place[j]] = Many(tape.handle(j), False)
            elif isinstance(value, tuple):
                known[self.place[j]] = Many(tuple(Array(None, -1, v) for v in value), False)
            else:
                known[self.place[j]] = Many(Array(None, -1, value), False)
        steps = count if tape is not None else max(1, min(count, ROOM // self.size))
        parts: list[list[Any]] = []
        with np.errstate(all="ignore"):
            for first in range(0, count, steps):
                some = [g[first : first + steps] for g in given]
                n = some[0].shape[0] if some else 0
                fresh = {i: Many(Array(None, -1, g) if tape is None else tape.constant(g), True)
                         for i, g in zip(self.free, some, strict=True)}  # fmt: skip
                places = [self.place[w] for w in wanted if w in self.place]
                found = batch(self.graph, n, {**known, **fresh}, places, tape)
                parts.append([self.one(found, w, n, t) for w, t in zip(wanted, types, strict=True)])
            return parts[0] if len(parts) == 1 else [ops.concat(*pieces) for pieces in zip(*parts, strict=True)]

    def one(self, found: dict[int, Many], wanted: int, n: int, type: Any) -> Any:
        many = found.get(self.place.get(wanted, -1)) if wanted >= 0 else None
        if many is not None and many.mapped:
            return many.array
        return zeros(self.sweeps, (n, *type.shape), type.dtype)


def sound(found: Sequence[Any]) -> bool:
    """Whether nothing is NaN: a direction's zeros met no pole."""
    return not any(x.dtype.kind in "fc" and bool(np.any(np.isnan(as_value(x)))) for x in found)


def basis(sizes: Sequence[Array], which: Any, count: int) -> list[Any]:
    """A batch of directions, one for each colour: ones at the numbers of this colour, split into the arrays."""
    found, at = [], 0
    for x in sizes:
        mine = which[at : at + x.size]
        whole = np.zeros((count, x.size), x.dtype)
        inside = mine >= 0
        whole[mine[inside], np.arange(x.size)[inside]] = 1
        found.append(whole.reshape((count, *x.shape)))
        at += x.size
    return found


def zeros(sweeps: Sweeps, shape: tuple[int, ...], dtype: Any) -> Array:
    value = np.zeros(shape, dtype)[()]
    return sweeps.tape.constant(value) if sweeps.made.nested else Array(None, -1, value)
