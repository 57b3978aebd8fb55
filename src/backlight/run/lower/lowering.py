"""A typed graph lowered: items, fused, with a plan of memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backlight.core.graph import Graph, live_nodes
from backlight.core.types import Type
from backlight.run.lower import arrange, arrays, copies, inner, order, statistics, sums
from backlight.run.lower.fuse import fuse
from backlight.run.lower.marks import compare_again
from backlight.run.lower.memory import plan
from backlight.run.lower.program import Program
from backlight.run.lower.translate import translate
from backlight.run.lower.watch import watched

TABLES = (arrays, arrange, copies, inner, order, statistics, sums)  # imported: what is in the table from the beginning


@dataclass(frozen=True, slots=True)
class Lowered:
    """A program, and the values of its constants, by buffer."""

    program: Program
    constants: dict[int, np.ndarray[Any, Any]]
    inputs: tuple[int, ...]  # the nodes of the inputs
    outputs: tuple[int, ...]  # the nodes of the outputs
    input_types: tuple[Type, ...]
    output_types: tuple[Type, ...]
    checks: int = 0  # further outputs, single truth values, that must come out true
    origin: dict[int, int] = field(default_factory=dict)  # for each node, the one whose instructions compute it

    def where(self) -> dict[int, tuple[int, ...]]:
        """Return for each node the numbers of the instructions that compute it; none for inputs, constants and single numbers."""
        found: dict[int, list[int]] = {}
        for number, instruction in enumerate(self.program.instructions):
            for node in instruction.nodes:
                found.setdefault(node, []).append(number)
        return {node: tuple(found.get(of, ())) for node, of in self.origin.items()}


def lower(graph: Graph, outputs: Sequence[int], watch: bool = False) -> Lowered:
    """Return the program of a typed graph for some of its nodes; with `watch` every number computed must be finite."""
    live = live_nodes(graph, outputs)
    t, found = translate(graph, outputs, live)
    if watch:
        watched(t, [found[i] for i in outputs])
    results = [*(found[i] for i in outputs), *dict.fromkeys(t.checks)]
    inputs = [found[i] for i in graph.inputs]
    program, buffers = fuse(t.items, inputs, results, list(t.arrays))
    program = plan(compare_again(program))
    constants = {buffers[item]: array for item, array in t.arrays.items()}
    types = tuple(graph.type(i) for i in graph.inputs), tuple(graph.type(i) for i in outputs)
    shown = {node: item if isinstance(item, int) else next(i for i in item if i is not None) for node, item in found.items()}
    origin = {node: t.items.all[t.items.views[item].root].node for node, item in shown.items()}
    return Lowered(program, constants, tuple(graph.inputs), tuple(outputs), *types, len(results) - len(outputs), origin)
