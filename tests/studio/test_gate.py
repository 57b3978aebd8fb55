"""Who may come in."""

import asyncio
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the extra `studio` is not installed")

from tests.studio.server import guest, studio
from tests.studio.test_studio import get
from websockets.exceptions import InvalidStatus

from backlight.studio.gate import Gate, is_loopback

LOCAL = Gate("127.0.0.1", 2718)
WIDE = Gate("0.0.0.0", 2718, "secret")
WRONG_TOKEN = "the token is missing or wrong: use the whole address that the command printed"


@pytest.mark.parametrize(
    ("gate", "host", "token", "origin", "why"),
    [
        (LOCAL, "localhost:2718", "", "http://localhost:2718", ""),
        (LOCAL, "127.0.0.1:2718", "", "http://127.0.0.1:2718", ""),
        (LOCAL, "[::1]:2718", "", "http://[::1]:2718", ""),
        (LOCAL, "evil.example:2718", "", "http://evil.example:2718",
         "this studio answers on http://localhost:2718/ and was called 'evil.example:2718': use that address"),
        (LOCAL, "localhost:2718", "", "https://evil.example",
         "a page of https://evil.example may not talk to this studio: open http://localhost:2718/ itself"),
        (LOCAL, "localhost:2718", "", None, "a page of nowhere may not talk to this studio: open http://localhost:2718/ itself"),
        (LOCAL, "localhost:2718", "", "null", "a page of null may not talk to this studio: open http://localhost:2718/ itself"),
        (WIDE, "192.168.0.7:2718", "secret", "http://192.168.0.7:2718", ""),
        (WIDE, "192.168.0.7:2718", "", "http://192.168.0.7:2718", WRONG_TOKEN),
        (WIDE, "192.168.0.7:2718", "sécret", "http://192.168.0.7:2718", WRONG_TOKEN),
        (WIDE, "192.168.0.7:2718", "secret", "http://evil.example",
         "a page of http://evil.example may not talk to this studio: open http://localhost:2718/ itself"),
    ],
)  # fmt: skip
def test_a_socket_is_refused_with_the_reason(gate: Gate, host: str, token: str, origin: str | None, why: str) -> None:
    assert gate.refusal(host, token, origin, socket=True) == why


@pytest.mark.parametrize(
    ("host", "found"),
    [("127.0.0.1", True), ("localhost", True), ("::1", True), ("0.0.0.0", False), ("::", False), ("example.org", False)],
)
def test_it_is_known_whether_others_reach_an_address(host: str, found: bool) -> None:
    assert is_loopback(host) is found


def test_beyond_this_machine_a_token_is_asked_for() -> None:
    with studio("--host", "0.0.0.0") as served:
        assert len(served.token) >= 20
        assert get(served.address)[:2] == (403, WRONG_TOKEN)
        assert get(f"{served.address}?token={served.token}")[0] == 200
        refused: list[Any] = []

        async def visit() -> None:
            try:
                async with guest(served, token="wrong"):
                    pass
            except InvalidStatus as error:
                refused.append(error.response.status_code)
            async with guest(served) as one:
                graph, _ = await one.open("x*x", x="3")
                assert graph["kind"] == "graph"

        asyncio.run(visit())
        assert refused == [403]


def test_a_page_of_another_site_cannot_open_a_socket() -> None:
    async def visit(served: Any) -> None:
        async with guest(served, origin="http://evil.example"):
            pass

    with studio() as served, pytest.raises(InvalidStatus) as caught:
        asyncio.run(visit(served))
    assert caught.value.response.status_code == 403
