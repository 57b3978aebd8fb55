"""Notation as one line of text: for the screen, or for the text door to read back.

Both styles put brackets where a part binds less tightly than its place asks for, and nowhere else; neither knows the name
of an operation. The screen gets `4·x² − 1`, the door `4*x^2 - 1`. Trees are walked with a list, so a formula may be as
deep as it likes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

from ..core.math import ADD, ATOM, CALL, COMPARE, MULTIPLY, NEGATE, POWER, Math, beside

__all__ = ["Style", "constant_math", "number_text", "quoted", "text"]

Style = Literal["screen", "door"]

RAISED: Final = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
PLAIN: Final = str.maketrans({"−": "-", "·": "*", "×": "*", "÷": "/", "≤": "<=", "≥": ">=", "≠": "!="})
ROOTS: Final = {None: "√", 2: "√", 3: "∛"}
TIGHT: Final = frozenset("·×*")  # signs without spaces around them


def text(math: Math, style: Style = "screen") -> str:
    """A formula in one line.

    >>> from backlight.core.math import infix, power
    >>> total = infix("+", "x", 1, ADD)
    >>> text(infix("·", total, 2, MULTIPLY)), text(power(total, 2)), text(power(total, 2), "door")
    ('(x + 1)·2', '(x + 1)²', '(x + 1)^2')
    """
    found: list[str] = []
    todo: list[Any] = [math]
    while todo:
        item = todo.pop()
        if isinstance(item, Math):
            todo += reversed(pieces(item, style))
        else:
            found.append(str(item))
    return "".join(found)


def held(math: Math, binds: int) -> list[Any]:
    """A part, in brackets if it binds less than its place asks for."""
    return [math] if math.binds >= binds else ["(", math, ")"]


def based(math: Math, binds: int) -> list[Any]:
    """What something is written high at: in brackets also where it is a fraction, or that would seem to belong to its foot."""
    return held(math, ATOM + 1 if math.form == "fraction" else binds)


def listed(parts: Sequence[Any]) -> list[Any]:
    """Parts between commas."""
    found: list[Any] = []
    for part in parts:
        found += [", ", part] if found else [part]
    return found


def pieces(math: Math, style: Style) -> list[Any]:
    """One form as strings and smaller formulas, in order."""
    form, parts, binds = math
    door = style == "door"
    if form == "name":
        return [parts[0]]
    if form == "number":
        return ["−" + parts[0][1:] if parts[0].startswith("-") and not door else parts[0]]
    if form == "string":
        return [quoted(parts[0], "'") if door else parts[0]]
    if form == "infix":
        symbol = parts[0].translate(PLAIN) if door else parts[0]
        space = "" if symbol in TIGHT else " "
        # Comparisons do not chain; and x / 2·3, though read from left to right, looks like x / (2·3).
        left = binds + 1 if binds == COMPARE or (binds == MULTIPLY and parts[1].form == "fraction") else binds
        return [*held(parts[1], left), f"{space}{symbol}{space}", *held(parts[2], binds + 1 if door else beside(binds, parts[2]))]
    if form == "prefix":
        sign = parts[0].translate(PLAIN) if door else parts[0]
        x = parts[1]
        whole = door and x.form == "number" and x.binds == ATOM  # the door takes -2 for a number and -(2) for its opposite
        return [sign, *(["(", x, ")"] if whole else held(x, NEGATE))]
    if form == "postfix":
        mark = ".T" if door and parts[0] == "ᵀ" else parts[0]
        return [*based(parts[1], binds), mark]
    if form == "fraction":
        bar = " / " if binds <= MULTIPLY else "/"  # ∂y/∂x is one symbol
        return [*held(parts[0], MULTIPLY), bar, *held(parts[1], MULTIPLY + 1)]
    if form == "power":
        return raised(parts[0], parts[1], door)
    if form == "root":
        mark = ROOTS.get(parts[1], f"{parts[1]}√")
        return [mark, *([parts[0]] if parts[0].binds == ATOM else ["(", parts[0], ")"])]
    if form == "bars":
        return [f"{parts[3]}(", parts[1], ")"] if door else [parts[0], parts[1], parts[2]]
    if form == "big":
        return [parts[3]] if door else [parts[0] + (f"[{parts[1]}]" if parts[1] else "") + " ", *held(parts[2], ADD + 1)]
    if form == "keyword":
        return [f"{parts[0]}=", parts[1]]
    if form == "call":
        return [f"{parts[0]}(", *listed(parts[1:]), ")"]
    if form == "index":
        return [*held(parts[0], CALL), "[", *listed(parts[1:]), "]"]
    if form == "piece":
        return ["where(", *listed(parts), ")"] if door else [parts[1], " if ", parts[0], " else ", parts[2]]
    if form == "matrix":
        return ["[", *listed([Math("list", row) for row in parts]), "]"]
    assert form == "list", form
    return ["[", *listed(parts), "]"]


def raised(x: Math, exponent: Math, door: bool) -> list[Any]:
    """A power; on the screen whole exponents stand high."""
    if not door and exponent.form == "number" and exponent.parts[0].lstrip("-−").isdigit():
        return [*based(x, POWER + 1), exponent.parts[0].replace("−", "-").translate(RAISED)]
    return [*based(x, POWER + 1), "^", *held(exponent, NEGATE if door else POWER)]


def quoted(word: str, mark: str) -> str:
    """A text between two marks."""
    escaped = word.replace("\\", "\\\\").replace(mark, "\\" + mark).replace("\n", "\\n").replace("\r", "\\r")
    return mark + escaped + mark


def number_text(value: Any) -> str:
    """A number, shortest such that it reads back to the same one; a NumPy number without a useless `.0`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    shown = repr(value.item() if hasattr(value, "item") else value)
    if shown in ("True", "False"):
        return shown.lower()
    return shown.removesuffix(".0") if hasattr(value, "item") else shown


def constant_math(value: Any) -> Math:
    """A number, or an array of numbers as nested lists, as notation."""
    if getattr(value, "shape", ()) != ():
        return Math("list", tuple(constant_math(v) for v in value))
    if isinstance(value, (list, tuple)):
        return Math("list", tuple(constant_math(v) for v in value))
    shown = number_text(value)
    return Math("number", (shown,), NEGATE if shown.startswith("-") else ATOM)
