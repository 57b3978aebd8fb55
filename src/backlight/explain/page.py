"""An explanation as a page of numbered steps, written as terminal text, LaTeX, MathML or Markdown-free plain data.

A page knows nothing of layout: a step has a title and lines, a line is words, formulas and numbers in order. Formulas are
trees of notation, so that each writer sets them in its own way, and each step carries the node it is about, so that a
picture can lead there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from ..core.math import Math, number
from .formula import spelled
from .latex import escaped, latex
from .mathml import element

__all__ = ["Line", "Page", "Step", "figure", "numeral", "shape_text"]

PAPER = 6  # digits of the numbers of arrays in LaTeX
Piece = str | Math
Line = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One numbered step: a title, lines of words and formulas, and the node it is about (-1 for none)."""

    title: str
    lines: tuple[Line, ...] = ()
    node: int = -1


@dataclass(frozen=True, slots=True)
class Page:
    """A title and its steps. `print(page)` writes it for a terminal.

    >>> from backlight.core.math import ADD, infix
    >>> print(Page("A sum", (Step("add", (("the result is ", infix("+", "x", 1, ADD)),)),)))
    A sum
    <BLANKLINE>
    1. add
       the result is x + 1
    """

    title: str
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        out = [self.title, ""]
        for i, step in enumerate(self.steps, 1):
            head = f"{i}. "
            out.append(head + step.title)
            out += [(" " * len(head) + "".join(plain(p) for p in line)).rstrip() for line in step.lines]
        return "\n".join(out)

    def latex(self, document: bool = False) -> str:
        """The page as LaTeX: a fragment that needs `amsmath`, or a whole document that compiles as it is.

        Numbers of arrays are rounded to six digits, or no matrix would fit on paper; single numbers have all of theirs.
        """
        out = [rf"\section*{{{escaped(self.title)}}}", r"\begin{enumerate}"] if self.steps else [escaped(self.title)]
        for step in self.steps:
            out.append(rf"\item \textbf{{{escaped(step.title)}}}")
            for full in step.lines:
                line = tuple(p if isinstance(p, str) else rounded(p, PAPER) for p in full)
                formula = len(line) == 1 and isinstance(line[0], Math)
                text = "".join(escaped(p) if isinstance(p, str) else f"${latex(p)}$" for p in line)
                out.append(f"\\[{latex(line[0])}\\]" if formula else f"\\par {text}")  # type: ignore[arg-type]
        if self.steps:
            out.append(r"\end{enumerate}")
        return Page.document([self]) if document else "\n".join(out)

    @staticmethod
    def document(pages: Sequence[Page]) -> str:
        """Pages as one LaTeX document that compiles as it is."""
        head = "\\documentclass{article}\n\\usepackage{amsmath}\n\\usepackage[margin=25mm]{geometry}\n"
        head += "\\setlength{\\parindent}{0pt}\n\\begin{document}\n\\raggedright\n"
        return head + "\n".join(page.latex() for page in pages) + "\n\\end{document}\n"

    def html(self, digits: int | None = None) -> str:
        """The page as HTML with formulas in MathML: a `section` without styles of its own.

        Long equations may be broken before their signs. With `digits`, numbers of arrays are rounded to so many.
        """
        out = [f"<section><h2>{escape(self.title)}</h2><ol>"]
        for step in self.steps:
            mark = f' data-node="{step.node}"' if step.node >= 0 else ""
            out.append(f"<li{mark}><h3>{escape(step.title)}</h3>")
            for line in step.lines:
                pieces = [escape(p) if isinstance(p, str) else breakable(p if digits is None else rounded(p, digits)) for p in line]
                kind = ' class="formula"' if len(line) == 1 and isinstance(line[0], Math) else ""
                out.append(f"<p{kind}>{''.join(pieces)}</p>")
            out.append("</li>")
        return "".join([*out, "</ol></section>"])

    def data(self) -> dict[str, Any]:
        """The page as plain data: every piece in words, for those who want neither markup."""
        steps = [{"title": s.title, "node": s.node, "lines": ["".join(map(plain, line)) for line in s.lines]} for s in self.steps]
        return {"title": self.title, "steps": steps}


def plain(piece: Piece) -> str:
    """One piece of a line for a terminal."""
    return piece if isinstance(piece, str) else spelled(piece)


def breakable(math: Math) -> str:
    """An equation as several `math` elements, so that a line can be broken before `=` and between factors that are arrays."""
    sides = chained(math, "=")
    found = []
    for n, side in enumerate(sides):
        for k, factor in enumerate(chained(side, "⊙")):
            sign = "<mo>=</mo>" if n and not k else "<mo>⊙</mo>" if k else ""
            found.append(f'<math displaystyle="true">{sign}{element(factor)}</math>')
    return " ".join(found)


def chained(math: Math, symbol: str) -> list[Math]:
    """The sides of a = b = c, read from the left."""
    sides: list[Math] = []
    while math.form == "infix" and math.parts[0] == symbol:
        sides.append(math.parts[2])
        math = math.parts[1]
    return [math, *reversed(sides)]


def rounded(math: Math, digits: int, inside: bool = False) -> Math:
    """The same with the numbers of arrays rounded to so many digits; single numbers keep all of theirs."""
    form, parts, binds = math
    if form == "number":
        return number(float(f"{float(parts[0]):.{digits}g}")) if inside and "." in str(parts[0]) else math
    if form == "matrix":
        return Math(form, tuple(tuple(rounded(cell, digits, True) for cell in row) for row in parts), binds)
    within = inside or form == "list"
    return Math(form, tuple(rounded(p, digits, within) if isinstance(p, Math) else p for p in parts), binds)


def numeral(x: Any) -> Math:
    """One number in notation, with all the digits that it takes to read the same number back."""
    value = x.item() if hasattr(x, "item") else x
    if isinstance(value, bool):
        return Math("name", (str(value).lower(),))
    if isinstance(value, complex):
        return Math("name", (repr(value),))
    return number(value)


def shape_text(shape: Sequence[int]) -> str:
    """A shape as it is printed everywhere: `(5, 10)`, `(10)`, `()`."""
    return "(" + ", ".join(map(str, shape)) + ")"


def figure(value: Any, most: int = 6) -> Math:
    """A value in notation: a number as it is, an array as a bracketed matrix, elided in the middle beyond `most` a side."""
    if isinstance(value, tuple):  # a node with several results, some of which nobody took
        return Math("list", tuple(Math("name", ("…",)) if one is None else figure(one, most) for one in value))
    array = np.asarray(value)
    if array.ndim == 0:
        return numeral(array[()])
    if array.ndim > 2:
        return Math("name", (f"array of shape {shape_text(array.shape)}",))

    def cut(n: int) -> list[int | None]:
        half = most // 2
        return [*range(n)] if n <= most else [*range(half), None, *range(n - half, n)]

    dots = Math("name", ("…",))
    if array.ndim == 1:
        return Math("list", tuple(dots if i is None else numeral(array[i]) for i in cut(array.shape[0])))
    columns = cut(array.shape[1])
    rows = (tuple(dots if r is None or c is None else numeral(array[r, c]) for c in columns) for r in cut(array.shape[0]))
    return Math("matrix", tuple(rows))
