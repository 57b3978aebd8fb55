"""Typing an equation: what is read, what is shown, and what is said where it cannot be read."""

from __future__ import annotations

from typing import Any

import pytest
from tests.page.studio import Page, changed, document, visit


@pytest.fixture(scope="module")
def page(browser: Any, served: Any) -> Any:
    """A page that stays open for the tests of this module."""
    with visit(browser, served, document("(4*x + 1)^2", x=2)) as found:
        yield found


def output(page: Page) -> str:
    return page.page.get_by_test_id("output").inner_text()


def formula(page: Page) -> str:
    return page.page.get_by_test_id("formula").locator("math").first.text_content()


def wrong(page: Page) -> tuple[str, str]:
    """What is said below the text, and what is underlined in it."""
    said = page.page.locator("#bl-text-says").inner_text()
    return said, "".join(page.page.locator("pre .mistake").all_inner_texts())


def test_J1_a_function_is_typed_and_typeset_as_one_types(page: Page) -> None:
    page.write("s = 5x + 3\nt = 2(s + 1) - sin(s)/s^2\n-t")
    assert page.page.get_by_test_id("formula").locator("math").count() == 3
    assert page.state("graph.cards.map(c => c.name).filter(n => n === 's' || n === 't').sort()") == ["s", "t"]
    page.write("sigmoid(w*x + b)")
    assert "σ" in formula(page)
    page.ready().agree(document("sigmoid(w*x + b)", w=1, x=2, b=1))


def test_J1_names_of_operations_are_completed_from_the_table(page: Page) -> None:
    field = page.page.get_by_label("Equation")
    field.fill("")
    field.press_sequentially("2*sigm")
    options = page.page.get_by_role("option")
    assert options.count() >= 1
    assert options.first.inner_text().startswith("sigmoid(x)")
    field.press("Tab")
    field.press_sequentially("x)")
    assert field.input_value() == "2*sigmoid(x)"
    page.ready().agree(document("2*sigmoid(x)", x=2))


def test_J2_variables_are_found_by_themselves_with_a_field_and_a_slider(page: Page) -> None:
    page.write("u*v + exp(w)")
    rows = page.page.get_by_role("group").filter(has=page.page.locator("input[type=range]"))
    assert [rows.nth(i).get_attribute("aria-label") for i in range(rows.count())] == ["u", "v", "w"]
    page.slide("u", 1.5)
    field = page.page.get_by_role("textbox", name="v", exact=True)
    field.fill("-2.5")
    field.press("Enter")
    page.ready().agree(document("u*v + exp(w)", u=1.5, v=-2.5, w=1))
    page.page.get_by_role("button", name="u: range and more").click()
    page.page.get_by_label("high").fill("20")
    page.page.get_by_label("high").press("Enter")
    assert page.page.get_by_label("u, slider").get_attribute("max") == "20"


def test_J2_an_array_is_edited_in_a_grid_and_drawn_with_a_seed(browser: Any, served: Any) -> None:
    found = document("sum(A @ x)", A="[[1, 2], [3, 4]]", x="[5, 6]")
    with visit(browser, served, found) as page:
        page.agree(found)
        page.page.get_by_text("array (2, 2)").click()
        cell = page.page.get_by_label("A, row 2, column 1")
        cell.fill("-7.5")
        cell.press("Enter")
        page.ready().agree(changed(found, A="[[1, 2], [-7.5, 4]]"))
        page.page.get_by_label("seed").fill("3")
        page.page.get_by_role("button", name="Draw").click()
        page.ready()
        drawn = page.page.get_by_role("textbox", name="A", exact=True).input_value()
        assert drawn.endswith("(2, 2, seed=3)")
        page.agree(changed(found, A=drawn))


def test_J6_the_first_examples_as_a_shared_graph_and_as_a_tree(browser: Any, served: Any) -> None:
    for text, value, count in (("(4*x + 1)^2", 2, 7), ("1/(1 + e^(-1*x))", 1, 8)):
        with visit(browser, served, document(text, x=value)) as page:
            page.agree(document(text, x=value))
            assert page.state("graph.cards.length") == count
    with visit(browser, served, document("(x + y)*x", x=2, y=3)) as page:
        assert page.state("graph.cards.filter(c => c.name === 'x').length") == 1
        page.page.get_by_role("button", name="tree").click()
        page.ready()
        assert page.state("graph.cards.filter(c => c.name === 'x').length") == 2
        page.agree(document("(x + y)*x", x=2, y=3))


def test_E1_no_input_is_ever_dropped(page: Page) -> None:
    page.write("5p+3")
    assert formula(page) == "5·p+3"
    assert output(page) == "8"


@pytest.mark.parametrize(
    ("text", "x", "value", "gradient"), [("(4*x+1)^2", -1, "9", "-24"), ("x^2", 0, "0", "0")],
)
def test_E2_powers_of_zero_and_of_negative_numbers(
    browser: Any, served: Any, text: str, x: float, value: str, gradient: str
) -> None:
    with visit(browser, served, document(text, x=x)) as page:
        assert output(page) == value
        node = page.state("opened.inputs[0].node")
        assert page.card(node)[3] == f"gradient {gradient}"


def test_E3_powers_bind_from_the_right_and_before_the_sign(page: Page) -> None:
    page.write("2^3^2")
    assert output(page) == "512"
    page.write("-2^2")
    assert output(page) == "-4"


def test_E4_what_cannot_be_read_is_marked_where_it_stands(page: Page) -> None:
    page.write("q + 1")
    page.write("3+*4")
    said, under = wrong(page)
    assert said.splitlines() == [
        "line 1, column 3: nothing to add after '+': expected a number, a name or an opening bracket, found '*'",
        "    3+*4",
        "      ^",
    ]
    assert under == "*"
    page.write("1+2)")
    said, under = wrong(page)
    assert said.startswith("line 1, column 4: ")
    assert under == ")"
    assert output(page) == "2"  # the last picture that could be read stays
    page.write("sin(x)")
    assert wrong(page) == ("", "")
    assert page.state("opened.inputs.map(i => i.name)") == ["x"]


def test_an_empty_text_says_what_to_type_and_shows_the_last_picture_as_an_old_one(page: Page) -> None:
    page.write("x + 1")
    field = page.page.get_by_label("Equation")
    assert page.page.locator("section.stale").count() == 0
    field.fill("")
    assert field.get_attribute("placeholder") == "a formula, as in (4*x + 1)^2"
    assert page.page.locator("section.stale").count() == 1
    page.write("x + 2")
    assert page.page.locator("section.stale").count() == 0


def test_E5_brackets_are_kept_in_the_typeset_formula(page: Page) -> None:
    for text, shown in (("(x+1)*2", "(x+1)·2"), ("1-(2-3)", "1−(2−3)")):
        page.write(text)
        assert formula(page) == shown


def test_E6_what_is_used_twice_is_one_node_with_two_edges_and_a_sum(browser: Any, served: Any) -> None:
    with visit(browser, served, document("x*x", x=3)) as page:
        said = page.says()
        assert [card["lines"][0] for card in said["cards"]] == ["0  x :: Float64", "1  x·x :: Float64"]
        assert [(edge["number"], edge["lines"]) for edge in said["edges"]] == [
            (1, ["↑ 3", "↓ 1 × 3 = 3"]), (2, ["↑ 3", "↓ 1 × 3 = 3"]),
        ]  # fmt: skip
        assert page.card(0)[3:] == ["gradient 6", "         = 3 + 3"]


def test_E8_nothing_is_rounded_on_the_way(browser: Any, served: Any) -> None:
    found = document("(x/3)*3 + (y/7)*7 - x - y", x=0.1, y=0.7)
    with visit(browser, served, found) as page:
        page.agree(found, rtol=0)


def test_E12_operands_are_numbered_from_one_and_every_edge_is_drawn(browser: Any, served: Any) -> None:
    with visit(browser, served, document("a - b", a=5, b=3)) as page:
        assert [(e["operand"], e["number"]) for e in page.says()["edges"]] == [(0, 1), (1, 2)]
    with visit(browser, served, document("b - a", a=5, b=3)) as page:
        assert [(e["operand"], e["number"]) for e in page.says()["edges"]] == [(0, 1), (1, 2)]
        assert page.state("graph.cards.map(c => c.name)") == ["b", "a", "b − a"]
