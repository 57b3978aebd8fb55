import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pytest

pytest.importorskip("starlette", reason="the extra `studio` is not installed")

from tests.studio.server import Served, guest, studio


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    with studio() as found:
        yield found


def number(graph: dict[str, Any], block: bytes, node: int) -> Any:
    """The value of a node, read as a page reads it."""
    slot = graph["slots"][node]
    return np.frombuffer(block, slot["dtype"], int(np.prod(slot["shape"])), slot["start"]).reshape(slot["shape"])[()]


def card(graph: dict[str, Any], name: str) -> dict[str, Any]:
    return next(card for card in graph["cards"] if card["name"] == name)


def test_a_text_becomes_a_graph_with_values_and_gradients(served: Served) -> None:
    async def visit() -> None:
        async with guest(served) as one:
            graph, block = await one.open("(4*x + 1)^2", x="2")
            x = card(graph, "x")
            assert number(graph, block, x["node"]) == 2
            assert number(graph, block, x["gradient"]) == 72
            assert number(graph, block, graph["outputs"][0]) == 81
            to = await one.send("move", values={"x": "-1"})
            _, block = await one.until("values", to)
            assert number(graph, block, x["gradient"]) == -24

    asyncio.run(visit())


def get(address: str, **headers: str) -> tuple[int, str, Any]:
    try:
        with urlopen(Request(address, headers=headers)) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def test_the_page_carries_its_first_news_and_a_policy(served: Served) -> None:
    status, body, headers = get(served.address)
    assert status == 200
    assert '<script type="application/json" id="backlight-welcome">{"kind":"welcome","version":1,' in body
    assert "<script>" not in body
    assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'self' 'wasm-unsafe-eval';")


def test_a_name_that_is_not_ours_is_refused(served: Served) -> None:
    status, body, _ = get(served.address, Host="evil.example")
    assert (status, body) == (403, f"this studio answers on {served.address} and was called 'evil.example': use that address")
