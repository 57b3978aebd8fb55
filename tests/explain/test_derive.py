import ast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.explain.runs import ran
from tests.strategies import graphs

from backlight.core.graph import Graph
from backlight.core.tape import Tape
from backlight.core.types import type_of
from backlight.diff.reverse import reverse
from backlight.errors import InputError
from backlight.explain.derive import derive
from backlight.explain.formula import spelled
from backlight.explain.local import local_array
from backlight.explain.page import figure
from backlight.explain.paths import count_paths, nodes_between, paths
from backlight.explain.story import story
from backlight.ops import exp, sigmoid, softmax, square, sum, tanh
from backlight.run.record import Edge
from backlight.run.reference import run


def test_J5_the_path_from_the_output_to_a_variable_with_rules_and_numbers():
    assert str(derive(ran(lambda x: (4 * x + 1) ** 2, x=2.0))) == (
        "The derivative of (4·x + 1)² by x\n"
        "\n"
        "1. in letters\n"
        "   a = 4·x\n"
        "   b = a + 1\n"
        "   c = b²\n"
        "2. the only path: c → b → a → x\n"
        "   ∂c/∂b = 2·b = 18   power rule: y·x^(y−1) to the base, x^y·log x to the exponent\n"
        "   ∂b/∂a = 1   sum rule: the gradient is passed on to both\n"
        "   ∂a/∂x = 4   product rule: each operand gets the gradient times the other operand\n"
        "   ∂c/∂b·∂b/∂a·∂a/∂x = 18·1·4 = 72\n"
        "3. the result\n"
        "   ∂c/∂x = 72"
    )


def test_V1_the_chain_of_two_weights_shares_a_factor():
    made = ran(lambda x, w1, w2: w2 * (w1 * x), x=1.5, w1=-0.4, w2=3.0)
    second = [line for line in str(derive(made, wrt="w1")).splitlines() if "·∂" in line]
    assert second == ["   ∂b/∂a·∂a/∂w1 = 3·1.5 = 4.5"]
    assert str(derive(made, wrt="x")).splitlines()[-1] == "   ∂b/∂x = −1.2000000000000002"


def test_x_times_x_is_a_sum_over_two_paths():
    page = derive(ran(lambda x: x * x, x=3.0))
    assert [step.title for step in page.steps] == [
        "in letters", "path 1 of 2: a → x", "path 2 of 2: a → x", "summed over the paths",
    ]  # fmt: skip
    assert str(page).splitlines()[-1] == "   ∂a/∂x = 3 + 3 = 6"


def test_paths_are_counted_however_many_and_the_rest_is_summed_in_one_line():
    def f(x):
        for _ in range(60):
            x = x * 0.5 + x * 0.5
        return x

    made = ran(f, x=1.0)
    assert count_paths(made, made.graph.outputs[0], 0) == 2**60
    page = derive(made)
    assert str(page).splitlines()[-2].startswith(f"    the other {2**60 - 12} paths together bring ")
    assert str(page).splitlines()[-1].endswith(" = 1")


def test_U2_the_story_of_one_node():
    made = ran(lambda x, y, z: (x + y) * z, x=-2.0, y=5.0, z=-4.0)
    assert str(story(made, 3)) == (
        "Node 3: x + y\n"
        "\n"
        "1. forward\n"
        "   a = x + y\n"
        "   + :: a → a → a, shape ()\n"
        "   value 3\n"
        "2. upstream\n"
        "   from b (node 4), operand 1: −4\n"
        "3. operand 1, x\n"
        "   sum rule: the gradient is passed on to both\n"
        "   ∂a/∂x = 1\n"
        "   upstream × local = −4·1 = −4\n"
        "4. operand 2, y\n"
        "   sum rule: the gradient is passed on to both\n"
        "   ∂a/∂y = 1\n"
        "   upstream × local = −4·1 = −4"
    )


def test_U2_several_upstream_gradients_are_visibly_summed():
    text = str(story(ran(lambda x: x * x + 3.0 * x, x=2.0), "x"))
    assert (
        "   from b (node 3), operand 2: 3\n"
        "   from a (node 1), operand 1: 2\n"
        "   from a (node 1), operand 2: 2\n"
        "   summed: 3 + 2 + 2 = 7"
    ) in text


def test_arrays_are_told_node_by_node_with_shapes():
    w = np.arange(6.0).reshape(2, 3) / 5
    made = ran(lambda w, x, b: sum(square(sigmoid(w @ x + b))), w=w, x=np.ones(3), b=1.0)
    text = str(derive(made, wrt="b"))
    assert "summed over the axes that were stretched, from (2) to ()" in text
    assert text.endswith(f"   ∂g/∂b = {spelled(figure(made['b'].gradient))}")


OPERATIONS = [lambda x, y: x + y, lambda x, y: x * y, lambda x, y: x - y * 0.5, lambda x, y: sigmoid(x) * y,
              lambda x, y: tanh(x), lambda x, y: exp(x * -0.1), lambda x, y: x / (square(y) + 1.0)]  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=7),
       st.floats(-2, 2), st.floats(-2, 2))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_the_last_line_of_every_derivation_is_the_gradient(steps, x, y):
    def f(x, y):
        nodes = [x, y]
        for op, a, b in steps:
            nodes.append(OPERATIONS[op](nodes[a % len(nodes)], nodes[b % len(nodes)]))
        return nodes[-1]

    made = ran(f, x=x, y=y)
    of = made.graph.outputs[0]
    for i in made.graph.inputs:
        gradient = made[i].gradient
        last = derive(made, wrt=i).steps[-1].lines[-1]
        if count_paths(made, of, i):
            assert spelled(last[0]).endswith(f" = {spelled(figure(gradient))}")
            if count_paths(made, of, i) <= 500:
                total = np.sum([path.share for path in paths(made, of, i, 500)])
                assert total == pytest.approx(gradient, rel=1e-12, abs=1e-12)
        else:
            assert gradient == 0.0


def test_a_run_without_gradients_is_refused():
    tape = Tape()
    x = tape.input("x", type=type_of(1.0))
    made = run(Graph(tuple(tape.nodes), (x.number,), (x.number,)), {0: np.float64(1)})
    with pytest.raises(InputError) as caught:
        list(paths(made, 0, 0))
    assert str(caught.value) == "node 0 has no gradient in this run: run it backward first, as in bl.backprop"


def test_a_page_is_written_as_latex_html_and_plain_data():
    page = derive(ran(lambda x: x * x, x=3.0))
    latex = page.latex(document=True)
    assert latex.startswith("\\documentclass{article}\n\\usepackage{amsmath}\n\\usepackage[margin=25mm]{geometry}\n")
    assert r"\[\frac{\partial a}{\partial x} = 3 + 3 = 6\]" in latex
    assert latex.count("{") == latex.count("}")
    html = page.html()
    assert "<li data-node=\"0\"><h3>summed over the paths</h3>" in html
    assert html.count("<math") == html.count("</math>")
    # one element a side, so that a narrow page can break before each sign
    assert html.endswith(
        '</mfrac></math> <math displaystyle="true"><mo>=</mo><mrow><mn>3</mn><mo>+</mo><mn>3</mn></mrow></math> '
        '<math displaystyle="true"><mo>=</mo><mn>6</mn></math></p></li></ol></section>'
    )
    assert page.data()["steps"][-1] == {"title": "summed over the paths", "node": 0, "lines": ["∂a/∂x = 3 + 3 = 6"]}


def test_numbers_of_arrays_can_be_rounded_where_there_is_little_room_and_single_ones_never_are():
    made = ran(lambda w, x: sum(w @ x), w=np.array([[1 / 3, -2 / 3]]), x=np.array([0.1, 1 / 7]))
    page = story(made, "x")
    assert "<mn>0.3333333333333333</mn>" in page.html()
    assert "<mn>0.3333</mn>" in page.html(4)
    single = story(ran(lambda x: x * (1 / 3), x=1.0), "x")
    assert "<mn>0.3333333333333333</mn>" in single.html(4)


def read(text: str) -> np.ndarray:
    """The number, or the array, behind the last sign of equality."""
    return np.array(ast.literal_eval(text.rpartition("= ")[2].replace("−", "-")))


@given(graphs())
@settings(max_examples=60)
def test_the_last_line_of_every_derivation_is_the_gradient_and_every_edge_multiplies_out(sample):
    made = run(reverse(sample.graph), sample.values)
    graph = made.graph
    of = graph.outputs[0]
    for i in graph.inputs:
        gradient = np.asarray(made[i].gradient)
        page = derive(made, wrt=i)
        if nodes_between(made, of, i):
            last = spelled(page.steps[-1].lines[-1][0])
            assert read(last) == pytest.approx(gradient, rel=1e-12, abs=1e-12)
        else:
            assert not gradient.any()
        arriving = [Edge(made, c, k, part) for (c, k), part in graph.parts.items() if graph.nodes[c].inputs[k - 1] == i]
        if arriving and i != of:
            assert np.sum([edge.downstream for edge in arriving], axis=0) == pytest.approx(gradient, rel=1e-12, abs=1e-12)
    for (consumer, operand), part in graph.parts.items():
        edge = Edge(made, consumer, operand, part)
        local, up, down = local_array(edge), np.asarray(edge.upstream), np.asarray(edge.downstream)
        if part.local >= 0:
            whole = up * np.broadcast_to(local, up.shape)
            lead = whole.ndim - down.ndim
            whole = whole.sum(axis=tuple(range(lead)))
            again = whole.sum(axis=tuple(a for a, n in enumerate(down.shape) if n == 1 and whole.shape[a] != 1)).reshape(down.shape)
        else:
            again = np.tensordot(up, np.asarray(local), up.ndim)
        assert again == pytest.approx(down, rel=1e-12, abs=1e-12)


def test_V4_a_derivation_of_arrays_says_in_letters_what_goes_down():
    made = ran(lambda x, W, y: sum(softmax(x @ W.T) * y), x=np.eye(2), W=np.ones((3, 2)), y=np.arange(3.0))
    lines = str(derive(made, wrt="W")).splitlines()
    assert [line.partition("] ")[0].partition(" = [")[0].strip() for line in lines if line.startswith("   downstream = ")] == [
        "downstream = ∂f/∂f", "downstream = c·(∂f/∂c − sum(∂f/∂c·c, axis=−1, keepdims=true))", "downstream = xᵀ @ ∂f/∂b",
        "downstream = (∂f/∂a)ᵀ",
    ]  # fmt: skip
    assert lines[3:8] == ["   a = Wᵀ", "   b = x @ a", "   c = softmax(b)", "   d = c·y", "   f = sum(d)"]


def test_every_letter_of_a_derivation_is_explained():
    page = derive(ran(lambda x, y, z: (x + exp(y)) * tanh(z), x=1.0, y=2.0, z=3.0), wrt="x")
    assert [spelled(line[0]) for line in page.steps[0].lines] == ["a = e^y", "b = x + a", "c = tanh(z)", "d = b·c"]


def test_gradients_that_meet_on_the_way_are_summed_there():
    made = ran(lambda x, w: (lambda h: sum(tanh(h) + sigmoid(h) * h))(w * x), x=np.array([1.0, 2.0]), w=0.5)
    page = derive(made, wrt="w")
    (step,) = [step for step in page.steps if step.title == "upstream" and step.node == 2]
    assert len(step.lines) == 4
    assert str(step.lines[-1][0]) == "summed: "
