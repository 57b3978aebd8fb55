"""Why a number is what it is: derivations, opened operations, all ways side by side, the landscape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.page.studio import Page, document, engine, figures, visit

LAYER = document("h = W @ x\ns = softmax(h)\nL = -log(s[0])", parameters="W", W="[[0.5, -1], [2, 0.25]]", x="[3, -2]")
SIGMOID = document("sigmoid(w*x + b)", w=0.5, x=2, b=-0.25)


@pytest.fixture(scope="module")
def page(browser: Any, served: Any) -> Any:
    with visit(browser, served, SIGMOID) as found:
        yield found


def panel(page: Page) -> Any:
    return page.page.get_by_role("tabpanel")


def test_J5_the_path_to_an_input_with_each_rule_multiplied_out(page: Page) -> None:
    page.tab("Why")
    page.page.get_by_label("by", exact=True).select_option(label="w")
    page.ready()
    text = panel(page).inner_text()
    assert "path" in text
    assert "product rule" in text
    assert "sigmoid rule" in text
    way = page.state("derivation.way")
    assert way[0] == page.state("graph.outputs[0]")
    assert page.state("opened.inputs.find(i => i.name === 'w').node") in way
    made = engine(SIGMOID)
    gradient = float(made.value(made.graph.grads[made.graph.number("w")]))
    last = page.page.evaluate("() => { const s = backlight.state.derivation.text.trim().split('\\n'); return s[s.length - 1] }")
    assert figures(last)[-1] == pytest.approx(gradient, rel=1e-14)
    assert page.state("derivation.latex").count("\\frac") >= 3
    assert "<math" in page.state("derivation.mathml")
    page.page.get_by_label("by", exact=True).select_option(label="b")
    page.ready()
    assert page.state("document.look.wrt") in page.state("derivation.way")


def test_J4_an_operation_is_opened_into_smaller_ones_and_closed_again(browser: Any, served: Any) -> None:
    with visit(browser, served, SIGMOID) as page:
        before = page.state("graph.cards.length")
        page.page.evaluate("() => backlight.dispatch({type: 'select', node: backlight.state.graph.outputs[0]})")
        page.page.get_by_role("button", name="Open into smaller operations").click()
        page.ready()
        assert page.state("graph.cards.length") > before
        assert float(page.page.get_by_test_id("output").inner_text()) == pytest.approx(0.679178699175393, rel=1e-14)
        assert {"w", "x", "b"} <= set(page.state("graph.cards.map(c => c.name)"))
        page.page.get_by_role("button", name="close all").click()
        page.ready()
        assert page.state("graph.cards.length") == before


def test_J7_the_whole_curve_and_what_descent_sees_of_it(browser: Any, served: Any) -> None:
    with visit(browser, served, document("(w - 3)^2/2 + 1", parameters="w", w=1)) as page:
        page.tab("Landscape")
        page.ready()
        found = page.state("landscape")
        assert (found["x"], found["loss"], found["slope"], found["new_x"]) == (1, 3, -2, 1.2)
        assert found["foretold"] == pytest.approx(2.6)
        assert found["real"] == pytest.approx(2.62)
        assert len(found["xs"]) == len(found["heights"]) > 100
        assert panel(page).locator("svg[role=img]").count() == 2
        assert panel(page).locator("circle").count() == 4
        page.slide("w", 2)
        page.ready()
        assert (page.state("landscape.x"), page.state("landscape.slope")) == (2, -1)


def test_the_loss_over_two_numbers_and_the_path_of_descent(browser: Any, served: Any) -> None:
    with visit(browser, served, document("x^2 + 10*y^2", parameters="x y", x=3, y=1)) as page:
        page.page.get_by_role("tab", name="Landscape").click()
        page.ready()
        assert page.state("contour.names") == ["x", "y"]
        assert page.state("contour.path.slice(0, 2)") == [3, 1]
        assert page.state("contour.losses[0]") == 19
        picture = panel(page).get_by_role("img", name="lines of equal loss over x and y, and the path of 20 steps")
        assert picture.locator("path.level").count() >= 6
        assert picture.locator("circle").count() == 21


def test_the_loss_over_one_number_of_an_array(browser: Any, served: Any) -> None:
    with visit(browser, served, LAYER) as page:
        w = page.state("graph.cards.find(c => c.name === 'W').node")
        page.page.evaluate("(node) => backlight.dispatch({type: 'select', node, element: [1, 0]})", w)
        page.tab("Landscape")
        page.ready()
        made = engine(LAYER)
        slope = float(np.asarray(made.value(made.graph.grads[made.graph.number("W")]))[1, 0])
        assert page.state("landscape.name") == "W[1, 0]"
        assert page.state("landscape.slope") == pytest.approx(slope)
        assert page.state("contour.names") == ["W[0, 0]", "W[0, 1]"]
        panel(page).get_by_label("over", exact=True).select_option("x[1]")
        page.ready()
        assert (page.state("landscape.name"), page.state("landscape.x")) == ("x[1]", -2)


def test_U3_the_rule_of_a_node_in_words(browser: Any, served: Any) -> None:
    with visit(browser, served, document("(x + y)*max(x, z)", x=2, y=1, z=-1)) as page:
        said = {}
        for node in range(page.state("graph.forward")):
            page.page.evaluate("(node) => backlight.dispatch({type: 'select', node})", node)
            page.ready()
            said[page.state(f"graph.cards.find(c => c.node === {node}).op")] = panel(page).inner_text()
        assert "sum rule: the gradient is passed on" in said["add"]
        assert "product rule: each operand gets the gradient times the other operand" in said["mul"]
        assert "choice rule: the gradient goes to the one that was chosen" in said["maximum"]


def test_U4_every_way_side_by_side_and_how_each_grows(page: Page) -> None:
    page.tab("Ways")
    page.ready()
    rows = panel(page).locator("tbody tr")
    assert [rows.nth(i).locator("th").inner_text() for i in range(rows.count())] == [
        "numeric", "symbolic, unshared", "symbolic, shared", "forward", "reverse",
    ]  # fmt: skip
    made = engine(SIGMOID)
    truth = [float(made.value(made.graph.grads[made.graph.number(name)])) for name in page.state("ways.parameters")]
    for way in page.state("ways.ways"):
        assert way["gradients"] == pytest.approx(truth, rel=1e-6)
    plots = panel(page).locator("svg[role=img]")
    assert plots.count() == 2
    assert plots.first.locator("path").count() == 5


def test_U5_the_graph_is_changed_and_nothing_else(browser: Any, served: Any) -> None:
    with visit(browser, served, document("(x + y)*z", x=-2, y=5, z=-4)) as page:
        page.write("tanh((x + y)*z/10)")
        page.agree(document("tanh((x + y)*z/10)", x=-2, y=5, z=-4))


def test_what_was_asked_and_hidden_is_marked_by_the_engine(browser: Any, served: Any) -> None:
    with visit(browser, served, document("(4*x + 1)^2", x=2)) as page:
        page.page.evaluate("() => backlight.dispatch({type: 'select', node: backlight.state.opened.inputs[0].node})")
        node = page.state("opened.inputs[0].node")
        page.page.get_by_text("Hide and ask…").click()
        page.page.get_by_role("checkbox", name="gradient").check()
        assert page.card(node)[-1] == "gradient ?"
        assert "All is shown but what is hidden." in page.page.locator("body").inner_text()
        assert "72" not in page.page.locator("body").inner_text()
        page.page.get_by_role("textbox", name="What is the gradient of x?").fill("70")
        page.page.get_by_role("button", name="Check").click()
        page.ready()
        assert page.state("attempts.values().next().value.marked.right") is False
        page.page.get_by_role("button", name="Hint").click()
        page.ready()
        assert page.state("attempts.values().next().value.hints.length") == 1
        page.page.get_by_role("textbox", name="What is the gradient of x?").fill("72")
        page.page.get_by_role("button", name="Check").click()
        page.ready()
        assert page.state("attempts.values().next().value.marked.right") is True
        page.page.get_by_role("button", name="Reveal").click()
        assert page.card(node)[-1] == "gradient 72"


def test_a_corner_is_told_at_its_node_and_only_while_it_stands_there(browser: Any, served: Any) -> None:
    words = "corner: the smallest of its derivatives is taken"
    with visit(browser, served, document("3*relu(x)", x=0)) as page:
        node = page.state("graph.cards.find(c => c.op === 'relu').node")
        page.tab("Problems")
        assert words in panel(page).inner_text()
        panel(page).locator(".notes").get_by_role("button", name=f"node {node}").click()
        page.tab("Story")
        page.ready()
        assert panel(page).locator(".note").all_inner_texts() == [words]
        assert words in page.state("said")
        assert page.page.evaluate("() => [...backlight.view.painted.of.marks.noted]") == [node]
        page.tab("Share")
        assert words in page.page.get_by_test_id("twin").inner_text()
        page.page.evaluate("() => backlight.view.zoom(0.3)")
        focus = page.page.get_by_role("complementary", name=f"node {node}", exact=True)
        focus.locator(".note").wait_for()
        page.slide("x", 1)
        assert focus.locator(".note").count() == 0
        page.ready()
        assert page.page.evaluate("() => backlight.view.painted.of.marks.noted.size") == 0
        page.slide("x", 0)
        page.ready()
        focus.locator(".note").wait_for()
        page.tab("Story")
        panel(page).locator(".note").wait_for()
        assert focus.count() == 0  # its story stands beside it


def test_every_number_on_the_left_and_in_descent_leads_to_the_story_of_its_node(browser: Any, served: Any) -> None:
    with visit(browser, served, document("(w*x + 1)^2", parameters="w", w=2, x=2)) as page:
        output, w, x = page.state("graph.outputs[0]"), *(page.state(f"graph.cards.find(c => c.name === '{n}').node") for n in "wx")
        page.page.get_by_label("formula").get_by_role("button", name="25").click()
        assert page.state("document.look.selected") == output
        page.ready()
        assert "power rule" in panel(page).inner_text()
        page.tab("Problems")
        page.page.get_by_role("group", name="x", exact=True).get_by_role("button", name="20", exact=True).click()
        assert (page.state("document.look.selected"), page.state("panel")) == (x, "story")
        page.page.get_by_role("button", name="Watch").click()
        page.tab("Descent")
        panel(page).get_by_role("cell").get_by_role("button", name="-2", exact=True).click()
        assert (page.state("document.look.selected"), page.state("panel")) == (w, "story")
        watched = page.page.get_by_role("table").filter(has_text="gradient")
        watched.get_by_role("button", name="20", exact=True).click()
        assert (page.state("document.look.selected"), page.state("panel")) == (x, "story")


def test_any_number_of_an_array_asks_why_and_each_factor_leads_on(browser: Any, served: Any) -> None:
    with visit(browser, served, LAYER) as page:
        h, x = (page.state(f"graph.cards.find(c => c.name === '{n}').node") for n in "hx")
        page.page.evaluate("(node) => backlight.dispatch({type: 'select', node})", h)
        value = panel(page).get_by_role("grid", name="value of shape (2)")
        value.get_by_role("gridcell", name="5.5").click()
        page.ready()
        assert page.state("document.look.element") == [1]
        assert panel(page).get_by_role("heading", level=2).inner_text() == f"{h}\u2002h[1]"
        told = panel(page).inner_text()
        assert "for k = 0 … 1" in told
        assert page.page.get_by_test_id("said").inner_text().startswith(f"node {h}, h[1], value 5.5, gradient ")
        products = panel(page).locator("li").first.locator("p").filter(has_text="×")
        assert [figures(text) for text in products.locator("button").all_inner_texts()] == [[2], [3], [0.25], [-2]]
        page.slide_number("x", 0, 4)                       # the story stays true
        assert panel(page).locator("li").first.locator("button").all_inner_texts()[-1] == "7.5"
        products.nth(1).locator("button").last.click()     # a factor leads to its own number
        page.ready()
        assert (page.state("document.look.selected"), page.state("document.look.element")) == (x, [0])
        panel(page).get_by_role("button", name="All of x").click()
        assert page.state("document.look.element") == []


def test_a_number_of_the_moment_is_told_anew_when_values_have_changed(browser: Any, served: Any) -> None:
    with visit(browser, served, LAYER) as page:
        s, h = (page.state(f"graph.cards.find(c => c.name === '{name}').node") for name in "sh")
        page.page.evaluate("(node) => backlight.dispatch({type: 'select', node, element: [0]})", s)
        page.ready()

        def power() -> float:
            """What its share is in proportion to, e^h[0], the largest one being 1."""
            x = page.numbers(h)
            return float(np.exp(x[0] - x.max()))

        told = panel(page).locator("p").filter(has_text="together").locator("span.number").last
        first = power()
        assert float(told.inner_text()) == pytest.approx(first)
        page.slide_number("x", 0, 0)
        page.ready()
        assert float(told.inner_text()) == pytest.approx(power())
        assert power() != pytest.approx(first)


def test_a_number_is_asked_on_the_picture_in_the_grid_and_from_the_keyboard(browser: Any, served: Any) -> None:
    with visit(browser, served, LAYER) as page:
        w, h = (page.state(f"graph.cards.find(c => c.name === '{n}').node") for n in "Wh")
        place = page.state("graph.cards.findIndex(c => c.name === 'W' && !c.chip)")
        x, y = (page.state(f"graph.cards[{place}].{axis}") for axis in "xy")
        page.page.evaluate("([x, y]) => backlight.view.look({x, y, zoom: 1})", [x, y])
        page.frame()
        at, box = page.page.evaluate("(p) => backlight.view.where(p)", place), page.page.locator("canvas").bounding_box()
        lines = page.card(w)
        row = next(row for row, line in enumerate(lines) if line.endswith("0.25⎦"))
        x, y = 10 + 7.3 * (lines[row].index("0.25") + 1), 10 + 17 * row + 5
        page.page.mouse.click(box["x"] + at["x"] + x, box["y"] + at["y"] + y)
        page.ready()
        assert (page.state("document.look.selected"), page.state("document.look.element")) == (w, [1, 1])
        group = page.page.get_by_role("group", name="W", exact=True)
        group.locator("summary").filter(has_text="array").click()
        group.get_by_label("W, row 1, column 2").focus()
        group.locator(".asked").get_by_role("button").click()
        assert page.state("document.look.element") == [0, 1]
        page.page.evaluate("(node) => backlight.dispatch({type: 'select', node})", h)
        page.ready()
        panel(page).get_by_role("grid", name="gradient of shape (2)").get_by_role("gridcell").first.focus()
        page.page.keyboard.press("ArrowRight")
        page.page.keyboard.press("Enter")
        page.ready()
        assert page.state("document.look.element") == [1]
        focused = page.page.evaluate("() => ['role', 'aria-selected'].map(name => document.activeElement.getAttribute(name))")
        assert focused == ["gridcell", "true"]
        panel(page).get_by_role("button", name="All of h").press("Enter")    # the button goes, the focus stays in the panel
        page.frame()
        assert page.page.evaluate("() => document.activeElement.getAttribute('role')") == "tabpanel"


def test_a_group_that_was_unfolded_is_folded_again_from_any_of_its_cards(browser: Any, served: Any) -> None:
    text = "\n".join(["f(x) = tanh(3*x + 1)", "y0 = f(x)", *(f"y{i} = f(y{i - 1}) + z" for i in range(1, 25)), "y24"])
    with visit(browser, served, document(text, x=1, z=1)) as page:
        groups = "graph.cards.filter(c => c.kind === 'group').map(c => [c.node, c.name])"
        before = page.state(groups)
        assert before
        page.page.evaluate("(node) => backlight.dispatch({type: 'select', node})", before[0][0])
        panel(page).get_by_role("button", name="Unfold").click()
        page.ready()
        assert page.state(groups) == []
        assert page.state("document.look.selected") == before[0][0]
        panel(page).get_by_role("button", name="Fold f").click()
        page.ready()
        assert page.state(groups) == before
        assert page.state("document.look.unfolded") == []


def test_a_group_of_a_small_graph_is_folded_and_opened_by_hand(browser: Any, served: Any) -> None:
    found = document("f(x) = tanh(3*x + 1)\ny = f(x)\ny^2", x=0.25)
    with visit(browser, served, found) as page:
        before = page.says()
        inside = page.state("graph.cards.find(c => c.op === 'mul').node")
        page.page.evaluate("(node) => backlight.dispatch({type: 'select', node})", inside)
        panel(page).get_by_role("button", name="Fold f").click()
        page.ready()
        assert page.state("graph.cards.filter(c => c.kind === 'group').map(c => c.name)") == ["f"]
        assert page.state("document.look.folded") == ["f"]
        group = page.state("graph.cards.find(c => c.kind === 'group').node")
        page.page.evaluate("(node) => backlight.dispatch({type: 'select', node})", group)
        panel(page).get_by_role("button", name="Unfold").click()
        page.ready()
        assert page.says() == before
        page.agree(found)
