"""Programs written by hand, compiled and run on arrays: one table entry an array, in the order of the buffers."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence

import numpy as np

from backlight.run.emit.code import Module
from backlight.run.emit.program import arena_bytes, define_pieces
from backlight.run.emit.table import RESERVED
from backlight.run.emit.value import Target
from backlight.run.lower.memory import plan
from backlight.run.lower.program import Buffer, Instruction, Program
from backlight.run.native import host

KIND = {"float32": "float", "float64": "double", "int64": "i64", "bool": "i1"}


def buffers(*arrays: np.ndarray) -> list[Buffer]:
    return [Buffer(k, KIND[a.dtype.name], a.size, "input", f"a{k}") for k, a in enumerate(arrays)]


def run(target: Target, instructions: Sequence[Instruction], arrays: Sequence[np.ndarray],
        arena: Sequence[Buffer] = (), share: int | None = None, pool: int | None = None) -> None:
    program = plan(Program((*buffers(*arrays), *arena), tuple(instructions), (), ()))
    module = Module(target)
    pieces = define_pieces(module, program)
    symbols = [piece.symbol for piece in pieces if piece.symbol]
    loaded = host.Loaded(host.assemble(module.text(host.attributes())), symbols)
    memory = np.zeros(arena_bytes(target, program) + 64, np.uint8)
    places = [a.ctypes.data for a in arrays]
    table = (ctypes.c_void_p * (RESERVED + len(arrays)))(memory.ctypes.data, share, pool, None, None, *places)
    for symbol in symbols:
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(loaded.addresses[symbol])(table)


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))
