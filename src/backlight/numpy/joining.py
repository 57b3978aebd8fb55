"""np.r_ and np.c_: arrays, numbers and ranges in one line, or side by side as columns."""

from __future__ import annotations

from typing import Any, final

import numpy as np

from ..errors import InputError
from ..read.numpy.door import answer
from ..read.numpy.held import any_traced, bare, wrapped

__all__ = ["c_", "r_"]


@final
class Joined:
    """What brackets join: `r_[x, 0, 1:4]`."""

    __slots__ = ("join", "plain")

    def __init__(self, plain: Any, join: Any) -> None:
        self.plain = plain  # NumPy's own, for arrays that nobody traces
        self.join = join

    def __getitem__(self, key: Any) -> Any:
        parts = key if isinstance(key, tuple) else (key,)
        if not any_traced(parts):
            return wrapped(self.plain[tuple([bare(part) for part in parts])])
        if any(isinstance(part, str) for part in parts):
            raise InputError("numpy.r_: a word for the axes cannot be traced: use concatenate or stack")
        lines = [np.r_[part] if isinstance(part, slice) else answer(np.atleast_1d, (part,), {}) for part in parts]
        return answer(self.join, (lines,), {})


r_ = Joined(np.r_, np.concatenate)
c_ = Joined(np.c_, np.column_stack)
