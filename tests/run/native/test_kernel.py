"""A tile's steps written as the assembler reads them compute what the plain loop does, to the last bit."""

import numpy as np
import pytest

import backlight as bl
from backlight import ops
from backlight.run.emit import kernel
from backlight.run.emit.code import Code, Module
from backlight.run.emit.parts import Part
from backlight.run.emit.value import Target, Value
from backlight.run.native import host

WIDE = Target("wide", 64, fma=True, scalef=True)
SHAPES = [(128, 784, 512), (33, 300, 70), (14, 16, 32), (200, 5, 130), (1, 700, 400), (61, 1, 61), (512, 128, 512)]


def both(function, arrays, monkeypatch):  # type: ignore[no-untyped-def]
    """Return what a function is with tiles written so, and as plain loops."""
    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    found = []
    for least in (kernel.LEAST, 10**6):
        monkeypatch.setattr(kernel, "LEAST", least)
        found.append([np.asarray(x) for x in bl.compile(function)(*arrays)])
    return found


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("turned", ["", "a", "b", "ab"])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_product_gives_the_bits_of_the_plain_loop(
    shape: tuple[int, int, int], turned: str, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    m, k, n = shape
    random = np.random.default_rng(m * k * n)
    a = random.normal(size=(k, m) if "a" in turned else (m, k)).astype(dtype)
    b = random.normal(size=(n, k) if "b" in turned else (k, n)).astype(dtype)
    a.flat[::97], b.flat[::89] = np.inf, np.nan

    def product(a, b):  # type: ignore[no-untyped-def]
        z = (a.T if "a" in turned else a) @ (b.T if "b" in turned else b)
        return z, ops.relu(z + 1.0) * 2.0

    with np.errstate(invalid="ignore"):
        quick, plain = both(product, (a, b), monkeypatch)
    assert all(np.array_equal(x.view(f"u{x.itemsize}"), y.view(f"u{y.itemsize}")) for x, y in zip(quick, plain, strict=True))


@pytest.mark.skipif(not (host.target().scalef and host.target().width == 64), reason="a processor with vectors of 512 bits")
def test_large_products_are_written_so_here(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    write = kernel.write_steps
    monkeypatch.setattr(kernel, "write_steps", lambda *args: (asked.append(1), write(*args))[1])
    bl.compile(lambda a, b: a @ b)(np.ones((100, 100)), np.ones((100, 100)))
    assert asked


def test_only_whole_vectors_of_a_known_processor_are_written_so() -> None:
    whole, part = [Part(0, 16, 16), Part(16, 16, 16)], [Part(0, 16, 10)]
    near = (1, 512, -512)
    assert kernel.possible(WIDE, "float", 14, whole, near)
    assert not kernel.possible(WIDE, "float", 15, whole, near)  # 30 sums, 2 vectors and a number are more than 32 registers
    assert not kernel.possible(WIDE, "float", 2, whole, near)  # four sums wait for one another
    assert not kernel.possible(WIDE, "float", 14, part, near)
    assert not kernel.possible(WIDE, "double", 14, whole, near)
    assert not kernel.possible(Target("other", 64, fma=True), "float", 14, whole, near)
    assert not kernel.possible(Target("small", 32, fma=True, scalef=True), "float", 14, whole, near)
    for far in ((45_000_000, 1, 1), (1, -45_000_000, 1), (1, 1, 45_000_000)):  # an instruction has 32 bits for how far
        assert not kernel.possible(WIDE, "float", 14, whole, far)


def test_rows_that_lie_two_gigabytes_apart_are_multiplied(monkeypatch: pytest.MonkeyPatch) -> None:
    """In memory that is asked for and never touched but for the rows."""
    monkeypatch.setenv("BACKLIGHT_CACHE", "off")
    apart = 45_000_000
    w = np.random.default_rng(0).normal(size=(128, 64)).astype(np.float32)
    try:
        x = np.zeros((13, apart), np.float32)
    except MemoryError:
        pytest.skip("a system that promises no more memory than it has")
    x[:, :128] = 1.0
    found = np.asarray(bl.compile(lambda x, w: x[:, :128] @ w)(x, w))
    assert np.allclose(found, np.broadcast_to(w.sum(axis=0), (13, 64)), atol=1e-4)


def test_the_steps_are_one_instruction() -> None:
    c = Code(Module(WIDE))
    sums = [c.constant(0.0, "double", 8) for _ in range(6)]
    a, b, steps = Value(c, "%a", "ptr", 1), Value(c, "%b", "ptr", 1), Value(c, "%n", "i64", 1)
    found = kernel.write_steps(c, "double", [Part(0, 8, 8), Part(8, 8, 8)], sums, (a, 100, 1), (b, 50), steps, 800)
    assert len(found) == 6
    text = c.lines[0].split('"')[1].split("\\0A")
    assert text == [
        "testq $11, $11", "jz 2f", "1:",
        "vmovupd 0($10), $6", "vmovupd 64($10), $7", "prefetcht1 6400($10)", "prefetcht1 6464($10)",
        "vbroadcastsd 0($9), $8", "vfmadd231pd $6, $8, $0", "vfmadd231pd $7, $8, $1",
        "vbroadcastsd 800($9), $8", "vfmadd231pd $6, $8, $2", "vfmadd231pd $7, $8, $3",
        "vbroadcastsd 1600($9), $8", "vfmadd231pd $6, $8, $4", "vfmadd231pd $7, $8, $5",
        "addq $$8, $9", "addq $$400, $10", "decq $11", "jnz 1b", "2:",
    ]
