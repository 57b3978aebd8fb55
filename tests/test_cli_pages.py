"""The options of `backlight explain` that ask for an explanation."""

import xml.etree.ElementTree as ET

import pytest

from backlight.cli import main


@pytest.fixture
def explain(capsys):
    def call(*words):
        status = main(["explain", *words])
        out, err = capsys.readouterr()
        return status, out, err

    return call


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["(4*x + 1)^2", "x=2", "--derive"], "   ∂c/∂b·∂b/∂a·∂a/∂x = 18·1·4 = 72"),
        (["x*y", "x=2", "y=3", "--derive=y"], "The derivative of x·y by y"),
        (["x*x", "x=3", "--why", "x"], "   summed: 3 + 3 = 6"),
        (["sum((W@x)^2)", "W=[[1,2]]", "x=[3,4]", "--layers"], "   ∂C/∂W = δ₁ ⊗ x   (1) ⊗ (2) → 1×2   error 0"),
        (["relu(x)*y", "x=-1", "y=2", "--why-zero", "x"],
         "   blocked at node 1, relu(x): relu did not take this branch"),
        (["log(x)", "x=-1", "--why-nan"], "   NaN is born at node 1, log(x): log of -1"),
        (["log(x)", "x=-1"], "   NaN is born at node 1, log(x): log of -1"),
        (["x^2", "x=3", "--check"], "   1 of 1 edges agree with small steps"),
        (["x^2", "x=3", "--descend=0.1"], "   real change −3.24"),
    ],
)  # fmt: skip
def test_an_explanation_is_printed(explain, words, line):
    status, out, err = explain(*words)
    assert (status, err) == (0, "")
    assert line in out.splitlines()


def test_a_derivation_as_latex_and_as_mathml(explain):
    _, out, _ = explain("x*y", "x=2", "y=3", "--latex")
    assert out.count(r"\begin{document}") == out.count(r"\end{document}") == 1
    assert out.count(r"\section*") == 2
    _, out, _ = explain("x*y", "x=2", "y=3", "--mathml", "--derive=x")
    ET.fromstring(out.replace("&#x2061;", ""))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["2+3", "--derive"],
         "backlight: there are no gradients in this run, so there is nothing to derive: differentiate by a float input\n"),
        (["x^2", "x=1", "--descend=fast"], "backlight: --descend is a learning rate such as 0.01, and it is 'fast'\n"),
        (["x^2", "x=1", "--why", "z"], "backlight: no node is called 'z'; there is x\n"),
        (["x^2", "x=1", "--layers"],
         "backlight: there is no layer in this graph: a layer is a product with a matrix that is an input, as in W @ x + b\n"),
    ],
)  # fmt: skip
def test_what_cannot_be_explained_is_said(explain, words, message):
    assert explain(*words) == (2, "", message)
