"""Where values come from: inputs, constants, and one output of several."""

from __future__ import annotations

from typing import Any

from ..core.math import Math, number
from ..core.op import Op, operation, written
from ..core.types import TupleType, Type, type_of
from ..errors import DTypeError, ValueError

__all__ = ["const", "input", "item"]


def no_value(*_: Any, **__: Any) -> Any:
    raise AssertionError("the machine gives inputs their values")


input: Op = operation(
    "input", "", doc="A value that is given from outside: a variable or a parameter.",
    kind="leaf", type=no_value, value=no_value, attrs={"role": ""},
)  # fmt: skip


def const_paper(value: Any = None) -> Math:
    if getattr(value, "shape", ()) == () and not isinstance(value, (list, tuple)):
        return number(value.item() if hasattr(value, "item") else value)
    rows = value.tolist() if hasattr(value, "tolist") else value

    def frozen(x: Any) -> Any:
        return tuple(frozen(y) for y in x) if isinstance(x, (list, tuple)) else x

    return written(frozen(rows))


const: Op = operation(
    "const", "", doc="A number or an array that is written into the graph and never changes.",
    kind="leaf", type=lambda value: type_of(value), value=lambda value: value, attrs={"value": None}, paper=const_paper,
)  # fmt: skip


def item_type(x: Any, k: int = 0) -> Type:
    if not isinstance(x, TupleType):
        raise DTypeError(f"item: takes one of several outputs, and x is one array, {x} {x.shape}")
    if not 0 <= k < len(x.types):
        raise ValueError(f"item: there is no output {k}: x has {len(x.types)}, counted from 0")
    return x.types[k]


item: Op = operation(
    "item", "x", doc="One output of a node that has several, counted from 0.",
    kind="leaf", type=item_type, value=lambda x, k=0: x[k], attrs={"k": 0}, glyph="item",
    words="passed on to this output of the node", vjp=lambda g, z, x, k=0: g,
)  # fmt: skip
