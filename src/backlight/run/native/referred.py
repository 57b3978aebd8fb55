"""Where there is no compiler: the same calls, answered by the reference machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from backlight.core.graph import Graph, live_nodes
from backlight.run.native.plan import as_returned, check_finite
from backlight.run.reference import evaluate


class Referred:
    """A graph run by the reference machine."""

    call: Callable[..., Any] | None = None
    in_place: Mapping[int, int] = MappingProxyType({})

    def __init__(self, graph: Graph, outputs: Sequence[int], watch: bool = False) -> None:
        self.graph, self.outputs, self.watch = graph, tuple(outputs), watch
        self.single = len(self.outputs) == 1

    def run(self, arrays: Sequence[np.ndarray[Any, Any]]) -> Any:
        """Return the outputs."""
        values = {i: a if a.ndim else a[()] for i, a in zip(self.graph.inputs, arrays, strict=True)}
        found = evaluate(self.graph, values)
        if self.watch:
            check_finite(self.graph, found)
        return as_returned([np.array(found[i]) for i in self.outputs], self.single)

    def listing(self) -> str:
        """Return the nodes, one by one, and why they are not compiled."""
        live = live_nodes(self.graph, self.outputs)
        lines = ["the reference machine, node by node: llvmlite is not installed, so nothing is compiled"]
        for number, node in enumerate(self.graph.nodes):
            if live[number] and node.op.name not in {"input", "const"}:
                inside = ", ".join(f"%{i}" for i in node.inputs)
                lines.append(f"{number:3} %{number} = {node.op.name}({inside})" + (f"    {node.name}" if node.name else ""))
        return "\n".join(lines)

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node its own number: the listing has a line for each."""
        return {number: (number,) for number in range(len(self.graph.nodes))}
