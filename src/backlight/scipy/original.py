"""SciPy itself, for the values of what has no row: the one file that imports it, when it is first needed."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import numpy as np

from .. import ops
from ..core.array import Array
from ..errors import InputError
from ..read.numpy.door import any_traced, held
from ..read.numpy.held import outside, whole

__all__ = ["elementwise", "floats", "lent", "of_plain", "original"]


def original(said: str) -> Any:
    """SciPy's own function or object of this name, `special.jv`, or None. Raises: InputError where SciPy is missing."""
    *rooms, name = said.split(".")
    try:
        return getattr(import_module(".".join(["scipy", *rooms])), name, None)
    except ImportError:
        raise InputError(f"backlight.scipy.{said} needs SciPy for its numbers: pip install scipy") from None


def elementwise(said: str) -> np.ufunc | None:
    """SciPy's elementwise function of this name or None, also inside of what SCIPY_ARRAY_API=1 wraps."""
    found = original(said)
    found = found if isinstance(found, np.ufunc) else getattr(found, "__wrapped__", None)
    return found if isinstance(found, np.ufunc) else None


def lent(said: str) -> Any:
    """What SciPy has of this name, for plain numbers only. Raises: AttributeError where it has nothing."""
    room, _, name = said.rpartition(".")
    original(said)
    return of_plain(original(room), name, said)


def of_plain(owner: Any, name: str, said: str) -> Any:
    """An attribute of something of SciPy's; a function refuses traced numbers."""
    found = getattr(owner, name, None)
    if found is None:
        raise AttributeError(f"backlight.scipy.{said} is not there, and SciPy has none either")
    if not callable(found) or inspect.isclass(found):
        return found

    def call(*args: Any, **named: Any) -> Any:
        if any_traced(args) or any_traced(named):
            raise InputError(
                f"backlight.scipy.{said} has no operations here, so it cannot be traced: use another function, or give it the "
                "plain value (x.value), which counts as constant"
            )
        return outside(found, args, named)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"What SciPy's `{said}` gives, of plain numbers only."
    return call


def floats(*values: Any) -> list[Any]:
    """Numbers and arrays as arrays of one kind of float, the one that NumPy gives them together."""
    found = [x if type(x) in (int, float, bool) else whole(held(x)) for x in values]
    kind = np.result_type(*[x if type(x) in (int, float, bool) else x.dtype for x in found])
    kind = kind if kind.kind in "fc" else np.dtype(np.float64)
    made = [x if isinstance(x, Array) else Array(None, -1, np.asarray(x, kind)[()]) for x in found]
    return [x if x.dtype == kind else ops.cast(x, dtype=kind.name) for x in made]
