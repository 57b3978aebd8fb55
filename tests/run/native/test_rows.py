import numpy as np
import pytest
from tests.run.native.graphs import graph_of

from backlight import ops
from backlight.core.types import type_of
from backlight.run.native import threads
from backlight.run.native.machine import compile_graph

FOLDS = {"sum": ops.sum, "max": ops.max, "prod": ops.prod}


@pytest.mark.parametrize("how", FOLDS)
@pytest.mark.parametrize("shape", [(50, 8), (8, 8), (33, 16), (7, 8), (4, 4), (3, 10, 8), (2, 8, 16)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_short_rows_folded_together_have_the_bits_of_each_alone(how: str, shape: tuple[int, ...], dtype: str) -> None:
    random = np.random.default_rng(1)
    x, y = random.normal(size=shape).astype(dtype), random.normal(size=shape[-1:]).astype(dtype)
    x.flat[3], x.flat[-1] = np.nan if how == "max" else -0.0, np.inf
    fold = FOLDS[how]
    together = compile_graph(graph_of(lambda x, y: fold(x * y, axis=-1), type_of(x), type_of(y)))(x, y)
    alone, _ = compile_graph(graph_of(lambda x, y: (fold(x * y, axis=-1), x * y), type_of(x), type_of(y)))(x, y)
    assert np.array_equal(together, alone, equal_nan=True)
    with np.errstate(all="ignore"):
        wanted = getattr(np, how)(x * y, axis=-1)
    np.testing.assert_allclose(together, wanted, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6)


def test_several_folds_of_short_rows_and_several_threads() -> None:
    x = np.random.default_rng(2).normal(size=(60_001, 8)).astype(np.float32)
    graph = graph_of(lambda x: (ops.sum(ops.exp(x), axis=1), ops.max(x, axis=1)), type_of(x))
    before, found = threads.threads(), []
    for count in (1, 2, 3):
        threads.threads(count)
        found.append(compile_graph(graph)(x))
    threads.threads(before)
    np.testing.assert_allclose(found[0][0], np.exp(x).sum(axis=1), rtol=1e-5)
    assert np.array_equal(found[0][1], x.max(axis=1))
    for sums, most in found[1:]:
        assert np.array_equal(found[0][0], sums)
        assert np.array_equal(found[0][1], most)
