"""A Python function, compiled for each combination of types it is called with, and for each way it takes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..core.graph import Graph
from ..core.guard import ANSWERS, Guard
from ..core.play import traced_among
from ..core.tree import Nest, flatten
from ..errors import GraphError
from ..read.python import is_number, traced
from ..run.native.machine import Uncopied, planned
from ..run.native.plan import Runnable
from .arguments import builder, leaves, reader, taken
from .donate import Pairs, donated, hand_back, paired, told
from .keep import Keep, as_run, dropped, numbers_of

__all__ = ["CompiledFunction"]

MISSED = object()  # what the compiled builtin answers, by way of `missed`, to numbers that it was not made for


def missed(*_: Any, **__: Any) -> Any:
    """What compiled code calls when the leaves of nested arguments are not of its types."""
    return MISSED


@dataclass(frozen=True, slots=True)
class Way:
    """One way through a function: its plan, the guards that must hold, and how the result is nested."""

    graph: Graph
    plan: Runnable
    guards: tuple[Guard, ...]
    outputs: int
    result: Nest
    keep: Keep
    kept: tuple[int, ...]
    donated: Pairs = ()

    def follow(self, arrays: Sequence[Any]) -> tuple[bool, Any]:
        """Run it; return whether the guards held, and the result."""
        found = self.plan.run(arrays)
        several = (found,) if self.plan.single else found
        if not self.holds(several):
            return False, None
        if self.donated:
            several = hand_back(self.donated, arrays, several)
        result = self.result.around(several[: self.outputs])
        if self.keep is None:
            return True, result
        kept = several[self.outputs + len(self.guards) :]
        if self.keep == "all":
            return True, as_run(self.graph, dict(zip(self.kept, kept, strict=True)))
        names = [self.graph.nodes[i].name or i for i in self.kept]
        return True, (result, dict(zip(names, kept, strict=True)))

    def holds(self, several: Sequence[Any]) -> bool:
        """Whether the answers are those that the way was traced with."""
        for guard, value in zip(self.guards, several[self.outputs :], strict=False):
            if ANSWERS[guard.kind](value) != guard.answer:
                return False
        return True


class CompiledFunction(Uncopied):
    """A Python function, compiled for each combination of types it is called with."""

    def __new__(cls, *_: Any) -> CompiledFunction:
        # A class of its own for each, so that `__call__` can be the builtin itself (see `machine.Compiled`).
        return object.__new__(type(cls.__name__, (cls,), {"__doc__": cls.__doc__, "__module__": cls.__module__}))

    def __init__(self, function: Callable[..., Any], keep: Keep = None, watch: bool = False, donate: Sequence[str] = ()) -> None:
        self.function, self.keep, self.watch, self.donate = function, keep, watch, tuple(donate)
        self.ways: dict[Hashable, list[Way]] = {}
        self.latest: Way | None = None
        self._slow = self.slow  # one object, whose address compiled code may keep

    def __call__(self, *args: Any, **named: Any) -> Any:
        """Return what the function returns."""
        return self.slow(*args, **named)

    def slow(self, *args: Any, **named: Any) -> Any:
        """Find the way that these arguments take, or trace a new one."""
        if traced_among([leaf for _, leaf in flatten((args, named))[0]]) is not None:
            return self.function(*args, **named)  # inside a trace there is nothing to compile: it is written there
        places = donated(self.function, args, named, self.donate) if self.donate else {}
        args, named = tuple(map(taken, args)), {name: taken(arg) for name, arg in named.items()}
        arrays, key = leaves(self.function, args, named)
        for place, array in places.items():
            arrays[place] = array
        known = self.ways.setdefault(key, [])
        for way in known:
            held, result = way.follow(arrays)
            if held:
                self.use(way, args, named)
                return result
        way = self.traced(args, named, places)
        known.insert(0, way)
        self.use(way, args, named)
        return way.follow(arrays)[1]

    def traced(self, args: Sequence[Any], named: dict[str, Any], places: Iterable[int]) -> Way:
        """Trace the function with these arguments, and compile what it did; arrays at these places may be overwritten."""
        found = traced(self.function, args, named)
        graph, guards = found.graph, tuple(found.graph.guards)
        kept = numbers_of(graph, self.keep)
        outputs = [*graph.outputs, *(guard.node for guard in guards), *kept]
        if not graph.outputs:
            raise GraphError("compile: the function returned no number, so there is nothing to compile")
        count = len(graph.outputs)
        flat = not named and not guards and self.keep is None and all(map(is_number, args)) and is_flat(found.result, count)
        pairs = paired(graph, places)
        plan = planned(graph, outputs, self._slow if flat else missed, self.watch, () if guards else pairs)
        return Way(graph, plan, guards, count, found.result, self.keep, kept, pairs)

    def use(self, way: Way, args: Sequence[Any], named: dict[str, Any]) -> None:
        """Let the next call enter compiled code directly, or through a quick reader of its arguments."""
        if way is self.latest:
            return
        self.latest = way
        if len(way.plan.in_place) < len(way.donated):  # something is copied after the call
            type(self).__call__ = CompiledFunction.__call__  # type: ignore[method-assign]
            return
        call = way.plan.call
        if call is not None and not named and not way.guards and self.keep is None and all(map(is_number, args)) and is_flat(
                way.result, way.outputs):
            quick: Any = call
        else:
            quick = None if named or self.keep is not None else self.reading(way, args)
        type(self).__call__ = quick or CompiledFunction.__call__  # type: ignore[method-assign]

    def reading(self, way: Way, args: Sequence[Any]) -> Callable[..., Any] | None:
        """Return a `__call__` for arguments nested like these."""
        call, single, guarded = way.plan.call, way.plan.single, bool(way.guards)
        read = reader(tuple(args))
        if read is None or call is None or not hasattr(call, "__self__"):  # a builtin, which answers MISSED
            return None
        slow, build = self.slow, builder(way.result, way.outputs)

        def quick(_: Any, *args: Any, **named: Any) -> Any:
            out: list[Any] = []
            if named or not read(args, out):
                return slow(*args, **named)
            found = call(*out)
            if found is MISSED or (guarded and not way.holds(found)):
                return slow(*args)
            return build((found,) if single else found)

        return quick

    def ready(self, asked: str) -> Way:
        """Return the way of the latest call."""
        if self.latest is None:
            raise GraphError(f"{asked}: nothing is compiled yet: call the function once")
        return self.latest

    @property
    def graph(self) -> Graph:
        """The graph of the latest call: the numbers of its nodes are those of `listing` and `where`."""
        return self.ready("graph").graph

    def listing(self) -> str:
        """Return what the latest call does, instruction by instruction, and what it leaves behind."""
        way = self.ready("listing")
        lines = told(way.graph, way.donated, list(way.plan.in_place))
        return way.plan.listing() + lines + dropped(way.graph, [*way.graph.outputs, *way.kept])

    def where(self) -> Mapping[int, tuple[int, ...]]:
        """Return for each node the numbers of the instructions in the listing that compute it."""
        return self.ready("where").plan.where()


def is_flat(result: Nest, count: int) -> bool:
    """Return whether the result is one number, or a plain tuple of them."""
    marks = [object() for _ in range(count)]
    built = result.around(marks)
    return built is marks[0] if count == 1 else type(built) is tuple and list(built) == marks


