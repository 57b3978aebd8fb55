"""A typed graph lowered: items, fused, with a plan of memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backlight.core.graph import Graph, live_nodes
from backlight.core.types import Type
from backlight.run.lower import arrange, arrays, statistics
from backlight.run.lower.fuse import fuse
from backlight.run.lower.memory import plan
from backlight.run.lower.program import Program
from backlight.run.lower.translate import translate

TABLES = (arrays, arrange, statistics)  # the rooms were imported, so the table of entries is full


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


def lower(graph: Graph, outputs: Sequence[int]) -> Lowered:
    """Return the program of a typed graph for some of its nodes."""
    live = live_nodes(graph, outputs)
    t, found = translate(graph, outputs, live)
    results = [*(found[i] for i in outputs), *dict.fromkeys(t.checks)]
    inputs = [found[i] for i in graph.inputs]
    program, buffers = fuse(t.items, inputs, results, list(t.arrays))
    constants = {buffers[item]: array for item, array in t.arrays.items()}
    types = tuple(graph.type(i) for i in graph.inputs), tuple(graph.type(i) for i in outputs)
    return Lowered(plan(program), constants, tuple(graph.inputs), tuple(outputs), *types, len(results) - len(outputs))
