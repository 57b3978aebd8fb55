"""Scans, orders and random numbers: the numbers of the rows, to the last bit."""

from typing import Any

import numpy as np
import pytest

import backlight as bl
from backlight import ops
from backlight.core.table import TABLE

DRAWS: list[tuple[str, dict[str, Any]]] = [
    ("normal", {"shape": (100, 37), "mean": 1.0, "std": 0.5}), ("normal", {"shape": 3001, "dtype": "float32"}),
    ("uniform", {"shape": 1003, "low": -2.0}), ("uniform", {"shape": 1003, "dtype": "float32"}),
    ("randint", {"shape": 999, "low": -5, "high": 100}), ("bernoulli", {"shape": (7, 11), "p": 0.3}),
    ("permutation", {"n": 2001}),
]


@pytest.mark.parametrize(("row", "settings"), DRAWS, ids=lambda x: x if isinstance(x, str) else "")
def test_a_draw_compiled_is_the_same_draw(row: str, settings: dict[str, Any]) -> None:
    f = bl.compile(lambda seed: getattr(ops, row)(seed, **settings))
    for seed in (0, 7, -3, 123456789012):
        found, wanted = np.asarray(f(np.int64(seed))), TABLE[row].value(np.int64(seed), **settings)
        assert found.dtype == wanted.dtype
        assert np.array_equal(found, wanted)


@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "bool"])
@pytest.mark.parametrize("settings", [{}, {"descending": True}, {"axis": 0}, {"axis": 1}])
def test_an_order_compiled_is_stable_and_knows_every_number(settings: dict[str, Any], dtype: str) -> None:
    x = np.random.default_rng(0).normal(size=(3, 5, 700))
    x[..., ::7] = 1.5
    if dtype.startswith("float"):
        x[0, :, :9], x[1, :, 3], x[1, :, 9], x[2, :, 5], x[2, :, 6] = np.nan, -0.0, 0.0, np.inf, -np.inf
    x = (x * 4).astype(dtype)
    for row in ("argsort", "sort"):
        f = bl.compile(lambda y, row=row: getattr(ops, row)(y, **settings))
        assert np.array_equal(f(x), TABLE[row].value(x, **settings), equal_nan=dtype.startswith("float"))


@pytest.mark.parametrize("row", ["cumsum", "cumprod"])
@pytest.mark.parametrize(
    "settings", [{}, {"axis": 0}, {"axis": 1, "reverse": True}, {"axis": 2, "exclusive": True, "reverse": True}]
)
def test_a_scan_compiled_adds_in_the_same_order(settings: dict[str, Any], row: str) -> None:
    x = np.random.default_rng(1).normal(size=(4, 21, 37))
    f = bl.compile(lambda y: getattr(ops, row)(y, **settings))
    assert np.array_equal(f(x), TABLE[row].value(x, **settings))


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("row", ["scatter_add", "add_along_axis", "scatter"])
def test_one_index_is_as_good_as_several(row: str, count: int) -> None:
    i, y = np.arange(count)[::-1] + 1, np.arange(1.0, count + 1)
    x = np.full(7, 0.5)
    if row == "scatter":
        f = bl.compile(lambda x, y: ops.scatter(x, i, y))
        assert np.array_equal(f(x, y), TABLE["scatter"].value(x, i, y))
        added = bl.compile(lambda x, y: ops.scatter(x, i, y, mode="add"))
        assert np.array_equal(added(x, y), TABLE["scatter"].value(x, i, y, mode="add"))
    else:
        g = bl.compile(lambda y: getattr(ops, row)(y, i, size=7))
        assert np.array_equal(g(y), TABLE[row].value(y, i, size=7))
