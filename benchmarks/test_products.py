"""Whether the table of costs chooses well: convolutions cut into tiles in the way it chose, and in the next best ways.

`way 0` is the one chosen; the others differ in the columns of a tile, its rows, or in whether columns are copied together
first. The aim is that way 0 is within a fifth of the quickest of its group. The last group does the same with and without
fusing into a large product.
"""

import ctypes
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from backlight.run.emit import contract
from backlight.run.emit.code import Module
from backlight.run.emit.program import arena_bytes, define_pieces
from backlight.run.emit.table import RESERVED
from backlight.run.emit.value import SIZES
from backlight.run.lower.memory import plan
from backlight.run.lower.program import Apply, Buffer, Contract, Instruction, Literal, Multiply, Nest, Place, Program, Read, Write
from backlight.run.lower.tiles import ways
from backlight.run.native import host

WAYS = 6


def convolution(n: int, c: int, o: int, side: int, kernel: int) -> Contract:
    """Pictures (n, c, side, side) seen through windows, times weights (o, c, kernel, kernel)."""
    out = side - kernel + 1
    a = Place(0, 0, (0, c * kernel * kernel, kernel * kernel, kernel, 1))
    b = Place(1, 0, (c * side * side, side * side, side, 1, side, 1))
    z = Place(2, 0, (o * out * out, out * out, out, 1))
    return Contract("float", (n,), (o,), (out, out), (c, kernel, kernel), a, b, z, ())


def slopes(n: int, c: int, o: int, side: int, kernel: int) -> Contract:
    """The weights' gradient: upstream (n, o, out, out) times the windows, summed over pictures and windows."""
    out = side - kernel + 1
    a = Place(0, 0, (out * out, o * out * out, out, 1))
    b = Place(1, 0, (c * side * side, side, 1, side * side, side, 1))
    z = Place(2, 0, (c * kernel * kernel, kernel * kernel, kernel, 1))
    return Contract("float", (), (o,), (c, kernel, kernel), (n, out, out), a, b, z, ())


CASES = {
    "LeNet 1, forward": convolution(64, 1, 6, 32, 5),
    "LeNet 2, forward": convolution(64, 6, 16, 14, 5),
    "LeNet 2, by weights": slopes(64, 6, 16, 14, 5),
    "64 channels of 14, forward": convolution(8, 64, 64, 16, 3),
    "64 channels of 14, by weights": slopes(8, 64, 64, 16, 3),
    "32 channels of 56, forward": convolution(2, 32, 32, 58, 3),
    "256 channels of 7, forward": convolution(4, 256, 256, 9, 3),
}


def size_of(place: Place, sizes: tuple[int, ...]) -> int:
    """How many numbers a place reaches over."""
    return 1 + sum((n - 1) * step for n, step in zip(sizes, place.strides, strict=True))


def compiled(instructions: list[Instruction], sizes: list[int]) -> Callable[[], None]:
    """The instructions as a function, on memory of its own: random numbers."""
    buffers = [Buffer(k, "float", n, "input", "") for k, n in enumerate(sizes)]
    program = plan(Program(tuple(buffers), tuple(instructions), (), ()))
    module = Module(host.target())
    (piece,) = define_pieces(module, program)
    assert piece.symbol is not None
    loaded = host.Loaded(host.assemble(module.text(host.attributes())), [piece.symbol])
    arrays = [np.random.default_rng(k).normal(size=n).astype(np.float32) for k, n in enumerate(sizes)]
    arena = np.zeros(arena_bytes(host.target(), program) + 64, np.uint8)
    table = (ctypes.c_void_p * (RESERVED + len(sizes)))(arena.ctypes.data, None, None, *(a.ctypes.data for a in arrays))
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(loaded.addresses[piece.symbol])

    alive = [arrays, loaded, arena]

    def run() -> None:
        assert alive
        call(table)

    return run


@pytest.mark.parametrize("way", range(WAYS))
@pytest.mark.parametrize("case", CASES)
def test_way(benchmark, monkeypatch, case: str, way: int) -> None:
    benchmark.group = case
    x = CASES[case]
    sums = contract.sums_of(x)
    chosen = contract.tiles_of(host.target(), sums)
    others = sorted(ways(sums.m, sums.n, sums.k, SIZES["float"], contract.vectors_of(host.target(), "float")), key=lambda t: t.cost)
    found = [chosen, *(t for t in others if t != chosen)]
    if way >= len(found):
        pytest.skip("there are no more ways")
    tiles = found[way]
    monkeypatch.setattr(contract, "tiles_of", lambda target, s: tiles)
    benchmark.extra_info["tiles"] = str(tiles)
    sizes = [size_of(x.a, (*x.batch, *x.m, *x.k)), size_of(x.b, (*x.batch, *x.k, *x.n)), size_of(x.c, (*x.batch, *x.m, *x.n))]
    benchmark.pedantic(compiled([x], sizes), rounds=7, warmup_rounds=1)


@pytest.mark.parametrize("fused", [False, True], ids=["apart", "fused"])
def test_update(benchmark, fused: bool) -> None:
    """A weight's gradient of 784 × 512 over 128 rows, and w ← w − 0.01·(g + 0.001·w)."""
    benchmark.group = "a product of 784 × 512 and what is done to it"
    m, n, k = 784, 512, 128
    c = Place(2, 0, (n, 1))
    product = Multiply("float", m, n, k, Place(0, 0, (1, m)), Place(1, 0, (n, 1)), c, (), ())
    w = Place(3, 0, (n, 1))
    steps = (
        Read(c, "float"), Read(w, "float"), Literal(0.001, "float"), Apply("multiply", (1, 2), "float"),
        Apply("add", (0, 3), "float"), Literal(0.01, "float"), Apply("multiply", (4, 5), "float"),
        Apply("subtract", (1, 6), "float"),
    )
    nest = Nest((m, n), steps, (Write(7, w),), (), ())
    instructions: list[Instruction] = [replace(product, after=nest, local=True)] if fused else [product, nest]
    benchmark.pedantic(compiled(instructions, [k * m, k * n, m * n, m * n]), rounds=20, warmup_rounds=1)
