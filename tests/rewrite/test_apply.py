import mpmath
import numpy as np
import pytest
from hypothesis import given
from tests.strategies import graphs

from backlight.core.graph import Graph
from backlight.core.math import MULTIPLY, infix, name
from backlight.core.tape import Tape
from backlight.core.types import type_of
from backlight.diff.reverse import reverse
from backlight.errors import InputError, NameError
from backlight.ops import broadcast_to, exp, log, matmul, neg, sigmoid, sin, softmax, sqrt, sum
from backlight.rewrite.apply import apply
from backlight.rewrite.match import letters, pattern
from backlight.rewrite.rules import FAMILIES, RULES, chosen
from backlight.run.reference import evaluate

chosen(FAMILIES)  # fills RULES
PATTERNS = [r for r in RULES.values() if r.before is not None]
TRIED = [pytest.param(r, case, id=f"{r.name}-{k}") for r in PATTERNS for k, case in enumerate(r.cases)]
# What two roundings in another order may differ by, over the dozen operations of a random graph.
ROUNDING = 1e-11


def graph_of(function, *args, names="xyzuvw"):
    tape = Tape()
    xs = [tape.input(names[i], type=type_of(np.asarray(a))) for i, a in enumerate(args)]
    out = function(*xs)
    return Graph(tuple(tape.nodes), tuple(tape.inputs), (out.number,))


def output(graph, values):
    return evaluate(graph, dict(zip(graph.inputs, values, strict=True)))[graph.outputs[0]]


def ops_of(graph):
    return [n.op.name for n in graph.nodes if n.op.name not in ("input", "const")]


def pieces_of(rules):
    return [(len(letters(r.before)), r.before) for r in rules if pattern(r.before).nodes[-1].op.kind == "elementwise"]


@pytest.mark.parametrize(("rule", "case"), TRIED)
def test_a_rule_finds_its_pattern_and_keeps_the_type(rule, case):
    values = [np.asarray(a, float)[()] for a in case]
    graph = graph_of(rule.before, *values)
    made = apply(graph, [rule.name])
    assert [step.rule for step in made.steps] == [rule] * len(made.steps) != []
    assert made.graph.nodes[made.graph.outputs[0]].type is graph.nodes[graph.outputs[0]].type
    if rule.exact:
        np.testing.assert_array_equal(output(made.graph, values), output(graph, values))


@given(graphs(pieces=pieces_of([r for r in PATTERNS if r.exact]), special=True))
def test_exact_rules_never_change_a_value(sample):
    names = [r.name for r in RULES.values() if r.exact]
    made = apply(sample.graph, names)
    np.testing.assert_array_equal(output(made.graph, sample.values.values()), output(sample.graph, sample.values.values()))


@given(graphs(pieces=pieces_of(PATTERNS)))
def test_rewriting_never_changes_a_value(sample):
    made = apply(sample.graph, FAMILIES)
    values = sample.values.values()
    with np.errstate(all="ignore"):
        before, after = map(np.asarray, (output(sample.graph, values), output(made.graph, values)))
        scale = np.max(np.abs([np.max(np.abs(v), initial=1.0) for v in evaluate(sample.graph, sample.values)]))
    both = np.isfinite(before) & np.isfinite(after)
    if np.isfinite(scale):  # where nothing on the way is infinite, nothing was lost that a rule could find again
        np.testing.assert_allclose(after[both], before[both], rtol=ROUNDING, atol=ROUNDING * scale**2)


@given(graphs(pieces=pieces_of(PATTERNS)))
def test_what_is_rewritten_has_nothing_left_to_rewrite(sample):
    made = apply(sample.graph, FAMILIES)
    again = apply(made.graph, FAMILIES)
    assert again.steps == ()
    assert again.graph.nodes == made.graph.nodes
    made.graph.check()


@given(graphs(pieces=pieces_of(PATTERNS)))
def test_a_node_and_the_number_it_got_have_the_same_value(sample):
    made = apply(sample.graph, ["simplify", "share", "fold"])
    old = evaluate(sample.graph, sample.values)
    new = evaluate(made.graph, {made.numbers[i]: v for i, v in sample.values.items()})
    with np.errstate(all="ignore"):
        for i, j in made.numbers.items():
            np.testing.assert_allclose(new[j], old[i], rtol=ROUNDING)


def test_a_step_says_its_rule_its_place_and_its_reason():
    made = apply(graph_of(lambda x, y: log(1.0 + x * y) * x, 1.0, 2.0))
    assert ops_of(made.graph) == ["mul", "log1p", "mul"]
    (step,) = made.steps
    assert str(step) == "log1p at node 5: log(1 + a) → log1p(a), with a = #2"
    assert step.before.parts[0] == "log"
    assert str(made).splitlines()[1] == "    1 + a rounds away the digits of a small a: log(1 + 1e-17) is 0, log1p(1e-17) is 1e-17"
    new = made.graph.nodes[made.numbers[5]]
    assert (new.why.kind, new.why.rule) == ("rewrite", "log1p")
    assert made.numbers == {0: 0, 1: 1, 2: 2, 5: 3, 6: 4}


def test_a_rule_may_make_room_for_another():
    made = apply(graph_of(lambda x: log(1.0 - sigmoid(-x)), 1.0))
    assert [step.rule.name for step in made.steps] == ["sigmoid_complement", "log_sigmoid", "neg_neg"]
    assert ops_of(made.graph) == ["log_sigmoid"]
    assert output(made.graph, [np.float64(-800.0)]) == -800.0


def test_sharing_takes_equal_operations_for_one_and_leaves_inputs_alone():
    made = apply(graph_of(lambda x, y: sin(x * y) * 2.0 + sin(y * x) * 2.0, 1.0, 2.0), "share")
    assert ops_of(made.graph) == ["mul", "sin", "mul", "add"]
    assert made.graph.input_names == ("x", "y")
    assert [step.node for step in made.steps] == [6, 7, 9]
    assert str(made.steps[0]) == "share at node 6: two nodes that say the same → one"


def test_a_step_names_operands_and_does_not_write_them_out():
    def twice(x):
        a = b = x
        for _ in range(2000):  # written out, this would be a formula of 2^2000 letters
            a, b = a * a, b * b
        return a + b

    made = apply(graph_of(twice, 1.0), "share")
    assert len(made.steps) == 2000
    assert made.steps[-1].before == infix("·", name("#3997"), name("#3997"), MULTIPLY)


def test_folding_leaves_one_constant_of_many():
    made = apply(graph_of(lambda x: x * (x.tape.constant(2.0) + 1.0) ** 2.0, 1.0), "fold")
    assert ops_of(made.graph) == ["mul"]
    assert output(made.graph, [np.float64(2.0)]) == 18.0
    assert [step.rule.name for step in made.steps] == ["fold", "fold"]


def test_a_large_constant_is_not_written_out():
    made = apply(graph_of(lambda x: x + broadcast_to(x.tape.constant(1.0), shape=(300, 300)), np.ones((300, 300))), "fold")
    assert made.steps == ()


def test_a_rule_that_would_no_longer_stretch_does_not_hold():
    made = apply(graph_of(lambda x: x * np.ones((2, 3)), 1.0), "simplify")
    assert made.steps == ()
    made = apply(graph_of(lambda x: x * np.ones((2, 3)), np.ones(3)), "simplify")
    assert made.steps == ()
    assert len(apply(graph_of(lambda x: x * np.ones((1, 3)), np.ones((2, 3))), "simplify").steps) == 1


def test_zero_times_infinity_stays_unless_algebra_is_asked_for():
    graph = graph_of(lambda x: x * 0.0, np.inf)
    assert apply(graph, ["simplify", "stabilise"]).steps == ()
    assert output(apply(graph, "algebra").graph, [np.inf]) == 0.0


def test_a_square_stays_a_product_unless_asked_for_by_name():
    graph = graph_of(lambda x: x * x, 3.0)
    assert ops_of(apply(graph, ["simplify", "stabilise", "algebra"]).graph) == ["mul"]
    assert ops_of(apply(graph, "square").graph) == ["square"]


def test_gradients_may_be_rewritten_too():
    graph = reverse(graph_of(lambda x: x * x * x, 2.0))
    graph = graph.with_(outputs=(graph.grads[0],))
    made = apply(graph, ["simplify", "share", "fold"])
    assert len(made.graph) < len(graph)
    assert output(made.graph, [np.float64(2.0)]) == 12.0


def test_a_name_goes_over_to_what_stands_in_its_place():
    graph = graph_of(lambda x: log(1.0 + x), 1.0)
    graph = graph.with_(nodes=(*graph.nodes[:-1], graph.nodes[-1]._replace(name="entropy")))
    made = apply(graph)
    assert made.graph.nodes[made.graph.number("entropy")].op.name == "log1p"


def test_nothing_to_do_is_said():
    assert str(apply(graph_of(lambda x: sin(x), 1.0))) == "nothing to rewrite"


def test_matrices_are_matched_like_numbers():
    graph = graph_of(lambda w, x: sum(log(1.0 + exp(matmul(w, x)))), np.ones((2, 3)), np.ones(3))
    assert ops_of(apply(graph).graph) == ["matmul", "softplus", "sum"]


def test_a_chain_of_a_hundred_thousand_nodes_is_rewritten_without_recursion():
    tape = Tape()
    z = tape.input("x", type=type_of(1.0))
    for _ in range(50_000):
        z = neg(neg(z))
    made = apply(Graph(tuple(tape.nodes), tuple(tape.inputs), (z.number,)), "simplify")
    assert len(made.graph) == 1


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: apply(graph_of(lambda x: x, 1.0), "stabilize"),
            NameError,
            "there is no rule or family 'stabilize'; did you mean 'stabilise'?",
        ),
        (
            lambda: apply(Graph((graph_of(lambda x: x, 1.0).nodes[0]._replace(type=None),), (0,), (0,))),
            InputError,
            "a graph without types cannot be rewritten: give its inputs values first, as in bl.backprop",
        ),
    ],
)
def test_what_cannot_be_rewritten_is_said(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value) == message


# What each operation of a stabilising pattern is in exact arithmetic, on lists of high-precision numbers.
EXACTLY = {
    "add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y, "div": lambda x, y: x / y,
    "neg": lambda x: -x, "pow": lambda x, y: x**y, "square": lambda x: x * x, "sqrt": mpmath.sqrt, "exp": mpmath.exp,
    "log": mpmath.log, "log1p": lambda x: mpmath.log(1 + x), "erf": mpmath.erf, "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
}  # fmt: skip


def exactly(graph, values):
    """The output of a graph at 1000 digits: more than what cancels in any of the cases."""
    with mpmath.workdps(1000):
        found = [[mpmath.mpf(float(v)) for v in np.ravel(x)] for x in values]
        for node in graph.nodes[len(values) :]:
            xs = [found[j] for j in node.inputs]
            if node.op.name == "const":
                found.append([mpmath.mpf(float(node.attr("value")))])
            elif node.op.name == "sum":
                found.append([mpmath.fsum(xs[0])])
            elif node.op.name == "softmax":
                found.append([mpmath.exp(x) / mpmath.fsum(map(mpmath.exp, xs[0])) for x in xs[0]])
            else:
                size = max(map(len, xs))
                found.append([EXACTLY[node.op.name](*[x[k % len(x)] for x in xs]) for k in range(size)])
        return [float(v) for v in found[-1]]


STABILISING = [p for p in TRIED if "stabilise" in p.values[0].families]


@pytest.mark.parametrize(("rule", "case"), STABILISING)
def test_G15_a_stabilised_form_has_the_digits_that_the_plain_one_loses(rule, case):
    values = [np.asarray(a, float)[()] for a in case]
    graph = graph_of(rule.before, *values)
    true = exactly(graph, values)
    np.testing.assert_allclose(np.ravel(output(apply(graph, [rule.name]).graph, values)), true, rtol=4 * 2.0**-52)


@pytest.mark.parametrize("rule", [r for r in PATTERNS if r.families == ("stabilise",)], ids=lambda r: r.name)
def test_G15_in_some_case_the_plain_form_is_wrong_in_every_digit(rule):
    lost = []
    for case in rule.cases:
        values = [np.asarray(a, float)[()] for a in case]
        graph = graph_of(rule.before, *values)
        plain, true = np.ravel(output(graph, values)), np.array(exactly(graph, values))
        lost.append(np.any(~(np.abs(plain - true) <= 0.5 * np.abs(true))))
    assert any(lost)


@pytest.mark.parametrize(
    ("function", "ops"),
    [
        (lambda a: log(1.0 + a), ["log1p"]),
        (lambda a: log(a + 1.0), ["log1p"]),
        (lambda x: exp(x) - 1.0, ["expm1"]),
        (lambda x: log(sigmoid(x)), ["log_sigmoid"]),
        (lambda x: log(softmax(x)), ["log_softmax"]),
        (lambda x: log(1.0 + exp(x)), ["softplus"]),
        (lambda x: 1.0 - sigmoid(x), ["neg", "sigmoid"]),
        (lambda x: neg(neg(x)) * x, ["mul"]),
        (lambda x: sqrt(sum(x * x)), ["norm"]),
        (lambda x: sqrt(sum(x**2.0)), ["norm"]),
    ],
)
def test_G15_the_stabilising_rules_by_their_forms(function, ops):
    graph = graph_of(function, np.array([0.5, 2.0, 1.5]))
    made = apply(graph)
    assert ops_of(made.graph) == ops
    assert all(str(step) and step.reason for step in made.steps)
    assert {made.graph.nodes[i].why.kind for i in made.graph.outputs} <= {"rewrite", "source"}


def test_G15_the_axis_goes_along():
    graph = graph_of(lambda x: log(softmax(x, axis=0)), np.array([[0.0, 1.0], [-900.0, 3.0]]))
    (node,) = [n for n in apply(graph).graph.nodes if n.op.name == "log_softmax"]
    assert node.attr("axis") == 0
