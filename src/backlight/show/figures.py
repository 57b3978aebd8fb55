"""Numbers and arrays as people read them: scalars in full, matrices in brackets, elided in the middle when large."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

__all__ = ["bracketed", "inline", "marked", "number", "trouble"]

PLAIN: Final = 6         # digits before the point: a number of at most so many is written without an exponent


def number(x: Any, digits: int | None = None) -> str:
    """One number: as many digits as tell it from its neighbours, or at most `digits` significant ones.

    Digits before the point are never rounded away below a million: 1000 reads better than 1e+03, and is no longer.

    >>> number(2.0), number(0.1 + 0.2), number(1 / 3, 4), number(float("nan")), number(True)
    ('2', '0.30000000000000004', '0.3333', 'NaN', 'true')
    >>> number(1000.0, 3), number(-12345.6, 3), number(1234567.0, 3)
    ('1000', '-12346', '1.23e+06')
    """
    if isinstance(x, (bool, np.bool_)):
        return "true" if x else "false"
    if isinstance(x, (int, np.integer)):
        return str(int(x))
    if isinstance(x, (complex, np.complexfloating)):
        imaginary = number(x.imag, digits)
        return f"{number(x.real, digits)}{'' if imaginary.startswith('-') else '+'}{imaginary}i"
    if x != x:
        return "NaN"
    if x in (np.inf, -np.inf):
        return "∞" if x > 0 else "-∞"
    if digits is None:
        return str(x).removesuffix(".0")
    text = f"{float(x):.{digits}g}"
    _, _, power = text.partition("e+")
    return f"{float(x):.0f}" if power and int(power) < PLAIN else text


def inline(value: Any, digits: int = 4, most: int = 6) -> str:
    """A value on one line: a scalar, a short row, rows in brackets, or the shape of what is too large for a line.

    >>> inline(np.array([1.0, 2.5])), inline(np.eye(2)), inline(np.zeros((40, 50)))
    ('[1 2.5]', '[1 0; 0 1]', '(40, 50) of 0')
    """
    array = np.asarray(value)
    if array.ndim == 0:
        return number(array[()], digits)
    if not array.size:
        return _shape(array)
    if array.ndim == 1:
        return "[" + " ".join(_elided([number(x, digits) for x in _ends(array, most)], len(array), most, "…")) + "]"
    if array.ndim == 2 and array.size <= most:
        return "[" + "; ".join(" ".join(number(x, digits) for x in row) for row in array) + "]"
    shape = _shape(array)
    if array.dtype.kind in "biuf":
        sound = array[np.isfinite(array)] if array.dtype.kind == "f" else array
        low, high = (sound.min(), sound.max()) if sound.size else (array.flat[0],) * 2
        if low == high:
            return f"{shape} of {number(low, digits)}"
        return f"{shape} from {number(low, digits)} to {number(high, digits)}"
    return shape


def trouble(value: Any) -> str:
    """What is wrong with a value, in words: how much of it is no number or is infinite; empty where all is well.

    >>> trouble(1.0), trouble(np.nan), trouble(np.array([1.0, np.inf, np.nan]))
    ('', 'not a number', '1 of 3 not a number, 1 of 3 infinite')
    """
    if isinstance(value, float) and math.isfinite(value):
        return ""
    array = np.asarray(value)
    if value is None or array.dtype.kind not in "fc":
        return ""
    counts = ((int(np.isnan(array).sum()), "not a number"), (int(np.isinf(array).sum()), "infinite"))
    return ", ".join(words if array.ndim == 0 else f"{count} of {array.size} {words}" for count, words in counts if count)


def marked(value: Any, digits: int = 6) -> str:
    """A value on one line, and behind an exclamation mark what is wrong with it; empty where there is none yet.

    >>> marked(np.nan), marked(2.5), marked(None)
    ('NaN  ! not a number', '2.5', '')
    """
    wrong = trouble(value)
    return "" if value is None else inline(value, digits) + (f"  ! {wrong}" if wrong else "")


def bracketed(value: Any, rows: int = 4, columns: int = 5, digits: int = 4) -> list[str]:
    """A value on several lines: a matrix in tall brackets, at most so many rows and columns, the middle left out.

    Of an array of more than two axes the first matrix is shown, and how many there are.

    >>> print("\\n".join(bracketed(np.arange(70.0).reshape(10, 7), rows=3, columns=4)))
    ⎡ 0  1 …  6⎤
    ⎢ ⋮  ⋮    ⋮⎥
    ⎣63 64 … 69⎦
    """
    array = np.asarray(value)
    if array.ndim and not array.size:
        return [_shape(array)]
    if array.ndim < 2:
        return [inline(array, digits, columns + 3)]
    more = int(np.prod(array.shape[:-2]))
    matrix = array.reshape((more, *array.shape[-2:]))[0]
    shown = [
        _elided([number(x, digits) for x in _ends(row, columns)], len(row), columns, "…") for row in _ends(matrix, rows)
    ]
    if len(matrix) > rows:
        middle = ["" if cell == "…" else "⋮" for cell in shown[0]]
        shown.insert((rows) // 2, middle)
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    lines = [" ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in shown]
    if len(lines) == 1:
        lines = [f"[{lines[0]}]"]
    else:
        marks = ["⎡⎤", *(["⎢⎥"] * (len(lines) - 2)), "⎣⎦"]
        lines = [mark[0] + line + mark[1] for mark, line in zip(marks, lines, strict=True)]
    if more > 1:
        lines[-1] += f" +{more - 1} more"
    return lines


def _ends(items: Any, most: int) -> list[Any]:
    """All items, or one fewer than `most` of them from both ends."""
    if len(items) <= most:
        return list(items)
    head = most // 2
    tail = max(1, most - 1 - head)
    return [*items[:head], *items[-tail:]]


def _elided(cells: Sequence[str], length: int, most: int, mark: str) -> list[str]:
    """The cells with a mark where some are missing."""
    if length <= most:
        return list(cells)
    head = most // 2
    return [*cells[:head], mark, *cells[head:]]


def _shape(array: np.ndarray[Any, Any]) -> str:
    return "(" + ", ".join(map(str, array.shape)) + ")"
