"""Convolutions and pools beside loops that spell out their sums."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
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


def looped(x: Any, w: Any, stride: Any, pads: Any, dilation: Any, groups: int, g: Any = 1.0) -> Any:
    """The sum of the definition, and with g the gradients, number by number: what lies in the padding is not there."""
    rank = x.ndim - 2
    kernel, size = w.shape[2:], x.shape[2:]
    along = zip(size, pads, kernel, stride, dilation, strict=True)
    sizes = [(n + sum(ab) - (d * (k - 1) + 1)) // t + 1 for n, ab, k, t, d in along]
    z, dx, dw = np.zeros((x.shape[0], w.shape[0], *sizes)), np.zeros_like(x), np.zeros_like(w)
    g = np.broadcast_to(g, z.shape)
    part, out = w.shape[1], w.shape[0] // groups
    for n, o, c in product(range(x.shape[0]), range(w.shape[0]), range(part)):
        for p in np.ndindex(*sizes):
            for k in np.ndindex(*kernel):
                place = tuple(p[a] * stride[a] + k[a] * dilation[a] - pads[a][0] for a in range(rank))
                if all(0 <= i < m for i, m in zip(place, size, strict=True)):
                    here, tap, spot = (n, o // out * part + c, *place), (o, c, *k), (n, o, *p)
                    z[spot] += x[here] * w[tap]
                    dx[here] += g[spot] * w[tap]
                    dw[tap] += g[spot] * x[here]
    return z, dx, dw


@st.composite
def settings(draw: Any) -> Any:
    rank = draw(st.integers(1, 3))
    some = lambda low, high: tuple(draw(st.integers(low, high)) for _ in range(rank))
    kernel, stride, dilation = some(1, 3 if rank < 3 else 2), some(1, 3), some(1, 2)
    pads = tuple((draw(st.integers(0, 2)), draw(st.integers(0, 2))) for _ in range(rank))
    least = [max(1, d * (k - 1) + 1 - sum(p)) for k, d, p in zip(kernel, dilation, pads, strict=True)]
    size = tuple(n + draw(st.integers(0, 3)) for n in least)
    groups = draw(st.integers(1, 2))
    return rank, kernel, stride, pads, dilation, groups, size, draw(st.integers(1, 2)), draw(st.integers(1, 2))


@given(settings(), st.integers(0, 99), st.lists(st.sampled_from([np.inf, -np.inf, np.nan, 0.0]), max_size=3))
def test_any_convolution_and_its_gradients_are_the_sums_of_the_definition(drawn, seed, special):
    rank, kernel, stride, pads, dilation, groups, size, c, o = drawn
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(2, groups * c, *size)), rng.normal(size=(groups * o, c, *kernel))
    name = f"conv{rank}d"
    g = rng.normal(size=T[name](x, w, stride=stride, padding=pads, dilation=dilation, groups=groups).shape)
    for k, number in enumerate(special):
        (x, w, g)[(seed + k) % 3].flat[seed * k % min(x.size, w.size, g.size)] = number
    tape = Tape()
    with np.errstate(invalid="ignore"):
        a, b = tape.input("x", x), tape.input("w", w)
        z = T[name](a, b, stride=stride, padding=pads, dilation=dilation, groups=groups)
        graph = reverse(Graph(tuple(tape.nodes), (0, 1), (z.number,)), seed=g)
        found = evaluate(graph, {0: x, 1: w})
        wanted = looped(x, w, stride, pads, dilation, groups, g)
    for one, other in zip((found[z.number], found[graph.grads[0]], found[graph.grads[1]]), wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-11)


@given(settings(), st.data())
def test_a_transposed_convolution_is_the_transpose(drawn, data):
    rank, kernel, stride, pads, dilation, groups, size, c, o = drawn
    rng = np.random.default_rng(1)
    w = rng.normal(size=(groups * o, c, *kernel))
    more = tuple(data.draw(st.integers(0, t - 1)) for t in stride)
    full = [(n - 1) * t + d * (k - 1) + 1 + a for n, t, d, k, a in zip(size, stride, dilation, kernel, more, strict=True)]
    pads = tuple((min(p, (n - 1) // 2), min(q, (n - 1) // 2)) for (p, q), n in zip(pads, full, strict=True))
    same = {"stride": stride, "padding": pads, "dilation": dilation, "groups": groups}
    y = rng.normal(size=(2, groups * o, *size))
    z = T[f"conv_transpose{rank}d"](y, w, output_padding=more, **same).value
    assert z.shape == (2, groups * c, *(n - p - q for n, (p, q) in zip(full, pads, strict=True)))
    x = rng.normal(size=z.shape)
    back = T[f"conv{rank}d"](x, w, **same).value
    assert back.shape == y.shape
    np.testing.assert_allclose(np.sum(x * z), np.sum(back * y), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("size", "kernel", "stride"), [(5, 3, 1), (5, 2, 1), (7, 3, 2), (4, 3, 2), (6, 1, 3)])
def test_same_padding_keeps_the_size_over_the_stride(size, kernel, stride):
    z = T["conv1d"](np.ones((1, 1, size)), np.ones((1, 1, kernel)), stride=stride, padding="same")
    assert z.shape == (1, 1, -(-size // stride))
