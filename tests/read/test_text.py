"""The text door: what a formula means."""

import importlib.util
import json
import math
from pathlib import Path

import pytest

import backlight as bl
from backlight.core.graph import Graph

ROOT = Path(__file__).parents[2]


def told(graph: Graph) -> str:
    """The nodes of a graph in one line each, without their places."""
    words = []
    for i, node in enumerate(graph.nodes):
        said = [f"%{j}" for j in node.inputs]
        said += [repr(v) if node.op.name == "const" else f"{k}={v!r}" for k, v in node.attrs]
        words.append(f"%{i} {node.op.name}({', '.join(said)})" + (f" {node.name}" if node.name else ""))
    return "; ".join(words)


def test_the_table_is_the_one_that_the_grammar_makes():
    spec = importlib.util.spec_from_file_location("grammar_tables", ROOT / "tools" / "grammar_tables.py")
    maker = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(maker)
    made = maker.tables((maker.FOLDER / "grammar.lark").read_text("utf-8"))
    kept = (maker.FOLDER / "tables.json").read_text("utf-8")
    assert json.loads(kept) == made, "run python tools/grammar_tables.py"
    assert kept == maker.written(made)


# Text, inputs, value.
VALUES = [
    ("5x+3", {"x": 2}, 13),
    ("2(x+1)(x-1)", {"x": 3}, 16),
    ("3sin(x)", {"x": 0.5}, 3 * math.sin(0.5)),
    ("x y", {"x": 3, "y": 4}, 12),
    ("(x+1)y", {"x": 3, "y": 4}, 16),
    ("2x^2", {"x": 3}, 18),
    ("2^3x", {"x": 3}, 24),
    ("1/2x", {"x": 3}, 1.5),
    ("x/2y", {"x": 3, "y": 4}, 6),
    ("x(x+1)", {"x": 3}, 12),
    ("2^3^2", {}, 512),
    ("2**3**2", {}, 512),
    ("-2^2", {}, -4),
    ("(-2)^2", {}, 4),
    ("2^-1", {}, 0.5),
    ("2^-x^2", {"x": 2}, 0.0625),
    ("-x^2", {"x": 3}, -9),
    ("- -x", {"x": 3}, 3),
    ("--3", {}, 3),
    ("+x", {"x": 3}, 3),
    ("1-2-3", {}, -4),
    ("1-(2-3)", {}, 2),
    ("8/4/2", {}, 1),
    ("2*-x", {"x": 3}, -6),
    ("7 - -x", {"x": 3}, 10),
    ("−3·x × y ÷ 2", {"x": 2, "y": 4}, -12),
    (".5 + 1. + 1e-3 + 2E2", {}, 201.501),
    ("2e", {}, 2 * math.e),
    ("2e-3", {}, 0.002),
    ("x²+y⁻¹", {"x": 3, "y": 4}, 9.25),
    ("2x²", {"x": 3}, 18),
    ("√(x)+√9", {"x": 4}, 5),
    ("2√x", {"x": 4}, 4),
    ("e^x", {"x": 1.5}, math.exp(1.5)),
    ("e²", {}, math.exp(2)),
    ("e*x", {"x": 2}, 2 * math.e),
    ("2π", {}, 2 * math.pi),
    ("pi", {}, math.pi),
    ("ln(x)", {"x": 2}, math.log(2)),
    ("sum(broadcast(x, shape=[2, 3]))", {"x": 2}, 12.0),
    ("σ(0)", {}, 0.5),
    ("sigma(0)", {}, 0.5),
    ("x₁ + x_2 + x′ + x''", {"x₁": 1, "x_2": 2, "x′": 3, "x''": 4}, 10),
    ("α·β", {"α": 2, "β": 3}, 6),
    ("a = 3\nb = a*x  # a comment\nb + 1", {"x": 2}, 7),
    ("a = 3; a*x", {"x": 2}, 6),
    ("y = x +\n  1", {"x": 2}, 3),
    ("y = (x\n  + 1)", {"x": 2}, 3),
    ("f(x) = x^2 + a\nf(2) + f(3)", {"a": 1}, 15),
    ("f(x) = x + 1\ng(x) = 2f(x)\ng(f(1))", {}, 6),
    ("f(x, y) = x - y\nf(y, x)", {"x": 1, "y": 5}, 4),
    ("f(x, y) = x - y", {"x": 1, "y": 5}, -4),
    ("e = 2; e^3", {}, 8),
    ("f(e) = e^3", {"e": 2}, 8),
    ("`e`^3", {"e": 2}, 8),
    ("x < 3", {"x": 2}, True),
    ("x ≥ 3", {"x": 2}, False),
    ("x != 2", {"x": 2}, False),
    ("x == 2", {"x": 2}, True),
    ("not (x < 1) and x <= 2 or false", {"x": 2}, True),
    ("where(x > 0, x, -x)", {"x": -2}, 2),
    ("if(x > 0, 1, 2)", {"x": -2}, 2),
    ("sum([[1, 2], [3, 4]])", {}, 10),
    ("sum([1, 2] @ [[1, 2], [3, 4]].T)", {}, 16),
    ("-inf < x", {"x": 0}, True),
    ("∞", {}, math.inf),
]


@pytest.mark.parametrize(("text", "values", "wanted"), VALUES, ids=[v[0] for v in VALUES])
def test_a_formula_has_the_value_that_a_reader_gives_it(text, values, wanted):
    graph = bl.parse(text)
    graph.check()
    assert set(graph.input_names) == set(values)
    assert graph(**values) == pytest.approx(wanted, rel=1e-15)


def test_E1_nothing_of_a_text_is_ever_dropped():
    graph = bl.parse("5x+3")
    assert told(graph) == "%0 const(5); %1 input() x; %2 mul(%0, %1); %3 const(3); %4 add(%2, %3)"
    with pytest.raises(bl.errors.SyntaxError) as error:
        bl.parse("5x+3 7")
    assert str(error.value) == "line 1, column 6: expected an operator between '3' and '7'\n    5x+3 7\n         ^"


def test_E3_powers_go_from_right_to_left_and_bind_tighter_than_the_sign_before_them():
    assert float(bl.parse("2^3^2")()) == 512
    assert float(bl.parse("-2^2")()) == -4


def test_E4_a_formula_with_a_mistake_is_an_error_with_a_caret_and_the_sine_is_the_sine():
    with pytest.raises(bl.errors.SyntaxError) as error:
        bl.parse("3+*4")
    assert str(error.value) == (
        "line 1, column 3: nothing to add after '+': expected a number, a name or an opening bracket, found '*'\n"
        "    3+*4\n"
        "      ^"
    )
    with pytest.raises(bl.errors.SyntaxError) as error:
        bl.parse("1+2)")
    assert str(error.value) == "line 1, column 4: there is no bracket for this ')' to close\n    1+2)\n       ^"
    graph = bl.parse("sin(x)")
    assert graph.input_names == ("x",)
    assert float(graph(x=0.5)) == pytest.approx(math.sin(0.5), rel=1e-15)


def test_E6_a_name_is_one_node_however_often_it_is_used():
    graph = bl.parse("x*x")
    assert told(graph) == "%0 input() x; %1 mul(%0, %0)"
    run = bl.backprop(graph, x=3)
    assert [float(edge.downstream) for edge in run[1].parts] == [3, 3]
    assert float(run["x"].gradient) == 6


def test_J1_every_way_of_typing_a_function_of_several_variables():
    text = """
        # a neuron, and what it is off by
        z = w*x + b          # names of inputs: w, x, b
        y = sigmoid(z)
        E(a, t) = (a - t)^2 / 2
        loss = E(y, target) + 0.1 |w| * 0
    """.replace("0.1 |w| * 0", "0.1(w + 1)(w - 1)")
    graph = bl.parse(text)
    assert graph.input_names == ("w", "x", "b", "target")
    assert [n.name for n in graph.nodes if n.name] == ["w", "x", "b", "z", "y", "target", "loss"]
    y = 1 / (1 + math.exp(-7))
    assert float(graph(w=2, x=3, b=1, target=1)) == pytest.approx((y - 1) ** 2 / 2 + 0.3, rel=1e-14)


def test_inputs_come_in_order_of_first_appearance_and_a_header_orders_them_otherwise():
    assert bl.parse("y - x*b").input_names == ("y", "x", "b")
    assert bl.parse("f(b, x) = y - x*b").input_names == ("b", "x", "y")
    assert bl.parse("f(x) = a*x\nf(b)").input_names == ("a", "b")
    assert bl.parse("f(x, unused) = x").input_names == ("x", "unused")


def test_a_header_names_the_output_and_a_definition_the_scope_of_its_nodes():
    graph = bl.parse("square_sum(x, y) = x^2 + y^2")
    assert graph.nodes[graph.outputs[0]].name == "square_sum"
    graph = bl.parse("f(x) = x + 1\nf(a) * 2")
    assert [n.scope for n in graph.nodes] == ["", "f", "f", "", ""]


def test_formulas_that_stand_for_themselves_are_the_outputs_else_what_was_assigned_last():
    assert [float(v) for v in bl.parse("x + 1, x + 2\nx + 3")(x=1)] == [2, 3, 4]
    assert [float(v) for v in bl.parse("x + 1\ny = x + 2")(x=1)] == [2, 3]
    assert float(bl.parse("a = x + 1\nb = 2a")(x=1)) == 4


def test_a_minus_sign_before_a_number_belongs_to_the_number():
    assert told(bl.parse("-2x")) == "%0 const(-2); %1 input() x; %2 mul(%0, %1)"
    assert told(bl.parse("-(2)")) == "%0 const(2); %1 neg(%0)"
    assert told(bl.parse("x^-2")) == "%0 input() x; %1 const(-2); %2 pow(%0, %1)"
    assert told(bl.parse("x-2")) == "%0 input() x; %1 const(2); %2 sub(%0, %1)"


def test_a_number_is_an_int_where_it_is_written_as_one_and_fits_64_bits():
    kinds = {text: bl.parse(text).nodes[0].attrs[0][1] for text in ("3", "3.0", "3.", "1e2", "9" * 18, "9" * 40)}
    assert {k: type(v) for k, v in kinds.items()} == {
        "3": int, "3.0": float, "3.": float, "1e2": float, "9" * 18: int, "9" * 40: float
    }  # fmt: skip


def test_settings_are_given_by_keyword_or_after_the_operands():
    assert told(bl.parse("sum(x, axis=(0, -1), keepdims=true)")) == "%0 input() x; %1 sum(%0, axis=(0, -1), keepdims=True)"
    assert told(bl.parse("sum(x, 0)")) == "%0 input() x; %1 sum(%0, axis=0)"
    assert told(bl.parse("sum(x=y)")) == "%0 input() y; %1 sum(%0)"
    assert told(bl.parse("reshape(x, [2, 3])")) == "%0 input() x; %1 reshape(%0, shape=(2, 3))"
    assert told(bl.parse("cast(x, dtype=float32)")) == "%0 input() x; %1 cast(%0, dtype='float32')"
    assert told(bl.parse("cast(x, 'float32')")) == "%0 input() x; %1 cast(%0, dtype='float32')"
    assert told(bl.parse("w = input(role=parameter)")) == "%0 input(role='parameter') w"
    assert told(bl.parse("total(a, b, c)")) == told(bl.parse("total([a, b, c])"))


def test_every_node_knows_its_place_in_the_text():
    graph = bl.parse("y = 2\nz = (4*x +\n 1)^2")
    assert [tuple(n.at)[:4] for n in graph.nodes] == [
        ("<text>", 1, 5, 6),
        ("<text>", 2, 6, 7), ("<text>", 2, 8, 9), ("<text>", 2, 6, 9),
        ("<text>", 3, 2, 3), ("<text>", 2, 6, 0),
        ("<text>", 3, 5, 6), ("<text>", 2, 5, 0),
    ]  # fmt: skip
    assert graph.nodes[3].at.code == "z = (4*x +"
    assert graph.source == "y = 2\nz = (4*x +\n 1)^2"


def test_a_name_means_the_same_on_every_keyboard():
    assert bl.parse("\u00b5 + \u03bc").input_names == ("\u03bc",)  # the micro sign and the letter mu
    assert float(bl.parse("\u00b5 + 1")(µ=2)) == 3


def test_a_function_called_on_numbers_of_any_depth_never_exhausts_the_stack():
    deep = bl.parse("-" * 2000 + "x")
    assert len(deep) == 2001
    tower = bl.parse("^".join(["x"] * 1200))
    assert len(tower) == 1200
    chain = bl.parse("f0(x) = x + 1\n" + "\n".join(f"f{i + 1}(x) = f{i}(x)" for i in range(150)) + "\nf150(x)")
    assert float(chain(x=1)) == 2
