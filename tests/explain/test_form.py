"""The text form of a graph reads back to the same graph."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.strategies import graphs

import backlight as bl
from backlight.core.graph import Graph, Node
from backlight.core.op import freeze
from backlight.core.table import TABLE
from backlight.explain.form import text_form

assert bl.parse  # the rooms above have lent graphs what they need


def same_value(a, b):
    """The same numbers to the last bit and sign; any NaN is like any other."""
    a, b = np.asarray(a, float), np.asarray(b, float)
    signs = (np.signbit(a) == np.signbit(b)) | np.isnan(a) if a.shape == b.shape else False
    return np.array_equal(a, b, equal_nan=True) and bool(np.all(signs))


def same_node(a: Node, b: Node) -> bool:
    if a.op is TABLE["const"] and b.op is a.op:
        return a.name == b.name and same_value(a.attr("value"), b.attr("value"))
    return (a.op, a.inputs, a.attrs, a.name) == (b.op, b.inputs, b.attrs, b.name)


def assert_reads_back(graph: Graph) -> str:
    shown = text_form(graph)
    again = bl.parse(shown, limit=1_000_000)
    assert len(again) == len(graph), shown
    for a, b in zip(graph.nodes, again.nodes, strict=True):
        assert same_node(a, b), f"{a} {b} in {shown}"
    assert (again.inputs, again.outputs) == (graph.inputs, graph.outputs), shown
    assert text_form(again) == shown
    return shown


ROWS = [
    pytest.param(row, case, id=f"{row.name}-{k}")
    for row in TABLE.values()
    for k, case in enumerate(row.cases)
    if row.kind not in ("leaf", "control")
]


@pytest.mark.parametrize(("row", "case"), ROWS)
def test_every_operation_with_its_settings_reads_back_on_names_and_on_numbers(row, case):
    count = len(case.args)
    attrs = row.settings(tuple(range(count)), dict(case.attrs))[1]
    names = [Node(TABLE["input"], name=f"x{k}") for k in range(count)]
    for leaves in (
        names,
        [Node(TABLE["const"], attrs=(("value", 2),))] * count,
        [Node(TABLE["const"], attrs=(("value", -2.5),))] * count,
        [Node(TABLE["const"], attrs=(("value", ((1, 2), (3, -4))),))] * count,
    ):
        inputs = tuple(range(count)) if leaves is names else ()
        assert_reads_back(Graph((*leaves, Node(row, tuple(range(count)), attrs=attrs)), inputs, (count,)))
    nested = Node(row, (count,) * count, attrs=attrs)
    assert_reads_back(Graph((*names, Node(row, tuple(range(count)), attrs=attrs), nested), tuple(range(count)), (count + 1,)))


@given(graphs(rows=[n for n, row in TABLE.items() if row.kind in ("elementwise", "compare") and not row.variadic], special=True))
def test_random_graphs_read_back(sample):
    assert_reads_back(sample.graph)


@st.composite
def untyped_graphs(draw):
    """Any nodes on any earlier nodes, named or not: what has a text form is wider than what has types."""
    rows = [TABLE[name] for name in ("add", "sub", "mul", "div", "pow", "neg", "matmul", "transpose", "exp", "square", "less",
                                     "total", "sum", "sigmoid", "sqrt", "stack", "index", "gather")]  # fmt: skip
    words = st.sampled_from(["x", "e", "π", "sin", "_x", "a b", "`", "x'", "σ", "true", "and", "1", "x₁", "µ", "input", "\\", "_2"])
    values = st.sampled_from([0, 1, -1, 2.5, -0.0, math.inf, -math.inf, math.nan, True, (1, 2), ((1.5,), (-2,)), 2**63 - 1, 1e300])
    nodes: list[Node] = []
    inputs = []
    taken: set[str] = set()

    def free_name():
        name = draw(words)
        if name in taken:
            return ""
        taken.add(name)
        return name

    for i in range(draw(st.integers(1, 14))):
        kind = draw(st.integers(0, 5)) if i else 0
        name = free_name() if draw(st.integers(0, 3)) == 0 or kind == 0 else ""
        if kind == 0:
            inputs.append(i)
            role = draw(st.sampled_from([(), (("role", "parameter"),)]))
            nodes.append(Node(TABLE["input"], name=name, attrs=role))
        elif kind == 1:
            nodes.append(Node(TABLE["const"], attrs=(("value", freeze(draw(values))),), name=name))
        else:
            row = draw(st.sampled_from(rows))
            count = draw(st.integers(1, 4)) if row.variadic else len(row.args)
            attrs = draw(st.sampled_from({
                "sum": [(), (("axis", 0),), (("axis", (0, -1)), ("keepdims", True))],
                "index": [(("key", 0),), (("key", ("1:3", "...", "new", -1)),), (("key", "::2"),)],
                "gather": [(), (("axis", 1),), (("axis", -1),)],
            }.get(row.name, [()])))  # fmt: skip
            nodes.append(Node(row, tuple(draw(st.integers(0, i - 1)) for _ in range(count)), attrs=attrs, name=name))
    outputs = draw(st.lists(st.integers(0, len(nodes) - 1), min_size=1, max_size=3))
    return Graph(tuple(nodes), tuple(inputs), tuple(outputs))


@given(untyped_graphs())
def test_graphs_of_any_names_numbers_and_shapes_read_back(graph):
    assert_reads_back(graph)


FORMS = [
    ("(x+1)*2", "(x + 1)*2"),
    ("1-(2-3)", "1 - (2 - 3)"),
    ("a/b/c", "a / b / c"),
    ("a/(b*c)", "a / (b*c)"),
    ("a/b*c", "(a / b)*c"),
    ("(a^b)^c", "(a^b)^c"),
    ("a^b^c", "a^b^c"),
    ("-x^2", "-x^2"),
    ("(-x)^2", "(-x)^2"),
    ("-(2)", "-(2)"),
    ("(-2)^x", "(-2)^x"),
    ("x^-y", "x^-y"),
    ("(f+g)ᵀ", "(f + g).T"),
    ("exp(x)ᵀ", "(e^x).T"),
    ("(a < b) == c", "(a < b) == c"),
    ("σ(x)", "sigmoid(x)"),
    ("√(x+1)", "sqrt(x + 1)"),
    ("square(x)", "square(x)"),
    ("x*x", "x*x"),
    ("5x+3", "5*x + 3"),
    ("2e + pi", "2*e + pi"),
    ("x[1:3, 0]", "x[1:3, 0]"),
    ("x[:, i]", "x[:, i]"),
    ("gather(x, 0)", "gather(x, 0)"),
    ("sum(x, axis=(0, 1), keepdims=true)", "sum(x, axis=[0, 1], keepdims=true)"),
    ("y = 2x; y*y", "y = 2*x\ny*y"),
    ("y = (x + 1)^2", "y = (x + 1)^2"),
    ("f(x, y) = y - x", "x = input()\ny = input()\nf = y - x"),
    ("g(x) = x + 1; g(a)*g(a)", "(a + 1)*(a + 1)"),
    ("total([a, b])", "total(a, b)"),
    ("stack([[1, 2]])", "stack([[1, 2]])"),
    ("[x, 1]", "stack(x, 1)"),
    ("a, a + 1", "a, a + 1"),
    ("w = input(role=parameter); w x", "w = input(role='parameter')\nw*x"),
    ("`my loss` = x^2", "`my loss` = x^2"),
]


@pytest.mark.parametrize(("given_text", "wanted"), FORMS, ids=[f[0] for f in FORMS])
def test_E5_brackets_are_kept_where_they_mean_something_and_nowhere_else(given_text, wanted):
    assert assert_reads_back(bl.parse(given_text)) == wanted


def test_a_node_used_twice_gets_a_line_and_stays_unnamed():
    tape_nodes = (
        Node(TABLE["input"], name="x"),
        Node(TABLE["sin"], (0,)),
        Node(TABLE["mul"], (1, 1)),
    )
    assert assert_reads_back(Graph(tape_nodes, (0,), (2,))) == "_1 = sin(x)\n_1*_1"


def test_a_long_chain_is_cut_into_lines():
    graph = bl.parse(" + ".join(["x"] * 100))
    shown = assert_reads_back(graph)
    assert max(len(line) for line in shown.splitlines()) < 120


BAD = [
    (Node(TABLE["const"], attrs=(("value", ()),)), "node 0 is a constant without a text form: tuple ()"),
    (Node(TABLE["const"], attrs=(("value", 1j),)), "node 0 is a constant without a text form: complex 1j"),
    (Node(TABLE["input"], name="x" * 101), f"the name {'x' * 40!r}… has 101 characters, and a text allows 100"),
]


@pytest.mark.parametrize(("node", "message"), BAD, ids=["empty", "complex", "long name"])
def test_what_has_no_text_form_is_an_error(node, message):
    with pytest.raises(bl.errors.GraphError) as error:
        text_form(Graph((node,), (), (0,)))
    assert str(error.value) == message


def test_two_nodes_of_one_name_have_no_text_form():
    x = Node(TABLE["input"], name="x")
    with pytest.raises(bl.errors.GraphError) as error:
        text_form(Graph((x, x), (0, 1), (1,)))
    assert str(error.value) == "two nodes are called 'x': a text gives a name to one node only"
