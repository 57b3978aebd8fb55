"""Pools beside loops over their windows."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from backlight import ops
from backlight.core.graph import Graph
from backlight.core.table import TABLE
from backlight.core.tape import Tape
from backlight.diff.reverse import reverse
from backlight.run.reference import evaluate

assert ops.__all__
T = TABLE


@st.composite
def settings(draw: Any) -> Any:
    rank = draw(st.integers(1, 3))
    some = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(rank))
    size, stride = some(1, 3), some(1, 3)
    padding = tuple(draw(st.integers(0, k // 2)) for k in size)
    shape = tuple(max(1, k - 2 * p) + draw(st.integers(0, 4)) for k, p in zip(size, padding, strict=True))
    return rank, size, stride, padding, shape, draw(st.booleans()), draw(st.booleans())


def counted(n: int, k: int, t: int, p: int, ceil: bool) -> int:
    """How many windows there are along an axis."""
    count = (-(-(n + 2 * p - k) // t) if ceil else (n + 2 * p - k) // t) + 1
    return count - 1 if (count - 1) * t >= n + p else count


@given(settings(), st.integers(0, 99))
def test_any_pool_and_its_gradient_are_those_of_a_loop(drawn, seed):
    rank, size, stride, padding, shape, ceil, count_padding = drawn
    rng = np.random.default_rng(seed)
    x = rng.permutation(2 * int(np.prod(shape))).reshape((1, 2, *shape)) + 0.5
    numbers = [counted(*args, ceil) for args in zip(shape, size, stride, padding, strict=True)]
    largest, mean = np.zeros((1, 2, *numbers)), np.zeros((1, 2, *numbers))
    g = rng.normal(size=largest.shape)
    d_largest, d_mean = np.zeros(x.shape), np.zeros(x.shape)
    for c in range(2):
        for place in np.ndindex(*numbers):
            starts = [m * t - p for m, t, p in zip(place, stride, padding, strict=True)]
            here = (0, c, *(slice(max(0, a), min(n, a + k)) for a, k, n in zip(starts, size, shape, strict=True)))
            window = x[here]
            extents = [(min(n + p, a + k) - a) for a, k, n, p in zip(starts, size, shape, padding, strict=True)]
            share = np.prod(extents) if count_padding else window.size
            largest[(0, c, *place)], mean[(0, c, *place)] = window.max(), window.sum() / share
            d_largest[here] += g[(0, c, *place)] * (window == window.max())
            d_mean[here] += g[(0, c, *place)] / share
    same = {"size": size, "stride": stride, "padding": padding, "ceil": ceil}
    for name, more, value, gradient in (
        (f"max_pool{rank}d", {}, largest, d_largest),
        (f"avg_pool{rank}d", {"count_padding": count_padding}, mean, d_mean),
    ):
        tape = Tape()
        z = T[name](tape.input("x", x), **same, **more)
        graph = reverse(Graph(tuple(tape.nodes), (0,), (z.number,)), seed=g)
        found = evaluate(graph, {0: x})
        np.testing.assert_allclose(found[z.number], value, atol=1e-12)
        np.testing.assert_allclose(found[graph.grads[0]], gradient, atol=1e-12)
