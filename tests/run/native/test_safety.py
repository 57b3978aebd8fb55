"""What must not bring a process down: odd arrays, odd sizes, interrupts, several threads and processes, no compiler."""

import os
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest
from tests.run.native.graphs import agree, graph_of, reference

import backlight as bl
from backlight import errors, ops
from backlight.core.types import Type, type_of
from backlight.run.native import store
from backlight.run.native.machine import compile_graph


def mixed(x):  # type: ignore[no-untyped-def]
    y = ops.exp(-ops.square(x)) * x + 1.0
    return y, ops.sum(y), (ops.sum(y, axis=0), y.T) if x.ndim else (y, y)


def everything(x):  # type: ignore[no-untyped-def]
    y, total, (some, turned) = mixed(x)
    return y, total, some, turned


@pytest.mark.parametrize("shape", [
    (), (3,), (2, 3), (2, 1, 3), (2, 3, 1, 2), (1, 2, 1, 2, 3), (2, 1, 2, 1, 2, 2), (1, 2, 1, 1, 2, 1, 3), (2, 1, 2, 1, 1, 2, 1, 2),
])  # fmt: skip
def test_every_rank_from_0_to_8(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    graph = graph_of(everything, Type("float64", shape))
    for found, wanted in zip(compile_graph(graph)(x), reference(graph, [x], graph.outputs), strict=True):
        assert agree(found, wanted, 1e-13)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (2, 0, 3), (0, 0), (1, 0, 1, 0)])
def test_arrays_without_numbers(shape: tuple[int, ...]) -> None:
    def function(x):  # type: ignore[no-untyped-def]
        y = ops.tanh(x) * 2.0
        product = y @ ops.swapaxes(y, -1, -2) if y.ndim > 1 else y
        return y, ops.sum(y), ops.sum(y, axis=-1), ops.reshape(y, shape=(-1,)), ops.concat(y, y, axis=0), product

    x = np.zeros(shape)
    graph = graph_of(function, Type("float64", shape))
    for found, wanted in zip(compile_graph(graph)(x), reference(graph, [x], graph.outputs), strict=True):
        assert np.shape(found) == np.shape(wanted)
        assert np.array_equal(found, wanted)


def unaligned(x: np.ndarray) -> np.ndarray:
    raw = np.zeros(x.nbytes + 1, np.uint8)
    found = raw[1:].view(x.dtype).reshape(x.shape) if x.nbytes else x
    found[...] = x
    return found


def locked(x: np.ndarray) -> np.ndarray:
    x = x.copy()
    x.setflags(write=False)
    return x


FORMS = {
    "turned": lambda x: np.ascontiguousarray(x.T).T, "reversed": lambda x: np.ascontiguousarray(x[::-1, ::-1])[::-1, ::-1],
    "every second": lambda x: np.repeat(np.repeat(x, 2, 0), 2, 1)[::2, ::2], "Fortran": np.asfortranarray,
    "of another processor": lambda x: x.astype(x.dtype.newbyteorder()), "unaligned": unaligned, "locked": locked,
    "of a subclass": lambda x: x.view(type("Own", (np.ndarray,), {})),
}  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("form", FORMS)
def test_arrays_however_they_lie_in_memory(form: str, dtype: str) -> None:
    x = np.arange(12.0).reshape(3, 4).astype(dtype)
    given = FORMS[form](x)
    assert np.array_equal(given, x)
    graph = compile_graph(graph_of(lambda x: x * 2.0 + 1.0, Type(dtype, (3, 4))))
    function, nested = bl.compile(lambda x: x * 2.0 + 1.0), bl.compile(lambda p: p["x"] * 2.0 + 1.0)
    for _ in range(3):
        for found in (graph(given), function(given), nested({"x": given})):
            assert found.dtype == dtype
            assert np.array_equal(found, 2 * x + 1)
    stretched = np.broadcast_to(x[:1], (3, 4))
    assert np.array_equal(graph(stretched), 2 * stretched + 1)


def test_an_array_that_changes_its_kind_in_a_loop_of_calls_is_never_misread() -> None:
    f = bl.compile(lambda x: x + 1)
    kinds = [np.float64, np.float32, np.int64, np.int32]
    for k in range(40):
        x = np.full((k % 3 + 1,), k, kinds[k % 4])
        assert np.array_equal(f(x), x + 1)


# -- the cache --------------------------------------------------------------------------------------------------------
@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BACKLIGHT_CACHE", str(tmp_path / "kept"))
    return tmp_path / "kept"


def compiled_anew(number: float) -> float:
    return compile_graph(graph_of(lambda x: ops.sin(x) * number, Type("float64", ())))(1.0)


DAMAGES = {
    "cut": lambda data, other: data[: len(data) // 2], "empty": lambda data, other: b"",
    "one byte": lambda data, other: data[:-9] + b"?" + data[-8:],
    "of another graph": lambda data, other: other, "of an older version": lambda data, other: b"backlight object 1\n" + data[19:],
    "sealed, and no code": lambda data, other: None,
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES)
def test_an_entry_that_is_damaged_or_foreign_is_made_again(cache: Path, damage: str) -> None:
    compiled_anew(3.5)
    (path,) = cache.glob("*.o")
    whole = path.read_bytes()
    compiled_anew(4.5)
    (other,) = set(cache.glob("*.o")) - {path}
    wrong = DAMAGES[damage](whole, other.read_bytes())
    if wrong is None:
        wrong = store.MAGIC + store.seal(path.stem, b"no code" * 40) + b"no code" * 40
    path.write_bytes(wrong)
    assert compiled_anew(3.5) == pytest.approx(np.sin(1.0) * 3.5)
    assert path.read_bytes() == whole


def test_what_a_killed_writer_left_is_removed_after_an_hour(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "BETWEEN_BYTES", 1)  # after every entry
    compiled_anew(5.5)
    old, new = cache / "old.part", cache / "new.part"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1.0, 1.0))
    compiled_anew(6.5)
    assert not old.exists()
    assert new.exists()


PROGRAM = """
    import numpy as np
    import backlight as bl
    from backlight import ops

    def f(x, k):
        for _ in range(6):
            x = ops.tanh(ops.sin(x) @ x) * k
        return ops.sum(x)

    def use(k):
        return float(bl.compile(bl.value_and_grad(lambda x: f(x, k)))(np.eye(9) * 0.5)[0])
"""


def program(text: str) -> list[str]:
    return [sys.executable, "-c", textwrap.dedent(PROGRAM) + textwrap.dedent(text)]


def test_processes_share_a_cache_while_they_write_it(cache: Path) -> None:
    words = program("print([use(1.0 + k / 8) for k in range(3)])")
    each = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate()[0] for process in each]
    assert [process.returncode for process in each] == [0, 0]
    assert len(set(said)) == 1
    assert not list(cache.glob("*.part"))


def test_a_process_killed_while_it_compiles_leaves_a_cache_that_works(cache: Path) -> None:
    for wait_s in (0.4, 0.6, 0.8):
        process = subprocess.Popen(program("""
            k = 1.0
            while True:
                use(k)
                k += 0.125
        """))
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(wait_s)
        process.kill()
        process.wait()
    words = program("print(use(1.0), use(1.125))")
    first, again = (subprocess.run(words, capture_output=True, text=True, check=True) for _ in range(2))
    assert first.stdout == again.stdout


def test_an_interrupt_while_compiling_leaves_a_machine_that_works() -> None:
    done = subprocess.run(program("""
        import os, signal, threading, time

        def interrupt(after, seen):
            time.sleep(after)
            while not seen.is_set():
                os.kill(os.getpid(), signal.SIGINT)
                seen.wait(5)  # Python itself swallows one that arrives in a finaliser

        use(1.0)
        interrupted = 0
        for k in range(12):
            seen = threading.Event()
            try:
                helper = threading.Thread(target=interrupt, args=(0.004 * (k + 1), seen))
                helper.start()
                use(2.0 + k)
                while True:
                    time.sleep(0.01)
            except KeyboardInterrupt:
                seen.set()
                interrupted += 1
            helper.join()
        print(interrupted, use(2.0) == use(2.0))
    """), capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout == "12 True\n"


@pytest.mark.parametrize("folder", ["/dev/null/home", "/proc/none"])
def test_a_home_that_is_missing_or_closed_is_no_error(folder: str) -> None:
    around = {k: v for k, v in os.environ.items() if k not in {"BACKLIGHT_CACHE", "XDG_CACHE_HOME"}}
    around["HOME"] = folder
    done = subprocess.run(program("print(use(1.0) == use(1.0))"), capture_output=True, text=True, check=True, env=around)
    assert done.stdout == "True\n"


def test_threads_that_compile_different_graphs_at_once_do_not_disturb_one_another() -> None:
    found: dict[int, float] = {}

    def work(k: int) -> None:
        graph = graph_of(lambda x: ops.sum(ops.cos(x) * (k + 0.5)), Type("float64", (k + 1,)))
        found[k] = float(compile_graph(graph)(np.ones(k + 1)))

    workers = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert found == pytest.approx({k: np.cos(1.0) * (k + 1) * (k + 0.5) for k in range(8)})


def test_python_runs_on_while_compiled_code_works() -> None:
    x = np.random.default_rng(1).normal(size=(1500, 1500))
    f = compile_graph(graph_of(lambda x: ops.sum(x @ x @ x), type_of(x)))
    f(x)
    ticks, over = [], threading.Event()

    def count() -> None:
        while not over.is_set():
            ticks.append(1)

    counter = threading.Thread(target=count)
    counter.start()
    before = len(ticks)
    f(x)
    during = len(ticks) - before
    over.set()
    counter.join()
    assert during > 100, "a call that holds Python's lock lets nobody count"


def test_a_builtin_outlives_everything_else_of_its_graph() -> None:
    done = subprocess.run(program("""
        import gc
        from backlight.run.native.machine import compile_graph
        calls = []
        for k in range(20):
            f = compile_graph(bl.trace(lambda x: x * (k + 0.5) + 1.0)(1.0))
            f(2.0)
            calls.append(type(f).__call__)
        del f
        gc.collect()
        other = [b"\\xff" * size for size in range(60, 200) for _ in range(300)]
        gc.collect()
        print([call(2.0) for call in calls] == [2.0 * (k + 0.5) + 1.0 for k in range(20)], calls[0]([2]))
        del calls
        gc.collect()
        print(len(other))
    """), capture_output=True, text=True, check=True)  # fmt: skip
    assert done.stdout == "True [2.]\n42000\n"


# -- without a compiler -------------------------------------------------------------------------------------------------
WITHOUT = """
    import sys
    sys.modules["llvmlite"] = None
    import numpy as np
    import backlight as bl
    from backlight import errors, ops

    f = bl.compile(bl.value_and_grad(lambda x: (4.0 * x + 1.0) ** 2))
    assert [f(2.0), f(2.0)] == [(81.0, 72.0)] * 2
    g = bl.compile(lambda p: {"z": ops.sum(p["x"] * 2.0)} if p["x"][0] > 0.0 else {"z": p["x"][0]})
    assert g({"x": np.ones(3)}) == {"z": 6.0}
    assert g({"x": -np.ones(3)}) == {"z": -1.0}
    graph = bl.parse("h = sigmoid(W @ x)\\nsum(h)")
    given = {"W": [[0.0, 1.0]], "x": [2.0, 0.0]}
    assert bl.compile(graph)(**given) == 0.5
    assert bl.compile(graph, keep=["h"])(**given)[1]["h"][0] == 0.5
    assert bl.compile(graph, keep="all")(**given)["h"].value[0] == 0.5
    train = bl.compile(lambda s, x: (s * 0.5 + ops.sum(x), s), batch=["x"])
    state, seen = train(1.0, np.arange(4.0), order=[[0, 1], [2, 3]])
    assert (state, seen.tolist()) == (5.75, [1.0, 1.5])
    try:
        bl.compile(lambda x: ops.log(x), watch="nan")(-1.0)
    except errors.NotFiniteError as error:
        assert "is nan: it is the first that is not finite" in str(error)
    else:
        raise AssertionError
    assert f.listing().splitlines()[0] == (
        "the reference machine, node by node: llvmlite is not installed, so nothing is compiled")
    from backlight.run.native.page import compile_page
    try:
        compile_page(bl.backprop("x*x", x=2.0).graph)
    except errors.GraphError as error:
        assert str(error) == "this needs a compiler: pip install llvmlite, or let the reference machine run the graph"
    else:
        raise AssertionError
    from backlight.cli import main
    assert main(["explain", "(4*x + 1)^2", "x=2"]) == 0
    assert not [name for name in sys.modules if name.startswith("llvmlite.")]
"""


# Two ways to forbid a package: to Python's table of modules it is nothing, or a finder raises.
FORBIDDEN = ['sys.modules["llvmlite"] = None', """
    class Forbidding:
        def find_spec(self, name, *rest):
            if name == "llvmlite":
                raise ImportError(name)
    sys.meta_path.insert(0, Forbidding())
"""]


@pytest.mark.parametrize("forbidden", FORBIDDEN, ids=["nothing", "a finder raises"])
def test_without_a_compiler_the_reference_machine_answers_everything(forbidden: str) -> None:
    text = textwrap.dedent(WITHOUT).replace(FORBIDDEN[0], textwrap.dedent(forbidden))
    subprocess.run([sys.executable, "-c", text], check=True, stdout=subprocess.DEVNULL)


def test_without_room_for_a_result_nothing_is_allocated() -> None:
    f = bl.compile(bl.trace(lambda x: ops.broadcast_to(x, shape=(1 << 12,)) * 2.0)(1.0))
    assert f(2.0)[0] == 4.0
    graph = graph_of(lambda x: ops.broadcast_to(x, shape=(1 << 30, 1 << 12)) * 2.0, Type("float64", ()))
    with pytest.raises(errors.LimitError):
        compile_graph(graph)(1.0)
