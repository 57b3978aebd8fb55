"""One of NumPy's functions as a function of arrays that remember, with the same name and the same arguments."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ..read.numpy.door import answer
from ..read.numpy.held import any_traced, outside
from ..read.numpy.ufuncs import ufunc_traced

__all__ = ["lifted"]


def signature_of(function: Any) -> inspect.Signature | None:
    """The arguments of one of NumPy's functions, where NumPy tells them."""
    try:
        found = inspect.signature(function)
    except (TypeError, ValueError):
        return None
    kept = [p for p in found.parameters.values() if p.name not in ("like", "subok", "signature", "casting", "order")]
    kinds = [p.kind for p in kept]
    return found.replace(parameters=kept) if kinds == sorted(kinds) else None


# Where the standard's arguments are not those that NumPy tells.
STANDARD: dict[str, Callable[..., Any]] = {
    "vecdot": lambda x1, x2, /, *, axis=-1: None,
    "reshape": lambda x, /, shape, order="C", *, copy=None: None,
}


def lifted(function: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """The function that answers for one of NumPy's, on arrays of either kind."""

    def call(*args: Any, **named: Any) -> Any:
        return answer(function, args, named)

    call.__name__ = call.__qualname__ = name or function.__name__
    call.__module__ = __name__.rpartition(".")[0]
    call.__doc__ = f"What numpy's `{call.__name__}` gives; recorded inside a trace."
    found = signature_of(STANDARD.get(call.__name__, function))
    if found is not None:
        call.__signature__ = found  # type: ignore[attr-defined]
    if isinstance(function, np.ufunc):
        for method in ("reduce", "accumulate", "outer", "reduceat"):
            setattr(call, method, lifted_method(function, method))
        call.nin, call.nout = function.nin, function.nout  # type: ignore[attr-defined]
    return call


def lifted_method(function: np.ufunc, method: str) -> Callable[..., Any]:
    """`add.reduce` and its kin."""

    def call(*args: Any, **named: Any) -> Any:
        if any_traced(args) or any_traced(named):
            return ufunc_traced(function, method, args, named)
        return outside(getattr(function, method), args, named)

    return call
