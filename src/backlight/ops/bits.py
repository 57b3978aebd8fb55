"""Whole numbers bit by bit. Nothing here has a derivative."""

from __future__ import annotations

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise

__all__ = ["bit_and", "bit_not", "bit_or", "bit_xor", "shift_left", "shift_right"]

ONES = [12, -7, 5, 0]
OTHERS = [10, 3, -1, 6]
STEPS = [0, 1, 3, 2]


def bits(name: str, args: str, glyph: str, doc: str, value: np.ufunc, cases: list[Case]) -> Op:
    return elementwise(
        name, args,
        doc=f"{doc} The answer has no derivative.",
        glyph=glyph,
        paper=lambda *xs: m.call(name, *xs),
        kind="compare",
        result="same",
        integers=tuple(range(len(args.split()))),
        value=value,
        cases=[*cases, Case(*[1.5] * len(args.split()), raises=f"{name}: x must be whole numbers, and it is Float64 ()")],
    )  # fmt: skip


bit_and: Op = bits("bit_and", "x y", "&", "The bits that both have.", np.bitwise_and, [Case(ONES, OTHERS, gives=[8, 1, 5, 0])])
bit_or: Op = bits("bit_or", "x y", "|", "The bits that at least one has.", np.bitwise_or, [Case(ONES, OTHERS, gives=[14, -5, -1, 6])])
bit_xor: Op = bits("bit_xor", "x y", "⊻", "The bits that exactly one has.", np.bitwise_xor, [Case(ONES, OTHERS, gives=[6, -6, -6, 6])])
bit_not: Op = bits("bit_not", "x", "~", "Every bit turned over: −1 − x.", np.invert, [Case(ONES, gives=[-13, 6, -6, -1])])
shift_left: Op = bits(
    "shift_left", "x y", "<<", "The bits moved up by y places: x·2^y.", np.left_shift, [Case(ONES, STEPS, gives=[12, -14, 40, 0])]
)
shift_right: Op = bits(
    "shift_right", "x y", ">>", "The bits moved down by y places: ⌊x/2^y⌋.", np.right_shift, [Case(ONES, STEPS, gives=[12, -4, 0, 0])]
)
