"""One row per operation.

A row says what an operation means: its type, its value in NumPy, its derivative, its notation, its definition in smaller
operations, and the cases that every law is tried on. How a machine runs it, or how a file format spells it, is written
elsewhere, in the file of that machine or format.

Derivatives come in one of two kinds. Elementwise rows give `local`, one function per operand `(z, *xs, **attrs)` that
writes ∂z/∂x, element by element, as graph; a Python number means a constant derivative. Rows that mix axes give `vjp`,
one function per operand `(g, z, *xs, **attrs)` that writes the downstream gradient, and say in which operands they are
`linear`, from which forward mode follows. Where the number of operands varies, one function takes the operand's number
(from 0) before the other arguments. Rules are graph, never numbers, so that a gradient can be printed, compiled and
differentiated again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import numpy as np

from ..errors import DTypeError, ShapeError
from .array import Array
from .row import FLOAT, Case, Kind, Op, Rule
from .setting import freeze, written
from .signature import signature, signature_of
from .table import TABLE
from .types import Type, broadcast_shapes, dtype_name

__all__ = [
    "Case", "Kind", "Op", "Result", "Rule", "elementwise", "freeze", "known_number", "operation", "signature", "signature_of",
    "stretch", "written",
]  # fmt: skip

Result = Literal["same", "number", "float", "real", "bool"]
Rules = Rule | Sequence[Rule | None] | None


def stretch(op: str, types: Sequence[Type]) -> tuple[int, ...]:
    """The shape that the operands broadcast to; a ShapeError that names the axis and the sizes."""
    shape = broadcast_shapes(*[t.shape for t in types])
    if shape is not None:
        return shape
    for i, a in enumerate(types):
        for b in types[i + 1 :]:
            for axis in range(-1, -min(a.rank, b.rank) - 1, -1):
                n, m = a.shape[axis], b.shape[axis]
                if n != m and 1 not in (n, m):
                    raise ShapeError(
                        f"{op}: cannot stretch {dtype_name(a.dtype)} {a.shape} and {dtype_name(b.dtype)} {b.shape} "
                        f"to one shape: axis {axis} has sizes {n} and {m}"
                    )
    raise AssertionError("shapes disagree and no axis does")


BOOL: Final = np.dtype("bool")


def result_dtype(op: str, types: Sequence[Type], result: Result) -> np.dtype[Any]:
    """The dtype of an elementwise result."""
    if result == "bool":
        return BOOL
    dtype = types[0].dtype
    for t in types[1:]:
        if t.dtype is not dtype:
            dtype = np.result_type(dtype, t.dtype)
    if result == "float" and dtype.kind not in "fc":
        return FLOAT
    if result == "number" and dtype.kind == "b":
        raise DTypeError(
            f"{op}: truth values are not numbers here: cast {'it' if len(types) == 1 else 'one of them'} first, "
            'as in cast(x, dtype="int64")'
        )
    if result == "real" and dtype.kind == "c":
        return np.dtype(f"f{dtype.itemsize // 2}")
    return dtype


def register(op: Op) -> Op:
    """Put a row into the table."""
    assert not TABLE.has(op.name), f"two rows are called {op.name}"
    TABLE[op.name] = op
    return op


def rules(given: Rules, args: Sequence[str]) -> Any:
    """One rule per operand: a bare function is the rule of the only operand, or of any operand of a variadic row."""
    if given is None or not callable(given):
        return None if given is None else tuple(given)
    return given if args[-1].startswith("*") else (given,)


def floating(value: Rule) -> Rule:
    """The value rule on operands of one float dtype: whole numbers and truth values are float64 first, whatever their size."""
    if isinstance(value, np.ufunc) and "bb->d" in value.types:
        return value  # NumPy has the same rule for it

    def floats(*xs: Any, **attrs: Any) -> Any:
        dtype = xs[0].dtype
        for x in xs[1:]:
            if x.dtype is not dtype:
                dtype = np.result_type(dtype, x.dtype)
        if dtype.kind not in "fc":
            dtype = FLOAT
        return value(*[x if x.dtype is dtype else x.astype(dtype) for x in xs], **attrs)

    return floats


def elementwise(
    name: str,
    args: str,
    *,
    doc: str,
    value: Rule,
    local: Rules = None,
    result: Result = "float",
    kind: Kind = "elementwise",
    type: Rule | None = None,
    select: Rules = None,
    attrs: Mapping[str, Any] | None = None,
    complexes: bool | None = None,
    **more: Any,
) -> Op:
    """A row that works element by element, on operands stretched to one shape; `args` is `"x"`, `"x y"`, or `"*xs"`.

    `result` is the dtype of the result: `same` as the operands, a `number` (the same, but truth values are refused), at least
    `float` (the operands of `value` then are floats of one dtype), `real` (of a complex), or `bool`;
    `type` replaces this rule where it does not fit. Complex operands are taken where `complexes` says so, and where it says
    nothing by the `analytic` rows.
    """
    names = tuple(args.split())
    takes_complex = more.get("analytic", False) if complexes is None else complexes

    def result_type(*types: Type, **_: Any) -> Type:
        if not takes_complex:
            for k, t in enumerate(types):
                if t.dtype.kind == "c":
                    raise DTypeError(
                        f"{name}: takes real numbers, and {names[min(k, len(names) - 1)].lstrip('*')} is {t} {t.shape}: "
                        "take its real part, its imag part or its abs first"
                    )
        return Type(result_dtype(name, types, result), stretch(name, types))

    wraps = result == "float" and type is None
    return register(
        Op(
            name=name,
            args=names,
            type=type or result_type,
            value=floating(value) if wraps else value,
            raw=value if wraps else None,
            kind=kind,
            doc=doc,
            attrs=attrs or {},
            local=rules(local, names),
            select=rules(select, names),
            **more,
        )
    )


def operation(
    name: str,
    args: str,
    *,
    doc: str,
    type: Rule,
    value: Rule,
    kind: Kind,
    vjp: Rules = None,
    attrs: Mapping[str, Any] | None = None,
    **more: Any,
) -> Op:
    """A row that mixes axes, changes shapes, or is a leaf."""
    names = tuple(args.split())
    return register(
        Op(name=name, args=names, type=type, value=value, kind=kind, doc=doc, attrs=attrs or {}, vjp=rules(vjp, names), **more)
    )


def known_number(x: Array) -> float | None:
    """The number that an operand is, where it is a constant of the graph: rules may then write a simpler derivative."""
    if x.tape is None:
        return None
    node = x.tape.nodes[x.number]
    if node.op.name != "const" or x.shape != ():
        return None
    return node.attrs[0][1].item()  # type: ignore[no-any-return]
