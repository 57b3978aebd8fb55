from collections.abc import Callable

import numpy as np
import pytest
from tests.run.native.conftest import KINDS, PLAIN, loops  # noqa: F401
from tests.run.native.reference import points
from tests.run.wasm.node import needs_node, start

from backlight.run.emit import scalar
from backlight.run.emit.code import Module
from backlight.run.native import page


def module_of(names: list[str], kind: str) -> Module:
    module, lanes = Module(page.TARGET), page.TARGET.lanes(kind)
    for name in names:
        count = 1 if name in scalar.UNARY else 2

        def write(c, z, *rest, name=name, count=count):  # type: ignore[no-untyped-def]
            def body(i):  # type: ignore[no-untyped-def]
                c.store(scalar.apply(c, name, *(c.load(x, i, kind, lanes) for x in rest[:count])), z, i)

            c.loop(rest[-1], body, step=lanes)

        parameters = [("z", "ptr", 1), *((f"x{k}", "ptr", 1) for k in range(count)), ("n", "i64", 1)]
        module.define(f"run.{name}", "void", parameters, "#0", write, linkage="")
    return module


@needs_node
@pytest.mark.parametrize("kind", KINDS)
def test_a_page_computes_every_function_to_the_same_bits_as_this_processor(
    kind: str, loops: Callable[..., np.ndarray],  # noqa: F811
) -> None:
    names = [*scalar.UNARY, *scalar.BINARY]
    compiled = page.compile_module(module_of(names, kind), [f"run.{name}" for name in names])
    dtype = KINDS[kind]
    x = points("any", dtype, 30)
    x = np.concatenate([x, np.array([np.inf, -np.inf, np.nan] * 4, dtype)])
    x = x[: len(x) // 16 * 16]
    y = np.random.default_rng(9).permutation(x)
    places = [1 << 16, 1 << 17]
    writes = [(places[0], x.tobytes()), (places[1], y.tobytes())]
    calls, reads = [], []
    for k, name in enumerate(names):
        out = (3 << 16) + k * x.nbytes
        calls.append([f"run.{name}", out, *places[: 1 if name in scalar.UNARY else 2], str(len(x))])
        reads.append((out, x.nbytes))
    for name, data in zip(names, start(compiled, 16, writes, calls, reads), strict=True):
        found = np.frombuffer(data, dtype)
        operands = (x,) if name in scalar.UNARY else (x, y)
        assert np.array_equal(found, loops(name, kind, PLAIN, *operands), equal_nan=True), name


def test_a_module_says_what_it_imports_and_where_its_data_ends() -> None:
    plain = page.compile_module(module_of(["exp"], "float"), ["run.exp"])
    assert plain.imports == ("__linear_memory",)
    assert plain.code[:8] == b"\0asm\1\0\0\0"
    turning = page.compile_module(module_of(["sin"], "float"), ["run.sin"])
    assert turning.imports == ("__linear_memory", "__stack_pointer")
    assert turning.free >= 42 * 8  # the table of 2/π
