"""A studio in a thread of the test's own process, so that its limits can be set and its workers looked at."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn

from backlight.studio.app import Studio
from backlight.studio.gate import Gate
from backlight.studio.serve import settings


class Inside:
    """A running studio: what `guest` needs of it, and the studio itself."""

    def __init__(self, studio: Studio) -> None:
        self.studio = studio
        self.address, self.token = studio.gate.address(False), studio.gate.token


@contextlib.contextmanager
def inside(**limits: Any) -> Iterator[Inside]:
    """A studio with these limits, for the length of a block."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    studio = Studio(Gate("127.0.0.1", listening.getsockname()[1]), quick=1, **limits)
    server = uvicorn.Server(settings(studio))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield Inside(studio)
    finally:
        server.should_exit = True
        thread.join()
