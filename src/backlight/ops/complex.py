"""Parts of complex numbers. The gradient of a real number L by z = x + iy is ∂L/∂x + i·∂L/∂y: against it L falls fastest."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import math as m
from ..core.op import Case, Op, elementwise
from ..core.types import type_of
from ..errors import BacklightError
from . import samples as s

__all__ = ["conj", "imag", "real"]


def takes_complex(row: Op) -> bool:
    """Whether a row takes complex numbers: its rule for types says so, asked on the first of its cases that has floats."""
    for case in row.cases:
        kinds = [type_of(x) for x in case.args]
        if case.raises is None and any(kind.dtype.kind == "f" for kind in kinds):
            wide = tuple(kind.with_dtype("complex128") if kind.dtype.kind == "f" else kind for kind in kinds)
            try:
                row.infer(wide, row.settings(case.args, dict(case.attrs))[1])
            except BacklightError:
                return False
            return True
    return False


SOME = s.MATRIX + 1j * s.OTHER

conj: Op = elementwise(
    "conj", "x",
    doc="The complex conjugate; a real number is its own.",
    words="the gradient is conjugated too",
    paper=lambda x: m.call("conj", x),
    result="same",
    complexes=True,
    value=lambda x: np.conj(x) if x.dtype.kind == "c" else x,
    vjp=(lambda g, z, x: conj(g),),
    linear=(0,),
    mask=lambda k, m, z, x: m,
    climb=lambda ts, x: ts[0],
    cases=[Case(1.0 - 2.0j, gives=1.0 + 2.0j, grads=[1.0]), Case(s.MATRIX), Case(SOME)],
)  # fmt: skip

real: Op = elementwise(
    "real", "x",
    doc="The real part.",
    words="passed on to the real part",
    paper=lambda x: m.call("real", x),
    result="real",
    complexes=True,
    value=lambda x: np.real(x) if x.dtype.kind == "c" else x,
    local=lambda z, x: 1.0,
    cases=[Case(1.0 - 2.0j, gives=1.0, grads=[1.0]), Case(s.MATRIX), Case(SOME)],
)  # fmt: skip


def imag_value(x: Any) -> Any:
    return np.imag(x) if x.dtype.kind == "c" else np.zeros_like(x)[()]


def imag_gradient(g: Any, z: Any, x: Any) -> Any:
    """i·g: to the imaginary part; a real number has none."""
    return 1j * g if x.dtype.kind == "c" else 0.0 * g


imag: Op = elementwise(
    "imag", "x",
    doc="The imaginary part; that of a real number is 0.",
    words="passed on to the imaginary part",
    paper=lambda x: m.call("imag", x),
    result="real",
    complexes=True,
    value=imag_value,
    vjp=(imag_gradient,),
    linear=(0,),
    mask=lambda k, m, z, x: m,
    climb=lambda ts, x: ts[0],
    cases=[Case(1.0 - 2.0j, gives=-2.0, grads=[1.0j]), Case(s.MATRIX), Case(SOME)],
)  # fmt: skip
