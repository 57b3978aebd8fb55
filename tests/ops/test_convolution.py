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


def looped(x: Any, w: Any, stride: Any, pads: Any, dilation: Any, groups: int) -> Any:
    """The sum of the definition, number by number."""
    rank = x.ndim - 2
    x = np.pad(x, ((0, 0), (0, 0), *pads))
    kernel = w.shape[2:]
    sizes = [
        (n - (d * (k - 1) + 1)) // t + 1 for n, k, t, d in zip(x.shape[2:], kernel, stride, dilation, strict=True)
    ]
    z = np.zeros((x.shape[0], w.shape[0], *sizes))
    part, out = w.shape[1], w.shape[0] // groups
    for n, o, c in product(range(x.shape[0]), range(w.shape[0]), range(part)):
        for p in np.ndindex(*sizes):
            for k in np.ndindex(*kernel):
                place = tuple(p[a] * stride[a] + k[a] * dilation[a] for a in range(rank))
                z[(n, o, *p)] += x[(n, o // out * part + c, *place)] * w[(o, c, *k)]
    return z


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


@given(settings(), st.integers(0, 99))
def test_any_convolution_and_its_gradients_are_the_sums_of_the_definition(drawn, seed):
    rank, kernel, stride, pads, dilation, groups, size, c, o = drawn
    rng = np.random.default_rng(seed)
    x, w = rng.normal(size=(2, groups * c, *size)), rng.normal(size=(groups * o, c, *kernel))
    name = f"conv{rank}d"
    tape = Tape()
    a, b = tape.input("x", x), tape.input("w", w)
    z = T[name](a, b, stride=stride, padding=pads, dilation=dilation, groups=groups)
    g = rng.normal(size=z.shape)
    graph = reverse(Graph(tuple(tape.nodes), (0, 1), (z.number,)), seed=g)
    found = evaluate(graph, {0: x, 1: w})
    np.testing.assert_allclose(found[z.number], looped(x, w, stride, pads, dilation, groups), atol=1e-12)
    # The convolution is linear in either operand, so <g, conv(t, w)> = <gradient, t> holds exactly for any t.
    for k, moved in ((0, (rng.normal(size=x.shape), w)), (1, (x, rng.normal(size=w.shape)))):
        wanted = np.sum(g * looped(*moved, stride, pads, dilation, groups))
        assert abs(np.sum(found[graph.grads[k]] * moved[k]) - wanted) < 1e-10 * (1 + abs(wanted))


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
