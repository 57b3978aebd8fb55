"""Reverse mode: a graph in, the same graph with gradients written behind it out.

The walk goes once through the nodes from the output down. At each node the gradients that arrived over its consumers
are summed (`why` sum); times the local derivative that is what travels on down each edge (`why` downstream), summed
over stretched axes where the operand was broadcast — here, in one place, and in no rule. Nothing is computed: rules
write nodes.

A gradient that went through a selection (`where`, `relu`, `max`, …) is exactly zero on the branch not taken, and there
a later product with an infinite local derivative must not turn that zero into NaN. So with each gradient goes a live
mask, written down only when some product needs it: where the mask is false the product is dropped, everywhere else it
stands, an honest NaN included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from ..core.collection import no_collection
from ..core.graph import Graph, Node, Why, live_nodes
from ..core.tape import Tape
from ..core.types import TupleType, Type
from ..errors import DifferentiationError, InputError, ShapeError
from .bare import descend
from .masks import Mask
from .walk import Walk, is_float

__all__ = ["is_float", "pull", "reverse"]


def pull(
    tape: Tape,
    seeds: Mapping[int, int],
    wrt: Iterable[int],
    start: int = 0,
    bare: bool = False,
    masks: Mapping[int, Mask] = {},
) -> Walk:
    """Write gradients of the seeded nodes, down to the nodes `wrt`, on the tape itself.

    `seeds` maps a node to the node that is its upstream gradient, `masks` to where that is live, if not everywhere; only nodes
    from number `start` on are walked through. With `bare`, for a tape that nobody will look at, only values are kept: `arrived`
    says by node where its gradient's is.
    """
    top = max(seeds) if seeds else -1
    active = bytearray(len(tape.nodes))
    for i in wrt:
        active[i] = 1
    nodes = tape.nodes
    for number, node in enumerate(nodes[start : top + 1], start):
        for j in node.inputs:
            if active[j]:
                t, stops = node.type, node.op.stops
                if (type(t) is TupleType or t.is_float) and (not stops or passes(node, stops, active)):  # type: ignore[union-attr]
                    active[number] = 1
                break
    before = tape.why, tape.at, tape.positions, tape.scope
    tape.positions = False
    walk = Walk(tape, active, bare)
    for i, g in seeds.items():
        walk.arrive(i, g, masks.get(i))
    arrived = walk.arrived
    with no_collection():
        if bare:
            descend(walk, top, start)
        else:
            for i in range(top, start - 1, -1):
                g = arrived[i]
                if g is not None:
                    if nodes[i].inputs or type(g) is list:
                        walk.step(i, nodes[i])
                    else:  # a leaf with one consumer: nothing to sum, nothing to pass on
                        walk.grads[i] = g
                        if walk.masks and i in walk.masks:
                            walk.live[i] = walk.masks.pop(i)[0]
    tape.why, tape.at, tape.positions, tape.scope = before
    return walk


def passes(node: Node, stops: bool | frozenset[int], active: bytearray) -> bool:
    """Whether a derivative goes through one of the operands that are active: none does through `stop_gradient`."""
    return stops is not True and any(active[j] for k, j in enumerate(node.inputs) if k not in stops)  # type: ignore[operator]


def reverse(graph: Graph, of: int | None = None, wrt: Sequence[int] | None = None, seed: Any = None) -> Graph:
    """The graph with, behind it, the gradient of one output by every input and by every node in between.

    `of` is the node to differentiate (default: the first output), `wrt` the inputs to reach (default: all that are
    floats). `seed` is the upstream gradient of `of`, of its shape; ones where it is not given.
    Raises: DifferentiationError where the output is no float, InputError where the graph has no types yet, ShapeError for
    a seed of another shape.
    """
    if not graph.typed:
        raise InputError("a graph without types cannot be differentiated: give its inputs values first, as in bl.backprop")
    out = graph.outputs[0] if of is None else of
    node = graph.nodes[out]
    if not isinstance(node.type, Type) or not node.type.is_float:
        raise DifferentiationError(
            f"node {out} ({node.name or node.op.name}) is {node.type}, and only floats have a derivative: "
            "differentiate a float instead"
        )
    reach = [i for i in graph.inputs if is_float(graph.nodes[i])] if wrt is None else list(wrt)
    for i in reach:
        if not is_float(graph.nodes[i]):
            raise DifferentiationError(
                f"node {i} ({graph.nodes[i].name or graph.nodes[i].op.name}) is {graph.nodes[i].type}, "
                "and a derivative is taken by floats only: give it as floats"
            )
    tape = Tape()
    tape.nodes = list(graph.nodes)
    tape.why = Why("seed", "seed", out)
    value = np.ones(node.type.shape, node.type.dtype) if seed is None else np.asarray(seed, node.type.dtype)
    if value.shape != node.type.shape:
        raise ShapeError(f"the upstream gradient has shape {value.shape}, and node {out} has shape {node.type.shape}")
    first = tape.constant(value[()]).number
    live = live_nodes(graph, (out,))
    walk = pull(tape, {out: first}, reach)
    grads = walk.grads
    for i in reach:
        if i not in grads:
            t = graph.nodes[i].type
            assert isinstance(t, Type)
            tape.why = Why("unused", "no derivative on the way" if live[i] else "not on a path to the output", i)
            grads[i] = tape.constant(np.zeros(t.shape, t.dtype)[()]).number
    return graph.with_(
        nodes=tuple(tape.nodes), grads=grads, parts=walk.parts, forward=len(graph.nodes), outputs=graph.outputs
    )
