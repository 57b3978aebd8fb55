import subprocess
import sys

import numpy as np
import pytest

import backlight as bl
from backlight.errors import InputError


def test_a_text_a_graph_and_a_function_run_alike():
    graph = bl.parse("x·y + 1")
    for subject in ("x·y + 1", graph, lambda x, y: x * y + 1):
        for made in (bl.backprop(subject, 2.0, 3.0), bl.backprop(subject, x=2.0, y=3.0), bl.backprop(subject, 2.0, y=3.0)):
            assert made.output.value == 7.0
            assert (made["x"].gradient, made["y"].gradient) == (3.0, 2.0)
        assert bl.run(subject, 2, 3).output.value == 7.0
    assert graph(2, y=3) == 7.0


def test_a_run_holds_its_nodes_by_name_and_by_number():
    made = bl.backprop("L = x*y", x=2.0, y=3.0)
    assert ("x" in made, "L" in made, "z" in made, 0 in made, 1000 in made, 2.5 in made) == (True, True, False, True, False, False)
    assert [window.name for window in made] == ["x", "y", "L"]
    assert len(made) == 3  # its gradients are nodes too, behind these


def test_gradients_by_some_inputs_only():
    made = bl.backprop("x·y", wrt="x", x=2, y=3)
    assert made["x"].gradient == 3.0
    assert made["y"].gradient is None


def test_an_upstream_gradient_may_be_given():
    made = bl.backprop("x^2", x=[1, 2], upstream=[10, 1])
    assert made["x"].gradient.tolist() == [20.0, 4.0]
    assert made.seeded


def test_float32_runs_stay_float32():
    made = bl.backprop("2x + sin(x)", x=np.float32(1))
    assert {w.type.dtype.name for w in made} == {"float32"}
    assert bl.backprop("2x", x=1, dtype="float32")["x"].gradient.dtype == np.float32


def test_a_run_is_explained():
    made = bl.backprop("(4x + 1)^2", x=2)
    assert str(bl.explain(made)).endswith("∂c/∂x = 72")
    assert str(bl.explain(made, of=4)).startswith("Node 4: 4·x + 1\n")
    assert str(bl.explain(made, of=4, wrt="x")).splitlines()[0] == "The derivative of 4·x + 1 by x"
    assert str(bl.explain(made, of=4, wrt="x")).endswith("∂b/∂x = 4")


def test_every_question_has_its_page():
    made = bl.backprop("sum(σ(W @ x))", W=[[1, 2]], x=[3, 4])
    first = {ask: str(bl.explain(made, "W" if ask in ("story", "zero") else None, ask=ask)).splitlines()[0] for ask in (
        "derivation", "story", "zero", "nan", "layers", "check", "descent")}  # fmt: skip
    assert first == {
        "derivation": "The derivative of sum(σ(W @ x)) by W", "story": "Node 0: W", "zero": "Why is the gradient of W zero?",
        "nan": "Where is it not a number?", "layers": "Backpropagation through 1 layer", "check": "Every rule against small steps",
        "descent": "One step of descent, η = 0.01",
    }  # fmt: skip
    assert str(bl.explain(made, wrt="x", ask="descent", learning_rate=0.5)).splitlines()[2] == "1. x: value + (−η · gradient)"


@pytest.mark.parametrize(("ask", "message"), [
    ("zero", "'zero' is asked of one node: name it, as in explain(run, 'x', ask='zero')"),
    ("why", "there is no question 'why': there are derivation, story, zero, nan, layers, check, descent"),
])  # fmt: skip
def test_a_question_that_cannot_be_answered_is_named(ask, message):
    with pytest.raises(InputError) as caught:
        bl.explain(bl.backprop("x*y", x=2, y=3), ask=ask)
    assert str(caught.value) == message


def test_whoever_asks_for_zeros_without_a_name_is_told_where_they_are():
    with pytest.raises(InputError) as caught:
        bl.explain(bl.backprop("x*y*z", x=2, y=3, z=0), ask="zero")
    assert str(caught.value) == (
        "'zero' is asked of one node: name it, as in explain(run, 'x', ask='zero') (the gradient is zero at x, y)"
    )


def test_a_traced_function_is_run_on_the_nest_that_it_was_traced_with():
    def loss(p, x):
        return p["w"] * x + p["b"]

    p = {"w": 2.0, "b": 1.0}
    graph = bl.trace(loss)(p, 3.0)
    turned = {"b": 1.0, "w": 2.0}
    assert [bl.run(graph, nest, 3.0).output.value for nest in (p, turned)] == [7.0, 7.0]
    assert bl.backprop(graph, p, 3.0)["p.w"].gradient == 3.0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: bl.run("x + y", x=1), "no value for y: give one, as in y=1"),
        (lambda: bl.run("x + y"), "no value for x, y: give each one, as in x=1"),
        (lambda: bl.run("rate·x", rat=1, x=2), "there is no input 'rat'; did you mean 'rate'?"),
        (lambda: bl.run(bl.trace(lambda p: p["w"])({"w": 2.0}), {"v": 2.0}), "there is no input 'p.v'; did you mean 'p.w'?"),
        (lambda: bl.run("x", 1, 2), "this graph has 1 inputs (x) and got 2 values"),
        (lambda: bl.run("x", 1, x=2), "the input 'x' got two values, one by position and one by name"),
    ],
)
def test_inputs_that_do_not_fit_are_named(call, message):
    with pytest.raises(InputError) as caught:
        call()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("print(bl.parse('x + 1')(x=2))", "3.0"),
        ("print(str(bl.parse('x + 1')).splitlines()[-1][:3])", None),
        ("print(bl.trace(lambda x: x * 2)(1.0)(x=4.0))", "8.0"),
        ("print(bl.grad(lambda x: __import__('numpy').sin(x))(0.0))", "1.0"),
        ("print(bl.array([1.0, 2.0])[1])", "2.0"),
        ("print(len(bl.parse('x')._repr_svg_()) > 100)", "True"),
    ],
)
def test_one_name_alone_is_enough_in_a_fresh_process(code, said):
    found = subprocess.run([sys.executable, "-c", f"import backlight as bl; {code}"], capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert said is None or found.stdout.strip() == said
