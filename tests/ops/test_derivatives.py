"""What every derivative of the table promises, tried on every case: it is the slope, both ways, and has a slope itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.ops import trial as t

from backlight.core.op import Case, Op
from backlight.diff.forward import forward
from backlight.diff.reverse import reverse

SMOOTH = t.pairs(t.smooth)


def along(tried: t.Trial, i: int, out: int, seed: Any, tangent: Any) -> Callable[[Any], Any]:
    """⟨seed, result⟩ as a function of how far operand i has gone along the tangent."""

    def f(h: float) -> float:
        moved = {**tried.values, i: tried.values[i] + h * tangent}
        return t.inner(seed, tried.run(moved)[out])

    return f


@pytest.mark.parametrize(("row", "case"), SMOOTH)
def test_reverse_mode_agrees_with_small_steps(row: Op, case: Case):
    tried = t.trial(row, case)
    for out in tried.smooth_outputs:
        seed = t.weights(tried.graph.type(out), 1)
        for i, g in zip(tried.floats, tried.gradients(out, seed), strict=True):
            tangent = t.weights(tried.graph.type(i), 2)
            scale = float(np.sum(np.abs(np.asarray(g) * tangent)))  # terms may cancel
            t.assert_close(t.inner(g, tangent), t.richardson(along(tried, i, out, seed, tangent)), t.RICHARDSON, scale + 1.0)


def analytic(row: Op, case: Case) -> bool:
    return t.smooth(row, case) and row.analytic


@pytest.mark.parametrize(("row", "case"), t.pairs(analytic))
def test_reverse_mode_agrees_with_a_complex_step(row: Op, case: Case):
    tried = t.trial(row, case)
    for out in tried.smooth_outputs:
        seed = t.weights(tried.graph.type(out), 1)
        for i, g in zip(tried.floats, tried.gradients(out, seed), strict=True):
            if tried.graph.type(i).dtype.kind == "c":
                continue
            tangent = t.weights(tried.graph.type(i), 2)
            moved = {**tried.values, i: tried.values[i] + 1e-200j * tangent}
            step = float(np.vdot(seed, np.imag(tried.run(moved)[out])) / 1e-200)
            t.assert_close(t.inner(g, tangent), step, t.COMPLEX_STEP, float(np.sum(np.abs(np.asarray(g) * tangent))))


@pytest.mark.parametrize(("row", "case"), SMOOTH)
def test_reverse_and_forward_mode_agree(row: Op, case: Case):
    tried = t.trial(row, case)
    tangents = {i: t.weights(tried.graph.type(i), 2) for i in tried.floats}
    if not tangents:
        return
    written = forward(tried.graph, seeds=tangents)
    found = t.evaluate(written, tried.values)
    for out in tried.smooth_outputs:
        seed = t.weights(tried.graph.type(out), 1)
        terms = [t.inner(g, tangents[i]) for i, g in zip(tried.floats, tried.gradients(out, seed), strict=True)]
        moved = found[written.tangents[out]]
        scale = float(np.sum(np.abs(np.asarray(seed) * moved)))
        t.assert_close(t.inner(seed, moved), sum(terms), t.STATED["float64"], scale + sum(map(abs, terms)))


@pytest.mark.parametrize(("row", "case"), SMOOTH)
def test_the_gradient_can_be_differentiated_again(row: Op, case: Case):
    tried = t.trial(row, case)
    for out in tried.smooth_outputs:
        first = reverse(tried.graph, out, tried.floats, t.weights(tried.graph.type(out), 1))
        for i in tried.floats:
            gradient = first.grads[i]
            seed = t.weights(first.type(gradient), 3)
            second = reverse(first, gradient, tried.floats, seed)
            found = t.evaluate(second, tried.values)
            for j in tried.floats:
                tangent = t.weights(tried.graph.type(j), 2)
                h = found[second.grads[j]]
                steps = t.richardson(along(t.Trial(row, first, tried.values), j, gradient, seed, tangent))
                t.assert_close(t.inner(h, tangent), steps, t.SECOND, float(np.sum(np.abs(np.asarray(h) * tangent))) + 1.0)
