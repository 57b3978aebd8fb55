"""One studio for all tests in a browser: what they open is in the address, so they do not see each other."""

from collections.abc import Iterator
from importlib.resources import files

import pytest
from tests.browser import CHROMIUM
from tests.studio.server import Served, studio


@pytest.fixture(scope="session")
def served() -> Iterator[Served]:
    """A running studio."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (on Debian: apt-get install chromium)")
    assert files("backlight").joinpath("web", "backlight.js").is_file(), "the page was not built: python3 do.py studio builds it"
    with studio() as found:
        yield found
