"""The modified Bessel functions of order 0 and 1, as they are and without their growth e^|x|."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise
from . import bessel_values as values
from . import samples as s
from .arithmetic import abs, sign
from .compare import isinf, less, where
from .kernel import precise

__all__ = ["i0", "i0e", "i0e_slope", "i1", "i1e", "i1e_slope"]

SOURCE = "power series near 0, Hankel's expansion from 24 on: DLMF 10.25.2 and 10.40.1"


def over(y: Any, x: Any, at_zero: float) -> Any:
    """y/x, and its limit where x is next to nothing."""
    none = less(abs(x), 1e-20)
    return where(none, at_zero, y / where(none, 1.0, x))


i0: Op = elementwise(
    "i0", "x",
    doc="The modified Bessel function of order 0: an even function that grows like e^|x|/√(2π|x|).",
    words="the derivative is i1",
    source=SOURCE,
    paper=lambda x: m.call("i0", x),
    value=precise(values.i0),
    local=lambda z, x: i1(x),
    cases=[
        Case(0.0, gives=1.0, grads=[0.0]), Case(s.MATRIX), Case(1.0, gives=1.2660658777520084, grads=[0.5651591039924851]),
        Case([np.inf, -np.inf, 720.0, 1e37], gives=[np.inf] * 4, smooth=False),
    ],
)  # fmt: skip

i1: Op = elementwise(
    "i1", "x",
    doc="The modified Bessel function of order 1, the derivative of i0.",
    words="the derivative is i0 − i1/x, and 1/2 at 0",
    source=SOURCE,
    paper=lambda x: m.call("i1", x),
    value=precise(values.i1),
    local=lambda z, x: where(isinf(z), abs(z), i0(x) - over(z, x, 0.5)),
    cases=[
        Case(0.0, gives=0.0, grads=[0.5], smooth=False), Case(s.MATRIX), Case(1.0, gives=0.5651591039924851),
        Case([np.inf, -np.inf], gives=[np.inf, -np.inf], smooth=False),
    ],
)  # fmt: skip

i0e: Op = elementwise(
    "i0e", "x",
    doc="e^−|x|·i0(x), which falls off like 1/√(2π|x|); its corner at 0 has the derivative 0.",
    words="the derivative is i1e − i0e on the right, and its opposite on the left",
    source=SOURCE,
    paper=lambda x: m.call("i0e", x),
    value=precise(values.i0e),
    local=lambda z, x: i0e_slope(x),
    cases=[
        Case(0.0, gives=1.0, grads=[0.0], smooth=False), Case(s.MATRIX), Case(1.0, gives=0.46575960759364043, grads=[-0.25784919224393193]),
        Case([np.inf, 1e300, 1e308], gives=[0.0, 3.989422804014327e-151, 3.989422804014327e-155], smooth=False),
    ],
)  # fmt: skip

i1e: Op = elementwise(
    "i1e", "x",
    doc="e^−|x|·i1(x), which falls off like i0e.",
    words="the derivative is i0e − i1e − i1e/x on the right, and the same on the left",
    source=SOURCE,
    paper=lambda x: m.call("i1e", x),
    value=precise(values.i1e),
    local=lambda z, x: i1e_slope(x),
    cases=[
        Case(0.0, gives=0.0, grads=[0.5], smooth=False), Case(s.MATRIX), Case(1.0, gives=0.2079104153497085, grads=[0.04993877689422354]),
        Case([np.inf, -np.inf], gives=[0.0, -0.0], smooth=False),
    ],
)  # fmt: skip

i0e_slope: Op = elementwise(
    "i0e_slope", "x",
    doc="The derivative of i0e, with the digits that a difference would lose.",
    words="the derivative is −2·sign(x)·z − i1e(x)/x",
    source=SOURCE,
    paper=lambda x: m.call("i0e_slope", x),
    value=precise(values.i0e_slope),
    local=lambda z, x: -2.0 * (sign(x) * z) - over(i1e(x), x, 0.5),
    cases=[Case(0.0, gives=0.0, smooth=False), Case(s.MATRIX), Case([np.inf, 1e10], gives=[-0.0, -1.9947114020819637e-16], smooth=False)],
)  # fmt: skip

i1e_slope: Op = elementwise(
    "i1e_slope", "x",
    doc="The derivative of i1e, with the digits that a difference would lose.",
    words="the derivative is 2·i0e_slope(x) + (i1e/x − z)/x + i1e/x",
    source=SOURCE,
    paper=lambda x: m.call("i1e_slope", x),
    value=precise(values.i1e_slope),
    local=lambda z, x: 2.0 * i0e_slope(x) + sign(x) * over(i1e(x), x, 0.5) + over(over(i1e(x), x, 0.0) - z, x, 0.0),
    cases=[Case(0.0, gives=0.5, smooth=False), Case(s.MATRIX), Case(1e10, gives=-1.9947114017827584e-16, smooth=False)],
)  # fmt: skip
