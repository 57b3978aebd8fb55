"""Which rows compiled code leaves to the reference machine: those that the table names, and no other."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.run.native.graphs import ROWS, case_graph, named

import backlight as bl
from backlight import ops
from backlight.core.types import TupleType, Type
from backlight.run.lower.fallback import REASONS
from backlight.run.lower.items import KINDS
from backlight.run.lower.lowering import lower
from backlight.run.lower.program import Call

NAMES = sorted({row for row, _ in ROWS})


def left_over(row: str, number: int, dtype: str) -> bool:
    """Whether a row on a case, all of it of kinds that loops know, is left to the reference machine."""
    graph, _ = case_graph(*named(row, number), dtype)
    types = [t for node in graph.nodes for t in (node.type.types if isinstance(node.type, TupleType) else [node.type])]
    if not all(isinstance(t, Type) and t.dtype.name in KINDS for t in types):
        return False
    return any(isinstance(i, Call) and i.op.name == row for i in lower(graph, graph.outputs).program.instructions)


@pytest.mark.parametrize("row", NAMES)
def test_a_row_is_compiled_or_the_table_says_why_not(row: str) -> None:
    left = [left_over(row, number, dtype) for name, number in ROWS if name == row for dtype in ("float64", "float32")]
    assert any(left) == (row in REASONS)


def test_the_table_names_rows_that_there_are() -> None:
    assert set(REASONS) <= set(NAMES)
    assert all(reason and not reason.endswith(".") for reason in REASONS.values())


@pytest.mark.parametrize(("row", "dtype", "line"), [
    (lambda x: ops.det(x), "float64", "reference det (a factorisation with pivots or iterations, which LAPACK does)"),
    (lambda x: ops.square(x), "complex128", "reference square (no loop knows complex128)"),
    (lambda x: ops.square(x), "int8", "reference square (no loop knows int8)"),
])  # fmt: skip
def test_the_listing_says_why_the_reference_machine_computes_a_row(row: Callable[..., Any], dtype: str, line: str) -> None:
    f = bl.compile(row)
    f(np.eye(2, dtype=dtype))
    assert line in [part.split("    %")[0].lstrip(" 0123456789") for part in f.listing().splitlines()]
