"""Notation in one line of text, for titles: short names for what nobody has named.

An unnamed node is called by its operation and its operands, as in `4·x + 1`. Where that would grow long an operand is
called by its number, `#5`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count
from typing import Any

from ..core.graph import Graph
from ..core.math import ADD, MULTIPLY, NEGATE, POWER, Math, beside, name

__all__ = ["names", "names_of", "spelled"]

LONG = 5                 # operands and operations in one name; longer ones refer to nodes by number
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
RAISED = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")


def names(graph: Graph, lettered: bool = False, longest: int = LONG) -> list[str]:
    """A name for every node: its own, or its operation on its operands, those of more than `longest` pieces by number.

    With `lettered` every unnamed operation gets a letter, and its name says what that stands for, as in `b = exp(a)`.
    """
    spoken: list[tuple[Math, int]] = []
    taken = {node.name for node in graph.nodes}
    letters = (letter for letter in _letters() if letter not in taken)
    found = []
    for i, node in enumerate(graph.nodes):
        if node.name:
            math, size = name(node.name), 1
        elif node.op.name == "input":
            math, size = name(f"#{i}"), 1
        elif node.op.name == "const":
            scalar = getattr(node.attr("value"), "shape", ()) == ()
            math, size = (node.op.math([], node.attrs) if scalar else name("constant")), 1
        else:
            pieces = [spoken[j] if spoken[j][1] <= longest else (name(f"#{j}"), 1) for j in node.inputs]
            math = node.op.math([piece for piece, _ in pieces], node.attrs)
            size = 1 + sum(size for _, size in pieces)
            if lettered:
                letter = next(letters)
                found.append(f"{letter} = {spelled(math)}")
                spoken.append((name(letter), 1))
                continue
        spoken.append((math, size))
        found.append(spelled(math))
    return found


def names_of(graph: Graph, numbers: Collection[int]) -> dict[int, str]:
    """The names of some nodes of a graph that is too long to name all of them."""
    sizes: list[int] = []
    for node in graph.nodes:
        pieces = () if node.name else node.inputs
        sizes.append(1 + sum([sizes[j] if sizes[j] <= LONG else 1 for j in pieces]))
    wanted, todo = set(numbers), list(numbers)
    while todo:
        node = graph.nodes[todo.pop()]
        below = [j for j in node.inputs if sizes[j] <= LONG and j not in wanted] if not node.name else []
        wanted.update(below)
        todo += below
    spoken: dict[int, Math] = {}
    for i in sorted(wanted):
        node = graph.nodes[i]
        scalar = node.op.name != "const" or getattr(node.attr("value"), "shape", ()) == ()
        if node.name or node.op.name == "input" or not scalar:
            spoken[i] = name(node.name or (f"#{i}" if scalar else "constant"))
        else:
            spoken[i] = node.op.math([spoken[j] if sizes[j] <= LONG else name(f"#{j}") for j in node.inputs], node.attrs)
    return {i: spelled(spoken[i]) for i in numbers}


def _letters() -> Iterator[str]:
    """a to z without e, which is a number, then a₁, b₁, …"""
    for round_ in count():
        for letter in "abcdfghijklmnopqrstuvwxyz":
            yield letter + (str(round_).translate(LOWERED) if round_ else "")


def spelled(math: Math) -> str:
    """A formula in one line, with the brackets that it needs and no others.

    >>> from backlight.core.math import infix
    >>> spelled(infix("·", infix("+", "x", 1, ADD), 2, MULTIPLY))
    '(x + 1)·2'
    """
    form, parts, binds = math
    if form in ("number", "name", "string"):
        return str(parts[0])
    if form == "infix":
        symbol, left, right = parts
        tight = symbol in ("·", "@", "×")
        space = "" if tight and symbol != "@" else " "
        return f"{_held(left, binds)}{space}{symbol}{space}{_held(right, beside(binds, right))}"
    if form == "prefix":
        return f"{parts[0]}{_held(parts[1], NEGATE)}"
    if form == "postfix":
        return f"{_held(parts[1], binds)}{parts[0]}"
    if form == "fraction":
        bar = " / " if binds <= MULTIPLY else "/"  # ∂y/∂x is one symbol
        return f"{_held(parts[0], MULTIPLY)}{bar}{_held(parts[1], MULTIPLY + 1)}"
    if form == "power":
        exponent = spelled(parts[1])
        base = _held(parts[0], POWER + 1)
        if parts[1].form == "number" and exponent.isdigit():
            return base + exponent.translate(RAISED)
        return f"{base}^{_held(parts[1], POWER)}"
    if form == "root":
        mark = {None: "√", 2: "√", 3: "∛"}.get(parts[1], f"{parts[1]}√")
        return f"{mark}{spelled(parts[0])}" if parts[0].form in ("name", "number") else f"{mark}({spelled(parts[0])})"
    if form == "bars":
        return f"{parts[0]}{spelled(parts[1])}{parts[2]}"
    if form == "big":
        below = f"[{parts[1]}]" if parts[1] else ""
        return f"{parts[0]}{below} {_held(parts[2], ADD + 1)}"
    if form == "keyword":
        return f"{parts[0]}={spelled(parts[1])}"
    if form == "call":
        return f"{parts[0]}({_listed(parts[1:])})"
    if form == "index":
        return f"{_held(parts[0], binds)}[{_listed(parts[1:])}]"
    if form == "piece":
        return f"{spelled(parts[1])} if {spelled(parts[0])} else {spelled(parts[2])}"
    if form == "matrix":
        return "[" + ", ".join(f"[{_listed(row)}]" for row in parts) + "]"
    return f"[{_listed(parts)}]"


def _held(math: Math, binds: int) -> str:
    return spelled(math) if math.binds >= binds else f"({spelled(math)})"


def _listed(parts: tuple[Any, ...]) -> str:
    return ", ".join(spelled(part) if isinstance(part, Math) else str(part) for part in parts)
