"""Choices and loops as single nodes, and blocks whose inside is forgotten.

A Python `if` or `for` is traced as it runs: the branch that was taken, every step written out. Where the branch should be
part of the graph, or a loop is long, these put the graph of the branch or of one step inside a node. They take and return
nested dicts, lists, tuples and dataclasses, may use values from around them, and work outside of a trace as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np

from . import ops
from .core.array import Array, as_value
from .core.graph import Graph
from .core.play import replayed
from .core.tape import Tape
from .core.tree import Nest, flatten
from .core.types import Type
from .diff.control import keeping
from .errors import InputError, ShapeError
from .read.python import as_array, enclosed, is_number, names_of, open_tape

__all__ = ["checkpoint", "cond", "scan", "while_loop"]


@dataclass(frozen=True, slots=True)
class Inner:
    """A function traced on its own: its graph (operands first, then what it took from outside), and how its result is nested."""

    graph: Graph
    held: tuple[Array, ...]
    names: tuple[str, ...]
    result: Nest

    def types(self) -> list[Type]:
        return [self.graph.type(i) for i in self.graph.outputs]


def is_leaf(x: Any) -> bool:
    return is_number(x) or isinstance(x, (bool, np.bool_))


def inner(function: Callable[..., Any], names: Sequence[str], values: Sequence[Any], nests: Sequence[Nest]) -> Inner:
    """Trace a function of nested operands, whose leaves have these names and values."""
    with enclosed() as tape:
        ins = iter([tape.input(name, value) for name, value in zip(names, values, strict=True)])
        result = function(*[nest.around([next(ins) for _ in range(nest.count)]) for nest in nests])
        found, nest = flatten(result)
        outs = [as_array(tape, name, leaf).number for name, leaf in found]
    held = () if tape.parent is None else tuple(tape.parent.handle(number) for number in tape.held)
    graph = Graph(tuple(tape.nodes), (*tape.inputs, *tape.held.values()), tuple(outs), guards=tuple(tape.guards))
    return Inner(graph, held, tuple(name for name, _ in found), nest)


def leaves(value: Any, name: str, op: str) -> tuple[list[str], list[Any], Nest]:
    """The numbers of a nested operand with their names; they stay arrays where they are arrays."""
    found, nest = flatten(value, name)
    for leaf_name, leaf in found:
        if not is_leaf(leaf):
            found_kind = f"{type(leaf).__name__} {leaf!r:.40}"
            raise InputError(f"{op}: {leaf_name} is {found_kind}, and numbers are needed: take it from outside")
    return [n for n, _ in found], [x if remembers(x) else as_value(x) for _, x in found], nest


def remembers(x: Any) -> bool:
    return isinstance(x, Array) and x.tape is not None


def typed(x: Any) -> Type:
    return x.type if isinstance(x, Array) else Type(x.dtype, x.shape)


def operand(tape: Tape | None, x: Any) -> Any:
    """An operand of the node: an array of the open tape, or a value where none is open."""
    if tape is None:
        return Array(None, -1, as_value(x))
    return tape.hold(x) if isinstance(x, Array) else tape.constant(x)


def results(found: Any, count: int, tape: Tape | None) -> list[Any]:
    """The first results of a node, as arrays inside a trace and as plain values outside."""
    several = list(found) if isinstance(found, tuple) else [found]
    return [x if tape is not None else x.value for x in several[:count]]


def with_held(graph: Graph, own: Sequence[Array], held: Sequence[Array]) -> Graph:
    """The graph with inputs for all of `held`, of which it takes `own`."""
    tape = Tape()
    tape.nodes = list(graph.nodes)
    count = len(graph.inputs) - len(own)
    have = {x.number: number for x, number in zip(own, graph.inputs[count:], strict=True)}
    more = [have[x.number] if x.number in have else tape.input(f"outer.{x.number}", type=x.type).number for x in held]
    return graph.with_(nodes=tuple(tape.nodes), inputs=(*graph.inputs[:count], *more))


def joined(*several: Sequence[Array]) -> tuple[Array, ...]:
    """What any of the functions took from outside, each once."""
    return tuple({x.number: x for held in several for x in held}.values())


# -- choices ----------------------------------------------------------------------------------------------------------
def cond(p: Any, yes: Callable[..., Any], no: Callable[..., Any], *operands: Any) -> Any:
    """What `yes(*operands)` returns where `p` holds, else what `no(*operands)` returns: one node that holds both graphs.

    A Python `if` does as well where only the branch that is taken matters. With `cond` both are in the graph, and a compiled
    function or a batch chooses anew each time. Both must return the same types, nested alike; a branch may be a constant
    function and may use values from outside. `p` is one truth value or number.
    Raises: ShapeError where the branches differ; InputError for operands that are no numbers.

    >>> float(cond(True, lambda x: x * 2.0, lambda x: -x, 3.0))
    6.0
    >>> bl.grad(lambda x: cond(x > 0.0, lambda x: x * x, lambda x: -x, x))(3.0)
    np.float64(6.0)
    """
    tape = open_tape()
    names, values, nests = [], [], []
    for name, x in zip(names_of(yes, operands), operands, strict=True):
        n, v, nest = leaves(x, name, "cond")
        names += n
        values += v
        nests.append(nest)
    plain = [as_value(v) for v in values]
    a, b = inner(yes, names, plain, nests), inner(no, names, plain, nests)
    if a.names != b.names:
        raise ShapeError(f"cond: both branches must return the same nest, and they return {shown(a.names)} and {shown(b.names)}")
    held = joined(a.held, b.held)
    first, second = with_held(a.graph, a.held, held), with_held(b.graph, b.held, held)
    first, second = alike(first, second)
    question = operand(tape, p if isinstance(p, Array) else as_value(p))
    if question.dtype.kind != "b":
        question = ops.not_equal(question, 0)
    found = ops.cond(question, *[operand(tape, v) for v in values], *held, yes=first, no=second) if first.outputs else ()
    return a.result.around(results(found, len(first.outputs), tape))


def shown(names: Sequence[str]) -> str:
    return ", ".join(name or "one array" for name in names) or "nothing"


def alike(a: Graph, b: Graph) -> tuple[Graph, Graph]:
    """Two graphs whose outputs have the same dtypes: the smaller kind of number is cast, as NumPy would."""
    kinds = [np.result_type(a.type(i).dtype, b.type(j).dtype) for i, j in zip(a.outputs, b.outputs, strict=True)]
    return cast_outputs(a, kinds), cast_outputs(b, kinds)


def cast_outputs(graph: Graph, kinds: Sequence[Any]) -> Graph:
    if all(graph.type(i).dtype == kind for i, kind in zip(graph.outputs, kinds, strict=True)):
        return graph
    tape = Tape()
    tape.nodes = list(graph.nodes)
    outs = []
    for i, kind in zip(graph.outputs, kinds, strict=True):
        x = tape.handle(i)
        outs.append(i if x.dtype == kind else ops.cast(x, dtype=kind.name).number)
    return graph.with_(nodes=tuple(tape.nodes), outputs=tuple(outs))


# -- loops ------------------------------------------------------------------------------------------------------------
def carried(op: str, step: Callable[[list[Any]], Inner], names: Sequence[str], values: list[Any]) -> Inner:
    """The step traced so that what it carries keeps its type: numbers that it makes floats begin as floats."""
    for _ in range(3):
        made = step([as_value(v) for v in values])
        if made.names[: len(names)] != tuple(names):
            raise ShapeError(
                f"{op}: what is carried must stay nested alike, "
                f"and it goes from {shown(names)} to {shown(made.names[: len(names)])}"
            )
        changed = False
        for k, (name, after) in enumerate(zip(names, made.types(), strict=False)):
            before = typed(values[k])
            if before is after:
                continue
            common = np.result_type(before.dtype, after.dtype)
            if before.shape != after.shape or common == before.dtype:
                raise ShapeError(
                    f"{op}: what is carried must keep its type, and {name or 'it'} goes from {before} {before.shape} "
                    f"to {after} {after.shape}"
                )
            x = values[k]
            values[k] = ops.cast(x, dtype=common.name) if isinstance(x, Array) else x.astype(common)[()]
            changed = True
        if not changed:
            return made
    raise ShapeError(f"{op}: what is carried changes its type at every step")


def scan(
    step: Callable[[Any, Any], Any], init: Any, xs: Any = None, length: int | None = None, *, reverse: bool = False
) -> tuple[Any, Any]:
    """What is carried after the last step, and what each step kept, stacked: a loop as one node that holds the graph of a step.

    `step(carry, x)` returns the next carry and what to keep (None for nothing); `xs` is a nest of arrays, of which each step
    gets a slice along the first axis; without it `length` is the number of steps. With `reverse` the slices are taken from
    the last to the first. Going back carries the gradient from step to step, so memory grows with the number of steps, and
    not with what happens in one. Raises: ShapeError where what is carried changes its type, or lengths differ.

    >>> total, running = scan(lambda c, x: (c + x, c + x), 0.0, [1.0, 2.0, 4.0])
    >>> float(total), running.tolist()
    (7.0, [1.0, 3.0, 7.0])
    >>> bl.grad(lambda r: scan(lambda c, _: (r * c, None), 1.0, length=5)[0])(2.0)
    np.float64(80.0)
    """
    tape = open_tape()
    names, values, nest = leaves(init, "carry", "scan")
    slice_names, sequences, slices = leaves(xs if not isinstance(xs, list) else np.asarray(xs) if flat(xs) else xs, "x", "scan")
    count = steps_of(slice_names, sequences, length)
    first = [np.asarray(as_value(s)) for s in sequences]
    at = [s[-1 if reverse else 0] if count else np.zeros(s.shape[1:], s.dtype)[()] for s in first]

    def once(carry: Any, x: Any) -> tuple[Any, Any]:
        found = step(carry, x)
        if not isinstance(found, tuple) or len(found) != 2:
            raise InputError(f"scan: the step must return the next carry and what to keep, and it returned {type(found).__name__}")
        return found

    def traced(start: list[Any]) -> Inner:
        return inner(lambda c, x: named_pair(*once(c, x)), [*names, *slice_names], [*start, *at], [nest, slices])

    made = carried("scan", traced, names, values)
    body = made.graph
    if tape is not None:
        body = keeping(body, len(values))
    body = reordered(body, len(values), len(sequences), len(made.held))
    outs = len(made.graph.outputs)
    found = ops.scan(
        *[operand(tape, v) for v in values], *made.held, *[operand(tape, s) for s in sequences],
        body=body, carries=len(values), fixed=len(made.held), length=count, reverse=reverse,
    ) if body.outputs else ()  # fmt: skip
    carry, kept = made.result.around(results(found, outs, tape)).values()
    return carry, kept


def named_pair(carry: Any, kept: Any) -> dict[str, Any]:
    return {"carry": carry, "kept": kept}


def flat(xs: list[Any]) -> bool:
    """Whether a list holds numbers and not arrays: then it is one sequence."""
    return all(isinstance(x, (int, float, complex, bool)) for x in xs)


def steps_of(names: Sequence[str], sequences: Sequence[Any], length: int | None) -> int:
    sizes = {}
    for name, s in zip(names, sequences, strict=True):
        if not s.shape:
            raise ShapeError(f"scan: {name} has no axis to take slices of: it is {typed(s)} ()")
        sizes[name] = s.shape[0]
    if not sizes and length is None:
        raise InputError("scan: how many steps? give xs, or length")
    wanted = next(iter(sizes.values())) if length is None else length
    if any(size != wanted for size in sizes.values()):
        words = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        asked = f", and length is {length}" if length is not None else ""
        raise ShapeError(f"scan: the numbers of steps differ: {words}{asked}")
    return int(wanted)


def reordered(graph: Graph, carries: int, slices: int, held: int) -> Graph:
    """The inputs in the order of the row: what is carried, what stays fixed, the slices."""
    ins = graph.inputs
    return graph.with_(inputs=(*ins[:carries], *ins[carries + slices :], *ins[carries : carries + slices]))


def while_loop(test: Callable[[Any], Any], step: Callable[[Any], Any], init: Any) -> Any:
    """What is carried when `test(carry)` no longer holds, after `carry = step(carry)` again and again: one node.

    Forward mode goes along with the loop. Reverse mode goes back as many steps as the loop takes, whatever their number is when
    the derivative runs: of other inputs, of each in a batch, of a graph from a file.
    Raises: ShapeError where what is carried changes its type; InputError for what is no number.

    >>> float(while_loop(lambda x: x < 100.0, lambda x: x * 3.0, 2.0))
    162.0
    >>> bl.grad(lambda x: while_loop(lambda c: c < 100.0, lambda c: c * x, x))(3.0)
    np.float64(405.0)
    """
    tape = open_tape()
    names, values, nest = leaves(init, "carry", "while_loop")

    def traced(start: list[Any]) -> Inner:
        return inner(lambda c: {"carry": step(c)}, names, start, [nest])

    made = carried("while_loop", traced, names, values)
    asked = inner(test, names, [as_value(v) for v in values], [nest])
    if len(asked.graph.outputs) != 1:
        raise InputError(f"while_loop: the test must return one truth value, and it returned {len(asked.graph.outputs)} arrays")
    held = joined(made.held, asked.held)
    body, question = with_held(made.graph, made.held, held), with_held(asked.graph, asked.held, held)
    found = ops.while_loop(*[operand(tape, v) for v in values], *held, test=question, body=body, carries=len(values))
    if tape is not None:  # the graph remembers how many steps it took, for machines that write its derivative out
        number = tape.nodes[found[-1].number].inputs[0]
        node = tape.nodes[number]
        tape.nodes[number] = node._replace(attrs=tuple(sorted({**dict(node.attrs), "steps": int(found[-1].value)}.items())))
    return made.result.around(results(found, len(values), tape))["carry"]


# -- blocks -----------------------------------------------------------------------------------------------------------
def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, of whose values inside nothing is kept: a derivative computes them again.

    Its arguments and results stay; what is between is one node of the graph, which can be opened. For deep computations whose
    intermediate values would not fit into memory: a block costs its forward pass twice.

    >>> bl.grad(lambda x: checkpoint(lambda y: y * y * y)(x))(2.0)
    np.float64(12.0)
    """

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        tape = open_tape()
        if tape is None:
            return function(*args, **named)
        names: list[str] = []
        values: list[Any] = []
        nests: list[Nest] = []
        kept: list[list[tuple[bool, Any]]] = []
        for name, arg in zip([*names_of(function, args), *named], [*args, *named.values()], strict=True):
            found, nest = flatten(arg, name)
            nests.append(nest)
            kept.append([(is_number(leaf), leaf) for _, leaf in found])
            names += [n for n, leaf in found if is_number(leaf)]
            values += [leaf if remembers(leaf) else as_value(leaf) for _, leaf in found if is_number(leaf)]

        def whole(*ins: Any) -> Any:
            rest = iter(ins)
            given = []
            for nest, parts in zip(nests, kept, strict=True):
                given.append(nest.around([next(rest) if number else leaf for number, leaf in parts]))
            return function(*given[: len(args)], **dict(zip(named, given[len(args) :], strict=True)))

        one = flatten(0.0)[1]
        made = inner(whole, names, [as_value(v) for v in values], [one] * len(values))
        if not made.graph.outputs:
            return made.result.around([])
        operands = [*[operand(tape, v) for v in values], *made.held]
        label = getattr(function, "__name__", "block")
        if not operands:
            return made.result.around(replayed(tape, made.graph, []))
        block = ops.block(*operands, body=made.graph, label="" if label == "<lambda>" else label)
        return made.result.around(results(block, len(made.graph.outputs), tape))

    return call
