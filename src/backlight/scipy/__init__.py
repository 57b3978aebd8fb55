"""SciPy's functions for arrays that remember: `import backlight.scipy as scipy` in the place of `import scipy`.

SciPy's elementwise functions ask an array what it means by them, and are followed as they stand. The others turn what they are
given into plain arrays first, and nobody can follow them; here they are written in operations, under SciPy's names and
arguments: `special` with `logsumexp`, `softmax` and `polygamma` among them, the distributions of `stats`, what Gaussian
processes need of `linalg`, and the transforms of `fft`.

>>> import backlight as bl
>>> from backlight.scipy import special, stats
>>> float(bl.grad(stats.norm.logcdf)(-50.0))
50.019984031905636
>>> print(bl.grad(special.logsumexp)(bl.numpy.asarray([0.0, 0.0])))
[0.5 0.5]
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["fft", "linalg", "special", "stats"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'backlight.scipy' has no attribute {name!r}: there are {', '.join(__all__)}")
    return import_module(f".{name}", __name__)


def __dir__() -> list[str]:
    return sorted(__all__)
