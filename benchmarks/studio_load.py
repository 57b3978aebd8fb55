"""Many visitors at one studio, each moving a slider: how long an answer takes, and what memory that takes.

    .venv/bin/python benchmarks/studio_load.py [VISITORS] [MOVES A SECOND] [SECONDS]

The visitors live in this process and the server in its own, with its workers, all on the same cores. A page with WebAssembly
asks the server only when the finger rests; here every move is a wish, as for graphs that a page cannot compute.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.studio.server import Guest, Served, guest, studio

DEFAULTS = ["200", "2", "10"]


def number(graph: dict[str, Any], block: bytes, node: int) -> float:
    slot = graph["slots"][node]
    return float(np.frombuffer(block, slot["dtype"], 1, slot["start"])[0])


async def visitor(one: Guest, rate: float, seconds: float, seen: list[float], ready: asyncio.Barrier) -> int:
    """Move a slider; every answer must be one's own. Returns how many were."""
    mine = random.random()
    graph, _ = await one.open("k*x + 1", k=repr(mine), x="1")
    await one.until("code")
    x = next(card["node"] for card in graph["cards"] if card["name"] == "x")
    await ready.wait()
    answered, end = 0, time.perf_counter() + seconds
    await asyncio.sleep(random.random() / rate)
    while (start := time.perf_counter()) < end:
        value = random.uniform(-5, 5)
        to = await one.send("move", values={"x": repr(value)})
        _, block = await one.until("values", to)
        assert number(graph, block, x) == value
        assert number(graph, block, graph["outputs"][0]) == mine * value + 1.0
        seen.append(time.perf_counter() - start)
        answered += 1
        await asyncio.sleep(max(0.0, 1 / rate - (time.perf_counter() - start)))
    return answered


def memory_mb(served: Served) -> float:
    """Resident memory of the server and its workers."""
    pids = [served.process.pid]
    pids += map(int, Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children").read_text().split())
    return sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids) * 4096 / 1e6


async def load(served: Served, visitors: int, rate: float, seconds: float) -> tuple[list[float], int]:
    """All visitors at once; the times of all answers, and their number."""
    seen: list[float] = []
    ready = asyncio.Barrier(visitors)

    async def live() -> int:
        async with guest(served) as one:
            return await visitor(one, rate, seconds, seen, ready)

    return seen, sum(await asyncio.gather(*(live() for _ in range(visitors))))


def main(words: list[str]) -> None:
    given = [*words, *DEFAULTS[len(words) :]]
    visitors, rate, seconds = int(given[0]), float(given[1]), float(given[2])
    with studio() as served:
        before = memory_mb(served)
        seen, count = asyncio.run(load(served, visitors, rate, seconds))
        after = memory_mb(served)
    p50, p99, worst = (1e3 * float(np.quantile(seen, q)) for q in (0.5, 0.99, 1.0))
    print(f"{visitors} visitors, {count} moves answered in {seconds:g} s")
    print(f"median {p50:.1f} ms, 99th percentile {p99:.1f} ms, worst {worst:.1f} ms")
    print(f"memory of server and workers: {before:.0f} MB before, {after:.0f} MB after")


if __name__ == "__main__":
    main(sys.argv[1:])
