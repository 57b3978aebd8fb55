"""Graphs that nodes hold, differentiated: each on a sheet of its own, with live masks going in and coming out.

What goes along an edge is a *flow*: a gradient or a tangent, None where nothing goes at all, and the mask of where it is live,
None where everywhere. A graph inside takes the masks of what flows into it as further inputs, made when a product inside asks
for them. The mask of what flows out is written in a node of its own, and only when somebody asks: it needs the values inside
again, and no gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, final

import numpy as np

from ..core.array import Array
from ..core.graph import Graph, Node, live_nodes
from ..core.play import replayed
from ..core.table import TABLE
from ..core.tape import Tape
from ..core.types import TupleType, Type
from .forward import push
from .masks import Lazy, Mask, either
from .reverse import pull

__all__ = [
    "DEAD", "NOTHING", "Flow", "Inside", "Kind", "Sheet", "built", "filled", "fitted", "floats", "keeping", "flowing", "gradients",
    "kind_of", "kinds_of", "lazy", "moves", "operands", "out_types", "outputs_of", "several", "spread", "through", "widest",
    "zeros",
]  # fmt: skip

Flow = tuple[Array | None, Mask]
NOTHING: Final[Flow] = (None, None)
TRUTH = Type("bool", ())


# -- graphs from graphs -----------------------------------------------------------------------------------------------
def built(types: Sequence[Type], write: Callable[[Tape, list[Array]], Sequence[Array]]) -> Graph:
    """The graph that a function writes on inputs of these types."""
    tape = Tape()
    xs = [tape.input(f"x{k}", type=t) for k, t in enumerate(types)]
    outs = write(tape, xs)
    return Graph(tuple(tape.nodes), tuple(x.number for x in xs), tuple(z.number for z in outs), guards=tuple(tape.guards))


def outputs_of(z: Array) -> list[Array]:
    """The results of a node, one array each."""
    kind: Any = z.type
    return [TABLE["item"](z, k=k) for k in range(len(kind.types))] if isinstance(kind, TupleType) else [z]


def several(found: Any) -> list[Array]:
    return list(found) if isinstance(found, tuple) else [found]


def filled(tape: Tape | None, type: Type, number: float = 0) -> Array:
    """An array of one number: a constant where there is a tape."""
    value = np.full(type.shape, number, type.dtype)[()]
    return Array(None, -1, value) if tape is None else tape.constant(value)


def zeros(tape: Tape | None, type: Type) -> Array:
    return filled(tape, type)


def floats(types: Sequence[Type]) -> list[int]:
    return [k for k, t in enumerate(types) if t.is_float]


def out_types(graph: Graph) -> list[Type]:
    return [graph.type(i) for i in graph.outputs]


def flowing(arrays: Sequence[Array | None], masks: Sequence[Mask]) -> list[Flow]:
    return [(x, mask) if x is not None else NOTHING for x, mask in zip(arrays, masks, strict=True)]


def spread(found: Sequence[Flow], places: Sequence[int], count: int) -> list[Flow]:
    """Flows at their places, nothing elsewhere."""
    at = dict(zip(places, found, strict=True))
    return [at.get(k, NOTHING) for k in range(count)]


def keeping(body: Graph, carries: int) -> Graph:
    """The body of a loop that also keeps what each step begins with."""
    return body.with_(outputs=(*body.outputs, *body.inputs[:carries]))


# -- kinds of masks ---------------------------------------------------------------------------------------------------
class Kind(NamedTuple):
    """What a mask is like, as far as it is known before it is written: see `masks`."""

    single: bool
    strict: bool
    firm: bool

    def type(self, shape: tuple[int, ...]) -> Type:
        return TRUTH if self.single else Type("bool", shape)


DEAD: Final = Kind(True, False, True)  # the mask of what nothing flows along: false, as one


def kind_of(mask: Mask) -> Kind | None:
    return None if mask is None else Kind(mask.single, mask.strict, mask.firm)


def widest(kinds: Sequence[Kind | None]) -> Kind | None:
    """The kind of a mask that stands for any of several."""
    known = [kind for kind in kinds if kind is not None]
    if not known:
        return None
    return Kind(all(k.single for k in known), any(k.strict for k in known), any(k.firm for k in known))


def lazy(make: Callable[[], Array], kind: Kind) -> Mask:
    """A mask of this kind, written when it is asked for."""
    return Lazy(make, kind.strict, kind.firm, kind.single)


def fitted(tape: Tape | None, flow: Flow, kind: Kind, shape: tuple[int, ...]) -> Array:
    """The mask of a flow as an array of a wider kind: false where nothing flows, true where it is live everywhere."""
    d, mask = flow
    wanted = kind.type(shape)
    if d is None or mask is None:
        return filled(tape, wanted, d is not None)
    m = mask() if tape is None else tape.hold(mask())  # a mask that stands on no operand is a constant
    if m.shape == wanted.shape:
        return m
    return TABLE["any"](m) if kind.single else TABLE["broadcast_to"](m, shape=wanted.shape)


# -- sheets -----------------------------------------------------------------------------------------------------------
@final
class Sheet:
    """A tape for a graph that a node is going to hold, with inputs for masks that come into being when they are asked for."""

    def __init__(self) -> None:
        self.tape = Tape()
        self.masks: dict[int, Array] = {}

    def inputs(self, types: Sequence[Type]) -> list[Array]:
        return [self.tape.input(f"x{len(self.tape.inputs)}", type=t) for t in types]

    def mask(self, key: int, kind: Kind | None, shape: tuple[int, ...]) -> Mask:
        """A mask that comes from outside, by its key; None where it is live everywhere."""
        return None if kind is None else lazy(lambda: self.mask_input(key, kind, shape), kind)

    def mask_input(self, key: int, kind: Kind, shape: tuple[int, ...]) -> Array:
        """The input of this key."""
        if key not in self.masks:
            (self.masks[key],) = self.inputs([kind.type(shape)])
        return self.masks[key]

    def live(self, outs: Sequence[Array], guarded: bool = True) -> bytearray:
        """A mark for every node that some of these stand on, or a question that is asked again."""
        asked = [guard.node for guard in self.tape.guards] if guarded else []
        return live_nodes(Graph(tuple(self.tape.nodes)), [*[z.number for z in outs], *asked])

    def graph(self, ins: Sequence[Array], outs: Sequence[Array], guarded: bool = True) -> Graph:
        """The graph from these inputs to these outputs, without what stands on neither."""
        mark = self.live(outs, guarded)
        for x in ins:
            mark[x.number] = 1
        places: dict[int, int] = {}
        nodes: list[Node] = []
        for i, node in enumerate(self.tape.nodes):
            if mark[i]:
                places[i] = len(nodes)
                of = places.get(node.why.of, -1)
                why = node.why if of == node.why.of else node.why._replace(of=of)
                nodes.append(node._replace(inputs=tuple([places[j] for j in node.inputs]), why=why))
        guards = [guard._replace(node=places[guard.node]) for guard in self.tape.guards] if guarded else []
        return Graph(
            tuple(nodes), tuple(places[x.number] for x in ins), tuple(places[z.number] for z in outs), guards=tuple(guards)
        )


def gradients(tape: Tape, graph: Graph, xs: Sequence[Array], gs: Mapping[int, Flow], wrt: Sequence[int]) -> list[Flow]:
    """What flows to some operands of a graph (by position) where this flows into its outputs."""
    outs = replayed(tape, graph, xs)
    arriving: dict[int, list[Flow]] = {}
    for k, flow in gs.items():
        arriving.setdefault(outs[k].number, []).append(flow)
    seeds: dict[int, int] = {}
    masks: dict[int, Mask] = {}
    for i, flows in arriving.items():
        first, *more = [g for g, _ in flows if g is not None]
        seeds[i] = (TABLE["total"](first, *more) if more else first).number
        masks[i] = either([mask for _, mask in flows])
    walk = pull(tape, seeds, [xs[k].number for k in wrt], masks=masks)
    numbers = [xs[k].number for k in wrt]
    return [(tape.handle(walk.grads[i]), walk.live.get(i)) if i in walk.grads else NOTHING for i in numbers]


def moves(tape: Tape, graph: Graph, xs: Sequence[Array], ts: Mapping[int, Flow]) -> tuple[list[Array], list[Flow]]:
    """The outputs of a graph and how they move, where its operands move like this."""
    outs = replayed(tape, graph, xs)
    seeds = {xs[k].number: t.number for k, (t, _) in ts.items() if t is not None}
    climb = push(tape, seeds, masks={xs[k].number: mask for k, (_, mask) in ts.items()})
    found = climb.tangents
    return outs, [(tape.handle(found[z.number]), climb.masks.get(z.number)) if z.number in found else NOTHING for z in outs]


@final
class Inside:
    """A graph differentiated on a sheet: backward from its outputs, or forward from its inputs.

    `given` says where something flows in, and what its mask is like; `flows` is what comes out at the places `wanted` of the
    other side.
    """

    def __init__(self, body: Graph, given: Mapping[int, Kind | None], wanted: Sequence[int], back: bool) -> None:
        self.sheet = sheet = Sheet()
        ins, outs = [body.type(i) for i in body.inputs], out_types(body)
        self.xs = sheet.inputs(ins)
        into, out = (outs, ins) if back else (ins, outs)
        self.kinds = given
        self.types = [out[k] for k in wanted]
        self.shapes = {k: into[k].shape for k in given}
        self.given = {k: sheet.inputs([into[k]])[0] for k in given}
        flows = {k: (x, sheet.mask(k, given[k], x.shape)) for k, x in self.given.items()}
        if back:
            self.flows = gradients(sheet.tape, body, self.xs, flows, wanted)
        else:
            moved = moves(sheet.tape, body, self.xs, flows)[1]
            self.flows = [moved[k] for k in wanted]

    def mask_inputs(self, places: Sequence[int]) -> list[Array]:
        """The inputs of the masks of what flows in at these places."""
        found = []
        for k in places:
            kind = self.kinds[k]
            assert kind is not None
            found.append(self.sheet.mask_input(k, kind, self.shapes[k]))
        return found

    def flow(self, n: int) -> Array:
        """What comes out at one place; zeros where nothing does."""
        d = self.flows[n][0]
        return zeros(self.sheet.tape, self.types[n]) if d is None else d

    def live(self, n: int, kind: Kind) -> Array:
        """Where it is live."""
        return fitted(self.sheet.tape, self.flows[n], kind, self.types[n].shape)

    def pick(self, n: int, kind: Kind | None) -> Array:
        """What comes out at one place, or, by the kind of its mask, where that is live."""
        return self.flow(n) if kind is None else self.live(n, kind)

    def needs(self, outs: Sequence[Array]) -> bool:
        """Whether these stand on what flows in: masks do only where a loop carries them beside it."""
        live = self.sheet.live(outs, guarded=False)
        return any(live[x.number] for x in self.given.values())

    def graph(self, outs: Sequence[Array], masks: Sequence[int], flowing: bool) -> Graph:
        """The graph to these results, from what the body takes, from what flows in, if that is needed, and from masks of it."""
        ins = [*self.xs, *(self.given.values() if flowing else []), *self.mask_inputs(masks)]
        return self.sheet.graph(ins, outs, guarded=flowing)


def through(insides: Sequence[Inside], write: Callable[[Sequence[tuple[int, Kind | None]]], list[Array]]) -> list[Flow]:
    """What flows out of a node around one of several such graphs; `write` writes one for some picks of it."""
    count = len(insides[0].flows)
    reached = [n for n in range(count) if any(inside.flows[n][0] is not None for inside in insides)]
    if not reached:
        return [NOTHING] * count

    def mask(n: int) -> Mask:
        flows = [inside.flows[n] for inside in insides]
        kind = widest([DEAD if d is None else kind_of(mask) for d, mask in flows])
        return None if kind is None else lazy(lambda: write([(n, kind)])[0], kind)

    found = write([(n, None) for n in reached])
    return spread([(d, mask(n)) for n, d in zip(reached, found, strict=True)], reached, count)


def kinds_of(given: Sequence[Flow]) -> dict[int, Kind | None]:
    """Where something flows, and what its mask is like."""
    return {k: kind_of(mask) for k, (d, mask) in enumerate(given) if d is not None}


def operands(given: Sequence[Flow], masks: Sequence[int], flowing: bool) -> list[Array]:
    """What a node around such a graph takes beside what the body takes."""
    arrays = [d for d, _ in given if d is not None] if flowing else []
    return [*arrays, *[mask() for k in masks if (mask := given[k][1]) is not None]]
