"""Arrays of other libraries, read where they lie: whatever offers DLPack is a NumPy array on the same memory.

Numbers whose bytes lie the other way round than this processor has them are foreign too, and are copied.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import InputError
from .array import Array

__all__ = ["is_foreign", "read"]


def is_foreign(value: Any) -> bool:
    """Whether this is an array of another library, or of another processor."""
    if isinstance(value, (np.ndarray, np.generic)):
        return not value.dtype.isnative
    return hasattr(value, "__dlpack__") and not isinstance(value, Array)


def read(value: Any) -> Any:
    """A foreign array as a NumPy array, on its memory if that can be; anything else as it is.

    Raises: InputError where the library does not hand it out, as PyTorch with a tensor that requires a gradient.
    """
    if not is_foreign(value):
        return value
    if isinstance(value, (np.ndarray, np.generic)):
        return value.astype(value.dtype.newbyteorder("="))
    try:
        return np.from_dlpack(value)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(f"cannot read {type(value).__name__} through DLPack: {error}") from None
