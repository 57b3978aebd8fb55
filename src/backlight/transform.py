"""Derivatives of Python functions, with the field's names and conventions.

Every transformation traces the function with its values, writes the derivative as graph on the same tape, and reads the
numbers off the tape. Inside a traced function it uses the tape that is open, so transformations nest to any depth.
Gradients of a complex argument follow ∂L/∂x + i·∂L/∂y: z − η·gradient descends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import wraps
from typing import Any

import numpy as np

from . import ops
from .core.array import Array, as_value
from .core.graph import Why, nearest
from .core.tape import Tape
from .core.tree import LEAF, Nest, flatten
from .diff.reverse import pull
from .errors import DifferentiationError, InputError, ShapeError
from .read.numpy.life import lend
from .read.python import as_array, is_number, names_of, open_tape, record
from .read.taken import not_taken_out, warn_of_constants

__all__ = ["Argnums", "Pass", "chosen", "grad", "value_and_grad", "vjp"]

Argnums = int | str | Sequence[int | str]


class Pass:
    """One function run on a tape, ready to be differentiated: fresh nodes for the arguments asked for, and its result."""

    def __init__(self, function: Callable[..., Any], args: Sequence[Any], named: dict[str, Any], argnums: Argnums) -> None:
        outer = open_tape()
        self.nested = outer is not None
        self.function = function
        self.warned = False
        with nullcontext(outer) if outer is not None else record(positions=False) as tape:
            assert tape is not None
            self.tape: Tape = tape
            self.single = isinstance(argnums, (int, str))
            self.leaves: list[list[Array]] = []
            self.nests: list[Nest] = []
            self.start = len(tape.nodes)
            names = names_of(function, args)
            given, keywords = list(args), dict(named)
            for a in (argnums,) if isinstance(argnums, (int, str)) else argnums:
                place, part = self.placed(a, names, given, keywords)
                name = names[place] if isinstance(place, int) else place
                found, nest = flatten(given[place] if isinstance(place, int) else keywords[place], name)
                chosen = [k for k, (n, leaf) in enumerate(found) if (n == part if part else n == name or is_number(leaf))]
                if part and not chosen:
                    raise InputError(f"there is no leaf {part!r}{nearest(part, [n for n, _ in found])}")
                whole = [leaf for _, leaf in found]
                for k in chosen:
                    whole[k] = self.fresh(*found[k])
                self.leaves.append([whole[k] for k in chosen])
                self.nests.append(LEAF if part else nest if len(chosen) == nest.count else with_gaps(nest, chosen))
                if isinstance(place, int):
                    given[place] = nest.around(whole)
                else:
                    keywords[place] = nest.around(whole)
            self.result = function(*given, **keywords)

    def placed(
        self, a: int | str, names: Sequence[str], given: Sequence[Any], keywords: dict[str, Any]
    ) -> tuple[int | str, str]:
        """An argument by its position or its name, and the leaf in it, as in `model.layers.0.w`, where one is meant."""
        if isinstance(a, int):
            if not -len(given) <= a < len(given):
                code = getattr(self.function, "__code__", None)
                by_name = code.co_varnames[: code.co_argcount][a : a + 1] if code is not None and a >= 0 else ()
                if by_name and by_name[0] in keywords:  # given by its name, which a position means too
                    return by_name[0], ""
                raise InputError(f"there is no argument {a}: the function was called with {len(given)}")
            return a % len(given), ""
        head = a if a in names or a in keywords else a.partition(".")[0]
        if head not in names and head not in keywords:
            raise InputError(f"there is no argument {a!r}: the function was called with {', '.join([*names, *keywords])}")
        return names.index(head) if head in names else head, "" if head == a else a

    def fresh(self, name: str, leaf: Any) -> Array:
        """A node of its own for one leaf, so that the derivative by it does not mix with what else depends on its value."""
        tape = self.tape
        if not is_number(leaf):
            raise InputError(f"cannot differentiate by {name}: it is {type(leaf).__name__} {leaf!r:.40}, and numbers are needed")
        if isinstance(leaf, int):
            leaf = float(leaf)
        if isinstance(leaf, Array) and leaf.tape is tape:  # named twice, or as a part of what was named: the way goes through both
            return self.checked(name, ops.identity(leaf))
        if isinstance(leaf, Array) and leaf.tape is not None and self.nested:
            x = tape.hold(leaf)
        elif self.nested:
            x = tape.constant(as_value(leaf))
        else:
            return self.checked(name, tape.input(name, as_value(leaf)))
        return self.checked(name, ops.identity(x))

    def checked(self, name: str, x: Array) -> Array:
        if x.dtype.kind not in "fc":
            raise DifferentiationError(
                f"cannot differentiate by {name}: it is {x.type} {x.shape}, and only floats have a derivative: "
                f"give it as floats, as in {name}.astype(float)"
            )
        return lend(x, name)

    def output(self, leaf: Any, name: str = "") -> Array:
        tape = self.tape
        if tape.guards:
            not_taken_out(tape, leaf, self.function, self.start)
            if not self.warned:
                warn_of_constants(tape.nodes, tape.guards, [x.number for group in self.leaves for x in group], self.start)
                self.warned = True
        return as_array(self.tape, name, leaf)

    def pull(self, seeds: dict[int, int], conjugate: bool = False) -> list[Any]:
        """The gradients of all leaves, nested as the arguments are."""
        if not self.nested:
            return self.pull_values(seeds, conjugate)
        tape = self.tape
        wrt = [x.number for group in self.leaves for x in group]
        walk = pull(tape, seeds, wrt, self.start)
        found = []
        for group, nest in zip(self.leaves, self.nests, strict=True):
            arrays = []
            for x in group:
                number = walk.grads.get(x.number)
                if number is None:
                    before, tape.why = tape.why, Why("unused", "not on a path to the output", x.number)
                    arrays.append(tape.constant(np.zeros(x.shape, x.dtype)[()]))
                    tape.why = before
                else:
                    arrays.append(ops.conj(tape.handle(number)) if conjugate else tape.handle(number))
            found.append(nest.around(arrays))
        return found

    def pull_values(self, seeds: dict[int, int], conjugate: bool) -> list[Any]:
        """The same where nobody will look at the tape again: values, and nothing else is kept."""
        tape = self.tape
        values: Any = tape.values
        end = len(tape.nodes)
        with np.errstate(all="ignore"):
            arrived = pull(tape, seeds, [x.number for group in self.leaves for x in group], self.start, bare=True).arrived
        found = []
        for group, nest in zip(self.leaves, self.nests, strict=True):
            given = [np.zeros(x.shape, x.dtype)[()] if arrived[x.number] is None else values[arrived[x.number]] for x in group]
            found.append(nest.around([np.conj(g) for g in given] if conjugate else given))
        del tape.nodes[end:], values[end:]
        return found

    def out(self, x: Any) -> Any:
        """What is handed to the caller: an array of the open tape inside a trace, a plain NumPy value outside."""
        if isinstance(x, Array) and not self.nested:
            return x.value
        return x

    def close(self, function: Any) -> None:
        """Nothing more is to come: what was kept of this trace is of no use."""
        if not self.nested:
            self.tape.close(function)

    def plain(self, value: Any) -> Any:
        found, nest = flatten(value)
        return nest.around([self.out(leaf) for _, leaf in found])

    def seed(self, y: Array, value: Any = None) -> int:
        before, self.tape.why = self.tape.why, Why("seed", "seed", y.number)
        number = self.tape.constant(np.ones(y.shape, y.dtype)[()]).number if value is None else self.seeded(y, value)
        self.tape.why = before
        return number

    def seeded(self, y: Array, value: Any) -> int:
        inside = isinstance(value, Array) and value.tape is not None and (self.nested or value.tape is self.tape)
        found = self.tape.hold(value) if inside else self.tape.constant(np.asarray(as_value(value), y.dtype)[()])
        if found.shape != y.shape:
            raise ShapeError(f"vjp: the upstream gradient has shape {found.shape}, and the output has shape {y.shape}")
        return found.number


def with_gaps(nest: Nest, moving: Sequence[int]) -> Nest:
    """The nest around the leaves that are numbers; None stands where another leaf (a word, a function) is."""

    def build(leaves: Any) -> Any:
        places = set(moving)
        return nest.around([next(leaves) if k in places else None for k in range(nest.count)])

    return Nest(len(moving), build)


def chosen(argnums: Argnums, wrt: Argnums | None) -> Argnums:
    """What to differentiate by: `wrt` says the same as `argnums`."""
    return argnums if wrt is None else wrt


def value_and_grad(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    wrt: Argnums | None = None,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """A function that returns the value of `function` and its gradient by the arguments `argnums`.

    `argnums` (or `wrt`) is a position or a name, or several of them (then the gradient is a tuple); a name may go down to a
    leaf, as in `model.layers.0.w`. Arguments may be nested dicts, lists, tuples and dataclasses of numbers; the gradient is
    nested alike, with None where a leaf is no number. The function returns one real number (an array of size 1 will do), or
    with `has_aux` that and anything else. The gradient of a complex argument z = x + iy is ∂L/∂x + i·∂L/∂y, so z −
    η·gradient descends; with `holomorphic` arguments and result are complex, and it is dL/dz.
    Raises: DifferentiationError for another result or for arguments that are no floats.

    >>> value_and_grad(lambda x: x * x)(3.0)
    (np.float64(9.0), np.float64(6.0))
    >>> grad(lambda z: z * z, holomorphic=True)(1.0 + 2.0j)
    np.complex128(2+4j)
    """

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        made = Pass(function, args, named, chosen(argnums, wrt))
        if has_aux and not (isinstance(made.result, tuple) and len(made.result) == 2):
            raise InputError(
                f"grad: with has_aux the function returns a number and something else, and it returned {said(made.result)}"
            )
        result, aux = made.result if has_aux else (made.result, None)
        y = made.output(result)
        t = y.type
        if y.size != 1 or y.dtype.kind not in ("c" if holomorphic else "f"):
            wanted = "complex" if holomorphic else "real"
            raise DifferentiationError(
                f"grad: the function returned {t} {t.shape}, and a gradient needs one {wanted} number: "
                + ("take the sum or the mean of it, or use jacobian" if y.size != 1 else advice(y.dtype.kind, holomorphic))
            )
        if holomorphic:
            all_complex("grad", made)
        grads = made.pull({y.number: made.seed(y)}, conjugate=holomorphic)
        value = made.out(y)
        aux = made.plain(aux) if has_aux else None
        made.close(function)
        return ((value, aux) if has_aux else value), (grads[0] if made.single else tuple(grads))

    return call


def advice(kind: str, holomorphic: bool) -> str:
    """What to do about a result that is no number of the right kind."""
    if holomorphic:
        return "leave holomorphic out"
    return "take its real part or its abs, or say holomorphic=True for dL/dz" if kind == "c" else "return a float"


def said(value: Any) -> str:
    return f"{type(value).__name__} of {len(value)}" if isinstance(value, tuple) else type(value).__name__


def all_complex(op: str, made: Pass) -> None:
    for x in (x for group in made.leaves for x in group):
        if x.dtype.kind != "c":
            raise DifferentiationError(f"{op}: with holomorphic the arguments are complex, and one is {x.type} {x.shape}")


def grad(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    wrt: Argnums | None = None,
    has_aux: bool = False,
    holomorphic: bool = False,
) -> Callable[..., Any]:
    """A function that returns the gradient of `function` by the arguments `argnums`; see `value_and_grad`.

    >>> grad(lambda x: x * x)(3.0)
    np.float64(6.0)
    >>> grad(grad(lambda x: x**3))(2.0)
    np.float64(12.0)
    >>> grad(lambda p: p["w"] * p["b"])({"w": 2.0, "b": 5.0})
    {'w': np.float64(5.0), 'b': np.float64(2.0)}
    """
    both = value_and_grad(function, argnums, wrt=wrt, has_aux=has_aux, holomorphic=holomorphic)

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        value, gradient = both(*args, **named)
        return (gradient, value[1]) if has_aux else gradient

    return call


def vjp(function: Callable[..., Any], *args: Any, has_aux: bool = False) -> Any:
    """The value of `function(*args)` and a function from upstream gradients (nested as the value) to gradients of `args`.

    With `has_aux` the function returns the value and something else, which comes third.

    >>> value, pullback = vjp(lambda x: x * x, 3.0)
    >>> pullback(10.0)
    (np.float64(60.0),)
    """
    made = Pass(function, args, {}, tuple(range(len(args))))
    result, aux = made.result if has_aux else (made.result, None)
    found, nest = flatten(result)
    outs = [made.output(leaf, name) for name, leaf in found]

    def pullback(upstream: Any) -> tuple[Any, ...]:
        given = [leaf for _, leaf in flatten(upstream)[0]]
        if len(given) != len(outs):
            raise ShapeError(f"vjp: the function returned {len(outs)} arrays and got {len(given)} upstream gradients")
        seeds: dict[int, int] = {}
        with np.errstate(all="ignore"):
            for y, g in zip(outs, given, strict=True):
                number = made.seed(y, g)
                if y.number in seeds:  # the same node returned twice
                    number = ops.add(made.tape.handle(seeds[y.number]), made.tape.handle(number)).number
                seeds[y.number] = number
        return tuple(made.pull(seeds))

    value = nest.around([made.out(y) for y in outs])
    return (value, pullback, made.plain(aux)) if has_aux else (value, pullback)
