"""Settings that every test shares."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from tests.browser import launched

# No deadline: how long an example takes says more about the machine than about us. Where changes are judged the
# examples are always the same, so that nobody fails over what another one wrote; at one's desk they are new each time.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for as long as the tests of one module run."""
    with launched() as found:
        yield found
