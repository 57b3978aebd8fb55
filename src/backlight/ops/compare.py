"""Questions about numbers, and choices by their answers."""

from __future__ import annotations

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise, result_dtype, stretch
from ..core.types import Type
from . import samples as s

__all__ = [
    "equal", "greater", "greater_equal", "isfinite", "isinf", "isnan", "less", "less_equal",
    "logical_and", "logical_not", "logical_or", "logical_xor", "not_equal", "where",
]  # fmt: skip


def comparison(name: str, symbol: str, doc: str, value: np.ufunc, complexes: bool = False) -> Op:
    return elementwise(
        name, "x y",
        doc=f"{doc} The answer has no derivative.",
        glyph=symbol,
        paper=lambda x, y: m.infix(symbol, x, y, m.COMPARE),
        kind="compare",
        result="bool",
        complexes=complexes,
        value=value,
        cases=[Case(1.0, 2.0), Case(s.MATRIX, s.OTHER), Case(s.MATRIX, s.MATRIX), Case(np.nan, np.nan)],
    )  # fmt: skip


less: Op = comparison("less", "<", "Whether x is below y.", np.less)
less_equal: Op = comparison("less_equal", "≤", "Whether x is at most y.", np.less_equal)
greater: Op = comparison("greater", ">", "Whether x is above y.", np.greater)
greater_equal: Op = comparison("greater_equal", "≥", "Whether x is at least y.", np.greater_equal)
equal: Op = comparison("equal", "==", "Whether x and y are the same number; NaN equals nothing.", np.equal, complexes=True)
not_equal: Op = comparison("not_equal", "≠", "Whether x and y differ; NaN differs from everything.", np.not_equal, complexes=True)


def logical(name: str, args: str, symbol: str, doc: str, value: np.ufunc) -> Op:
    pair = [Case(True, False), Case([True, True, False], [True, False, False])]
    return elementwise(
        name, args, doc=doc, glyph=symbol, paper=lambda *xs: m.call(name, *xs), kind="compare", result="bool", value=value,
        complexes=True, cases=pair if args == "x y" else [Case([True, False])],
    )  # fmt: skip


logical_and: Op = logical("logical_and", "x y", "∧", "Whether both hold.", np.logical_and)
logical_or: Op = logical("logical_or", "x y", "∨", "Whether at least one holds.", np.logical_or)
logical_xor: Op = logical("logical_xor", "x y", "⊕", "Whether exactly one holds.", np.logical_xor)
logical_not: Op = logical("logical_not", "x", "¬", "Whether it does not hold.", np.logical_not)



def question(name: str, doc: str, value: np.ufunc, answers: list[bool]) -> Op:
    """A question about one number."""
    return elementwise(
        name, "x", doc=f"{doc} The answer has no derivative.", paper=lambda x: m.call(name, x), kind="compare", result="bool",
        complexes=True, value=value, cases=[Case([1.0, np.nan, -np.inf], gives=answers), Case(s.MATRIX)],
    )  # fmt: skip


isnan: Op = question("isnan", "Whether x is no number at all, NaN.", np.isnan, [False, True, False])
isinf: Op = question("isinf", "Whether x is infinite, with either sign.", np.isinf, [False, False, True])
isfinite: Op = question("isfinite", "Whether x is neither infinite nor NaN.", np.isfinite, [True, False, False])


def where_type(condition: Type, x: Type, y: Type) -> Type:
    return Type(result_dtype("where", (x, y), "same"), stretch("where", (condition, x, y)))


where: Op = elementwise(
    "where", "condition x y",
    doc="x where the condition holds, else y; the branch not taken takes no part in the gradient.",
    words="choice rule: the gradient goes to the chosen branch only",
    paper=lambda c, x, y: m.call("where", c, x, y),
    type=where_type,
    value=lambda c, x, y: np.asarray(np.where(c, x, y))[()],
    local=(None, lambda z, c, x, y: 1.0, lambda z, c, x, y: 1.0),
    select=(None, lambda z, c, x, y: c, lambda z, c, x, y: logical_not(c)),
    chooses=True,
    jvp=lambda ts, z, c, x, y: where(c, *(0.0 if t is None else t for t in ts[1:])),
    analytic=True,
    cases=[
        Case(True, 1.0, 2.0, gives=1.0, grads=[None, 1.0, 0.0]),
        Case(s.MATRIX > 0, s.MATRIX, s.ROW),
        Case([True, False], [np.inf, 1.0], 0.0, gives=[np.inf, 0.0], smooth=False),
    ],
)  # fmt: skip
