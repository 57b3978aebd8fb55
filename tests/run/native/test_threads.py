import ctypes
import os
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest
from tests.run.native.graphs import graph_of

from backlight import errors, ops
from backlight.core.types import Type
from backlight.run.native import threads
from backlight.run.native.machine import compile_graph

STEP = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
SHARE = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3, ctypes.c_int64, ctypes.c_int64)


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = threads.threads()
    yield
    threads.threads(before)


def share(pool: threads.Pool, step: object, count: int, portions: int) -> None:
    address = ctypes.cast(step, ctypes.c_void_p).value  # type: ignore[arg-type]
    SHARE(pool.share)(pool.address, address, None, count, portions)


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
