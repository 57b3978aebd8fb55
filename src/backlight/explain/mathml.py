"""Notation as MathML, which browsers draw without any library.

The writer knows forms and how tightly they bind, and no operation. Everything that comes from a person is escaped.
"""

from __future__ import annotations

from html import escape
from typing import Final

from ..core.math import ATOM, CALL, NEGATE, POWER, Math, beside

__all__ = ["mathml"]

SHOWN: Final = {"@": "\u2062", "·": "·", "==": "=", "%": "mod"}
SUBSCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")


def mathml(math: Math, display: bool = False) -> str:
    """A formula as one `math` element.

    >>> from backlight.core.math import fraction
    >>> mathml(fraction(1, "x"))
    '<math><mfrac><mn>1</mn><mi>x</mi></mfrac></math>'
    """
    opening = '<math display="block">' if display else "<math>"
    return f"{opening}{element(math)}</math>"


def row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def sign(symbol: str) -> str:
    return f"<mo>{escape(SHOWN.get(symbol, symbol))}</mo>"


def bracketed(text: str) -> str:
    return row("<mo>(</mo>", text, "<mo>)</mo>")


def held(math: Math, binds: int) -> str:
    """The part, in brackets where it binds less than its place asks for."""
    return element(math) if math.binds >= binds else bracketed(element(math))


def based(math: Math, binds: int) -> str:
    """What something is written high at: a fraction in brackets, whatever it binds."""
    return held(math, ATOM + 1 if math.form == "fraction" else binds)


def word(text: str) -> str:
    """A name with its subscript, if it has one."""
    digits = len(text) - len(text.rstrip("₀₁₂₃₄₅₆₇₈₉"))
    head, below = (text[:-digits], text[-digits:].translate(SUBSCRIPTS)) if digits else (text, "")
    if not below and "_" in head.strip("_"):
        head, _, below = head.partition("_")
    if not below and len(head) > 1 and head[0].isalpha() and head[1:].isdecimal():  # W1
        head, below = head[0], head[1:]
    name = f"<mi>{escape(head)}</mi>"
    if not below:
        return name
    kind = "mn" if below.isdigit() else "mi"
    return f"<msub>{name}<{kind}>{escape(below)}</{kind}></msub>"


def numeral(text: str) -> str:
    head, e, exponent = text.lower().partition("e")
    if e and exponent.lstrip("+-").isdigit():
        n = int(exponent)
        power = f"<mn>{n}</mn>" if n >= 0 else row("<mo>−</mo>", f"<mn>{-n}</mn>")
        return row(f"<mn>{head.replace('-', '−')}</mn><mo>·</mo><msup><mn>10</mn>{power}</msup>")
    return f"<mn>{escape({'inf': '∞', '-inf': '−∞', 'nan': 'NaN'}.get(text, text)).replace('-', '−')}</mn>"


def separated(parts: list[str]) -> str:
    return "<mo>,</mo>".join(parts)


def element(math: Math) -> str:
    """A formula as the inside of a `math` element."""
    form, parts, binds = math
    if form == "number":
        return numeral(str(parts[0]))
    if form == "name":
        return word(str(parts[0]))
    if form == "string":
        return f"<mtext>{escape(str(parts[0]))}</mtext>"
    if form == "infix":
        symbol, left, right = parts
        return row(held(left, binds), sign(symbol), held(right, beside(binds, right)))
    if form == "prefix":
        return row(sign(parts[0]), held(parts[1], NEGATE))
    if form == "postfix":
        if parts[0] == "ᵀ":
            return f"<msup>{based(parts[1], CALL)}<mi>T</mi></msup>"
        return row(based(parts[1], CALL), sign(parts[0]))
    if form == "fraction":
        return f"<mfrac>{element(parts[0])}{element(parts[1])}</mfrac>"
    if form == "power":
        return f"<msup>{based(parts[0], POWER + 1)}{element(parts[1])}</msup>"
    if form == "root":
        x, degree = parts
        return f"<msqrt>{element(x)}</msqrt>" if degree is None else f"<mroot>{element(x)}<mn>{degree}</mn></mroot>"
    if form == "call":
        function, *arguments = parts
        return row(f"<mi>{escape(str(function))}</mi>", "<mo>&#x2061;</mo>", bracketed(separated([element(a) for a in arguments])))
    if form == "keyword":
        return row(f"<mi>{escape(parts[0])}</mi><mo>=</mo>", element(parts[1]))
    if form == "index":
        return f"<msub>{held(parts[0], CALL)}{row(separated([element(p) for p in parts[1:]]))}</msub>"
    if form == "bars":
        left, x, right, _ = parts
        return row(f'<mo fence="true">{escape(left)}</mo>', element(x), f'<mo fence="true">{escape(right)}</mo>')
    if form == "big":
        symbol, below, x, _ = parts
        operator = f'<mo largeop="true">{escape(symbol)}</mo>'
        head = f"<munder>{operator}<mrow><mi>{escape(below)}</mi></mrow></munder>" if below else operator
        return row(head, held(x, binds))
    if form == "matrix":
        rows = "".join(f"<mtr>{''.join(f'<mtd>{element(cell)}</mtd>' for cell in r)}</mtr>" for r in parts)
        return row("<mo>[</mo>", f"<mtable>{rows}</mtable>", "<mo>]</mo>")
    if form == "list":
        return row("<mo>[</mo>", separated([element(p) for p in parts]), "<mo>]</mo>")
    assert form == "piece", f"no way to write {form}"
    condition, yes, no = parts
    return row(
        "<mo>{</mo><mtable><mtr>", f"<mtd>{element(yes)}</mtd><mtd>{element(condition)}</mtd></mtr><mtr>",
        f"<mtd>{element(no)}</mtd><mtd><mtext>otherwise</mtext></mtd>", "</mtr></mtable>",
    )  # fmt: skip
