"""WebAssembly from the same compiler: a graph as a module for a page, with vectors of 128 bits.

The module owns nothing: the page gives it one memory. The module's own constants and its stack lie in the first 128 KiB,
then come the values of inputs, constants, outputs and the arena, each at an address that is known beforehand. So the
exported `run()` takes no arguments: the page writes the inputs into its typed array, calls it, and reads the outputs.
"""
from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from backlight import errors
from backlight.core.graph import Graph
from backlight.core.types import Type
from backlight.run.emit.code import Code, Module
from backlight.run.emit.program import arena_bytes, define_pieces
from backlight.run.emit.table import RESERVED, slots
from backlight.run.emit.value import Target, Value
from backlight.run.emit.walker import define_walker
from backlight.run.lower.lowering import lower
from backlight.run.lower.program import Call
from backlight.run.lower.tape import Tape, tape
from backlight.run.native import host
from backlight.run.wasm import linked

TARGET = Target("wasm", 16, fma=False)
ATTRIBUTES = 'nounwind "no-builtins"'


def compile_module(module: Module, exports: Sequence[str]) -> linked.Module:
    """Return the WebAssembly of a module written for `TARGET`."""
    return linked.link(host.assemble(module.text(ATTRIBUTES), "wasm"), exports)


NUMBER = Type("float64", ())
START = 1 << 17  # where values begin: below lie the module's constants, and its stack, which grows downward
PAGE_BYTES = 1 << 16
LIMIT_BYTES = 1 << 31


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a value lies in the memory: its node, its address, its type."""

    node: int
    address: int
    type: Type


@dataclass(frozen=True, slots=True)
class Page:
    """A graph for a page: the module, how many pages of memory it wants, and where everything lies."""

    module: linked.Module
    pages: int
    stack: int
    inputs: tuple[Spot, ...]
    outputs: tuple[Spot, ...]
    constants: tuple[tuple[int, bytes], ...]


def compile_page(graph: Graph, outputs: Sequence[int] | None = None) -> Page:
    """Return a typed graph as a module for a page.

    Raises: GraphError if an operation is only known to the reference machine; LimitError beyond 2 GiB of memory.
    """
    wanted = graph.outputs if outputs is None else tuple(outputs)
    if all(graph.type(i) == NUMBER for i in (*graph.inputs, *wanted)) and (long := tape(graph, wanted)) is not None:
        return walked_page(long, graph, wanted)
    host.begin()
    lowered = lower(graph, wanted)
    program = lowered.program
    missing = sorted({i.op.name for i in program.instructions if isinstance(i, Call)})
    if missing:
        raise errors.GraphError(f"a page cannot compute {', '.join(missing)}: only the reference machine can")
    places = slots(program)
    sizes = {b.number: b.bytes for b in program.buffers}
    table, at = [0] * (RESERVED + len(places)), START
    for number, slot in places.items():
        table[slot] = at
        at += -(-max(sizes[number], 1) // 64) * 64
    table[0] = at
    total = at + arena_bytes(TARGET, program)
    if total > LIMIT_BYTES:
        raise errors.LimitError(f"this graph needs {total / 2**30:.1f} GiB, and a page has {LIMIT_BYTES >> 30} GiB")
    module = Module(TARGET)
    pieces = define_pieces(module, program)
    module.constant_array("bl.table", "i32", table)

    def write(c: Code) -> None:
        for piece in pieces:
            c.put(f"call i1 @{piece.symbol}({Value(c, '@bl.table', 'ptr', 1).typed})", "i1")  # nobody stops a page but the page

    module.define("run", "void", [], "#0", write, linkage="")

    def spots(nodes: Sequence[int], buffers: Sequence[int], types: Sequence[Type]) -> tuple[Spot, ...]:
        return tuple(Spot(n, table[places[b]], t) for n, b, t in zip(nodes, buffers, types, strict=True))

    constants = tuple((table[places[b]], np.ascontiguousarray(a).tobytes()) for b, a in lowered.constants.items())
    return Page(
        compile_module(module, ["run"]), -(-total // PAGE_BYTES), START,
        spots(lowered.inputs, program.inputs, lowered.input_types),
        spots(lowered.outputs, program.outputs[: len(lowered.outputs)], lowered.output_types), constants,
    )


@functools.cache
def walker() -> linked.Module:
    """Return the module that walks along a tape; where it lies, three numbers at the start of the values say."""
    module = Module(TARGET)
    symbol = define_walker(module)

    def write(c: Code) -> None:
        head = c.put(f"inttoptr i32 {START} to ptr", "ptr")
        codes, count, cells = (c.load(head, k, "i32") for k in range(3))
        places = [c.put(f"inttoptr {x.typed} to ptr", "ptr").typed for x in (codes, cells)]
        c.do(f"call void @{symbol}({places[0]}, {c.convert(count, 'i64').typed}, {places[1]})")

    module.define("run", "void", [], "#0", write, linkage="")
    return compile_module(module, ["run"])


def walked_page(long: Tape, graph: Graph, outputs: Sequence[int]) -> Page:
    """Return a long graph of single numbers for a page: its tape and its cells in the memory, and the walker."""
    codes = START + 64
    cells = codes + -(-16 * long.count // 64) * 64
    zero = cells + 8 * long.below
    total = zero + 8 * long.count
    if total > LIMIT_BYTES:
        raise errors.LimitError(f"this graph needs {total / 2**30:.1f} GiB, and a page has {LIMIT_BYTES >> 30} GiB")

    def spots(nodes: Sequence[int], places: Sequence[int]) -> tuple[Spot, ...]:
        return tuple(Spot(n, zero + 8 * cell, graph.type(n)) for n, cell in zip(nodes, places, strict=True))

    constants = [(START, np.array([codes, long.count, zero], "<i4").tobytes()), (codes, long.codes.astype("<i4").tobytes())]
    constants += [(zero + 8 * cell, np.array(value, "<f8").tobytes()) for cell, value in long.constants]
    inputs = spots(graph.inputs, long.inputs)
    return Page(walker(), -(-total // PAGE_BYTES), START, inputs, spots(outputs, long.outputs), tuple(constants))
