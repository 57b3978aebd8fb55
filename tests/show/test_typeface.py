"""The typeface that pages bring along for their formulas: a subset of STIX Two Math."""

import re
from importlib.resources import files

import pytest
from fontTools.ttLib import TTFont

from backlight.core.math import name
from backlight.core.op import TABLE
from backlight.explain.latex import GREEK
from backlight.explain.mathml import mathml

FOLDER = files("backlight.show").joinpath("fonts")
FONT = TTFont(str(FOLDER.joinpath("STIXTwoMath.woff2")))
LETTERS = set(map(chr, FONT.getBestCmap()))


@pytest.mark.parametrize("op", [op for op in TABLE.values() if op.kind != "leaf"], ids=lambda op: op.name)
def test_every_sign_of_every_row_is_in_it(op):
    operands = [name("xyzuvw"[k]) for k in range(max(2 if op.variadic else 1, len(op.args)))]
    assert set(re.sub("<[^>]*>|&[a-z]+;", "", mathml(op.math(operands, ())))) <= LETTERS


def test_it_has_every_greek_letter_upright_and_in_the_italics_of_mathematics():
    assert set(GREEK) <= LETTERS
    assert set(map(chr, range(0x1D6FC, 0x1D715))) <= LETTERS


def test_brackets_roots_and_sums_can_be_stretched():
    variants = FONT["MATH"].table.MathVariants
    tall = set(variants.VertGlyphCoverage.glyphs)
    assert {FONT.getBestCmap()[ord(sign)] for sign in "()[]{}|‖⌊⌋⌈⌉√∑∏"} <= tall


def test_it_is_small_and_its_licence_lies_beside_it():
    assert len(FOLDER.joinpath("STIXTwoMath.woff2").read_bytes()) < 40_000
    licence = FOLDER.joinpath("OFL.txt").read_text(encoding="utf-8")
    assert licence.startswith("Copyright 2001-2021 The STIX Fonts Project Authors")
    assert "SIL OPEN FONT LICENSE Version 1.1" in licence
    assert FONT["name"].getDebugName(0).startswith("Copyright 2001-2021 The STIX Fonts Project Authors")
