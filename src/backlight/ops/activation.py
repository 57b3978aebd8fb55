"""The functions between the layers of a network."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise
from . import samples as s
from .compare import where
from .elementary import exp

__all__ = ["relu", "sigmoid"]


def sigmoid_value(x: Any) -> Any:
    """1 / (1 + e^-x), as e^x / (1 + e^x) on the left, so that nothing overflows and small values keep their digits."""
    t = np.exp(-np.abs(x))
    return np.where(x < 0, t, 1.0)[()] / (1.0 + t)


sigmoid: Op = elementwise(
    "sigmoid", "x",
    doc="Logistic curve, 1 / (1 + e^-x): squeezes any number into (0, 1).",
    words="sigmoid rule: σ(x)·σ(−x)",
    paper=lambda x: m.call("σ", x),
    value=lambda x: sigmoid_value(x).astype(x.dtype if x.dtype.kind == "f" else np.float64),
    local=lambda z, x: z * sigmoid(-x),  # z * (1 - z) loses every digit from x = 37 on
    inside=lambda x: 1.0 / (1.0 + exp(-1.0 * x)),
    cases=[Case(0.0, gives=0.5, grads=[0.25]), Case(s.MATRIX), Case([800.0, -800.0], gives=[1.0, 0.0])],
)  # fmt: skip

relu: Op = elementwise(
    "relu", "x",
    doc="x where it is positive, else 0; the derivative at 0 is 0.",
    words="gate: the gradient passes where x > 0",
    paper=lambda x: m.call("relu", x),
    result="same",
    value=lambda x: np.maximum(x, x.dtype.type(0)),
    local=lambda z, x: 1.0,
    select=lambda z, x: x > 0.0,
    inside=lambda x: where(x > 0.0, x, 0.0),
    cases=[Case(2.0, gives=2.0, grads=[1.0]), Case(s.MATRIX), Case(0.0, gives=0.0, grads=[0.0], smooth=False)],
)  # fmt: skip
