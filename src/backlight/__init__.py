"""Everything is a graph: every value, every gradient, and why each is what it is."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

# Where each public name lives; a room is imported when one of its names is first asked for.
PUBLIC = {
    "array": "session",
    "backprop": "api",
    "check_grads": "custom",
    "checkpoint": "control",
    "compile": "compiled",
    "cond": "control",
    "errors": "",
    "explain": "api",
    "grad": "transform",
    "gradients": "session",
    "hessian": "jacobians",
    "hvp": "jacobians",
    "jacobian": "jacobians",
    "jvp": "pushforward",
    "linearize": "pushforward",
    "load_run": "run.file",
    "numpy": "",
    "ops": "",
    "parse": "read.text",
    "record": "read.python",
    "rule": "custom",
    "run": "api",
    "scan": "control",
    "scipy": "",
    "show": "api",
    "stop_gradient": "ops.mark",
    "trace": "read.python",
    "value_and_grad": "transform",
    "vjp": "transform",
    "vmap": "many",
    "while_loop": "control",
}

__all__ = list(PUBLIC)


def __getattr__(name: str) -> Any:
    if name not in PUBLIC:
        raise AttributeError(f"module 'backlight' has no attribute {name!r}")
    room = import_module(f".{PUBLIC[name] or name}", __name__)
    found = getattr(room, name) if PUBLIC[name] else room
    if name not in ("explain", "run", "show"):
        globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)


class Package(ModuleType):
    """This package: `backlight.run`, `explain` and `show` are functions, also once the rooms of that name are imported."""

    @property
    def explain(self) -> Any:
        return __getattr__("explain")

    @explain.setter
    def explain(self, room: ModuleType) -> None:
        """Python sets the room here when it imports it; who wants the room imports from it."""

    @property
    def run(self) -> Any:
        return __getattr__("run")

    @run.setter
    def run(self, room: ModuleType) -> None:
        """Python sets the room here when it imports it; who wants the room imports from it."""

    @property
    def show(self) -> Any:
        return __getattr__("show")

    @show.setter
    def show(self, room: ModuleType) -> None:
        """Python sets the room here when it imports it; who wants the room imports from it."""


sys.modules[__name__].__class__ = Package
