"""One tree of notation, three ways to write it; brackets where they are needed and nowhere else (E5)."""

import xml.etree.ElementTree as ET

import pytest

from backlight import ops
from backlight.core.math import ADD, CALL, MULTIPLY, Math, bars, call, fraction, index, infix, name, number, power, prefix, root
from backlight.core.op import TABLE
from backlight.explain.formula import spelled
from backlight.explain.latex import latex
from backlight.explain.letters import partial
from backlight.explain.mathml import mathml

assert ops.__all__  # the room was imported, so the table is filled

MATRIX = Math("matrix", ((number(1), number(2)), (number(3), number(4))))
SLOPE = partial(name("y"), name("x"))
X_PLUS_1 = infix("+", "x", 1, ADD)

WRITTEN = [
    (infix("·", X_PLUS_1, 2, MULTIPLY), "(x + 1)·2", r"\left(x + 1\right) \cdot 2"),
    (infix("−", 1, infix("−", 2, 3, ADD), ADD), "1 − (2 − 3)", r"1 - \left(2 - 3\right)"),
    (infix("−", infix("−", 1, 2, ADD), 3, ADD), "1 − 2 − 3", "1 - 2 - 3"),
    (power(prefix("−", "x"), 2), "(−x)²", r"\left(-x\right)^{2}"),
    (prefix("−", power("x", 2)), "−x²", "-x^{2}"),
    (power(power("x", 2), 3), "(x²)³", r"\left(x^{2}\right)^{3}"),
    (fraction(1, X_PLUS_1), "1 / (x + 1)", r"\frac{1}{x + 1}"),
    (root(X_PLUS_1), "√(x + 1)", r"\sqrt{x + 1}"),
    (call("σ", X_PLUS_1), "σ(x + 1)", r"\sigma\left(x + 1\right)"),
    (call("log", "x"), "log(x)", r"\log\left(x\right)"),
    (call("log_sigmoid", "x"), "log_sigmoid(x)", r"\operatorname{log\_sigmoid}\left(x\right)"),
    (bars("|", "x", "|", "abs"), "|x|", r"\left\lvert x \right\rvert"),
    (index("x", 0, 1), "x[0, 1]", "x_{0, 1}"),
    (number(-2.5), "−2.5", "-2.5"),
    (number(1e-07), "1e-07", r"1 \cdot 10^{-7}"),
    (name("w₁"), "w₁", "w_{1}"),
    (name("loss"), "loss", r"\mathrm{loss}"),
    (power(SLOPE, 2), "(∂y/∂x)²", r"\left(\frac{\partial y}{\partial x}\right)^{2}"),
    (Math("postfix", ("ᵀ", SLOPE), CALL), "(∂y/∂x)ᵀ", r"{\left(\frac{\partial y}{\partial x}\right)}^{\mathsf{T}}"),
    (infix("·", SLOPE, "x", MULTIPLY), "∂y/∂x·x", r"\frac{\partial y}{\partial x} \cdot x"),
    (MATRIX, "[[1, 2], [3, 4]]", r"\begin{bmatrix}1 & 2 \\ 3 & 4\end{bmatrix}"),
]


@pytest.mark.parametrize(("math", "text", "tex"), WRITTEN)
def test_E5_brackets_are_kept_in_every_writing(math, text, tex):
    assert spelled(math) == text
    assert latex(math) == tex
    ET.fromstring(mathml(math))


@pytest.mark.parametrize("op", [op for op in TABLE.values() if op.kind != "leaf"], ids=lambda op: op.name)
def test_every_row_is_written_with_balanced_brackets(op):
    operands = [name("xyzuvw"[k]) for k in range(max(2 if op.variadic else 1, len(op.args)))]
    math = op.math(operands, ())
    tex = latex(math)
    assert tex.count("{") == tex.count("}")
    assert tex.count(r"\left") == tex.count(r"\right")
    assert spelled(math).count("(") == spelled(math).count(")")
    ET.fromstring(mathml(math))


def test_what_a_person_named_is_never_read_as_markup():
    assert mathml(name("<b>")) == "<math><mi>&lt;b&gt;</mi></math>"
    assert latex(name("a_b%")) == r"a_{\mathrm{b\%}}"
