"""A graph holds for the answers that Python got when it was traced: on other values it is refused, wherever it is run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import backlight as bl
from backlight.errors import GraphError
from backlight.explain.descent import descend
from backlight.notebook import bundle_of, document_of
from backlight.show.landscape import landscape

HERE = __file__


def bent(x: Any) -> Any:
    if x > 0:
        return x * x
    return -x


LINE = bent.__code__.co_firstlineno + 1
GRAPH = bl.trace(bent)(3.0)
TRACED = "and this graph was traced"
MEND = (
    "trace the function again for these values, compile the function itself, which traces again by itself, "
    "or use where(…) or cond(…) in it"
)
OTHER = f"Python asked bool() of greater at {HERE}, line {LINE}, {TRACED} for the answer True, and here it is False: {MEND}"


@pytest.mark.parametrize(
    ("who", "use"),
    [
        ("graph", lambda x: GRAPH(x)),
        ("graph", lambda x: GRAPH(x=x)),
        ("run", lambda x: bl.run(GRAPH, x).output.value),
        ("run", lambda x: bl.backprop(GRAPH, x=x).output.value),
        ("graph", lambda x: bl.value_and_grad(GRAPH)(x)[0]),
        ("graph", lambda x: bl.jvp(GRAPH, (x,), (1.0,))[0]),
        ("graph", lambda x: bl.vmap(GRAPH)(np.array([2.0, x]))[-1]),
        ("compile", bl.compile(GRAPH)),
        ("compile", lambda x: bl.compile(GRAPH, keep="all")(x).output.value),
        ("compile", lambda x: bl.compile(GRAPH, keep=["x"])(x)[0]),
    ],
)  # fmt: skip
def test_a_graph_is_refused_where_python_would_take_another_branch(who: str, use: Callable[[float], Any]):
    assert use(2.0) == 4.0
    with pytest.raises(GraphError) as caught:
        use(-1.0)
    assert str(caught.value).partition("\n")[0] == f"{who}: {OTHER}"


def test_a_function_that_is_compiled_takes_the_other_branch():
    made = bl.compile(bent)
    assert (made(2.0), made(-3.0)) == (4.0, 3.0)


def test_a_saved_run_knows_its_branch(tmp_path: Any):
    bl.backprop(bent, 2.0).save(tmp_path / "run")
    graph = bl.load_run(tmp_path / "run").graph
    assert bl.run(graph, 5.0).output.value == 25.0
    with pytest.raises(GraphError) as caught:
        bl.run(graph, -1.0)
    assert str(caught.value) == f"run: {OTHER}"


def test_numbers_that_were_taken_out_must_be_the_same():
    graph = bl.trace(lambda x, n: x * int(n))(3.0, 2)
    assert graph(5.0, 2) == 10.0
    with pytest.raises(GraphError) as caught:
        graph(5.0, 3)
    line = test_numbers_that_were_taken_out_must_be_the_same.__code__.co_firstlineno + 1
    assert str(caught.value) == (
        f"graph: Python asked int() of n at {HERE}, line {line}, {TRACED} for the answer 2, and here it is 3: {MEND}"
    )
    picked = lambda x: np.sum(x[np.nonzero(x > 1.0)])
    line, chosen = picked.__code__.co_firstlineno, bl.trace(picked)(np.array([0.0, 2.0, 3.0]))
    assert chosen(np.array([0.5, 4.0, 3.0])) == 7.0
    with pytest.raises(GraphError) as caught:
        bl.compile(chosen)(np.array([2.0, 2.0, 3.0]))
    assert str(caught.value) == (
        f"compile: Python asked for the numbers of greater at {HERE}, line {line}, {TRACED} for other numbers: {MEND}"
    )


def test_a_number_that_was_asked_for_may_be_off_by_rounding_in_compiled_code():
    graph = bl.trace(lambda x: x * float(np.exp(np.sin(x)) / 3.0))(0.7)
    assert bl.compile(graph)(0.7) == pytest.approx(float(graph(0.7)), rel=1e-15)


def test_views_do_not_go_past_a_branch():
    made = bl.backprop(lambda x: (x - 1.0) ** 2 if x > 0 else x, 0.25)
    with pytest.raises(GraphError) as caught:
        descend(bl.backprop(bent, 1.0), 2.0)
    assert str(caught.value) == f"descend: {OTHER}"
    with pytest.raises(GraphError) as caught:
        document_of(made)
    line = test_views_do_not_go_past_a_branch.__code__.co_firstlineno + 1
    assert str(caught.value) == (
        f"view: Python asked bool() of greater at {HERE}, line {line}, and this graph holds for one answer, "
        "whatever the sliders say: use where(…) for what they may change, or bl.show for a picture"
    )
    assert set(bundle_of(bl.show(made))) == {"image/svg+xml", "text/plain"}
    drawing = landscape(GRAPH, "x", {"x": 2.0}, low=-2.0, high=4.0, learning_rate=0.1)
    assert "the loss is 4 and its slope 4; where the curve has a gap, Python would have taken another branch" in drawing.twin


def test_one_triangle_is_asked_whether_it_mirrors_the_other():
    f = bl.grad(lambda a: np.sum(np.linalg.cholesky(a)))
    mirrored, other = np.array([[2.0, 1.0], [1.0, 3.0]]), np.array([[2.0, 1.0], [0.5, 3.0]])
    made = bl.compile(f)
    for a in (mirrored, other, mirrored + 1.0):
        np.testing.assert_allclose(made(a), f(a), rtol=1e-13)
    assert f(mirrored)[0, 1] == f(mirrored)[1, 0] != 0.0
    assert f(other)[0, 1] == 0.0
    x = np.random.default_rng(7).normal(size=(9, 9))
    gram = bl.trace(lambda x: np.sum(np.linalg.cholesky(x @ x.T + 9.0 * np.eye(9))))(x)  # the same to within rounding, at least
    assert bl.compile(gram)(x + 1.0) == pytest.approx(np.sum(np.linalg.cholesky((x + 1.0) @ (x + 1.0).T + 9.0 * np.eye(9))))
