"""The animation of a run in Chromium: it plays, pauses, steps and is scrubbed, by mouse and by keyboard."""

from typing import Any

import pytest
from tests.browser import complaints, opened
from tests.show import scenes

from backlight import api
from backlight.show.frames import animated, film
from backlight.show.view import view

TOLD = film(view(api.backprop(scenes.square(), x=2.0)))
LAST = len(TOLD.captions)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("film") / "all.svg"
    path.write_text(animated(TOLD, seconds_a_step=0.05), encoding="utf-8")
    return path.as_uri()


def caption(page: Any) -> str:
    return page.locator("#caption").text_content()


def visible(page: Any) -> int:
    """How many of the marks are to be seen."""
    return page.evaluate("[...document.querySelectorAll('g[data-step]')].filter((g) => !g.classList.contains('hidden')).length")


def wait_for_step(page: Any, number: int) -> None:
    page.wait_for_function(f"document.querySelector('#caption').textContent.startsWith('{number} of {LAST} ')")


@pytest.fixture
def page(browser: Any, address: str) -> Any:
    with opened(browser, address, reduced_motion="reduce") as found:
        yield found


def test_G2_the_animation_plays_to_its_end_by_itself(browser: Any, address: str) -> None:
    with opened(browser, address) as page:
        wait_for_step(page, LAST)
        assert visible(page) == page.locator("g[data-step]").count()


def test_G2_for_those_who_want_no_motion_it_waits_for_its_button(page: Any) -> None:
    wait_for_step(page, 1)
    page.wait_for_timeout(200)                             # four steps long
    assert caption(page).startswith(f"1 of {LAST} ")
    page.get_by_role("button", name="play or pause").click()
    wait_for_step(page, LAST)


def test_G2_it_can_be_paused_and_goes_on_from_there(browser: Any, address: str) -> None:
    with opened(browser, address) as page:
        page.wait_for_function(f"!document.querySelector('#caption').textContent.startsWith('{LAST}')")
        page.get_by_role("button", name="play or pause").dispatch_event("click")
        here = caption(page)
        page.wait_for_timeout(200)
        assert caption(page) == here
        assert not here.startswith(f"{LAST} of")
        page.get_by_role("button", name="play or pause").dispatch_event("click")
        wait_for_step(page, LAST)


def test_G2_it_steps_to_and_fro_by_buttons_and_by_keys(page: Any) -> None:
    page.get_by_role("button", name="one step on").click()
    assert caption(page).startswith(f"2 of {LAST} ")
    few = visible(page)
    page.get_by_role("button", name="to the end").click()
    assert caption(page) == f"{LAST} of {LAST}   {TOLD.captions[-1]}"
    assert visible(page) > few
    page.get_by_role("button", name="one step back").click()
    assert caption(page).startswith(f"{LAST - 1} of {LAST} ")
    page.keyboard.press("Home")
    assert caption(page).startswith("1 of")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    assert caption(page).startswith("2 of")
    page.keyboard.press("End")
    assert caption(page).startswith(f"{LAST} of")


def test_G2_every_control_is_reached_and_worked_by_keyboard_alone(page: Any) -> None:
    names = []
    for _ in range(8):
        page.keyboard.press("Tab")
        names.append(page.evaluate("document.activeElement?.getAttribute('aria-label')"))
    assert names[1:7] == ["to the start", "one step back", "play or pause", "one step on", "to the end", "step"]
    page.get_by_role("button", name="one step on").focus()
    page.keyboard.press("Enter")
    assert caption(page).startswith("2 of")
    page.get_by_role("slider", name="step").focus()
    page.keyboard.press("ArrowRight")
    assert caption(page).startswith("3 of")
    assert page.get_by_role("slider", name="step").get_attribute("aria-valuetext") == caption(page)


def test_G2_the_bar_is_scrubbed(page: Any) -> None:
    bar = page.locator("#bar").bounding_box()
    page.mouse.click(bar["x"] + bar["width"] * 0.5, bar["y"] + bar["height"] / 2)
    middle = int(caption(page).split()[0])
    assert abs(middle - LAST / 2) <= 1.5
    page.mouse.down()
    page.mouse.move(bar["x"] + bar["width"] * 0.95, bar["y"] + bar["height"] / 2, steps=5)
    page.mouse.up()
    assert int(caption(page).split()[0]) >= LAST - 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_nothing(browser: Any, address: str, scheme: str) -> None:
    with opened(browser, address, reduced_motion="reduce", color_scheme=scheme) as page:
        assert complaints(page) == []
