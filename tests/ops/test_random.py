"""Draws are functions of their seed: the same by other means, and as random as they should be."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ops.trial import assert_close

from backlight import ops
from backlight.core.table import TABLE
from backlight.ops.random import normal_quantile, plain_log

assert ops.__all__
T = TABLE
FULL = 2**64


def splitmix(z: int) -> int:
    """One step of the generator in whole numbers of any length."""
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 % FULL
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB % FULL
    return z ^ (z >> 31)


def word(seed: int, tag: int, n: int) -> int:
    """The n-th word of a draw, counted from 0."""
    key = splitmix(splitmix((seed + 0x9E3779B97F4A7C15) % FULL) ^ tag)
    return splitmix((key + (n + 1) * 0x9E3779B97F4A7C15) % FULL)


def test_the_first_numbers_of_the_published_generator_come_out():
    # SplitMix64 from state 0: the sequence that its authors' program prints.
    assert [splitmix((n + 1) * 0x9E3779B97F4A7C15 % FULL) for n in range(2)] == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]


@given(st.integers(-(2**63), 2**63 - 1), st.integers(0, 50))
def test_a_draw_is_the_hash_of_seed_and_number(seed, count):
    seed_value = np.int64(seed)
    found = T["uniform"](seed_value, shape=count).value
    assert found.tolist() == [(word(seed % FULL, 2, n) >> 11) * 2.0**-53 for n in range(count)]
    normal = T["normal"](seed_value, shape=count).value
    chances = [((word(seed % FULL, 3, n) >> 12) + 0.5) * 2.0**-52 for n in range(count)]
    assert_close(normal, np.array([statistics.NormalDist().inv_cdf(p) for p in chances]), 1e-14, 0.1)


def test_the_quantile_is_right_far_out_and_the_logarithm_to_the_last_digits():
    p = np.array([1e-300, 1e-20, 1e-9, 0.001, 0.075, 0.3, 0.5, 0.7, 0.925, 0.999, 1 - 2.0**-53])
    wanted = [statistics.NormalDist().inv_cdf(float(x)) for x in p]
    np.testing.assert_allclose(normal_quantile(p), wanted, rtol=1e-14)
    x = np.concatenate([np.geomspace(1e-300, 1.0, 1000), np.linspace(0.5, 1.5, 1001)])
    np.testing.assert_allclose(plain_log(x), np.log(x), rtol=1e-15, atol=0)


@pytest.mark.parametrize("seed", [0, 1, -1, 2**63 - 1])
def test_draws_look_random(seed):
    n = 100_000  # one standard error of a mean is 1/316 of a standard deviation; five of them are allowed
    u, x = T["uniform"](seed, shape=n).value, T["normal"](seed, shape=n).value
    assert abs(np.mean(u) - 0.5) < 5 * 0.29 / 316
    assert abs(np.mean(x)) < 5 / 316
    assert abs(np.var(x) - 1) < 5 * 1.5 / 316
    assert abs(np.mean(x**4) - 3) < 5 * 10 / 316
    assert abs(np.corrcoef(u[1:], u[:-1])[0, 1]) < 5 / 316
    assert abs(np.corrcoef(u, x)[0, 1]) < 5 / 316  # one seed, two kinds of draw
    assert abs(np.mean(T["bernoulli"](seed, shape=n, p=0.2).value) - 0.2) < 5 * 0.4 / 316
    counts = np.bincount(T["randint"](seed, shape=n, low=0, high=10).value, minlength=10)
    assert np.sum((counts - n / 10) ** 2 / (n / 10)) < 40  # chi-square with 9 degrees: beyond 40 once in 100,000
    assert sorted(T["permutation"](seed, n=1000).value.tolist()) == list(range(1000))


def test_seeds_made_of_a_seed_differ():
    seeds = {int(T["subseed"](7, k).value) for k in range(1000)}
    assert len(seeds) == 1000
    x = [T["uniform"](seed, shape=2000).value for seed in list(seeds)[:2]]
    assert abs(np.corrcoef(*x)[0, 1]) < 5 / 44


def test_dropout_keeps_the_mean_and_divides_what_it_keeps():
    x = np.linspace(1.0, 2.0, 10_000)
    z = T["dropout"](x, 5, rate=0.3).value
    kept = z != 0.0
    assert abs(np.mean(kept) - 0.7) < 0.025
    np.testing.assert_allclose(z[kept], x[kept] / 0.7)
    assert abs(np.mean(z) / np.mean(x) - 1) < 0.03
