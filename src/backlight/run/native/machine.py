"""The native machine: a graph compiled for this processor, called like a function.

One plan is made for each combination of input types that comes along: lowered, written, compiled (or found on disk),
loaded. A call goes through a builtin function when its inputs are of the types of the latest plan; anything else comes
here, where names, numbers, lists and other types are understood, and a new plan is made if need be.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backlight import errors
from backlight.core.graph import Graph
from backlight.core.types import Type, type_of
from backlight.run.emit.code import Module
from backlight.run.emit.program import RESERVED, Piece, define_pieces, slots, work
from backlight.run.lower.listing import listing
from backlight.run.lower.lowering import lower
from backlight.run.native import door, host, store, threads
from backlight.run.reference import bind, evaluate

LIMIT_BYTES = 1 << 36
ALIGN = 64
VERSION = "1"  # of what is kept on disk: raise it when the meaning of an entry changes


@dataclass(frozen=True, slots=True)
class Memory:
    """Aligned bytes."""

    block: np.ndarray[Any, Any]
    address: int


def memory(size: int) -> Memory:
    """Return so many bytes, aligned for the widest vectors."""
    block = np.empty(size + ALIGN, np.uint8)
    start = -block.ctypes.data % ALIGN
    return Memory(block, block.ctypes.data + start)


class Plan:
    """A graph compiled for one combination of input types."""

    def __init__(self, graph: Graph, outputs: Sequence[int], slow: Callable[..., Any], watch: bool = False) -> None:
        self.graph, self.watch = graph, watch
        lowered = self.lowered = lower(graph, outputs, watch)
        single = len(outputs) == 1
        program = lowered.program
        if program.arena > LIMIT_BYTES:
            raise errors.LimitError(
                f"this graph needs {program.arena / 2**30:.1f} GiB at once, and the limit is {LIMIT_BYTES >> 30} GiB"
            )
        self.single = single
        self.slots = slots(program)
        self.work = sum(work(i) for i in program.instructions)
        module = Module(host.target())
        self.pieces: list[Piece] = define_pieces(module, program)
        symbols = [p.symbol for p in self.pieces if p.symbol]
        described = None
        if len(symbols) == len(self.pieces) == 1:
            described = door.describe(lowered, self.work, single)
        if described is not None:
            door.define(module, described, symbols[0])
            symbols.append("bl.entry")
        self.code = host.Loaded(compiled(module), symbols)
        self.arena = memory(program.arena)
        self.lock = threading.Lock()
        self.pool = threads.pool() if self.work > 200_000 else None
        self.calls = {p.symbol: ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self.code.addresses[p.symbol])
                      for p in self.pieces if p.symbol}
        self.table = np.zeros(RESERVED + len(self.slots), np.int64)
        self.constants = {b: np.ascontiguousarray(a) for b, a in lowered.constants.items()}
        if self.pool is not None:
            self.table[1:3] = self.pool.share, self.pool.address
        for buffer, array in self.constants.items():
            self.table[self.slots[buffer]] = array.ctypes.data
        self.door: door.Door | None = None
        if described is not None:
            self.door = door.Door(described, self.code.addresses["bl.entry"], lowered, self.table.tolist(),
                                  self.arena.address, slow)

    def run(self, arrays: Sequence[np.ndarray[Any, Any]]) -> Any:
        """Return the outputs for contiguous inputs of the right types."""
        program = self.lowered.program
        outputs: list[np.ndarray[Any, Any]] = [np.empty(t.shape, t.dtype) for t in self.lowered.output_types]
        checks = [np.empty((), np.bool_) for _ in range(self.lowered.checks)]
        table = self.table.copy()
        for buffer, array in zip((*program.inputs, *program.outputs), (*arrays, *outputs, *checks), strict=True):
            table[self.slots[buffer]] = array.ctypes.data
        # the door, which knows no lock, may be using the arena; and somebody else may be here
        mine = self.door is None and self.lock.acquire(blocking=False)
        try:
            arena = self.arena if mine else memory(program.arena)
            table[0] = arena.address
            views = _views(self, table)
            for piece in self.pieces:
                if piece.symbol is not None:
                    self.calls[piece.symbol](table.ctypes.data)
                else:
                    assert piece.call is not None
                    refer(piece.call, views)
        finally:
            if mine:
                self.lock.release()
        if not all(checks):
            self.complain(arrays)
        values = [a if a.ndim or a.dtype != np.float64 else float(a) for a in outputs]
        return values[0] if self.single else tuple(values)


    def complain(self, arrays: Sequence[np.ndarray[Any, Any]]) -> None:
        """Raise what the reference machine raises for these inputs, or name the first number that is not finite."""
        found = evaluate(self.graph, dict(zip(self.graph.inputs, arrays, strict=True)))
        for number, value in enumerate(found if self.watch else ()):
            several = value if isinstance(value, tuple) else (value,)
            for part in map(np.asarray, several):
                if part.dtype.kind in "fc" and not np.all(np.isfinite(part)):
                    raise errors.NotFiniteError(unfinite(self.graph, number, part))
        if self.watch:
            return  # finite on the reference machine: a number at the very edge
        raise AssertionError("a compiled check failed, and the reference machine found nothing wrong")


def unfinite(graph: Graph, number: int, value: np.ndarray[Any, Any]) -> str:
    """Return where the first number that is not finite is, and what it is."""
    node = graph.nodes[number]
    flat = value.reshape(-1)
    wrong = ~np.isfinite(flat)
    at = np.unravel_index(int(np.argmax(wrong)), value.shape)
    place = f" at [{', '.join(map(str, map(int, at)))}]" if value.ndim else ""
    more = f", and {int(wrong.sum()) - 1} more" if wrong.sum() > 1 else ""
    called = f"{node.op.name} {node.name!r}" if node.name else node.op.name
    written = f" ({node.at.file}, line {node.at.line})" if node.at is not None else ""
    return f"node {number} ({called}){written} is {flat[np.argmax(wrong)]}{place}{more}: it is the first that is not finite"


def _views(plan: Plan, table: np.ndarray[Any, Any]) -> Callable[[int, Type], np.ndarray[Any, Any]]:
    """Return a function that gives the numbers of a buffer as an array."""
    program = plan.lowered.program

    def view(buffer: int, type_: Type) -> np.ndarray[Any, Any]:
        address = int(table[plan.slots[buffer]]) if buffer in plan.slots else int(table[0]) + program.offsets[buffer]
        raw = (ctypes.c_uint8 * type_.nbytes).from_address(address)
        found: np.ndarray[Any, Any] = np.ctypeslib.as_array(raw).view(type_.dtype).reshape(type_.shape)
        return found

    return view


def refer(call: Any, view: Callable[[int, Type], np.ndarray[Any, Any]]) -> None:
    """Let the reference machine compute one operation."""
    values = [view(b, t) for b, t in zip(call.inputs, call.types, strict=True)]
    with np.errstate(all="ignore"):
        found = call.op.value(*[v if v.ndim else v[()] for v in values], **dict(call.attrs))
    several = found if len(call.results) > 1 else (found,)
    for buffer, type_, value in zip(call.outputs, call.results, several, strict=True):
        view(buffer, type_)[...] = value


def compiled(module: Module) -> bytes:
    """Return the object file of a module: from disk if it is there, else made and put there."""
    text = module.text(host.triple(), host.attributes())
    name = store.key(VERSION, text, host.identity())
    image = store.load(name)
    if image is None:
        image = host.assemble(text)
        store.save(name, image)
    return image


class Compiled:
    """A compiled graph: call it with its inputs, by position or by name."""

    def __new__(cls, *_: Any) -> Compiled:
        # A class of its own for each, so that `__call__` can be the builtin itself: Python then enters compiled code
        # without a frame of its own, in a quarter of the time.
        return object.__new__(type(cls.__name__, (cls,), {"__doc__": cls.__doc__, "__module__": cls.__module__}))

    def __init__(self, graph: Graph, outputs: Sequence[int], watch: bool = False) -> None:
        self.graph, self.watch = graph, watch
        self.outputs = tuple(outputs)
        self.plans: dict[tuple[Type, ...], Plan] = {}
        self.lock = threading.RLock()
        self.latest: Plan | None = None
        self._slow = self.slow  # one object, whose address compiled code may keep

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Return the outputs: one as itself, several as a tuple."""
        return self.slow(*values, **named)

    def slow(self, *values: Any, **named: Any) -> Any:
        """Understand what was given, find or make the plan for it, and run."""
        given = self.named(values, named)
        arrays = self.exact(given)
        if arrays is None:
            bound, found = bind(self.graph, given)
            arrays = [np.asarray(found[i]) for i in bound.inputs]
            plan = self.plan(bound)
        else:
            plan = self.plans[tuple([type_of(a) for a in arrays])]
        self.use(plan)
        return plan.run([np.ascontiguousarray(a) if a.ndim else np.array(a) for a in arrays])

    def exact(self, given: dict[str, Any]) -> list[Any] | None:
        """Return the inputs if all are arrays or floats for which there is a plan already."""
        values = [given.get(self.graph.nodes[i].name) for i in self.graph.inputs]
        if len(given) != len(values) or not all(isinstance(v, (np.ndarray, np.generic, float)) for v in values):
            return None
        arrays = [np.asarray(v) for v in values]
        return arrays if tuple([type_of(a) for a in arrays]) in self.plans else None

    def named(self, values: Sequence[Any], named: dict[str, Any]) -> dict[str, Any]:
        """Return all inputs by name."""
        names = self.graph.input_names
        if len(values) > len(names):
            raise errors.InputError(f"this graph has {len(names)} inputs ({', '.join(names)}) and got {len(values)} values")
        twice = [name for name in names[: len(values)] if name in named]
        if twice:
            raise errors.InputError(f"the input {twice[0]!r} got two values, one by position and one by name")
        return {**dict(zip(names, values, strict=False)), **named}

    def plan(self, bound: Graph) -> Plan:
        """Return the plan of a typed graph, made if need be."""
        key = tuple([bound.type(i) for i in bound.inputs])
        with self.lock:
            if key not in self.plans:
                self.plans[key] = Plan(bound, self.outputs, self._slow, self.watch)
            return self.plans[key]

    def use(self, plan: Plan) -> None:
        """Let the next call try this plan first."""
        if plan is not self.latest:
            self.latest = plan
            type(self).__call__ = plan.door.function if plan.door is not None else Compiled.__call__  # type: ignore[method-assign]

    def prepare(self, *types: Type) -> None:
        """Compile for inputs of these types now, instead of at the first call."""
        zeros = {self.graph.nodes[i].name: np.zeros(t.shape, t.dtype) for i, t in zip(self.graph.inputs, types, strict=True)}
        self.use(self.plan(bind(self.graph, zeros)[0]))

    def listing(self) -> str:
        """Return what the latest plan does, instruction by instruction."""
        if self.latest is None:
            raise errors.GraphError("listing: nothing is compiled yet: call the function once, or prepare it for its types")
        return listing(self.latest.lowered.program, self.graph)


def compile_graph(graph: Graph, outputs: Sequence[int | str] | None = None, watch: bool = False) -> Compiled:
    """Return a graph as a compiled function of its inputs; `outputs` chooses other nodes than its outputs.

    With `watch` a call raises NotFiniteError when a number that it computes is infinite or NaN.
    """
    chosen = graph.outputs if outputs is None else [graph.number(k) for k in outputs]
    return Compiled(graph, chosen, watch)

