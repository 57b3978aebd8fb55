"""What stands still says nothing: the derivative by some inputs is the same in reverse mode, forward mode and `linearize`,
NaN for NaN, whatever stands beside them.

Each row with several operands, or that puts its operand among other numbers, is tried with parts of its operands moving, and what
does not move is then put into a pole: 1/stack(x, 0) has a derivative by x. Random formulas try the same for rows in a chain.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.ops import trial as t

import backlight as bl
from backlight import ops as o
from backlight.core.array import as_value
from backlight.core.op import Op
from backlight.core.table import TABLE

LONE = ("control", "elementwise")  # loops have laws of their own; of an elementwise row all of a number moves, or nothing
ROWS = [row for row in TABLE.values() if row.kind not in LONE and row.differentiable and row.args]


def numbers(z: Any) -> Any:
    """All real numbers of a result, one behind the other."""
    parts: list[Any] = []
    for x in z if isinstance(z, tuple) else (z,):
        if x.dtype.kind in "fc":
            flat = o.reshape(x, shape=(-1,))
            parts += [flat] if x.dtype.kind == "f" else [o.real(flat), o.imag(flat)]
    return o.concat(*parts)


def place(v: Any, p: Any) -> Any:
    """The array with every other number of it replaced by one that moves."""
    return o.reshape(o.put(v.reshape(-1), p, key=("::2",)), shape=v.shape) if v.size > 1 else o.reshape(p, shape=v.shape)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in ROWS])
def test_what_stands_still_may_be_at_a_pole_behind_every_row(row: Op):
    for case in [case for case in row.cases if t.smooth(row, case)][:3]:
        values = [as_value(x) for x in case.args]
        floats = [k for k, v in enumerate(values) if v.dtype.kind == "f" and v.size and k not in row.integers]
        for moving in dict.fromkeys([*[(k,) for k in floats[:2]], tuple(floats)]):
            points = tuple([values[k].reshape(-1)[::2] for k in moving])

            def f(*parts: Any, moving: Any = moving, values: Any = values, case: Any = case) -> Any:
                placed = dict(zip(moving, parts, strict=True))
                return numbers(row(*[place(v, placed[k]) if k in placed else v for k, v in enumerate(values)], **case.attrs))

            if not moving or not np.size(z := f(*points)):
                continue
            every = tuple(range(len(moving)))
            slopes = np.concatenate([np.reshape(j, (np.size(z), -1)) for j in bl.jacobian(f, every)(*points)], 1)
            poles = np.where(np.any(slopes != 0.0, 1), np.asarray(z) - 1.0, z)
            loss = lambda *parts, f=f, poles=poles: o.sum(t.weights(t.Type("float64", poles.shape), 1) / (f(*parts) - poles))
            along = tuple([t.weights(t.Type("float64", p.shape), k) for k, p in enumerate(points)])
            with np.errstate(all="ignore"):
                tangent = bl.jvp(loss, points, along)[1]
                gradient = bl.grad(loss, every)(*points)
                linear = bl.linearize(loss, *points)[1](*along)
            terms = [t.inner(g, d) for g, d in zip(gradient, along, strict=True)]
            scale = float(np.sum(np.abs(terms)))
            t.assert_close([tangent, linear], [sum(terms)] * 2, 1e-9, scale)


ONE = {"√": o.sqrt, "1/": o.reciprocal, "log": o.log, "tanh": o.tanh, "square": o.square, "relu": o.relu}
TWO = {"+": lambda u, v: u + v, "*": lambda u, v: u * v, "/": lambda u, v: u / v, "max": o.maximum}
ROUND = {  # vectors of three from vectors of three, some of whose numbers stand still; no products, at which masks may end
    "stack": lambda u: o.stack(u[0], 0.0, u[2]), "put": lambda u: o.put(u, 0.0, key=(1,)),
    "into": lambda u: o.put(np.zeros(3), u[1:], key=("0:2",)), "pad": lambda u: o.pad(u[:2], width=((1, 0),)),
    "cumsum": o.cumsum, "sort": o.sort, "split": lambda u: o.concat(o.split(u, parts=3)[0], np.array([0.0, 1.0])),
    "tril": lambda u: o.tril(o.broadcast_to(u, shape=(3, 3)))[1], "diag": lambda u: o.diag(u)[1],
    "sum": lambda u: o.sum(o.diag(u), axis=0),
    "scatter": lambda u: o.scatter_add(u[:2], np.array([2, 0]), size=3), "over": lambda u: o.maximum(u, np.array([0.0, 1.0, -1.0])),
    "where": lambda u: o.where(np.array([True, False, True]), u, 0.0),
    "loop": lambda u: bl.scan(lambda c, _: (o.stack(c[1], c[2], 0.0), None), u, length=2)[0],
}  # fmt: skip


def grown(inner: Any) -> Any:
    return st.one_of(
        st.tuples(st.sampled_from(sorted(ONE)), inner), st.tuples(st.sampled_from(sorted(ROUND)), inner),
        st.tuples(st.sampled_from(sorted(TWO)), inner, inner),
    )  # fmt: skip


FORMULAS = st.recursive(st.sampled_from(["x", "y", "xy", "0"]), grown, max_leaves=5)


def computed(formula: Any, x: Any, y: Any) -> Any:
    if isinstance(formula, str):
        return {"x": lambda: o.stack(x, 0.0, 1.0), "y": lambda: o.stack(2.0, y, 0.0), "xy": lambda: o.stack(x, y, 0.0),
                "0": lambda: np.zeros(3)}[formula]()  # fmt: skip
    name, *parts = formula
    return {**ONE, **TWO, **ROUND}[name](*[computed(part, x, y) for part in parts])


@settings(max_examples=60)
@given(FORMULAS, st.sampled_from([-1.0, 0.0, 0.5, 2.0]), st.sampled_from([-1.0, 0.0, 0.5, 2.0]))
@example(("1/", "x"), 2.0, 1.0)
@example(("put", ("loop", "x")), -1.0, -1.0)
@example(("stack", "x"), -1.0, -1.0)  # a single number of a vector: its mask is a single truth value
def test_each_input_alone_moves_as_its_gradient_says(formula: Any, x: float, y: float):
    f = lambda x, y: o.sum(computed(formula, x, y) * np.array([1.0, 0.5, -2.0]))
    with np.errstate(all="ignore"):
        wanted = bl.grad(f, (0, 1))(x, y)
        found = bl.jvp(lambda x: f(x, y), (x,), (1.0,))[1], bl.jvp(lambda y: f(x, y), (y,), (1.0,))[1]
        linear = bl.linearize(lambda x: f(x, y), x)[1](1.0), bl.linearize(lambda y: f(x, y), y)[1](1.0)
    finite = lambda numbers: np.where(np.isfinite(numbers), numbers, np.nan)  # ∞ - ∞ and ∞ + ∞, in another order
    np.testing.assert_allclose(finite([found, linear]), finite([wanted, wanted]), rtol=1e-9, atol=1e-12, equal_nan=True)


def test_a_single_number_beside_one_that_stands_still_is_remembered_as_arrays_are():
    for _ in range(2):
        assert bl.jvp(lambda x: np.sum(np.stack([x, 0.0])), (2.0,), (1.0,))[1] == 1.0
        assert bl.jvp(lambda x: bl.ops.dot(np.array([1.0, 0.0]), bl.ops.stack(x, 3.0)), (2.0,), (1.0,))[1] == 1.0
        assert bl.jvp(lambda x: bl.ops.index(bl.ops.stack(x, 0.0), key=1) * 1.0, (2.0,), (1.0,))[1] == 0.0
