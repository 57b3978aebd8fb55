"""Rows on truth values and whole numbers, where they take them: compiled they give what the reference machine gives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.run.native.graphs import ROWS, agree, graph_of, named, reference

from backlight import errors, ops
from backlight.core.array import as_value
from backlight.core.types import type_of
from backlight.run.native.machine import compile_graph

NAMES = sorted({row for row, _ in ROWS if named(row, 0)[0].kind != "control"})


def other_numbers(x: Any, dtype: str) -> Any:
    """The operand of a case as truth values, or as whole numbers."""
    found = x > 0.4 if dtype == "bool" else np.round(3 * np.clip(np.nan_to_num(x), -3, 3))
    return np.asarray(found).astype(dtype)


@pytest.mark.parametrize("dtype", ["bool", "int32"])
@pytest.mark.parametrize("row", NAMES)
def test_a_row_on_other_numbers_agrees_with_the_reference(row: str, dtype: str) -> None:
    case = next((c for c in (named(row, k)[1] for k in (0, 1, 2, 3, 4) if (row, k) in ROWS) if np.ndim(c.args[0])), None)
    if case is None:
        return
    values = [as_value(x) for x in case.args]
    for only in {0, len(values)}:  # the first operand, or all of them
        mixed = [other_numbers(x, dtype) if x.dtype.kind == "f" and k <= only else x for k, x in enumerate(values)]
        try:
            graph = graph_of(lambda *xs: named(row, 0)[0](*xs, **case.attrs), *(type_of(x) for x in mixed))
            wanted = reference(graph, mixed, graph.outputs)
        except errors.BacklightError:  # it takes none
            continue
        found = compile_graph(graph)(*mixed)
        for one, other in zip(found if len(wanted) > 1 else (found,), wanted, strict=True):
            assert agree(one, other, 1e-12), (one, other)


def test_truth_values_scattered_are_joined_by_or() -> None:
    x, i, y = np.array([True, False, True, False]), np.array([0, 1, 1, -1]), np.array([True, True, False, False])
    for mode, wanted in (("add", [True, True, True, False]), ("set", [True, False, True, False])):
        graph = graph_of(lambda *xs, mode=mode: ops.scatter(*xs, mode=mode), *(type_of(a) for a in (x, i, y)))
        assert compile_graph(graph)(x, i, y).tolist() == reference(graph, [x, i, y], graph.outputs)[0].tolist() == wanted
