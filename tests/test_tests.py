"""The tests themselves: what was promised has a test that bears its name."""

import re
from pathlib import Path

import pytest

# What the project is to do is listed in rows, by subject: this many of each.
SUBJECTS = {
    "G": 16,  # equation graphs
    "V": 7,   # the mathematics of vectors
    "J": 7,   # exploring a function
    "U": 5,   # upstream, local, downstream
    "B": 11,  # backpropagation to play with
    "E": 14,  # what others got wrong
}  # fmt: skip

# The rows that are kept today. One that a new test keeps is added here; none is ever taken away.
KEPT = """
    B4 E1 E2 E3 E4 E5 E6 E7 E8 E10 E12 E13 G1 G2 G3 G4 G5 G6 G7 G8 G9 G10 G11 G12 G13 G14 G15 G16 J1 J2 J3 J4 J5 J6 J7 U1 U2 U3 U4
    U5 V1 V2 V3 V4 V5 V6 V7
""".split()

FILES = sorted(Path(__file__).parent.rglob("test_*.py"))
NAMES = [name for file in FILES for name in re.findall(r"^def (test_\w+)\(", file.read_text(encoding="utf-8"), re.MULTILINE)]
ROWS = {row for name in NAMES for row in re.findall(rf"(?<=_)[{''.join(SUBJECTS)}]\d+(?=_)", name)}


@pytest.mark.parametrize("row", KEPT)
def test_a_row_that_was_promised_has_a_test_that_bears_its_name(row):
    assert row in ROWS


def test_no_test_is_named_after_a_row_that_does_not_exist():
    assert {row for row in ROWS if not 1 <= int(row[1:]) <= SUBJECTS[row[0]]} == set()
