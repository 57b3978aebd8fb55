"""The one table of operations, by name: the only global of the program. The rooms of `ops` fill it, when a row is asked for."""

from __future__ import annotations

import os
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from importlib import import_module
from threading import RLock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .op import Op

__all__ = ["TABLE"]


# Held while rooms are opened, and while the process is copied: the copy would wait for ever for a room that is half open.
OPENING: Final = RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=OPENING.acquire, after_in_parent=OPENING.release, after_in_child=OPENING.release)


def opened(name: str | None = None) -> bool:
    """Let the room of operations, which is above this one, open what it has not opened yet, until this name is there."""
    with OPENING:
        return import_module(f"{__name__.partition('.')[0]}.ops").opened(name)  # type: ignore[no-any-return]


class Table(dict[str, "Op"]):
    """Rows by name. One that is not there yet is looked for; who asks for all gets all, in the order of the alphabet."""

    __slots__ = ()

    def has(self, name: object) -> bool:
        """Whether a row is there already."""
        return dict.__contains__(self, name)

    def whole(self) -> dict[str, Op]:
        """Every row there is."""
        opened()
        return {name: self[name] for name in sorted(dict.__iter__(self))}

    def __missing__(self, name: str) -> Op:
        if opened(name):
            return self[name]
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        return self.has(name) or (isinstance(name, str) and opened(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self.whole())

    def __len__(self) -> int:
        return len(self.whole())

    def get(self, name: str, default: None = None) -> Op | None:  # type: ignore[override]
        return self[name] if name in self else None  # noqa: SIM401 - this is what `get` is

    def keys(self) -> KeysView[str]:  # type: ignore[override]
        return self.whole().keys()

    def values(self) -> ValuesView[Op]:  # type: ignore[override]
        return self.whole().values()

    def items(self) -> ItemsView[str, Op]:  # type: ignore[override]
        return self.whole().items()


TABLE: Final = Table()
