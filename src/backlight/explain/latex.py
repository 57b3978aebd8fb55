"""Notation as LaTeX. The writer knows forms and how tightly they bind, and no operation.

The formulas need nothing but the `amsmath` package.
"""

from __future__ import annotations

from typing import Final

from ..core.math import CALL, NEGATE, POWER, Math, beside

__all__ = ["escaped", "latex"]

SYMBOLS: Final = {
    "·": r" \cdot ", "×": r" \times ", "⊙": r" \odot ", "⊗": r" \otimes ", "@": r"\,", "−": "-", "≤": r" \le ", "≥": r" \ge ",
    "≠": r" \ne ", "==": "=", "→": r" \to ", "∂": r"\partial ", "∧": r" \land ", "∨": r" \lor ", "⊕": r" \oplus ", "∈": r" \in ",
    "ᵀ": r"^{\mathsf{T}}", "′": "'", "Σ": r"\sum", "Π": r"\prod", "∞": r"\infty", "∇": r"\nabla ", "%": r"\bmod ", "¬": r"\lnot ",
    "≈": r" \approx ", "<": " < ", ">": " > ", "=": " = ", "+": " + ", "|": r"\lvert ", "‖": r"\lVert ", "⌊": r"\lfloor ",
    "⌋": r"\rfloor ", "⌈": r"\lceil ", "⌉": r"\rceil ", "…": r"\dots ",
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


def escaped(text: str) -> str:
    """Words as LaTeX text: every character that LaTeX reads as a command is protected."""
    return "".join(SPECIAL.get(c, "\\" + c if c in "#$%&_" else c) for c in text)


def word(text: str) -> str:
    """A name: one letter in italics with its subscript, a longer one upright."""
    if text in SYMBOLS:
        return SYMBOLS[text].strip()
    plain = text.translate(SUBSCRIPTS)
    digits = len(text) - len(text.rstrip("₀₁₂₃₄₅₆₇₈₉"))
    head, below = (plain[:-digits], plain[-digits:]) if digits else (plain, "")
    if not below and "_" in head.strip("_"):
        head, _, below = head.partition("_")
    primes = len(head) - len(head.rstrip("'′"))
    head = head[: len(head) - primes] if primes else head
    if head in GREEK:
        out = "\\" + GREEK[head]
    elif len(head) == 1 and head.isalpha():
        out = head
    elif len(head) == 2 and head[0] in "d∂∇" and head[1].isalpha():
        out = word(head[0]) + (" " if head[0] != "d" else "") + word(head[1])
    else:
        out = rf"\mathrm{{{escaped(head)}}}" if head else ""
    return out + "'" * primes + (f"_{{{escaped(below)}}}" if below else "")


def numeral(text: str) -> str:
    """A number: 1e-07 as 1 · 10⁻⁷."""
    head, e, exponent = text.lower().partition("e")
    if text in ("inf", "nan"):
        return r"\infty" if text == "inf" else r"\mathrm{NaN}"
    return rf"{head} \cdot 10^{{{int(exponent)}}}" if e and exponent.lstrip("+-").isdigit() else text


def held(math: Math, binds: int) -> str:
    """The part, in brackets where it binds less than its place asks for."""
    text = latex(math)
    return text if math.binds >= binds else rf"\left({text}\right)"


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
        return f"{{{held(parts[1], CALL)}}}{SYMBOLS.get(parts[0], parts[0])}"
    if form == "fraction":
        return rf"\frac{{{latex(parts[0])}}}{{{latex(parts[1])}}}"
    if form == "power":
        return f"{held(parts[0], POWER + 1)}^{{{latex(parts[1])}}}"
    if form == "root":
        degree = f"[{parts[1]}]" if parts[1] is not None else ""
        return rf"\sqrt{degree}{{{latex(parts[0])}}}"
    if form == "call":
        function, *arguments = parts
        upright = rf"\operatorname{{{escaped(str(function))}}}" if len(function) > 1 else word(str(function))
        head = f"\\{function}" if function in FUNCTIONS else upright
        return rf"{head}\left({', '.join(latex(a) for a in arguments)}\right)"
    if form == "keyword":
        return rf"\mathrm{{{escaped(parts[0])}}}={latex(parts[1])}"
    if form == "index":
        return f"{held(parts[0], CALL)}_{{{', '.join(latex(p) for p in parts[1:])}}}"
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
