"""What a spelling is, and those that several libraries share.

`{0}`, `{1}`, … are the operands, `{all}` all of them between commas, settings go by their names and `{out}` is the shape of the
result. What is not a text is a function of a `Line`; it answers with nothing where the library has no word for that. A function
behind an `@` is one of the helpers, which is then written above. `MODULE` in a helper that libraries share is their own name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...core.types import Type

__all__ = [
    "Dialect", "Line", "Spelling", "axis_words", "joined", "key_text", "promoted", "reduced", "reshaped", "running", "sum_of", "summed_to", "whole_axes",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Line:
    """What a spelling may look at: operands as they are called, settings, types of the operands and of the result."""

    xs: Sequence[str]
    attrs: Mapping[str, Any]
    types: Sequence[Type]
    type: Any

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [t.shape for t in self.types]

    @property
    def out(self) -> tuple[int, ...]:
        return self.type.shape  # type: ignore[no-any-return]


Spelling = str | Callable[[Line], str]


@dataclass(frozen=True, slots=True)
class Dialect:
    """One library: what it is called, what stands above the code, how it writes an array and a dtype, its spellings and helpers.

    `plain` are the operations that take a Python number in the place of an array.
    """

    name: str
    title: str
    module: str
    head: str
    array: str
    dtype: str
    words: Mapping[str, Spelling]
    helpers: Mapping[str, str] = field(default_factory=dict)
    plain: frozenset[str] = frozenset()


def key_text(key: Any) -> str:
    """A key of `index` as it stands between brackets."""
    parts = key if isinstance(key, tuple) else (key,)
    return ", ".join("None" if part == "new" else part if isinstance(part, str) else repr(part) for part in parts) or "..."


def axis_words(line: Line, axis: str = "axis", keep: str = "keepdims") -> str:
    """The settings of a reduction, those that do nothing left out."""
    found = [] if line.attrs["axis"] is None else [f", {axis}={line.attrs['axis']!r}"]
    return "".join([*found, f", {keep}=True" if line.attrs.get("keepdims") else ""])


def whole_axes(line: Line, axis: Any) -> tuple[int, ...]:
    """The axes of a setting that may be none (all), one or several, counted from 0."""
    rank = len(line.shapes[0])
    return tuple(range(rank)) if axis is None else tuple(a % rank for a in (axis if isinstance(axis, tuple) else (axis,)))


def reduced(function: str) -> Callable[[Line], str]:
    return lambda line: f"{function}({line.xs[0]}{axis_words(line)})"


def summed_to(module: str, axis: str) -> Callable[[Line], str]:
    """The axes along which a smaller array was stretched, summed up again."""

    def write(line: Line) -> str:
        have, want = line.shapes[0], line.out
        more = len(have) - len(want)
        padded = (1,) * more + want
        axes = tuple(k for k, (n, m) in enumerate(zip(have, padded, strict=True)) if n != m or k < more)
        if not axes:
            return line.xs[0]
        made = f"{module}.sum({line.xs[0]}, {axis}={axes if len(axes) > 1 else axes[0]})" if want else f"{module}.sum({line.xs[0]})"
        return made if axes == tuple(range(more)) or not want else f"{made}.reshape({str(want)[1:-1].rstrip(',')})"

    return write


def reshaped(line: Line) -> str:
    return f"{line.xs[0]}.reshape({str(line.out)[1:-1].rstrip(',') or '()'})"


def sum_of(sign: str) -> Callable[[Line], str]:
    return lambda line: sign.join(line.xs)


def promoted(line: Line, cast: str) -> list[str]:
    """The operands, those that the library would not make like the others by itself made so."""
    kinds = {t.dtype for t in line.types}
    return list(line.xs) if len(kinds) == 1 else [
        x if t.dtype == line.type.dtype else cast.format(x, line.type.dtype.name) for x, t in zip(line.xs, line.types, strict=True)
    ]  # fmt: skip


def joined(module: str) -> Callable[[Line], str]:
    """Operands of fewer axes stretched to those of the result before they are set beside one another."""

    def write(line: Line) -> str:
        axis = line.attrs["axis"] % len(line.out)
        found = []
        for x, shape in zip(line.xs, line.shapes, strict=True):
            whole = (1,) * (len(line.out) - len(shape)) + tuple(shape)
            wanted = (*line.out[:axis], whole[axis], *line.out[axis + 1 :])
            found.append(x if tuple(shape) == wanted else f"{module}.broadcast_to({x}, {wanted!r})")
        return f"{module}.concatenate([{', '.join(found)}], axis={axis})"

    return write


def running(flip: str, call: str, name: str) -> Callable[[Line], str]:
    """cumsum and cumprod, from behind or without their own number where asked for."""

    def write(line: Line) -> str:
        axis, x = line.attrs["axis"] % len(line.out), line.xs[0]
        turn: Callable[[str], str] = lambda y: flip.format(y, axis) if line.attrs["reverse"] else y
        made = call.format(turn(x), axis)
        if line.attrs["exclusive"]:
            made = f"@moved_on({made}, {axis}, {1 if name == 'cumprod' else 0})"
        return turn(made)

    return write
