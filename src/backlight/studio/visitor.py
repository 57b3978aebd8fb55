"""One visitor at a websocket: the wishes that wait, the frame that waits, and the document to open again.

Wishes are granted one at a time. Of several moves of a slider only the newest matters, so they wait as one. A frame of
values is sent when the page has shown the one before it, and of those that wait only the newest is kept; so nothing grows, however
fast a finger and however slow a line. Wishes that take long (`SLOW`) go to a worker of their own, and the sliders do not
wait for them.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ..errors import InputError
from ..live.limits import LIMITS
from ..live.pipe import BINARY
from ..live.plain import decode, kind_in, mistaken
from .workers import Ended, Job, TookTooLong, Worker

__all__ = ["SLOW", "Visitor"]

SLOW: Final = frozenset({"compare", "survey", "chart", "export", "trust", "derive", "matrix"})
MOST_WAITING: Final = 32
LARGEST_WISH: Final = 1 << 22  # bytes

Send = Callable[[str | bytes], Awaitable[None]]


@dataclass(slots=True)
class Visitor:
    """What the server keeps for one websocket."""

    number: int
    send: Send
    quick: Worker
    slow: Worker
    waiting: deque[dict[str, Any]] = field(default_factory=deque)
    slow_waiting: int = 0
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    opened: bytes = b""
    moved: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    unshown: bool = False
    held: bytes | None = None
    allowance: float = LIMITS.wishes_a_second
    counted_at: float = field(default_factory=time.monotonic)
    dropped: int = 0
    last_wish: float = field(default_factory=time.monotonic)
    group: asyncio.TaskGroup | None = None

    async def say(self, message: str, about: str, to: int = 0) -> None:
        """Tell the page that something cannot be."""
        await self.send(mistaken(message, about, to))

    async def wish(self, text: str) -> None:
        """Take one message from the page."""
        self.last_wish = time.monotonic()
        if not await self.admitted():
            return
        if len(text) > LARGEST_WISH:
            await self.say(f"a wish has at most {LARGEST_WISH} characters, and this one has {len(text)}", "limit")
            return
        try:
            data = decode(text)
        except InputError as error:
            await self.say(str(error), "wish")
            return
        if kind_in(data) == "ack":
            await self.shown()
        elif self.waiting and whole_move(data) and whole_move(self.waiting[-1]):
            before = self.waiting[-1]
            before["values"] = {**before["values"], **data["values"]}
            before["id"] = data.get("id", 0)
        elif len(self.waiting) + self.slow_waiting >= MOST_WAITING:
            count = f"{MOST_WAITING} wishes are waiting already"
            await self.say(f"{count}: wait for their answers", "limit", number_of(data))
        else:
            self.waiting.append(data)
            self.wake.set()

    async def admitted(self) -> bool:
        """Whether one more message may come this second; says so once a second where it may not."""
        now = time.monotonic()
        rate = LIMITS.wishes_a_second
        self.allowance = min(2 * rate, self.allowance + (now - self.counted_at) * rate)
        self.counted_at = now
        if self.allowance < 1:
            self.dropped += 1
            return False
        if self.dropped:
            count, self.dropped = self.dropped, 0
            told = f"more than {rate:g} wishes a second came, and {count} of them were dropped: send only the newest"
            await self.say(told, "limit")
        self.allowance -= 1
        return True

    async def shown(self) -> None:
        """The page has shown a frame: the one that waits may go."""
        frame, self.held = self.held, None
        self.unshown = frame is not None
        if frame is not None:
            await self.send(frame)
        self.wake.set()

    async def work(self) -> None:
        """Grant the quick wishes, in order, for ever."""
        while True:
            await self.wake.wait()
            self.wake.clear()
            while self.waiting:
                if self.held is not None and kind_in(self.waiting[0]) == "move":
                    break                                   # two frames are under way: a third would only be late
                data = self.waiting.popleft()
                if is_slow(data):
                    self.slow_waiting += 1
                    assert self.group is not None
                    self.group.create_task(self.slowly(data))
                else:
                    await self.grant(data, self.quick)

    async def slowly(self, data: dict[str, Any]) -> None:
        """Grant one wish that may take long, while others are granted."""
        try:
            await self.grant(data, self.slow)
        finally:
            self.slow_waiting -= 1

    async def grant(self, data: dict[str, Any], worker: Worker) -> None:
        """Have one wish granted, and pass on what is said."""
        wish = json.dumps(data).encode()
        said: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue()
        task = worker.task(Job(self.number, wish, self.document(), self.version), said.put_nowait)
        task.add_done_callback(lambda _: said.put_nowait(None))
        changed = False
        while (found := await said.get()) is not None:
            if not changed and changes(data, found):
                changed = True
                self.remember(data, wish)
            await self.pass_on(*found)
        failed = task.exception()
        if changed and failed is None:
            worker.known[self.number] = self.version
        if isinstance(failed, TookTooLong):
            message = f"this took longer than {worker.seconds:g} seconds and was abandoned: make it smaller"
            await self.say(message, "limit", number_of(data))
        elif isinstance(failed, Ended):
            message = "the process that computed this ended before it was done: try again, or make it smaller"
            await self.say(message, "limit", number_of(data))
        elif failed is not None:
            raise failed

    async def pass_on(self, kind: int, data: bytes) -> None:
        """Send one piece of news; a frame of values waits until the page has shown the one before."""
        if kind != BINARY:
            await self.send(data.decode())
        elif VALUES not in data[:SHORT]:
            await self.send(data)
        elif self.unshown:
            self.held = data
        else:
            self.unshown = True
            await self.send(data)

    def document(self) -> tuple[bytes, ...]:
        """The wishes that open the document as it is."""
        if not self.opened:
            return ()
        return (self.opened, json.dumps({"kind": "move", "values": self.moved}).encode()) if self.moved else (self.opened,)

    def remember(self, data: Mapping[str, Any], wish: bytes) -> None:
        """The document was changed by a wish."""
        self.version += 1
        if kind_in(data) == "open":
            self.opened, self.moved = wish, {}
        else:
            self.moved.update(data["values"])


VALUES: Final = b'{"kind":"values"'
SHORT: Final = 4 + len(VALUES)


def is_slow(data: Mapping[str, Any]) -> bool:
    """Whether a wish may take long."""
    return kind_in(data) in SLOW or (kind_in(data) == "descend" and data.get("steps") != 1)


def whole_move(data: Mapping[str, Any]) -> bool:
    """Whether this is a move that can be joined with another."""
    return kind_in(data) == "move" and isinstance(data.get("values"), dict)


def changes(data: Mapping[str, Any], found: tuple[int, bytes]) -> bool:
    """Whether this answer says that the document is now as the wish has it."""
    if kind_in(data) == "open":
        return found[1].startswith(b'{"kind":"opened"')
    return kind_in(data) == "move" and found[0] == BINARY


def number_of(data: Mapping[str, Any]) -> int:
    """The number of a wish that may be no good one."""
    number = data.get("id", 0)
    return number if type(number) is int else 0
