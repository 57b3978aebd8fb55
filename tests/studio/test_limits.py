"""Each limit, what is said when it is met, and that everybody else goes on."""

import asyncio
import os
import signal
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `studio` is not installed")

from tests.studio.inside import inside
from tests.studio.server import Guest, guest
from websockets.exceptions import ConnectionClosed

LONG = "sum(A @ A @ A)"  # a landscape over it takes far longer than anybody waits
SIZED = {"A": "normal(300, 300, seed=1)"}


async def mistake(one: Guest) -> dict[str, Any]:
    """The next mistake that is told."""
    while True:
        news, _ = await one.hear()
        if news["kind"] == "mistake":
            return news


def test_a_wish_that_takes_too_long_is_abandoned_and_nothing_else_is() -> None:
    async def visit() -> None:
        with inside(seconds=3.0) as studio:
            async with guest(studio) as one, guest(studio) as other:
                await one.open(LONG, **SIZED)
                await other.open("x*x", x="3")
                to = await one.send("chart", names=["A[0,0]", "A[0,1]"], low=[-1, -1], high=[1, 1])
                moved = await other.send("move", values={"x": "4"})
                await other.until("values", moved)
                told = await mistake(one)
                assert told == {
                    "kind": "mistake", "about": "limit", "place": None, "to": to,
                    "message": "this took longer than 3 seconds and was abandoned: make it smaller",
                }  # fmt: skip
                to = await one.send("derive", wrt=0)
                told_again, _ = await one.until("told", to)
                assert told_again["title"] == "The derivative of sum(A @ A @ A) by A"
                to = await other.send("matrix")
                news, _ = await other.hear()
                assert news["to"] == to

    asyncio.run(visit())


def test_a_worker_that_dies_is_replaced_and_its_visitors_notice_nothing() -> None:
    async def visit() -> None:
        with inside() as studio:
            async with guest(studio) as one:
                graph, block = await one.open("x*y", x="3", y="5")
                await one.until("code")
                to = await one.send("move", values={"x": "4"})
                _, moved = await one.until("values", to)
                worker = studio.studio.workers[0].process
                assert worker is not None
                os.kill(worker.pid, signal.SIGKILL)
                to = await one.send("move", values={"y": "6"})
                news, _ = await one.hear()
                while news["kind"] == "mistake":  # it was killed before anybody knew that it was gone
                    said = "the process that computed this ended before it was done: try again, or make it smaller"
                    assert news["message"] == said
                    to = await one.send("move", values={"y": "6"})
                    news, _ = await one.hear()
                while news["to"] != to:
                    news, _ = await one.hear()
                assert (news["kind"], news["revision"]) == ("values", graph["revision"])
                to = await one.send("answer", node=graph["outputs"][0], part="value", text="24")
                marked, _ = await one.until("marked", to)
                assert marked["right"]
                assert len(block) == len(moved)

    asyncio.run(visit())


def test_more_visitors_than_there_is_room_for_are_told() -> None:
    async def visit() -> None:
        with inside(most=1) as studio:
            async with guest(studio) as one:
                async with guest(studio) as other:
                    assert other.count == -1
                    assert other.first["message"] == "1 visitors are here already, which is the limit: try again later"
                    with pytest.raises(ConnectionClosed) as closed:
                        await other.hear()
                    assert closed.value.rcvd is not None
                    assert closed.value.rcvd.code == 4001
                await one.open("x", x="1")

    asyncio.run(visit())


def test_a_visitor_who_sleeps_is_told_and_may_come_again() -> None:
    async def visit() -> None:
        with inside(idle_s=0.3) as studio:
            async with guest(studio) as one:
                told = await mistake(one)
                assert told["message"] == (
                    "nothing was asked for 0.3 seconds, so this session has ended: the next wish starts another"
                )
                with pytest.raises(ConnectionClosed) as closed:
                    await one.hear()
                assert closed.value.rcvd is not None
                assert closed.value.rcvd.code == 4002
            async with guest(studio) as again:
                assert again.first["kind"] == "welcome"

    asyncio.run(visit())


def test_too_many_wishes_are_dropped_and_counted() -> None:
    async def visit() -> None:
        with inside() as studio:
            async with guest(studio) as one:
                await asyncio.gather(*(one.line.send('{"kind": "ack", "frame": 1}') for _ in range(800)))
                await asyncio.sleep(0.1)
                await one.send("ack", frame=1)
                told = await mistake(one)
                assert told["about"] == "limit"
                head, _, tail = told["message"].partition(", and ")
                assert head == "more than 240 wishes a second came"
                assert tail.partition(" ")[2] == "of them were dropped: send only the newest"

    asyncio.run(visit())


def test_too_many_wishes_at_once_are_refused_one_by_one() -> None:
    async def visit() -> None:
        with inside() as studio:
            async with guest(studio) as one:
                await one.open(LONG, **SIZED)
                for _ in range(40):
                    await one.send("trust")
                told = await mistake(one)
                assert told["message"] == "32 wishes are waiting already: wait for their answers"

    asyncio.run(visit())


def test_what_is_no_wish_is_answered_in_words() -> None:
    async def visit() -> None:
        with inside() as studio:
            async with guest(studio) as one:
                await one.line.send(b"\x00\x01")
                assert (await mistake(one))["message"] == "a wish is text, and bytes came"
                await one.line.send("{")
                assert (await mistake(one))["message"] == "a wish is one JSON object, and this is none, at character 2"
                await one.line.send('{"kind": "search", "query": "' + "x" * 5_000_000 + '"}')
                told = await mistake(one)
                assert told["message"] == "a wish has at most 4194304 characters, and this one has 5000031"
                await one.line.send('{"kind": "story", "node": "one", "id": 3}')
                told = await mistake(one)
                assert (told["message"], told["about"]) == ("story.node is not a whole number, but a string", "wish")

    asyncio.run(visit())


def test_a_slow_page_gets_the_newest_frame_and_not_all_of_them() -> None:
    async def visit() -> None:
        with inside() as studio:
            async with guest(studio) as one:
                graph, _ = await one.open("x*x", x="1")
                await one.until("code")
                one.shows = False  # a page that has something better to do than to draw
                to = 0
                for k in range(20):
                    to = await one.send("move", values={"x": str(k)})
                    await asyncio.sleep(0.01)
                frames = [(await one.until("values"))[0]]
                await one.line.send('{"kind": "ack", "frame": 1}')
                frames.append((await one.until("values"))[0])
                await one.line.send('{"kind": "ack", "frame": 2}')
                while frames[-1]["to"] != to:
                    frames.append((await one.until("values"))[0])
                    await one.line.send('{"kind": "ack", "frame": 3}')
                assert len(frames) <= 5
                assert graph["kind"] == "graph"

    asyncio.run(visit())
