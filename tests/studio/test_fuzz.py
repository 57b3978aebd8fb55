"""Ten seconds of bad messages; ten minutes of them are `python -m tests.studio.fuzz`."""

import asyncio

import pytest

pytest.importorskip("starlette", reason="the extra `studio` is not installed")

from tests.studio.fuzz import memory_mb, still_answers, to_server, to_session
from tests.studio.server import studio


def test_a_session_answers_whatever_it_is_asked() -> None:
    told = to_session(5.0, 4242)
    assert told["mistake"] > 0
    assert told["values"] > 0


def test_a_server_survives_what_is_sent_to_it() -> None:
    with studio() as served:
        told = asyncio.run(to_server(served, 5.0, 77))
        assert told["mistake"] > 0
        assert memory_mb(served) < 2000
        asyncio.run(still_answers(served))
        assert "Traceback" not in served.stop()
