"""Who owns what compiled code points to: every address outlives its use, whoever lets go of what, when, and in which order."""

import copy
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

import backlight as bl
from backlight import errors, ops
from backlight.run.lower import lowering
from backlight.run.native import host, threads
from backlight.run.native.looped import Looped

AROUND = {**os.environ, "PYTHONMALLOC": "debug", "MALLOC_PERTURB_": "165", "BACKLIGHT_THREADS": "2"}  # what is freed is overwritten
START = """
    import gc, os, sys, threading, time
    import numpy as np
    import backlight as bl
    from backlight import ops
    from backlight.run.native import threads
"""


def said(text: str) -> str:
    """What a process says that lets nothing pass that is freed too soon."""
    words = [sys.executable, "-c", textwrap.dedent(START) + textwrap.dedent(text)]
    done = subprocess.run(words, capture_output=True, text=True, env=AROUND, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


# -- results ------------------------------------------------------------------------------------------------------------
def turned(z: np.ndarray) -> None:
    z.shape = (-1,)


def locked(z: np.ndarray) -> None:
    z.flags.writeable = False


@pytest.mark.parametrize("change", [turned, locked])
def test_what_is_done_to_a_large_result_is_not_seen_in_the_next(change: object) -> None:
    f = bl.compile(lambda x: x * 2.0)
    x = np.arange(40_000.0).reshape(200, 200)
    for _ in range(3):
        z = f(x)
        assert np.array_equal(z, x * 2.0)
        assert z.flags.writeable
        change(z)  # type: ignore[operator]
        del z


def test_a_large_result_cannot_be_made_smaller_under_the_next() -> None:
    f = bl.compile(lambda x: x * 2.0)
    f(np.ones((200, 200)))
    z = f(np.ones((200, 200)))
    with pytest.raises(ValueError, match="does not own its data"):
        z.resize((2, 2), refcheck=False)


LOOKS = {
    "view": lambda z: z[1:], "turned": lambda z: z.T, "memoryview": memoryview, "buffer": lambda z: np.frombuffer(z),
    "DLPack": np.from_dlpack, "array": lambda z: np.asarray(z), "view of a view": lambda z: z[1:][1:],
    "other numbers": lambda z: z.view(np.int64),
}  # fmt: skip


@pytest.mark.parametrize("look", LOOKS)
def test_memory_that_somebody_still_looks_at_is_not_used_again(look: str) -> None:
    f = bl.compile(lambda x: x * 2.0)
    x = np.ones((200, 200))
    f(x)
    seen = LOOKS[look](f(x))
    before = np.array(seen)
    for k in range(4):
        f(x * k)
    assert np.array_equal(seen, before)


def test_memory_that_nobody_looks_at_is_used_again() -> None:
    f = bl.compile(lambda x: x * 2.0)
    x = np.ones((200, 200))
    f(x)
    assert len({f(x).ctypes.data for _ in range(20)}) <= 2


def test_a_result_may_be_the_next_argument() -> None:
    f = bl.compile(lambda x, y: x + y)
    x = np.ones((200, 200))
    for k in range(6):
        x = f(x, x)
        assert np.all(x == 2.0 ** (k + 1))
    assert np.all(f(f(x, x), f(x, x)) == 2.0**8)


# -- copies -------------------------------------------------------------------------------------------------------------
def compiled_things() -> list[object]:
    graph = bl.compile(bl.parse("x * 2"))
    function = bl.compile(lambda x: ops.sin(x) * 2.0)
    train = bl.compile(lambda s: s * 0.5, steps=2)
    for each in (graph, function, train):
        each(2.0)
    return [graph, function, train]


def test_a_copy_of_compiled_code_is_itself() -> None:
    for each in compiled_things():
        assert copy.copy(each) is each
        assert copy.deepcopy({"f": each})["f"] is each


def test_compiled_code_is_not_pickled() -> None:
    for each in compiled_things():
        with pytest.raises(errors.InputError) as caught:
            pickle.dumps(each)
        assert str(caught.value) == (
            "a compiled function holds addresses of this process and cannot be pickled: send the function, and compile it there")


# -- what is given ------------------------------------------------------------------------------------------------------
def test_the_order_of_rows_is_copied_before_it_is_checked() -> None:
    train = bl.compile(lambda s, x: s + ops.sum(x), batch=["x"])
    order = np.zeros((5, 2), np.int64)
    train(0.0, np.ones((4, 3)), order=order)
    run = next(iter(train.loops.values())).run
    assert isinstance(run, Looped)
    assert not np.may_share_memory(run.order(order)[1], order)
    with pytest.raises(errors.ShapeError) as caught:
        run(order, s=0.0, x=np.ones(4))
    assert str(caught.value) == "steps: 'x' must be (-1, 3), and it is (4,)"


def test_an_operation_of_ones_own_may_keep_what_it_was_given() -> None:
    assert said("""
        kept = []

        @bl.rule(vjp=lambda g, z, x: g * 2.0)
        def double(x):
            kept.append(x)
            return x * 2.0

        x = np.linspace(0.0, 1.0, 30_000)
        f = bl.compile(lambda x: ops.tanh(double(ops.sin(x))))
        f(x)
        last = kept[-1]
        f(x + 1.0)
        del f
        gc.collect()
        others = [np.zeros(30_000) for _ in range(40)]
        print(np.array_equal(last, bl.compile(ops.sin)(x)))
    """) == "True\n"


# -- in the middle of something else --------------------------------------------------------------------------------------
def test_code_that_is_called_while_it_runs() -> None:
    assert said("""
        import signal
        f = bl.compile(lambda x, k: (ops.tanh(x @ x) * k, ops.sum(x), x @ x))
        x = np.linspace(-1.0, 1.0, 90_000).reshape(300, 300)
        wanted = [f(x, float(k)) for k in range(3)]

        def same(found, k):
            return all(np.array_equal(a, b) for a, b in zip(found, wanted[k]))

        class Last:
            def __init__(self):
                self.me = self

            def __del__(self):
                answers.append(same(f(x, 1.0), 1))

        answers, threshold = [], gc.get_threshold()
        gc.set_threshold(1)  # the collector runs inside the maker of results too

        def ring(*_):
            answers.append(same(f(x, 2.0), 2))
            signal.setitimer(signal.ITIMER_REAL, 0.002)  # and not before: each would be interrupted by the next

        signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.002)
        for _ in range(60):
            Last()
            answers.append(same(f(x, 0.0), 0))
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        gc.set_threshold(*threshold)
        gc.collect()
        print(all(answers), len(answers) >= 120)
    """) == "True True\n"


def test_threads_that_let_go_of_everything_while_others_compute() -> None:
    assert said("""
        made = []

        def work(seed):
            random = np.random.default_rng(seed)
            for k in range(6):
                f = bl.compile(lambda x: ops.sum(ops.exp(x) @ x, axis=0) * (1 + k % 3))
                for _ in range(4):
                    x = random.normal(size=(200, 200))
                    z = f(x)
                    made.append(np.allclose(z, (np.exp(x) @ x).sum(0) * (1 + k % 3)))
                    del x
                threads.threads(1 + (seed + k) % 3)
                del f
                gc.collect()

        workers = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        print(all(made), len(made))
    """) == "True 96\n"


@pytest.mark.parametrize("stack", [1 << 16, 1 << 18])
def test_threads_with_small_stacks(stack: int) -> None:
    assert said(f"""
        before = threading.stack_size({stack})
        f = bl.compile(lambda x: (x @ x) @ x)
        found = []
        for n in (60, 500, 1000):
            x = np.eye(n, dtype=np.float32)
            threading.stack_size(0)
            f(x)
            threading.stack_size({stack})
            one = threading.Thread(target=lambda: found.append(np.array_equal(f(x), x)))
            one.start()
            one.join()
        print(found, threading.stack_size())
    """) == f"[True, True, True] {stack}\n"


@pytest.mark.skipif(sys.implementation.name != "cpython", reason="the hook is CPython's")
def test_without_memory_for_a_result_there_is_an_error_and_the_next_call_works() -> None:
    pytest.importorskip("_testcapi")
    assert said("""
        import _testcapi
        calls = []
        for function in (lambda x: x * 2.0, lambda x: (x * 2.0, x + 1.0), lambda x: (x * 2.0, ops.broadcast_to(x, shape=(3,)))):
            f = bl.compile(function)
            f(1.5)
            calls.append((f, type(f).__call__))
        numbers, refused = [1.5 + k for k in range(200)], 0
        for start in range(60):
            for _, call in calls:
                held = []
                try:
                    _testcapi.set_nomemory(start, start + 1)
                    try:
                        for number in numbers:
                            held.append(call(number))
                    finally:
                        _testcapi.remove_mem_hooks()
                except MemoryError:
                    refused += 1
        print(refused > 60, [f(2.0)[0] if k else f(2.0) for k, (f, _) in enumerate(calls)])
    """) == "True [4.0, 4.0, 4.0]\n"


# -- processes that are copied, and that end --------------------------------------------------------------------------------
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_process_is_copied_while_others_compute_and_compile() -> None:
    assert said("""
        import warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        f = bl.compile(lambda x: (x @ x) @ x)
        x = np.eye(300)
        f(x)

        def compute():
            while True:
                f(x)

        def compile():
            for k in range(1 << 20):
                bl.compile(lambda x: ops.sin(x * (k + 0.5)) @ x)(np.eye(20))

        for function in (compute, compile):
            threading.Thread(target=function, daemon=True).start()
        answers = []
        for k in range(25):
            child = os.fork()
            if not child:
                threading.Timer(60.0, os._exit, [3]).start()  # stuck
                same = np.array_equal(f(x), x) and bl.compile(lambda x: ops.cos(x) * (k + 0.25))(0.0) == k + 0.25
                same = same and np.array_equal(f(x), x)
                os._exit(0 if same else 2)
            answers.append(os.waitpid(child, 0)[1])
        print(set(answers))
        sys.stdout.flush()
        os._exit(0)
    """) == "{0}\n"


def test_a_process_copied_by_multiprocessing_uses_what_was_compiled_before() -> None:
    assert said("""
        import multiprocessing, warnings
        warnings.simplefilter("ignore", DeprecationWarning)
        f = bl.compile(lambda x: ops.sum(ops.exp(x) * x))
        x = np.linspace(0.0, 1.0, 400_000)
        before = f(x)

        def work(k):
            return float(f(x)) == before, threads.pool() is not None, float(f(x)) == before

        with multiprocessing.get_context("fork").Pool(2) as pool:
            print(set(pool.map(work, range(6))))
    """) == "{(True, True, True)}\n"


ENDS = {
    "while a thread computes": """
        f = bl.compile(lambda x: x @ x @ x)
        x = np.eye(700)
        f(x)
        def work():
            while True:
                f(x)
        for _ in range(3):
            threading.Thread(target=work, daemon=True).start()
        time.sleep(0.05)
    """,
    "while a thread compiles": """
        def work():
            for k in range(1 << 20):
                bl.compile(lambda x: ops.sin(x * (k + 0.5)) @ x)(np.eye(20))
        threading.Thread(target=work, daemon=True).start()
        time.sleep(0.4)
    """,
    "and something is called last": """
        import atexit
        f = bl.compile(lambda x: x @ x @ x)
        x = np.eye(300)
        f(x)
        class Last:
            def __init__(self, *held):
                self.held = held
            def __del__(self):
                f, x = self.held
                assert f(x)[0, 0] == 1.0
        sys.last, keep = Last(f, x), Last(f, x)
        atexit.register(lambda: f(x))
    """,
}


@pytest.mark.parametrize("end", ENDS)
def test_a_process_ends(end: str) -> None:
    for _ in range(3):
        assert said(ENDS[end]) == ""


def test_pools_are_never_freed_since_a_builtin_may_know_their_addresses() -> None:
    before = threads.threads()
    try:
        for count in (2, 3, 2):
            threads.threads(count)
            assert threads.pool() in threads.Setting.made
    finally:
        threads.threads(before)


PLANS = {
    "a function": lambda: bl.compile(lambda x: ops.sin(x) * 3.25)(1.0),
    "steps": lambda: bl.compile(lambda x: x * 3.25, steps=2)(1.0),
    "a listing": lambda: LISTED.listing(), "the listing of steps": lambda: STEPS.listing(),
}  # fmt: skip
LISTED, STEPS = bl.compile(lambda x: ops.sin(x) * 4.25), bl.compile(lambda x: x * 4.25, steps=2)


@pytest.mark.parametrize("plan", PLANS)
def test_no_process_is_copied_while_a_graph_is_lowered(plan: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is held then (Python 3.11 holds a lock of the class while a cached property is made) is held in a copy for ever."""
    monkeypatch.setenv("BACKLIGHT_CACHE", str(tmp_path))
    for f in (LISTED, STEPS):
        f.ways.clear() if hasattr(f, "ways") else f.loops.clear()
        bl.compile(f.function, steps=getattr(f, "steps", None))(1.0)  # on disk: found there, it is lowered when somebody asks
        f(1.0)
    inside, go_on, before = threading.Event(), threading.Event(), lowering.lower

    def lower(*operands: object) -> object:
        inside.set()
        go_on.wait()
        return before(*operands)  # type: ignore[arg-type]

    monkeypatch.setattr(lowering, "lower", lower)
    worker = threading.Thread(target=PLANS[plan])
    worker.start()
    inside.wait()
    free = host.LOCK.acquire(blocking=False)
    go_on.set()
    worker.join()
    assert not free, "a fork waits for this lock"
