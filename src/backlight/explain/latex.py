"""Notation as LaTeX. The writer knows forms and how tightly they bind, and no operation.

The formulas need nothing but the `amsmath` package.
"""

from __future__ import annotations

from typing import Final
from unicodedata import normalize

from ..core.math import ATOM, CALL, NEGATE, POWER, Math, beside

__all__ = ["escaped", "latex"]

SYMBOLS: Final = {
    "·": r" \cdot ", "×": r" \times ", "⊙": r" \odot ", "⊗": r" \otimes ", "@": r"\,", "−": "-", "≤": r" \le ", "≥": r" \ge ",
    "≠": r" \ne ", "==": "=", "→": r" \to ", "∂": r"\partial ", "∧": r" \land ", "∨": r" \lor ", "⊕": r" \oplus ", "∈": r" \in ",
    "ᵀ": r"^{\mathsf{T}}", "′": "'", "Σ": r"\sum", "Π": r"\prod", "∞": r"\infty", "∇": r"\nabla ", "%": r"\bmod ",
    "≈": r" \approx ", "<": " < ", ">": " > ", "=": " = ", "+": " + ", "|": r"\lvert ", "‖": r"\lVert ", "⌊": r"\lfloor ",
    "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "…": r"\dots ", "√": r"\surd ", "∛": r"\sqrt[3]{}", "∗": "*",
    "∫": r"\int ", "∘": r"\circ ", "±": r"\pm ", "÷": r"\div ", "←": r"\gets ", "⇒": r"\Rightarrow ", "↑": r"\uparrow ",
    "↓": r"\downarrow ", "ℝ": r"\mathrm{R}", "″": "''", "¬": r"\lnot ", "⌀": r"\emptyset ", "ħ": r"\hbar ",
}  # fmt: skip
GREEK: Final = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "varphi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta",
    "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
FUNCTIONS: Final = {"exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min", "arg", "det", "gcd"}
SUBSCRIPTS: Final = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
SPECIAL: Final = {"\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
RAISED: Final = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-", strict=True))
ACCENTS: Final = frozenset("\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327")
WHOLE: Final = frozenset("ßæøåœÆØÅŒłŁ")  # what the usual fonts have besides letters with accents


def escaped(text: str) -> str:
    """Words as LaTeX text, signs of mathematics among them: what LaTeX would read as a command is protected, and a letter
    that it has no shape for is named by its code.
    """
    return "".join(map(_letter, text))


def _letter(c: str) -> str:
    if ord(c) < 128:
        return "\\" + c if c in "#$%&_" else SPECIAL.get(c, c if c.isprintable() else " ")
    if c in GREEK:
        return f"$\\{GREEK[c]}$"
    if c in RAISED:
        return f"$^{{{RAISED[c]}}}$"
    if c in SYMBOLS:
        return f"${SYMBOLS[c].strip()}$"
    if c.translate(SUBSCRIPTS).isascii():
        return f"$_{{{c.translate(SUBSCRIPTS)}}}$"
    parts = normalize("NFD", c)
    known = c in WHOLE or (len(parts) == 2 and parts[0].isascii() and parts[0].isalpha() and parts[1] in ACCENTS)
    return c if known else f"[U+{ord(c):04X}]"


def upright(text: str) -> str:
    """Words inside a formula."""
    return rf"\mathrm{{{escaped(text)}}}" if text.isascii() else rf"\text{{{escaped(text)}}}"


def word(text: str) -> str:
    """A name: one letter in italics with its subscript, a longer one upright."""
    if text in SYMBOLS:
        return SYMBOLS[text].strip()
    plain = text.translate(SUBSCRIPTS)
    digits = len(text) - len(text.rstrip("₀₁₂₃₄₅₆₇₈₉"))
    head, below = (plain[:-digits], plain[-digits:]) if digits else (plain, "")
    if not below and "_" in head.strip("_"):
        head, _, below = head.partition("_")
    if not below and len(head) > 1 and head[0].isalpha() and head[1:].isdecimal():  # W1
        head, below = head[0], head[1:]
    primes = len(head) - len(head.rstrip("'′"))
    head = head[: len(head) - primes] if primes else head
    if head in GREEK:
        out = "\\" + GREEK[head]
    elif len(head) == 1 and head.isascii() and head.isalpha():
        out = head
    elif len(head) == 2 and head[0] in "d∂∇" and head[1].isalpha():
        out = word(head[0]) + (" " if head[0] != "d" else "") + word(head[1])
    else:
        out = upright(head) if head else ""
    if not below:
        return out + "'" * primes
    small = below if below.isdigit() or (len(below) == 1 and below.isascii() and below.isalpha()) else upright(below)
    return out + "'" * primes + f"_{{{small}}}"


def numeral(text: str) -> str:
    """A number: 1e-07 as 1 · 10⁻⁷."""
    head, e, exponent = text.lower().partition("e")
    if text in ("inf", "-inf", "nan"):
        return r"\mathrm{NaN}" if text == "nan" else text.replace("inf", r"\infty")
    return rf"{head} \cdot 10^{{{int(exponent)}}}" if e and exponent.lstrip("+-").isdigit() else text


def held(math: Math, binds: int) -> str:
    """The part, in brackets where it binds less than its place asks for."""
    text = latex(math)
    return text if math.binds >= binds else rf"\left({text}\right)"


def based(math: Math, binds: int) -> str:
    """What something is written high at: a fraction in brackets, whatever it binds."""
    return held(math, ATOM + 1 if math.form == "fraction" else binds)


def scripted(text: str, mark: str) -> str:
    """What gets an index or an exponent: in braces of its own where it has one already."""
    return f"{{{text}}}" if mark in text and not text.startswith(r"\left(") else text


def latex(math: Math) -> str:
    r"""A formula as LaTeX, for math mode.

    >>> from backlight.core.math import ADD, MULTIPLY, fraction, infix, name, power
    >>> latex(power(infix("+", infix("·", 4, "x", MULTIPLY), 1, ADD), 2))
    '\\left(4 \\cdot x + 1\\right)^{2}'
    >>> latex(fraction(1, infix("+", 1, name("x₁"), ADD)))
    '\\frac{1}{1 + x_{1}}'
    """
    form, parts, binds = math
    if form == "number":
        return numeral(str(parts[0]))
    if form == "name":
        return word(str(parts[0]))
    if form == "string":
        return rf"\text{{{escaped(str(parts[0]))}}}"
    if form == "infix":
        symbol, left, right = parts
        sign = SYMBOLS.get(symbol, f" {symbol} ")
        return f"{held(left, binds)}{sign if symbol not in ('−', '==') else f' {sign} '}{held(right, beside(binds, right))}"
    if form == "prefix":
        return f"{SYMBOLS.get(parts[0], parts[0])}{held(parts[1], NEGATE)}"
    if form == "postfix":
        return f"{{{based(parts[1], CALL)}}}{SYMBOLS.get(parts[0], parts[0])}"
    if form == "fraction":
        return rf"\frac{{{latex(parts[0])}}}{{{latex(parts[1])}}}"
    if form == "power":
        return f"{scripted(based(parts[0], POWER + 1), '^')}^{{{latex(parts[1])}}}"
    if form == "root":
        degree = f"[{parts[1]}]" if parts[1] is not None else ""
        return rf"\sqrt{degree}{{{latex(parts[0])}}}"
    if form == "call":
        function, *arguments = parts
        plain = str(function).rstrip("'′")
        head = f"\\{plain}" if plain in FUNCTIONS else rf"\operatorname{{{escaped(plain)}}}" if len(plain) > 1 else word(plain)
        head += "'" * (len(function) - len(plain))
        return rf"{head}\left({', '.join(latex(a) for a in arguments)}\right)"
    if form == "keyword":
        return rf"\mathrm{{{escaped(parts[0])}}}={latex(parts[1])}"
    if form == "index":
        return f"{scripted(held(parts[0], CALL), '_')}_{{{', '.join(latex(p) for p in parts[1:])}}}"
    if form == "bars":
        left, x, right, _ = parts
        closing = {"|": r"\rvert ", "‖": r"\rVert "}.get(right, SYMBOLS.get(right, right))
        return rf"\left{SYMBOLS.get(left, left).strip()} {latex(x)} \right{closing.strip()}"
    if form == "big":
        symbol, below, x, _ = parts
        return rf"{SYMBOLS.get(symbol, word(symbol))}{f'_{{{escaped(below)}}}' if below else ''} {held(x, binds)}"
    if form == "matrix":
        rows = r" \\ ".join(" & ".join(latex(cell) for cell in row) for row in parts)
        return rf"\begin{{bmatrix}}{rows}\end{{bmatrix}}"
    if form == "list":
        return rf"\left[{', '.join(latex(p) for p in parts)}\right]"
    assert form == "piece", f"no way to write {form}"
    condition, yes, no = parts
    return rf"\begin{{cases}}{latex(yes)} & {latex(condition)} \\ {latex(no)} & \text{{otherwise}}\end{{cases}}"
