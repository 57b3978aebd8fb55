"""The numbers that every contestant starts from: the same for all, made from one seed."""

from __future__ import annotations

import random as numbers
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def dense(random: np.random.Generator, *sizes: int) -> dict[str, Array]:
    """Return weights and biases of layers of these sizes, as float32."""
    found: dict[str, Array] = {}
    for k, (n, m) in enumerate(pairwise(sizes), 1):
        found[f"w{k}"] = (random.normal(size=(n, m)) * np.sqrt(2 / n)).astype(np.float32)
        found[f"b{k}"] = np.zeros(m, np.float32)
    return found


def w2() -> tuple[Array, Array, dict[str, Array]]:
    """Fifty points of 5 sin x, and a network 1-8-8-8-1."""
    random = np.random.default_rng(2)
    x = np.linspace(-5, 5, 50, dtype=np.float32)[:, None]
    return x, (5 * np.sin(x)).astype(np.float32), dense(random, 1, 8, 8, 8, 1)


def w3() -> tuple[Array, Array, dict[str, Array]]:
    """The perceptron of five numbers and ten answers."""
    random = np.random.default_rng(3)
    x = np.array([0.1, 0.2, 0.3, 0.4, 0.5], np.float32)
    y = np.array([0.1, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.9, 0.1], np.float32)
    return x, y, {"w": random.normal(size=(5, 10)).astype(np.float32), "b": np.zeros((), np.float32)}


def w4() -> tuple[Array, Array, dict[str, Array], Array]:
    """Fifty thousand random pictures of 28 × 28, a network 784-30-10, and the order of an epoch in tens."""
    random = np.random.default_rng(4)
    x = random.random((50_000, 784), dtype=np.float32)
    y = np.eye(10, dtype=np.float32)[random.integers(0, 10, 50_000)]
    parameters = dense(random, 784, 30, 10)
    return x, y, parameters, random.permutation(50_000).reshape(5_000, 10)


def w5() -> tuple[Array, Array, dict[str, Array]]:
    """A batch of 128, and a network 784-512-512-10."""
    random = np.random.default_rng(5)
    x = random.normal(size=(128, 784)).astype(np.float32)
    return x, np.eye(10, dtype=np.float32)[random.integers(0, 10, 128)], dense(random, 784, 512, 512, 10)


def w6() -> Array:
    """Ten million numbers."""
    return np.random.default_rng(6).normal(size=10_000_000).astype(np.float32)


NODES = 100_000


def w9() -> list[float]:
    """Numbers near a half, so that products and sums by turns stay near a half as well."""
    random = numbers.Random(0)
    return [random.uniform(0.49, 0.51) for _ in range(NODES // 2)]


def tree(level: Sequence[Any]) -> Any:
    """Products and sums by turns, pair by pair, until one value is left."""
    times = True
    while len(level) > 1:
        odd = level[len(level) // 2 * 2 :]
        pairs = zip(level[::2], level[1::2], strict=False)
        level = [*(x * y if times else x + y for x, y in pairs), *odd]
        times = not times
    return level[0]


def w7() -> tuple[Array, Array, dict[str, Array]]:
    """Sixty-four pictures of 28 × 28, and LeNet: two convolutions, each pooled, then three layers."""
    random = np.random.default_rng(7)
    x = random.normal(size=(64, 1, 28, 28)).astype(np.float32)
    parameters = dense(random, 400, 120, 84, 10)
    for name, shape in (("1", (6, 1, 5, 5)), ("2", (16, 6, 5, 5))):
        parameters["k" + name] = (random.normal(size=shape) * np.sqrt(2 / np.prod(shape[1:]))).astype(np.float32)
        parameters["c" + name] = np.zeros(shape[0], np.float32)
    return x, random.integers(0, 10, 64), parameters


LAYERS, WIDTH, HEADS, CONTEXT, BATCH, VOCABULARY = 4, 128, 4, 128, 8, 256


def w8() -> tuple[Array, Array, dict[str, Array]]:
    """Eight texts of 128 tokens, what follows each token, and a transformer: layer by layer, norm before."""
    random = np.random.default_rng(8)
    tokens = random.integers(0, VOCABULARY, (BATCH, CONTEXT + 1))

    def normal(*shape: int) -> Array:
        return (random.normal(size=shape) * 0.02).astype(np.float32)

    p = {"token": normal(VOCABULARY, WIDTH), "place": normal(CONTEXT, WIDTH), "head": normal(WIDTH, VOCABULARY)}
    for k in range(LAYERS):
        for name, n, m in (("qkv", WIDTH, 3 * WIDTH), ("out", WIDTH, WIDTH), ("up", WIDTH, 4 * WIDTH), ("down", 4 * WIDTH, WIDTH)):
            p[f"{name}{k}"], p[f"{name}_bias{k}"] = normal(n, m), np.zeros(m, np.float32)
    for name in (*(f"first{k}" for k in range(LAYERS)), *(f"second{k}" for k in range(LAYERS)), "last"):
        p[name + "_scale"], p[name + "_shift"] = np.ones(WIDTH, np.float32), np.zeros(WIDTH, np.float32)
    return tokens[:, :-1], tokens[:, 1:], p
