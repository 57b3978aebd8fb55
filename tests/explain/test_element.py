"""Where single numbers come from: the terms told add up to the number told, which is the run's."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from tests.explain.runs import ran
from tests.ops import trial as trials
from tests.strategies import Sample, graphs

import backlight as bl
from backlight import ops
from backlight.core.table import TABLE
from backlight.core.types import Type
from backlight.diff.reverse import reverse
from backlight.errors import InputError
from backlight.explain.arrivals import arrivals
from backlight.explain.element import Factor, Origin, Spot, number_at, origin, product, total_of
from backlight.explain.element_story import element_story
from backlight.run.record import Run
from backlight.run.reference import run

MOST = 40  # elements of one node that are asked
# Rows that mix axes, as functions of arrays: products, sums, choices, moves, and some that are neither.
MIXING = [
    (1, lambda x: TABLE["softmax"](x, axis=-1) if x.ndim else x), (1, lambda x: TABLE["cumsum"](x, axis=-1) if x.ndim else x),
    (1, lambda x: TABLE["max"](x)), (1, lambda x: TABLE["flip"](x)), (1, lambda x: TABLE["reshape"](x, shape=(x.size,))),
    (2, lambda x, y: TABLE["outer"](TABLE["reshape"](x, shape=(x.size,)), TABLE["reshape"](y, shape=(y.size,)))),
    (2, lambda x, y: TABLE["concat"](TABLE["reshape"](x, shape=(x.size,)), TABLE["reshape"](y, shape=(y.size,)))),
    (1, lambda x: TABLE["mean"](x)), (1, lambda x: TABLE["prod"](x)), (1, lambda x: TABLE["where"](x > 0.0, x, x * x)),
]  # fmt: skip


def holds(made: Run, forward: bool = True) -> Counter[str]:
    """Ask every number where it comes from, check the sums, and count the kinds of answers."""
    graph, kinds = made.graph, Counter[str]()
    for i in range(graph.forward_count):
        kind = graph.nodes[i].type
        if not isinstance(kind, Type):
            continue
        for at in range(min(kind.size, MOST)):
            found = origin(made, i, at)
            kinds[found.kind] += 1
            check(made, Spot(i, at), found)
            if i in graph.grads and forward:
                gradient(made, i, at, kinds)
    return kinds


def check(made: Run, spot: Spot, found: Origin) -> None:
    own = number_at(made, spot)
    node = made.graph.nodes[spot.node]
    if found.kind == "each":
        remade = node.op.value(*[number_at(made, t.factors[0].spot) for t in found.terms], **dict(node.attrs))
        np.testing.assert_allclose(remade, own, rtol=1e-4)
    elif found.kind == "balance":
        total = total_of(made, found.total, np.asarray(own).dtype)
        assert close(made, found.terms, total), (node, found)
        told = {f.spot for t in found.terms for f in t.factors} | ({found.total.spot} if isinstance(found.total, Factor) else set())
        assert spot in told
    elif found.adds:
        assert close(made, found.terms, own), (node, found)
    else:
        assert found.kind in ("given", "depends", "whole")


def close(made: Run, terms: Any, own: Any) -> bool:
    each = np.array([float(product(made, t)) for t in terms])
    with np.errstate(all="ignore"):
        near = 1e-9 if np.asarray(own).dtype.itemsize == 8 else 1e-4
        return bool(np.isclose(each.sum(), own, rtol=0, atol=near * np.abs(each).sum() or 0, equal_nan=True)) or own == each.sum()


def gradient(made: Run, i: int, at: int, kinds: Counter[str]) -> None:
    graph = made.graph
    came = list(arrivals(made, i, at))
    assert len(came) == sum(graph.nodes[c].inputs[k - 1] == i for c, k in graph.parts if c < graph.forward_count)
    for one in came:
        kinds["arrival" if one.terms is not None else "whole arrival"] += 1
        if one.terms is not None and one.adds:
            assert close(made, one.terms, number_at(made, one.spot)), one
        kinds["left out"] += not one.adds
    total = number_at(made, Spot(graph.grads[i], at))
    if came and graph.nodes[graph.grads[i]].why.kind != "seed":
        summed = np.sum([number_at(made, one.spot) for one in came])
        np.testing.assert_allclose(summed, total, rtol=1e-4 if total.dtype.itemsize < 8 else 1e-9, atol=1e-12)


@settings(max_examples=60)
@given(graphs(pieces=MIXING))
def test_the_terms_of_every_number_of_any_graph_add_up_to_it(sample: Sample) -> None:
    assert ops.__all__
    with np.errstate(all="ignore"):
        kinds = holds(run(reverse(sample.graph), sample.values))
    assert kinds["whole"] == kinds["whole arrival"] == 0


PAIRS = trials.pairs(lambda row, case: trials.good(row, case) and case is row.cases[0])


@pytest.mark.parametrize(("row", "case"), PAIRS)
def test_every_number_of_every_row_can_be_asked(row: Any, case: Any) -> None:
    made = trials.trial(row, case)
    differentiated = bool(made.floats and made.smooth_outputs)
    graph = reverse(made.graph, made.smooth_outputs[0], made.floats) if differentiated else made.graph
    holds(run(graph, made.values))


DEFINED = trials.pairs(lambda row, case: trials.good(row, case) and row.balance is not None)


@pytest.mark.parametrize(("row", "case"), DEFINED)
def test_what_a_row_says_of_a_number_adds_up_wherever_numbers_are_finite(row: Any, case: Any) -> None:
    made = trials.trial(row, case)
    found = run(made.graph, made.values)
    if all(np.isfinite(found.value(i)).all() for i in range(len(found.graph))) and not np.iscomplexobj(found.output.value):
        kinds = holds(found, forward=False)
        assert kinds["depends"] == kinds["whole"] == 0
        assert kinds["balance"] == min(np.size(found.output.value), MOST)


def test_softmax_and_the_inverse_tell_what_defines_them() -> None:
    text = told("p = softmax(z); L = sum(p^2)", "p[1]", z=[2.0, 1.0, 2.0])
    assert text.startswith(
        "Why is p[1] what it is?\n\n"
        "1. value\n"
        "   softmax :: Vector a → Vector a, number [1] of shape (3)\n"
        "   p = softmax(z)\n"
        "   which is to say that\n"
        "   e^(z[1] − 2) = Σ[k] p[1]·e^(z[k] − 2)   for k = 0 … 2\n"
        "   p[1]·e^(z[0] − 2) = 0.15536240349696362 × 1\n"
        "   p[1]·e^(z[1] − 2) = 0.15536240349696362 × 0.36787944117144233\n"
        "   p[1]·e^(z[2] − 2) = 0.15536240349696362 × 1\n"
        "   together e^(z[1] − 2) = 0.36787944117144233\n"
        "   p[1] = 0.15536240349696362\n"
    )
    text = told("B = inv(A); L = sum(B)", "B[1, 1]", A=[[2, 0], [0, 4]])
    assert (
        "   1 = Σ[k] A[1, k]·B[k, 1]   for k = 0 … 1\n"
        "   A[1, 0]·B[0, 1] = 0 × 0\n   A[1, 1]·B[1, 1] = 4 × 0.25\n   B[1, 1] = 0.25"
    ) in text
    text = told("R = cholesky(A); L = sum(R)", "R[1, 1]", A=[[4, 2], [2, 10]])
    assert (
        "   A[1, 1] = Σ[k] R[1, k]·R[1, k]   for k = 0 … 1\n"
        "   R[1, 0]·R[1, 0] = 1 × 1\n   R[1, 1]·R[1, 1] = 3 × 3\n   together A[1, 1] = 10\n"
    ) in text


def told(text: str, ask: str, **values: Any) -> str:
    return str(bl.explain(bl.backprop(text, **values), ask))


def test_the_story_of_a_number_tells_its_terms_with_running_indices() -> None:
    values = {"W": [[1, 2], [3, 4]], "x": [[5.0, 6.0], [7.0, -8.0]]}
    assert told("h = W @ x; L = sum(h^2)", "h[1, 0]", **values) == (
        "Why is h[1, 0] what it is?\n\n"
        "1. value\n"
        "   A×B :: Matrix a → Matrix a → Matrix a, number [1, 0] of shape (2, 2)\n"
        "   h[1, 0] = Σ[k] W[1, k]·x[k, 0]   for k = 0 … 1\n"
        "   W[1, 0]·x[0, 0] = 3 × 5\n"
        "   W[1, 1]·x[1, 0] = 4 × 7\n"
        "   h[1, 0] = 43\n"
        "2. gradient\n"
        "   from a, operand 1, power rule: y·x^(y−1) to the base, x^y·log x to the exponent\n"
        "   ∂L/∂a[1, 0]·∂a[1, 0]/∂h[1, 0] = 1 × 86\n"
        "   ∂L/∂h[1, 0] = 86\n"
        "3. in letters\n"
        "   a = h²"
    )
    text = told("h = W @ x; L = sum(h^2)", "x[1, -1]", **values)
    assert "∂L/∂x[1, 1] = Σ[k] ∂L/∂h[k, 1]·W[k, 1]   for k = 0 … 1\n" in text
    assert "∂L/∂h[1, 1]·W[1, 1] = (−28) × 4\n" in text.replace("= −28", "= (−28)")
    text = told("L = sum(x) + mean(x) + x[1]", "x[0]", x=[1, 2])
    assert "nothing" not in text
    assert "   summed: 1 + 0.5 + 0 = 1.5\n" in text


def test_a_long_sum_is_cut_and_says_how_much_is_left_out() -> None:
    text = told("h = W @ x; sum(h)", "h[0]", W=np.ones((1, 40)), x=np.ones(40))
    assert "h[0] = Σ[k] W[0, k]·x[k]   for k = 0 … 39\n" in text
    assert text.count(" = 1 × 1\n") == 12
    assert "   … and 28 more\n" in text


@pytest.mark.parametrize(("ask", "message"), [
    ("h[7]", "node 2 has shape (2), so there is no [7]: axis 0 ends at 1"),
    ("h[-3]", "node 2 has shape (2), so there is no [-3]: axis 0 ends at 1"),
    ("h[0, 1]", "node 2 has shape (2), and [0, 1] names 2 of its axes"),
    ("6[0]", "node 6 was written by differentiation: ask for a number of the node that it belongs to"),
])  # fmt: skip
def test_what_cannot_be_asked_says_so(ask: str, message: str) -> None:
    run = bl.backprop("h = W @ x; sum(h^2)", W=[[1, 2], [3, 4]], x=[5, 6])
    with pytest.raises(InputError) as raised:
        bl.explain(run, ask)
    assert str(raised.value) == message


def test_a_node_that_is_called_with_brackets_comes_before_a_number_of_another() -> None:
    run = ran(lambda **xs: xs["w[0]"] * xs["w"], **{"w[0]": 2.0, "w": 3.0})
    assert str(bl.explain(run, "w[0]")).startswith("Node 0: w[0]")


@pytest.mark.parametrize("text", ["sum(svd(A)[1])", "slogdet(A)[1]"])
def test_one_of_several_results_is_told_as_made_of_all_of_them(text: str) -> None:
    made = bl.backprop(text, A=[[1.0, 2.0], [3.0, 4.0]])
    item = next(i for i, node in enumerate(made.graph.nodes) if node.op.name == "item")
    said = str(element_story(made, item, [0] * len(made.graph.type(item).shape)))
    assert "   item makes it of all of a" in said
    assert "   b = item(a, k=1)" in said
