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
from .mathml import element, mathml

__all__ = ["Line", "Page", "Step", "figure", "numeral"]

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
        """The page as LaTeX: a fragment that needs `amsmath`, or a whole document that compiles as it is."""
        out = [rf"\section*{{{escaped(self.title)}}}", r"\begin{enumerate}"] if self.steps else [escaped(self.title)]
        for step in self.steps:
            out.append(rf"\item \textbf{{{escaped(step.title)}}}")
            for line in step.lines:
                formula = len(line) == 1 and isinstance(line[0], Math)
                text = "".join(escaped(p) if isinstance(p, str) else f"${latex(p)}$" for p in line)
                out.append(f"\\[{latex(line[0])}\\]" if formula else f"\\par {text}")  # type: ignore[arg-type]
        if self.steps:
            out.append(r"\end{enumerate}")
        return Page.document([self]) if document else "\n".join(out)

    @staticmethod
    def document(pages: Sequence[Page]) -> str:
        """Pages as one LaTeX document that compiles as it is."""
        head = "\\documentclass{article}\n\\usepackage{amsmath}\n\\setlength{\\parindent}{0pt}\n\\begin{document}\n"
        return head + "\n".join(page.latex() for page in pages) + "\n\\end{document}\n"

    def html(self) -> str:
        """The page as HTML with formulas in MathML: a `section` without styles of its own."""
        out = [f"<section><h2>{escape(self.title)}</h2><ol>"]
        for step in self.steps:
            mark = f' data-node="{step.node}"' if step.node >= 0 else ""
            out.append(f"<li{mark}><h3>{escape(step.title)}</h3>")
            for line in step.lines:
                if len(line) == 1 and isinstance(line[0], Math):
                    out.append(f"<p>{mathml(line[0], display=True)}</p>")
                else:
                    text = "".join(escape(p) if isinstance(p, str) else f"<math>{element(p)}</math>" for p in line)
                    out.append(f"<p>{text}</p>")
            out.append("</li>")
        return "".join([*out, "</ol></section>"])

    def data(self) -> dict[str, Any]:
        """The page as plain data: every piece in words, for those who want neither markup."""
        steps = [{"title": s.title, "node": s.node, "lines": ["".join(map(plain, line)) for line in s.lines]} for s in self.steps]
        return {"title": self.title, "steps": steps}


def plain(piece: Piece) -> str:
    """One piece of a line for a terminal."""
    return piece if isinstance(piece, str) else spelled(piece)


def numeral(x: Any) -> Math:
    """One number in notation, with all the digits that it takes to read the same number back."""
    value = x.item() if hasattr(x, "item") else x
    if isinstance(value, bool):
        return Math("name", (str(value).lower(),))
    if isinstance(value, complex):
        return Math("name", (repr(value),))
    return number(value)


def figure(value: Any, most: int = 6) -> Math:
    """A value in notation: a number as it is, an array as a bracketed matrix, elided in the middle beyond `most` a side."""
    array = np.asarray(value)
    if array.ndim == 0:
        return numeral(array[()])
    if array.ndim > 2:
        return Math("name", (f"array of shape {array.shape}",))

    def cut(n: int) -> list[int | None]:
        half = most // 2
        return [*range(n)] if n <= most else [*range(half), None, *range(n - half, n)]

    dots = Math("name", ("…",))
    if array.ndim == 1:
        return Math("list", tuple(dots if i is None else numeral(array[i]) for i in cut(array.shape[0])))
    columns = cut(array.shape[1])
    rows = (tuple(dots if r is None or c is None else numeral(array[r, c]) for c in columns) for r in cut(array.shape[0]))
    return Math("matrix", tuple(rows))
