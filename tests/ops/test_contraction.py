"""Sums of products by letters: any formula agrees with NumPy and with small steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backlight import ops
from backlight.core.graph import Graph
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.diff.reverse import reverse
from backlight.run.reference import evaluate

assert ops.__all__
einsum = TABLE["einsum"]


@st.composite
def formulas(draw: Any) -> tuple[str, list[tuple[int, ...]]]:
    """A formula of up to four letters and three operands, with diagonals, sums, dots, and axes of size 1 that stretch."""
    sizes = {letter: draw(st.integers(1, 3)) for letter in "abcd"}
    dots = tuple(draw(st.lists(st.integers(1, 3), max_size=2)))
    terms, shapes = [], []
    for _ in range(draw(st.integers(1, 3))):
        letters = draw(st.lists(st.sampled_from("abcd"), max_size=3))
        shape = [sizes[letter] for letter in letters]
        if letters and len(set(letters)) == len(letters) and draw(st.booleans()):
            shape[0] = 1
        if draw(st.booleans()):
            place = draw(st.integers(0, len(letters)))
            own = dots[draw(st.integers(0, len(dots))) :]
            letters.insert(place, "...")
            shape[place:place] = [draw(st.sampled_from([1, n])) for n in own]
        terms.append("".join(letters))
        shapes.append(tuple(shape))
    there = sorted({letter for term in terms for letter in term if letter != "."})
    out = draw(st.permutations(there).map(lambda letters: "".join(letters[: len(letters)])))
    out = out[: draw(st.integers(0, len(out)))]
    return ",".join(terms) + "->" + ("..." if any("..." in term for term in terms) else "") + out, shapes


@given(formulas(), st.integers(0, 99))
def test_any_formula_agrees_with_numpy_and_its_gradients_with_its_linearity(formula, seed):
    spec, shapes = formula
    rng = np.random.default_rng(seed)
    values = [rng.normal(size=shape) for shape in shapes]
    tape = Tape()
    xs = [tape.input(f"x{k}", value) for k, value in enumerate(values)]
    z = einsum(*xs, spec=spec)
    g = rng.normal(size=z.shape)
    graph = reverse(Graph(tuple(tape.nodes), tuple(tape.inputs), (z.number,)), seed=g)
    found = evaluate(graph, dict(enumerate(values)))
    np.testing.assert_allclose(found[z.number], np.einsum(spec, *values), atol=1e-12)
    for k, shape in enumerate(shapes):  # linear in each operand: <g, einsum(…, t, …)> = <gradient, t>
        t = rng.normal(size=shape)
        wanted = np.sum(g * np.einsum(spec, *values[:k], t, *values[k + 1 :]))
        assert found[graph.grads[k]].shape == shape
        assert abs(np.sum(found[graph.grads[k]] * t) - wanted) < 1e-10 * (1 + abs(wanted))


def test_the_formula_may_come_first():
    assert einsum("ij->i", [[1.0, 2.0], [3.0, 4.0]]).value.tolist() == [3.0, 7.0]
