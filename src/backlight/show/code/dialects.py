"""The libraries that code is written for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .jax import JAX
from .numpy import NUMPY
from .spelling import Dialect
from .torch import TORCH

__all__ = ["DIALECTS"]

DIALECTS: Final[Mapping[str, Dialect]] = {dialect.name: dialect for dialect in (NUMPY, TORCH, JAX)}
