"""Bad messages by the thousand: to a session, and through a real server's websocket.

    .venv/bin/python -m tests.studio.fuzz [SECONDS] [SEED]

Nothing may crash, nothing may be answered with a fault of ours, and memory may not grow without bound.
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.studio.server import Served, guest, studio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from backlight.errors import InputError
from backlight.live.data import kind_of, read_wish
from backlight.live.lessons import LESSONS
from backlight.live.session import Session

TEXTS = [
    *[lesson.document.text for lesson in LESSONS[:12]], "", "3 + * 4", "x > 2", "f(x) = x^2\nf(f(y))", "x[0]", "softmax(x)", "1/0", "log(0)",
    "A @ B", "where(x > 0, sqrt(x), 0)", "max(x)", "x'", "normal(seed, shape=(3,))", "sum(x, axis=1)", "a\nb\nc", "reshape(x, shape=(2, 2))",
    "eig(A)", "split(x, parts=2)", "argsort(x)", "x % 0", "cast(x, dtype='int64')", "while_loop(x)", "((((", "x" * 200, "π·e^(iπ)", "\u202e\x00",
]  # fmt: skip
VALUES = [
    "1", "0", "-1", "1e308", "nan", "inf", "-inf", "[1, 2]", "[[1, 2], [3, 4]]", "[]", "[[]]", "normal(2, 3, seed=1)", "zeros(0)", "x", "@/etc/passwd",
    "1+", "zeros(99999999)", "true", "'word'", "[1, [2]]", "2^2^2^2^2", "eye(3)", "1e-320",
]  # fmt: skip
ELEMENTS = [[], [], [0], [1], [0, 0], [1, 1], [0, 1, 0], [-1], [10**15], [2, -2]]
ODD = [None, True, False, -1, 0, 1, 3, 10**18, -(10**400), 1e308, 0.5, "", "x", "NaN", [], [1], [[]], {}, {"x": 1}, "gradient", "\ud800"]


def document(rng: random.Random) -> dict[str, Any]:
    """A document that may well be nonsense."""
    names = ["x", "y", "w", "W", "b", "A", "B", "z", "Q", "K", "V", "seed"]
    inputs = {n: {"value": rng.choice(VALUES), "parameter": rng.random() < 0.5} for n in rng.sample(names, rng.randrange(6))}
    look = {"shape": rng.choice(["shared", "tree"]), "opened": rng.choices(range(-1, 30), k=rng.choice([0, 0, 0, 1, 2])),
            "near": rng.choice([[], [], [0, 1, 1], [99, 1], [1]]), "direction": rng.choice(["up", "down", "left", "right"])}  # fmt: skip
    return {
        "text": rng.choice(TEXTS), "inputs": inputs, "look": look, "rate": rng.choice([0.1, 0, -1, 1e300, "NaN", "Infinity"]),
        "of": rng.choice(["", "", "", "L", "q"]), "optimizer": rng.choice(["descent", "adam", "luck"]),
        "dtype": rng.choice(["float64", "float32"]),
    }  # fmt: skip


def message(rng: random.Random) -> str:
    """One message: a wish with parts exchanged for others, or no JSON at all."""
    if rng.random() < 0.05:
        return "".join(chr(rng.choice([0, 34, 91, 123, 65, 0x1F600, 0xFFFF])) for _ in range(rng.randrange(60)))
    wishes: dict[str, dict[str, Any]] = {
        "open": {"document": document(rng), "known": rng.choice([0, 1])}, "move": {"values": {rng.choice("xywb"): rng.choice(VALUES)}},
        "ack": {"frame": 1}, "story": {"node": rng.randrange(-2, 40), "element": rng.choice(ELEMENTS)}, "derive": {"wrt": rng.randrange(-2, 40)}, "matrix": {},
        "why": {"node": rng.randrange(-2, 40)}, "trust": {}, "compare": {}, "check": {},
        "survey": {"name": rng.choice(["x", "w", "W[0,0]", "b[", ""]), "low": -1, "high": rng.choice([1, -1, "NaN", 1e308])},
        "chart": {"names": ["x", rng.choice(["y", "x"])], "low": [-1, -1], "high": [1, 1], "steps": rng.choice([0, 3, -1])},
        "descend": {"steps": rng.choice([1, 3, 0, -1, 10**9]), "state": rng.choice(["", "{}", "[", '{"9": "x"}'])},
        "answer": {"node": rng.randrange(20), "part": rng.choice(["value", "gradient", "sign", "shape"]), "text": rng.choice(VALUES)},
        "ask": {"node": rng.randrange(20), "part": "gradient", "given": rng.randrange(4)},
        "search": {"query": rng.choice(["", "nan", "grad > 1", "grad >", "(2)", "#1", "|grad| < inf", "zero", "x"])},
        "export": {"form": rng.choice(["svg", "html", "latex", "mathml", "json", "dot", "text", "numpy", "torch", "jax"])},
    }  # fmt: skip
    kind = rng.choice([*wishes, "open", "open", "open", "move", "move"])
    wish = {"kind": kind, "id": rng.randrange(1000), **wishes[kind]}
    while rng.random() < 0.25:
        place: Any = wish
        while isinstance(place, dict) and place and rng.random() < 0.6 and isinstance(found := rng.choice(list(place.values())), dict):
            place = found
        if isinstance(place, dict):
            place[rng.choice([*place, "strange"])] = copy.deepcopy(rng.choice(ODD))
    return json.dumps(wish)


def to_session(seconds: float, seed: int) -> Counter[str]:
    """Messages to one session after another; what was answered, by kind. Anything but news is raised."""
    rng, told = random.Random(seed), Counter[str]()
    session, end = Session(), time.monotonic() + seconds
    while time.monotonic() < end:
        if rng.random() < 0.02:
            session = Session()
        text = message(rng)
        try:
            wish = read_wish(text)
        except InputError:
            told["refused"] += 1
            continue
        try:
            for news, _ in session.answer(wish):
                told[kind_of(type(news))] += 1
        except Exception as error:
            raise AssertionError(f"seed {seed}: {text[:2000]}") from error
    return told


async def to_server(served: Served, seconds: float, seed: int, visitors: int = 4) -> Counter[str]:
    """Messages through sockets, some of which are dropped without a goodbye; what was answered, by kind."""
    told, end = Counter[str](), time.monotonic() + seconds

    async def one(rng: random.Random) -> None:
        while time.monotonic() < end:
            async with connect(
                served.address.replace("http", "ws", 1) + "live", origin=served.address.rstrip("/"), max_size=1 << 27  # type: ignore[arg-type]
            ) as line:
                hearing = asyncio.create_task(hear(line, told))
                for _ in range(rng.randrange(1, 60)):
                    text = message(rng)
                    await line.send(text if rng.random() < 0.97 else text.encode("utf-8", "replace"))
                    await asyncio.sleep(rng.choice([0, 0, 0.01, 0.05]))
                await asyncio.sleep(rng.choice([0, 0.2]))
                hearing.cancel()
                (heard,) = await asyncio.gather(hearing, return_exceptions=True)
                if isinstance(heard, Exception):
                    raise heard
                if rng.random() < 0.3:
                    line.transport.abort()

    await asyncio.gather(*(one(random.Random(seed + k)) for k in range(visitors)))
    return told


async def hear(line: Any, told: Counter[str]) -> None:
    """Count what comes; a fault of ours is raised."""
    with contextlib.suppress(ConnectionClosed):
        async for data in line:
            kind = "frame" if isinstance(data, bytes) else json.loads(data)["kind"]
            told[kind] += 1
            assert '"about":"fault"' not in str(data[:3000]), data


def memory_mb(served: Served) -> float:
    """Resident memory of the server and its workers; 0 where the system does not tell."""
    pid = served.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        return 0.0
    pids = [pid, *map(int, children.read_text().split())]
    return sum(int(Path(f"/proc/{p}/statm").read_text().split()[1]) for p in pids) * 4096 / 1e6


async def still_answers(served: Served) -> None:
    async with guest(served) as one:
        graph, _ = await one.open("(4*x + 1)^2", x="2")
        assert graph["kind"] == "graph"


def main(words: list[str]) -> None:
    seconds, seed = float(words[0]) if words else 600.0, int(words[1]) if words[1:] else 1
    print("session:", dict(to_session(seconds / 2, seed)))
    with studio() as served:
        asyncio.run(still_answers(served))  # with its workers there
        print(f"memory {memory_mb(served):.0f} MB")
        for part in range(4):
            print("server:", dict(asyncio.run(to_server(served, seconds / 8, seed + 100 * part))), f"memory {memory_mb(served):.0f} MB")
        asyncio.run(still_answers(served))


if __name__ == "__main__":
    main(sys.argv[1:])
