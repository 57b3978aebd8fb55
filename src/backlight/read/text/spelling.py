"""Which signs and which other names stand for which operation.

Every row of the table is called by its own name; these are the spellings beside it. The writer of formulas looks at the
same tables, to know which notation reads back to the row it came from.
"""

from __future__ import annotations

import math
from typing import Any, Final

__all__ = ["ALIASES", "CONSTANTS", "FOLDS", "LITERALS", "NOT_CALLED", "ROOTS", "SIGNS", "SIGN_ALIASES"]

# The sign between two operands, before one, or after one.
SIGNS: Final = {
    "+": "add",
    "-": "sub",
    "*": "mul",
    "/": "div",
    "@": "matmul",
    "%": "mod",
    "^": "pow",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "==": "equal",
    "!=": "not_equal",
    "and": "logical_and",
    "or": "logical_or",
}

SIGN_ALIASES: Final = {
    "−": "-", "–": "-",
    "·": "*", "×": "*", "⋅": "*", "∗": "*", "⊙": "*",
    "÷": "/", "∕": "/",
    "**": "^",
    "≤": "<=", "≥": ">=", "≠": "!=",
    "∧": "and", "∨": "or",
}  # fmt: skip

ROOTS: Final = {"√": "sqrt", "∛": "cbrt"}

# Other names of operations, where a book or another library has one.
ALIASES: Final = {
    "absolute": "abs",
    "arccos": "acos", "arccosh": "acosh", "arcsin": "asin", "arcsinh": "asinh", "arctan": "atan", "arctan2": "atan2",
    "arctanh": "atanh", "arcosh": "acosh", "arsinh": "asinh", "artanh": "atanh",
    "average": "mean",
    "broadcast": "broadcast_to",
    "divide": "div",
    "if": "where",
    "lg": "log10",
    "ln": "log",
    "lnΓ": "lgamma",
    "logistic": "sigmoid", "sigma": "sigmoid", "σ": "sigmoid",
    "multiply": "mul",
    "negative": "neg",
    "power": "pow",
    "product": "prod",
    "sgn": "sign",
    "subtract": "sub",
    "tg": "tan",
    "Σ": "sum", "∑": "sum",
    "Π": "prod", "∏": "prod",
    "ψ": "digamma",
}  # fmt: skip

# `max(a, b)` is the larger of two, while the row `max` is the largest along an axis.
FOLDS: Final = {"max": "maximum", "min": "minimum"}

# Numbers with a name: the node carries it. A text may give the name to something else.
CONSTANTS: Final[dict[str, tuple[str, float]]] = {"e": ("e", math.e), "pi": ("π", math.pi), "π": ("π", math.pi)}

# Words that are numbers and nothing else.
LITERALS: Final[dict[str, Any]] = {
    "true": True, "True": True, "false": False, "False": False, "inf": math.inf, "nan": math.nan, "infinity": math.inf,
}  # fmt: skip

# Rows that are written otherwise: a constant as its number.
NOT_CALLED: Final = frozenset(["const"])
