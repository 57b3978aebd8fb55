"""Entries that are named by their graph: found again they need no lowering, and nothing else is taken for them."""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.run.native.graphs import graph_of

import backlight as bl
from backlight import ops
from backlight.core.graph import Graph
from backlight.core.tape import Tape
from backlight.core.types import Type
from backlight.run.lower import lowering
from backlight.run.native import image, kept, store
from backlight.run.native.looped import Looped, compile_steps
from backlight.run.native.machine import compile_graph

VECTOR = Type("float64", (5,))
X = np.linspace(0.5, 2.0, 5)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKLIGHT_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


@pytest.fixture
def lowered(monkeypatch: pytest.MonkeyPatch) -> list[Graph]:
    """Every graph that is lowered, in a list."""
    found: list[Graph] = []
    before = lowering.lower

    def lower(graph: Graph, *more: Any) -> Any:
        found.append(graph)
        return before(graph, *more)

    monkeypatch.setattr(lowering, "lower", lower)
    return found


def wave(x):  # type: ignore[no-untyped-def]
    y = ops.sin(x) * np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    return y, ops.sum(y)


def training() -> Looped:
    tape = Tape()
    w, x = tape.input("w", type=VECTOR), tape.input("x", type=Type("float64", (2, 5)))
    off = x @ w - np.array([1.0, 2.0])
    after = w - (off @ x) * 0.1
    graph = Graph(tuple(tape.nodes), tuple(tape.inputs), ())
    steps = compile_steps(graph, {"w": after.number}, ["x"], [off.number])
    assert isinstance(steps, Looped)
    return steps


def test_a_graph_that_is_found_is_not_lowered_until_its_listing_is_asked_for(lowered: list[Graph]) -> None:
    first = compile_graph(graph_of(wave, VECTOR))
    wanted, total = first(X)
    assert len(lowered) == 1
    again = compile_graph(graph_of(wave, VECTOR))
    for _ in range(2):  # the long way in, then the builtin
        found, sum_of = again(X)
        assert np.array_equal(found, wanted)
        assert sum_of == total
    assert len(lowered) == 1
    assert again.listing() == first.listing()
    assert again.where() == first.where()
    assert len(lowered) == 2


def test_steps_that_are_found_are_not_lowered_until_their_listing_is_asked_for(lowered: list[Graph]) -> None:
    data, order = np.arange(20.0).reshape(4, 5) / 20.0, np.array([[0, 1], [2, 3], [3, 0]])
    first = training()
    state, seen = first(order, w=X, x=data)
    again = training()
    found = again(order, w=X, x=data)
    assert np.array_equal(found[0]["w"], state["w"])
    assert np.array_equal(found[1][0], seen[0])
    assert len(lowered) == 1
    assert (again.listing(), again.where()) == (first.listing(), first.where())
    assert len(lowered) == 2


OTHERS: dict[str, Callable[[], Graph]] = {
    "operation": lambda: graph_of(lambda x: ops.cos(x) * 2.0, VECTOR),
    "constant": lambda: graph_of(lambda x: ops.sin(x) * np.nextafter(2.0, 3.0), VECTOR),
    "sign of zero": lambda: graph_of(lambda x: ops.sin(x) * -0.0, VECTOR),
    "zero": lambda: graph_of(lambda x: ops.sin(x) * 0.0, VECTOR),
    "operands": lambda: graph_of(lambda x: ops.sin(x) * x, VECTOR),
    "shape": lambda: graph_of(lambda x: ops.sin(x) * 2.0, Type("float64", (6,))),
    "dtype": lambda: graph_of(lambda x: ops.sin(x) * 2.0, Type("float32", (5,))),
    "setting": lambda: graph_of(lambda x: ops.sum(ops.sin(x) * 2.0, axis=0, keepdims=True), VECTOR),
    "no setting": lambda: graph_of(lambda x: ops.sum(ops.sin(x) * 2.0, axis=0), VECTOR),
}  # fmt: skip


def test_graphs_that_differ_in_anything_have_different_names() -> None:
    graphs = [graph_of(lambda x: ops.sin(x) * 2.0, VECTOR), *(make() for make in OTHERS.values())]
    names = [kept.name(graph, graph.outputs) for graph in graphs]
    assert None not in names
    assert len(set(names)) == len(graphs)
    assert kept.name(graphs[0], graphs[0].outputs, True) != kept.name(graphs[0], graphs[0].outputs, False)


def test_what_a_person_calls_an_input_is_not_in_the_name() -> None:
    one, other = graph_of(lambda x: ops.sin(x), VECTOR), graph_of(lambda angle: ops.sin(angle), VECTOR)
    assert kept.name(one, one.outputs) == kept.name(other, other.outputs)


def test_an_operation_of_ones_own_has_no_name_and_still_runs(cache: Path) -> None:
    parts = [bl.rule(lambda x: x / 3.0, local=lambda z, x: 1 / 3, name="part", check=False),
              bl.rule(lambda x: x / 5.0, local=lambda z, x: 1 / 5, name="part", check=False)]
    for part, wanted in zip(parts, (1.0 / 3.0, 1.0 / 5.0), strict=True):
        graph = graph_of(lambda x, part=part: part(x) * 2.0, VECTOR)  # type: ignore[misc]
        assert kept.name(graph, graph.outputs) is None
        assert compile_graph(graph)(X) == pytest.approx(X * wanted * 2.0)


def test_constants_that_the_graph_holds_are_not_stored_again(cache: Path) -> None:
    large = np.random.default_rng(0).normal(size=(300, 300))
    graph = graph_of(lambda x: ops.sin(x) * large, Type("float64", (300, 300)))
    wanted = compile_graph(graph)(large)
    assert sum(path.stat().st_size for path in cache.glob("*.o")) < large.nbytes / 4
    assert np.array_equal(compile_graph(graph)(large), wanted)


def head(**changed: Any) -> bytes:
    lists: dict[str, Any] = {key: [] for key in ("inputs", "outputs", "kinds", "constants", "symbols", "exchanged")}
    return json.dumps({"arena": 0, "work": 1, "places": 2, **lists, **changed}).encode() + b"\n"


@pytest.mark.parametrize("entry", [
    b"", b"\n", b"{}\n", b"[]\n", b"7\n", b"not json\n", b'{"arena": 0}\n', head(arena="x"), head(constants=[[3, "<f8", [9], -1]]),
    head(constants=[[3, "<f8", [9], 77]]), head(constants=[[3, "what", [9], -1]]), head(constants=7), head(exchanged=[3]),
])  # fmt: skip
def test_an_entry_that_is_sealed_and_says_nothing_is_made_again(cache: Path, entry: bytes) -> None:
    graph = graph_of(wave, VECTOR)
    wanted = compile_graph(graph)(X)
    (path,) = cache.glob("*.o")
    whole = path.read_bytes()
    for data in (entry, entry + b"no code" * 40, whole[len(store.MAGIC) + 32 : -200]):
        path.write_bytes(store.MAGIC + store.seal(path.stem, data) + data)
        found = compile_graph(graph)(X)
        assert np.array_equal(found[0], wanted[0])
        assert found[1] == wanted[1]
        assert path.read_bytes() == whole


def test_code_from_disk_is_run_without_the_compiler_and_what_writes_for_it(cache: Path) -> None:
    text = """
        import sys
        import numpy as np
        import backlight as bl
        slope = bl.compile(bl.grad(lambda x: (4.0 * x + 1.0) ** 2))
        many = bl.compile(lambda x: x - 0.25 * bl.grad(lambda x: x * x)(x), steps=3)
        large = bl.compile(lambda x: (bl.ops.sin(x) @ x)[0, 0])
        def walk(x):
            for _ in range(4000):
                x = bl.ops.sin(x) * 1.5
            return x
        found = slope(2.0), many(8.0), large(np.eye(200)), bl.compile(walk)(0.5) > 0.0
        parts = "backlight.run.lower.lowering", "backlight.run.emit.program", "llvmlite.binding", "hashlib", "tempfile"
        print(*found, [m for m in parts if m in sys.modules])
    """
    words = [sys.executable, "-c", textwrap.dedent(text)]
    around = {**os.environ, "BACKLIGHT_THREADS": "2", "BACKLIGHT_COMPILER": ""}
    said = [subprocess.run(words, capture_output=True, text=True, check=True, env=around).stdout for _ in range(2)]
    compiler = "" if image.possible() else " 'llvmlite.binding',"  # it has a process of its own, or is here
    parts = f"['backlight.run.lower.lowering', 'backlight.run.emit.program',{compiler} 'hashlib', 'tempfile']"
    assert said[0] == f"72.0 1.0 {np.sin(1.0)} True {parts}\n"
    if image.possible():
        assert said[1] == f"72.0 1.0 {np.sin(1.0)} True []\n"
