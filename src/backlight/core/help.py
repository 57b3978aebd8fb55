"""What a row tells of itself at the prompt: `help(bl.ops.relu)`, `inspect.signature`, a notebook's `?`."""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter, Signature
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .row import Op

__all__ = ["Told", "call_of"]

LONGEST = 100  # characters of an example


def call_of(op: Op) -> Signature:
    """How a row is called: operands by place, settings by name."""
    names = [(name.lstrip("*"), Parameter.VAR_POSITIONAL if name[0] == "*" else Parameter.POSITIONAL_ONLY) for name in op.args]
    found = [Parameter(name, kind) for name, kind in names]
    found += [Parameter(name, Parameter.KEYWORD_ONLY, default=value) for name, value in op.attrs.items()]
    return Signature(found)


def listed(value: Any) -> str:
    """An operand as one types it."""
    return repr(value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value)


def example(op: Op) -> Sequence[str]:
    """The shortest case of a row with more than one number as a call, and what it gives."""
    calls = []
    for case in op.cases:
        if case.raises is None and op.kind not in ("control", "leaf"):
            given = [*map(listed, case.args), *(f"{name}={value!r}" for name, value in case.attrs.items())]
            call = f"{op.name}({', '.join(given)})"
            sizes = [np.size(arg) for arg in case.args]
            if len(call) <= LONGEST and 0 not in sizes and not any(word in call for word in ("nan", "inf", "slice")):
                calls.append((max(sizes, default=1) == 1, len(call), call, case))
    if not calls:
        return []
    _, _, call, case = min(calls, key=lambda found: found[:3])
    return ["", f">>> backlight.ops.{call}", *repr(op(*case.args, **case.attrs)).splitlines()]


class Told:
    """The docstring of a row: its own, where the class has its own too."""

    def __init__(self, whole: str | None) -> None:
        self.whole = whole

    def __get__(self, op: Op | None, kind: Any = None) -> str | None:
        if op is None:
            return self.whole
        lines = [op.doc, "", f"{op.name}{call_of(op)}"]
        lines += ["", f"Derivative: {op.words}."] if op.words else []
        lines += ["", f"Source: {op.source}."] if op.source else []
        return "\n".join([*lines, *example(op)])
