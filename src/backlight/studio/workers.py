"""The processes that compute. One that takes too long over a wish is killed, and another takes its place.

A thread cannot be stopped, a process can; so what a visitor asks for is computed in a worker (`backlight.live.worker`), which
serves many visitors one wish at a time. It keeps their open documents, but nothing depends on that: a visitor's job carries
what opens the document again, and it is used where the worker does not have it, or not as it now is.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field

from ..live.pipe import DONE, FORGET, GREET, HEAD, RESTORE, WISH

__all__ = ["Ended", "Job", "TookTooLong", "Worker"]


class TookTooLong(Exception):  # noqa: N818 - it is no error of ours
    """A wish took longer than it may; the worker that computed it is gone."""


class Ended(Exception):  # noqa: N818 - nor is this
    """The process ended before the wish was granted."""


@dataclass(frozen=True, slots=True)
class Job:
    """A wish of a visitor; `before` are the wishes that open its document as it is, `version` names that state."""

    visitor: int
    wish: bytes
    before: tuple[bytes, ...]
    version: int


Put = Callable[[tuple[int, bytes]], None]


@dataclass(slots=True)
class Worker:
    """One process, and which visitors' documents it has, by version."""

    seconds: float
    process: asyncio.subprocess.Process | None = None
    loading: bool = False
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    known: dict[int, int] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def spawn(self) -> None:
        """Start the process, and do not wait until it is ready. NumPy gets one thread there: there are as many workers as cores."""
        environment = dict(os.environ, OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "backlight.live.worker",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env=environment, limit=1 << 22,
            start_new_session=True,  # Ctrl-C is for the server, which ends its workers itself
        )  # fmt: skip
        self.known.clear()
        self.loading = True

    async def up(self) -> None:
        """See to it that the process runs and is ready."""
        if self.process is None or self.process.returncode is not None:
            await self.spawn()
        if self.loading:
            size, _, ready = HEAD.unpack(await self.process.stdout.readexactly(HEAD.size))  # type: ignore[union-attr]
            assert (size, ready) == (0, DONE)
            self.loading = False

    async def greet(self, document: bytes) -> bytes:
        """The first news for whoever comes, with a document in JSON to begin with, or none. Raises: Ended."""
        said: list[bytes] = []
        async with self.busy:
            try:
                await self.up()
                await self.exchange(GREET, 0, document, lambda found: said.append(found[1]))
            except (asyncio.IncompleteReadError, OSError):
                await self.stop()
                raise Ended from None
        return said[0]

    def task(self, job: Job, put: Put) -> asyncio.Task[None]:
        """Start a job. It runs to its end whether or not anybody listens, so that the process and we stay in step."""
        made = asyncio.create_task(self.grant(job, put))
        self.tasks.add(made)
        made.add_done_callback(self.tasks.discard)
        return made

    async def grant(self, job: Job, put: Put) -> None:
        """Have a wish granted; `put` takes the frames as they come. Raises: TookTooLong, Ended."""
        async with self.busy:
            try:
                await self.up()
                async with asyncio.timeout(self.seconds):
                    if self.known.get(job.visitor) != job.version:
                        for wish in job.before:
                            await self.exchange(RESTORE, job.visitor, wish, lambda _: None)
                    await self.exchange(WISH, job.visitor, job.wish, put)
                    self.known[job.visitor] = job.version
            except TimeoutError:
                await self.stop()
                raise TookTooLong from None
            except (asyncio.IncompleteReadError, OSError):
                await self.stop()
                raise Ended from None

    async def exchange(self, kind: int, visitor: int, data: bytes, put: Put) -> None:
        """One message to the process, and all that it answers."""
        assert self.process is not None
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(HEAD.pack(len(data), visitor, kind) + data)
        await self.process.stdin.drain()
        while True:
            size, _, answer = HEAD.unpack(await self.process.stdout.readexactly(HEAD.size))
            found = await self.process.stdout.readexactly(size)
            if answer == DONE:
                return
            put((answer, found))

    def forget(self, visitor: int) -> None:
        """A visitor is gone."""
        if self.known.pop(visitor, None) is not None and self.process is not None and self.process.stdin is not None:
            self.process.stdin.write(HEAD.pack(0, visitor, FORGET))

    async def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.known.clear()
        process, self.process = self.process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def close(self) -> None:
        """End the process and every job, for good."""
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.stop()
