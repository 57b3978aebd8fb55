"""Rows that compiled code leaves to the reference machine, and why; every other row is compiled for every kind of number.

A program with such a row still runs: it is cut in two, and Python computes the row between. In a page it cannot. What
holds for all rows is not in the table: complex numbers, floats of 16 bits, and whole numbers of 8 and 16 bits or without a
sign, have no loops yet; nor what hangs on the operands: a remainder of whole numbers, a float cast to one. A test asks
every row and every case, so that the table can neither lack a row nor keep one that is compiled.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backlight.run.lower.items import KINDS

WHY = {
    "a factorisation with pivots or iterations, which LAPACK does":
        "cholesky cofactors det eigh inv lu pinv qr slogdet solve svd",
    "it is written out when it runs, for a number of steps that nobody knows before": "counted",
    "a series of products whose length depends on the numbers": "expm",
    "a Fourier transform has no emitter yet": "irfft",
}

REASONS: dict[str, str] = {row: reason for reason, rows in WHY.items() for row in rows.split()}


def reason(row: str, types: Iterable[Any]) -> str:
    """Return why the reference machine computes a row on numbers of these types; empty where no table says it."""
    strange = next((t.dtype.name for t in types if t.dtype.name not in KINDS), "")
    return REASONS.get(row, f"no loop knows {strange}" if strange else "")
