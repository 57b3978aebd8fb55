"""What is written as code runs, and gives the engine's numbers."""

import importlib.util
import math
import types
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.run.native.graphs import ROWS, case_graph, named

import backlight as bl
from backlight.core.graph import Graph
from backlight.core.table import TABLE
from backlight.core.types import TupleType
from backlight.diff.reverse import reverse
from backlight.errors import BacklightError, GraphError, InputError
from backlight.run.record import Run
from backlight.run.reference import run
from backlight.show.code import DIALECTS, code, missing

# What NumPy must be able to say with all its gradients; it draws other random numbers than ours, and lacks some special
# functions. What cannot be said is an error that names it.
EVERYDAY = """
    abs acos add all any argmax argsort asin atan atan2 broadcast_to cast cbrt ceil cholesky clip concat cos cosh cumsum div
    dot einsum elu embed equal erf exp expand_dims expm1 flatten flip floor gather gelu greater hypot index inv leaky_relu less log
    log1p log_sigmoid log_softmax logaddexp logsumexp matmul max maximum mean median min minimum mod moveaxis mul neg outer
    permute pow prod reciprocal relu repeat reshape roll round scatter_add selu sigmoid sign silu sin sinc sinh softmax softplus
    softsign solve sort sqrt square squeeze stack std sub sum sum_to swapaxes take_along_axis tan tanh tile total trace transpose
    tril triu trunc var where xlogy conv1d conv2d conv3d conv_transpose2d conv_weight2d erfinv lgamma
    max_pool1d max_pool2d max_pool3d
""".split()


def loaded(text: str, path: Path) -> types.ModuleType:
    """The program, run."""
    path.write_text(text, encoding="utf-8")
    place = importlib.util.spec_from_file_location(path.stem, path)
    assert place is not None
    assert place.loader is not None
    module = importlib.util.module_from_spec(place)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        place.loader.exec_module(module)
    return module


def ran(graph: Graph, values: list[Any]) -> Run:
    """The run of a graph, with gradients where there are some."""
    out = graph.nodes[graph.outputs[0]].type
    floats = any(graph.type(i).is_float for i in graph.inputs)
    written = graph if isinstance(out, TupleType) or out is None or not out.is_float or not floats else reverse(graph)
    return run(written, dict(zip(graph.inputs, values, strict=True)))


def same(found: Any, wanted: Any, close: float = 1e-9) -> bool:
    found, wanted = np.asarray(found), np.asarray(wanted)
    return found.shape == wanted.shape and np.allclose(found, wanted, rtol=close, atol=close, equal_nan=True)


def test_every_row_that_numpy_can_say_gives_the_same_numbers_and_gradients(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lacking: dict[str, str] = {}
    wrong = []
    for row, number in ROWS:
        op, case = named(row, number)
        graph, values = case_graph(op, case, "float64")
        if not all(np.size(v) for v in values):  # nobody writes a program for no numbers
            continue
        if isinstance(graph.nodes[graph.outputs[0]].type, TupleType):
            lacking[row] = "several results"
            continue
        try:
            made = ran(graph, values)
            text = code(made, "numpy")
        except GraphError as error:
            lacking[row] = str(error)
            continue
        except BacklightError:  # no derivative
            made = run(graph, dict(zip(graph.inputs, values, strict=True)))
            text = code(made, "numpy")
        try:
            with np.errstate(all="ignore"):
                program = loaded(text, tmp_path / f"{row}_{number}.py")
        except Exception as error:
            wrong.append((row, number, error, text))
            continue
        if not same(program.value, made.output.value):
            wrong.append((row, number, program.value, made.output.value))
        if case.smooth:
            for i in graph.inputs:
                if i in made.graph.grads and not same(program.gradients[graph.nodes[i].name], made[i].gradient):
                    wrong.append((row, number, i, program.gradients, made[i].gradient))
    capsys.readouterr()
    assert wrong == []
    assert {row: why for row, why in lacking.items() if row in EVERYDAY} == {}
    assert len(lacking) < len(TABLE) / 3


@pytest.mark.parametrize("name", DIALECTS)
def test_no_spelling_is_of_a_row_that_does_not_exist(name: str) -> None:
    assert [word for word in DIALECTS[name].words if word not in TABLE] == []


def test_a_row_with_a_word_or_a_definition_is_not_missing() -> None:
    assert not missing(DIALECTS["numpy"], TABLE["sigmoid"])
    assert missing(DIALECTS["numpy"], TABLE["polygamma"])


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
def test_code_gives_the_same_numbers_in_every_library(
    dialect: str, text: str, values: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if dialect != "numpy":
        pytest.importorskip(dialect, reason=f"{dialect} is not installed")
    made = bl.backprop(text, **values)
    program = loaded(code(made, dialect), tmp_path / "program.py")
    capsys.readouterr()
    plain: Callable[[Any], Any] = lambda x: np.asarray(x.detach() if dialect == "torch" else x)
    assert same(plain(program.value), made.output.value)
    found = {name: plain(g) for name, g in program.gradients.items()}
    assert len(found) == len(values)
    for (name, gradient), given in zip(found.items(), values, strict=True):
        assert same(gradient, made[given].gradient), name


def test_code_reads_like_what_a_person_writes() -> None:
    assert code(bl.backprop("q = x + y\nL = q*z", x=-2, y=5, z=-4), "torch") == '''\
import torch


def f(x, y, z):
    q = x + y
    L = q * z
    return L


x = torch.tensor(-2.0, dtype=torch.float64)
y = torch.tensor(5.0, dtype=torch.float64)
z = torch.tensor(-4.0, dtype=torch.float64)
x.requires_grad_()
y.requires_grad_()
z.requires_grad_()
value = f(x, y, z)
value.sum().backward()
gradients = {'x': x.grad, 'y': y.grad, 'z': z.grad}
print(value)
print(gradients)
'''


def test_what_cannot_be_written_is_named() -> None:
    with pytest.raises(GraphError) as caught:
        code(bl.run("polygamma(x, order=2)", x=1.5), "numpy")
    told = "numpy has no word for polygamma with order=2, and there is no definition of it in smaller operations"
    assert str(caught.value) == told
    with pytest.raises(InputError) as refused:
        code(bl.run("x", x=1), "fortran")
    assert str(refused.value) == "code is written for numpy, torch, jax, and not for 'fortran'"
    with pytest.raises(InputError) as long:
        code(bl.run("sum(x)", x=np.zeros(200_000)), "numpy")
    assert str(long.value) == "an array of 200000 numbers is too long for a program: from 100000 on, save the run instead"
    assert math.isnan(float(bl.run("x", x=math.nan).output.value))
