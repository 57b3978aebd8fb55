import ctypes
import os
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from tests.run.native.graphs import graph_of

from backlight import errors, ops
from backlight.core.types import Type
from backlight.run.emit import pool as written
from backlight.run.native import threads
from backlight.run.native.machine import compile_graph

STEP = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
SHARE = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_int64, ctypes.c_int64, ctypes.c_bool)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = threads.threads()
    yield
    threads.threads(before)


def share(pool: threads.Pool, step: object, count: int, portions: int, wake: bool = True) -> None:
    address = ctypes.cast(step, ctypes.c_void_p).value  # type: ignore[arg-type]
    SHARE(pool.share)(pool.address, address, None, count, portions, wake)


def asleep(pool: threads.Pool) -> int:
    return ctypes.c_int64.from_address(pool.address + written.SLEEPERS).value


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


def done_by(pool: threads.Pool, count: int, portions: int) -> list[int]:
    done: list[int] = []
    share(pool, STEP(lambda table, first, last: done.extend(range(first, last))), count, portions)
    return sorted(done)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_unit_is_done_exactly_once(count: int) -> None:
    threads.threads(count)
    pool = threads.pool()
    assert (pool is None) == (count == 1)
    if pool is None:
        return
    for units, portions in [(1, 1), (7, 2), (100, 3), (1000, 50), (0, 4)]:
        assert done_by(pool, units, portions) == list(range(units))


def test_helpers_do_some_of_the_work() -> None:
    threads.threads(3)
    pool = threads.pool()
    assert pool is not None
    who: set[int] = set()
    everybody = threading.Barrier(3, timeout=60)

    def meet(table: int, first: int, last: int) -> None:
        who.add(threading.get_ident())
        everybody.wait()

    share(pool, STEP(meet), 3, 3)
    assert len(who) == 3


def test_a_second_caller_works_alone_instead_of_waiting() -> None:
    threads.threads(2)
    pool = threads.pool()
    assert pool is not None
    inner: list[int] = []
    outer: list[int] = []

    def step(table: int, first: int, last: int) -> None:
        outer.append(first)
        share(pool, STEP(lambda t, low, high: inner.extend(range(low, high))), 3, 3)

    share(pool, STEP(step), 4, 4)
    assert sorted(outer) == [0, 1, 2, 3]
    assert sorted(inner) == sorted([0, 1, 2] * 4)


def test_the_pool_survives_a_sleep_and_a_change_of_size() -> None:
    for count in (2, 4, 3):
        threads.threads(count)
        pool = threads.pool()
        assert pool is not None
        assert len(pool.helpers) == count - 1
        time.sleep(0.01)  # the helpers fall asleep, and must hear the bell
        assert done_by(pool, 20, 20) == list(range(20))


def test_a_short_step_wakes_nobody_and_is_done_by_its_caller() -> None:
    threads.threads(3)
    pool = threads.pool()
    assert pool is not None
    wait_for(lambda: asleep(pool) == 2)
    who: list[int] = []
    share(pool, STEP(lambda table, first, last: who.append(threading.get_ident())), 6, 6, wake=False)
    assert who == [threading.get_ident()], "one call for all units"
    assert asleep(pool) == 2


def test_the_bell_alone_wakes_helpers_and_they_sleep_again() -> None:
    threads.threads(2)
    pool = threads.pool()
    assert pool is not None
    wait_for(lambda: asleep(pool) == 1)
    rings = ctypes.c_int64.from_address(pool.address + written.RINGS)
    before = rings.value
    share(pool, None, 0, 0)
    assert rings.value == before + 1
    wait_for(lambda: asleep(pool) == 1)
    assert done_by(pool, 5, 5) == list(range(5))


def test_many_short_jobs_one_after_the_other_are_each_done_once() -> None:
    """Helpers come late, leave and come again while the next job begins already."""
    threads.threads(4)
    pool = threads.pool()
    assert pool is not None
    x = np.random.default_rng(0).normal(size=(40, 5000))
    f = compile_graph(graph_of(lambda x, w: x @ w, Type("float64", x.shape), Type("float64", (5000, 3))))
    w = np.arange(15_000.0).reshape(5000, 3)
    first = f(x, w)
    assert np.allclose(first, x @ w)
    for _ in range(3000):
        assert np.array_equal(f(x, w), first)


@pytest.mark.parametrize("count", [0, 65])
def test_a_number_of_threads_that_cannot_be_used_is_refused(count: int) -> None:
    with pytest.raises(errors.ValueError) as caught:
        threads.threads(count)
    assert str(caught.value) == f"threads: {count} threads cannot be used; give a number from 1 to 64"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_process_makes_a_pool_of_its_own() -> None:
    threads.threads(2)
    assert threads.pool() is not None
    child = os.fork()
    if child == 0:
        pool = threads.pool()
        os._exit(0 if pool is not None and done_by(pool, 3, 3) == [0, 1, 2] else 1)
    assert os.waitpid(child, 0)[1] == 0


def wide(x):  # type: ignore[no-untyped-def]
    return ops.sum(ops.exp(x) * x)


def test_a_plan_that_is_there_already_takes_another_number_of_threads() -> None:
    threads.threads(1)
    x = np.linspace(0.0, 1.0, 400_000)
    f = compile_graph(graph_of(wide, Type("float64", x.shape)))
    found = f(x)
    assert f.latest.pool is None
    for count in (3, 2, 1, 2):
        threads.threads(count)
        assert f.latest.pool is threads.pool()
        assert f(x) == found, "the same bits on any number of threads"


def test_threadpoolctl_sees_the_pool_and_limits_it() -> None:
    tool = pytest.importorskip("threadpoolctl")
    threads.threads(2)
    threads.pool()
    (info,) = [lib for lib in tool.threadpool_info() if lib["user_api"] == "backlight"]
    assert info["num_threads"] == 2
    with tool.threadpool_limits(1):
        assert threads.threads() == 1
    assert threads.threads() == 2
    with tool.threadpool_limits(1, user_api="backlight"):
        assert threads.threads() == 1
