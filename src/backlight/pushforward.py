"""Forward mode of Python functions: how the result moves when the arguments do.

The function is traced with its values, and tangents are written behind it on the same tape, so it nests with every other
transformation, to any depth. `linearize` keeps the trace for many tangents.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .core.array import Array, as_value
from .core.tree import flatten
from .diff.forward import push
from .errors import ShapeError
from .transform import Pass

__all__ = ["jvp", "linearize"]


def jvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], *, has_aux: bool = False
) -> Any:
    """The value of `function(*primals)` and how it moves when the arguments move along `tangents`.

    `tangents` are nested and shaped as `primals`; the second result is nested as the value. With `has_aux` the function returns
    the value and something else, which comes third. Raises: ShapeError where a tangent does not fit its argument.

    >>> jvp(lambda x, y: x * y, (2.0, 3.0), (1.0, 10.0))
    (np.float64(6.0), np.float64(23.0))
    """
    made = Pass(function, primals, {}, tuple(range(len(primals))))
    result, aux = made.result if has_aux else (made.result, None)
    found, nest = flatten(result)
    outs = [made.output(leaf, name) for name, leaf in found]
    moved = pushed(made, outs, tuple(tangents), len(made.tape.nodes))
    value, motion = nest.around([made.out(y) for y in outs]), nest.around([made.out(m) for m in moved])
    return (value, motion, made.plain(aux)) if has_aux else (value, motion)


def pushed(made: Pass, outs: Sequence[Array], tangents: Any, end: int) -> list[Array]:
    """The tangents of the results, written behind the `end` of what was traced."""
    tape = made.tape
    arguments = [x for group in made.leaves for x in group]
    moves = [leaf for _, leaf in flatten(tangents)[0]]
    if len(moves) != len(arguments):
        raise ShapeError(f"jvp: the arguments have {len(arguments)} leaves and the tangents {len(moves)}")
    with np.errstate(all="ignore"):
        seeds = {x.number: direction(made, x, t).number for x, t in zip(arguments, moves, strict=True)}
        tangents_of = push(tape, seeds, made.start, end, bare=not made.nested).tangents
        return [tape.handle(tangents_of[y.number]) if y.number in tangents_of else still(made, y) for y in outs]


def still(made: Pass, y: Array) -> Array:
    """The tangent of a result that does not move."""
    return made.tape.constant(np.zeros(y.shape, y.dtype if y.dtype.kind in "fc" else np.float64)[()])


def direction(made: Pass, x: Array, t: Any) -> Array:
    """A tangent as a node, in the dtype of its argument."""
    tape = made.tape
    inside = isinstance(t, Array) and t.tape is not None and (made.nested or t.tape is tape)
    found = tape.hold(t) if inside else tape.constant(np.asarray(as_value(t), x.dtype)[()])
    if found.shape != x.shape:
        raise ShapeError(f"jvp: a tangent has shape {found.shape}, and its argument has shape {x.shape}")
    return found


def linearize(function: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """The value of `function(*primals)` and the linear function from tangents of the arguments to the tangent of the value.

    The function is traced once, whatever the number of tangents that are pushed.

    >>> value, push = linearize(lambda x: x * x, 3.0)
    >>> value, push(1.0), push(10.0)
    (np.float64(9.0), np.float64(6.0), np.float64(60.0))
    """
    made = Pass(function, primals, {}, tuple(range(len(primals))))
    tape = made.tape
    found, nest = flatten(made.result)
    outs = [made.output(leaf, name) for name, leaf in found]
    end = len(tape.nodes)

    def along(*tangents: Any) -> Any:
        moved = pushed(made, outs, tangents, end)
        motion = nest.around([made.out(m) for m in moved])
        if not made.nested:
            for kept in (tape.nodes, tape.values):  # what this tangent wrote, nobody looks at again
                assert kept is not None
                del kept[end:]
        return motion

    return nest.around([made.out(y) for y in outs]), along
