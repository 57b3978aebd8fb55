"""Operations of one's own: a value that NumPy computes and a derivative that is written down, checked when it is first used.

The value may be anything: a function of another library, a table, a measurement. Inside a graph it is one node, like any other
operation; the derivative is graph, so it is of any order. Because a wrong derivative is worse than none, the first use
compares it with small steps of the value, and says which one is wrong.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

import numpy as np

from .core import math as m
from .core.array import Array, as_value
from .core.graph import Graph
from .core.op import Op, stretch
from .core.own import remember
from .core.table import TABLE
from .core.tape import Tape
from .core.types import Type, type_of
from .diff.check import Check, plain
from .diff.check import check_grads as check_graph
from .diff.numeric import slope
from .diff.reverse import reverse
from .errors import DifferentiationError, InputError, NameError
from .read.python import open_tape, traced
from .run.reference import evaluate

__all__ = ["check_grads", "rule"]

CLOSE: Final = 1e-6  # relative: a derivative that is wrong is off by far more
SURE: Final = 64.0  # how many times its own estimated error a measurement may be off


def rule(
    value: Callable[..., Any] | None = None,
    *,
    local: Callable[..., Any] | None = None,
    vjp: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    name: str | None = None,
    check: bool = True,
) -> Any:
    """An operation of one's own from a function of NumPy values and its derivative; also as a decorator.

    The derivative is one of: `local(z, *xs)`, the local derivative by each operand where the operation is element by element;
    `vjp(g, z, *xs)`, the gradients of the operands for an upstream gradient g (None where there is none); each written with
    NumPy or operations from here, since it is graph. `jvp(ts, z, *xs)` may say how the result moves, else it follows from the
    vjp. One operand: the derivative itself; several: a tuple. Arguments of `value` with a default are settings, given by name
    and handed on to the rules. At the first use the derivative is compared with small steps, unless `check` is False. A graph
    that is saved names its operations, so a program that loads it makes them too, under the same names, before it does.
    Raises: DifferentiationError for a derivative that small steps contradict; InputError for a rule that says too little.

    >>> import numpy
    >>> @rule(local=lambda z, x: 1.0 / (1.0 + numpy.abs(x)) ** 2)
    ... def softsign_of_mine(x):
    ...     return x / (1.0 + numpy.abs(x))
    >>> bl.grad(softsign_of_mine)(1.0)
    np.float64(0.25)
    """
    if value is None:
        return lambda value: rule(value, local=local, vjp=vjp, jvp=jvp, name=name, check=check)
    if (local is None) == (vjp is None):
        raise InputError("rule: give the derivative as local (element by element) or as vjp, one of the two")
    made = Custom(value, local, vjp, jvp, name or str(getattr(value, "__name__", "custom")), check)
    remember(made.op, value)
    return made.function()


def made_of(value: Callable[..., Any]) -> str:
    """Where a function is found: its module, its name there, and the line of one that has no name."""
    place = f"{getattr(value, '__module__', None) or type(value).__module__}.{getattr(value, '__qualname__', type(value).__name__)}"
    return f"{place} at line {value.__code__.co_firstlineno}" if place.endswith(">") and hasattr(value, "__code__") else place


class Custom:
    """One operation of a person's own."""

    def __init__(
        self, value: Callable[..., Any], local: Any, vjp: Any, jvp: Any, name: str, check: bool
    ) -> None:
        if name in TABLE:
            raise NameError(f"rule: there is an operation {name} already: give another name")
        name = "custom" if name == "<lambda>" else name
        settings: dict[str, Any] = {}
        if isinstance(value, np.ufunc):
            args = tuple("xyuvw"[: value.nin])
        else:
            parameters = inspect.signature(value).parameters.values()
            operands = [p for p in parameters if p.default is p.empty and p.kind is not p.VAR_KEYWORD]
            settings = {p.name: p.default for p in parameters if p.default is not p.empty}
            args = tuple(f"*{p.name}" if p.kind is p.VAR_POSITIONAL else p.name for p in operands)
        if not args:
            raise InputError(f"rule: {name} takes no operands: give it at least one argument without a default")
        self.value, self.name, self.left, self.derivative = value, name, check, local or vjp
        self.op = Op(
            name=name,
            args=args,
            type=self.type,
            value=self.plain,
            kind="elementwise" if local is not None else "network",
            doc=(value.__doc__ or f"{name}, an operation of one's own").strip().splitlines()[0],
            attrs=settings,
            source=made_of(value),
            words="the rule that was given for it",
            paper=lambda *xs, **attrs: m.call(name, *xs),
            local=None if local is None else self.each(args),
            pull=self.pull if vjp is not None else None,
            jvp=jvp,
        )

    def type(self, *types: Type, **attrs: Any) -> Type:
        """The type of the result: that of the value for ones, since only the function itself knows."""
        found = self.plain(*[np.ones(t.shape, t.dtype)[()] for t in types], **attrs)
        kind = type_of(found)
        if self.op.local is not None and kind.shape != stretch(self.name, types):
            raise InputError(
                f"rule: {self.name} gives {kind} {kind.shape} for operands of {', '.join(str(t.shape) for t in types)}, "
                "which is not element by element: give a vjp instead of local"
            )
        return kind

    def plain(self, *xs: Any, **attrs: Any) -> Any:
        """The value, as NumPy has it."""
        found = self.value(*xs, **{**self.op.attrs, **attrs})
        if isinstance(found, Array) or not isinstance(found, (int, float, complex, np.ndarray, np.generic, bool)):
            raise InputError(f"rule: {self.name} must return a NumPy value, and it returned {type(found).__name__}")
        return as_value(found)

    def each(self, args: Sequence[str]) -> Any:
        """The local derivatives as the table has them: one rule for each operand, or one for any where their number varies."""
        if args[-1].startswith("*"):
            return lambda k, z, *xs, **attrs: self.one(k)(z, *xs, **attrs)
        return tuple(self.one(k) for k in range(len(args)))

    def one(self, k: int) -> Any:
        """The local derivative by operand k."""

        def local(z: Array, *xs: Array, **attrs: Any) -> Any:
            found = self.several(self.derivative(z, *xs, **{**self.op.attrs, **attrs}), len(xs))
            return 0.0 if found[k] is None else found[k]

        return local

    def pull(self, wanted: Sequence[bool], gs: Sequence[Array], z: Array, *xs: Array, **attrs: Any) -> list[Any]:
        """The gradients of all operands."""
        found = self.several(self.derivative(gs[0], z, *xs, **{**self.op.attrs, **attrs}), len(xs))
        made: list[Any] = []
        for k, (d, x) in enumerate(zip(found, xs, strict=True)):
            if d is None or not wanted[k]:
                made.append(None)
                continue
            d = d if isinstance(d, Array) else x * 0.0 + d
            if d.shape != x.shape:
                raise DifferentiationError(
                    f"rule: the vjp of {self.name} gives {d.type} {d.shape} for {self.op.args[min(k, len(self.op.args) - 1)]}, "
                    f"which has shape {x.shape}"
                )
            made.append(d)
        return made

    def several(self, found: Any, count: int) -> tuple[Any, ...]:
        """One derivative for each operand."""
        given = tuple(found) if isinstance(found, (tuple, list)) else (found,)
        if len(given) != count:
            raise DifferentiationError(f"rule: {self.name} has {count} operands, and its derivative gives {len(given)}")
        return given

    def function(self) -> Callable[..., Any]:
        """What people call."""

        @wraps(self.value)
        def call(*args: Any, **attrs: Any) -> Any:
            if self.left:
                self.left = False
                try:
                    self.check([as_value(x) for x in args], attrs)
                except BaseException:
                    self.left = True
                    raise
            found = self.op(*args, **attrs)
            return found if any(isinstance(x, Array) for x in args) else found.value

        return call

    def check(self, values: Sequence[Any], attrs: dict[str, Any]) -> None:
        """Compare the derivative by each operand with small steps, along a direction without structure."""
        tape = Tape()
        xs = [tape.input(f"x{k}", type=type_of(v)) for k, v in enumerate(values)]
        z = self.op(*xs, **attrs)
        graph = Graph(tuple(tape.nodes), tuple(x.number for x in xs), (z.number,))
        if z.dtype.kind != "f":
            return
        given = dict(zip(graph.inputs, values, strict=True))
        for k, x in enumerate(xs):
            if x.dtype.kind != "f":
                continue
            seed, move = plain(z.type, 1), plain(x.type, 2)
            written = reverse(graph, z.number, [x.number], seed)
            gradient = evaluate(written, given)[written.grads[x.number]]

            def along(h: float, at: int = x.number, move: Any = move, seed: Any = seed) -> float:
                moved = {**given, at: given[at] + h * move}
                return float(np.sum(seed * evaluate(graph, moved)[z.number]))

            with np.errstate(all="ignore"):
                measured, error, _ = slope(along, 0.0)
                ruled = float(np.sum(gradient * move))
                scale = float(np.sum(np.abs(gradient * move))) + abs(measured)
            coarse = 1e-2 if x.dtype.itemsize < 8 else CLOSE
            if np.isfinite(measured) and not abs(ruled - measured) <= coarse * max(scale, 1e-300) + SURE * error:
                word = self.op.args[min(k, len(self.op.args) - 1)].lstrip("*")
                raise DifferentiationError(
                    f"rule: the derivative of {self.name} by {word} is wrong at {word} = {shown(values[k])}: "
                    f"it says {ruled:.6g} along a direction, and small steps say {measured:.6g}: mend it, "
                    "or say check=False where this is a kink"
                )


def shown(value: Any) -> str:
    return np.array2string(np.asarray(value), precision=4, threshold=6, separator=", ").replace("\n", "")


LATER: Any = object()  # what stands for arguments that are to come


def check_grads(
    function: Callable[..., Any],
    args: Any = LATER,
    order: int = 2,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> Any:
    """Compare the derivatives of a function with small steps, forward and in reverse, up to an order; an error if they differ.

    `args` is a tuple of arguments (or one argument); without it, what comes back is a function that takes them. Returns a
    `Check`, which prints as a table of what each way says. `modes` names the ways that are compared with the steps: "fwd",
    "rev". How far they may be off is found from the error of the steps themselves, and `atol + rtol·|measured|` is allowed
    besides; `eps` is the first and longest step. Meant for float64 and points without kinks.
    Raises: DifferentiationError where two of the ways disagree.

    >>> import numpy
    >>> print(check_grads(lambda x: numpy.sin(x) * x, 0.5))
    order 1: reverse ..., forward ..., measured ...: agree
    order 2: reverse ..., forward ..., measured ...: agree
    """
    if args is LATER:
        return lambda *given: check_grads(function, given, order, modes, atol, rtol, eps)
    ways = (modes,) if isinstance(modes, str) else tuple(modes)
    if not ways or not set(ways) <= {"fwd", "rev"}:
        raise InputError(f"check_grads: modes are 'fwd' and 'rev', and not {modes!r}")
    if open_tape() is not None:
        raise InputError("check_grads: has no meaning inside a trace: call it outside, with plain numbers")
    made = traced(function, args if isinstance(args, tuple) else (args,), {})
    values = {i: made.values[i] for i in made.graph.inputs}
    outs = [i for i in dict.fromkeys(made.graph.outputs) if isinstance(t := made.graph.nodes[i].type, Type) and t.is_float]
    if not outs:
        raise DifferentiationError("check_grads: the function returned no float, and only floats have a derivative")
    found: list[Any] = []
    for out in outs:
        check = check_graph(made.graph, values, evaluate, order, out, eps).allowing(ways, atol or 0.0, rtol or 0.0)
        if not check.ok:
            raise DifferentiationError(f"check_grads: the derivatives disagree:\n{check}")
        found += check.orders
    return Check(tuple(found))
