"""Rows copied together for a product, and nothing beside them touched."""

import ctypes

import numpy as np
import pytest
from tests.run.native.conftest import KINDS, PLAIN

from backlight.run.emit.code import Module
from backlight.run.emit.pack import Rows, pack
from backlight.run.emit.value import Target
from backlight.run.native import host

TARGETS = {"host": host.target(), "plain": PLAIN, "wide": Target("wide", 32, fma=True)}
DEPTHS = (1, 7, 16, 41, 128)


@pytest.mark.parametrize("way", ["rows", "columns", "any"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("target", TARGETS)
def test_rows_are_copied_together_and_nothing_behind_them_is_written(target: str, kind: str, way: str) -> None:
    """Panels lie one behind the other, and threads write them at the same time: one number too many is another's."""
    lanes = TARGETS[target].lanes(kind)
    widths = sorted({1, 2, 3, lanes // 4 + 1, lanes // 2 - 1, lanes // 2, lanes - 1, lanes, lanes + 1, lanes + 3, 2 * lanes} - {0})
    module, random = Module(TARGETS[target]), np.random.default_rng(0)
    row, column = {"rows": (50, 1), "columns": (1, 150), "any": (3, 400)}[way]
    for width in widths:
        def write(c, source, to, depth, width=width):  # type: ignore[no-untyped-def]
            pack(c, Rows(kind, row, column), width, lanes, source, to, depth)

        module.define(f"run{width}", "void", [("from", "ptr", 1), ("to", "ptr", 1), ("depth", "i64", 1)], "#0", write, linkage="")
    loaded = host.Loaded(host.assemble(module.text(host.attributes())), [f"run{width}" for width in widths])
    data = random.normal(size=40_000).astype(KINDS[kind])
    for width in widths:
        call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(loaded.addresses[f"run{width}"])
        for depth in DEPTHS:
            out = np.full(depth * width + 64, 7, KINDS[kind])
            call(data.ctypes.data, out.ctypes.data, depth)
            wanted = [[data[k * row + j * column] for j in range(width)] for k in range(depth)]
            assert np.array_equal(out[: depth * width].reshape(depth, width), wanted), (width, depth)
            assert np.all(out[depth * width :] == 7), (width, depth)
