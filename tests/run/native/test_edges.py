"""Infinities, NaN and zeros of both signs mean the same to compiled code as to the reference machine, row by row."""

import numpy as np
import pytest

from backlight.core.graph import Graph
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.core.types import Type, type_of
from backlight.errors import BacklightError
from backlight.run.native.machine import compile_graph
from backlight.run.reference import evaluate

EDGES = [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, np.inf, -np.inf, np.nan, 1e30, -1e30, 1e-30, -1e-30]
# Their definitions in smaller operations, which are compiled, lose NaN in y at x = 0, and limits at infinity.
OPENED = {"xlogy", "xlog1py", "direction"}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("count", [1, 2])
def test_special_numbers_keep_their_meaning(count: int, dtype: str) -> None:
    one = np.array(EDGES, dtype)
    values = [one] if count == 1 else [np.repeat(one, len(one)), np.tile(one, len(one))]
    tape, rows = Tape(), []
    xs = [tape.input(name, type=type_of(v)) for name, v in zip("xy", values, strict=False)]
    for name, op in TABLE.items():
        if op.kind not in ("elementwise", "compare") or op.variadic or len(op.args) != count or name in OPENED:
            continue
        start = len(tape.nodes)
        try:
            rows.append((name, op(*xs).number))
        except (BacklightError, TypeError):  # it has settings, or is not for floats
            del tape.nodes[start:]
    assert len(rows) > (70 if count == 1 else 20)
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), tuple(number for _, number in rows))
    with np.errstate(all="ignore"):
        wanted = evaluate(graph, dict(zip(graph.inputs, values, strict=True)))
    found = compile_graph(graph)(*values)
    wrong = []
    for (name, number), z in zip(rows, found, strict=True):
        w, close, tiny = np.asarray(wanted[number]), 1e-5 if dtype == "float32" else 1e-12, float(np.finfo(dtype).tiny)
        assert isinstance(graph.nodes[number].type, Type)
        if w.dtype.kind != "f":
            near = z == w
        else:
            with np.errstate(all="ignore"):
                near = np.isclose(z, w, close, tiny, equal_nan=True)
        wrong += [(name, *(float(v[k]) for v in values), float(w[k]), float(z[k])) for k in np.flatnonzero(~near)]
    assert wrong == []
