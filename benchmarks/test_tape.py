"""Scalars through Python operators, one node each: building 100,000 of them and walking back, beside micrograd.

The expression is a tree of products and sums by turns over numbers near a half, so that values stay near a half as well.
Each round frees the one before it outside the measured time, because cycles among objects would otherwise be collected
while the other library is measured.
"""

import gc
import importlib
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

import backlight as bl

NODES = 100_000
random.seed(0)
LEAVES = [random.uniform(0.49, 0.51) for _ in range(NODES // 2)]


def tree(level: Sequence[Any]) -> Any:
    """Products and sums by turns, pair by pair, until one value is left."""
    times = True
    while len(level) > 1:
        odd = level[len(level) // 2 * 2 :]
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [*(x * y if times else x + y for x, y in pairs), *odd]
        times = not times
    return level[0]


def backlight() -> tuple[float, float]:
    with bl.record(positions=False):
        leaves = [bl.array(x) for x in LEAVES]
        z = tree(leaves)
        return float(z), float(bl.gradients(z)[leaves[0]])


def micrograd() -> tuple[float, float]:
    value = importlib.import_module("micrograd.engine").Value
    leaves = [value(x) for x in LEAVES]
    z = tree(leaves)
    z.backward()
    return z.data, leaves[0].grad


@pytest.mark.benchmark(group="100,000 scalar nodes, built and differentiated")
@pytest.mark.parametrize("library", [backlight, micrograd], ids=lambda library: library.__name__)
def test_tree(benchmark, library: Callable[[], tuple[float, float]]):
    if library is micrograd:
        pytest.importorskip("micrograd")
    # A function, and not gc.collect itself: what a set-up returns would be taken for arguments.
    found = benchmark.pedantic(library, setup=lambda: gc.collect() and None, rounds=5, warmup_rounds=1)
    assert found == pytest.approx((0.43305, 0.0042390), rel=1e-4)
