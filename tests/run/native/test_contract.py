import numpy as np
import pytest
from tests.run.native.conftest import KINDS, PLAIN
from tests.run.native.programs import row_major, run

import backlight as bl
from backlight import ops
from backlight.run.emit.value import Target
from backlight.run.lower.program import Contract, Place
from backlight.run.native import host

TARGETS = {"host": host.target(), "plain": PLAIN, "wide": Target("wide", 32, fma=True)}
# sizes of the batch, of the rows, of the columns and of the sum
SIZES = [
    ((), (3,), (5,), (7,)), ((2,), (6,), (5, 9), (2, 3, 3)), ((), (4, 3), (3, 14), (2, 50)), ((3, 2), (1,), (2, 3, 4), (5,)),
    ((), (17,), (3, 100), (3, 5)), ((2,), (30,), (25,), (40, 6)), ((), (2, 2, 2), (40,), (3,)), ((2,), (5,), (), (4, 3)),
    ((4,), (), (19, 2), (3, 3)), ((), (40,), (7, 7), (300,)),
]


def whole_numbers(random: np.random.Generator, size: int, dtype: type) -> np.ndarray:
    """Small whole numbers: every sum is exact, so the result must be too."""
    return random.integers(-8, 9, size).astype(dtype)


def scattered(random: np.random.Generator, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """Strides of an array whose axes lie in some order."""
    order = random.permutation(len(sizes))
    steps = row_major([sizes[k] for k in order])
    found = [0] * len(sizes)
    for k, step in zip(order, steps, strict=True):
        found[k] = step
    return tuple(found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("number", range(len(SIZES)))
@pytest.mark.parametrize("way", ["in order", "in any order", "windows"])
def test_a_product_over_axes_is_exact_on_whole_numbers(number: int, target: str, kind: str, way: str) -> None:
    random = np.random.default_rng(number)
    batch, m, n, k = SIZES[number]
    dtype = KINDS[kind]
    shapes = {"a": (*batch, *m, *k), "b": (*batch, *k, *n), "c": (*batch, *m, *n)}
    steps = {x: scattered(random, s) if way == "in any order" else row_major(s) for x, s in shapes.items()}
    if way == "windows":  # axes of B that walk over the same numbers
        steps["b"] = tuple(int(random.integers(-2, 4)) for _ in shapes["b"])
    low = {x: sum(min(0, s * (z - 1)) for s, z in zip(steps[x], shapes[x], strict=True)) for x in "abc"}
    high = {x: sum(max(0, s * (z - 1)) for s, z in zip(steps[x], shapes[x], strict=True)) for x in "abc"}
    arrays = {x: whole_numbers(random, high[x] - low[x] + 1, dtype) for x in "abc"}
    views = {
        x: np.lib.stride_tricks.as_strided(arrays[x][-low[x] :], shapes[x], [s * arrays[x].itemsize for s in steps[x]])
        for x in "abc"
    }
    letters = iter("abcdefghijklmnop")
    names = {axes: "".join(next(letters) for _ in sizes) for axes, sizes in zip("zmnk", (batch, m, n, k), strict=True)}
    z = names["z"]
    spec = f"{z}{names['m']}{names['k']},{z}{names['k']}{names['n']}->{z}{names['m']}{names['n']}"
    wanted = np.einsum(spec, views["a"], views["b"])
    places = (Place(i, -low[x], steps[x]) for i, x in enumerate("abc"))
    run(TARGETS[target], [Contract(kind, batch, m, n, k, *places, ())], [arrays["a"], arrays["b"], arrays["c"]])
    assert np.array_equal(views["c"], wanted)



@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("spec", ["abc,cbd->ad", "abc,bcd->ad", "abc,cdb->ad"])
@pytest.mark.parametrize(("b", "c"), [(21, 16), (40, 8), (5, 32), (3, 64), (16, 16), (7, 9)])
def test_a_sum_by_letters_whose_columns_lie_far_apart_has_the_right_gradients(b: int, c: int, spec: str, dtype: str) -> None:
    """Columns as wide as a vector, each vector of them elsewhere: not one after the other at even steps."""
    random = np.random.default_rng(b)
    a, d = 30, 5
    sizes = {"a": a, "b": b, "c": c, "d": d}
    left, right = spec.split("->")[0].split(",")
    x, y = (random.integers(-3, 4, [sizes[letter] for letter in word]).astype(dtype) for word in (left, right))
    z = random.integers(-3, 4, (a, d)).astype(dtype)
    found = bl.compile(bl.grad(lambda x, y, z: ops.sum(ops.einsum(spec, x, y) * z), (0, 1)))(x, y, z)
    assert np.array_equal(found[0], np.einsum(f"ad,{right}->{left}", z, y))
    assert np.array_equal(found[1], np.einsum(f"ad,{left}->{right}", z, x))
