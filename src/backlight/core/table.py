"""The one table of operations, by name: the only global of the program. `ops` fills it when it is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .op import Op

__all__ = ["TABLE"]

TABLE: dict[str, Op] = {}
