"""Makes the typeface of the formulas: STIX Two Math, cut down to what Backlight's formulas are written with.

    python tools/math_font.py STIXTwoMath-Regular.ttf        (or .otf, .woff2)

The npm package `@fontsource/stix-two-math` holds the whole face with its licence, the SIL Open Font License, which allows
this and asks that it stays beside the result. The table with the measures of mathematics and the taller shapes of
brackets, roots and sums are kept: a browser needs both to stretch them.
"""

from __future__ import annotations

import string
import sys
from pathlib import Path

from fontTools.subset import Options, Subsetter, load_font, save_font

FOLDER = Path(__file__).parents[1] / "src" / "backlight" / "show" / "fonts"
GREEK = "".join(map(chr, [*range(0x391, 0x3A2), *range(0x3A3, 0x3AA), *range(0x3B1, 0x3CA), 0x3D1, 0x3D5, 0x3F5]))
SIGNS = "−·×÷±⊙⊗⊕∘∗≤≥≠≈≡∈→←↑↓∂∇∞Σ∑Π∏∫√∛∜¬∧∨|‖⌊⌋⌈⌉…⋯⋮⋱′″ℎ\u2061\u2062\u2063\u00a0"
# A single letter in a formula is set in the italics of mathematics, which are characters of their own.
ITALICS = "".join(map(chr, [*range(0x1D434, 0x1D455), *range(0x1D456, 0x1D468), *range(0x1D6E2, 0x1D71C)]))
CHARACTERS = string.printable.strip() + " " + GREEK + SIGNS + ITALICS


def main(source: str) -> None:
    options = Options(flavor="woff2", layout_features=["ssty", "kern", "mark", "mkmk"], hinting=False, desubroutinize=True)
    options.name_IDs = ["*"]  # copyright and licence stay in the file too
    font = load_font(source, options)
    subsetter = Subsetter(options)
    subsetter.populate(text=CHARACTERS)
    subsetter.subset(font)
    path = FOLDER / "STIXTwoMath.woff2"
    save_font(font, str(path), options)
    print(f"{path}: {path.stat().st_size} bytes, {len(font.getGlyphOrder())} glyphs")


if __name__ == "__main__":
    main(*sys.argv[1:])
