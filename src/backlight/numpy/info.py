"""What the standard asks of a library about itself: its dtypes, its devices, what it can do."""

from __future__ import annotations

from typing import Any, final

import numpy as np

__all__ = ["Info", "info"]


@final
class Info:
    """NumPy's answers."""

    __slots__ = ("numpy",)

    def __init__(self) -> None:
        self.numpy = np.__array_namespace_info__()

    def capabilities(self) -> dict[str, Any]:
        """Masks, shapes that hang on values, and how many axes there may be."""
        return dict(self.numpy.capabilities())

    def default_device(self) -> str:
        """The only one: "cpu"."""
        return str(self.numpy.default_device())

    def devices(self) -> list[str]:
        """All of them, in a list."""
        return list(self.numpy.devices())

    def default_dtypes(self, *, device: Any = None) -> dict[str, Any]:
        """The dtypes of Python's own numbers, and of indices."""
        return dict(self.numpy.default_dtypes(device=device))

    def dtypes(self, *, device: Any = None, kind: Any = None) -> dict[str, Any]:
        """All dtypes by name, or those of a kind, or of several."""
        return dict(self.numpy.dtypes(device=device, kind=kind))


def info() -> Info:
    """What the standard asks of a library about itself: its dtypes, its only device, what it can do.

    >>> import backlight.numpy as np
    >>> np.__array_namespace_info__().devices()
    ['cpu']
    """
    return Info()
