"""Everything is a graph: every value, every gradient, and why each is what it is."""

from __future__ import annotations

from importlib import import_module
from typing import Any

# Where each public name lives; a room is imported when one of its names is first asked for.
PUBLIC = {
    "backprop": "api",
    "errors": "",
    "run": "api",
}

__all__ = list(PUBLIC)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'backlight' has no attribute {name!r}")
    found = import_module(f".{name}", __name__) if not PUBLIC[name] else getattr(import_module(f".{PUBLIC[name]}", __name__), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
