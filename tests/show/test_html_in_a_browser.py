"""The page of a run as its readers meet it: in Chromium, from disk, by mouse and by keyboard alone."""

from typing import Any

import pytest
from tests.browser import complaints, opened
from tests.show import scenes
from tests.show.test_html import PERCEPTRON

import backlight as bl
from backlight.show.html import html

B, OUT = PERCEPTRON.graph.number("b"), PERCEPTRON.graph.outputs[0]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("page") / "perceptron.html"
    path.write_text(html(PERCEPTRON, parameters=["W", "b"]), encoding="utf-8")
    return path.as_uri()


def box(page: Any) -> list[float]:
    """The part of the picture that is seen: left, top, width, height."""
    return page.evaluate("(({x, y, width, height}) => [x, y, width, height])(document.querySelector('#sheet svg').viewBox.baseVal)")


def click_card(page: Any, number: int) -> None:
    """Click a card near its corner, wherever it is."""
    place = page.locator(f'#sheet rect[data-node="{number}"]').first.bounding_box()
    page.mouse.click(place["x"] + 4, place["y"] + 4)


def story(page: Any) -> str:
    return page.locator("#story").inner_text()


SCREENS = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "narrow": {"viewport": {"width": 390, "height": 800}},
    "narrow and dark": {"viewport": {"width": 390, "height": 800}, "color_scheme": "dark"},
}


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_core_finds_nothing(browser: Any, address: str, screen: str) -> None:
    with opened(browser, address, **SCREENS[screen]) as page:
        assert complaints(page) == []
        click_card(page, OUT - 2)
        assert story(page).startswith(f"{OUT - 2} ")
        page.locator("summary", has_text="The same as a table").click()
        assert complaints(page) == []


def test_a_page_that_is_opened_from_disk_asks_for_nothing_else(browser: Any, address: str) -> None:
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.locator("#sheet svg").wait_for()
    context.close()
    assert [url for url in asked if not url.startswith(("data:", address))] == []


def test_a_click_on_a_card_tells_its_story_and_a_click_beside_it_takes_it_away(browser: Any, address: str) -> None:
    with opened(browser, address) as page:
        click_card(page, B)
        assert story(page).startswith(f"{B} b :: Float64")
        assert page.url.endswith(f";node={B}")
        page.locator("#sheet").click(position={"x": 5, "y": 5})
        assert "Choose a node" in story(page)
        assert "node=" not in page.url


def test_the_wheel_and_the_buttons_zoom_and_dragging_pans(browser: Any, address: str) -> None:
    with opened(browser, address) as page:
        start = box(page)
        middle = page.locator("#sheet").bounding_box()
        x, y = middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2
        page.mouse.move(x, y)
        page.mouse.wheel(0, -200)
        page.wait_for_function(f"document.querySelector('#sheet svg').viewBox.baseVal.width < {start[2] * 0.9}")
        zoomed = box(page)
        # what is under the mouse stays there
        assert zoomed[0] + zoomed[2] / 2 == pytest.approx(start[0] + start[2] / 2, abs=0.5)
        page.mouse.down()
        page.mouse.move(x + 50, y + 30, steps=4)
        page.mouse.up()
        panned = box(page)
        scale = zoomed[2] / middle["width"]
        assert panned[0] - zoomed[0] == pytest.approx(-50 * scale, abs=6 * scale)
        assert panned[1] - zoomed[1] == pytest.approx(-30 * scale, abs=6 * scale)
        assert "Choose a node" in story(page)              # a drag is no click
        page.get_by_role("button", name="larger").click()
        assert box(page)[2] == pytest.approx(panned[2] / 1.25)
        page.get_by_role("button", name="smaller").click()
        page.get_by_role("button", name="fit").click()
        assert box(page) == pytest.approx(start)


def test_everything_goes_by_keyboard(browser: Any, address: str) -> None:
    with opened(browser, address) as page:
        for name in ("larger", "smaller", "fit"):
            page.keyboard.press("Tab")
            assert page.evaluate("document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent") == name
        page.keyboard.press("Tab")
        label = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert label.startswith(f"node {OUT}, ")               # the output, which stands at the top
        assert page.evaluate("document.activeElement.matches(':focus-visible')")
        page.keyboard.press("Enter")
        assert story(page).startswith(f"{OUT} ")
        page.keyboard.press("ArrowDown")
        assert story(page).startswith(f"{OUT - 1} ")
        page.keyboard.press("ArrowDown")
        assert story(page).startswith(f"{OUT - 2} ")
        page.keyboard.press("ArrowDown")
        first, second = PERCEPTRON.graph.nodes[OUT - 2].inputs
        assert story(page).startswith(f"{first} ")
        page.keyboard.press("ArrowRight")
        assert story(page).startswith(f"{second} ")
        page.keyboard.press("ArrowLeft")
        page.keyboard.press("ArrowUp")
        assert story(page).startswith(f"{OUT - 2} ")
        before = box(page)
        page.keyboard.press("+")
        assert box(page)[2] == pytest.approx(before[2] / 1.25)
        page.keyboard.press("0")
        page.keyboard.press("Escape")
        assert "Choose a node" in story(page)
        page.evaluate("document.activeElement.blur()")
        before = box(page)
        page.keyboard.press("ArrowRight")                  # with no node in focus the arrows pan
        assert box(page)[0] > before[0]


def test_every_node_can_be_reached_with_the_tab_key_and_the_table_after_them(browser: Any, address: str) -> None:
    with opened(browser, address) as page:
        reached = []
        for _ in range(40):
            page.keyboard.press("Tab")
            reached.append(page.evaluate("document.activeElement.dataset.node ?? document.activeElement.localName"))
            if reached[-1] == "summary":
                break
        assert {str(card) for card in range(PERCEPTRON.graph.forward_count)} <= set(reached)
        page.keyboard.press("Enter")
        assert page.get_by_role("rowheader", name=str(B), exact=True).is_visible()


def test_an_address_is_a_place(browser: Any, address: str) -> None:
    with opened(browser, address) as page:
        click_card(page, B)
        page.keyboard.press("+")
        here, seen = page.url, box(page)
    with opened(browser, here) as page:
        assert story(page).startswith(f"{B} b")
        assert box(page) == pytest.approx(seen, abs=0.01)


def test_formulas_are_set_in_the_typeface_that_the_page_brings(browser: Any, address: str) -> None:
    with opened(browser, address) as page:
        click_card(page, OUT - 2)
        page.evaluate("document.fonts.ready")
        assert page.evaluate("[...document.fonts].map((face) => [face.family, face.status])") == [["STIX Two Math", "loaded"]]
        assert page.evaluate("""getComputedStyle(document.querySelector("#story math")).fontFamily""").startswith('"STIX Two Math"')


def test_the_table_says_what_the_picture_says(browser: Any, address: str) -> None:
    with opened(browser, address) as page:
        page.locator("summary", has_text="The same as a table").click()
        rows = page.locator("[aria-label=table] tr").all_inner_texts()
    assert len(rows) == 1 + PERCEPTRON.graph.forward_count
    assert rows[1 + B].split("\t")[:5] == [str(B), "b", "Float64", "input :: Float64", "()"]


def test_a_tall_graph_begins_at_its_output_in_letters_that_can_be_read(browser: Any, tmp_path: Any) -> None:
    path = tmp_path / "tall.html"
    path.write_text(html(scenes.chain(60)), encoding="utf-8")
    with opened(browser, path.as_uri()) as page:
        wide = page.locator("#sheet").bounding_box()["width"]
        assert wide / box(page)[2] >= 0.4
        assert box(page)[1] == 0
        output = page.locator("#sheet rect.output").first.bounding_box()
        assert 0 < output["x"] < wide - output["width"]
        page.keyboard.press("0")
        assert wide / box(page)[2] < 0.2                   # all of it


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_nothing_on_a_page_with_a_nan_and_verdicts(browser: Any, tmp_path: Any, scheme: str) -> None:
    path = tmp_path / "nan.html"
    bl.show(bl.backprop("x*log(x) + relu(y)", x=0, y=0), path, parameters=["x"], check=True, learning_rate=0.1)
    with opened(browser, path.as_uri(), color_scheme=scheme) as page:
        assert "NaN is born at node 2, x·log(x): mul of 0 and -inf" in story(page)     # before anybody asks
        assert complaints(page) == []
        click_card(page, 4)
        assert "operand 1: ∧ a kink: the rule 0, small steps 0.5" in story(page)
        assert complaints(page) == []
