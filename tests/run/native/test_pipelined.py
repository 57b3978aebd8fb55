"""A loop as a pipeline computes what the plain loop does, to the last bit."""

import ctypes
import random
import re
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from tests.run.native.programs import run

import backlight as bl
from backlight import ops
from backlight.run.emit import pipelined
from backlight.run.emit.code import Code, Module
from backlight.run.emit.exponential import exp, tanh
from backlight.run.emit.format import FLOAT
from backlight.run.emit.ordered import Edge
from backlight.run.emit.trigonometry import sin
from backlight.run.emit.value import Target, Value
from backlight.run.lower.program import Apply, Fold, Nest, Place, Read, Write
from backlight.run.native import host, image

WIDE = Target("wide", 64, fma=True, scalef=True)
CARRY = [Value(Code(Module(WIDE)), "zeroinitializer", "float", 16)]


def bells(x):  # type: ignore[no-untyped-def]
    return ops.sum(ops.tanh(x) * ops.exp(-ops.square(x)) + ops.sin(x))


def roots(x):  # type: ignore[no-untyped-def]
    return ops.mean(ops.sqrt(1.0 + ops.square(ops.cos(x))) / (1.0 + ops.exp(-x)) * ops.gelu(x))


def rows(x):  # type: ignore[no-untyped-def]
    return ops.sum(ops.max(ops.sin(x[: x.shape[0] // 500 * 500].reshape(-1, 500)) * ops.tanh(x[:500]), axis=1))


def both(function: Callable[..., object], x: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> list[list[np.ndarray]]:
    """Return what the function and its gradient are as pipelines, and without any."""
    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    found = []
    for steps in (0, 10**6):
        monkeypatch.setattr(pipelined, "STEPS", steps)
        value, slope = bl.compile(bl.value_and_grad(function))(x)
        found.append([np.asarray(value), np.asarray(slope)])
    return found


def same(found: list[list[np.ndarray]]) -> bool:
    return all(np.array_equal(a.view(f"u{a.dtype.itemsize}"), b.view(f"u{a.dtype.itemsize}")) for a, b in zip(*found, strict=True))


@pytest.mark.parametrize("size", [500, 4096, 4097, 8192 + 7, 50_000])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("function", [bells, roots, rows])
def test_a_pipeline_gives_the_bits_of_the_plain_loop(
    function: Callable[..., object], dtype: str, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = (3 * np.random.default_rng(size).normal(size=size)).astype(dtype)
    assert same(both(function, x, monkeypatch))


@pytest.mark.parametrize("number", [16384.0, 1e5, -3e20, np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("place", [0, 15, 4095, 4096, 8200, 9998])
def test_numbers_too_large_for_the_quick_way_are_computed_as_ever(
    place: int, number: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.random.default_rng(3).normal(size=9999).astype(np.float32)
    x[place] = number
    pipeline, plain = both(bells, x, monkeypatch)
    wide = x.astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        slope = (1 - np.tanh(wide) ** 2 - 2 * wide * np.tanh(wide)) * np.exp(-(wide**2)) + np.cos(wide)
        value = np.tanh(wide) * np.exp(-(wide**2)) + np.sin(wide)
    assert same([pipeline, plain]) or np.isnan(number)  # which NaN it is depends on the order of a sum
    slope[~np.isfinite(wide)] = np.nan
    assert np.allclose(pipeline[1], slope, 1e-5, 1e-6, equal_nan=True)
    assert np.isclose(pipeline[0], value.sum(), 1e-5, equal_nan=True)


@pytest.mark.parametrize("number", [1.0, 1e5])
def test_numbers_in_the_place_of_what_they_are_made_from(number: float) -> None:
    n = 5000
    x = np.random.default_rng(4).normal(size=n).astype(np.float32)
    x[77] = number
    wide = x.astype(np.float64)
    steps = (
        Read(Place(0, 0, (1,)), "float"), Apply("sin", (0,), "float"), Apply("tanh", (0,), "float"),
        Apply("multiply", (1, 2), "float"), Apply("exp", (2,), "float"), Apply("multiply", (3, 4), "float"),
    )
    run(host.target(), [Nest((n,), steps, (Write(5, Place(0, 0, (1,))),), (), ())], [x])
    assert np.allclose(x, np.sin(wide) * np.tanh(wide) * np.exp(np.tanh(wide)), 1e-5, 1e-7)


UNARY = [
    ops.sin, ops.cos, ops.tan, ops.tanh, ops.exp, ops.expm1, ops.log, ops.log1p, ops.sigmoid, ops.softplus, ops.gelu, ops.erf,
    ops.sinh, ops.cosh, ops.atan, ops.asinh, ops.sqrt, ops.square, ops.abs, ops.relu, ops.cbrt, ops.exp2, ops.silu,
]


@pytest.mark.filterwarnings("ignore:.*encountered")
@pytest.mark.parametrize("seed", range(12))
def test_expressions_drawn_by_chance_have_the_bits_of_the_plain_loop(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = random.Random(seed)
    links = [(draw.choice(UNARY), draw.randint(0, 2)) for _ in range(draw.randint(2, 5))]

    def function(x):  # type: ignore[no-untyped-def]
        y = x
        for f, how in links:
            y = [f(y), f(y) * x, f(y) + y][how]
        return ops.sum(y)

    x = np.random.default_rng(seed).normal(size=draw.choice([400, 1000, 8197])) * draw.choice([1, 30, 1e5])
    x[draw.randrange(x.size)] = draw.choice([0.5, np.inf, np.nan, 1e30])
    pipeline, plain = both(function, x.astype(draw.choice(["float32", "float64"])), monkeypatch)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(pipeline, plain, strict=True))


def body(c: Code, source: Value, to: Value) -> Callable[..., list[Value]]:
    def write(i: Value, total: Value) -> list[Value]:
        x = c.load(source, i, "float", 16)
        y = tanh(c, FLOAT, x) * exp(c, FLOAT, x) + sin(c, FLOAT, x) * tanh(c, FLOAT, x + 1.0)
        c.store(y, to, i)
        return [total + y]

    return write


def test_what_begins_late_is_done_for_the_vector_before() -> None:
    c = Code(Module(WIDE))
    write = body(c, Value(c, "%from", "ptr", 1), Value(c, "%to", "ptr", 1))
    p = pipelined.drafted(c, CARRY, write)
    assert p is not None
    assert c.lines == []  # a draft leaves nothing behind
    assert 2 <= p.stages <= pipelined.STAGES
    assert set(p.order.stage) == set(range(p.stages))
    assert sorted(p.order.place) == list(range(len(p.ops)))
    assert [limit for _, limit in p.worries] == [2.0**14]  # the sine's
    maker = {op.result: k for k, op in enumerate(p.ops)}
    for k, op in enumerate(p.ops):
        assert all(p.order.gap(Edge(maker[x], k)) > 0 for x in op.sources if x in maker)
        assert op.form != "store" or p.order.stage[k] == p.stages - 1
    assert p.order.place != list(range(len(p.ops)))
    assert len({*p.made.begin.values()}) == len(p.made.begin) <= 32
    assert pipelined.drafted(c, CARRY, write).made.lines == p.made.lines  # type: ignore[union-attr]


@pytest.mark.skipif(host.target().width < 64 or not image.possible(), reason="another processor or system")
def test_a_pipeline_is_put_into_memory_without_the_compiler() -> None:
    module = Module(host.target())

    def write(c: Code, source: Value, to: Value) -> None:
        total = c.constant(0.0, "float", 16)
        c.store(pipelined.loop(c, 0, 4096, 16, [total], True, body(c, source, to))[0], to, 4096)

    module.define("run", "void", [("from", "ptr", 1), ("to", "ptr", 1)], "#0", write, linkage="")
    text = module.text(host.attributes())
    assert "bl.numbers." in text
    assert "asm sideeffect" in text
    assert image.placed([host.assemble(text)], ["run"]).addresses["run"]


def test_a_listing_says_which_loops_are_pipelines() -> None:
    compiled = bl.compile(bl.value_and_grad(bells))
    compiled(np.ones(9999, np.float32))
    wide = host.target().width == 64 and host.target().scalef
    found = [line for line in compiled.listing().splitlines() if line.startswith("pipeline")]
    assert len(found) == int(wide)
    assert all(re.fullmatch(r"pipeline: instruction 0 has [2-6] vectors under way at once", line) for line in found)


def test_a_loop_with_branches_or_little_to_do_is_no_pipeline() -> None:
    c = Code(Module(WIDE))
    source = Value(c, "%from", "ptr", 1)

    def short(i: Value, total: Value) -> list[Value]:
        return [total + c.load(source, i, "float", 16) * 2.0]

    def branches(i: Value, total: Value) -> list[Value]:
        found = body(c, source, source)(i, total)
        return c.when(c.any(found[0].gt(1.0)), lambda: found, [total])

    assert pipelined.drafted(c, CARRY, short) is None
    assert pipelined.drafted(c, CARRY, branches) is None
    assert (c.lines, c.made, c.worries, c.block) == ([], None, None, "entry")


def test_a_fold_in_memory_is_not_done_twice() -> None:
    n = 3000
    x = np.random.default_rng(4).normal(size=(2, n)).astype(np.float32)
    x[1, 5] = 1e6
    z = np.zeros(n, np.float32)
    steps = (Read(Place(0, 0, (n, 1)), "float"), Apply("sin", (0,), "float"), Apply("tanh", (0,), "float"),
             Apply("exp", (2,), "float"), Apply("multiply", (1, 3), "float"))
    run(host.target(), [Nest((2, n), steps, (), (Fold(4, "sum", Place(1, 0, (0, 1))),), ())], [x, z])
    wide = x.astype(np.float64)
    assert np.allclose(z, (np.sin(wide) * np.exp(np.tanh(wide))).sum(0), 1e-5, 1e-6)


def test_a_choice_by_more_masks_than_there_are_registers(monkeypatch: pytest.MonkeyPatch) -> None:
    def function(x, y):  # type: ignore[no-untyped-def]
        inside = ops.logical_and(ops.logical_and(x > -1.0, x < 1.0), ops.logical_and(y > -1.0, y < 1.0))
        return ops.where(ops.logical_not(inside), ops.exp(x) * ops.tanh(y) + ops.sin(y), ops.sin(x) * ops.exp(y))

    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    x, y = np.random.default_rng(1).normal(size=(2, 5000)).astype(np.float32)
    box = (np.abs(x) < 1) & (np.abs(y) < 1)
    wanted = np.where(~box, np.exp(x) * np.tanh(y) + np.sin(y), np.sin(x) * np.exp(y))
    assert np.allclose(bl.compile(function)(x, y), wanted, 1e-5, 1e-6)


def test_a_body_that_loads_what_it_stored_is_no_pipeline() -> None:
    c = Code(Module(WIDE))
    source, to = Value(c, "%from", "ptr", 1), Value(c, "%to", "ptr", 1)

    def write(i: Value, total: Value, again: bool = True) -> list[Value]:
        (total,) = body(c, source, to)(i, total)
        return [total + c.load(to, i, "float", 16) if again else total]

    assert pipelined.drafted(c, CARRY, write) is None
    assert pipelined.drafted(c, CARRY, lambda i, total: write(i, total, again=False)) is not None


@pytest.mark.skipif(host.target().width < 64 or not image.possible(), reason="another processor or system")
@pytest.mark.parametrize("size", [96, 128, 160, 1024])
@pytest.mark.parametrize("place", [None, 0, 95, 96, 130, 191, 192, 300, 383])
def test_parts_go_on_where_the_one_before_ended(place: int | None, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelined, "STEPS", 0)
    whole, found = 384, []
    parts = -(-whole // size) + 1  # the last one is empty
    x = np.random.default_rng(3).normal(size=whole + 64).astype(np.float32)
    if place is not None:
        x[place] = 1e6
    for quick in (True, False):
        module = Module(host.target())

        def write(c: Code, source: Value, to: Value, sums: Value, quick: bool = quick) -> None:
            starts, inside = [c.constant(0.0, "float", 16)], body(c, source, to)
            p = pipelined.possible(c, starts, True, inside)
            assert p is not None

            def after(unit: Value, found: Sequence[Value]) -> None:
                c.store(found[0], sums, unit * 16)

            if quick and size >= p.stages * 16:
                pipelined.parts(c, p, 0, parts, size, whole, 16, starts, inside, after)
                return
            for k in range(parts):
                stop = min(k * size + size, whole)
                after(c.constant(k, "i64"), c.loop(stop, inside, starts, step=16, start=min(k * size, whole)))

        module.define("run", "void", [("from", "ptr", 1), ("to", "ptr", 1), ("sums", "ptr", 1)], "#0", write, linkage="")
        placed = image.placed([host.assemble(module.text(host.attributes()))], ["run"])
        to, sums = np.zeros(whole + 64, np.float32), np.full(16 * parts, 7, np.float32)
        ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(placed.addresses["run"])(x.ctypes.data, to.ctypes.data, sums.ctypes.data)
        found.append([to, sums])
    assert same(found)
    assert not found[0][0][whole:].any()


@pytest.mark.parametrize("count", range(1, 10))
def test_loops_over_many_arrays_and_numbers_made_before_them(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def function(xs, numbers):  # type: ignore[no-untyped-def]
        z = ops.tanh(xs[0] * numbers[0])
        for k in range(1, count):
            z = ops.sin(xs[k] * numbers[k]) * z + numbers[-1]
        return z

    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    random = np.random.default_rng(count)
    xs = [random.normal(size=1000).astype(np.float32) for _ in range(count)]
    numbers = [random.normal(size=()).astype(np.float32)[()] for _ in range(count + 1)]
    found = []
    for steps in (0, 10**6):
        monkeypatch.setattr(pipelined, "STEPS", steps)
        found.append([np.asarray(bl.compile(function)(xs, numbers))])
    assert same(found)
