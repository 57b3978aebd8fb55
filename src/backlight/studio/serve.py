"""`backlight studio`: start the server, say where it is, open the browser, and end cleanly.

What a person waits for is done first: a worker is started and the browser opened before the server itself is loaded.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import sys
import threading
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from ..errors import InputError
from ..live.document import Document
from ..live.limits import LIMITS
from .gate import Gate, is_loopback
from .workers import Worker

if TYPE_CHECKING:
    from uvicorn import Config

    from .app import Studio

__all__ = ["PORT", "serve", "settings"]

PORT: Final = 2718


def serve(document: Document | None, *, host: str, port: int | None, opens: bool) -> None:
    """Serve the studio until it is interrupted, which is how it ends and no failure.

    Raises: InputError where the address cannot be had, or a package that the studio needs is missing.
    """
    for needed in ("uvicorn", "starlette", "websockets"):
        if find_spec(needed) is None:
            raise InputError(f"the studio needs {needed}: pip install 'backlight[studio]' brings it")
    listening = bound(host, PORT if port is None else port, port is None)
    gate = Gate(host, listening.getsockname()[1], "" if is_loopback(host) else secrets.token_urlsafe(16))
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again once everything is closed
        asyncio.run(serving(document, listening, gate, opens))


async def serving(document: Document | None, listening: socket.socket, gate: Gate, opens: bool) -> None:
    """Serve at a socket that listens already: a browser may knock while what answers it is still being loaded."""
    first = Worker(LIMITS.seconds)
    await first.spawn()
    try:
        print(f"backlight: the studio is at {gate.address()}  (Ctrl-C ends it)", file=sys.stderr, flush=True)
        if opens:
            threading.Thread(target=opened, args=(gate.address(),), daemon=True).start()
        from uvicorn import Server

        from .app import Studio

        await asyncio.sleep(0)  # who pressed Ctrl-C meanwhile is heard here, before anything has begun that would have to be ended
        studio = Studio(gate, document, quick=max(1, min(4, os.cpu_count() or 1)), workers=[first])
        await Server(settings(studio)).serve([listening])
    finally:
        await first.close()


def opened(address: str) -> None:
    """The address in the visitor's browser."""
    import webbrowser

    webbrowser.open(address)


def settings(studio: Studio) -> Config:
    """How uvicorn serves it."""
    from uvicorn import Config

    return Config(
        studio.app(), log_level="warning", access_log=False, ws="websockets-sansio", ws_max_size=1 << 24,
        ws_per_message_deflate=False, server_header=False, date_header=False, timeout_graceful_shutdown=1, lifespan="on",
    )  # fmt: skip


def bound(host: str, port: int, others: bool) -> socket.socket:
    """A socket that listens; on one of the next ports where `others` may do. Raises: InputError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for attempt in range(port, port + (20 if others else 1)):
        made = socket.socket(family, socket.SOCK_STREAM)
        if os.name != "nt":
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, attempt))
            made.listen(2048)
            made.set_inheritable(False)
            return made
        except (OSError, OverflowError) as error:
            made.close()
            reason = error
    raise InputError(f"cannot listen on {host} port {port}: {reason}. Another port is chosen with --port, as in --port 8080")
