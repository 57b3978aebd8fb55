"""A real browser for tests of pages: Debian's Chromium without a window, driven by Playwright.

It lives for one module of tests and no longer: while it runs, its event loop does, and no other could run in this process.
A page that says anything to its console, or throws, fails the test that opened it.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.resources import files
from typing import Any

import pytest

__all__ = ["CHROMIUM", "complaints", "launched", "opened"]

CHROMIUM = next((found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None)
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync --no-first-run"
).split()


@contextmanager
def launched() -> Iterator[Any]:
    """A browser; the test is skipped where there is none."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (on Debian: apt-get install chromium)")
    sync_playwright = import_module("playwright.sync_api").sync_playwright
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def opened(browser: Any, url: str, **settings: Any) -> Iterator[Any]:
    """A page of its own, wide enough and in the light unless the settings say otherwise."""
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "color_scheme": "light", **settings})
    context.set_default_timeout(30_000)  # for states that come when they come; a fault of the page is not waited out often
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(url)
    try:
        yield page
    finally:
        context.close()
    assert said == []


def complaints(page: Any) -> list[str]:
    """What axe-core finds fault with on a page as it stands: the rule, and the elements."""
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]
