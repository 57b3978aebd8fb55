"""A graph compiled for one combination of input types: lowered, written, compiled or found on disk, loaded, run.

What lowers and writes is imported when something is lowered or written: with code from disk it never is. What a caller may
ask of it is what the other kinds of plan offer too (`Runnable`): the walker of long tapes, and the reference machine where
there is no compiler.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from backlight import errors
from backlight.core.graph import Graph
from backlight.core.table import TABLE
from backlight.core.types import Type
from backlight.run.emit.table import ASK, RESERVED, Piece, slots
from backlight.run.native import door, host, interrupt, kept, threads
from backlight.run.native.memory import make_room, memory
from backlight.run.reference import evaluate

if TYPE_CHECKING:
    from backlight.run.emit.doorway import Entry
    from backlight.run.lower.lowering import Lowered
    from backlight.run.lower.program import Program

LIMIT_BYTES = 1 << 36  # and at most what the machine has
SHARED = 200_000  # scalar operations in all, from which a plan has use for threads
PIECE, ENTRY = "bl.piece.0", "bl.entry"  # the functions of a program that is one piece


class Runnable(Protocol):
    """A graph made ready for one combination of input types."""

    single: bool  # one output is returned as itself, not in a tuple

    def run(self, arrays: Sequence[np.ndarray[Any, Any]]) -> Any:
        """Return the outputs for contiguous inputs of the right types."""

    def listing(self) -> str:
        """Return what is done, instruction by instruction."""

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node the instructions of the listing that compute it."""

    @property
    def call(self) -> Callable[..., Any] | None:
        """Return what may stand for `__call__` of the compiled thing: the quickest way in, if there is one."""

    @property
    def in_place(self) -> Mapping[int, int]:
        """Return which outputs are written over an input, each with its input."""


class Plan:
    """A graph compiled for one combination of input types; `donated` are pairs (input, output) that may share memory."""

    def __init__(self, graph: Graph, outputs: Sequence[int], slow: Callable[..., Any], watch: bool = False,
                 donated: Sequence[tuple[int, int]] = ()) -> None:
        self.graph, self.outputs, self.watch, self.single = graph, tuple(outputs), watch, len(outputs) == 1
        self.donated = tuple(donated)
        self.types = [graph.type(i) for i in graph.inputs], [graph.type(i) for i in outputs]
        self.pieces = [Piece(PIECE)]
        self.known: Lowered | None = None
        name = kept.name(graph, "call", self.outputs, watch, door.possible(), door.new_array() is not None, self.donated)
        found = kept.find(name, graph)
        if found is not None:
            self.recipe, self.code = found
            self.check_room()
        else:
            self.recipe, self.code = self.made(name)
        make_room(self.recipe.arena)
        self.arena = memory(self.recipe.arena)
        self.lock = threading.Lock()
        self.pool: threads.Pool | None = None
        self.calls = {p.symbol: interrupt.stopping(self.code.addresses[p.symbol], ctypes.c_void_p) for p in self.pieces if p.symbol}
        self.table = np.zeros(RESERVED + self.recipe.places, np.int64)
        self.table[ASK] = interrupt.address()
        for place, array in self.recipe.constants:
            self.table[place] = array.ctypes.data
        self.door: door.Door | None = None
        described = self.described() if ENTRY in self.recipe.symbols else None
        if described is not None:
            self.door = door.Door(described, self.code.addresses[ENTRY], self.types, self.table.tolist(),
                                  self.arena.address, slow, (self.code, self.arena, self.recipe))
        if self.recipe.work > SHARED:
            self.use_pool(threads.follow(self))

    @property
    def lowered(self) -> Lowered:
        """What was compiled; where the code was found on disk, it is lowered when somebody asks."""
        return self.known or self.lower()

    @host.locked
    def lower(self) -> Lowered:
        """Lower the graph, unless another thread just has. Under our own lock, which a fork waits for."""
        if self.known is None:
            self.known = self.anew()
        return self.known

    def anew(self) -> Lowered:
        """Return the graph lowered."""
        from backlight.run.emit.aligned import aligned
        from backlight.run.emit.sparse import leaving_out
        from backlight.run.lower.inner import handed_over
        from backlight.run.lower.lowering import lower
        from backlight.run.lower.program import Call

        lowered = lower(self.graph, self.outputs, self.watch)
        program = aligned(host.target(), leaving_out(host.target(), lowered.program))
        lowered = replace(lowered, program=program)
        # who fails a check is asked again what was wrong: the inputs must still be there
        if not self.donated or lowered.checks or any(isinstance(i, Call) for i in program.instructions):
            return lowered
        program = handed_over(program, [(program.inputs[k], program.outputs[j]) for k, j in self.donated])[0]
        return replace(lowered, program=program)

    @property
    def in_place(self) -> Mapping[int, int]:
        """Which outputs are written over an input, each with its input."""
        return {j: k for k, j in self.donated if self.recipe.outputs[j] == self.recipe.inputs[k]}

    def described(self) -> Entry | None:
        """Return what the door must know; None where it cannot be."""
        return door.describe(self.recipe, *self.types, self.single, self.in_place)

    def check_room(self) -> None:
        """Raise LimitError if there is not enough memory for it."""
        check_room(self.recipe.arena + sum(t.nbytes for t in self.types[1]))

    def made(self, name: str | None) -> tuple[kept.Recipe, host.Loaded]:
        """Return what must be known of the program, and its code: lowered, written, compiled, kept."""
        from backlight.run.emit.code import Module
        from backlight.run.emit.program import define_pieces

        program = self.lowered.program
        self.recipe = kept.recipe_of(self.lowered, program, [])
        self.check_room()
        module = Module(host.target())
        self.pieces = define_pieces(module, program)
        symbols = [p.symbol for p in self.pieces if p.symbol]
        if len(symbols) == len(self.pieces) == 1:
            described = self.described()
            if described is not None:
                door.define(module, described, symbols[0])
                symbols.append(ENTRY)
        else:
            name = None  # what the reference machine computes is not in the code
        recipe = replace(self.recipe, symbols=tuple(symbols))
        return recipe, kept.made(name, self.graph, recipe, module)

    def use_pool(self, pool: threads.Pool | None) -> None:
        """Take another pool of threads."""
        self.pool = pool
        self.table[1:3] = (0, 0) if pool is None else (pool.share, pool.address)
        if self.door is not None:
            self.door.use_pool(*self.table[1:3].tolist())

    @property
    def call(self) -> Callable[..., Any] | None:
        """Return the builtin."""
        return None if self.door is None else self.door.function

    def listing(self) -> str:
        """Return the instructions, then the memory."""
        return listed(self.lowered.program, self.graph)

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node the instructions that compute it: those of another node, where the two are the same."""
        return self.lowered.where()

    def run(self, arrays: Sequence[np.ndarray[Any, Any]]) -> Any:
        """Return the outputs for contiguous inputs of the right types."""
        recipe = self.recipe
        given = {j: arrays[k] for j, k in self.in_place.items()}
        outputs: list[np.ndarray[Any, Any]] = [
            given[j] if j in given else np.empty(t.shape, t.dtype) for j, t in enumerate(self.types[1])]
        checks = [np.empty((), np.bool_) for _ in recipe.outputs[len(outputs) :]]
        table = self.table.copy()
        for place, array in zip((*recipe.inputs, *recipe.outputs), (*arrays, *outputs, *checks), strict=True):
            table[place] = array.ctypes.data
        # the door, which knows no lock, may be using the arena; and somebody else may be here
        mine = self.door is None and self.lock.acquire(blocking=False)
        try:
            arena = self.arena if mine else memory(recipe.arena)
            table[0] = arena.address
            for piece in self.pieces:
                if piece.symbol is not None:
                    self.calls[piece.symbol](table.ctypes.data)
                else:
                    assert piece.call is not None
                    refer(piece.call, _views(self, table))
        finally:
            if mine:
                self.lock.release()
        if not all(checks):
            found = complain(self.graph, arrays, self.watch)
            outputs = [np.asarray(found[i]) for i in self.outputs]
        return as_returned(outputs, self.single)


def listed(program: Program, graph: Graph) -> str:
    """Return the instructions of a program, its memory, what this processor's products need besides, and its pipelines."""
    from backlight.run.emit.nest import under_way
    from backlight.run.emit.program import arena_bytes
    from backlight.run.lower.listing import listing
    from backlight.run.lower.program import Nest

    target = host.target()
    more = arena_bytes(target, program) - program.arena
    room = f"\nroom {more} bytes behind the arena, in which products copy their operands together" if more else ""
    nests = [(k, under_way(target, i)) for k, i in enumerate(program.instructions) if isinstance(i, Nest)]
    return listing(program, graph) + room + "".join(
        f"\npipeline: instruction {k} has {count} vectors under way at once" for k, count in nests if count > 1)


def as_returned(outputs: Sequence[np.ndarray[Any, Any]], single: bool) -> Any:
    """Return outputs as a caller gets them: single float64 numbers as Python floats."""
    values = [a if a.ndim or a.dtype != np.float64 else float(a) for a in outputs]
    return values[0] if single else tuple(values)


def room() -> int:
    """Return how many bytes a graph may need: at most what this machine has."""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        return min(LIMIT_BYTES, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return LIMIT_BYTES


def check_room(needed: int) -> None:
    """Raise LimitError for more bytes than there is room for, before anything is allocated."""
    if needed > room():
        raise errors.LimitError(f"this graph needs {needed / 2**30:.1f} GiB at once, and there are only {room() / 2**30:.1f} GiB")


def complain(graph: Graph, arrays: Sequence[np.ndarray[Any, Any]], watch: bool) -> list[Any]:
    """Raise what the reference machine raises for these inputs, or name the first number that is not finite.

    Return its values where it finds nothing wrong: a number at the very edge, of the largest or of a question's answer.
    """
    found = evaluate(graph, dict(zip(graph.inputs, arrays, strict=True)))
    if watch:
        check_finite(graph, found)
    return found


def check_finite(graph: Graph, found: Sequence[Any]) -> None:
    """Raise NotFiniteError for the first value of a run that is not finite."""
    for number, value in enumerate(found):
        for part in map(np.asarray, value if isinstance(value, tuple) else (value,)):
            if part.dtype.kind in "fc" and not np.all(np.isfinite(part)):
                raise errors.NotFiniteError(unfinite(graph, number, part))


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
    at = slots(program)

    def view(buffer: int, type_: Type) -> np.ndarray[Any, Any]:
        address = int(table[at[buffer]]) if buffer in at else int(table[0]) + program.offsets[buffer]
        raw = (ctypes.c_uint8 * type_.nbytes).from_address(address)
        found: np.ndarray[Any, Any] = np.ctypeslib.as_array(raw).view(type_.dtype).reshape(type_.shape)
        return found

    return view


def refer(call: Any, view: Callable[[int, Type], np.ndarray[Any, Any]]) -> None:
    """Let the reference machine compute one operation; a person's own gets copies, since it may keep what it is given."""
    values = [view(b, t) for b, t in zip(call.inputs, call.types, strict=True)]
    if TABLE.get(call.op.name) is not call.op:
        values = [v.copy() for v in values]
    with np.errstate(all="ignore"):
        found = call.op.value(*[v if v.ndim else v[()] for v in values], **dict(call.attrs))
    several = found if len(call.results) > 1 else (found,)
    for buffer, type_, value in zip(call.outputs, call.results, several, strict=True):
        view(buffer, type_)[...] = value
