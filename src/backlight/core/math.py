"""Notation as a tree.

A formula is a `Math`: a form, its parts, and how tightly it binds. It is not a LaTeX template: the same tree is written
as terminal text, as text that the text door reads back, as LaTeX and as MathML, and each writer puts brackets where the
strengths ask for them, without knowing the name of any operation.

Forms and their parts:

    number   (text,)                      name     (text,)
    infix    (symbol, left, right)        prefix   (symbol, x)         postfix  (symbol, x)
    call     (name, arguments…)           fraction (above, below)      power    (x, exponent)
    root     (x, degree or None)          index    (x, subscripts…)    bars     (left, x, right)
    big      (symbol, below, x)           matrix   (rows…)             list     (items…)
    keyword  (name, x)                    piece    (condition, yes, no)
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

__all__ = [
    "ADD",
    "ATOM",
    "CALL",
    "COMPARE",
    "MULTIPLY",
    "NEGATE",
    "POWER",
    "Math",
    "bars",
    "beside",
    "big",
    "call",
    "fraction",
    "index",
    "infix",
    "keyword",
    "lift",
    "name",
    "number",
    "piece",
    "postfix",
    "power",
    "prefix",
    "root",
]

# How tightly a form holds its parts together; a part that binds less needs brackets.
COMPARE: Final = 10
ADD: Final = 20
MULTIPLY: Final = 30
NEGATE: Final = 35
POWER: Final = 40
CALL: Final = 50
ATOM: Final = 60


class Math(NamedTuple):
    """One piece of notation: its form, its parts, and how tightly it binds."""

    form: str
    parts: tuple[Any, ...]
    binds: int = ATOM


def beside(binds: int, right: Math) -> int:
    """How tightly the right side of an infix must bind to stand without brackets: a sign never follows a sign, x·(−y)."""
    return CALL if right.form == "prefix" and binds >= ADD else binds + 1


def lift(x: Any) -> Math:
    """Numbers and strings as notation; notation as it is."""
    if isinstance(x, Math):
        return x
    if isinstance(x, str):
        return name(x)
    return number(x)


def number(x: float | int | str) -> Math:
    """A number, written shortest such that it reads back to the same number; a negative one binds like a minus sign."""
    text = x if isinstance(x, str) else repr(x)
    if text.endswith(".0"):
        text = text[:-2]
    if text.startswith("-"):
        return prefix("−", Math("number", (text[1:],)))
    return Math("number", (text,))


def name(text: str) -> Math:
    """A variable or a named constant."""
    return Math("name", (text,))


def infix(symbol: str, left: Any, right: Any, binds: int) -> Math:
    """`left symbol right`."""
    return Math("infix", (symbol, lift(left), lift(right)), binds)


def prefix(symbol: str, x: Any, binds: int = NEGATE) -> Math:
    """`symbol x`, as in −x."""
    return Math("prefix", (symbol, lift(x)), binds)


def postfix(symbol: str, x: Any, binds: int = CALL) -> Math:
    """`x symbol`, as in xᵀ."""
    return Math("postfix", (symbol, lift(x)), binds)


def call(function: str, *arguments: Any) -> Math:
    """`function(arguments…)`."""
    return Math("call", (function, *map(lift, arguments)), CALL)


def keyword(word: str, x: Any) -> Math:
    """`word=x` inside a call."""
    return Math("keyword", (word, lift(x)))


def fraction(above: Any, below: Any) -> Math:
    """A quotient, with a bar where the writer can draw one."""
    return Math("fraction", (lift(above), lift(below)), MULTIPLY)


def power(x: Any, exponent: Any) -> Math:
    """x to the exponent."""
    return Math("power", (lift(x), lift(exponent)), POWER)


def root(x: Any, degree: int | None = None) -> Math:
    """The square root, or the root of another degree."""
    return Math("root", (lift(x), degree), CALL)


def index(x: Any, *subscripts: Any) -> Math:
    """`x[subscripts…]`."""
    return Math("index", (lift(x), *map(lift, subscripts)), CALL)


def bars(left: str, x: Any, right: str, function: str) -> Math:
    """x between two marks, as in |x|; `function` is the name that the text door reads."""
    return Math("bars", (left, lift(x), right, function), CALL)


def big(symbol: str, below: str, x: Any, function: Math) -> Math:
    """A big operator, as in Σ x; `function` is the call that the text door reads."""
    return Math("big", (symbol, below, lift(x), function), MULTIPLY)


def piece(condition: Any, yes: Any, no: Any) -> Math:
    """One of two, by a condition."""
    return Math("piece", (lift(condition), lift(yes), lift(no)), CALL)
