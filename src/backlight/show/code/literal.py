"""Numbers and names as code: arrays with every digit and one row a line, and names that no library and no keyword has taken."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Container
from itertools import count
from typing import Any, Final

import numpy as np

from ...errors import InputError
from .spelling import Dialect

__all__ = ["TAKEN", "literal", "number", "safe_name"]

LARGEST: Final = 100_000  # numbers that are written out
WIDTH: Final = 100
TAKEN: Final = frozenset({"np", "jnp", "jax", "torch", "math", "scipy", "f", "g", "gradients", "value", "_", *dir(builtins)})


def safe_name(name: str, taken: Container[str]) -> str:
    """A name as one that a program may use and that is free; empty where there is nothing of it left."""
    found = "".join(c if c.isalnum() or c == "_" else "_" for c in name)
    if not found.isidentifier():
        return ""
    if not keyword.iskeyword(found) and found not in taken:
        return found
    return next(name for k in count(2) if (name := f"{found}{k}") not in taken)


def number(x: Any) -> str:
    """One number of Python's."""
    found = repr(x.item() if hasattr(x, "item") else x)
    return found.replace("nan", "float('nan')").replace("inf", "float('inf')") if "n" in found else found


def literal(value: Any, dialect: Dialect) -> str:
    """A value as an array of a library, every digit of it. Raises: InputError for one of more than 100,000 numbers."""
    array = np.asarray(value)
    first = array.reshape(-1)[0] if array.size else np.zeros((), array.dtype)[()]
    if array.ndim and bool(np.all(array == first)) and (array.size > 1 or not array.size):  # all alike
        shape = f"({', '.join(map(str, array.shape))}{',' if array.ndim == 1 else ''})"
        if first in (0, 1) and not np.signbit(np.real(first)):
            return f"{dialect.module}.{'ones' if first else 'zeros'}({shape}{kind(array.dtype, dialect, 'float64')})"
        return f"{dialect.module}.full({shape}, {number(first)}{kind(array.dtype, dialect, '')})"
    if array.size > LARGEST:
        raise InputError(f"an array of {array.size} numbers is too long for a program: from {LARGEST} on, save the run instead")
    usual = {"f": "float64", "i": "int64", "b": "bool", "c": "complex128"}.get(array.dtype.kind, "") if array.size else "float64"
    return dialect.array.format(rows(array.tolist(), ""))[:-1] + kind(array.dtype, dialect, usual) + ")"


def kind(dtype: np.dtype[Any], dialect: Dialect, usual: str) -> str:
    """The dtype, where it is not the one that comes by itself; PyTorch's own floats are small ones."""
    if dtype.name == usual and (dialect.name != "torch" or dtype.kind in "bi"):
        return ""
    return f", dtype={dialect.dtype.format(dtype.name if dtype.kind != 'b' else 'bool' if dialect.name == 'torch' else 'bool_')}"


def rows(value: Any, indent: str) -> str:
    """Nested lists; one that does not fit into a line gets a line for each of its parts."""
    flat = number_list(value)
    if len(flat) + len(indent) <= WIDTH or not isinstance(value, list):
        return flat
    inner = indent + "    "
    if not isinstance(value[0], list):
        lines, line = [], ""
        for x in map(number, value):
            if line and len(line) + len(x) + len(inner) > WIDTH:
                lines.append(inner + line.rstrip())
                line = ""
            line += f"{x}, "
        return "[\n" + "\n".join([*lines, inner + line.rstrip()]) + f"\n{indent}]"
    return "[\n" + "".join(f"{inner}{rows(part, inner)},\n" for part in value) + f"{indent}]"


def number_list(value: Any) -> str:
    return f"[{', '.join(map(number_list, value))}]" if isinstance(value, list) else number(value)
