"""The native machine: a graph compiled for this processor, called like a function.

One plan is made for each combination of input types that comes along: lowered, written, compiled (or found on disk),
loaded. A call goes through a builtin function when its inputs are of the types of the latest plan; anything else comes
here, where names, numbers, lists and other types are understood, and a new plan is made if need be.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import numpy as np

from backlight import errors
from backlight.core.foreign import read
from backlight.core.graph import Graph
from backlight.core.play import traced_among
from backlight.core.types import Type, type_of
from backlight.run.lower.long import LONG
from backlight.run.native import host
from backlight.run.native.plan import Plan, Runnable
from backlight.run.native.referred import Referred
from backlight.run.reference import bind, inlined


@host.locked
def planned(graph: Graph, outputs: Sequence[int], slow: Callable[..., Any], watch: bool = False,
            donated: Sequence[tuple[int, int]] = ()) -> Runnable:
    """Return a typed graph made ready: compiled, or walked along where that would take long, or referred where it cannot be.

    `donated` are pairs of an input and an output that may be written over it; what became of them, `in_place` says.
    """
    if not host.present():
        return Referred(graph, outputs, watch)
    if len(graph.nodes) >= LONG:
        from backlight.run.lower.tape import tape
        from backlight.run.native.walked import Walked

        if (long := tape(graph, outputs)) is not None:
            return Walked(graph, long, slow, outputs, watch)
    return Plan(graph, outputs, slow, watch, donated)


class Uncopied:
    """What holds addresses, as code does: a copy of it is itself, as a copy of a function is, and no other process can have it."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memory: Any) -> Self:
        return self

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise errors.InputError(
            "a compiled function holds addresses of this process and cannot be pickled: send the function, and compile it there"
        )


class Compiled(Uncopied):
    """A compiled graph: call it with its inputs, by position or by name."""

    def __new__(cls, *_: Any) -> Compiled:
        # A class of its own for each, so that `__call__` can be the builtin itself: Python then enters compiled code
        # without a frame of its own, in a quarter of the time.
        return object.__new__(type(cls.__name__, (cls,), {"__doc__": cls.__doc__, "__module__": cls.__module__}))

    def __init__(self, graph: Graph, outputs: Sequence[int], watch: bool = False) -> None:
        self.graph, self.watch = graph, watch
        self.outputs, self.names = tuple(outputs), graph.input_names
        self.plans: dict[tuple[Type, ...], Runnable] = {}
        self.latest: Runnable | None = None
        self._slow = self.slow  # one object, whose address compiled code may keep

    def __call__(self, *values: Any, **named: Any) -> Any:
        """Return the outputs: one as itself, several as a tuple."""
        return self.slow(*values, **named)

    def slow(self, *values: Any, **named: Any) -> Any:
        """Understand what was given, find or make the plan for it, and run."""
        rest = self.names[len(values) :]
        if named and self.latest is not None and len(rest) == len(named) and named.keys() == set(rest):
            return self(*values, *[named[name] for name in rest])
        given = self.named(values, named)
        tape = traced_among(list(given.values()))
        if tape is not None:  # inside a trace there is nothing to compile: the graph becomes part of the one that is written
            bound, found = bind(self.graph, given)
            return inlined(bound.with_(outputs=self.outputs), given, found, tape)
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
        return {name: read(value) for name, value in (*zip(names, values, strict=False), *named.items())}

    def plan(self, bound: Graph) -> Runnable:
        """Return the plan of a typed graph, made if need be."""
        key = tuple([bound.type(i) for i in bound.inputs])
        with host.LOCK:
            if key not in self.plans:
                self.plans[key] = planned(bound, self.outputs, self._slow, self.watch)
            return self.plans[key]

    def use(self, plan: Runnable) -> None:
        """Let the next call try this plan first."""
        if plan is not self.latest:
            self.latest = plan
            type(self).__call__ = plan.call or Compiled.__call__  # type: ignore[method-assign]

    def prepare(self, *types: Type) -> None:
        """Compile for inputs of these types now, instead of at the first call."""
        zeros = {self.graph.nodes[i].name: np.zeros(t.shape, t.dtype) for i, t in zip(self.graph.inputs, types, strict=True)}
        self.use(self.plan(bind(self.graph, zeros)[0]))

    def ready(self, asked: str) -> Runnable:
        """Return the latest plan."""
        if self.latest is None:
            raise errors.GraphError(f"{asked}: nothing is compiled yet: call the function once, or prepare it for its types")
        return self.latest

    def listing(self) -> str:
        """Return what the latest plan does, instruction by instruction."""
        return self.ready("listing").listing()

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node the numbers of the instructions in the listing that compute it."""
        return self.ready("where").where()


def compile_graph(graph: Graph, outputs: Sequence[int | str] | None = None, watch: bool = False) -> Compiled:
    """Return a graph as a compiled function of its inputs; `outputs` chooses other nodes than its outputs.

    With `watch` a call raises NotFiniteError when a number that it computes is infinite or NaN.
    """
    chosen = graph.outputs if outputs is None else [graph.number(k) for k in outputs]
    return Compiled(graph, chosen, watch)

