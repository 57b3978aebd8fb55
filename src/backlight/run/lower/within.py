"""A graph inside a node, written as a program of its own: its inputs, its outputs, its arena, and no more.

What a step computes from nothing that changes is computed once, outside; constants come in as operands too. Questions that
Python asked when a graph was traced are checks: answered otherwise, the whole run fails, and the reference machine says what
it says. A graph with an operation that only the reference machine knows is left to it, whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backlight.core.graph import Graph, Node, live_nodes
from backlight.core.types import Type
from backlight.run.lower.fuse import fuse
from backlight.run.lower.items import KINDS, Item, Unplaced
from backlight.run.lower.memory import plan
from backlight.run.lower.program import Choose, Inner, Instruction, Program
from backlight.run.lower.translate import NAMES, Translation, UnableError, read_results
from backlight.run.lower.views import Shape

__all__ = ["Operands", "Written", "added", "either", "types_of", "written"]

operand, result, scratch = Unplaced.operand, Unplaced.result, Unplaced.scratch


class Operands:
    """What an item of a graph inside a node reads: what changes with each step first, then what is needed besides."""

    def __init__(self, t: Translation, inputs: Sequence[int]) -> None:
        self.t = t
        self.numbers = [t.plain(i) for i in inputs]

    def add(self, number: int) -> int:
        """Return which operand an item is, added at the end unless it is there."""
        plain = self.t.plain(number)
        if plain not in self.numbers:
            self.numbers.append(plain)
        return self.numbers.index(plain)


def types_of(graph: Graph) -> tuple[list[Type], list[Type]]:
    """Return the types of inputs and outputs; all of kinds that loops know, and none without numbers."""
    found = [graph.type(i) for i in graph.inputs], [graph.type(i) for i in graph.outputs]
    if any(t.dtype.name not in KINDS or not t.size for types in found for t in types):
        raise UnableError
    return found


@dataclass(frozen=True, slots=True)
class Written:
    """The program of a graph inside a node, fused and not planned yet: the buffers of its inputs that change and of its
    outputs (checks after them), and pairs (operand, buffer) for what comes from outside and stays the same."""

    program: Program
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    given: tuple[tuple[int, int], ...]


def written(operands: Operands, graph: Graph, still: dict[int, Any]) -> Written:
    """Return the program of a graph inside a node; `still` are its inputs that do not change, and the items they are outside."""
    t, b = operands.t, Translation()
    changes = [i for i in graph.inputs if i not in still]
    found: dict[int, Any] = {}
    given: list[tuple[int, int]] = []  # operand, item inside
    for number in changes:
        b.origin = number
        found[number] = b.input(graph.type(number))

    def inside(number: int) -> Any:
        """Return the item inside of a node that is a constant, or computed outside."""
        if number not in found:
            b.origin = number
            node = graph.nodes[number]
            constant = node.op.name == "const"
            found[number] = b.leaf_or_node(node, found, graph.nodes) if constant else lifted(still[number])
        return found[number]

    def lifted(outer: Any) -> Any:
        if not isinstance(outer, int):
            return [lifted(x) for x in outer]
        item = t.items.all[outer]
        if item.form == "uniform":
            return b.items.uniform(item.detail, item.kind, item.shape, b.origin)
        if item.kind == "i8" or not item.size:
            raise UnableError
        number = b.items.add(Item("source", "input", (), item.kind, item.shape, b.origin))
        given.append((operands.add(outer), number))
        return number

    live = live_nodes(graph, [*graph.outputs, *[guard.node for guard in graph.guards]])
    read = read_results(graph, graph.outputs, live)
    moving = set(changes)
    for number, node in enumerate(graph.nodes):
        if not live[number] or number in graph.inputs or node.op.name == "const":
            continue
        if moving.isdisjoint(node.inputs):
            still[number] = outer_node(t, node, graph, still)
            continue
        moving.add(number)
        operands_inside = [inside(i) for i in node.inputs]
        b.origin = number
        found[number] = b.node(node, operands_inside, [graph.nodes[i].type for i in node.inputs], read.get(number))
    if any(item.form == "call" for item in b.items.all):
        raise UnableError
    for guard in graph.guards:
        where, number = (b, found[guard.node]) if guard.node in moving else (t, still[guard.node])
        where.checks.append(answered(where, number, graph.type(guard.node), guard.kind, guard.answer))
    results = [*[inside(i) for i in graph.outputs], *dict.fromkeys(b.checks)]
    ins = [*[found[i] for i in changes], *[number for _, number in given]]
    program, buffers = fuse(b.items, ins, results, list(b.arrays))
    for number, array in b.arrays.items():
        item = b.items.all[number]
        source = t.items.add(Item("source", "const", (), item.kind, item.shape, t.origin))
        t.arrays[source] = array
        given.append((operands.add(source), number))
    pairs = tuple((operand(o), buffers[number]) for o, number in given)
    return Written(program, tuple(buffers[found[i]] for i in changes), program.outputs, pairs)


def outer_node(t: Translation, node: Node, graph: Graph, still: dict[int, Any]) -> Any:
    """Return the item outside of a node that depends on nothing that changes."""
    for i in node.inputs:
        if i not in still:  # a constant
            still[i] = t.leaf_or_node(graph.nodes[i], still, graph.nodes)
    return t.node(node, [still[i] for i in node.inputs], [graph.nodes[i].type for i in node.inputs])


def answered(t: Translation, number: int, type_: Type, kind: str, answer: Any) -> int:
    """Return the item that says whether a question is answered as it was when the graph was traced."""
    if type_.size != 1 or kind not in {"bool", "int", "float"} or isinstance(answer, complex):
        raise UnableError
    items = t.items
    number = items.reshape(number, (), t.origin)
    of = items.all[number].kind

    def compared(op: str, value: float) -> int:
        return items.point(op, [number, items.uniform(value, of, (), t.origin)], "i1", (), t.origin)

    if kind == "bool":
        if of == "i1":
            return number if answer else items.point("logical_not", [number], "i1", (), t.origin)
        return compared("not_equal" if answer else "equal", np.dtype(NAMES[of]).type(0).item())
    if of == "i1" or answer != answer or abs(answer) > LARGEST:
        raise UnableError
    if kind == "int" and of in {"float", "double"}:
        number = items.point("trunc", [number], of, (), t.origin)
    return compared("equal", np.dtype(NAMES[of]).type(answer).item())


LARGEST = 1 << 53  # whole numbers up to which doubles know them all


def added(operands: Operands, op: str, instruction: Instruction, types: Sequence[Type], held: int | None,
          rooms: Sequence[int]) -> list[int]:
    """Return the items of all results of a graph inside a node; `held` is the place of the last one, if there are checks."""
    t = operands.t
    results = [(KINDS[x.dtype.name], x.shape) for x in types] + [("i1", ())] * (held is not None)
    detail = Unplaced(instruction, len(results), tuple(("i8", max(size, 1)) for size in rooms))
    (kind, shape), *rest = results
    head = t.items.add(Item("inner", op, tuple(operands.numbers), kind, shape, t.origin, detail))
    found = [head, *[t.items.add(Item("part", op, (head,), kind, shape, t.origin, detail)) for kind, shape in rest]]
    if held is not None:
        t.checks.append(found.pop())
    return found


def either(t: Translation, op: str, question: int, inputs: Sequence[int], kind: str, shape: Shape,
           ways: Sequence[Callable[..., int]]) -> int:
    """Return the item that one of two ways computes from the same operands: each writes its items, `way(translation, *inputs)`."""
    operands = Operands(t, [question, *inputs])
    branches = []
    for way in ways:
        b = Translation(origin=t.origin)
        ins = [b.items.add(Item("source", "input", (), of.kind, of.shape, t.origin, k))
               for k, of in enumerate(t.items.all[i] for i in inputs)]
        program, buffers = fuse(b.items, ins, [way(b, *ins)], [])
        assert not b.arrays
        program = plan(program)
        given = tuple((operand(k + 1), buffers[number]) for k, number in enumerate(ins))
        branches.append(Inner(program, given, ((program.outputs[0], result(0)),)))
    choose = Choose(operand(0), tuple(branches), None, scratch(0), (t.origin,))
    rooms = (("i8", max(1, *[branch.program.arena for branch in branches])),)
    return t.items.add(Item("inner", op, tuple(operands.numbers), kind, shape, t.origin, Unplaced(choose, 1, rooms)))
