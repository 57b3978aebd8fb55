"""Items that wait until they are used: the same bits, less memory, and never in the way of another."""

import re
from typing import Any

import numpy as np
import pytest
from tests.run.native.chains import difference

from backlight import ops
from backlight.bench.deep.ours import normed
from backlight.bench.ours import gradient
from backlight.core.array import Array
from backlight.core.types import Type
from backlight.run.lower import fuse, late

ROWS, WIDTH, LAYERS = 64, 128, 3
find = late.late_items


@pytest.fixture(autouse=True)
def anew(monkeypatch: pytest.MonkeyPatch) -> None:
    # What is kept on disk is found by the sources, which know nothing of what is changed here.
    monkeypatch.setenv("BACKLIGHT_CACHE", "off")


def stack(x: Array, w: Array, scale: Array, shift: Array) -> Array:
    """Layers that norm, multiply and bend."""
    for _ in range(LAYERS):
        x = x + ops.tanh(normed(x, scale, shift) @ w) @ w
    return ops.sum(ops.square(x))


def compiled() -> tuple[tuple[Any, ...], str]:
    """What the gradients of the stack are, and the listing."""
    types = [Type("float32", (ROWS, WIDTH)), Type("float32", (WIDTH, WIDTH)), *[Type("float32", (WIDTH,))] * 2]
    random = np.random.default_rng(5)
    values = [(random.normal(size=t.shape) * 0.1).astype(t.dtype) for t in types]
    f = gradient(stack, *types)
    return f(*values), f.listing()


def test_what_the_way_back_multiplies_by_is_computed_there_with_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    found, text = compiled()
    monkeypatch.setattr(fuse, "late_items", lambda *_: set())
    wanted, before = compiled()
    assert all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=True))
    sizes = [int(re.findall(r"^arena (\d+) bytes", t, re.MULTILINE)[0]) for t in (text, before)]
    assert sizes[1] - sizes[0] >= (LAYERS - 1) * ROWS * WIDTH * 4  # -x / s of each normed x but the last


def all_that_can(items: Any, live: Any, outputs: Any, _: Any) -> set[int]:
    """Late items as many as there may be, however small, and however soon they are used."""
    return find(items, live, outputs, fuse.ALONE | {"fold", "scatter", "take"})


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Let everything wait that can; count it."""
    counts: list[int] = []

    def counted(*given: Any) -> set[int]:
        found = all_that_can(*given)
        counts.append(len(found))
        return found

    monkeypatch.setattr(late, "LARGE_BYTES", 0)
    monkeypatch.setattr(late, "FAR", 1)
    monkeypatch.setattr(fuse, "late_items", counted)
    return counts


@pytest.mark.parametrize("part", range(2))
def test_chains_of_rows_are_the_same_where_everything_waits_that_can(part: int, eager: list[int]) -> None:
    with np.errstate(all="ignore"):
        for number in range(160 + 12 * part, 172 + 12 * part):
            assert difference(number) is None
    assert any(eager)
