import asyncio
import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
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


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="processes cannot be stopped here")
def test_the_frame_of_the_page_comes_though_no_worker_answers() -> None:
    with studio() as served:
        worker = int(Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split()[0])
        os.kill(worker, signal.SIGSTOP)
        try:
            answer = urlopen(served.address, timeout=20)
            frame = ""
            while "</noscript>" not in frame:
                frame += answer.read1().decode()
        finally:
            os.kill(worker, signal.SIGCONT)
        with answer:
            rest = answer.read().decode()
    assert "<h1>Backlight</h1>" in frame
    assert 'src="web/backlight.js"' in frame
    assert 'id="backlight-welcome"' in frame + rest
    assert rest.endswith("</html>\n")


def test_what_computes_is_loaded_by_the_workers_alone() -> None:
    words = "import backlight.cli.studio, backlight.studio.serve, backlight.studio.app, sys; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_a_name_that_is_not_ours_is_refused(served: Served) -> None:
    status, body, _ = get(served.address, Host="evil.example")
    assert (status, body) == (403, f"this studio answers on {served.address} and was called 'evil.example': use that address")


def test_a_file_of_the_page_is_looked_up_and_never_put_together(served: Served) -> None:
    for name in ("stamp.py", "..%2fapi.py", "%2e%2e%2f%2e%2e%2fetc%2fpasswd", "backlight.js.map"):
        status, body, _ = get(f"{served.address}web/{name}")
        assert status == 404, name
        assert body.startswith(("there is no file", "Not Found"))


def test_two_visitors_never_see_each_other(served: Served) -> None:
    async def visit() -> None:
        async with guest(served) as one, guest(served) as other:
            first, _ = await one.open("secret*x", secret="42", x="1")
            second, _ = await other.open("y + 1", y="7")
            names = {card["name"] for card in second["cards"]}
            assert "secret" not in names
            assert first["revision"] != second["revision"]
            to = await other.send("search", query="secret")
            found, _ = await other.until("found", to)
            assert found["nodes"] == []

    asyncio.run(visit())


def test_a_server_that_is_started_again_goes_on_where_the_page_is() -> None:
    async def step(address: Served, value: str, known: int) -> tuple[dict[str, Any], list[str]]:
        async with guest(address) as one:
            document = {"text": "(w*x - y)^2", "inputs": {"w": {"value": value, "parameter": True}, "x": {"value": "2"},
                                                          "y": {"value": "3"}}}  # fmt: skip
            to = await one.send("open", document=document, known=known)
            kinds = []
            while True:
                news, _ = await one.hear()
                kinds.append(news["kind"])
                if news["kind"] == "verdicts":
                    break
            to = await one.send("descend", steps=1)
            done, _ = await one.until("descended", to)
            return done, kinds

    with studio() as served:
        port = served.port
        done, kinds = asyncio.run(step(served, "1", 0))
        assert "graph" in kinds
        served.process.kill()
        served.process.communicate()
    with studio(port=port) as served:
        again, kinds = asyncio.run(step(served, done["values"]["w"], done["revision"]))
        assert "graph" not in kinds  # the page still has the picture, and it is the same one
        assert again["revision"] == done["revision"]
        assert again["losses"][0] == done["losses"][-1]


@pytest.mark.parametrize("visited", [False, True], ids=["while it is still being loaded", "after somebody came"])
def test_the_command_ends_cleanly_and_takes_its_workers_along(capfd: pytest.CaptureFixture[str], visited: bool) -> None:
    with studio() as served:
        if visited:
            get(served.address)
        children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children")
        workers = children.read_text().split() if children.exists() else []
        said = served.stop()
    assert (served.process.returncode, said) == (0, "")  # there is no other way to end it
    assert capfd.readouterr().out == ""
    assert not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_a_file_and_values_are_what_the_page_begins_with(tmp_path: Path) -> None:
    (tmp_path / "square.txt").write_text("(4*x + 1)^2\n")
    with studio(str(tmp_path / "square.txt"), "x=2") as served:
        body = get(served.address)[1]
        told = body.partition('id="backlight-welcome">')[2].partition("</script>")[0]
        document = json.loads(told)["document"]
        assert (document["text"], document["title"]) == ("(4*x + 1)^2\n", "square")
        assert document["inputs"]["x"]["value"] == "2"


def test_a_port_that_is_taken_is_named() -> None:
    with studio() as served:
        command = [sys.executable, "-m", "backlight", "studio", "--no-open", "--port", str(served.port)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        f"backlight: cannot listen on 127.0.0.1 port {served.port}: [Errno {errno.EADDRINUSE}] Address already in use. "
        "Another port is chosen with --port, as in --port 8080\n"
    )
