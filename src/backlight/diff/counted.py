"""Derivatives of loops whose number of steps is known only when they run.

Going back through a `while_loop` needs the number of steps, and what each of them began with. Where the derivative is written
nobody may know it: another input takes other steps. So it is a row of its own, `counted`: it takes the number as an operand,
and when it runs, a `scan` of so many steps is written out and differentiated as its `ways` say, once for each number. Another
derivative, or a batch, is one way more. `seen` is the number that somebody saw, if anybody did: a machine that compiles writes
that loop out, and leaves any other number to the reference machine. What the result looks like does not depend on the number,
only what it holds does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ..core.array import Array
from ..core.graph import Graph
from ..core.play import player, replayed
from ..core.table import TABLE
from ..core.tape import Tape
from ..core.types import Type
from .crowd import for_many
from .inside import (
    Flow,
    Inside,
    Kind,
    built,
    floats,
    flowing,
    keeping,
    kinds_of,
    operands,
    several,
    spread,
    through,
)

__all__ = ["counted_batch", "counted_graph", "counted_move", "counted_pull", "counted_types", "counted_value"]

COUNT = Type("int64", ())
TYPICAL = 2  # steps of the loop that tells what the flows of any such loop look like, where no number is known


@lru_cache(maxsize=256)
def counted_graph(body: Graph, carries: int, each: bool, ways: tuple[Any, ...], steps: int) -> Graph:
    """The graph of so many steps, differentiated and batched in these ways."""
    graph = loop(body, carries, each, steps)
    for way in ways:
        if way[0] == "batch":
            graph = for_many(graph, way[1], way[2], [True] * len(graph.outputs))[0]
        else:
            graph = derivative(graph, *way)
    return graph


def counted_types(body: Graph, carries: int, each: bool, ways: tuple[Any, ...]) -> tuple[list[Type], list[Type]]:
    """The types of the operands and of the results."""
    ins = [*[body.type(i) for i in body.inputs], COUNT]
    outs = ins[:carries]
    for word, *way in ways:
        if word == "batch":
            n, flags = way
            ins = [t.with_shape((n, *t.shape)) if mapped else t for t, mapped in zip(ins, flags, strict=True)]
            outs = [t.with_shape((n, *t.shape)) for t in outs]
        else:
            wanted, given, picks = way
            into, out = (outs, ins) if word == "pull" else (ins, outs)
            more = [*[into[k] for k, _ in given], *[Kind(*kind).type(into[k].shape) for k, kind in given if kind]]
            outs = [Kind(*kind).type(out[wanted[n]].shape) if kind else out[wanted[n]] for n, kind in picks]
            ins = [*ins, *more]
    return ins, outs


@lru_cache(maxsize=256)
def differentiated(graph: Graph, word: str, wanted: tuple[int, ...], given: tuple[Any, ...]) -> Inside:
    """A graph on a sheet with its derivative: from flows at these places, each with the kind of its mask, to those wanted."""
    return Inside(graph, {k: Kind(*kind) if kind else None for k, kind in given}, wanted, word == "pull")


def loop(body: Graph, carries: int, each: bool, steps: int) -> Graph:
    """The loop itself, from what it starts with, what is fixed, and the count; with `each` steps beyond the count do nothing."""
    ins = [body.type(i) for i in body.inputs]
    ahead = 1 if each else 0

    def no_further(tape: Tape, xs: list[Array]) -> Sequence[Array]:
        (i, *rest), count = xs[:-1], xs[-1]
        on = TABLE["less"](i, count)
        after = replayed(tape, body, rest)
        return [TABLE["add"](i, 1), *[TABLE["where"](on, a, b) for a, b in zip(after, rest, strict=False)]]

    step = built([COUNT, *ins, COUNT], no_further) if each else body
    settings: dict[str, Any] = {"carries": carries + ahead, "fixed": len(step.inputs) - carries - ahead, "length": steps}

    def write(tape: Tape, xs: list[Array]) -> Sequence[Array]:
        if not steps:
            return xs[:carries]
        given = [tape.constant(0, "int64"), *xs] if each else xs[:-1]
        return several(TABLE["scan"](*given, body=keeping(step, carries + ahead), **settings))[ahead : ahead + carries]

    return built([*ins, COUNT], write)


def derivative(
    graph: Graph, word: str, wanted: tuple[int, ...], given: tuple[Any, ...], picks: Sequence[Any]
) -> Graph:
    """A graph differentiated: what is picked of the flows at some places, for these flows and their masks."""
    inside = differentiated(graph, word, wanted, given)
    outs = [inside.pick(n, Kind(*kind) if kind else None) for n, kind in picks]
    return inside.graph(outs, [k for k, kind in given if kind], True)


def counted_value(*xs: Any, body: Graph, carries: int, each: bool, ways: tuple[Any, ...]) -> list[Any]:
    found = player(counted_graph(body, carries, each, ways, most(xs[len(body.inputs)])))
    return found.play(found.start(), xs)


def most(count: Any) -> int:
    """The most steps that any of a batch takes."""
    return int(count.max()) if count.size else 0


def counted_pull(
    wanted: Any, gs: Any, masks: Any, z: Any, *xs: Array,
    body: Graph, carries: int = 0, each: bool = False, ways: tuple[Any, ...] = (), seen: int = -1,
) -> list[Flow]:  # fmt: skip
    places = [k for k, w in enumerate(wanted) if w]
    return spread(one_way("pull", xs, flowing(gs, masks), places, body, carries, each, ways, seen), places, len(xs))


def counted_move(
    ts: Any, masks: Any, z: Any, *xs: Array,
    body: Graph, carries: int = 0, each: bool = False, ways: tuple[Any, ...] = (), seen: int = -1,
) -> list[Flow]:  # fmt: skip
    outs = counted_types(body, carries, each, ways)[1]
    places = floats(outs)
    return spread(one_way("move", xs, flowing(ts, masks), places, body, carries, each, ways, seen), places, len(outs))


def one_way(
    word: str, xs: Sequence[Array], given: Sequence[Flow], places: Sequence[int],
    body: Graph, carries: int, each: bool, ways: tuple[Any, ...], seen: int,
) -> list[Flow]:  # fmt: skip
    """What flows out of such a loop, differentiated once more."""
    count = xs[len(body.inputs)]
    if count.tape is None or count.tape.values is not None:
        seen = most(count.value)
    wanted, flows_in = tuple(places), tuple((k, tuple(kind or ())) for k, kind in kinds_of(given).items())
    numbers = (seen if seen > 0 else TYPICAL, 0)  # where no step is taken, what goes in comes out
    insides = [differentiated(counted_graph(body, carries, each, ways, n), word, wanted, flows_in) for n in numbers]

    def write(picks: Sequence[tuple[int, Kind | None]]) -> list[Array]:
        way = (word, wanted, flows_in, tuple((n, tuple(kind or ())) for n, kind in picks))
        several_ways = {"body": body, "carries": carries, "each": each, "ways": (*ways, way), "seen": seen}
        return several(TABLE["counted"](*xs, *operands(given, [k for k, kind in flows_in if kind], True), **several_ways))

    return through(insides, write)


def counted_batch(
    n: int, xs: Any, mapped: Any, /, *, body: Graph, carries: int = 0, each: bool = False, ways: tuple[Any, ...] = (),
    seen: int = -1,
) -> tuple[Any, Any]:
    each = each or mapped[len(body.inputs)]
    ways = (*ways, ("batch", n, tuple(mapped)))
    found: Any = TABLE["counted"](*xs, body=body, carries=carries, each=each, ways=ways, seen=seen)
    return found, True if isinstance(found, Array) else (True,) * len(found)
