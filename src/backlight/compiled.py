"""Functions and graphs compiled for this processor.

A Python function is traced at its first call, with its values, and what it did is compiled: from then on the same types
of arguments run without Python. What Python asked of a value on the way (`if x > 0`) was written down as a guard; every
compiled call computes the answers too, and where one is another, the function is traced again and that way is kept as
well. So a compiled function takes the branches that the function would take.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from .core.array import Guard, as_value
from .core.graph import Graph
from .core.play import ANSWERS
from .core.tree import Nest, flatten
from .core.types import Type, type_of
from .errors import GraphError, InputError
from .read.python import is_number, names_of, traced
from .run.native.machine import Compiled, compile_graph, planned
from .run.native.plan import Runnable
from .run.record import Run, place
from .run.reference import bind

__all__ = ["compile"]

Keep = Literal["all"] | Sequence[int | str] | None


@dataclass(frozen=True, slots=True)
class Way:
    """One way through a function: its plan, the guards that must hold, and how the result is nested."""

    graph: Graph
    plan: Runnable
    guards: tuple[Guard, ...]
    outputs: int
    result: Nest

    def follow(self, arrays: Sequence[Any]) -> tuple[bool, Any]:
        """Run it; return whether the guards held, and the result."""
        found = self.plan.run(arrays)
        several = (found,) if self.plan.single else found
        for guard, value in zip(self.guards, several[self.outputs :], strict=True):
            if ANSWERS[guard.kind](value) != guard.answer:
                return False, None
        return True, self.result.around(several[: self.outputs])


class CompiledFunction:
    """A Python function, compiled for each combination of types it is called with."""

    def __new__(cls, *_: Any) -> CompiledFunction:
        # A class of its own for each, so that `__call__` can be the builtin itself (see `machine.Compiled`).
        return object.__new__(type(cls.__name__, (cls,), {"__doc__": cls.__doc__, "__module__": cls.__module__}))

    def __init__(self, function: Callable[..., Any], watch: bool = False) -> None:
        self.function, self.watch = function, watch
        self.ways: dict[Hashable, list[Way]] = {}
        self.latest: Way | None = None
        self._slow = self.slow  # one object, whose address compiled code may keep

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Return what the function returns."""
        return self.slow(*args, **named)

    def slow(self, *args: Any, **named: Any) -> Any:
        """Find the way that these arguments take, or trace a new one."""
        arrays, key = self.leaves(args, named)
        known = self.ways.setdefault(key, [])
        for way in known:
            held, result = way.follow(arrays)
            if held:
                self.use(way, args, named)
                return result
        found = traced(self.function, args, named)
        guards = tuple(found.graph.guards)
        outputs = [*found.graph.outputs, *(guard.node for guard in guards)]
        if not outputs:
            raise GraphError("compile: the function returned no number, so there is nothing to compile")
        plan = planned(found.graph, outputs, self._slow, self.watch)
        way = Way(found.graph, plan, guards, len(found.graph.outputs), found.result)
        known.insert(0, way)
        self.use(way, args, named)
        return way.follow(arrays)[1]

    def leaves(self, args: Sequence[Any], named: dict[str, Any]) -> tuple[list[Any], Hashable]:
        """Return the numbers among the arguments, and what tells one kind of call from another."""
        arrays: list[Any] = []
        key: list[Hashable] = []
        for name, arg in [*zip(names_of(self.function, args), args, strict=True), *named.items()]:
            for leaf_name, leaf in flatten(arg, name)[0]:
                if is_number(leaf):
                    value = np.asarray(float(leaf) if isinstance(leaf, int) else as_value(leaf))
                    arrays.append(np.ascontiguousarray(value) if value.ndim else value.copy())
                    key.append((leaf_name, type_of(value)))
                else:
                    key.append((leaf_name, leaf if leaf.__hash__ is not None else id(leaf)))
        return arrays, tuple(key)

    def use(self, way: Way, args: Sequence[Any], named: dict[str, Any]) -> None:
        """Let the next call enter compiled code directly, where nothing has to be taken apart, asked or put together."""
        if way is self.latest:
            return
        self.latest = way
        flat = not named and not way.guards and all(is_number(arg) for arg in args) and flat_result(way)
        type(self).__call__ = way.plan.call if flat and way.plan.call else CompiledFunction.__call__  # type: ignore[method-assign]

    def listing(self) -> str:
        """Return what the latest call does, instruction by instruction."""
        if self.latest is None:
            raise GraphError("listing: nothing is compiled yet: call the function once")
        return self.latest.plan.listing()


def flat_result(way: Way) -> bool:
    """Return whether the result is one number, or a plain tuple of them."""
    marks = [object() for _ in range(way.outputs)]
    built = way.result.around(marks)
    return built is marks[0] if way.outputs == 1 else type(built) is tuple and list(built) == marks


class Kept:
    """A compiled graph that keeps the values of some nodes."""

    def __init__(self, graph: Graph, keep: Keep) -> None:
        self.graph = graph
        self.all = keep == "all"
        if self.all:
            self.numbers = [i for i, node in enumerate(graph.nodes) if isinstance(node.type, Type) or node.type is None]
        else:
            assert keep is not None
            self.numbers = [graph.number(k) for k in keep]
        self.names = [graph.nodes[i].name or i for i in self.numbers]
        self.compiled = compile_graph(graph, self.numbers if self.all else [*graph.outputs, *self.numbers])

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Return a Run with every value; or the output, and a dict of what was kept."""
        found = self.compiled(*values, **named)
        found = found if isinstance(found, tuple) else (found,)
        if not self.all:
            count = len(self.graph.outputs)
            outputs = found[:count]
            return outputs[0] if count == 1 else outputs, dict(zip(self.names, found[count:], strict=True))
        bound = bind(self.graph, self.compiled.named(values, named))[0]
        starts, total = place(bound)
        run = Run(bound, np.zeros(total, np.uint8), starts)
        by_number = dict(zip(self.numbers, found, strict=True))
        run.fill([by_number.get(i) for i in range(len(bound.nodes))])
        return run

    def listing(self) -> str:
        """Return what is done, instruction by instruction."""
        return self.compiled.listing()


def compile(
    function: Graph | Callable[..., Any], *, keep: Keep = None, watch: Literal["nan"] | None = None
) -> Compiled | Kept | CompiledFunction:
    """The same function, or graph, as machine code: forward, backward and all between in one piece.

    A function is traced at its first call, for the types of its arguments and the branches that it takes; the derivatives
    of `grad` and `value_and_grad` compile like anything else. Of a graph, values between inputs and outputs are lost
    unless `keep` names them: with `keep=["h"]` a call returns the output and a dict; with `keep="all"` a `Run`.
    With `watch="nan"` a call stops at the first number that is infinite or NaN, and names its node.
    `listing()` shows what became of each node. Float64 scalars come back as Python floats.
    Raises: InputError for something that is neither; GraphError for a function that returns no number; when called,
    NotFiniteError if it watches.

    >>> import backlight as bl
    >>> slope = bl.compile(bl.grad(lambda x: (4.0 * x + 1.0) ** 2))
    >>> slope(-1.0), slope(2.0)
    (-24.0, 72.0)
    """
    if isinstance(function, Graph):
        return compile_graph(function, watch=watch is not None) if keep is None else Kept(function, keep)
    if not callable(function):
        raise InputError(f"compile: needs a function or a graph, and got {type(function).__name__}")
    if keep is not None:
        raise InputError("compile: keep is for graphs: trace the function first, as in compile(trace(f)(x), keep=…)")
    return CompiledFunction(function, watch is not None)
