import ctypes
from typing import Any

import numpy as np
import pytest
from tests.run.native.conftest import KINDS, PLAIN
from tests.run.native.graphs import CLOSE, agree, graph_of, reference, with_gradients
from tests.run.native.programs import run

from backlight import ops
from backlight.core.types import Type
from backlight.run.emit.code import Module
from backlight.run.emit.parts import pieces
from backlight.run.emit.product import define_product, panels
from backlight.run.emit.room import portion
from backlight.run.emit.tile import Product, tiling
from backlight.run.emit.value import Target
from backlight.run.lower.program import Apply, Multiply, Nest, Place, Read, Write
from backlight.run.lower.tiles import DEEPEST
from backlight.run.native import host
from backlight.run.native.machine import compile_graph

TARGETS = {"host": host.target(), "plain": PLAIN, "wide": Target("wide", 32, fma=True)}
SIZES = [
    (1, 1, 1), (1, 10, 5), (3, 1, 7), (8, 8, 50), (37, 53, 41), (14, 32, 300), (5, 70, 1), (2, 3, 1000), (29, 100, 17),
    (61, 130, 300),
]


def compiled(target: Target, p: Product) -> tuple[host.Loaded, Any]:
    module = Module(target)
    symbol = define_product(module, p)

    def write(c, *operands):  # type: ignore[no-untyped-def]
        c.do(f"call void @{symbol}({', '.join(o.typed for o in operands)}, ptr null)")

    parameters = [("a", "ptr", 1), ("b", "ptr", 1), ("c", "ptr", 1), ("first", "i64", 1), ("last", "i64", 1)]
    module.define("run", "void", [*parameters, ("add", "i1", 1)], "#0", write, linkage="")
    loaded = host.Loaded(host.assemble(module.text(host.attributes())), ["run"])
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
    loaded, call = compiled(TARGETS[target], p)
    out = np.full((m, n + 3), 7, KINDS[kind])
    count = panels(TARGETS[target], p)
    call(a.ctypes.data, b.ctypes.data, out.ctypes.data, 0, count, False)
    assert np.array_equal(out[:, :n], wanted)
    assert np.all(out[:, n:] == 7), "the numbers beside the matrix are not ours"
    for panel in range(count):
        call(a.ctypes.data, b.ctypes.data, out.ctypes.data, panel, panel + 1, True)
    assert np.array_equal(out[:, :n], 2 * wanted)
    assert loaded.addresses


@pytest.mark.parametrize("turned", ["", "a", "b", "ab"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("m", "n", "k"), [(61, 200, 300), (37, 260, 41), (30, 300, 520)])
@pytest.mark.parametrize("apart", [1200, 2048])
def test_a_product_by_columns_is_exact_on_whole_numbers(
    m: int, n: int, k: int, target: str, kind: str, turned: str, apart: int
) -> None:
    random = np.random.default_rng(3)
    a = whole_numbers(random, (k, apart) if "a" in turned else (m, apart), KINDS[kind])
    b = whole_numbers(random, (n, k) if "b" in turned else (k, n), KINDS[kind])
    steps = ((1, apart) if "a" in turned else (apart, 1), (1, k) if "b" in turned else (n, 1))
    p = Product(kind, m, n, k, *steps[0], *steps[1], n + 3)
    assert portion(TARGETS[target], p, None)
    loaded, call = compiled(TARGETS[target], p)
    out = np.full((m, n + 3), 7, KINDS[kind])
    count = panels(TARGETS[target], p)
    call(a.ctypes.data, b.ctypes.data, out.ctypes.data, 0, count, False)
    wanted = (a[:, :m].T if "a" in turned else a[:, :k]) @ (b.T if "b" in turned else b)
    assert np.array_equal(out[:, :n], wanted)
    for panel in range(count):
        call(a.ctypes.data, b.ctypes.data, out.ctypes.data, panel, panel + 1, True)
    assert np.array_equal(out[:, :n], 2 * wanted)
    assert np.all(out[:, n:] == 7), "the numbers beside the matrix are not ours"
    assert loaded.addresses


def test_a_product_has_the_same_bits_however_its_panels_are_shared_out() -> None:
    random = np.random.default_rng(4)
    m, n, k = 20, 150, 700
    a, b = random.normal(size=(m, k)), random.normal(size=(k, n))
    p = Product("double", m, n, k, k, 1, n, 1, n)
    loaded, call = compiled(host.target(), p)
    whole, parts = np.empty((m, n)), np.empty((m, n))
    count = panels(host.target(), p)
    call(a.ctypes.data, b.ctypes.data, whole.ctypes.data, 0, count, False)
    for panel in reversed(range(count)):
        call(a.ctypes.data, b.ctypes.data, parts.ctypes.data, panel, panel + 1, False)
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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("local", [False, True])
@pytest.mark.parametrize(("m", "n", "k"), [(37, 113, 41), (130, 100, 17), (61, 130, 300), (40, 96, 64)])
@pytest.mark.parametrize(
    ("turned", "apart", "b_apart"), [(False, 1200, None), (True, 1200, None), (False, 2048, 8192), (True, 8192, None)]
)
def test_what_is_fused_into_a_product_is_done_to_every_number_once(
    m: int, n: int, k: int, target: str, kind: str, local: bool, turned: bool, apart: int, b_apart: int | None
) -> None:
    """relu(A B + b) and what is left of another array when it is taken off, in memory that only the tile has or not.

    The rows of A lie far apart; those 2048 numbers apart crowd each other out of the nearest cache, 8192 out of the second.
    """
    random = np.random.default_rng(4)
    dtype, local, b_row = KINDS[kind], local and k <= DEEPEST[kind], b_apart or n
    a, b = (np.zeros(shape, dtype) for shape in ((k if turned else m, apart), (k, b_row)))
    a[:, : m if turned else k] = whole_numbers(random, (k, m) if turned else (m, k), dtype)
    b[:, :n] = whole_numbers(random, (k, n), dtype)
    bias, other = (whole_numbers(random, shape, dtype) for shape in ((1, n), (m, n)))
    c, rectified, rest = (np.zeros((m, n), dtype) for _ in range(3))
    whole = Place(2, 0, (n, 1))
    steps = (Read(whole, kind), Read(Place(3, 0, (0, 1)), kind), Apply("add", (0, 1), kind), Apply("relu", (2,), kind),
             Read(Place(4, 0, (n, 1)), kind), Apply("subtract", (4, 3), kind))
    after = Nest((m, n), steps, (Write(3, Place(5, 0, (n, 1))), Write(5, Place(6, 0, (n, 1)))), (), ())
    left = Place(0, 0, (1, apart) if turned else (apart, 1))
    product = Multiply(kind, m, n, k, left, Place(1, 0, (b_row, 1)), whole, (), (), after=after, local=local)
    run(TARGETS[target], [product], [a, b, c, bias, other, rectified, rest])
    made = (a[:, :m].T if turned else a[:, :k]) @ b[:, :n]
    assert np.array_equal(rectified, np.maximum(made + bias, 0))
    assert np.array_equal(rest, other - np.maximum(made + bias, 0))
    assert np.array_equal(c, 0 * made if local else made)


def test_a_large_product_and_what_is_done_to_it_are_one_instruction() -> None:
    def layer(x, w, b, m):  # type: ignore[no-untyped-def]
        return m * 0.9 + (x.T @ w) * 0.1, x @ w[:512] + b

    types = [Type("float32", (512, 512)), Type("float32", (512, 512)), Type("float32", (512,)), Type("float32", (512, 512))]
    graph = graph_of(layer, *types)
    f = compile_graph(graph)
    f.prepare(*types)
    text = f.listing()
    assert "product (512 × 512) (512 × 512), fused into it: multiply, add" in text
    assert "product (512 × 512) (512 × 512), fused into it: add" in text
    values = [np.random.default_rng(k).normal(size=t.shape).astype(np.float32) for k, t in enumerate(types)]
    for found, wanted in zip(f(*values), reference(graph, values, graph.outputs), strict=True):
        assert agree(found, wanted, CLOSE["float32"])


def test_what_has_another_shape_than_a_product_is_done_behind_it() -> None:
    def split(x, w, y):  # type: ignore[no-untyped-def]
        return ops.reshape(x @ w, shape=(4, 128, 512)) * y, ops.sum(x @ w + 1.0, axis=1)

    types = [Type("float32", (512, 300)), Type("float32", (300, 512)), Type("float32", (4, 128, 512))]
    graph = graph_of(split, *types)
    f = compile_graph(graph)
    values = [np.random.default_rng(k).normal(size=t.shape).astype(np.float32) for k, t in enumerate(types)]
    for found, wanted in zip(f(*values), reference(graph, values, graph.outputs), strict=True):
        assert agree(found, wanted, CLOSE["float32"])


def test_a_stack_times_one_matrix_is_one_product_and_so_is_the_gradient_of_the_matrix() -> None:
    def loss(x, w, v):  # type: ignore[no-untyped-def]
        return ops.sum(ops.square(ops.relu(x @ w) @ v))

    types = [Type("float64", (3, 5, 8)), Type("float64", (8, 12)), Type("float64", (12, 4))]
    found = with_gradients(graph_of(loss, *types))
    assert found is not None
    graph, gradients = found
    f = compile_graph(graph, [*graph.outputs, *gradients])
    values = [np.random.default_rng(k).normal(size=t.shape) for k, t in enumerate(types)]
    for made, wanted in zip(f(*values), reference(graph, values, [*graph.outputs, *gradients]), strict=True):
        assert agree(made, wanted, CLOSE["float64"])
    products = sorted(line.split("product ")[1].split("    ")[0] for line in f.listing().splitlines() if "product " in line)
    assert products == [
        "(12 × 15) (15 × 4)", "(15 × 12) (12 × 4)", "(15 × 12) (12 × 8)", "(15 × 4) (4 × 12)", "(15 × 8) (8 × 12)",
        "(8 × 15) (15 × 12)",
    ]
