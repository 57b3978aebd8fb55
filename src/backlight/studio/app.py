"""What the server answers: the page, its files, and the websocket that a visitor lives at."""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from ..live.document import Document
from ..live.limits import LIMITS
from ..live.plain import mistaken
from .gate import HEADERS, Gate
from .page import head, tail
from .visitor import Visitor
from .workers import Ended, Worker

__all__ = ["MOST_VISITORS", "Studio"]

MOST_VISITORS: Final = 1000
IDLE_S: Final = 1800.0   # without a wish
MEDIA: Final = {
    ".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".svg": "image/svg+xml", ".json": "application/json",
}
UNBUILT: Final = "The page was not built into this copy: python3 do.py studio builds it."
TOO_MANY, IDLE, REFUSED = 4001, 4002, 4003  # close codes, told apart by the page


@dataclass(slots=True)
class Studio:
    """One server: its gate, its workers, its visitors."""

    gate: Gate
    document: Document | None = None
    quick: int = 2
    seconds: float = LIMITS.seconds
    most: int = MOST_VISITORS
    idle_s: float = IDLE_S
    visitors: dict[int, Visitor] = field(default_factory=dict)
    workers: list[Worker] = field(default_factory=list)
    count: int = 0
    greeted: str = ""

    def app(self) -> Starlette:
        """The application that a server of ASGI runs."""
        routes = [
            Route("/", self.page), Route("/web/{name}", self.file), Route("/healthy", self.healthy),
            WebSocketRoute("/live", self.live),
        ]  # fmt: skip
        return Starlette(routes=routes, lifespan=self.lifespan)

    @contextlib.asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Start the workers beside the first requests; the last one is for wishes that take long."""
        self.workers += [Worker(self.seconds) for _ in range(self.quick + 1 - len(self.workers))]
        starting = asyncio.create_task(self.awake())
        yield
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        for worker in self.workers:
            await worker.close()

    async def awake(self) -> None:
        """Bring the workers up before their first wishes, one after the other: the first visitor's is not to wait for the rest."""
        await self.greeting()
        for worker in self.workers[1:]:
            async with worker.busy:
                await worker.up()

    async def page(self, request: Request) -> Response:
        """The page, in two pieces: what can be seen at once, and the first news as soon as a worker is there to say them."""
        refused = self.refused(request)
        if refused:
            return refused
        return StreamingResponse(self.pieces(), media_type="text/html", headers={**HEADERS, "cache-control": "no-store"})

    async def pieces(self) -> AsyncIterator[str]:
        """The page from its head to its end."""
        built = {item.name for item in web_files()}
        yield head("" if "backlight.js" in built else html.escape(UNBUILT), styled="backlight.css" in built)
        greeting = ""
        with contextlib.suppress(Ended):  # then the websocket brings it
            greeting = await self.greeting()
        yield tail(greeting)

    async def greeting(self) -> str:
        """The first news, which are the same for everybody."""
        if not self.greeted:
            document = b"" if self.document is None else as_json(self.document)
            self.greeted = (await self.workers[0].greet(document)).decode()
        return self.greeted

    async def file(self, request: Request) -> Response:
        """A file of the page; its name is looked up, never put together."""
        refused = self.refused(request, asks_token=False)
        if refused:
            return refused
        name = request.path_params["name"]
        found = next((item for item in web_files() if item.name == name), None)
        kind = MEDIA.get("." + name.rpartition(".")[2])
        if found is None or kind is None:
            return PlainTextResponse(f"there is no file {name[:80]}", 404, headers=dict(HEADERS))
        return Response(found.read_bytes(), media_type=kind, headers={**HEADERS, "cache-control": "no-cache"})

    async def healthy(self, request: Request) -> Response:
        """How many visitors there are, for whoever watches over the server."""
        return self.refused(request) or PlainTextResponse(json.dumps({"visitors": len(self.visitors)}), headers=dict(HEADERS))

    def refused(self, request: Request, *, asks_token: bool = True) -> Response | None:
        """The answer to a request that may not come in."""
        token = request.query_params.get("token", "") if asks_token else self.gate.token
        why = self.gate.refusal(request.headers.get("host", ""), token)
        return PlainTextResponse(why, 403, headers=dict(HEADERS)) if why else None

    async def live(self, socket: WebSocket) -> None:
        """One visitor, from hello to goodbye."""
        why = self.gate.refusal(
            socket.headers.get("host", ""), socket.query_params.get("token", ""), socket.headers.get("origin"), socket=True
        )
        if why:
            await socket.close(REFUSED, why[:120])
            return
        await socket.accept()
        if len(self.visitors) >= self.most:
            told = f"{self.most} visitors are here already, which is the limit: try again later"
            await parted(socket, told, TOO_MANY)
            return
        self.count += 1
        visitor = Visitor(self.count, sender(socket), self.least_busy(), self.workers[-1])
        self.visitors[visitor.number] = visitor
        try:
            await socket.send_text(await self.greeting())
            async with asyncio.TaskGroup() as group:
                visitor.group = group
                working = group.create_task(visitor.work())
                await self.listen(socket, visitor)
                working.cancel()
        except* (WebSocketDisconnect, RuntimeError, OSError):
            pass                                            # the line is gone, and nobody hears why
        finally:
            del self.visitors[visitor.number]
            for worker in self.workers:
                worker.forget(visitor.number)

    def least_busy(self) -> Worker:
        """The worker for quick wishes that has the fewest visitors."""
        return min(self.workers[:-1], key=lambda worker: sum(one.quick is worker for one in self.visitors.values()))

    async def listen(self, socket: WebSocket, visitor: Visitor) -> None:
        """Take wishes until the visitor leaves or sleeps."""
        while True:
            try:
                async with asyncio.timeout_at(asyncio.get_running_loop().time() + self.idle_s):
                    message = await socket.receive()
            except TimeoutError:
                told = f"nothing was asked for {self.idle_s:g} seconds, so this session has ended: the next wish starts another"
                await parted(socket, told, IDLE)
                raise WebSocketDisconnect(IDLE) from None
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1000))
            text: Any = message.get("text")
            if text is None:
                await visitor.say("a wish is text, and bytes came", "wish")
            else:
                await visitor.wish(text)


def web_files() -> Iterator[Any]:
    """The files of the page, as it was built into this copy; none where it was not."""
    web = files("backlight").joinpath("web")
    return iter(web.iterdir() if web.is_dir() else ())


def sender(socket: WebSocket) -> Callable[[str | bytes], Any]:
    """How news are sent to a websocket, whole and one after the other."""
    lock = asyncio.Lock()

    async def send(data: str | bytes) -> None:
        async with lock:
            if isinstance(data, str):
                await socket.send_text(data)
            else:
                await socket.send_bytes(data)

    return send


async def parted(socket: WebSocket, message: str, code: int) -> None:
    """Say why, and close."""
    await socket.send_text(mistaken(message, "limit"))
    await socket.close(code, message[:120])


def as_json(document: Document) -> bytes:
    """A document as a worker reads it."""
    from ..live.data import to_data  # it knows all of the wire, which a server that begins with no document need not load

    return json.dumps(to_data(document), ensure_ascii=False).encode()


