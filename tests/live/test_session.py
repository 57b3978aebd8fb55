import json

import numpy as np
import pytest
from tests.live.rooms import card, document, number, opened, said

import backlight as bl
from backlight.live import wire as w
from backlight.live.session import Session
from backlight.train.optim import OPTIMIZERS

NETWORK = ("h = W @ x + b\nL = sum((sigmoid(h) - y)^2)", "W b")
VALUES = {"W": "normal(2, 3, seed=1)", "x": "[0.1, 0.2, 0.3]", "b": "0", "y": "[1, 0]"}


def test_every_number_of_the_picture_is_the_engines() -> None:
    _, found = opened(*NETWORK, **VALUES)
    graph, (_, block) = found["Graph"], found["Values"]
    run = bl.backprop(NETWORK[0], W=np.random.default_rng(1).standard_normal((2, 3)), x=[0.1, 0.2, 0.3], b=0.0, y=[1.0, 0.0])
    for one in graph.cards:
        assert np.array_equal(number(graph, block, one.node), run[one.node].value)
        if one.gradient >= 0:
            assert np.array_equal(number(graph, block, one.gradient), run[one.node].gradient)
    for route in graph.routes:
        consumer = graph.cards[route.consumer].node
        if route.downstream >= 0:
            edge = run[consumer].edge(route.number)
            assert np.array_equal(number(graph, block, route.downstream), edge.downstream)
            assert np.array_equal(number(graph, block, route.upstream), edge.upstream)


def test_news_come_in_the_order_in_which_a_page_wants_them() -> None:
    kinds = [type(news).__name__ for news, _ in Session().answer(w.Open(document("(4*x + 1)^2", x=2), id=3))]
    assert kinds == ["Opened", "Formula", "Graph", "Values", "Verdicts", "Code"]


def test_what_the_page_still_has_is_not_sent_again() -> None:
    session, found = opened("(4*x + 1)^2", x=2)
    revision = found["Opened"].revision
    again = said(session, w.Open(document("(4*x + 1)^2", x=3), known=revision))
    assert list(again) == ["Opened", "Values", "Verdicts"]
    other = said(session, w.Open(document("(4*x + 1)^3", x=3), known=revision))
    assert other["Opened"].revision != revision
    assert "Graph" in other


def test_another_session_names_the_same_picture_alike() -> None:
    _, first = opened("x*y", x=2, y=3)
    _, second = opened("x*y", x=5, y=7)
    assert first["Opened"].revision == second["Opened"].revision
    assert first["Graph"] == second["Graph"]


def test_a_slider_moves_no_box_and_all_numbers() -> None:
    session, found = opened("(4*x + 1)^2", x=2)
    graph = found["Graph"]
    moved = said(session, w.Move({"x": "-1"}))
    x = card(graph, "x")
    assert number(graph, moved["Values"][1], x.gradient) == -24
    assert number(graph, moved["Values"][1], graph.outputs[0]) == 9


@pytest.mark.parametrize(
    ("text", "shapes"),
    [("5x + 3", {"x": ()}), ("sum((W @ x + b)^2)", {"W": (3, 3), "x": (3,), "b": ()}), ("softmax(v)[0]", {"v": (3,)}),
     ("tanh(A @ B)", {"A": (3, 3), "B": (3,)})],
)  # fmt: skip
def test_J2_variables_are_found_by_themselves_with_values_of_a_shape_that_fits(text, shapes) -> None:  # type: ignore[no-untyped-def]
    found = said(Session(), w.Open(w.Document(text)))
    assert {i.name: i.shape for i in found["Opened"].inputs} == shapes
    assert all(i.proposed for i in found["Opened"].inputs)


def test_of_thousands_of_formulas_the_first_and_the_last_are_typeset_and_the_others_counted() -> None:
    text = "h0 = 2*x\n" + "\n".join(f"h{i} = w*h{i - 1}" for i in range(1, 300))
    _, found = opened(text, x="1", w="1")
    lines = found["Formula"].lines
    assert len(lines) == 81
    assert "<mn>59</mn>" in lines[59]
    assert lines[60] == '<math display="block"><mi>… 220 more …</mi></math>'
    assert "<mn>280</mn>" in lines[61]
    assert "<mn>299</mn>" in lines[80]


def test_what_adds_up_to_a_gradient_stands_once_however_often_its_node_is_drawn() -> None:
    _, found = opened(" + ".join(["x*y"] * 40), x="1", y="2")
    graph = found["Graph"]
    assert sum(card.node == graph.cards[0].node for card in graph.cards) > 20
    assert sorted(len(one.arrivals) for one in graph.sums) == [40, 40]


def test_the_formula_is_typeset_line_by_line() -> None:
    _, found = opened("q = x + y\nL = q*z", x=-2, y=5, z=-4)
    first, second = found["Formula"].lines
    assert first.startswith('<math display="block"><mrow><mi>q</mi><mo>=</mo>')
    assert "<mi>q</mi><mo>·</mo><mi>z</mi>" in second


def test_a_mistake_points_into_the_text_and_the_picture_stays() -> None:
    session, _ = opened("x + 1", x=2)
    found = said(session, w.Open(document("3 + * 4"), id=9))
    assert found == {"Mistake": w.Mistake(
        "line 1, column 5: nothing to add after '+': expected a number, a name or an opening bracket, found '*'\n"
        "    3 + * 4\n        ^", "text", w.Place(1, 5, 6), 9)}  # fmt: skip
    assert "Values" in said(session, w.Move({"x": "3"}))


MISTAKES = [
    (document("x + y", x="[1, 2]", y="[1, 2, 3]"), "text",
     "add: cannot stretch Float64 (2,) and Float64 (3,) to one shape: axis -1 has sizes 2 and 3\n    x + y\n    ^^^^^"),
    (document("x", x="@/etc/passwd"), "input:x", "x: @/etc/passwd: files are not read here: give the numbers themselves"),
    (document("x", x="[[1], 2]"), "input:x",
     "x: line 1, column 1: the items of this array differ: rows and numbers are mixed\n    [[1], 2]\n    ^^^^^^^^"),
    (document(""), "text", "line 1, column 1: the text is empty: expected a formula, as in 4*x + 1\n    \n    ^"),
    (document("x", x="zeros(1000, 3000)"), "input:x",
     "x: line 1, column 1: zeros: 3000000 numbers are more than the limit, 2097152\n    zeros(1000, 3000)\n    ^^^^^^^^^^^^^^^^^"),
    (document("A @ B", A="zeros(1000, 1000)", B="zeros(1000, 1000)"), "limit",
     "a run of this takes 24000000 bytes, and the limit is 16777216: make the arrays smaller"),
    (document("sum(A @ A @ A @ A)", A="zeros(600, 600)"), "limit",
     "a run of this takes 1296360000 operations, and the limit is 500000000: make the arrays smaller"),
    (w.Document("x" * 400_001), "limit", "the text has 400001 characters, and the limit is 400000"),
    (w.Document("f(x) = x" + " + 1"*50 + "\n" + " + ".join(["f(x)"] * 600)), "limit",
     "the text makes 60600 nodes, and the limit is 50000"),
    (w.Document("f(x) = " + " + ".join(["max(x, y)"] * 8) + "\n" + " + ".join(["f(x)"] * 560)), "limit",
     "with its gradients the text makes 107525 nodes, and the limit is 100000"),
    (w.Document("w*x", {"w": w.Binding("1", True)}, optimizer="luck"), "text",
     "there is no optimiser 'luck'; there is descent, momentum, nesterov, adagrad, rmsprop, adam, adamw, barzilai-borwein"),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "about", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_what_cannot_be_opened_is_said_with_its_place(asked: w.Document, about: str, message: str) -> None:
    found = said(Session(), w.Open(asked))["Mistake"]
    assert (found.about, found.message) == (about, message)


NOT_YET = [
    (w.Story(99), "there is no node 99: this graph has nodes 0 to 27"),
    (w.Descend(0), "from 1 to 10000 steps are taken at once, and 0 were asked for"),
    (w.Descend(1, state="{}"), "descend.state is not what an earlier answer gave: leave it empty to begin anew"),
    (w.Survey("W", -1, 1), "W has shape (2, 3), and a landscape is drawn over one number of it, as in W[0]"),
    (w.Survey("q", -1, 1), "there is no input 'q'; there is W, x, b, y"),
    (w.Survey("b", 1, 1), "an axis runs from a smaller number to a larger one, and these are 1 and 1"),
    (w.Survey("W[a]", 0, 1), "'W[a]' does not say which number: write it as in W[0, 1]"),
    (w.Chart(("b", "x[0]"), (0, 0), (1, 1), 2000), "a path has from 0 to 1000 steps, and 2000 were asked for"),
    (w.Answer(3, "gradient", "many"), "'many' is no number: line 1, column 1: 'many' has no value here: expected numbers"),
    (w.Answer(3, "sign", "up"), "'up' is no sign: write +, − or 0"),
    (w.Answer(0, "sign", "+"), "this gradient is an array: ask for the sign of one element of it"),
    (w.Answer(0, "gradient", "1", (7, 7)), "there is no element [7, 7] in shape (2, 3)"),
    (w.Answer(3, "shape", "wide"), "'wide' is no shape: write it as in (3, 4), or () for a single number"),
    (w.Ask(3, "gradient", 9), "there are 3 hints for this, and all were given"),
    (w.Search("grad > much"), "'grad > much' lacks a number to compare with: write it as in grad > 1e3"),
    (w.Move({"q": "1"}), "there is no input 'q'; there is W, x, b, y"),
    (w.Move({"b": "[1, 2]"}), "b: the value has shape (2,), and the one before had (): send open instead"),
]


@pytest.mark.parametrize(("wish", "message"), NOT_YET, ids=range(len(NOT_YET)))
def test_a_wish_that_cannot_be_granted_is_answered_in_words(wish, message) -> None:  # type: ignore[no-untyped-def]
    session, _ = opened(*NETWORK, **VALUES)
    found = said(session, wish)["Mistake"]
    assert found.message == message
    assert found.about in (type(wish).__name__.lower(), "input:b")


def test_without_a_document_there_is_nothing_to_tell() -> None:
    assert said(Session(), w.Story(0))["Mistake"].message == "no document is open: send open first"


def test_what_has_no_derivative_is_shown_without_and_says_why() -> None:
    session, found = opened("x > 2", x=1)
    assert found["Opened"].note == "the output is Bool: only floats have a derivative"
    assert all(one.gradient == -1 for one in found["Graph"].cards)
    told = said(session, w.Derive(0))["Mistake"].message
    assert told == "there are no gradients in this run: the output is Bool: only floats have a derivative"


def test_G9_a_step_of_descent_is_nodes_of_the_same_graph() -> None:
    _, found = opened("(w*x - y)^2", "w", w=1, x=2, y=3)
    graph, (_, block) = found["Graph"], found["Values"]
    (update,) = graph.updates
    w_, change, updated = (number(graph, block, i) for i in (update.parameter, update.change, update.updated))
    gradient = number(graph, block, card(graph, "w").gradient)
    assert number(graph, block, graph.rate) == 0.1
    assert (w_, gradient, change, updated) == (1.0, -4.0, 0.4, 1.4)
    assert w.Carry(update.updated, update.parameter) in graph.carries


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_G11_every_optimiser_goes_down_and_can_be_continued_where_it_stopped(optimizer: str) -> None:
    session = Session()
    asked = w.Document(
        "(u - 3)^2 + 4*(v + 1)^2", {"u": w.Binding("0", True), "v": w.Binding("0.5", True)}, rate=0.05, optimizer=optimizer
    )
    said(session, w.Open(asked))
    whole = said(session, w.Descend(40))["Descended"]
    assert whole.losses[-1] < 0.75 * whole.losses[0]
    half = said(session, w.Descend(20))["Descended"]
    said(session, w.Move(half.values))
    rest = said(session, w.Descend(20, half.state))["Descended"]
    assert rest.values == whole.values
    assert rest.state == whole.state


def test_adam_steps_as_its_paper_says() -> None:
    session = Session()
    said(session, w.Open(w.Document("w^2", {"w": w.Binding("3", True)}, rate=0.1, optimizer="adam")))
    found = float(said(session, w.Descend(2))["Descended"].values["w"])
    x, m, s = 3.0, 0.0, 0.0
    for t in (1, 2):
        g = 2 * x
        m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g * g
        x -= 0.1 * (m / (1 - 0.9**t)) / (np.sqrt(s / (1 - 0.999**t)) + 1e-8)
    assert found == pytest.approx(x, rel=1e-14)


def test_U2_a_story_is_letters_and_places_of_numbers() -> None:
    session, found = opened("x*x", x=3)
    told = said(session, w.Story(0))["Told"]
    graph, (_, block) = found["Graph"], found["Values"]
    summed = next(step for step in told.steps if step.title == "upstream").lines[-1]
    numbers = [number(graph, block, piece.node) for piece in summed if piece.kind == "value"]
    assert numbers == [3.0, 3.0, 6.0]
    words = "".join(piece.text if piece.kind != "value" else "#" for piece in summed)
    assert words == "summed: # + # = #"


def test_a_number_from_the_text_before_gives_way_to_an_array_where_only_that_fits() -> None:
    session, _ = opened("(4*x + 1)^2", x=2)
    kept = {"x": w.Binding("2")}
    found = said(session, w.Open(w.Document("h = W @ x; sum(h^2)", kept), id=2))
    assert {one.name: one.shape for one in found["Opened"].inputs} == {"W": (3, 3), "x": (3,)}
    assert {one.name for one in found["Opened"].inputs if one.proposed} == {"W", "x"}
    session, _ = opened("h = W @ x; sum(h^2)")
    wrong = said(session, w.Open(w.Document("h = W @ x; sum(h^2)", kept), id=3))  # typed by hand for this very text
    assert wrong["Mistake"].about == "text"
    session, _ = opened("x*y", x=2, y=3)
    found = said(session, w.Open(w.Document("x*y + z", {"x": w.Binding("2"), "y": w.Binding("3")}), id=4))
    assert [one.binding.value for one in found["Opened"].inputs] == ["2", "3", "1"]


def test_the_story_of_one_number_is_places_of_numbers_that_each_lead_to_their_own() -> None:
    session, found = opened("h = W @ x\nsum(h^2)", "W", W="[[1, 2], [3, 4]]", x="[5, 6]")
    told = said(session, w.Story(2, (1,)))["Told"]
    graph, (_, block) = found["Graph"], found["Values"]
    factors = [piece for line in told.steps[0].lines[2:-1] for piece in line if piece.kind == "value"]
    assert [float(np.ravel(number(graph, block, piece.node))[piece.at]) for piece in factors] == [3.0, 5.0, 4.0, 6.0]
    assert [(piece.to, piece.element) for piece in factors] == [(0, (1, 0)), (1, (0,)), (0, (1, 1)), (1, (1,))]
    assert not told.moment
    assert [step.title for step in said(session, w.Story(0, (0, 1)))["Told"].steps] == ["value", "gradient", "in letters", "update"]
    assert said(session, w.Story(2, (5,)))["Mistake"].message == "node 2 has shape (2), so there is no [5]: axis 0 ends at 1"


def test_J5_a_derivation_names_the_nodes_on_its_way_and_gives_what_is_to_copy() -> None:
    session, _ = opened("(4*x + 1)^2", x=2)
    told = said(session, w.Derive(1))["Told"]
    assert told.way == (6, 4, 2, 1)
    assert told.latex.startswith(r"\section*{The derivative of")
    assert "<math" in told.mathml
    assert "72" in told.text


def test_U4_all_ways_stand_side_by_side_with_how_they_grow() -> None:
    session, _ = opened("sum(x^2)", x="[1, 2, 3]")
    found = said(session, w.Compare())["Ways"]
    assert [way.name for way in found.ways] == ["numeric", "symbolic, unshared", "symbolic, shared", "forward", "reverse"]
    for way in found.ways:
        assert way.gradients == pytest.approx([2, 4, 6], rel=1e-9)
    reverse = found.growth[-1]
    assert (reverse.name, reverse.counts) == ("reverse", (1, 2, 3))


def test_J7_a_landscape_has_the_curve_and_the_step() -> None:
    session, _ = opened("w^2", "w", w=3)
    found = said(session, w.Survey("w", -4, 4))["Landscape"]
    assert (found.loss, found.slope, found.new_x) == (9.0, 6.0, 3 - 0.1 * 6.0)
    assert found.heights[0] == 16
    over = said(session, w.Survey("w", -4, 4, (0,)))
    assert over["Mistake"].message == "w has shape (), and a landscape is drawn over one number of it, as in w[0]"


def test_a_contour_has_the_path_of_descent() -> None:
    session, _ = opened("a^2 + 2*b^2", "a b", a=1, b=1)
    found = said(session, w.Chart(("a", "b"), (-2, -2), (2, 2), 1))["Contour"]
    assert found.path == (1, 1, 0.8, 0.6)
    assert found.losses == (3, pytest.approx(0.8**2 + 2 * 0.6**2))
    assert len({line.height for line in found.lines}) == 12


MARKS = [
    ("value", "81", True, "right"), ("value", "81.0001", True, "right"), ("value", "80", False, "too small"),
    ("gradient", "1", True, "right"), ("gradient", "-1", False, "the size is right, and the sign is the other way round"),
    ("sign", "+", True, "right"), ("sign", "-", False, "no: follow the signs along the path"), ("shape", "()", True, "right"),
    ("shape", "(3)", False, "it has 0 axes, and your answer 1"),
]  # fmt: skip


@pytest.mark.parametrize(("part", "text", "right", "words"), MARKS)
def test_a_prediction_is_marked_by_the_engine(part: w.Document, text: str, right: bool, words: str) -> None:
    session, found = opened("(4*x + 1)^2", x=2)
    told = said(session, w.Answer(found["Graph"].outputs[0], part, text))["Marked"]  # type: ignore[arg-type]
    assert (told.right, told.said) == (right, words)
    assert bool(told.truth) == right


def test_a_rounded_answer_is_right_as_far_as_it_goes() -> None:
    session, found = opened("sigmoid(x)", x=1)
    out = found["Graph"].outputs[0]
    verdicts = {text: said(session, w.Answer(out, "value", text))["Marked"].right for text in ("0.73", "0.731", "0.7", "0.72", "1")}
    assert verdicts == {"0.73": True, "0.731": True, "0.7": False, "0.72": False, "1": False}


def test_hints_are_the_terms_of_the_chain_rule_and_never_the_answer() -> None:
    session, found = opened("(4*x + 1)^2", x=2)
    x = card(found["Graph"], "x")
    heard, given = [], 0
    while True:
        hint = said(session, w.Ask(x.node, "gradient", given))["Hint"]
        heard.append(hint.step)
        given += 1
        if not hint.left:
            break
    assert [step.title for step in heard] == ["the rule", "upstream", "local"]
    assert x.gradient not in {piece.node for step in heard for line in step.lines for piece in line}
    session, found = opened("h = W @ x\nsum(h^2)", W="[[1, 2], [3, 4]]", x="[5, 6]")
    x = card(found["Graph"], "x")
    rule = said(session, w.Ask(x.node, "gradient", 0))["Hint"].step  # a product of matrices has no local derivative to show
    assert x.gradient not in {piece.node for line in rule.lines for piece in line}
    assert [line[0].text for line in rule.lines] == ["from ", "downstream = "]


FOUND = [
    ("sigmoid", [5]), ("#3", [3]), ("(2, 3)", [0]), ("(2,3)", [0]), ("nan", []), ("value >= 1", [6, 8]),
    ("matrix float64", [0]), ("nothing of the kind", []),
]  # fmt: skip


@pytest.mark.parametrize(("query", "nodes"), FOUND)
def test_nodes_are_found_by_what_they_say_and_hold(query: str, nodes: list[int]) -> None:
    session, _ = opened(*NETWORK, **VALUES)
    found = said(session, w.Search(query))["Found"]
    assert list(found.nodes) == nodes


def test_nodes_are_found_by_the_size_of_their_gradient() -> None:
    session, sheet = opened(*NETWORK, **VALUES)
    found = said(session, w.Search("|grad| > 0.9"))["Found"]
    graph, (_, block) = sheet["Graph"], sheet["Values"]
    large = [c.node for c in graph.cards if c.gradient >= 0 and np.any(np.abs(number(graph, block, c.gradient)) > 0.9)]
    assert list(found.nodes) == sorted(large)


def test_G13_what_is_no_number_is_told_at_the_node_where_it_is_born() -> None:
    _, found = opened("y = log(x)\ny + 1", x=-1)
    first = found["Verdicts"].found[0]
    assert (first.node, first.kind, first.backward) == (1, "nan", False)
    assert first.sentence == "NaN is born at node 1, y: log of -1"


def test_J4_an_opened_operation_is_a_graph_of_smaller_ones() -> None:
    session, found = opened("sigmoid(x)", x=1)
    sigmoid = found["Graph"].outputs[0]
    asked = w.Document("sigmoid(x)", {"x": w.Binding("1")}, look=w.Look(opened=(sigmoid,)))
    graph = said(session, w.Open(asked))["Graph"]
    assert {"exp", "div"} <= {one.op for one in graph.cards}


def test_a_tree_shows_what_is_shared_twice() -> None:
    session, found = opened("q = x + 1\nq*q", x=1)
    asked = w.Document("q = x + 1\nq*q", {"x": w.Binding("1")}, look=w.Look(shape="tree"))
    tree = said(session, w.Open(asked))["Graph"]
    names = [one.name for one in tree.cards]
    assert (names.count("q"), len(found["Graph"].cards)) == (2, 4)


@pytest.mark.parametrize("form", ["svg", "html", "latex", "mathml", "json", "dot", "text", "numpy", "torch", "jax"])
def test_the_document_is_written_in_every_form(form) -> None:  # type: ignore[no-untyped-def]
    session, _ = opened("(4*x + 1)^2", x=2)
    news, data = said(session, w.Export(form))["File"]
    starts = {
        "svg": "<svg ", "html": "<!doctype html>", "latex": r"\documentclass", "mathml": "<section>", "json": "{", "dot": "digraph",
        "text": "", "numpy": "import numpy as np\n", "torch": "import torch\n", "jax": "import jax\n",
    }  # fmt: skip
    assert data.decode().startswith(starts[form])
    assert "72" in data.decode() or form in ("numpy", "torch", "jax")
    assert news.name.startswith("backlight.")


def test_a_saved_document_is_read_again() -> None:
    session, _ = opened("(4*x + 1)^2", x=2)
    from backlight.live.data import from_data

    _, data = said(session, w.Export("json"))["File"]
    assert from_data(w.Document, json.loads(data)["document"]) == document("(4*x + 1)^2", x=2)


def test_what_is_special_about_a_node_is_said_for_these_values_and_no_others() -> None:
    session, found = opened("y = relu(x)\ny + sqrt(z)", x=0, z=0)
    names = {one.node: one.op for one in found["Graph"].cards}
    assert {names[note.node]: note.said for note in found["Verdicts"].notes} == {
        "relu": ("corner: the smallest of its derivatives is taken",), "sqrt": ("pole: the derivative is infinite",),
    }  # fmt: skip
    said(session, w.Move({"x": "1"}))
    assert [names[note.node] for note in said(session, w.Check())["Verdicts"].notes] == ["sqrt"]
