"""Rows that compiled code leaves to the reference machine, and why; every other row is compiled for every kind of number.

A program with such a row still runs: it is cut in two, and Python computes the row between. In a page it cannot. What
holds for all rows is not in the table: complex numbers, and whole numbers of 8 and 16 bits or without a sign, have no
loops yet. A test asks every row and every case, so that the table can neither lack a row nor keep one that is compiled.
"""

from __future__ import annotations

FACTORS = "a factorisation with pivots, which LAPACK does"
SERIES = "a special function whose series has no emitter yet"
GRAPHS = "it holds graphs of its own, which are not written into the program around it"

REASONS: dict[str, str] = {
    "agree": GRAPHS,
    "block": GRAPHS,
    "cholesky": FACTORS,
    "cofactors": FACTORS,
    "cond": GRAPHS,
    "det": FACTORS,
    "digamma": SERIES,
    "erfinv": SERIES,
    "inv": FACTORS,
    "lgamma": SERIES,
    "mish_slope": SERIES,
    "norm": "orders other than 1, 2 and infinity need powers that agree with NumPy's to the last digits",
    "polygamma": SERIES,
    "scan": GRAPHS,
    "solve": FACTORS,
    "while_loop": GRAPHS,
}
