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
