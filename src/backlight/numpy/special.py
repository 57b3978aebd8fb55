"""SciPy's special functions of arrays that remember, by SciPy's names: what SciPy itself looks for here.

With SCIPY_ARRAY_API=1 SciPy asks the namespace of its arguments for `special` before it falls back to plain arrays, which would
lose the graph. Its elementwise functions then go NumPy's way; the few that are written in Python are written here again.
"""

from __future__ import annotations

import math as _math
import sys as _sys
from typing import Any

from .. import ops as _ops
from ..read.numpy.held import bare as _bare
from ..read.numpy.held import whole as _whole

__all__ = ["multigammaln", "polygamma"]


def __getattr__(name: str) -> Any:
    room = _sys.modules.get("scipy.special._ufuncs")
    if room is None or name.startswith("_") or not hasattr(room, name):
        known = "there is no such function of SciPy" if room is not None else "import scipy.special first"
        raise AttributeError(f"backlight.numpy.special has no {name!r}: {known}")
    return getattr(room, name)


def polygamma(n: int, x: Any) -> Any:
    """The derivative of this order of digamma."""
    return _ops.polygamma(_whole(x), order=int(_bare(n)))


def multigammaln(a: Any, d: int) -> Any:
    """The logarithm of the gamma function of d × d matrices: d·(d − 1)/4·log π + Σ log Γ(a − j/2), j from 0 to d − 1."""
    x = _whole(a)
    x = x if x.dtype.kind == "f" else _ops.cast(x, dtype="float64")
    parts = [_ops.lgamma(_ops.sub(x, 0.5 * j)) for j in range(int(_bare(d)))]
    return _ops.total(*parts) + 0.25 * d * (d - 1) * _math.log(_math.pi)
