"""Values that stand in a text: numbers, words, lists of them. They are known before anything runs."""

from __future__ import annotations

import math
from typing import Any, Final

from .spelling import LITERALS
from .tree import Tree
from .words import SUPERSCRIPTS, Place, Word, plain_name, unquoted

__all__ = ["items_of", "literal", "number", "quiet_literal", "rectangular", "signed"]

DIGITS: Final = 19
LARGEST: Final = 2**63 - 1  # whole numbers of 64 bits end here
SUPERSCRIPT_DIGITS: Final = str.maketrans(SUPERSCRIPTS + "⁻", "0123456789-")
SETTING_WORDS: Final = {**LITERALS, "none": None, "None": None, "pi": math.pi, "π": math.pi, "e": math.e}


def rectangular(place: Place, item: Tree, value: Any) -> None:
    """Every row as long as the first, all the way down."""
    level = [value]
    while any(isinstance(v, tuple) for v in level):
        if not all(isinstance(v, tuple) for v in level):
            raise place.mistake("the items of this array differ: rows and numbers are mixed", item[1], item[2])
        sizes = {len(v) for v in level}
        if len(sizes) > 1:
            words = " and ".join(f"{n} item{'s' * (n != 1)}" for n in sorted(sizes))
            raise place.mistake(f"the rows of this array differ: {words}", item[1], item[2])
        level = [x for v in level for x in v]


def number(place: Place, word: Word) -> int | float:
    """A number: an int where it is written as one and fits 64 bits, else a float."""
    text = word[3].replace("−", "-")
    if text == "∞":
        return math.inf
    if text.isdigit():
        if len(text) > 1 and text[0] == "0":
            raise place.mistake("a whole number does not begin with 0", word[1], word[2])
        if len(text) <= DIGITS and int(text) <= LARGEST:
            return int(text)
    value = float(text)
    shown = text if len(text) <= 30 else text[:30] + "…"
    if value == math.inf:
        raise place.mistake(f"{shown} is larger than any float64 (1.8e308): write inf if you mean it", word[1], word[2])
    if value == 0 and text.lower().partition("e")[0].strip("0."):
        raise place.mistake(f"{shown} is smaller than any float64 (5e-324): write 0 if you mean it", word[1], word[2])
    return value


def signed(place: Place, item: Tree) -> Any:
    """The value of `-3`, which is one number and not an operation; None where the sign stands before something else."""
    x = item[3][1]
    if x[0] == "number":
        return -number(place, x[3][0]) or -0.0
    if x[0] == "name" and type(LITERALS.get(x[3][0][3])) is float:
        return -LITERALS[x[3][0][3]]
    return None


def quiet_literal(place: Place, item: Tree, stacked: set[int]) -> Any:
    """The value of a tree, or None where it is not made of numbers; every list within that is not is noted."""
    if item[0] in ("list", "tuple", "longer_tuple"):
        values = [quiet_literal(place, x, stacked) for x in items_of(item)]
        if any(value is None for value in values):
            stacked.add(id(item))
            return None
        return tuple(values)
    try:
        return literal(place, item, "")
    except NotLiteralError:
        return None


def literal(place: Place, item: Tree, what: str) -> Any:
    """The value of a setting: a number, a word, a text, a range, or a list of them."""
    sign = 1
    kind, start, end, parts = item
    while kind == "group" or (kind == "unary" and parts[0][0] != "NOT"):
        if kind == "unary" and parts[0][0] == "MINUS":
            sign = -sign
        kind, _, _, parts = parts[1]
    value: Any
    if kind == "number":
        value = number(place, parts[0])
        return sign * value
    if kind == "name":
        name = plain_name(parts[0][3])
        if name in SETTING_WORDS and (what or name in LITERALS):
            value = SETTING_WORDS[name]
            return value if sign == 1 else -value if type(value) is float else not_literal(place, what, start, end)
        if what and sign == 1 and name[0] != "`":
            return name
    elif kind == "string" and sign == 1 and what:
        return unquoted(parts[0][3])
    elif kind in ("list", "tuple", "longer_tuple", "empty") and sign == 1 and (kind != "empty" or what):
        return tuple([literal(place, x, what) for x in items_of((kind, start, end, parts))])
    elif kind == "slice" and what:
        return whole_range(place, parts, what)
    return not_literal(place, what, start, end)


def not_literal(place: Place, what: str, start: int, end: int) -> Any:
    """Complain about an expression where a plain value is due."""
    if not what:
        raise NotLiteralError
    raise place.mistake(f"{what} must be a plain number, word or list of them, known before anything runs", start, end)


def whole_range(place: Place, parts: tuple[Any, ...], what: str) -> str:
    """A range as the word that settings know it by: `"1:3"`, `":3"`, `"::2"`."""
    ends = [""]
    for part in parts:
        if part[0] == "COLON":
            ends.append("")
            continue
        value = literal(place, part, what)
        if type(value) is not int:
            start, end = parts[0][1], parts[-1][2]
            raise place.mistake(f"the ends of a range are whole numbers, and one is {value!r:.40}", start, end)
        ends[-1] = str(value)
    return ":".join(ends)


class NotLiteralError(Exception):
    """Raised and caught here: a list has something in it that is not a number."""


def items_of(item: Tree) -> list[Tree]:
    """The items of a list or a tuple."""
    kind, _, _, parts = item
    if kind == "empty" or len(parts) == 2:
        return []
    items: list[Tree] = list(parts[1])
    if kind == "longer_tuple":
        items.append(parts[3])
    return items
