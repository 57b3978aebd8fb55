"""Functions, graphs and training steps as machine code.

A Python function is traced at its first call, with its values, and what it did is compiled: from then on the same types
of arguments run without Python. What Python asked of a value on the way (`if x > 0`) was written down as a guard; every
compiled call computes the answers too, and where one is another, the function is traced again and that way is kept as
well. So a compiled function takes the branches that the function would take; a graph has no other way, and says so. A step
of training is compiled together with the loop around it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from ..core.graph import Graph
from ..errors import InputError
from ..run.native.machine import Compiled
from .function import CompiledFunction
from .guarded import Guarded, compile_checked
from .keep import Keep, Kept, check
from .steps import Training

__all__ = ["compile"]


def compile(
    function: Graph | Callable[..., Any],
    *,
    keep: Keep = None,
    watch: Literal["nan"] | None = None,
    steps: int | None = None,
    batch: Sequence[str] = (),
    donate: Sequence[str] = (),
) -> Compiled | Guarded | Kept | CompiledFunction | Training:
    """The same function, or graph, as machine code: forward, backward and all between in one piece.

    A function is traced at its first call, for the types of its arguments and the branches that it takes; the derivatives
    of `grad` and `value_and_grad` compile like anything else. Numbers, NumPy arrays and whatever offers DLPack are read
    where they lie. Values between inputs and outputs are lost unless `keep` names their nodes: with `keep=["h"]` a call
    returns the result and a dict; with `keep="all"` a `Run`. With `watch="nan"` a call stops at the first number that is
    infinite or NaN, and names its node. `listing()` shows what became of each node, `where()` in which instructions.
    Float64 scalars come back as Python floats.

    With `steps=n` the function is one step, from a state (and data) to the next state, or to that and a result, and a call
    makes n of them in one loop; the results come back stacked. With `batch=["x"]` the parameter x gets minibatches: a call
    takes all the data and `order=`, an array of row numbers, one row of it for each step. State is updated where it lies,
    in copies made once.

    With `donate=["state"]` the arrays of that parameter are overwritten: each becomes the first result of its type, and the call
    returns that very array, for state of which nobody needs the old value. It must be a NumPy array in one piece that may be
    written to and shares memory with no other argument.
    Raises: InputError for something that is neither; GraphError for a function that returns no number; when called,
    NotFiniteError if it watches, and of a graph GraphError where the function that it was traced from would take another branch.

    >>> import backlight as bl
    >>> slope = bl.compile(bl.grad(lambda x: (4.0 * x + 1.0) ** 2))
    >>> slope(-1.0), slope(2.0)
    (-24.0, 72.0)
    >>> halved = bl.compile(lambda x: x - 0.25 * bl.grad(lambda x: x * x)(x), steps=3)
    >>> halved(8.0)
    1.0
    """
    if watch not in (None, "nan"):
        raise InputError(f"compile: watch is 'nan' or None, and it is {watch!r:.40}")
    check(keep)
    if isinstance(donate, str):
        raise InputError(f"compile: donate is a list of names, as in donate=[{donate!r}]")
    if donate and (isinstance(function, Graph) or keep is not None or steps is not None or batch):
        raise InputError("compile: donate is for single calls of functions that keep nothing: steps have memory of their own")
    if isinstance(function, Graph):
        if steps is not None or batch:
            raise InputError("compile: steps and batch are for functions, from a state to the next one, and got a graph")
        return compile_checked(function, watch=watch is not None) if keep is None else Kept(function, keep, watch is not None)
    if not callable(function):
        raise InputError(f"compile: needs a function or a graph, and got {type(function).__name__}")
    if steps is not None or batch:
        if keep is not None:
            raise InputError("compile: keep is not for steps: return what is wanted of each step as its result")
        if steps is not None and not (type(steps) is int and steps >= 0):
            raise InputError(f"compile: steps is a whole number from 0, and it is {steps!r:.40}")
        return Training(function, steps, tuple(batch), watch is not None)
    return CompiledFunction(function, keep, watch is not None, donate)
