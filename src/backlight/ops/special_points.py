"""Where an operation is at a corner, a tie, a jump or a pole, and what its derivative is there by convention.

The conventions are those of the rows: a differentiable point has its derivative; a corner has the smallest of the derivatives
that it could have; a limit is taken where there is one, infinite or not; what has none is NaN; a choice sends the gradient to
what was chosen, and a tie splits it evenly. Whoever reads a number that hangs on one of these should know, so a node that is
evaluated at one carries a flag.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from ..core.op import Op
from ..core.types import Type
from .axes import axes_of

__all__ = ["POINTS", "Flag", "Point", "flags"]

SHOWN: Final = 3  # places that are written out; the others are counted
LARGEST: Final = 1_000_000  # numbers of an operand that are looked through

FlagKind = Literal["corner", "tie", "jump", "pole", "undefined"]


@dataclass(frozen=True, slots=True)
class Flag:
    """What is special about a node where it was evaluated: its kind, where (as indices of the result, or of the operand for a
    tie of a reduction), and what was done about it."""

    kind: FlagKind
    places: tuple[tuple[int, ...], ...]
    count: int
    said: str

    def __str__(self) -> str:
        where = ", ".join(f"[{', '.join(map(str, place))}]" for place in self.places[:SHOWN] if place)
        more = f" and {self.count - SHOWN} more" if where and self.count > SHOWN else ""
        size = f" of {self.count}" if self.kind == "tie" and where else ""
        return f"{self.kind}{size}{' at ' if where else ''}{where}{more}: {self.said}"


@dataclass(frozen=True, slots=True)
class Point:
    """One kind of special point of a row: `where(z, *xs, **attrs)` says of each number of the result whether it is one."""

    kind: FlagKind
    where: Callable[..., Any]
    said: str


def corner(*at: float) -> Point:
    return Point("corner", lambda z, x, **_: np.isin(x, at), "the smallest of its derivatives is taken")


def jump(where: Callable[..., Any]) -> Point:
    return Point("jump", where, "the derivative is taken as 0")


def pole(where: Callable[..., Any], said: str = "the derivative is infinite") -> Point:
    return Point("pole", where, said)


def zero(z: Any, x: Any, **_: Any) -> Any:
    return x == 0


BOUND: Final = "at a bound the derivative is 0"
VERTICAL: Final = pole(zero)
LOG: Final = pole(zero, "the value is −∞ and the derivative ∞")
TIE: Final = Point("tie", lambda z, x, y, **_: x == y, "the gradient is split evenly")
ORIGIN: Final = Point("corner", lambda z, x, y, **_: (x == 0) & (y == 0), "the derivative is taken as 0")
WHOLE_BELOW: Final = pole(lambda z, x, **_: (x <= 0) & (x == np.floor(x)), "the value is infinite or no number")

POINTS: Final[dict[str, tuple[Point, ...]]] = {
    "abs": (corner(0.0),), "relu": (corner(0.0),), "leaky_relu": (corner(0.0),), "hard_sigmoid": (corner(-3.0, 3.0),),
    "hard_swish": (corner(-3.0, 3.0),),
    "hardtanh": (Point("corner", lambda z, x, lo=-1.0, hi=1.0: (x == lo) | (x == hi), BOUND),),
    "clip": (Point("corner", lambda z, x, lo, hi: (x == lo) | (x == hi), BOUND),),
    "sign": (jump(zero),), "floor": (jump(lambda z, x: x == np.floor(x)),), "ceil": (jump(lambda z, x: x == np.floor(x)),),
    "trunc": (jump(lambda z, x: (x == np.floor(x)) & (x != 0)),), "round": (jump(lambda z, x: x - np.floor(x) == 0.5),),
    "maximum": (TIE,), "minimum": (TIE,),
    "sqrt": (VERTICAL,), "cbrt": (VERTICAL,), "rsqrt": (pole(zero, "the value is infinite"),),
    "log": (LOG,), "log2": (LOG,), "log10": (LOG,), "log1p": (pole(lambda z, x: x == -1, LOG.said),),
    "asin": (pole(lambda z, x: np.abs(x) == 1),), "acos": (pole(lambda z, x: np.abs(x) == 1),),
    "acosh": (pole(lambda z, x: x == 1),), "atanh": (pole(lambda z, x: np.abs(x) == 1, "value and derivative are infinite"),),
    "reciprocal": (pole(zero, "the value is infinite"),),
    "div": (pole(lambda z, x, y: y == 0, "a division by 0"),),
    "atan2": (Point("undefined", lambda z, x, y: (x == 0) & (y == 0), "the derivative is taken as 0"),),
    "hypot": (ORIGIN,),
    "pow": (
        Point("undefined", lambda z, x, y: (x == 0) & (y == 0), "0⁰ is 1, and its derivatives are taken as 0"),
        pole(lambda z, x, y: (x == 0) & (y > 0) & (y < 1)),
        pole(lambda z, x, y: (x == 0) & (y < 0), "the value is infinite"),
    ),
    "xlogy": (pole(lambda z, x, y: (y == 0) & (x != 0), "the value is infinite"),),
    "xlog1py": (pole(lambda z, x, y: (y == -1) & (x != 0), "the value is infinite"),),
    "i0e": (corner(0.0),),
    "lgamma": (WHOLE_BELOW,), "digamma": (WHOLE_BELOW,), "polygamma": (WHOLE_BELOW,),
    "norm": (Point("corner", lambda z, x, **_: z == 0, "the derivative is taken as 0"),),
    "std": (Point("corner", lambda z, x, **_: z == 0, "the derivative is taken as 0"),),
    "mod": (jump(lambda z, x, y: (z == 0) & (y != 0)),),
}  # fmt: skip
TIES: Final = {
    "max": "the gradient is split evenly", "min": "the gradient is split evenly", "argmax": "the first one is named",
    "argmin": "the first one is named",
}  # fmt: skip


def special(op: Op) -> bool:
    """Whether there is any place at which something is special about an operation."""
    return op.name in POINTS or op.name in TIES


def flags(op: Op, z: Any, xs: Sequence[Any], attrs: dict[str, Any]) -> tuple[Flag, ...]:
    """What is special about an operation at these operands; nothing where there is nothing.

    >>> from backlight.core.table import TABLE
    >>> print(*flags(TABLE["max"], 3.0, [np.array([3.0, 1.0, 3.0])], {}))
    tie of 2 at [0], [2]: the gradient is split evenly
    >>> print(*flags(TABLE["sqrt"], np.float64(0.0), [np.float64(0.0)], {}))
    pole: the derivative is infinite
    """
    if op.name in TIES:
        return tied(op.name, xs[0], attrs)
    points = POINTS.get(op.name, ())
    if not points or any(not 0 < np.size(x) <= LARGEST for x in xs):
        return ()
    found = []
    with np.errstate(all="ignore"):
        for point in points:
            here = np.broadcast_to(np.asarray(point.where(z, *xs, **attrs)), np.shape(z))
            if here.any():
                places = tuple(tuple(map(int, place)) for place in np.argwhere(here)[:SHOWN])
                found.append(Flag(point.kind, places, int(np.count_nonzero(here)), point.said))
    return tuple(found)


def tied(name: str, x: Any, attrs: dict[str, Any]) -> tuple[Flag, ...]:
    """The first tie of a reduction that takes the largest or the smallest: all that share the place."""
    x = np.asarray(x)
    if x.size > LARGEST or x.size < 2 or x.dtype.kind == "c":
        return ()
    axes = axes_of(name, Type(x.dtype, x.shape), attrs.get("axis"))
    best = (np.max if name.endswith("max") else np.min)(x, axis=axes, keepdims=True)
    equal = x == best
    counts = np.count_nonzero(equal, axis=axes, keepdims=True)
    if not (counts > 1).any():
        return ()
    first = np.argwhere(counts > 1)[0]
    group = tuple(slice(None) if a in axes else slice(first[a], first[a] + 1) for a in range(x.ndim))
    inside = np.zeros(x.shape, bool)
    inside[group] = equal[group]
    places = tuple(tuple(map(int, place)) for place in np.argwhere(inside)[:SHOWN])
    others = int(np.count_nonzero(counts > 1)) - 1
    said = TIES[name] + (f" (and ties in {others} more results)" if others else "")
    return (Flag("tie", places, int(np.count_nonzero(inside)), said),)
