"""Every elementwise value and every derivative, against the true one: within 4 units in the last place, from the smallest
numbers to the largest, in float64 and in float32. The derivative is the one that the written graph computes.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.ops import trial as t
from tests.ops.truth import BINARY, POLES, SLOW, UNARY, Truth, exact, numbers, pairs_of_numbers, units

from backlight.core.op import Case
from backlight.core.table import TABLE

UNITS = 4.0  # what is promised; a value alone is mostly within 1, and each operation of a rule adds one half
DTYPES = ["float64", "float32"]


def farthest(name: str, truth: Truth, dtype: str, count: int) -> list[tuple[str, float, Any]]:
    """For the value and for each derivative: how far the worst result is off, and where."""
    row = TABLE[name.split()[0]]
    one = len(row.args) == 1
    points = (numbers(dtype, truth.inside, count, name not in POLES),) if one else pairs_of_numbers(dtype, truth.inside, count)
    tried = t.trial(row, Case(*points, **dict(truth.attrs)))
    out = tried.graph.outputs[0]
    results = [("value", truth.value, tried.run()[out])]
    gradients = tried.gradients(out, np.ones(points[0].shape, dtype))
    results += [(f"slope {k}", f, g) for k, (f, g) in enumerate(zip(truth.slopes, gradients, strict=True)) if f is not None]
    found = []
    for what, f, values in results:
        places = list(zip(*points, strict=True))
        off = [units(value, exact(f, truth.bits, *place), dtype) for place, value in zip(places, values, strict=True)]
        worst = int(np.argmax(off))
        found.append((what, off[worst], places[worst]))
    return found


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", UNARY)
def test_values_and_slopes_have_all_their_digits(name: str, dtype: str):
    found = farthest(name, UNARY[name], dtype, 12 if name in SLOW else 40)
    assert [worst for worst in found if worst[1] > UNITS] == []


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BINARY)
def test_values_and_slopes_of_two_operands_have_all_their_digits(name: str, dtype: str):
    found = farthest(name, BINARY[name], dtype, 60)
    assert [worst for worst in found if worst[1] > UNITS] == []


def test_every_elementwise_row_is_measured():
    measured = {name.split()[0] for name in (*UNARY, *BINARY)}
    exact_ones = {"total", "conj", "real", "imag", "where", "clip", "identity"}  # sums, parts and choices: nothing to measure
    rows = {row.name for row in TABLE.values() if row.kind == "elementwise" and row.differentiable}
    assert rows - measured - exact_ones == set()
