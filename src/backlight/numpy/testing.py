"""NumPy's assertions about arrays, of arrays that remember: what is compared are their values."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as _numpy

from ..read.numpy.held import bare

__all__ = """assert_allclose assert_almost_equal assert_approx_equal assert_array_almost_equal assert_array_almost_equal_nulp
    assert_array_equal assert_array_less assert_array_max_ulp assert_equal""".split()


def of_values(function: Callable[..., Any]) -> Callable[..., Any]:
    """One of NumPy's assertions, asked of the values."""

    @wraps(function)
    def call(*args: Any, **named: Any) -> Any:
        return function(*bare(args), **bare(named))

    return call


for _name in __all__:
    globals()[_name] = of_values(getattr(_numpy.testing, _name))


def __getattr__(name: str) -> Any:
    """What NumPy has besides: `assert_raises`, `assert_warns`, …"""
    return getattr(_numpy.testing, name)
