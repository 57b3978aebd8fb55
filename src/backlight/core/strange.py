"""Arrays of NumPy's whose operators mean something else, and which would be taken for plain numbers in silence."""

from __future__ import annotations

from typing import Final

import numpy as np

from ..errors import InputError

__all__ = ["refuse_strange"]

WORDS: Final = {
    "matrix": "numpy.matrix has a * that multiplies matrices, and a ** too: give np.asarray(m), and write @ for products",
    "MaskedArray": "numpy.ma.MaskedArray holds numbers that do not count, and here they would: give z.filled(0.0), or choose with "
    "np.where(z.mask, 0.0, z.data)",
}


def refuse_strange(kind: type) -> None:
    """Raise InputError for a class of arrays with arithmetic of its own, or one made of it."""
    if kind is np.ndarray or not issubclass(kind, np.ndarray):
        return
    for base in kind.__mro__:
        if base.__name__ in WORDS and base.__module__.partition(".")[0] == "numpy":
            raise InputError(WORDS[base.__name__])
