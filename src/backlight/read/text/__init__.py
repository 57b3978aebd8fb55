"""The text door: a formula as people write it becomes a graph.

`words.py` cuts the text into words, `tree.py` walks the table made of `grammar.lark`, `build.py` writes the nodes, and
`spelling.py` knows the signs and other names. Nothing a person types is ever run as Python.
"""

from __future__ import annotations

from ...core.graph import Graph
from ...errors import InputError
from .build import Builder
from .names import functions
from .tree import tree
from .value import makers, read_value
from .words import LIMIT, words

__all__ = ["LIMIT", "makers", "parse", "read_value"]


def parse(text: str, *, limit: int = LIMIT) -> Graph:
    """The graph of a formula, or of several lines of them.

    Inputs are the names that got no value, in order of first appearance (or as a header `f(x, y) = …` has them); the
    outputs are the formulas that stand for themselves, else what was assigned last. `limit` is how many words the text
    may have: the default reads within 50 ms.
    Raises: SyntaxError with line, column and a caret; LimitError for a text too long or too deep.

    >>> graph = bl.parse("y = (4*x + 1)^2")
    >>> float(graph(x=2.0)), graph.input_names
    (81.0, ('x',))
    """
    if not isinstance(text, str):
        raise InputError(f"parse: the text must be a string, and it is {type(text).__name__}")
    found, place = words(text, functions(), limit)
    return Builder(place, limit).graph(tree(found, place))
