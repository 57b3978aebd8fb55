"""Who may come in: the checks of Host, Origin and token, and the headers that every answer carries.

A page of another site can make a browser send requests here, and can make a name of its own point here. So a request must name
this machine in its Host, a websocket must come from a page of this server, and where others can reach it a token in the address
is asked for.
"""

from __future__ import annotations

import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

__all__ = ["HEADERS", "Gate", "is_loopback"]

HEADERS: Final[Mapping[str, str]] = {
    # Scripts come from this server only; styles are scoped by the panels that bring them along.
    "content-security-policy": (
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
LOCAL_NAMES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches a server that listens there."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Gate:
    """What is asked of a request. `host` is where the server listens, `token` what the address must carry (empty: nothing)."""

    host: str
    port: int
    token: str = ""

    def names_us(self, host: str) -> bool:
        """Whether a Host header means this server. On an address that others reach, a token is asked for instead."""
        if self.token:
            return True
        name = urlsplit("//" + host).hostname or ""
        return name in LOCAL_NAMES or name == self.host

    def has_token(self, token: str) -> bool:
        """Whether the address brought the token."""
        return not self.token or hmac.compare_digest(token.encode(), self.token.encode())

    def refusal(self, host: str, token: str, origin: str | None = None, *, socket: bool = False) -> str:
        """Why a request is refused, in words; empty where it may come in."""
        if not self.names_us(host):
            return f"this studio answers on {self.address(False)} and was called {host[:80]!r}: use that address"
        if not self.has_token(token):
            return "the token is missing or wrong: use the whole address that the command printed"
        if socket and (origin is None or urlsplit(origin).netloc.lower() != host.lower()):
            return f"a page of {origin or 'nowhere'} may not talk to this studio: open {self.address(False)} itself"
        return ""

    def address(self, whole: bool = True) -> str:
        """The address to open; with the token where `whole`."""
        host = "localhost" if self.host in ("127.0.0.1", "::1") else f"[{self.host}]" if ":" in self.host else self.host
        shown = "localhost" if self.host in ("0.0.0.0", "::") else host
        return f"http://{shown}:{self.port}/" + (f"?token={self.token}" if self.token and whole else "")
