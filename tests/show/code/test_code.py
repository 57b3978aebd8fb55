"""What is written as code runs, and gives the engine's numbers."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from tests.show.code.law import KNOWN, ROWS, executed, gradients_of, near, plain, trial
from tests.strategies import Sample, graphs

import backlight as bl
from backlight.core.table import TABLE
from backlight.diff.reverse import reverse
from backlight.errors import GraphError, InputError
from backlight.run.reference import run
from backlight.show.code import DIALECTS, code, missing

FIRST = [(row, number) for row, number in ROWS if number == 0]


def library(dialect: str) -> str:
    if dialect != "numpy":
        pytest.importorskip(dialect, reason=f"{dialect} is not installed")
    return dialect


def told(faults: list[tuple[str, int, str]]) -> str:
    return "\n\n".join(f"{row} {number}: {fault}" for row, number, fault in faults)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_row_on_every_case_gives_the_same_numbers_and_gradients(dialect: str) -> None:
    library(dialect)
    faults = [(row, number, fault) for row, number in ROWS for fault in trial(row, number, dialect, "float64")]
    assert not faults, told(faults)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_single_precision_stays_single(dialect: str) -> None:
    library(dialect)
    faults = [(row, number, fault) for row, number in FIRST for fault in trial(row, number, dialect, "float32")]
    assert not faults, told(faults)


@pytest.mark.parametrize("name", DIALECTS)
def test_every_row_can_be_written_in_every_library_and_no_spelling_is_of_a_row_that_does_not_exist(name: str) -> None:
    dialect = DIALECTS[name]
    assert [row for row, op in TABLE.items() if missing(dialect, op)] == []
    assert [word for word in dialect.words if word not in TABLE] == []
    assert [known for known in KNOWN if known[1:] not in ROWS] == []


WAVE = np.cos(np.arange(1, 60) * 2.3)
TEXTS: list[tuple[str, dict[str, Any]]] = [
    ("(4*x + 1)^2", {"x": 2.0}),
    ("1/(1 + e^(-1*x))", {"x": 0.5}),
    ("h = tanh(W1 @ x + b)\no = softmax(W2 @ h)\nL = -sum(y*log(o))",
     {"W1": np.linspace(-1, 1, 12).reshape(4, 3), "x": [0.5, -1.0, 0.25], "b": [0.1, 0.2, 0.3, 0.4],
      "W2": np.linspace(1, -1, 8).reshape(2, 4), "y": [1.0, 0.0]}),
    ("sum((sigmoid(W.T @ x + b) - y)^2)",
     {"W": np.linspace(-2, 2, 15).reshape(5, 3), "x": np.arange(5) / 10, "b": 0.0, "y": [1.0, 0, 1]}),
    ("mean(relu(x)*gelu(x)) + max(x) + sum(x[1:3]) + norm(x)", {"x": [-0.7, 0.3, 1.2, -2.0]}),
    ("lambda' + x·π", {"lambda'": 2.0, "x": 3.0}),
    ("h = max_pool2d(relu(conv2d(x, w, padding=1)), size=2)\nsum(h^2) + sum(avg_pool2d(x, size=2))",
     {"x": WAVE[:50].reshape(1, 2, 5, 5), "w": WAVE[:54].reshape(3, 2, 3, 3)}),
    ("sum(conv1d(x, w, stride=2, dilation=2, padding='same', groups=2)^2)",
     {"x": WAVE[:36].reshape(2, 2, 9), "w": WAVE[:6].reshape(2, 1, 3)}),
    ("sum(max_pool1d(x, size=3, stride=2, padding=1, ceil=true)*conv1d(x, w))",
     {"x": WAVE[:8].reshape(1, 1, 8), "w": WAVE[:4].reshape(1, 1, 4)}),
    ("sum(lgamma(x)) + sum(erfinv(x/3))", {"x": [0.3, 1.7, 2.4]}),
]  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("text", "values"), TEXTS, ids=range(len(TEXTS)))
def test_code_gives_the_same_numbers_in_every_library(dialect: str, text: str, values: dict[str, Any]) -> None:
    made = bl.backprop(text, **values)
    written = code(made, library(dialect))
    assert gradients_of(made, written, 1e-9, dialect) == []
    assert len(executed(written)["gradients"]) == len(values)


def looped(x: Any, w: Any) -> Any:
    """A while inside of a scan, a choice and a block: the number of steps hangs on x."""
    grown = bl.while_loop(lambda c: c < 20.0, lambda c: c * w + 0.5, x)
    total, kept = bl.scan(lambda c, y: (bl.ops.sin(c * w) + y, c * y), grown, np.array([0.3, -0.2, 0.9]))
    picked = bl.cond(total > 0.2, lambda c: c * w, lambda c: bl.ops.exp(c), total)
    noise = bl.ops.normal(bl.ops.subseed(7, 1), shape=3)
    return bl.checkpoint(lambda a, b: bl.ops.sum(a * a) * b)(kept * noise, picked) + total


def nested(x: Any, w: Any) -> Any:
    """Loops in loops."""

    def step(c: Any, y: Any) -> Any:
        return bl.while_loop(lambda d: d < 3.0, lambda d: d * w + y, c) / 4.0, c

    return bl.ops.sum(bl.scan(step, x, np.array([0.6, 0.2]), reverse=True)[1])


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("function", [looped, nested])
@pytest.mark.parametrize("again", [False, True], ids=["once", "gradient"])
def test_loops_choices_blocks_and_draws_run_anew_for_other_numbers(dialect: str, function: Any, again: bool) -> None:
    library(dialect)
    of = bl.grad(function) if again else function
    graph = bl.trace(of)(0.7, 1.6)
    values = lambda graph, *xs: dict(zip(graph.inputs, map(np.float64, xs), strict=True))
    whole = reverse(graph)
    made = run(whole, values(whole, 0.7, 1.6))
    written = code(made, dialect)
    assert gradients_of(made, written, 1e-9, dialect) == []
    f = executed(written)["f"]
    for x, w in [(3.0, 1.3), (30.0, 1.1)]:  # more steps, and none
        wanted = run(whole, values(whole, x, w))
        if dialect == "numpy":
            value, gradients = f(np.float64(x), np.float64(w))
            assert all(near(g, wanted[i].gradient, 1e-9) == "" for i, g in zip(graph.inputs, gradients.values(), strict=True))
        else:
            array = executed(DIALECTS[dialect].head)[DIALECTS[dialect].module].asarray
            value = f(array(np.float64(x)), array(np.float64(w)))
        assert near(np.float64(plain(value)), wanted.output.value, 1e-9) == ""


@settings(max_examples=60)
@given(graphs())
def test_what_is_put_into_one_line_means_what_the_graph_means(sample: Sample) -> None:
    made = run(reverse(sample.graph), sample.values)
    assert gradients_of(made, code(made, "numpy"), 1e-9, "numpy") == []


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_output_of_several_results_is_written_as_they_are(dialect: str) -> None:
    made = bl.run("split(x, parts=2)", x=[1.0, 2.0, 3.0, 4.0])
    written = code(made, dialect)
    assert "    v1, v2 = " in written
    assert "    return (v1, v2)" in written
    if dialect == "numpy":
        assert [part.tolist() for part in executed(written)["value"]] == [[1.0, 2.0], [3.0, 4.0]]


def test_an_upstream_gradient_that_was_given_is_the_one_of_the_program() -> None:
    for dialect in DIALECTS:
        graph = bl.trace(lambda x: x * x)(np.array([1.0, 2.0, 3.0]))
        whole = reverse(graph, seed=np.array([1.0, -2.0, 0.5]))
        made = run(whole, {graph.inputs[0]: np.array([1.0, 2.0, 3.0])}, seeded=True)
        written = code(made, dialect)
        assert "-2.0" in written
        if dialect == "numpy":
            assert gradients_of(made, written, 1e-12, dialect) == []


NUMPY = """\
import numpy as np


def f(W, x, b, y):
    v1 = W @ x + b
    h = np.tanh(v1)
    v2 = h - y
    L = np.sum(v2 ** 2)
    dh = 2.0 * v2
    dy = -dh
    v3 = dh * (1.0 / np.cosh(v1) ** 2)
    db = np.sum(v3)
    dW = v3.reshape(2, 1) * x
    dx = W.T @ v3
    return L, {'W': dW, 'x': dx, 'b': db, 'y': dy}


W = np.array([[1.0, 0.0], [0.0, 1.0]])
x = np.array([1.0, 2.0])
b = np.array(0.5)
y = np.array([1.0, 0.0])
value, gradients = f(W, x, b, y)
print(value)
print(gradients)
"""
TORCH = """\
import torch


def f(W, x, b, y):
    h = torch.tanh(W @ x + b)
    L = torch.sum((h - y) ** 2)
    return L


W = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64, requires_grad=True)
x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
b = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
y = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
value = f(W, x, b, y)
value.backward()
gradients = {'W': W.grad, 'x': x.grad, 'b': b.grad, 'y': y.grad}
print(value)
print(gradients)
"""
JAX = """\
import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)


def f(W, x, b, y):
    h = jnp.tanh(W @ x + b)
    L = jnp.sum((h - y) ** 2)
    return L


W = jnp.array([[1.0, 0.0], [0.0, 1.0]])
x = jnp.array([1.0, 2.0])
b = jnp.array(0.5)
y = jnp.array([1.0, 0.0])
value, g = jax.value_and_grad(f, (0, 1, 2, 3))(W, x, b, y)
gradients = {'W': g[0], 'x': g[1], 'b': g[2], 'y': g[3]}
print(value)
print(gradients)
"""
LOOP = """\
import numpy as np


def test(carry, outer_0):
    return carry < 100.0


def step(carry, x):
    return carry * x


def step2(carry, x):
    return carry * x, carry


def step3(x0, x3, x2, x1):
    return x0 * x2, x3 + x0 * x1


def loop(x0, x1, x2, x3):
    steps = int(x2)
    v2 = x0
    v1 = []
    for k in range(steps):
        v2, v1_k = step2(v2, x1)
        v1.append(v1_k)
    v1 = np.stack(v1) if v1 else v1
    v3 = np.array(0.0)
    v4, v5 = x3, v3
    for k2 in reversed(range(steps)):
        v4, v5 = step3(v4, v5, x1, v1[k2])
    return v4, v5


def f(x):
    v2 = np.array(0)
    v1 = x
    while test(v1, x):
        v1 = step(v1, x)
        v2 = v2 + 1
    v5 = np.array(1.0)
    v3, v4 = loop(x, x, v2, v5)
    dx = v3 + v4
    return v1, {'x': dx}


x = np.array(3.0)
value, gradients = f(x)
print(value)
print(gradients)
"""


def test_code_reads_like_what_a_person_writes() -> None:
    made = bl.backprop("h = tanh(W @ x + b)\nL = sum((h - y)^2)", W=np.eye(2), x=[1.0, 2.0], b=0.5, y=[1.0, 0.0])
    assert code(made, "numpy") == NUMPY
    assert code(made, "torch") == TORCH
    assert code(made, "jax") == JAX
    grown = reverse(bl.trace(lambda x: bl.while_loop(lambda c: c < 100.0, lambda c: c * x, x))(3.0))
    assert code(run(grown, {grown.inputs[0]: np.float64(3.0)}), "numpy") == LOOP


def test_a_program_of_one_branch_says_which() -> None:
    def bent(x: Any) -> Any:
        return x * 2.0 if x > 0.0 else x * 3.0

    line = bent.__code__.co_firstlineno + 1
    made = bl.backprop(bent, 1.5)
    assert code(made, "numpy").splitlines()[4] == (
        f"    # This holds for one answer only. Python asked: true, which chose this branch (test_code.py, line {line})."
    )


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_a_program_says_where_its_library_differentiates_otherwise(library: str) -> None:
    title = DIALECTS[library].title
    told = [line.strip() for line in code(bl.backprop("clip(x, 0, 1) + abs(y)", x=1, y=0), library).splitlines() if "# " in line]
    assert told == [
        f"# The gradient of clip at a bound: {title} has its own convention; Backlight's is 0.",
        f"# The gradient of abs at 0: {title} has its own convention; Backlight's is 0.",
    ]
    assert "# " not in code(bl.backprop("clip(x, 0, 1) + abs(y)", x=0.5, y=1), library)
    guarded = code(bl.backprop("where(x > 0, sqrt(x), 0)", x=0), library)
    assert (
        guarded.splitlines().count(
            "    # Backlight lets nothing flow back to what was not chosen (where, max, ...); "
            f"{title} multiplies that by 0, which is NaN where it is infinite."
        )
        == 1
    )


def test_what_cannot_be_written_is_named() -> None:
    mine = bl.rule(lambda x: np.sin(x), local=lambda z, x: bl.ops.cos(x), name="sine_of_mine")
    graph = bl.trace(mine)(1.5)
    with pytest.raises(GraphError) as caught:
        code(run(graph, {graph.inputs[0]: np.float64(1.5)}), "torch")
    assert str(caught.value) == (
        "sine_of_mine cannot be written in PyTorch: it has neither a word there nor a definition in smaller operations. "
        "Export another form, JSON or HTML, which hold any graph"
    )
    with pytest.raises(InputError) as refused:
        code(bl.run("x", x=1), "fortran")
    assert str(refused.value) == "code is written for numpy, torch, jax, and not for 'fortran'"
    with pytest.raises(InputError) as long:
        code(bl.run("sum(x)", x=np.arange(200_000.0)), "numpy")
    assert str(long.value) == "an array of 200000 numbers is too long for a program: from 100000 on, save the run instead"
    assert math.isnan(float(bl.run("x", x=math.nan).output.value))
