"""`backlight studio`: start the server, say where it is, open the browser, and end cleanly."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
import sys
import threading
import webbrowser
from typing import Final

import uvicorn

from ..errors import InputError
from ..live.document import Document
from .app import Studio
from .gate import Gate, is_loopback

__all__ = ["PORT", "serve", "settings"]

PORT: Final = 2718


def serve(document: Document | None, *, host: str, port: int | None, opens: bool) -> None:
    """Serve the studio until it is interrupted, which is how it ends and no failure.

    Raises: InputError where the address cannot be had.
    """
    listening = bound(host, PORT if port is None else port, port is None)
    gate = Gate(host, listening.getsockname()[1], "" if is_loopback(host) else secrets.token_urlsafe(16))

    def started() -> None:
        print(f"backlight: the studio is at {gate.address()}  (Ctrl-C ends it)", file=sys.stderr, flush=True)
        if opens:
            threading.Thread(target=webbrowser.open, args=(gate.address(),), daemon=True).start()

    studio = Studio(gate, document, quick=max(1, min(4, os.cpu_count() or 1)), started=started)
    with contextlib.suppress(KeyboardInterrupt):  # uvicorn raises it again once everything is closed
        uvicorn.Server(settings(studio)).run([listening])


def settings(studio: Studio) -> uvicorn.Config:
    """How uvicorn serves it."""
    return uvicorn.Config(
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
