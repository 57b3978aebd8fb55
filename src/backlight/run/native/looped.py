"""A training step compiled together with the loop around it.

`compile_steps(graph, carry)` takes the graph of one step and says which output becomes which input of the next. What
comes out is a function of the state, the data and the order of its rows; it makes as many steps as the order has rows,
and returns the state at the end and the other outputs of every step. Parameters are updated where they lie: in copies
made once at the beginning of the call, never in the arrays that were given. The copies lie in one block, and it is used again
when nobody looks at any of them: a step of a millisecond would lose a tenth of it to fresh memory.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from backlight import errors
from backlight.core.graph import Graph
from backlight.core.types import Type
from backlight.run.emit.table import ALONE, ASK, RESERVED
from backlight.run.native import host, interrupt, kept, threads
from backlight.run.native.memory import Memory, Spare, make_room, memory, side_by_side
from backlight.run.native.plan import SHARED, complain, listed
from backlight.run.native.stepped import ManySteps, Stepped

if TYPE_CHECKING:
    from backlight.run.emit.steps import Steps
    from backlight.run.lower.lowering import Lowered
    from backlight.run.lower.program import Program


class InPiecesError(Exception):
    """Raised for a step that has operations which only the reference machine knows."""


class Looped:
    """Many steps as one function: `f(order, **inputs)`."""

    def __init__(self, graph: Graph, carry: Mapping[str, int], batch: Sequence[str], results: Sequence[int],
                 watch: bool = False) -> None:
        self.graph, self.batch, self.results, self.watch = graph, tuple(batch), tuple(results), watch
        self.carry = dict(zip(numbers(graph, carry), carry.values(), strict=True))
        self.batch_inputs = numbers(graph, batch)
        self.known: tuple[Lowered, list[tuple[int, int]]] | None = None
        asked = tuple(self.carry.items()), tuple(self.batch_inputs), self.results
        name = kept.name(graph, "steps", *asked, watch)
        self.recipe, self.code = kept.find(name, graph) or self.compiled(name)
        self.place = dict(zip(graph.inputs, self.recipe.inputs, strict=True))
        self.exchanged = list(self.recipe.exchanged)
        carried = {self.place[i]: graph.type(i).nbytes for i in self.carry}
        seconds = [carried[a] for a, _ in self.exchanged]
        starts, size = side_by_side([*(graph.type(i).nbytes for i in self.carry), *seconds])
        self.states, self.seconds = dict(zip(self.carry, starts, strict=False)), starts[len(self.carry) :]
        self.spare = Spare(size)  # for the state of a call, all of it in one block
        starts, self.room_bytes = side_by_side([self.recipe.arena, *(graph.type(i).nbytes for i in self.batch_inputs)])
        self.batches = dict(zip(self.batch_inputs, starts[1:], strict=True))
        self.alone = 0  # whether short steps were done alone in the end: the next call begins so
        self.rooms: list[Memory] = []  # for the arena and the minibatches of a call
        make_room(self.spare.size + self.room_bytes)
        self.call = interrupt.stopping(self.code.addresses["bl.steps"], ctypes.c_void_p, ctypes.c_int64)

    @property
    def made(self) -> tuple[Lowered, list[tuple[int, int]]]:
        """What is compiled, and the buffers that are exchanged after a step; where code was found, made when somebody asks."""
        return self.known or self.lower()

    @host.locked
    def lower(self) -> tuple[Lowered, list[tuple[int, int]]]:
        """Lower the step, unless another thread just has. Under our own lock, which a fork waits for."""
        if self.known is None:
            self.known = self.anew()
        return self.known

    def anew(self) -> tuple[Lowered, list[tuple[int, int]]]:
        """Return the step lowered, and the buffers that are exchanged after it."""
        from backlight.run.emit.aligned import aligned
        from backlight.run.emit.gathered import read_in_place
        from backlight.run.emit.sparse import leaving_out
        from backlight.run.lower.inner import handed_over
        from backlight.run.lower.lowering import lower

        graph = self.graph
        lowered = lower(graph, [*self.carry.values(), *self.results], self.watch)
        program = aligned(host.target(), leaving_out(host.target(), lowered.program))
        place = dict(zip(graph.inputs, program.inputs, strict=True))
        becomes = dict(zip(self.carry, program.outputs, strict=False))
        program, becoming = handed_over(program, [(place[i], becomes[i]) for i in self.carry])
        program = read_in_place(host.target(), program, {place[i]: (*graph.type(i).shape, 0)[0] for i in self.batch_inputs})
        return replace(lowered, program=program), [(a, b) for a, b in becoming.items() if a != b]

    def compiled(self, name: str | None) -> tuple[kept.Recipe, host.Loaded]:
        """Return what must be known of the program, and its code: lowered, written, compiled, kept."""
        from backlight.run.emit.code import Module
        from backlight.run.emit.program import define_pieces
        from backlight.run.emit.steps import define_steps

        lowered, exchanged = self.made
        module = Module(host.target())
        self.recipe = kept.recipe_of(lowered, lowered.program, ["bl.steps"], exchanged)
        pieces = define_pieces(module, lowered.program)
        if len(pieces) != 1 or pieces[0].symbol is None:
            raise InPiecesError
        define_steps(module, self.surroundings(), pieces[0].symbol)
        return self.recipe, kept.made(name, self.graph, self.recipe, module)

    @property
    def program(self) -> Program:
        """The instructions of one step."""
        return self.made[0].program

    @property
    def extra(self) -> int:
        """Where the table goes on after the buffers: for each minibatch, its data; then the order."""
        return RESERVED + self.recipe.places

    def room(self) -> Memory:
        """Return what a call needs only while it runs: what the last one left, unless another thread has taken it."""
        try:
            return self.rooms.pop()
        except IndexError:
            return memory(self.room_bytes)

    def surroundings(self) -> Steps:
        """Return what happens around a step."""
        from backlight.run.emit.gathered import Gather, settled
        from backlight.run.emit.program import short_work
        from backlight.run.emit.steps import TRIED_PART, Steps

        gathers, place = [], dict(zip(self.graph.inputs, self.recipe.inputs, strict=True))
        buffers = dict(zip(self.graph.inputs, self.program.inputs, strict=True))
        for k, number in enumerate(self.batch_inputs):
            type_ = self.graph.type(number)
            rows = type_.shape[0]
            gather = Gather(self.extra + k, self.extra + len(self.batch_inputs), place[number], rows, type_.nbytes // max(rows, 1))
            gathers.append(settled(host.target(), self.program, buffers[number], gather))
        stacked = self.recipe.outputs[len(self.carry):]
        advances = tuple((at, t.nbytes) for at, t in zip(stacked, self.stacked_types(), strict=True))
        short = short_work(host.target(), self.program)
        return Steps(tuple(gathers), self.recipe.exchanged, advances, self.recipe.work, short * TRIED_PART >= self.recipe.work)

    def stacked_types(self) -> list[Type]:
        """Return the types of what each step leaves: its results, and whether its checks held."""
        checks = len(self.recipe.outputs) - len(self.carry) - len(self.results)
        return [*map(self.graph.type, self.results), *[Type("bool", ())] * checks]

    def __call__(self, order: Any, **inputs: Any) -> tuple[dict[str, Any], tuple[Any, ...]]:
        """Make one step for each row of `order` (or as many steps as `order` says); return the state and the results."""
        count, rows = self.order(order)
        state, results, held = self.stepped(count, rows, inputs)
        self.look_again(np.flatnonzero(~held).tolist(), rows, inputs)
        return state, results

    def stepped(self, count: int, rows: Any, inputs: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[Any, ...], Any]:
        """Make so many steps; return the state, the results, and of which steps all checks held."""
        graph = self.graph
        table = np.zeros(self.extra + len(self.batch_inputs) + 1, np.int64)
        room = self.room()
        table[0], table[ASK] = room.address, interrupt.address()
        pool = threads.pool() if self.recipe.work > SHARED else None
        if pool is not None:
            table[1:3] = pool.share, pool.address
        alive: list[Any] = [room, rows]
        block = self.spare.take()
        state = {number: shown(block, at, graph.type(number)) for number, at in self.states.items()}
        for number in graph.inputs:
            type_ = graph.type(number)
            if number in self.batch_inputs:
                data = self.given(inputs, number, Type(type_.dtype, (-1, *type_.shape[1:])))
                table[self.extra + self.batch_inputs.index(number)] = data.ctypes.data
                table[self.place[number]] = room.address + self.batches[number]
                if rows is not None and rows.size and not (rows.min() >= 0 and rows.max() < len(data)):
                    name = graph.nodes[number].name
                    raise errors.ShapeError(f"steps: the order names row {rows.max()}, and {name!r} has {len(data)} rows")
                alive.append(data)
                continue
            array = self.given(inputs, number, type_)
            if number in self.carry:
                state[number][...] = array
                array = state[number]
            alive.append(array)
            table[self.place[number]] = array.ctypes.data
        others: dict[int, np.ndarray[Any, Any]] = {}
        for (a, b), at in zip(self.exchanged, self.seconds, strict=True):
            others[a] = shown(block, at, next(graph.type(n) for n in state if self.place[n] == a))
            table[b] = others[a].ctypes.data
        if rows is not None:
            table[-1] = rows.ctypes.data
        for place, array in self.recipe.constants:
            table[place] = array.ctypes.data
        stacked = []
        for place, type_ in zip(self.recipe.outputs[len(self.carry):], self.stacked_types(), strict=True):
            out = np.empty((count, *type_.shape), type_.dtype)
            stacked.append(out)
            table[place] = out.ctypes.data
        table[ALONE] = self.alone
        self.call(table.ctypes.data, count)
        self.alone = int(table[ALONE])
        self.rooms[:] = [room]
        held = np.ones(count, bool)
        for check in stacked[len(self.results):]:
            held &= check
        if count % 2:
            for n in state:
                state[n] = others.get(self.place[n], state[n])
        return {graph.nodes[n].name: v for n, v in state.items()}, tuple(stacked[: len(self.results)]), held

    def look_again(self, doubtful: Sequence[int], rows: Any, inputs: dict[str, Any]) -> None:
        """Raise what the reference machine says of the first of these steps that it finds wrong; others are made again."""
        state: dict[str, Any] = {}
        made = 0
        for at in doubtful:
            if at > made:
                between = None if rows is None else rows[made:at]
                state, _, _ = self.stepped(at - made, between, {**inputs, **state})
                made = at
            self.complain(at, rows, inputs, state)

    def complain(self, at: int, rows: Any, inputs: dict[str, Any], state: dict[str, Any]) -> None:
        """Raise what the reference machine says of a step that begins with this state."""
        values = {**inputs, **state}
        if rows is not None:
            values |= {name: np.asarray(inputs[name])[rows[at]] for name in self.batch}
        arrays = [self.given(values, i, self.graph.type(i)) for i in self.graph.inputs]
        try:
            complain(self.graph, [a if a.ndim else a[()] for a in arrays], self.watch)
        except errors.BacklightError as error:
            raise type(error)(f"steps: in step {at + 1}: {error}") from None

    def order(self, order: Any) -> tuple[int, Any]:
        """Return the number of steps, and the rows of each."""
        if not self.batch_inputs:
            return int(order), None
        rows = np.array(order, np.int64, order="C")  # a copy: what is checked stays what is used
        size = self.graph.type(self.batch_inputs[0]).shape[0]
        if rows.ndim != 2 or rows.shape[1] != size:
            raise errors.ShapeError(f"steps: the order must be (steps, {size}), and it is {rows.shape}")
        return len(rows), rows

    def given(self, inputs: Mapping[str, Any], number: int, type_: Type) -> np.ndarray[Any, Any]:
        """Return an input as a contiguous array of its type."""
        name = self.graph.nodes[number].name
        if name not in inputs:
            raise errors.InputError(f"no value for {name}: give one, as in {name}=…")
        array = np.ascontiguousarray(inputs[name], type_.dtype)
        array = array.reshape(np.shape(inputs[name]))
        fits = len(array.shape) == len(type_.shape) and all(n in {-1, m} for n, m in zip(type_.shape, array.shape, strict=True))
        if not fits:
            raise errors.ShapeError(f"steps: {name!r} must be {type_.shape}, and it is {array.shape}")
        return array

    def listing(self) -> str:
        """Return what one step does, instruction by instruction."""
        return listed(self.program, self.graph)

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node the instructions that compute it."""
        return self.made[0].where()


def shown(block: np.ndarray[Any, Any], start: int, type_: Type) -> np.ndarray[Any, Any]:
    """Return a piece of a block as an array."""
    return np.ndarray(type_.shape, type_.dtype, block, start)


def numbers(graph: Graph, names: Iterable[str]) -> list[int]:
    """Return the nodes of these names, as `graph.number` does, in one pass over the graph."""
    found: dict[str, list[int]] = {}
    for number, node in enumerate(graph.nodes[: graph.forward_count]):
        found.setdefault(node.name, []).append(number)
    return [found[name][0] if len(found.get(name, ())) == 1 else graph.number(name) for name in names]


def compile_steps(graph: Graph, carry: Mapping[str, int], batch: Sequence[str] = (), results: Sequence[int] = (),
                  watch: bool = False) -> ManySteps:
    """Return the typed graph of one step as a function of many.

    `carry` maps the name of an input to the node that becomes its value for the next step; `batch` names the inputs that
    are minibatches, gathered from larger arrays by the rows of `order`; `results` are nodes whose values of every step
    are returned, stacked. With `watch` a step with a number that is not finite is an error.
    """
    for source, (name, made) in zip(numbers(graph, carry), carry.items(), strict=True):
        if graph.type(source) is not graph.type(made):
            raise errors.ShapeError(
                f"steps: {name!r} is {graph.type(source)} {graph.type(source).shape}, and what "
                f"becomes of it is {graph.type(made)} {graph.type(made).shape}: a step must keep the type"
            )
    if host.present():
        try:
            with host.LOCK:
                return Looped(graph, carry, batch, results, watch)
        except InPiecesError:
            pass
    return Stepped(graph, carry, batch, results, watch)
