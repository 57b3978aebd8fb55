import sys
import tracemalloc
from typing import Any

import numpy as np
import pytest

import backlight as bl
from backlight.errors import DifferentiationError, GraphError, ShapeError
from backlight.ops import relu, sqrt, sum, tanh, where


def test_a_session_gives_the_gradient_of_every_intermediate():
    with bl.record():
        a, b = bl.array(2.0, "a"), bl.array(-3.0, "b")
        c = a * b
        d = relu(c + 10.0) + c * a
        g = bl.gradients(d)
    assert (float(d), float(g[a]), float(g[b]), float(g[c])) == (-8.0, -15.0, 6.0, 3.0)
    assert bl.explain(g.run, wrt="a").steps[-1].title == "summed over the paths"
    assert g.run["b"].gradient == 6.0


def test_a_session_may_be_differentiated_twice():
    with bl.record():
        x = bl.array(2.0)
        y = x * x * x
        assert bl.gradients(y)[x] == 12.0
        assert bl.gradients(y)[x] == 12.0
        assert bl.gradients(x * 1.0)[y] == 0.0


def test_what_is_not_recorded_has_no_gradients():
    with pytest.raises(GraphError) as caught:
        bl.gradients(bl.array(2.0) * 3.0)
    assert str(caught.value) == "gradients: this array was not recorded: compute it inside `with bl.record():`"
    with bl.record(), pytest.raises(DifferentiationError) as refused:
        bl.gradients(bl.array(2.0) > 1.0)
    assert str(refused.value) == "gradients: node 2 is Bool, and only floats have a derivative"


def test_forward_mode_agrees_with_reverse_mode():
    r = np.random.default_rng(0)
    w, x, u, v = r.normal(size=(2, 3)), r.normal(size=3), r.normal(size=(2, 3)), r.normal(size=3)

    def f(w, x):
        return {"h": tanh(w @ x), "s": sum(w * x)}

    value, moved = bl.jvp(f, (w, x), (u, v))
    again, pullback = bl.vjp(f, w, x)
    g = {"h": r.normal(size=2), "s": 0.7}
    gw, gx = pullback(g)
    assert np.sum(gw * u) + np.sum(gx * v) == pytest.approx(np.sum(g["h"] * moved["h"]) + g["s"] * moved["s"], rel=1e-13)
    assert value["s"] == again["s"]


def test_forward_over_reverse_and_forward_over_forward():
    assert bl.jvp(bl.grad(lambda x: x**3), (2.0,), (1.0,)) == (12.0, 12.0)
    assert bl.grad(lambda x: bl.jvp(lambda y: y * x * y, (x,), (1.0,))[1])(3.0) == 12.0
    assert bl.jvp(lambda x: bl.jvp(lambda y: y**3, (x,), (1.0,))[1], (2.0,), (1.0,)) == (12.0, 12.0)


def test_a_linearised_function_is_traced_once():
    calls = []

    def f(x):
        calls.append(x)
        return where(x > 0.0, sqrt(x), 0.0)

    value, push = bl.linearize(f, np.array([4.0, 0.0]))
    assert value.tolist() == [2.0, 0.0]
    assert push(np.array([1.0, 1.0])).tolist() == [0.25, 0.0]
    assert push(np.array([8.0, 0.0])).tolist() == [2.0, 0.0]
    assert len(calls) == 1
    assert bl.jvp(lambda x: 3.0, (1.0,), (1.0,)) == (3.0, 0.0)


def test_tangents_must_fit_their_arguments():
    with pytest.raises(ShapeError) as caught:
        bl.jvp(lambda x: x, (np.ones(2),), (1.0,))
    assert str(caught.value) == "jvp: a tangent has shape (), and its argument has shape (2,)"
    with pytest.raises(ShapeError) as caught:
        bl.jvp(lambda x: x, (1.0,), (1.0, 2.0))
    assert str(caught.value) == "jvp: the arguments have 1 leaves and the tangents 2"


def pairs(level: list[Any]) -> Any:
    """Products and sums by turns, pair by pair, until one value is left."""
    times = True
    while len(level) > 1:
        odd = level[len(level) // 2 * 2 :]
        level = [*(x * y if times else x + y for x, y in zip(level[::2], level[1::2], strict=False)), *odd]
        times = not times
    return level[0]


def bytes_of_a_node(count: int) -> tuple[float, float]:
    """What a session of so many scalar nodes keeps after its gradients were taken, and what it took at most, for each node."""
    numbers = [0.49 + 0.02 * (k % 97) / 97 for k in range(count // 2)]
    tracemalloc.start()
    with bl.record(positions=False):
        leaves = [bl.array(x) for x in numbers]
        z = pairs(leaves)
        found = bl.gradients(z)
        assert np.isfinite(found[leaves[0]])
    kept, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return kept / len(z.tape.nodes), most / len(z.tape.nodes)


def test_a_node_takes_at_most_400_bytes_gradients_included():
    kept, most = bytes_of_a_node(30_000)
    assert kept < 400
    assert most < 450


@pytest.mark.slow
def test_a_million_nodes_are_built_and_differentiated():
    with bl.record(positions=False):
        x = y = bl.array(0.5)
        for _ in range(333_333):
            y = y * 0.5 + x
        assert len(y.tape.nodes) > 999_990
        assert bl.gradients(y)[x] == pytest.approx(2.0)


@pytest.mark.slow
def test_a_million_steps_outside_of_a_trace_leak_nothing():
    slope = bl.grad(lambda w: np.sin(w) * w)
    x, w = bl.array(0.3), 0.7

    def steps(outside, gradients):
        nonlocal x, w
        for _ in range(outside):
            x = x * 0.999 + 0.001
        for _ in range(gradients):
            w = w - 0.001 * float(slope(w))

    steps(100, 100)
    before = sys.getallocatedblocks()
    steps(500_000, 300)
    assert x.tape is None
    assert sys.getallocatedblocks() - before < 500  # of a million operations and 300 traces


def test_the_graph_of_the_gradients_is_written_when_somebody_looks():
    with bl.record():
        x = bl.array(2.0, "x")
        h = x * x
        y = h * 3.0
        found = bl.gradients(y)
        z = y + 1.0  # the session goes on
        assert (len(y.tape.nodes), float(z)) == (6, 13.0)
    assert [float(found[a]) for a in (x, h, y)] == [12.0, 3.0, 1.0]
    assert found[z] == 0.0
    assert len(found) == 3
    assert found.run["x"].gradient == 12.0
    assert "gradient 12" in str(found.run)
