"""The walk: the graph built, values going up, gradients coming down, the update; step by step and back."""

from __future__ import annotations

from typing import Any

import pytest
from tests.page.studio import Page, document, visit

CHAIN = document("q = x + y\nL = q*z", x=-2, y=5, z=-4)


@pytest.fixture(scope="module")
def page(browser: Any, served: Any) -> Any:
    with visit(browser, served, CHAIN) as found:
        yield found


def caption(page: Page) -> str:
    return page.page.get_by_test_id("caption").inner_text()


def go(page: Page, place: int) -> None:
    page.page.get_by_label("step", exact=True).fill(str(place))
    page.frame()


def seen(page: Page) -> tuple[list[int], list[int], list[int]]:
    """The nodes that are there, those with a value, those with a gradient."""
    cards = page.says()["cards"]
    has = lambda word: [c["node"] for c in cards if any(line.startswith(word) for line in c["lines"])]
    return [c["node"] for c in cards], has("value "), has("gradient ")


def test_G2_the_graph_is_built_from_the_bottom_up_and_can_be_paused_and_stepped(page: Page) -> None:
    go(page, 0)
    page.press("ArrowRight")
    assert seen(page) == ([0, 1], [], [])
    assert caption(page) == "2 of 15 build: y"
    page.press("ArrowRight", "ArrowRight", "ArrowRight")
    assert seen(page) == ([0, 1, 2, 3, 4], [], [])
    page.press("ArrowLeft", "ArrowLeft")
    assert seen(page) == ([0, 1, 2], [], [])
    assert [e["lines"] for e in page.says()["edges"]] == [[], []]
    page.page.get_by_role("button", name="play", exact=True).click()
    page.page.wait_for_function("() => backlight.state.document.look.step > 2")
    page.page.get_by_role("button", name="pause", exact=True).click()
    assert page.state("playing") is False
    go(page, -1)


def test_J3_values_go_up_first_and_gradients_come_down_after(page: Page) -> None:
    page.page.get_by_role("button", name="forward", exact=True).click()
    assert caption(page) == "6 of 15 forward: x = -2"
    page.press("ArrowRight", "ArrowRight")
    assert caption(page) == "8 of 15 forward: q = 3"
    assert seen(page)[1:] == ([0, 1, 2], [])
    assert page.edge(2, 1) == ["↑ -2"]
    assert page.edge(4, 1) == ["↑ 3"]
    page.page.get_by_role("button", name="backward", exact=True).click()
    assert caption(page) == "11 of 15 backward: the gradient of L is 1"
    assert seen(page)[2] == [4]
    assert page.edge(4, 2) == ["↑ -4"]  # nothing has come down yet
    page.press("ArrowRight")
    assert caption(page) == "12 of 15 backward: the gradient of z is 3"
    assert page.edge(4, 2) == ["↑ -4", "↓ 1 × 3 = 3"]
    assert page.edge(4, 1) == ["↑ 3"]
    go(page, -1)


def test_U1_the_values_partials_and_gradients_of_the_example(page: Page) -> None:
    page.agree(CHAIN, rtol=0)
    assert [page.card(node)[2:] for node in range(5)] == [
        ["value    -2", "gradient -4"], ["value    5", "gradient -4"], ["value    3", "gradient -4"],
        ["value    -4", "gradient 3"], ["value    -12", "gradient 1"],
    ]  # fmt: skip
    assert {(e["consumer"], e["number"]): e["lines"][1] for e in page.says()["edges"]} == {
        (4, 1): "↓ 1 × -4 = -4", (4, 2): "↓ 1 × 3 = 3", (2, 1): "↓ -4 × 1 = -4", (2, 2): "↓ -4 × 1 = -4",
    }  # fmt: skip


def test_U2_one_node_close_up_with_upstream_local_and_downstream(browser: Any, served: Any) -> None:
    with visit(browser, served, document("x*x*y", x=3, y=2)) as page:
        page.page.evaluate("() => backlight.dispatch({type: 'select', node: 0})")
        page.ready()
        panel = page.page.get_by_role("tabpanel")
        text = panel.inner_text()
        assert "value 3" in text
        assert "gradient 12" in text
        numbers = panel.locator("ol [data-node]").all_inner_texts()
        assert numbers.count("6") >= 2  # two upstream gradients that arrive over two edges,
        assert "12" in numbers          # and their sum
        assert page.card(0)[-1] == "         = 6 + 6"
        page.slide("x", -1)             # the story stays true when the slider moves
        assert "gradient -4" in panel.inner_text()
        assert panel.locator("ol [data-node]").all_inner_texts().count("-2") >= 2
        panel.locator("ol button[data-node][title$='node 1']").first.click()  # a number leads to where it came from
        assert page.state("document.look.selected") == 1


def test_E14_everything_that_moves_can_be_paused_stepped_scrubbed_and_slowed(page: Page) -> None:
    page.page.get_by_label("speed").select_option("1")  # from the second stage to the last it plays for another twelve seconds
    go(page, 0)
    page.press("Space")
    assert page.state("playing") is True
    page.page.wait_for_function("() => backlight.state.document.look.step >= 2")
    page.press("Space")
    here = page.state("document.look.step")
    assert page.state("playing") is False
    page.press("ArrowLeft")
    assert page.state("document.look.step") == here - 1
    go(page, 14)
    assert caption(page).startswith("15 of 15")
    page.page.get_by_label("speed").select_option("0.25")
    assert page.state("speed") == 0.25
    page.page.get_by_label("pace").select_option("layer")
    page.page.get_by_role("button", name="forward", exact=True).click()
    assert caption(page) == "4 of 9 forward: x = -2; y = 5; z = -4"
    page.page.get_by_label("pace").select_option("node")
    page.page.get_by_role("button", name="show all").click() if page.state("document.look.step") >= 0 else None


def test_a_walk_ends_with_the_update_and_its_numbers(browser: Any, served: Any) -> None:
    with visit(browser, served, document("(w*2 - 6)^2", parameters="w", w=1)) as page:
        page.page.get_by_role("button", name="update", exact=True).click()
        assert caption(page).endswith("update: w: 1 + (1.6) = 2.6")
