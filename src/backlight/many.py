"""One function for many at once: what is written for one example runs for a whole batch.

The function is traced for the first example, and its graph is written again with the batch as one more axis. Where Python
asked something of a value (`if x > 0`), each example answers for itself: those that answer as the first did go together,
the next one that does not is traced in its turn, until all are done. So branches, loops and `float()` work in a batch as
they do for one, at the price of one trace for each way through the function that is taken.
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
from .core.guard import ANSWERS, Guard
from .core.tape import Tape
from .core.tree import Nest, flatten
from .diff.batch import Many, batch, guarded
from .errors import GraphError, InputError, ShapeError
from .read.python import as_array, enclosed, is_number, names_of, open_tape

__all__ = ["vmap"]

Axes = Any  # a whole number, None, or a nest of them like the arguments


@dataclass(frozen=True, slots=True)
class Mapped:
    """One leaf of the arguments: its name, the leaf, and the axis of it that is the batch (None: the same for all)."""

    name: str
    leaf: Any
    axis: int | None


def vmap(
    function: Callable[..., Any], in_axes: Axes = 0, out_axes: Axes = 0, *, axis_size: int | None = None
) -> Callable[..., Any]:
    """A function that does for every slice of its arguments what `function` does for one, and stacks the results.

    `in_axes` says which axis of the arguments is the batch: a whole number for all, or a tuple with one entry for each
    argument, where None means the same for all slices; an entry may be nested like the argument. Arguments given by name
    are taken along their first axis. `out_axes` says where the axis of the batch is in the results; None for a result that
    is the same for all. `axis_size` is the size of the batch, needed only where no argument has it.
    A branch that depends on a slice is taken by each as it should be.
    Raises: InputError for axes that do not fit the arguments; ShapeError where their sizes differ.

    >>> import numpy
    >>> vmap(lambda x, y: x * y + 1.0)(numpy.array([1.0, 2.0]), numpy.array([10.0, 20.0])).tolist()
    [11.0, 41.0]
    >>> vmap(bl.grad(lambda x: x**3))(numpy.array([1.0, 2.0])).tolist()
    [3.0, 12.0]
    """
    if not callable(function):
        raise InputError(f"vmap: needs a function, and got {type(function).__name__}")

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        leaves, nests = taken(function, args, named, in_axes)
        n = size_of(leaves, axis_size)
        tape = open_tape()
        whole = [first_axis(tape, m) if m.axis is not None else m.leaf for m in leaves]

        def one(k: int) -> Way:
            return way(function, len(args), list(named), nests, leaves, whole, k if n else None)

        first = one(0)
        rows, nest, flags = joined(first, one, leaves, whole, n, tape)
        return nest.around(placed(rows, flags, spread_axes(out_axes, nest, "out_axes", "result"), n, tape))

    return call


# -- what is mapped ---------------------------------------------------------------------------------------------------
def taken(function: Any, args: Sequence[Any], named: dict[str, Any], in_axes: Axes) -> tuple[list[Mapped], list[Nest]]:
    """All leaves of the arguments with their axes, and how each argument is nested."""
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise InputError(f"vmap: in_axes has {len(in_axes)} entries, and the function was called with {len(args)} arguments")
    given = in_axes if isinstance(in_axes, tuple) else (in_axes,) * len(args)
    leaves: list[Mapped] = []
    nests = []
    names, values = [*names_of(function, args), *named], [*args, *named.values()]
    for name, arg, axes in zip(names, values, [*given, *[0] * len(named)], strict=True):
        found, nest = flatten(arg, name)
        nests.append(nest)
        for (leaf_name, leaf), axis in zip(found, spread_axes(axes, nest, "in_axes", name), strict=True):
            leaves.append(Mapped(leaf_name, leaf, axis_of(leaf_name, leaf, axis)))
    return leaves, nests


def spread_axes(axes: Axes, nest: Nest, word: str, name: str) -> list[int | None]:
    """An axis for each leaf: one for all, or nested like the argument, where one entry may stand for all below it."""
    if axes is None or isinstance(axes, (int, np.integer)):
        return [None if axes is None else int(axes)] * nest.count
    marks = nest.around(list(range(nest.count)))
    found: list[int | None] = [None] * nest.count

    def fill(axes: Any, part: Any) -> None:
        if axes is None or isinstance(axes, (int, np.integer)):
            for _, k in flatten(part)[0]:
                found[k] = None if axes is None else int(axes)
        elif isinstance(axes, dict) and isinstance(part, dict) and set(axes) == set(part):
            for key in part:
                fill(axes[key], part[key])
        elif isinstance(axes, (list, tuple)) and isinstance(part, (list, tuple)) and len(axes) == len(part):
            for a, p in zip(axes, part, strict=True):
                fill(a, p)
        elif type(axes) is type(part) and hasattr(axes, "__dataclass_fields__"):
            for field in axes.__dataclass_fields__:
                fill(getattr(axes, field), getattr(part, field))
        else:
            raise InputError(f"vmap: {word} for {name} is {axes!r:.60}: give a whole number, None, or a nest of them like it")

    fill(axes, marks)
    return found


def axis_of(name: str, leaf: Any, axis: int | None) -> int | None:
    """The axis from 0, where the leaf has it; a leaf that is no number is the same for all."""
    if axis is None or not (is_number(leaf) or isinstance(leaf, (bool, np.bool_))):
        return None
    shape = shape_of(leaf)
    if not -len(shape) <= axis < len(shape):
        raise InputError(f"vmap: {name} has shape {shape} and no axis {axis}: give None in in_axes where it is the same for all")
    return axis % len(shape)


def shape_of(leaf: Any) -> tuple[int, ...]:
    return leaf.shape if isinstance(leaf, Array) else np.shape(leaf)


def size_of(leaves: Sequence[Mapped], given: int | None) -> int:
    sizes = {m.name: shape_of(m.leaf)[m.axis] for m in leaves if m.axis is not None}
    if not sizes and given is None:
        raise InputError("vmap: no argument is mapped: give one an axis in in_axes, or the size of the batch as axis_size")
    wanted = next(iter(sizes.values())) if given is None else given
    if any(size != wanted for size in sizes.values()):
        words = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        asked = f", and axis_size is {given}" if given is not None else ""
        raise ShapeError(f"vmap: the sizes of the batch differ: {words}{asked}")
    return int(wanted)


def first_axis(tape: Tape | None, m: Mapped) -> Any:
    """A mapped leaf with the batch first: an array of the open tape, or a plain value."""
    if isinstance(m.leaf, Array) and m.leaf.tape is not None:
        assert tape is not None
        x = tape.hold(m.leaf)
        return ops.moveaxis(x, source=m.axis, destination=0) if m.axis else x
    return np.moveaxis(np.asarray(as_value(m.leaf)), m.axis, 0)  # type: ignore[arg-type]


# -- one way through the function -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Way:
    """The function as it runs for one slice: its graph, which nodes are the mapped leaves, what it took from outside."""

    graph: Graph
    inputs: tuple[int, ...]
    held: dict[int, Array]
    result: Nest


def way(
    function: Any,
    count: int,
    names: Sequence[str],
    nests: Sequence[Nest],
    leaves: Sequence[Mapped],
    whole: Sequence[Any],
    k: int | None,
) -> Way:
    """Trace the function for slice k; for zeros where there is none."""
    with enclosed() as tape:
        given: list[Any] = []
        for m, x in zip(leaves, whole, strict=True):
            if m.axis is None:
                given.append(m.leaf)
                continue
            value = as_value(x)
            slice_ = value[k] if k is not None else np.zeros(value.shape[1:], value.dtype)[()]
            given.append(tape.input(m.name, slice_))
        inputs = tuple(x.number for m, x in zip(leaves, given, strict=True) if m.axis is not None)
        found = iter(given)
        args = [nest.around([next(found) for _ in range(nest.count)]) for nest in nests]
        result = function(*args[:count], **dict(zip(names, args[count:], strict=True)))
        outs, nest = flatten(result)
        numbers = [as_array(tape, name, leaf).number for name, leaf in outs]
    parent = tape.parent
    held = {} if parent is None else {inner: parent.handle(outer) for outer, inner in tape.held.items()}
    graph = Graph(tuple(tape.nodes), (*inputs, *held), tuple(numbers), guards=tuple(tape.guards))
    return Way(graph, inputs, held, nest)


def run_way(way: Way, wanted: Sequence[int], given: Sequence[Any], n: int, tape: Tape | None) -> list[Many]:
    """Nodes of a way for a batch whose mapped leaves are given: written on the tape, or computed where there is none."""
    known = {i: Many(given_as(x, tape), True) for i, x in zip(way.inputs, given, strict=True)}
    for inner, outer in way.held.items():
        known[inner] = Many(outer if tape is not None else Array(None, -1, outer.value), False)
    found = batch(way.graph, n, known, wanted, tape)
    return [found[i] for i in wanted]


def given_as(x: Any, tape: Tape | None) -> Array:
    if tape is None:
        return Array(None, -1, as_value(x))
    return x if isinstance(x, Array) else tape.constant(x)


# -- all ways together ------------------------------------------------------------------------------------------------
def joined(
    first: Way, one: Callable[[int], Way], leaves: Sequence[Mapped], whole: Sequence[Any], n: int, tape: Tape | None
) -> tuple[list[Any], Nest, list[bool]]:
    """Every result for the whole batch, and whether it has the axis of the batch."""
    given = [x for m, x in zip(leaves, whole, strict=True) if m.axis is not None]
    left = np.arange(n)
    groups: list[tuple[Way, Any]] = []
    way = first
    while True:
        agree = agreeing(way, given, left)
        groups.append((way, left[agree]))
        left = left[~agree]
        if not left.size:
            break
        way = one(int(left[0]))
    if len(groups) == 1:
        guard_all(first, given, n, tape)
        many = run_way(first, first.graph.outputs, given, n, tape)
        return [m.array for m in many], first.result, [m.mapped for m in many]
    parts: list[list[Any]] = []
    for way, chosen in groups:
        picked = [ops.gather(x, chosen) if isinstance(x, Array) else x[chosen] for x in given]
        guard_all(way, picked, chosen.size, tape)
        if len(way.graph.outputs) != first.result.count:
            raise GraphError(
                f"vmap: slice 0 returns {first.result.count} arrays and slice {chosen[0]} returns {len(way.graph.outputs)}: "
                "every branch must return as many"
            )
        parts.append([ops_covered(m, chosen.size) for m in run_way(way, way.graph.outputs, picked, chosen.size, tape)])
    back = np.argsort(np.concatenate([chosen for _, chosen in groups]))
    rows = []
    for k, pieces in enumerate(zip(*parts, strict=True)):
        shapes = {p.shape[1:] for p in pieces}
        if len(shapes) > 1:
            raise ShapeError(f"vmap: result {k} has another shape for some slices: {', '.join(map(str, sorted(shapes)))}")
        rows.append(ops.gather(ops.concat(*pieces), back))
    return rows, first.result, [True] * len(rows)


def ops_covered(m: Many, n: int) -> Array:
    return m.array if m.mapped else ops.broadcast_to(m.array, shape=(n, *m.array.shape))


def agreeing(way: Way, given: Sequence[Any], left: Any) -> Any:
    """Which of the slices that are left answer every question as the traced one did."""
    agree = np.ones(left.size, bool)
    if not way.graph.guards or not left.size:
        return agree
    plain = [np.asarray(as_value(x))[left] for x in given]
    found = run_way(way, [g.node for g in way.graph.guards], plain, left.size, None)
    for guard, many in zip(way.graph.guards, found, strict=True):
        if many.mapped:
            agree &= same(guard, np.asarray(many.array.value))
    agree[0] = True  # the slice that was traced
    return agree


def same(guard: Guard, values: Any) -> Any:
    """Where a value answers as the guard says."""
    answers = [ANSWERS[guard.kind](v) for v in values]
    return np.array([a == guard.answer or (a != a and guard.answer != guard.answer) for a in answers], bool)


def guard_all(way: Way, given: Sequence[Any], n: int, tape: Tape | None) -> None:
    """On the tape around, one question for each that was asked inside: do all slices still answer alike?"""
    if tape is None or tape.values is None or not way.graph.guards:
        return
    wanted = [guard.node for guard in way.graph.guards]
    guarded(tape, way.graph.guards, dict(zip(wanted, run_way(way, wanted, given, n, tape), strict=True)))


def placed(rows: Sequence[Any], flags: Sequence[bool], axes: Sequence[int | None], n: int, tape: Tape | None) -> list[Any]:
    """The results with the axis of the batch where it is wanted."""
    found = []
    for k, (x, mapped, axis) in enumerate(zip(rows, flags, axes, strict=True)):
        if axis is None:
            if mapped:
                raise InputError(f"vmap: out_axes is None for result {k}, and it is not the same for all slices: give an axis")
        else:
            x = x if mapped else ops.broadcast_to(x, shape=(n, *x.shape))
            if not -x.ndim <= axis < x.ndim:
                raise InputError(f"vmap: result {k} has {x.ndim} axes with that of the batch, and out_axes is {axis}")
            x = ops.moveaxis(x, source=0, destination=axis) if axis % x.ndim else x
        found.append(x.value if tape is None else x)
    return found
