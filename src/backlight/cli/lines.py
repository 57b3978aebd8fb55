"""Lines for a terminal: words that do not fit are taken to the next line whole, under the text that they belong to.

A terminal breaks a long line wherever its last column falls, in the middle of a word or of a number. What is drawn with boxes,
or coloured, is left as it is, and so is everything that goes into a file or a pipe: a line there is a line.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["folded"]

DRAWN: Final = re.compile("[│║╎┌╔└╚─═╌┴┬╤▁▄█\x1b]")
HANGING: Final = "  "


def folded(text: str, width: int) -> str:
    """The text with every line of words broken between words, so that it fits into so many columns.

    >>> print(folded("1. operand\\n   product rule: each gets the other", 22))
    1. operand
       product rule: each
         gets the other
    """
    found: list[str] = []
    for line in text.split("\n"):
        start = line[: len(line) - len(line.lstrip())]
        if len(line) <= width or DRAWN.search(line) or len(start) + len(HANGING) >= width // 2:
            found.append(line)
        else:
            found += broken(line, start + HANGING, width)
    return "\n".join(found)


def broken(line: str, start: str, width: int) -> list[str]:
    """One line as several, all but the first beginning with `start`; spaces between words stay where no break is."""
    first, *rest = re.findall(r"\s*\S+", line)
    found = [first]
    for word in rest:
        if len(found[-1]) + len(word) <= width:
            found[-1] += word
        else:
            found.append(start + word.lstrip())
    return found
