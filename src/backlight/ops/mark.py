"""Operations that change no number: they only say something about a node."""

from __future__ import annotations

from ..core import math as m
from ..core.op import Case, Op, elementwise
from . import samples as s

__all__ = ["identity", "stop_gradient"]

identity: Op = elementwise(
    "identity", "x",
    doc="The same numbers under a node of their own: what a derivative is taken by inside a larger computation.",
    words="the gradient is passed on",
    result="same",
    value=lambda x: x,
    local=lambda z, x: 1.0,
    analytic=True,
    cases=[Case(1.5, gives=1.5, grads=[1.0]), Case(s.MATRIX)],
)  # fmt: skip

stop_gradient: Op = elementwise(
    "stop_gradient", "x",
    doc="The same numbers, counted as constant by every derivative.",
    words="nothing is passed on",
    paper=lambda x: m.call("stop_gradient", x),
    result="same",
    value=lambda x: x,
    cases=[Case(1.5, gives=1.5), Case(s.MATRIX)],
)  # fmt: skip
