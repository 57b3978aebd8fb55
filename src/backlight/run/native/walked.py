"""A long graph of single numbers, walked along by a function that is compiled once and for all."""

from __future__ import annotations

import ctypes
import functools
import threading
from array import array
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from backlight.core.graph import Graph
from backlight.run.emit.code import Module
from backlight.run.emit.walker import SYMBOL, define_walker, operands_of
from backlight.run.lower.tape import OPCODES, ROUNDED, Tape
from backlight.run.native import host
from backlight.run.native.kept import loaded_own
from backlight.run.native.plan import as_returned, check_finite


@functools.cache
def walker() -> tuple[Callable[[int, int, int], None], host.Loaded]:
    """Return the walker, and what it lives in."""
    with host.LOCK:
        code = loaded_own("walker", written, [SYMBOL])
        walk = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)(code.addresses[SYMBOL])
        return walk, code


def written() -> str:
    """Return the walker as text."""
    module = Module(host.target())
    define_walker(module)
    return module.text(host.attributes())


class Walked:
    """A tape, ready to run."""

    in_place: Mapping[int, int] = MappingProxyType({})

    def __init__(self, graph: Graph, tape: Tape, slow: Callable[..., Any], outputs: Sequence[int], watch: bool = False) -> None:
        self.graph, self.tape, self.watch, self.slow = graph, tape, watch, slow
        self.single = len(outputs) == 1
        self.walk, self.code = walker()
        self.cells = np.zeros(tape.below + tape.count)
        for cell, value in tape.constants:
            self.cells[tape.below + cell] = value
        self.inputs = np.array(tape.inputs, np.intp) + tape.below
        self.outputs = np.array(tape.outputs, np.intp) + tape.below
        self.dtypes = [graph.type(i).dtype for i in outputs]
        self.plain = all(dtype == np.float64 for dtype in self.dtypes)
        self.lock = threading.Lock()

    @property
    def call(self) -> Callable[..., Any] | None:
        """Return a short way for Python floats alone."""
        if any(self.graph.type(i).dtype != np.float64 for i in self.graph.inputs):
            return None
        count, slow = len(self.inputs), self.slow

        def quick(_: Any, *values: Any, **named: Any) -> Any:
            if named or len(values) != count or set(map(type, values)) - {float, np.float64}:
                return slow(*values, **named)
            return self.run(np.frombuffer(array("d", values)) if values else [])

        return quick

    def run(self, arrays: Any) -> Any:
        """Return the outputs for single numbers."""
        mine = self.lock.acquire(blocking=False)  # somebody else may be walking along these cells
        try:
            cells = self.cells if mine else self.cells.copy()
            cells[self.inputs] = arrays
            self.walk(self.tape.codes.ctypes.data, self.tape.count, cells.ctypes.data + self.tape.below * cells.itemsize)
            if self.watch and not np.isfinite(cells).all():
                check_finite(self.graph, self.values(cells))
            found = cells[self.outputs]
        finally:
            if mine:
                self.lock.release()
        if not self.plain:
            return as_returned([np.array(v, dtype) for v, dtype in zip(found, self.dtypes, strict=True)], self.single)
        numbers = found.tolist()
        return numbers[0] if self.single else tuple(numbers)

    def values(self, cells: np.ndarray[Any, Any]) -> list[Any]:
        """Return the value of every node that has an instruction; 0 for the others, which is finite."""
        found: list[Any] = [0.0] * len(self.graph.nodes)
        for k, node in enumerate(self.tape.node_of):
            found[node] = cells[self.tape.below + k]
        return found

    def listing(self) -> str:
        """Return the head of the tape: what it is, and its first instructions."""
        tape, nodes = self.tape, self.graph.nodes
        lines = [f"tape of {tape.count} instructions on single numbers, walked along: too long to be compiled one by one"]
        for k, (code, *operands) in enumerate(tape.codes[:SHOWN].tolist()):
            op, node = OPCODES[code % ROUNDED], tape.node_of[k]
            inside = ", ".join(f"c{x}" for x in operands[: operands_of(op)])
            name = nodes[node].name or nodes[node].op.name
            lines.append(f"{k:6} c{k} = {op}({inside}){' as float32' * (code >= ROUNDED)}    %{node} {name}")
        if tape.count > SHOWN:
            lines.append(f"       … and {tape.count - SHOWN} more")
        lines.append(f"cells {tape.below + tape.count} × double: {len(tape.inputs)} inputs, {len(tape.constants)} constants")
        return "\n".join(lines)

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node its instructions."""
        found: dict[int, list[int]] = {}
        for k, node in enumerate(self.tape.node_of):
            found.setdefault(node, []).append(k)
        return {node: tuple(found.get(node, ())) for node in range(len(self.graph.nodes))}


SHOWN = 40  # instructions in a listing
