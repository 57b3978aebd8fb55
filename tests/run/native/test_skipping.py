"""Products that leave out zeros give the numbers of the product as ever, to the last bit."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import backlight as bl
from backlight import ops
from backlight.bench.ours import descent, training, types_of
from backlight.run.emit import skipping, sparse
from backlight.run.emit.code import Module
from backlight.run.emit.listed import define_finite, define_lists, define_sample
from backlight.run.emit.value import Target
from backlight.run.lower.lowering import lower
from backlight.run.lower.program import Multiply, Place, Program
from backlight.run.lower.zeros import mark_zeros
from backlight.run.native import host
from backlight.run.native.looped import compile_steps
from backlight.run.native.threads import threads

WIDE = Target("wide", 64, fma=True, scalef=True)
here = pytest.mark.skipif(not (host.target().scalef and host.target().width == 64), reason="a processor with vectors of 512 bits")
SHAPES = [(100, 300, 144), (64, 784, 176), (700, 200, 100), (160, 128, 512), (130, 270, 203)]
PRODUCTS: dict[str, Callable[..., Any]] = {
    "a": lambda a, b, v: ops.relu(a) @ b,
    "a turned": lambda a, b, v: ops.relu(a.T).T @ b,
    "b turned": lambda a, b, v: ops.relu(a) @ ops.identity(b.T).T,
    "a, bias and relu": lambda a, b, v: ops.relu(ops.relu(a) @ b + v[:1]) * 2.0,
    "a, update": lambda a, b, v: v - ops.square(ops.relu(a.T).T @ b) * 0.1,
    "b": lambda a, b, v: a @ ops.relu(b),
    "b, columns": lambda a, b, v: ops.identity(a.T).T @ ops.relu(b.T).T,
    "b, bias and relu": lambda a, b, v: ops.relu(a @ ops.relu(b) + v[:1]) * 2.0,
    "b, update": lambda a, b, v: v - ops.square(ops.identity(a.T).T @ ops.relu(b)) * 0.1,
    "both": lambda a, b, v: ops.relu(a) @ ops.where(b > 0.2, b, 0.0) - v,
    "given": lambda a, b, v: ops.relu(a @ b + v[:1]),
    "given or b": lambda a, b, v: v - a @ ops.relu(b),
}


def bits(x: np.ndarray) -> np.ndarray:
    return x.view(f"u{x.dtype.itemsize}")


def both(function: Callable[..., Any], arrays: Sequence[np.ndarray], monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """What a function is with zeros left out, on one thread and on three, and as ever."""
    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    found, before = [], threads()
    try:
        for work, count in ((1, 1), (1, 3), (10**18, 1)):
            monkeypatch.setattr(sparse, "WORK", work)
            threads(count)
            found.append(np.asarray(bl.compile(function)(*arrays)))
    finally:
        threads(before)
    return found


def arrays_of(shape: tuple[int, int, int], dtype: str, given_zeros: float = 0.0) -> list[np.ndarray]:
    m, k, n = shape
    random = np.random.default_rng(m * k * n)
    found = [random.normal(size=size).astype(dtype) for size in ((m, k), (k, n), (m, n))]
    found[0][random.random((m, k)) < given_zeros] = 0
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", PRODUCTS)
@pytest.mark.parametrize("shape", SHAPES)
def test_zeros_left_out_change_no_bit(shape: tuple[int, int, int], name: str, dtype: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for share in (0.0, 0.8) if "given" in name else (0.0,):
        one, three, whole = both(PRODUCTS[name], arrays_of(shape, dtype, share), monkeypatch)
        assert np.array_equal(bits(one), bits(whole))
        assert np.array_equal(bits(three), bits(whole))


@pytest.mark.parametrize("name", ["a", "b"])
def test_zero_times_infinity_is_nan_and_nan_is_no_zero(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    a, b, v = arrays_of((160, 300, 160), "float32")
    masked, other = (a, b) if name == "a" else (b, a)
    masked[:, ::7], masked[5, 3] = -1.0, np.nan
    other[[7, 100, 159], [3, 150, 0]] = np.inf, np.nan, -np.inf
    with np.errstate(invalid="ignore"):
        one, three, whole = both(PRODUCTS[name], (a, b, v), monkeypatch)
        wanted = np.maximum(a, 0) @ b if name == "a" else a @ np.maximum(b, 0)
    assert np.array_equal(np.isnan(one), np.isnan(wanted))
    assert np.isnan(one).any()
    assert not np.isnan(one).all()
    assert np.array_equal(bits(one), bits(whole))
    assert np.array_equal(bits(three), bits(whole))


@here
@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.7, 1.0])
def test_zeros_are_left_out_where_few_enough_numbers_are_left(share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros left out beside infinities, which are called finite, leave infinities and no NaN: so it is seen whether they were."""
    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    monkeypatch.setattr(skipping, "define_finite", always_finite)
    random = np.random.default_rng(1)
    a = np.where(random.random((128, 256)) < share, 1.0, -1.0).astype(np.float32)
    b = np.full((256, 256), np.inf, np.float32)
    found = np.asarray(bl.compile(PRODUCTS["a"])(a, b, b[:128]))
    left_out = share < sparse.MOST and bool(np.isposinf(found).all() if share else (found == 0).all())
    as_ever = share >= sparse.MOST and bool(np.isnan(found).all() if share < 1 else np.isposinf(found).all())
    assert left_out or as_ever


def always_finite(module: Module, kind: str) -> str:
    parameters = [("start", "ptr", 1), ("count", "i64", 1)]
    return module.define(f"bl.finite.{kind}", "i1", parameters, "noinline #0", lambda c, start, count: "i1 true")


@pytest.mark.parametrize("count", [1, 3])
def test_training_with_masks_is_the_same_with_zeros_left_out(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    random = np.random.default_rng(0)
    x, y = random.normal(size=(96, 160)).astype("f"), random.normal(size=(96, 96)).astype("f")
    sizes = {"w": (160, 256), "b": (256,), "u": (256, 256), "v": (256, 96)}
    start = {name: (random.normal(size=size) * 0.1).astype("f") for name, size in sizes.items()}

    def loss(x: Any, y: Any, w: Any, b: Any, u: Any, v: Any) -> Any:
        return ops.mean(ops.square(ops.relu(ops.relu(x @ w + b) @ u) @ v - y))

    graph, becomes, out = training(loss, types_of(x=x, y=y, **start), list(start), descent(0.5))
    before, found = threads(), []
    try:
        threads(count)
        for work in (1, 10**18):
            monkeypatch.setattr(sparse, "WORK", work)
            state, (losses,) = compile_steps(graph, becomes, results=[out])(7, x=x, y=y, **start)
            found.append([*state.values(), losses])
    finally:
        threads(before)
    assert all(np.array_equal(bits(a), bits(b)) for a, b in zip(*found, strict=True))
    assert found[0][-1][-1] < found[0][-1][0]


# -- the lists ---------------------------------------------------------------------------------------------------------
@here
@pytest.mark.parametrize("kind", ["float", "double"])
def test_lists_name_the_numbers_that_are_not_0(kind: str) -> None:
    dtype = {"float": np.float32, "double": np.float64}[kind]
    module = Module(host.target())
    symbols = [define(module, kind) for define in (define_sample, define_lists, define_finite)]
    for symbol in symbols:
        module.functions[symbol] = module.functions[symbol].replace("define internal", "define", 1)
    loaded = host.Loaded(host.assemble(module.text(host.attributes())), symbols)
    p, i = ctypes.c_void_p, ctypes.c_int64
    sample = ctypes.CFUNCTYPE(i, p, i, i, i)(loaded.addresses[symbols[0]])
    lists = ctypes.CFUNCTYPE(i, p, i, i, i, p, p)(loaded.addresses[symbols[1]])
    finite = ctypes.CFUNCTYPE(ctypes.c_bool, p, i)(loaded.addresses[symbols[2]])
    random = np.random.default_rng(0)
    for rows, columns, apart in ((1, 1, 1), (5, 128, 128), (17, 300, 301), (40, 131, 140), (3, 512, 512)):
        x = random.normal(size=(rows, apart)).astype(dtype)
        x[random.random(x.shape) < 0.5] = 0
        x[0, 0], x[-1, columns - 1] = np.nan, -0.0
        blocks = -(-columns // sparse.DEEP)
        counts, places = np.zeros((blocks, rows), np.int32), np.full((blocks, rows, sparse.DEEP), 255, np.uint8)
        total = lists(x.ctypes.data, apart, rows, columns, counts.ctypes.data, places.ctypes.data)
        assert total == np.count_nonzero(x[:, :columns])
        for block in range(blocks):
            part = x[:, block * sparse.DEEP : min((block + 1) * sparse.DEEP, columns)]
            for row in range(rows):
                assert places[block, row, : counts[block, row]].tolist() == np.flatnonzero(part[row]).tolist()
        lanes = 64 // x.itemsize
        whole = columns // lanes * lanes
        assert sample(x.ctypes.data, rows, columns, apart) == np.count_nonzero(x[:: sparse.SAMPLE, :whole] == 0)
    for count in (0, 1, 5, 16, 17, 64, 100, 133):
        x = random.normal(size=count + 1).astype(dtype) * 1e30
        x[-1] = np.inf  # behind the last of them
        assert finite(x.ctypes.data, count)
        for place in range(0, count, 3):
            for number in (np.nan, np.inf, -np.inf):
                x[place], before = number, x[place]
                assert not finite(x.ctypes.data, count)
                x[place] = before


# -- which products ----------------------------------------------------------------------------------------------------
def program_of(function: Callable[..., Any], *arrays: np.ndarray) -> Program:
    """The program of a function, marked wherever zeros are to be expected."""
    graph = bl.trace(function)(*arrays)
    return mark_zeros(lower(graph, [*graph.outputs]).program, lambda m: True)


@pytest.mark.parametrize(("function", "marks"), [
    (lambda a, b: ops.relu(a) @ b, "a"),
    (lambda a, b: a @ ops.relu(b), "b"),
    (lambda a, b: ops.relu(a) @ ops.abs(ops.relu(b)), "a"),
    (lambda a, b: ops.where(a > 0.5, a, 0.0) @ b, "a"),
    (lambda a, b: ops.where(a > 0.5, 0.0, ops.exp(a)) @ b, "a"),
    (lambda a, b: ops.maximum(a, 0.0) @ b, "a"),
    (lambda a, b: ((a > 0.5) * a) @ b, "a"),
    (lambda a, b: -(ops.exp(a) * ops.relu(a)) @ b, "a"),
    (lambda a, b: a @ b, ""),
    (lambda a, b: ops.gelu(a) @ b, ""),
    (lambda a, b: ops.where(a > 0.5, a, 0.1 * a) @ b, ""),
    (lambda a, b: ops.where(ops.isnan(a), 0.0, a) @ b, ""),
    (lambda a, b: ops.where(a == 1.0, 0.0, a) @ b, ""),
    (lambda a, b: ops.where(a != 1.0, 0.0, a) @ b, "a"),
    (lambda a, b: ops.exp(ops.relu(a)) @ b, ""),
    (lambda a, b: ops.maximum(a, 0.1) @ b, ""),
    (lambda a, b: (ops.relu(a) + 1.0) @ b, ""),
])  # fmt: skip
def test_zeros_are_expected_of_masks(function: Callable[..., Any], marks: str) -> None:
    found = program_of(function, np.ones((8, 8)), np.ones((8, 8)))
    assert [i.sparse for i in found.instructions if isinstance(i, Multiply)] == [marks]


def test_what_is_given_is_looked_at_on_the_left_and_then_what_is_masked() -> None:
    def marks(function: Callable[..., Any], worth: Callable[[Multiply], bool] = lambda m: True) -> list[str]:
        graph = bl.trace(function)(np.ones((8, 8)), np.ones((8, 8)))
        program = lower(graph, [*graph.outputs]).program
        return [i.sparse for i in mark_zeros(program, worth, program.inputs).instructions if isinstance(i, Multiply)]

    assert marks(lambda a, b: a @ b) == ["a"]
    assert marks(lambda a, b: a.T @ ops.relu(b)) == ["ab"]
    assert marks(lambda a, b: ops.relu(a) @ b) == ["a"]
    assert marks(lambda a, b: ops.exp(a) @ b) == [""]
    assert marks(lambda a, b: a @ ops.relu(b), lambda m: m.sparse == "b") == ["b"]
    assert marks(lambda a, b: a @ ops.relu(b), lambda m: False) == [""]


def multiply(m: int, n: int, k: int, **more: Any) -> Multiply:
    settings = {"kind": "float", "batch": (), "nodes": (), "a": Place(0, 0, (k, 1)), "b": Place(1, 0, (n, 1))}
    return Multiply(m=m, n=n, k=k, c=Place(2, 0, (n, 1)), **{**settings, **more})  # type: ignore[arg-type]


def test_only_large_products_of_whole_vectors_are_looked_at() -> None:
    assert sparse.plan_of(WIDE, multiply(128, 512, 512), False) is not None
    assert sparse.plan_of(WIDE, multiply(128, 512, 512), True) is not None
    assert sparse.plan_of(WIDE, multiply(128, 512, 512, kind="double"), False) is not None
    assert [plan.exchanged for plan in sparse.plans_of(WIDE, multiply(128, 512, 512, sparse="ab"))] == [False, True]
    for other in (
        multiply(128, 90, 512), multiply(20, 512, 512), multiply(128, 512, 16), multiply(128, 64, 512), multiply(64, 96, 100),
        multiply(128, 512, 512, batch=(2,), a=Place(0, 0, (1, 512, 1))), multiply(128, 512, 512, kind="i64"),
        multiply(128, 512, 512, a=Place(0, 0, (1024, 2))), multiply(100_000, 512, 512), multiply(128, 512, 512, strewn=True),
    ):  # fmt: skip
        assert sparse.plan_of(WIDE, other, False) is None
    assert sparse.plan_of(WIDE, multiply(120, 500, 512), False) is not None
    for other in (multiply(120, 512, 512), multiply(128, 500, 512), multiply(128, 512, 512, add=True)):
        assert sparse.plan_of(WIDE, other, True) is None
    assert sparse.plan_of(Target("small", 32, fma=True), multiply(128, 512, 512), False) is None
    assert sparse.plans_of(WIDE, multiply(128, 512, 512)) == []


@pytest.mark.parametrize(("rows", "mark"), [(32, "a"), (700, "a"), (1200, "a"), (48, "b"), (1200, "b")])
def test_panels_and_units_cover_a_product_once(rows: int, mark: str) -> None:
    for columns in range(160, 1200, 16 if mark == "b" else 7):
        n, m = (columns, rows) if mark == "a" else (rows, columns)
        plan = sparse.plan_of(WIDE, multiply(m, n, 300), mark == "b")
        assert plan is not None
        assert plan.exchanged == (mark == "b")
        assert sum(width * count for width, count in plan.panels) == columns
        assert all(2 * 16 < width <= sparse.VECTORS * 16 for width, _ in plan.panels)
        groups = plan.units // plan.columns
        assert (groups - 1) * plan.rows < rows <= groups * plan.rows
        assert plan.rows % (sparse.SQUARES * 16 if plan.exchanged else 1) == 0
        assert plan.rows <= sparse.TALL + sparse.SQUARES * 16
        assert list(plan.own) == sorted(plan.own)
        assert all(at % 64 == 0 for at in (*plan.own, *plan.common, plan.own_bytes))


@here
def test_the_listing_says_which_zeros_are_left_out() -> None:
    a, b = np.ones((128, 512), np.float32), np.ones((512, 512), np.float32)
    one = bl.compile(lambda a, b: ops.relu(a) @ b)
    other = bl.compile(lambda a, b: ops.gelu(a) @ b)
    one(a, b), other(a, b)
    assert [line for line in one.listing().splitlines() if "@" in line] == [
        "      b2[(512, 1)] = b3[(512, 1)] @ b1[(512, 1)]  (zeros of b3 left out, if they are many)"]
    assert "left out" not in other.listing()
