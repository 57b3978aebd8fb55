from collections.abc import Callable

import numpy as np
import pytest
from tests.run.native.conftest import KINDS, PLAIN, loops  # noqa: F401
from tests.run.native.graphs import CLOSE, ROWS, agree, case_graph, graph_of, named, reference, with_gradients
from tests.run.native.reference import points
from tests.run.native.test_machine import random_function
from tests.run.wasm.node import Job, needs_node, work

from backlight import errors, ops
from backlight.core.table import TABLE
from backlight.core.types import Type, type_of
from backlight.run.emit import scalar
from backlight.run.emit.code import Module
from backlight.run.lower.tape import LONG
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
    found_by_name = work([Job(compiled, 16, 1 << 16, writes, calls, reads)])[0]
    for name, data in zip(names, found_by_name, strict=True):
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


def page_job(compiled: page.Page, values: list[object]) -> Job:
    writes = [(spot.address, np.ascontiguousarray(v, spot.type.dtype).tobytes())
              for spot, v in zip(compiled.inputs, values, strict=True)]
    reads = [(spot.address, spot.type.nbytes) for spot in compiled.outputs]
    return Job(compiled.module, compiled.pages, compiled.stack, [*writes, *compiled.constants], [["run"]], reads)


@needs_node
@pytest.mark.parametrize("dtype", CLOSE)
def test_every_row_and_its_gradients_on_a_page_agree_with_the_reference(dtype: str) -> None:
    jobs, wanted, pages = [], [], []
    skipped: list[str] = []
    for row, number in ROWS:
        graph, values = case_graph(*named(row, number), dtype)
        outputs = list(graph.outputs)
        found = with_gradients(graph)
        if found is not None:
            graph, gradients = found
            outputs += gradients
        try:
            compiled = page.compile_page(graph, outputs)
        except errors.GraphError:
            skipped.append(row)
            continue
        pages.append((row, number, compiled))
        jobs.append(page_job(compiled, values))
        wanted.append(reference(graph, values, outputs))
    plain = [row for row, _ in ROWS if TABLE[row].kind in ("elementwise", "compare")]
    assert len([row for row in skipped if row in plain]) < len(plain) / 4
    for (row, number, compiled), parts, arrays in zip(pages, work(jobs), wanted, strict=True):
        for spot, data, array in zip(compiled.outputs, parts, arrays, strict=True):
            found_array = np.frombuffer(data, spot.type.dtype).reshape(spot.type.shape)
            assert agree(found_array, array, CLOSE[dtype]), (row, number, found_array, array)


def test_a_page_says_what_it_cannot_compute() -> None:
    graph = graph_of(lambda x: ops.cast(x, dtype="int64"), Type("float64", (3,)))
    with pytest.raises(errors.GraphError) as caught:
        page.compile_page(graph)
    assert str(caught.value) == "a page cannot compute cast: only the reference machine can"


@needs_node
def test_a_long_graph_of_single_numbers_is_walked_along_in_a_page_too() -> None:
    def function(x, y):
        z = x
        for _ in range(LONG):
            z = ops.sin(z * y) + ops.where(z < y, 0.5, x)
        return z

    graph, grads = with_gradients(graph_of(function, *[Type("float64", ())] * 2))
    outputs = [graph.outputs[0], *grads]
    compiled = page.compile_page(graph, outputs)
    assert compiled.module is page.walker()
    values = [np.float64(0.3), np.float64(0.9)]
    found = [np.frombuffer(data, np.float64)[0] for data in work([page_job(compiled, values)])[0]]
    assert np.allclose(found, reference(graph, values, outputs), 1e-9)


@needs_node
@pytest.mark.parametrize("dtype", CLOSE)
def test_random_graphs_in_a_page_agree_with_the_reference(dtype: str) -> None:
    random = np.random.default_rng(21)
    shapes = [(), (3,), (4, 3), (3, 4), (2, 3, 3), (17, 3), (0, 3)]
    jobs, wanted = [], []
    for _ in range(16):
        steps = [tuple(map(int, random.integers(0, 20, 3))) for _ in range(random.integers(1, 14))]
        values = [random.normal(size=shapes[k]).astype(dtype)[()] for k in random.integers(0, len(shapes), 3)]
        graph = graph_of(random_function(steps), *(type_of(v) for v in values))
        compiled = page.compile_page(graph)
        jobs.append(page_job(compiled, values))
        wanted.append((compiled, reference(graph, values, graph.outputs)))
    for (compiled, values), parts in zip(wanted, work(jobs), strict=True):
        for spot, data, value in zip(compiled.outputs, parts, values, strict=True):
            found = np.frombuffer(data, spot.type.dtype).reshape(spot.type.shape)
            assert agree(found, value, 100 * CLOSE[dtype])
