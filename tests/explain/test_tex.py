"""Everything that is written as LaTeX compiles, with a real TeX and nothing but amsmath."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from docs.make_gallery import PICTURES

import backlight as bl
from backlight.core.math import Math, bars, call, fraction, index, infix, name, number, power, root
from backlight.core.op import TABLE
from backlight.explain.check import check_page
from backlight.explain.derive import derive
from backlight.explain.descent import descend
from backlight.explain.diagnose import why_nan, why_zero
from backlight.explain.latex import latex
from backlight.explain.matrix import matrix_page
from backlight.explain.page import Page, Step, figure
from backlight.explain.story import story
from backlight.run.record import Run

TEX = shutil.which("pdflatex")
pytestmark = pytest.mark.skipif(TEX is None, reason="TeX is not installed (on Debian: apt-get install texlive-latex-base)")


def compiled(document: str, folder: Path) -> str:
    """What TeX says about a document: its first error, or nothing. What runs off the paper is no error."""
    (folder / "page.tex").write_text(document, encoding="utf-8")
    words = [str(TEX), "-interaction=nonstopmode", "-halt-on-error", "-file-line-error", "page.tex"]
    said = subprocess.run(words, cwd=folder, capture_output=True, check=False)
    log = said.stdout.decode("utf-8", "replace").splitlines()
    wrong = [line for line in log if line.startswith("! ") or ".tex:" in line or "Missing character" in line]
    return "" if said.returncode == 0 and not wrong else "\n".join([*wrong, *log[-12:]])


def of_one(formulas: list[Math]) -> str:
    return Page.document([Page("Formulas", (Step("all", tuple((formula,) for formula in formulas)),))])


def test_the_formula_of_every_row_compiles(tmp_path):
    formulas = []
    for op in TABLE.values():
        if op.kind != "leaf":
            operands = [name("xyzuvw"[k]) for k in range(max(2 if op.variadic else 1, len(op.args)))]
            formulas += [op.math(operands, ()), op.math([infix("+", x, 1, 10) for x in operands], ())]
    assert compiled(of_one(formulas), tmp_path) == ""


NAMES = ["x", "w₁", "W_out", "loss", "x′", "γ", "naïve", "Straße", "λ₂", "变量", "a_b%", "dλ", "ж", "_", "x__y", "ħ"]


def test_names_of_any_alphabet_compile_in_formulas_and_in_words(tmp_path):
    formulas = [f(name(word)) for word in NAMES for f in (
        lambda x: x, lambda x: power(x, 2), lambda x: call("sin", x), lambda x: index(x, 0, 1), lambda x: fraction(1, x),
        lambda x: root(x), lambda x: bars("‖", x, "‖", "norm"))]  # fmt: skip
    pages = [Page(f"About {word}", (Step(f"on {word}, 100 % & #{k}", ((f"{word} → {word}: ", formulas[k]),)),))
             for k, word in enumerate(NAMES)]  # fmt: skip
    assert compiled(Page.document(pages), tmp_path) == ""
    assert compiled(of_one(formulas), tmp_path) == ""


@pytest.mark.parametrize("value", [1.5, -1e-300, 1e22, np.inf, -np.inf, np.nan, 3, True, 2 - 1j, 0.0])
def test_every_kind_of_number_is_written_and_read_as_mathematics(value):
    text = latex(figure(value))
    assert "nan" not in text
    assert "inf" not in text.replace("infty", "")


def test_numbers_and_arrays_compile(tmp_path):
    values = [1.5, -1e-300, np.inf, -np.inf, np.nan, True, 2 - 1j, np.array([1.0, np.nan, -np.inf]), np.eye(9), np.zeros((2, 3, 4)),
              np.zeros(0), np.zeros((0, 3)), np.array([[1e-9, -2.5]])]  # fmt: skip
    assert compiled(of_one([figure(value) for value in values]), tmp_path) == ""


def pages_of(run: Run) -> list[Page]:
    """Every kind of page that can be written about a run."""
    inputs = [i for i in run.graph.inputs if i in run.graph.grads]
    pages = [derive(run, None, i) for i in inputs]
    pages += [story(run, i) for i in range(len(run.graph))]
    pages += [why_zero(run, i) for i in inputs]
    return [*pages, why_nan(run), check_page(run)]


def test_every_page_about_every_run_of_the_gallery_compiles(tmp_path):
    pages: list[Page] = []
    for make in PICTURES.values():
        subject = getattr(make(), "subject", None)
        if isinstance(subject, Run) and subject.graph.grads:
            pages += pages_of(subject)
    assert len(pages) > 200
    assert compiled(Page.document(pages), tmp_path) == ""


def test_the_other_pages_compile(tmp_path):
    layers = "h = tanh(W1 @ x + b1)\nC = sum((W2 @ h - y)^2)"
    values = {"W1": [[1, 2], [3, 4]], "b1": [0, 1], "W2": [[1, -1]]}
    network = bl.backprop(layers, x=[1, 2], y=[1], **values)
    given = {"x": [1, -2], "y": [1, 0], "β₁": 1, "γ": 0, "z": 2, "x_out": 1}
    broken = bl.backprop("sum(log(x)*y) + β₁/γ + stop_gradient(z)*x_out", **given)
    stopped = bl.backprop("relu(w*x)*v", w=-1, x=2, v=3)
    pages = [matrix_page(network), descend(network, 0.1).page(), *pages_of(broken), *pages_of(stopped), signs()]
    assert compiled(Page.document(pages), tmp_path) == ""


def signs() -> Page:
    step = Step("Σ, ∂, ∇, ⊙, ⊗, √, ‖x‖, x², x⁻¹, ≤, ≥, ∞, ≠", (("words only", number(1)),))
    return Page("A title with 50 % of _ and ^", (step,))
