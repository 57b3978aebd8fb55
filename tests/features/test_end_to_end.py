"""Rows of what Backlight must do, end to end: the real command in a process of its own, its text and its JSON."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import backlight as bl

ROOT = Path(__file__).parents[2]

PERCEPTRON = """\
# inputs to outputs, no hidden layer
p = σ(Wᵀ @ x + b)
difference = p - y
loss = sum(square(difference), axis=0)
"""
TARGET = [0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.1]
VALUES = ["x=[0.1, 0.2, 0.3, 0.4, 0.5]", "W=normal(5, 10, seed=1)", "b=0", f"y={TARGET}"]


def explain(*words):
    command = [sys.executable, "-m", "backlight", "explain", *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("networks") / "perceptron.txt"
    path.write_text(PERCEPTRON, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def perceptron(file):
    """The perceptron's nodes by name, and in order."""
    found = json.loads(explain(file, *VALUES, "--json"))
    return {node["name"]: node for node in found["nodes"]}, found


@pytest.fixture(scope="module")
def account(file):
    return explain(file, *VALUES)


def array(node, key="value"):
    return np.array(node[key])


def test_G4_types_and_signatures_of_the_perceptron(perceptron, account):
    _, found = perceptron
    signatures = {node["signature"] for node in found["nodes"]}
    for signature in [
        "Aᵀ×b :: Matrix a → Vector a → Vector a",
        "+ :: Vector a → a → Vector a",
        "sigmoid :: a → a",
        "sq :: a → a",
        "Σ[0] :: Vector a → a",
    ]:
        assert signature in signatures
        assert f"    {signature}\n" in account
    assert {node["name"]: node["type"] for node in found["nodes"]}["W"] == "Matrix Float64"
    assert {node["type"] for node in found["nodes"]} == {"Matrix Float64", "Vector Float64", "Float64"}


@pytest.mark.parametrize(
    ("value", "name"),
    [("1", "Float32"), ("ones(2)", "Vector Float32"), ("ones(2, 3)", "Matrix Float32"), ("ones(2, 3, 4)", "Tensor-3 Float32"),
     ("ones(1, 2, 3, 4)", "Tensor-4 Float32")],
)  # fmt: skip
def test_G4_float32_and_more_axes_likewise(value, name):
    assert f"0  x :: {name}" in explain("x*2", f"x={value}", "--dtype", "float32")


def test_G5_shapes_and_values_elided_and_whole(perceptron, account, file):
    nodes, _ = perceptron
    assert (nodes["W"]["shape"], nodes["x"]["shape"], nodes["b"]["shape"]) == ([5, 10], [5], [])
    assert "  W :: Matrix Float64 (5, 10)\n" in account
    assert "  p :: Vector Float64 (10)\n" in account
    assert "  b :: Float64 ()\n" in account
    assert "⎡ 0.3456  0.8216 …  0.3646  0.2941⎤" in account
    whole = explain(file, *VALUES, "--full")
    assert all(repr(number) in whole for row in nodes["W"]["value"] for number in row)
    assert repr(nodes["loss"]["value"]) in account  # scalars in full precision


def test_G8_the_perceptron_of_the_article(perceptron, account):
    nodes, _ = perceptron
    x, W, p, y = (array(nodes[name]) for name in ("x", "W", "p", "y"))
    assert x.tolist() == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert y.tolist() == TARGET
    assert (W.shape, nodes["b"]["value"]) == ((5, 10), 0.0)
    np.testing.assert_allclose(p, 1 / (1 + np.exp(-(W.T @ x))), rtol=1e-15)
    difference = nodes["difference"]
    assert np.array_equal(array(difference), p - y)
    assert nodes["loss"]["value"] == pytest.approx(((p - y) ** 2).sum(), rel=1e-15)
    assert np.array_equal(array(difference, "gradient"), 2 * array(difference))          # at the minus: twice its value
    assert np.array_equal(array(nodes["p"], "gradient"), array(difference, "gradient"))  # at the sigmoid: the same
    assert np.array_equal(array(nodes["y"], "gradient"), -array(difference, "gradient"))  # at y: its negative
    delta = array(nodes["Wᵀ @ x + b"], "gradient")
    np.testing.assert_allclose(delta, 2 * (p - y) * p * (1 - p), rtol=1e-13)
    assert np.array_equal(array(nodes["W"], "gradient"), np.outer(x, delta))
    assert nodes["b"]["gradient"] == pytest.approx(delta.sum(), rel=1e-14)
    assert f"gradient by b = {nodes['b']['gradient']!r}\n" in account


def test_G8_each_node_has_its_gradient_and_each_edge_its_product(perceptron):
    nodes, found = perceptron
    assert all(node["gradient"] is not None for node in found["nodes"])
    assert [len(node["parts"]) for node in found["nodes"]] == [len(node["inputs"]) for node in found["nodes"]]
    for node in found["nodes"]:
        for part in node["parts"]:
            assert part["to"] == node["inputs"][part["operand"] - 1]
            assert part["upstream"] == node["gradient"]
            operand = found["nodes"][part["to"]]
            assert array(part, "downstream").shape == tuple(operand["shape"])
            assert part["downstream"] == operand["gradient"]  # every operand has one consumer here
    part = nodes["p"]["parts"][0]
    assert np.array_equal(array(part, "upstream") * array(part, "local"), array(part, "downstream"))
    (to_product, to_b) = nodes["Wᵀ @ x + b"]["parts"]
    assert (to_product["local"], to_b["local"]) == (1.0, 1.0)
    (by_W, by_x) = nodes["Wᵀ @ x"]["parts"]
    assert by_x["local"] == nodes["Wᵀ"]["value"]
    product = np.tensordot(array(by_W, "upstream"), array(by_W, "local"), 1)
    np.testing.assert_allclose(product, array(by_W, "downstream"), rtol=1e-15)


def test_G10_gradients_of_nodes_between_are_kept_when_someone_looks(file):
    run = bl.backprop(bl.parse(PERCEPTRON), **perceptron_values())
    assert [window.number for window in run if window.gradient is None] == []
    only = json.loads(explain(file, *VALUES, "--wrt", "W,b", "--json"))
    gradients = {node["name"]: node["gradient"] for node in only["nodes"]}
    assert {name for name, gradient in gradients.items() if gradient is None} == {"x", "y"}  # not asked for: not computed
    assert gradients["W"] == run["W"].gradient.tolist()


def test_G10_and_their_memory_is_reused_when_nobody_does():
    pytest.importorskip("llvmlite")
    from backlight.run.lower.lowering import lower

    graph = bl.parse("\n".join(["h0 = x", *(f"h{k + 1} = tanh(h{k} * w) / sum(h{k})" for k in range(40)), "sum(h40^2)"]))
    looking = bl.backprop(graph, x=np.linspace(0, 1, 1000), w=0.5)
    w = looking.graph.inputs[1]
    only = looking.graph.with_(outputs=(looking.graph.grads[w],))
    # Every value and every gradient has a place of its own when somebody looks, and what is needed at once else.
    assert lower(only, only.outputs).program.arena < looking.block.nbytes / 3
    slope = bl.compile(only)(np.linspace(0, 1, 1000), np.float64(0.5))
    assert slope == pytest.approx(float(looking["w"].gradient), rel=1e-9)


def perceptron_values():
    return {
        "x": [0.1, 0.2, 0.3, 0.4, 0.5],
        "W": np.random.default_rng(1).standard_normal((5, 10)),
        "b": 0.0,
        "y": TARGET,
    }


def test_J3_values_go_up_first_and_gradients_come_down_after():
    graph = bl.parse("1/(1+e^(-1*x))")
    forward = bl.run(graph, x=2)
    assert [window.gradient for window in forward] == [None] * len(forward)
    backward = bl.backprop(graph, x=2)
    assert [window.value for window in backward] == [window.value for window in forward]
    assert backward["x"].gradient == pytest.approx(0.10499358540350662, rel=1e-15)
    text = explain("1/(1+e^(-1*x))", "x=2")
    assert "↑ 2\n" in text
    assert "↓ 1 × " in text
    assert text.endswith(f"gradient by x = {float(backward['x'].gradient)!r}\n")


def test_U1_the_product_of_a_sum_with_all_its_parts():
    found = json.loads(explain("q = x + y\nL = q*z", "x=-2", "y=5", "z=-4", "--json"))
    nodes = {node["name"]: node for node in found["nodes"]}
    assert {name: (node["value"], node["gradient"]) for name, node in nodes.items()} == {
        "x": (-2, -4), "y": (5, -4), "q": (3, -4), "z": (-4, 3), "L": (-12, 1),
    }  # fmt: skip
    partials = {(name, part["operand"]): part["local"] for name in "qL" for part in nodes[name]["parts"]}
    assert partials == {("q", 1): 1, ("q", 2): 1, ("L", 1): -4, ("L", 2): 3}  # ∂q/∂x, ∂q/∂y, ∂L/∂q, ∂L/∂z
    text = explain("q = x + y\nL = q*z", "x=-2", "y=5", "z=-4")
    assert text.startswith("L = (x + y)·z\n")
    assert all(edge in text for edge in ["↓ 1 × -4 = -4", "↓ 1 × 3 = 3", "↓ -4 × 1 = -4"])


def test_U2_one_node_with_what_comes_in_and_what_goes_out():
    text = explain("q = x * y\nq + sin(q) + 2q", "x=2", "y=0", "--node", "q")
    assert "  upstream\n" in text
    assert text.count("    from node ") == 3
    assert [line.rsplit(": ", 1)[1] for line in text.splitlines() if "from node" in line] == ["1", "1", "2"]
    assert "    sum       4\n" in text
    assert "  downstream (product rule: each operand gets the gradient times the other operand)\n" in text
    assert "    ↓ operand 1, node 0 (x): 4 × 0 = 0\n" in text
    assert "    ↓ operand 2, node 1 (y): 4 × 2 = 8\n" in text


def test_E8_nothing_is_rounded_between_the_steps():
    found = json.loads(explain("c = x/3\nd = c*3.3\nf = d - 0.1\nf^2", "x=0.7", "--json"))
    x = 0.7
    c = x / 3
    d = c * 3.3
    f = d - 0.1
    values = {node["name"]: node["value"] for node in found["nodes"]}
    assert (values["c"], values["d"], values["f"]) == (c, d, f)  # to the last bit
    assert found["nodes"][-1]["value"] == f * f
    x_node = found["nodes"][found["inputs"]["x"]]
    assert x_node["gradient"] == ((2 * f) * 3.3) * (1 / 3)


def test_E10_a_step_goes_against_the_gradient_times_the_learning_rate():
    text, eta = "(w*x + b - y)^2", 0.01
    values = {"w": 1.0, "b": 0.0, "x": 2.1, "y": 4.0}

    def run(step):
        return bl.backprop(bl.parse(text), **{**values, **step})

    start = run({})
    assert (start["w"].gradient, start["b"].gradient) == (pytest.approx(-7.98), pytest.approx(-3.8))
    words = [f"w={values['w']}", f"η={eta}", f"g={float(start['w'].gradient)!r}"]
    w = json.loads(explain("w - η*g", *words, "--json"))["nodes"][-1]["value"]
    b = values["b"] - eta * float(start["b"].gradient)
    assert (w, b) == (pytest.approx(1.0798), pytest.approx(0.038))
    down, up = run({"w": w, "b": b}), run({"w": 2 - w, "b": -b})
    assert float(down.output.value) == pytest.approx(2.8710591, abs=1e-7)
    assert down.output.value < start.output.value < up.output.value
