"""Whole numbers nearby. All of these are flat between their jumps, so no gradient passes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise
from . import samples as s

__all__ = ["ceil", "floor", "round", "trunc"]


def rounding(name: str, doc: str, value: np.ufunc, paper: Any, at_half: list[float]) -> Op:
    """A row that rounds; whole numbers are round already."""
    return elementwise(
        name, "x",
        doc=f"{doc} The derivative is 0, at the jumps too.",
        words="a constant rule: no gradient passes",
        paper=paper,
        result="same",
        value=lambda x: value(x) if x.dtype.kind == "f" else x,
        local=lambda z, x: 0.0,
        cases=[
            Case(1.7, gives=float(value(1.7)), grads=[0.0]), Case(s.MATRIX),
            Case([-1.5, -0.5, 0.5, 2.5], gives=at_half, grads=[[0.0] * 4], smooth=False), Case(np.inf, gives=np.inf, smooth=False),
        ],
    )  # fmt: skip


floor: Op = rounding(
    "floor", "Largest whole number up to x.", np.floor, lambda x: m.bars("⌊", x, "⌋", "floor"), [-2.0, -1.0, 0.0, 2.0]
)
ceil: Op = rounding("ceil", "Smallest whole number from x on.", np.ceil, lambda x: m.bars("⌈", x, "⌉", "ceil"), [-1.0, -0.0, 1.0, 3.0])
round: Op = rounding(
    "round", "Nearest whole number, halves to the even one.", np.rint, lambda x: m.call("round", x), [-2.0, -0.0, 0.0, 2.0]
)
trunc: Op = rounding(
    "trunc", "Whole number next to x on the way to 0.", np.trunc, lambda x: m.call("trunc", x), [-1.0, -0.0, 0.0, 2.0]
)
