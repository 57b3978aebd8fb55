"""The memory that is planned is the memory that is used: all of it, and not a byte beside it."""

import mmap
import re
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from backlight.bench import data, ours
from backlight.run.emit.program import arena_bytes
from backlight.run.native import host, looped, memory, threads
from backlight.run.native.looped import Looped
from backlight.run.native.memory import MUCH_BYTES, make_room, trimming

GUARD = 1 << 16  # bytes before and behind the arena
MARKS = (0xA5, 0x5A)  # a byte that happens to be the mark is none under the other


def steps(name: str) -> Looped:
    """The training steps of a workload, as `backlight bench` has them; the loop is called with small numbers of steps."""
    found: list[Looped] = []

    class Kept(Looped):
        def __init__(self, *args: object) -> None:
            super().__init__(*args)  # type: ignore[arg-type]
            found.append(self)

    before, looped.Looped = looped.Looped, Kept  # type: ignore[misc]
    try:
        ours.ENTRIES[name]()
    finally:
        looped.Looped = before  # type: ignore[misc]
    return found[0]


def values(step: Looped) -> dict[str, np.ndarray]:
    random = np.random.default_rng(3)
    types = {step.graph.nodes[i].name: step.graph.type(i) for i in step.graph.inputs}
    found = {name: (random.random(t.shape) * 0.1 + 0.01).astype(t.dtype) for name, t in types.items()}
    found["x"][random.random(found["x"].shape) < 0.8] = 0.0  # so that zeros are left out, which takes memory for lists
    return found


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", ["W2", "W5"])
def test_the_arena_that_is_planned_is_the_one_that_is_used(name: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    step = steps(name)
    given, touched = values(step), []
    blocks: list[np.ndarray] = []

    def marked(size: int) -> memory.Memory:
        block = np.full(size + 2 * GUARD + memory.ALIGN, mark, np.uint8)
        start = GUARD - block.ctypes.data % memory.ALIGN
        blocks.append(block[start - 64 : start + size + GUARD - 64])
        return memory.Memory(block, block.ctypes.data + start)

    monkeypatch.setattr(looped, "memory", marked)
    before = threads.threads()
    threads.threads(count)
    try:
        for mark in MARKS:
            step.rooms.clear()
            step(2, **given)
            touched.append(blocks[-1] != mark)
    finally:
        threads.threads(before)
    ever = np.flatnonzero(touched[0] | touched[1]) - 64
    planned = arena_bytes(host.target(), step.program)
    assert ever.min() >= 0, "nothing before the arena"
    assert ever.max() < planned, "nothing behind it"
    alone = ever[ever < step.program.arena]
    assert step.program.arena - alone.max() <= 64, "the last buffer, but for what aligns it"
    if planned > step.program.arena and count == 2:
        assert planned - ever.max() <= 64 * 1024, "the room, but for what a helper has on its stack instead"
    assert step.recipe.arena == planned


def test_the_listing_says_how_much_memory_there_is() -> None:
    for name in ("W2", "W5"):
        step = steps(name)
        text = step.listing()
        (arena,) = re.findall(r"^arena (\d+) bytes", text, re.MULTILINE)
        room = re.findall(r"^room (\d+) bytes", text, re.MULTILINE)
        assert int(arena) + sum(map(int, room)) == step.recipe.arena
        assert len(room) == (name == "W5")


def test_the_memory_of_a_training_step_is_less_than_its_buffers_one_by_one() -> None:
    step = steps("W5")
    alone = sum(b.bytes for b in step.program.buffers if b.role == "arena")
    assert step.program.arena < 0.6 * alone
    assert step.program.arena < 3 * data.w5()[0].nbytes


def test_the_memory_of_a_state_that_nobody_looks_at_is_used_again() -> None:
    step = steps("W5")
    given = values(step)
    for _ in range(3):
        step(1, **given)
    assert len({step(1, **given)[0]["w1"].ctypes.data for _ in range(20)}) <= memory.KEPT
    assert {x.ctypes.data % memory.ALIGN for x in step(1, **given)[0].values()} == {0}


def test_the_memory_of_a_state_that_somebody_looks_at_is_not_used_again() -> None:
    step = steps("W2")
    given = values(step)
    held = [step(k, **given)[0] for k in range(6)]
    seen = [held.pop(0)["w1"][1:] for _ in range(6)]  # one view of one array holds the block of all
    before = [x.copy() for x in seen]
    state = step(3, **given)[0]
    for _ in range(4):
        state = step(3, **{**given, **state})[0]
    assert all(np.array_equal(x, y) for x, y in zip(seen, before, strict=True))


def test_two_threads_never_get_the_same_memory() -> None:
    spare, found = memory.Spare(4096), []

    def take() -> None:
        for _ in range(2000):
            block = spare.take()
            block[:8] = number = np.frombuffer(np.int64(np.random.default_rng().integers(1 << 60)).tobytes(), np.uint8)
            found.append(np.array_equal(block[:8], number))

    workers = [Thread(target=take) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(found)
    assert len(found) == 8000


@pytest.mark.skipif(trimming() is None, reason="this system keeps what is free")
def test_what_lies_free_in_pieces_goes_back_once_before_much_is_asked_for() -> None:
    memory.trim.cache_clear()
    def resident() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE

    pieces = [bytearray(600) for _ in range(100_000)]
    kept = pieces[::100]
    del pieces[:]
    before = resident()
    make_room(MUCH_BYTES - 1)
    assert before - resident() < 1 << 20
    make_room(MUCH_BYTES)
    assert before - resident() > 30 << 20
    found = memory.trim.cache_info()
    make_room(MUCH_BYTES)
    assert memory.trim.cache_info().hits == found.hits + 1
    assert len(kept) == 1000
