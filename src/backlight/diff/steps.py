"""Loops before they are written: what a step can carry, and what flows through it with its live masks.

The step of a loop's derivative is written on a sheet, with more inputs than it may need; `Loop.run` takes what its results stand
on. So the masks of a loop cost nothing where no product asks for one, go along in the same loop where a product inside does, and
are a loop of their own, without the gradients, where only somebody outside does.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from ..core.array import Array
from ..core.table import TABLE
from ..core.types import Type
from .inside import DEAD, Flow, Kind, Sheet, filled, fitted, kind_of, lazy, widest, zeros
from .masks import Mask

__all__ = ["Loop", "Steps", "known", "same_mask", "sequence_mask", "settled"]


@dataclass(frozen=True, slots=True)
class Carry:
    """Something that a loop may carry: its input on the sheet, what it starts with, and what a step makes of it."""

    inside: Array
    start: Callable[[], Array]
    out: Callable[[], Array]


@final
class Loop:
    """A loop on a sheet: what its step can carry, what stays fixed, what comes in slices. `run` writes it with what it needs."""

    def __init__(self, node: Callable[..., list[Array]], needed: Sequence[Hashable] = (), prune: bool = True) -> None:
        self.node = node  # (graph of the step, start, fixed, slices) -> the results, written
        self.needed = needed  # what is carried in any case
        self.prune = prune
        self.sheet = Sheet()
        self.carries: dict[Hashable, Carry] = {}
        self.fixed: list[tuple[Array, Callable[[], Array]]] = []
        self.slices: list[tuple[Array, Callable[[], Array]]] = []
        self.outs: dict[Hashable, Array] = {}
        self.ends: dict[Hashable, Array] = {}  # what was carried at the end of a loop that has been written

    def carry(self, key: Hashable, type: Type, start: Callable[[], Array], out: Callable[[], Array]) -> Array:
        """An input for something carried."""
        (inside,) = self.sheet.inputs([type])
        self.carries[key] = Carry(inside, start, out)
        return inside

    def stay(self, type: Type, outer: Callable[[], Array]) -> Array:
        """An input for something that is the same in each step."""
        (inside,) = self.sheet.inputs([type])
        self.fixed.append((inside, outer))
        return inside

    def slice(self, type: Type, outer: Callable[[], Array]) -> Array:
        """An input for the slices of a sequence."""
        (inside,) = self.sheet.inputs([type])
        self.slices.append((inside, outer))
        return inside

    def out(self, key: Hashable) -> Array:
        if key not in self.outs:
            self.outs[key] = self.carries[key].out()
        return self.outs[key]

    def run(self, ends: Sequence[Hashable], kept: Sequence[Array], guarded: bool = True) -> list[Array]:
        """Write the loop: these at the end of it, by their keys, and what the steps kept, stacked."""
        keys = list(dict.fromkeys([*self.needed, *ends]))
        while True:
            outs = [self.out(key) for key in keys]
            live = self.sheet.live([*outs, *kept], guarded)
            more = [key for key, carry in self.carries.items() if live[carry.inside.number] and key not in keys]
            if not more:
                break
            keys += more
        fixed = [pair for pair in self.fixed if live[pair[0].number] or not self.prune]
        slices = [pair for pair in self.slices if live[pair[0].number]]
        if not (keys or fixed or slices):  # steps that stand on nothing: a loop has an operand all the same
            slices, fixed = self.slices[:1], [] if self.slices else self.fixed[:1]
            if not (slices or fixed):
                return self.run([*self.carries][:1], kept, guarded)[1:]
        ins = [*[self.carries[key].inside for key in keys], *[x for x, _ in (*fixed, *slices)]]
        graph = self.sheet.graph(ins, [*outs, *kept], guarded)
        start = [self.carries[key].start() for key in keys]
        found = self.node(graph, start, [outer() for _, outer in fixed], [outer() for _, outer in slices])
        at = dict(zip(keys, found, strict=False))
        self.ends.update(at)
        return [*[at[key] for key in ends], *found[len(keys) : len(keys) + len(kept)]]

    def end(self, key: Hashable) -> Array:
        """What is carried at the end, from a loop that has been written or from one for it alone."""
        return self.ends[key] if key in self.ends else self.run([key], [], guarded=False)[0]


@final
class Steps:
    """A loop that carries flows, by place: `start` flows into the first step, `on` from each step into the next one.

    `state` says what the masks on the way are like, and `off` is what else comes out of a step.
    """

    def __init__(
        self, loop: Loop, tape: Any, start: Mapping[int, Flow], types: Sequence[Type], state: Mapping[int, Kind | None]
    ) -> None:
        self.loop, self.tape, self.start, self.types, self.state = loop, tape, start, types, state
        self.on: dict[int, Flow] = {}
        self.off: dict[int, Flow] = {}
        self.masks: dict[int, Mask] = {}

    def flow(self, k: int) -> Flow:
        """What flows into a step at place k: an input, and where it is live."""
        kind, t = self.state[k], self.types[k]
        d = self.loop.carry(("flow", k), t, lambda: self.first(k), lambda: self.next(k))
        if kind is None:
            return d, None
        self.masks[k] = lazy(lambda: self.loop.carry(
            ("mask", k), kind.type(t.shape), lambda: fitted(self.tape, self.start[k], kind, t.shape),
            lambda: fitted(self.loop.sheet.tape, self.on[k], kind, t.shape),
        ), kind)  # fmt: skip
        return d, self.masks[k]

    def first(self, k: int) -> Array:
        d = self.start[k][0]
        return zeros(self.tape, self.types[k]) if d is None else d

    def next(self, k: int) -> Array:
        d = self.on[k][0]
        return zeros(self.loop.sheet.tape, self.types[k]) if d is None else d

    def mask(self, k: int) -> Mask:
        """Where what is carried at place k is live after the last step."""
        kind, inside = self.state[k], self.masks.get(k)
        if kind is None or inside is None:
            return None

        def make() -> Array:
            inside()  # it may not have been carried so far
            return self.loop.end(("mask", k))

        return lazy(make, kind)

    def sum(self, k: int) -> Mask:
        """Let the loop carry the sum of what comes out at place k, as ("sum", k); gives where it is live: where any of it is."""
        loop, t = self.loop, self.types[k]
        d, mask = self.off[k]
        kind = kind_of(mask)
        assert d is not None

        def total() -> Array:
            return TABLE["add"](so_far, d)

        so_far = loop.carry(("sum", k), t, lambda: zeros(self.tape, t), total)
        if kind is None or mask is None:
            return None

        def make() -> Array:
            where = kind.type(t.shape)

            def live_so_far() -> Array:
                return TABLE["logical_or"](before, fitted(loop.sheet.tape, (d, mask), kind, t.shape))

            before = loop.carry(("any", k), where, lambda: filled(self.tape, where), live_so_far)
            return loop.end(("any", k))

        return lazy(make, kind)

    def stack(self, k: int) -> Mask:
        """Where what comes out at place k is live, step by step."""
        t, (_, mask) = self.types[k], self.off[k]
        kind = kind_of(mask)
        if kind is None:
            return None
        whole = kind._replace(single=False)

        def make() -> Array:
            return self.loop.run([], [fitted(self.loop.sheet.tape, self.off[k], whole, t.shape)], guarded=False)[0]

        return lazy(make, whole)


def settled(write: Callable[[Mapping[int, Kind | None]], Steps], start: Mapping[int, Flow]) -> Steps:
    """The steps, written for masks that are like those before them and like those after them."""
    state = {k: kind_of(mask) for k, (d, mask) in start.items() if d is not None}
    while True:
        steps = write(state)
        after = dict(state)
        for k, (d, mask) in steps.on.items():
            if d is not None or k in state:
                after[k] = widest([state.get(k, DEAD), DEAD if d is None else kind_of(mask)])
        if after == state:
            return steps
        state = after


def sequence_mask(loop: Loop, mask: Mask, t: Type) -> Mask:
    """The mask of a sequence, slice by slice; `t` is the type of a slice."""
    kind = kind_of(mask)
    if kind is None or mask is None:
        return None
    return lazy(lambda: loop.stay(kind.type(()), mask) if kind.single else loop.slice(kind.type(t.shape), mask), kind)


def same_mask(loop: Loop, mask: Mask, t: Type) -> Mask:
    """The mask of what is the same in each step."""
    kind = kind_of(mask)
    return None if kind is None or mask is None else lazy(lambda: loop.stay(kind.type(t.shape), mask), kind)


def known(x: Array) -> Callable[[], Array]:
    return lambda: x
