"""Who computes a unit does not change what is computed: the same bits on any number of threads."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest

import backlight as bl
from backlight import ops
from backlight.run.native import threads


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = threads.threads()
    yield
    threads.threads(before)


def pictures(x, w, v):  # type: ignore[no-untyped-def]
    h = ops.max_pool2d(ops.relu(ops.conv2d(x, w, padding=1)))
    return ops.sum(ops.square(ops.conv2d(h, v, stride=2)))


def layers(x, w, v):  # type: ignore[no-untyped-def]
    h = ops.gelu(x @ w)
    return ops.sum(ops.logsumexp(h @ v, axis=1)) + ops.sum(ops.sin(h) * ops.exp(-h))


def scans(x, w, v):  # type: ignore[no-untyped-def]
    return ops.sum(ops.cumsum(x, axis=1) * w) + ops.sum(ops.cumprod(1.0 + 0.001 * w, axis=0) * v) + ops.norm(x)


SHAPES = {
    pictures: ((32, 3, 20, 20), (8, 3, 3, 3), (12, 8, 3, 3)),
    layers: ((400, 300), (300, 500), (500, 64)),
    scans: ((500, 400), (500, 400), (500, 400)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", SHAPES)
def test_a_value_and_its_gradients_have_the_same_bits_on_any_number_of_threads(
    function: Callable[..., object], dtype: str
) -> None:
    random = np.random.default_rng(0)
    values = [random.normal(size=shape).astype(dtype) for shape in SHAPES[function]]
    compiled = bl.compile(bl.value_and_grad(function, (0, 1, 2)))
    found = []
    for count in (1, 2, 3):
        threads.threads(count)
        value, slopes = compiled(*values)
        found.append([np.asarray(value), *slopes])
    wanted = {"pictures": 9, "layers": 6, "scans": 0}[function.__name__]
    assert compiled.listing().count(" @ ") == wanted
    for others in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], others, strict=True))
