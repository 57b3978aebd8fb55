import ctypes

import numpy as np
import pytest
from tests.run.native.conftest import KINDS, PLAIN

from backlight.run.emit.code import Module
from backlight.run.emit.parts import pieces
from backlight.run.emit.product import Product, define_product, panels, tiling
from backlight.run.emit.value import Target
from backlight.run.native import host

TARGETS = {"host": host.target(), "plain": PLAIN, "wide": Target("wide", 32, fma=True)}
SIZES = [
    (1, 1, 1), (1, 10, 5), (3, 1, 7), (8, 8, 50), (37, 53, 41), (14, 32, 300), (5, 70, 1), (2, 3, 1000), (29, 100, 17),
    (61, 130, 300),
]


def compiled(target: Target, p: Product) -> tuple[host.Loaded, object]:
    module = Module(target)
    symbol = define_product(module, p)

    def write(c, *operands):  # type: ignore[no-untyped-def]
        c.do(f"call void @{symbol}({', '.join(o.typed for o in operands)})")

    parameters = [("a", "ptr", 1), ("b", "ptr", 1), ("c", "ptr", 1), ("first", "i64", 1), ("last", "i64", 1)]
    module.define("run", "void", [*parameters, ("add", "i1", 1)], "#0", write, linkage="")
    loaded = host.Loaded(host.assemble(module.text(host.triple(), host.attributes())), ["run"])
    signature = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_int64, ctypes.c_int64, ctypes.c_bool)
    return loaded, signature(loaded.addresses["run"])


def whole_numbers(random: np.random.Generator, shape: tuple[int, int], dtype: type) -> np.ndarray:
    """Small whole numbers: every sum is exact, so the result must be too."""
    return random.integers(-8, 9, shape).astype(dtype)


@pytest.mark.parametrize("turned", ["", "a", "b", "ab"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("m", "n", "k"), SIZES)
def test_a_product_is_exact_on_whole_numbers(m: int, n: int, k: int, target: str, kind: str, turned: str) -> None:
    random = np.random.default_rng(3)
    a = whole_numbers(random, (k, m) if "a" in turned else (m, k), KINDS[kind])
    b = whole_numbers(random, (n, k) if "b" in turned else (k, n), KINDS[kind])
    a_steps = (1, m) if "a" in turned else (k, 1)
    b_steps = (1, k) if "b" in turned else (n, 1)
    wanted = (a.T if "a" in turned else a) @ (b.T if "b" in turned else b)
    p = Product(kind, m, n, k, *a_steps, *b_steps, n + 3)
    loaded, run = compiled(TARGETS[target], p)
    out = np.full((m, n + 3), 7, KINDS[kind])
    count = panels(TARGETS[target], p)
    run(a.ctypes.data, b.ctypes.data, out.ctypes.data, 0, count, False)
    assert np.array_equal(out[:, :n], wanted)
    assert np.all(out[:, n:] == 7), "the numbers beside the matrix are not ours"
    for panel in range(count):
        run(a.ctypes.data, b.ctypes.data, out.ctypes.data, panel, panel + 1, True)
    assert np.array_equal(out[:, :n], 2 * wanted)
    assert loaded.addresses


def test_a_product_has_the_same_bits_however_its_panels_are_shared_out() -> None:
    random = np.random.default_rng(4)
    m, n, k = 20, 150, 700
    a, b = random.normal(size=(m, k)), random.normal(size=(k, n))
    p = Product("double", m, n, k, k, 1, n, 1, n)
    loaded, run = compiled(host.target(), p)
    whole, parts = np.empty((m, n)), np.empty((m, n))
    count = panels(host.target(), p)
    run(a.ctypes.data, b.ctypes.data, whole.ctypes.data, 0, count, False)
    for panel in reversed(range(count)):
        run(a.ctypes.data, b.ctypes.data, parts.ctypes.data, panel, panel + 1, False)
    assert np.array_equal(whole, parts)
    assert np.allclose(whole, a @ b, 1e-12, 1e-12)
    assert loaded.addresses


def test_a_ragged_edge_is_cut_into_ever_narrower_vectors() -> None:
    assert pieces(27, 16) == [(0, 16), (16, 8), (24, 2), (26, 1)]


@pytest.mark.parametrize(("width", "most"), [(64, 32), (32, 16), (16, 16)])
def test_a_tile_fits_the_registers(width: int, most: int) -> None:
    for m in (1, 3, 8, 13, 50, 128, 784):
        for n in (1, 8, 10, 30, 512):
            t = tiling(Target("t", width, fma=True), Product("float", m, n, 9, 9, 1, n, 1, n))
            assert t.rows * t.vectors + t.vectors < most
