"""Every row of the table on every one of its cases, as graphs that the laws can run, differentiate and compare.

Numbers are compared with the tolerances of this file and no others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest

from backlight import ops
from backlight.core.array import Array, as_value
from backlight.core.graph import Graph
from backlight.core.op import Case, Op
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.core.types import TupleType, Type
from backlight.diff.reverse import reverse
from backlight.run.reference import evaluate

assert ops.__all__  # the room was imported, so the table is filled

# Relative, by dtype. A stated value: the 4 units in the last place that are promised, times 16 for rows that add many up.
STATED = {"float64": 64 * 2.0**-52, "float32": 64 * 2.0**-23, "complex128": 64 * 2.0**-52, "complex64": 64 * 2.0**-23}
# A complex step is as good as the value itself; what is left is the rounding of a few operations.
COMPLEX_STEP = 1e-12
# Richardson's table loses about half a digit for each of its rows to rounding.
RICHARDSON = 2e-8
# One digit more for the derivative of a derivative, whose terms may cancel.
SECOND = 2e-7
# The same formula in another dtype: half the digits that the smaller one has.
NARROW = 1e-3

SMOOTH, WHOLE = "fc", "biu"


class Trial(NamedTuple):
    """One row on one case: its graph, the values of the inputs by number, and the nodes of its results."""

    row: Op
    graph: Graph
    values: dict[int, Any]

    @property
    def floats(self) -> list[int]:
        """The inputs that a derivative is taken by."""
        return [i for i in self.graph.inputs if self.graph.type(i).is_float and self.graph.nodes[i].name not in self.fixed]

    @property
    def fixed(self) -> set[str]:
        """Names of the operands that the row has no rule for, in which it is constant or jumps."""
        row = self.row
        rules = row.local if row.local is not None else row.vjp
        if not isinstance(rules, tuple):
            return set()
        return {f"x{k}" for k, rule in enumerate(rules) if rule is None}

    @property
    def smooth_outputs(self) -> list[int]:
        """The results that have a derivative."""
        return [i for i in self.graph.outputs if self.graph.type(i).is_float]

    def run(self, values: dict[int, Any] | None = None) -> list[Any]:
        """The value of every node."""
        return evaluate(self.graph, self.values if values is None else values)

    def gradients(self, out: int, seed: Any) -> list[Any]:
        """What reverse mode gives for each float operand, for this seed."""
        written = reverse(self.graph, out, self.floats, seed)
        found = evaluate(written, self.values)
        return [found[written.grads[i]] for i in self.floats]


def trial(row: Op, case: Case, change: Callable[[Any], Any] = lambda x: x) -> Trial:
    """The graph of one row on the operands of one case, each of them changed first where a law wants it."""
    tape = Tape()
    values = [as_value(change(as_value(x))) for x in case.args]
    xs = [tape.input(f"x{k}", value) for k, value in enumerate(values)]
    outs = [z.number for z in results(tape, row, xs, case.attrs)]
    graph = Graph(tuple(tape.nodes), tuple(x.number for x in xs), tuple(outs))
    return Trial(row, graph, {x.number: value for x, value in zip(xs, values, strict=True)})


def results(tape: Tape, row: Op, xs: Sequence[Array], attrs: dict[str, Any]) -> list[Array]:
    """What the row gives, one array for each of its outputs."""
    if xs:
        z = row(*xs, **attrs)
        if isinstance(z, tuple):
            return list(z)
    else:
        frozen = row.settings((), dict(attrs))[1]
        z = tape.handle(tape.add(row, (), row.infer((), frozen), frozen))
    made = tape.nodes[z.number].type
    if isinstance(made, TupleType):
        return [TABLE["item"](z, k=k) for k in range(len(made.types))]
    return [z]


def pairs(want: Callable[[Op, Case], bool]) -> list[Any]:
    """Rows with those of their cases that a law is about."""
    found: Iterator[Any] = (
        pytest.param(row, case, id=f"{row.name}-{k}")
        for row in TABLE.values()
        for k, case in enumerate(row.cases)
        if want(row, case)
    )
    return list(found)


def good(row: Op, case: Case) -> bool:
    """A case that is not meant to fail."""
    return case.raises is None


def smooth(row: Op, case: Case) -> bool:
    """A case where small steps measure the derivative."""
    return good(row, case) and case.smooth and row.differentiable


def weights(type: Type, salt: int) -> Any:
    """Some cotangent or tangent of this type: no zeros, no ones, no symmetry."""
    k = np.arange(1, type.size + 1)
    found = (np.cos(1.3 * k + salt) + 1.7 * np.sign(np.sin(2.1 * k + salt))).reshape(type.shape)
    if type.dtype.kind == "c":
        found = found + 1j * np.cos(0.7 * k + salt).reshape(type.shape)
    return found.astype(type.dtype)[()]


def inner(x: Any, y: Any) -> float:
    """⟨x, y⟩, over complex numbers its real part: the product in which gradients are gradients."""
    return float(np.real(np.vdot(np.asarray(x), np.asarray(y))))


def assert_close(found: Any, wanted: Any, relative: float, scale: float = 0.0) -> None:
    """Equal up to a share of each number, or of `scale` where that is larger; NaN equals NaN."""
    np.testing.assert_allclose(found, wanted, rtol=relative, atol=relative * scale, equal_nan=True)


def richardson(f: Callable[[float], float], first: float = 2e-3, rows: int = 4) -> float:
    """f′(0) from central differences over steps halved again and again, their errors cancelled order by order."""
    table = [(f(h) - f(-h)) / (2 * h) for h in (first / 2**k for k in range(rows))]
    for order in range(1, rows):
        q = 4**order
        table = [(q * fine - coarse) / (q - 1) for coarse, fine in pairwise(table)]
    return table[0]
