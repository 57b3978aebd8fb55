import numpy as np
import pytest
from tests.run.native.graphs import graph_of

from backlight import ops
from backlight.core.types import type_of
from backlight.ops import hyperbolic
from backlight.run.emit import scalar
from backlight.run.lower.program import TOGETHER
from backlight.run.native.machine import compile_graph


def test_there_is_an_emitter_for_every_pair_that_the_loops_look_for() -> None:
    assert set(scalar.TOGETHER) == set(TOGETHER)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("size", [2, 9, 1000])
@pytest.mark.parametrize("names", TOGETHER)
def test_functions_that_share_their_work_have_the_bits_that_each_has_alone(names: tuple[str, str], size: int, dtype: str) -> None:
    random = np.random.default_rng(3)
    edges = [0.0, -0.0, np.inf, -np.inf, np.nan, 45.0, -70.0, 300.0, 1e-30, 1e22]
    x = np.concatenate([random.normal(size=size), 1e6 * random.normal(size=3), edges]).astype(dtype)
    one, other = (getattr(ops, name, None) or getattr(hyperbolic, name) for name in names)
    both = compile_graph(graph_of(lambda x: (one(x), other(x)), type_of(x)))
    alone = [compile_graph(graph_of(f, type_of(x)))(x) for f in (one, other)]
    found = both(x)
    assert f"{names[0]}(v0), together with v2" in both.listing()
    for a, b in zip(found, alone, strict=True):
        assert np.array_equal(a, b, equal_nan=True)
        numbers = ~np.isnan(a)
        assert np.array_equal(np.signbit(a[numbers]), np.signbit(b[numbers]))
