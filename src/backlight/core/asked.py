"""What Python asks of an array: its number, a truth value, a text; what a trace writes down of that, and what it refuses.

Few programs ask, so who asks, and what becomes of the answer, is found out by rooms that are opened when it first happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ..errors import GraphError, ShapeError
from .guard import Guard
from .place import frame_position

if TYPE_CHECKING:
    from .array import Array

__all__ = ["ask", "plain", "refuse", "told"]

# What NumPy calls the functions of Python's math that it has by another name; those that it has not are a sum, a product or a row.
INSTEAD: Final = {
    "fsum": "numpy.sum", "dist": "numpy.linalg.norm(x - y)", "prod": "numpy.prod", "sumprod": "numpy.dot", "acos": "numpy.arccos",
    "asin": "numpy.arcsin", "atan": "numpy.arctan", "atan2": "numpy.arctan2", "acosh": "numpy.arccosh", "asinh": "numpy.arcsinh",
    "atanh": "numpy.arctanh", "pow": "numpy.power", "gamma": "scipy.special.gamma", "lgamma": "scipy.special.gammaln",
    "erf": "scipy.special.erf", "erfc": "scipy.special.erfc", "phase": "numpy.angle", "rect": "r * numpy.exp(1j * phi)",
    "polar": "numpy.abs and numpy.angle", "fma": "x * y + z",
}  # fmt: skip


def ask(x: Array, kind: str, answer: Any, constant: bool = False) -> Any:
    """Write down that Python asked for this value: what was traced holds for this answer only, unless it is just shown."""
    if x.tape is not None and x.tape.values is not None:
        from .use import use_of

        use = use_of() if kind != "bool" else "asked"
        if use != "shown" and not (constant and use == "told"):
            x.tape.guards.append(Guard(x.number, kind, answer, frame_position(3), use == "used" and not constant))
    return answer


def told(x: Array) -> None:
    """A text of the number is asked for: written down where it is read back as a number, as in `float(f"{x:.3f}")`."""
    tape = x.tape
    if tape is not None and tape.open and tape.values is not None and x.dtype.kind in "fc":
        from .use import use_of

        if use_of(text=True) == "used":
            tape.guards.append(Guard(x.number, "numbers", np.asarray(x._value).tobytes(), frame_position(3), True))


def plain(x: Array, kind: str) -> None:
    """Refuse those who would compute with the bare number, and lose the gradient unnoticed."""
    if x.tape is not None and x.tape.open and x.tape.values is not None:
        from .asker import asker

        found = asker(3)
        if found:
            way = "make one array of it first, with backlight.numpy.asarray"
            if "assignment" in found:
                way = "make that array with backlight.numpy.zeros, or with np.zeros_like of a traced array"
            elif found.startswith(("math.", "cmath.")):
                name = found.rpartition(".")[2]
                way = f"use {INSTEAD.get(name, f'numpy.{name}')}"
            elif found == "an iterator":
                way = "write the loop out, with x.value in it where the number is meant"
            word = f"{kind}: node {x.number} ({x.type}) would leave the graph in {found}, and its gradient would be lost: {way}"
            raise refuse(x, GraphError(f"{word}, or x.value where a constant is meant"))
        if x.size != 1:
            word = f"{kind}: node {x.number} is {x.type} {x.shape}, and one number is needed: take one, as in x[0]"
            raise refuse(x, ShapeError(word))


def refuse(x: Array, error: Exception) -> Exception:
    """An error that NumPy may swallow, remembered with its place."""
    if x.tape is not None:
        x.tape.refused = (error, frame_position(3))
    return error
