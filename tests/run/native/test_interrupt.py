"""Signals while compiled code runs: real ones, from the system's clock."""

import contextlib
import gc
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import backlight as bl
from backlight import ops
from backlight.run.native import host, interrupt

pytestmark = [
    pytest.mark.skipif(interrupt.block() is None or not host.present(), reason="signals wait here"),
    # Where a handler raises in a weak reference's callback, while code is compiled say, Python drops what it raised.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


class StopError(Exception):
    """What the handler raises."""


def stop() -> None:
    signal.setitimer(signal.ITIMER_REAL, 5.0)  # once more, in case this one is dropped
    raise StopError("enough")


@contextlib.contextmanager
def stopped(handler: Callable[[], None] = stop) -> Iterator[None]:
    """What is inside is stopped by the system's clock after a moment."""
    before = signal.signal(signal.SIGALRM, lambda *_: handler())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.15)
        with pytest.raises(StopError, match="enough"):
            yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def forever(x: Any) -> Any:
    return bl.while_loop(lambda v: ops.any(v > 0.0), lambda v: v * 1.0, x)


def inside(x: Any) -> Any:
    """An endless loop in a step of a loop in a branch."""
    steps = bl.scan(lambda v, _: (forever(v) + 1.0, v), x, np.zeros((3, 1)))[0]
    return bl.cond(ops.sum(x) < 1e9, lambda v: steps + v, lambda v: v, x)


def heavy(x: Any) -> Any:
    """No loop, and minutes of work."""
    for _ in range(300):
        x = x @ x
    return ops.sum(x)


NUMBER, VECTOR, MATRIX, LARGE = 1.0, np.ones(3), np.ones((40, 1000)), np.zeros((1100, 1100))
CALLS: dict[str, tuple[Callable[[Any], Any], Any, Any]] = {
    "a number": (forever, NUMBER, -1.0), "a vector": (forever, VECTOR, -VECTOR), "a large array": (forever, MATRIX, -MATRIX),
    "a loop in a loop": (inside, VECTOR, -4.0 * VECTOR),
    "a gradient": (bl.grad(lambda x: ops.sum(forever(x) ** 2)), VECTOR, -VECTOR),
}  # fmt: skip


@pytest.mark.parametrize("what", CALLS)
def test_an_endless_loop_is_stopped_by_a_signal_and_what_was_compiled_goes_on(what: str) -> None:
    function, endless, short = CALLS[what]
    f = bl.compile(function)
    wanted = f(short)
    for _ in range(2):  # the long way in, then the builtin
        with stopped():
            f(endless)
        for _ in range(2):
            assert np.array_equal(f(short), wanted)


def test_steps_without_end_are_stopped_and_the_state_that_was_given_stays() -> None:
    f = bl.compile(lambda w: w * 0.5 + 1.0, steps=10**12)
    w = np.arange(5.0)
    with stopped():
        f(w)
    assert np.array_equal(w, np.arange(5.0))
    assert np.array_equal(bl.compile(lambda w: w * 0.5 + 1.0, steps=2)(w), w * 0.25 + 1.5)


def test_long_work_without_a_loop_is_stopped_between_two_instructions() -> None:
    f = bl.compile(heavy)
    with stopped():
        f(LARGE)


def test_a_handler_that_raises_nothing_is_run_and_the_loop_goes_on() -> None:
    f, g = bl.compile(forever), bl.compile(lambda x: ops.sin(x) * 2.0)
    wanted, seen = g(0.5), []
    f(-1.0)

    def handler() -> None:
        seen.append(g(0.5))  # compiled code may run in it too
        if len(seen) == 3:
            raise StopError("enough")
        signal.setitimer(signal.ITIMER_REAL, 0.05)

    with stopped(handler):
        f(1.0)
    assert seen == [wanted] * 3


def test_nothing_is_kept_by_calls_that_were_stopped() -> None:
    f = bl.compile(forever)
    f(-VECTOR)
    x = np.ones(3)
    counts = []
    for _ in range(3):
        with stopped():
            f(x)
        gc.collect()
        counts.append((sys.getrefcount(x), len([o for o in gc.get_objects() if isinstance(o, StopError)])))
    assert counts[0] == counts[1] == counts[2]


def test_while_another_thread_computes_a_signal_reaches_the_main_one() -> None:
    f = bl.compile(lambda x: bl.while_loop(lambda v: v < 1e7, lambda v: v + 1.0, x))
    f(1e7)
    found: list[float] = []
    worker = threading.Thread(target=lambda: found.append(f(0.0)))
    with stopped():
        worker.start()
        time.sleep(600)
    worker.join()
    assert found == [1e7]


def test_control_c_ends_a_process_that_computes_as_it_ends_any_other() -> None:
    text = """
        import os, signal
        import backlight as bl
        f = bl.compile(lambda x: bl.while_loop(lambda v: v > 0.0, lambda v: v * 1.0, x))
        f(-1.0)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGALRM, lambda *_: os.kill(os.getpid(), signal.SIGINT))
            signal.setitimer(signal.ITIMER_REAL, 0.15)
            try:
                f(1.0)
            except KeyboardInterrupt:
                os._exit(7)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
        f(1.0)
    """
    words = [sys.executable, "-c", textwrap.dedent(text)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "7\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert said.splitlines()[-1] == "KeyboardInterrupt"
    assert process.returncode == -signal.SIGINT
