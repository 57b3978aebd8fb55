"""Products of few columns, shared out by rows or along k, and nests that go on where threads left off."""

from collections.abc import Iterator

import numpy as np
import pytest
from tests.run.native.conftest import KINDS, PLAIN
from tests.run.native.graphs import CLOSE, agree, graph_of, reference
from tests.run.native.programs import run

from backlight import ops
from backlight.core.types import Type
from backlight.run.emit.aligned import aligned
from backlight.run.emit.code import Module
from backlight.run.emit.multiply import parts_of_k
from backlight.run.emit.product import panels
from backlight.run.emit.program import define_pieces
from backlight.run.emit.split import LEAST, along_k, by_rows, part_of, portions
from backlight.run.emit.tile import product_of
from backlight.run.emit.value import Target
from backlight.run.lower.memory import plan
from backlight.run.lower.program import Buffer, Fold, Multiply, Nest, Place, Program, Read, Write
from backlight.run.native import host, threads
from backlight.run.native.machine import compile_graph

TARGETS = {"host": host.target(), "plain": PLAIN, "wide": Target("wide", 32, fma=True)}


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = threads.threads()
    yield
    threads.threads(before)


def multiply(kind: str, m: int, n: int, k: int, turned: str = "", add: bool = False, c_row: int | None = None) -> Multiply:
    a = Place(0, 0, (1, m) if "a" in turned else (k, 1))
    b = Place(1, 0, (1, k) if "b" in turned else (n, 1))
    return Multiply(kind, m, n, k, a, b, Place(2, 0, (c_row or n, 1)), (), (), add=add)


def operands(m: int, n: int, k: int, turned: str, kind: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Small whole numbers, laid out as asked for, and their product: every sum is exact."""
    random = np.random.default_rng(5)
    a, b = (random.integers(-8, 9, shape).astype(KINDS[kind]) for shape in ((m, k), (k, n)))
    laid = [np.ascontiguousarray(x.T if name in turned else x) for x, name in ((a, "a"), (b, "b"))]
    return laid[0], laid[1], a @ b


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("turned", ["", "a", "b", "ab"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("m", "n", "k"), [(10, 4, 8001), (1, 4, 40_000), (16, 3, 5000), (5, 2, 60_000), (900, 4, 100), (1001, 3, 61),
                       (238, 4, 9520)])
def test_a_product_of_one_panel_is_exact_however_it_is_shared_out(
    m: int, n: int, k: int, target: str, kind: str, turned: str, count: int
) -> None:
    product = multiply(kind, m, n, k, turned, c_row=n + 3)
    a, b, wanted = operands(m, n, k, turned, kind)
    p = product_of(product)
    assert by_rows(TARGETS[target], p) or along_k(TARGETS[target], p) > 1
    threads.threads(count)
    pool = threads.pool()
    sharing = (pool.share, pool.address) if pool is not None else (None, None)
    out = np.full((m, n + 3), 7, KINDS[kind])
    run(TARGETS[target], [product], [a, b, out], share=sharing[0], pool=sharing[1])
    assert np.array_equal(out[:, :n], wanted)
    assert np.all(out[:, n:] == 7), "the numbers beside the matrix are not ours"
    whole = multiply(kind, m, n, k, turned, add=True)
    out = np.arange(m * n).reshape(m, n).astype(KINDS[kind])
    run(TARGETS[target], [whole], [a, b, out], share=sharing[0], pool=sharing[1])
    assert np.array_equal(out, wanted + np.arange(m * n).reshape(m, n))


def test_a_product_is_cut_along_k_into_whole_lines_that_are_all_of_it() -> None:
    target = host.target()
    for m in (1, 7, 10, 20, 100):
        for k in (784, 1000, 4097, 39_999, 300_000):
            for n in (1, 3, 7):
                p = product_of(multiply("float", m, n, k))
                count = along_k(target, p)
                if count > 1:
                    part = part_of(p, count)
                    assert part.k % 16 == 0
                    assert (count - 1) * part.k < k <= count * part.k
                    assert portions(p) // 2 < count <= portions(p)
                if m * n * k < LEAST:
                    assert (count, by_rows(target, p)) == (1, False)


def test_a_product_is_cut_where_its_sums_are_long_and_its_rows_shared_where_they_are_many() -> None:
    target = host.target()
    long, tall = multiply("float", 10, 8, 20_000), multiply("float", 20_000, 8, 10, "a")
    assert parts_of_k(target, long) == 10, "parts that are alike"
    assert parts_of_k(target, multiply("float", 10, 8, 20_001)) == 16
    assert not by_rows(target, product_of(long))
    assert parts_of_k(target, tall) == 1
    assert panels(target, product_of(tall)) > 1000
    assert parts_of_k(target, multiply("float", 10, 8, 1000)) == 1, "too little to be shared out"
    assert parts_of_k(target, multiply("float", 10, 800, 20_000)) == 1, "shared out by columns"


def narrow(x, w, v):  # type: ignore[no-untyped-def]
    h = ops.tanh(x @ w)
    return h @ v, ops.sum(ops.square(h @ v), axis=0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "shapes", [((10, 9000), (9000, 8), (8, 3)), ((3000, 20), (20, 9), (9, 2)), ((64, 3000), (3000, 7), (7, 7))])
def test_the_bits_are_the_same_on_any_number_of_threads(shapes: tuple[tuple[int, ...], ...], dtype: str) -> None:
    random = np.random.default_rng(1)
    values = [random.normal(size=shape).astype(dtype) for shape in shapes]
    graph = graph_of(narrow, *(Type(dtype, shape) for shape in shapes))
    f = compile_graph(graph)
    found = []
    for count in (1, 2, 5):
        threads.threads(count)
        for _ in range(5):
            found.append([np.asarray(x) for x in f(*values)])
    for others in found[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(found[0], others, strict=True))
    for made, wanted in zip(found[0], reference(graph, values, graph.outputs), strict=True):
        assert agree(made, wanted, CLOSE[dtype])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("m", "n", "k"), [(142, 35, 134), (150, 70, 300), (200, 102, 520)])
def test_a_turned_operand_whose_last_panel_is_narrow_is_copied_together_by_all_threads(m: int, n: int, k: int, dtype: str) -> None:
    random = np.random.default_rng(6)
    a, b = (random.integers(-8, 9, shape).astype(dtype) for shape in ((m, k), (n, k)))
    f = compile_graph(graph_of(lambda a, b: a @ b.T, Type(dtype, a.shape), Type(dtype, b.shape)))
    for count in (2, 3, 1):
        threads.threads(count)
        for _ in range(100):
            assert np.array_equal(f(a, b), a @ b.T)


@pytest.mark.parametrize("seed", range(40))
def test_products_of_any_size_are_exact_on_any_number_of_threads(seed: int) -> None:
    """Sizes from 1 to 1,400, thin and wide, turned or not, with something done to the result or not."""
    random = np.random.default_rng(seed)
    m, n, k = (int(2 ** random.uniform(0, 10.5)) for _ in range(3))
    n = min(n, 20_000_000 // (m * k) + 1, 40 if seed % 3 == 0 else 1400)
    dtype = ("float32", "float64")[seed % 2]
    turned = random.random(2) < 0.4
    shapes = ((m, k)[:: -1 if turned[0] else 1], (k, n)[:: -1 if turned[1] else 1])
    a, b = (random.integers(-4, 5, shape).astype(dtype) for shape in shapes)
    bias = random.integers(-4, 5, n).astype(dtype)

    def function(a, b, bias):  # type: ignore[no-untyped-def]
        made = (a.T if turned[0] else a) @ (b.T if turned[1] else b)
        return made, ops.relu(made + bias), ops.sum(made, axis=0)

    f = compile_graph(graph_of(function, *(Type(dtype, x.shape) for x in (a, b, bias))))
    wanted = (a.T if turned[0] else a) @ (b.T if turned[1] else b)
    for count in (1, 2, 3):
        threads.threads(count)
        for made, exact in zip(f(a, b, bias), (wanted, np.maximum(wanted + bias, 0), wanted.sum(0)), strict=True):
            assert np.array_equal(made, exact), (m, n, k)


# -- nests behind products ----------------------------------------------------------------------------------------------
def behind(x, w, v):  # type: ignore[no-untyped-def]
    h = x @ w
    masked = ops.where(v > 0.0, h, 0.0)
    return masked, ops.sum(masked, axis=0), ops.sum(masked * 2.0, axis=1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_nest_behind_a_product_is_cut_by_columns_and_gives_the_same(dtype: str) -> None:
    random = np.random.default_rng(2)
    shapes = (96, 20), (20, 1024), (96, 1024)
    values = [random.normal(size=shape).astype(dtype) for shape in shapes]
    types = [Type(dtype, shape) for shape in shapes]
    graph = graph_of(lambda *xs: behind(*xs)[:2], *types)
    f = compile_graph(graph)
    f.prepare(*types)
    assert "loop 4 × 96 × 256" in f.listing()
    for count in (1, 2, 3):
        threads.threads(count)
        for made, wanted in zip(f(*values), reference(graph, values, graph.outputs), strict=True):
            assert agree(made, wanted, CLOSE[dtype])


def test_a_nest_that_folds_rows_or_is_of_another_size_is_not_cut() -> None:
    types = [Type("float32", (96, 20)), Type("float32", (20, 1024)), Type("float32", (96, 1024))]
    f = compile_graph(graph_of(behind, *types))  # the sums of rows are in the same loop
    f.prepare(*types)
    assert "loop 96 × 1024" in f.listing()
    assert "loop 4 ×" not in f.listing()
    types = [Type("float32", (96, 20)), Type("float32", (20, 1022)), Type("float32", (96, 1022))]
    f = compile_graph(graph_of(lambda *xs: behind(*xs)[:2], *types))  # no whole vectors in a quarter of it
    f.prepare(*types)
    assert "loop 96 × 1022" in f.listing()


def test_a_cut_nest_walks_through_the_same_places() -> None:
    steps = (Read(Place(2, 0, (512, 1)), "float"), Read(Place(3, 5, (0, 1)), "float"), Read(Place(4, 7, (1, 0)), "float"))
    nest = Nest((200, 512), steps, (Write(0, Place(5, 0, (512, 1))),), (Fold(1, "sum", Place(6, 0, (0, 1)), None),), ())
    product = Multiply("float", 200, 512, 64, Place(0, 0, (64, 1)), Place(1, 0, (512, 1)), Place(2, 0, (512, 1)), (), ())
    _, cut = aligned(host.target(), Program((), (product, nest), (), ())).instructions
    assert isinstance(cut, Nest)
    assert cut.sizes == (4, 200, 128)
    assert [s.place.strides for s in cut.steps if isinstance(s, Read)] == [(128, 512, 1), (128, 0, 1), (0, 1, 0)]
    assert cut.writes[0].place.strides == (128, 512, 1)
    assert cut.folds[0].place.strides == (128, 0, 1)
    assert aligned(host.target(), Program((), (nest, product), (), ())).instructions == (nest, product), "nothing was left yet"


def test_a_long_product_along_k_wakes_helpers_and_a_short_one_does_not() -> None:
    for k, wakes in ((20_000, True), (3000, False)):
        module = Module(host.target())
        product = multiply("float", 10, 8, k)
        sizes = (10 * k, 8 * k, 80)
        buffers = tuple(Buffer(n, "float", size, "input", f"%{n}") for n, size in enumerate(sizes))
        define_pieces(module, plan(Program(buffers, (product,), (), ())))
        (call,) = [line for line in module.text(host.attributes()).splitlines() if "call void @bl.share(" in line]
        assert call.endswith(f"i1 {'true' if wakes else 'false'})")
