"""NumPy's Fourier transforms, for arrays that remember."""

from __future__ import annotations

from typing import Any

import numpy as _numpy

from ..read.numpy.held import wrapped
from .lifted import lifted

__all__ = """fft ifft fft2 ifft2 fftn ifftn rfft irfft rfft2 irfft2 rfftn irfftn hfft ihfft fftfreq rfftfreq fftshift
    ifftshift""".split()

for _name in __all__:
    if not _name.endswith("freq"):
        globals()[_name] = lifted(getattr(_numpy.fft, _name), _name)


def fftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None) -> Any:
    """The frequencies that `fft` gives the shares of, for steps of `d`.

    >>> fftfreq(4)
    array([ 0.  ,  0.25, -0.5 , -0.25])
    """
    found = _numpy.fft.fftfreq(n, d, device=device)
    return wrapped(found if dtype is None else found.astype(dtype))


def rfftfreq(n: int, d: float = 1.0, *, dtype: Any = None, device: Any = None) -> Any:
    """The frequencies that `rfft` gives the shares of, for steps of `d`.

    >>> rfftfreq(4)
    array([0.  , 0.25, 0.5 ])
    """
    found = _numpy.fft.rfftfreq(n, d, device=device)
    return wrapped(found if dtype is None else found.astype(dtype))
