"""Settings that every test shares."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings
from tests.browser import launched

# No deadline: how long an example takes says more about the machine than about us. Where changes are judged the
# examples are always the same, so that nobody fails over what another one wrote; at one's desk they are new each time.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")

# What runs in the background of a shell ignores an interrupt, and so would every process that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# A picture for the terminal is as wide as the terminal. Tests that run beside one another are told the width of the real one.
os.environ.pop("COLUMNS", None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, for as long as the tests of one module run."""
    with launched() as found:
        yield found
