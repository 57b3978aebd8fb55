"""A real studio in a process of its own, and visitors that talk to it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from backlight.live.frames import opened_frame


@dataclass
class Served:
    """A running studio: its address without the token, the token, and its process."""

    address: str
    token: str
    process: subprocess.Popen[str]

    @property
    def port(self) -> int:
        return int(self.address.rpartition(":")[2].strip("/"))

    def stop(self) -> str:
        """Interrupt it as Ctrl-C would; returns what it said besides its address."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.communicate(timeout=20)[1]
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


def start(*words: str, port: int = 0) -> Served:
    """Start the command and wait for the address that it prints."""
    command = [sys.executable, "-m", "backlight", "studio", "--no-open", "--port", str(port), *words]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=dict(os.environ, PYTHONUNBUFFERED="1"))
    guard = threading.Timer(60, process.kill)
    guard.start()
    assert process.stderr is not None
    line = process.stderr.readline()
    guard.cancel()
    found = re.fullmatch(r"backlight: the studio is at (http://[^ ?]+)(?:\?token=(\S+))?  \(Ctrl-C ends it\)\n", line)
    assert found, line + process.stderr.read()
    return Served(found[1], found[2] or "", process)


@contextlib.contextmanager
def studio(*words: str, port: int = 0) -> Iterator[Served]:
    """A studio for the length of a block."""
    served = start(*words, port=port)
    try:
        yield served
    finally:
        served.stop()


class Guest:
    """One visitor: sends wishes, hears news."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self.count = 0
        self.first: dict[str, Any] = {}
        self.shows = True

    async def send(self, kind: str, **fields: Any) -> int:
        """Send a wish; returns its number."""
        self.count += 1
        await self.line.send(json.dumps({"kind": kind, "id": self.count, **fields}))
        return self.count

    async def hear(self) -> tuple[dict[str, Any], bytes]:
        """The next news; a frame of values is acknowledged, as a page does."""
        data = await asyncio.wait_for(self.line.recv(), 60)
        if isinstance(data, str):
            return json.loads(data), b""
        news, payload = opened_frame(data)
        if news["kind"] == "values" and self.shows:
            await self.line.send(json.dumps({"kind": "ack", "frame": news["frame"]}))
        return news, bytes(payload)

    async def until(self, kind: str, to: int = 0) -> tuple[dict[str, Any], bytes]:
        """The next news of a kind; a mistake instead of it fails."""
        while True:
            news, payload = await self.hear()
            if news["kind"] == kind and (not to or news["to"] == to):
                return news, payload
            assert news["kind"] != "mistake", news

    async def open(self, text: str, **values: str) -> tuple[dict[str, Any], bytes]:
        """Open a text with values; the graph and the block."""
        to = await self.send("open", document={"text": text, "inputs": {k: {"value": v} for k, v in values.items()}})
        graph, _ = await self.until("graph", to)
        _, block = await self.until("values", to)
        return graph, block


@contextlib.asynccontextmanager
async def guest(served: Any, origin: str | None = None, token: str | None = None) -> AsyncIterator[Guest]:
    """A visitor that has heard the welcome."""
    at = served.address.replace("http", "ws", 1) + "live"
    given = served.token if token is None else token
    async with connect(
        f"{at}?token={given}" if given else at, origin=served.address.rstrip("/") if origin is None else origin,  # type: ignore[arg-type]
        max_size=1 << 27,
    ) as line:
        made = Guest(line)
        news, _ = await made.hear()
        assert news["kind"] in ("welcome", "mistake"), news
        made.first = news
        if news["kind"] == "mistake":
            made.count = -1
        yield made
