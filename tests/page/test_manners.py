"""Manners: keyboard, screen readers, small screens, dark and light, links, a studio that goes away."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from tests.browser import complaints, opened
from tests.page.studio import Page, document, visit
from tests.studio.server import start

from backlight.live.address import document_of, fragment_of

SADDLE = document("z = x^2 - y^2", x=0.5, y=1)
PANELS = ["Story", "Why", "Descent", "Landscape", "Ways", "Problems", "Lessons", "Share"]


def wide(page: Page) -> bool:
    return bool(page.page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth"))


@pytest.mark.parametrize(("scheme", "panels"), [("light", PANELS), ("dark", ["Story", "Descent", "Share"])])
def test_axe_finds_nothing_on_any_panel(browser: Any, served: Any, scheme: str, panels: list[str]) -> None:
    found = document("y = W @ x\nL = sum(y^2)", W="[[1, 2], [3, 4]]", x="[1, -1]", parameters="W")
    with visit(browser, served, found, color_scheme=scheme, bypass_csp=True) as page:
        page.press("ArrowDown")
        for name in panels:
            page.tab(name)
            page.ready()
            assert complaints(page.page) == [], name
        page.page.keyboard.press("?")
        assert complaints(page.page) == []


def test_everything_can_be_done_from_the_keyboard(browser: Any, served: Any) -> None:
    with visit(browser, served, SADDLE) as page:
        said = page.page.get_by_test_id("said")
        page.press("ArrowDown")
        page.frame()
        assert said.inner_text() == "node 6, z, output, value -0.75, gradient 1"
        page.press("ArrowDown", "ArrowDown")
        page.frame()
        assert said.inner_text() == "node 0, x, value 0.5, gradient 1"
        page.press("/")
        page.page.keyboard.type("grad < 0")
        page.frame()
        assert page.state("finding.nodes.map(n => backlight.state.graph.cards.find(c => c.node === n).name)") == ["y", "y²"]
        page.page.keyboard.press("Enter")
        page.page.keyboard.press("Escape")
        page.press("f", "Space")
        assert page.state("playing") is True
        page.press("Space")
        assert page.state("playing") is False
        page.press("?")
        assert page.page.get_by_role("dialog").is_visible()
        page.page.keyboard.press("Escape")
        assert page.page.get_by_role("dialog").count() == 0
        stops = page.page.evaluate("() => document.querySelector('.pane').querySelectorAll('[tabindex=\"0\"]').length")
        assert stops == 1


def test_G13_what_is_no_number_is_flagged_where_it_was_born_watched_and_traced(browser: Any, served: Any) -> None:
    found = document("a = log(x)\nL = a*y + sqrt(z)", x=-1, y=2, z=0)
    with visit(browser, served, found) as page:
        log = page.state("graph.cards.find(c => c.name === 'a').node")
        page.press("n")
        assert page.state("document.look.selected") == log
        text = page.page.get_by_role("tabpanel").inner_text()
        assert f"node {log}" in text
        assert "forward pass" in text
        assert "backward pass" in text  # the square root at 0 has no finite slope
        page.tab("Story")
        page.page.get_by_role("button", name="Watch").click()
        row = page.page.get_by_role("row").filter(has=page.page.get_by_role("button", name=f"{log} a"))
        assert "NaN" in row.inner_text()
        page.slide("x", 1)
        assert "NaN" not in row.inner_text()
        page.tab("Share")
        trace = page.page.get_by_test_id("trace").inner_text().splitlines()
        assert any(line.endswith("forward: a = 0") for line in trace)
        assert any("backward: the gradient of" in line for line in trace)
        page.ready()
        assert log not in page.state("verdicts.map(v => v.node)")


def test_G14_only_what_is_near_a_node(browser: Any, served: Any) -> None:
    with visit(browser, served, document("a = x*y\nb = a + 1\nc = b^2\nc*3", x=1, y=2)) as page:
        node = page.state("graph.cards.find(c => c.name === 'b').node")
        page.page.evaluate("(node) => backlight.dispatch({type: 'select', node})", node)
        page.page.get_by_text("Only what is near…").click()
        page.page.get_by_role("button", name="Show only these").click()
        page.ready()
        assert sorted(page.state("graph.cards.map(c => c.name)")) == ["1", "a", "b", "c"]
        page.page.get_by_label("down", exact=True).fill("2")
        page.page.get_by_label("down", exact=True).press("Enter")
        page.ready()
        assert sorted(page.state("graph.cards.map(c => c.name)")) == ["1", "a", "b", "c", "x", "y"]
        page.page.get_by_role("button", name="Show all again").click()
        page.ready()
        assert page.state("graph.cards.length") == 9


@pytest.mark.parametrize("size", [(390, 844), (768, 1024)])
def test_a_small_screen_shows_everything_and_scrolls_one_way_only(browser: Any, served: Any, size: tuple[int, int]) -> None:
    settings = {"viewport": {"width": size[0], "height": size[1]}, "has_touch": True, "is_mobile": True}
    with visit(browser, served, SADDLE, **settings) as page:
        for name in PANELS:
            page.tab(name)
            page.ready()
            assert not wide(page), name
        page.page.locator("canvas").scroll_into_view_if_needed()
        box = page.page.locator("canvas").bounding_box()
        assert box is not None
        assert box["width"] >= 380
        at = page.page.evaluate("() => backlight.view.where(0)")
        page.page.touchscreen.tap(box["x"] + at["x"] + at["width"] / 2, box["y"] + at["y"] + at["height"] / 2)
        page.page.wait_for_function("() => backlight.state.document.look.selected === backlight.state.graph.cards[0].node")


# A stage of the walk is shown, as slowly as can be, until the picture that shows it has been painted.
FORWARD = """async () => {
    backlight.dispatch({type: 'speed', speed: 0.25});
    const before = backlight.view.painted.moving;
    [...document.querySelectorAll('button')].find((b) => b.textContent.trim() === 'forward').click();
    const shown = () => backlight.view.painted.of?.place === backlight.state.document.look.step;
    while (!shown()) await new Promise(requestAnimationFrame);
    return backlight.view.painted.moving - before;
}"""


@pytest.mark.parametrize(("wanted", "moves"), [("reduce", False), ("no-preference", True)])
def test_nothing_glides_where_motion_is_not_wanted(browser: Any, served: Any, wanted: str, moves: bool) -> None:
    with visit(browser, served, SADDLE, reduced_motion=wanted) as page:
        page.frame()
        assert (page.page.evaluate(FORWARD) > 0) is moves


def test_a_link_brings_everything_back(browser: Any, served: Any) -> None:
    with visit(browser, served, SADDLE) as page:
        page.slide("x", 1.25)
        page.press("ArrowDown", "ArrowDown")
        page.page.get_by_role("button", name="backward", exact=True).click()
        page.page.get_by_role("button", name="tree").click()
        page.ready()
        before = page.says()
        link = page.page.url
        while document_of(link.partition("#")[2]).look.shape != "tree":
            page.page.wait_for_function("(link) => location.href !== link", arg=link)
            link = page.page.url
    with opened(browser, link) as again:
        other = Page(again).ready()
        assert other.says() == before
        assert other.state("document.inputs.x.value") == "1.25"
        assert other.state("document.look.shape") == "tree"


def test_a_document_too_long_for_a_link_says_so_and_offers_a_file(browser: Any, served: Any) -> None:
    with visit(browser, served, SADDLE) as page:
        numbers = ", ".join(str(0.123456789 * k % 1) for k in range(300))
        page.write(f"sum([{numbers}]*x)")
        page.tab("Share")
        page.page.wait_for_function("() => backlight.tooLong > 2000")
        assert "keep it as a file instead" in page.page.get_by_role("tabpanel").inner_text()
        with page.page.expect_download() as download:
            page.page.get_by_role("button", name="JSON").click()
        assert download.value.suggested_filename.endswith(".json")


def test_a_damaged_link_says_so(browser: Any, served: Any) -> None:
    with opened(browser, served.address + "#1q1YqS") as page:
        page.get_by_text("the address is cut off or damaged, so nothing was opened from it: ask for the link again").wait_for()


def test_the_page_goes_on_when_the_studio_goes_away_and_joins_it_again(browser: Any) -> None:
    first = start()
    context = browser.new_context()  # the browser tells its console that a server is gone: not the page's doing
    try:
        plain = context.new_page()
        plain.goto(first.address + f"#{fragment_of(SADDLE)}")
        page = Page(plain).ready()
        first.process.kill()
        first.process.wait()
        plain.get_by_text("The studio does not answer").wait_for()
        page.slide("x", 2)  # the module answers
        assert plain.get_by_test_id("output").inner_text() == "3"
        again = start(port=first.port)
        try:
            plain.wait_for_function("() => backlight.state.link === 'up'", timeout=20_000)
            page.ready()
            assert plain.get_by_test_id("output").inner_text() == "3"
            page.write("x^2 + y^2")
            assert plain.get_by_test_id("output").inner_text() == "5"
        finally:
            again.stop()
    finally:
        context.close()
        first.stop()


PICTURES = runpy.run_path(str(Path(__file__).parents[2] / "docs" / "make_studio.py"))


@pytest.mark.parametrize("name", PICTURES["SCENES"])
def test_the_pictures_of_the_documentation_show_what_the_page_shows(browser: Any, served: Any, name: str) -> None:
    folder = PICTURES["FOLDER"]
    picture, twin = PICTURES["shown"](browser, served, name)
    assert twin == (folder / f"{name}.txt").read_text(encoding="utf-8"), "run `.venv/bin/python docs/make_studio.py`"
    size = slice(16, 24)  # of a PNG: its width and height; what is on it is looked at by people
    assert picture[size] == (folder / f"{name}.png").read_bytes()[size]


def test_two_pages_in_one_window_share_no_names_of_elements(browser: Any, served: Any) -> None:
    with visit(browser, served, SADDLE) as page:
        page.page.evaluate("""async () => {
            const module = await import(new URL('web/backlight.js', location.href).href);
            const model = {get: () => null, set() {}, save_changes() {}, send() {}, on() {}, off() {}};
            const el = document.body.appendChild(document.createElement('div'));
            module.default.render({model, el});
        }""")
        page.frame()
        assert page.page.locator(".backlight").count() == 2
        names = page.page.evaluate("() => [...document.querySelectorAll('.backlight [id]')].map(e => e.id)")
        assert len(names) > 10
        assert len(set(names)) == len(names)
