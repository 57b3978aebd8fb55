"""What the derivative is where there is more than one, or none: ties, corners, poles, and branches that were not taken."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import backlight as bl
from backlight import ops
from backlight.core.table import TABLE

INF, NAN = np.inf, np.nan


def slopes(f: Any, *xs: Any) -> tuple[Any, ...]:
    """The gradient of the sum of f by each of its operands."""
    run = bl.backprop(lambda *args: ops.sum(f(*args)), *map(np.asarray, xs))
    return tuple(np.asarray(run[i].gradient).tolist() for i in run.graph.inputs)


# What stands on the branch that was not taken never reaches the gradient; where it was taken, NaN stays NaN.
@pytest.mark.parametrize(
    ("f", "x", "wanted"),
    [
        (lambda x: ops.where(x > 0.0, ops.sqrt(x), 0.0), 0.0, 0.0),
        (lambda x: ops.where(x > 0.0, ops.sqrt(x), 0.0), 4.0, 0.25),
        (lambda x: ops.where(x < 100.0, ops.exp(x), 0.0), 1e3, 0.0),
        (lambda x: ops.where(x < 100.0, ops.exp(x), x), 1e3, 1.0),
        (lambda x: ops.sqrt(x) ** 2, 0.0, NAN),
        (lambda x: ops.square(ops.sqrt(x)), 0.0, NAN),
        (lambda x: ops.relu(ops.log(x)), 0.0, 0.0),
        (lambda x: ops.relu(ops.log(x)), 1.0, 0.0),
        (lambda x: ops.relu(ops.log(x)), 2.0, 0.5),
        (lambda x: ops.clip(ops.log(x), -1.0, 1.0), 0.0, 0.0),
        (lambda x: ops.hardtanh(ops.reciprocal(x)), 0.0, 0.0),
        (lambda x: ops.maximum(ops.sqrt(x), 1.0), 0.0, 0.0),
        (lambda x: ops.minimum(ops.sqrt(x), 1.0), 0.0, INF),
        (lambda x: ops.where(x > 0.0, ops.where(x > 1.0, ops.log(x - 1.0), x), ops.sqrt(x)), 1.0, 1.0),
        (lambda x: ops.where(x > 0.0, x * ops.log(x), 0.0), 0.0, 0.0),
        (lambda x: ops.where(x == 0.0, 1.0, ops.sin(x) / x), 0.0, 0.0),
    ],
)  # fmt: skip
def test_a_branch_that_was_not_taken_takes_no_part_in_the_gradient(f: Any, x: float, wanted: float):
    np.testing.assert_array_equal(slopes(f, x)[0], wanted)


@pytest.mark.parametrize(
    ("f", "xs", "wanted"),
    [
        (ops.maximum, (2.0, 2.0), (0.5, 0.5)),
        (ops.minimum, ([1.0, 2.0], [1.0, 1.0]), ([0.5, 0.0], [0.5, 1.0])),
        (lambda x: ops.clip(x, 0.0, 1.0), ([0.0, 0.5, 1.0],), ([0.0, 1.0, 0.0],)),
        (ops.abs, ([-1.0, 0.0, 1.0],), ([-1.0, 0.0, 1.0],)),
        (ops.hypot, (0.0, 0.0), (0.0, 0.0)),
        (ops.atan2, (0.0, 0.0), (0.0, 0.0)),
        (ops.pow, (0.0, 2.0), (0.0, 0.0)),
        (ops.pow, (0.0, 0.0), (0.0, 0.0)),
        (ops.pow, (-2.0, 2.0), (-4.0, NAN)),
        (ops.sqrt, (0.0,), (INF,)),
        (ops.acos, (1.0,), (-INF,)),
        (lambda x: ops.xlogy(x, x), (0.0,), (-INF,)),
        (lambda x: x / x, (0.0,), (NAN,)),
        (ops.sinc, ([0.0, INF],), ([0.0, 0.0],)),
        (ops.silu, ([-INF, INF],), ([0.0, 1.0],)),
        (ops.mish, ([-INF, INF],), ([0.0, 1.0],)),
        (ops.gelu, ([-INF, INF],), ([0.0, 1.0],)),
        (lambda x: ops.gelu(x, approximate="tanh"), ([-INF, INF],), ([0.0, 1.0],)),
        (ops.tanh, ([-INF, INF],), ([0.0, 0.0],)),
        (ops.erf, ([-INF, INF],), ([0.0, 0.0],)),
        (ops.logaddexp, (-INF, 0.0), (0.0, 1.0)),
    ],
)  # fmt: skip
def test_ties_corners_and_poles_go_by_one_convention(f: Any, xs: tuple[Any, ...], wanted: tuple[Any, ...]):
    for found, stated in zip(slopes(f, *xs), wanted, strict=True):
        np.testing.assert_array_equal(found, stated)


@pytest.mark.parametrize("name", ["silu", "mish", "gelu", "sigmoid", "softplus", "log_sigmoid", "tanh", "erf", "erfc", "ndtr",
                                  "sinc", "softsign", "relu", "elu", "celu", "selu", "hard_swish", "hardtanh"])
def test_values_at_the_ends_are_their_limits(name: str):
    ends = {"silu": [0, INF], "mish": [0, INF], "gelu": [0, INF], "sigmoid": [0, 1], "softplus": [0, INF],
            "log_sigmoid": [-INF, 0], "tanh": [-1, 1], "erf": [-1, 1], "erfc": [2, 0], "ndtr": [0, 1], "sinc": [0, 0],
            "softsign": [-1, 1], "relu": [0, INF], "elu": [-1, INF], "celu": [-1, INF], "selu": [-1.7580993408473768, INF],
            "hard_swish": [0, INF], "hardtanh": [-1, 1]}  # fmt: skip
    row = TABLE[name]
    np.testing.assert_array_equal(row(np.array([-INF, INF])).value, np.array(ends[name], float))
    assert np.isnan(row(np.float64(NAN)).value)


def test_E2_a_square_of_a_negative_base_and_of_zero():
    run = bl.backprop("(4*x+1)^2", x=-1)
    assert (run.output.value, run["x"].gradient) == (9.0, -24.0)
    run = bl.backprop("x^2", x=0)
    assert (run.output.value, run["x"].gradient) == (0.0, 0.0)
    run = bl.backprop("x^3", x=-2)
    assert (run.output.value, run["x"].gradient) == (-8.0, 12.0)


def test_E13_a_negation_at_the_end_passes_its_gradient_on():
    run = bl.backprop("-(x*y)", x=3, y=4)
    assert run.output.value == -12.0
    assert (run["x"].gradient, run["y"].gradient) == (-4.0, -3.0)
    run = bl.backprop("-x^2", x=3)
    assert (run.output.value, run["x"].gradient) == (-9.0, -6.0)


def test_U3_every_operation_says_how_the_gradient_goes_through_it():
    silent = [row.name for row in TABLE.values() if row.differentiable and not row.words]
    assert silent == []
    assert TABLE["add"].words == "sum rule: the gradient is passed on to both"
    assert TABLE["mul"].words == "product rule: each operand gets the gradient times the other operand"
    assert TABLE["maximum"].words == "choice rule: the gradient goes to the one that was chosen, half to each in a tie"
    run = bl.backprop("(x + y) * z", x=-2, y=5, z=-4)
    product = run[run.graph.outputs[0]]
    assert [float(edge.local) for edge in product.parts] == [-4.0, 3.0]
    assert [(float(e.upstream), float(e.local), float(e.downstream)) for e in run[product.node.inputs[0]].parts] == [
        (-4.0, 1.0, -4.0), (-4.0, 1.0, -4.0),
    ]  # fmt: skip
