"""`op :: signature` of operations and nodes, in Hindley-Milner form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .graph import Node
from .types import TupleType, Type, dtype_name

if TYPE_CHECKING:
    from .op import Op

__all__ = ["signature", "signature_of"]


def signature(
    op: Op, types: Sequence[Type], out: Type | TupleType, attrs: Sequence[tuple[str, Any]] = (), of: Sequence[str] = ()
) -> str:
    """`op :: signature` in Hindley-Milner form: dtypes of floats become letters, the others are spelled out.

    `of` names the rows that made the operands, for the marks that depend on them: `Aᵀ×b`.

    >>> from backlight.ops import sigmoid, add
    >>> t, s = Type("float64", (5,)), Type("float64", ())
    >>> signature(sigmoid, [t], t), signature(add, [t, s], t)
    ('sigmoid :: a → a', '+ :: Vector a → a → Vector a')
    """
    label = op.glyph or op.name if op.mark is None else op.mark(types, of)
    axis = dict(attrs).get("axis", op.attrs.get("axis", ()))
    if op.kind == "reduce" and axis != () and types[0].rank:
        axes = range(types[0].rank) if axis is None else (axis,) if isinstance(axis, int) else axis
        label += f"[{', '.join(map(str, axes))}]"
    if op.kind == "leaf":
        return f"{label} :: {out}"
    letters: dict[Any, str] = {}

    def spell(t: Type | TupleType) -> str:
        if isinstance(t, TupleType):
            return "(" + ", ".join(spell(u) for u in t.types) + ")"
        if t.is_float:
            word = letters.setdefault(t.dtype, "abcdefgh"[min(len(letters), 7)])
        else:
            word = dtype_name(t.dtype)
        kind = "" if t.rank == 0 else str(t).rsplit(" ", 1)[0] + " "
        return kind + word

    if op.kind in ("elementwise", "compare") and len(types) == 1:
        flat = [Type(t.dtype, ()) for t in (types[0], out) if isinstance(t, Type)]  # of every shape alike
        return f"{label} :: " + " → ".join(spell(t) for t in flat)
    return f"{label} :: " + " → ".join([spell(t) for t in types] + [spell(out)])


def signature_of(nodes: Sequence[Node], number: int) -> str:
    """`op :: signature` of one node of a list; before types are known the mark of its operation alone."""
    node = nodes[number]
    if node.type is None:
        return node.op.glyph or node.op.name
    operands = [nodes[j] for j in node.inputs]
    types: Any = [operand.type for operand in operands]
    return signature(node.op, types, node.type, node.attrs, [operand.op.name for operand in operands])
