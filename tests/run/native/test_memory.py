"""The memory that is planned is the memory that is used: all of it, and not a byte beside it."""

import re

import numpy as np
import pytest

from backlight.bench import data, ours
from backlight.run.emit.program import arena_bytes
from backlight.run.native import host, looped, plan, threads
from backlight.run.native.looped import Looped

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
    return {name: (random.random(t.shape) * 0.1 + 0.01).astype(t.dtype) for name, t in types.items()}


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("name", ["W2", "W5"])
def test_the_arena_that_is_planned_is_the_one_that_is_used(name: str, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    step = steps(name)
    given, touched = values(step), []
    blocks: list[np.ndarray] = []

    def marked(size: int) -> plan.Memory:
        block = np.full(size + 2 * GUARD + plan.ALIGN, mark, np.uint8)
        start = GUARD - block.ctypes.data % plan.ALIGN
        blocks.append(block[start - 64 : start + size + GUARD - 64])
        return plan.Memory(block, block.ctypes.data + start)

    monkeypatch.setattr(looped, "memory", marked)
    before = threads.threads()
    threads.threads(count)
    try:
        for mark in MARKS:
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
